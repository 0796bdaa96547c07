package call

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// toyDesk plays the distributor with one call in it. It is kept in the store,
// so it is a value that can be copied.
type toyDesk struct {
	w        *world
	plan     orchestrator.QueuePlan
	tier     int                                     // of the call
	expected time.Duration                           // by who waits
	refuses  map[string]orchestrator.PlacementResult // by queue, "" admits
	busy     bool                                    // the agent who makes the call has another
	free     int                                     // agents who wait for a call
	most     int                                     // phones that ring for a call at the same time; 0 is one
	place    *toyPlace
	offers   map[string]toyOffer
	kept     orchestrator.Kept // the place of an earlier call, for this one
	keeps    bool              // the place of this one, for the next
}

type toyPlace struct {
	queue   string
	of      string
	visit   int
	entered int64
	one     bool   // one phone at a time, whatever most says
	offers  string // standing, unanswered: " o1 o2"
}

// has tells whether an offer is one of those for the place.
func (p *toyPlace) has(id string) bool {
	return p != nil && slices.Contains(strings.Fields(p.offers), id)
}

func (p *toyPlace) lose(id string) {
	p.offers = strings.Join(slices.DeleteFunc(strings.Fields(p.offers), func(o string) bool { return o == id }), " ")
}

type toyOffer struct {
	offer    orchestrator.Offer
	answered bool
	place    toyPlace // as it was
	until    time.Time
}

// offerGrace is how long the distributor waits for the end of an offer after its phone has rung.
const offerGrace = 15 * time.Second

func newToyDesk(w *world) *toyDesk {
	return &toyDesk{w: w, refuses: map[string]orchestrator.PlacementResult{}, offers: map[string]toyOffer{},
		plan: orchestrator.QueuePlan{Record: true, AnnounceEvery: time.Minute, AnnouncePosition: true}}
}

func (d *toyDesk) copy() *toyDesk {
	n := *d
	n.place, n.refuses, n.offers = copied(d.place), maps.Clone(d.refuses), maps.Clone(d.offers)
	return &n
}

func (d *toyDesk) run(c Command) (r Result, err error) {
	switch c := c.(type) {
	case Enqueue:
		r.Placement = d.enqueue(c.Waiting)
	case Leave:
		if d.place != nil && d.place.visit <= c.Visit {
			d.keeps = d.keeps || c.Why == orchestrator.LeftLine
			d.leave()
		}
	case AskPlace:
		if d.place != nil {
			r.Position = 2
		}
	case HoldAgent:
		r.Dialled = d.dial(c.Dialling)
	case FailOffer:
		d.w.blames(c)
		r.Placement = d.fail(c.Offer, c.Why)
	case TakeUp:
		o := d.offers[c.Offer.ID]
		o.offer, o.answered = c.Offer, true
		if d.place != nil && d.place.visit <= c.Offer.Visit {
			o.place = *d.place
			d.leave()
		}
		d.offers[c.Offer.ID] = o
	case FinishOffer:
		if o, ok := d.offers[c.Offer.ID]; ok {
			if !o.answered {
				return r, fault.New("desk", fault.Conflict, "offer %q was not answered", c.Offer.ID)
			}
			delete(d.offers, c.Offer.ID)
		}
	case Accept:
		if !d.answered(c.Offer) {
			return r, fault.New("engine", fault.Conflict, "the offer has lapsed")
		}
	case ForgetCallback:
		if c.Queue != "A" || c.Number != "910000001" {
			d.w.brokenf("forgotten is %+v", c)
		}
		d.w.forgot = true
	case AgentDo:
		r.Answer.Result = orchestrator.AgentOK
	default:
		d.w.brokenf("the distributor was told to %q", c.verb())
	}
	return r, nil
}

func (d *toyDesk) enqueue(q orchestrator.Waiting) orchestrator.Placement {
	d.w.enters(q)
	if d.place != nil && d.place.visit < q.Visit {
		d.leave()
	}
	if d.place != nil {
		return d.where()
	}
	for _, o := range d.offers { // an agent has answered since it was asked
		if o.answered && o.offer.Visit == q.Visit && o.offer.Queue == q.Queue {
			return orchestrator.Placement{Result: orchestrator.PlacedOffered, Offer: &o.offer, Plan: d.plan}
		}
	}
	if result := d.refuses[q.Queue]; result != "" {
		return orchestrator.Placement{Result: result}
	}
	d.place = &toyPlace{queue: q.Queue, of: q.Of, visit: q.Visit, entered: q.Entered.UnixMilli(), one: q.One}
	d.match()
	p := d.where()
	p.Kept = d.kept
	return p
}

