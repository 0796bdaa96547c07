package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

func TestUnlike(t *testing.T) {
	t.Parallel()
	got := unlike(map[string]string{"a.yaml": "1", "b.yaml": "1", "flows/new.yaml": "1"}, map[string]string{"a.yaml": "1", "b.yaml": "2", "flows/old.yaml": "1"})
	want := []string{"b.yaml (differs)", "flows/new.yaml (is not among those in force)", "flows/old.yaml (is missing here)"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestOneGenerationOfDefinitions: a process does not start beside one that runs by other
// definitions, and says which file it is; what one puts in force, the other does, or it
// leaves its PBX; and who is alone starts by what there is.
func TestOneGenerationOfDefinitions(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	one, err := r.API("admin")
	must(t, err)
	reload := func(base string) {
		t.Helper()
		_, err := r.Run("reload", "--token", one.Token, "--url", base)
		must(t, err)
	}
	here, there := filepath.Join(r.Dir, "definitions"), filepath.Join(t.TempDir(), "definitions")
	alike := func() {
		t.Helper()
		must(t, os.RemoveAll(there))
		must(t, os.CopyFS(there, os.DirFS(here)))
	}
	edit := func(dir, note string) {
		t.Helper()
		path := filepath.Join(dir, "queues.yaml")
		text, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, append(text, "# "+note+"\n"...), 0o600))
	}
	two := centre.NewLogTail()
	beside := func() (kill func()) {
		t.Helper()
		kill, err := r.Beside("two", two, "OPERADORA_DEFINITIONS="+there)
		must(t, err)
		t.Cleanup(kill)
		return kill
	}
	logs := func(log *centre.LogTail, mark int, texts ...string) {
		t.Helper()
		for _, text := range texts {
			must(t, log.Wait(limit(t), mark, text, nil))
		}
	}

	t.Log("a process with another file does not start")
	alike()
	edit(there, "another")
	kill := beside()
	logs(two, 0, "queues.yaml (differs)", "operadora reload")
	kill()
	if strings.Contains(two.Text(), "msg=serving") {
		t.Error("it serves")
	}

	t.Log("one with the same does, and follows what is put in force")
	alike()
	mark := two.Mark()
	kill = beside()
	logs(two, mark, "msg=serving")
	edit(here, "new")
	alike()
	mark = two.Mark()
	reload(one.Base)
	logs(two, mark, "in force here")

	t.Log("it cannot, for its files are others; by a reload of its own they are in force for all")
	edit(here, "newer")
	mark = two.Mark()
	reload(one.Base)
	logs(two, mark, "leaves its PBXs to others", "queues.yaml (differs)")
	site := r.at(r.Switch)
	site.Log = two
	of, err := site.API("admin")
	must(t, err)
	edit(there, "other")
	first, second := r.Log.Mark(), two.Mark()
	reload(of.Base)
	logs(two, second, "msg=\"pbx connected\"")
	logs(r.Log, first, "leaves its PBXs to others")

	t.Log("who is alone starts by what there is")
	kill()
	must(t, r.Kill())
	edit(here, "newest")
	r.start()
}
