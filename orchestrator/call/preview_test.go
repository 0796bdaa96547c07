package call

import (
	"fmt"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// previewed is a world with an attempt that agent 101 previews for half a minute, brought to a stage.
func previewed(from string, then PreviewEnd, stages ...func(*world)) *world {
	w := newLeadWorld(toyFlow{}, func(o *Attempt) {
		o.Within, o.Message, o.Agent, o.Preview = 0, nil, "101", &Preview{Limit: 30 * time.Second, Then: then}
	})
	if from == onLine {
		w.lines = 1
	}
	for _, s := range append([]func(*world){asked}, stages...) {
		s(w)
		w.quiet()
	}
	return w
}

var (
	typesKey = func(key string) func(*world) {
		return func(w *world) {
			w.pbx.emit(orchestrator.Event{Kind: orchestrator.EventDigit, Channel: w.me.c.Far().Channel, Digit: key})
		}
	}
	stops = func(w *world) {
		w.post(Input{Kind: InWish, Wish: Wish{Do: WishGiveUp, By: "campaign:sales", Reason: "stopped"}})
	}
	wishes = func(do WishKind, reason string) func(*world) {
		return func(w *world) {
			w.post(Input{Kind: InWish, Wish: Wish{Do: do, Agent: "101", By: "agent:101", Reason: reason}})
		}
	}
)

// TestPreview: a lead is called once the agent who is held for it says so, by key or
// otherwise, or once the time is over and the campaign has it so; until then no phone of
// theirs rings. Whatever else happens, the agent is free again, and on record is what it was.
func TestPreview(t *testing.T) {
	t.Parallel()
	limit := after(31 * time.Second)
	kill := func(w *world) { w.crash(5 * time.Second) }
	const rings = "" // the lead's phone rings, and nobody answers
	rows := []struct {
		name    string
		then    PreviewEnd
		stages  []func(*world)
		outcome orchestrator.Outcome
	}{
		{"key 1", PreviewSkip, []func(*world){typesKey("1")}, rings},
		{"a wish", PreviewSkip, []func(*world){wishes(WishDial, "")}, rings},
		{"key 1 after a crash", PreviewSkip, []func(*world){kill, typesKey("1")}, rings},
		{"a crash after key 1", PreviewSkip, []func(*world){typesKey("1"), kill}, rings},
		{"key 2", PreviewDial, []func(*world){typesKey("2")}, orchestrator.OutcomeSkipped},
		{"a wish against it", PreviewDial, []func(*world){wishes(WishSkip, "wrong")}, orchestrator.OutcomeSkipped},
		{"another key", PreviewSkip, []func(*world){typesKey("7")}, orchestrator.OutcomeSkipped},
		{"the time is over, dial", PreviewDial, []func(*world){limit}, rings},
		{"the time is over, skip", PreviewSkip, []func(*world){limit}, orchestrator.OutcomeSkipped},
		{"the time is over, pause", PreviewPause, []func(*world){limit}, orchestrator.OutcomeSkipped},
		{"the time is over after a crash", PreviewSkip, []func(*world){kill, limit}, orchestrator.OutcomeSkipped},
		{"the campaign stops", PreviewSkip, []func(*world){stops}, orchestrator.OutcomeWithdrawn},
		{"the PBX is cut off", PreviewSkip, []func(*world){cutOff, limit}, orchestrator.OutcomeSkipped},
	}
	for _, r := range rows {
		for _, from := range []string{byClick, onLine} {
			t.Run(fmt.Sprint(r.name, ", ", from), func(t *testing.T) {
				t.Parallel()
				w := previewed(from, r.then)
				if from == byClick {
					if w.me.c.State != StateSummoning {
						t.Fatalf("state %q as the agent's phone rings\n%s", w.me.c.State, w.story())
					}
					agentUp(w)
				}
				if w.me.c.State != StatePreviewing || w.rung[w.customer] > 0 {
					t.Fatalf("state %q, the lead's phone rung %d times\n%s", w.me.c.State, w.rung[w.customer], w.story())
				}
				if given := w.last(orchestrator.EntryCallPreview); given["script"] != "You owe 100." || given["limit_ms"] != 30000.0 || given["agent"] != "101" {
					t.Errorf("the agent is told %v", given)
				}
				for _, e := range w.entries {
					if e.Type == orchestrator.EntryCallPreview && (e.Agent != "agento1" || e.Queue != "A") {
						t.Errorf("told of agent %q, queue %q", e.Agent, e.Queue)
					}
				}
				for _, s := range r.stages {
					s(w)
					w.quiet()
				}
				want, times := r.outcome, 0
				if r.outcome == rings {
					want, times = orchestrator.OutcomeNoAnswer, 1
					if w.me.c.State != StateDialing {
						t.Fatalf("state %q\n%s", w.me.c.State, w.story())
					}
				}
				w.settle(2 * time.Minute)
				w.checkEnded(t, want)
				w.checkKept(t)
				if n := w.rung[w.customer]; n != times {
					t.Errorf("the lead's phone was rung %d times, want %d", n, times)
				}
				if len(w.healed) > 0 {
					t.Errorf("the sweeper had to heal %v", w.healed)
				}
				if t.Failed() {
					t.Log(w.story())
				}
			})
		}
	}
}

// TestPreviewIsTalked: who answers talks with the agent who previewed them.
func TestPreviewIsTalked(t *testing.T) {
	t.Parallel()
	w := previewed(onLine, PreviewSkip, typesKey("1"), reached, after(10*time.Second))
	if w.me.c.State != StateTalking || w.me.c.Far().agent() != "agento1" {
		t.Fatalf("state %q with %q\n%s", w.me.c.State, w.me.c.Far().agent(), w.story())
	}
	w.callerHangsUp()
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
}

// TestPreviewedByNobody: an agent who is not there, or does not pick up, is told so as of any
// call that they miss; the lead was not called.
func TestPreviewedByNobody(t *testing.T) {
	t.Parallel()
	w := previewed(byClick, PreviewDial, agentEnds(orchestrator.CauseNoAnswer))
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeWithdrawn)
	if missed := w.last(orchestrator.EntryCallMissed); missed["why"] != string(orchestrator.OfferNoAnswer) {
		t.Errorf("the timeline tells %v", missed)
	}
	w = previewed(byClick, PreviewDial, agentUp, agentEnds(orchestrator.CauseNormal))
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeSkipped)
}

// TestPreviewWishes: what cannot be wanted is refused, and changes nothing.
func TestPreviewWishes(t *testing.T) {
	t.Parallel()
	w := previewed(onLine, PreviewSkip)
	for _, wish := range []Wish{{Do: WishDial, Agent: "102"}, {Do: WishSkip, Agent: "102"}, {Do: WishHold, Agent: "101"}} {
		if d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: wish}}, w.now); fault.KindOf(d.Answers[0]) != fault.Conflict || d.Dirty {
			t.Errorf("%s by %s: %v", wish.Do, wish.Agent, d.Answers[0])
		}
	}
	w = previewed(onLine, PreviewSkip, typesKey("1"))
	for _, do := range []WishKind{WishDial, WishSkip, WishGiveUp} {
		if d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: do, Agent: ""}}}, w.now); fault.KindOf(d.Answers[0]) != fault.Conflict {
			t.Errorf("%s after it was decided: %v", do, d.Answers[0])
		}
	}
}
