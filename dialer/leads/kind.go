package leads

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"
)

// Kind is what the values of a free field are.
type Kind string

// The kinds. The words are stored.
const (
	KindText   Kind = "text"
	KindNumber Kind = "number" // a float64
	KindDate   Kind = "date"   // a text 2026-12-31, whatever the file had
)

// Form is how numbers or dates are written, where not everybody reads them alike.
type Form string

// The forms. The words are stored.
const (
	FormPoint Form = "point" // 1,250,000.50
	FormComma Form = "comma" // 1.250.000,50 and 1'250.000,50
	FormDMY   Form = "dmy"   // 31/12/2026
	FormMDY   Form = "mdy"   // 12/31/2026
)

// formsOf are the two forms of a kind, and shown how each looks.
var (
	formsOf = map[Kind][2]Form{KindNumber: {FormComma, FormPoint}, KindDate: {FormDMY, FormMDY}}
	shown   = map[Form]string{FormComma: "1.250.000,50", FormPoint: "1,250,000.50", FormDMY: "31/12/2026", FormMDY: "12/31/2026"}
	plain   = map[Kind]string{KindNumber: "1234.50", KindDate: "2026-12-31"} // what everybody reads alike
)

// written reads a value by a form; ok is false when it is not written so.
func written(v string, f Form) (value any, ok bool) {
	switch f {
	case FormComma, FormPoint:
		n, _, ok := amount(v, f)
		return n, ok
	case FormDMY, FormMDY:
		return day(v, f)
	}
	return nil, false
}

// readings are what the two forms of a kind make of a value, nil where it is not written so.
func readings(v string, k Kind) (out [2]any) {
	for i, f := range formsOf[k] {
		if value, ok := written(v, f); ok {
			out[i] = value
		}
	}
	return out
}

// read is a value as everybody reads it who takes it for one of a kind; ok is false where it is
// none, or two people may read it differently.
func read(v string, k Kind) (value any, ok bool) {
	switch r := readings(v, k); {
	case r[0] == nil:
		return r[1], r[1] != nil
	case r[1] == nil, r[0] == r[1]:
		return r[0], true
	}
	return nil, false
}

// mayBe tells whether a value is one of a kind, however it is read.
func mayBe(k Kind) func(string) bool {
	return func(v string) bool { return readings(v, k) != [2]any{} }
}

