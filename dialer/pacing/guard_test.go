package pacing

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// judge plays an adversary: it keeps the true state of every call, so that what
// it tells is possible, and chooses what happens at random.
type judge struct {
	p         testPacer
	at        float64
	next      CallID
	pending   []order
	covered   map[CallID]bool
	ringing   []CallID
	waiting   []CallID
	answered  float64
	abandoned float64
	betrayed  float64 // abandoned although each call in the air had a free agent at their launch
	inAir     int     // calls that could still be abandoned when the last were ordered that had none
}

// order is a call ordered: when, and whether each call in the air had a free agent then.
type order struct {
	at      float64
	covered bool
}

func (j *judge) tell(e Event) { j.p.tell(j.at, e) }

func take(ids *[]CallID, i int) CallID {
	id := (*ids)[i]
	(*ids)[i] = (*ids)[len(*ids)-1]
	*ids = (*ids)[:len(*ids)-1]
	return id
}

func (j *judge) decide() {
	n := j.p.Decide(day(j.at)).Count()
	if n == 0 {
		return
	}
	inAir := n + len(j.pending) + len(j.ringing)
	covered := inAir <= j.p.seen.free
	for range n {
		j.pending = append(j.pending, order{j.at, covered})
	}
	if !covered {
		j.inAir = inAir + len(j.waiting)
	}
}

// step is one thing that happens, and a decision after it.
func (j *judge) step(t *rapid.T) {
	j.at += rapid.Float64Range(0, 3).Draw(t, "dt")
	for len(j.pending) > 0 && j.at-j.pending[0].at > 6 {
		j.pending = j.pending[1:]
		j.tell(Event{Kind: CallRefused})
	}
	agent := AgentID(rapid.IntRange(1, 12).Draw(t, "agent"))
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0, 1, 2:
		if len(j.pending) > 0 {
			j.next++
			j.covered[j.next] = j.pending[0].covered
			j.pending = j.pending[1:]
			j.ringing = append(j.ringing, j.next)
			j.tell(Event{Kind: CallLaunched, Call: j.next})
		}
	case 3, 4:
		if n := len(j.ringing); n > 0 {
			id := take(&j.ringing, rapid.IntRange(0, n-1).Draw(t, "call"))
			j.waiting = append(j.waiting, id)
			j.tell(Event{Kind: CallPerson, Call: id})
		}
	case 5, 6:
		j.resolve(t, agent)
	case 7:
		if n := len(j.ringing); n > 0 {
			j.tell(Event{Kind: CallFailed, Call: take(&j.ringing, n-1), Cause: CauseNoAnswer})
		}
	case 8:
		kinds := []Kind{AgentIdle, AgentIdle, AgentReserved, AgentTalking, AgentWrapping, AgentGone, AgentLeaving, AgentMissed}
		j.tell(Event{Kind: rapid.SampledFrom(kinds).Draw(t, "agent does"), Agent: agent})
	default:
		j.tell(Event{Kind: Heartbeat})
	}
	j.decide()
}

// resolve serves or abandons a call that waits.
func (j *judge) resolve(t *rapid.T, agent AgentID) {
	n := len(j.waiting)
	if n == 0 {
		return
	}
	id := take(&j.waiting, rapid.IntRange(0, n-1).Draw(t, "call"))
	j.answered++
	if rapid.IntRange(0, 2).Draw(t, "abandoned") == 0 {
		j.abandoned++
		if j.covered[id] {
			j.betrayed++
		}
		j.tell(Event{Kind: CallAbandoned, Call: id})
		return
	}
	j.tell(Event{Kind: CallConnected, Call: id, Agent: agent})
	j.tell(Event{Kind: CallEnded, Call: id})
}

// Whatever happens, agents who vanish and calls that are lost before their eyes
// included, the abandoned calls of the window exceed what the limit allows by no
// more than the calls that were in the air when the last one was ordered that had
// no free agent, and those that were lost although they had one.
func TestGuardKeepsTheWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]float64{0.01, 0.03, 0.2}).Draw(t, "limit")
		mode := rapid.SampledFrom([]Mode{ModePredictive, ModePower, ModeProgressive, ModeWait}).Draw(t, "mode")
		pacer, err := New(Config{Campaigns: []CampaignConfig{{Limit: limit, Mode: mode, Ratio: 4, TargetWait: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		j := &judge{p: testPacer{Pacer: pacer}, covered: map[CallID]bool{}}
		j.tell(Event{Kind: CampaignOpened})
		for a := range AgentID(12) {
			j.tell(Event{Kind: AgentIdle, Agent: a + 1})
		}
		for range rapid.IntRange(50, 800).Draw(t, "steps") {
			j.step(t)
			bears := limit * math.Max(j.answered, 100)
			if j.abandoned > bears+float64(j.inAir)+j.betrayed+1e-9 {
				t.Fatalf("%v of %v answered calls abandoned, %v of them with an agent in sight; the limit bears %v and %d were in the air",
					j.abandoned, j.answered, j.betrayed, bears, j.inAir)
			}
		}
	})
}

// An overdrawn campaign goes on with covered calls only, and
// each that is lost all the same makes it wait twice as long as the last.
func TestRepairHoldsDouble(t *testing.T) {
	t.Parallel()
	b := testBudget(20)
	for range 4 {
		b.resolved(true, 0, 0, day(0))
	}
	now, lost := 0.0, 4
	for now < 24*3600 {
		if b.stage(now) == stageRepair {
			b.resolved(true, now, now, day(0))
			lost++
		}
		now++
	}
	if lost > 4+9+24 { // nine doublings from 10 s to an hour, then one an hour
		t.Errorf("%d calls lost in a day of nothing but losses", lost)
	}
}
