package call

import (
	"cmp"
	"maps"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// backLead is what a call has before others when it comes back to the queue
// that it was transferred from: nobody is to wait for a transfer that failed.
const backLead = 10 * time.Minute

// Move is a transfer to a queue or an agent that has been asked for. The
// conversation goes on until the queue has taken the call.
type Move struct {
	To    orchestrator.Target `json:"to"`
	By    string              `json:"by"`
	Visit Visit               `json:"visit"`           // asked for
	Phone string              `json:"phone,omitempty"` // the channel whose transfer key was pressed
	Beep  string              `json:"beep,omitempty"`  // the channel on which a code was typed
	Flow  bool                `json:"flow,omitempty"`  // not a person's: the flow of an errand leads there
}

// Home is where a call goes when whom it was transferred to never answers, or when
// the queue that it was moved to does not take it.
type Home struct {
	Queue    string              `json:"queue"`
	Priority int                 `json:"priority"`
	Sought   orchestrator.Sought `json:"sought,omitzero"`
	Moved    bool                `json:"moved,omitempty"`       // it waited there, and goes on waiting
	From     int64               `json:"from,omitempty"`        // of one that was moved, as in Visit
	MaxWait  int64               `json:"max_wait_ms,omitempty"` // of one that was moved
}

// askedTransfer handles the transfer key of a phone, which wants Number to take
// its place. One that cannot be carried out is refused, and the phone keeps its call.
func (x *change) askedTransfer(e orchestrator.Event) {
	if !x.knows(e.Channel) {
		x.refuse("foreign channel", string(e.Kind))
		return
	}
	to, known := x.meant(x.c.leg(e.Channel), orchestrator.CleanParty(orchestrator.Party{Number: e.Number}).Number)
	far := x.c.Far()
	by, err := "phone", error(nil)
	switch {
	case far == nil || e.Channel != far.Channel || x.c.State != StateTalking:
		err = fault.New(op, fault.Conflict, "nobody is to be transferred in state %q", x.c.State)
	case far.Line != "":
		err = fault.New(op, fault.Conflict, "the phone would hang up its permanent line: *488 on another line, a code, or the API transfers")
	case e.Other != "" && e.Peer == "":
		err = fault.New(op, fault.Conflict, "a call that the phone made itself cannot be joined with this one")
	case far.Person() == "" && !known:
		err = fault.New(op, fault.Denied, "who was called outside may not have outside numbers called")
	default:
		if who := far.Person(); who != "" {
			by = "agent:" + who
		}
		if e.Other != "" {
			err = x.attended(e, to, known, by)
			break
		}
		err = x.moveTo(to, by, e.Channel)
	}
	if err != nil {
		x.refuseTransfer(e.Channel)
		x.noteTransfer(to, "refused", by, err)
	}
}

// refuseTransfer tells a phone that its transfer does not take place.
func (x *change) refuseTransfer(channel string) {
	x.do(AnswerTransfer{Channel: channel})
	if l := x.c.leg(channel); l != nil {
		l.Refused = x.happened()
	}
}

// strayed tells whether the far leg, whose end is told, ended because of a transfer
// that came to nothing, and nobody meant to leave the customer with nobody.
func (x *change) strayed() bool {
	far := x.c.Far()
	switch {
	case x.c.Move != nil || x.c.Errand != nil:
		return false
	case far.Inside:
		return x.talked() < breath.Milliseconds()
	}
	return far.Person() != "" && far.Refused > 0 && x.happened()-far.Refused <= hastyHangup.Milliseconds()
}

// noteTransfer writes what became of a transfer on the timeline.
func (x *change) noteTransfer(to orchestrator.Target, result, by string, err error) {
	f := fields{"destination": to.Masked().Name, "kind": to.Kind, "result": result, "by": by}
	if err != nil {
		f["error"] = errText(err)
	}
	x.note(orchestrator.EntryCallTransfer, f)
}

// turnedAway is why a queue does not take whom a person sends, or asks.
func turnedAway(to orchestrator.Target, result string) error {
	agent := to.Kind == orchestrator.TargetAgent
	switch result {
	case string(orchestrator.RefusedFull):
		if agent {
			return fault.New(op, fault.Conflict, "too many wait for agent %q", to.Name)
		}
		return fault.New(op, fault.Conflict, "queue %q is full", to.Name)
	case string(orchestrator.RefusedEmpty):
		if agent {
			return fault.New(op, fault.Conflict, "agent %q is not logged in", to.Name)
		}
		return fault.New(op, fault.Conflict, "nobody is logged in to queue %q", to.Name)
	case string(orchestrator.RefusedUnfit):
		return fault.New(op, fault.Conflict, "nobody is logged in to queue %q who can do what the call asks for", to.Name)
	case string(orchestrator.RefusedLong):
		return fault.New(op, fault.Conflict, "too long a wait is expected in queue %q", to.Name)
	case string(orchestrator.RefusedClosed):
		return fault.New(op, fault.Conflict, "queue %q is closed now", to.Name)
	case string(orchestrator.RefusedQueue):
		return fault.New(op, fault.Conflict, "there is no %s %q any more", to.Kind, to.Name)
	}
	return fault.New(op, fault.Conflict, "%s %q does not take the call: %s", to.Kind, to.Name, result)
}

// turn tells who sent, or asked, by the stay of a wish that this comes to nothing.
func (x *change) turn(visit int, err error) {
	if x.turned == nil {
		x.turned = map[int]error{}
	}
	x.turned[visit] = err
}

// errMoving is why nothing else is begun while a queue is asked to take the customer.
var errMoving = fault.New(op, fault.Conflict, "a transfer is under way")

// moveTo lets the customer go from whom they talk with to somebody else. phone
// is the channel whose transfer key was pressed, "" for none: it is told.
func (x *change) moveTo(to orchestrator.Target, by, phone string) error {
	switch {
	case x.c.Move != nil:
		return errMoving
	case x.c.Errand != nil:
		return errErrand
	case x.c.Consult != nil:
		return errConsulting
	}
	switch to.Kind {
	case orchestrator.TargetQueue, orchestrator.TargetAgent:
		return x.moveToQueue(to, by, phone)
	case orchestrator.TargetNumber:
		return x.moveOutside(to, by, phone)
	case orchestrator.TargetFlow:
		return x.moveToFlow(to, by, phone)
	}
	return fault.New(op, fault.Invalid, "to.kind: %q is none of agent, queue, flow and number", to.Kind)
}

// moveToQueue asks for a place for the customer beside the conversation.
func (x *change) moveToQueue(to orchestrator.Target, by, phone string) error {
	queue, err := x.queueOf(to)
	if err != nil {
		return err
	}
	if to.Kind == orchestrator.TargetAgent && to.Name == x.c.Far().Person() {
		return fault.New(op, fault.Conflict, "agent %q talks with the customer already", to.Name)
	}
	m := &Move{To: to, By: by, Phone: phone, Visit: x.further(queue)}
	x.c.Move = m
	x.do(Enqueue{Waiting: x.waiting(&m.Visit)})
	x.noteTransfer(to, "asked", by, nil)
	return nil
}

// queueOf is the queue in which somebody waits for an agent, or for those of a queue.
func (x *change) queueOf(to orchestrator.Target) (string, error) {
	if x.People == nil || !x.People.Knows(to) {
		return "", fault.New(op, fault.NotFound, "no %s %q", to.Kind, to.Name)
	}
	if to.Kind == orchestrator.TargetAgent {
		return orchestrator.PersonalQueue(to.Name), nil
	}
	return to.Name, nil
}

// further is another visit of a customer who has been served: who has waited
// once does not wait behind those who came later.
func (x *change) further(queue string) Visit {
	v := Visit{N: x.next(), State: VisitAsked, Queue: queue, Entered: x.ms(), From: x.ms()}
	if x.c.QueuedAt > 0 {
		v.Entered = min(v.Entered, x.c.QueuedAt)
	}
	v.asBefore(x.handed())
	return v
}

// Handed is what a customer had asked for whom an agent sends on: whoever serves next is
// looked for by it, too.
type Handed struct {
	Priority int                 `json:"priority,omitempty"`
	Sought   orchestrator.Sought `json:"sought,omitzero"`
}

// handed is what the customer had asked for as the present conversation began.
func (x *change) handed() *Handed {
	v := x.c.Visit
	if v == nil {
		return nil
	}
	h := Handed{Priority: v.Priority, Sought: v.Sought}
	if far := x.c.Far(); far != nil && h.Sought.Prefer == far.Person() { // who sends them on is not whom they want next
		h.Sought.Prefer, h.Sought.Patience = "", 0
	}
	return &h
}

// asBefore gives a visit what the customer had asked for before an agent sent them on. What
// a flow asks for anew goes before.
func (v *Visit) asBefore(h *Handed) {
	if h == nil {
		return
	}
	old, s := h.Sought, &v.Sought
	v.Priority, s.Tier, s.Needs = max(v.Priority, h.Priority), max(s.Tier, old.Tier), cmp.Or(s.Needs, old.Needs)
	s.Ahead = max(s.Ahead, old.Ahead)
	if s.Prefer == "" {
		s.Prefer, s.Patience = old.Prefer, old.Patience
	}
	if len(old.About) > 0 {
		about := maps.Clone(old.About)
		maps.Copy(about, s.About)
		s.About = about
	}
}

// movePlaced handles the queue's word on a transfer.
func (x *change) movePlaced(p orchestrator.Placement) {
	m := *x.c.Move
	x.c.Move = nil
	x.dirty = true
	switch p.Result {
	case orchestrator.PlacedWaiting, orchestrator.PlacedOffered:
		if m.Phone != "" {
			x.do(AnswerTransfer{Channel: m.Phone, Done: true})
		}
		x.noteTransfer(m.To, "done", m.By, nil)
		if m.Flow {
			x.goFrom()
		} else {
			x.leaveFar("transfer")
		}
		x.c.Visit = &m.Visit
		x.placed(m.Visit.N, p)
	default:
		x.moveRefused(m, string(p.Result))
	}
}

// moveRefused lets the conversation go on whose customer no queue would take.
func (x *change) moveRefused(m Move, result string) {
	if m.Phone != "" {
		x.refuseTransfer(m.Phone)
	}
	if m.Beep != "" {
		x.beep(m.Beep, orchestrator.ToneNo)
	}
	err := turnedAway(m.To, result)
	x.turn(m.Visit.N, err)
	x.noteTransfer(m.To, result, m.By, err)
	if m.Flow { // the agent has never left, and the customer comes back when it is over
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowQueued, Result: result})
	}
}

