package call

import (
	"cmp"
	"errors"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A call of kind outbound is made by an agent on behalf of a queue. The agent is
// held first, by an offer that counts as answered; then the agent's phone is rung,
// unless the agent has a permanent line open or the number was dialled at it; then
// the customer's. From the join on it
// is a conversation like every other.

// Order is what somebody wants to be dialled.
type Order struct {
	Agent    string `json:"agent,omitempty"`
	Endpoint string `json:"endpoint,omitempty"` // the phone that it was dialled at
	Queue    string `json:"queue,omitempty"`    // "": the one of Code, or the agent's first
	Code     string `json:"code,omitempty"`     // what was dialled for the queue
	Number   string `json:"number"`
	By       string `json:"by"`
}

// Refusal is why an agent could not make a call.
type Refusal struct {
	Agent orchestrator.AgentResult `json:"agent,omitempty"` // "": the gate refused the number
	Text  string                   `json:"text,omitempty"`  // of the gate
}

// Begun is a call that an agent wanted to make.
type Begun struct {
	Call    string
	Again   bool     // its key was used before: this is the call that it stands for
	Refusal *Refusal // nil: the agent is held, and the phone is being rung
}

// NewOutbound is a call that an agent wants to make. channel is that of the phone
// which the number was dialled at, "" for none. Nothing is dialled before the
// agent is held.
func NewOutbound(id, pbx, channel string, o Order, now time.Time) Call {
	c := Call{
		CallSummary: orchestrator.CallSummary{Call: id, PBX: pbx, Kind: orchestrator.KindOutbound, StartedAt: now.UnixMilli(),
			Caller: orchestrator.CleanParty(orchestrator.Party{Number: o.Number}), Agent: o.Agent},
		State: StateArriving, Seq: 1,
		Legs: []Leg{{Role: RoleCustomer, PBX: pbx, Channel: orchestrator.MakeID(id, "c", 1), State: LegPlanned, Number: o.Number}},
	}
	if channel != "" {
		c.Legs = append(c.Legs, Leg{Role: RoleAgent, PBX: pbx, Channel: channel, State: LegArrived, Dials: true})
	}
	return c
}

// Arrived is the channel that the call began with: the only one whose id is not
// of our making, but for permanent lines that agents have dialled. "" for none.
func (c *Call) Arrived() string {
	for _, l := range c.Legs {
		if l.Line == "" && !orchestrator.Ours(l.Channel) {
			return l.Channel
		}
	}
	return c.Code
}

// dialling tells whether whom the call is for is yet to be talked with.
func (c *Call) dialling() bool {
	switch c.State {
	case StateReserving, StateSummoning, StatePreviewing, StateDialing, StateFailing, StateReaching:
		return true
	case StateConnecting:
		return c.Far() != nil && c.Far().Dials
	case StateArriving, StateInFlow, StateWaiting, StatePausing, StateOffered, StateTransferring, StateTalking, StateClearing, StateEnded:
	}
	return false
}

// Holds tells whether the agent of a leg's offer is in this call, as far as the
// distributor is concerned.
func (c *Call) Holds(l *Leg) bool {
	return l.Offer != nil && (c.State == StateTalking && l.was() || l.Dials && c.dialling())
}

// dialOut begins a call that an agent wants to make: the gate is asked, then the agent held.
func (x *change) dialOut(o Order) {
	way, err := x.allowed()
	if err == nil {
		x.c.Caller.Number = way.Number
	}
	x.note(orchestrator.EntryCallStarted, x.c.CallSummary)
	x.arm(TimerCall, x.Limits.Call)
	x.move(OnDial)
	if err != nil {
		x.refuseDial(Refusal{Text: errText(err)}, err)
		return
	}
	x.c.Visit = &Visit{N: x.next(), State: VisitAsked, Queue: o.Queue, Entered: x.ms()}
	x.do(HoldAgent{Dialling: orchestrator.Dialling{Call: x.c.Call, PBX: x.c.PBX, Visit: x.c.Visit.N,
		Agent: o.Agent, Endpoint: o.Endpoint, Queue: o.Queue, Code: o.Code, By: o.By}})
}

// allowed asks the gate for the customer's number.
func (x *change) allowed() (orchestrator.Passage, error) {
	return x.Gate.Outside(orchestrator.Outside{PBX: x.c.PBX, Number: x.c.Customer().Number}, x.now)
}

// everAllowed asks the gate whether the customer's number could ever be called.
func (x *change) everAllowed() error {
	_, err := x.Gate.Outside(orchestrator.Outside{PBX: x.c.PBX, Number: x.c.Customer().Number}, time.Time{})
	return err
}

// refuseDial ends a call that may not be made, or not now.
func (x *change) refuseDial(r Refusal, err error) {
	x.c.Refusal = &r
	result := cmp.Or(string(r.Agent), "denied")
	x.noteDial(result, err)
	x.c.Cause = orchestrator.CauseRejected
	x.loseAgent(orchestrator.OutcomeRefused, "operadora")
}

// noteDial writes on the timeline what becomes of the customer's phone.
func (x *change) noteDial(result string, err error) {
	x.note(orchestrator.EntryCallDialled, x.dialFields(result, err))
}

// noteAnswer does so of an answer, and of how long ago it was where it is found out later.
func (x *change) noteAnswer() {
	f := x.dialFields("answered", nil)
	if x.unseen {
		some(f, "ago_ms", x.ms()-x.c.AnsweredAt)
	}
	x.note(orchestrator.EntryCallDialled, f)
}

func (x *change) dialFields(result string, err error) fields {
	f := fields{"destination": orchestrator.MaskNumber(x.c.Caller.Number), "result": result}
	if x.c.Promise != nil || x.c.Attempt != nil {
		f["attempt"] = x.c.Attempts
	}
	if err != nil {
		f["error"] = errText(err)
	}
	return f
}

// agentHeld goes on with an agent who is held, or was not to be had.
func (x *change) agentHeld(cmd HoldAgent, d orchestrator.Dialled) {
	if cmd.Dialling.Over {
		x.overHeld(cmd, d)
		return
	}
	if x.c.State != StateReserving {
		if d.Offer != nil { // given up meanwhile
			x.do(FailOffer{Offer: *d.Offer, Why: orchestrator.OfferCancelled})
		}
		return
	}
	if d.Result != orchestrator.AgentOK || d.Offer == nil {
		x.refuseDial(Refusal{Agent: d.Result}, nil)
		return
	}
	o, v := *d.Offer, x.c.Visit
	v.Queue, v.Plan = o.Queue, d.Plan
	x.visit(VisitOnAdmit)
	x.c.Queue, x.c.Agent, x.c.DID = o.Queue, o.Agent, cmp.Or(x.c.DID, d.Plan.CallerID)
	x.given(o)
	x.move(OnOffered)
	line, has := x.lineFor(o)
	if has = has && line.Up; has && x.c.Far() != nil { // dialled at the phone, and heard on the line
		x.c.Code = x.c.Far().Channel
		x.do(Answer{Channel: x.c.Code})
		x.do(Hangup{Channel: x.c.Code, Cause: orchestrator.CauseNormal})
		x.forgetFar()
	}
	if far := x.c.Far(); far != nil { // the phone that it was dialled at
		far.Offer = &o
		r := x.room()
		far.Room = r.N
		x.do(Answer{Channel: far.Channel})
		x.do(MakeRoom{Bridge: bridge(x.c.Call, r.N)})
		x.arm(TimerState, x.Limits.Command)
		return
	}
	l := Leg{Role: RoleAgent, PBX: o.PBX, State: LegDialing, Offer: &o, Dials: true, Dialed: x.ms()}
	if has {
		l.Channel, l.Line = line.Channel, line.Session
		x.c.Legs = append(x.c.Legs, l)
		x.borrowToDial()
		return
	}
	l.Channel = x.id("a")
	x.c.Legs = append(x.c.Legs, l)
	x.ringAgent("")
}

// agentUp rings the customer, now that the agent listens.
func (x *change) agentUp() {
	far := x.c.Far()
	if !x.leg(far, LegOnAnswer) {
		return
	}
	far.Up = x.happened()
	x.disarm(TimerRing)
	if !x.previewing() && x.move(OnPickup) {
		x.summon()
	}
}

// summon rings the customer, whose agent is held.
func (x *change) summon() {
	customer := x.c.Customer()
	way, err := x.allowed() // again: the hours may be over
	switch {
	case err != nil && x.c.Promise != nil && x.everAllowed() == nil:
		x.setBack(orchestrator.OutcomeLost)
		return
	case err != nil:
		x.refuseDial(Refusal{Text: errText(err)}, err)
		return
	}
	customer.MostMS = way.Most.Milliseconds()
	x.arm(TimerRing, x.ringTime()+ringGrace)
	if customer.State == LegPlanned {
		x.callCustomer(way)
	}
	if x.c.Promise == nil { // or it is heard already
		x.tone("ring")
	}
	switch {
	case customer.State != LegUp:
	case x.c.Far().State == LegPlanned:
		x.nowTheAgent()
	default: // dialled before, and forgotten by the store
		x.meet()
	}
}

// callCustomer orders the customer's phone to be rung.
func (x *change) callCustomer(way orchestrator.Passage) {
	customer := x.c.Customer()
	x.leg(customer, LegOnDial)
	customer.Dialed = x.ms()
	if x.c.Promise != nil {
		x.c.Attempts++
	}
	x.noteDial("dialling", nil)
	var contact *orchestrator.Contacting
	var message []orchestrator.Media
	if x.c.Attempt != nil {
		message = x.c.Attempt.Message
	}
	if a := x.c.Attempt; a == nil || a.ByAgent() {
		contact = &orchestrator.Contacting{Call: x.c.Call, Kind: x.c.Kind, Queue: x.c.Visit.Queue, Number: way.Number}
		if a != nil { // time has passed since the campaign judged the lead
			contact.Campaign = a.Campaign
		}
		if x.c.Promise != nil {
			contact.Tried = x.c.Attempts - 1
		}
	}
	x.do(Dial{Outside: true, Contact: contact, Order: orchestrator.Origination{
		Channel: customer.Channel, Endpoint: way.Endpoint, Args: []string{"customer", x.c.Call},
		Caller: x.shownOutside(), Timeout: x.pbxRing(), Language: x.c.Language, Once: true,
		Lead: x.c.Attempt != nil, Message: message,
	}})
}

// tone lets the agent hear a tone until the next one.
func (x *change) tone(name string) {
	far := x.c.Far()
	if far == nil || far.State == LegPlanned {
		return
	}
	if far.Tone != "" {
		x.do(StopPlay{ID: far.Tone})
	}
	if name == "" {
		if far.Line == "" { // else giveBack stops it once more: an order that came late would sound on
			far.Tone = ""
		}
		return
	}
	far.Tone = x.id("p")
	x.do(Play{Playback: orchestrator.Playback{ID: far.Tone, Channel: far.Channel,
		Media: []orchestrator.Media{{Kind: orchestrator.MediaTone, Value: name}}}})
}

// customerUp handles that the customer answered.
func (x *change) customerUp() {
	customer := x.c.Customer()
	if customer.State == LegPlanned { // the store has forgotten that it was dialled
		x.leg(customer, LegOnDial)
	}
	if !x.leg(customer, LegOnAnswer) {
		if customer.State == LegHanging {
			x.answerCrossed()
			x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseNormal}) // our hangup crossed the answer
		}
		return
	}
	customer.Up, x.c.AnsweredAt, customer.Doubt = x.happened(), x.happened(), false
	x.noteAnswer()
	if x.c.Promise != nil {
		x.reached()
	}
	switch {
	case x.c.State == StateReaching:
		x.leadUp()
	case x.c.State == StateDialing && x.c.Far().State == LegPlanned:
		x.nowTheAgent()
	case x.c.State == StateDialing:
		x.meet()
	case x.c.Promise != nil:
		x.unlooked()
	}
}

