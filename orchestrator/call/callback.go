package call

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A call of kind callback has no channel while it waits: it is its customer's
// place in the queue. Offered to an agent, it rings the agent, who listens then
// while the customer's phone rings; or, where the queue says so, first the
// customer and then the agent, who is held meanwhile. From the join on it is a
// conversation like every other. An attempt that came to nothing is set back: the
// call is in no queue until the next one is due, and then at its old place.

// Promise is what a callback owes its customer. Times are unix milliseconds.
type Promise struct {
	Queue   string                    `json:"queue"`             // for which it was asked
	Plan    orchestrator.CallbackPlan `json:"plan"`              // of the queue, as it was last told
	Since   int64                     `json:"since"`             // when the stay in the queue began which it goes on with
	Expires int64                     `json:"expires"`           // when it is too late
	Pending bool                      `json:"pending"`           // the number can be promised no other one for this queue
	NotYet  int64                     `json:"not_yet,omitempty"` // until when a rule refuses the attempt that is given up
}

// CallbackOrder is a customer who is to be called back.
type CallbackOrder struct {
	Call     string                    `json:"call"` // that calls back: its id is chosen when it is asked for
	Queue    string                    `json:"queue"`
	Number   string                    `json:"number"` // in the one form that it has
	Name     string                    `json:"name,omitempty"`
	DID      string                    `json:"did,omitempty"`   // that the customer had called
	Shown    string                    `json:"shown,omitempty"` // what that number says is shown
	Language string                    `json:"language,omitempty"`
	Priority int                       `json:"priority,omitempty"`
	Sought   orchestrator.Sought       `json:"sought,omitzero"`
	Entered  int64                     `json:"entered"`            // start of the wait
	Since    int64                     `json:"since,omitempty"`    // of the stay in the queue; 0 begins one
	AskedBy  string                    `json:"asked_by,omitempty"` // the call in which it was asked for
	By       string                    `json:"by"`                 // who asked: "caller", "api:<token name>"
	Plan     orchestrator.CallbackPlan `json:"-"`
}

// CallbackAnswer is what came of an AskCallback.
type CallbackAnswer struct {
	Result orchestrator.CallbackResult
	Call   string // that calls back
	Place  Regain // of the one that is found
}

// Regain is the place that a caller has in a queue by a callback.
type Regain struct {
	Call     string              `json:"call,omitempty"` // the callback that had it
	Queue    string              `json:"queue"`
	Priority int                 `json:"priority,omitempty"`
	Sought   orchestrator.Sought `json:"sought,omitzero"`
	Entered  int64               `json:"entered"`
	Since    int64               `json:"since,omitempty"`
}

// NewCallback is a customer's place in a queue. Nothing is dialled before it is an agent's turn.
func NewCallback(pbx string, o CallbackOrder, now time.Time) Call {
	return Call{
		CallSummary: orchestrator.CallSummary{Call: o.Call, PBX: pbx, Kind: orchestrator.KindCallback, StartedAt: now.UnixMilli(),
			Caller: orchestrator.CleanParty(orchestrator.Party{Number: o.Number, Name: o.Name}), DID: orchestrator.CleanNumber(o.DID),
			Language: o.Language, Queue: o.Queue, AskedBy: o.AskedBy},
		State: StateArriving, Seq: 1, Shown: o.Shown,
		Legs: []Leg{{Role: RoleCustomer, PBX: pbx, Channel: orchestrator.MakeID(o.Call, "c", 1), State: LegPlanned, Number: o.Number}},
	}
}

// promised is the place of a callback in its queue.
func (c *Call) promised() Regain {
	r := Regain{Queue: c.Queue}
	if v := c.Visit; v != nil {
		r = Regain{Queue: v.Queue, Priority: v.Priority, Sought: v.Sought, Entered: v.Entered, Since: v.Since}
	}
	return r
}

