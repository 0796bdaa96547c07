package call

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// do is the verb of each command on the list.
func (w *world) do() (verbs []Verb) {
	for _, t := range w.me.c.Todo {
		verbs = append(verbs, t.Command.verb())
	}
	return verbs
}

// TestNextVisit: a call goes from one queue into another and
// its caller hangs up there. What ended the first visit never touches the second.
func TestNextVisit(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		move func(*world)
	}{
		{"by a key", func(w *world) { w.presses("0") }},
		{"by a key, and the answer to the leave comes late", func(w *world) {
			w.presses("0")
			w.deliver()
			w.decide()
			w.run(&w.me.dsk, answerLost, 0)
		}},
		{"while an agent rings", func(w *world) { w.offer(); w.quiet(); w.presses("0") }},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := at(inQueue, r.move)
			if v := w.me.c.Visit; v.Queue != "support" || v.State != VisitIn || w.me.c.State != StateWaiting {
				t.Errorf("visit %+v in state %q", v, w.me.c.State)
			}
			w.callerHangsUp()
			w.quiet()
			w.checkEnded(t, orchestrator.OutcomeAbandoned)
			w.checkKept(t)
		})
	}
}

// TestQueueAfterService: served in one queue, then in another.
func TestQueueAfterService(t *testing.T) {
	t.Parallel()
	g := graph{
		{Kind: orchestrator.ActQueue, Queue: "A", Edges: map[string]int{"served": 1}},
		{Kind: orchestrator.ActQueue, Queue: "B", Edges: map[string]int{}},
	}
	w := newWorld(g)
	for _, do := range []func(){w.quiet, w.offer, w.quiet, w.agentAnswers, func() { w.settle(time.Minute) },
		func() { w.agentHangsUp(orchestrator.CauseNormal) }, w.quiet} {
		do()
	}
	if v := w.me.c.Visit; v.Queue != "B" || v.State != VisitIn || w.me.c.Far() != nil {
		t.Errorf("visit %+v, leg %+v", v, w.me.c.Far())
	}
	w.callerHangsUp()
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
}

// TestWhoEndedTheLastConversation: an agent hangs up, and the customer talks with
// another one, and hangs up. That is what is on record.
func TestWhoEndedTheLastConversation(t *testing.T) {
	t.Parallel()
	for name, stages := range map[string][]func(*world){
		"by the flow": {agentEnds(orchestrator.CauseNormal)},
		"while a transfer is asked for": {func(w *world) {
			if err := w.grant(Wish{Do: WishTransfer, To: orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "B"}, By: "agent:o1"}); err != nil {
				t.Error(err)
			}
			w.agentHangsUp(orchestrator.CauseNormal)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(graph{
				{Kind: orchestrator.ActQueue, Queue: "A", Edges: map[string]int{"served": 1}},
				{Kind: orchestrator.ActQueue, Queue: "B", Edges: map[string]int{}},
			})
			for _, do := range then([]func(*world){ringing, answered, after(time.Minute)}, append(stages, ringing, answered, after(time.Minute))...) {
				w.quiet()
				do(w)
			}
			w.quiet()
			if w.me.c.State != StateTalking || w.me.c.Visit.Queue != "B" {
				t.Fatalf("state %q, visit %+v", w.me.c.State, w.me.c.Visit)
			}
			w.callerHangsUp()
			w.quiet()
			w.checkEnded(t, orchestrator.OutcomeServed)
			if w.me.c.EndedBy != "caller" {
				t.Errorf("ended by %q", w.me.c.EndedBy)
			}
		})
	}
}

// TestEndOfWhoLeftUnseen: the customer hangs up while the PBX is cut off, and then the
// agent transfers them. The call does not end before its conversation.
func TestEndOfWhoLeftUnseen(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	w.goAway(true)
	w.quiet()
	w.callerHangsUp()
	w.pass(time.Second)
	w.post(Input{Kind: InWish, Wish: Wish{Do: WishTransfer, To: orchestrator.Target{Kind: orchestrator.TargetFlow, Name: "toy"}, By: "agent:o1"}})
	w.comeBack(false)
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeServed)
	for _, wrong := range w.checkStory() {
		t.Error(wrong)
	}
}

