package calendar

import (
	"slices"
	"time"
)

// Calendar is hours on the clock of one zone.
type Calendar struct {
	Name string
	Zone *time.Location
	Hours
}

// At tells whether the calendar is open at a moment, and the name of the holiday that
// governs it, "" on an ordinary day.
func (c *Calendar) At(now time.Time) (open bool, holiday string) { return c.Hours.At(now.In(c.Zone)) }

// Hours are when something is open. The zero value never is.
type Hours struct {
	Week     Week
	Holidays []Holiday // the first that fits a day counts
}

// Week are the hours of ordinary days, by time.Weekday.
type Week [7][]Span

// Span is a part of a day in minutes since midnight, From included, To not.
// To may be 1440 (midnight) or more, which runs into the next day.
type Span struct{ From, To int }

// minutesPerDay is the length of a day on the wall clock.
const minutesPerDay = 24 * 60

// Holiday is a day, a range of days or the public holidays of a country, with rules of its own.
type Holiday struct {
	Name     string
	From, To Day    // both included
	Country  string // whose public holidays are meant instead: CO
	Open     []Span // hours of such a day, empty for closed
}

// Day is a date; Year 0 is every year.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// on tells whether a date lies within the holiday.
func (h Holiday) on(t time.Time) bool {
	if h.Country != "" {
		return IsHoliday(h.Country, t)
	}
	y, m, d := t.Date()
	if h.From.Year == 0 {
		key, from, to := int(m)*100+d, h.From.yearless(), h.To.yearless()
		if from <= to {
			return from <= key && key <= to
		}
		return key >= from || key <= to // from the end of one year into the next
	}
	key := y*10000 + int(m)*100 + d
	return h.From.Year*10000+h.From.yearless() <= key && key <= h.To.Year*10000+h.To.yearless()
}

func (d Day) yearless() int { return int(d.Month)*100 + d.Day }

// always is every minute of every day.
func always() (h Hours) {
	for day := range h.Week {
		h.Week[day] = []Span{{0, minutesPerDay}}
	}
	return h
}

// Always tells whether no hour of any day is left out.
func (h Hours) Always() bool {
	return len(h.Holidays) == 0 && !slices.ContainsFunc(h.Week[:], func(spans []Span) bool {
		return !slices.ContainsFunc(spans, func(s Span) bool { return s.From == 0 && s.To >= minutesPerDay })
	})
}

// At tells whether a moment is within the hours on the clock of its own zone, and the
// name of the holiday that governs it. Hours that run past midnight belong to the day
// they began on.
func (h Hours) At(local time.Time) (open bool, holiday string) {
	minute := local.Hour()*60 + local.Minute()
	noon := noonOf(local, 0)
	spans, holiday := h.day(noon)
	before, _ := h.day(noon.AddDate(0, 0, -1))
	return inside(spans, minute) || inside(before, minute+minutesPerDay), holiday
}

// noonOf is noon of a day so many days after that of a moment: every day has one.
func noonOf(t time.Time, days int) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d+days, 12, 0, 0, 0, time.UTC)
}

// day returns the hours of a date and its holiday's name.
func (h Hours) day(date time.Time) ([]Span, string) {
	for _, holiday := range h.Holidays {
		if holiday.on(date) {
			return holiday.Open, holiday.Name
		}
	}
	return h.Week[date.Weekday()], ""
}

func inside(spans []Span, minute int) bool {
	for _, s := range spans {
		if s.From <= minute && minute < s.To {
			return true
		}
	}
	return false
}

// In tells whether a moment is within the hours on the clocks of all zones. Where no
// zone is known it is not, unless they are always.
func (h Hours) In(zones []*time.Location, now time.Time) bool {
	if h.Always() {
		return true
	}
	for _, zone := range zones {
		if open, _ := h.At(now.In(zone)); !open {
			return false
		}
	}
	return len(zones) > 0
}
