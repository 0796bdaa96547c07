package call

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A call of kind campaign rings a lead's phone while nobody listens. From the answer
// on it is a call like one that came in: its flow has it, which speaks to the lead or
// puts them in the campaign's queue for as long as the law lets them wait. It rings
// once: another attempt is another call.

// Attempt is one attempt to reach a lead.
type Attempt struct {
	Call     string        `json:"call"` // its id is chosen before anything is dialled
	Campaign string        `json:"campaign"`
	Lead     string        `json:"lead"` // its id in its list
	N        int           `json:"n"`    // 1 is the first attempt to reach the lead
	Number   string        `json:"number"`
	Name     string        `json:"name,omitempty"`
	Shown    string        `json:"shown,omitempty"` // to the lead; "" leaves it to the trunk
	Language string        `json:"language,omitempty"`
	Flow     string        `json:"flow"`            // begins at the answer
	Ring     time.Duration `json:"ring"`            // longest; 0 is the limit of transfers
	Least    time.Duration `json:"least,omitempty"` // from when it rings, before it may be given up
}

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
	x.move(OnAttempt)
	if err != nil {
		x.refuseDial(Refusal{Text: errText(err)}, err)
		return
	}
	x.c.Customer().MostMS = way.Most.Milliseconds()
	x.arm(TimerRing, x.ringTime()+ringGrace)
	x.callCustomer(way)
}

// leadUp begins the flow of a lead who answered.
func (x *change) leadUp() {
	x.disarm(TimerRing)
	x.c.Customer().Doubt = false
	x.boundCall()
	x.move(OnFlow)
	o := x.c.Attempt
	step, err := x.Flows.Begin(orchestrator.Arrival{Call: x.c.Call, PBX: x.c.PBX, Kind: x.c.Kind, DID: x.c.DID,
		Caller: x.c.Caller, Language: x.c.Language, Answered: true, Flow: o.Flow}, x.now)
	if err != nil {
		x.fault("the flow could not begin", err)
		x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
		return
	}
	x.apply(step, 0)
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
	x.noteDial("answered", nil)
}

// giveUpAttempt ends an attempt while the phone rings, for who paces the campaign.
func (x *change) giveUpAttempt(w Wish) error {
	customer := x.c.Customer()
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
