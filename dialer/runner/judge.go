package runner

import (
	"cmp"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
)

// CodeGate is of a number that no trunk of the campaign may call.
const CodeGate campaign.Code = "gate"

// gateAgain is when a number is looked at again that the gate refused for no time of day: its policy is
// read at the start of a process only.
const gateAgain = time.Hour

// Gate says whether a PBX may call a number. orchestrator.Gate is one.
type Gate interface {
	Outside(o orchestrator.Outside, now time.Time) (orchestrator.Passage, error)
}

// judge says whether a lead is called now, and over which of the campaign's trunks it may
// be; else each reason why not. A number that no trunk may call is passed over as any other that
// is hindered. It is the one place that says so: what fills the hopper, what dials and what
// previews ask it.
func judge(c *campaign.Campaign, g Gate, l leadstore.Candidate, now time.Time) (campaign.Decision, []campaign.Trunk) {
	l.As.Numbers = slices.Clone(l.As.Numbers)
	for {
		d := c.Next(now, l.As)
		if d.Number == "" {
			return d, nil
		}
		ways, until, err := waysTo(c, g, d.Number, now)
		if ways != nil {
			return d, ways
		}
		text := fault.Text(err)
		barred := &campaign.Reason{Code: CodeGate, Number: d.Number, Until: until, Text: compliance.Texts{"en": text, "es": cmp.Or(gate.Spanish(err), text)}}
		for i := range l.As.Numbers {
			if l.As.Numbers[i].Number == d.Number {
				l.As.Numbers[i].Barred = barred
			}
		}
	}
}

// waysTo are the campaign's trunks over which a number may be called; of none, why not over
// the one that may be used the soonest, and when that is looked at again.
func waysTo(c *campaign.Campaign, g Gate, number string, now time.Time) (ways []campaign.Trunk, until time.Time, err error) {
	for _, t := range c.Trunks {
		_, refused := g.Outside(orchestrator.Outside{PBX: t.PBX, Number: number}, now)
		if refused == nil {
			ways = append(ways, t)
			continue
		}
		at := gate.Until(refused)
		if at.IsZero() {
			at = now.Add(gateAgain)
		}
		if err == nil || at.Before(until) {
			until, err = at, refused
		}
	}
	return ways, until, err
}

// why is the reason under which a lead is counted that is not called: the first that
// concerns the lead as a whole, or else the first of its first number.
func why(d campaign.Decision) campaign.Reason {
	for _, r := range d.Reasons {
		if r.Number == "" {
			return r
		}
	}
	if len(d.Reasons) > 0 {
		return d.Reasons[0]
	}
	return campaign.Reason{}
}

// name is a reason in one word, as it is stored: its rule, where it has one.
func name(r campaign.Reason) string {
	if r.Rule != "" {
		return string(r.Code) + ": " + r.Rule
	}
	return string(r.Code)
}
