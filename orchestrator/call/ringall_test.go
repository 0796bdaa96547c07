package call

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// allRing has three phones ring for a caller at the same time.
func allRing(w *world) {
	w.desk.most, w.desk.free = 3, 3
	w.desk.match()
}

// phone does something at one of the phones that ring.
func phone(n int, do func(w *world, ch *toyChannel)) func(*world) {
	return func(w *world) { do(w, w.pbx.phones()[n]) }
}

func picksUp(w *world, ch *toyChannel)  { w.pbx.phoneAnswers(ch) }
func turnsOff(w *world, ch *toyChannel) { w.pbx.phoneEnds(ch, orchestrator.CauseRejected) }

// missedBy are those whose phones rang for nothing, with why.
func (w *world) missedBy() map[string]int {
	out := map[string]int{}
	for _, e := range w.entries {
		if e.Type == orchestrator.EntryCallMissed {
			var f struct {
				Agent string
				Why   string
			}
			_ = json.Unmarshal(e.Data, &f)
			if e.Agent != f.Agent {
				w.brokenf("the entry of %s is of %s", f.Agent, e.Agent)
			}
			out[f.Why]++
		}
	}
	return out
}

// TestRingAll: whoever answers first has the caller, whichever phone that is, and the others
// stop ringing as answered elsewhere. Who turns the call down, or does not answer, leaves the
// others ringing, and who gets free meanwhile is rung too.
func TestRingAll(t *testing.T) {
	t.Parallel()
	lost := func(w *world) { w.crash(time.Second) }
	none := map[string]int{}
	for name, r := range map[string]struct {
		steps  []func(*world)
		state  State
		phones int // that are left
		missed map[string]int
	}{
		"nobody yet":              {[]func(*world){allRing}, StateOffered, 3, none},
		"the first":               {[]func(*world){allRing, phone(0, picksUp)}, StateTalking, 1, map[string]int{"elsewhere": 2}},
		"the last":                {[]func(*world){allRing, phone(2, picksUp)}, StateTalking, 1, map[string]int{"elsewhere": 2}},
		"all at the same instant": {[]func(*world){allRing, answered}, StateTalking, 1, map[string]int{"elsewhere": 2}},
		"unseen":                  {[]func(*world){allRing, func(w *world) { w.goAway(true); answered(w); w.comeBack(false) }}, StateTalking, 1, map[string]int{"elsewhere": 2}},
		"and it is killed then":   {[]func(*world){allRing, func(w *world) { answered(w); w.deliver(); w.decide(); lost(w) }}, StateTalking, 1, map[string]int{"elsewhere": 2}},
		"while it was killed":     {[]func(*world){allRing, func(w *world) { w.cut = true; answered(w); lost(w) }}, StateTalking, 1, map[string]int{"elsewhere": 2}},
		"the first is gone by then, another answers": {[]func(*world){allRing, func(w *world) {
			w.cut = true
			w.pbx.phoneEnds(w.pbx.channels[w.me.c.Far().Channel], orchestrator.CauseRejected)
			phone(0, picksUp)(w)
			lost(w)
		}}, StateTalking, 1, map[string]int{"elsewhere": 1, "error": 1}},
		"one turns it down":         {[]func(*world){allRing, phone(0, turnsOff)}, StateOffered, 2, map[string]int{"rejected": 1}},
		"two do, the third answers": {[]func(*world){allRing, phone(0, turnsOff), phone(1, turnsOff), answered}, StateTalking, 1, map[string]int{"rejected": 2}},
		"all do":                    {[]func(*world){allRing, agentEnds(orchestrator.CauseRejected)}, StateWaiting, 0, map[string]int{"rejected": 3}},
		"nobody answers":            {[]func(*world){allRing, after(25 * time.Second)}, StateWaiting, 0, map[string]int{"no_answer": 3}},
		"one more gets free":        {[]func(*world){allRing, phone(1, turnsOff), ringing}, StateOffered, 3, map[string]int{"rejected": 1}},
		"and answers":               {[]func(*world){allRing, phone(1, turnsOff), ringing, phone(2, picksUp)}, StateTalking, 1, map[string]int{"rejected": 1, "elsewhere": 2}},
		"more than may ring":        {[]func(*world){allRing, ringing}, StateOffered, 3, none},
		"the caller hangs up":       {[]func(*world){allRing, (*world).callerHangsUp}, StateEnded, 0, none},
		"the caller goes elsewhere": {[]func(*world){func(w *world) { w.desk.plan.ExitKey = "*" }, allRing, func(w *world) { w.presses("*") }}, "", 0, none},
		"a line answers at once": {[]func(*world){allRing, phone(1, turnsOff), func(w *world) { w.lines = 1; w.offer() }}, StateTalking, 1,
			map[string]int{"rejected": 1, "elsewhere": 2}},
	} {
		w := at(append([]func(*world){inQueue}, r.steps...)...)
		if r.state != "" && w.me.c.State != r.state {
			t.Errorf("%s: state %q, want %q\n%s", name, w.me.c.State, r.state, w.story())
		}
		if got := w.pbx.phones(); len(got) != r.phones {
			t.Errorf("%s: %d phones are left, want %d", name, len(got), r.phones)
		}
		if got := w.missedBy(); !maps.Equal(got, r.missed) {
			t.Errorf("%s: missed %v, want %v\n%s", name, got, r.missed, w.story())
		}
		if r.state == StateTalking && (len(w.desk.offers) != 1 || len(w.me.c.Spared) > 0 || len(w.me.c.Legs) != 2) {
			t.Errorf("%s: offers %v, legs %v, spared %v", name, w.desk.offers, w.me.c.Legs, w.me.c.Spared)
		}
		w.checkKept(t)
		w.callerHangsUp()
		w.settle(time.Minute)
		w.checkEnded(t, "")
	}
}