// Promised is the place of a callback whose customer was not reached yet; false
// when it is none.
func (c *Call) Promised() (Regain, bool) {
	return c.promised(), c.Absent() && c.Promise.Pending && c.State != StateClearing && c.State != StateEnded
}

// Absent tells whether a call's customer is yet to be reached.
func (c *Call) Absent() bool { return c.Promise != nil && c.Customer().Up == 0 }

// byCaller is who asks for what a caller asks for by keys.
const byCaller = "caller"

// derivedID is the id of a call that another one makes: the same for the same
// call and number, so that making it again makes no second one.
func derivedID(of string, n int, ms int64) string {
	sum := sha256.Sum256([]byte(of + "/" + strconv.Itoa(n)))
	return NewID(ms, bytes.NewReader(sum[:]))
}

// NewID is an id for a call that begins at a time, unix ms: a ULID in lower case, which sorts
// by time. What follows the time is read of rest: random, or of what makes it the same id each time.
func NewID(ms int64, rest io.Reader) string {
	return strings.ToLower(ulid.MustNew(uint64(max(0, ms)), rest).String())
}

// askCallback carries out what a flow wants of callbacks.
func (x *change) askCallback(a orchestrator.Action) (orchestrator.FlowInput, bool) {
	way, err := x.Gate.Outside(orchestrator.Outside{PBX: x.c.PBX, Number: a.Destination}, time.Time{})
	if err != nil {
		result := orchestrator.CallbackNone
		if a.Callback == orchestrator.CallbackAsk {
			result = orchestrator.CallbackDenied
			x.noteCallback(a.Queue, a.Destination, fields{"result": result, "error": errText(err)})
		}
		return orchestrator.FlowInput{Kind: orchestrator.FlowCallback, Result: string(result)}, true
	}
	o := CallbackOrder{Queue: a.Queue, Number: way.Number, DID: x.c.DID, Shown: x.c.Shown, Language: x.c.Language, Entered: x.ms(), AskedBy: x.c.Call, By: byCaller}
	if a.Callback == orchestrator.CallbackAsk {
		o.Call = derivedID(x.c.Call, x.next(), x.ms())
	}
	if orchestrator.CleanNumber(a.Destination) == x.c.Caller.Number {
		o.Name = x.c.Caller.Name
	}
	if x.c.QueuedAt > 0 && x.c.ConnectedAt == 0 {
		o.Entered = x.c.QueuedAt
	}
	if v := x.c.Visit; v != nil && v.Queue == a.Queue && x.c.ConnectedAt == 0 {
		o.Priority, o.Sought, o.Since = v.Priority, v.Sought, cmp.Or(v.Since, v.Asked)
	}
	x.do(AskCallback{Op: a.Callback, Order: o})
	return orchestrator.FlowInput{}, false
}

func (x *change) noteCallback(queue, number string, f fields) {
	f["queue"], f["destination"] = queue, orchestrator.MaskNumber(number)
	x.note(orchestrator.EntryCallCallback, f)
}

// calledBack goes on with what came of what a flow wanted of callbacks.
func (x *change) calledBack(cmd AskCallback, r CallbackAnswer) {
	result := r.Result
	switch {
	case cmd.Op == orchestrator.CallbackAsk:
		x.noteCallback(cmd.Order.Queue, cmd.Order.Number, fields{"result": result, "callback": r.Call})
		if result == orchestrator.CallbackOK || result == orchestrator.CallbackPending {
			x.c.Callback = r.Call
		}
		if result == orchestrator.CallbackOK && x.c.State == StateClearing && // the caller did not wait for the confirmation
			(x.c.Outcome == orchestrator.OutcomeAbandoned || x.c.Outcome == orchestrator.OutcomeLeft) {
			x.c.Outcome = orchestrator.OutcomeCallback
		}
	case result != orchestrator.CallbackPending || cmd.Op == orchestrator.CallbackLook:
	case cmd.Op == orchestrator.CallbackResume && x.c.State == StateClearing: // the caller is gone again
	default:
		result = orchestrator.CallbackOK
		reason := "the caller does not want it any more"
		if cmd.Op == orchestrator.CallbackResume {
			reason = "the caller waits on the line again"
			x.c.Regain = &r.Place
			x.c.Regain.Call = r.Call
		}
		x.do(EndCallback{Call: r.Call, Reason: reason})
		x.noteCallback(cmd.Order.Queue, cmd.Order.Number, fields{"result": string(cmd.Op), "callback": r.Call})
	}
	if x.c.State != StateClearing {
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowCallback, Result: string(result)})
	}
}

