package call

import (
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestAnswerToldTwice: a comparison notices an answer whose event is still on
// its way. The event must not end what has begun.
func TestAnswerToldTwice(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing, answered, after(time.Second))
	w.tell(orchestrator.Event{Kind: orchestrator.EventEntered, Channel: w.me.c.Far().Channel, Up: true})
	w.quiet()
	if w.me.c.State != StateTalking || w.pbx.hears() != "talk" {
		t.Errorf("state %q, the customer hears %q", w.me.c.State, w.pbx.hears())
	}
}

// TestNumbersAreNotUsedTwice: after a failover the store knows nothing of the
// phone that was rung last. The next one gets a channel and a room of its own,
// or the end of the first would be taken for its own.
func TestNumbersAreNotUsedTwice(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	before := len(w.stored)
	w.offer()
	w.quiet()
	forgotten := *w.me.c.Far()
	w.failover(len(w.stored) - before)
	w.load()
	w.quiet()
	w.offer()
	w.quiet()
	far := w.me.c.Far()
	if far == nil || far.Channel == forgotten.Channel || far.Room == forgotten.Room {
		t.Errorf("leg %+v after %+v was forgotten", far, forgotten)
	}
	w.checkKept(t)
}

// TestJoinedAndLapsed: a process is killed after the join, and the offer has lapsed
// when the next one finds both sides together. The conversation goes on; the call is
// in no queue from which another agent would be taken for it, and the distributor
// holds the agent, who would be rung beside the conversation otherwise.
func TestJoinedAndLapsed(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing)
	w.agentAnswers()
	w.deliver()
	w.decide()
	for len(w.me.pbx.todo) > 1 {
		w.run(&w.me.pbx, carriedOut, 0)
	}
	w.run(&w.me.pbx, answerLost, 0)
	if w.pbx.hears() != "talk" || w.me.c.State != StateConnecting {
		t.Fatalf("state %q, the customer hears %q", w.me.c.State, w.pbx.hears())
	}
	w.desk.fail(*w.me.c.Far().Offer, orchestrator.OfferNoAnswer)
	w.crash(time.Second)
	w.quiet()
	if w.me.c.State != StateTalking || w.pbx.hears() != "talk" || w.desk.place != nil || w.count(orchestrator.EntryCallFault) != 0 {
		t.Errorf("state %q, the customer hears %q, in the queue %+v, %d faults", w.me.c.State, w.pbx.hears(), w.desk.place, w.count(orchestrator.EntryCallFault))
	}
	if far := w.me.c.Far(); far == nil || !w.desk.offers[far.Offer.ID].answered {
		t.Errorf("the agent talks and is free for the distributor: %+v", w.desk.offers)
	}
	w.callerHangsUp()
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
}

// TestDialThatWaitsForThePBX: the PBX comes back and a dial was not answered
// before. That its channel is not there says nothing yet: it is about to be.
func TestDialThatWaitsForThePBX(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.goAway(true)
	w.offer()
	w.quiet()
	w.settle(time.Second)
	w.comeBack(false)
	w.quiet()
	if w.me.c.State != StateOffered || len(w.pbx.phones()) != 1 || w.count(orchestrator.EntryCallMissed) != 0 {
		t.Errorf("state %q, %d phones, %d missed", w.me.c.State, len(w.pbx.phones()), w.count(orchestrator.EntryCallMissed))
	}
}

// TestPhoneThatRangUnknown: a dial was given up because nothing came back, and
// was carried out all the same. The phone does not ring on
// beside the next one.
func TestPhoneThatRangUnknown(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.offer()
	w.notice()
	w.decide()
	w.run(&w.me.pbx, answerMissed, 0)
	w.offer()
	w.quiet()
	if n := len(w.pbx.phones()); n != 1 || w.me.c.State != StateOffered || w.me.c.Offers != 2 {
		t.Errorf("%d phones ring in state %q after %d offers", n, w.me.c.State, w.me.c.Offers)
	}
}