// TestCommandsOutliveTheirProcess: the process dies
// after a decision was stored and before any of its commands was run. The next
// one runs them.
func TestCommandsOutliveTheirProcess(t *testing.T) {
	t.Parallel()
	talking := []func(*world){inQueue, ringing, answered, after(time.Minute)}
	rows := []struct {
		name   string
		stages []func(*world)
		last   func(*world)
		lost   Verb
		check  func(*world) bool
	}{
		{"hold music", []func(*world){}, inQueue, "hold", func(w *world) bool { return w.pbx.hears() == "music" }},
		{"the join", []func(*world){inQueue, ringing}, answered, "connect", func(w *world) bool { return w.pbx.hears() == "talk" }},
		{"the end of an answered offer", talking, agentEnds(orchestrator.CauseNormal), "finish_offer", func(w *world) bool { return len(w.desk.offers) == 0 }},
		{"the removal of a bridge", talking, agentEnds(orchestrator.CauseNormal), "close_room", func(w *world) bool { return len(w.pbx.bridges) == 0 }},
		{"the start of a recording", []func(*world){inQueue, ringing}, answered, "record", func(w *world) bool { return len(w.pbx.recordings) == 1 }},
		{"continue", nil, func(w *world) { w.presses("#") }, "continue", func(w *world) bool { return w.pbx.left && w.me.c.Outcome == orchestrator.OutcomeTransferred }},
		{"the hangup of the agent", talking, (*world).callerHangsUp, "hangup", func(w *world) bool { return len(w.pbx.channels) == 0 }},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := at(r.stages...)
			r.last(w)
			for range 100 {
				if w.deliver(); slices.Contains(w.do(), r.lost) {
					break
				}
				if !w.decide() {
					w.run(&w.me.pbx, carriedOut, 0)
					w.run(&w.me.dsk, carriedOut, 0)
				}
			}
			w.crash(3 * time.Second)
			w.quiet()
			if !r.check(w) {
				t.Errorf("state %q, the customer hears %q, offers %v, todo %v", w.me.c.State, w.pbx.hears(), w.desk.offers, w.me.c.Todo)
			}
			w.checkKept(t)
		})
	}
}

// TestContinueWasCarriedOut: the customer is gone from the
// application and a continue is on the list: it was carried out, and is no loss.
func TestContinueWasCarriedOut(t *testing.T) {
	t.Parallel()
	w := at()
	w.presses("#")
	w.deliver()
	w.decide()
	for w.me.pbx.todo[0].Command.verb() != "continue" {
		w.run(&w.me.pbx, carriedOut, 0)
	}
	w.run(&w.me.pbx, answerLost, 0)
	w.crash(time.Second)
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeTransferred)
}

// TestClockStandsStill: the PBX does not answer for a
// while. Nothing is given up, no timer of the flow runs, and when it answers
// again everything goes on.
func TestClockStandsStill(t *testing.T) {
	t.Parallel()
	for _, cut := range []bool{false, true} {
		w := at()
		w.goAway(cut)
		w.endPlays() // unheard when the connection is cut
		w.deliver()
		w.quiet()
		due := w.me.c.Timers[TimerCall]
		w.settle(time.Minute)
		if w.me.c.AwaySince == 0 || w.me.c.State == StateClearing || w.count(orchestrator.EntryCallFault) > 0 {
			t.Errorf("cut %v: away since %d, state %q, %d faults", cut, w.me.c.AwaySince, w.me.c.State, w.count(orchestrator.EntryCallFault))
		}
		w.comeBack(false)
		w.settle(10 * time.Second)
		if late := w.me.c.Timers[TimerCall] - due; late < 60_000 || w.me.c.AwaySince != 0 {
			t.Errorf("cut %v: the clock stood still for %d ms", cut, late)
		}
		if got := w.pbx.hears(); got != "music" {
			t.Errorf("cut %v: the customer hears %q in state %q", cut, got, w.me.c.State)
		}
		w.checkKept(t)
	}
}

// TestTimerOfAnOutage: a timer that is set while the PBX is away begins when it
// is back, and is not put off by all of the time before.
func TestTimerOfAnOutage(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.goAway(true)
	w.quiet()
	w.settle(time.Hour)
	w.offer()
	w.quiet()
	w.comeBack(false)
	w.quiet()
	if got := w.me.c.Timers[TimerRing] - w.now.UnixMilli(); got < 20_000 || got > 30_000 {
		t.Errorf("the phone may ring for %d ms", got)
	}
}

