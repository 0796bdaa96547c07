package flowfile

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // time zones must be known on machines that have none installed

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// readCalendars reads calendars.yaml; nil when it cannot be made sense of at all.
func readCalendars(src ivr.Source) (map[string]*ivr.Calendar, yamlfile.Faults) {
	var s Calendars
	faults, ok := decode(src, &s)
	if !ok {
		return nil, faults
	}
	out := map[string]*ivr.Calendar{}
	d := &days{}
	for _, c := range s.Calendars {
		d.where = "calendar " + c.Key
		out[c.Key] = d.calendar(c)
	}
	return out, append(faults, d.faults...)
}

// days makes calendars of their shapes.
type days struct {
	where  string
	faults yamlfile.Faults
}

func (d *days) fault(at yamlfile.Pos, format string, args ...any) {
	d.faults = append(d.faults, yamlfile.Fault{Code: CodeForm, At: at, Where: d.where, Text: fmt.Sprintf(format, args...)})
}

func (d *days) calendar(e yamlfile.Entry[calendarShape]) *ivr.Calendar {
	c := &ivr.Calendar{Name: e.Key, Zone: time.UTC, Pos: e.At}
	if zone := e.Value.Timezone; zone.Value != "" {
		loc, err := time.LoadLocation(zone.Value)
		if err != nil || zone.Value == "Local" {
			d.fault(zone.At, "%q is no time zone; write Europe/Madrid or America/Mexico_City", zone.Value)
		} else {
			c.Zone = loc
		}
	}
	for _, open := range e.Value.Open {
		week, ok := weekdays(open.Key)
		if !ok {
			d.fault(open.At, "%q are no days; write mon, mon-fri, sat-sun or daily", open.Key)
		}
		spans := d.spans(open.Value)
		for _, day := range week {
			c.Week[day] = append(c.Week[day], spans...)
		}
	}
	for _, h := range e.Value.Holidays {
		c.Holidays = append(c.Holidays, d.holiday(h))
	}
	return c
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// weekdays reads "mon", "fri-mon" or "daily".
func weekdays(key string) ([]time.Weekday, bool) {
	if key == "daily" {
		key = "mon-sun"
	}
	first, last, isRange := strings.Cut(key, "-")
	if !isRange {
		last = first
	}
	from, to := -1, -1
	for i, n := range dayNames {
		if n == first {
			from = i
		}
		if n == last {
			to = i
		}
	}
	if from < 0 || to < 0 {
		return nil, false
	}
	week := []time.Weekday{time.Weekday(from)}
	for d := from; d != to; {
		d = (d + 1) % 7
		week = append(week, time.Weekday(d))
	}
	return week, true
}

// spans reads "09:00-14:00" or a list of them. One that ends before it begins
// runs past midnight.
func (d *days) spans(texts []yamlfile.Text) []ivr.Span {
	var out []ivr.Span
	for _, text := range texts {
		from, to, ok := strings.Cut(text.Value, "-")
		a, okA := clockTime(strings.TrimSpace(from))
		b, okB := clockTime(strings.TrimSpace(to))
		if !ok || !okA || !okB || a == b || a == 24*60 {
			d.fault(text.At, "%q are no hours; write 09:00-14:00", text.Value)
			continue
		}
		if b < a {
			b += 24 * 60
		}
		out = append(out, ivr.Span{From: a, To: b})
	}
	return out
}

// clockTime reads hh:mm up to 24:00, in minutes.
func clockTime(s string) (int, bool) {
	if s == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil
}

// holiday reads a day, or from and to for several, with its hours.
func (d *days) holiday(h holidayShape) ivr.Holiday {
	out := ivr.Holiday{Name: h.Name, Open: d.spans(h.Open)}
	switch {
	case h.Date.Value != "" && h.From.Value == "" && h.To.Value == "":
		out.From = d.day(h.Date)
		out.To = out.From
		return out
	case h.Date.Value != "" || h.From.Value == "" || h.To.Value == "":
		d.fault(h.At, "a holiday has either date, or from and to")
		return out
	}
	out.From, out.To = d.day(h.From), d.day(h.To)
	switch {
	case out.From.Month == 0 || out.To.Month == 0: // told already
	case (out.From.Year == 0) != (out.To.Year == 0):
		d.fault(h.At, "from and to of a holiday must both have a year or both have none")
	case out.From.Year > 0 && number(out.To) < number(out.From):
		d.fault(h.At, "the holiday ends before it begins")
	}
	return out
}

// number orders dates.
func number(d ivr.Day) int { return d.Year*10000 + int(d.Month)*100 + d.Day }

// day reads 2026-12-25, or 12-25 for every year.
func (d *days) day(text yamlfile.Text) ivr.Day {
	if t, err := time.Parse("2006-01-02", text.Value); err == nil {
		return ivr.Day{Year: t.Year(), Month: t.Month(), Day: t.Day()}
	}
	// Year 2000 is a leap year, so that 02-29 can be read.
	if t, err := time.Parse("2006-01-02", "2000-"+text.Value); err == nil {
		return ivr.Day{Month: t.Month(), Day: t.Day()}
	}
	d.fault(text.At, "%q is no date; write 2026-12-25, or 12-25 for every year", text.Value)
	return ivr.Day{}
}

// readDIDs reads dids.yaml; false when it cannot be made sense of at all.
func readDIDs(src ivr.Source) (out ivr.DIDs, faults yamlfile.Faults) {
	var s DIDs
	faults, _ = decode(src, &s)
	for _, e := range s.DIDs {
		if e.Value.Flow != "" {
			out = append(out, ivr.DID{Pattern: e.Key, Flow: e.Value.Flow, Language: e.Value.Language, CallerID: e.Value.CallerID, At: e.At})
		}
	}
	return out, faults
}
