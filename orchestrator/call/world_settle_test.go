package call

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// quiet lets everything happen that is on its way, without time going by.
func (w *world) quiet() {
	for range 10_000 {
		w.deliver()
		w.notice()
		busy := w.decide()
		if !w.silent || !w.me.pbx.again { // one try is enough to know that it does not answer
			busy = w.run(&w.me.pbx, carriedOut, 0) || busy
		}
		busy = w.run(&w.me.dsk, carriedOut, 0) || busy
		if !busy && len(w.wire) == 0 && len(w.notices) == 0 && len(w.me.box) == 0 {
			return
		}
	}
	w.brokenf("the call never rests: %v", w.me.c.Todo)
}

// settle lets time go by without disturbance: what is on its way happens at once.
func (w *world) settle(d time.Duration) {
	w.quiet()
	for end := w.now.Add(d); w.now.Before(end); w.quiet() {
		if w.me.c.State == StateEnded && w.pbx.next().IsZero() && w.desk.next().IsZero() {
			w.now = end
		}
		at := end
		if _, t, ok := w.me.c.Timers.Deadline(); ok && w.me.c.AwaySince == 0 && t.Before(at) {
			at = later(t, w.now.Add(time.Millisecond))
		}
		for _, t := range []time.Time{w.pbx.next(), w.desk.next()} {
			if !t.IsZero() && t.Before(at) {
				at = t
			}
		}
		w.listen(at.Sub(w.now))
		w.pass(max(0, at.Sub(w.now)))
	}
}

// silenceMost is how long a customer may hear nothing once nothing is wrong any
// more: a leg that was not told of is given up after two limits, and asked
// after a playback once in playCheck.
const silenceMost = 30 * time.Second

// listen counts how long the customer hears nothing.
func (w *world) listen(d time.Duration) {
	if w.pbx.hears() != "" || w.me.c.State == StateEnded || w.silent {
		w.unheard = 0
		return
	}
	if w.unheard += d; w.unheard > silenceMost {
		w.brokenf("the customer hears nothing for %v in state %q (visit %+v, timers %v)", w.unheard, w.me.c.State, w.me.c.Visit, w.me.c.Timers)
		w.unheard = 0
	}
}

// watch checks what must hold at any moment.
func (w *world) watch() {
	c := &w.me.c
	if _, _, due := c.Timers.Deadline(); c.State != StateEnded && !due && len(c.Todo) == 0 && c.AwaySince == 0 {
		w.brokenf("a call in state %q waits for nothing", c.State)
	}
	far := c.Far()
	switch c.State {
	case StateWaiting, StateOffered:
		if c.Visit == nil || c.Visit.State != VisitIn {
			w.brokenf("state %q without a visit: %+v", c.State, c.Visit)
		}
	case StateTalking:
		w.watchGuests()
		if far == nil || far.Role == RoleAgent && c.Visit.State != VisitServed {
			w.brokenf("talking with %+v in visit %+v", far, c.Visit)
		}
	}
	if (c.State == StateOffered || c.State == StateConnecting || c.State == StateTransferring) && far == nil {
		w.brokenf("state %q with no other leg", c.State)
	}
	if c.State == StateOffered && far.State == LegJoined {
		w.brokenf("offered to an agent who is joined")
	}
}

// watchGuests checks what must hold of guests at any moment.
func (w *world) watchGuests() {
	c := &w.me.c
	k := c.Consult
	if k == nil {
		return
	}
	l := c.leg(k.Channel)
	if (l == nil) != (k.State == ConsultAsked || k.State == ConsultWaiting) {
		w.brokenf("a consultation in state %q with the leg %+v", k.State, l)
	}
	if k.answered() && (l == nil || c.Customer().Held != (k.State == ConsultPrivate) || l.Held != (k.State == ConsultAside)) {
		w.brokenf("consultation %q: customer held %v, guest %+v", k.State, c.Customer().Held, l)
	}
}

