package compliance

import (
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/operadora/operadora/orchestrator/calendar"
)

// Call is what somebody wants to do.
type Call struct {
	Purpose  Purpose
	CallerID string // the number that is shown, in its one form; "" for none
	Reserved bool   // an agent is kept for it
	Maker    Maker
}

// Callee is who would be called.
type Callee struct {
	Number string
	// Zones are all in which they may be; none: nobody knows.
	Zones []*time.Location
}

// Channel is how somebody was reached, or was to be.
type Channel string

// ChannelCall is a telephone call. Others are whatever the contacts say.
const ChannelCall Channel = "call"

// Contact is something that was tried to reach the person, by whatever campaign.
type Contact struct {
	At        time.Time
	Channel   Channel
	Number    string // in its one form; "" where there is none
	Spoke     bool   // the person was spoken with
	Abandoned bool   // the person answered, and nobody was there
	Maker     Maker
}

// Verdict is whether a call may be made now.
type Verdict struct {
	// Refusals are all rules that refuse; none: it may.
	Refusals []Refusal
	// Opens is when it may be made, if nothing else happens: now when it may, zero
	// when time alone does not change it, or not within half a year.
	Opens time.Time
}

// Allowed tells whether no rule refuses.
func (v Verdict) Allowed() bool { return len(v.Refusals) == 0 }

// Refusal is a rule that refuses.
type Refusal struct {
	Rule  Rule
	Until time.Time // when it no longer does, if nothing else happens; zero for never
	Text  Texts
}

// Decide says whether a person may be called at a moment, and which rules refuse.
func (p Profile) Decide(now time.Time, call Call, callee Callee, history []Contact) Verdict {
	a := ask{call: call, callee: callee, history: history}
	v := Verdict{Refusals: p.refusals(now, a)}
	v.Opens = p.opens(now, a, v.Refusals)
	return v
}

