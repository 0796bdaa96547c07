package peers

import (
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

const ms = time.Millisecond

func TestVICIdialPasses(t *testing.T) {
	t.Parallel()
	f := open(t, "vicidial-ratio:level=2,cps=5", setup())
	f.agents(pacing.AgentIdle, 1, 4)
	// Goal 2 × 4 = 8, launched 200 ms apart: the pass ends at 1.6 s.
	equal(t, "first pass", f.upTo(1500*ms), 8)
	equal(t, "last of the pass", f.dialed[7].Truncate(ms), 1400*ms)
	f.oldest(3, pacing.CallFailed)
	equal(t, "asleep until 4.1 s", f.upTo(4090*ms), 0)
	equal(t, "second pass", f.upTo(5*time.Second), 3)
	equal(t, "its first call", f.dialed[8].Truncate(ms), 4100*ms)
	// 8 exist. One talks and still counts: goal 8, exist 8 (one of them connected).
	f.connect(1)
	equal(t, "a talking agent counts", f.upTo(8*time.Second), 0)
	// In wrap-up the agent is paused: goal 2 × 3 = 6, exist 7.
	f.tell(pacing.Event{Kind: pacing.CallEnded, Call: 4})
	f.agents(pacing.AgentWrapping, 1, 1)
	f.oldest(2, pacing.CallFailed)
	equal(t, "6 less 5", f.upTo(12*time.Second), 1)
}

func TestVICIdialAvailableOnly(t *testing.T) {
	t.Parallel()
	f := open(t, "vicidial-ratio:level=3.5,availonly=1,cps=200", setup())
	f.agents(pacing.AgentIdle, 1, 3)
	equal(t, "3.5 × 3 = 10.5, to the even 10", f.upTo(time.Second), 10)
	f.connect(1)
	// Goal 3.5 × 2 + 1 talking = 8, exist 9 ringing + 1 talking.
	equal(t, "goal 8, 10 exist", f.upTo(5*time.Second), 0)
	f.oldest(5, pacing.CallFailed)
	equal(t, "8 less 5", f.upTo(9*time.Second), 3)
}

func TestVICIdialTrunks(t *testing.T) {
	t.Parallel()
	f := open(t, "vicidial-ratio:level=9,trunks=23", setup())
	f.agents(pacing.AgentIdle, 1, 10)
	equal(t, "23 trunks", f.upTo(time.Minute), 23)
}

// level reads the level of the only campaign.
func level(f *floor) float64 { return f.k.(*vicidial).campaigns[0].level }

func TestVICIdialLevelSteps(t *testing.T) {
	t.Parallel()
	f := open(t, "vicidial-average", setup())
	f.agents(pacing.AgentIdle, 1, 7)
	f.agents(pacing.AgentWrapping, 8, 20)
	f.upTo(14900 * ms)
	equal(t, "before 15 samples", level(f), 1)
	f.upTo(15500 * ms)
	equal(t, "7 of 20 ready: × 1.35", level(f), 1.35)
	f.upTo(30500 * ms)
	equal(t, "again, to three decimals", level(f), 1.823) // 1.8225
	f.upTo(45500 * ms)
	equal(t, "again", level(f), 2.461) // 2.46105
	f.upTo(60500 * ms)
	equal(t, "the maximum", level(f), 3)
}

func TestVICIdialLevelDown(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args string
		want float64
	}{
		{"level=2", 1.6},                // 0 ready, 4 waiting, 20 on duty: -0.2
		{"level=2,intensity=40", 1.76},  // slower down: -0.2 × 0.6
		{"level=2,intensity=-40", 1.44}, // faster down: -0.2 × 1.4
		{"level=2,target=1", 1.7},       // one caller may wait: -3/20
	} {
		f := open(t, "vicidial-average:cps=200,"+tc.args, setup())
		f.agents(pacing.AgentTalking, 1, 20)
		f.upTo(100 * ms)
		f.oldest(4, pacing.CallPerson)
		f.upTo(15500 * ms)
		equal(t, tc.args, level(f), tc.want)
	}
	// Intensity up: 5 of 20 ready, 0.25 × 1.4.
	f := open(t, "vicidial-average:intensity=40", setup())
	f.agents(pacing.AgentIdle, 1, 5)
	f.agents(pacing.AgentWrapping, 6, 20)
	f.upTo(15500 * ms)
	equal(t, "intensity up", level(f), 1.35)
}

// TestVICIdialDrops: 60 calls, 20 answers, one of them dropped, is 5 %. The count
// is taken each minute; from then on each new level meets it.
func TestVICIdialDrops(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		algorithm      string
		first, further float64
	}{
		{"vicidial-average", 1.5, 1.0125}, // half of the maximum; then 1.5 × 1.35 = 2.025, half
		{"vicidial-hard", 1, 1},
		{"vicidial-tapered", 3, 3},                        // 21:00 is 1200 away, more than 1000
		{"vicidial-tapered:latest=1400", 1.497, 1.008479}, // 1400 - 901 is 499; then 1.497 × 1.35 = 2.021, × 0.499
		{"vicidial-tapered:latest=800", 1, 1},             // past the latest hour
		{"vicidial-average:droppct=6", 3, 3},              // 5 % is allowed
	} {
		f := open(t, tc.algorithm, setup())
		f.agents(pacing.AgentIdle, 1, 7)
		f.agents(pacing.AgentWrapping, 8, 20)
		for d, answers := time.Second, 0; len(f.dialed) < 60 || answers < 20; d += time.Second {
			f.upTo(d)
			for ; len(f.calls) > 0 && answers < 20; answers++ {
				last := pacing.CallEnded
				if answers == 0 {
					last = pacing.CallAbandoned
				}
				f.oldest(1, pacing.CallPerson, last)
			}
			f.oldest(len(f.calls), pacing.CallFailed)
		}
		f.upTo(59900 * ms)
		equal(t, tc.algorithm+" before the count", level(f), 2.461)
		f.upTo(60500 * ms)
		near(t, tc.algorithm+" after the count", level(f), tc.first)
		f.upTo(75500 * ms)
		near(t, tc.algorithm+" a step later", level(f), tc.further)
	}
}

func TestVICIdialHalvesOnBurst(t *testing.T) {
	t.Parallel()
	f := open(t, "vicidial-average:level=3,droppct=100", setup())
	f.agents(pacing.AgentIdle, 1, 10)
	for d := time.Second; len(f.dialed) < 40; d += time.Second {
		f.upTo(d)
		f.oldest(len(f.calls), pacing.CallPerson, pacing.CallAbandoned)
	}
	f.agents(pacing.AgentGone, 1, 10)
	f.upTo(60500 * ms)
	k := f.k.(*vicidial)
	if c := k.campaigns[0]; c.minuteCalls <= 20 || 2*c.minuteOut <= c.minuteCalls {
		t.Fatalf("the minute had %d calls, %d dropped", c.minuteCalls, c.minuteOut)
	}
	equal(t, "halved", level(f), 1.5)
}
