package ivr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

// brief says actions in few words.
func brief(actions []orchestrator.Action) []string {
	var out []string
	for _, a := range actions {
		switch a.Kind {
		case orchestrator.ActPlay:
			words := []string{"play", a.Language}
			for _, m := range a.Media {
				words = append(words, strings.TrimPrefix(m.Value, "digits/"))
			}
			out = append(out, strings.Join(words, " "))
		case orchestrator.ActTimer:
			out = append(out, fmt.Sprintf("timer %s", a.After))
		case orchestrator.ActQueue:
			out = append(out, "queue "+a.Queue)
		case orchestrator.ActTransfer:
			out = append(out, "transfer "+a.Destination)
		case orchestrator.ActLookup:
			out = append(out, fmt.Sprintf("lookup %s %v", a.Lookup.Source, a.Lookup.Params))
		case orchestrator.ActHangup:
			out = append(out, strings.TrimSpace("hangup "+a.Outcome))
		default:
			out = append(out, string(a.Kind))
		}
	}
	return out
}

// do carries out an event in few words: a key, "played", "silence" (the timer
// falls due), "resumed", "answered", "+2s" (time passes), "queue served" and the like.
func (c *caller) do(event string) []string {
	c.t.Helper()
	kind, arg, _ := strings.Cut(event, " ")
	switch {
	case strings.HasPrefix(event, "+"):
		d, err := time.ParseDuration(event[1:])
		if err != nil {
			c.t.Fatal(err)
		}
		c.now = c.now.Add(d)
		return nil
	case kind == "played":
		return c.result(orchestrator.FlowInput{Kind: orchestrator.FlowPlayed, Ref: c.play, Failed: arg == "failed"})
	case kind == "silence":
		return c.result(orchestrator.FlowInput{Kind: orchestrator.FlowTimer, Ref: c.timer})
	case kind == "resumed":
		return c.result(orchestrator.FlowInput{Kind: orchestrator.FlowResumed})
	case kind == "answered":
		return c.result(orchestrator.FlowInput{Kind: orchestrator.FlowAnswered, Failed: arg == "failed"})
	case kind == "lookup": // "lookup found amount=12"
		result, values, _ := strings.Cut(arg, " ")
		in := orchestrator.FlowInput{Kind: orchestrator.FlowLookedUp, Ref: c.look, Looked: orchestrator.LookupAnswer{Result: orchestrator.LookupResult(result)}}
		if name, value, ok := strings.Cut(values, "="); ok {
			in.Looked.Values = map[string]string{name: value}
		}
		return c.result(in)
	case kind == "queue":
		in := orchestrator.FlowInput{Kind: orchestrator.FlowQueued, Result: arg}
		if key, ok := strings.CutPrefix(arg, "exit "); ok { // by a key of the queue's own
			in.Result, in.Digit = "exit", key
		}
		return c.result(in)
	case kind == "transfer":
		return c.result(orchestrator.FlowInput{Kind: orchestrator.FlowTransferred, Result: arg})
	case kind == "recorded":
		return c.result(orchestrator.FlowInput{Kind: orchestrator.FlowRecorded, Failed: arg == "failed", Duration: 3 * time.Second})
	}
	return c.result(orchestrator.FlowInput{Kind: orchestrator.FlowDigit, Digit: event})
}

func (c *caller) result(in orchestrator.FlowInput) []string {
	c.t.Helper()
	actions := c.send(in)
	c.remember(actions)
	return brief(actions)
}

// remember keeps the numbers of what plays and runs.
func (c *caller) remember(actions []orchestrator.Action) {
	for _, a := range actions {
		switch a.Kind {
		case orchestrator.ActPlay:
			c.play = a.Ref
		case orchestrator.ActTimer:
			c.timer = a.Ref
		case orchestrator.ActLookup:
			c.look = a.Ref
		}
	}
}

// script is events and what they lead to, in turn.
type script struct {
	name string
	flow string // nodes; the first is called "a"
	do   []string
	want []string // actions of the whole call, after the answer
	say  []string // outcomes in the notes, where they matter
}

const head = `
flow: t
language: es
languages: [es, en]
start: a
prompts: {p: P, q: Q, r: R, s: S, w: W, w2: W2, es_only: {es: SOLO, en: []}, two: {es: [DOS, TRES], en: TWO}}
nodes:
`

