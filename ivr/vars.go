package ivr

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// maxValue is the length in bytes beyond which a variable's value is cut.
const maxValue = 512

// maxAhead is how many keys typed ahead are kept.
const maxAhead = 32

// reference is a variable in a text: {{name}}, spaces allowed inside.
var reference = regexp.MustCompile(`\{\{\s*([a-zA-Z_][a-zA-Z0-9_.]*)\s*\}\}`)

// ValidVariable tells whether a flow may use a name for a variable of its own.
func ValidVariable(name string) bool { return yamlfile.Fits("variable", name) }

// ValidLanguage tells whether a text names a language ("es", "es-MX").
func ValidLanguage(lang string) bool { return yamlfile.Fits("language", lang) }

// ValidDestination tells whether a text can be a transfer's destination at
// all; whether it is allowed is for the gate to say.
func ValidDestination(to string) bool { return yamlfile.Fits("number", to) }

// References returns the variables a text reads, in order.
func References(text string) []string {
	var out []string
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// ofLead begins the variables that are fields of the lead of a campaign's call.
const ofLead = "lead."

// LeadField is the field of a lead that a variable is; ok is false for any other.
func LeadField(name string) (field string, ok bool) {
	field, ok = strings.CutPrefix(name, ofLead)
	return field, ok && ValidVariable(field)
}

// Given tells whether a variable is always there: the facts of the call, and of its lead, of
// whom nothing need be known.
func Given(name string) bool {
	if _, ok := LeadField(name); ok {
		return true
	}
	switch name {
	case "call.id", "call.pbx", "call.did", "call.caller", "call.name", "call.language",
		"args.operation", "args.endpoint", "args.digits", "agent.state", "agent.over":
		return true
	}
	return false
}

// look returns a variable's value; an unset one is "".
func (s *state) look(name string) string {
	switch name {
	case "call.id":
		return s.Call.ID
	case "call.pbx":
		return s.Call.PBX
	case "call.did":
		return s.Call.DID
	case "call.caller":
		return s.Call.Number
	case "call.name":
		return s.Call.Name
	case "call.language":
		return s.Lang
	case "agent.state":
		return s.Agent
	case "agent.over":
		return s.Over
	case "args.operation":
		return argument(s.Call.Args, 0)
	case "args.endpoint":
		return argument(s.Call.Args, 1)
	case "args.digits":
		return argument(s.Call.Args, 2)
	}
	if field, ok := LeadField(name); ok {
		return s.Call.Lead[field]
	}
	return s.Vars[name]
}

func argument(args []string, n int) string {
	if n < len(args) {
		return args[n]
	}
	return ""
}

// fill replaces the variables of a text by their values.
func (s *state) fill(text string) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	return clean(reference.ReplaceAllStringFunc(text, func(m string) string {
		return s.look(reference.FindStringSubmatch(m)[1])
	}))
}

// set gives a variable a value; a hidden one is not stored.
func (s *state) set(name, value string, hide bool) {
	s.Hide = slices.DeleteFunc(slices.Clone(s.Hide), func(n string) bool { return n == name })
	if hide {
		s.Hide = append(s.Hide, name)
	}
	if s.Vars == nil {
		s.Vars = map[string]string{}
	}
	s.Vars[name] = clean(value)
}

// clean cuts a value to a sane length and takes control characters and broken
// UTF-8 out: it may have come from a caller's phone.
func clean(v string) string {
	v = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return -1
		}
		return r
	}, v)
	for len(v) > maxValue {
		_, size := utf8.DecodeLastRuneInString(v)
		v = v[:len(v)-size]
	}
	return v
}

// validKey tells whether a text is one key of a telephone.
func validKey(d string) bool {
	return len(d) == 1 && strings.Contains("0123456789*#ABCD", d)
}
