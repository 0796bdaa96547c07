package evidence

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
)

// Source is what is on record. *leadstore.Store is one.
type Source interface {
	// Ledger is what the law counts, of the periods since a time.
	Ledger(ctx context.Context, since time.Time) (*pacing.Ledger, error)
	// Spoken are attempts of a campaign that a person answered from a time on and before
	// another, in the order of their answers; at most limit, those behind one of them.
	Spoken(ctx context.Context, campaign string, from, to time.Time, behind leadstore.Spoken, limit int) ([]leadstore.Spoken, error)
}

// Heard is what a person heard for whom no agent was there, as it is on record.
type Heard struct {
	Sounds []string
	State  string // heard, cut, failed, none; "" when nothing of it is on record
	At     time.Time
	Path   []string // nodes of the flow that the call was in
}

// Order is what a file is made of.
type Order struct {
	Campaign *campaign.Campaign
	Began    time.Time // when it was started first
	From, To time.Time // From is that of five minutes of the ledger
	Now      time.Time
	Format   Format
	Heard    func(ctx context.Context, call string) (Heard, error)
}

const (
	format = "operadora-evidence-1"
	// told is how a file is checked by hand.
	told = "hash is the SHA-256 (hexadecimal) of the line's text before its own hash (JSON: before ,\"hash\"; CSV: with the last comma), which has that of the line before as prev. " +
		"figure = abandoned / answered, of the calls that a person answered from window_from until the moment, the call itself among them; " +
		"limit = the lower of percent and own_percent; left = limit x answered - abandoned. Windows begin at whole five minutes. " +
		"The threshold is counted from the answer, also where a rule counts it from the end of the greeting, which is later."
	page = 1000
)

// Write writes a file, and returns its sum.
func Write(ctx context.Context, w io.Writer, o Order, s Source) (string, error) {
	c := &chain{w: w, format: o.Format}
	id := o.Campaign.ID
	if err := c.add(Line{Kind: KindHead, At: o.Now, Campaign: id, From: o.From, To: o.To, Began: o.Began, Mode: string(o.Campaign.Mode),
		Purpose: string(o.Campaign.Purpose), Profile: o.Campaign.Profile, Format: format, Text: told}); err != nil {
		return "", err
	}
	rules := rulesOf(o)
	for i := range rules {
		if err := c.add(rules[i]); err != nil {
			return "", err
		}
	}
	n := newCount(id, o.Began)
	if err := earlier(ctx, c, n, o, rules, s); err != nil {
		return "", err
	}
	for behind := (leadstore.Spoken{}); ; {
		list, err := s.Spoken(ctx, id, o.From, o.To, behind, page)
		if err != nil {
			return "", err
		}
		for _, x := range list {
			if err := o.spoken(ctx, c, n, rules, x); err != nil {
				return "", err
			}
		}
		if len(list) < page {
			break
		}
		behind = list[len(list)-1]
	}
	if err := c.add(Line{Kind: KindTotal, Answered: n.answered, Abandoned: n.abandoned, Figure: share(n.abandoned, n.answered)}); err != nil {
		return "", err
	}
	if rule := inForce(o, rules, o.To); rule != nil {
		l := Line{Kind: KindStand, At: o.To}
		n.stand(&l, rule, o.To)
		if err := c.add(l); err != nil {
			return "", err
		}
	}
	err := c.add(Line{Kind: KindEnd})
	return c.last, err
}

// rulesOf are the limits that were in force in the period, as lines.
func rulesOf(o Order) (out []Line) {
	for _, r := range o.Campaign.Rules.Rules {
		d, ok := r.Detail.(*compliance.Abandon)
		if !ok || !r.Is(o.Campaign.Purpose) || !r.InForce(o.From) && !r.InForce(o.To) && !between(r.From, o) && !between(r.Until, o) {
			continue
		}
		out = append(out, Line{Kind: KindRule, Rule: r.ID, Profile: o.Campaign.Profile, Percent: d.Percent, Own: o.Campaign.Pacing.Abandon,
			Window: d.Window, WindowKind: string(d.WindowKind), Threshold: d.Threshold, Starts: string(d.Starts), InForceFrom: r.From, InForceUntil: r.Until,
			Basis: string(r.Basis), Law: r.Law.In("en"), Source: r.Source, Text: r.Says()["en"]})
	}
	return out
}

// between tells whether a day lies in the period.
func between(day string, o Order) bool {
	return day != "" && o.From.UTC().Format(time.DateOnly) <= day && day <= o.To.UTC().Format(time.DateOnly)
}

// inForce is the line of the limit that holds at a moment: the lowest of those in force; nil
// where there is none.
func inForce(o Order, rules []Line, at time.Time) *Line {
	r := o.Campaign.Rules.Terms(at, o.Campaign.Purpose).Limit
	i := slices.IndexFunc(rules, func(l Line) bool { return l.Rule == r })
	if r == "" || i < 0 {
		return nil
	}
	return &rules[i]
}

// earlier writes the counts of before the period that windows reach within it.
func earlier(ctx context.Context, c *chain, n *count, o Order, rules []Line, s Source) error {
	first := o.From
	for _, r := range rules {
		if at, _ := pacing.Span(pacing.WindowKind(r.WindowKind), r.Window, o.Began, o.From); at.Before(first) {
			first = at
		}
	}
	if !first.Before(o.From) {
		return nil
	}
	ledger, err := s.Ledger(ctx, first.Add(-time.Millisecond))
	if err != nil {
		return err
	}
	for _, x := range ledger.Rows() {
		if x.Campaign != o.Campaign.ID || !x.Start.Before(o.From) {
			continue
		}
		l := Line{Kind: KindEarlier, At: x.Start, Answered: int64(x.Answered), Abandoned: int64(x.Abandoned)}
		n.take(&l)
		if err := c.add(l); err != nil {
			return err
		}
	}
	return nil
}

// spoken writes the line of a call that a person answered.
func (o Order) spoken(ctx context.Context, c *chain, n *count, rules []Line, x leadstore.Spoken) error {
	l := Line{Kind: KindAnswered, Call: x.Call, Lead: strconv.FormatInt(x.Lead, 10), Attempt: int64(x.N), AnsweredAt: x.Answered, ConnectedAt: x.Connected, EndedAt: x.Ended}
	if x.Abandoned {
		l.Kind = KindAbandoned
		h, err := o.Heard(ctx, x.Call)
		if err != nil {
			return err
		}
		l.Played, l.PlayedState, l.PlayedAt, l.Path = strings.Join(h.Sounds, " "), h.State, h.At, strings.Join(h.Path, " ")
	}
	n.take(&l)
	if rule := inForce(o, rules, x.Answered); x.Abandoned && rule != nil {
		n.stand(&l, rule, x.Answered)
	}
	return c.add(l)
}