// toySkills are what every call asks for.
var toySkills = []string{"english"}

// dial holds the agent for a call that the agent makes.
func (d *toyDesk) dial(q orchestrator.Dialling) orchestrator.Dialled {
	for _, o := range d.offers {
		if o.offer.Makes && (o.offer.Agent == q.Agent || !q.Over) {
			return orchestrator.Dialled{Result: orchestrator.AgentOK, Offer: &o.offer, Plan: d.plan}
		}
	}
	if d.busy {
		return orchestrator.Dialled{Result: orchestrator.AgentBusy}
	}
	d.w.offerSeq++
	id := "o" + strconv.Itoa(d.w.offerSeq)
	o := orchestrator.Offer{ID: id, Call: "c1", PBX: "pbx", Queue: "A", Visit: q.Visit, Agent: "agent" + id, Endpoint: "PJSIP/" + id,
		Ring: 20 * time.Second, Answered: true, Makes: true}
	switch {
	case q.Over:
		o.Agent, o.Queue = q.Agent, q.Queue
	case d.w.lines > 0 && d.w.offerSeq%d.w.lines == 0:
		d.w.onLine(id)
	}
	d.offers[id] = toyOffer{offer: o, answered: true}
	return orchestrator.Dialled{Result: orchestrator.AgentOK, Offer: &o, Plan: d.plan}
}

// where answers for the call where it stands now.
func (d *toyDesk) where() orchestrator.Placement {
	switch {
	case d.place == nil:
		return orchestrator.Placement{Result: orchestrator.PlacedOut}
	case d.place.offers != "":
		o := d.offers[strings.Fields(d.place.offers)[0]].offer
		return orchestrator.Placement{Result: orchestrator.PlacedOffered, Offer: &o, Plan: d.plan, Skills: toySkills}
	default:
		return orchestrator.Placement{Result: orchestrator.PlacedWaiting, Position: 2, Expected: d.expected, Plan: d.plan, Skills: toySkills}
	}
}

// leave takes the call out, and its standing offers back.
func (d *toyDesk) leave() {
	d.w.logf("the distributor drops %+v", *d.place)
	d.spare(strings.Fields(d.place.offers), orchestrator.OfferCancelled)
	d.place = nil
}

// spare takes offers back, and tells so of those that may be one of several.
func (d *toyDesk) spare(offers []string, why orchestrator.OfferFailure) {
	for _, id := range offers {
		if o := d.offers[id].offer; o.All {
			d.w.notices = append(d.w.notices, Input{Kind: InWithdraw, Offer: o, Why: why})
			if why == orchestrator.OfferElsewhere {
				d.free++
			}
		}
		delete(d.offers, id)
	}
}

// match offers the waiting call to agents who are free.
func (d *toyDesk) match() {
	for d.free > 0 && d.place != nil && len(strings.Fields(d.place.offers)) < d.rings(d.place) {
		d.offer()
	}
}

// rings is how many phones may ring for a place at the same time.
func (d *toyDesk) rings(p *toyPlace) int {
	if p.one {
		return 1
	}
	return max(1, d.most)
}

func (d *toyDesk) offer() {
	d.free--
	d.w.offerSeq++
	id := "o" + strconv.Itoa(d.w.offerSeq)
	o := orchestrator.Offer{ID: id, Call: "c1", PBX: "pbx", Queue: d.place.queue, Visit: d.place.visit,
		Agent: "agent" + id, Endpoint: "PJSIP/" + id, Ring: 20 * time.Second, All: d.rings(d.place) > 1,
		Match: orchestrator.Match{Tier: d.tier}}
	d.place.offers = strings.TrimSpace(d.place.offers + " " + id)
	d.w.logf("the distributor offers %s", id)
	if d.w.lines > 0 && d.w.offerSeq%d.w.lines == 0 {
		d.w.onLine(id)
	}
	d.offers[id] = toyOffer{offer: o, place: *d.place, until: d.w.now.Add(o.Ring + offerGrace)}
	d.w.notices = append(d.w.notices, Input{Kind: InOffer, Offer: o})
}

