package reports_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
)

// calledBack is a customer who waits on the line, asks to be called back, is busy, and is
// reached an hour later; the agent is held while the phone rings.
func (j *journal) calledBack(at time.Time, number string) {
	of := func(t orchestrator.EntryType, call string) orchestrator.Entry {
		return orchestrator.Entry{Type: t, Call: call, Queue: "sales"}
	}
	asked := at.Add(30 * time.Second)
	s := orchestrator.CallSummary{Call: "in", PBX: "main", Kind: orchestrator.KindInbound, DID: "5000", Caller: orchestrator.Party{Number: number},
		StartedAt: at.UnixMilli(), QueuedAt: at.UnixMilli(), Queue: "sales"}
	j.add(at, of(orchestrator.EntryCallStarted, "in"), s)
	j.add(at, of(orchestrator.EntryCallQueued, "in"), fields{"queue": "sales"})
	j.add(asked, of(orchestrator.EntryCallUnqueued, "in"), fields{"queue": "sales", "why": "exit", "wait_ms": 30_000})
	j.add(asked, of(orchestrator.EntryCallCallback, "in"), fields{"queue": "sales", "result": "ok", "callback": "back"})
	s.Outcome, s.Callback, s.EndedAt = orchestrator.OutcomeCallback, "back", asked.UnixMilli()
	j.add(asked, of(orchestrator.EntryCallEnded, "in"), s)

	b := orchestrator.CallSummary{Call: "back", PBX: "main", Kind: orchestrator.KindCallback, DID: "5000", Caller: orchestrator.Party{Number: number},
		StartedAt: asked.UnixMilli(), QueuedAt: at.UnixMilli(), Queue: "sales"}
	j.add(asked, of(orchestrator.EntryCallStarted, "back"), b)
	j.add(asked, of(orchestrator.EntryCallCallback, "back"), fields{"queue": "sales", "result": "promised", "by": "caller"})
	try := func(at time.Time, attempt int) time.Time {
		j.add(at, of(orchestrator.EntryCallQueued, "back"), fields{"queue": "sales"})
		j.add(at, of(orchestrator.EntryCallOffered, "back"), fields{"queue": "sales", "agent": "a"})
		j.state(at, "a", "available", "reserved", "", "back")
		at = at.Add(2 * time.Second)
		j.state(at, "a", "reserved", "talking", "", "back")
		j.add(at, of(orchestrator.EntryCallDialled, "back"), fields{"result": "dialling", "attempt": attempt})
		return at.Add(10 * time.Second)
	}
	busy := try(asked, 1)
	j.add(busy, of(orchestrator.EntryCallCallback, "back"), fields{"attempt": 1, "result": "busy", "next_at": 1})
	j.state(busy, "a", "talking", "available", "", "")
	up := try(at.Add(time.Hour), 2)
	j.add(up, of(orchestrator.EntryCallConnected, "back"), fields{"agent": "a", "wait_ms": up.Sub(at).Milliseconds()})
	end := up.Add(time.Minute)
	j.add(end, of(orchestrator.EntryCallParted, "back"), fields{"agent": "a", "by": "agent", "talk_ms": 60_000})
	j.state(end, "a", "talking", "wrapup", "", "back")
	j.state(end.Add(20*time.Second), "a", "wrapup", "available", "", "")
	b.Outcome, b.Attempts, b.Agent, b.EndedAt = orchestrator.OutcomeServed, 2, "a", end.UnixMilli()
	j.add(end, of(orchestrator.EntryCallEnded, "back"), b)
}

// pending are a customer who is to be called back, for whom an agent is held, one whose
// time is over, and one whom staff gave up.
func (j *journal) pending(at time.Time) {
	for call, outcome := range map[string]orchestrator.Outcome{"wait": "", "late": orchestrator.OutcomeExpired, "gone": orchestrator.OutcomeCancelled, "deaf": orchestrator.OutcomeNoAnswer} {
		s := orchestrator.CallSummary{Call: call, PBX: "main", Kind: orchestrator.KindCallback, DID: "5009", Caller: orchestrator.Party{Number: "+57300" + call}, StartedAt: at.UnixMilli(), Queue: "sales", QueuedAt: at.UnixMilli()}
		j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallStarted, Call: call}, s)
		j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallCallback, Call: call}, fields{"queue": "sales", "result": "promised", "by": "api:desk"})
		j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallQueued, Call: call}, fields{"queue": "sales"})
		j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallDialled, Call: call}, fields{"result": "dialling", "attempt": 1})
		if s.Outcome, s.EndedAt, s.Attempts = outcome, at.Add(time.Hour).UnixMilli(), 1; outcome != "" {
			j.add(at.Add(time.Hour), orchestrator.Entry{Type: orchestrator.EntryCallEnded, Call: call}, s)
		}
	}
}