// regain gives a visit the place that the caller had in the queue by a callback.
func (x *change) regain(v *Visit) {
	r := x.c.Regain
	if r == nil || r.Queue != v.Queue {
		return
	}
	x.c.Regain = nil
	v.Instead = r.Call
	v.Since, v.From = r.Since, x.ms() // the longest wait on the line counts from now
	v.Entered, v.Priority = min(v.Entered, r.Entered), max(v.Priority, r.Priority)
	v.Sought.Ahead = max(v.Sought.Ahead, r.Sought.Ahead)
}

// promise begins a callback.
func (x *change) promise(o CallbackOrder) {
	x.note(orchestrator.EntryCallStarted, x.c.CallSummary)
	x.c.Promise = &Promise{Queue: o.Queue, Plan: o.Plan, Since: cmp.Or(o.Since, x.ms()), Expires: x.ms() + o.Plan.Expires.Milliseconds(), Pending: true}
	x.c.QueuedAt = cmp.Or(o.Entered, x.ms())
	x.c.Visit = &Visit{Queue: o.Queue, State: VisitOver, Priority: o.Priority, Sought: o.Sought, Entered: x.c.QueuedAt, Since: x.c.Promise.Since}
	x.noteCallback(o.Queue, o.Number, fields{"result": "promised", "by": o.By})
	x.move(OnPromise)
	x.armExpiry()
	x.askTurn()
}

// armExpiry ends the callback when it is too late for it.
func (x *change) armExpiry() {
	x.arm(TimerWait, max(time.UnixMilli(x.c.Promise.Expires).Sub(x.now), time.Millisecond))
}

// closedAgain is after how long a number is looked at again that may be called,
// but not at this time.
const closedAgain = time.Minute

// askTurn asks for the callback's place in the queue: the one that it had. While
// its number may not be called it asks for none.
func (x *change) askTurn() {
	x.disarm(TimerTurn)
	if x.c.Absent() {
		if _, err := x.allowed(); err != nil {
			if never := x.everAllowed(); never != nil {
				x.refuseDial(Refusal{Text: errText(never)}, never)
				return
			}
			x.arm(TimerTurn, closedAgain)
			return
		}
	}
	old := *x.c.Visit
	x.c.Visit = &Visit{N: x.next(), State: VisitAsked, Queue: old.Queue, Priority: old.Priority, Sought: old.Sought,
		Entered: old.Entered, Since: old.Since, Asked: x.ms(), Plan: old.Plan}
	x.askPlace()
}

// nextTurn asks for the place once nothing is left of the attempt before.
func (x *change) nextTurn() {
	far, customer := x.c.Far(), x.c.Customer()
	switch {
	case x.c.State != StatePausing || x.c.Visit.State == VisitAsked:
		x.refuse(string(x.c.State), "turn")
		return
	case far != nil:
		x.do(Hangup{Channel: far.Channel, Cause: orchestrator.CauseNormal})
	case customer.State != LegPlanned:
		x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseNormal})
	default:
		x.askTurn()
		return
	}
	x.arm(TimerTurn, x.Limits.Clear)
}

