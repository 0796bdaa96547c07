package pacing

import "time"

// window looks at the ledger through the legal period of one campaign. Of a
// rolling period the answers of the next hour in a day to leave it are not
// counted, its abandoned calls are: the count errs on the side of the law and
// sees what is about to leave.
type window struct {
	ledger   *Ledger
	campaign string
	kind     WindowKind
	length   time.Duration
	start    time.Time // of some fixed period

	first  time.Time // from which abandoned calls count
	mature time.Time // from which answers count
	at     time.Time // start of the present ledger period

	sumAnswered, sumAbandoned float64
}

const windowAhead = 24 // the part of a rolling window, one in so many, whose answers no longer count

// Span is what of a legal window counts at a moment: abandoned calls from first on, and
// answers, by which the pacer goes, from mature on. start is that of some fixed period.
func Span(kind WindowKind, length time.Duration, start, now time.Time) (first, mature time.Time) {
	if kind != WindowFixed {
		first = now.Add(-length).UTC().Truncate(LedgerPeriod)
		return first, first.Add(max(length/windowAhead, LedgerPeriod))
	}
	since := now.Sub(start) % length
	if since < 0 {
		since += length
	}
	first = now.Add(-since).UTC().Truncate(LedgerPeriod)
	return first, first
}

func newWindow(l *Ledger, c *CampaignConfig) window {
	return window{ledger: l, campaign: c.ID, kind: c.WindowKind, length: c.Window, start: c.WindowStart}
}

// forward moves the window on; it says whether a fixed period has ended. A clock
// that goes back changes nothing.
func (w *window) forward(now time.Time) (renewed bool) {
	at := now.UTC().Truncate(LedgerPeriod)
	if now.IsZero() || !at.After(w.at) {
		return false
	}
	w.at = at
	began := w.first
	w.first, w.mature = Span(w.kind, w.length, w.start, now)
	renewed = w.kind == WindowFixed && !began.IsZero() && w.first.After(began)
	w.sum()
	return renewed
}

// sum counts the calls that count.
func (w *window) sum() {
	later := w.at.Add(2 * LedgerPeriod)
	_, abandoned := w.ledger.Window(w.campaign, w.first, later)
	answered, _ := w.ledger.Window(w.campaign, w.mature, later)
	w.sumAnswered, w.sumAbandoned = float64(answered), float64(abandoned)
}

// add counts calls answered at a time.
func (w *window) add(at time.Time, answered, abandoned int) {
	w.ledger.Add(w.campaign, at, answered, abandoned)
	if start := at.UTC().Truncate(LedgerPeriod); !start.Before(w.first) {
		w.sumAbandoned = max(0, w.sumAbandoned+float64(abandoned))
		if !start.Before(w.mature) {
			w.sumAnswered = max(0, w.sumAnswered+float64(answered))
		}
	}
}