// dropMove gives a transfer up whose customer is gone.
func (x *change) dropMove() {
	if x.c.Move == nil {
		return
	}
	x.do(Leave{Visit: x.c.Move.Visit.N, Why: string(x.c.Outcome)})
	x.turn(x.c.Move.Visit.N, errCustomerGone)
	x.c.Move = nil
}

var errCustomerGone = fault.New(op, fault.Conflict, "the customer has hung up")

// moveAlone goes on with a transfer whose agent has hung up before the queue has
// answered: the customer waits for the answer with music.
func (x *change) moveAlone() {
	m := *x.c.Move
	x.c.Move = nil
	x.noteTransfer(m.To, "done", m.By, nil)
	x.c.Visit = &m.Visit
	x.hold()
}

// moveOutside rings an outside number for the customer, if the gate lets it.
func (x *change) moveOutside(to orchestrator.Target, by, phone string) error {
	way, err := x.outside(to.Name)
	if err != nil {
		if phone == "" { // else the refusal of the key is told
			x.noteTransfer(to, "denied", by, err)
		}
		return err
	}
	if phone != "" {
		x.do(AnswerTransfer{Channel: phone, Done: true})
	}
	x.leaveFar("transfer")
	x.move(OnTransfer)
	x.noteTransfer(to, "dialling", by, nil)
	x.ringThird(Leg{Number: to.Name, Moved: true}, way, x.Limits.Ring)
	return nil
}

