package yamlfile_test

import (
	"testing"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for _, r := range []struct{ text, want string }{
		{"agents:\n  - {id: \"101\", pin: \"4711\", name: Ana}\n", "agents:\n  - {id: \"101\", pin: \"***\", name: Ana}\n"},
		{"agents:\n  - id: a\n    pin: 4711 # hers\n", "agents:\n  - id: a\n    pin: \"***\" # hers\n"},
		{"agents:\n  - {pin: '4711'}\n  - {id: b,pin: 4712}\n", "agents:\n  - {pin: \"***\"}\n  - {id: b,pin: \"***\"}\n"},
		{"{\"pin\": \"47\\\"11\"}", "{\"pin\": \"***\"}"},
		{"pin: &p \"4711\"\n", "pin: &p \"***\"\n"},
		{"pin:\n", "pin:\n"},
		{"min_pin_length: 6\nshopping: 4711\n", "min_pin_length: 6\nshopping: 4711\n"},
		{"", ""},
		// Who writes one so is not shown the file.
		{"a: &p \"4711\"\npin: *p\n", ""},
		{"pin: |\n  4711\n", ""},
		{"pin:\n  4711\n", ""},
		{"pin: !!str 4711\n", ""},
		{"? pin\n: 4711\n", ""},
		{"pin: 47 11\n", ""},
		{"pin: {x: 4711}\n", ""},
		{"pin: \"4711\n", ""},
	} {
		got, ok := yamlfile.Mask(r.text, "pin")
		if got != r.want || ok != (r.want != "" || r.text == "") {
			t.Errorf("%q: %q, %v; want %q", r.text, got, ok, r.want)
		}
	}
}
