package say

import (
	"strconv"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Date speaks a date written 2026-01-15: "Thursday, January fifteenth, two
// thousand twenty-six", "el jueves quince de enero de dos mil veintiséis". ok
// is false when the text is no date, or the language has no rules here.
func Date(lang, text string) (media []orchestrator.Media, ok bool) {
	t, err := time.Parse("2006-01-02", text)
	if err != nil || !Spoken(lang) {
		return nil, false
	}
	day, month := "day-"+strconv.Itoa(int(t.Weekday())), "mon-"+strconv.Itoa(int(t.Month())-1)
	year := int64(t.Year())
	if base(lang) == "es" {
		names := []string{"es-el", day}
		names = append(names, spanishDay(t.Day())...)
		names = append(names, "es-de", month, "es-de")
		return digits(append(names, spanish(year, "")...)), true
	}
	names := append([]string{day, month}, ordinal(t.Day())...)
	return digits(append(names, englishYear(year)...)), true
}

// spanishDay is "primero" on the first, and the number on all other days.
func spanishDay(d int) []string {
	if d == 1 {
		return []string{"h-1"}
	}
	return spanish(int64(d), "")
}

// ordinal is "first" to "thirty first".
func ordinal(d int) []string {
	if d <= 20 || d == 30 {
		return []string{"h-" + strconv.Itoa(d)}
	}
	return []string{strconv.Itoa(d / 10 * 10), "h-" + strconv.Itoa(d%10)}
}

// englishYear is "nineteen ninety nine", "nineteen oh five", "nineteen
// hundred" and "two thousand twenty six".
func englishYear(y int64) []string {
	century, rest := y/100, y%100
	switch {
	case century < 11 || century%10 == 0 || century > 19:
		return english(y)
	case rest == 0:
		return append(english(century), "hundred")
	case rest < 10:
		return append(english(century), "oh", strconv.FormatInt(rest, 10))
	}
	return append(english(century), english(rest)...)
}

// Time speaks a time of day written 13:05, on a clock of twelve hours: "one oh
// five p m", "una y cinco de la tarde". ok is false when the text is no time,
// or the language has no rules here.
func Time(lang, text string) (media []orchestrator.Media, ok bool) {
	t, err := time.Parse("15:04", text)
	if err != nil || !Spoken(lang) {
		return nil, false
	}
	hour, minute := int64((t.Hour()+11)%12+1), int64(t.Minute())
	if base(lang) == "es" {
		names := spanish(hour, Feminine)
		if minute > 0 {
			names = append(append(names, "and"), spanish(minute, "")...)
		}
		return digits(append(names, spanishPart(t.Hour()))), true
	}
	names := english(hour)
	if minute > 0 && minute < 10 {
		names = append(names, "oh")
	}
	if minute > 0 {
		names = append(names, english(minute)...)
	}
	part := "a-m"
	if t.Hour() >= 12 {
		part = "p-m"
	}
	return digits(append(names, part)), true
}

// spanishPart is the part of the day. Asterisk's say.c calls the hour after
// noon "a-m"; here the afternoon lasts from noon to seven.
func spanishPart(hour int) string {
	switch {
	case hour < 12:
		return "a-m"
	case hour < 19:
		return "afternoon"
	}
	return "p-m"
}
