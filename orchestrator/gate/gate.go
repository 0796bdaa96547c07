// Package gate is the one place that every outbound leg passes, whoever asks
// for it: agent phones, transfers, calls that agents make, later campaigns and
// callbacks. It denies by default, and it is pure: a decision over values.
//
// What is decided about is what is dialled. A destination is brought to the one
// form that its number has (E.164) first, the prefixes are asked about that form,
// and that form goes to the trunk; so no way of writing a number gets past a
// prefix that is denied. What is no number goes nowhere, except for the short
// numbers and feature codes that the policy lists.
//
// It imports the port, fault and the numbering plans (nyaruka/phonenumbers,
// Google's data).
package gate

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Policy is what one PBX may be asked to call.
type Policy struct {
	// Dial is the endpoint that reaches outside numbers, with {number} or {digits} in it.
	Dial string `yaml:"dial" default:"" doc:"Endpoint for outside numbers: {number} becomes +34910000001, {digits} the same without the plus; for example PJSIP/{number}@trunk or PJSIP/00{digits}@trunk, and sofia/gateway/trunk/{number} on a FreeSWITCH. Empty: no outside calls."`
	// Region says how numbers are read that are not written with a plus.
	Region string `yaml:"region" default:"" doc:"Country (ES, CO, US) whose way of dialling is understood: national numbers, its trunk prefix, its international prefix. Empty: only numbers with + or 00 are."`
	// Allow lists the prefixes that may be called. Empty allows nothing.
	Allow []string `yaml:"allow" default:"" doc:"Prefixes of numbers that may be called, with + and country code: +34. + alone is every number. Empty: none."`
	// Deny lists prefixes that may not be called although Allow has them.
	Deny []string `yaml:"deny" default:"" doc:"Prefixes, with + and country code, that may not be called although allow has them. They hold for every way to write the number."`
	// Short lists what is no number of a numbering plan and may be dialled all the same.
	Short []string `yaml:"short" default:"" doc:"Short numbers, extensions and feature codes that may be dialled as they are, each in full: 112, 5001, *72; X stands for any digit. Empty: none."`
	// Cost is the most expensive class of numbers that may be called.
	Cost Cost `yaml:"cost" oneof:"free national mobile international premium" default:"international" doc:"The most expensive class of numbers that may be called, by the numbering plan: free, national, mobile (of region), international, premium (premium rate and shared cost). They need to be in allow, too."`
	// Hours says when outside numbers may be called.
	Hours []string `yaml:"hours" default:"" doc:"When outside numbers may be called: mon-fri 09:00-20:00, sat 10:00-14:00. A call that goes on may outlast them. Empty: always."`
	Zone  string   `yaml:"time_zone" default:"" doc:"Time zone of hours: Europe/Madrid. Empty: the machine's."`
	// OutsideToOutside opens the way on which strangers make calls at our cost.
	OutsideToOutside bool `yaml:"outside_to_outside" default:"false" doc:"Whether a caller from outside may be put through to an outside number, by a flow or a transfer. Whoever can do that from outside calls at your cost."`
	// MaxLength bounds how long somebody outside may be talked with.
	MaxLength time.Duration `yaml:"max_length" min:"0s" max:"24h" default:"0s" doc:"Longest conversation with an outside number; 0 is the engine's limit for a call."`
	MaxCalls  int           `yaml:"max_calls" min:"0" max:"100000" default:"0" doc:"Most outside numbers that are rung or talked with at the same time over this PBX's trunk; 0 is unlimited."`
	PerSecond int           `yaml:"calls_per_second" min:"0" max:"10000" default:"0" doc:"Most outside numbers that are rung within a second; the next waits for up to two seconds, and is refused then. 0 is unlimited."`

	Reach Reach // of the PBX: phones at others, which are none of outside's numbers
}

// Cost is what numbers cost to call, as their numbering plan has it.
type Cost string

