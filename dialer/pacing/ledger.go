package pacing

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Ledger is what the law counts: for each campaign, by its id, and each period,
// the calls that a person answered and those of them that were abandoned. It
// knows no window, no limit and no campaign's settings, so none of them can
// change it. It is a plain value: Rows and LedgerOf take it to a store and back,
// and LedgerFrom makes it anew of the records of calls.
type Ledger struct {
	books map[string][]Count // by campaign, in order of time
}

// Count are the calls of a campaign in one period.
type Count struct {
	Campaign string `json:"campaign"`
	// Start is that of the period, a multiple of LedgerPeriod since 1970.
	Start     time.Time `json:"start"`
	Answered  int       `json:"answered"`
	Abandoned int       `json:"abandoned"`
}

// Answer is the record of a call that a person answered.
type Answer struct {
	Campaign  string
	At        time.Time
	Abandoned bool
}

// LedgerPeriod is the length of the periods: that by which a window can be wrong.
const LedgerPeriod = 5 * time.Minute

// NewLedger is an empty ledger.
func NewLedger() *Ledger { return &Ledger{books: map[string][]Count{}} }

// LedgerFrom makes a ledger of the records of answered calls, in any order.
func LedgerFrom(answers iter.Seq[Answer]) *Ledger {
	l := NewLedger()
	for a := range answers {
		abandoned := 0
		if a.Abandoned {
			abandoned = 1
		}
		l.Add(a.Campaign, a.At, 1, abandoned)
	}
	return l
}

// LedgerOf makes a ledger of stored rows. Rows that make no sense are an error:
// a ledger that is not whole must not pass for one.
func LedgerOf(rows []Count) (*Ledger, error) {
	l := NewLedger()
	for i, r := range rows {
		switch {
		case r.Campaign == "":
			return nil, fmt.Errorf("ledger row %d: campaign: is empty", i)
		case !r.Start.Equal(r.Start.Truncate(LedgerPeriod)):
			return nil, fmt.Errorf("ledger row %d: start: %v is not the start of a period of %v", i, r.Start, LedgerPeriod)
		case r.Answered < 0 || r.Abandoned < 0 || r.Abandoned > r.Answered:
			return nil, fmt.Errorf("ledger row %d: %d abandoned of %d answered", i, r.Abandoned, r.Answered)
		}
		l.Add(r.Campaign, r.Start, r.Answered, r.Abandoned)
	}
	return l, nil
}

// Rows are the rows to store, by campaign and time.
func (l *Ledger) Rows() []Count {
	var rows []Count
	for _, book := range l.books {
		rows = append(rows, book...)
	}
	slices.SortFunc(rows, func(a, b Count) int {
		if c := strings.Compare(a.Campaign, b.Campaign); c != 0 {
			return c
		}
		return a.Start.Compare(b.Start)
	})
	return rows
}

// MarshalJSON writes the rows.
func (l *Ledger) MarshalJSON() ([]byte, error) { return json.Marshal(l.Rows()) }

// UnmarshalJSON reads rows.
func (l *Ledger) UnmarshalJSON(text []byte) error {
	var rows []Count
	if err := json.Unmarshal(text, &rows); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	read, err := LedgerOf(rows)
	if err != nil {
		return err
	}
	*l = *read
	return nil
}

// Add counts calls answered at a time, and how many of them were abandoned.
// Negative numbers take back what turned out to be otherwise; no count goes
// below nothing.
func (l *Ledger) Add(campaign string, at time.Time, answered, abandoned int) {
	start := at.UTC().Truncate(LedgerPeriod)
	book := l.books[campaign]
	i := len(book)
	for i > 0 && book[i-1].Start.After(start) {
		i--
	}
	if i == 0 || !book[i-1].Start.Equal(start) {
		book = slices.Insert(book, i, Count{Campaign: campaign, Start: start})
		i++
		l.books[campaign] = book
	}
	c := &book[i-1]
	c.Answered = max(0, c.Answered+answered)
	c.Abandoned = max(0, c.Abandoned+abandoned)
}

// Window sums the periods that begin from one time on and before another.
func (l *Ledger) Window(campaign string, from, to time.Time) (answered, abandoned int) {
	book := l.books[campaign]
	i, _ := slices.BinarySearchFunc(book, from, func(c Count, t time.Time) int { return c.Start.Compare(t) })
	for ; i < len(book) && book[i].Start.Before(to); i++ {
		answered += book[i].Answered
		abandoned += book[i].Abandoned
	}
	return answered, abandoned
}

// Forget drops the periods that begin before a time: no window reaches there.
func (l *Ledger) Forget(before time.Time) {
	for id, book := range l.books {
		i, _ := slices.BinarySearchFunc(book, before, func(c Count, t time.Time) int { return c.Start.Compare(t) })
		if l.books[id] = slices.Delete(book, 0, i); len(l.books[id]) == 0 {
			delete(l.books, id)
		}
	}
}
