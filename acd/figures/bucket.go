package figures

import (
	"cmp"
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
)

// key is a row's name in one dimension, with its place among the others.
type key struct {
	order int64
	label string
}

func (k key) compare(l key) int {
	return cmp.Or(cmp.Compare(k.order, l.order), cmp.Compare(k.label, l.label))
}

// slicer cuts time into pieces that have one name. It keeps the last piece, in
// which the next moment mostly is.
type slicer struct {
	zone     *time.Location
	piece    func(t time.Time) (from, to time.Time)
	name     func(from time.Time) key
	from, to int64
	last     key
}

// at names the piece in which a moment is, and says when it ends; unix ms.
func (s *slicer) at(ms int64) (key, int64) {
	if ms < s.from || ms >= s.to {
		from, to := s.piece(time.UnixMilli(ms).In(s.zone))
		s.from, s.to, s.last = from.UnixMilli(), max(to.UnixMilli(), ms+1), s.name(from)
	}
	return s.last, s.to
}

// newSlicer returns nil for a dimension that is not of time.
func newSlicer(d Dimension, zone *time.Location, interval time.Duration) *slicer {
	s := &slicer{zone: zone}
	switch d {
	case ByInterval:
		s.piece = func(t time.Time) (time.Time, time.Time) { return intervalOf(t, interval) }
		s.name = func(from time.Time) key { return key{from.UnixMilli(), from.Format(time.RFC3339)} }
	case ByHour:
		s.piece = func(t time.Time) (time.Time, time.Time) { return intervalOf(t, time.Hour) }
		s.name = func(from time.Time) key {
			return key{int64(from.Hour()), from.Format("15") + ":00"}
		}
	case ByDay:
		s.piece = calendar.DayOf
		s.name = func(from time.Time) key { return key{from.UnixMilli(), from.Format(time.DateOnly)} }
	case ByWeekday:
		s.piece = calendar.DayOf
		s.name = func(from time.Time) key {
			return key{int64(from.Weekday()+6) % 7, from.Weekday().String()} // Monday first
		}
	default:
		return nil
	}
	return s
}

// intervalOf is the interval of a length, a part of an hour, that a moment is in by
// the clock of its zone. Where clocks are set, one interval ends and another begins:
// an hour that comes twice is two.
func intervalOf(t time.Time, length time.Duration) (from, to time.Time) {
	past := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	from = t.Add(-(past % length))
	to = from.Add(length)
	begins, ends := t.ZoneBounds()
	if !begins.IsZero() && from.Before(begins) {
		from = begins
	}
	if !ends.IsZero() && to.After(ends) {
		to = ends
	}
	return from, to
}
