package campaign

import (
	"cmp"
	"time"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/pacing"
)

// Paced is the campaign as the pacer takes it, by the rules in force at a moment: the
// lower of the law's limit and the campaign's, over the law's window. began is when the
// campaign began, from which fixed windows follow one another. A campaign without a
// limit is not paced: ok is false. Previews are paced like calls of mode progressive: one for
// each free agent.
func (c *Campaign) Paced(began, now time.Time) (out pacing.CampaignConfig, ok bool) {
	terms := c.Rules.Terms(now, c.Purpose)
	modes := map[Mode]pacing.Mode{ModePreview: pacing.ModeProgressive, ModeProgressive: pacing.ModeProgressive, ModePower: pacing.ModePower, ModePredictive: pacing.ModePredictive,
		ModeWait: pacing.ModeWait, ModeAgentless: pacing.ModeAgentless}
	mode, paced := modes[c.Mode]
	if !paced || terms.Abandon == nil {
		return out, false
	}
	out = pacing.CampaignConfig{
		ID: c.ID, Name: cmp.Or(c.Name["en"], c.ID), Mode: mode, Limit: c.limit(*terms.Abandon),
		Window: terms.Abandon.Window, WindowKind: pacing.WindowKind(terms.Abandon.WindowKind), WindowStart: began,
		Threshold: terms.Abandon.Threshold, GiveUp: c.Pacing.GiveUp, MinRing: terms.MinRing, RingTimeout: max(c.Pacing.RingTimeout, terms.MinRing),
		Segments: len(c.Lists), Share: c.Pacing.Share, Ratio: c.Pacing.Ratio, TargetWait: c.Pacing.TargetWait, Rate: c.Pacing.Rate,
	}
	if terms.Abandon.FalseMachines {
		out.FalseMachines = c.Machines.FalseShare / 100
	}
	for _, l := range c.Lists {
		out.Weights = append(out.Weights, l.Weight)
	}
	return out, true
}

// limit is the lower of the law's limit and the campaign's, as a share.
func (c *Campaign) limit(law compliance.Abandon) float64 {
	if own := c.Pacing.Abandon; own > 0 {
		return min(own, law.Percent) / 100
	}
	return law.Percent / 100
}

// Budget is how a campaign stands to its limit in the present window.
type Budget struct {
	From, To            time.Time // the window; To is now
	Answered, Abandoned int       // by people; of those, with no agent in time
	Limit               float64
	// Left is how many more may be abandoned before the limit is passed; negative when
	// it is.
	Left float64
}

// Rate is the share of calls that was abandoned, 0 of none.
func (b Budget) Rate() float64 {
	if b.Answered == 0 {
		return 0
	}
	return float64(b.Abandoned) / float64(b.Answered)
}

// Budget counts a campaign's window in the ledger that the pacer writes in. The window
// begins at a period of the ledger; in a rolling one all of the first counts.
func (c *Campaign) Budget(l *pacing.Ledger, began, now time.Time) (Budget, bool) {
	p, ok := c.Paced(began, now)
	if !ok {
		return Budget{}, false
	}
	b := Budget{To: now, Limit: p.Limit}
	b.From, _ = pacing.Span(p.WindowKind, p.Window, began, now)
	b.Answered, b.Abandoned = l.Window(c.ID, b.From, now.Add(pacing.LedgerPeriod))
	b.Left = b.Limit*float64(b.Answered) - float64(b.Abandoned)
	return b, true
}
