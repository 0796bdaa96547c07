package reports_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, file string) *records.DB {
	t.Helper()
	db, err := records.Open(t.Context(), records.Config{DSN: records.DSN("sqlite:" + file), Connections: 4, Batch: 100,
		KeepJournal: time.Hour, RetryMax: time.Second}, func() time.Time { return noon.Add(48 * time.Hour) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// journal writes what the engine and the distributor would.
type journal struct {
	t       *testing.T
	entries []orchestrator.Entry
}

type fields map[string]any

func (j *journal) add(at time.Time, e orchestrator.Entry, data any) {
	j.t.Helper()
	b, err := json.Marshal(data)
	if err != nil {
		j.t.Fatal(err)
	}
	e.ID, e.At, e.Data, e.PBX = fmt.Sprintf("%d-%d", at.UnixMilli(), len(j.entries)), at, b, "main"
	j.entries = append(j.entries, e)
}

func (j *journal) state(at time.Time, agent, from, to, reason, call string) {
	j.add(at, orchestrator.Entry{Type: orchestrator.EntryAgentState, Agent: agent, Call: call}, orchestrator.AgentChange{From: from, To: to, Reason: reason, Call: call})
}

// served is a call that agent b misses and agent a answers and transfers, in one way or another.
func (j *journal) served(at time.Time, id, queue, caller string, waited, talked, held, wrapped time.Duration) time.Time {
	of := func(t orchestrator.EntryType) orchestrator.Entry { return orchestrator.Entry{Type: t, Call: id} }
	s := orchestrator.CallSummary{Call: id, PBX: "main", Kind: orchestrator.KindInbound, DID: "5000", Caller: orchestrator.Party{Number: caller},
		StartedAt: at.UnixMilli(), Queue: queue, Agent: "a", Outcome: orchestrator.OutcomeServed}
	j.add(at, of(orchestrator.EntryCallStarted), s)
	j.add(at, of(orchestrator.EntryCallQueued), fields{"queue": queue})
	j.add(at, of(orchestrator.EntryCallOffered), fields{"queue": queue, "agent": "b"})
	j.add(at.Add(waited/2), of(orchestrator.EntryCallMissed), fields{"agent": "b", "why": "no_answer"})
	j.add(at.Add(waited/2), of(orchestrator.EntryCallOffered), fields{"queue": queue, "agent": "a"})
	j.state(at.Add(waited/2), "a", "available", "reserved", "", id)
	up := at.Add(waited)
	j.state(up, "a", "reserved", "talking", "", id)
	j.add(up, of(orchestrator.EntryCallConnected), fields{"agent": "a", "wait_ms": waited.Milliseconds()})
	end := up.Add(talked)
	j.add(end, of(orchestrator.EntryCallTransfer), fields{"by": "agent:a", "kind": "number", "destination": "…", "result": "dialling"})
	j.add(end, of(orchestrator.EntryCallParted), fields{"agent": "a", "by": "agent", "talk_ms": talked.Milliseconds(), "hold_ms": held.Milliseconds()})
	j.state(end, "a", "talking", "wrapup", "", id)
	s.EndedAt, s.WaitMS, s.TalkMS = end.UnixMilli(), waited.Milliseconds(), talked.Milliseconds()
	j.add(end, of(orchestrator.EntryCallEnded), s)
	j.add(end, orchestrator.Entry{Type: orchestrator.EntryAgentDisposed, Call: id, Agent: "a"}, fields{"call": id, "queue": queue, "disposition": "cash", "path": "sale/cash", "by": "phone"})
	j.state(end.Add(wrapped), "a", "wrapup", "available", "", "")
	return end.Add(wrapped)
}

func (j *journal) abandoned(at time.Time, id, queue, caller string, waited time.Duration) time.Time {
	s := orchestrator.CallSummary{Call: id, PBX: "main", Kind: orchestrator.KindInbound, DID: "5001", Caller: orchestrator.Party{Number: caller},
		StartedAt: at.UnixMilli(), Queue: queue, Outcome: orchestrator.OutcomeAbandoned, WaitMS: waited.Milliseconds()}
	j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallStarted, Call: id}, s)
	j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallQueued, Call: id}, fields{"queue": queue})
	end := at.Add(waited)
	j.add(end, orchestrator.Entry{Type: orchestrator.EntryCallUnqueued, Call: id}, fields{"queue": queue, "why": "hangup", "wait_ms": waited.Milliseconds()})
	s.EndedAt = end.UnixMilli()
	j.add(end, orchestrator.Entry{Type: orchestrator.EntryCallEnded, Call: id}, s)
	return end
}

