package leadstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/records/pgtest"
	"github.com/operadora/operadora/orchestrator/records/sqlitetest"
)

var cluster *pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, &cluster)) }

// clock is a time that tests move.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) forward(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// bundle is a store, its clock and another door to the same database.
type bundle struct {
	*Store
	clock *clock
	t     testing.TB
	dsn   records.DSN
	db    *records.DB
}

func recordsIn(dsn records.DSN) records.Config {
	return records.Config{DSN: dsn, Connections: 4, Batch: 100, KeepJournal: time.Hour, RetryMax: time.Second}
}

// migrated gives a test a file with empty tables.
var migrated = sqlitetest.Template(func(file string) error {
	db, err := records.Open(context.Background(), recordsIn(records.DSN("sqlite:"+file)), time.Now)
	if err != nil {
		return err
	}
	_, err = New(context.Background(), db, time.Now)
	return errors.Join(err, db.Close())
})

func setup(t testing.TB, dsn records.DSN) *bundle {
	t.Helper()
	c := &clock{}
	c.ms.Store(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).UnixMilli())
	return (&bundle{clock: c, t: t, dsn: dsn}).again()
}

// again opens the same database as another process would.
func (b *bundle) again() *bundle {
	b.t.Helper()
	db, err := records.Open(b.t.Context(), recordsIn(b.dsn), b.clock.now)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = db.Close() })
	s, err := New(b.t.Context(), db, b.clock.now)
	if err != nil {
		b.t.Fatal(err)
	}
	return &bundle{Store: s, clock: b.clock, t: b.t, dsn: b.dsn, db: db}
}

// onEach runs a test on an empty database of each kind that this machine has.
func onEach(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, setup(t, records.DSN("sqlite:"+migrated(t))))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		if cluster == nil {
			t.Log("left out: no PostgreSQL server is installed under /usr/lib/postgresql")
			return
		}
		fn(t, setup(t, records.DSN(cluster.Fresh(t))))
	})
}

func (b *bundle) list(l leads.List) {
	b.t.Helper()
	if _, err := b.CreateList(b.t.Context(), l, "me"); err != nil {
		b.t.Fatal(err)
	}
}

