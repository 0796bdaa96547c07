package acd

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzDefinitions feeds any text to the reader of queues and people: whatever
// it is, it is read or refused, and what is read can be checked as a whole.
func FuzzDefinitions(f *testing.F) {
	f.Add(sample)
	files, err := filepath.Glob("../cmd/operadora/sample/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no samples", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := read(text)
		if err != nil {
			return
		}
		if d.Validate() == nil {
			newDirectory(d, nil, 0)
		}
	})
}
