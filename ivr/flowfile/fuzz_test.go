package flowfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

// FuzzLoad feeds any text to all three readers: whatever it is, it is read or
// refused with a place, and what passes lint can be published.
func FuzzLoad(f *testing.F) {
	for _, src := range append(examples().Flows, examples().DIDs, examples().Calendars) {
		f.Add(src.YAML)
	}
	paths, err := filepath.Glob("testdata/lint/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		_, tree := sections(string(text))
		for _, file := range tree {
			f.Add(string(file.Data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		src := ivr.Source{File: "f.yaml", YAML: text}
		defs, faults := flowfile.Load(flowfile.Files{Flows: []ivr.Source{src}, DIDs: src, Calendars: src}, known)
		for _, fault := range faults {
			if fault.At.Line < 1 || fault.Text == "" || fault.Code == "" {
				t.Fatalf("a fault without place or text: %+v", fault)
			}
		}
		flow, err := flowfile.Parse(src)
		if (flow == nil) == (err == nil) {
			t.Fatalf("Parse returned %v and %v", flow, err)
		}
		for _, fl := range defs.Flows {
			if chart := ivr.Mermaid(fl); !strings.HasPrefix(chart, "flowchart TD\n") {
				t.Fatalf("no chart: %q", chart)
			}
		}
		if flow == nil {
			return
		}
		alone, lint := flowfile.Load(flowfile.Files{Flows: []ivr.Source{src}}, flowfile.Known{})
		if lint.Err() != nil {
			return
		}
		l := ivr.NewLibrary(flowfile.Parse, nil)
		if err := l.Publish(t.Context(), alone); err != nil {
			t.Fatalf("it passes lint and cannot be published: %v", err)
		}
	})
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"too large":        "flow: x\n#" + strings.Repeat("x", 600<<10),
		"nested brackets":  "flow: " + strings.Repeat("[", 100000),
		"nested braces":    strings.Repeat("{a: ", 100000),
		"nested dashes":    strings.Repeat("- ", 100000),
		"nested questions": strings.Repeat("? ", 100000),
		"deep indentation": deep(900),
		"not text":         "\x00\xff\xfe\x01",
		"a tag":            "flow: !!binary aGVsbG8=\n",
	}
	for name, text := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := flowfile.Parse(ivr.Source{File: "x.yaml", YAML: text}); err == nil {
				t.Error("it was taken")
			}
		})
	}
}

// deep nests a mapping by indentation.
func deep(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
