package call

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Consult is whom the agent asks beside the customer, who hears music meanwhile.
// The agent then goes (the other takes the customer), calls it off, changes
// between the two, or brings all together: then it is over, and the other a
// member of the conference.
type Consult struct {
	To      orchestrator.Target `json:"to"`
	By      string              `json:"by"`
	State   ConsultState        `json:"state"`
	Visit   *Visit              `json:"visit,omitempty"`   // of an agent or a queue: a stay of its own, so that nobody is rung twice
	Channel string              `json:"channel,omitempty"` // of the one who is asked, once rung
	Held    bool                `json:"held,omitempty"`    // the customer was on hold before
	Phone   string              `json:"phone,omitempty"`   // the channel whose transfer key was pressed for both of its calls: it goes as soon as they are together
}

// ConsultState is where a consultation stands. The strings are stored.
type ConsultState string

// States of a consultation.
const (
	ConsultAsked   ConsultState = "asked"   // a place was asked for; the conversation goes on
	ConsultWaiting ConsultState = "waiting" // in a queue, no agent in sight
	ConsultRinging ConsultState = "ringing" // the other's phone is rung, or answered and being let in
	ConsultPrivate ConsultState = "private" // the agent talks with the other
	ConsultAside   ConsultState = "aside"   // the agent talks with the customer, and the other hears music
	ConsultOver    ConsultState = "over"
)

// ConsultTrigger is what moves a consultation.
type ConsultTrigger string

// Triggers of a consultation.
const (
	ConsultOnPlaced ConsultTrigger = "placed" // the queue has taken it
	ConsultOnRung   ConsultTrigger = "rung"   // a phone is rung
	ConsultOnMissed ConsultTrigger = "missed" // which came to nothing; the next one's is
	ConsultOnJoined ConsultTrigger = "joined" // both are in the room
	ConsultOnSwap   ConsultTrigger = "swap"
	ConsultOnOver   ConsultTrigger = "over"
)

var consultTable = Table[ConsultState, ConsultTrigger]{
	ConsultAsked:   {ConsultOnPlaced: ConsultWaiting, ConsultOnRung: ConsultRinging, ConsultOnOver: ConsultOver},
	ConsultWaiting: {ConsultOnRung: ConsultRinging, ConsultOnOver: ConsultOver},
	ConsultRinging: {ConsultOnMissed: ConsultWaiting, ConsultOnJoined: ConsultPrivate, ConsultOnOver: ConsultOver},
	ConsultPrivate: {ConsultOnSwap: ConsultAside, ConsultOnOver: ConsultOver},
	ConsultAside:   {ConsultOnSwap: ConsultPrivate, ConsultOnOver: ConsultOver},
	ConsultOver:    {},
}

// consultWait is how long a consultation may wait for an agent when the queue
// does not say.
const consultWait = 2 * time.Minute

// waits tells whether the distributor holds, or may hold, a place for the consultation.
func (k *Consult) waits() bool { return k != nil && k.Visit.waits() }

// has tells whether a stay in a queue is the consultation's.
func (k *Consult) has(visit int) bool { return k != nil && k.Visit != nil && k.Visit.N == visit }

// answered tells whether the other talks, or has talked, with the agent.
func (k *Consult) answered() bool {
	return k != nil && (k.State == ConsultPrivate || k.State == ConsultAside)
}

// consulting moves the consultation; false when the trigger is refused.
func (x *change) consulting(tr ConsultTrigger) bool {
	k := x.c.Consult
	if k == nil {
		x.refuse("no consultation", string(tr))
		return false
	}
	to, err := consultTable.Next(k.State, tr)
	if err != nil {
		x.refuse("consultation "+string(k.State), string(tr))
		return false
	}
	k.State = to
	x.dirty = true
	if to == ConsultOver {
		x.c.Consult = nil
		x.disarm(TimerConsult)
		x.boundGuests()
	}
	return true
}

