package main

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/records"
)

// TestExpireDue: the day that is due and when to look next, by the clock of the centre, also
// where it is set.
func TestExpireDue(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Santiago")
	must(t, err)
	for now, want := range map[string][2]string{
		"2026-03-02T03:29:00": {"2026-03-01", "2026-03-02T03:30:00"}, "2026-03-02T03:30:00": {"2026-03-02", "2026-03-03T03:30:00"},
		"2026-03-02T23:00:00": {"2026-03-02", "2026-03-03T03:30:00"}, "2026-04-04T12:00:00": {"2026-04-04", "2026-04-05T03:30:00"},
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", now, zone)
		must(t, err)
		day, next := expireDue(at.UTC(), 3*60+30, zone)
		if got := [2]string{day.Format(time.DateOnly), next.In(zone).Format("2006-01-02T15:04:05")}; got != want {
			t.Errorf("%s: %q, want %q", now, got, want)
		}
	}
	if _, err := (records.Config{ExpireAt: "3.30"}).ExpireTime(); err == nil {
		t.Error("3.30 is a time of day")
	}
}
