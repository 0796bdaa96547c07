package demo

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// scriptOf returns the first script of a kind, in Spanish.
func scriptOf(t *testing.T, what string) Script {
	t.Helper()
	for seed := range uint64(50) {
		for _, s := range Crowd(len(kinds), seed) {
			if s.What == what && s.DID != "5001" {
				return s
			}
		}
	}
	t.Fatalf("nobody %q", what)
	return Script{}
}

// walked is a timeline of flow nodes, as "welcome/menu" or "welcome/menu!retry=nomatch".
func walked(nodes ...string) (out []wire.Entry) {
	for _, n := range nodes {
		node, outcome, _ := strings.Cut(n, "!")
		outcome, why, _ := strings.Cut(outcome, "=")
		flow, name, _ := strings.Cut(node, "/")
		note := wire.EntryNode{Flow: flow, Node: name, Outcome: outcome}
		if why != "" {
			note.Detail = map[string]string{"why": why}
		}
		raw, err := json.Marshal(note)
		if err != nil {
			panic(err)
		}
		out = append(out, wire.Entry{Type: wire.EntryTypeCallNode, Data: raw})
	}
	return out
}

// good is evidence of a call that went as "wrong key, then 2" should.
func good() Evidence {
	c := wire.Contact{CallSummary: wire.CallSummary{ID: "c1", Kind: wire.CallKindInbound, DID: "5000", Language: "es",
		Outcome: wire.OutcomeServed, EndedBy: "agent", Queue: "support", Agent: "102", Offers: 1, WaitMS: 2300, TalkMS: 4000,
		Recording: "op-c1-r1", Path: []string{"welcome/hours", "welcome/greet", "welcome/menu", "welcome/to_support", "welcome/support", "welcome/goodbye"}}}
	return Evidence{Contacts: []wire.Contact{c}, Sound: &Sound{Bytes: 60_044, Length: 3750 * time.Millisecond, Loud: true},
		Timeline: walked("welcome/hours!open", "welcome/greet", "welcome/greet!next", "welcome/menu", "welcome/menu!retry=nomatch", "welcome/menu!key:2",
			"welcome/to_support", "welcome/to_support!next", "welcome/support", "welcome/support!served", "welcome/goodbye")}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	s := scriptOf(t, "wrong key, then 2")
	contact := func(change func(*wire.Contact)) func(*Evidence) {
		return func(e *Evidence) { change(&e.Contacts[0]) }
	}
	for _, r := range []struct {
		name   string
		change func(*Evidence)
		fault  string // part of what is said; "" when the call is right
	}{
		{"as scripted", func(*Evidence) {}, ""},
		{"wrong outcome", contact(func(c *wire.Contact) { c.Outcome = wire.OutcomeAbandoned }), `outcome "abandoned", want "served"`},
		{"no outcome", contact(func(c *wire.Contact) { c.Outcome = "" }), `outcome "", want "served"`},
		{"wrong queue", contact(func(c *wire.Contact) { c.Queue = "sales" }), `queue "sales", want "support"`},
		{"wrong language", contact(func(c *wire.Contact) { c.Language = "en" }), `language "en", want "es"`},
		{"wrong number", contact(func(c *wire.Contact) { c.DID = "5001" }), `dialled "5001", want "5000"`},
		{"an outcome nobody dialled", contact(func(c *wire.Contact) { c.Disposition = "sale" }), `disposition "sale", want ""`},
		{"nobody served", contact(func(c *wire.Contact) { c.Agent = "" }), `served by ""`},
		{"no phone rang", contact(func(c *wire.Contact) { c.Offers = 0 }), "0 agents' phones rang, want 1"},
		{"never in the menu", contact(func(c *wire.Contact) { c.Path = c.Path[3:] }), "never came to welcome/menu"},
		{"menu after the queue", contact(func(c *wire.Contact) { c.Path = []string{"welcome/support", "welcome/menu"} }), "never came to welcome/support"},
		{"never asked again", func(e *Evidence) { e.Timeline = walked("welcome/menu", "welcome/menu!key:2") }, "welcome/menu never asked again"},
		{"not on record", func(e *Evidence) { e.Contacts = nil }, "on record 0 times"},
		{"on record twice", func(e *Evidence) { e.Contacts = append(e.Contacts, e.Contacts[0]) }, "on record 2 times"},
		{"the caller was cut off", func(e *Evidence) { e.Trouble = "the caller was cut off" }, "the caller was cut off"},
		{"the agent heard nothing", func(e *Evidence) { e.Desk = "agent 102: silence" }, "agent 102: silence"},
		{"no recording", contact(func(c *wire.Contact) { c.Recording = "" }), `recording "", want one: true`},
		{"a message besides", contact(func(c *wire.Contact) { c.Voicemail = "op-c1-m1" }), `message "op-c1-m1", want one: false`},
		{"a recording that is not there", func(e *Evidence) { e.Sound = nil }, "nothing was recorded"},
		{"a recording that cannot be fetched", func(e *Evidence) { e.Sound = &Sound{Err: "the API answers 404"} }, "the API answers 404"},
		{"a silent recording", func(e *Evidence) { e.Sound.Loud = false }, "the recording is silent"},
		{"half a recording", func(e *Evidence) { e.Sound.Length = time.Second }, "only 1s of the conversation"},
	} {
		e := good()
		r.change(&e)
		faults := strings.Join(Judge(s, e), "; ")
		if (faults == "") != (r.fault == "") || !strings.Contains(faults, r.fault) {
			t.Errorf("%s: %q, want %q", r.name, faults, r.fault)
		}
	}
}

