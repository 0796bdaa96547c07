// Package leadstoretest gives tests databases with the tables of records and of leads. It is for
// tests only.
package leadstoretest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/records/sqlitetest"
)

// Records configures records in an SQLite database of the test's own, with empty tables.
func Records(t testing.TB) records.Config {
	t.Helper()
	return in(migrated(t))
}

func in(file string) records.Config {
	return records.Config{DSN: records.DSN("sqlite:" + file), Connections: 4, Batch: 100, KeepJournal: time.Hour, RetryMax: time.Second}
}

var migrated = sqlitetest.Template(func(file string) error {
	db, err := records.Open(context.Background(), in(file), time.Now)
	if err != nil {
		return err
	}
	_, err = leadstore.New(context.Background(), db, time.Now)
	return errors.Join(err, db.Close())
})