// TestPhoneRingsItsFullTime: the PBX did not answer for a while when the phone
// was to be rung. Nobody is blamed for a phone that has not rung long enough.
func TestPhoneRingsItsFullTime(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.offer()
	w.notice()
	w.decide()
	w.now = w.now.Add(4500 * time.Millisecond) // the request has not timed out yet
	w.settle(19 * time.Second)
	if w.me.c.State != StateOffered {
		t.Errorf("state %q, the phone rang for 19s of 20s", w.me.c.State)
	}
	w.settle(10 * time.Second)
	w.checkKept(t)
}

// TestRefusedMusicIsOrderedAgain: nobody waits in silence.
func TestRefusedMusicIsOrderedAgain(t *testing.T) {
	t.Parallel()
	w := at()
	w.desk.plan.AnnounceEvery = 0
	w.endPlays()
	for w.me.c.State != StateWaiting || len(w.me.pbx.todo) == 0 {
		w.deliver()
		w.decide()
		w.run(&w.me.dsk, carriedOut, 0)
		if len(w.me.pbx.todo) > 0 && w.me.c.State == StateInFlow {
			w.run(&w.me.pbx, carriedOut, 0)
		}
	}
	w.run(&w.me.pbx, refused, fault.Internal)
	w.settle(time.Minute)
	if got := w.pbx.hears(); got != "music" {
		t.Errorf("the customer hears %q", got)
	}
	w.checkKept(t)
}

// TestTimesAreThoseOfTheInputs: the store was away and everything is decided on
// later, at once. What happened meanwhile happened when it did.
func TestTimesAreThoseOfTheInputs(t *testing.T) {
	t.Parallel()
	t.Run("a conversation had its length", func(t *testing.T) {
		w := at(inQueue, ringing)
		w.agentAnswers()
		w.deliver()
		w.decide()
		w.run(&w.me.pbx, carriedOut, 0)
		w.pass(30 * time.Second)
		w.agentHangsUp(orchestrator.CauseNormal)
		w.pass(10 * time.Second)
		w.quiet()
		w.checkEnded(t, orchestrator.OutcomeServed)
		if c := w.me.c; c.TalkMS != 30_000 || c.WaitMS != 0 {
			t.Errorf("talked %d ms, waited %d ms", c.TalkMS, c.WaitMS)
		}
	})
	t.Run("dead air is nobody's rejection", func(t *testing.T) {
		w := at(inQueue, ringing)
		w.agentAnswers()
		w.pass(20 * time.Second) // picked up, and nobody decides
		w.agentHangsUp(orchestrator.CauseNormal)
		w.quiet()
		if w.me.c.State != StateWaiting {
			t.Errorf("state %q", w.me.c.State)
		}
		w.checkKept(t)
	})
}

// refuseAgain makes a queue refuse a call that it has lost and that asks again.
func refuseAgain(w *world) {
	w.desk.place, w.desk.refuses["sales"] = nil, orchestrator.RefusedQueue
	clear(w.desk.offers)
	w.load()
}

// TestRefusedAgain: the queue of a waiting call is gone, or
// full, when the call asks for its place again. It goes on in its flow.
func TestRefusedAgain(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		w    *world
	}{
		{"waiting", at(inQueue, refuseAgain)},
		{"a phone rings", at(inQueue, ringing, refuseAgain)},
		{"an agent has just picked up", at(inQueue, ringing, func(w *world) {
			refuseAgain(w)
			w.agentAnswers()
			w.deliver()
			w.decide()
		})},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			r.w.presses("1") // took the process down, and each that came after it
			r.w.settle(time.Minute)
			if s := r.w.me.c.State; s != StateEnded || r.w.count(orchestrator.EntryCallRefused) == 0 {
				t.Errorf("state %q, %d refusals", s, r.w.count(orchestrator.EntryCallRefused))
			}
			if o := r.w.me.c.Outcome; o != orchestrator.OutcomeQueueGone {
				t.Errorf("outcome %q", o)
			}
			r.w.checkKept(t)
		})
	}
}