var gatherScripts = []script{
	{"terminator ends the input", gatherFlow("digits: {min: 1, max: 6}"),
		[]string{"played", "1", "2", "#"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 3s", "timer 0s", "play es 1 2"}, nil},
	{"silence between keys ends an input that is long enough", gatherFlow("digits: {min: 2, max: 6}"),
		[]string{"played", "1", "2", "silence"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 3s", "play es 1 2"}, nil},
	{"too short is no match", gatherFlow("digits: {min: 3, max: 6}\n    nomatch: w"),
		[]string{"played", "1", "#"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 0s", "play es W P"}, []string{"retry"}},
	{"too short by silence is no match, silence alone is no input", gatherFlow("digits: {min: 3, max: 6}\n    nomatch: w\n    noinput: s"),
		[]string{"played", "1", "silence", "played", "silence"},
		[]string{"play es P", "timer 5s", "timer 3s", "play es W P", "timer 5s", "play es S P"}, []string{"retry", "retry"}},
	{"fixed length ends by itself and swallows the terminator", gatherFlow("digits: {min: 2, max: 2}"),
		[]string{"played", "1", "2", "+900ms", "#", "played"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 0s", "play es 1 2", "play es Q"}, nil},
	{"a late terminator is a key again", gatherFlow("digits: {min: 2, max: 2}"),
		[]string{"played", "1", "2", "+1100ms", "#", "played"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 0s", "play es 1 2", "hangup"}, nil},
	{"only the terminator is swallowed", gatherFlow("digits: {min: 2, max: 2}"),
		[]string{"played", "1", "2", "7", "played"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 0s", "play es 1 2", "hangup"}, nil},
	{"the terminator typed ahead is swallowed too", gatherFlow("digits: {min: 2, max: 2}\n    barge_in: false"),
		[]string{"1", "2", "#", "played", "played"},
		[]string{"play es P", "play es 1 2", "play es Q"}, nil},
	{"a key that is not allowed is no match", gatherFlow("digits: {min: 1, max: 3, allowed: \"123\"}"),
		[]string{"played", "9"},
		[]string{"play es P", "timer 5s", "timer 0s", "play es P"}, []string{"retry"}},
	{"confirmed", gatherFlow("digits: {min: 2, max: 2}\n    confirm: {prompt: [r, {say: {digits: \"{{n}}\"}}]}"),
		[]string{"played", "1", "2", "played", "1"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 0s", "play es R 1 2", "timer 5s", "timer 0s", "play es 1 2"}, nil},
	{"not right, asked again", gatherFlow("digits: {min: 2, max: 2}\n    confirm: {prompt: r}"),
		[]string{"played", "1", "2", "played", "2", "3", "4", "1"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 0s", "play es R", "timer 5s", "timer 0s", "play es P",
			"stop_play", "timer 3s", "timer 0s", "play es R", "stop_play", "play es 3 4"}, []string{"retry"}},
	{"neither yes nor no repeats the confirmation, then gives up", gatherFlow("digits: {min: 1, max: 1}\n    retries: 1\n    confirm: {prompt: r}"),
		[]string{"played", "1", "played", "5", "played", "6"},
		[]string{"play es P", "timer 5s", "timer 0s", "play es R", "timer 5s", "timer 0s", "play es R", "timer 5s", "timer 0s", "hangup"}, nil},
	{"silence at the confirmation asks from the beginning", gatherFlow("digits: {min: 1, max: 1}\n    confirm: {prompt: r}"),
		[]string{"played", "1", "played", "silence"},
		[]string{"play es P", "timer 5s", "timer 0s", "play es R", "timer 5s", "play es P"}, []string{"retry"}},
	{"an empty input is fine when min is 0", gatherFlow("digits: {min: 0, max: 4}"),
		[]string{"played", "#"},
		[]string{"play es P", "timer 5s", "timer 0s", "play es Q"}, nil},
	{"resumed while collecting asks again", gatherFlow("digits: {min: 1, max: 4}"),
		[]string{"played", "1", "resumed", "2", "#"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 0s", "play es P", "stop_play", "timer 3s", "timer 0s", "play es 2"}, nil},
	{"resumed at the confirmation asks for that", gatherFlow("digits: {min: 1, max: 1}\n    confirm: {prompt: r}"),
		[]string{"played", "4", "played", "resumed", "1"},
		[]string{"play es P", "timer 5s", "timer 0s", "play es R", "timer 5s", "timer 0s", "play es R", "stop_play", "play es 4"}, nil},
}

// gatherFlow is a flow that collects n, says it, and asks a menu that hangs up on any wrong key.
func gatherFlow(more string) string {
	return head + `  a: {type: answer, next: g}
  g:
    type: gather
    var: n
    prompt: p
    ` + more + `
    on: {ok: said, fail: end}
  said: {type: say, digits: "{{n}}", next: m}
  m: {type: menu, prompt: q, retries: 0, keys: {"1": said}, on: {fail: end}}
`
}

func TestGather(t *testing.T) { runScripts(t, gatherScripts) }

func runScripts(t *testing.T, rows []script) {
	t.Parallel()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, newFlows(t, row.flow))
			c.remember(c.last.Actions)
			got := c.do("answered")
			var outcomes []string
			for _, event := range row.do {
				got = append(got, c.do(event)...)
				for _, n := range c.last.Notes {
					outcomes = append(outcomes, n.Outcome)
				}
				c.last.Notes = nil
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			for _, want := range row.say {
				if !strings.Contains(strings.Join(outcomes, " "), want) {
					t.Errorf("no note says %q: %q", want, outcomes)
				}
			}
		})
	}
}

var menuScripts = []script{
	{"a key over the prompt", menuFlow(""), []string{"1"},
		[]string{"play es P", "stop_play", "hangup"}, nil},
	{"no barge-in: the key counts after the prompt", menuFlow("barge_in: false"), []string{"1", "played"},
		[]string{"play es P", "hangup"}, nil},
	{"two keys that belong together", menuFlow(""), []string{"played", "4", "2"},
		[]string{"play es P", "timer 5s", "timer 3s", "timer 0s", "queue forty-two"}, nil},
	{"half a key is no match", menuFlow("nomatch: w"), []string{"played", "4", "silence"},
		[]string{"play es P", "timer 5s", "timer 3s", "play es W P"}, []string{"retry"}},
	{"prompts taper off, apart for silence and for wrong keys",
		menuFlow("noinput: s\n    nomatch: [[w], [w2]]\n    reprompt: [[q], [r]]\n    retries: {noinput: 1, nomatch: 2}"),
		[]string{"played", "silence", "played", "9", "played", "9", "played", "9"},
		[]string{"play es P", "timer 5s", "play es S Q", "timer 5s", "timer 0s", "play es W R", "timer 5s",
			"timer 0s", "play es W2 R", "timer 5s", "timer 0s", "queue wrong"}, nil},
	{"silence has a limit of its own", menuFlow("retries: {noinput: 1, nomatch: 5}"),
		[]string{"played", "9", "played", "9", "played", "silence", "played", "silence"},
		[]string{"play es P", "timer 5s", "timer 0s", "play es P", "timer 5s", "timer 0s", "play es P", "timer 5s",
			"play es P", "timer 5s", "queue silent"}, nil},
	{"wrong keys throw away what was typed after them", menuFlow(""), []string{"9", "played", "1"},
		[]string{"play es P", "stop_play", "play es P", "timer 5s", "timer 0s", "hangup"}, nil},
	{"a missing sound does not stop the menu", menuFlow(""), []string{"played failed", "1"},
		[]string{"play es P", "timer 5s", "timer 0s", "hangup"}, []string{"play_failed"}},
	{"what is no key is ignored", menuFlow(""), []string{"x", "12", "", "1"},
		[]string{"play es P", "stop_play", "hangup"}, nil},
}

func menuFlow(more string) string {
	return head + `  a: {type: answer, next: m}
  m:
    type: menu
    prompt: p
    ` + more + `
    keys: {"1": end, "42": q42}
    on: {noinput: silent, nomatch: wrong}
  q42: {type: queue, queue: forty-two, on: {fail: end}}
  silent: {type: queue, queue: silent, on: {fail: end}}
  wrong: {type: queue, queue: wrong, on: {fail: end}}
`
}

func TestMenu(t *testing.T) { runScripts(t, menuScripts) }

var aheadScripts = []script{
	{"keys typed ahead go through two menus", `  a: {type: answer, next: hello}
  hello: {type: play, prompt: p, next: m}
  m: {type: menu, prompt: q, keys: {"1": more}, on: {fail: end}}
  more: {type: play, prompt: r, next: m2}
  m2: {type: menu, prompt: s, keys: {"2": q2}, on: {fail: end}}
  q2: {type: queue, queue: two, on: {fail: end}}
`, []string{"1", "2", "played", "played"},
		[]string{"play es P", "play es R", "queue two"}, nil},
	{"a prompt that may be cut gives way to keys", `  a: {type: answer, next: hello}
  hello: {type: play, prompt: p, barge_in: true, next: again}
  again: {type: play, prompt: r, barge_in: true, next: m}
  m: {type: menu, prompt: q, keys: {"1": q1}, on: {fail: end}}
  q1: {type: queue, queue: one, on: {fail: end}}
`, []string{"1"}, []string{"play es P", "stop_play", "queue one"}, nil},
	{"a node may forget them", `  a: {type: answer, next: hello}
  hello: {type: play, prompt: p, next: m}
  m: {type: menu, prompt: q, flush: true, keys: {"1": end}, on: {fail: end}}
`, []string{"1", "played"}, []string{"play es P", "play es Q"}, nil},
	{"keys in a queue do not answer what comes after it", `  a: {type: queue, queue: x, on: {served: m, fail: end}}
  m: {type: menu, prompt: q, keys: {"1": end}, on: {fail: end}}
`, []string{"1", "queue served"}, []string{"queue x", "play es Q"}, nil},
	{"an early digit while the call is answered counts", `  a: {type: play, prompt: p, next: m}
  m: {type: menu, prompt: q, keys: {"1": q1}, on: {fail: end}}
  q1: {type: queue, queue: one, on: {fail: end}}
`, []string{"played", "1"}, []string{"play es P", "play es Q", "stop_play", "queue one"}, nil},
}

func TestTypeAhead(t *testing.T) {
	rows := slices.Clone(aheadScripts)
	for i := range rows {
		rows[i].flow = head + rows[i].flow
	}
	runScripts(t, rows)
}
