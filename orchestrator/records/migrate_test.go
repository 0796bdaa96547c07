package records

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
)

// A file of the version that had one place for all is brought up to date.
func TestPlaceSurvivesTheMigration(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "old.db")
	old, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, old, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if _, err := old.ExecContext(t.Context(), "INSERT INTO recorder_offset (name, id, pos, written_at) VALUES ('journal', '1700000000000-3', ?, 1)",
		position(0, "1700000000000-3")); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	d := openDB(t, DSN("sqlite:"+file), time.Now)
	for range 2 {
		if got, err := d.Of("default").Place(t.Context()); err != nil || got != (Place{ID: "1700000000000-3"}) {
			t.Errorf("place %+v, %v", got, err)
		}
	}
}