// TestPickedUpWhileNobodyLooked: an agent who picked up while
// no process was there, and gives up when one is, rejects nothing.
func TestPickedUpWhileNobodyLooked(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing)
	w.cut = true
	w.agentAnswers()
	w.crash(15 * time.Second)
	w.decide()
	w.agentHangsUp(orchestrator.CauseNormal)
	w.quiet()
	if w.me.c.State != StateWaiting || w.count(orchestrator.EntryCallMissed) != 1 {
		t.Errorf("state %q, %d missed", w.me.c.State, w.count(orchestrator.EntryCallMissed))
	}
	w.checkKept(t)
}

// TestStoreThatWentBack: the process lives on and the store
// has lost its last second. The call tells the distributor again where it is.
func TestStoreThatWentBack(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.failover(3)
	w.sweep()
	w.quiet()
	if w.desk.place == nil || w.desk.place.visit != w.me.c.Visit.N || w.me.c.State != StateWaiting {
		t.Errorf("the distributor holds %+v in state %q", w.desk.place, w.me.c.State)
	}
	w.offer()
	w.quiet()
	before := len(w.stored)
	w.agentAnswers()
	w.quiet()
	w.failover(len(w.stored) - before)
	w.sweep()
	w.quiet()
	if o := w.desk.offers["o1"]; !o.answered || w.desk.place != nil || w.me.c.State != StateTalking {
		t.Errorf("the distributor holds %+v and %+v in state %q", o, w.desk.place, w.me.c.State)
	}
	w.settle(time.Minute)
	w.callerHangsUp()
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
}

// TestHangupThatIsSlow: a leg that is not joined in time is given up. Its hangup,
// which has not been carried out either, is not.
func TestHangupThatIsSlow(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing)
	w.agentAnswers()
	w.deliver()
	for range 3 { // the join and the hangup time out, and the PBX lane stands
		w.decide()
		w.now = w.now.Add(DefaultLimits.Command)
	}
	w.settle(time.Minute)
	if len(w.pbx.phones()) > 0 || w.me.c.State != StateWaiting {
		t.Errorf("%d phones in state %q", len(w.pbx.phones()), w.me.c.State)
	}
	w.checkKept(t)
}

// TestJoinThatNobodySaw: the process died between a join and its record. They
// have been talking since, and that the agent hangs up now is the end of it.
func TestJoinThatNobodySaw(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing)
	w.agentAnswers()
	w.deliver()
	w.decide()
	w.run(&w.me.pbx, carriedOut, 0)
	w.crash(20 * time.Second)
	w.quiet()
	w.agentHangsUp(orchestrator.CauseNormal)
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
	if c := w.me.c; c.TalkMS != 20_100 || c.Agent != "agento1" {
		t.Errorf("talked %d ms with %q", c.TalkMS, c.Agent)
	}
}

// TestClockRunsAgain: the PBX answers a command that was given up meanwhile. It
// answers, and that is enough for the call's clock.
func TestClockRunsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(graph{
		{Kind: orchestrator.ActTransfer, Edges: map[string]int{"": 1, "failed": 1}},
		{Kind: orchestrator.ActQueue, Queue: "A", Edges: map[string]int{}},
	})
	w.quiet()
	w.agentAnswers()
	w.deliver()
	w.decide()
	w.run(&w.me.pbx, unanswered, 0) // the join
	w.decide()
	w.agentHangsUp(orchestrator.CauseNormal)
	w.deliver()
	w.decide()
	w.run(&w.me.pbx, carriedOut, 0)
	w.decide()
	if w.me.c.AwaySince != 0 {
		t.Errorf("still away in state %q, todo %v", w.me.c.State, w.me.c.Todo)
	}
}

