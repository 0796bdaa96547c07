package pacing

import "time"

// Facts is what the manager's screen shows of a campaign.
type Facts struct {
	// AnswerRate is the share of launched calls that a person answers, and
	// Uncertainty its standard deviation.
	AnswerRate, Uncertainty float64
	// AnswerDelay is the median time from launch to answer.
	AnswerDelay time.Duration
	// Free is the number of idle agents not spoken for; negative when people wait.
	Free int
	// FreeSoon is the number of agents expected to come free within Horizon.
	FreeSoon float64
	Horizon  time.Duration
	// OnWay is the number of calls that may yet need an agent, ExpectedAnswers
	// how many of them are expected to be answered within Horizon.
	OnWay           int
	ExpectedAnswers float64
	// Risk is the chance that one more call would be abandoned if answered, and
	// Level the chance that is accepted.
	Risk, Level float64
	// Answered and Abandoned are the calls of the legal window, BudgetLeft the
	// abandoned calls that it still bears.
	Answered, Abandoned, BudgetLeft float64
	// PeakRate is the highest answer rate of about the last half hour. AtStake is how
	// many calls would be abandoned if those in the air, and one more, were
	// answered at it with no agent but those free now or surely soon.
	PeakRate, AtStake float64
	// TalkTime and WrapTime are the mean times that are expected.
	TalkTime, WrapTime time.Duration
	// AgentWait is the mean wait of agents between calls of late.
	AgentWait time.Duration
	// CallsPerSecond is the rate that the carrier seems to bear.
	CallsPerSecond float64
	// GivenUp is the number of ringing calls that were ordered to be cancelled, and
	// Refused that of orders refused.
	GivenUp, Refused int
	// Unknown is how many calls may yet count as abandoned whose end was not told.
	Unknown float64
	// Drifting says that answers have lately not come as expected.
	Drifting bool
	// Hold is what keeps the campaign from dialling one more.
	Hold Hold
}

func asDuration(seconds float64) time.Duration { return time.Duration(seconds * 1e9) }

// Facts are those of a campaign at the last decision; zero for an index out of range.
func (p *Pacer) Facts(index int) Facts {
	if index < 0 || index >= len(p.campaigns) {
		return Facts{}
	}
	k := &p.campaigns[index]
	s := &k.segments[k.upNext]
	return Facts{
		AnswerRate: k.pooled, Uncertainty: s.deviates, AnswerDelay: asDuration(k.ring.quantile(0.5)),
		Free: p.seen.free, FreeSoon: p.seen.soon, Horizon: asDuration(p.ahead[moments-1]),
		OnWay: p.seen.onWay, ExpectedAnswers: p.seen.expected, Risk: k.risk, Level: k.level,
		PeakRate: k.peakOf(k.upNext, p.now), AtStake: k.atStake,
		Answered: k.budget.sumAnswered, Abandoned: k.budget.sumAbandoned, BudgetLeft: k.budget.left(),
		TalkTime: asDuration(p.handling.Talk.mean()), WrapTime: asDuration(p.handling.Wrap.mean()),
		AgentWait: asDuration(p.wait), CallsPerSecond: p.carrier.Rate,
		GivenUp: k.givenUp, Refused: k.refused, Unknown: k.unknown,
		Drifting: p.now < k.drift.Alarm, Hold: k.hold,
	}
}