// day is some hours of two queues, seeded.
func day(t *testing.T, seed uint64) []orchestrator.Entry {
	r := rand.New(rand.NewPCG(seed, 1))
	j := &journal{t: t}
	at := noon
	j.state(at.Add(-time.Minute), "a", "offline", "available", "", "")
	some := func(most time.Duration) time.Duration {
		return time.Duration(r.Int64N(most.Milliseconds())+1) * time.Millisecond
	}
	for i := range 120 {
		if i%4 == 0 {
			j.attempted(at, fmt.Sprintf("z%03d", i), "march", []orchestrator.Outcome{orchestrator.OutcomeBusy, orchestrator.OutcomeAbandoned}[i/4%2], 0)
			at = at.Add(some(time.Minute) + 20*time.Second)
		}
		id, queue, caller := fmt.Sprintf("c%03d", i), []string{"sales", "support"}[r.IntN(2)], fmt.Sprintf("+5730012%03d", r.IntN(40))
		switch r.IntN(4) {
		case 0:
			at = j.abandoned(at, id, queue, caller, some(time.Minute))
		case 1:
			j.state(at, "a", "available", "paused", "lunch", "")
			at = at.Add(some(time.Minute))
			j.state(at, "a", "paused", "available", "", "")
		default:
			talked := some(4 * time.Minute)
			at = j.served(at, id, queue, caller, some(time.Minute), talked, some(talked), some(time.Minute))
		}
		at = at.Add(some(time.Minute))
	}
	// One waits still, and one talks.
	s := orchestrator.CallSummary{Call: "live", Kind: orchestrator.KindInbound, DID: "5002", StartedAt: at.UnixMilli()}
	j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallStarted, Call: "live"}, s)
	j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallQueued, Call: "live"}, fields{"queue": "sales"})
	return j.entries
}

func definitions() acd.Definitions {
	sales := acd.NewQueue()
	sales.ID, sales.ServiceLevel, sales.ShortAbandon = "sales", 10*time.Second, 2*time.Second
	a := acd.NewAgent()
	a.ID, a.Team = "a", "red"
	return acd.Definitions{Queues: []acd.Queue{sales}, Agents: []acd.Agent{a}}
}

func reporter(db *records.DB) reports.Reporter {
	return reports.Reporter{Records: db, Definitions: definitions, Now: func() time.Time { return noon.Add(24 * time.Hour) }}
}

