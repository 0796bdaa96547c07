package leads

import (
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
)

// Lead is somebody who may be called.
type Lead struct {
	External string // the id that it has elsewhere, "" for none
	Name     string
	Language string
	Numbers  []Number       // at least one, in the order in which they are tried
	Fields   map[string]any // by name: a text or a float64
}

// Number is one of a lead's numbers.
type Number struct {
	Number string // in the one form that it has: +573001234567
	Label  string // of its column: celular, work
	// Zones are all time zones that it may be in, by its prefix and by what the file
	// says. All of them must be within hours. None: nobody knows.
	Zones []string
}

// List is what holds for all leads of a list.
type List struct {
	ID, Name string
	Region   string   // how numbers without + are read: CO
	Hours    []string // in which its leads may be called, in each zone of a number; none: always
	Zone     string   // of numbers whose prefix tells none; "" leaves them unknown
	// Columns are what the columns of its files were last: headings to what they are.
	Columns map[string]As
	// Fields are the free fields that its leads have, and their kinds.
	Fields map[string]Kind
}

// Validate names what cannot be right.
func (l List) Validate() error {
	if !nameShape.MatchString(l.ID) {
		return invalid("list: %q is not a name of up to 64 of a-z, 0-9, - and _", short(l.ID))
	}
	if l.Region != "" && !phonenumbers.GetSupportedRegions()[l.Region] {
		return invalid("region: %q is not a country's two letters, such as CO", short(l.Region))
	}
	if _, err := zoneNamed(l.Zone); err != nil {
		return err
	}
	if _, err := calendar.ReadHours(l.Hours); err != nil {
		return invalid("hours: %w", err)
	}
	return nil
}

// Normal is the one form of a number as it is written in a region.
func Normal(text, region string) (string, error) {
	number, err := gate.E164(text, region)
	if err != nil {
		return "", fault.New("", fault.Invalid, "number: %s: %s", quoted(text), fault.Text(err))
	}
	return number, nil
}

// ZonesOf are all time zones that a number may be in, by its prefix; none if nobody knows.
func ZonesOf(number string) []string {
	zones, err := phonenumbers.GetTimezonesForPrefix(number)
	if err != nil || slices.Equal(zones, []string{phonenumbers.UNKNOWN_TIMEZONE}) {
		return nil
	}
	return zones
}

// with adds zones; the result is sorted and has none twice. What is shared is not changed.
func with(zones []string, more ...string) []string {
	out := slices.Concat(zones, more)
	out = slices.DeleteFunc(out, func(z string) bool { return z == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

// zoneNamed reads a time zone's name; "" is none.
func zoneNamed(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, invalid("time_zone: %q is not a time zone, such as America/Bogota", short(name))
	}
	return zone, nil
}

func invalid(format string, args ...any) error { return fault.New("", fault.Invalid, format, args...) }

// short is text short enough for a message.
func short(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "")
}
