package call

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestBothLeftUnseen: the agent and whom the agent asked hang up while nobody
// listens, and the PBX has no word on it. The customer is not left with a leg
// that is not there.
func TestBothLeftUnseen(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		stages []func(*world)
	}{
		{"asking", private}, {"swapped", then(private, swapped)}, {"in a conference", threeTalk}, {"ringing", asking}, {"asking a number", then(talking, asksNumber)},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := at(r.stages...)
			w.cut = true
			hangsUp((*world).guestPhone)(w)
			hangsUp((*world).farPhone)(w)
			clear(w.pbx.ended)
			w.crash(time.Second)
			w.settle(time.Second)
			for _, l := range w.me.c.Legs {
				if l.State != LegEnded && w.pbx.channels[l.Channel] == nil {
					t.Errorf("%s in state %q is not there; the customer hears %q", l.Channel, l.State, w.pbx.hears())
				}
			}
			w.checkKept(t)
		})
	}
}

// TestPickedUpUnseen: the agent hangs up and whom the agent asks picks up while
// nobody listens. Both are noticed: the customer talks.
func TestPickedUpUnseen(t *testing.T) {
	t.Parallel()
	for name, stages := range map[string][]func(*world){"an agent": asking, "a number": then(talking, asksNumber)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := at(stages...)
			w.cut = true
			hangsUp((*world).farPhone)(w)
			w.pbx.phoneAnswers(w.guestPhone())
			clear(w.pbx.ended)
			w.crash(time.Second)
			w.settle(time.Second)
			if got := w.pbx.hears(); w.me.c.State != StateTalking || got != "talk" {
				t.Errorf("state %q, the customer hears %q\n%s", w.me.c.State, got, w.story())
			}
			w.checkKept(t)
		})
	}
}

// TestServedIsServed: what comes after an agent to whom the call was transferred
// is the flow's: a queue that is full does not bring it back to where it was before.
func TestServedIsServed(t *testing.T) {
	t.Parallel()
	g := graph{
		{Kind: orchestrator.ActQueue, Queue: "A", Edges: map[string]int{"served": 1}},
		{Kind: orchestrator.ActQueue, Queue: "B", Edges: map[string]int{"full": 2}},
		{Kind: orchestrator.ActPlay, Edges: map[string]int{}},
	}
	for name, moved := range map[string][]func(*world){
		"transferred": {toAgent, ringing, answered}, "completed": {asksAgent, ringing, answered, completed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(g)
			w.desk.refuses["B"] = orchestrator.RefusedFull
			for _, do := range append([]func(*world){(*world).quiet, ringing, answered, after(time.Minute)}, append(moved, after(time.Minute), agentEnds(orchestrator.CauseNormal))...) {
				do(w)
				w.quiet()
			}
			if got := w.pbx.hears(); w.me.c.State != StateInFlow || got != "prompt" {
				t.Errorf("state %q, visit %+v, the customer hears %q", w.me.c.State, w.me.c.Visit, got)
			}
			w.checkKept(t)
		})
	}
}

// TestOnHoldStaysOnHold: a customer on hold does not come back because nobody
// could be asked: the agent may be saying what is not for them.
func TestOnHoldStaysOnHold(t *testing.T) {
	t.Parallel()
	full := func(w *world) { w.desk.refuses["B"] = orchestrator.RefusedFull }
	w := at(then(talking, full, held, asksQueue)...)
	if got := w.pbx.hears(); got != "music" || !w.me.c.Customer().Held || w.me.c.Consult != nil {
		t.Errorf("the customer hears %q, consultation %+v", got, w.me.c.Consult)
	}
	resumed(w)
	w.quiet()
	if got := w.pbx.hears(); got != "talk" {
		t.Errorf("resumed, the customer hears %q", got)
	}
	w.checkKept(t)
}

