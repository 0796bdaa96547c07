package evidence

import (
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leadstore"
)

// TermsOf are a campaign's limits as a text that is kept while calls are begun by them: a
// line for each. Evidence of those calls is made of it, whatever the definition says later.
func TermsOf(c *campaign.Campaign) string {
	var b strings.Builder
	for _, r := range c.Rules.Rules {
		d, ok := r.Detail.(*compliance.Abandon)
		if !ok || !r.Is(c.Purpose) {
			continue
		}
		l := Line{Kind: KindRule, Mode: string(c.Mode), Purpose: string(c.Purpose), Profile: c.Profile, Rule: r.ID, Percent: d.Percent, Own: c.Pacing.Abandon,
			Window: d.Window, WindowKind: string(d.WindowKind), Threshold: d.Threshold, Starts: string(d.Starts), InForceFrom: r.From, InForceUntil: r.Until,
			Basis: string(r.Basis), Law: r.Law.In("en"), Source: r.Source, Text: r.Says()["en"]}
		b.Write(l.object())
		b.WriteString("}\n")
	}
	return b.String()
}

// revision is a definition of the campaign: calls were begun by it from a moment until the
// next one's.
type revision struct {
	n     int64
	since time.Time
	rules rules
}

// rules are the limits of a revision.
type rules []Line

// revisionsOf are the definitions by which calls were begun, the oldest first, and that of
// the export, if it is another.
func revisionsOf(o Order, kept []leadstore.Terms) (out []revision, err error) {
	last := ""
	if len(kept) > 0 {
		last = kept[len(kept)-1].Text
	}
	if today := TermsOf(o.Campaign); len(kept) == 0 || last != today {
		kept = append(kept[:len(kept):len(kept)], leadstore.Terms{N: int64(len(kept)) + 1, Since: o.Now, Text: today})
	}
	for _, k := range kept {
		r := revision{n: k.N, since: k.Since}
		for text := range strings.Lines(k.Text) {
			l, err := readObject([]byte(text))
			if err != nil {
				return nil, fmt.Errorf("definition %d of campaign %s, as it was kept: %w", k.N, o.Campaign.ID, err)
			}
			l.Revision, l.At = k.N, k.Since
			r.rules = append(r.rules, l)
		}
		out = append(out, r)
	}
	return out, nil
}

// revisionAt is the one in force at a moment: before the first that is known, that.
func revisionAt(list []revision, at time.Time) (out revision) {
	for i, r := range list {
		if i == 0 || !r.since.After(at) {
			out = r
		}
	}
	return out
}

// inForce are those that hold at a moment.
func (r rules) inForce(at time.Time) (out rules) {
	for _, l := range r {
		if (compliance.Rule{From: l.InForceFrom, Until: l.InForceUntil}).InForce(at) {
			out = append(out, l)
		}
	}
	return out
}

// strictest is what is kept to at a moment: of each part of the rules in force the stricter;
// nil where there is none.
func (r rules) strictest(at time.Time) *Line {
	var p compliance.Profile
	for _, l := range r {
		p.Rules = append(p.Rules, compliance.Rule{ID: l.Rule, From: l.InForceFrom, Until: l.InForceUntil, Detail: &compliance.Abandon{Percent: l.Percent,
			Window: l.Window, WindowKind: compliance.WindowKind(l.WindowKind), Threshold: l.Threshold, Starts: compliance.Start(l.Starts)}})
	}
	t := p.Terms(at, "")
	if t.Abandon == nil {
		return nil
	}
	return &Line{Kind: KindPaced, At: at, Revision: r[0].Revision, Mode: r[0].Mode, Rule: t.Limit, Percent: t.Abandon.Percent, Own: r[0].Own, Window: t.Abandon.Window,
		WindowKind: string(t.Abandon.WindowKind), Threshold: t.Abandon.Threshold, Starts: string(t.Abandon.Starts)}
}

// waited is how long who answered was without an agent, as the rules count it: from the answer,
// or the end of the greeting, where that was heard, until the agent or the call's end. 0 where a
// flow speaks to them, or the call goes on.
func (r rules) waited(l *Line) time.Duration {
	s := r.strictest(l.AnsweredAt)
	if s == nil || s.Mode == string(campaign.ModeAgentless) {
		return 0
	}
	from, until := l.AnsweredAt, l.ConnectedAt
	if s.Starts == string(compliance.StartGreetingEnd) && l.GreetedAt.After(from) {
		from = l.GreetedAt
	}
	if until.IsZero() {
		until = l.EndedAt
	}
	return max(0, until.Sub(from))
}