// mayFollowAnswer: causes of calls that are hung up, be it after an answer or before.
var mayFollowAnswer = map[orchestrator.Cause]bool{
	orchestrator.CauseUnknown: true, orchestrator.CauseNormal: true, 31: true, orchestrator.CauseOther: true,
}

// meet joins agent and customer, who both are there.
func (x *change) meet() {
	if x.move(OnAnswer) {
		x.disarm(TimerRing)
		x.tone("")
		x.connect()
	}
}

// diallingEvent handles what happens on the customer's channel before the join.
func (x *change) diallingEvent(e orchestrator.Event) {
	customer := x.c.Customer()
	switch e.Kind {
	case orchestrator.EventRinging:
		was := customer.State
		if x.leg(customer, LegOnRing) && was == LegDialing {
			customer.Rang = x.happened()
			x.noteDial("ringing", nil)
			x.noDoubt()
			if x.c.Attempt != nil {
				x.armRing()
			}
		}
	case orchestrator.EventEntered:
		x.customerUp()
	case orchestrator.EventEnded:
		if customer.State == LegEnded { // it was given up, and what came of it is on record
			x.refuse("leg "+string(customer.State), string(e.Kind))
			return
		}
		outcome := cmp.Or(x.ending, x.endOf(customer.State, e.Cause))
		if x.c.Abandoned > 0 {
			outcome = orchestrator.OutcomeAbandoned
		}
		switch x.c.State {
		case StateDialing:
			x.notReached(outcome, e.Cause)
		case StateReaching:
			by := "number"
			switch {
			case e.ByPBX:
				outcome, by = orchestrator.OutcomeLost, "pbx"
			case customer.State == LegHanging:
				by = "operadora"
			}
			x.notAnswered(outcome, by, e.Cause)
		case StateConnecting:
			x.customerGone(e.Cause, "caller")
		default: // the store has forgotten that it was dialled
			x.leg(customer, LegOnGone)
			if x.c.Promise != nil {
				x.nextAttempt()
				return
			}
			x.c.Cause = e.Cause
			x.loseAgent(outcome, "pbx")
		}
	case orchestrator.EventLeft, orchestrator.EventDigit, orchestrator.EventPlayed, orchestrator.EventRecorded,
		orchestrator.EventTransfer, orchestrator.EventHeld, orchestrator.EventResumed, orchestrator.EventDevice, orchestrator.EventHeard, orchestrator.EventSpeaks, orchestrator.EventSilent, orchestrator.EventTold:
		x.refuse(string(x.c.State), string(e.Kind))
	}
}