// received makes an import with its file.
func (b *bundle) received(o Order, file string) Import {
	b.t.Helper()
	o.File, o.By = "f", "me"
	i, err := b.NewImport(b.t.Context(), o)
	if err == nil {
		i, err = b.Receive(b.t.Context(), i.N, strings.NewReader(file))
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return i
}

// worked lets an importer work until nothing is to be done.
func (b *bundle) worked(n int64) Import {
	b.t.Helper()
	w := NewImporter(b.Store, slog.New(slog.DiscardHandler))
	for w.one(b.t.Context()) {
	}
	i, err := b.Import(b.t.Context(), n)
	if err != nil || i.State.Working() {
		b.t.Fatalf("%+v, %v", i, err)
	}
	return i
}

func (b *bundle) begun(i Import, dry bool) Import {
	b.t.Helper()
	if _, err := b.Begin(b.t.Context(), i.N, dry, nil); err != nil {
		b.t.Fatal(err)
	}
	return b.worked(i.N)
}

// bring brings a file in.
func (b *bundle) bring(o Order, file string) Import {
	b.t.Helper()
	return b.begun(b.received(o, file), false)
}

// leadsOf are the leads of a list, a line each.
func (b *bundle) leadsOf(list, filter string) (out []string) {
	b.t.Helper()
	q := Query{List: list, Filter: filter, Limit: 100_000}
	for {
		page, next, err := b.Leads(b.t.Context(), q)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, l := range page {
			var numbers []string
			for _, n := range l.Numbers {
				numbers = append(numbers, n.Number)
			}
			out = append(out, strings.Join(strings.Fields(l.External+" "+l.Name+" "+strings.Join(numbers, ",")+" "+fmt.Sprint(l.Fields)), " "))
		}
		if next == 0 {
			return out
		}
		q.Behind = next
	}
}

func (b *bundle) rejectsOf(n int64) (out []string) {
	b.t.Helper()
	list, _, err := b.Rejects(b.t.Context(), n, 0, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range list {
		out = append(out, fmt.Sprint(r.Row, " ", r.Kept, " ", r.Reason, " ", r.Cells))
	}
	return out
}

func want(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

var intoL = Order{Target: leads.IntoList, List: "l"}

// TestImport: a file becomes leads with numbers, zones and fields; what is wrong is a
// reject with its row; columns are remembered; a dry run says the same and brings nothing in.
func TestImport(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		file := "Cédula;Nombre;Celular;Celular 2;Saldo\n" +
			"007;Ana;3001234567;12;10.50\n" + // a number is left out
			"008;Eva;555&PJSIP/x@trunk;;1\n" +
			"009;Luz;3001234567;;2\n" + // the same number
			"007;Zoe;3001234568;;3\n" + // the same id
			"010;\"O\"x;3001234569;;4\n" +
			"011;Bob;3001234560;;5\n"
		i := b.received(intoL, file)
		if i.State != leads.StateReady || i.Format.Delimiter != ";" || len(i.Settled) != 5 || i.Settled[4].As != "saldo:number" {
			t.Fatalf("%+v", i)
		}
		_, rows, err := b.Preview(t.Context(), i.N, 2)
		if err != nil || len(rows) != 2 || rows[0].Lead.Name != "Ana" || !rows[0].OK || rows[1].OK || rows[1].Rejects[0].Reason != leads.ReasonNumber {
			t.Errorf("preview: %+v, %v", rows, err)
		}
		counts := Counts{Done: 6, Added: 2, Doubles: 2, Rejected: 2, LeftOut: 1, Rejects: 5}
		wantRejects := []string{"2 true number [007 Ana 3001234567 12 10.50]", "3 false number [008 Eva 555&PJSIP/x@trunk  1]",
			"4 false duplicate [009 Luz 3001234567  2]", "5 false duplicate [007 Zoe 3001234568  3]", "6 false quotes []"}
		if i = b.begun(i, true); i.State != leads.StateReady || i.Counts != counts || i.Total != 6 {
			t.Errorf("dry run: %+v", i)
		}
		want(t, "rejects of a dry run", b.rejectsOf(i.N), wantRejects...)
		want(t, "leads of a dry run", b.leadsOf("l", ""))
		if i = b.begun(i, false); i.State != leads.StateDone || i.Counts != counts || i.Error != "" {
			t.Errorf("import: %+v", i)
		}
		want(t, "rejects", b.rejectsOf(i.N), wantRejects...)
		want(t, "leads", b.leadsOf("l", ""), "007 Ana +573001234567 map[saldo:10.5]", "011 Bob +573001234560 map[saldo:5]")
		want(t, "filtered", b.leadsOf("l", "saldo > 7"), "007 Ana +573001234567 map[saldo:10.5]")
		l, err := b.List(t.Context(), "l")
		if err != nil || l.Leads != 2 || l.Fields["saldo"] != leads.KindNumber || l.Columns["Celular 2"] != leads.AsPhone {
			t.Errorf("%+v, %v", l, err)
		}
		if _, _, err := b.Leads(t.Context(), Query{List: "l", Filter: "sald > 3", Limit: 1}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an unknown field: %v", err)
		}
		page, _, _ := b.Leads(t.Context(), Query{List: "l", Limit: 1})
		if z := page[0].Numbers[0]; z.Label != "celular" || !slices.Equal(z.Zones, []string{"America/Bogota"}) {
			t.Errorf("%+v", z)
		}
		var left int64
		b.count("SELECT COUNT(*) FROM lead_import_parts", &left)
		if left != 0 {
			t.Errorf("%d parts of the file are left", left)
		}
	})
}

// TestHowNumbersAndDatesAreWritten: all rows of a file tell how a column is written, also one far behind;
// where none does nothing is brought in until somebody says, and the next file of the list is read so.
func TestHowNumbersAndDatesAreWritten(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		rows := strings.Repeat("x;;1.250;01/02/2026\n", sampled) + "1;3001234567;$ 1.250.000;01/02/2026\n"
		const head = "id;celular;saldo;vence\n"
		i := b.received(intoL, head+rows)
		if i.Settled[2].As != "saldo:number:comma" || i.Settled[3].As != "vence" || i.Settled[3].Unclear == nil || i.Settled[3].Unclear.Value != "01/02/2026" {
			t.Fatalf("%+v", i.Settled)
		}
		i, err := b.SetColumns(t.Context(), i.N, map[string]leads.As{"vence": "vence:date"})
		if err != nil || i.Settled[3].Unclear == nil {
			t.Fatalf("%+v, %v", i.Settled, err)
		}
		if _, err := b.Begin(t.Context(), i.N, false, nil); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "say vence:date:dmy") {
			t.Errorf("begun: %v", err)
		}
		if i, err = b.SetColumns(t.Context(), i.N, map[string]leads.As{"vence": "vence:date:dmy"}); err != nil {
			t.Fatal(err)
		}
		b.begun(i, false)
		b.begun(b.received(intoL, head+"2;3001234568;2.500;03/04/2026\n"), false)
		want(t, "leads", b.leadsOf("l", `saldo > 2000 and vence < "2027-01-01" or days(vence) < 0`), "1 +573001234567 map[saldo:1.25e+06 vence:2026-02-01]", "2 +573001234568 map[saldo:2500 vence:2026-04-03]")
		if l, err := b.List(t.Context(), "l"); err != nil || l.Fields["vence"] != leads.KindDate || l.Columns["vence"] != "vence:date:dmy" {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

func (b *bundle) count(query string, into *int64) {
	b.t.Helper()
	if err := b.tables.Query(b.t.Context(), func(r *sql.Rows) error { return r.Scan(into) }, query); err != nil {
		b.t.Fatal(err)
	}
}

// TestWorkbookIsBroughtIn reads XLSX.
func TestWorkbookIsBroughtIn(t *testing.T) {
	t.Parallel()
	b := setup(t, records.DSN("sqlite:"+migrated(t)))
	b.list(leads.List{ID: "l", Region: "CO"})
	f := excelize.NewFile()
	defer f.Close()
	for i := range 3 {
		_ = f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+2), &[]any{"00" + fmt.Sprint(i), 3001234567 + i})
	}
	_ = f.SetSheetRow("Sheet1", "A1", &[]any{"Código", "Teléfono"})
	buffer, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	if i := b.bring(intoL, buffer.String()); i.Added != 3 {
		t.Errorf("%+v", i)
	}
	want(t, "leads", b.leadsOf("l", ""), "000 +573001234567 map[]", "001 +573001234568 map[]", "002 +573001234569 map[]")
}

