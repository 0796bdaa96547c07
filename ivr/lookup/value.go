package lookup

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/theory/jsonpath"
)

// Param is something that a source is asked with.
type Param struct {
	Name, Type string
	Min, Max   int // characters
}

var (
	isDigits = regexp.MustCompile(`^[0-9]+$`)
	isNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	isPhone  = regexp.MustCompile(`^\+?[0-9]+$`)
	isTime   = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]`)
)

// refuses tells why a value is not what a parameter must be; "" when it is. The value is not told.
func (p Param) refuses(value string) string {
	if n := utf8.RuneCountInString(value); n < p.Min || n > p.Max {
		return fmt.Sprintf("has %d characters, and %d to %d are what it may have", n, p.Min, p.Max)
	}
	fits := true
	switch p.Type {
	case "digits":
		fits = isDigits.MatchString(value)
	case "number":
		fits = isNumber.MatchString(value)
	case "phone":
		fits = isPhone.MatchString(value)
	case "date":
		_, err := time.Parse(time.DateOnly, value)
		fits = err == nil
	}
	if !fits && value != "" {
		return "is not of type " + p.Type
	}
	return ""
}

// Result is something that is taken of an answer.
type Result struct {
	Name, Type string
	Path       *jsonpath.Path
	Need       bool
}

// take returns a result of a document, "" when it is not there. Of several values none is chosen.
func (r Result) take(doc any) (string, error) {
	nodes := r.Path.Select(doc)
	if len(nodes) > 1 {
		return "", fmt.Errorf("result %q: its path leads to %d values in the answer, and to one only it may", r.Name, len(nodes))
	}
	if len(nodes) == 0 || nodes[0] == nil {
		return "", nil
	}
	text, ok := plain(nodes[0])
	if !ok {
		return "", fmt.Errorf("result %q is no single value in the answer", r.Name)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", nil
	}
	if text, ok = convert(r.Type, text); !ok {
		return "", fmt.Errorf("result %q is not of type %s in the answer", r.Name, r.Type)
	}
	return text, nil
}

// plain is a value as text; false for lists and objects.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return fmt.Sprint(v), true
	case json.Number:
		return decimal(v.String()), true
	}
	return "", false
}

// mostDigits bounds what a number with an exponent may be written out to.
const mostDigits = 40

// decimal writes a number of JSON without an exponent.
func decimal(text string) string {
	if isNumber.MatchString(text) || len(text) > mostDigits {
		return text
	}
	var f big.Float
	if _, ok := f.SetString(text); !ok || f.IsInf() || f.MantExp(nil) > 4*mostDigits || f.MantExp(nil) < -4*mostDigits {
		return text
	}
	return f.Text('f', -1)
}

// convert brings a text into the form of a type; false when it is of another.
func convert(typ, text string) (string, bool) {
	switch typ {
	case "digits":
		return text, isDigits.MatchString(text)
	case "number":
		return text, isNumber.MatchString(text)
	case "bool": // SQLite has numbers for it
		said, ok := map[string]string{"true": "true", "1": "true", "false": "false", "0": "false"}[text]
		return said, ok
	case "time":
		return text[:min(5, len(text))], isTime.MatchString(text)
	case "date":
		day := text[:min(len(time.DateOnly), len(text))]
		_, err := time.Parse(time.DateOnly, day)
		return day, err == nil && (len(text) == len(day) || strings.ContainsAny(text[len(day):len(day)+1], "T "))
	}
	return text, true
}
