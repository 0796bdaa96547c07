package call

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A call of kind campaign rings a lead's phone while nobody listens. From the answer
// on it is a call like one that came in: its flow has it, which speaks to the lead or
// puts them in the campaign's queue for as long as the law lets them wait. It rings
// once: another attempt is another call. One that an agent is to make is different
// (preview.go): the agent listens before.

// Attempt is one attempt to reach a lead.
type Attempt struct {
	Call     string `json:"call"` // its id is chosen before anything is dialled
	Campaign string `json:"campaign"`
	Lead     string `json:"lead"` // its id in its list
	N        int    `json:"n"`    // 1 is the first attempt to reach the lead
	Number   string `json:"number"`
	Name     string `json:"name,omitempty"`
	Shown    string `json:"shown,omitempty"` // to the lead; "" leaves it to the trunk
	Language string `json:"language,omitempty"`
	Flow     string `json:"flow,omitempty"`  // begins at the answer
	Queue    string `json:"queue,omitempty"` // without a flow: who answers enters it
	// Agent, of Queue, is held before the lead's phone is rung, and talks with who answers;
	// with Preview only if they want to. Without: whoever of the queue is free then.
	Agent   string   `json:"agent,omitempty"`
	Preview *Preview `json:"preview,omitempty"`
	// Within is how long from the answer, whatever the flow and the queue say, who has
	// talked with nobody waits for an agent at most; 0 leaves it to them. Then Message is
	// heard, and the call is over.
	Within  time.Duration        `json:"within,omitempty"`
	Message []orchestrator.Media `json:"message,omitempty"`
	// About is what is known of the lead, for the flow and the agent, who reads Script.
	About  map[string]string `json:"about,omitempty"`
	Script string            `json:"script,omitempty"`
	Ring   time.Duration     `json:"ring"`            // longest, from when it rings; 0 is the limit of transfers
	Least  time.Duration     `json:"least,omitempty"` // from when it rings, before it may be given up
	// Greeted tells that Within is counted from the end of what who answered said first, as
	// far as the PBX heard that.
	Greeted  bool     `json:"greeted,omitempty"`
	Machines Machines `json:"machines,omitzero"`
}

// MostBrief is how many bytes About and Script, names and all, have at most.
const MostBrief = 16 << 10

// NewAttempt is a call to a lead. Nothing is dialled before it is stored.
func NewAttempt(pbx string, o Attempt, now time.Time) Call {
	return Call{
		CallSummary: orchestrator.CallSummary{Call: o.Call, PBX: pbx, Kind: orchestrator.KindCampaign, StartedAt: now.UnixMilli(),
			Caller: orchestrator.CleanParty(orchestrator.Party{Number: o.Number, Name: o.Name}), DID: orchestrator.CleanNumber(o.Shown),
			Language: o.Language, Campaign: o.Campaign, Lead: o.Lead, Attempts: o.N},
		State: StateArriving, Seq: 1, Shown: o.Shown, Attempt: &o,
		Legs: []Leg{{Role: RoleCustomer, PBX: pbx, Channel: orchestrator.MakeID(o.Call, "c", 1), State: LegPlanned, Number: o.Number}},
	}
}

// attempt rings the lead's phone, if the gate lets it.
func (x *change) attempt() {
	way, err := x.allowed()
	if err == nil {
		x.c.Caller.Number = way.Number
	}
	x.note(orchestrator.EntryCallStarted, x.c.CallSummary)
	x.arm(TimerCall, x.Limits.Call)
	if x.c.Attempt.ByAgent() && err == nil {
		x.attemptBy()
		return
	}
	x.move(OnAttempt)
	if err != nil {
		x.refuseDial(Refusal{Text: errText(err)}, err)
		return
	}
	x.c.Customer().MostMS = way.Most.Milliseconds()
	x.armRing()
	x.callCustomer(way)
}

// lateRing is after how long from its dialling a phone rings at the latest, if it ever does:
// mobiles do within 8 s, and what a carrier had not begun to ring after 13 s seldom rang at all
// (https://developer.signalwire.com/freeswitch/Channel-Variables-Catalog/progress_timeout_16353361).
const lateRing = 13 * time.Second

// armRing bounds how long a lead's phone rings: as long as the campaign wants, from when it
// rings. As long as that is not told, which some trunks never do, it is from the dialling, and
// the least that the law demands of a phone that began late: it counts the ringing, not the
// way there (47 CFR 64.1200(a)(6), 16 CFR 310.4(b)(4)(ii)).
func (x *change) armRing() {
	wait := x.ringTime()
	if x.c.Customer().Rang == 0 {
		wait = x.unheardRing()
	}
	x.arm(TimerRing, wait)
}

