package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/operadora/operadora/ivr/flowfile"
)

// opened is a folder that notes which files and folders in it were asked for, be they there or not.
type opened struct {
	fs.FS
	names map[string]bool
}

func (o opened) Open(name string) (fs.File, error) {
	o.names[name] = true
	return o.FS.Open(name)
}

// TestAllFilesThatAreReadAreHashed: what definitions are made of makes a generation, every file of it.
func TestAllFilesThatAreReadAreHashed(t *testing.T) {
	t.Parallel()
	dir := os.DirFS(filepath.Join(initialised(t), "definitions"))
	noted, read := opened{dir, map[string]bool{}}, opened{dir, map[string]bool{}}
	filesOf(noted)
	if _, faults, err := readDefinitions(read, map[string]PBXConfig{"main": {}}, flowfile.Known{}, secretsBeside("")); err != nil {
		t.Fatal(err, faults)
	}
	for name := range read.names {
		if !noted.names[name] {
			t.Errorf("%s is read, and no process notices that another has another", name)
		}
	}
	if len(read.names) < 10 {
		t.Errorf("read were %v alone", read.names)
	}
}

// TestFilesThatAreNoDefinitions: what is not read as a definition makes no two processes unlike: the
// folders of a mounted volume (..2026_11_30…), a checkout's .git and .github, a folder of old files.
func TestFilesThatAreNoDefinitions(t *testing.T) {
	t.Parallel()
	text := &fstest.MapFile{Data: []byte("queues: []\n")}
	here := fstest.MapFS{"queues.yaml": text, "flows/line.yaml": text, "..2026_11_30_10_00_00.1/queues.yaml": text,
		".github/workflows/check.yaml": text, "old/queues.yaml": text, "flows/.line.yaml": text}
	there := fstest.MapFS{"queues.yaml": text, "flows/line.yaml": text, "..2026_11_30_10_00_01.2/queues.yaml": text}
	if other := unlike(hashed(filesOf(here)), hashed(filesOf(there))); len(other) > 0 {
		t.Errorf("folders that say the same are unlike: %q", other)
	}
}