// opens is the first moment at which nothing refuses. Each rule refuses all the time
// until its Until, so that no moment before the last of them is missed.
func (p Profile) opens(now time.Time, a ask, refusals []Refusal) time.Time {
	const farthest = 183 * 24 * time.Hour
	for at := now; at.Sub(now) < farthest; refusals = p.refusals(at, a) {
		if len(refusals) == 0 {
			return at
		}
		for _, r := range refusals {
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

// Refusals are those of Decide, without the moment at which the last of them ends.
func (p Profile) Refusals(now time.Time, call Call, callee Callee, history []Contact) []Refusal {
	return p.refusals(now, ask{call: call, callee: callee, history: history})
}

func (p Profile) refusals(now time.Time, a ask) (out []Refusal) {
	if len(p.Rules) == 0 && a.call.Maker == "" {
		return []Refusal{{Text: Texts{"en": "there are no rules: nobody is called", "es": "no hay reglas: no se llama a nadie"}}}
	}
	for _, r := range p.rulesAt(now, a.call.Purpose) {
		if !r.about(a.call.Maker) {
			continue
		}
		a.rule = r
		until, text := a.judge(r, now)
		if text == nil {
			continue
		}
		if end := r.ends(); !end.IsZero() && (until.IsZero() || end.Before(until)) {
			until = end
		}
		out = append(out, Refusal{Rule: r, Until: until, Text: text})
	}
	return out
}

// ask is a call that is asked about.
type ask struct {
	call    Call
	callee  Callee
	history []Contact
	rule    Rule // that is asked
}

// judge says why a rule refuses and until when; nil when it does not.
func (a ask) judge(r Rule, now time.Time) (time.Time, Texts) {
	switch d := r.Detail.(type) {
	case *Hours:
		return a.hours(d, now)
	case *Cap:
		return a.cap(d, now)
	case *OneChannel:
		return a.channel(d, now)
	case *Lockout:
		return a.lockout(d, now)
	case *CallerID:
		return time.Time{}, a.callerID(d)
	}
	return time.Time{}, nil // the others are about calls that are made
}

func (a ask) hours(d *Hours, now time.Time) (time.Time, Texts) {
	h := d.Open()
	switch {
	case h.In(a.callee.Zones, now):
		return time.Time{}, nil
	case len(a.callee.Zones) == 0:
		return time.Time{}, Texts{"en": "nobody knows what time it is there", "es": "no se sabe qué hora es allí"}
	}
	text := Texts{}
	for language, words := range d.says() {
		text[language] = words + ": " + clocks(language, a.callee.Zones, now)
	}
	return h.Opens(a.callee.Zones, now), text
}

// Open are the hours, without the public holidays. Texts that cannot be read are never open.
func (d *Hours) Open() calendar.Hours {
	h, err := calendar.ReadHours(d.Hours)
	if err != nil {
		return calendar.Hours{}
	}
	if d.Holidays != "" {
		h.Holidays = []calendar.Holiday{{Name: "holiday", Country: d.Holidays}}
	}
	return h
}

func (a ask) cap(d *Cap, now time.Time) (time.Time, Texts) {
	var leave []time.Time
	for _, c := range a.history {
		if a.rule.about(c.Maker) && d.counts(c, a.callee.Number) && now.Sub(c.At) < longestIn(d.Per) {
			if at := leaves(d.Per, c.At, a.callee.Zones); at.After(now) {
				leave = append(leave, at)
			}
		}
	}
	if len(leave) < d.Most {
		return time.Time{}, nil
	}
	slices.SortFunc(leave, time.Time.Compare)
	return leave[len(leave)-d.Most], d.reached(len(leave))
}

// counts tells whether a contact counts.
func (d *Cap) counts(c Contact, number string) bool {
	return (d.Counts == CountAttempts || c.Spoke) && (d.Channels == ChannelsAll || c.Channel == ChannelCall) &&
		(d.Same == SamePerson || c.Number == number)
}

// longestIn is how long a contact may count: no day lasts longer than two of our days,
// and no week longer than eight, however clocks are changed.
func longestIn(per string) time.Duration {
	switch per {
	case perDay:
		return 2 * 24 * time.Hour
	case perWeek:
		return 8 * 24 * time.Hour
	}
	return longestPer
}

// leaves is when a contact no longer counts: at the end of its day or week in the last
// of the zones, or after a time. One that lies in the future (a clock was put back) counts
// until then as well.
func leaves(per string, at time.Time, zones []*time.Location) (latest time.Time) {
	days := map[string]int{perDay: 1, perWeek: 7}[per]
	if days == 0 {
		d, _ := time.ParseDuration(per) // checked when the rule was read
		return at.Add(d)
	}
	if len(zones) == 0 {
		return at.Add(time.Duration(days) * 24 * time.Hour) // wherever they are, no day of theirs lasts longer
	}
	for _, zone := range zones {
		last := at
		if per == perWeek {
			y, m, d := at.In(zone).Date()
			last = time.Date(y, m, d+(7-int(at.In(zone).Weekday()))%7, 12, 0, 0, 0, zone) // Sunday
		}
		if end := calendar.DayEnds(zone, last); end.After(latest) {
			latest = end
		}
	}
	return latest
}

// The calendar's periods.
const perDay, perWeek = "day", "week"

func (a ask) channel(d *OneChannel, now time.Time) (until time.Time, text Texts) {
	for _, c := range a.history {
		if !c.Spoke || c.Channel == ChannelCall || !a.rule.about(c.Maker) {
			continue
		}
		if at := leaves(d.Per, c.At, a.callee.Zones); at.After(now) && at.After(until) {
			until, text = at, d.other(c.Channel)
		}
	}
	return until, text
}

func (a ask) lockout(d *Lockout, now time.Time) (until time.Time, text Texts) {
	if d.UnlessReserved && a.call.Reserved {
		return until, nil
	}
	for _, c := range a.history {
		if at := c.At.Add(d.Time); c.Abandoned && at.After(now) && at.After(until) {
			until, text = at, d.says()
		}
	}
	return until, text
}

func (a ask) callerID(d *CallerID) Texts {
	shown := a.call.CallerID
	if shown == "" {
		if d.Shown || d.NotMobile || len(d.Prefixes) > 0 {
			return Texts{"en": "no number is shown, and one must be", "es": "no se muestra ningún número, y debe mostrarse"}
		}
		return nil
	}
	if digits := strings.TrimPrefix(shown, "+"); len(digits) == len(shown) || len(digits) < 4 || strings.Trim(digits, "0123456789") != "" {
		return Texts{"en": "what is shown is no number with + and country code", "es": "lo que se muestra no es un número con + y prefijo de país"}
	}
	if d.NotMobile && mobile(shown) {
		return Texts{"en": "the number shown is that of a mobile phone", "es": "el número que se muestra es de un móvil"}
	}
	if len(d.Prefixes) > 0 && !slices.ContainsFunc(d.Prefixes, func(p string) bool { return strings.HasPrefix(shown, p) }) {
		return Texts{"en": "the number shown does not begin with " + strings.Join(d.Prefixes, ", "), "es": "el número que se muestra no empieza por " + strings.Join(d.Prefixes, ", ")}
	}
	return nil
}

// mobile tells whether a number may be one of a mobile phone, by its numbering plan; what
// is in no plan may be.
func mobile(number string) bool {
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return true
	}
	kind := phonenumbers.GetNumberType(n)
	return kind == phonenumbers.MOBILE || kind == phonenumbers.FIXED_LINE_OR_MOBILE
}
