package runner

import (
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator"
)

// strictest is the threshold where nobody knows the campaign, or its profile says none.
const strictest = 2 * time.Second

// threshold is how long who answered may wait for an agent; greeted: from the end of their
// greeting.
func threshold(c *campaign.Campaign, now time.Time) (d time.Duration, greeted bool) {
	t := c.Rules.Terms(now, c.Purpose)
	if t.Abandon != nil {
		return t.Abandon.Threshold, t.Greeted()
	}
	return strictest, false
}

// endedAs says what came of an attempt. Of a campaign that is gone from the definitions, it
// is judged as one with agents, and strictly.
func endedAs(c *campaign.Campaign, s orchestrator.CallSummary, now time.Time) campaign.Ended {
	if c == nil {
		return campaign.New().EndedAs(s, strictest, false)
	}
	d, greeted := threshold(c, now)
	return c.EndedAs(s, d, greeted)
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
