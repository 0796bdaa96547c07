package compliance_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator/calendar"
)

// world are zones in which clocks change by an hour and by half of one, at night and at
// midnight, and some in which they do not.
var world = []string{"America/Bogota", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Europe/Madrid", "Atlantic/Canary", "Europe/London",
	"America/Mexico_City", "America/Tijuana", "America/Sao_Paulo", "America/Manaus", "Australia/Lord_Howe", "America/Havana", "America/Santiago", "Pacific/Kiritimati"}

func drawZones(t *rapid.T) []*time.Location {
	return zones(t, rapid.SliceOfNDistinct(rapid.SampledFrom(world), 1, 3, rapid.ID).Draw(t, "zones")...)
}

func drawMoment(t *rapid.T, zone *time.Location) time.Time {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 3*365*24*3600).Draw(t, "second")) * time.Second)
	if _, change := at.In(zone).ZoneBounds(); !change.IsZero() && change.Year() < 2030 && rapid.Bool().Draw(t, "near a change") {
		at = change.Add(time.Duration(rapid.IntRange(-30*3600, 30*3600).Draw(t, "seconds from it")) * time.Second)
	}
	return at
}

func drawHistory(t *rapid.T, now time.Time) []compliance.Contact {
	one := rapid.Custom(func(t *rapid.T) compliance.Contact {
		return compliance.Contact{
			At:      now.Add(-time.Duration(rapid.IntRange(-3600, 9*24*3600).Draw(t, "ago")) * time.Second), // some lie ahead: a clock was put back
			Channel: rapid.SampledFrom([]compliance.Channel{compliance.ChannelCall, compliance.ChannelCall, "whatsapp", "mail"}).Draw(t, "channel"),
			Number:  rapid.SampledFrom([]string{bogota, office}).Draw(t, "number"),
			Spoke:   rapid.Bool().Draw(t, "spoke"), Abandoned: rapid.Bool().Draw(t, "abandoned"),
		}
	})
	return rapid.SliceOfN(one, 0, 12).Draw(t, "history")
}

func drawCall(t *rapid.T) compliance.Call {
	return compliance.Call{Purpose: rapid.SampledFrom(append(compliance.Purposes, "")).Draw(t, "purpose"),
		CallerID: rapid.SampledFrom([]string{office, office, mobile, ""}).Draw(t, "shown"), Reserved: rapid.Bool().Draw(t, "reserved")}
}

var shipped = compliance.Shipped()

func drawProfile(t *rapid.T) compliance.Profile {
	return shipped[rapid.SampledFrom(compliance.Names()).Draw(t, "profile")]
}

// lawful are the hours of the shipped profiles once more, as plain arithmetic: whether
// somebody may be called at a minute of a day, to sell and to collect.
var lawful = map[string]func(local time.Time, minute int, purpose compliance.Purpose) bool{
	"US": func(_ time.Time, m int, _ compliance.Purpose) bool { return m >= 8*60 && m < 21*60 },
	"UK": func(d time.Time, m int, _ compliance.Purpose) bool {
		return m >= 8*60 && m < 21*60 && (d.Weekday() != time.Sunday || m >= 9*60)
	},
	"ES": func(d time.Time, m int, p compliance.Purpose) bool {
		weekend := d.Weekday() == time.Sunday || d.Weekday() == time.Saturday && (p == compliance.PurposeSales || p == "")
		return m >= 9*60 && m < 21*60 && !weekend
	},
	"CO": func(d time.Time, m int, _ compliance.Purpose) bool {
		switch d.Weekday() {
		case time.Sunday:
			return false
		case time.Saturday:
			return m >= 8*60 && m < 15*60
		}
		return m >= 7*60 && m < 19*60
	},
	"MX": func(d time.Time, m int, p compliance.Purpose) bool {
		collects, others := d.Weekday() != time.Saturday && m >= 7*60 && m < 22*60, m >= 8*60 && m < 21*60
		return d.Weekday() != time.Sunday && (p != compliance.PurposeCollection || collects) && (p == compliance.PurposeCollection || others) && (p != "" || collects)
	},
	"BR": func(d time.Time, m int, p compliance.Purpose) bool {
		collects := d.Weekday() != time.Saturday && m >= 9*60 && m < 19*60
		others := d.Weekday() == time.Saturday && m >= 10*60 && m < 16*60 || d.Weekday() != time.Saturday && m >= 9*60 && m < 21*60
		return d.Weekday() != time.Sunday && (p != compliance.PurposeCollection || collects) && (p == compliance.PurposeCollection || others) && (p != "" || collects)
	},
}