// unheardRing is how long is waited for a phone from its dialling of which nothing is told.
func (x *change) unheardRing() time.Duration {
	if least := x.c.Attempt.Least; least > 0 {
		return max(x.ringTime(), lateRing+least)
	}
	return x.ringTime()
}

// pbxRing is how long the PBX lets a customer's phone ring, from its dialling. That of a lead is
// ours to end: the PBX, which would count the way there, does if we are gone.
func (x *change) pbxRing() time.Duration {
	if x.c.Attempt != nil {
		return (x.unheardRing() + x.ringTime() + time.Second - 1).Truncate(time.Second) // PBXs know whole ones
	}
	return x.ringTime()
}

// leadUp begins the flow of a lead who answered.
func (x *change) leadUp() {
	x.disarm(TimerRing)
	x.boundCall()
	x.move(OnFlow)
	if !x.hearWho() {
		x.leadOn()
	}
}

// leadOn goes on with a lead who is a person, as far as is known.
func (x *change) leadOn() {
	o := x.c.Attempt
	if o.Flow == "" {
		x.enqueue(orchestrator.Action{Kind: orchestrator.ActQueue, Queue: o.Queue})
		return
	}
	step, err := x.Flows.Begin(orchestrator.Arrival{Call: x.c.Call, PBX: x.c.PBX, Kind: x.c.Kind, DID: x.c.DID,
		Caller: x.c.Caller, Language: x.c.Language, Answered: true, Flow: o.Flow, Lead: o.About}, x.now)
	if err != nil {
		x.fault("the flow could not begin", err)
		x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
		return
	}
	x.apply(step, 0)
}

// servedBy is when who answered must be with an agent, unix ms; 0 for never.
func (x *change) servedBy() int64 {
	if x.unserved() && x.c.Attempt.Within > 0 && x.c.AnsweredAt > 0 {
		from := x.c.AnsweredAt
		if x.c.Attempt.Greeted {
			from = max(from, x.c.GreetedAt)
		}
		return from + x.c.Attempt.Within.Milliseconds()
	}
	return 0
}

// unserved tells whether the call is to a lead who has talked to no agent yet.
func (x *change) unserved() bool { return x.c.Attempt != nil && x.c.ConnectedAt == 0 }

// refMessage is the playback of what an abandoned lead hears; no flow has it.
const refMessage = -1

// abandon ends the wait of a lead for whom no agent was there in time: what the law
// demands is heard, and the call is over.
func (x *change) abandon() {
	o := x.c.Attempt
	x.disarm(TimerWait)
	x.disarm(TimerFlow)
	x.c.Home, x.c.Flow, x.c.Abandoned = nil, nil, x.happened()
	if len(o.Message) == 0 {
		x.noteMessage("none")
		x.over(orchestrator.OutcomeAbandoned, "operadora", orchestrator.CauseNormal)
		return
	}
	x.sayMessage()
}

func (x *change) sayMessage() {
	x.play(x.c.Attempt.Message, x.c.Language, refMessage)
	x.noteMessage("playing")
}

// saying tells whether an abandoned lead hears the message.
func (p *Playing) saying() bool { return p != nil && p.Ref == refMessage }

// messageOver ends the call of a lead who has heard the message.
func (x *change) messageOver(failed bool) {
	state := "heard"
	if failed {
		state = "failed"
	}
	x.noteMessage(state)
	x.over(orchestrator.OutcomeAbandoned, "operadora", orchestrator.CauseNormal)
}

// noteMessage writes down what an abandoned lead is played, and when.
func (x *change) noteMessage(state string) {
	o := x.c.Attempt
	var sounds []string
	for _, m := range o.Message {
		sounds = append(sounds, m.Value)
	}
	f := fields{"state": state, "answered_ms": x.happened() - x.c.AnsweredAt, "within_ms": o.Within.Milliseconds()}
	if sounds != nil {
		f["sounds"] = sounds
	}
	some(f, "language", x.c.Language)
	x.note(orchestrator.EntryCallMessage, f)
}

