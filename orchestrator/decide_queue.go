package orchestrator

import (
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

func msDuration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// enqueue asks the distributor for a place. A call that was in a queue before
// and has not been served keeps the start of its first wait.
func (t *turn) enqueue(a Action) {
	entered := t.ms()
	if t.c.QueuedAt > 0 && t.c.ConnectedAt == 0 {
		entered = t.c.QueuedAt
	}
	if l := t.c.Leg; l != nil && l.State == LegEnded && l.Settled {
		t.c.Leg = nil // of an earlier queue
	}
	t.c.Wait = &Wait{Queue: a.Queue, Priority: a.Priority, Entered: entered, MaxWait: a.MaxWait.Milliseconds()}
	t.dirty = true
	t.askPlace()
}

func (t *turn) askPlace() {
	w := t.c.Wait
	t.do(effect{Kind: fxEnqueue, Waiting: Waiting{
		Call: t.c.Call, PBX: t.c.PBX, Queue: w.Queue, Caller: t.c.Caller, Language: t.c.Language,
		Priority: w.Priority, Entered: time.UnixMilli(w.Entered),
	}})
}

// placed handles the distributor's answer to fxEnqueue or fxFail.
func (t *turn) placed(p Placement) {
	if t.c.Wait == nil || t.c.State == StateClearing {
		return // the call went on; leaving the queue is under way
	}
	switch p.Result {
	case PlacedWaiting, PlacedOffered:
		t.admitted(p)
	case RefusedFull, RefusedEmpty, RefusedQueue:
		t.note(EntryCallRefused, fields{"queue": t.c.Wait.Queue, "result": p.Result})
		t.c.Wait = nil
		t.flowInput(FlowInput{Kind: FlowQueued, Result: string(p.Result)})
	case PlacedOut:
		t.lostPlace()
	}
}

// admitted lets the call wait, or dials the agent it was matched with.
func (t *turn) admitted(p Placement) {
	if t.c.State == StateInFlow {
		t.c.Wait.Plan = p.Plan
		t.c.Queue = t.c.Wait.Queue
		if t.c.QueuedAt == 0 {
			t.c.QueuedAt = t.c.Wait.Entered
		}
		t.move(OnQueued)
		t.note(EntryCallQueued, fields{"queue": t.c.Wait.Queue, "priority": t.c.Wait.Priority})
		t.armWait()
		if p.Offer != nil { // the phone comes first, then the music
			t.offered(*p.Offer)
		}
		t.hold()
		return
	}
	if p.Offer != nil {
		t.offered(*p.Offer)
	}
}

// lostPlace puts a call back that the distributor does not know (any more)
// although it waits: the store lost its last second.
func (t *turn) lostPlace() {
	if t.c.State == StateWaiting {
		t.fault("the queue had forgotten the call", nil)
		t.askPlace()
	}
}

// armWait arms the timers of the queue: the shorter of the flow's and the
// queue's maximum wait counted from the entry, and the first announcement.
func (t *turn) armWait() {
	w := t.c.Wait
	limit := msDuration(w.MaxWait)
	if w.Plan.MaxWait > 0 && (limit == 0 || w.Plan.MaxWait < limit) {
		limit = w.Plan.MaxWait
	}
	if limit > 0 {
		left := time.UnixMilli(w.Entered).Add(limit).Sub(t.now)
		t.arm(TimerWait, max(left, time.Millisecond))
	}
	if w.Plan.AnnounceEvery > 0 {
		first := w.Plan.AnnounceFirst
		if first <= 0 {
			first = w.Plan.AnnounceEvery
		}
		t.arm(TimerAnnounce, first)
	}
}

func (t *turn) hold() {
	t.do(effect{Kind: fxHold, Channel: t.c.Channel, Class: t.c.Wait.Plan.MusicClass})
}

// announce speaks the position over the hold music; the match goes on meanwhile.
func (t *turn) announce(position int) {
	if t.c.State != StateWaiting && t.c.State != StateOffered {
		return
	}
	plan := t.c.Wait.Plan
	t.arm(TimerAnnounce, plan.AnnounceEvery)
	if position == 0 && t.c.State == StateWaiting {
		t.lostPlace()
		return
	}
	if t.c.Playing != nil {
		return
	}
	media := announcement(plan, position, t.c.Wait.Announce)
	if len(media) == 0 {
		return
	}
	t.c.Wait.Announce++
	t.play(media, t.c.Language, 0)
}

// announcement is what a caller at a position hears the nth time (from 0).
// The sounds are those of Asterisk's core set, which exist in both languages.
func announcement(plan QueuePlan, position, nth int) []Media {
	var m []Media
	switch {
	case !plan.AnnouncePosition || position <= 0:
	case position == 1:
		m = append(m, Media{MediaSound, "queue-youarenext"})
	default:
		m = append(m, Media{MediaSound, "queue-thereare"}, numberMedia(position), Media{MediaSound, "queue-callswaiting"})
	}
	if n := len(plan.AnnouncePrompts); n > 0 {
		m = append(m, Media{MediaSound, plan.AnnouncePrompts[nth%n]})
	}
	return m
}

// waitOver handles the maximum wait. A phone that is ringing at that moment may finish.
func (t *turn) waitOver() {
	switch t.c.State {
	case StateWaiting:
		t.unqueue("timeout")
		t.flowInput(FlowInput{Kind: FlowQueued, Result: "timeout"})
	case StateOffered:
		t.arm(TimerWait, time.Second)
	default:
		t.refuse(string(t.c.State), "wait over")
	}
}

// unqueue takes the call out of its queue and back to its flow.
func (t *turn) unqueue(why string) {
	if t.c.Wait == nil || !t.move(OnUnqueued) {
		return
	}
	t.disarm(TimerWait)
	t.disarm(TimerAnnounce)
	t.disarm(TimerRing)
	t.c.Wait.Out = true
	t.c.WaitMS = t.ms() - t.c.Wait.Entered
	t.note(EntryCallUnqueued, fields{"queue": t.c.Wait.Queue, "why": why, "wait_ms": t.c.WaitMS})
	if t.c.Playing != nil && t.c.Playing.Ref == 0 {
		t.stopPlaying()
	}
	if l := t.c.Leg; l != nil && l.State != LegEnded {
		t.dropLeg(OfferCancelled)
	}
	t.do(effect{Kind: fxLeave, Why: why})
	t.do(effect{Kind: fxUnhold, Channel: t.c.Channel})
	t.unbridge()
}

// offered rings the agent whom the distributor matched with this call.
func (t *turn) offered(o Offer) {
	if l := t.c.Leg; l != nil && l.Offer.ID == o.ID {
		return // told twice
	}
	if t.c.State != StateWaiting {
		t.do(effect{Kind: fxFail, Offer: o, Failure: OfferCancelled})
		return
	}
	t.move(OnOffered)
	t.c.Offers++
	t.c.Leg = &AgentLeg{State: LegDialing, Channel: t.id("a"), Offer: o, DialedAt: t.ms()}
	t.note(EntryCallOffered, fields{"queue": o.Queue, "agent": o.Agent, "offer": o.ID})
	if err := t.gate.Endpoint(o.PBX, o.Endpoint); err != nil {
		t.fault("the agent's phone may not be called", err)
		t.c.Leg.Why = OfferError
		t.legGone(CauseRejected)
		return
	}
	t.dial(effect{Kind: fxOriginate, Origination: Origination{
		Channel: t.c.Leg.Channel, Endpoint: o.Endpoint, Args: []string{"agent", t.c.Call},
		Caller: CleanParty(t.c.Caller), Timeout: o.Ring, AutoAnswer: o.AutoAnswer,
		Originator: t.c.Channel, Language: o.Language,
	}})
}

// dial rings the far leg, with the bridge made meanwhile.
func (t *turn) dial(originate effect) {
	t.arm(TimerRing, originate.Origination.Timeout+ringGrace)
	t.do(originate)
	t.c.Bridge = BridgeMade
	t.do(effect{Kind: fxBridge}) // also for a second try: one that exists already does no harm
}

// withdrawn drops a leg whose offer the distributor took back.
func (t *turn) withdrawn(o Offer, why OfferFailure) {
	l := t.c.Leg
	if l == nil || l.Offer.ID != o.ID || l.State == LegEnded || l.State == LegJoined || l.Settled {
		return
	}
	l.Settled = true // by the distributor itself
	t.dropLeg(why)
	if t.c.State == StateOffered || t.c.State == StateConnecting {
		t.note(EntryCallMissed, fields{"agent": o.Agent, "why": why})
		t.move(OnMissed)
	}
}

// dropLeg hangs a leg up and forgets it at once: if its channel should answer
// in the same moment it is a stranger and hung up again.
func (t *turn) dropLeg(why OfferFailure) {
	l := t.c.Leg
	t.disarm(TimerRing)
	t.do(effect{Kind: fxHangup, Channel: l.Channel, Cause: CauseGone})
	l.Why = why
	t.leg(LegOnHang)
	t.leg(LegOnGone)
	t.settle()
}

// transfer rings an outside number, if the gate lets it.
func (t *turn) transfer(a Action) (FlowInput, bool) {
	endpoint, err := t.gate.Destination(t.c.PBX, a.Destination)
	if err != nil {
		result := "failed"
		if k := fault.KindOf(err); k == fault.Denied || k == fault.Invalid {
			result = "denied"
		}
		t.note(EntryCallTransfer, fields{"destination": MaskNumber(a.Destination), "result": result, "error": errText(err)})
		return FlowInput{Kind: FlowTransferred, Result: result}, true
	}
	t.move(OnTransfer)
	ring := a.Timeout
	if ring <= 0 {
		ring = t.limits.Ring
	}
	t.c.Leg = &AgentLeg{State: LegDialing, Channel: t.id("t"), External: a.Destination, DialedAt: t.ms()}
	t.note(EntryCallTransfer, fields{"destination": MaskNumber(a.Destination), "result": "dialling"})
	t.dial(effect{Kind: fxOriginate, Origination: Origination{
		Channel: t.c.Leg.Channel, Endpoint: endpoint, Args: []string{"transfer", t.c.Call},
		Caller: CleanParty(t.c.Caller), Timeout: ring, Originator: t.c.Channel, Language: t.c.Language,
	}})
	return FlowInput{}, false
}