// shownToAgent is what an agent's phone shows of whom the offer is for.
func (x *change) shownToAgent(o orchestrator.Offer) orchestrator.Party {
	p := x.shownInside()
	for _, w := range []struct {
		is     bool
		en, es string
	}{{x.c.Absent(), "Callback", "Devolver llamada"}, {x.previews(), "Preview", "Vista previa"}, {o.Match.Tier > 0, "EMERGENCY", "URGENCIA"}} {
		word := w.en
		if strings.HasPrefix(o.Language, "es") {
			word = w.es
		}
		if w.is {
			p.Name = strings.TrimSpace(word + " " + p.Name)
		}
	}
	return p
}

// shownInside is what phones of the house show of the customer: the number as the trunk
// shows it, which is how they dial it.
func (x *change) shownInside() orchestrator.Party {
	p := orchestrator.CleanParty(x.c.Caller)
	p.Number = cmp.Or(x.c.ShowsAs, p.Number)
	return p
}

// shownOutside is what every outside number is shown that is called in a call, the
// customer's own or another: what the number says that the customer had dialled, else
// the queue, else (nothing) the trunk. The number of a customer is never passed on.
func (x *change) shownOutside() orchestrator.Party {
	shown := x.c.Shown
	if v := x.c.Visit; v != nil && shown == "" {
		shown = v.Plan.CallerID
	}
	return orchestrator.Party{Number: shown}
}

// ringTime is how long a customer's phone may ring.
func (x *change) ringTime() time.Duration {
	switch {
	case x.c.Promise != nil:
		return cmp.Or(x.c.Promise.Plan.Ring, x.Limits.Ring)
	case x.c.Attempt != nil:
		return cmp.Or(x.c.Attempt.Ring, x.Limits.Ring)
	}
	return x.Limits.Ring
}

// customerFirst holds the agent of an offer; the phone is rung once the customer is there.
func (x *change) customerFirst(o orchestrator.Offer) {
	x.c.Legs = append(x.c.Legs, Leg{Role: RoleAgent, PBX: o.PBX, Channel: x.id("a"), State: LegPlanned, Offer: &o, Dials: true})
	x.noteOffered(o, fields{"customer_first": true})
	x.accept()
}

// listen holds the agent who picked up, and is to listen to the customer's phone.
func (x *change) listen() {
	far := x.c.Far()
	was := far.State
	if !x.leg(far, LegOnAnswer) {
		if was != LegUp && was != LegJoined {
			x.do(Hangup{Channel: far.Channel, Cause: orchestrator.CauseNormal}) // our hangup crossed its answer
		}
		return
	}
	far.Up, far.Dials = x.happened(), true
	x.rungElsewhere()
	x.disarm(TimerRing)
	x.accept()
	var media []orchestrator.Media
	if far.Line != "" {
		media = beeps(*far.Offer)
	}
	media = append(media, sounds(x.c.Promise.Plan.Whisper)...)
	media = append(media, orchestrator.Media{Kind: orchestrator.MediaTone, Value: "ring"})
	far.Tone = x.id("p")
	x.do(Play{Playback: orchestrator.Playback{ID: far.Tone, Channel: far.Channel, Media: media, Language: far.Offer.Language}})
}

// accept takes the offer up, before the customer's phone is rung: an agent whose
// offer has lapsed has nobody called.
func (x *change) accept() {
	x.move(OnListen)
	x.disarm(TimerWait)
	x.arm(TimerState, x.Limits.Command)
	x.arm(TimerCall, x.Limits.Call)
	x.do(Accept{Offer: *x.c.Far().Offer})
}

// accepted rings the customer, now that the agent is held.
func (x *change) accepted(o orchestrator.Offer) {
	far := x.c.Far()
	if x.c.State != StateSummoning || far == nil || far.Offer.ID != o.ID || far.State == LegHanging {
		return // given up meanwhile: its end is under way
	}
	x.c.Spared = nil
	if s := x.c.Customer().State; s == LegHanging || s == LegEnded {
		x.setBack(orchestrator.OutcomeLost) // what is left of an attempt that the store has forgotten
		return
	}
	x.move(OnPickup)
	if plan := x.c.Visit.Plan.Callback; plan != nil {
		x.c.Promise.Plan = *plan
	}
	x.summon()
}

