package yamlfile

import (
	"regexp"
	"strings"
)

// shape is what a text may look like.
type shape struct {
	pattern *regexp.Regexp
	says    string // "is …"
}

// shapes are all that the tags shape and keys may name. Patterns hold what
// JSON Schema knows as well.
var shapes = map[string]shape{
	"id":        {regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`), "a name of letters, digits, dot, dash and underscore, 64 at most"},
	"pbx":       {regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`), "a name of letters, digits, dash and underscore, 64 at most"},
	"tenant":    {regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`), "a name of at most 32 lower-case letters, digits, - and _"},
	"name":      {regexp.MustCompile(`^[\p{L}0-9_][\p{L}0-9_-]{0,63}$`), "a name of letters, digits, - and _, 64 at most"},
	"mayname":   {regexp.MustCompile(`^([\p{L}0-9_][\p{L}0-9_-]{0,63})?$`), `a name of letters, digits, - and _, 64 at most, or "" for none`},
	"variable":  {regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`), "a name of letters, digits and _"},
	"language":  {regexp.MustCompile(`^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`), "a language: write es, en or es-MX"},
	"maylang":   {regexp.MustCompile(`^([a-z]{2,3}([-_][A-Za-z0-9]{2,8})*)?$`), `a language: es, en or es-MX, or "" for none`},
	"tongue":    {regexp.MustCompile(`^(en|es)$`), "en or es, the languages of pages and confirmations"},
	"sound":     {regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`), "a sound name: letters, digits, / - _ and . only, without extension"},
	"music":     {regexp.MustCompile(`^[A-Za-z0-9_.-]*$`), "a class of hold music: letters, digits, dot, dash and underscore"},
	"endpoint":  {regexp.MustCompile(`^(PJSIP|SIP|user)/[A-Za-z0-9_.-]+$`), "a phone of the form PJSIP/101, or user/101 on a FreeSWITCH"},
	"key":       {regexp.MustCompile(`^[0-9*#]$`), "one telephone key (0 to 9, * or #)"},
	"maykey":    {regexp.MustCompile(`^[0-9*#]?$`), `one telephone key (0 to 9, * or #), or "" for none`},
	"keys":      {regexp.MustCompile(`^[0-9*#]{1,8}$`), "1 to 8 telephone keys (0 to 9, * and #)"},
	"maykeys":   {regexp.MustCompile(`^[0-9*#]{0,8}$`), "up to 8 telephone keys (0 to 9, * and #)"},
	"allowed":   {regexp.MustCompile(`^[0-9*#]+$`), "one or more telephone keys (0 to 9, * and #)"},
	"pin":       {regexp.MustCompile(`^[0-9]{0,8}$`), "1 to 8 digits"},
	"number":    {regexp.MustCompile(`^\+?[0-9*#]{1,32}$`), "a telephone number: digits, * and #, and a + before them"},
	"maynumber": {regexp.MustCompile(`^(\+?[0-9]{1,20})?$`), `a telephone number: digits, and a + before them, or "" for none`},
	"callers":   {regexp.MustCompile(`^\+?[0-9]{1,20}\*?$`), "a telephone number: digits, a + before them, and * after them for all that begin so"},
	"points":    {regexp.MustCompile(`^(1000|[0-9]{1,3})$`), "a number from 0 to 1000"},
	"tier":      {regexp.MustCompile(`^[0-9]$`), "a number from 0 to 9"},
	"digits":    {regexp.MustCompile(`^[0-9]{0,8}$`), "up to 8 digits"},
	"did":       {regexp.MustCompile(`^\+?([0-9A-Za-z#._-]{1,62}\*?|\*)$`), "a dialled number: digits, letters, + and -, with * only at its end"},
	"prefix":    {regexp.MustCompile(`^\+?[0-9*#]+$`), "the beginning of a number"},
	"dial":      {regexp.MustCompile(`^((PJSIP|SIP)/(\{number\}@[A-Za-z0-9_.-]+|[A-Za-z0-9_.-]+/sip:\{number\}@[A-Za-z0-9_.:-]+))?$`), "like PJSIP/{number}@trunk"},
	"mayid":     {regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$`), `a name of letters, digits, dot, dash and underscore, 64 at most, or "" for none`},
	"mayzone":   {regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*)?$`), `a time zone such as America/Bogota, or "" for the machine's`},
	"maysound":  {regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)?$`), `a sound name: letters, digits, / - _ and . only, without extension, or "" for none`},
}

// Fits tells whether a text has a shape. A shape that there is not fits nothing.
func Fits(name, text string) bool {
	s, ok := shapes[name]
	return ok && len(text) <= maxText && s.pattern.MatchString(text)
}

// maxText is the longest text of a shape; longer ones are free texts.
const maxText = 128

// variables tells whether a text holds a variable, whose value is known only later.
func variables(text string) bool { return strings.Contains(text, "{{") }
