package pacing

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// adversary is a world whose answer rate is anybody's choice at each moment.
// Everything else is honest: agents serve who waits, first come first served, and
// stay. Its clock ticks in half seconds.
type adversary struct {
	t                   *rapid.T
	p                   testPacer
	r                   *rand.Rand
	at, limit           float64
	next                CallID
	inAir               []airborne
	waiting             []airborne
	busy                []float64 // until when, by agent; 0 idle
	answered, abandoned float64
	answerRate          float64
	talk                float64
	lastUncovered       int // calls in the air when the last were launched that had no agent
}

type airborne struct {
	id   CallID
	ends float64 // answered or not, or out of patience
}

func (a *adversary) tell(e Event) { a.p.tell(a.at, e) }

func (a *adversary) idle() int {
	n := 0
	for _, until := range a.busy {
		if until == 0 {
			n++
		}
	}
	return n
}

// agents ends talks and serves who waits.
func (a *adversary) agents() {
	for i, until := range a.busy {
		id := AgentID(i + 1)
		if until > 0 && until <= a.at {
			a.busy[i] = 0
			a.tell(Event{Kind: AgentIdle, Agent: id})
		}
		if a.busy[i] == 0 && len(a.waiting) > 0 {
			call := a.waiting[0]
			a.waiting = a.waiting[1:]
			a.answered++
			a.tell(Event{Kind: AgentTalking, Agent: id})
			a.tell(Event{Kind: CallConnected, Call: call.id, Agent: id})
			a.tell(Event{Kind: CallEnded, Call: call.id})
			a.busy[i] = a.at + a.talk*(0.2+a.r.ExpFloat64())
		}
	}
	for len(a.waiting) > 0 && a.waiting[0].ends <= a.at {
		a.answered++
		a.abandoned++
		a.tell(Event{Kind: CallAbandoned, Call: a.waiting[0].id})
		a.waiting = a.waiting[1:]
	}
}

// calls lets those turn out whose time has come.
func (a *adversary) calls() {
	left := a.inAir[:0]
	for _, c := range a.inAir {
		switch {
		case c.ends > a.at:
			left = append(left, c)
		case a.r.Float64() < a.answerRate:
			a.tell(Event{Kind: CallPerson, Call: c.id})
			a.waiting = append(a.waiting, airborne{c.id, a.at + 2})
		default:
			a.tell(Event{Kind: CallFailed, Cause: CauseNoAnswer, Call: c.id})
		}
	}
	a.inAir = left
}

func (a *adversary) decide() {
	n := a.p.Decide(day(a.at)).Count()
	if n == 0 {
		return
	}
	free := a.idle() - len(a.waiting)
	left := a.limit*a.answered - a.abandoned
	for range n {
		a.next++
		a.inAir = append(a.inAir, airborne{a.next, a.at + 1 + 20*a.r.Float64()})
		a.tell(Event{Kind: CallLaunched, Call: a.next})
	}
	if len(a.inAir) <= free {
		return
	}
	a.lastUncovered = len(a.inAir) + len(a.waiting)
	facts := a.p.Facts(0)
	switch {
	case left < 0:
		a.t.Fatalf("at %.1f s: %d calls launched, %d in the air for %d free agents, with the window overdrawn: %.2f left",
			a.at, n, len(a.inAir), free, left)
	case float64(len(a.inAir))*facts.PeakRate-float64(free) < 0:
	case facts.Hold.Limit != LimitStake && facts.AtStake > left+1:
		a.t.Fatalf("at %.1f s: %.2f at stake at a peak of %.3f with %.2f left", a.at, facts.AtStake, facts.PeakRate, left)
	}
}

// For any course of the answer rate, with the settings that ship: once overdrawn,
// nothing is launched that has no free agent until the window is paid back, and
// the window is exceeded by no more than what was in the air at one moment.
func TestNoAnswerRateBreaksTheWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]float64{0.03, 0.03, 0.01, 0.1}).Draw(t, "limit")
		mode := rapid.SampledFrom([]Mode{ModePredictive, ModePredictive, ModePower, ModeWait}).Draw(t, "mode")
		pacer, err := New(Config{Campaigns: []CampaignConfig{{Limit: limit, Mode: mode, Ratio: 8, TargetWait: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		a := &adversary{t: t, p: testPacer{Pacer: pacer}, limit: limit, r: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)),
			busy: make([]float64, rapid.IntRange(2, 60).Draw(t, "agents")), talk: rapid.SampledFrom([]float64{15, 60, 140}).Draw(t, "talk")}
		a.tell(Event{Kind: CampaignOpened})
		for i := range a.busy {
			a.tell(Event{Kind: AgentIdle, Agent: AgentID(i + 1)})
		}
		for range rapid.IntRange(1, 8).Draw(t, "phases") {
			a.answerRate = rapid.SampledFrom([]float64{0, 0.01, 0.03, 0.06, 0.1, 0.3, 0.5, 0.8, 1}).Draw(t, "answer rate")
			for end := a.at + rapid.SampledFrom([]float64{20, 60, 60, 120, 400}).Draw(t, "lasts"); a.at < end; a.at += 0.5 {
				a.tell(Event{Kind: Heartbeat})
				a.calls()
				a.agents()
				a.decide()
				if over := a.abandoned - limit*a.answered; over > float64(a.lastUncovered) {
					t.Fatalf("at %.1f s: %.0f of %.0f abandoned, %.1f more than the limit; %d were in the air when the last was launched that had no agent",
						a.at, a.abandoned, a.answered, over, a.lastUncovered)
				}
			}
		}
	})
}