// TestCallbacksAreNoCallers: who is called back has been offered once, by the stay on the
// line; the callback's wait and retries are in no figure of callers, and have their own.
func TestCallbacksAreNoCallers(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	j.state(noon.Add(-time.Hour), "a", "offline", "available", "", "")
	j.calledBack(noon, "+573001")
	j.pending(noon.Add(90 * time.Minute))
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]map[string]float64{
		"service": {"offered": 1, "answered": 0, "flowed": 1, "waiting": 0, "waiting_late": 0, "longest_wait_ms": 30_000, "wait_all_ms": 30_000, "known_callers": 1, "repeat_callers": 0,
			"offers": 2, "handled": 1, "aht_ms": 80_000, "wrap_up_ms": 20_000,
			"callbacks": 5, "callbacks_reached": 1, "callbacks_expired": 1, "callbacks_cancelled": 1, "callbacks_failed": 1, "callbacks_pending": 1,
			"callback_attempts": 6, "mean_callback_ms": 3_582_000, "longest_callback_ms": 3_582_000},
		"agents": {"answered": 1, "talking_ms": 60_000, "calling_ms": 20_000, "ringing_ms": 4_000, "wrapping_up_ms": 20_000, "logged_in_ms": 10_800_000},
	} {
		got, err := reporter(db).Report(t.Context(), name, reports.Query{Query: figures.Query{From: noon, To: noon.Add(3 * time.Hour)}})
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, m := range got.Report.Measures {
			if v, ok := want[m.Name]; ok {
				seen++
				if have, _ := m.Of(&got.Total); have != v {
					t.Errorf("%s of %s = %v, want %v", m.Name, name, have, v)
				}
			}
			if m.Name == "asa_ms" || m.Name == "sl_live" {
				if v, ok := m.Of(&got.Total); ok {
					t.Errorf("%s = %v, and nobody on the line was answered", m.Name, v)
				}
			}
		}
		if seen != len(want) {
			t.Errorf("report %s has %d of %d measures", name, seen, len(want))
		}
	}
	var b bytes.Buffer
	if _, err := reporter(db).QueueLog(t.Context(), &b, noon, noon.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if log := b.String(); strings.Contains(log, "|back|") || strings.Contains(log, "|wait|") || strings.Count(log, "ENTERQUEUE") != 1 {
		t.Errorf("queue_log:\n%s", log)
	}
}

// TestWhomACampaignCallsHasNotComeAgain: two calls to a lead who answered and waited are no
// caller who comes again.
func TestWhomACampaignCallsHasNotComeAgain(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	for n, call := range []string{"1", "2"} {
		at := noon.Add(time.Duration(n) * time.Hour)
		s := orchestrator.CallSummary{Call: call, PBX: "main", Kind: orchestrator.KindCampaign, Campaign: "spring", Lead: "l1", Caller: orchestrator.Party{Number: "+573001"},
			StartedAt: at.UnixMilli(), QueuedAt: at.UnixMilli(), Queue: "sales"}
		j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallStarted, Call: call}, s)
		j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallQueued, Call: call, Queue: "sales"}, fields{"queue": "sales"})
		end := at.Add(2 * time.Second)
		s.Outcome, s.EndedAt = orchestrator.OutcomeAbandoned, end.UnixMilli()
		j.add(end, orchestrator.Entry{Type: orchestrator.EntryCallEnded, Call: call}, s)
	}
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	got, err := reporter(db).Report(t.Context(), "service", reports.Query{Query: figures.Query{From: noon, To: noon.Add(3 * time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Total[figures.Repeated]; n != 0 {
		t.Errorf("%d repeat callers, and nobody called", n)
	}
}

// TestFiguresOfCallbacksOutliveTheCustomersName: what is forgotten of a customer is who it
// was; the figures stay, but for the offers (orchestrator/README.md).
func TestFiguresOfCallbacksOutliveTheCustomersName(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	j.state(noon.Add(-time.Hour), "a", "offline", "available", "", "")
	j.calledBack(noon, "+573001")
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	count := func() (asked, reached int64) {
		got, err := reporter(db).Report(t.Context(), "service", reports.Query{Query: figures.Query{From: noon, To: noon.Add(3 * time.Hour)}})
		if err != nil {
			t.Fatal(err)
		}
		return got.Total[figures.CallbacksAsked], got.Total[figures.CallbacksReached]
	}
	asked, reached := count()
	if err := db.Anonymise(t.Context(), []string{"back"}); err != nil {
		t.Fatal(err)
	}
	if a, r := count(); a != asked || r != reached {
		t.Errorf("callbacks %d, reached %d; once the customer is forgotten %d and %d", asked, reached, a, r)
	}
}