// noteConsult writes on the timeline what became of asking somebody. l is the
// other's leg, nil while there is none.
func (x *change) noteConsult(l *Leg, result, by string) { x.tellConsult(l, result, by, nil) }

// tellConsult does so, with why it could not be.
func (x *change) tellConsult(l *Leg, result, by string, err error) {
	f := fields{"result": result}
	if err != nil {
		f["error"] = errText(err)
	}
	if k := x.c.Consult; k != nil {
		f["destination"], f["kind"], f["by"] = k.To.Masked().Name, k.To.Kind, k.By
	}
	some(f, "by", by)
	switch {
	case l == nil:
	case l.Person() != "":
		f["guest"] = l.Person()
	default:
		f["guest"] = orchestrator.MaskNumber(l.Number)
	}
	x.note(orchestrator.EntryCallConsult, f)
}

// mayConsult tells why nobody can be asked now, nil when somebody can.
func (x *change) mayConsult() error {
	switch {
	case x.c.Far().Person() == "":
		return fault.New(op, fault.Conflict, "no agent talks in this call")
	case x.c.Errand != nil:
		return errErrand
	case x.c.Consult != nil:
		return fault.New(op, fault.Conflict, "a consultation is under way")
	case x.c.Move != nil:
		return errMoving
	case len(x.c.Guests()) >= guestsMost:
		return fault.New(op, fault.Conflict, "%d are in the call already", guestsMost+2)
	}
	return nil
}

// consult asks somebody beside the customer.
func (x *change) consult(to orchestrator.Target, by string) error {
	if err := x.mayConsult(); err != nil {
		return err
	}
	switch to.Kind {
	case orchestrator.TargetAgent, orchestrator.TargetQueue:
		return x.consultInside(to, by)
	case orchestrator.TargetNumber:
		return x.consultOutside(to, by)
	case orchestrator.TargetFlow:
	}
	return fault.New(op, fault.Invalid, "to.kind: %q is none of agent, queue and number", to.Kind)
}

// consultInside asks for a place in a queue, beside the conversation.
func (x *change) consultInside(to orchestrator.Target, by string) error {
	queue, err := x.queueOf(to)
	if err != nil {
		return err
	}
	if to.Kind == orchestrator.TargetAgent {
		for i := range x.c.Legs {
			if x.c.Legs[i].Person() == to.Name {
				return fault.New(op, fault.Conflict, "agent %q is in the call already", to.Name)
			}
		}
	}
	v := x.further(queue)
	x.c.Consult = &Consult{To: to, By: by, State: ConsultAsked, Visit: &v, Held: x.c.Customer().Held}
	x.do(Enqueue{Waiting: x.waiting(&v)})
	x.noteConsult(nil, "asked", "")
	return nil
}

// consultOutside rings an outside number, if the gate lets it.
func (x *change) consultOutside(to orchestrator.Target, by string) error {
	way, err := x.outside(to.Name) // the customer may be put through later
	if err != nil {
		x.note(orchestrator.EntryCallConsult, fields{"destination": to.Masked().Name, "kind": to.Kind, "result": "denied", "by": by, "error": errText(err)})
		return err
	}
	x.consultNumber(&Consult{To: to, By: by}, "dialling")
	x.ringGuest(Leg{Number: to.Name, MostMS: way.Most.Milliseconds()}, orchestrator.Origination{Endpoint: way.Endpoint, Args: []string{"transfer", x.c.Call},
		Timeout: x.Limits.Ring, Language: x.c.Language})
	return nil
}

// consultNumber begins a consultation that no queue has a part in.
func (x *change) consultNumber(k *Consult, result string) {
	k.State, k.Held = ConsultAsked, x.c.Customer().Held
	x.c.Consult = k
	x.consulting(ConsultOnRung)
	x.noteConsult(nil, result, "")
	x.withMusic()
}

