package demo

import (
	"strings"
	"testing"
)

func TestAdaptRefusesFilesItDoesNotKnow(t *testing.T) {
	t.Parallel()
	initial := map[string]string{}
	for _, e := range edits {
		initial[e.file] += e.old
	}
	out, err := Adapt(initial)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		if !strings.Contains(out[e.file], e.new) || initial[e.file] == out[e.file] {
			t.Errorf("%s: %q is not there", e.file, e.new)
		}
		spoilt := map[string]string{}
		for name, text := range initial {
			spoilt[name] = strings.ReplaceAll(text, e.old, "")
		}
		if _, err := Adapt(spoilt); err == nil {
			t.Errorf("a %s without %q was adapted", e.file, e.old)
		}
	}
}
