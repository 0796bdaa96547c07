package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr/flowfile"
)

// TestChangesAreTold reads a folder before and after somebody has edited it.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(initialised(t), "definitions")
	load := func() Definitions {
		d, _, err := loadDefinitions(dir, map[string]PBXConfig{"main": {}}, flowfile.Known{})
		must(t, err)
		return d
	}
	before := load()
	if got := changes(before, load(), nil); len(got) > 0 {
		t.Errorf("nothing has changed: %q", got)
	}
	must(t, os.WriteFile(filepath.Join(dir, "queues.yaml"), []byte("queues:\n  - {id: support, wrap_up: 5s}\n  - {id: vip}\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "agents.yaml"), []byte("agents:\n"+
		"  - {id: \"102\", name: Ben Smith, pbx: main, endpoint: PJSIP/202, queues: [support]}\n"+
		"  - {id: \"103\", name: Carla Ruiz, pbx: main, endpoint: PJSIP/103, queues: [support]}\n"), 0o600))
	put(t, filepath.Join(dir, "flows", "welcome.yaml"), "queue: sales", "queue: vip")
	put(t, filepath.Join(dir, "dids.yaml"), `"5001"`, `"5002"`)
	want := []string{
		"queue new: vip", "queue changed: support",
		"queue gone: sales; 3 of its callers wait: no new caller gets in, and those inside are served by the agents it had",
		"agent changed: 102, 103", "agent gone: 101; logged out, after the current call if there is one",
		"pause reason gone: break", "pause reason gone: lunch", "pause reason gone: training",
		"disposition gone: call_back", "disposition gone: done", "disposition gone: sale",
		"number new: 5002", "number gone: 5001", "flow changed: welcome",
	}
	after := load()
	if diff := cmp.Diff(want, changes(before, after, map[string]int{"sales": 3, "support": 9})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := changes(before, after, map[string]int{"sales": 0})[2]; got != "queue gone: sales; nobody waits in it" {
		t.Error(got)
	}
}
