package calendar

import (
	"slices"
	"time"
)

// horizon is how many days are looked ahead.
const horizon = 60

// Opens is the first moment, from one on, that is within the hours on the clocks of
// all zones (see In); zero if there is none within sixty days.
func (h Hours) Opens(zones []*time.Location, from time.Time) time.Time {
	if h.In(zones, from) {
		return from
	}
	last := from.AddDate(0, 0, horizon)
	for at := from; len(zones) > 0 && at.Before(last); {
		latest := at
		for _, zone := range zones { // each is closed until then, so that all are
			opens := h.opensIn(zone, latest)
			if opens.IsZero() {
				return time.Time{}
			}
			latest = opens
		}
		if latest.Equal(at) {
			return at
		}
		at = latest
	}
	return time.Time{}
}

// opensIn is Opens in one zone.
func (h Hours) opensIn(zone *time.Location, from time.Time) time.Time {
	from = from.In(zone)
	if open, _ := h.At(from); open {
		return from
	}
	for day := range horizon {
		date := noonOf(from, day)
		spans, _ := h.day(date)
		moments := changes(zone, date)
		for _, s := range spans {
			moments = append(moments, moment(zone, date, s.From)...)
		}
		slices.SortFunc(moments, time.Time.Compare)
		for _, at := range moments {
			if open, _ := h.At(at); open && at.After(from) {
				return at
			}
		}
	}
	return time.Time{}
}

// moment is when a clock shows a minute of a date: once as a rule, twice or not at
// all where clocks are changed.
func moment(zone *time.Location, date time.Time, minute int) (out []time.Time) {
	y, m, d := date.Date()
	wall := time.Date(y, m, d, 0, minute, 0, 0, time.UTC)
	_, before := wall.AddDate(0, 0, -1).In(zone).Zone()
	_, after := wall.AddDate(0, 0, 1).In(zone).Zone()
	for _, offset := range []int{before, after} {
		at := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, there := at.Zone(); there == offset {
			out = append(out, at)
		}
	}
	return out
}

// When is the first moment at which a clock shows a minute of a date, or has been set past it;
// minutes from 24:00 on are those of the next day.
func When(zone *time.Location, date time.Time, minute int) time.Time {
	date = noonOf(date, minute/minutesPerDay)
	minute %= minutesPerDay
	if shown := moment(zone, date, minute); len(shown) > 0 {
		return slices.MinFunc(shown, time.Time.Compare)
	}
	y, m, d := date.Date()
	wall := time.Date(y, m, d, 0, minute, 0, 0, time.UTC)
	_, before := wall.AddDate(0, 0, -1).In(zone).Zone()
	set, _ := wall.Add(-time.Duration(before) * time.Second).In(zone).ZoneBounds()
	return set.In(zone)
}

// DayOf is the day that a moment is in, on the clock of its zone: as long as it is, on days on
// which clocks are set, too.
func DayOf(t time.Time) (from, to time.Time) {
	return When(t.Location(), t, 0), When(t.Location(), t, minutesPerDay)
}

// changes is when clocks are changed on a date: what opens in the hour that is left
// out opens then.
func changes(zone *time.Location, date time.Time) (out []time.Time) {
	y, m, d := date.Date()
	at := date.Add(-36 * time.Hour).In(zone) // before the date begins anywhere
	for {
		_, change := at.ZoneBounds()
		if change.IsZero() || change.After(date.Add(36*time.Hour)) {
			return out
		}
		if at = change.In(zone); on(at, y, m, d) {
			out = append(out, at)
		}
	}
}

func on(t time.Time, year int, month time.Month, day int) bool {
	y, m, d := t.Date()
	return y == year && m == month && d == day
}

// DayEnds is when the day of a moment ends in a zone: the first moment of the next.
func DayEnds(zone *time.Location, of time.Time) time.Time {
	next := noonOf(of.In(zone), 1)
	first := time.Date(next.Year(), next.Month(), next.Day(), 12, 0, 0, 0, zone) // no zone leaves out its noon
	for _, at := range append(moment(zone, next, 0), changes(zone, next)...) {
		if at.After(of) && at.Before(first) {
			first = at
		}
	}
	return first
}