// endOf says why a customer was not reached; of a lead it is told more exactly.
func (x *change) endOf(was LegState, cause orchestrator.Cause) orchestrator.Outcome {
	if x.c.Attempt != nil {
		return leadEnd(was, cause)
	}
	return endOf(was, cause)
}

// endOf says why a customer was not reached.
func endOf(was LegState, cause orchestrator.Cause) orchestrator.Outcome {
	switch {
	case cause == orchestrator.CauseBusy:
		return orchestrator.OutcomeBusy
	case was == LegHanging || was == LegRinging || nobodyTook[cause]:
		return orchestrator.OutcomeNoAnswer
	}
	return orchestrator.OutcomeUnreachable
}

// nobodyTook: the network reached a phone, and nobody took the call.
var nobodyTook = map[orchestrator.Cause]bool{
	orchestrator.CauseUnknown: true, orchestrator.CauseNormal: true, orchestrator.CauseNoResponse: true,
	orchestrator.CauseNoAnswer: true, orchestrator.CauseRejected: true,
}

// failTone is how long an agent hears that nobody was reached.
const failTone = 3 * time.Second

// notReached lets the agent hear that the customer was not reached, and ends the call then.
func (x *change) notReached(outcome orchestrator.Outcome, cause orchestrator.Cause) {
	if !x.ended(x.c.Customer()) || !x.move(OnFailed) {
		return
	}
	x.disarm(TimerRing)
	x.c.Outcome, x.c.Cause = outcome, cause
	if outcome != orchestrator.OutcomeAbandoned { // that they answered is noted
		x.noteDial(string(outcome), nil)
	}
	if x.c.Far().State == LegPlanned { // nobody listens
		x.setBack(outcome)
		return
	}
	name := "congestion"
	if outcome == orchestrator.OutcomeBusy || outcome == orchestrator.OutcomeNoAnswer {
		name = "busy"
	}
	x.tone(name)
	x.arm(TimerState, failTone)
}