// Classes of cost.
const (
	CostFree          Cost = "free"
	CostNational      Cost = "national"      // of the region, and not mobile
	CostMobile        Cost = "mobile"        // of the region
	CostInternational Cost = "international" // of any other region
	CostPremium       Cost = "premium"       // premium rate and shared cost, of whatever region
)

// costs are the classes, the cheapest first.
var costs = []Cost{CostFree, CostNational, CostMobile, CostInternational, CostPremium}

// The shapes that anything dialled must have. A lead, a caller's key presses
// or a configuration mistake can never reach the PBX's dial string otherwise.
var (
	numberShape   = regexp.MustCompile(`^\+?[0-9]+$`)
	prefixShape   = regexp.MustCompile(`^\+([1-9][0-9]{0,14})?$`)
	shortShape    = regexp.MustCompile(`^[0-9*#X]+$`)
	endpointShape = regexp.MustCompile(`^(PJSIP|SIP|user)/[A-Za-z0-9_.-]+$`)
	dialShape     = regexp.MustCompile(`^((PJSIP|SIP)/([A-Za-z0-9_.-]+/sip:)?\+?[0-9]*\{(number|digits)\}@[A-Za-z0-9_.:-]+|sofia/gateway/[A-Za-z0-9_.-]+/\+?[0-9]*\{(number|digits)\})$`)
)

const (
	maxText  = 40 // characters of a destination as it is written, at most
	maxShort = 20 // characters of a feature code, at most
	maxPlain = 6  // digits of a short number, at most: longer ones are numbers
)

// separators are what people write between digits; they mean nothing.
var separators = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "")

// Validate names the key and value that cannot be right.
func (p Policy) Validate() error {
	if p.Dial != "" && !dialShape.MatchString(p.Dial) {
		return invalid("dial: %q is not like PJSIP/{number}@trunk, or sofia/gateway/trunk/{number} on a FreeSWITCH", p.Dial)
	}
	if p.Region != "" && !phonenumbers.GetSupportedRegions()[p.Region] {
		return invalid("region: %q is not a country's two letters, such as ES", p.Region)
	}
	for _, list := range []struct {
		key      string
		prefixes []string
	}{{"allow", p.Allow}, {"deny", p.Deny}} {
		for _, prefix := range list.prefixes {
			if !prefixShape.MatchString(prefix) {
				return invalid("%s: %q is not the beginning of a number with + and country code, such as +34", list.key, prefix)
			}
		}
	}
	if !slices.Contains(costs, p.cost()) {
		return invalid("cost: %q is none of free, national, mobile, international, premium", p.Cost)
	}
	if _, err := p.opening(); err != nil {
		return err
	}
	if p.MaxLength < 0 || p.MaxCalls < 0 || p.PerSecond < 0 {
		return invalid("max_length, max_calls and calls_per_second: %v, %d and %d must not be below 0", p.MaxLength, p.MaxCalls, p.PerSecond)
	}
	for _, s := range p.Short {
		if !shortShape.MatchString(s) || len(s) > maxShort {
			return invalid("short: %q is not up to %d of 0-9, *, # and X", s, maxShort)
		}
		if !strings.ContainsAny(s, "*#") && len(s) > maxPlain || strings.Count(s, "X") > maxPlain {
			return invalid("short: %q has more than %d digits: a number's prefix belongs in allow", s, maxPlain)
		}
		if n, err := E164(s, p.Region); err == nil {
			return invalid("short: %q is the number %s: its prefix belongs in allow", s, n)
		}
	}
	return nil
}

// Gate answers for all PBXs by name. The zero value denies everything.
type Gate map[string]Policy

