package leads

import (
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator/calendar"
)

// FindingCode says what a finding about a number is.
type FindingCode string

// The findings.
const (
	FindingNotANumber FindingCode = "not_a_number"
	FindingUnknown    FindingCode = "unknown"      // it is in no list
	FindingInList     FindingCode = "in_list"      // it is a lead's
	FindingDoNotCall  FindingCode = "do_not_call"  // nobody may call it
	FindingCampaign   FindingCode = "campaign"     // one campaign may not call it
	FindingHours      FindingCode = "hours"        // it is outside the list's hours somewhere
	FindingOpen       FindingCode = "within_hours" // it is within them everywhere
	FindingNoZone     FindingCode = "no_zone"      // nobody knows what time it is there
)

// Finding is one thing that is to be said about a number.
type Finding struct {
	Code     FindingCode
	List     string
	Campaign string
	Hinders  bool              // it is a reason why the number is not called
	Until    time.Time         // when that changes by itself; zero for never, or for nobody knows
	Text     map[string]string // in words, by language
}

func found(code FindingCode, en, es string, args ...any) Finding {
	return Finding{Code: code, Text: compliance.Say(en, es, args...)}
}

// Told is what is known of a number.
type Told struct {
	Number    string
	DoNotCall []Entry
	Leads     []Held
}

// Held is a lead that has the number.
type Held struct {
	ID   int64
	List List
	Of   Number
}

// Entry is why a number must not be called.
type Entry struct {
	Number   string
	Campaign string // whose campaign may not; "" is nobody
	Hashes   string // the external list that has it; "" is none
	Why, By  string
	Import   int64 // that brought it; 0 for none
	Added    time.Time
	Expires  time.Time // zero for never
}

// Explain says whether a number may be called now, as far as lists, do-not-call and
// hours tell, and each reason why not, with the moment at which it ends by itself.
func Explain(t Told, now time.Time) []Finding {
	var out []Finding
	for _, e := range t.DoNotCall {
		out = append(out, e.finding())
	}
	if len(t.Leads) == 0 {
		f := found(FindingUnknown, "%s is in no list", "%s no está en ninguna lista", t.Number)
		f.Hinders = true
		return append(out, f)
	}
	for _, l := range t.Leads {
		f := found(FindingInList, "it is lead %d of list %s", "es el contacto %d de la lista %s", l.ID, l.List.ID)
		f.List = l.List.ID
		out = append(out, f, hoursOf(l, now))
	}
	return out
}

func (e Entry) finding() Finding {
	if e.Hashes != "" {
		f := found(FindingDoNotCall, "the external list %s has it", "está en la lista externa %s", e.Hashes)
		f.Hinders = true
		return f
	}
	var f Finding
	why := ""
	if e.Why != "" {
		why = ": " + e.Why
	}
	if e.Campaign != "" {
		f = found(FindingCampaign, "campaign %s may not call it%s", "la campaña %s no puede llamarlo%s", e.Campaign, why)
		f.Campaign = e.Campaign
	} else {
		f = found(FindingDoNotCall, "it must not be called%s", "no se debe llamar%s", why)
	}
	f.Hinders, f.Until = true, e.Expires
	return f
}

// hoursOf says how a number stands to the hours of its list.
func hoursOf(l Held, now time.Time) Finding {
	hours, err := calendar.ReadHours(l.List.Hours)
	zones := Places(l.Of.Zones)
	var f Finding
	switch {
	case err == nil && hours.Always():
		f = found(FindingOpen, "list %s has no hours", "la lista %s no tiene horario", l.List.ID)
	case len(zones) == 0:
		f = found(FindingNoZone, "nobody knows what time it is there: give the list or the lead a time zone", "no se sabe qué hora es allí: dé una zona horaria a la lista o al contacto")
		f.Hinders = true
	default:
		var clocks, spanish []string
		for i, zone := range zones {
			if i == maxClocks {
				clocks, spanish = append(clocks, "…"), append(spanish, "…")
				break
			}
			there := now.In(zone)
			at := there.Format(" 15:04 ") + zone.String()
			day := there.Format("Mon")
			clocks, spanish = append(clocks, day+at), append(spanish, calendar.Spanish(strings.ToLower(day))+at)
		}
		clock, open := compliance.Texts{"en": strings.Join(clocks, ", "), "es": strings.Join(spanish, ", ")}, strings.Join(l.List.Hours, ", ")
		if hours.In(zones, now) {
			f = found(FindingOpen, "within the hours of list %s: %s", "dentro del horario de la lista %s: %s", l.List.ID, clock)
			break
		}
		f = found(FindingHours, "outside the hours of list %s (%s): %s", "fuera del horario de la lista %s (%s): %s", l.List.ID,
			compliance.Texts{"en": open, "es": calendar.Spanish(open)}, clock)
		f.Hinders, f.Until = true, hours.Opens(zones, now)
	}
	f.List = l.List.ID
	return f
}

// maxClocks is how many clocks are named: a toll-free number has forty.
const maxClocks = 4

// Places are the zones of their names; none when there is one that this machine does
// not know, so that nobody is called on the clocks of the others.
func Places(names []string) (out []*time.Location) {
	for _, name := range names {
		zone, err := zoneNamed(name)
		if err != nil {
			return nil
		}
		out = append(out, zone)
	}
	return out
}