// overhears checks that a customer is not in the room with what is not for them,
// and stays there.
func (w *world) overhears(room map[string]bool) {
	c := &w.me.c
	for _, l := range c.rung() {
		if room[l.Channel] {
			w.brokenf("%s is in the room, and another has the call: %+v", l.Channel, c.Legs)
		}
	}
	if !room[customerChannel] || w.excused || w.isLate || c.State != StateTalking ||
		slices.ContainsFunc(c.Todo, func(t Todo) bool { p, parts := t.Command.(Part); return parts && p.Channel == customerChannel }) {
		return
	}
	switch k := c.Consult; {
	case k != nil && k.State == ConsultPrivate && room[k.Channel]:
		w.brokenf("the customer hears the agent ask %s: %v", k.Channel, c.Todo)
	case c.Errand != nil:
		w.brokenf("the agent hears the customer in a flow: %v", c.Todo)
	case c.Customer().Held:
		w.brokenf("a customer on hold is in the room: %v", c.Todo)
	}
}

// enters checks that a place is always asked for with the start of the first wait.
func (w *world) enters(q orchestrator.Waiting) {
	at, before := w.entered[q.Visit]
	if before && at != q.Entered.UnixMilli() && !w.lostDoc {
		w.brokenf("visit %d enters at %v, before at %v", q.Visit, q.Entered, time.UnixMilli(at))
	}
	w.entered[q.Visit] = q.Entered.UnixMilli()
}

// blames checks that an agent did what the distributor is told.
func (w *world) blames(f FailOffer) {
	if (f.Why == orchestrator.OfferNoAnswer || f.Why == orchestrator.OfferRejected) && !w.guilty[f.Offer.ID] && !w.lostDoc { // a store that went back knows of no conversation
		w.brokenf("%s is blamed for %q", f.Offer.Agent, f.Why)
	}
	if f.Why == "" {
		w.brokenf("the distributor is not told why the offer to %s came to nothing", f.Offer.Agent)
	}
}

// dials checks that no phone rings while another one of the call does that nobody is told to hang up.
func (w *world) dials(channel string) {
	supervises := func(id string) bool { return strings.Contains(id, "-s") }
	for _, other := range w.pbx.phones() {
		if supervises(channel) || supervises(other.id) {
			continue // several may, beside all others
		}
		hung := slices.ContainsFunc(w.me.c.Todo, func(t Todo) bool {
			h, ok := t.Command.(Hangup)
			return ok && h.Channel == other.id
		})
		if l := w.me.c.leg(other.id); l != nil && l.was() {
			continue // who talks may ask somebody
		}
		if other.line || w.together(channel, other.id) {
			continue
		}
		if other.id != channel && channel != w.customer && !hung && !other.stray && !w.excused {
			w.brokenf("%s is dialled while %s is alive", channel, other.id)
		}
	}
}

// together tells whether two phones may ring for the call at the same time.
func (w *world) together(a, b string) bool {
	l, m := w.me.c.leg(a), w.me.c.leg(b)
	return l != nil && m != nil && l.Offer != nil && m.Offer != nil && l.Offer.All && m.Offer.All && l.Offer.Visit == m.Offer.Visit && !m.was()
}

// sweep does what the sweeper of orchestrator/engine does.
func (w *world) sweep() {
	if len(w.stored) == 0 {
		return
	}
	heal := func(what string) { w.healed = append(w.healed, what) }
	last := w.stored[len(w.stored)-1]
	c := &w.me.c
	if c.State == StateEnded && !last.ended {
		heal("ended call")
		d := Decision{Call: *c, Dirty: true}
		d.Entries = []orchestrator.Entry{{Type: orchestrator.EntryCallEnded}}
		w.commit(d)
	}
	if c.State != StateEnded && (last.rev < c.Rev || w.forgotten()) {
		heal("call")
		w.post(Input{Kind: InLost})
	}
	if c.State == StateEnded {
		for _, id := range slices.Sorted(maps.Keys(w.desk.offers)) {
			heal("offer")
			delete(w.desk.offers, id)
		}
		if w.desk.place != nil {
			heal("waiting")
			w.desk.leave()
		}
		for _, ch := range w.pbx.dialledOnes() {
			if ch.line {
				continue
			}
			heal("channel")
			w.pbx.end(ch.id, orchestrator.CauseNormal)
		}
		for _, b := range slices.Sorted(maps.Keys(w.pbx.bridges)) {
			heal("bridge")
			w.pbx.endRecordings(b)
			delete(w.pbx.bridges, b)
		}
		return
	}
	for _, l := range c.Legs {
		if l.State != LegEnded && l.State != LegPlanned && w.pbx.channels[l.Channel] == nil {
			heal("leg")
			w.post(Input{Kind: InCompare, Truth: w.pbx.truth(false, false)})
			return
		}
	}
	truth := w.pbx.truth(false, false)
	if c.Place().Wrong(truth.Bridges) {
		heal("room")
		w.post(Input{Kind: InCompare, Truth: truth})
	}
}