// TestNobodyIsAskedAnyMore: an agent who types codes hears that the customer is
// back, because nobody could be asked.
func TestNobodyIsAskedAnyMore(t *testing.T) {
	t.Parallel()
	rows := map[string][]func(*world){
		"full":      {func(w *world) { w.desk.refuses["@102"] = orchestrator.RefusedEmpty }, types("*3102#")},
		"no answer": {types("*3102#"), ringing, after(time.Minute)},
		"nobody":    {types("*3102#"), after(5 * time.Minute)},
	}
	for name, stages := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := at(then(talking, stages...)...)
			tones := w.farPhone().tones
			if len(tones) != 2 || tones[0] != yes || tones[1] != no {
				t.Errorf("the agent heard %v, consultation %+v", tones, w.me.c.Consult)
			}
			w.checkKept(t)
		})
	}
}

// TestHeldBeforeTheyAreTogether: the customer is put on hold before the one who
// was asked, and heard music, is in the room. The agent is there all the same,
// and has codes.
func TestHeldBeforeTheyAreTogether(t *testing.T) {
	t.Parallel()
	w := at(then(private, swapped)...)
	if err := w.wants(WishComplete, "", ""); err != nil {
		t.Fatal(err)
	}
	if err := w.grant(Wish{Do: WishHold, By: "test"}); err != nil {
		t.Fatal(err)
	}
	w.quiet()
	if room := w.room(); room != "a" || w.me.c.Far().State != LegJoined {
		t.Errorf("in the room are %q, the agent's leg is %q", room, w.me.c.Far().State)
	}
	types("*1")(w)
	w.settle(time.Minute)
	if got := w.pbx.hears(); got != "talk" {
		t.Errorf("after *1 the customer hears %q", got)
	}
	w.checkKept(t)
}

// TestOfferOvertakesTheAnswer: the queue takes the call, an agent becomes free,
// and the word of that comes before the queue's answer. The phone rings at once:
// nobody tells of the offer again.
func TestOfferOvertakesTheAnswer(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		stages []func(*world)
		last   func(*world)
	}{
		{"into the queue", nil, func(w *world) { w.endPlays(); w.deliver(); w.decide() }},
		{"a transfer", talking, func(w *world) { toQueue(w) }},
		{"a consultation", talking, func(w *world) { asksQueue(w) }},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := at(r.stages...)
			w.quiet()
			r.last(w)
			i := 0
			for ; i < len(w.me.dsk.todo); i++ {
				if is[Enqueue](w.me.dsk.todo[i].Command) {
					break
				}
			}
			ask := w.me.dsk.todo[i]
			res, err := w.carryOut(ask, false)
			if err != nil || res.Placement.Result != orchestrator.PlacedWaiting {
				t.Fatalf("%+v, %v", res, err)
			}
			w.offer()
			for len(w.notices) > 0 {
				w.notice()
			}
			w.decide()
			w.answer(&w.me.dsk, ask, res, err)
			w.quiet()
			if phones := w.pbx.phones(); len(phones) == 0 || phones[len(phones)-1].up {
				doc, _ := json.Marshal(w.me.c)
				t.Errorf("nobody is rung: %s", doc)
			}
			w.callerHangsUp()
			w.settle(time.Minute)
			w.checkEnded(t, "")
			w.checkKept(t)
		})
	}
}

// TestLongestCallToANumber: how long an outside number may be talked with counts
// from when it answered, whoever talks with it.
func TestLongestCallToANumber(t *testing.T) {
	t.Parallel()
	strict := func(w *world) { w.gate.most = 10 * time.Minute }
	rows := map[string][]func(*world){
		"transferred": {toNumber, answered}, "asked": {asksNumber, answered}, "completed": {asksNumber, answered, after(8 * time.Minute), completed},
		"in a conference": {asksNumber, answered, after(8 * time.Minute), together},
		"of a conference": {asksNumber, answered, together, after(8 * time.Minute), completed},
	}
	for name, stages := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := at(then(talking, strict)...)
			began := w.now
			for _, do := range stages {
				do(w)
				w.quiet()
			}
			w.settle(began.Add(9*time.Minute + 59*time.Second).Sub(w.now))
			if len(w.me.c.Outside()) != 1 {
				t.Errorf("too early: legs %+v in state %q", w.me.c.Legs, w.me.c.State)
			}
			w.settle(2 * time.Second)
			if len(w.me.c.Outside()) != 0 {
				t.Errorf("still talks: legs %+v in state %q", w.me.c.Legs, w.me.c.State)
			}
			w.checkKept(t)
		})
	}
}

