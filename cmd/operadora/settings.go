package main

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"

	"github.com/operadora/operadora/orchestrator"
)

// setting is one key of the configuration, as its struct tags tell.
type setting struct {
	Key, Default, Doc string
	Type              reflect.Type
}

// settingsOf lists the keys of a configuration struct in the order of its
// fields. A map of structs appears with NAME in place of its keys.
func settingsOf(t reflect.Type, prefix string) []setting {
	var out []setting
	for i := range t.NumField() {
		f := t.Field(i)
		key := prefix + f.Tag.Get("mapstructure")
		switch {
		case f.Tag.Get("mapstructure") == ",squash":
			out = append(out, settingsOf(f.Type, prefix)...)
		case f.Type.Kind() == reflect.Struct:
			out = append(out, settingsOf(f.Type, key+".")...)
		case f.Type.Kind() == reflect.Map && f.Type.Elem().Kind() == reflect.Struct:
			out = append(out, settingsOf(f.Type.Elem(), key+".NAME.")...)
		default:
			out = append(out, setting{key, f.Tag.Get("default"), f.Tag.Get("doc"), f.Type})
		}
	}
	return out
}

// loadSettings fills cfg (a pointer to a struct) from defaults, the file and
// the environment, in rising order. A key that the struct does not have is an
// error, so a misspelt key stops the start. OPERADORA_REDIS_DB sets redis.db.
func loadSettings(cfg any, file string) error {
	v := viper.NewWithOptions(viper.ExperimentalBindStruct())
	v.SetEnvPrefix("OPERADORA")
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))
	v.AutomaticEnv()
	for _, s := range settingsOf(reflect.TypeOf(cfg).Elem(), "") {
		if !strings.Contains(s.Key, ".NAME.") {
			v.SetDefault(s.Key, s.Default)
		}
	}
	if file != "" {
		v.SetConfigFile(file)
		v.SetConfigType("yaml")
		if err := v.ReadInConfig(); err != nil {
			return fmt.Errorf("configuration %s: %w", file, err)
		}
	}
	if err := v.UnmarshalExact(cfg, viper.DecodeHook(decodeHook())); err != nil {
		return fmt.Errorf("configuration %s: %w", file, err)
	}
	return fillElements(reflect.ValueOf(cfg).Elem())
}

func decodeHook() mapstructure.DecodeHookFunc {
	return mapstructure.ComposeDecodeHookFunc(
		secretHook,
		textHook,
		mapstructure.StringToSliceHookFunc(","),
	)
}

// textHook reads durations, numbers and switches, so that an error shows the value.
func textHook(from, to reflect.Type, data any) (any, error) {
	text, ok := data.(string)
	if !ok || from.Kind() != reflect.String {
		return data, nil
	}
	if text == "" && to.Kind() != reflect.String { // "" stands for nothing, whatever the type
		return reflect.New(to).Elem().Interface(), nil
	}
	var err error
	switch {
	case to == reflect.TypeFor[time.Duration]():
		if data, err = time.ParseDuration(text); err != nil {
			return nil, fmt.Errorf("%q is not a duration such as 250ms, 30s or 2h", text)
		}
	case to.Kind() == reflect.Int || to.Kind() == reflect.Int64:
		if data, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("%q is not a whole number", text)
		}
	case to.Kind() == reflect.Float64:
		if data, err = strconv.ParseFloat(text, 64); err != nil {
			return nil, fmt.Errorf("%q is not a number", text)
		}
	case to.Kind() == reflect.Bool:
		if data, err = strconv.ParseBool(text); err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", text)
		}
	}
	return data, nil
}

// secretHook fetches secrets from where they are kept: "${NAME}" from the
// environment, "file:/path" from a file (its last line break is dropped).
func secretHook(from, to reflect.Type, data any) (any, error) {
	if to != reflect.TypeFor[orchestrator.Secret]() || from.Kind() != reflect.String {
		return data, nil
	}
	text := data.(string)
	if name, ok := strings.CutPrefix(text, "${"); ok && strings.HasSuffix(name, "}") {
		name = strings.TrimSuffix(name, "}")
		value, ok := os.LookupEnv(name)
		if !ok {
			return nil, fmt.Errorf("the environment has no %s", name)
		}
		return orchestrator.Secret(value), nil
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return orchestrator.Secret(strings.TrimRight(string(raw), "\r\n")), nil
	}
	return orchestrator.Secret(text), nil
}

// fillElements gives the elements of maps of structs their defaults, which
// viper cannot know before it has seen the keys. Zero stands for "not said".
func fillElements(v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() != reflect.Map || f.Type().Elem().Kind() != reflect.Struct {
			continue
		}
		for _, key := range f.MapKeys() {
			elem := reflect.New(f.Type().Elem()).Elem()
			elem.Set(f.MapIndex(key))
			if err := fillZero(elem); err != nil {
				return err
			}
			f.SetMapIndex(key, elem)
		}
	}
	return nil
}

func fillZero(v reflect.Value) error {
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i).Tag.Get("default")
		if f.Kind() == reflect.Struct {
			if err := fillZero(f); err != nil {
				return err
			}
			continue
		}
		if !f.IsZero() || tag == "" {
			continue
		}
		if err := setText(f, tag); err != nil {
			return fmt.Errorf("default of %s: %w", v.Type().Field(i).Name, err)
		}
	}
	return nil
}

func setText(f reflect.Value, text string) error {
	if f.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		f.SetInt(int64(d))
		return err
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		f.SetBool(b)
		return err
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		f.SetInt(n)
		return err
	case reflect.Slice:
		f.Set(reflect.ValueOf(strings.Split(text, ",")))
	default:
		return fmt.Errorf("a %s cannot have a default", f.Kind())
	}
	return nil
}