// customerRefused handles a customer's phone that could not be called: a cap of
// the trunk, or the PBX. Its channel may have come to be all the same.
func (x *change) customerRefused(cmd Dial, err error) {
	if x.c.State != StateDialing && x.c.State != StateReaching {
		return
	}
	outcome := orchestrator.OutcomeFailed
	switch kind := fault.KindOf(err); {
	case errors.Is(err, ErrMoot):
		return
	case kind == fault.Denied:
		outcome, x.c.Refusal = orchestrator.OutcomeRefused, &Refusal{Text: errText(err)}
		x.noteDial("denied", err)
		if not, ok := errors.AsType[*orchestrator.NotYet](err); ok && x.c.Promise != nil {
			x.c.Attempts-- // nothing rang
			x.c.Promise.NotYet = not.Until.UnixMilli()
		}
	case errors.Is(err, orchestrator.ErrInDoubt):
		x.doubt(err)
		return
	default:
		x.fault("the number could not be called", err)
		if kind == fault.NotFound || kind == fault.Invalid {
			outcome = orchestrator.OutcomeUnreachable
		}
	}
	x.do(Hangup{Channel: cmd.Order.Channel, Cause: orchestrator.CauseGone})
	if x.c.State == StateReaching {
		x.notAnswered(outcome, "operadora", orchestrator.CauseOutOfOrder)
		return
	}
	x.notReached(outcome, orchestrator.CauseOutOfOrder)
}

