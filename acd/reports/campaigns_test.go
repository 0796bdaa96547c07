package reports_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
)

// attempted is a call to a lead that is over; one that talked waited for two seconds.
func (j *journal) attempted(at time.Time, id, campaign string, outcome orchestrator.Outcome, talked time.Duration) {
	s := orchestrator.CallSummary{Call: id, PBX: "main", Kind: orchestrator.KindCampaign, DID: "+571000", Caller: orchestrator.Party{Number: "+573001234567"},
		StartedAt: at.UnixMilli(), Campaign: campaign, Lead: "lead-" + id, Attempts: 2, Queue: "sales"}
	of := func(t orchestrator.EntryType) orchestrator.Entry {
		return orchestrator.Entry{Type: t, Call: id, Queue: "sales"}
	}
	j.add(at, of(orchestrator.EntryCallStarted), s)
	up := at.Add(10 * time.Second)
	switch outcome {
	case orchestrator.OutcomeServed:
		s.AnsweredAt, s.ConnectedAt, s.Agent, s.TalkMS = up.UnixMilli(), up.Add(2*time.Second).UnixMilli(), "a", talked.Milliseconds()
		j.add(up, of(orchestrator.EntryCallQueued), fields{"queue": "sales"})
		j.add(up.Add(2*time.Second), of(orchestrator.EntryCallConnected), fields{"agent": "a", "wait_ms": 2000})
		j.add(up.Add(2*time.Second+talked), of(orchestrator.EntryCallParted), fields{"agent": "a", "talk_ms": talked.Milliseconds()})
	case orchestrator.OutcomeAbandoned:
		s.AnsweredAt = up.UnixMilli()
		j.add(up, of(orchestrator.EntryCallQueued), fields{"queue": "sales"})
		j.add(up.Add(2*time.Second), of(orchestrator.EntryCallUnqueued), fields{"queue": "sales", "why": "timeout", "wait_ms": 2000})
	case orchestrator.OutcomeLeft, orchestrator.OutcomeMachine:
		s.AnsweredAt = up.UnixMilli()
	default:
	}
	end := up.Add(2*time.Second + talked)
	s.Outcome, s.EndedAt = outcome, end.UnixMilli()
	j.add(end, of(orchestrator.EntryCallEnded), s)
}

// TestCampaigns: calls to leads are counted by campaign, each outcome in one place, and
// nobody among them is a caller who was offered to a queue.
func TestCampaigns(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	at := noon
	for i, o := range []orchestrator.Outcome{orchestrator.OutcomeServed, orchestrator.OutcomeServed, orchestrator.OutcomeAbandoned, orchestrator.OutcomeNoAnswer,
		orchestrator.OutcomeBusy, orchestrator.OutcomeInvalid, orchestrator.OutcomeDeclined, orchestrator.OutcomeUnreachable, orchestrator.OutcomeCongested,
		orchestrator.OutcomeLost, orchestrator.OutcomeRefused, orchestrator.OutcomeLeft, orchestrator.OutcomeMachine} {
		at = at.Add(5 * time.Minute)
		talked := time.Duration(0)
		if o == orchestrator.OutcomeServed {
			talked = time.Minute
		}
		j.attempted(at, "m"+string(rune('a'+i)), "march", o, talked)
	}
	j.attempted(at.Add(time.Minute), "other", "april", orchestrator.OutcomeBusy, 0)
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	ask := func(name, campaign string) figures.Table {
		q := reports.Query{Query: figures.Query{From: noon, To: noon.Add(3 * time.Hour), Campaign: campaign}}
		got, err := reporter(db).Report(t.Context(), name, q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := map[string]float64{"calls": 13, "answered": 5, "served": 2, "abandoned": 1, "no_answer": 1, "busy": 1, "unreachable": 2, "invalid": 1, "declined": 1,
		"machine": 1, "failed": 2, "left": 1, "answer_rate": 5.0 / 13, "abandon_rate": 0.2, "mean_wait_ms": 2000, "talk_ms": 120_000, "mean_talk_ms": 60_000}
	got := ask("campaigns", "march")
	for _, m := range got.Report.Measures {
		if have, _ := m.Of(&got.Total); have != want[m.Name] {
			t.Errorf("%s = %v, want %v", m.Name, have, want[m.Name])
		}
	}
	if len(got.Report.Measures) != len(want) {
		t.Errorf("%d measures", len(got.Report.Measures))
	}
	if all := ask("campaigns", ""); len(all.Rows) != 2 || all.Rows[0].Keys[0] != "april" || all.Total[figures.CampaignBusy] != 2 {
		t.Errorf("rows %+v", all.Rows)
	}
	if s := ask("service", ""); s.Total[figures.Offered] != 0 || s.Total[figures.Abandoned] != 0 || s.Total[figures.Talk] != 0 {
		t.Errorf("leads are callers of the queue: %+v", s.Total)
	}
	if a := ask("agents", ""); a.Total[figures.Dialled] != 2 || a.Total[figures.Answered] != 0 {
		t.Errorf("agents: %d dialled, %d answered", a.Total[figures.Dialled], a.Total[figures.Answered])
	}
	if _, err := reporter(db).Report(t.Context(), "service", reports.Query{Query: figures.Query{From: noon, Campaign: "march"}}); err == nil {
		t.Error("report service takes a campaign")
	}
}

// TestSheetOfACampaign: what became of a campaign's calls on one day, whose parts have the same
// total; of one that is defined and called nobody the sheet is empty, of another there is none.
func TestSheetOfACampaign(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	j.attempted(noon, "1", "march", orchestrator.OutcomeServed, time.Minute)
	j.attempted(noon.Add(time.Hour), "2", "march", orchestrator.OutcomeBusy, 0)
	j.attempted(noon.Add(24*time.Hour), "3", "march", orchestrator.OutcomeBusy, 0)
	j.attempted(noon, "4", "may", orchestrator.OutcomeBusy, 0)
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	r := reporter(db)
	r.Campaigns = func() []string { return []string{"march", "april"} }
	for id, want := range map[string][][]string{
		"march": {{"intervals", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z"}, {"agents", "", "a"}, {"numbers", "+571000"}},
		"april": {{"intervals"}, {"agents"}, {"numbers"}},
	} {
		sheet, err := r.Sheet(t.Context(), reports.SheetQuery{Campaign: id, Day: noon, Interval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		for _, p := range sheet.Parts {
			names := []string{p.Name}
			for _, row := range p.Table.Rows {
				names = append(names, row.Keys[0])
			}
			got = append(got, names)
			if p.Table.Total != sheet.Parts[0].Table.Total || p.Table.Total[figures.CampaignCalls] != int64(2*len(want[0])/3) {
				t.Errorf("%s, %s: total %v", id, p.Name, p.Table.Total)
			}
		}
		if !cmp.Equal(want, got) {
			t.Errorf("%s: rows %q, want %q", id, got, want)
		}
		var page bytes.Buffer
		if err := sheet.Write(&page, reports.FormatHTML, "es", noon); err != nil || !strings.Contains(page.String(), "Campaña") || !strings.Contains(page.String(), id) {
			t.Errorf("%s: %v, %s", id, err, &page)
		}
	}
	for _, q := range []reports.SheetQuery{{Campaign: "june"}, {}, {Campaign: "march", Queue: "sales"}} {
		q.Day = noon
		if _, err := r.Sheet(t.Context(), q); err == nil || !strings.Contains(err.Error(), "campaign") {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
