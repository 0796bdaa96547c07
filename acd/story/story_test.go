package story

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// written are the texts that a package's calls of some functions have in their argument of a
// number, and the constants of a type.
func written(t *testing.T, dir string, arg map[string]int, typ ...string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	files, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", dir, err)
	}
	texts := func(name string, e ast.Expr) {
		ast.Inspect(e, func(n ast.Node) bool {
			if _, key := n.(*ast.KeyValueExpr); key {
				n = n.(*ast.KeyValueExpr).Value
			}
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if s, err := strconv.Unquote(l.Value); err == nil && !slices.Contains(out[name], s) {
					out[name] = append(out[name], s)
				}
				return false
			}
			return true
		})
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok {
					if i, is := arg[s.Sel.Name]; is && i < len(n.Args) {
						texts(s.Sel.Name, n.Args[i])
					}
				}
			case *ast.ValueSpec:
				if id, ok := n.Type.(*ast.Ident); ok && slices.Contains(typ, id.Name) {
					for _, v := range n.Values {
						texts(id.Name, v)
					}
				}
			}
			return true
		})
	}
	return out
}

// TestEveryWordIsKnown: what may stand in the journal has words in both languages. What that
// is, is read from the code that writes it.
func TestEveryWordIsKnown(t *testing.T) {
	t.Parallel()
	known := func(table map[string][2]string, list ...string) {
		t.Helper()
		if len(list) == 0 {
			t.Error("there is nothing to look for")
		}
		for _, word := range list {
			if words := table[word]; words[0] == "" || words[1] == "" {
				t.Errorf("%q has no words", word)
			}
		}
	}
	core := written(t, "orchestrator", nil, "Outcome", "OfferFailure", "PlacementResult", "TargetKind")
	known(outcomes, core["Outcome"]...)
	known(failures, core["OfferFailure"]...)
	known(kinds, core["TargetKind"]...)
	known(orders, written(t, "acd", nil, "Strategy")["Strategy"]...)
	known(refusals, slices.DeleteFunc(core["PlacementResult"], func(r string) bool {
		return !slices.Contains(orchestrator.Refusals, orchestrator.PlacementResult(r))
	})...)
	calls := written(t, "orchestrator/call", map[string]int{"fault": 0, "flowFails": 0, "noteDial": 0, "noteTransfer": 1, "unqueue": 0})
	known(dials, calls["noteDial"]...)
	known(transfers, calls["noteTransfer"]...)
	known(leavings, calls["unqueue"]...)
	if len(calls["fault"]) < 20 || len(calls["flowFails"]) == 0 {
		t.Errorf("%d things that go wrong were found", len(calls["fault"]))
	}
	for _, what := range append(calls["fault"], calls["flowFails"]...) {
		if what == "the call could not be " || what == "answered" || what == "handed on" { // put together
			continue
		}
		if _, es := wrong(what); es == what {
			t.Errorf("%q is not told in Spanish", what)
		}
	}
	for _, what := range []string{"the call could not be answered", "the call could not be handed on", "the PBX refused: connect"} {
		if _, es := wrong(what); es == what {
			t.Errorf("%q is not told in Spanish", what)
		}
	}
}