// TestRingAllTellsPhones: those that stop are told that the call was answered elsewhere,
// so that they show no missed call; and before the conversation is put together.
func TestRingAllTellsPhones(t *testing.T) {
	t.Parallel()
	w := at(inQueue, allRing)
	first := w.pbx.phones()[1].id
	c := w.rules.Decide(w.me.c, []Input{{Kind: InEvent, Event: orchestrator.Event{Kind: orchestrator.EventEntered, Channel: first, Up: true}}}, w.now).Call
	var told []string
	for _, todo := range c.Todo {
		switch cmd := todo.Command.(type) {
		case Hangup:
			if cmd.Cause != orchestrator.CauseGone || cmd.Channel == first {
				t.Errorf("told %+v", cmd)
			}
			told = append(told, cmd.Channel)
		case Connect:
			if len(told) != 2 || cmd.Far != first {
				t.Errorf("%+v after %v", cmd, told)
			}
		}
	}
	if len(told) != 2 {
		t.Errorf("told are %v", told)
	}
}

// TestRingAllTellsPhonesOnce: one that is heard to ring as it is stopped hears nothing else of
// it. Asterisk takes the last cause that it is told before the phone hears of it.
func TestRingAllTellsPhonesOnce(t *testing.T) {
	t.Parallel()
	w := at(inQueue, allRing)
	phones := w.pbx.phones()
	picks := Input{Kind: InEvent, Event: orchestrator.Event{Kind: orchestrator.EventEntered, Channel: phones[0].id, Up: true}}
	rings := Input{Kind: InEvent, Event: orchestrator.Event{Kind: orchestrator.EventRinging, Channel: phones[1].id}}
	stopped := w.rules.Decide(w.me.c, []Input{picks}, w.now).Call
	told := stopped
	for told.pendingHangups(phones[1].id) > 0 { // the PBX answers, and has not told the phone yet
		i := slices.IndexFunc(told.Todo, func(t Todo) bool { return is[Hangup](t.Command) })
		told = w.rules.Decide(told, []Input{{Kind: InDone, N: told.Todo[i].N, PBX: true}}, w.now).Call
	}
	for name, c := range map[string]Call{"before it is told": stopped, "told": told} {
		c = w.rules.Decide(c, []Input{rings}, w.now).Call
		for _, todo := range c.Todo {
			if h, ok := todo.Command.(Hangup); ok && h.Cause != orchestrator.CauseGone {
				t.Errorf("%s: %+v", name, h)
			}
		}
		if n := c.pendingHangups(phones[1].id); n != 1 {
			t.Errorf("%s: it is hung up %d times", name, n)
		}
	}
}

