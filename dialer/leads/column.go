package leads

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// As is what a column is: one of the words below, or the name of a free field, which may have
// its kind behind a colon, and behind another the form in which that is written: amount:number,
// amount:number:comma, due:date:dmy.
type As string

// What columns are, beside free fields.
const (
	AsPhone     As = "phone"
	AsID        As = "id"
	AsName      As = "name"
	AsFirstName As = "first_name"
	AsLastName  As = "last_name"
	AsLanguage  As = "language"
	AsTimeZone  As = "time_zone"
	AsNothing   As = "-" // left out
)

var ownWords = []As{AsPhone, AsID, AsName, AsFirstName, AsLastName, AsLanguage, AsTimeZone, AsNothing}

var (
	nameShape  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	fieldShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// field returns the name, the kind and the form of a free field; "" when the column is none.
func (a As) field() (string, Kind, Form) {
	if slices.Contains(ownWords, a) {
		return "", "", ""
	}
	name, kind, given := strings.Cut(string(a), ":")
	if !given {
		kind = string(KindText)
	}
	kind, form, _ := strings.Cut(kind, ":")
	return name, Kind(kind), Form(form)
}

// Check tells why a word is nothing that a column can be.
func (a As) Check() error {
	name, kind, form := a.field()
	switch {
	case name == "" && kind == "":
		return nil
	case !fieldShape.MatchString(name) || slices.Contains(reserved, name):
		return invalid("columns: %q is neither phone, id, name, first_name, last_name, language, time_zone, - nor a name for a field (a-z, 0-9, _; no word of expressions)", short(string(a)))
	case kind != KindText && kind != KindNumber && kind != KindDate:
		return invalid("columns: %q: the kind of a field is text, number or date", short(string(a)))
	case form != "" && formsOf[kind][0] != form && formsOf[kind][1] != form || strings.HasSuffix(string(a), ":"):
		return invalid("columns: %q: the form of a number is comma (%s) or point (%s), that of a date dmy (%s) or mdy (%s)", short(string(a)),
			shown[FormComma], shown[FormPoint], shown[FormDMY], shown[FormMDY])
	}
	return nil
}

// Column is one column of a file.
type Column struct {
	Heading string
	As      As
	Unclear *Unclear `json:",omitempty"` // why it is no more than a text
}

// folded takes case, accents and punctuation from a heading: "Teléfono móvil " is "telefono movil".
func folded(heading string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), heading)
	if err != nil {
		plain = heading
	}
	words := strings.FieldsFunc(strings.ToLower(plain), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, " ")
}

// headings that are one thing, in English and Spanish, folded and without digits at their end.
var headings = map[string]As{
	"id": AsID, "lead id": AsID, "external id": AsID, "customer id": AsID, "client id": AsID, "contact id": AsID, "account": AsID,
	"account number": AsID, "id cliente": AsID, "codigo": AsID, "codigo cliente": AsID, "documento": AsID, "numero de documento": AsID,
	"cedula": AsID, "identificacion": AsID, "dni": AsID, "nit": AsID, "cuenta": AsID, "contrato": AsID, "vendor lead code": AsID,
	"name": AsName, "full name": AsName, "customer": AsName, "customer name": AsName, "contact": AsName, "client": AsName, "nombre": AsName,
	"nombre completo": AsName, "nombre y apellido": AsName, "nombres y apellidos": AsName, "cliente": AsName, "titular": AsName, "razon social": AsName,
	"first name": AsFirstName, "given name": AsFirstName, "nombres": AsFirstName, "primer nombre": AsFirstName,
	"last name": AsLastName, "surname": AsLastName, "family name": AsLastName, "apellido": AsLastName, "apellidos": AsLastName,
	"language": AsLanguage, "lang": AsLanguage, "idioma": AsLanguage, "lengua": AsLanguage,
	"time zone": AsTimeZone, "timezone": AsTimeZone, "tz": AsTimeZone, "zona horaria": AsTimeZone, "huso horario": AsTimeZone,
	"number": AsPhone, "numero": AsPhone, "phone number": AsPhone, "numero de telefono": AsPhone, "msisdn": AsPhone, "contact number": AsPhone,
}

// phoneWords make a heading that has one of them a phone's.
var phoneWords = []string{"phone", "telephone", "tel", "mobile", "cell", "cellphone", "landline", "whatsapp",
	"telefono", "telefonos", "movil", "celular", "cel", "fijo"}

// named says what a heading alone makes of a column, "" for nothing.
func named(heading string) As {
	f := folded(heading)
	bare := strings.TrimRight(f, " 0123456789")
	if as, ok := headings[f]; ok {
		return as
	}
	if as, ok := headings[bare]; ok {
		return as
	}
	if slices.ContainsFunc(strings.Fields(bare), func(w string) bool { return slices.Contains(phoneWords, strings.TrimRight(w, "0123456789")) }) {
		return AsPhone
	}
	return ""
}