// Outside checks an outside number and says how it is reached. At no time,
// whether it could ever be called is decided.
func (g Gate) Outside(o orchestrator.Outside, now time.Time) (orchestrator.Passage, error) {
	p := g[o.PBX]
	if p.Dial == "" {
		return orchestrator.Passage{}, denied("dial", "PBX %q may not call outside numbers", "la PBX %q no puede llamar a números de fuera", o.PBX)
	}
	number, endpoint, err := p.reach(o.Number)
	switch {
	case err != nil:
		return orchestrator.Passage{}, err
	case o.OffNet && !p.OutsideToOutside:
		return orchestrator.Passage{}, denied("outside_to_outside", "somebody from outside may not be put through to an outside number",
			"a quien llama de fuera no se le puede pasar con un número de fuera")
	}
	hours, err := p.opening()
	open, _ := hours.At(now)
	if err != nil || !now.IsZero() && !open {
		d := &denial{en: "outbound.hours: outside numbers are not called at this time", es: "outbound.hours: a esta hora no se llama a números de fuera"}
		if err == nil {
			d.until = hours.Opens([]*time.Location{hours.Zone}, now)
		}
		return orchestrator.Passage{}, fault.E("gate", fault.Denied, d)
	}
	return orchestrator.Passage{Endpoint: endpoint, Number: number, Most: p.MaxLength}, nil
}

// Number is the one form of a number that a PBX shows; what is none stays as it is.
func (g Gate) Number(pbx, number string) string {
	if n, err := E164(number, g[pbx].Region); err == nil {
		return n
	}
	return number
}

// Forms are the ways in which the region of a PBX writes the digits of a number: with its
// country code, without, and with what is dialled before within the country.
func (g Gate) Forms(pbx, number string) []string {
	region := g[pbx].Region
	n, err := phonenumbers.Parse(g.Number(pbx, number), "")
	if err != nil || phonenumbers.GetCountryCodeForRegion(region) != int(n.GetCountryCode()) {
		return nil
	}
	forms := []string{phonenumbers.GetNationalSignificantNumber(n), separators.Replace(phonenumbers.Format(n, phonenumbers.NATIONAL))}
	return slices.Compact(forms)
}