var (
	// money is a number with what it is of: "$ 1.250", "-1.250,00 €", "COP 1.250".
	money = regexp.MustCompile(`^(-?)((?:[A-Z]{1,3})?\p{Sc}|[A-Z]{3}|S/)?[ \x{a0}\x{202f}]?(-?)([0-9.,'’\x{a0}\x{202f}]+?)[ \x{a0}\x{202f}]?(\p{Sc}|[A-Z]{3})?$`)
	// Groups are of three digits; a number that begins with 0 and has more is a code.
	withComma = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,14}|[1-9][0-9]{0,2}(?:[.'’\x{a0}\x{202f}][0-9]{3}){1,4})(?:,[0-9]{1,15})?$`)
	withPoint = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,14}|[1-9][0-9]{0,2}(?:[,'’\x{a0}\x{202f}][0-9]{3}){1,4})(?:\.[0-9]{1,15})?$`)
)

// amount reads a number, and the sign of its currency.
func amount(v string, f Form) (n float64, sign string, ok bool) {
	m := money.FindStringSubmatch(v)
	if m == nil || m[1] != "" && m[3] != "" || m[2] != "" && m[5] != "" {
		return 0, "", false
	}
	if len(m[2]+m[5]) == 3 && m[2] < "\x7f" { // three letters: ABC 123 is a number plate
		if _, err := currency.ParseISO(m[2] + m[5]); err != nil {
			return 0, "", false
		}
	}
	digits := m[4]
	shape, decimal := withPoint, "."
	if f == FormComma {
		shape, decimal = withComma, ","
	}
	if !shape.MatchString(digits) {
		return 0, "", false
	}
	whole, part, _ := strings.Cut(digits, decimal)
	whole = strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, whole)
	n, err := strconv.ParseFloat(m[1]+m[3]+whole+"."+part, 64)
	return n, m[2] + m[5], err == nil
}

// days are dates with the year first, or last; midnight is what databases put behind.
var days = regexp.MustCompile(`^([0-9]{1,4})([-/.])([0-9]{1,2})([-/.])([0-9]{1,4})(?:[ T]0?0:00(?::00(?:\.0+)?)?Z?)?$`)

// day reads a date. Its year has four digits: 31/12/26 may be of 2031.
func day(v string, f Form) (any, bool) {
	m := days.FindStringSubmatch(v)
	if m == nil || m[2] != m[4] {
		return nil, false
	}
	year, month, date := m[5], m[3], m[1]
	switch {
	case len(m[1]) == 4 && len(m[5]) <= 2:
		year, date = m[1], m[5]
	case len(m[1]) > 2 || len(m[5]) != 4:
		return nil, false
	case f == FormMDY:
		month, date = m[1], m[3]
	}
	at, err := time.Parse("2006-1-2", year+"-"+month+"-"+date)
	if err != nil || at.Year() < 1900 {
		return nil, false
	}
	return at.Format(time.DateOnly), true
}

// Unclear is why nobody can tell how a column is written. One that somebody calls a number or a
// date cannot be brought in until they say.
type Unclear struct {
	Kind  Kind
	Value string // one that two people read differently
	Why   string // in words
}

// Survey finds out in which form the numbers and the dates of a file are written, of all its rows:
// 1.250 is one number here and another there, and what the file has elsewhere may tell.
type Survey struct {
	columns          []Column
	said, remembered map[string]As
	seen             []seen
}

// seen is what a column has.
type seen struct {
	only [2]place  // the first value that the one form reads and the other does not
	both place     // the first that they read differently
	of   [2]string // signs of currencies
}

type place struct {
	row   int64
	value string
}

func (p place) String() string { return quoted(p.value) + " in row " + strconv.FormatInt(p.row, 10) }

// NewSurvey begins one of the columns that Guess has found, by what somebody says and what the
// list's columns were last.
func NewSurvey(columns []Column, said, remembered map[string]As) *Survey {
	return &Survey{columns: slices.Clone(columns), said: said, remembered: remembered, seen: make([]seen, len(columns))}
}

// Needed tells whether there is anything to find out.
func (s *Survey) Needed() bool {
	return slices.ContainsFunc(s.columns, func(c Column) bool {
		_, kind, _ := c.As.field()
		return formsOf[kind] != [2]Form{}
	})
}

// Row looks at a row.
func (s *Survey) Row(n int64, cells []string) {
	for i, c := range s.columns {
		_, kind, _ := c.As.field()
		if formsOf[kind] == [2]Form{} || i >= len(cells) {
			continue
		}
		if v := cell(cells[i]); v != "" {
			s.seen[i].look(kind, place{n, v})
		}
	}
}

func (x *seen) look(kind Kind, p place) {
	r := readings(p.value, kind)
	switch {
	case r == [2]any{}:
		return
	case r[0] != nil && r[1] != nil && r[0] != r[1]:
		first(&x.both, p)
	case r[1] == nil:
		first(&x.only[0], p)
	case r[0] == nil:
		first(&x.only[1], p)
	}
	if kind != KindNumber {
		return
	}
	for _, f := range formsOf[kind] {
		if _, sign, ok := amount(p.value, f); ok && sign != "" && sign != x.of[0] {
			if x.of[0] == "" {
				x.of[0] = sign
			} else {
				x.of[1] = sign
			}
		}
	}
}

func first(at *place, p place) {
	if at.row == 0 {
		at.row, at.value = p.row, strings.Clone(p.value)
	}
}

// Settle says what the columns are, once all rows were looked at. What nobody calls a number or
// a date, and may be either in two ways, is a text.
func (s *Survey) Settle() []Column {
	for i := range s.columns {
		c := &s.columns[i]
		name, kind, form := c.As.field()
		forms := formsOf[kind]
		if forms == [2]Form{} {
			continue
		}
		_, said := s.said[c.Heading]
		_, before := s.remembered[c.Heading]
		x := s.seen[i]
		found, why := x.settle(forms, form, said)
		if c.As = fieldAs(name, kind, found); why == "" {
			continue
		}
		c.Unclear = &Unclear{Kind: kind, Value: short(x.both.value), Why: why}
		if !said && !before {
			c.As = As(name)
		}
	}
	return s.columns
}

// Clear refuses columns of which nobody can tell how they are written.
func Clear(columns []Column) error {
	for _, c := range columns {
		if name, kind, _ := c.As.field(); c.Unclear != nil && kind != KindText {
			f := formsOf[kind]
			return invalid("columns: %q: %s: say %s (%s), %s (%s), or %s, which is text", short(c.Heading), c.Unclear.Why,
				fieldAs(name, kind, f[0]), shown[f[0]], fieldAs(name, kind, f[1]), shown[f[1]], name)
		}
	}
	return nil
}

// settle is the form of a column, "" where everybody reads all of it alike; why it cannot be told otherwise.
func (x *seen) settle(forms [2]Form, form Form, said bool) (found Form, why string) {
	if x.of[1] != "" {
		return "", "it has amounts of " + quoted(x.of[0]) + " and of " + quoted(x.of[1])
	}
	at := slices.Index(forms[:], form)
	switch {
	case said && at >= 0:
		if other := x.only[1-at]; other.row != 0 && x.only[at].row == 0 {
			return form, other.String() + " is not written as " + shown[form]
		}
		return form, ""
	case x.both.row == 0:
		return "", ""
	case x.only[0].row != 0 && x.only[1].row != 0:
		return "", "it has " + x.only[0].String() + " beside " + x.only[1].String() + ", and " + x.both.String() + " may be either"
	case x.only[0].row != 0:
		return forms[0], ""
	case x.only[1].row != 0:
		return forms[1], ""
	case at >= 0: // as the list's last file
		return form, ""
	}
	return "", x.both.String() + " is read in two ways, and no row tells which is meant"
}

// fieldAs is what a column is that is a field.
func fieldAs(name string, k Kind, f Form) As {
	as := name
	for _, more := range []string{string(k), string(f)} {
		if more != "" {
			as += ":" + more
		}
	}
	return As(as)
}