// TestDuplicates: scope and action.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "a", Region: "CO"})
		b.list(leads.List{ID: "b", Region: "CO"})
		head := "id,name,phone,phone 2,risk\n"
		into := func(list string, scope leads.Scope, action leads.Action) Order {
			return Order{Target: leads.IntoList, List: list, Duplicates: leads.Duplicates{Scope: scope, Action: action}}
		}
		b.bring(into("a", leads.ScopeList, leads.ActionSkip), head+"1,Ana,3000000001,,low\n")
		if i := b.bring(into("b", leads.ScopeAll, leads.ActionSkip), head+"2,Eva,3000000001,,x\n3,Luz,3000000003,,x\n"); i.Doubles != 1 || i.Added != 1 {
			t.Errorf("all lists: %+v", i.Counts)
		}
		if i := b.bring(into("b", leads.ScopeList, leads.ActionSkip), head+"2,Eva,3000000001,,x\n"); i.Added != 1 {
			t.Errorf("the list alone: %+v", i.Counts)
		}
		if i := b.bring(into("b", leads.ScopeNone, leads.ActionSkip), head+"2,Eva,3000000001,,x\n2,Eva,3000000001,,x\n"); i.Added != 2 {
			t.Errorf("no scope: %+v", i.Counts)
		}
		i := b.received(into("a", leads.ScopeAll, leads.ActionUpdate), head+"9,Ana Ruiz,3000000009,3000000001,high\n4,New,3000000004,,x\n4,Newer,3000000005,,y\n")
		if i = b.begun(i, true); i.Updated != 2 || i.Added != 1 {
			t.Errorf("dry update: %+v", i.Counts)
		}
		if i = b.begun(i, false); i.Updated != 2 || i.Added != 1 {
			t.Errorf("update: %+v", i.Counts)
		}
		want(t, "updated", b.leadsOf("a", ""), "9 Ana Ruiz +573000000001,+573000000009 map[risk:high]", "4 Newer +573000000004,+573000000005 map[risk:y]")
	})
}

