package story

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

var update = flag.Bool("update", false, "write golden files anew")

type fields map[string]any

// day writes entries, one each some time after the one before.
type day struct {
	t   testing.TB
	now time.Time
	all []orchestrator.Entry
}

func (d *day) add(after time.Duration, kind orchestrator.EntryType, data any) {
	raw, err := json.Marshal(data)
	if err != nil {
		d.t.Fatal(err)
	}
	d.now = d.now.Add(after)
	d.all = append(d.all, orchestrator.Entry{Type: kind, At: d.now, Call: "c1", PBX: "main", Data: raw})
}

// stories are calls as the journal has them.
var stories = map[string]func(*day){
	"served": func(d *day) {
		d.add(0, orchestrator.EntryCallStarted, orchestrator.CallSummary{Kind: orchestrator.KindInbound, DID: "5000"})
		d.add(time.Second, orchestrator.EntryCallAnswered, fields{})
		d.add(4*time.Second, orchestrator.EntryCallNode, orchestrator.Note{Flow: "main", Node: "menu", Outcome: "key:1"})
		d.add(0, orchestrator.EntryCallQueued, fields{"queue": "sales", "priority": 2, "needs": "en >= 3", "known": "acme", "last_agent": true, "prefer": "104", "patience_ms": 20_000,
			"position": 3, "staff": 4, "widens_ms": []int64{20_000, 50_000}})
		d.add(60*time.Second, orchestrator.EntryCallOffered, fields{"queue": "sales", "agent": "101", "offer": "o1",
			"match": orchestrator.Match{Freed: true, Strategy: "longest_idle", Relaxed: 1, WaitedMS: 60_000}})
		d.add(15*time.Second, orchestrator.EntryCallMissed, fields{"agent": "101", "why": "no_answer"})
		d.add(0, orchestrator.EntryCallOffered, fields{"queue": "sales", "agent": "102", "offer": "o2",
			"match": orchestrator.Match{Strategy: "round_robin", WaitedMS: 75_000, FreeMS: 3400, Eased: 1}})
		d.add(5*time.Second, orchestrator.EntryCallConnected, fields{"agent": "102", "wait_ms": 80_000})
		d.add(time.Minute, orchestrator.EntryCallTransfer, fields{"destination": "@103", "kind": "agent", "result": "done", "by": "agent:102", "reason": "knows it"})
		d.add(0, orchestrator.EntryCallParted, fields{"agent": "102", "by": "transfer", "talk_ms": 60_000})
		d.add(0, orchestrator.EntryCallQueued, fields{"queue": "@103", "priority": 0})
		d.add(0, orchestrator.EntryCallOffered, fields{"queue": "@103", "agent": "103", "match": orchestrator.Match{Alone: true, Tier: 2}})
		d.add(3*time.Second, orchestrator.EntryCallConnected, fields{"agent": "103", "wait_ms": 3000})
		d.add(time.Minute, orchestrator.EntryCallParted, fields{"agent": "103", "by": "caller", "talk_ms": 60_000})
		d.add(0, orchestrator.EntryCallEnded, orchestrator.CallSummary{Outcome: orchestrator.OutcomeServed, EndedBy: "caller"})
	},
	"abandoned": func(d *day) {
		d.add(0, orchestrator.EntryCallStarted, orchestrator.CallSummary{Kind: orchestrator.KindInbound, DID: "5000"})
		d.add(0, orchestrator.EntryCallRefused, fields{"queue": "sales", "result": "full"})
		d.add(0, orchestrator.EntryCallQueued, fields{"queue": "support", "priority": 0, "tier": 1, "position": 1, "staff": 0})
		d.add(42*time.Second, orchestrator.EntryCallEnded, orchestrator.CallSummary{Outcome: orchestrator.OutcomeAbandoned, EndedBy: "caller"})
	},
	"the way out": func(d *day) {
		d.add(0, orchestrator.EntryCallQueued, fields{"queue": "sales", "position": 1, "staff": 2})
		d.add(time.Minute, orchestrator.EntryCallUnqueued, fields{"queue": "sales", "why": "timeout"})
		d.add(0, orchestrator.EntryCallQueued, fields{"queue": "support", "position": 1, "staff": 1})
		d.add(time.Second, orchestrator.EntryCallUnqueued, fields{"queue": "support", "why": "no_agents"})
		d.add(0, orchestrator.EntryCallFault, fields{"what": "a sound", "error": "no such file"})
		d.add(0, orchestrator.EntryCallCallback, fields{"queue": "sales", "result": "ok"})
		d.add(0, orchestrator.EntryCallHungUp, fields{"by": "api:ana", "reason": "a test"})
		d.add(0, orchestrator.EntryCallEnded, orchestrator.CallSummary{Outcome: orchestrator.OutcomeTerminated, EndedBy: "operadora"})
	},
	"called back": func(d *day) {
		d.add(0, orchestrator.EntryCallStarted, orchestrator.CallSummary{Kind: orchestrator.KindCallback})
		d.add(0, orchestrator.EntryCallQueued, fields{"queue": "sales", "position": 1, "staff": 2})
		d.add(time.Minute, orchestrator.EntryCallOffered, fields{"queue": "sales", "agent": "101"}) // of before it was told how
		d.add(time.Second, orchestrator.EntryCallDialled, fields{"result": "busy", "attempt": 1})
		d.add(0, orchestrator.EntryCallCallback, fields{"result": "busy", "attempt": 1})
		d.add(0, orchestrator.EntryCallEnded, orchestrator.CallSummary{Outcome: orchestrator.OutcomeExpired, EndedBy: "operadora"})
	},
}