// TestNoPlaceIsLeftBehind: an offer lapses as its call ends, or a place is taken
// once more as an agent picks up. No queue keeps the call.
func TestNoPlaceIsLeftBehind(t *testing.T) {
	t.Parallel()
	lapse := func(w *world) {
		o := *w.me.c.Far().Offer
		w.desk.fail(o, orchestrator.OfferError)
		w.notices = append(w.notices, Input{Kind: InWithdraw, Offer: o, Why: orchestrator.OfferError})
	}
	rows := []struct {
		name string
		do   func(*world)
	}{
		{"lapsed before the caller hung up", func(w *world) { lapse(w); w.callerHangsUp(); w.deliver(); w.decide() }},
		{"lapsed, and the phone ended first", func(w *world) {
			lapse(w)
			w.callerHangsUp()
			w.agentHangsUp(orchestrator.CauseBusy)
			w.deliver()
			w.decide()
			for w.run(&w.me.dsk, carriedOut, 0) {
				w.decide()
			}
		}},
		{"taken once more", func(w *world) {
			w.crash(time.Second)
			w.agentAnswers()
			w.deliver()
			w.decide() // asks again, and joins
			for w.pbx.hears() != "talk" {
				w.run(&w.me.pbx, carriedOut, 0)
				w.decide()
			}
			w.quiet()
			if w.desk.place != nil {
				t.Errorf("a call that talks has the place %+v", w.desk.place)
			}
			w.settle(time.Minute)
			w.callerHangsUp()
		}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := at(inQueue, ringing, r.do)
			w.checkEnded(t, "")
		})
	}
}

// TestVoicemailThatEndedUnheard: the process died while a message was left, and
// the next one has the order to record still on its list.
func TestVoicemailThatEndedUnheard(t *testing.T) {
	t.Parallel()
	w := at(inQueue, func(w *world) { w.presses("*") })
	w.cut = true
	w.pbx.endRecordings(customerChannel)
	w.crash(time.Second)
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeVoicemail)
	if w.me.c.Voicemail == "" {
		t.Error("the message is not on record")
	}
	told := 0 // also by who came after: whose people are told of it
	for _, e := range w.entries {
		if e.Type == orchestrator.EntryCallRecording && strings.Contains(string(e.Data), `"mailbox":"sales"`) {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d entries of the message name its mailbox, want its start and its end", told)
	}
}

// TestRefusedQuestion: whether a recording is over could not be told. It is asked again.
func TestRefusedQuestion(t *testing.T) {
	t.Parallel()
	w := at(inQueue, func(w *world) { w.presses("*") })
	w.goAway(true)
	w.pbx.endRecordings(customerChannel)
	w.comeBack(false)
	w.decide()
	w.run(&w.me.pbx, refused, fault.Internal)
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeVoicemail)
	w.checkKept(t)
}

// TestMenuAfterARestart: a caller in a menu hears the prompt again. The time
// without a process is none that was given for an answer.
func TestMenuAfterARestart(t *testing.T) {
	t.Parallel()
	w := at()
	w.crash(2 * time.Minute) // the menu waits for a key for one
	w.quiet()
	w.settle(time.Second)
	if got := w.pbx.hears(); got != "prompt" || w.me.c.State != StateInFlow {
		t.Errorf("the customer hears %q in state %q", got, w.me.c.State)
	}
}

// TestCallerGoneBeforeTheDial: the caller hangs up before the phone was rung, or
// before anybody knows whether it was. A phone that was never rung tells of no
// end: neither the call nor the agent waits for it.
func TestCallerGoneBeforeTheDial(t *testing.T) {
	t.Parallel()
	t.Run("in the moment of the match", func(t *testing.T) {
		w := at(inQueue)
		w.offer()
		w.notice()
		w.callerHangsUp()
		w.deliver()
		w.quiet()
		w.checkEnded(t, orchestrator.OutcomeAbandoned)
		w.checkKept(t)
	})
	t.Run("while the dial is not answered", func(t *testing.T) {
		w := at(inQueue)
		w.goAway(false)
		w.offer()
		w.quiet()
		w.callerHangsUp()
		w.quiet()
		w.comeBack(false)
		w.quiet()
		w.checkEnded(t, orchestrator.OutcomeAbandoned)
		w.checkKept(t)
	})
}

