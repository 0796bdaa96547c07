package campaign

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator/calendar"
)

// Lead is somebody whom a campaign may call, as far as the decision needs it.
type Lead struct {
	Numbers  []Number  // in the order in which they are tried
	Attempts []Attempt // of this campaign, the oldest first
	// Contacts are all that the person had, over all campaigns and channels, those of
	// Attempts included.
	Contacts    []compliance.Contact
	Appointment *Appointment // that is still to be kept
	Hours       []string     // of its list (leads.List), on the clocks of all places of a number
}

// Number is one of a lead's numbers.
type Number struct {
	Number    string           // in its one form
	Zones     []*time.Location // all in which it may be
	DoNotCall string           // why it must not be called, "" for nothing
	Barred    *Reason          // of whoever else is asked, until a moment; nil for nothing
}

// Appointment is a moment for which a lead asked to be called.
type Appointment struct {
	At     time.Time
	Number string // "" for the one that is next
	Agent  string // who is to call; "" for anyone
}

// keptFor is for how long, once it is due, an appointment is left to the agent with whom it
// is. After that anyone may keep it: the lead has waited for long enough.
const keptFor = 15 * time.Minute

// Decision is what is to be done about a lead at a moment.
type Decision struct {
	// Number is to be called now; "" is nobody.
	Number string
	// CallerID is shown.
	CallerID string
	// Appointment tells that the call keeps one, and Agent with whom; "" for anyone.
	Appointment bool
	Agent       string
	// At is when something is to be called, if nothing else happens: now with Number,
	// zero for never, or not within half a year.
	At time.Time
	// Finished tells that the campaign never calls the lead again.
	Finished bool
	// Reasons are all that hinder a call now, of the lead and of each number.
	Reasons []Reason
}

// Code says what hinders a call.
type Code string

// What may hinder a call.
const (
	CodeNoNumber    Code = "no_number"     // the lead has none
	CodeFinished    Code = "finished"      // an outcome was the last
	CodeLeadCap     Code = "attempts_lead" // as many attempts as the campaign makes
	CodeWait        Code = "retry_wait"    // of the last outcome
	CodeAppointment Code = "appointment"   // it is not due yet
	CodeCalendar    Code = "calendar"      // the campaign does not run at this time
	CodeDoNotCall   Code = "do_not_call"
	CodeDropped     Code = "dropped"         // the number is none, by an outcome
	CodeNumberCap   Code = "attempts_number" // as many attempts as a number gets
	CodeListHours   Code = "list_hours"      // outside those of the lead's list
	CodeRule        Code = "rule"            // of the profile, or of the campaign
)

// Reason is something that hinders a call.
type Reason struct {
	Code   Code
	Number string    // "" of the lead as a whole
	Rule   string    // of CodeRule: profile and rule
	Until  time.Time // when it no longer does; zero for never
	Text   compliance.Texts
}

// Next says which of a lead's numbers is to be called at a moment, or each reason why none.
func (c *Campaign) Next(now time.Time, l Lead) Decision {
	s := c.stands(l)
	d := s.at(now)
	if d.Number != "" || d.Finished {
		return d
	}
	d.At = s.opens(now)
	return d
}

// standing is a lead and what follows from what was tried.
type standing struct {
	c     *Campaign
	l     Lead
	after after
	order []Number // as they are tried, the one that is next first
	house compliance.Profile
	hours calendar.Hours // of the list
}

func (c *Campaign) stands(l Lead) standing {
	s := standing{c: c, l: l, after: c.follow(l.Attempts), house: c.House()}
	if h, err := calendar.ReadHours(l.Hours); err == nil {
		s.hours = h // those that cannot be read are never open
	}
	s.order = slices.Clone(l.Numbers)
	first := s.after.number
	next := s.after.next
	if l.Appointment != nil {
		first, next = l.Appointment.Number, false
		if first == "" {
			first = s.after.number
		}
	}
	i := slices.IndexFunc(s.order, func(n Number) bool { return n.Number == first })
	if i >= 0 && next {
		i = (i + 1) % len(s.order)
	}
	if i > 0 {
		s.order = slices.Concat(s.order[i:], s.order[:i])
	}
	return s
}

