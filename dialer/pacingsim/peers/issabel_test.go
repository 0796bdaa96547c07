package peers

import (
	"fmt"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

func TestIssabelSteps(t *testing.T) {
	t.Parallel()
	f := open(t, "issabel", setup())
	f.agents(pacing.AgentIdle, 1, 3)
	equal(t, "first review: three free", f.upTo(time.Second), 3)
	f.oldest(1, pacing.CallFailed)
	equal(t, "nothing before five seconds", f.upTo(4900*ms), 0)
	equal(t, "second review: one lacks", f.upTo(5500*ms), 1)
	f.connect(1)
	f.connect(2)
	equal(t, "one free, one rings", f.upTo(10500*ms), 0)
	f.oldest(1, pacing.CallPerson)
	f.agents(pacing.AgentWrapping, 3, 3)
	equal(t, "nobody free, one waits", f.upTo(15500*ms), 0)
}

// TestIssabelPredictor: with a mean talk of 100 s and a mean time to answer of
// 4 s an agent counts from 100·ln(1/0.03) - 4 = 346.7 s of talk on.
func TestIssabelPredictor(t *testing.T) {
	t.Parallel()
	f := open(t, "issabel", setup())
	for range issabelCalls {
		f.agents(pacing.AgentTalking, 50, 50)
		f.upTo(f.now.Sub(start) + 100*time.Second)
		f.agents(pacing.AgentWrapping, 50, 50)
	}
	k := f.k.(*issabel)
	k.campaigns[0].answer = mean{n: 3, sum: 12}
	since := f.now.Sub(start)
	f.agents(pacing.AgentTalking, 1, 2)
	equal(t, "at 346 s", f.upTo(since+346*time.Second), 0)
	equal(t, "counted at 346 s", k.soon(0, f.now), 0)
	f.upTo(since + 347*time.Second)
	equal(t, "counted at 347 s", k.soon(0, f.now), 2)
	equal(t, "two calls for them", f.upTo(since+352*time.Second), 2)
}

func TestIssabelOvercommit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ answered, want int }{
		{4, 13}, // 5 / 0.4 = 12.5
		{1, 25}, // 5 / max(0.2, 0.1)
		{10, 5}, // everything is answered
	} {
		f := open(t, "issabel:overcommit=1", setup())
		f.agents(pacing.AgentIdle, 1, 10)
		equal(t, "before ten calls", f.upTo(time.Second), 10)
		f.oldest(tc.answered, pacing.CallMachine, pacing.CallEnded)
		if len(f.calls) > 0 {
			f.oldest(len(f.calls), pacing.CallFailed)
		}
		f.agents(pacing.AgentGone, 6, 10)
		equal(t, fmt.Sprintf("five free, %d of ten answered", tc.answered), f.upTo(6*time.Second), tc.want)
	}
}

func TestIssabelExtraAndChannels(t *testing.T) {
	t.Parallel()
	f := open(t, "issabel:extra=2,channels=4", setup())
	f.agents(pacing.AgentIdle, 1, 10)
	equal(t, "four channels and two extra", f.upTo(time.Second), 6)
}
