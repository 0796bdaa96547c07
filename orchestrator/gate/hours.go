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
	spans []span
}

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
	for _, text := range p.Hours {
		s, err := readSpan(text)
		if err != nil {
			return o, invalid("hours: %w", err)
		}
		o.spans = append(o.spans, s)
	}
	return o, nil
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
func (o opening) at(now time.Time) bool {
	now = now.In(o.zone)
	minute := 60*now.Hour() + now.Minute()
	return len(o.spans) == 0 || slices.ContainsFunc(o.spans, func(s span) bool {
		return s.days[now.Weekday()] && minute >= s.from && minute < s.to
	})
}
