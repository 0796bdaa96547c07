package demo

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

// edits are what the demonstration changes in the definitions that `operadora
// init` writes: shorter times, so that a round is over in a minute, and three
// more agents.
var edits = []struct{ file, old, new string }{
	{"queues.yaml", "ring_timeout: 15s", "ring_timeout: 8s"},
	{"queues.yaml", "wrap_up: 10s", "wrap_up: 4s"},
	{"queues.yaml", "announce_every: 30s", "announce_every: 10s\n    announce_first: 5s\n    retry: 3s"},
	// The example's one holiday would close the lines on that day.
	{"calendars.yaml", "date: 12-25", "date: 2000-12-25"},
	{"agents.yaml", "\n\n# Why an agent may pause", `
  - {id: "104", name: Diego Mora, pbx: main, endpoint: PJSIP/104, language: es, queues: [sales]}
  - {id: "105", name: Emma Clark, pbx: main, endpoint: PJSIP/105, language: en, queues: [support, {queue: sales, rank: 1}]}
  - {id: "106", name: Lucía Paz,  pbx: main, endpoint: PJSIP/106, language: es, queues: [support]}

# Why an agent may pause`},
}

// agent is one of the demonstration's people.
type agent struct{ id, name, language string }

var agents = []agent{
	{"101", "Ana López", "es"}, {"102", "Ben Smith", "en"}, {"103", "Carla Ruiz", "es"},
	{"104", "Diego Mora", "es"}, {"105", "Emma Clark", "en"}, {"106", "Lucía Paz", "es"},
}

// Initial has `operadora init` write into a folder and returns the definitions,
// by name of the file below the definitions folder.
func Initial(dir string) (map[string]string, error) {
	if _, err := centre.Run(dir, "init"); err != nil {
		return nil, err
	}
	out, files := map[string]string{}, os.DirFS(filepath.Join(dir, "definitions"))
	return out, fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(files, name)
		out[name] = string(raw)
		return err
	})
}

// Adapt makes the demonstration's definitions out of those that `operadora
// init` writes, by name of the file below the definitions folder.
func Adapt(initial map[string]string) (map[string]string, error) {
	out := maps.Clone(initial)
	for _, e := range edits {
		text := out[e.file]
		if !strings.Contains(text, e.old) {
			return nil, fmt.Errorf("%s has no %q to replace", e.file, e.old)
		}
		out[e.file] = strings.ReplaceAll(text, e.old, e.new)
	}
	return out, nil
}
