package records

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/records/pgtest"
	"github.com/operadora/operadora/orchestrator/records/sqlitetest"
)

// cluster is a private PostgreSQL of this test run; nil when no server is installed.
var cluster *pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, &cluster)) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func testConfig(dsn DSN) Config {
	return Config{DSN: dsn, Connections: 4, Batch: 50, KeepJournal: time.Hour, RetryMax: 5 * time.Millisecond}
}

func openDB(t *testing.T, dsn DSN, now func() time.Time) *DB {
	t.Helper()
	d, err := Open(t.Context(), testConfig(dsn), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// onEach runs a test on an empty database of each kind that this machine has.
func onEach(t *testing.T, fn func(t *testing.T, fresh func(t *testing.T) *DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, freshSQLite)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		if cluster == nil {
			t.Log("left out: no PostgreSQL server is installed under /usr/lib/postgresql")
			return
		}
		fn(t, func(t *testing.T) *DB { return openDB(t, DSN(cluster.Fresh(t)), func() time.Time { return noon }) })
	})
}

// migrated gives a test a file with empty tables.
var migrated = sqlitetest.Template(func(file string) error {
	d, err := Open(context.Background(), testConfig(DSN("sqlite:"+file)), time.Now)
	if err != nil {
		return err
	}
	return d.Close()
})

func freshSQLite(t *testing.T) *DB {
	t.Helper()
	// A name with marks that a URI would misread.
	file := filepath.Join(t.TempDir(), "re cords#1?%41.db")
	if err := os.Rename(migrated(t), file); err != nil {
		t.Fatal(err)
	}
	d := openDB(t, DSN("sqlite:"+file), func() time.Time { return noon })
	if _, err := d.write.ExecContext(t.Context(), "PRAGMA synchronous = OFF"); err != nil { // tests lose no power
		t.Fatal(err)
	}
	return d
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