// TestUndo: what an import added is gone, and what it changed is as it was.
func TestUndo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		b.list(leads.List{ID: "l", Region: "CO"})
		update := Order{Target: leads.IntoList, List: "l", Duplicates: leads.Duplicates{Scope: leads.ScopeList, Action: leads.ActionUpdate}}
		first := b.bring(update, "id,name,phone\n1,Ana,3000000001\n2,Eva,3000000002\n")
		before := b.leadsOf("l", "")
		second := b.bring(update, "id,name,phone\n1,Ana Ruiz,3000000009\n3,Luz,3000000003\n")
		if _, err := b.Undo(ctx, first.N); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), fmt.Sprintf("import %d has changed", second.N)) {
			t.Errorf("the first before the second: %v", err)
		}
		if _, err := b.Undo(ctx, second.N); err != nil {
			t.Fatal(err)
		}
		if i := b.worked(second.N); i.State != leads.StateUndone {
			t.Errorf("%+v", i)
		}
		want(t, "after the undo", b.leadsOf("l", ""), before...)
		if _, err := b.Undo(ctx, second.N); fault.KindOf(err) != fault.Conflict {
			t.Errorf("twice: %v", err)
		}
		if _, err := b.Undo(ctx, first.N); err != nil {
			t.Fatal(err)
		}
		b.worked(first.N)
		want(t, "after both", b.leadsOf("l", ""))
		ready := b.received(update, "id,phone\n1,3000000001\n")
		if i, err := b.Undo(ctx, ready.N); err != nil || i.State != leads.StateUndone {
			t.Errorf("not begun: %+v, %v", i, err)
		}
		for _, table := range []string{"leads", "lead_numbers", "lead_before", "lead_import_parts"} {
			n := int64(-1)
			if b.count("SELECT COUNT(*) FROM "+table, &n); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
	})
}

// TestUpdatesFollowOneAnother: a row is the lead that the rows before it made of one.
func TestUpdatesFollowOneAnother(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		update := Order{Target: leads.IntoList, List: "l", Duplicates: leads.Duplicates{Scope: leads.ScopeList, Action: leads.ActionUpdate}}
		head := "id,name,phone,phone 2\n"
		b.bring(update, head+"1,Ana,3000000001,\n2,Eva,3000000002,\n")
		before := b.leadsOf("l", "")
		i := b.bring(update, head+
			"9,,3000000001,3000000009\n"+ // Ana
			"9,,3000000003,\n"+ // by the id that she has now
			",,3000000003,3000000002\n"+ // by the number that she has now, before Eva's
			"2,Bea,3000000005,\n"+
			"10,New,3000000007,\n"+
			"10,Newer,3000000001,\n")
		if i.Updated != 5 || i.Added != 1 {
			t.Errorf("%+v", i.Counts)
		}
		want(t, "updated", b.leadsOf("l", ""), "9 Ana +573000000001,+573000000009,+573000000003,+573000000002 map[]",
			"2 Bea +573000000002,+573000000005 map[]", "10 Newer +573000000007,+573000000001 map[]")
		b.undone(i.N)
		want(t, "undone", b.leadsOf("l", ""), before...)
	})
}

