package ivr

import "time"

// Calendar tells when somebody is there. Times are those on the wall clock of
// its zone, so a change to summer time moves nothing.
type Calendar struct {
	Name     string
	Zone     *time.Location
	Week     [7][]Span // by time.Weekday
	Holidays []Holiday
	Pos      Pos
}

// Span is a part of a day in minutes since midnight, From included, To not.
// To may be 1440 (midnight) or more, which runs into the next day.
type Span struct{ From, To int }

// minutesPerDay is the length of a day on the wall clock.
const minutesPerDay = 24 * 60

// Holiday is a day, or a range of days, with rules of its own.
type Holiday struct {
	Name     string
	From, To Day    // both included
	Open     []Span // hours of that day, empty for closed
}

// Day is a date; Year 0 is every year.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// on tells whether a date lies within the holiday.
func (h Holiday) on(t time.Time) bool {
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

// At tells whether the calendar is open at a moment, and the name of the
// holiday that governs it, "" on an ordinary day. The first holiday of the
// list that fits counts. Hours that run past midnight belong to the day they
// began on.
func (c *Calendar) At(now time.Time) (open bool, holiday string) {
	t := now.In(c.Zone)
	minute := t.Hour()*60 + t.Minute()
	y, m, d := t.Date()
	noon := time.Date(y, m, d, 12, 0, 0, 0, c.Zone)
	yesterday := noon.AddDate(0, 0, -1)
	spans, holiday := c.day(noon)
	before, _ := c.day(yesterday)
	return inside(spans, minute) || inside(before, minute+minutesPerDay), holiday
}

// day returns the hours of a date and its holiday's name.
func (c *Calendar) day(t time.Time) ([]Span, string) {
	for _, h := range c.Holidays {
		if h.on(t) {
			return h.Open, h.Name
		}
	}
	return c.Week[t.Weekday()], ""
}

func inside(spans []Span, minute int) bool {
	for _, s := range spans {
		if s.From <= minute && minute < s.To {
			return true
		}
	}
	return false
}
