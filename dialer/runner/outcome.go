package runner

import (
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator"
)

// strictest is the threshold where nobody knows the campaign, or its profile says none.
const strictest = 2 * time.Second

// threshold is how long who answered may wait for an agent.
func threshold(c *campaign.Campaign, now time.Time) time.Duration {
	if a := c.Rules.Terms(now, c.Purpose).Abandon; a != nil {
		return a.Threshold
	}
	return strictest
}

// endedAs says what came of an attempt. Of a campaign that is gone from the definitions, it
// is judged as one with agents, and strictly.
func endedAs(c *campaign.Campaign, s orchestrator.CallSummary, now time.Time) campaign.Ended {
	if c == nil {
		return campaign.New().EndedAs(s, strictest)
	}
	return c.EndedAs(s, threshold(c, now))
}

func causeOf(s orchestrator.CallSummary, as campaign.Ended) pacing.Cause {
	switch {
	case as.Congested:
		return pacing.CauseCongestion
	case as.Result == campaign.ResultNoAnswer && s.EndedBy == "operadora":
		return pacing.CauseNoAnswer
	}
	return pacing.CauseOther
}