// notAccepted ends the leg of an agent whose offer has lapsed.
func (x *change) notAccepted(o orchestrator.Offer, err error) {
	far := x.c.Far()
	if x.c.State != StateSummoning || far == nil || far.Offer.ID != o.ID {
		return
	}
	x.fault("the agent could not be held", err)
	x.dismiss()
}

// dismiss ends the leg of an agent who is not to blame.
func (x *change) dismiss() {
	far := x.c.Far()
	far.Why = orchestrator.OfferError
	was := far.State
	x.hangFar(orchestrator.CauseNormal)
	x.arm(TimerState, x.Limits.Clear)
	if far.State == LegEnded { // it was yet to be rung
		x.missed(was, orchestrator.CauseNormal)
		x.hold() // of a customer who is there, and was forgotten
		return
	}
	x.lineBack()
}

// holdingLong ends the leg of an agent who is not held in time.
func (x *change) holdingLong() {
	far := x.c.Far()
	switch {
	case x.c.Promise == nil:
		x.fault("the PBX did not confirm in time", nil)
		x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
	case far.State == LegHanging:
		x.farGone(orchestrator.CauseOther)
	default:
		x.fault("holding the agent took too long", nil)
		x.giveUp(is[Accept])
		x.dismiss()
	}
}

// listenerLost goes on without the agent, who is gone before the conversation began.
func (x *change) listenerLost(was LegState, cause orchestrator.Cause) {
	switch x.c.State {
	case StateFailing:
		x.setBack(x.c.Outcome)
	case StateDialing:
		x.note(orchestrator.EntryCallMissed, fields{"agent": x.c.Far().agent(), "why": orchestrator.OfferCancelled, "cause": cause})
		x.setBack(orchestrator.OutcomeCancelled)
	default:
		x.giveUp(is[Accept])
		x.missed(was, cause)
		if x.c.Absent() {
			x.disarm(TimerCall)
		}
		x.hold()
	}
}

// nowTheAgent rings the agent for a customer who was rung first.
func (x *change) nowTheAgent() {
	o := *x.c.Far().Offer
	x.forgetFar()
	x.move(OnOffered)
	x.ringFor(o)
	x.hold()
	if greeting := x.c.Promise.Plan.Greeting; greeting != "" && x.c.State == StateOffered {
		x.play(sounds(greeting), x.c.Language, 0)
	}
}

// reached bounds the call with a customer who is there, also while they wait.
func (x *change) reached() {
	if way, err := x.allowed(); err == nil {
		x.c.Customer().MostMS = way.Most.Milliseconds()
	}
	x.boundCall()
}

// unlooked takes in a customer who is on the line although nobody knows of the call
// to them: the store has forgotten it. They wait like other callers.
func (x *change) unlooked() {
	switch x.c.State {
	case StatePausing:
		if x.c.Visit.State != VisitAsked {
			x.askTurn()
		}
	default:
		x.hold()
	}
}

