package leadstore

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

const forbiddenToAll = "+573000000001"

func (b *bundle) undone(n int64) {
	b.t.Helper()
	if _, err := b.Undo(b.t.Context(), n); err != nil {
		b.t.Fatal(err)
	}
	if i := b.worked(n); i.State != leads.StateUndone {
		b.t.Fatalf("%+v", i)
	}
}

// TestUndoLeavesWhatAnotherFileForbids: two registers have a number; the end of one is
// not that of the other. The same holds for hashes.
func TestUndoLeavesWhatAnotherFileForbids(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		h := leads.Hashing{Algorithm: "sha256", Of: "e164"}
		for name, r := range map[string]struct {
			o    Order
			file string
		}{
			"numbers": {Order{Target: leads.IntoDoNotCall, Region: "CO"}, "3000000001\n"},
			"hashes":  {Order{Target: leads.IntoHashes, Source: "s", Hashing: h}, h.Sum("+573000000002") + "\n"},
		} {
			number := map[string]string{"numbers": forbiddenToAll, "hashes": "+573000000002"}[name]
			first := b.bring(r.o, r.file)
			second := b.bring(r.o, r.file)
			b.undone(first.N)
			if len(b.refusals(number, "")) == 0 {
				t.Errorf("%s: import %d has it, and it may be called once import %d is undone", name, second.N, first.N)
			}
			b.undone(second.N)
			want(t, name, b.refusals(number, ""))
		}
	})
}

// TestFileForbidsForEverWhatWasForbiddenForAWhile: a register has a number that somebody
// forbade until a moment; behind that moment the register still stands.
func TestFileForbidsForEverWhatWasForbiddenForAWhile(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		if _, err := b.Forbid(t.Context(), leads.Entry{Number: forbiddenToAll, Expires: b.clock.now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		i := b.bring(Order{Target: leads.IntoDoNotCall, Region: "CO", Why: "register"}, "3000000001\n")
		b.clock.forward(2 * time.Hour)
		want(t, "behind the hour", b.refusals(forbiddenToAll, ""), `"" "" "register"`)
		b.undone(i.N)
		b.clock.forward(-2 * time.Hour)
		want(t, "without the register", b.refusals(forbiddenToAll, ""), `"" "" ""`)
	})
}

// TestHashesOfADroppedListForbid: a list is dropped between the file and its start.
func TestHashesOfADroppedListForbid(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		h := leads.Hashing{Algorithm: "sha256", Of: "e164"}
		i := b.received(Order{Target: leads.IntoHashes, Source: "s", Hashing: h}, h.Sum(forbiddenToAll)+"\n")
		if _, err := b.DropSource(t.Context(), "s"); err != nil {
			t.Fatal(err)
		}
		i = b.begun(i, false)
		if got := b.refusals(forbiddenToAll, ""); i.State != leads.StateDone || len(got) != 1 {
			t.Errorf("%s, %d added: %q", i.State, i.Added, got)
		}
		j := b.received(Order{Target: leads.IntoHashes, Source: "s", Hashing: h}, h.Sum("+573000000002")+"\n")
		if _, err := b.Begin(t.Context(), j.N, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.DropSource(t.Context(), "s"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("while an import goes on: %v", err)
		}
	})
}

// during runs something when the first byte of a file is asked for, and again before its end.
type during struct {
	io.Reader
	do func()
}

func (d *during) Read(b []byte) (int, error) {
	if d.do != nil {
		d.do()
		d.do = nil
	}
	return d.Reader.Read(b)
}

// TestFileIsWholeBesideAnother: a file is sent again while the first is on its way, or
// while the import is begun or given up; none is half of one and half of another, and
// nothing is left of what was given up.
func TestFileIsWholeBesideAnother(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		b.list(leads.List{ID: "l", Region: "CO"})
		i, err := b.NewImport(ctx, intoL)
		if err != nil {
			t.Fatal(err)
		}
		big, small := manyRows(100_000), manyRows(10) // two parts, and one
		_, err = b.Receive(ctx, i.N, io.MultiReader(strings.NewReader(big[:partSize]), &during{strings.NewReader(big[partSize:]), func() {
			if _, err := b.Receive(ctx, i.N, strings.NewReader(small)); err != nil {
				t.Error(err)
			}
		}}))
		if fault.KindOf(err) != fault.Conflict {
			t.Errorf("the file that was overtaken: %v", err)
		}
		if i = b.begun(i, false); i.Total != 10 {
			t.Errorf("%d rows, and 10 were sent", i.Total)
		}

		if i, err = b.NewImport(ctx, intoL); err != nil {
			t.Fatal(err)
		}
		if _, err = b.Receive(ctx, i.N, &during{strings.NewReader(small), func() {
			if _, err := b.Undo(ctx, i.N); err != nil {
				t.Error(err)
			}
		}}); fault.KindOf(err) != fault.Conflict {
			t.Errorf("given up: %v", err)
		}
		i = b.received(intoL, small)
		if _, err = b.Receive(ctx, i.N, &during{strings.NewReader(big), func() {
			if _, err := b.Begin(ctx, i.N, false, nil); fault.KindOf(err) != fault.Conflict {
				t.Errorf("begun while its file is on its way: %v", err)
			}
		}}); err != nil {
			t.Error(err)
		}
		if _, err := b.Undo(ctx, i.N); err != nil {
			t.Error(err)
		}
		n := int64(-1)
		if b.count("SELECT COUNT(*) FROM lead_import_parts", &n); n != 0 {
			t.Errorf("%d parts are left", n)
		}
	})
}