// TestJudgeByScript gives the same evidence to scripts that want something else.
func TestJudgeByScript(t *testing.T) {
	t.Parallel()
	for what, want := range map[string]string{
		"1, first agent misses": "1 agents' phones rang, want 2",
		"hangs up in the queue": `outcome "served", want "abandoned"`,
		"2, caller ends":        `ended by "agent", want "caller"`,
		"3, leaves a message":   `message "", want one: true`,
		"1, outcome given":      `disposition "", want "sale"`,
		"a number nobody has":   `outcome "served", want "transferred"`,
	} {
		if faults := strings.Join(Judge(scriptOf(t, what), good()), "; "); !strings.Contains(faults, want) {
			t.Errorf("%s: %q, want %q", what, faults, want)
		}
	}
}

// books are those of two calls, one served.
func books() Books {
	b := Books{Placed: 2, Agents: []wire.Agent{{ID: "101"}, {ID: "102", Calls: 1}}}
	left := wire.CallSummary{ID: "c2", Kind: wire.CallKindInbound, Outcome: wire.OutcomeLeft, EndedAt: wire.At(9)}
	for _, s := range []wire.CallSummary{good().Contacts[0].CallSummary, left} {
		b.Contacts = append(b.Contacts, wire.Contact{CallSummary: s})
		b.Journal = append(b.Journal, s)
	}
	return b
}

func TestBalance(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name   string
		change func(*Books)
		wrong  string // which checks fail, by number
		says   string
	}{
		{"as it should be", func(*Books) {}, "", "2 calls placed = 1 served + 1 left"},
		{"one more was placed", func(b *Books) { b.Placed = 3 }, "0", "3 calls placed"},
		{"one is missing on record", func(b *Books) { b.Contacts = b.Contacts[:1] }, "02", "1 records in SQL, 2 calls ended in the journal"},
		{"one is on record twice", func(b *Books) { b.Contacts = append(b.Contacts, b.Contacts[1]) }, "02", "3 records"},
		{"an outcome that nobody knows", func(b *Books) { b.Contacts[1].Outcome, b.Journal[1].Outcome = "vanished", "vanished" }, "0", "= 1 served"},
		{"an agent claims a call more", func(b *Books) { b.Agents[0].Calls = 1 }, "1", "add up to 2 served"},
		{"an agent has lost one", func(b *Books) { b.Agents[1].Calls = 0 }, "1", "add up to 0 served"},
		{"served by nobody who is there", func(b *Books) { b.Agents = b.Agents[:1] }, "1", "0 served"},
		{"journal and record differ in who served", func(b *Books) { b.Journal[0].Agent = "101" }, "2", "1 the same"},
		{"and in the time talked", func(b *Books) { b.Journal[0].TalkMS++ }, "2", "1 the same"},
		{"and in the time waited", func(b *Books) { b.Journal[0].WaitMS++ }, "2", "1 the same"},
		{"and in the end", func(b *Books) { b.Journal[1].EndedAt = wire.At(10) }, "2", "1 the same"},
		{"a call ended twice in the journal", func(b *Books) { b.Journal = append(b.Journal, b.Journal[0]) }, "2", "3 calls ended"},
		{"a channel is left", func(b *Books) { b.Left = []string{"1 channels"} }, "3", "left over: 1 channels"},
	} {
		b := books()
		r.change(&b)
		checks := Balance(b)
		lines, ok := Totals(checks)
		wrong := ""
		for i, c := range checks {
			if !c.OK {
				wrong += fmt.Sprint(i)
			}
		}
		if wrong != r.wrong || ok != (r.wrong == "") {
			t.Errorf("%s: checks %q fail, want %q (ok %v)", r.name, wrong, r.wrong, ok)
		}
		if !strings.Contains(strings.Join(lines, "\n"), r.says) {
			t.Errorf("%s: %q is not in\n%s", r.name, r.says, strings.Join(lines, "\n"))
		}
	}
}
