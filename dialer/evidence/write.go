package evidence

import (
	"context"
	"io"
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
	// Ledger is what the law counts, from the period of a time on.
	Ledger(ctx context.Context, since time.Time) (*pacing.Ledger, error)
	// Spoken are attempts of a campaign that a person answered from a time on and before
	// another, in the order of their answers; at most limit, those behind one of them.
	Spoken(ctx context.Context, campaign string, from, to time.Time, behind leadstore.Spoken, limit int) ([]leadstore.Spoken, error)
	// Terms are what TermsOf said of the definitions by which calls of a campaign were
	// begun, the oldest first.
	Terms(ctx context.Context, campaign string) ([]leadstore.Terms, error)
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
	format = "operadora-evidence-2"
	// told is how a file is checked by hand.
	told = "hash is the SHA-256 (hexadecimal) of the line's text before its own hash (JSON: before ,\"hash\"; CSV: with the last comma), which has that of the line before as prev. " +
		"figure = abandoned / answered, of the calls that a person answered from window_from until the moment, the call itself among them; " +
		"limit = the lower of percent and own_percent; left = limit x answered - abandoned. Windows begin at whole five minutes. " +
		"A call goes by the revision of the definition by which it was begun, the first for those before it; behind an abandoned one is a stand by each rule in force. " +
		"waited_ms is the time without an agent, of the rules in force from the first that starts counts from: the answer, or greeted_at, the end of the greeting, where that was heard."
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
	kept, err := s.Terms(ctx, id)
	if err != nil {
		return "", err
	}
	list, err := revisionsOf(o, kept)
	if err != nil {
		return "", err
	}
	rules := rulesOf(o, list)
	for _, l := range rules {
		if err := c.add(l); err != nil {
			return "", err
		}
	}
	n := newCount(id, o.Began)
	if err := earlier(ctx, c, n, o, rules, s); err != nil {
		return "", err
	}
	for behind := (leadstore.Spoken{}); ; {
		calls, err := s.Spoken(ctx, id, o.From, o.To, behind, page)
		if err != nil {
			return "", err
		}
		for _, x := range calls {
			if err := o.spoken(ctx, c, n, revisionAt(list, x.Planned).rules, x); err != nil {
				return "", err
			}
		}
		if len(calls) < page {
			break
		}
		behind = calls[len(calls)-1]
	}
	if err := c.add(Line{Kind: KindTotal, Answered: n.answered, Abandoned: n.abandoned, Figure: share(n.abandoned, n.answered)}); err != nil {
		return "", err
	}
	last := revisionAt(list, o.To).rules
	if err := stands(c, n, last, Line{Kind: KindStand, At: o.To}); err != nil {
		return "", err
	}
	if l := last.strictest(o.To); l != nil {
		n.paced(l, o.To)
		if err := c.add(*l); err != nil {
			return "", err
		}
	}
	err = c.add(Line{Kind: KindEnd})
	return c.last, err
}

// stands writes how each rule in force stands at a moment.
func stands(c *chain, n *count, of rules, l Line) error {
	for _, rule := range of.inForce(l.At) {
		n.stand(&l, &rule, l.At)
		if err := c.add(l); err != nil {
			return err
		}
	}
	return nil
}

// longestRing is before its answer a call was begun at most.
const longestRing = time.Hour

// rulesOf are the limits that were in force in the period, of the revisions by which its
// calls were begun, as lines.
func rulesOf(o Order, list []revision) (out rules) {
	for i, r := range list {
		if begun := i == 0 || !r.since.After(o.To); !begun || i+1 < len(list) && list[i+1].since.Before(o.From.Add(-longestRing)) {
			continue
		}
		for _, l := range r.rules {
			rule := compliance.Rule{From: l.InForceFrom, Until: l.InForceUntil}
			if rule.InForce(o.From) || rule.InForce(o.To) || between(rule.From, o) || between(rule.Until, o) {
				out = append(out, l)
			}
		}
	}
	return out
}

// between tells whether a day lies in the period.
func between(day string, o Order) bool {
	return day != "" && o.From.UTC().Format(time.DateOnly) <= day && day <= o.To.UTC().Format(time.DateOnly)
}

// earlier writes the counts of before the period that windows reach within it.
func earlier(ctx context.Context, c *chain, n *count, o Order, all rules, s Source) error {
	first := o.From
	for _, r := range all {
		if at, _ := pacing.Span(pacing.WindowKind(r.WindowKind), r.Window, o.Began, o.From); at.Before(first) {
			first = at
		}
	}
	if !first.Before(o.From) {
		return nil
	}
	ledger, err := s.Ledger(ctx, first)
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

// spoken writes the line of a call that a person answered, and how the limits stood with it if
// it was abandoned.
func (o Order) spoken(ctx context.Context, c *chain, n *count, by rules, x leadstore.Spoken) error {
	l := Line{Kind: KindAnswered, Call: x.Call, Lead: strconv.FormatInt(x.Lead, 10), Attempt: int64(x.N), AnsweredAt: x.Answered, GreetedAt: x.Greeted, ConnectedAt: x.Connected, EndedAt: x.Ended}
	if len(by) > 0 {
		l.Revision = by[0].Revision
	}
	l.Waited = by.waited(&l)
	if x.Abandoned {
		l.Kind = KindAbandoned
		h, err := o.Heard(ctx, x.Call)
		if err != nil {
			return err
		}
		l.Played, l.PlayedState, l.PlayedAt, l.Path = strings.Join(h.Sounds, " "), h.State, h.At, strings.Join(h.Path, " ")
	}
	n.take(&l)
	if err := c.add(l); err != nil || !x.Abandoned {
		return err
	}
	return stands(c, n, by, Line{Kind: KindStand, At: x.Answered, Call: x.Call})
}
