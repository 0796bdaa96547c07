package calendar_test

import (
	"testing"
	"time"
	_ "time/tzdata" // also where none is installed

	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator/calendar"
)

// zones have changes by an hour, by half an hour and at midnight, both ways, and none at all.
var zones = []string{"America/Bogota", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Europe/Madrid", "Australia/Lord_Howe",
	"America/Havana", "America/Santiago", "America/Asuncion", "Africa/Cairo", "Asia/Beirut", "Pacific/Kiritimati", "Asia/Kathmandu", "Atlantic/Azores"}

func zone(t rapid.TB, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// moments of 2026 and 2027, many of them near a change of clocks.
func drawMoment(t *rapid.T, zones []*time.Location) time.Time {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 2*365*24*60).Draw(t, "minute")) * time.Minute)
	if _, change := at.In(zones[0]).ZoneBounds(); !change.IsZero() && change.Year() < 2028 && rapid.Bool().Draw(t, "near a change") {
		at = change.Add(time.Duration(rapid.IntRange(-1500, 1500).Draw(t, "minutes from it")) * time.Minute)
	}
	return at
}

func drawZones(t *rapid.T, most int) (out []*time.Location) {
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(zones), 1, most, rapid.ID).Draw(t, "zones") {
		out = append(out, zone(t, name))
	}
	return out
}

func drawHours(t *rapid.T) (h calendar.Hours) {
	spans := rapid.Custom(func(t *rapid.T) calendar.Span {
		from := rapid.IntRange(0, 47).Draw(t, "from") * 30
		return calendar.Span{From: from, To: from + rapid.IntRange(1, 16).Draw(t, "length")*30}
	})
	for day := range h.Week {
		h.Week[day] = rapid.SliceOfN(spans, 0, 2).Draw(t, "spans")
	}
	if rapid.Bool().Draw(t, "holidays") {
		h.Holidays = []calendar.Holiday{{Name: "festivo", Country: rapid.SampledFrom(calendar.Countries()).Draw(t, "country"),
			Open: rapid.SliceOfN(spans, 0, 1).Draw(t, "open")}}
	}
	return h
}

// TestOpens compares with whoever looks at the clock every minute.
func TestOpens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zones, h := drawZones(t, 3), drawHours(t)
		from := drawMoment(t, zones)
		end := from.Add(3 * 24 * time.Hour)
		var want time.Time
		for at := from; at.Before(end); at = at.Add(time.Minute) {
			if h.In(zones, at) {
				want = at
				break
			}
		}
		got := h.Opens(zones, from)
		if want.IsZero() && (got.IsZero() || !got.Before(end)) {
			return
		}
		if !got.Equal(want) {
			t.Fatalf("from %v in %v: opens %v, by the clock %v", from, zones, got, want)
		}
	})
}

// TestDayEnds compares with whoever looks at the date every minute.
func TestDayEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zones := drawZones(t, 1)
		of := drawMoment(t, zones).In(zones[0])
		want := of
		for want.YearDay() == of.YearDay() {
			want = want.Add(time.Minute)
		}
		if got := calendar.DayEnds(zones[0], of); !got.Equal(want) {
			t.Fatalf("%v in %v ends %v, by the clock %v", of, zones[0], got, want)
		}
	})
}

func TestReadHours(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "workdays 09:00-20:00", "fri 20:00-09:00", "fri 20:00-24:30", "fri 9:00-10:00", "fri", "fri  ", "fri 10:00-10:00", "fri 09:00", "09:00-10:00"} {
		if _, err := calendar.ReadHours([]string{bad}); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	always, err := calendar.ReadHours(nil)
	if err != nil || !always.Always() || !always.In(nil, time.Now()) {
		t.Errorf("no hours are always: %v, %v", always, err)
	}
	h, err := calendar.ReadHours([]string{"mon-fri 09:00-20:00", "sat 10:00-24:00"})
	if err != nil || h.Always() || h.In(nil, time.Now()) {
		t.Errorf("%v, %v: where no zone is known nobody is within them", h, err)
	}
	if open, _ := h.At(time.Date(2026, 11, 28, 23, 59, 0, 0, time.UTC)); !open { // a Saturday
		t.Error("closed on Saturday at 23:59")
	}
}

// TestNeverOutsideAnyZone: whatever the moment and the zones, it is within hours only if
// it is in each of them, clocks that are put forward or back included.
func TestNeverOutsideAnyZone(t *testing.T) {
	t.Parallel()
	hours, err := calendar.ReadHours([]string{"mon-fri 08:00-20:00", "sat 09:00-13:00"})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		zones := drawZones(t, 4)
		now := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "now"), 0)
		in := hours.In(zones, now)
		for _, z := range zones {
			local := now.In(z)
			open := local.Weekday() >= time.Monday && local.Weekday() <= time.Friday && local.Hour() >= 8 && local.Hour() < 20 ||
				local.Weekday() == time.Saturday && local.Hour() >= 9 && local.Hour() < 13
			if in && !open {
				t.Fatalf("called at %s", local)
			}
		}
	})
}

// TestWhen: a time of day where clocks are set: left out, twice, at midnight, and a day that
// is left out as a whole.
func TestWhen(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		zone, date string
		minute     int
		want       string
	}{
		{"America/Bogota", "2026-03-02", 6 * 60, "2026-03-02T06:00:00-05:00"},
		{"America/Bogota", "2026-03-02", 30 * 60, "2026-03-03T06:00:00-05:00"},
		{"America/Santiago", "2026-09-06", 0, "2026-09-06T01:00:00-03:00"},
		{"America/Santiago", "2026-09-05", 24 * 60, "2026-09-06T01:00:00-03:00"},
		{"America/Santiago", "2026-04-04", 23*60 + 30, "2026-04-04T23:30:00-03:00"}, // and an hour later
		{"Europe/Madrid", "2026-03-29", 2*60 + 30, "2026-03-29T03:00:00+02:00"},
		{"Pacific/Apia", "2011-12-30", 9 * 60, "2011-12-31T00:00:00+14:00"},
	} {
		zone, err := time.LoadLocation(x.zone)
		if err != nil {
			t.Fatal(err)
		}
		date, err := time.Parse(time.DateOnly, x.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.When(zone, date, x.minute).Format(time.RFC3339); got != x.want {
			t.Errorf("%s, %s, minute %d is %s, want %s", x.zone, x.date, x.minute, got, x.want)
		}
	}
}