func (c *Call) pendingHangups(channel string) (n int) {
	for _, t := range c.Todo {
		if h, ok := t.Command.(Hangup); ok && h.Channel == channel {
			n++
		}
	}
	return n
}

// TestRingAllWinnerIsNotTaken: the offer of who answered first is not in force any more. The
// phones that were stopped for it ring again.
func TestRingAllWinnerIsNotTaken(t *testing.T) {
	t.Parallel()
	w := at(inQueue, allRing)
	l := w.me.c.Legs[2]
	w.desk.fail(*l.Offer, orchestrator.OfferError) // it lapses as the phone is picked up, and the notice is lost
	picksUp(w, w.pbx.channels[l.Channel])
	w.settle(5 * time.Second)
	if w.me.c.State != StateOffered || len(w.pbx.phones()) != 2 || len(w.me.c.Spared) > 0 {
		t.Errorf("state %q, phones %v, spared %v\n%s", w.me.c.State, w.pbx.phones(), w.me.c.Spared, w.story())
	}
	w.checkKept(t)
}

// TestRingAllEachPhoneHasItsTime: a phone that the PBX does not end is ended when it rang long
// enough, and the others ring on.
func TestRingAllEachPhoneHasItsTime(t *testing.T) {
	t.Parallel()
	w := at(inQueue, allRing)
	c, first := w.me.c, w.me.c.Legs[2].Channel
	ends := func(want int) {
		t.Helper()
		w.now = time.UnixMilli(c.Timers[Timer("ring:"+first)])
		c = w.rules.Decide(c, []Input{{Kind: InTimer, Timer: Timer("ring:" + first)}}, w.now).Call
		if len(c.Legs) != want || c.State != StateOffered {
			t.Fatalf("state %q, legs %v", c.State, c.Legs)
		}
	}
	ends(4)
	if l := c.leg(first); l.State != LegHanging || l.Why != orchestrator.OfferNoAnswer {
		t.Errorf("%+v", l)
	}
	ends(3) // nobody told that it is gone
	if !slices.ContainsFunc(c.Todo, func(t Todo) bool { f, ok := t.Command.(FailOffer); return ok && f.Why == orchestrator.OfferNoAnswer }) {
		t.Errorf("the distributor is not told: %v", c.Todo)
	}
}

// TestRingAllWaitIsOver: phones that take turns in ringing do not make the caller wait for ever.
func TestRingAllWaitIsOver(t *testing.T) {
	t.Parallel()
	w := at(func(w *world) { w.desk.plan.MaxWait = 30 * time.Second; w.endPlays() }, allRing)
	for range 20 {
		w.settle(3 * time.Second)
		w.desk.free++ // somebody gets free
		w.desk.match()
		w.quiet()
	}
	if why := w.last(orchestrator.EntryCallUnqueued)["why"]; why != "timeout" {
		t.Errorf("state %q, unqueued for %v\n%s", w.me.c.State, why, w.story())
	}
	w.checkKept(t)
}

// TestRingAllForACallback: an agent-first callback rings all, and whoever picks up hears the
// customer's phone; with the customer first one agent is held, and no other.
func TestRingAllForACallback(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{false, true} {
		w := newCallbackWorld(toyFlow{}, func(p *orchestrator.CallbackPlan) { p.CustomerFirst = first })
		w.desk.most, w.desk.free = 3, 3
		w.quiet()
		want := 3
		if first {
			want = 0
		}
		if got := len(w.pbx.phones()); got != want || len(w.desk.offers) != max(want, 1) {
			t.Errorf("customer first %v: %d phones, %d offers", first, got, len(w.desk.offers))
		}
		if !first {
			w.agentAnswers()
			w.quiet()
			if got := len(w.pbx.phones()); got != 1 || w.me.c.State != StateDialing || len(w.desk.offers) != 1 || len(w.me.c.Spared) > 0 {
				t.Errorf("%d phones, state %q, offers %v", got, w.me.c.State, w.desk.offers)
			}
		}
		w.checkKept(t)
	}
}
