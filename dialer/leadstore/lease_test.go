package leadstore

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/leads"
)

// readingSlowly are tables that do something before a part of a file is read.
type readingSlowly struct {
	tables
	first func()
}

func (r readingSlowly) Query(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error {
	if strings.Contains(query, "lead_import_parts") {
		r.first()
	}
	return r.tables.Query(ctx, fn, query, args...)
}

// TestLeaseIsKeptWhileAFileIsGoneThrough: a large file takes longer than a lease before
// its first row is written, and no other process takes it up meanwhile.
func TestLeaseIsKeptWhileAFileIsGoneThrough(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		i := b.received(intoL, manyRows(100))
		if _, err := b.Begin(t.Context(), i.N, false, nil); err != nil {
			t.Fatal(err)
		}
		w := NewImporter(b.Store, slog.New(slog.DiscardHandler))
		w.beat = time.Millisecond
		held, ok, err := w.claim(t.Context())
		if err != nil || !ok {
			t.Fatal(err)
		}
		b.clock.forward(leaseTime + time.Second)
		other := NewImporter(b.again().Store, slog.New(slog.DiscardHandler))
		whole := b.tables
		b.tables = readingSlowly{whole, func() {
			until := int64(0)
			for deadline := time.Now().Add(5 * time.Second); until <= ms(b.clock.now()) && time.Now().Before(deadline); {
				b.count("SELECT lease_until FROM lead_imports", &until)
			}
			if _, ok, err := other.claim(t.Context()); ok || err != nil {
				t.Errorf("another has taken it up: %v", err)
			}
		}}
		if err := w.work(t.Context(), held); err != nil {
			t.Error(err)
		}
		b.tables = whole
		if i, err = b.Import(t.Context(), i.N); err != nil || i.State != leads.StateDone || i.Added != 90 {
			t.Errorf("%+v, %v", i, err)
		}
	})
}