// attended brings the one with whom the agent's phone talks on another line
// together with the customer. The agent has asked already, and goes.
func (x *change) attended(e orchestrator.Event, to orchestrator.Target, known bool, by string) error {
	if err := x.mayConsult(); err != nil {
		return err
	}
	var way orchestrator.Passage
	if !known {
		var err error
		if way, err = x.outside(to.Name); err != nil {
			return err
		}
	}
	x.consultNumber(&Consult{To: to, By: by, Phone: e.Channel}, "asked before")
	l := Leg{Number: to.Name, Inside: true, MostMS: way.Most.Milliseconds()}
	if to.Kind == orchestrator.TargetAgent {
		l.Owner = to.Name
	}
	x.ringGuest(l, orchestrator.Origination{Endpoint: e.Peer, Args: []string{"transfer", x.c.Call},
		Timeout: max(x.Limits.Command.Truncate(time.Second), time.Second), Language: x.c.Language})
	return nil
}

// ringGuest rings the phone of the one who is asked. Whoever is of the house sees the
// customer's number.
func (x *change) ringGuest(l Leg, o orchestrator.Origination) {
	l.Role, l.PBX, l.State, l.Dialed = RoleConsult, x.c.PBX, LegDialing, x.ms()
	l.Channel, l.Room = x.id("c"), x.c.Far().Room
	x.c.Consult.Channel = l.Channel
	x.c.Legs = append(x.c.Legs, l)
	o.Channel, o.Caller, o.Originator = l.Channel, x.shownToGuest(&l), x.c.Customer().Channel
	x.arm(TimerConsult, o.Timeout+ringGrace)
	x.do(Dial{Order: o, Outside: l.capped()})
}

func (x *change) shownToGuest(l *Leg) orchestrator.Party {
	if l.Number != "" && !l.Inside {
		return x.shownOutside()
	}
	return x.shownInside()
}

// consultPlaced handles the queue's word on the place of a consultation.
func (x *change) consultPlaced(p orchestrator.Placement) {
	k := x.c.Consult
	switch p.Result {
	case orchestrator.PlacedWaiting, orchestrator.PlacedOffered:
		if k.State == ConsultAsked {
			k.Visit.Plan, k.Visit.State = p.Plan, VisitIn
			x.consulting(ConsultOnPlaced)
			x.noteConsult(nil, "waiting", "")
			x.withMusic()
			x.consultPatience()
		}
		x.told(p.Offer)
	case orchestrator.PlacedOut:
		if k.State == ConsultWaiting {
			x.askConsult()
		}
	default:
		x.consultTurned(string(p.Result))
	}
}

// consultTurned ends a consultation whose queue does not take it.
func (x *change) consultTurned(result string) {
	if k := x.c.Consult; k.State == ConsultAsked || k.State == ConsultWaiting {
		err := turnedAway(k.To, result)
		x.turn(k.Visit.N, err)
		x.consultOver(nil, result, err)
	}
}

// consultPatience bounds the wait for an agent, from the time it was asked for.
func (x *change) consultPatience() {
	limit := consultWait
	if most := x.c.Consult.Visit.Plan.MaxWait; most > 0 {
		limit = most
	}
	left := time.UnixMilli(x.c.Consult.Visit.began()).Add(limit).Sub(x.now)
	x.arm(TimerConsult, max(left, time.Millisecond))
}

// askConsult asks for the place of a consultation once more, unless that is on the
// list, or whom it was matched with is being let in.
func (x *change) askConsult() {
	k := x.c.Consult
	if !k.waits() || x.c.State != StateTalking {
		return
	}
	if l := x.guest(k.Channel); (l == nil || l.State != LegUp) && !x.pending(is[Enqueue]) {
		x.do(Enqueue{Waiting: x.waiting(k.Visit)})
	}
}

