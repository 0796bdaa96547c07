package campaign

import (
	"cmp"
	"time"
)

// Before orders leads that may be called now: appointments that are due come first, the
// one that is due longest before the others; then who waits for another attempt, the
// longest ready first; then who was never tried, in the order of their lists.
func Before(a, b Ready) int {
	return cmp.Or(cmp.Compare(a.class(), b.class()), a.Since.Compare(b.Since), cmp.Compare(a.Place, b.Place))
}

// Ready is a lead that may be called now.
type Ready struct {
	Appointment bool
	Tried       bool
	Since       time.Time // when the appointment is due, or the next attempt was
	Place       int64     // in its list
}

func (r Ready) class() int {
	switch {
	case r.Appointment:
		return 0
	case r.Tried:
		return 1
	}
	return 2
}
