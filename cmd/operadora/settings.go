package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/goccy/go-yaml"
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
// the environment, in rising order. A key or a variable that the struct does
// not have is an error, so a misspelt one stops the start. It returns which
// keys the environment has set.
func loadSettings(cfg any, file string) (origin, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("configuration %s: not YAML: %s", file, yaml.FormatError(err, false, true))
	}
	tree = tidy(tree)
	settings := settingsOf(reflect.TypeOf(cfg).Elem(), "")
	all := expand(settings, tree)
	if err := newKeyTree(settings, all).check(file, tree); err != nil {
		return nil, err
	}
	v := viper.New()
	for _, s := range all {
		v.SetDefault(s.Key, s.Default)
	}
	if err := v.MergeConfigMap(tree); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", file, err)
	}
	set, err := setByEnvironment(v, all, os.Environ(), string(raw))
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, err := range decodeFaults(v.UnmarshalExact(cfg, viper.DecodeHook(decodeHook()))) {
		faults = append(faults, set.blame(file, err))
	}
	return set, errors.Join(faults...)
}

// expand replaces the NAME of maps of structs by the names that the file has.
func expand(settings []setting, tree map[string]any) (out []setting) {
	for _, s := range settings {
		section, key, named := strings.Cut(s.Key, ".NAME.")
		if !named {
			out = append(out, s)
			continue
		}
		names, _ := tree[section].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			s.Key = section + "." + name + "." + key
			out = append(out, s)
		}
	}
	return out
}

// tidy returns the file's tree with keys in lower case, as viper has them, and
// without keys that have no value, such as a section all of whose keys are
// commented out: they are left out, and the defaults hold.
func tidy(tree map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range tree {
		if below, ok := value.(map[string]any); ok {
			value = tidy(below)
		}
		if value != nil {
			out[strings.ToLower(key)] = value
		}
	}
	return out
}

// decodeFaults takes a decoder's error apart: one error for each key, which it begins with.
func decodeFaults(err error) (out []error) {
	if err == nil {
		return nil
	}
	if d, ok := err.(*mapstructure.DecodeError); ok { //nolint:errorlint // each level is looked at in turn
		key := strings.NewReplacer("[", ".", "]", "").Replace(d.Name())
		return []error{fmt.Errorf("%s: %w", key, d.Unwrap())}
	}
	switch e := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			out = append(out, decodeFaults(each)...)
		}
		return out
	case interface{ Unwrap() error }:
		return decodeFaults(e.Unwrap())
	}
	return []error{err}
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
	if to == reflect.TypeFor[time.Duration]() && from.Kind() != reflect.String {
		return bareDuration(data)
	}
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
			if _, err := strconv.ParseFloat(text, 64); err == nil {
				return nil, noUnit(text)
			}
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

// bareDuration takes nothing but 0 as a duration without a unit: 10 would be
// ten nanoseconds, which nobody means.
func bareDuration(data any) (any, error) {
	switch v := reflect.ValueOf(data); {
	case v.IsZero():
		return time.Duration(0), nil
	case v.CanInt() || v.CanUint() || v.CanFloat():
		return nil, noUnit(data)
	}
	return nil, fmt.Errorf("%v is not a duration such as 250ms, 30s or 2h", data)
}

func noUnit(value any) error {
	return fmt.Errorf("%v has no unit; a duration needs one: %[1]vs, %[1]vm or %[1]vh", value)
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
