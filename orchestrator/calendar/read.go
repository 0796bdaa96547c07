package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Weekdays reads "mon", "fri-mon" or "daily".
func Weekdays(text string) ([]time.Weekday, error) {
	if text == "daily" {
		text = "mon-sun"
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, to := slices.Index(dayNames, first), slices.Index(dayNames, last)
	if from < 0 || to < 0 {
		return nil, fmt.Errorf("%q are no days; write mon, mon-fri, sat-sun or daily", text)
	}
	week := []time.Weekday{time.Weekday(from)}
	for d := from; d != to; {
		d = (d + 1) % 7
		week = append(week, time.Weekday(d))
	}
	return week, nil
}

// ReadSpan reads "09:00-14:00". One that ends before it begins runs past midnight.
func ReadSpan(text string) (Span, error) {
	from, to, ok := strings.Cut(text, "-")
	a, okA := ReadClock(strings.TrimSpace(from))
	b, okB := ReadClock(strings.TrimSpace(to))
	if !ok || !okA || !okB || a == b || a == minutesPerDay {
		return Span{}, fmt.Errorf("%q are no hours; write 09:00-14:00", text)
	}
	if b < a {
		b += minutesPerDay
	}
	return Span{From: a, To: b}, nil
}

// ReadClock reads a time of day, hh:mm up to 24:00, in minutes.
func ReadClock(s string) (minute int, ok bool) {
	if s == "24:00" {
		return minutesPerDay, true
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil && len(s) == len("15:04")
}

// ReadHours reads texts such as "mon-fri 09:00-20:00", each within its days; none is always.
func ReadHours(texts []string) (Hours, error) {
	if len(texts) == 0 {
		return always(), nil
	}
	var h Hours
	for _, text := range texts {
		days, hours, _ := strings.Cut(text, " ")
		week, err := Weekdays(days)
		span, worse := ReadSpan(hours)
		if err != nil || worse != nil {
			return Hours{}, fmt.Errorf("%q is not like mon-fri 09:00-20:00", text)
		}
		if span.To > minutesPerDay {
			return Hours{}, fmt.Errorf("%q does not end after it begins, on the same day", text)
		}
		for _, day := range week {
			h.Week[day] = append(h.Week[day], span)
		}
	}
	return h, nil
}

var spanishDays = strings.NewReplacer("mon", "lun", "tue", "mar", "wed", "mié", "thu", "jue", "fri", "vie", "sat", "sáb", "sun", "dom", "daily", "todos los días")

// Spanish is a text of hours with the names of days in Spanish: lun-vie 09:00-18:00.
func Spanish(hours string) string { return spanishDays.Replace(hours) }