// TestLongestCallAfterTheAgent: an outside number with which the agent's phone talked
// on its other line is talked with by the customer as long as any other.
func TestLongestCallAfterTheAgent(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	w.gate.most = 10 * time.Minute
	phoneWants("both 4711")(w)
	w.quiet()
	answered(w)
	w.settle(9*time.Minute + 59*time.Second)
	if w.me.c.State != StateTalking {
		t.Errorf("too early: state %q", w.me.c.State)
	}
	w.settle(2 * time.Second)
	if w.me.c.State == StateTalking {
		t.Errorf("still talks: legs %+v", w.me.c.Legs)
	}
	w.checkKept(t)
}

// TestLongestCallOfAnAgent: how long a customer whom an agent called may be talked
// with counts from when they answered, whoever talks with them, and if they wait.
func TestLongestCallOfAnAgent(t *testing.T) {
	t.Parallel()
	for name, stages := range map[string][]func(*world){
		"waiting":     {toQueue},
		"transferred": {toQueue, ringing, answered},
		"completed":   {asksAgent, ringing, answered, completed},
		"to a number": {toNumber, answered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newOutboundWorld(toyFlow{}, false)
			w.gate.most = 10 * time.Minute
			for _, do := range then([]func(*world){asked, agentUp, reached, after(8 * time.Minute)}, stages...) {
				do(w)
				w.quiet()
			}
			w.settle(time.UnixMilli(w.me.c.AnsweredAt).Add(9*time.Minute + 59*time.Second).Sub(w.now))
			if w.me.c.State == StateEnded {
				t.Error("too early")
			}
			w.settle(5 * time.Second)
			if w.me.c.State != StateEnded {
				t.Errorf("still there in state %q: legs %+v, timers %v", w.me.c.State, w.me.c.Legs, w.me.c.Timers)
			}
			w.checkKept(t)
		})
	}
}

// TestRecordingWhoseEndWasNotTold: the end of the recording before a transfer is
// not told. The next agent's is the one that is muted, for card data.
func TestRecordingWhoseEndWasNotTold(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	w.quiet()
	toQueue(w)
	w.cut = true
	w.quiet()
	w.comeBack(false)
	w.quiet()
	ringing(w)
	w.quiet()
	w.pbx.phoneAnswers(w.farPhone())
	w.quiet()
	w.settle(time.Second)
	types("*8")(w)
	if tones := w.farPhone().tones; len(w.pbx.recordings) != 1 || !w.pbx.silent() || len(tones) != 1 || tones[0] != yes {
		t.Errorf("recordings %v, rooms %+v, the agent heard %v", w.pbx.recordings, w.me.c.Rooms, tones)
	}
	w.checkKept(t)
}

// TestKilledWhileLettingIn: the process is killed when whom the agent asked has
// answered and is being let in. The place is not asked for again: who asks after
// the offer was taken up would wait in the queue once more.
func TestKilledWhileLettingIn(t *testing.T) {
	t.Parallel()
	w := at(asking...)
	w.quiet()
	w.pbx.phoneAnswers(w.guestPhone())
	w.deliver()
	w.decide()
	w.crash(time.Second)
	w.settle(time.Second)
	if k := w.me.c.Consult; w.desk.place != nil || k == nil || k.State != ConsultPrivate {
		t.Errorf("place %+v, consultation %+v", w.desk.place, k)
	}
	w.callerHangsUp()
	w.settle(time.Minute)
	w.checkEnded(t, "")
	w.checkKept(t)
}
