package call

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// onALine lets every agent be on a permanent line.
func onALine(w *world) { w.lines = 1 }

// beepIs ends what the agent hears on the line, as if a sound were missing or not.
func beepIs(failed bool) func(*world) {
	return func(w *world) {
		id := w.me.c.Far().Cue
		delete(w.pbx.plays, id)
		w.pbx.emit(orchestrator.Event{Kind: orchestrator.EventPlayed, Channel: w.me.c.Far().Channel, Playback: id, Failed: failed})
	}
}

// beepUntold ends it, and the PBX's word on that is lost.
func beepUntold(w *world) { clear(w.pbx.plays) }

// TestLineDropped: an agent whose permanent line ends before they were told of the
// call has served nobody: the offer has failed, nobody is blamed, and the caller has
// the place as before. Afterwards it is the agent who has ended a conversation.
func TestLineDropped(t *testing.T) {
	t.Parallel()
	ms := func(n int) func(*world) { return func(w *world) { w.pass(time.Duration(n) * time.Millisecond) } }
	restarted := func(w *world) { w.crash(300 * time.Millisecond) }
	hangsUp, breaks := agentEnds(orchestrator.CauseNormal), agentEnds(orchestrator.CauseOutOfOrder)
	queued := []func(*world){onALine, inQueue, after(time.Minute)}
	rows := []struct {
		name   string
		stages []func(*world) // since the minute in the queue
		served bool
	}{
		{"before it is joined", []func(*world){func(w *world) { w.offer(); w.notice(); w.decide(); hangsUp(w); w.deliver() }}, false},
		{"as it is joined", []func(*world){ringing, hangsUp}, false},
		{"18 ms later", []func(*world){ringing, ms(18), hangsUp}, false},
		{"as the whisper is heard", []func(*world){ringing, ms(3000), hangsUp}, false},
		{"it breaks meanwhile", []func(*world){ringing, ms(3000), breaks}, false},
		{"its end ends the whisper first", []func(*world){ringing, ms(3000), func(w *world) { beepIs(true)(w); hangsUp(w) }}, false},
		{"as the whisper is over", []func(*world){ringing, beepIs(false), ms(100), hangsUp}, false},
		{"soon after a beep that is missing", []func(*world){ringing, beepIs(true), ms(900), hangsUp}, false},
		{"compared meanwhile", []func(*world){ringing, ms(100), cutOff, ms(100), hangsUp}, false},
		{"the process restarted meanwhile", []func(*world){ringing, ms(100), restarted, hangsUp}, false},
		{"with nobody to see", []func(*world){ringing, ms(100), func(w *world) { w.cut = true; hangsUp(w); w.crash(time.Second) }}, false},
		{"told, and a second later", []func(*world){ringing, beepIs(false), ms(1000), hangsUp}, true},
		{"a while after a beep that is missing", []func(*world){ringing, beepIs(true), ms(1500), hangsUp}, true},
		{"told, which the cut connection did not", []func(*world){ringing, ms(100), func(w *world) { w.goAway(true); beepUntold(w) }, func(w *world) { w.comeBack(false) }, ms(1000), hangsUp}, true},
		{"told, which nobody heard of", []func(*world){ringing, beepUntold, ms(11_000), hangsUp}, true},
		{"told, and restarted since", []func(*world){ringing, beepIs(false), ms(1000), restarted, ms(1000), hangsUp}, true},
		{"told, and ends with nobody to see", []func(*world){ringing, beepIs(false), ms(3000), func(w *world) { w.cut = true; hangsUp(w); w.crash(time.Second) }}, true},
		{"the customer was on hold already", []func(*world){ringing, ms(100), ordered(WishHold), ms(100), hangsUp}, true},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := at(queued...)
			entered := w.me.c.Visit.Entered
			for _, do := range r.stages {
				do(w)
				w.quiet()
			}
			if r.served {
				w.checkEnded(t, orchestrator.OutcomeServed)
				if w.me.c.EndedBy != "agent" || w.count(orchestrator.EntryCallMissed) != 0 {
					t.Errorf("ended by %q, %d missed", w.me.c.EndedBy, w.count(orchestrator.EntryCallMissed))
				}
				w.checkKept(t)
				return
			}
			c := &w.me.c
			if c.State != StateWaiting || c.Visit.Entered != entered || c.Agent != "" || c.ConnectedAt != 0 || w.pbx.hears() != "music" {
				t.Fatalf("state %q, entered at %d, served by %q at %d, the customer hears %q", c.State, c.Visit.Entered-entered, c.Agent, c.ConnectedAt, w.pbx.hears())
			}
			if p := w.desk.place; p == nil || p.entered != entered || p.visit != c.Visit.N {
				t.Errorf("the distributor holds %+v", p)
			}
			if f := w.last(orchestrator.EntryCallMissed); f["why"] != string(orchestrator.OfferError) || w.count(orchestrator.EntryCallMissed) != 1 || w.count(orchestrator.EntryCallParted) != 0 {
				t.Errorf("on the timeline: %v", f)
			}
			for _, do := range []func(*world){ringing, beepIs(false), ms(5000), hangsUp} {
				do(w)
				w.quiet()
			}
			w.checkEnded(t, orchestrator.OutcomeServed)
			if c := w.me.c; c.WaitMS < time.Minute.Milliseconds() || c.Offers != 2 || c.Agent != "agento2" {
				t.Errorf("waited %d ms for %q by %d offers", c.WaitMS, c.Agent, c.Offers)
			}
			w.checkKept(t)
		})
	}
}

// TestBeepRefused: an agent whose line cannot play the beep is told of the call by
// the caller's voice, a second later.
func TestBeepRefused(t *testing.T) {
	t.Parallel()
	w := at(onALine, inQueue)
	w.offer()
	w.notice()
	w.decide()
	for len(w.me.pbx.todo) > 0 && w.me.pbx.todo[0].Command.verb() != "play" {
		w.run(&w.me.pbx, carriedOut, 0)
		w.decide()
	}
	w.run(&w.me.pbx, refused, fault.Internal)
	w.quiet()
	if w.me.c.State != StateTalking || w.me.c.Far().Cue != "" {
		t.Fatalf("state %q, far %+v", w.me.c.State, w.me.c.Far())
	}
	w.pass(2 * time.Second)
	w.agentHangsUp(orchestrator.CauseNormal)
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeServed)
}

// TestLineDroppedAfterATransfer: the second agent's line is gone before they were told.
// The customer is before everybody in that queue as before, and the record keeps who
// talked with them.
func TestLineDroppedAfterATransfer(t *testing.T) {
	t.Parallel()
	w := at(then(talking, toQueue, onALine, ringing)...)
	talked := w.me.c.TalkMS
	w.pass(18 * time.Millisecond)
	w.agentHangsUp(orchestrator.CauseNormal)
	w.quiet()
	c := &w.me.c
	if c.State != StateWaiting || c.Visit.Queue != "B" || c.Agent != "agento1" || c.TalkMS != talked || c.ConnectedAt == 0 || w.pbx.hears() != "music" {
		t.Errorf("state %q in %q, served by %q for %d ms since %d, the customer hears %q", c.State, c.Visit.Queue, c.Agent, c.TalkMS, c.ConnectedAt, w.pbx.hears())
	}
	w.callerHangsUp()
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
}