// fieldName makes the name of a field of a heading.
func fieldName(heading string, n int) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r == ' ':
			return '_'
		}
		return -1
	}, folded(heading))
	if len(name) > 40 {
		name = strings.TrimRight(name[:40], "_")
	}
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		name = "f_" + name[:min(len(name), 38)]
	}
	if slices.Contains(reserved, name) || slices.Contains(ownWords, As(name)) {
		name += "_"
	}
	if !fieldShape.MatchString(name) {
		return "column_" + strconv.Itoa(n+1)
	}
	return name
}

// Guess says what the columns of a file are: by what somebody says (by heading), by
// what the list's columns were last, by their headings in English and Spanish, and
// last by what is in them: samples are some rows below the heading.
func Guess(heading []string, samples [][]string, said, remembered map[string]As, region string) ([]Column, error) {
	columns := make([]Column, len(heading))
	taken := map[As]bool{}
	spoken := maps.Clone(said)
	for i, h := range heading {
		columns[i].Heading = strings.TrimSpace(h)
		as, ok := said[columns[i].Heading]
		if ok {
			delete(spoken, columns[i].Heading)
			if err := as.Check(); err != nil {
				return nil, err
			}
		}
		columns[i].As = as
	}
	for h := range spoken {
		return nil, invalid("columns: the file has no column %q", short(h))
	}
	for _, c := range columns {
		taken[c.As] = true
	}
	values := func(i int) []string { return column(samples, i) }
	for _, source := range []func(i int) As{
		func(i int) As { return remembered[columns[i].Heading] },
		func(i int) As {
			as := named(columns[i].Heading)
			if as == AsPhone && share(values(i), wordy) > 0.5 {
				return "" // "mobile plan", "phone model"
			}
			return as
		},
	} {
		for i := range columns {
			as := source(i)
			name, _, _ := as.field()
			if columns[i].As != "" || as == "" || as != AsPhone && as != AsNothing && taken[as] || name != "" && as.Check() != nil {
				continue
			}
			columns[i].As, taken[as] = as, true
		}
	}
	if taken[AsLastName] && taken[AsName] && !taken[AsFirstName] { // "nombre" beside "apellidos"
		for i := range columns {
			if columns[i].As == AsName {
				columns[i].As = AsFirstName
			}
		}
	}
	if !taken[AsPhone] {
		guessPhone(columns, values, region)
	}
	nameFields(columns, values)
	return columns, checkColumns(columns)
}

// guessPhone finds the column that has telephone numbers, whatever its heading.
func guessPhone(columns []Column, values func(int) []string, region string) {
	for i := range columns {
		if columns[i].As == "" && share(values(i), func(v string) bool { _, err := Normal(v, region); return err == nil }) > 0.8 {
			columns[i].As = AsPhone
			return
		}
	}
}

// nameFields makes free fields of the columns that are nothing else.
func nameFields(columns []Column, values func(int) []string) {
	used := map[string]bool{}
	for _, c := range columns {
		if name, _, _ := c.As.field(); name != "" {
			used[name] = true
		}
	}
	for i := range columns {
		if columns[i].As != "" {
			continue
		}
		name := fieldName(columns[i].Heading, i)
		for n, base := 2, name; used[name]; n++ {
			name = base[:min(len(base), 36)] + "_" + strconv.Itoa(n)
		}
		used[name] = true
		columns[i].As = As(name)
		for _, kind := range []Kind{KindNumber, KindDate} {
			if share(values(i), mayBe(kind)) == 1 {
				columns[i].As = fieldAs(name, kind, "")
			}
		}
	}
}

func checkColumns(columns []Column) error {
	seen := map[string]string{}
	phones := false
	for _, c := range columns {
		key := string(c.As)
		if name, _, _ := c.As.field(); name != "" {
			key = name
		}
		phones = phones || c.As == AsPhone
		if c.As == AsPhone || c.As == AsNothing {
			continue
		}
		if other, twice := seen[key]; twice {
			return invalid("columns: %q and %q are both %s", short(other), short(c.Heading), key)
		}
		seen[key] = c.Heading
	}
	if !phones {
		return invalid("columns: none has telephone numbers; say which does: HEADING=phone")
	}
	return nil
}

// column are the values of a column that are not empty.
func column(rows [][]string, i int) (out []string) {
	for _, r := range rows {
		if i < len(r) && strings.TrimSpace(r[i]) != "" {
			out = append(out, cell(r[i]))
		}
	}
	return out
}

// share is how many of some values are so; 0 of none.
func share(values []string, so func(string) bool) float64 {
	if len(values) == 0 {
		return 0
	}
	n := 0
	for _, v := range values {
		if so(v) {
			n++
		}
	}
	return float64(n) / float64(len(values))
}

// wordy tells whether a text is words, and no try at a telephone number.
func wordy(v string) bool {
	digits := strings.Count(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, v), "#")
	return digits < 5 && strings.ContainsFunc(v, unicode.IsLetter)
}