// TestOutageOfBoth: the store was away as well, and an outage of the PBX is
// decided on together with what was before and after. It is counted once.
func TestOutageOfBoth(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.offer()
	w.notice()
	w.now = w.now.Add(5 * time.Second)
	w.goAway(true)
	w.now = w.now.Add(20 * time.Second)
	w.comeBack(false)
	w.quiet()
	if got := w.me.c.Timers[TimerRing] - w.now.UnixMilli(); got < 20_000 || got > 30_000 {
		t.Errorf("the phone may ring for %d ms", got)
	}
}

// TestRecordingOfUnknownOutcome: the order to record was not
// answered and carried out. The recording stays known, and is ended with the call.
func TestRecordingOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing)
	w.agentAnswers()
	for len(w.pbx.recordings) == 0 {
		w.deliver()
		w.decide()
		f := carriedOut
		if slices.Contains(w.do(), "record") {
			f = answerLost
		}
		w.run(&w.me.pbx, f, 0)
	}
	if w.decide(); w.me.c.Rec() == nil {
		t.Error("the recording is not known")
	}
	w.settle(time.Minute)
	w.callerHangsUp()
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeServed)
	if w.me.c.Recording == "" {
		t.Error("the recording is not on record")
	}
}

// TestRefused: what is refused for good has a way on.
func TestRefused(t *testing.T) {
	t.Parallel()
	refuse := func(verb Verb, lane func(*process) *lane) func(*world) {
		return func(w *world) {
			for range 100 {
				w.deliver()
				w.notice()
				w.decide()
				if n := lane(w.me); len(n.todo) > 0 && n.todo[0].Command.verb() == verb {
					w.run(n, refused, fault.Conflict)
					return
				}
				w.run(&w.me.pbx, carriedOut, 0)
				w.run(&w.me.dsk, carriedOut, 0)
			}
		}
	}
	pbx := func(p *process) *lane { return &p.pbx }
	desk := func(p *process) *lane { return &p.dsk }
	rows := []struct {
		name  string
		w     *world
		state State
		hears string
	}{
		{"the join", at(inQueue, ringing, func(w *world) { w.agentAnswers(); refuse("connect", pbx)(w) }), StateWaiting, "music"},
		{"the place", at(func(w *world) { w.endPlays(); refuse("enqueue", desk)(w) }), StateInFlow, "prompt"},
		{"the end of an offer", at(inQueue, ringing, func(w *world) {
			w.agentHangsUp(orchestrator.CauseBusy)
			refuse("fail_offer", desk)(w)
		}), StateOffered, "music"}, // the distributor never heard of it, and says again whose call it is
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if r.w.me.c.State != r.state || r.w.pbx.hears() != r.hears {
				t.Errorf("state %q, the customer hears %q; want %q, %q", r.w.me.c.State, r.w.pbx.hears(), r.state, r.hears)
			}
			r.w.checkKept(t)
		})
	}
}

// TestOriginatorGone: a caller hangs up at the instant of a
// match. The phone that could not be called for that is not to blame.
func TestOriginatorGone(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.offer()
	w.notice()
	w.decide()
	w.callerHangsUp() // the event is on its way
	w.run(&w.me.pbx, carriedOut, 0)
	w.decide()
	for _, c := range w.me.c.Todo {
		if f, ok := c.Command.(FailOffer); ok && !f.Why.Leaves() {
			t.Errorf("the agent is told %q", f.Why)
		}
	}
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeAbandoned)
	if w.me.c.Offers != 1 || w.me.c.EndedBy != "caller" {
		t.Errorf("%d offers, ended by %q", w.me.c.Offers, w.me.c.EndedBy)
	}
}

