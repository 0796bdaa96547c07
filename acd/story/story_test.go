package story

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

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
		d.add(0, orchestrator.EntryCallQueued, fields{"queue": "sales", "priority": 2, "needs": "en >= 3", "priority_ms": 20_000, "ahead_ms": 600_000, "known": "acme", "last_agent": true, "prefer": "104", "patience_ms": 20_000,
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
		d.add(0, orchestrator.EntryCallQueued, fields{"queue": "sales", "position": 1, "staff": 2, "kept_of": "c0", "kept_since": d.now.Add(-4 * time.Minute).UnixMilli()})
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
	"called back no more": func(d *day) {
		d.add(0, orchestrator.EntryCallStarted, orchestrator.CallSummary{Kind: orchestrator.KindCallback})
		d.add(10*time.Second, orchestrator.EntryCallHungUp, fields{"by": "caller", "reason": "the caller waits on the line again"})
		d.add(0, orchestrator.EntryCallEnded, orchestrator.CallSummary{Kind: orchestrator.KindCallback, Outcome: orchestrator.OutcomeCancelled, EndedBy: "caller"})
	},
}

func TestStories(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, name := range []string{"served", "abandoned", "the way out", "called back", "called back no more"} {
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
		orchestrator.EntryCallMessage, orchestrator.EntryCallMachine, orchestrator.EntryCallHungUp, orchestrator.EntryCallFault, orchestrator.EntryCallRecording} {
		if got := Tell([]orchestrator.Entry{{Type: kind, Call: "c1"}, {Type: kind, Call: "c1", Data: json.RawMessage(`broken`)}}); len(got) != 0 {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// TestEveryWordIsKnown: whatever stands in the journal and on the audit log has words in both
// languages. What that is, is read from the code that writes it.
func TestEveryWordIsKnown(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	known := func(what string, list []string, tables ...map[string][2]string) {
		t.Helper()
		for _, word := range list {
			found := word == ""
			for _, table := range tables {
				words := table[word]
				found = found || words[0] != "" && words[1] != ""
			}
			if !found {
				t.Errorf("%s: %q has no words", what, word)
			}
		}
	}
	known("outcome", s.typed("orchestrator", "Outcome"), outcomes)
	known("failed offer", s.typed("orchestrator", "OfferFailure"), failures)
	known("target", s.typed("orchestrator", "TargetKind"), kinds)
	known("result", s.typed("orchestrator", "AgentResult"), results)
	known("strategy", s.typed("acd", "Strategy"), orders)
	known("refusal", slices.DeleteFunc(s.typed("orchestrator", "PlacementResult"), func(r string) bool {
		return !slices.Contains(orchestrator.Refusals, orchestrator.PlacementResult(r))
	}), refusals)
	known("dial", s.said("orchestrator/call", "noteDial", 0), dials, outcomes, results)
	known("transfer", s.said("orchestrator/call", "noteTransfer", 1), transfers, refusals, failures, outcomes)
	known("leaving", s.said("orchestrator/call", "unqueue", 0), leavings, refusals)
	known("who parted", s.said("orchestrator/call", "parted", 0), parties)
	known("who ended it", s.said("orchestrator/call", "over", 1), parties)
	known("node", append(s.field("ivr", "OutcomeRule", "Name"), "fault"), nodes, outcomes, results)
	known("deed", append(s.said("api", "auditFirst", 1), s.said("api", "auditLive", 1)...), deeds)
	known("put right", s.said("orchestrator/engine", "healed", 1), healed)
	for _, mode := range s.typed("orchestrator", "MonitorMode") {
		if details[mode] == "" {
			t.Errorf("mode %s has no Spanish", mode)
		}
	}
	for _, st := range s.typed("acd", "State") {
		if states[st][0] == "" {
			t.Errorf("state %s has no Spanish", st)
		}
	}
	for _, what := range append(s.said("cmd/operadora", "differences", 0), "new", "changed", "gone") {
		if changed[what] == "" {
			t.Errorf("change %q has no Spanish", what)
		}
	}
	faults := s.said("orchestrator/call", "fault", 0)
	if len(faults) < 20 {
		t.Errorf("%d things that go wrong were found", len(faults))
	}
	for _, what := range faults {
		if _, es := wrong(what); es == what {
			t.Errorf("%q is not told in Spanish", what)
		}
	}
}

// TestChangesAreTold: what a reload changes, and what comes of it.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]string{
		"queue new: vip, gold": "cola (alta): vip, gold", "known caller changed: acme": "cliente conocido (cambio): acme",
		"flow gone: main; calls in it end as they began":                                                                  "flujo (baja): main; las llamadas que están en él acaban como empezaron",
		"queue gone: vip; 3 of its callers wait: no new caller gets in, and those inside are served by the agents it had": "cola (baja): vip; esperan 3 de sus llamadas: no entra ninguna nueva, y a las que están las atienden los agentes que tenía",
		"something else": "something else",
	} {
		if got := Change(sentence)["es"]; got != want {
			t.Errorf("%q is told as %q", sentence, got)
		}
	}
}

// TestDetailsAreTold: what the audit log has beside a deed is told in Spanish, save what people wrote.
func TestDetailsAreTold(t *testing.T) {
	t.Parallel()
	for detail, want := range map[string]string{
		"": "", "lunch": "lunch", "100%d": "100%d", "supervisor 101, listen": "supervisor 101, escucha", "to agent 102, and back": "al agente 102, y de vuelta",
		"lunch; beyond its limits, too; because: sick, to be seen; by the way": "lunch; más allá de sus límites, también; porque: sick, to be seen; by the way",
		"to …4567 on behalf of sales":                                          "a …4567 en nombre de sales",
		"of queue sales":                                                       "de la cola sales",
		"list march leads.csv":                                                 "lista march leads.csv",
		"sale; not known whether it was done":                                  "sale; no se sabe si se hizo",
		"to queue sales, to the front, because: x":                             "a la cola sales, al frente, porque: x",
	} {
		if got := beside(detail); got["es"] != want || got["en"] != detail {
			t.Errorf("%q is told as %q, want %q", detail, got, want)
		}
	}
}

// TestOrdersOfAgentsAreTold: what came of an order is in words of both languages, what was
// refused does not read as done, and nothing leads to no state.
func TestOrdersOfAgentsAreTold(t *testing.T) {
	t.Parallel()
	for _, row := range [][4]string{
		{"agent.pause", "lunch; ok: available -> paused", "paused agent 102: lunch; done: available -> paused", "pausó al agente 102: lunch; hecho: disponible -> en pausa"},
		{"agent.pause", "nosuch; bad_reason: paused -> ", "tried to pause agent 102: nosuch; no such reason: paused", "intentó pausar al agente 102: nosuch; no existe ese motivo: en pausa"},
		{"agent.pause", "lunch; later: talking -> talking; because: ok: sick", "paused agent 102: lunch; after the call: in a call; because: ok: sick", "pausó al agente 102: lunch; después de la llamada: en conversación; porque: ok: sick"},
		{"agent.dispose", "cash; bad_disposition: wrapup -> wrapup", "tried to give the outcome of a call of agent 102: cash; no such outcome: in wrap-up", "intentó tipificar una llamada del agente 102: cash; no existe ese resultado: en cierre"},
		{"agent.login", "unknown: ", "tried to log in agent 102: no such agent", "intentó conectar al agente 102: no existe ese agente"},
		{"agent.dispose", "sale; not known whether it was done", "tried to give the outcome of a call of agent 102: sale; not known whether it was done", "intentó tipificar una llamada del agente 102: sale; no se sabe si se hizo"},
		{"agent.extend", "no_more: wrapup -> wrapup", "tried to give more time for wrap-up to agent 102: wrap-up is as long as it may be: in wrap-up", "intentó dar más tiempo de cierre al agente 102: el cierre ya dura lo que puede: en cierre"},
	} {
		if got := Deed(row[0], "102", row[1]); got["en"] != row[2] || got["es"] != row[3] {
			t.Errorf("%s %q is told as %q", row[0], row[1], got)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(results)) { // each says whether it was done
		got := Deed("agent.pause", "102", code+": paused -> ")
		if refused := code != "ok" && code != "later"; strings.HasPrefix(got["en"], "tried ") != refused || strings.Contains(got["en"], "->") || strings.Contains(got["en"], "_") {
			t.Errorf("%s is told as %q", code, got)
		}
	}
}

// TestDeedOfNothingElse: a deed that can be done to one thing alone says it once.
func TestDeedOfNothingElse(t *testing.T) {
	t.Parallel()
	got := Deed("definitions.reload", "definitions", "")
	if got["en"] != "had the definitions read" || got["es"] != "hizo leer las definiciones" {
		t.Errorf("%q", got)
	}
	if got := Deed("agent.pause", "101", "lunch"); got["en"] != "paused agent 101: lunch" {
		t.Errorf("%q", got)
	}
}
