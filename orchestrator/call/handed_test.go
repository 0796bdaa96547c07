package call

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

// TestWhoIsSentOnAsksForTheSame: however an agent sends a customer on, what the call had
// asked for goes on being asked for, from when it came first; but not for who sends it on.
func TestWhoIsSentOnAsksForTheSame(t *testing.T) {
	t.Parallel()
	menu := func(w *world) { w.quiet(); w.endPlays() }
	asked := func(w *world) *Visit { return w.me.c.Visit }
	for name, r := range map[string]struct {
		send  []func(*world)
		visit func(*world) *Visit
	}{
		"to a queue":         {[]func(*world){toQueue}, asked},
		"through a flow":     {[]func(*world){toFlow, menu}, asked},
		"and its overflow":   {[]func(*world){toFlow, menu, after(time.Minute), presses("0")}, asked},
		"through and back":   {[]func(*world){sent, presses("0")}, asked},
		"after a question":   {[]func(*world){wanted(WishConsult, orchestrator.TargetQueue, "B")}, func(w *world) *Visit { return w.me.c.Consult.Visit }},
		"to an agent, first": {[]func(*world){toAgent, after(time.Minute), ringing, answered, after(10 * time.Second), toQueue}, asked},
	} {
		for prefer, want := range map[string]string{"vip": "vip", "agento1": ""} {
			w := at(talking...)
			first := w.me.c.Visit
			first.Priority, first.Sought = 3, orchestrator.Sought{Needs: "skill(es) >= 3", About: map[string]string{"topic": "fire"}, Tier: 2, Prefer: prefer, Patience: time.Minute}
			began := *first
			for _, do := range r.send {
				do(w)
				w.quiet()
			}
			v := r.visit(w)
			seek := began.Sought
			if seek.Prefer = want; want == "" {
				seek.Patience = 0
			}
			if v.N == began.N || v.Entered != began.Entered || v.From == 0 || v.Priority != 3 {
				t.Errorf("%s: %+v after %+v", name, v, began)
			}
			if diff := cmp.Diff(seek, v.Sought); diff != "" {
				t.Errorf("%s, from %q (-want +got):\n%s", name, prefer, diff)
			}
		}
	}
}

// TestAFlowAsksForMore: what the flow asks for into which a customer is sent goes before
// what was asked for, and once somebody talks with them nothing is left of it.
func TestAFlowAsksForMore(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	w.me.c.Visit.Sought = orchestrator.Sought{Needs: "skill(es)", Tier: 2, About: map[string]string{"topic": "fire", "city": "Lima"}}
	toFlow(w)
	w.quiet()
	v := Visit{Sought: orchestrator.Sought{Needs: "skill(en)", About: map[string]string{"topic": "flood"}}}
	v.asBefore(w.me.c.Handed)
	if diff := cmp.Diff(orchestrator.Sought{Needs: "skill(en)", Tier: 2, About: map[string]string{"topic": "flood", "city": "Lima"}}, v.Sought); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.endPlays()
	w.settle(time.Second)
	ringing(w)
	w.quiet()
	answered(w)
	w.quiet()
	if w.me.c.State != StateTalking || w.me.c.Handed != nil {
		t.Errorf("in state %q with %+v", w.me.c.State, w.me.c.Handed)
	}
}

// TestOverflowKeepsTheEntry: a caller who has waited in vain in one queue goes on waiting in
// the next since they came, and the next as long as it says.
func TestOverflowKeepsTheEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(graph{
		{Kind: orchestrator.ActQueue, Queue: "A", Wait: time.Minute, Edges: map[string]int{"timeout": 1}},
		{Kind: orchestrator.ActQueue, Queue: "B", Wait: 5 * time.Minute, Edges: map[string]int{}},
	})
	w.quiet()
	first := w.me.c.Visit.Entered
	w.settle(61 * time.Second)
	if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "B" || v.Entered != first || w.desk.place == nil || w.desk.place.queue != "B" {
		t.Errorf("in state %q, %+v", w.me.c.State, v)
	}
}
