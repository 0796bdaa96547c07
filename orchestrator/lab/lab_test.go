package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDir(t *testing.T) {
	empty, full := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "lab.env"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OPERADORA_LAB", full)
	if got, err := Dir(); err != nil || got != full {
		t.Errorf("OPERADORA_LAB=%s gives %s (%v)", full, got, err)
	}
	t.Setenv("OPERADORA_LAB", empty)
	if got, err := Dir(); !errors.Is(err, ErrNotSetUp) {
		t.Errorf("an empty folder gives %s (%v), want ErrNotSetUp", got, err)
	}

	checkout := t.TempDir()
	below := filepath.Join(checkout, "a", "b")
	for _, d := range []string{below, filepath.Join(checkout, ".lab")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("OPERADORA_LAB", "")
	t.Chdir(below)
	if got, err := Dir(); !errors.Is(err, ErrNotSetUp) {
		t.Errorf("a checkout that is not set up gives %s (%v), want ErrNotSetUp", got, err)
	}
	if err := os.WriteFile(filepath.Join(checkout, ".lab", "lab.env"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Dir(); err != nil || !strings.HasSuffix(got, ".lab") {
		t.Errorf("a folder below the checkout gives %s (%v), want its .lab", got, err)
	}
}

func TestFindPartsNamesWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("OPERADORA_LAB", dir)
	for _, name := range []string{"asterisk", "modules", "data"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	description := "version=22\nasterisk=asterisk\nmodules=modules\ndata=data\nredis=bin/redis-server\nsipp=/bin/sh\nlibraries=x:/y\n"
	if err := os.WriteFile(filepath.Join(dir, "lab.env"), []byte(description), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := findParts(); err == nil || !strings.Contains(err.Error(), "redis-server") {
		t.Errorf("got %v, want an error that names redis-server", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "bin", "redis-server"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := findParts()
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "x") + ":/y"; p.libraries != want || p.loader != "" || p.sipp != "/bin/sh" {
		t.Errorf("parts are %+v, want libraries %s, no loader, sipp /bin/sh", p, want)
	}
}

// recorded stands in for a test, to see what Require does to it.
type recorded struct {
	TB
	fatal, skipped bool
}

func (r *recorded) Helper()               {}
func (r *recorded) Fatalf(string, ...any) { r.fatal = true }
func (r *recorded) Skipf(string, ...any)  { r.skipped = true }

func TestRequireFailsWithoutALab(t *testing.T) {
	t.Setenv("OPERADORA_LAB", t.TempDir())
	var r recorded
	Require(&r)
	if r.fatal == testing.Short() && r.skipped != testing.Short() {
		t.Errorf("without a lab a test fails: %v, is left out: %v; -short is %v", r.fatal, r.skipped, testing.Short())
	}
}

func TestPortBlocksDoNotOverlap(t *testing.T) {
	t.Parallel()
	pool := portPool{name: "ports-test", first: 9600, size: 3, count: 5}
	seen := map[int]bool{}
	for range pool.count {
		b, err := pool.claim()
		if err != nil {
			break // someone else on the machine has one of the ports
		}
		defer b.release()
		if seen[b.base] {
			t.Fatalf("block %d was given twice", b.base)
		}
		seen[b.base] = true
	}
	if len(seen) == 0 {
		t.Fatal("no block was free")
	}
	if b, err := pool.claim(); err == nil {
		b.release()
		t.Errorf("block %d was given although all are taken", b.base)
	}
}

func TestFoldersOfTheDeadAreSwept(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	alive, err := newFolder("sweep", false)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := newFolder("sweep", false)
	if err != nil {
		t.Fatal(err)
	}
	dead.lock.Close() // as the end of its process does
	kept, err := newFolder("sweep", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		f    *folder
		want bool
	}{{"in use", alive, true}, {"of a dead process", dead, false}, {"that outlives its process", kept, true}} {
		if _, err := os.Stat(row.f.path); (err == nil) != row.want {
			t.Errorf("the folder %s: %v, want it there: %v", row.name, err, row.want)
		}
	}
	alive.remove()
	if _, err := os.Stat(alive.path); err == nil {
		t.Error("a folder that was removed is there")
	}
}
