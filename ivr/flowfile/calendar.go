package flowfile

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones must be known on machines that have none installed

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// readCalendars reads calendars.yaml; nil when it cannot be made sense of at all.
func readCalendars(src ivr.Source) (map[string]*calendar.Calendar, yamlfile.Faults) {
	var s Calendars
	faults, ok := decode(src, &s)
	if !ok {
		return nil, faults
	}
	out := map[string]*calendar.Calendar{}
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

func (d *days) calendar(e yamlfile.Entry[calendarShape]) *calendar.Calendar {
	c := &calendar.Calendar{Name: e.Key, Zone: time.UTC}
	if zone := e.Value.Timezone; zone.Value != "" {
		loc, err := time.LoadLocation(zone.Value)
		if err != nil || zone.Value == "Local" {
			d.fault(zone.At, "%q is no time zone; write Europe/Madrid or America/Mexico_City", zone.Value)
		} else {
			c.Zone = loc
		}
	}
	for _, open := range e.Value.Open {
		week, err := calendar.Weekdays(open.Key)
		if err != nil {
			d.fault(open.At, "%v", err)
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

// spans reads "09:00-14:00" or a list of them.
func (d *days) spans(texts []yamlfile.Text) (out []calendar.Span) {
	for _, text := range texts {
		span, err := calendar.ReadSpan(text.Value)
		if err != nil {
			d.fault(text.At, "%v", err)
			continue
		}
		out = append(out, span)
	}
	return out
}

// holiday reads a day, from and to for several, or a country, with its hours.
func (d *days) holiday(h holidayShape) calendar.Holiday {
	out := calendar.Holiday{Name: h.Name, Open: d.spans(h.Open)}
	switch {
	case h.Country.Value != "":
		if h.Date.Value+h.From.Value+h.To.Value != "" {
			d.fault(h.At, "a holiday has either date, or from and to, or country")
		}
		if known := calendar.Countries(); !slices.Contains(known, h.Country.Value) {
			d.fault(h.Country.At, "the public holidays of %q are not known; those of %s are", h.Country.Value, strings.Join(known, ", "))
		}
		out.Country = h.Country.Value
		return out
	case h.Date.Value != "" && h.From.Value == "" && h.To.Value == "":
		out.From = d.day(h.Date)
		out.To = out.From
		return out
	case h.Date.Value != "" || h.From.Value == "" || h.To.Value == "":
		d.fault(h.At, "a holiday has either date, or from and to, or country")
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
func number(d calendar.Day) int { return d.Year*10000 + int(d.Month)*100 + d.Day }

// day reads 2026-12-25, or 12-25 for every year.
func (d *days) day(text yamlfile.Text) calendar.Day {
	if t, err := time.Parse("2006-01-02", text.Value); err == nil {
		return calendar.Day{Year: t.Year(), Month: t.Month(), Day: t.Day()}
	}
	// Year 2000 is a leap year, so that 02-29 can be read.
	if t, err := time.Parse("2006-01-02", "2000-"+text.Value); err == nil {
		return calendar.Day{Month: t.Month(), Day: t.Day()}
	}
	d.fault(text.At, "%q is no date; write 2026-12-25, or 12-25 for every year", text.Value)
	return calendar.Day{}
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