// TestReportOfRecords follows one call from the journal to the figures.
func TestReportOfRecords(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	j.state(noon.Add(-time.Hour), "a", "offline", "available", "", "")
	j.served(noon, "1", "sales", "+573001", 12*time.Second, time.Minute, 20*time.Second, 30*time.Second)
	j.abandoned(noon.Add(time.Hour), "2", "sales", "+573001", 3*time.Second)
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	check := func(report, row string, by []figures.Dimension, want map[string]float64) {
		t.Helper()
		got, err := reporter(db).Report(t.Context(), report, reports.Query{Query: figures.Query{From: noon, To: noon.Add(2 * time.Hour), By: by}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got.Rows {
			if strings.Join(r.Keys, " ") != row {
				continue
			}
			for _, m := range got.Report.Measures {
				if v, ok := want[m.Name]; ok {
					if have, has := m.Of(&r.Tally); !has || have != v {
						t.Errorf("%s of %s = %v, want %v", m.Name, row, have, v)
					}
				}
			}
			return
		}
		t.Errorf("report %s has no row %q: %+v", report, row, got.Rows)
	}
	check("service", "sales", nil, map[string]float64{"offered": 2, "answered": 1, "answered_within": 0, "abandoned": 1, "abandoned_short": 0, "aht_ms": 90_000,
		"talk_ms": 40_000, "hold_ms": 20_000, "wrap_up_ms": 30_000, "offers": 2, "missed": 1, "transfers": 1, "known_callers": 2, "repeat_callers": 1})
	check("service", "red", []figures.Dimension{figures.ByTeam}, map[string]float64{"answered": 1, "abandoned": 0})
	check("service", "5001", []figures.Dimension{figures.ByDID}, map[string]float64{"offered": 1})
	check("agents", "a", nil, map[string]float64{"answered": 1, "wrapping_up_ms": 30_000, "talking_ms": 60_000, "ringing_ms": 6_000, "logged_in_ms": 7_200_000, "missed": 0})
	check("agents", "b", nil, map[string]float64{"offers": 1, "missed": 1, "missed_rate": 1})
}

// TestBySkill: a call is under each skill that it asked for as it entered, and once in the
// total; agents are under those that they have.
func TestBySkill(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	j.state(noon.Add(-time.Hour), "a", "offline", "available", "", "")
	j.served(noon, "1", "sales", "+573001", 12*time.Second, time.Minute, 0, 30*time.Second)
	j.abandoned(noon.Add(time.Hour), "2", "sales", "+573001", 3*time.Second)
	j.abandoned(noon.Add(61*time.Minute), "3", "sales", "+573001", 3*time.Second)
	for i := range j.entries {
		if e := &j.entries[i]; e.Type == orchestrator.EntryCallQueued && e.Call != "3" {
			skills := map[string]string{"1": `["english","billing"]`, "2": `["english"]`}[e.Call]
			e.Data = json.RawMessage(`{"queue":"sales","skills":` + skills + `}`)
		}
	}
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	r := reporter(db)
	r.Definitions = func() acd.Definitions {
		d := definitions()
		d.Agents[0].Skills = map[string]int{"english": 3, "billing": 1}
		return d
	}
	for _, x := range []struct {
		report, skill string
		column        string
		want          map[string]float64
	}{
		{"service", "", "offered", map[string]float64{"": 1, "billing": 1, "english": 2, "total": 3}},
		{"service", "english", "offered", map[string]float64{"english": 2, "total": 2}},
		{"service", "", "talk_ms", map[string]float64{"": 0, "billing": 60_000, "english": 60_000, "total": 60_000}},
		{"agents", "", "talking_ms", map[string]float64{"": 0, "billing": 60_000, "english": 60_000, "total": 60_000}},
		{"agents", "billing", "answered", map[string]float64{"billing": 1, "total": 1}},
	} {
		got, err := r.Report(t.Context(), x.report, reports.Query{Query: figures.Query{From: noon, To: noon.Add(2 * time.Hour), By: []figures.Dimension{"skill"}, Skill: x.skill}})
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]float64{}
		for _, m := range got.Report.Measures {
			if m.Name != x.column {
				continue
			}
			for _, row := range got.Rows {
				have[row.Keys[0]], _ = m.Of(&row.Tally)
			}
			have["total"], _ = m.Of(&got.Total)
		}
		if diff := cmp.Diff(x.want, have); diff != "" {
			t.Errorf("%s of %s, --skill %q (-want +got):\n%s", x.column, x.report, x.skill, diff)
		}
	}
}

// TestTransfersAreCounted: who hands a customer on has transferred them, whether by a
// key, a code or the API, blind or after a word; with the words that calls write.
func TestTransfersAreCounted(t *testing.T) {
	t.Parallel()
	transfer, consult := orchestrator.EntryCallTransfer, orchestrator.EntryCallConsult
	type entry struct {
		typ  orchestrator.EntryType
		data fields
	}
	for name, r := range map[string]struct {
		entries         []entry
		blind, attended float64
	}{
		"blind, by the phone's key":     {[]entry{{transfer, fields{"result": "asked", "by": "agent:a"}}, {transfer, fields{"result": "done", "by": "agent:a"}}}, 1, 0},
		"blind, by the API":             {[]entry{{transfer, fields{"result": "done", "by": "api:desk"}}}, 1, 0},
		"blind, to a number":            {[]entry{{transfer, fields{"result": "dialling", "by": "api:desk"}}, {transfer, fields{"result": "connected"}}}, 1, 0},
		"refused":                       {[]entry{{transfer, fields{"result": "refused", "by": "agent:a"}}}, 0, 0},
		"a flow, for errands":           {[]entry{{transfer, fields{"result": "done", "by": "flow"}}}, 0, 0},
		"asked and completed, by code":  {[]entry{{consult, fields{"result": "answered", "by": "agent:a"}}, {consult, fields{"result": "completed", "by": "agent:a"}}}, 0, 1},
		"asked and completed, by API":   {[]entry{{consult, fields{"result": "completed", "by": "api:desk"}}}, 0, 1},
		"asked before, by the key":      {[]entry{{consult, fields{"result": "asked before", "by": "agent:a"}}, {consult, fields{"result": "completed", "by": "agent:a"}}}, 0, 1},
		"left a conference":             {[]entry{{consult, fields{"result": "conference", "by": "agent:a"}}, {consult, fields{"result": "completed"}}}, 0, 1},
		"left while the other rings":    {[]entry{{consult, fields{"result": "goes on", "by": "agent:a"}}, {transfer, fields{"result": "done", "by": "agent:a"}}}, 1, 0},
		"called off":                    {[]entry{{consult, fields{"result": "cancelled", "by": "agent:a"}}}, 0, 0},
		"by a flow":                     {[]entry{{transfer, fields{"result": "dialling"}}, {transfer, fields{"result": "connected"}}}, 0, 0},
		"by whoever was called outside": {[]entry{{transfer, fields{"result": "done", "by": "phone"}}}, 0, 0},
		"back to the queue":             {[]entry{{transfer, fields{"result": "back", "by": "operadora"}}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, filepath.Join(t.TempDir(), "one.db"))
			j := &journal{t: t}
			s := orchestrator.CallSummary{Call: "1", Kind: orchestrator.KindInbound, StartedAt: noon.UnixMilli(), Queue: "sales", Agent: "a", Outcome: orchestrator.OutcomeServed}
			j.add(noon, orchestrator.Entry{Type: orchestrator.EntryCallStarted, Call: "1"}, s)
			j.add(noon, orchestrator.Entry{Type: orchestrator.EntryCallQueued, Call: "1"}, fields{"queue": "sales"})
			j.add(noon.Add(time.Second), orchestrator.Entry{Type: orchestrator.EntryCallConnected, Call: "1"}, fields{"agent": "a", "wait_ms": 1000})
			for _, e := range r.entries {
				j.add(noon.Add(time.Minute), orchestrator.Entry{Type: e.typ, Call: "1"}, e.data)
			}
			j.add(noon.Add(time.Minute), orchestrator.Entry{Type: orchestrator.EntryCallParted, Call: "1"}, fields{"agent": "a", "by": "transfer", "talk_ms": 59_000})
			s.EndedAt = noon.Add(time.Hour).UnixMilli()
			j.add(noon.Add(time.Hour), orchestrator.Entry{Type: orchestrator.EntryCallEnded, Call: "1"}, s)
			if _, err := db.Write(t.Context(), j.entries); err != nil {
				t.Fatal(err)
			}
			for _, report := range []string{"service", "agents"} { // by queue, and by agent
				got, err := reporter(db).Report(t.Context(), report, reports.Query{Query: figures.Query{From: noon, To: noon.Add(2 * time.Hour)}})
				if err != nil || len(got.Rows) != 1 {
					t.Fatalf("%s: %+v, %v", report, got.Rows, err)
				}
				have := map[string]float64{}
				for _, m := range got.Report.Measures {
					have[m.Name], _ = m.Of(&got.Rows[0].Tally)
				}
				if have["transfers"] != r.blind+r.attended || have["transfers_blind"] != r.blind || have["transfers_attended"] != r.attended {
					t.Errorf("report %s: %v transfers, %v of them blind and %v attended", report, have["transfers"], have["transfers_blind"], have["transfers_attended"])
				}
			}
		})
	}
}