// consultOffered rings the agent whom the distributor matched with the consultation.
func (x *change) consultOffered(o orchestrator.Offer) {
	k := x.c.Consult
	switch {
	case k.State == ConsultAsked:
		x.c.Early = append(x.c.Early, o) // the answer to the question for the place may be older
		return
	case !k.waits() || x.c.State != StateTalking:
		x.do(FailOffer{Offer: o, Why: orchestrator.OfferCancelled})
		return
	case k.State != ConsultWaiting:
		return // the distributor is about to hear where the call stands
	}
	x.consulting(ConsultOnRung)
	if line, has := x.lineFor(o); has {
		x.borrowGuest(o, line)
		return
	}
	endpoint, err := x.Gate.Phone(phoneOf(o))
	x.ringGuest(Leg{Offer: &o}, orchestrator.Origination{Endpoint: endpoint, Args: []string{"agent", x.c.Call},
		Timeout: o.Ring, AutoAnswer: o.AutoAnswer, Language: o.Language})
	l := x.c.leg(k.Channel)
	x.noteConsult(l, "offered", "")
	if err != nil {
		x.fault("the agent's phone may not be called", err)
		l.Why = orchestrator.OfferError
		x.giveUp(dials(l.Channel))
		x.guestGone(l, orchestrator.CauseRejected)
	}
}

// consultJoined handles that the one who is asked is in the room with the agent.
func (x *change) consultJoined(l *Leg) {
	if x.c.Consult == nil || !x.consulting(ConsultOnJoined) {
		return
	}
	x.disarm(TimerConsult)
	if v := x.c.Consult.Visit; v != nil {
		v.State = VisitServed
		l.Visit = v
	}
	x.noteConsult(l, "answered", "")
	x.boundGuests()
	if k := x.c.Consult; k.Phone != "" {
		x.do(AnswerTransfer{Channel: k.Phone, Done: true})
		x.handOverNow()
	}
}

// boundGuests ends the part of outside numbers in the call when it has lasted as
// long as it may.
func (x *change) boundGuests() {
	var first int64
	for _, l := range x.c.Guests() {
		if end := l.Joined + l.MostMS; l.MostMS > 0 && l.was() && (first == 0 || end < first) {
			first = end
		}
	}
	if first > 0 {
		x.arm(TimerConsult, max(msDuration(first-x.ms()), time.Millisecond))
	}
}

// tooLong drops the outside numbers whose part has lasted as long as it may.
func (x *change) tooLong() {
	for _, l := range x.c.Guests() {
		if l.MostMS > 0 && l.was() && l.Joined+l.MostMS <= x.ms() {
			x.noteConsult(&l, "too long", "")
			x.dropGuest(x.c.leg(l.Channel))
		}
	}
	x.boundGuests()
}

// consultGone goes on after the leg of a guest has ended.
func (x *change) consultGone(l *Leg) {
	k := x.c.Consult
	switch {
	case k == nil || k.Channel != l.Channel: // a member of the conference
		x.noteConsult(l, "left", "")
	case l.was():
		x.endConsult(l, "ended")
	case k.Visit != nil && orchestrator.OwnerOfQueue(k.Visit.Queue) == "":
		x.noteConsult(l, string(l.Why), "")
		k.Channel = ""
		x.consulting(ConsultOnMissed) // what came of the offer brings the next one
		x.consultPatience()
	case l.Denied:
		x.endConsult(l, "denied")
	default:
		x.endConsult(l, string(l.Why))
	}
}

// consultDue ends a consultation that has waited or rung for long enough.
func (x *change) consultDue() {
	k := x.c.Consult
	if k == nil || k.answered() {
		x.tooLong()
		return
	}
	l := x.guest(k.Channel)
	switch {
	case l == nil:
		x.endConsult(nil, "timeout")
		return
	case l.Why != "":
	case l.State == LegUp || x.pending(dials(l.Channel)):
		l.Why = orchestrator.OfferError // it has not even rung, or was not let in
	default:
		l.Why = orchestrator.OfferNoAnswer
	}
	x.dropGuest(l)
}