// Written are the numbers that a text may be, read as the regions of all PBXs do, the text
// itself among them.
func (g Gate) Written(text string) []string {
	out := []string{text}
	for _, pbx := range slices.Sorted(maps.Keys(g)) {
		if n := g.Number(pbx, text); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// Caps are the caps of the calls over a PBX's trunk.
func (g Gate) Caps(pbx string) orchestrator.Caps {
	return orchestrator.Caps{Calls: g[pbx].MaxCalls, PerSecond: g[pbx].PerSecond}
}

// reach returns the number that a destination is, and the endpoint that reaches
// it, if it may be called.
func (p Policy) reach(destination string) (number, endpoint string, err error) {
	number, cost, err := read(destination, p.Region)
	if err != nil {
		if slices.ContainsFunc(p.Short, func(pattern string) bool { return matches(pattern, destination) }) {
			return destination, p.endpoint(destination, destination), nil
		}
		return "", "", fault.E("gate", fault.Denied, err)
	}
	has := func(prefix string) bool { return strings.HasPrefix(number, prefix) }
	if slices.ContainsFunc(p.Deny, has) {
		return "", "", denied("deny", "destinations with this prefix are forbidden", "los destinos con este prefijo están prohibidos")
	}
	if !slices.ContainsFunc(p.Allow, has) {
		return "", "", denied("allow", "destinations with this prefix are not allowed", "los destinos con este prefijo no están permitidos")
	}
	if slices.Index(costs, cost) > slices.Index(costs, p.cost()) {
		return "", "", denied("cost", "the numbering plan says that the destination is %s, and no more than %s may be called",
			"según el plan de numeración el destino es de la clase %s, y se puede llamar hasta la clase %s", cost, p.cost())
	}
	return number, p.endpoint(number, number[1:]), nil
}

// cost is the most expensive class that may be called; a policy that says nothing is that of the default.
func (p Policy) cost() Cost { return cmp.Or(p.Cost, CostInternational) }

func (p Policy) endpoint(number, digits string) string {
	return strings.NewReplacer("{number}", number, "{digits}", digits).Replace(p.Dial)
}

// matches tells whether a destination is what a pattern of Short says, X being any digit.
func matches(pattern, destination string) bool {
	if len(pattern) != len(destination) {
		return false
	}
	for i := range len(pattern) {
		c := destination[i]
		if pattern[i] == 'X' && (c < '0' || c > '9') || pattern[i] != 'X' && c != pattern[i] {
			return false
		}
	}
	return true
}

// Why a destination is no number. Its text is the caller's and is not repeated.
var (
	errCharacters = &denial{en: "the destination has characters that no number has", es: "el destino tiene caracteres que ningún número tiene"}
	errPlan       = &denial{en: "the destination is not a number of any numbering plan", es: "el destino no es un número de ningún plan de numeración"}
	errRegion     = &denial{en: "the number has no + and country code, and no region (CO) says how to read it", es: "el número no tiene + ni código de país, y ninguna región (CO) dice cómo leerlo"}
)

// E164 returns the one form of a number, +34910000001, however it is written in a
// region: with +, with the international prefix, national, with the trunk prefix.
// An error of kind Invalid says that it is no number.
func E164(text, region string) (string, error) {
	number, _, err := read(text, region)
	return number, fault.E("gate.E164", fault.Invalid, err)
}

// read is E164, and tells what the number costs to call from the region.
func read(text, region string) (number string, cost Cost, err error) {
	text = separators.Replace(text)
	if len(text) > maxText || !numberShape.MatchString(text) {
		return "", "", errCharacters
	}
	n, err := phonenumbers.Parse(text, region)
	if abroad, ok := strings.CutPrefix(text, "00"); ok { // the common prefix, also where the country's own is another
		// 0057 301… is Colombian in Colombia, and not what carrier 005 has behind it, +7 301….
		plain, perr := phonenumbers.Parse("+"+abroad, "")
		own := perr == nil && phonenumbers.IsValidNumber(plain) && int(plain.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(region)
		if own || err != nil || !phonenumbers.IsValidNumber(n) {
			n, err = plain, perr
		}
	}
	switch {
	case err == nil && phonenumbers.IsValidNumber(n):
	case region == "" && text[0] != '+':
		return "", "", errRegion
	default:
		return "", "", errPlan
	}
	number = phonenumbers.Format(n, phonenumbers.E164)
	again, err := phonenumbers.Parse(number, "")
	if err != nil || phonenumbers.Format(again, phonenumbers.E164) != number {
		return "", "", errPlan // a form that is not stable decides nothing
	}
	return number, costOf(n, region), nil
}

func costOf(n *phonenumbers.PhoneNumber, region string) Cost {
	kind := phonenumbers.GetNumberType(n)
	switch {
	case kind == phonenumbers.PREMIUM_RATE || kind == phonenumbers.SHARED_COST:
		return CostPremium
	case region == "" || phonenumbers.GetRegionCodeForNumber(n) != region:
		return CostInternational
	case kind == phonenumbers.TOLL_FREE:
		return CostFree
	case kind == phonenumbers.MOBILE:
		return CostMobile
	default:
		return CostNational
	}
}

// invalid names the key of a policy that cannot be right.
func invalid(format string, args ...any) error {
	return fault.New("gate", fault.Invalid, "outbound."+format, args...)
}

// denied is a refusal that names the rule, in English and Spanish.
func denied(rule, en, es string, args ...any) error {
	return fault.E("gate", fault.Denied, &denial{en: fmt.Sprintf("outbound."+rule+": "+en, args...), es: fmt.Sprintf("outbound."+rule+": "+es, args...)})
}

// denial is why a number is not called.
type denial struct {
	en, es string
	until  time.Time // when it no longer is one, as far as is known; zero for not at all
}

// Error says why in English.
func (d *denial) Error() string { return d.en }

// Until is when the gate no longer refuses; zero where that is not known, and of other errors.
func Until(err error) time.Time {
	if d, ok := errors.AsType[*denial](err); ok {
		return d.until
	}
	return time.Time{}
}

// Spanish says in Spanish why the gate refused; "" of other errors.
func Spanish(err error) string {
	if d, ok := errors.AsType[*denial](err); ok {
		return d.es
	}
	return ""
}