// TestComparedWithAnOlderTruth: the PBX answers a dial again just after it was
// asked what it has, and the answer overtakes the truth. That the phone is not in
// it says nothing: it was rung later.
func TestComparedWithAnOlderTruth(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.goAway(true)
	w.offer()
	w.quiet()
	w.pass(2 * time.Second)
	truth := w.pbx.truth(false, false)
	w.pass(10 * time.Millisecond)
	w.silent = false
	w.run(&w.me.pbx, carriedOut, 0)
	w.decide()
	w.cut = false
	w.post(Input{Kind: InCompare, Truth: truth})
	w.quiet()
	if w.me.c.State != StateOffered || len(w.pbx.phones()) != 1 || w.count(orchestrator.EntryCallMissed) != 0 {
		t.Errorf("state %q, %d phones, %d missed", w.me.c.State, len(w.pbx.phones()), w.count(orchestrator.EntryCallMissed))
	}
	w.checkKept(t)
}

// TestContinueThatNobodySawEnd: a continue was carried out and confirmed, and the
// process died before the channel left. It was handed on all the same.
func TestContinueThatNobodySawEnd(t *testing.T) {
	t.Parallel()
	w := at()
	w.presses("#")
	w.deliver()
	w.decide()
	for w.me.pbx.todo[0].Command.verb() != "continue" {
		w.run(&w.me.pbx, carriedOut, 0)
	}
	w.run(&w.me.pbx, carriedOut, 0)
	w.decide()
	w.crash(time.Second)
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeTransferred)
}

// TestContinueThatCameBack: the PBX confirmed a continue, the event that the
// channel left is lost, and the channel enters once more. That is another call.
func TestContinueThatCameBack(t *testing.T) {
	t.Parallel()
	w := at()
	w.presses("#")
	w.deliver()
	w.decide()
	for w.me.c.HandedOn == 0 {
		w.run(&w.me.pbx, carriedOut, 0)
		w.wire = nil
		w.decide()
	}
	d := w.rules.Decide(w.me.c, []Input{{Kind: InEvent, Event: orchestrator.Event{
		Kind: orchestrator.EventEntered, Channel: customerChannel, Args: []string{"inbound", "5001"}}}}, w.now)
	if d.Call.State != StateEnded || d.Call.Outcome != orchestrator.OutcomeTransferred || d.Back == nil || d.Back.Truth.Args[1] != "5001" {
		t.Errorf("state %q, outcome %q, back %+v", d.Call.State, d.Call.Outcome, d.Back)
	}
}

// TestAdoptedPhoneRingsItsTime: a phone whose dial was carried out late, and the
// process killed before it heard of that, rings as long as any; nobody is blamed for
// less.
func TestAdoptedPhoneRingsItsTime(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.goAway(false)
	ringing(w) // its dial is not answered
	w.quiet()
	w.settle(3500 * time.Millisecond)
	w.silent = false
	for len(w.pbx.phones()) == 0 && w.run(&w.me.pbx, carriedOut, fault.Internal) {
	}
	w.crash(0)
	w.settle(19 * time.Second)
	if w.me.c.State != StateOffered || len(w.pbx.phones()) != 1 {
		t.Fatalf("state %q after 19 s of 20 s of ringing\n%s", w.me.c.State, w.story())
	}
	w.settle(5 * time.Second)
	if w.me.c.State == StateOffered {
		t.Error("it rings for ever")
	}
	w.checkKept(t)
}

// TestLateReaderRingsInFull: a call that reads late of an offer, and of a PBX that
// was away and is back, lets the phone ring its full time from then on. Else the
// agent would be blamed for a phone that was hung up early.
func TestLateReaderRingsInFull(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	o := orchestrator.Offer{ID: "o1", Call: "c1", PBX: "pbx", Queue: "sales", Visit: w.me.c.Visit.N, Agent: "101", Endpoint: "PJSIP/101", Ring: 20 * time.Second}
	began := w.now
	w.now = w.now.Add(4 * time.Second)
	d := w.rules.Decide(w.me.c, []Input{
		{Kind: InOffer, Offer: o, At: began},
		{Kind: InAway, At: began},
		{Kind: InCompare, Truth: w.pbx.truth(false, false), At: began.Add(100 * time.Millisecond)},
	}, w.now)
	if got, want := d.Call.Timers[TimerRing], w.now.Add(o.Ring+ringGrace).UnixMilli(); got != want {
		t.Errorf("rung until %v, want %v", time.UnixMilli(got), time.UnixMilli(want))
	}
}