// at is the decision at a moment, without when it changes.
func (s standing) at(now time.Time) Decision {
	d := Decision{}
	d.Reasons, d.Finished = s.lead(now)
	hindered := len(d.Reasons) > 0
	never := len(s.order) > 0
	for _, n := range s.order {
		reasons := s.number(n, now)
		if len(reasons) == 0 && !hindered {
			d.Number, d.CallerID, d.At = n.Number, s.c.shownTo(n.Number), now
			if a := s.l.Appointment; a != nil {
				d.Appointment = true
				if now.Before(a.At.Add(keptFor)) {
					d.Agent = a.Agent
				}
			}
			return d
		}
		d.Reasons = append(d.Reasons, reasons...)
		never = never && slices.ContainsFunc(reasons, Reason.forGood)
	}
	d.Finished = d.Finished || never
	return d
}

// forGood tells whether a number is never called again whatever happens in the world: what
// must not be called may be allowed again, and what is shown may be changed.
func (r Reason) forGood() bool { return r.Code == CodeDropped || r.Code == CodeNumberCap }

// opens is the first moment at which a number is to be called. Each reason holds all the
// time until its end, so a number's last one is not too early; the lead's hold for all.
func (s standing) opens(now time.Time) (first time.Time) {
	for _, n := range s.order {
		if at := s.numberOpens(n, now); !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

func (s standing) numberOpens(n Number, now time.Time) time.Time {
	const farthest = 183 * 24 * time.Hour
	for at := now; at.Sub(now) < farthest; {
		lead, _ := s.lead(at)
		reasons := append(lead, s.number(n, at)...)
		if len(reasons) == 0 {
			return at
		}
		for _, r := range reasons {
			if r.Until.IsZero() {
				return time.Time{}
			}
			if r.Until.After(at) {
				at = r.Until
			}
		}
	}
	return time.Time{}
}

// clock is a moment as people read it who may be anywhere.
func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// resultados are results in Spanish.
var resultados = map[Result]string{ResultServed: "atendida", ResultLeft: "colgó antes del final", ResultAbandoned: "abandonada", ResultMachine: "contestador", ResultBusy: "ocupado",
	ResultNoAnswer: "no contesta", ResultRefused: "rechazada", ResultInvalid: "no existe el número", ResultUnreachable: "fuera de alcance", ResultFailed: "fallida", ResultSkipped: "omitida"}

// lead is what hinders a call of any number, and whether that is for good.
func (s standing) lead(now time.Time) (out []Reason, finished bool) {
	add := func(code Code, until time.Time, en, es string, args ...any) {
		out = append(out, Reason{Code: code, Until: until, Text: compliance.Say(en, es, args...)})
	}
	wait := func() {
		if s.after.ready.After(now) {
			add(CodeWait, s.after.ready, "after the last outcome is waited until %s", "tras el último resultado se espera hasta %s", clock(s.after.ready))
		}
	}
	if len(s.l.Numbers) == 0 {
		add(CodeNoNumber, time.Time{}, "the lead has no number", "el contacto no tiene número")
	}
	if a := s.l.Appointment; a != nil {
		if a.At.After(now) {
			add(CodeAppointment, a.At, "an appointment is due at %s", "hay una cita para %s", clock(a.At))
		}
		if s.after.failed.After(a.At) { // else what was tried before does not hold it up
			wait()
		}
	} else {
		if f := s.after.finished; f != "" {
			finished = true
			add(CodeFinished, time.Time{}, "%s was the last outcome", "el último resultado: %s", compliance.Texts{"en": f, "es": cmp.Or(resultados[Result(f)], f)})
		}
		if n := Rung(s.l.Attempts, ""); n >= s.c.Attempts.Lead {
			finished = true
			add(CodeLeadCap, time.Time{}, "there were %d attempts, and the campaign makes %d", "hubo %d intentos, y la campaña hace %d", n, s.c.Attempts.Lead)
		}
		wait()
	}
	if cal := s.c.Calendar; cal != nil {
		if open, _ := cal.At(now); !open {
			add(CodeCalendar, cal.Opens([]*time.Location{cal.Zone}, now), "calendar %s is closed", "el calendario %s está cerrado", cal.Name)
		}
	}
	return out, finished
}

// number is what hinders a call of one number.
func (s standing) number(n Number, now time.Time) (out []Reason) {
	add := func(code Code, en, es string, args ...any) {
		out = append(out, Reason{Code: code, Number: n.Number, Text: compliance.Say(en, es, args...)})
	}
	if n.DoNotCall != "" {
		add(CodeDoNotCall, "it must not be called: %s", "no se debe llamar: %s", n.DoNotCall)
	}
	if b := n.Barred; b != nil && b.Until.After(now) {
		out = append(out, *b)
	}
	if s.after.dropped[n.Number] {
		add(CodeDropped, "an attempt told that there is no such number", "un intento dijo que el número no existe")
	}
	if tried := Rung(s.l.Attempts, n.Number); tried >= s.c.Attempts.Number && s.l.Appointment == nil {
		add(CodeNumberCap, "there were %d attempts on it, and a number gets %d", "hubo %d intentos en él, y un número recibe %d", tried, s.c.Attempts.Number)
	}
	if !s.hours.In(n.Zones, now) {
		hours := strings.Join(s.l.Hours, ", ")
		add(CodeListHours, "outside the hours of its list: %s", "fuera del horario de su lista: %s", compliance.Texts{"en": hours, "es": calendar.Spanish(hours)})
		out[len(out)-1].Until = s.hours.Opens(n.Zones, now)
	}
	call := compliance.Call{Purpose: s.c.Purpose, CallerID: s.c.shownTo(n.Number), Reserved: s.c.Mode.reserves()}
	callee := compliance.Callee{Number: n.Number, Zones: n.Zones}
	for _, p := range []compliance.Profile{s.c.Rules, s.house} {
		for _, r := range p.Refusals(now, call, callee, s.l.Contacts) {
			out = append(out, Reason{Code: CodeRule, Number: n.Number, Rule: p.ID + "/" + r.Rule.ID, Until: r.Until, Text: r.Text})
		}
	}
	return out
}

// shownTo is the number that is shown to a number; "" for none.
func (c *Campaign) shownTo(number string) string {
	for _, s := range c.Shown {
		if len(s.To) == 0 || slices.ContainsFunc(s.To, func(p string) bool { return strings.HasPrefix(number, p) }) {
			return s.Number
		}
	}
	return ""
}

// House are the campaign's own bounds as rules: they are judged as the profile's are.
func (c *Campaign) House() compliance.Profile {
	rule := func(id string, kind compliance.Kind, detail any) compliance.Rule {
		return compliance.Rule{ID: id, Kind: kind, From: "0001-01-01", Law: compliance.Where{En: "the campaign's definition", Es: "la definición de la campaña"}, Basis: compliance.BasisAssumed, Detail: detail}
	}
	attempts := func(most int, per string) *compliance.Cap {
		return &compliance.Cap{Counts: compliance.CountAttempts, Most: most, Per: per, Same: compliance.SamePerson, Channels: compliance.ChannelsCall}
	}
	p := compliance.Profile{ID: "campaign " + c.ID, Rules: []compliance.Rule{
		rule("attempts_day", compliance.KindCap, attempts(c.Attempts.Day, "day")), rule("attempts_week", compliance.KindCap, attempts(c.Attempts.Week, "week"))}}
	if len(c.Hours) > 0 {
		p.Rules = append(p.Rules, rule("hours", compliance.KindHours, &compliance.Hours{Hours: c.Hours}))
	}
	if c.Lockout > 0 {
		p.Rules = append(p.Rules, rule("lockout", compliance.KindLockout, &compliance.Lockout{Time: c.Lockout, UnlessReserved: true}))
	}
	return p
}
