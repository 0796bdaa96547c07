package records

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestFolderOwnsTheDatabase: whoever makes it, as root does who runs doctor before the service has ever run,
// it and what SQLite keeps beside it are the folder's owner's.
func TestFolderOwnsTheDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := os.Geteuid()
	if want == 0 {
		want = 12345
		if err := os.Chown(dir, want, want); err != nil {
			t.Fatal(err)
		}
	}
	db, err := Open(t.Context(), Config{DSN: DSN("sqlite:" + filepath.Join(dir, "records.db")), Connections: 2}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if of := info.Sys().(*syscall.Stat_t); int(of.Uid) != want || info.Mode().Perm() != 0o600 {
			t.Errorf("%s belongs to %d with mode %v, want %d", f.Name(), of.Uid, info.Mode(), want)
		}
	}
}
