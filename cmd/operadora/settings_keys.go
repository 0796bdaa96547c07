package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/ivr/flowfile"
)

// keyTree knows the keys of each section; "" is the top.
type keyTree map[string][]string

// newKeyTree makes a tree of the keys of lists of settings.
func newKeyTree(lists ...[]setting) keyTree {
	t := keyTree{}
	for _, s := range slices.Concat(lists...) {
		section := ""
		for key := range strings.SplitSeq(s.Key, ".") {
			if !slices.Contains(t[section], key) {
				t[section] = append(t[section], key)
			}
			section = keyPath(section, key)
		}
	}
	return t
}

// keyPath is the path of a key of a section.
func keyPath(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

// check returns an error for every key of a file that there is not.
func (t keyTree) check(file string, tree map[string]any) error {
	var faults []error
	for _, err := range t.checkSection("", tree) {
		faults = append(faults, fmt.Errorf("configuration %s: %w", file, err))
	}
	return errors.Join(faults...)
}

func (t keyTree) checkSection(section string, tree map[string]any) (faults []error) {
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		path := keyPath(section, key)
		below, isMap := tree[key].(map[string]any)
		switch {
		case strings.Contains(key, "."): // it parts the keys of a path
			faults = append(faults, fmt.Errorf("%s: a name must not hold a dot", path))
		case !slices.Contains(t[section], key):
			faults = append(faults, fmt.Errorf("%s: there is no such key%s", path, flowfile.Suggest(key, t[section])))
		case len(t[path]) > 0 && isMap:
			faults = append(faults, t.checkSection(path, below)...)
		case len(t[path]) > 0:
			faults = append(faults, fmt.Errorf("%s: is a section with keys of its own: %s", path, strings.Join(t[path], ", ")))
		case isMap:
			faults = append(faults, fmt.Errorf("%s: is a value, not a section with keys of its own", path))
		}
	}
	return faults
}