// cancelConsult ends a consultation and whoever it has rung.
func (x *change) cancelConsult(result string) {
	k := x.c.Consult
	l := x.guest(k.Channel)
	if l == nil {
		x.endConsult(nil, result)
		return
	}
	x.hangLeg(l, orchestrator.CauseNormal)
	if l.was() {
		l.TalkMS += max(0, x.happened()-l.Joined)
		x.speaks(l, orchestrator.RecordingLeft)
	}
	gone := *l
	if !gone.was() {
		gone.Why = orchestrator.OfferCancelled
		if k.Visit != nil {
			k.Visit.State = VisitOver // the end of the offer takes it out of the queue
		}
	}
	x.settleLeg(&gone)
	x.forgetLeg(gone.Channel)
	x.endConsult(&gone, result)
}

// cancelledConsult is the result of a consultation that was called off.
const cancelledConsult = "cancelled"

// endConsult brings the customer back to the agent, who hears a tone when nobody
// could be asked: until then only music was to be heard of the customer. One who
// was on hold before stays so, for the agent need not be ready. l is the leg of
// who was asked.
func (x *change) endConsult(l *Leg, result string) { x.consultOver(l, result, nil) }

// consultOver does so; err is why nobody could be asked.
func (x *change) consultOver(l *Leg, result string, err error) {
	k := *x.c.Consult
	x.tellConsult(l, result, "", err)
	if k.Phone != "" {
		x.refuseTransfer(k.Phone)
	}
	x.leaveConsult(result)
	x.consulting(ConsultOnOver)
	failed := !k.answered() && result != cancelledConsult
	if far := x.c.Far(); failed && far.Keyed {
		x.beep(far.Channel, orchestrator.ToneNo)
	}
	if !failed || !k.Held {
		x.bringBack()
	}
}

// leaveConsult gives the place of the consultation up.
func (x *change) leaveConsult(why string) {
	if k := x.c.Consult; k.waits() {
		x.do(Leave{Visit: k.Visit.N, Why: why})
		k.Visit.State = VisitOver
	}
}

// withConsult carries out what can be wanted of a consultation only.
func (x *change) withConsult(w Wish) error {
	k := x.c.Consult
	switch {
	case w.Do == WishComplete && (k != nil || x.successor() != nil):
		return x.complete(w.By)
	case k == nil:
		return fault.New(op, fault.Conflict, "nobody is being asked beside the customer")
	case w.Do == WishCancel:
		k.By = w.By
		x.cancelConsult(cancelledConsult)
		return nil
	case !k.answered():
		return fault.New(op, fault.Conflict, "whom the agent asks has not answered")
	case w.Do == WishSwap:
		return x.swapWith(w)
	default:
		x.conference(w.By)
	}
	return nil
}

// swapWith changes between the two, unless the agent talks with the one already who
// is meant.
func (x *change) swapWith(w Wish) error {
	at := SideOther
	if x.c.Consult.State == ConsultAside {
		at = SideCustomer
	}
	switch w.With {
	case "", SideCustomer, SideOther:
	default:
		return fault.New(op, fault.Invalid, "with: %q is none of customer and other", w.With)
	}
	if w.With == at {
		return fault.New(op, fault.Conflict, "the agent talks with the %s already", at)
	}
	x.swap(w.By)
	return nil
}

// swap changes between the customer and the one who is asked.
func (x *change) swap(by string) {
	l := x.guest(x.c.Consult.Channel)
	x.consulting(ConsultOnSwap)
	if x.c.Consult.State == ConsultAside {
		l.Held = true
		if l.State == LegJoined {
			x.leg(l, LegOnPart)
		}
		x.setAside(l)
		x.bringBack()
	} else {
		x.withMusic()
		x.seat(l)
	}
	x.noteConsult(l, "swapped", by)
}

// seat brings a guest back who heard music.
func (x *change) seat(l *Leg) {
	if l.Held {
		l.Held = false
		x.giveUp(aside(l.Channel))
		x.do(Unhold{Channel: l.Channel})
		x.admit(l, nil)
	}
}

// conference brings all together.
func (x *change) conference(by string) {
	l := x.guest(x.c.Consult.Channel)
	x.noteConsult(l, "conference", by)
	x.seat(l)
	x.consulting(ConsultOnOver)
	x.bringBack()
}
