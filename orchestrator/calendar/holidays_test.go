package calendar_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
)

// differs is where the independent table is not what the law says: what it lacks (+)
// and what it has too much (-), by country and year; year 0 is all.
var differs = []struct {
	country string
	year    int
	changes string
	why     string
}{
	{"MX", 2024, "+10-01 -12-01", "the executive takes office on 1 October since the reform of 2014; the table has the old day"},
	{"MX", 2030, "+10-01 -12-01", "as in 2024"},
	{"ES", 2022, "-12-26", "which Monday takes the place of a Christmas on a Sunday is up to the communities"},
	{"ES", 2033, "-12-26", "as in 2022"},
}

// TestPublicHolidays compares 2020 to 2035 with a table that somebody else computed.
func TestPublicHolidays(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/holidays.tsv")
	if err != nil {
		t.Fatal(err)
	}
	years := map[string]int{}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var country string
		var year int
		words := strings.Fields(line)
		if _, err := fmt.Sscan(line, &country, &year); err != nil {
			t.Fatal(err)
		}
		years[country]++
		theirs := map[string]bool{}
		for _, day := range words[2:] {
			theirs[day] = true
		}
		for _, d := range differs {
			for change := range strings.FieldsSeq(d.changes) {
				if d.country == country && d.year == year {
					theirs[change[1:]] = change[0] == '+'
				}
			}
		}
		for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
			want := theirs[day.Format("01-02")]
			if country == "CO" && day.Equal(easterOf(year)) {
				want = false // a Sunday anyway, and no holiday by law
			}
			if country == "BR" && day.Month() == time.October && day.Weekday() == time.Sunday && day.Day() != 12 {
				want = false // days of elections, which are Sundays
			}
			if got := calendar.IsHoliday(country, day); got != want {
				t.Errorf("%s %s: %v, the table says %v", country, day.Format(time.DateOnly), got, want)
			}
		}
	}
	for _, country := range calendar.Countries() {
		if years[country] != 16 {
			t.Errorf("%s: %d years of the table", country, years[country])
		}
	}
}

// easterOf is the Sunday after Good Friday of the table.
func easterOf(year int) time.Time {
	for _, h := range calendar.PublicHolidays("CO", year) {
		if h.Name == "Viernes Santo" {
			return time.Date(year, h.Date.Month, h.Date.Day+2, 0, 0, 0, 0, time.UTC)
		}
	}
	return time.Time{}
}

// TestColombia has the days that two laws are about.
func TestColombia(t *testing.T) {
	t.Parallel()
	names := func(year int) (out []string) {
		for _, h := range calendar.PublicHolidays("CO", year) {
			out = append(out, fmt.Sprintf("%02d-%02d %s", h.Date.Month, h.Date.Day, h.Name))
		}
		return out
	}
	for year, n := range map[int]int{2020: 18, 2025: 18, 2026: 19, 2035: 19} {
		if got := names(year); len(got) != n {
			t.Errorf("%d: %d holidays, want %d: %v", year, len(got), n, got)
		}
	}
	for year, want := range map[int]string{
		2026: "07-13 Virgen de Chiquinquirá", // Ley 2578 of 1 June 2026
		2025: "06-30 San Pedro y San Pablo",
		2029: "07-09 Virgen de Chiquinquirá", // a Monday already
	} {
		if got := names(year); !slices.Contains(got, want) {
			t.Errorf("%d lacks %s: %v", year, want, got)
		}
	}
	if calendar.IsHoliday("CO", time.Date(2025, 7, 14, 0, 0, 0, 0, time.UTC)) {
		t.Error("before the law of 2026 there was no holiday in July 2025 on the 14th")
	}
	if len(calendar.PublicHolidays("XX", 2026)) != 0 || calendar.IsHoliday("XX", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error("a country that nobody knows has holidays")
	}
}