// TestNothingIsLeftOfFilesThatFailed: nor of the rejects of what was undone.
func TestNothingIsLeftOfFilesThatFailed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		if i := b.bring(intoL, manyRows(2000)+"2001,\"300"); i.State != leads.StateFailed {
			t.Fatalf("%+v", i)
		}
		b.undone(b.bring(intoL, manyRows(50)).N)
		for _, table := range []string{"lead_import_parts", "lead_rejects"} {
			n := int64(-1)
			if b.count("SELECT COUNT(*) FROM "+table, &n); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
	})
}

// refusing are tables that refuse every transaction from some moment on, for good.
type refusing struct {
	tables
	left *int
}

func (r refusing) InTx(ctx context.Context, fn func(*records.Tx) error) error {
	if *r.left--; *r.left == 0 {
		return r.tables.InTx(ctx, func(tx *records.Tx) error {
			return tx.Query(ctx, func(*sql.Rows) error { return nil }, "SELECT nothing FROM nowhere")
		})
	}
	return r.tables.InTx(ctx, fn)
}

// TestUndoThatFailsIsNotUndone: it may be asked for again.
func TestUndoThatFailsIsNotUndone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		i := b.bring(intoL, manyRows(50))
		if _, err := b.Undo(t.Context(), i.N); err != nil {
			t.Fatal(err)
		}
		left := 3 // claim, a portion, and the one that is refused
		whole := b.tables
		b.tables = refusing{whole, &left}
		w := NewImporter(b.Store, slog.New(slog.DiscardHandler))
		w.one(t.Context())
		b.tables = whole
		i, err := b.Import(t.Context(), i.N)
		if err != nil || i.State == leads.StateUndone || i.Error == "" {
			t.Errorf("%s %q with %d leads, %v", i.State, i.Error, len(b.leadsOf("l", "")), err)
		}
		b.undone(i.N)
		want(t, "undone", b.leadsOf("l", ""))
	})
}

// TestUndoWaitsForWhatMayChangeItsLeads: an import that updates goes on meanwhile.
func TestUndoWaitsForWhatMayChangeItsLeads(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		update := Order{Target: leads.IntoList, List: "l", Duplicates: leads.Duplicates{Scope: leads.ScopeList, Action: leads.ActionUpdate}}
		first := b.bring(update, "id,name,phone\n1,Ana,3000000001\n")
		second := b.received(update, "id,name,phone\n1,Ana Ruiz,3000000001\n")
		if _, err := b.Begin(t.Context(), second.N, false, nil); err != nil {
			t.Fatal(err)
		}
		w := NewImporter(b.Store, slog.New(slog.DiscardHandler))
		held, _, err := w.claim(t.Context()) // before a row of it is written
		if err != nil {
			t.Fatal(err)
		}
		_, refused := b.Undo(t.Context(), first.N)
		if err := w.work(t.Context(), held); err != nil {
			t.Fatal(err)
		}
		b.worked(second.N)
		if got := b.leadsOf("l", ""); fault.KindOf(refused) != fault.Conflict || len(got) != 1 {
			t.Errorf("undo: %v; import %d updated a lead, and there are %q", refused, second.N, got)
		}
	})
}

// TestDeletionOfAListGoesOn: whoever began it does not come back.
func TestDeletionOfAListGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t, records.DSN("sqlite:"+migrated(t)))
	b.list(leads.List{ID: "l", Region: "CO"})
	b.bring(intoL, manyRows(deletedAtOnce+1000))
	if _, more, err := b.DeleteList(t.Context(), "l"); err != nil || !more {
		t.Fatal(more, err)
	}
	NewImporter(b.Store, slog.New(slog.DiscardHandler)).tidy(t.Context())
	n := int64(-1)
	if b.count("SELECT COUNT(*) FROM leads", &n); n != 0 {
		t.Errorf("%d leads of a list that is not to be seen", n)
	}
}

// TestBatchesAreBounded: rows may be large, and a few batches are in memory.
func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	b := setup(t, records.DSN("sqlite:"+migrated(t)))
	b.list(leads.List{ID: "l", Region: "CO"})
	const rows, most = 30, 6 << 20
	i := b.received(intoL, "phone,note\n"+strings.Repeat("3000000001,"+strings.Repeat("x", 900<<10)+"\n", rows))
	j, err := b.open(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	batches, over := j.batches(t.Context(), 0)
	got := 0
	for batch := range batches {
		bytes := 0
		for _, p := range batch {
			bytes += len(p.Cells[1])
		}
		if got += len(batch); bytes > most {
			t.Errorf("a batch of %d bytes", bytes)
		}
	}
	if err := over(); err != nil || got != rows {
		t.Errorf("%d rows, %v", got, err)
	}
}
