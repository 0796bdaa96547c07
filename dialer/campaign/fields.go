package campaign

import (
	"regexp"
	"slices"
)

// Placeholder is what of a lead is put into a script: {{name}}.
var Placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// FieldsRead are the fields of leads that the campaign's flow and its scripts read, in order.
func (c *Campaign) FieldsRead() []string {
	out := slices.Clone(c.Reads)
	for _, text := range c.Script {
		for _, m := range Placeholder.FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
