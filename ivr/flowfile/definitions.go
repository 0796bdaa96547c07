package flowfile

import (
	"strings"
	"time"
	_ "time/tzdata" // time zones must be known on machines that have none installed

	"github.com/goccy/go-yaml/ast"

	"github.com/operadora/operadora/ivr"
)

// readCalendars reads "calendars: {name: {timezone, open, holidays}}".
func readCalendars(src ivr.Source) (map[string]*ivr.Calendar, Faults) {
	r := &reader{file: src.File}
	root := r.parse(src.YAML)
	if root == nil {
		return nil, r.faults
	}
	out := map[string]*ivr.Calendar{}
	if list := root.child("calendars"); list != nil {
		for _, name := range list.keys {
			at := list.vals[name].key
			if !ivr.ValidName(name) {
				r.fault(CodeForm, at, "%q cannot name a calendar: letters, digits, - and _ only", name)
			}
			if c := list.child(name); c != nil {
				c.what = "calendar " + name
				out[name] = r.calendar(c, name, at)
			}
		}
	}
	root.done()
	return out, r.faults
}

func (r *reader) calendar(o *object, name string, at ivr.Pos) *ivr.Calendar {
	c := &ivr.Calendar{Name: name, Zone: time.UTC, Pos: at}
	zone := o.must("timezone")
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		r.fault(CodeForm, o.posOf("timezone"), "%q is no time zone; write Europe/Madrid or America/Mexico_City", zone)
	} else {
		c.Zone = loc
	}
	if week := o.child("open"); week != nil {
		for _, key := range week.keys {
			days, ok := weekdays(key)
			if !ok {
				r.fault(CodeForm, week.vals[key].key, "%q are no days; write mon, mon-fri, sat-sun or daily", key)
			}
			spans := r.spans(week, key)
			for _, d := range days {
				c.Week[d] = append(c.Week[d], spans...)
			}
		}
	}
	r.holidays(o, c)
	o.done()
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
	days := []time.Weekday{time.Weekday(from)}
	for d := from; d != to; {
		d = (d + 1) % 7
		days = append(days, time.Weekday(d))
	}
	return days, true
}

// spans reads "09:00-14:00" or a list of them. One that ends before it begins
// runs past midnight.
func (r *reader) spans(o *object, key string) []ivr.Span {
	var out []ivr.Span
	for _, text := range o.texts(key) {
		from, to, ok := strings.Cut(text, "-")
		a, okA := clockTime(strings.TrimSpace(from))
		b, okB := clockTime(strings.TrimSpace(to))
		if !ok || !okA || !okB || a == b || a == 24*60 {
			r.fault(CodeForm, o.posOf(key), "%q are no hours; write 09:00-14:00", text)
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

// holidays reads "- {name: navidad, date: 12-25}", with from and to for
// several days, and open for a day with other hours.
func (r *reader) holidays(o *object, c *ivr.Calendar) {
	n := o.take("holidays")
	if n == nil {
		return
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fault(CodeForm, r.pos(n), "holidays of %s must be a list such as - {name: navidad, date: 12-25}", o.what)
		return
	}
	for _, v := range seq.Values {
		h := r.object(v, "a holiday of "+o.what)
		if h == nil {
			continue
		}
		day := ivr.Holiday{Name: h.must("name"), Open: r.spans(h, "open")}
		if day.Name != "" && !ivr.ValidName(day.Name) {
			r.fault(CodeForm, h.posOf("name"), "%q cannot name a holiday: letters, digits, - and _ only", day.Name)
		}
		if h.has("date") {
			day.From = r.day(h, "date")
			day.To = day.From
			h.used["from"], h.used["to"] = true, true
		} else {
			day.From, day.To = r.day(h, "from"), r.day(h, "to")
			h.used["date"] = true
		}
		if (day.From.Year == 0) != (day.To.Year == 0) {
			r.fault(CodeForm, h.at, "from and to of %s must both have a year or both have none", h.what)
		}
		if day.From.Year > 0 && day.To.Year > 0 && number(day.To) < number(day.From) {
			r.fault(CodeForm, h.at, "%s ends before it begins", h.what)
		}
		h.done()
		c.Holidays = append(c.Holidays, day)
	}
}

// number orders dates.
func number(d ivr.Day) int { return d.Year*10000 + int(d.Month)*100 + d.Day }

// day reads 2026-12-25, or 12-25 for every year.
func (r *reader) day(o *object, key string) ivr.Day {
	s := o.must(key)
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return ivr.Day{Year: t.Year(), Month: t.Month(), Day: t.Day()}
	}
	// Year 2000 is a leap year, so that 02-29 can be read.
	if t, err := time.Parse("2006-01-02", "2000-"+s); err == nil {
		return ivr.Day{Month: t.Month(), Day: t.Day()}
	}
	if s != "" {
		r.fault(CodeForm, o.posOf(key), "%q is no date; write 2026-12-25, or 12-25 for every year", s)
	}
	return ivr.Day{}
}

// readDIDs reads "dids: {"5000": flow, "+34910*": {flow: …, language: es}}".
func readDIDs(src ivr.Source) (ivr.DIDs, Faults) {
	r := &reader{file: src.File}
	root := r.parse(src.YAML)
	if root == nil {
		return nil, r.faults
	}
	var out ivr.DIDs
	if list := root.child("dids"); list != nil {
		for _, pattern := range list.keys {
			d := ivr.DID{Pattern: pattern, At: list.vals[pattern].key}
			if !ivr.ValidPattern(pattern) {
				r.fault(CodeForm, d.At, "%q is no dialled number: digits, letters, + and -, with * only at its end", pattern)
			}
			n := list.take(pattern)
			switch n.(type) {
			case nil:
				continue
			case *ast.MappingNode, *ast.MappingValueNode:
				o := r.object(n, "number "+pattern)
				d.Flow, d.Language = o.must("flow"), o.text("language")
				o.done()
			default:
				d.Flow = r.text(n, "the flow of number "+pattern)
			}
			out = append(out, d)
		}
	}
	root.done()
	return out, r.faults
}