// manyRows is a file of n leads, every tenth of which is wrong.
func manyRows(n int) string {
	var s strings.Builder
	s.WriteString("id,phone\n")
	for i := range n {
		if i%10 == 9 {
			fmt.Fprintf(&s, "%d,nobody\n", i)
			continue
		}
		fmt.Fprintf(&s, "%d,300%07d\n", i, i)
	}
	return s.String()
}

// TestImportIsExactlyOnce: an import is cut off again and again, after a batch or within
// one, and taken up by another process each time; nothing is there twice and nothing is lost.
// The same holds for taking it back.
func TestImportIsExactlyOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		const rows = 6 * batchSize
		b.list(leads.List{ID: "l", Region: "CO"})
		i := b.received(intoL, manyRows(rows))
		if _, err := b.Begin(t.Context(), i.N, false, nil); err != nil {
			t.Fatal(err)
		}
		lives := b.cutOff(i.N, leads.StateDone)
		i, err := b.Import(t.Context(), i.N)
		if err != nil || i.Counts != (Counts{Done: rows, Added: rows * 9 / 10, Rejected: rows / 10, Rejects: rows / 10}) {
			t.Errorf("%+v, %v", i, err)
		}
		got := b.leadsOf("l", "")
		if len(got) != rows*9/10 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) || lives < 3 {
			t.Errorf("%d leads after %d lives", len(got), lives)
		}
		if rejects := b.rejectsOf(i.N); len(rejects) != rows/10 {
			t.Errorf("%d rejects", len(rejects))
		}
		if _, err := b.Undo(t.Context(), i.N); err != nil {
			t.Fatal(err)
		}
		b.cutOff(i.N, leads.StateUndone)
		want(t, "after the undo", b.leadsOf("l", ""))
	})
}

// cutOff lets process after process work at an import, and each die in the middle of a
// transaction or without giving the lease back, until it is in a state.
func (b *bundle) cutOff(n int64, until leads.State) (lives int) {
	b.t.Helper()
	for ; ; lives++ {
		if lives > 100 {
			b.t.Fatal("it never ends")
		}
		i, err := b.Import(b.t.Context(), n)
		if err != nil {
			b.t.Fatal(err)
		}
		if i.State == until {
			return lives
		}
		ctx, die := context.WithCancel(b.t.Context())
		process := b.again()
		w := NewImporter(process.Store, slog.New(slog.DiscardHandler))
		i, ok, err := w.claim(ctx)
		if err != nil || !ok {
			b.t.Fatalf("the lease of the dead: %+v, %v, %v", i, ok, err)
		}
		if other, ok, err := NewImporter(process.Store, slog.New(slog.DiscardHandler)).claim(ctx); err != nil || ok {
			b.t.Fatalf("two work at it: %+v, %v", other, err)
		}
		var batches atomic.Int64 // the lease is renewed beside the work
		process.tables = dying{process.tables, func() bool { return batches.Add(1) > int64(1+lives%3) }, die, lives%2 == 0}
		_ = w.work(ctx, i)
		die()
		b.clock.forward(leaseTime + time.Second)
	}
}

// dying are the tables of a process that dies in one of its transactions, or behind it.
type dying struct {
	tables
	now    func() bool
	die    func()
	within bool
}

func (d dying) InTx(ctx context.Context, fn func(*records.Tx) error) error {
	if !d.now() {
		return d.tables.InTx(ctx, fn)
	}
	defer d.die()
	return d.tables.InTx(ctx, func(tx *records.Tx) error {
		if err := fn(tx); err != nil || !d.within {
			return err
		}
		return errors.New("dead")
	})
}