// TestNeverOutsideHours: whoever may be called is within the hours on each of the clocks
// that may be theirs, on no holiday, whatever happened and however clocks change.
func TestNeverOutsideHours(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, in, call := drawProfile(t), drawZones(t), drawCall(t)
		now := drawMoment(t, in[0])
		v := p.Decide(now, call, compliance.Callee{Number: bogota, Zones: in}, drawHistory(t, now))
		for _, at := range []time.Time{now, v.Opens} {
			if at.IsZero() || at.Equal(now) && !v.Allowed() {
				continue
			}
			for _, zone := range in {
				local := at.In(zone)
				if !lawful[p.ID](local, local.Hour()*60+local.Minute(), call.Purpose) || p.ID != "US" && p.ID != "UK" && calendar.IsHoliday(p.ID, local) {
					t.Fatalf("%s: called at %s", p.ID, local.Format("Mon 2006-01-02 15:04:05 MST"))
				}
			}
		}
	})
}

// TestHoursAreAllUsed: nobody is refused by hours within them.
func TestHoursAreAllUsed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, in := drawProfile(t), drawZones(t)
		now := drawMoment(t, in[0])
		may := true
		for _, zone := range in {
			local := now.In(zone)
			may = may && lawful[p.ID](local, local.Hour()*60+local.Minute(), compliance.PurposeSales) && (p.ID == "US" || p.ID == "UK" || !calendar.IsHoliday(p.ID, local))
		}
		v := p.Decide(now, compliance.Call{Purpose: compliance.PurposeSales, CallerID: office}, compliance.Callee{Zones: in}, nil)
		if v.Allowed() != may {
			t.Fatalf("%s at %v: allowed %v, by the clocks %v (%s)", p.ID, now.In(in[0]), v.Allowed(), may, rulesOf(v))
		}
	})
}

// TestOpens: when it is said that a call may be made it may, and at no moment before;
// each rule refuses until the moment that it names.
func TestOpens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in, call := drawZones(t), drawCall(t)
		now := drawMoment(t, in[0])
		history, callee := drawHistory(t, now), compliance.Callee{Number: bogota, Zones: in}
		part := rapid.Float64Range(0, 1).Draw(t, "part of the time")
		for _, p := range shipped {
			opens(t, p, now, call, callee, history, part)
		}
	})
}

// opens looks at one profile; part says which moment of the time between is looked at.
func opens(t *rapid.T, p compliance.Profile, now time.Time, call compliance.Call, callee compliance.Callee, history []compliance.Contact, part float64) {
	v := p.Decide(now, call, callee, history)
	between := func(until time.Time) time.Time { return now.Add(time.Duration(part * float64(until.Sub(now)-1))) }
	if !v.Opens.IsZero() && !v.Allowed() {
		if then := p.Decide(v.Opens, call, callee, history); !then.Allowed() {
			t.Fatalf("at %v, which was promised, %s refuses", v.Opens, rulesOf(then))
		}
		if before := between(v.Opens); p.Decide(before, call, callee, history).Allowed() {
			t.Fatalf("allowed at %v already, promised for %v", before, v.Opens)
		}
	}
	today := false // by the calendars of the places
	for _, c := range history {
		today = today || c.Spoke && (c.At.After(now) || sameDay(now, c.At, callee.Zones))
	}
	if p.ID == "CO" && call.Purpose != compliance.PurposeService && call.Purpose != compliance.PurposeSurvey && refuses(v, "once-a-day") != today {
		t.Fatalf("once a day: refused %v, spoken with today %v", !today, today)
	}
	for _, r := range v.Refusals {
		if r.Until.IsZero() {
			if r.Rule.Kind != compliance.KindCallerID && r.Rule.Kind != compliance.KindHours {
				t.Fatalf("%s says no end", r.Rule.ID)
			}
			continue
		}
		at := between(r.Until)
		if !refuses(p.Decide(at, call, callee, history), r.Rule.ID) || refuses(p.Decide(r.Until, call, callee, history), r.Rule.ID) && r.Rule.Kind != compliance.KindHours {
			t.Fatalf("%s refuses until %v, and at %v or then it is otherwise", r.Rule.ID, r.Until, at)
		}
	}
}