func TestStories(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, name := range []string{"served", "abandoned", "the way out", "called back"} {
		d := &day{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
		stories[name](d)
		fmt.Fprintf(&out, "%s\n", name)
		for _, s := range Tell(d.all) {
			fmt.Fprintf(&out, "%s %s why=%s queue=%s agent=%s waited=%d\n  %s\n  %s\n", s.At.Format("15:04:05"), s.Code, s.Why, s.Queue, s.Agent, s.WaitedMS, s.Text["en"], s.Text["es"])
		}
	}
	const path = "testdata/stories.golden"
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("%s differs (run with -update and look at the difference):\n%s", path, out.String())
	}
}

// TestNothingIsToldOfWhatMayNotBeSeen: entries whose data was taken away neither
// break the story nor leave words without what they are about.
func TestNothingIsToldOfWhatMayNotBeSeen(t *testing.T) {
	t.Parallel()
	for _, kind := range []orchestrator.EntryType{orchestrator.EntryCallTransfer, orchestrator.EntryCallDialled, orchestrator.EntryCallCallback,
		orchestrator.EntryCallHungUp, orchestrator.EntryCallFault, orchestrator.EntryCallRecording} {
		if got := Tell([]orchestrator.Entry{{Type: kind, Call: "c1"}, {Type: kind, Call: "c1", Data: json.RawMessage(`broken`)}}); len(got) != 0 {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// TestEveryWordIsKnown: what may stand in the journal has words in both languages.
func TestEveryWordIsKnown(t *testing.T) {
	t.Parallel()
	known := func(table map[string][2]string, word string) {
		t.Helper()
		if words := table[word]; words[0] == "" || words[1] == "" {
			t.Errorf("%q has no words", word)
		}
	}
	for _, o := range orchestrator.Outcomes {
		known(outcomes, string(o))
	}
	for _, s := range []acd.Strategy{acd.LongestIdle, acd.RoundRobin, acd.FewestCalls, acd.LeastOccupied, acd.MostSkilled, acd.FixedOrder, acd.Random} {
		known(orders, string(s))
	}
	for _, f := range []orchestrator.OfferFailure{orchestrator.OfferNoAnswer, orchestrator.OfferRejected, orchestrator.OfferBusy,
		orchestrator.OfferUnreachable, orchestrator.OfferCancelled, orchestrator.OfferError} {
		known(failures, string(f))
	}
	for _, r := range []orchestrator.PlacementResult{orchestrator.RefusedClosed, orchestrator.RefusedUnfit, orchestrator.RefusedFull, orchestrator.RefusedEmpty, orchestrator.RefusedQueue} {
		known(refusals, string(r))
	}
}