// moveToFlow sends the customer into a flow.
func (x *change) moveToFlow(to orchestrator.Target, by, phone string) error {
	step, err := x.beginFlow(to.Name)
	if err != nil {
		return err
	}
	if phone != "" {
		x.do(AnswerTransfer{Channel: phone, Done: true})
	}
	x.noteTransfer(to, "done", by, nil)
	x.c.Handed = x.handed()
	music := x.c.Customer().Held || x.c.Far().Held
	x.leaveFar("transfer")
	x.c.Home = nil
	if music {
		x.do(Unhold{Channel: x.c.Customer().Channel})
	}
	x.apply(step, 0)
	return nil
}

// leaveFar ends the far leg's part in the call: its conversation is over, and
// the customer stays.
func (x *change) leaveFar(by string) {
	x.rememberWay()
	x.dropGuests()
	x.endTalk(by)
	x.hangFar(orchestrator.CauseNormal)
	x.settle()
	x.forgetFar()
}

// rememberWay notes from which queue a customer is transferred.
func (x *change) rememberWay() {
	if v := x.c.Visit; x.c.Far().Person() != "" && v != nil && orchestrator.OwnerOfQueue(v.Queue) == "" {
		x.c.Home = &Home{Queue: v.Queue, Priority: v.Priority, Sought: v.Sought}
	}
}

