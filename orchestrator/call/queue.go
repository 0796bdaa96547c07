package call

import (
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// enqueue begins a visit. A call that was in a queue before and has not been
// served keeps the start of its first wait; what was lost for it before counts
// as waited.
func (x *change) enqueue(a orchestrator.Action) {
	if x.c.Errand != nil {
		x.enqueueErrand(a)
		return
	}
	if x.c.State == StateWaiting || x.c.State == StateOffered {
		x.unqueue("moved")
	}
	x.leaveQueue("moved")
	x.c.Awaits, x.c.Home = orchestrator.FlowQueued, nil // the flow says where to go from here
	v := x.flowVisit(a)
	x.c.Visit = &v
	x.regain(x.c.Visit)
	if x.servedBy() > 0 { // be there a place or not
		x.armMost()
	}
	x.askPlace()
}

// flowVisit is the visit that a flow asks for. Whom an agent has sent into it does not wait
// behind those who came later, and asks for what was asked for before.
func (x *change) flowVisit(a orchestrator.Action) Visit {
	v := Visit{N: x.next(), State: VisitAsked, Queue: a.Queue, Priority: a.Priority, Sought: a.Sought,
		Entered: x.ms(), MaxWait: a.MaxWait.Milliseconds(), Asked: x.ms()}
	switch {
	case x.c.QueuedAt == 0:
		v.Entered = min(v.Entered, max(v.Entered-x.c.LateMS, x.c.StartedAt)) // the PBX's clock may be ahead
	case x.c.ConnectedAt == 0:
		v.Entered = x.c.QueuedAt
	case x.c.Handed != nil:
		v.Entered, v.From = min(v.Entered, x.c.QueuedAt), x.ms()
	}
	v.asBefore(x.c.Handed)
	if x.unserved() && x.c.Attempt.Flow == "" {
		v.Sought.About = x.c.Attempt.About
	}
	return v
}

// askPlace asks the distributor for the present visit's place, or for it again.
func (x *change) askPlace() { x.do(Enqueue{Waiting: x.waiting(x.c.Visit)}) }

// waiting is what the distributor is told of a visit.
func (x *change) waiting(v *Visit) orchestrator.Waiting {
	of := ""
	if orchestrator.OwnerOfQueue(v.Queue) != "" {
		of = x.c.Queue
	}
	w := orchestrator.Waiting{Of: of,
		Call: x.c.Call, Visit: v.N, PBX: x.c.PBX, Queue: v.Queue, Caller: x.c.Caller, Language: x.c.Language,
		Priority: v.Priority, Sought: v.Sought, Entered: time.UnixMilli(v.Entered), Instead: v.Instead,
	}
	if x.c.ConnectedAt == 0 {
		w.Kept = x.c.Kept
	}
	if orchestrator.OwnerOfQueue(v.Queue) != "" { // somebody has chosen the agent
		w.Sought.Needs, w.Sought.Prefer, w.Sought.Patience = "", "", 0
	}
	switch {
	case v.Since > 0:
		w.Since = time.UnixMilli(v.Since)
	case v.State == VisitIn && v.Asked > 0: // the store may have forgotten that it is in
		w.Since = time.UnixMilli(v.Asked)
	}
	if x.c.Absent() {
		w.Work = orchestrator.WorkCallback
	}
	w.One = x.c.Consult.has(v.N) || x.c.Absent() && x.c.Promise.Plan.CustomerFirst // nobody is rung there before, or others beside
	return w
}

// leaveQueue gives up the place of the present visit, if there is one.
func (x *change) leaveQueue(why string) {
	v := x.c.Visit
	if v == nil || v.State == VisitOver {
		return
	}
	if v.waits() {
		x.do(Leave{Visit: v.N, Why: why})
	}
	x.giveUp(is[AskPlace])
	x.visit(VisitOnLeave)
}

// placed handles the distributor's word on a visit's place.
func (x *change) placed(visit int, p orchestrator.Placement) {
	early := x.early(visit)
	if len(early) > 0 && p.Result == orchestrator.PlacedWaiting { // until that was made
		p.Result, p.Offer = orchestrator.PlacedOffered, &early[0]
	}
	x.hasPlace(visit, p)
	for _, o := range early {
		if p.Result == orchestrator.PlacedOffered && o.All {
			x.offered(o)
		}
	}
}

// early takes the offers of a visit that came before the answer to the question for its place.
func (x *change) early(visit int) (of []orchestrator.Offer) {
	x.c.Early = slices.DeleteFunc(x.c.Early, func(o orchestrator.Offer) bool {
		if o.Visit == visit {
			of = append(of, o)
		}
		return o.Visit == visit
	})
	return of
}

func (x *change) hasPlace(visit int, p orchestrator.Placement) {
	if m := x.c.Move; m != nil && m.Visit.N == visit {
		x.movePlaced(p)
		return
	}
	if x.c.Consult.has(visit) {
		x.consultPlaced(p)
		return
	}
	v := x.c.Visit
	if v == nil || v.N != visit || !v.waits() || x.c.State == StateClearing {
		x.notWanted(visit, p) // the call went on; leaving that queue is under way
		return
	}
	switch p.Result {
	case orchestrator.PlacedWaiting, orchestrator.PlacedOffered:
		x.admitted(p)
	case orchestrator.RefusedClosed, orchestrator.RefusedEmpty, orchestrator.RefusedUnfit, orchestrator.RefusedFull, orchestrator.RefusedLong, orchestrator.RefusedQueue:
		x.notAdmitted(string(p.Result))
	case orchestrator.PlacedOut:
		x.lostPlace()
	}
}

// notWanted gives up the place of a visit, or of a consultation, that was taken
// once more although it is over, or in the hands of an agent.
func (x *change) notWanted(visit int, p orchestrator.Placement) {
	if p.Result != orchestrator.PlacedWaiting && p.Result != orchestrator.PlacedOffered {
		return
	}
	m, k := x.c.Move, x.c.Consult
	switch v := x.c.Visit; {
	case m != nil && m.Visit.N >= visit, k.waits() && k.Visit.N >= visit: // the place may be that one's
	case v != nil && v.N == visit && !v.waits():
		why := string(v.State)
		if x.c.State == StateClearing {
			why = x.goneWhy()
		}
		x.do(Leave{Visit: visit, Why: why})
	case v == nil || v.N < visit:
		x.do(Leave{Visit: visit, Why: string(VisitOver)})
	}
}

// admitted lets the call wait, or dials the agent it was matched with.
func (x *change) admitted(p orchestrator.Placement) {
	v := x.c.Visit
	if v.State == VisitAsked {
		v.Plan = p.Plan
		v.ExpectedMS = p.Expected.Milliseconds()
		x.c.Kept = p.Kept
		if x.c.QueuedAt == 0 {
			x.c.QueuedAt, x.c.ExpectedMS = v.Entered, v.ExpectedMS
		}
		x.visit(VisitOnAdmit)
		x.move(OnQueued)
		x.queued(&p)
		x.armWait()
		x.told(p.Offer) // the phone comes first, then the music
		x.hold()
		return
	}
	x.told(p.Offer)
	x.alone()
}

// queued writes down in which queue the call is, or is served. For the record an
// agent's own is none.
// p is the place that it got there, if that is new.
func (x *change) queued(p *orchestrator.Placement) {
	v := x.c.Visit
	if orchestrator.OwnerOfQueue(v.Queue) == "" {
		x.c.Queue = v.Queue
	}
	f := fields{"queue": v.Queue, "priority": v.Priority}
	s := v.Sought
	if p != nil {
		f["priority"], s.Tier, s.Prefer, s.Patience = p.Priority, p.Tier, p.Prefer, p.Patience
		some(f, "priority_ms", p.Worth.Milliseconds())
		some(f, "known", p.Known)
		some(f, "last_agent", p.Last)
		some(f, "kept_of", p.Kept.Call)
		some(f, "kept_since", p.Kept.Since)
		if len(p.Skills) > 0 {
			f["skills"] = p.Skills
		}
	}
	some(f, "ahead_ms", s.Ahead.Milliseconds())
	some(f, "needs", s.Needs)
	some(f, "tier", s.Tier)
	some(f, "prefer", s.Prefer)
	if s.Prefer != "" {
		some(f, "patience_ms", s.Patience.Milliseconds())
	}
	if p != nil && p.Result == orchestrator.PlacedWaiting {
		f["position"], f["staff"] = p.Position, p.Staff
		if v.ExpectedMS > 0 {
			f["expected_ms"] = v.ExpectedMS
		}
		var widens []int64
		for _, after := range p.Widens {
			widens = append(widens, after.Milliseconds())
		}
		if widens != nil {
			f["widens_ms"] = widens
		}
	}
	x.note(orchestrator.EntryCallQueued, f)
}

// notAdmitted sends a call without a place back to its flow, also one that had
// a place before: its queue may be gone, full or deserted when it asks again.
func (x *change) notAdmitted(result string) {
	if x.c.State == StateConnecting {
		return // an agent has picked up; if it comes to nothing the place is asked for again
	}
	x.note(orchestrator.EntryCallRefused, fields{"queue": x.c.Visit.Queue, "result": result})
	x.c.Visit.Refused = result
	if x.c.Absent() {
		x.over(x.ownOutcome(), "operadora", orchestrator.CauseNormal)
		return
	}
	if x.c.State == StateWaiting || x.c.State == StateOffered {
		x.unqueue(result)
	} else {
		x.leaveQueue(result)
	}
	x.goOn(result)
}

// goOn sends a call on that is in no queue any more, and with nobody: back to
// where it was transferred from, or to its flow.
func (x *change) goOn(result string) {
	if x.comeBack() {
		return
	}
	if x.c.ConnectedAt > 0 { // it may hear the music of a transfer that came to nothing
		x.do(Unhold{Channel: x.c.Customer().Channel})
	}
	x.flowResult(result, "")
}

// queueResult tells whether flows know a result as one of queues.
func queueResult(r string) bool {
	return r == "served" || r == "timeout" || r == "error" || r == "exit" || slices.Contains(orchestrator.Refusals, orchestrator.PlacementResult(r))
}

// flowResult tells the flow what came of the queue or the transfer that it
// waits for, also when a person has sent the call somewhere else meanwhile; key is the one
// by which the customer left, if one was pressed.
func (x *change) flowResult(result, key string) {
	if x.c.Flow == nil && x.unserved() { // a queue that takes nobody in is no agent either
		x.abandon()
		return
	}
	if x.c.Flow == nil { // an agent made the call: nobody else is to be talked with
		x.over(x.ownOutcome(), "operadora", orchestrator.CauseNormal)
		return
	}
	kind := x.c.Awaits
	switch {
	case kind == orchestrator.FlowTransferred && queueResult(result) && result != "served":
		result = "failed"
	case kind != orchestrator.FlowTransferred && !queueResult(result):
		result = "error"
	}
	if kind == "" {
		kind = orchestrator.FlowQueued
	}
	x.flowInput(orchestrator.FlowInput{Kind: kind, Result: result, Digit: key})
}

// lostPlace puts a call back that the distributor does not know (any more)
// although it waits: the store lost its last second.
func (x *change) lostPlace() {
	if x.c.State == StateWaiting && !x.pending(is[Enqueue]) {
		x.fault("the queue had forgotten the call", nil)
		x.askPlace()
	}
}

// armWait arms the timers of the queue: the shorter of the flow's and the
// queue's maximum wait counted from the entry into it, and the first announcement.
func (x *change) armWait() {
	if x.c.Absent() {
		x.armExpiry()
		return
	}
	v := x.c.Visit
	if x.c.Promise != nil && v.From == 0 {
		v.From = x.c.Customer().Up // until then nobody waited on the line
	}
	x.armMost()
	if v.Plan.AnnounceEvery > 0 {
		first := v.Plan.AnnounceFirst
		if first <= 0 {
			first = v.Plan.AnnounceEvery
		}
		x.arm(TimerAnnounce, first)
	}
}

// armMost arms the end of the longest wait.
func (x *change) armMost() {
	v := x.c.Visit
	limit := v.mostWait()
	left := time.UnixMilli(v.timed()).Add(limit).Sub(x.now)
	if end := x.servedBy(); end > 0 {
		if by := time.UnixMilli(end).Sub(x.now); limit == 0 || by < left {
			limit, left = x.c.Attempt.Within, by
		}
	}
	if limit > 0 {
		x.arm(TimerWait, max(left, time.Millisecond))
	}
}

// mostWait is the longest wait, 0 for none.
func (v *Visit) mostWait() time.Duration {
	limit := msDuration(v.MaxWait)
	if v.Plan.MaxWait > 0 && (limit == 0 || v.Plan.MaxWait < limit) {
		limit = v.Plan.MaxWait
	}
	return limit
}

// waitOver handles the maximum wait. A phone that is ringing at that moment may finish.
func (x *change) waitOver() {
	if x.c.State == StateOffered && !x.firm() {
		x.arm(TimerWait, time.Second)
		return
	}
	if end := x.servedBy(); end > 0 && end <= x.ms() && x.c.Visit.waits() {
		x.unqueue("deadline")
		x.abandon()
		return
	}
	switch x.c.State {
	case StatePausing:
		x.over(orchestrator.OutcomeExpired, "operadora", orchestrator.CauseNormal)
	case StateWaiting, StateOffered:
		if x.c.Absent() {
			x.over(orchestrator.OutcomeExpired, "operadora", orchestrator.CauseNormal)
			return
		}
		back := x.c.Visit.Back || orchestrator.OwnerOfQueue(x.c.Visit.Queue) != ""
		x.unqueue("timeout")
		if back {
			x.goOn("timeout")
			return
		}
		x.c.Home = nil
		x.flowResult("timeout", "")
	default:
		x.refuse(string(x.c.State), "wait over")
	}
}

// firm tells whether the wait ends when it is over although a phone is being rung: a
// lead who answered waits for nobody longer than the law lets them; and where one phone
// joins another (ring_all), those that rang by then have had their time.
func (x *change) firm() bool {
	if x.unserved() {
		return true
	}
	v, far := x.c.Visit, x.c.Far()
	return far.Offer.All && v.mostWait() > 0 && x.ms() > v.timed()+(v.mostWait()+far.Offer.Ring).Milliseconds()
}

// deserted lets a caller go whose queue has nobody left, if the queue does so. While a
// phone rings somebody is there.
func (x *change) deserted(queue string) {
	v := x.c.Visit
	if v == nil || !v.waits() || v.Queue != queue || !v.Plan.LeaveWhenEmpty || x.c.Absent() {
		return
	}
	if x.c.State != StateWaiting {
		v.Deserted, x.dirty = true, true
		return
	}
	v.Deserted = false
	x.unqueue(string(orchestrator.RefusedEmpty))
	x.goOn(string(orchestrator.RefusedEmpty))
}

// unqueue takes the call out of its queue and back to its flow.
func (x *change) unqueue(why string) {
	v := x.c.Visit
	if v == nil {
		return
	}
	if v.State == VisitAsked { // not in yet
		x.leaveQueue(why)
		return
	}
	if x.move(OnUnqueued) {
		x.unqueued(why)
	}
}

// unqueued is what follows.
func (x *change) unqueued(why string) {
	v := x.c.Visit
	x.disarm(TimerWait)
	x.disarm(TimerAnnounce)
	wait := x.happened() - v.began()
	if x.c.ConnectedAt == 0 || v.From == 0 {
		x.c.WaitMS = x.happened() - v.Entered
	}
	x.note(orchestrator.EntryCallUnqueued, fields{"queue": v.Queue, "why": why, "wait_ms": wait})
	if x.c.Playing != nil && x.c.Playing.Ref == 0 {
		x.stopPlaying()
	}
	x.dropRung(orchestrator.CauseGone)
	x.dropFar(orchestrator.OfferCancelled)
	x.leaveQueue(why)
	x.giveUp(is[Hold])
	x.do(Unhold{Channel: x.c.Customer().Channel})
	x.closeRooms(true)
}

// backToQueue lets a call wait again whose offer came to nothing. music means
// that its hold music was ended for the conversation.
func (x *change) backToQueue(music bool) {
	if !x.move(OnMissed) {
		return
	}
	x.settleSpared(orchestrator.OfferElsewhere)
	if _, ok := x.c.Timers[TimerWait]; !ok {
		x.armWait()
	}
	if music {
		x.hold()
	}
	x.alone()
}

// alone lets a caller go who was told while a phone rang that nobody is there any more,
// unless the answer to how that ended is on the way: it may bring another agent.
func (x *change) alone() {
	v := x.c.Visit
	if v.Deserted && !x.pending(tellsOffers) {
		x.deserted(v.Queue)
	}
	if v.Ruled && v.State == VisitIn && x.c.State == StateWaiting {
		x.newRules()
	}
}

// newRules asks for the place of a call that waits again: with it comes what holds in its
// queue now. One that is defined no more keeps to what it had.
func (x *change) newRules() {
	v := x.c.Visit
	if v == nil || v.State != VisitIn || orchestrator.OwnerOfQueue(v.Queue) != "" {
		return
	}
	v.Ruled, x.dirty = true, true
	if x.c.State != StateWaiting || x.pending(is[Enqueue]) { // once the phone has rung, or the answer is there
		return
	}
	v.Ruled = false
	if x.People != nil && x.People.Knows(orchestrator.Target{Kind: orchestrator.TargetQueue, Name: v.Queue}) {
		x.askPlace()
	}
}

// ruled puts what a queue's definition says now in force for a call that waits in it.
func (x *change) ruled(visit int, p orchestrator.Placement) {
	v := x.c.Visit
	if v == nil || v.N != visit || v.State != VisitIn || x.c.State != StateWaiting || p.Result != orchestrator.PlacedWaiting && p.Result != orchestrator.PlacedOffered {
		return
	}
	old := v.Plan
	v.Plan, x.dirty = p.Plan, true
	if x.c.Absent() {
		return
	}
	if old.MaxWait != v.Plan.MaxWait {
		x.disarm(TimerWait)
		x.armMost()
	}
	switch {
	case old.AnnounceEvery == v.Plan.AnnounceEvery:
	case v.Plan.AnnounceEvery == 0:
		x.disarm(TimerAnnounce)
	default:
		x.arm(TimerAnnounce, v.Plan.AnnounceEvery)
	}
	if x.musicOf(old) != x.music() {
		x.giveUp(is[Hold])
		x.hold()
	}
}

// outside asks the gate whether the customer may be put through to an outside number.
func (x *change) outside(number string) (orchestrator.Passage, error) {
	return x.Gate.Outside(orchestrator.Outside{PBX: x.c.PBX, Number: number, OffNet: true}, x.now)
}

// transfer rings an outside number, if the gate lets it.
func (x *change) transfer(a orchestrator.Action) (orchestrator.FlowInput, bool) {
	way, err := x.outside(a.Destination)
	if err != nil {
		result := "failed"
		if k := fault.KindOf(err); k == fault.Denied || k == fault.Invalid {
			result = "denied"
		}
		x.note(orchestrator.EntryCallTransfer, fields{
			"destination": orchestrator.MaskNumber(a.Destination), "result": result, "error": errText(err)})
		return orchestrator.FlowInput{Kind: orchestrator.FlowTransferred, Result: result}, true
	}
	if x.c.Errand != nil {
		x.goFrom()
	}
	if !x.move(OnTransfer) {
		return orchestrator.FlowInput{Kind: orchestrator.FlowTransferred, Result: "failed"}, true
	}
	ring := a.Timeout
	if ring <= 0 {
		ring = x.Limits.Ring
	}
	x.c.Awaits = orchestrator.FlowTransferred
	x.note(orchestrator.EntryCallTransfer, fields{"destination": orchestrator.MaskNumber(a.Destination), "result": "dialling"})
	x.ringThird(Leg{Number: a.Destination}, way, ring)
	return orchestrator.FlowInput{}, false
}

// ringThird rings an outside number for the customer.
func (x *change) ringThird(l Leg, way orchestrator.Passage, ring time.Duration) {
	l.Role, l.PBX, l.Channel, l.State = RoleThird, x.c.PBX, x.id("t"), LegDialing
	l.Dialed, l.MostMS = x.ms(), way.Most.Milliseconds()
	x.c.Legs = append(x.c.Legs, l)
	x.hold() // of an agent's transfer
	x.dial(orchestrator.Origination{
		Channel: l.Channel, Endpoint: way.Endpoint, Args: []string{"transfer", x.c.Call},
		Caller: x.shownOutside(), Timeout: ring, Originator: x.c.Customer().Channel, Language: x.c.Language,
	})
}