// pbxTells takes in that the PBX itself tells a lead the message: nobody here gave a sign of life in
// time. Nothing can be done for them any more, and their end follows.
func (x *change) pbxTells(answered time.Time) {
	customer := x.c.Customer()
	if !x.unserved() || x.c.Abandoned > 0 || x.c.Gone() || x.c.State == StateClearing || x.c.State == StateEnded {
		x.refuse(string(x.c.State), string(orchestrator.EventTold))
		return
	}
	if x.c.AnsweredAt == 0 {
		if customer.State == LegPlanned { // the store has forgotten that it was dialled
			x.leg(customer, LegOnDial)
		}
		x.leg(customer, LegOnAnswer)
		x.at, x.unseen = x.c.answeredAt(answered, x.came), true
		customer.Up, x.c.AnsweredAt, customer.Doubt = x.happened(), x.happened(), false
		x.noteAnswer()
		x.at, x.unseen = x.came, false
	}
	x.disarm(TimerRing)
	switch v := x.c.Visit; {
	case !v.waits():
	case x.c.State != StateConnecting:
		x.unqueue("deadline")
	case x.move(OnParted): // they cannot be joined any more
		x.disarm(TimerState)
		x.unqueued("deadline")
	}
	x.stopPlaying()
	x.disarm(TimerListen)
	x.disarm(TimerWait)
	x.disarm(TimerFlow)
	x.c.Home, x.c.Flow, x.c.Abandoned = nil, nil, x.happened()
	x.noteMessage("playing")
}

// pbxTold takes in that the PBX told a lead the message while nobody listened, before their end is.
func (x *change) pbxTold(end orchestrator.ChannelEnd) {
	if !x.unserved() || x.c.Abandoned > 0 || x.c.State == StateClearing {
		return
	}
	at := max(end.MessageAt.UnixMilli(), x.c.AnsweredAt)
	x.at, x.c.Abandoned = time.UnixMilli(at), at
	if end.Message != orchestrator.MessageNone {
		x.noteMessage("playing")
	}
	x.at = end.At
}

// pbxHasTold takes in what came of a message that the PBX told, with the end of who heard it: who
// hung up after it did so because it was over.
func (x *change) pbxHasTold(e *orchestrator.Event) {
	if x.c.Abandoned == 0 || x.c.State == StateClearing {
		return
	}
	if x.noteMessage(string(e.Message)); e.ByPBX {
		x.c.EndedBy, e.ByPBX = "pbx", false
	}
}

// notAnswered ends an attempt. One whose answer crossed our hangup was answered, and
// the lead heard nobody.
func (x *change) notAnswered(outcome orchestrator.Outcome, by string, cause orchestrator.Cause) {
	x.ended(x.c.Customer())
	x.disarm(TimerRing)
	if x.c.AnsweredAt > 0 {
		outcome = orchestrator.OutcomeAbandoned
	} else {
		x.noteDial(string(outcome), nil)
	}
	x.over(outcome, by, cause)
}

// answerCrossed notes that the lead answered just as the attempt was given up.
func (x *change) answerCrossed() {
	if x.c.Attempt == nil || x.c.AnsweredAt > 0 || x.c.State != StateReaching {
		return
	}
	x.c.AnsweredAt = x.happened()
	x.noteAnswer()
}

// giveUpAttempt ends an attempt while the phone rings, for who paces the campaign.
func (x *change) giveUpAttempt(w Wish) error {
	customer := x.c.Customer()
	if x.c.Attempt.ByAgent() {
		return x.withdraw(w)
	}
	if x.c.State != StateReaching || customer.State == LegHanging {
		return fault.New(op, fault.Conflict, "the call is in state %q, and no phone of a lead rings", x.c.State)
	}
	if customer.State != LegRinging || x.ms()-customer.Rang < x.c.Attempt.Least.Milliseconds() {
		return fault.New(op, fault.Conflict, "the phone has not rung for %v yet", x.c.Attempt.Least)
	}
	x.note(orchestrator.EntryCallHungUp, fields{"by": w.By, "reason": w.Reason})
	x.leadRang()
	return nil
}

// doubt waits for what the PBX may yet tell of a phone that may have been rung: its
// end, on the way, or an order that comes through late. The order is not given again.
func (x *change) doubt(err error) {
	x.fault("nobody knows whether the number was called", err)
	x.c.Customer().Doubt = true
	x.arm(TimerRing, x.Limits.Clear)
}

// noDoubt lets a phone ring whose order has come through after all.
func (x *change) noDoubt() {
	if customer := x.c.Customer(); customer.Doubt {
		customer.Doubt = false
		x.arm(TimerRing, x.ringTime()+ringGrace)
	}
}

// leadRang ends a phone that rang long enough, or of which nothing was heard.
func (x *change) leadRang() {
	customer := x.c.Customer()
	if customer.Doubt {
		x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseGone})
		x.notAnswered(orchestrator.OutcomeLost, "pbx", orchestrator.CauseUnknown)
		return
	}
	if customer.State == LegHanging || !x.leg(customer, LegOnHang) { // told once already: it must be gone
		x.notAnswered(orchestrator.OutcomeNoAnswer, "operadora", orchestrator.CauseNoAnswer)
		return
	}
	x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseNormal})
	x.arm(TimerRing, x.Limits.Clear)
}
