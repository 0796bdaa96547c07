package gate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// opening is when outside numbers may be called.
type opening struct {
	zone  *time.Location
	hours Hours
}

// Hours are parts of the week; none is always.
type Hours []span

// span is a part of some days of the week, in minutes of the day.
type span struct {
	days     [7]bool // Sunday first, as in package time
	from, to int
}

var (
	dayNames  = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	spanShape = regexp.MustCompile(`^(sun|mon|tue|wed|thu|fri|sat)(?:-(sun|mon|tue|wed|thu|fri|sat))? ([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])$`)
)

// opening reads the hours of a policy.
func (p Policy) opening() (opening, error) {
	o := opening{zone: time.Local}
	if p.Zone != "" {
		zone, err := time.LoadLocation(p.Zone)
		if err != nil {
			return o, invalid("time_zone: %q is not a time zone, such as Europe/Madrid", p.Zone)
		}
		o.zone = zone
	}
	var err error
	if o.hours, err = ReadHours(p.Hours); err != nil {
		return o, invalid("hours: %w", err)
	}
	return o, nil
}

// ReadHours reads texts such as mon-fri 09:00-20:00.
func ReadHours(texts []string) (Hours, error) {
	var hours Hours
	for _, text := range texts {
		s, err := readSpan(text)
		if err != nil {
			return nil, err
		}
		hours = append(hours, s)
	}
	return hours, nil
}

func readSpan(text string) (span, error) {
	m := spanShape.FindStringSubmatch(text)
	if m == nil {
		return span{}, fmt.Errorf("%q is not like mon-fri 09:00-20:00", text)
	}
	var s span
	first, last := slices.Index(dayNames, m[1]), slices.Index(dayNames, m[2])
	if last < 0 {
		last = first
	}
	for day := first; ; day = (day + 1) % 7 {
		s.days[day] = true
		if day == last {
			break
		}
	}
	minute := func(hour, minute string) int {
		h, _ := strconv.Atoi(hour)   // two digits, by the shape
		m, _ := strconv.Atoi(minute) // likewise
		return 60*h + m
	}
	s.from, s.to = minute(m[3], m[4]), minute(m[5], m[6])
	if s.from >= s.to || s.to > 24*60 {
		return span{}, fmt.Errorf("%q does not end after it begins, on the same day", text)
	}
	return s, nil
}

// at tells whether outside numbers may be called at a time.
func (o opening) at(now time.Time) bool { return o.hours.At(now.In(o.zone)) }

// At tells whether a moment is within the hours, on the clocks of its own zone.
func (h Hours) At(local time.Time) bool {
	minute := 60*local.Hour() + local.Minute()
	return len(h) == 0 || slices.ContainsFunc(h, func(s span) bool {
		return s.days[local.Weekday()] && minute >= s.from && minute < s.to
	})
}