// TestShorterThanABreath: an agent who gave up in dead
// air just as the conversation began has served nobody. The caller goes back to the place.
func TestShorterThanABreath(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		dead time.Duration // air, before the join
		why  orchestrator.OfferFailure
	}{{3 * time.Second, orchestrator.OfferError}, {10 * time.Second, orchestrator.OfferError}} {
		w := at(inQueue, after(time.Minute), ringing)
		entered := w.me.c.Visit.Entered
		w.agentAnswers()
		w.deliver()
		w.decide()
		w.pass(r.dead)
		w.run(&w.me.pbx, carriedOut, 0) // stops the announcement, or joins
		w.quiet()
		w.pass(30 * time.Millisecond)
		w.agentHangsUp(orchestrator.CauseNormal)
		w.deliver()
		w.decide()
		var why orchestrator.OfferFailure
		for _, c := range w.me.c.Todo {
			if f, ok := c.Command.(FailOffer); ok {
				why = f.Why
			}
		}
		w.quiet()
		c := &w.me.c
		if why != r.why || c.State != StateWaiting || c.Visit.Entered != entered || c.Agent != "" || c.ConnectedAt != 0 || w.pbx.hears() != "music" {
			t.Errorf("%v of dead air: %q in state %q, served by %q at %d, the customer hears %q", r.dead, why, c.State, c.Agent, c.ConnectedAt, w.pbx.hears())
		}
		w.callerHangsUp()
		w.quiet()
		w.checkEnded(t, orchestrator.OutcomeAbandoned)
		w.checkKept(t)
	}
}

// TestLostTimeCountsAsWaited: what a caller lost before there
// was a place in a queue is waited already.
func TestLostTimeCountsAsWaited(t *testing.T) {
	t.Parallel()
	w := at(after(time.Second))
	w.now = w.now.Add(20 * time.Second)
	w.me.c.StartedAt = w.now.UnixMilli() - 60_000
	w.post(Input{Kind: InLate, Lost: 20 * time.Second})
	w.endPlays()
	w.quiet()
	if got, want := w.me.c.Visit.Entered, w.now.UnixMilli()-20_000; got != want {
		t.Errorf("entered %d ms ago, want 20000", w.now.UnixMilli()-got)
	}
	w.post(Input{Kind: InLate, Lost: time.Minute}) // in the queue the clock runs anyway
	w.quiet()
	if w.me.c.LateMS != 20_000 {
		t.Errorf("late by %d ms", w.me.c.LateMS)
	}
	w.me.c.ConnectedAt = w.now.UnixMilli() // served; what was lost before counts once
	w.presses("0")
	w.quiet()
	if got := w.me.c.Visit.Entered; got != w.now.UnixMilli() {
		t.Errorf("entered the next queue %d ms ago", w.now.UnixMilli()-got)
	}
}

// TestPanic: a call that cannot be decided on ends on record.
func TestPanic(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing)
	w.post(Input{Kind: InPanic, Err: errors.New("index out of range")})
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeFailed)
	w.checkKept(t)

	w = at(inQueue, ringing)
	d := Bury(w.me.c, "index out of range", w.now)
	if d.Call.State != StateEnded || len(d.Call.Todo)+len(d.Call.Timers) > 0 || !d.Dirty || d.Call.Rev != w.me.c.Rev+1 ||
		d.Call.Outcome != orchestrator.OutcomeFailed || d.Entries[len(d.Entries)-1].Type != orchestrator.EntryCallEnded {
		t.Errorf("buried as %+v with %d entries", d.Call, len(d.Entries))
	}
	if _, err := Parse([]byte(`{"call":"c1","legs":[]}`)); err == nil {
		t.Error("a call without a customer is read")
	}
}

// TestWaitOverTwoQueues: who waits in one queue, then gives up in another, has
// waited since the first.
func TestWaitOverTwoQueues(t *testing.T) {
	t.Parallel()
	w := at(inQueue, after(20*time.Second), func(w *world) { w.presses("0") }, after(40*time.Second), (*world).callerHangsUp)
	w.checkEnded(t, orchestrator.OutcomeAbandoned)
	if w.me.c.WaitMS != 60_000 {
		t.Errorf("waited %d ms", w.me.c.WaitMS)
	}
}

// TestCustomerGoneAtTheJoin: a caller hangs up at the instant of the answer, and
// the join fails for it. The agent is not put aside.
func TestCustomerGoneAtTheJoin(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing)
	w.agentAnswers()
	w.deliver()
	w.decide()
	w.callerHangsUp() // the event is on its way
	w.run(&w.me.pbx, carriedOut, 0)
	w.decide()
	for w.deliver(); w.decide(); w.deliver() {
		w.run(&w.me.pbx, carriedOut, 0)
		for _, c := range w.me.c.Todo {
			if f, ok := c.Command.(FailOffer); ok && !f.Why.Leaves() {
				t.Errorf("the agent is told %q", f.Why)
			}
		}
	}
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeAbandoned)
}