// setBack ends an attempt, and says when the next one is due.
func (x *change) setBack(result orchestrator.Outcome) {
	p := x.c.Promise
	x.c.Outcome, x.c.Cause = "", 0
	f := fields{"attempt": x.c.Attempts, "result": result}
	if x.c.Attempts >= p.Plan.Attempts || x.ms() >= p.Expires {
		x.note(orchestrator.EntryCallCallback, f)
		x.over(result, "operadora", orchestrator.CauseNormal)
		return
	}
	pause := p.Plan.Retry
	switch result {
	case orchestrator.OutcomeBusy:
		pause = p.Plan.RetryBusy
	case orchestrator.OutcomeCancelled, orchestrator.OutcomeLost: // it was not the customer
		if !x.c.Customer().Doubt { // whose phone may have rung
			pause = x.Limits.Clear
		}
	default:
	}
	if left := p.NotYet - x.ms(); left > 0 { // a rule says so
		pause = max(time.Duration(left)*time.Millisecond, x.Limits.Clear)
	}
	p.NotYet = 0
	f["next_at"] = x.ms() + pause.Milliseconds()
	x.note(orchestrator.EntryCallCallback, f)
	if far := x.c.Far(); far != nil {
		far.Why = orchestrator.OfferCancelled // the call is to leave its queue, and nobody is blamed
		x.hangFar(orchestrator.CauseNormal)
	}
	x.leaveQueue(string(result))
	x.giveUp(is[Accept])
	x.move(OnSetBack)
	if far := x.c.Far(); far != nil && (far.State == LegEnded || far.Line != "") {
		x.settle()
		x.forgetFar()
	}
	customer := x.c.Customer()
	if customer.State == LegEnded {
		x.nextAttempt()
	} else if customer.State != LegPlanned && customer.State != LegHanging && x.leg(customer, LegOnHang) {
		x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseNormal})
	}
	x.closeRooms(false)
	for _, t := range []Timer{TimerRing, TimerCall, TimerAnnounce} {
		x.disarm(t)
	}
	x.armExpiry()
	x.arm(TimerTurn, pause)
}

// nextAttempt plans the customer's next channel: an attempt has its id before it is dialled.
func (x *change) nextAttempt() {
	old := x.c.Customer()
	x.c.Legs[0] = Leg{Role: RoleCustomer, PBX: old.PBX, Channel: x.id("c"), State: LegPlanned, Number: old.Number}
}

// compareAbsent notices what is on the PBX of a customer who is yet to be reached.
func (x *change) compareAbsent(v Truth) {
	if !x.c.Absent() || x.c.dialling() || x.c.State == StateClearing {
		return
	}
	customer := x.c.Customer()
	truth, there := v.Channels[customer.Channel]
	switch {
	case there && customer.State == LegPlanned && truth.Entered && truth.Up:
		x.foundUp(truth)
	case there && customer.State == LegPlanned:
		x.leg(customer, LegOnDial)
		x.leg(customer, LegOnHang)
		x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseNormal})
	case there:
		x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseNormal})
	case customer.State == LegHanging && customer.Dialed < v.At.UnixMilli():
		x.leg(customer, LegOnGone)
		x.nextAttempt()
	}
}

// unkept says how a callback ended whose customer was not reached.
func (x *change) unkept(by string) orchestrator.Outcome {
	switch {
	case x.c.Outcome != "":
		return x.c.Outcome
	case by == "pbx":
		return orchestrator.OutcomeLost
	}
	return orchestrator.OutcomeCancelled
}

// kept notes that a customer talks who was called back.
func (x *change) kept(far *Leg) {
	if x.c.Promise != nil {
		far.Dials = false // from here on the conversation is like every other
		x.redeem()
	}
}

// redeem lets the customer's number be promised another callback.
func (x *change) redeem() {
	if p := x.c.Promise; p != nil && p.Pending {
		p.Pending = false
		x.do(ForgetCallback{Queue: p.Queue, Number: x.c.Customer().Number})
	}
}

// endPromise ends a callback as its customer, or somebody of the staff, wants.
func (x *change) endPromise(w Wish) error {
	if _, ok := x.c.Promised(); !ok {
		return fault.New(op, fault.Conflict, "the call is no callback whose customer is yet to be reached")
	}
	x.note(orchestrator.EntryCallHungUp, fields{"by": w.By, "reason": w.Reason})
	by := "operadora"
	if w.By == byCaller {
		by = byCaller
	}
	x.over(orchestrator.OutcomeCancelled, by, orchestrator.CauseNormal)
	return nil
}
