package evidence

import (
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

// count keeps the count of a campaign as a file tells it, line by line: it is what writes the
// stands into a file and what verifies them.
type count struct {
	campaign string
	began    time.Time
	ledger   *pacing.Ledger

	answered, abandoned int64 // of the period
}

func newCount(campaign string, began time.Time) *count {
	return &count{campaign: campaign, began: began, ledger: pacing.NewLedger()}
}

// take counts what a line tells.
func (c *count) take(l *Line) {
	switch l.Kind {
	case KindEarlier:
		c.ledger.Add(c.campaign, l.At, int(l.Answered), int(l.Abandoned))
	case KindAnswered:
		c.answered++
		c.ledger.Add(c.campaign, l.AnsweredAt, 1, 0)
	case KindAbandoned:
		c.answered++
		c.abandoned++
		c.ledger.Add(c.campaign, l.AnsweredAt, 1, 1)
	case KindHead, KindRule, KindTotal, KindStand, KindPaced, KindEnd:
	}
}

// later is behind all that is counted at a moment: the next period but one.
func later(at time.Time) time.Time { return at.Add(2 * pacing.LedgerPeriod) }

// stand writes how the limit stands at a moment into a line, by a rule: of the calls that a
// person answered from the window's begin until then, those counted so far.
func (c *count) stand(l *Line, rule *Line, at time.Time) {
	first, _ := pacing.Span(pacing.WindowKind(rule.WindowKind), rule.Window, c.began, at)
	answered, abandoned := c.ledger.Window(c.campaign, first, later(at))
	l.Revision, l.Rule, l.WindowFrom, l.Answered, l.Abandoned, l.Limit = rule.Revision, rule.Rule, first, int64(answered), int64(abandoned), rule.limit()
	l.Figure, l.Left = share(l.Abandoned, l.Answered), float64(l.Limit*float64(answered))-float64(abandoned) // not fused, so that all machines agree
}

// paced writes what pacing counts at a moment into a line that says by what it does.
func (c *count) paced(l *Line, at time.Time) {
	first, mature := pacing.Span(pacing.WindowKind(l.WindowKind), l.Window, c.began, at)
	_, abandoned := c.ledger.Window(c.campaign, first, later(at))
	answered, _ := c.ledger.Window(c.campaign, mature, later(at))
	l.WindowFrom, l.Limit, l.PacedAnswered, l.PacedAbandoned = first, l.limit(), int64(answered), int64(abandoned)
}

// limit is the lower of a rule's limit and the campaign's own, as a share.
func (l *Line) limit() float64 {
	if l.Own > 0 {
		return min(l.Own, l.Percent) / 100
	}
	return l.Percent / 100
}

func share(part, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(part) / float64(of)
}
