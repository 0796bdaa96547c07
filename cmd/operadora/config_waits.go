package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// waits says what of the configuration's file is not in force before a restart; ""
// when nothing has changed since it was read.
func (c Config) waits() string {
	if c.file == "" {
		return ""
	}
	now, err := readConfig(c.file)
	if err != nil {
		return fmt.Sprintf("%s cannot be used as it is now, so the next start will fail: %v", c.file, err)
	}
	keys := changedKeys(reflect.ValueOf(c), reflect.ValueOf(now), "")
	if len(keys) == 0 {
		return ""
	}
	return fmt.Sprintf("%s has changed since the start, and a restart puts it in force: %s", c.file, strings.Join(keys, ", "))
}

// changedKeys are the keys whose values differ. A secret's value is not told.
func changedKeys(before, after reflect.Value, path string) (out []string) {
	if reflect.DeepEqual(before.Interface(), after.Interface()) {
		return nil
	}
	switch {
	case before.Kind() == reflect.Struct:
		for i := range before.NumField() {
			name, _, _ := strings.Cut(before.Type().Field(i).Tag.Get("yaml"), ",")
			if name != "" {
				out = append(out, changedKeys(before.Field(i), after.Field(i), yamlfile.Path(path, name))...)
			}
		}
	case before.Kind() == reflect.Map && before.Type().Elem().Kind() == reflect.Struct:
		names := map[string]bool{}
		for _, k := range append(before.MapKeys(), after.MapKeys()...) {
			names[k.String()] = true
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			key := reflect.ValueOf(name)
			if was, is := before.MapIndex(key), after.MapIndex(key); was.IsValid() && is.IsValid() {
				out = append(out, changedKeys(was, is, yamlfile.Path(path, name))...)
			} else {
				out = append(out, yamlfile.Path(path, name))
			}
		}
	}
	if len(out) == 0 {
		out = []string{path}
	}
	return out
}