// TestWhoLostTheLeaseWritesNothing: a process that was thought dead and comes back.
func TestWhoLostTheLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		i := b.received(intoL, manyRows(100))
		if _, err := b.Begin(t.Context(), i.N, false, nil); err != nil {
			t.Fatal(err)
		}
		slow := NewImporter(b.Store, slog.New(slog.DiscardHandler))
		i, ok, err := slow.claim(t.Context())
		if err != nil || !ok {
			t.Fatal(err)
		}
		b.clock.forward(leaseTime + time.Second)
		b.worked(i.N)
		if !slow.settle(t.Context(), i, slow.work(t.Context(), i)) {
			t.Error("it looks for no other")
		}
		if i, err = b.Import(t.Context(), i.N); err != nil || i.State != leads.StateDone || i.Error != "" || i.Added != 90 {
			t.Errorf("%+v, %v", i, err)
		}
		if got := b.leadsOf("l", ""); len(got) != 90 {
			t.Errorf("%d leads", len(got))
		}
	})
}

// TestBrokenFileBringsNothingIn: a fault at the end of a file is found before its
// beginning is in.
func TestBrokenFileBringsNothingIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		for name, r := range map[string]struct{ file, want string }{
			"cut off in quotes": {manyRows(2000) + "2001,\"300", "ends within the cell"},
			"ten thousand":      {manyRows(2000) + strings.Repeat("x,", 10_000) + "\n", "10001 columns in line 2002"},
			"one long row":      {manyRows(2000) + strings.Repeat("x", 3<<20), "row of more than"},
		} {
			i := b.bring(intoL, r.file)
			if i.State != leads.StateFailed || !strings.Contains(i.Error, r.want) || i.Done != 0 {
				t.Errorf("%s: %+v", name, i)
			}
			want(t, name, b.leadsOf("l", ""))
		}
		for file, want := range map[string]string{"": "is empty", "phone\n": "no rows", "a,b\n1,2\n": "none has telephone numbers"} {
			i, err := b.NewImport(t.Context(), intoL)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = b.Receive(t.Context(), i.N, strings.NewReader(file)); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v", file, err)
			}
			if i, err = b.Import(t.Context(), i.N); err != nil || i.State != leads.StateFailed || !strings.Contains(i.Error, want) {
				t.Errorf("%q: %+v, %v", file, i, err)
			}
		}
	})
}

// TestFileIsCutOffOnItsWay: what a client sent only a part of is no file, and may be
// sent again.
func TestFileIsCutOffOnItsWay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		i, err := b.NewImport(t.Context(), intoL)
		if err != nil {
			t.Fatal(err)
		}
		cut := io.MultiReader(strings.NewReader(manyRows(100)), iotest.ErrReader(io.ErrUnexpectedEOF))
		if _, err := b.Receive(t.Context(), i.N, cut); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "cut off on its way") {
			t.Errorf("a part of a file: %v", err)
		}
		if i, err = b.Import(t.Context(), i.N); err != nil || i.State != leads.StateReceiving {
			t.Errorf("%+v, %v", i, err)
		}
		if i, err = b.Receive(t.Context(), i.N, strings.NewReader(manyRows(10))); err != nil || i.State != leads.StateReady {
			t.Errorf("again: %+v, %v", i, err)
		}
		if i = b.begun(i, false); i.Done != 10 {
			t.Errorf("%+v", i)
		}
	})
}

// TestListIsDeleted: with all that belongs to it, not while an import goes on, and its
// name may be had again.
func TestListIsDeleted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		b.list(leads.List{ID: "l", Region: "CO"})
		b.bring(intoL, manyRows(3000))
		i := b.received(intoL, manyRows(10))
		if _, err := b.Begin(ctx, i.N, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.DeleteList(ctx, "l"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("while an import goes on: %v", err)
		}
		b.worked(i.N)
		removed, more, err := b.DeleteList(ctx, "l")
		if err != nil || removed != deletedAtOnce || !more {
			t.Errorf("%d, %v, %v", removed, more, err)
		}
		if _, err := b.List(ctx, "l"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("it is to be seen: %v", err)
		}
		if _, err := b.CreateList(ctx, leads.List{ID: "l"}, "me"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("its name, while it is being deleted: %v", err)
		}
		if told, err := b.Told(ctx, "+573000000001"); err != nil || len(told.Leads) != 0 {
			t.Errorf("%+v, %v", told, err)
		}
		if removed, more, err = b.DeleteList(ctx, "l"); err != nil || removed != 700 || more {
			t.Errorf("%d, %v, %v", removed, more, err)
		}
		if _, _, err = b.DeleteList(ctx, "l"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("twice: %v", err)
		}
		for _, table := range []string{"leads", "lead_numbers", "lead_imports", "lead_rejects", "lead_lists"} {
			n := int64(-1)
			if b.count("SELECT COUNT(*) FROM "+table, &n); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		b.list(leads.List{ID: "l"})
	})
}

