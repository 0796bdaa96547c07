package call

import (
	"cmp"
	"maps"
	"slices"

	"github.com/operadora/operadora/orchestrator"
)

// noteOffered writes down whom the call is offered to, and how that came about.
func (x *change) noteOffered(o orchestrator.Offer, more fields) {
	f := x.brief()
	f["queue"], f["agent"], f["offer"] = o.Queue, o.Agent, o.ID
	some(f, "match", o.Match)
	maps.Copy(f, more)
	x.noteAgent(x.c.legOf(o.ID), orchestrator.EntryCallOffered, f)
}

// brief is what an agent is told of a lead.
func (x *change) brief() fields {
	f := fields{}
	if a := x.c.Attempt; a != nil {
		if len(a.About) > 0 {
			f["about"] = a.About
		}
		some(f, "script", a.Script)
	}
	return f
}

// told handles the offer that an answer brings. It may have been taken back while
// the answer was on the way; then nobody is rung, and what came of the place is
// asked for: it may be offered to another already.
func (x *change) told(o *orchestrator.Offer) {
	withdrawn := x.c.Withdrawn
	if !x.pending(tellsOffers) {
		x.c.Withdrawn = nil
	}
	switch {
	case o == nil:
	case slices.Contains(withdrawn, o.ID):
		x.dirty = true
		x.askAgain()
		x.askConsult()
	default:
		x.offered(*o)
	}
}

// tellsOffers tells whether a command's answer may bring an offer.
func tellsOffers(c Command) bool {
	switch c.(type) {
	case Enqueue, FailOffer:
		return true
	}
	return false
}

// withdrawnMax is how many offers are remembered that were taken back unheard of.
// The distributor makes one at a time, or one for each of some phones (ring_all), and
// asks a phone for seconds.
const withdrawnMax = 64

// remember notes an offer that was taken back, if an answer that is on the way
// may bring it.
func (x *change) remember(o orchestrator.Offer) {
	if !x.pending(tellsOffers) || slices.Contains(x.c.Withdrawn, o.ID) {
		return
	}
	x.c.Withdrawn = append(x.c.Withdrawn, o.ID)
	x.c.Withdrawn = x.c.Withdrawn[max(0, len(x.c.Withdrawn)-withdrawnMax):]
	x.dirty = true
}

// offered rings the agent whom the distributor matched with this call.
func (x *change) offered(o orchestrator.Offer) {
	if l := x.c.legOf(o.ID); l != nil { // told twice
		x.takeUp(l)
		return
	}
	if x.pending(func(c Command) bool {
		f, fails := c.(FailOffer)
		e, ends := c.(FinishOffer)
		return (fails && f.Offer.ID == o.ID) || (ends && e.Offer.ID == o.ID)
	}) {
		return // told late: its end is under way
	}
	if m := x.c.Move; m != nil && m.Visit.N == o.Visit {
		x.c.Early = append(x.c.Early, o) // the answer to the question for the place may be older
		return
	}
	if x.c.Consult.has(o.Visit) {
		x.consultOffered(o)
		return
	}
	v := x.c.Visit
	if x.c.State == StateOffered && v.N == o.Visit && o.All {
		x.c.Offers++
		x.ringBeside(o)
		return
	}
	if x.c.State != StateWaiting || v.N != o.Visit {
		if !v.waits() || v.N != o.Visit {
			x.do(FailOffer{Offer: o, Why: orchestrator.OfferCancelled})
		} else if v.State == VisitAsked {
			x.c.Early = append(x.c.Early, o) // the answer to the question for the place may be older
		}
		return // the call is about to tell the distributor where it stands
	}
	x.move(OnOffered)
	x.c.Offers++
	v.Deserted = false
	if x.c.Absent() && x.c.Promise.Plan.CustomerFirst {
		x.customerFirst(o)
		return
	}
	x.ringFor(o)
}