func refuses(v compliance.Verdict, rule string) bool {
	for _, r := range v.Refusals {
		if r.Rule.ID == rule {
			return true
		}
	}
	return false
}

// TestMoreNeverAllows: another contact, another zone or a purpose left open never makes
// lawful what was not.
func TestMoreNeverAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, in, call := drawProfile(t), drawZones(t), drawCall(t)
		now := drawMoment(t, in[0])
		history := drawHistory(t, now)
		if p.Decide(now, call, compliance.Callee{Number: bogota, Zones: in}, history).Allowed() {
			return
		}
		more := append(append([]compliance.Contact{}, history...), drawHistory(t, now)...)
		all := call
		all.Purpose = ""
		for name, v := range map[string]compliance.Verdict{
			"history": p.Decide(now, call, compliance.Callee{Number: bogota, Zones: in}, more),
			"zones":   p.Decide(now, call, compliance.Callee{Number: bogota, Zones: append(drawZones(t), in...)}, history),
			"none":    p.Decide(now, call, compliance.Callee{Number: bogota}, history),
			"purpose": p.Decide(now, all, compliance.Callee{Number: bogota, Zones: in}, history),
		} {
			if v.Allowed() {
				t.Fatalf("more %s allows what was refused", name)
			}
		}
	})
}

// TestCapsHold lives through weeks of somebody whom every campaign calls as soon as it
// may, and counts afterwards what they went through.
func TestCapsHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, in := shipped[rapid.SampledFrom([]string{"US", "CO", "UK"}).Draw(t, "profile")], drawZones(t)
		start := drawMoment(t, in[0])
		call := compliance.Call{Purpose: rapid.SampledFrom([]compliance.Purpose{compliance.PurposeCollection, compliance.PurposeSales}).Draw(t, "purpose"), CallerID: office}
		callee := compliance.Callee{Number: bogota, Zones: in}
		var history []compliance.Contact
		now := start
		for range 60 {
			v := p.Decide(now, call, callee, history)
			if v.Opens.IsZero() {
				break
			}
			now = v.Opens
			c := compliance.Contact{At: now, Channel: compliance.ChannelCall, Number: bogota}
			switch rapid.IntRange(0, 5).Draw(t, "what came of it") {
			case 0:
				c.Spoke = true
			case 1:
				c.Abandoned = true
			case 2: // a message meanwhile, which they answer
				history = append(history, compliance.Contact{At: now.Add(30 * time.Second), Channel: "whatsapp", Spoke: true})
			}
			history = append(history, c)
			now = now.Add(time.Duration(rapid.IntRange(30, 4*3600).Draw(t, "pause")) * time.Second)
		}
		for i, a := range history {
			attempts := 0
			for _, b := range history[:i] {
				gap := a.At.Sub(b.At)
				if a.Channel != compliance.ChannelCall || gap < 0 {
					continue
				}
				if b.Channel == compliance.ChannelCall && gap < 7*24*time.Hour {
					attempts++
				}
				collects := call.Purpose == compliance.PurposeCollection
				switch {
				case p.ID == "US" && collects && b.Channel == compliance.ChannelCall && b.Spoke && gap < 7*24*time.Hour,
					p.ID == "CO" && b.Spoke && sameDay(a.At, b.At, in),
					p.ID == "CO" && b.Spoke && b.Channel != compliance.ChannelCall && gap < 7*24*time.Hour,
					p.ID == "UK" && b.Abandoned && gap < 72*time.Hour,
					p.ID == "US" && collects && attempts >= 7:
					t.Fatalf("%s: called at %v, after %+v (%d attempts before)", p.ID, a.At, b, attempts)
				}
			}
		}
	})
}

func sameDay(a, b time.Time, in []*time.Location) bool {
	for _, zone := range in {
		if a.In(zone).Format(time.DateOnly) == b.In(zone).Format(time.DateOnly) {
			return true
		}
	}
	return false
}