// ending tells whether the end of an offer is on the call's list: a permanent line
// may be joined before the distributor has heard of it, and a join may have begun when
// the call was over.
func (w *world) ending(offer string) bool {
	return (w.lines > 0 || w.me.c.State == StateClearing) && slices.ContainsFunc(w.me.c.Todo, func(t Todo) bool {
		end, ends := t.Command.(FinishOffer)
		fail, fails := t.Command.(FailOffer)
		return ends && end.Offer.ID == offer || fails && fail.Offer.ID == offer
	})
}

// answered takes an offer up.
func (d *toyDesk) answered(offer orchestrator.Offer) bool {
	o, ok := d.offers[offer.ID]
	if !ok {
		return false
	}
	if !o.answered {
		for _, other := range d.offers {
			if other.answered && !d.w.lostDoc && !d.w.excused && d.w.me.c.legOf(other.offer.ID) == nil && !d.w.ending(other.offer.ID) { // whose leg is in the call may have asked for another; an end that was refused is the sweeper's
				d.w.brokenf("offer %s is taken up while %s stands", offer.ID, other.offer.ID)
			}
		}
		o.answered = true
		d.offers[offer.ID] = o
		if d.place.has(offer.ID) {
			d.place.lose(offer.ID)
			d.spare(strings.Fields(d.place.offers), orchestrator.OfferElsewhere)
			d.place = nil
		}
	}
	return true
}

func (d *toyDesk) fail(offer orchestrator.Offer, why orchestrator.OfferFailure) orchestrator.Placement {
	o, ok := d.offers[offer.ID]
	if !ok {
		return d.where()
	}
	delete(d.offers, offer.ID)
	if why == orchestrator.OfferElsewhere {
		d.free++
	}
	mine := d.place.has(offer.ID)
	switch {
	case why.Leaves():
		if mine {
			d.keeps = d.keeps || why == orchestrator.OfferAbandoned
			d.leave()
		}
		return orchestrator.Placement{Result: orchestrator.PlacedOut}
	case mine:
		d.place.lose(offer.ID)
	case o.answered && d.place == nil && o.place.queue != "":
		old := o.place
		old.offers = ""
		d.place = &old
	}
	d.match()
	return d.where()
}

// next is when an offer lapses; zero for never.
func (d *toyDesk) next() (at time.Time) {
	for _, o := range d.offers {
		if !o.answered && (at.IsZero() || o.until.Before(at)) {
			at = o.until
		}
	}
	return at
}

// tick takes offers back that have lapsed.
func (d *toyDesk) tick() {
	for _, id := range slices.Sorted(maps.Keys(d.offers)) {
		if o := d.offers[id]; !o.answered && !o.until.After(d.w.now) {
			if d.w.calm {
				d.w.brokenf("offer %s was never ended", id)
			}
			d.fail(o.offer, orchestrator.OfferNoAnswer)
			d.w.notices = append(d.w.notices, Input{Kind: InWithdraw, Offer: o.offer, Why: orchestrator.OfferNoAnswer})
		}
	}
}

// tellAgain tells the offers that stand once more.
func (d *toyDesk) tellAgain() {
	for _, id := range slices.Sorted(maps.Keys(d.offers)) {
		if o := d.offers[id]; !o.answered {
			d.w.notices = append(d.w.notices, Input{Kind: InOffer, Offer: o.offer})
		}
	}
}

// toyPeople know queues of one letter and agents that are numbers.
type toyPeople struct{}

func (toyPeople) Dialled(_, digits string) (orchestrator.Target, bool) {
	t := orchestrator.Target{Kind: orchestrator.TargetAgent, Name: digits}
	return t, len(digits) == 3
}

// Oversees lets 201 and 202 do all to everybody, but to themselves.
func (toyPeople) Oversees(_, supervisor, agent string) (orchestrator.Oversight, error) {
	if supervisor != "201" && supervisor != "202" || supervisor == agent {
		return orchestrator.Oversight{}, fault.New("people", fault.Denied, "%q is no supervisor of %q", supervisor, agent)
	}
	return orchestrator.Oversight{Team: "all", Endpoint: "PJSIP/" + supervisor, Visible: supervisor == "201",
		May: append(slices.Clone(orchestrator.MonitorModes), orchestrator.MonitorTakeover)}, nil
}

func (toyPeople) Knows(t orchestrator.Target) bool {
	return t.Kind == orchestrator.TargetQueue && len(t.Name) > 0 || t.Kind == orchestrator.TargetAgent && len(t.Name) > 2
}