// TestOrders: what cannot be right is refused before there is an import.
func TestOrders(t *testing.T) {
	t.Parallel()
	b := setup(t, records.DSN("sqlite:"+migrated(t)))
	b.list(leads.List{ID: "l"})
	for _, r := range []struct {
		o    Order
		kind fault.Kind
	}{
		{Order{}, fault.Invalid}, {Order{Target: leads.IntoList, List: "none"}, fault.NotFound}, {Order{Target: leads.IntoDoNotCall, Region: "XX"}, fault.Invalid},
		{Order{Target: leads.IntoDoNotCall, Region: "CO", Campaign: "March "}, fault.Invalid},
		{Order{Target: leads.IntoHashes, Source: "s"}, fault.Invalid}, {Order{Target: leads.IntoHashes, Source: "S!", Hashing: leads.Hashing{Algorithm: "md5", Of: "e164"}}, fault.Invalid},
		{Order{Target: leads.IntoList, List: "l", Columns: map[string]leads.As{"a": "B!"}}, fault.Invalid},
		{Order{Target: leads.IntoList, List: "l", Format: leads.Format{Delimiter: "x"}}, fault.Invalid},
		{Order{Target: leads.IntoList, List: "l", Duplicates: leads.Duplicates{Scope: "x", Action: leads.ActionSkip}}, fault.Invalid},
	} {
		if _, err := b.NewImport(t.Context(), r.o); fault.KindOf(err) != r.kind {
			t.Errorf("%+v: %v", r.o, err)
		}
	}
	if list, err := b.Imports(t.Context(), 0, 10); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	i, err := b.NewImport(t.Context(), intoL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Receive(t.Context(), i.N, io.LimitReader(endless{}, MaxFile+2)); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "more than 512 MiB") {
		t.Errorf("too large: %v", err)
	}
	if _, err := b.Begin(t.Context(), i.N, false, nil); fault.KindOf(err) != fault.Conflict {
		t.Errorf("without a file: %v", err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestOldFilesAreGivenUp: a file that nobody brings in does not lie about for ever.
func TestOldFilesAreGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t, records.DSN("sqlite:"+migrated(t)))
	b.list(leads.List{ID: "l", Region: "CO"})
	i := b.received(intoL, manyRows(10))
	w := NewImporter(b.Store, slog.New(slog.DiscardHandler))
	w.tidy(t.Context())
	if i, _ = b.Import(t.Context(), i.N); i.State != leads.StateReady {
		t.Errorf("at once: %s", i.State)
	}
	b.clock.forward(waitsFor + time.Minute)
	w.tidy(t.Context())
	if i, _ = b.Import(t.Context(), i.N); i.State != leads.StateUndone {
		t.Errorf("after a week: %s", i.State)
	}
}

// TestImporterRuns: it is told of work by its store, and stops in order.
func TestImporterRuns(t *testing.T) {
	t.Parallel()
	b := setup(t, records.DSN("sqlite:"+migrated(t)))
	b.list(leads.List{ID: "l", Region: "CO"})
	w := NewImporter(b.Store, slog.New(slog.DiscardHandler))
	w.Stop()
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	i := b.received(intoL, manyRows(1000))
	if _, err := b.Begin(t.Context(), i.N, false, nil); err != nil {
		t.Fatal(err)
	}
	for i.State != leads.StateDone {
		var err error
		if i, err = b.Import(t.Context(), i.N); err != nil || i.State == leads.StateFailed {
			t.Fatalf("%+v, %v", i, err)
		}
	}
	w.Stop()
	w.Stop()
}