// ringFor rings the agent of an offer, or takes the agent's permanent line.
func (x *change) ringFor(o orchestrator.Offer) {
	if line, has := x.lineFor(o); has {
		x.borrow(o, line)
		return
	}
	x.c.Legs = append(x.c.Legs, Leg{Role: RoleAgent, PBX: o.PBX, Channel: x.id("a"), State: LegDialing, Offer: &o, Dialed: x.ms()})
	x.noteOffered(o, nil)
	x.ringAgent(x.originator())
}

// originator is the customer's channel, "" while the customer is not there.
func (x *change) originator() string {
	if x.c.Absent() {
		return ""
	}
	return x.c.Customer().Channel
}

// ringAgent rings the phone of the far leg's agent, if the gate lets it.
func (x *change) ringAgent(originator string) {
	order, err := x.toPhone(x.c.Far(), originator)
	if err != nil {
		x.farGone(orchestrator.CauseRejected)
		return
	}
	x.dial(order)
}

// toPhone is the order to ring the phone of an agent's leg, if the gate lets it.
func (x *change) toPhone(l *Leg, originator string) (orchestrator.Origination, error) {
	o := *l.Offer
	endpoint, err := x.Gate.Phone(phoneOf(o))
	if err != nil {
		x.fault("the agent's phone may not be called", err)
		l.Why = orchestrator.OfferError
		return orchestrator.Origination{}, err
	}
	return orchestrator.Origination{
		Channel: l.Channel, Endpoint: endpoint, Args: []string{"agent", x.c.Call},
		Caller: x.shownToAgent(o), Timeout: o.Ring, AutoAnswer: o.AutoAnswer,
		Originator: originator, Language: o.Language,
	}, nil
}

// phoneOf is the phone of the agent of an offer.
func phoneOf(o orchestrator.Offer) orchestrator.PhoneAt {
	return orchestrator.PhoneAt{PBX: o.PBX, Endpoint: o.Endpoint, At: o.PhonePBX}
}

// dial rings the far leg, with the room made meanwhile.
func (x *change) dial(o orchestrator.Origination) {
	x.arm(TimerRing, o.Timeout+ringGrace)
	x.do(Dial{Order: o, Outside: x.c.Far().capped()})
	r := x.room()
	x.c.Far().Room = r.N
	x.do(MakeRoom{Bridge: bridge(x.c.Call, r.N)}) // also for a second try: one that exists already does no harm
}

// withdrawn drops a leg whose offer the distributor took back.
func (x *change) withdrawn(o orchestrator.Offer, why orchestrator.OfferFailure) {
	far := x.c.legOf(o.ID)
	if far == nil {
		x.c.Early = slices.DeleteFunc(x.c.Early, func(early orchestrator.Offer) bool { return early.ID == o.ID })
		x.remember(o)
		return
	}
	if far.was() {
		x.takeUp(far)
		return
	}
	if guestRoles[far.Role] {
		x.guestWithdrawn(far, why)
		return
	}
	x.noteAgent(far, orchestrator.EntryCallMissed, fields{"agent": o.Agent, "why": why})
	if far.Role == RoleRung {
		x.hangLeg(far, orchestrator.CauseGone)
		x.forgetRung(far)
		return
	}
	if x.c.Promise != nil && (x.c.State == StateDialing || x.c.State == StateFailing) { // the agent was held, and no more
		x.setBack(cmp.Or(x.c.Outcome, orchestrator.OutcomeCancelled))
		return
	}
	connecting := x.c.State == StateConnecting
	x.hangFar(orchestrator.CauseGone)
	x.forgetFar()
	if x.nextRung() {
		return
	}
	if x.c.State == StateClearing {
		x.do(Leave{Visit: o.Visit, Why: x.goneWhy()}) // the end of the offer was to do it
	}
	if x.c.State == StateOffered || x.c.State == StateSummoning || connecting {
		x.backToQueue(connecting || x.c.Promise != nil) // whose customer may be there
	}
}
