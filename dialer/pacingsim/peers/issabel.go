package peers

import (
	"math"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
)

// Issabel is the dialer of Issabel (and Elastix) call center, classes Predictor
// and CampaignProcess of its setup/dialer_process/dialer, dial by dial:
//
// every review it places free agents plus those about to be free, less the
// people in queue and the calls on their way. An agent is about to be free when
// the exponential law with the mean talk time gives its present talk, plus the
// mean time to answer, a chance of qos or more to be over. That is the chance for
// the whole talk, not for what is left of it, so it takes 3.5 mean talks for an
// agent to count; it is reproduced. With overcommit what is missing is divided
// by the share of calls of the last 30 minutes that somebody or something picked
// up, at least 0.2.
//
// Settings: overcommit (0 or 1), review (seconds between reviews), qos, extra
// (forzar_sobrecolocar: calls added whenever any is missing), channels
// (max_canales; 0 takes the world's lines).
func Issabel() pacingsim.Algorithm {
	return algorithm("issabel", "the predictor of Issabel call center",
		settings{{"overcommit", 0, 0, 1}, {"review", 5, 1, 60}, {"qos", 0.97, 0.01, 0.999}, {"extra", 0, 0, 100}, {"channels", 0, 0, 1e6}},
		func(v map[string]float64, u pacingsim.Setup) pacingsim.Controller { return newIssabel(v, u) })
}

// Constants of Issabel's classes.
const (
	issabelFirstAnswer = 8.0  // s, mean time to answer believed at first
	issabelCalls       = 10   // calls that must be over before anything is predicted
	issabelLowestASR   = 0.2  // lowest answered share that overcommit divides by
	issabelHistory     = 1800 // s over which it is counted
)

// issabel is the controller.
type issabel struct {
	desk
	v          map[string]float64
	feeder     feeder
	nextReview time.Time
	talkSince  map[pacing.AgentID]time.Time
	launched   map[pacing.CallID]time.Time
	talks      mean
	campaigns  []issabelCampaign
}

// issabelCampaign is what is learnt of one campaign.
type issabelCampaign struct {
	answer  mean
	history []attempts // one entry per review, oldest first
}

// attempts are totals since the start.
type attempts struct {
	at             time.Time
	over, answered int // calls that turned out, and those picked up by anybody
}

// mean is a running mean.
type mean struct {
	n   int
	sum float64
}

func (m *mean) add(x float64) { m.n, m.sum = m.n+1, m.sum+x }
func (m *mean) or(standard float64) float64 {
	if m.n == 0 {
		return standard
	}
	return m.sum / float64(m.n)
}

func newIssabel(v map[string]float64, u pacingsim.Setup) *issabel {
	return &issabel{desk: newDesk(u), v: v, feeder: newFeeder(u, 0), nextReview: u.Start,
		talkSince: map[pacing.AgentID]time.Time{}, launched: map[pacing.CallID]time.Time{},
		campaigns: make([]issabelCampaign, len(u.Campaigns))}
}

// Observe implements pacingsim.Controller.
func (k *issabel) Observe(e pacing.Event) {
	k.count(e)
	switch e.Kind {
	case pacing.CallLaunched:
		k.launched[e.Call] = e.At
	case pacing.CallPerson:
		if at, ok := k.launched[e.Call]; ok {
			k.campaigns[e.Campaign].answer.add(e.At.Sub(at).Seconds())
			delete(k.launched, e.Call)
		}
	case pacing.CallMachine, pacing.CallFailed:
		delete(k.launched, e.Call)
	case pacing.AgentTalking, pacing.AgentTalkingInbound:
		k.talkSince[e.Agent] = e.At
	case pacing.AgentIdle, pacing.AgentWrapping, pacing.AgentGone:
		if at, ok := k.talkSince[e.Agent]; ok {
			k.talks.add(e.At.Sub(at).Seconds())
			delete(k.talkSince, e.Agent)
		}
	}
}

// Next implements pacingsim.Controller.
func (k *issabel) Next() time.Time {
	if k.feeder.busy() && k.feeder.next.Before(k.nextReview) {
		return k.feeder.next
	}
	return k.nextReview
}

// Decide implements pacingsim.Controller.
func (k *issabel) Decide(now time.Time, orders *pacingsim.Orders) {
	k.now = now
	if !k.nextReview.After(now) {
		k.nextReview = now.Add(time.Duration(k.v["review"] * float64(time.Second)))
		k.feeder.next = later(k.feeder.next, now)
		for c := range k.campaigns {
			k.feeder.want[c] = k.review(c, now)
		}
	}
	k.feeder.feed(&k.desk, now, k.u.Lines, orders)
}

// review is how many calls to place for a campaign.
func (k *issabel) review(c int, now time.Time) int {
	x, t := &k.campaigns[c], &k.board.Tally[c]
	x.history = append(x.history, attempts{now, t.Dials - t.Launched - t.Detecting, t.Answered + t.Machines})
	for len(x.history) > 1 && now.Sub(x.history[1].at).Seconds() >= issabelHistory {
		x.history = x.history[1:]
	}
	if !k.open(c) {
		return 0
	}
	n := whole(k.share[c]*float64(k.board.Idle+k.soon(c, now))) - k.unserved(c)
	channels := k.u.Lines
	if m := int(k.v["channels"]); m > 0 && m < channels {
		channels = m
	}
	if n = min(n, channels); n > 0 {
		n += int(k.v["extra"])
	}
	n -= k.placed(c)
	if n > 0 && k.v["overcommit"] == 1 {
		n = k.overcommit(x, n)
	}
	return max(0, n)
}

// overcommit divides by the share of answered calls of the last half hour.
func (k *issabel) overcommit(x *issabelCampaign, n int) int {
	first, last := x.history[0], x.history[len(x.history)-1]
	over, answered := last.over-first.over, last.answered-first.answered
	if over < issabelCalls || answered == 0 {
		return n
	}
	rate := float64(answered) / float64(over)
	return int(math.Round(float64(n) / max(issabelLowestASR, rate)))
}

// soon counts the busy agents that are about to be free.
func (k *issabel) soon(c int, now time.Time) int {
	if k.talks.n < issabelCalls {
		return 0
	}
	answer, n := k.campaigns[c].answer.or(issabelFirstAnswer), 0
	for _, at := range k.talkSince {
		if -math.Expm1(-(now.Sub(at).Seconds()+answer)/k.talks.or(1)) >= k.v["qos"] {
			n++
		}
	}
	return n
}
