package peers

import (
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

func TestProgressiveSteps(t *testing.T) {
	t.Parallel()
	f := open(t, "progressive", setup())
	equal(t, "nobody on duty", f.upTo(time.Second), 0)
	f.agents(pacing.AgentIdle, 1, 3)
	equal(t, "three free agents", f.upTo(2*time.Second), 3)
	f.oldest(1, pacing.CallFailed)
	equal(t, "one call failed", f.upTo(3*time.Second), 1)
	f.connect(1)
	equal(t, "an agent talks, two calls ring", f.upTo(4*time.Second), 0)
	f.tell(pacing.Event{Kind: pacing.CallPerson, Call: f.calls[0]})
	equal(t, "answered, an agent is about to be reserved", f.upTo(5*time.Second), 0)
	f.agents(pacing.AgentReserved, 2, 2)
	equal(t, "reserved for the answered call", f.upTo(6*time.Second), 0)
	f.agents(pacing.AgentGone, 3, 3)
	f.oldest(1, pacing.CallAbandoned)
	equal(t, "the last agent is gone", f.upTo(7*time.Second), 0)
}

func TestPowerSteps(t *testing.T) {
	t.Parallel()
	f := open(t, "power:ratio=2.5", setup())
	f.agents(pacing.AgentIdle, 1, 3)
	equal(t, "2.5 × 3 is 7", f.upTo(time.Second), 7)
	f.connect(1)
	equal(t, "2.5 × 2 is 5, 6 ring", f.upTo(2*time.Second), 0)
	f.oldest(3, pacing.CallFailed)
	equal(t, "5 less 3", f.upTo(3*time.Second), 2)
}

func TestRatioSharesCampaigns(t *testing.T) {
	t.Parallel()
	f := open(t, "progressive", setup(pacing.CampaignConfig{Limit: 0.03, Share: 3}, pacing.CampaignConfig{Limit: 0.01, Share: 1}))
	f.agents(pacing.AgentIdle, 1, 8)
	equal(t, "calls", f.upTo(time.Second), 8)
	equal(t, "of the first campaign", f.k.(*ratio).placed(0), 6)
	equal(t, "of the second", f.k.(*ratio).placed(1), 2)
	f.tell(pacing.Event{Kind: pacing.LeadsLeft, Campaign: 0, Value: 0})
	f.agents(pacing.AgentIdle, 9, 10)
	f.upTo(2 * time.Second)
	equal(t, "of the second when the first is dry", f.k.(*ratio).placed(1), 4)
}

func TestFeederKeepsRateAndLines(t *testing.T) {
	t.Parallel()
	u := setup()
	u.CallsPerSecond, u.Lines = 4, 6
	f := open(t, "progressive", u)
	f.agents(pacing.AgentIdle, 1, 10)
	equal(t, "first second", f.upTo(990*time.Millisecond), 4)
	equal(t, "six lines", f.upTo(10*time.Second), 2)
	f.oldest(2, pacing.CallFailed)
	equal(t, "two lines free", f.upTo(20*time.Second), 2)
}

func TestWombatSteps(t *testing.T) {
	t.Parallel()
	f := open(t, "wombat:boost=1.3,waiting=1", setup())
	f.agents(pacing.AgentIdle, 1, 7)
	equal(t, "7 × 1.3 is 9", f.upTo(500*time.Millisecond), 9)
	f.oldest(2, pacing.CallFailed)
	equal(t, "before the next look", f.upTo(990*time.Millisecond), 0)
	equal(t, "at the next look", f.upTo(1500*time.Millisecond), 2)
	f.agents(pacing.AgentWrapping, 1, 3)
	f.oldest(8, pacing.CallPerson)
	equal(t, "8 wait, at most 1 may", f.upTo(3*time.Second), 0)
	f.oldest(8, pacing.CallAbandoned)
	equal(t, "4 × 1.3 is 5, 1 rings", f.upTo(5*time.Second), 4)
}
