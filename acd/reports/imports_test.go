package reports_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/queuelog"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// bring brings rows of a queue_log in, as one file, some at once.
func bring(t *testing.T, db *records.DB, now time.Time, rows []string, atOnce int) (b records.Brought) {
	t.Helper()
	c := queuelog.NewConverter(queuelog.Names{PBX: "main"})
	for chunk := range slices.Chunk(rows, atOnce) {
		var list []orchestrator.Entry
		for _, line := range chunk {
			row, err := queuelog.ReadRow(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			list = append(list, c.Take(line, row)...)
		}
		one, err := db.Import(t.Context(), list, func(e []orchestrator.Entry) (orchestrator.Entry, bool) { return queuelog.Ends(e, now) })
		if err != nil {
			t.Fatal(err)
		}
		b.Added, b.Known = b.Added+one.Added, b.Known+one.Known
	}
	return b
}

func totals(t *testing.T, db *records.DB, report string) figures.Tally {
	t.Helper()
	table, err := reporter(db).Report(t.Context(), report, reports.Query{Query: figures.Query{From: noon.Add(-time.Hour), To: noon.Add(24 * time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	return table.Total
}

// written is the queue_log of a day, and its records.
func written(t *testing.T, seed uint64) (*records.DB, []string) {
	t.Helper()
	db := open(t, filepath.Join(t.TempDir(), "own.db"))
	if _, err := db.Write(t.Context(), day(t, seed)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := reporter(db).QueueLog(t.Context(), &out, noon.Add(-time.Hour), noon.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	return db, strings.Split(strings.TrimSpace(out.String()), "\n")
}

// TestAQueueLogBroughtInGivesItsFigures: what a day's queue_log tells gives the figures of the
// day, to the second; in whatever pieces it comes, and however often.
func TestAQueueLogBroughtInGivesItsFigures(t *testing.T) {
	t.Parallel()
	own, rows := written(t, 7)
	want, now := totals(t, own, "service"), noon.Add(24*time.Hour)
	whole := open(t, filepath.Join(t.TempDir(), "whole.db"))
	if b := bring(t, whole, now, rows, 1000); b.Added < len(rows) || b.Known != 0 {
		t.Errorf("%+v of %d rows", b, len(rows))
	}
	got := totals(t, whole, "service")
	for _, p := range []figures.Part{figures.Offered, figures.Answered, figures.Abandoned, figures.Flowed, figures.Offers, figures.Missed, figures.Handled, figures.Known, figures.Repeated} {
		if got[p] != want[p] {
			t.Errorf("%s is %d, and was %d", p.Info().Symbol, got[p], want[p])
		}
	}
	for _, p := range []figures.Part{figures.WaitAnswered, figures.WaitAbandoned, figures.Talk} {
		was := want[p]
		if p == figures.Talk {
			was += want[figures.Hold] // queue_log does not know it
		}
		if off := got[p] - was; max(off, -off) > 1000*want[figures.Offered] {
			t.Errorf("%s is %d, and was %d", p.Info().Symbol, got[p], was)
		}
	}
	if b := bring(t, whole, now, rows, 77); b.Added != 0 {
		t.Errorf("%d entries are new the second time", b.Added)
	}
	cut := open(t, filepath.Join(t.TempDir(), "cut.db"))
	half := len(rows) / 2
	bring(t, cut, now, rows[:half], 13)
	bring(t, cut, now, rows[half/2:], 1000) // a file that has some of the first
	for name, again := range map[string]figures.Tally{"the second time": totals(t, whole, "service"), "in pieces": totals(t, cut, "service")} {
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if p := totals(t, whole, "agents"); p[figures.Talking] == 0 || p[figures.Paused] == 0 || p[figures.Logins] == 0 {
		t.Errorf("of agents: %v", p)
	}
}

// TestWhatOperadoraToldIsNotToldTwice: the queue_log that operadora wrote itself, brought in
// where it comes from, changes nothing; what was before is taken.
func TestWhatOperadoraToldIsNotToldTwice(t *testing.T) {
	t.Parallel()
	own, rows := written(t, 8)
	before := []figures.Tally{totals(t, own, "service"), totals(t, own, "agents"), totals(t, own, "pauses")}
	if b := bring(t, own, noon.Add(24*time.Hour), rows, 100); b.Added != 0 || b.Known < len(rows) {
		t.Errorf("%+v of %d rows", b, len(rows))
	}
	if diff := cmp.Diff(before, []figures.Tally{totals(t, own, "service"), totals(t, own, "agents"), totals(t, own, "pauses")}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	place, err := own.Place(t.Context())
	if err != nil || strings.HasPrefix(place.ID, "0000") || place.ID == "" {
		t.Errorf("the recorder's place is %q, %v", place.ID, err)
	}
}

// TestWhatWasBroughtInIsNotWrittenAgain: a queue_log that was brought in is not in the one that
// operadora writes, which says how much that is, and brought in changes nothing.
func TestWhatWasBroughtInIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	_, rows := written(t, 9)
	db := open(t, filepath.Join(t.TempDir(), "brought.db"))
	bring(t, db, noon.Add(24*time.Hour), rows, 100)
	j := &journal{t: t}
	j.served(noon.Add(10*time.Hour), "mine", "sales", "+573001", 12*time.Second, time.Minute, 0, 10*time.Second)
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	want := totals(t, db, "service")
	var out bytes.Buffer
	left, err := reporter(db).QueueLog(t.Context(), &out, noon.Add(-time.Hour), noon.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	calls, states := map[string]bool{}, 0
	for _, row := range rows {
		if f := strings.Split(row, "|"); f[1] != "NONE" {
			calls[f[1]] = true
		} else {
			states++
		}
	}
	if left.Calls != len(calls) || left.States < states/2 {
		t.Errorf("left out are %+v of %d calls and %d rows of agents", left, len(calls), states)
	}
	again := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, row := range again {
		if f := strings.Split(row, "|"); f[1] != "mine" && f[1] != "NONE" {
			t.Errorf("written again: %s", row)
		}
	}
	if b := bring(t, db, noon.Add(24*time.Hour), again, 100); b.Added != 0 {
		t.Errorf("%d entries are new", b.Added)
	}
	if diff := cmp.Diff(want, totals(t, db, "service")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRowsOfAppQueue: every kind of row, as app_queue writes it, also in older forms.
func TestRowsOfAppQueue(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	b := bring(t, db, noon.Add(48*time.Hour), []string{
		"1772452800|NONE|NONE|Agent/101|AGENTLOGIN|SIP/101-0001",
		"1772452800|NONE|sales|Local/102@from-queue/n|ADDMEMBER|",
		"1772452801.250000|1772452801.1|NONE|NONE|DID|5000",
		"1772452801|1772452801.1|sales|NONE|ENTERQUEUE||+573001|1",
		"1772452806|1772452801.1|sales|SIP/101|RINGNOANSWER|5000",
		"1772452811|1772452801.1|sales|SIP/102|CONNECT|10|1772452801.2|5",
		"1772452831|1772452801.1|sales|SIP/102|BLINDTRANSFER|200|from-internal|10|20|1",
		"1772452840|2|sales|NONE|ENTERQUEUE|||1",
		"1772452845|2|sales|NONE|EXITWITHKEY|*|1",
		"1772452845|2|support|NONE|ENTERQUEUE|||1",
		"1772452850|2|support|SIP/102|CONNECT|5|x",
		"1772452860|2|support|SIP/102|ATTENDEDTRANSFER|BRIDGE|b1|5|10|1",
		"1772452870|3|sales|NONE|ENTERQUEUE|||1",
		"1772452875|NONE|sales|SIP/102|PAUSE|lunch",
		"1772452885|NONE|sales|SIP/102|UNPAUSE|",
		"1772452890|NONE|sales|SIP/102|REMOVEMEMBER|",
		"1772452895|NONE|NONE|Agent/101|AGENTLOGOFF|SIP/101-0001|95",
	}, 5)
	if b.Known != 0 {
		t.Errorf("%+v", b)
	}
	p := totals(t, db, "service")
	for part, want := range map[figures.Part]int64{figures.Offered: 4, figures.Answered: 2, figures.Flowed: 2, figures.Missed: 1, figures.Transfers: 2, figures.Attended: 1, figures.Talk: 30_000} {
		if p[part] != want {
			t.Errorf("%s is %d, want %d", part.Info().Symbol, p[part], want)
		}
	}
	p = totals(t, db, "agents")
	for part, want := range map[figures.Part]int64{figures.Logins: 2, figures.Talking: 30_000, figures.Paused: 10_000, figures.LoggedIn: 185_000} {
		if p[part] != want {
			t.Errorf("of agents %s is %d, want %d", part.Info().Symbol, p[part], want)
		}
	}
	c, entries, err := db.Contact(t.Context(), "main-1772452801.1")
	if err != nil || c.Outcome != orchestrator.OutcomeServed || c.Caller.Number != "+573001" || c.DID != "5000" || c.Agent != "102" || c.TalkMS != 20_000 || len(entries) == 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, _, err := db.Contact(t.Context(), "3"); err != nil || c.Outcome != orchestrator.OutcomeLost {
		t.Errorf("one without an end: %+v, %v", c, err)
	}
	for line, want := range map[string]string{"": "fields", "x|1|q|NONE|ENTERQUEUE": `"x"`, "1772452801|1|NONE|NONE|ENTERQUEUE||": "queue", "1772452801|1|q|NONE|CONNECT|1|x|1": "agent",
		"1772452801|1|q|a|COMPLETEAGENT|1|-5|1": `"-5"`, "1772452801|1|q|a|COMPLETEAGENT": "field 6", "99|1|q|a|CONNECT|1|x|1": `"99"`} {
		if _, err := queuelog.ReadRow(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}

// TestBringingInWhatWasErased: the same rows once more tell no number of a call whose customer was erased.
func TestBringingInWhatWasErased(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	rows := []string{"1772452801|a.1|sales|NONE|ENTERQUEUE||+573001|1", "1772452811|a.1|sales|SIP/102|CONNECT|10|x|5", "1772452831|a.1|sales|SIP/102|COMPLETECALLER|10|20|1"}
	bring(t, db, noon, rows, 5)
	if err := db.Anonymise(t.Context(), []string{"a.1"}); err != nil {
		t.Fatal(err)
	}
	bring(t, db, noon, rows, 5)
	c, entries, err := db.Contact(t.Context(), "a.1")
	if err != nil || c.Outcome != orchestrator.OutcomeServed || c.Caller.Number != "" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, e := range entries {
		if strings.Contains(string(e.Data), "573001") {
			t.Errorf("%s: %s", e.Type, e.Data)
		}
	}
}