// frontLead is what a call has before others that is moved to the front.
const frontLead = 24 * time.Hour

// moveWaiting lets a customer who waits go on waiting elsewhere, since when they
// have waited. A queue that does not take the call leaves it where it was.
func (x *change) moveWaiting(w Wish) error {
	if x.c.State != StateWaiting && x.c.State != StateOffered {
		return fault.New(op, fault.Conflict, "the call is in state %q, it does not wait", x.c.State)
	}
	if x.c.Absent() {
		return fault.New(op, fault.Conflict, "the call is a callback, whose customer is not on the line")
	}
	old := *x.c.Visit
	to := orchestrator.Target{Kind: orchestrator.TargetQueue, Name: w.To.Name}
	switch {
	case to.Name == "" && !w.Front:
		return fault.New(op, fault.Invalid, "queue: is empty, and it is not to go to the front")
	case to.Name == "":
		to.Name = old.Queue
	case to.Name == old.Queue && !w.Front:
		return fault.New(op, fault.Conflict, "the call waits in queue %q already", to.Name)
	case x.People == nil || !x.People.Knows(to):
		return fault.New(op, fault.NotFound, "no queue %q", to.Name)
	}
	x.c.Home = &Home{Queue: old.Queue, Priority: old.Priority, Sought: old.Sought, Moved: true, From: old.From, MaxWait: old.MaxWait}
	x.note(orchestrator.EntryCallTransfer, fields{"destination": to.Name, "kind": to.Kind, "result": "moved", "by": w.By, "reason": w.Reason, "front": w.Front})
	x.unqueue("moved")
	v := x.further(to.Name)
	v.Priority, v.Sought, v.From, v.MaxWait = old.Priority, old.Sought, old.From, old.MaxWait
	if w.Front && v.Sought.Ahead < frontLead { // or it is there already
		v.Sought.Ahead += frontLead
	}
	x.c.Visit = &v
	x.askPlace()
	x.hold()
	return nil
}

// comeBack gives a customer whose transfer came to nothing a place in the queue
// that they came from, before others; false when they came from none.
func (x *change) comeBack() bool {
	b := x.c.Home
	if b == nil {
		return false
	}
	x.c.Home = nil
	v := x.further(b.Queue)
	v.Priority, v.Sought = b.Priority, b.Sought
	v.Sought.Ahead += backLead
	if b.Moved {
		v.From, v.MaxWait = b.From, b.MaxWait
	}
	x.noteTransfer(orchestrator.Target{Kind: orchestrator.TargetQueue, Name: b.Queue}, "back", "operadora", nil)
	x.c.Visit = &v
	x.askPlace()
	x.hold()
	return true
}

// askMove asks for the place of a transfer once more, unless that is on the list.
func (x *change) askMove() {
	if m := x.c.Move; m != nil && !x.pending(is[Enqueue]) {
		x.do(Enqueue{Waiting: x.waiting(&m.Visit)})
	}
}
