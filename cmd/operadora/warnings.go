package main

import (
	"fmt"
	"maps"
	"slices"
)

// warnings says what of the PBXs works and should be changed, one sentence each
// that begins with the key. What others could get at is told by doctor.Exposed.
func (c Config) warnings() (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(c.PBXs)) {
		section, _, warnings := c.PBXs[name].connection()
		for _, w := range warnings() {
			add("pbxs.%s.%s.%s", name, section, w)
		}
	}
	return append(out, c.Mail.Warnings()...)
}
