package leadstore

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

//go:embed migrations
var migrations embed.FS

// querier asks the database: within a transaction (*records.Tx) or without (*records.Tables).
type querier interface {
	Query(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error
}

// tables are *records.Tables.
type tables interface {
	querier
	InTx(ctx context.Context, fn func(tx *records.Tx) error) error
}

// Store is where leads are kept.
type Store struct {
	tables tables
	now    func() time.Time
	wake   chan struct{} // holds one: there may be work for an Importer

	// Changed is told when an import by this process is over, or undone; set before it
	// starts. Nil: nobody is.
	Changed func()
}

// New brings the tables up to date.
func New(ctx context.Context, db *records.DB, now func() time.Time) (*Store, error) {
	own, err := db.Tables(ctx, "leads", migrations)
	if err != nil {
		return nil, err
	}
	return &Store{tables: own, now: now, wake: make(chan struct{}, 1)}, nil
}

// work tells an Importer of this process that there is something to do.
func (s *Store) work() {
	select {
	case s.wake <- struct{}{}:
	default: // it knows already
	}
}

// take gives n numbers of a kind and returns the first. Until the transaction is over no
// other takes any, so that what is looked up behind it holds.
func take(ctx context.Context, tx *records.Tx, kind string, n int64) (int64, error) {
	last, err := one[int64](ctx, tx,
		`INSERT INTO lead_counters (name, n) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = lead_counters.n + excluded.n RETURNING n`, kind, n)
	return last - n + 1, err
}

// one is the value that a statement gives; the zero value when it gives no row.
func one[T any](ctx context.Context, q querier, query string, args ...any) (v T, err error) {
	err = q.Query(ctx, func(r *sql.Rows) error { return r.Scan(&v) }, query, args...)
	return v, err
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // texts and numbers always marshal
	}
	return records.Text(string(b))
}

// fromJSON reads what toJSON wrote.
func fromJSON[T any](text string) T {
	var v T
	_ = json.Unmarshal([]byte(text), &v) // what cannot be read is the zero value
	return v
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func notFound(format string, args ...any) error {
	return fault.New("", fault.NotFound, format, args...)
}

func conflict(format string, args ...any) error {
	return fault.New("", fault.Conflict, format, args...)
}

func invalid(format string, args ...any) error { return fault.New("", fault.Invalid, format, args...) }

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