// TestRestartChangesNothing writes the same journal in one go, in pieces with the
// database closed between, and twice over: every report is the same, and its hours
// are its sum.
func TestRestartChangesNothing(t *testing.T) {
	t.Parallel()
	entries := day(t, 7)
	write := func(db *records.DB, part []orchestrator.Entry) {
		if _, err := db.Write(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	whole := open(t, filepath.Join(t.TempDir(), "whole.db"))
	write(whole, entries)
	file := filepath.Join(t.TempDir(), "pieces.db")
	r := rand.New(rand.NewPCG(3, 3))
	for rest := entries; len(rest) > 0; {
		n := min(len(rest), 1+r.IntN(60))
		db := open(t, file)
		write(db, rest[:n])
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		rest = rest[n-min(n-1, r.IntN(3)):] // some come again
	}
	pieces := open(t, file)
	ask := func(db *records.DB, name string, from, to time.Time) figures.Table {
		got, err := reporter(db).Report(t.Context(), name, reports.Query{Query: figures.Query{From: from, To: to, By: []figures.Dimension{figures.ByInterval}}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, report := range figures.Reports {
		end := noon.Add(10 * time.Hour)
		want := ask(whole, report.Name, noon.Add(-time.Hour), end)
		got := ask(pieces, report.Name, noon.Add(-time.Hour), end)
		if diff := cmp.Diff(want.Rows, got.Rows, cmpopts.IgnoreUnexported(figures.Row{})); diff != "" {
			t.Errorf("%s: (-whole +in pieces):\n%s", report.Name, diff)
		}
		if len(want.Rows) < 3 {
			t.Fatalf("%s has %d rows: the day is too short to prove anything", report.Name, len(want.Rows))
		}
		var sum figures.Tally
		for at := noon.Add(-time.Hour); at.Before(end); at = at.Add(37 * time.Minute) {
			part := ask(whole, report.Name, at, min2(at.Add(37*time.Minute), end))
			sum.Add(&part.Total)
		}
		if diff := cmp.Diff(want.Total, sum); diff != "" {
			t.Errorf("%s: cut by 37 minutes (-whole +sum):\n%s", report.Name, diff)
		}
	}
}

func min2(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// TestNothingIsAFormula: names that a spreadsheet would run are text in CSV and in a
// workbook, and numbers are numbers.
func TestNothingIsAFormula(t *testing.T) {
	t.Parallel()
	report, err := figures.Find("service")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"=1+1", "+1", "-1", "@SUM(A1)", "plain"}
	d := &figures.Day{}
	for i, n := range names {
		d.Stays = append(d.Stays, figures.Stay{Call: fmt.Sprint(i), Queue: n, Entered: noon.UnixMilli(), Result: "abandoned", Wait: 1500})
	}
	d.Join(time.Hour)
	table, err := report.Make(d, figures.Query{From: noon, To: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := reports.CSV(&out, table); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != len(names)+2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows[1 : len(rows)-1] {
		if strings.ContainsAny(row[0][:1], "=+-@") {
			t.Errorf("%q is a formula", row[0])
		}
	}
	out.Reset()
	if err := reports.Workbook(&out, table, "en"); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	found := map[string]bool{}
	for i := range names {
		cell := fmt.Sprintf("A%d", i+2)
		if f, err := book.GetCellFormula("Report", cell); err != nil || f != "" {
			t.Errorf("%s is the formula %q, %v", cell, f, err)
		}
		v, err := book.GetCellValue("Report", cell)
		if err != nil {
			t.Error(err)
		}
		found[v] = true
		if kind, err := book.GetCellType("Report", fmt.Sprintf("B%d", i+2)); err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
			t.Errorf("a count is of type %v, %v", kind, err)
		}
	}
	for _, n := range names {
		if !found[n] {
			t.Errorf("the workbook has no %q: %v", n, found)
		}
	}
	if v, err := book.GetCellValue("Formulas", "A2"); err != nil || v != "offered" {
		t.Errorf("the second sheet begins with %q, %v", v, err)
	}
}

// TestFilesAgree: CSV, workbook and what the API answers are the same to the last digit.
func TestFilesAgree(t *testing.T) {
	t.Parallel()
	report, err := figures.Find("service")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 1))
	d := &figures.Day{}
	for i := range 70 {
		d.Stays = append(d.Stays, figures.Stay{Call: fmt.Sprint(i), Queue: fmt.Sprint("q", i%7), Entered: noon.UnixMilli(), Result: []figures.Result{"abandoned", "connected"}[r.IntN(2)],
			Wait: r.Int64N(100_000), Talk: r.Int64N(100_000), Threshold: 20_000, Over: true})
	}
	d.Join(time.Hour)
	table, err := report.Make(d, figures.Query{From: noon, To: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := reports.CSV(&out, table); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 9 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	out.Reset()
	if err := reports.Workbook(&out, table, "en"); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	long := 0
	for y, row := range rows[1:] {
		of := &table.Total
		if y < len(table.Rows) {
			of = &table.Rows[y].Tally
		}
		for x, m := range table.Report.Measures {
			answered := ""
			if v := reports.Value(&m, of); v != nil {
				b, err := json.Marshal(*v)
				if err != nil {
					t.Fatal(err)
				}
				answered = string(b)
			}
			name, err := excelize.CoordinatesToCellName(x+2, y+2)
			if err != nil {
				t.Fatal(err)
			}
			cell, err := book.GetCellValue("Report", name, excelize.Options{RawCellValue: true})
			if in := row[x+1]; err != nil || in != cell || in != answered {
				t.Errorf("%s of %s: CSV has %q, the workbook %q, the API answers %q, %v", m.Name, row[0], in, cell, answered, err)
			}
			if _, behind, _ := strings.Cut(cell, "."); len(behind) > 3 {
				long++
			}
		}
	}
	if long == 0 {
		t.Error("no figure has more digits than three: this proves nothing")
	}
}

// TestReportsSpeakBothLanguages: every column has a title in both, and every sentence its translation.
func TestReportsSpeakBothLanguages(t *testing.T) {
	t.Parallel()
	for _, r := range figures.Reports {
		var names []string
		for _, d := range r.By {
			names = append(names, string(d))
		}
		sentences := append([]string{r.Title}, r.Notes...)
		for _, m := range r.Measures {
			names, sentences = append(names, m.Name), append(sentences, m.Source)
		}
		for _, p := range r.Symbols() {
			sentences = append(sentences, p.Text)
		}
		for _, n := range names {
			if title := reports.Title(n); title["en"] == "" || title["es"] == "" {
				t.Errorf("%s of report %s: %v", n, r.Name, title)
			}
		}
		for _, s := range sentences {
			if reports.In("en", s) != s || reports.In("es", s) == s {
				t.Errorf("report %s: %q is not said in Spanish", r.Name, s)
			}
		}
	}
}

// TestReportIsRefused names what is wrong.
func TestReportIsRefused(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "none.db"))
	minus := -time.Second
	for want, q := range map[string]reports.Query{
		"threshold": {Threshold: &minus},
		"from":      {Query: figures.Query{From: noon.AddDate(-2, 0, 0)}},
		"repeat":    {Repeat: minus},
	} {
		if q.From.IsZero() {
			q.From = noon
		}
		if _, err := reporter(db).Report(t.Context(), "service", q); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := reporter(db).Report(t.Context(), "sales", reports.Query{}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown report: %v", err)
	}
}

// TestUnknownNamesAreTold: of what is neither defined nor on record there is no empty report,
// but the name that may be meant; what is defined, or was then, has its report.
func TestUnknownNamesAreTold(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "names.db"))
	j := &journal{t: t}
	j.served(noon, "c1", "closed", "600000001", time.Minute, time.Minute, 0, time.Minute)
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	r := reporter(db)
	r.DIDs = func() []string { return []string{"5000", "+3491*"} }
	for _, row := range []struct {
		q    figures.Query
		want string // of the error; "" is none
	}{
		{figures.Query{Queue: "sales"}, ""},
		{figures.Query{Queue: "closed"}, ""}, // it was
		{figures.Query{Queue: "slaes"}, `queue: "slaes": is not defined, and nothing is on record of it then; did you mean "sales"?`},
		{figures.Query{Queue: "sales", Agent: "x"}, `agent: "x": is not defined, and nothing is on record of it then; it knows a`},
		{figures.Query{Agent: "a"}, ""},
		{figures.Query{Team: "red"}, ""},
		{figures.Query{Team: "rde"}, `team: "rde": is not defined, and nothing is on record of it then; did you mean "red"?`},
		{figures.Query{DID: "5000"}, ""},
		{figures.Query{DID: "+34911"}, ""},
		{figures.Query{DID: "6000"}, `did: "6000": is not defined, and nothing is on record of it then; did you mean "5000"?`},
	} {
		row.q.From, row.q.To = noon.Add(-time.Hour), noon.Add(time.Hour)
		_, err := r.Report(t.Context(), "service", reports.Query{Query: row.q})
		text := ""
		if wrong, ok := errors.AsType[*figures.Wrong](err); ok {
			text = wrong.Error()
		}
		if text != row.want || err != nil && fault.KindOf(err) != fault.NotFound {
			t.Errorf("%+v: %v\nwant %s", row.q, err, row.want)
		}
	}
}