// forgotten tells whether the distributor does not hold the place that the call
// has, or the agent who talks. A call that announces its position finds out by
// itself that it has none.
func (w *world) forgotten() bool {
	v, place := w.me.c.Visit, w.desk.place
	for _, l := range w.me.c.Legs {
		if w.me.c.State == StateTalking && l.Offer != nil && l.was() && !w.desk.offers[l.Offer.ID].answered {
			return true
		}
	}
	switch k := w.me.c.Consult; {
	case k != nil && k.State == ConsultWaiting:
		return place == nil || place.visit != k.Visit.N
	case w.me.c.State != StateWaiting && w.me.c.State != StateOffered:
		return false
	case place == nil:
		_, asks := w.me.c.Timers[TimerAnnounce]
		return !asks
	default:
		return place.visit != v.N
	}
}

// What people do.

func (w *world) callerHangsUp() {
	if w.me.c.Absent() {
		w.post(Input{Kind: InWish, Wish: Wish{Do: WishRevoke, By: "caller"}})
	}
	w.pbx.end(w.customer, orchestrator.CauseNormal)
}

func (w *world) presses(key string) {
	if w.pbx.channels[w.customer] != nil {
		w.pbx.emit(orchestrator.Event{Kind: orchestrator.EventDigit, Channel: w.customer, Digit: key})
	}
}

// offer lets one agent become free.
func (w *world) offer() {
	w.desk.free++
	w.desk.match()
}

func (w *world) agentAnswers() {
	for _, ch := range w.pbx.phones() {
		w.pbx.phoneAnswers(ch)
	}
}

// customerAnswers lets the customer whom an agent calls pick up.
func (w *world) customerAnswers() {
	if ch := w.pbx.channels[w.customer]; ch != nil {
		w.pbx.phoneAnswers(ch)
	}
}

func (w *world) agentHangsUp(cause orchestrator.Cause) {
	for _, ch := range w.pbx.phones() {
		w.pbx.phoneEnds(ch, cause)
	}
}

func (w *world) endPlays() {
	for _, id := range slices.Sorted(maps.Keys(w.pbx.plays)) {
		w.pbx.endPlay(id)
	}
}

func (w *world) count(typ orchestrator.EntryType) (n int) {
	for _, e := range w.entries {
		if e.Type == typ {
			n++
		}
	}
	return n
}

// checkEnded tells what is wrong with a call that should be over.
func (w *world) checkEnded(t interface {
	Helper()
	Errorf(string, ...any)
}, outcome orchestrator.Outcome) {
	t.Helper()
	c := &w.me.c
	if c.State != StateEnded || w.count(orchestrator.EntryCallEnded) != 1 {
		t.Errorf("state %q, %d records of the end, todo %v", c.State, w.count(orchestrator.EntryCallEnded), c.Todo)
	}
	if outcome != "" && c.Outcome != outcome {
		t.Errorf("outcome %q, want %q", c.Outcome, outcome)
	}
	left := maps.Clone(w.pbx.channels)
	maps.DeleteFunc(left, func(_ string, ch *toyChannel) bool { return ch.line })
	if len(left) > 0 || len(w.pbx.bridges) > 0 || len(w.pbx.recordings) > 0 {
		t.Errorf("left on the PBX: channels %v, bridges %v, recordings %v", slices.Collect(maps.Keys(left)), w.pbx.bridges, w.pbx.recordings)
	}
	if w.desk.place != nil || len(w.desk.offers) > 0 {
		t.Errorf("left with the distributor: place %+v, offers %v", w.desk.place, w.desk.offers)
	}
	if len(c.Timers) > 0 || len(c.Todo) > 0 {
		t.Errorf("an ended call has timers %v and commands %v", c.Timers, c.Todo)
	}
}

// checkKept reports the promises that were broken.
func (w *world) checkKept(t interface {
	Helper()
	Errorf(string, ...any)
}) {
	t.Helper()
	for _, b := range w.broken {
		t.Errorf("%s", b)
	}
}
