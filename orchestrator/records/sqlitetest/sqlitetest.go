// Package sqlitetest gives tests databases that have their tables already: making them takes
// some thirty transactions, each of which waits for the disk. It is for tests only.
package sqlitetest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Template gives each test a file of its own that is a copy of what build has made, which
// runs once in a process: it opens the database file, and closes it.
func Template(build func(file string) error) func(t testing.TB) (file string) {
	made := sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "sqlitetest")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		file := filepath.Join(dir, "template.db")
		if err := build(file); err != nil {
			return nil, err
		}
		return os.ReadFile(file) //nolint:gosec // our own file
	})
	return func(t testing.TB) string {
		t.Helper()
		text, err := made()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "test.db")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
}