// customerRang ends a customer's phone that rang long enough.
func (x *change) customerRang() {
	customer := x.c.Customer()
	if customer.Doubt {
		x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseGone})
		x.notReached(orchestrator.OutcomeLost, orchestrator.CauseUnknown)
		return
	}
	if customer.State == LegHanging || !x.leg(customer, LegOnHang) { // told once already: it must be gone
		x.notReached(orchestrator.OutcomeNoAnswer, orchestrator.CauseNoAnswer)
		return
	}
	x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseNormal})
	x.arm(TimerRing, x.Limits.Clear)
}

// agentLost ends a call whose agent is gone before the conversation began.
func (x *change) agentLost(was LegState, cause orchestrator.Cause) {
	far := x.c.Far()
	x.c.Cause = cause
	if far.Up == 0 && far.Why == "" { // who has asked for the call is not to blame for the phone
		why := x.failure(far, was, cause)
		x.note(orchestrator.EntryCallMissed, fields{"agent": far.agent(), "why": why, "cause": cause})
		if x.c.Attempt.ByAgent() { // and has not asked for this one
			far.Why = why
		}
	}
	switch {
	case x.c.State == StatePreviewing && far.Line == "" && !x.byPBX && cause != orchestrator.CauseUnknown: // hanging up is an answer, too
		x.skipLead("agent:"+far.agent(), "")
	case x.c.Outcome != "": // nobody was reached, and the agent knows
		x.loseAgent(x.c.Outcome, "agent")
	case far.Why == orchestrator.OfferError:
		x.loseAgent(orchestrator.OutcomeFailed, "operadora")
	default:
		x.loseAgent(orchestrator.OutcomeCancelled, "agent")
	}
}

// loseAgent ends a call that is no conversation: its agent is hung up, if still
// there, with the cause of the call.
func (x *change) loseAgent(outcome orchestrator.Outcome, by string) {
	if x.c.Promise != nil && (outcome != orchestrator.OutcomeRefused || x.c.State == StateFailing) {
		x.setBack(outcome)
		return
	}
	if far := x.c.Far(); far != nil {
		x.hangFar(x.c.Cause)
		if far.State == LegEnded {
			x.settle()
			x.forgetFar()
		}
	}
	x.over(outcome, by, x.c.Cause)
}
