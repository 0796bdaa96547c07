package ivr_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

const calendars = `
calendars:
  office:
    timezone: Europe/Madrid
    open:
      mon-fri: ["09:00-14:00", "16:00-19:00"]
      sat: "22:00-02:30"
      sun: "20:00-24:00"
    holidays:
      - {name: nochebuena, date: 2026-12-24, open: "09:00-13:00"}
      - {name: navidad, from: 12-24, to: 01-01}
      - {name: feria, from: 2026-08-10, to: 2026-08-14}
      - {name: bisiesto, date: 02-29}
  bogota:
    timezone: America/Bogota
    open: {mon-fri: "07:00-19:00"}
    holidays:
      - {name: nochebuena, date: 12-24, open: "07:00-12:00"}
      - {name: festivo, country: CO}
  weekend: {timezone: America/Mexico_City, open: {sat-mon: "00:00-24:00"}}
`

func TestCalendar(t *testing.T) {
	t.Parallel()
	defs, faults := flowfile.Load(flowfile.Files{Calendars: ivr.Source{File: "c.yaml", YAML: calendars}}, flowfile.Known{})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		calendar, at string // in UTC
		open         bool
		holiday      string
	}{
		{"office", "2026-01-12T07:59:00Z", false, ""}, // Monday 08:59 in Madrid
		{"office", "2026-01-12T08:00:00Z", true, ""},
		{"office", "2026-01-12T12:59:59Z", true, ""},
		{"office", "2026-01-12T13:00:00Z", false, ""}, // the end does not belong to it
		{"office", "2026-01-12T15:00:00Z", true, ""},
		{"office", "2026-07-13T07:00:00Z", true, ""}, // the same wall clock in summer
		{"office", "2026-07-13T06:59:00Z", false, ""},
		{"office", "2026-01-17T20:59:00Z", false, ""}, // Saturday night
		{"office", "2026-01-17T21:00:00Z", true, ""},
		{"office", "2026-01-18T01:29:00Z", true, ""}, // Sunday 02:29, of Saturday's hours
		{"office", "2026-01-18T01:30:00Z", false, ""},
		{"office", "2026-01-18T22:59:00Z", true, ""},
		{"office", "2026-01-18T23:00:00Z", false, ""},          // Monday has begun
		{"office", "2026-03-29T00:59:00Z", true, ""},           // Sunday 01:59, of Saturday; then 02:00 to 03:00 does not exist
		{"office", "2026-10-25T00:15:00Z", true, ""},           // Sunday 02:15 in summer time...
		{"office", "2026-10-25T01:15:00Z", true, ""},           // ...and again after the change
		{"office", "2026-12-24T09:00:00Z", true, "nochebuena"}, // the first holiday that fits
		{"office", "2026-12-24T15:00:00Z", false, "nochebuena"},
		{"office", "2027-12-24T09:00:00Z", false, "navidad"}, // every year, over its end
		{"office", "2027-01-01T10:00:00Z", false, "navidad"},
		{"office", "2027-01-04T09:00:00Z", true, ""},
		{"office", "2026-08-12T09:00:00Z", false, "feria"},
		{"office", "2027-08-12T09:00:00Z", true, ""},
		{"office", "2028-02-29T09:00:00Z", false, "bisiesto"},
		{"bogota", "2026-07-13T15:00:00Z", false, "festivo"}, // Ley 2578, moved to the Monday
		{"bogota", "2025-07-14T15:00:00Z", true, ""},         // before it
		{"bogota", "2026-12-08T15:00:00Z", false, "festivo"},
		{"bogota", "2026-12-24T15:00:00Z", true, "nochebuena"},
		{"weekend", "2026-01-10T05:59:00Z", false, ""}, // Friday 23:59 in Mexico
		{"weekend", "2026-01-10T06:00:00Z", true, ""},
		{"weekend", "2026-01-13T05:59:00Z", true, ""}, // Monday 23:59
		{"weekend", "2026-01-13T06:00:00Z", false, ""},
	}
	for _, r := range rows {
		at, err := time.Parse(time.RFC3339, r.at)
		if err != nil {
			t.Fatal(err)
		}
		open, holiday := defs.Calendars[r.calendar].At(at)
		if open != r.open || holiday != r.holiday {
			t.Errorf("%s at %s (%s): open %v, holiday %q; want %v, %q", r.calendar, r.at,
				at.In(defs.Calendars[r.calendar].Zone).Format("Mon 15:04"), open, holiday, r.open, r.holiday)
		}
	}
}

func TestHoursBranchOnHolidays(t *testing.T) {
	t.Parallel()
	text := head + `  a: {type: hours, calendar: office, on: {open: o, closed: c, "holiday:navidad": n}}
  o: {type: queue, queue: open, on: {fail: end}}
  c: {type: queue, queue: closed, on: {fail: end}}
  n: {type: queue, queue: navidad, on: {fail: end}}
`
	src := ivr.Source{File: "t.yaml", YAML: text}
	defs, _ := flowfile.Load(flowfile.Files{Flows: []ivr.Source{src}, Calendars: ivr.Source{File: "c.yaml", YAML: calendars}}, flowfile.Known{})
	defs.DIDs = ivr.DIDs{{Pattern: "*", Flow: "t"}}
	l := ivr.NewLibrary(flowfile.Parse, nil)
	if err := l.Publish(t.Context(), defs); err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{"2026-01-12T10:00:00Z": "queue open", "2026-01-12T21:00:00Z": "queue closed",
		"2026-08-12T09:00:00Z": "queue closed", "2027-12-25T09:00:00Z": "queue navidad"}
	for at, want := range rows {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		step, err := l.Begin(arrival(), now)
		if err != nil {
			t.Fatal(err)
		}
		if got := brief(step.Actions); len(got) != 1 || got[0] != want {
			t.Errorf("at %s: %q, want %q", at, got, want)
		}
	}
}
