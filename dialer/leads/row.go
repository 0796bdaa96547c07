package leads

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Reason says why a row, or a number of it, was left out. The words are stored.
type Reason string

// The reasons.
const (
	ReasonNoNumber  Reason = "no_number"   // the row has none
	ReasonNumber    Reason = "number"      // it is none of any numbering plan, or not written as one
	ReasonRounded   Reason = "rounded"     // a spreadsheet wrote 5.73E+11
	ReasonDoNotCall Reason = "do_not_call" // it must not be called
	ReasonDuplicate Reason = "duplicate"   // it is there already
	ReasonField     Reason = "field"       // a value is not of its field's kind, or too long
	ReasonLanguage  Reason = "language"
	ReasonTimeZone  Reason = "time_zone"
	ReasonCells     Reason = "cells"  // more cells than the heading has
	ReasonQuotes    Reason = "quotes" // a quotation mark in the middle of a cell
	ReasonHash      Reason = "hash"   // it is none of the list's kind
)

// Reject is something of a row that was left out.
type Reject struct {
	Row    int64 // as a spreadsheet counts: the heading is 1
	Kept   bool  // the rest of the row was taken
	Reason Reason
	Detail string   // in words, with the value
	Cells  []string // of the row; nil where Row has another reject
}

// Bounds of what a row may hold.
const (
	maxValue  = 2000 // bytes of a value
	maxPhones = 10   // numbers of a lead
)

// Reader makes leads of rows.
type Reader struct {
	list    List
	columns []Column
	labels  []string // of the numbers of a column
}

// NewReader makes one for the rows of a file with some columns.
func NewReader(list List, columns []Column) Reader {
	labels := make([]string, len(columns))
	for i, c := range columns {
		labels[i] = fieldName(c.Heading, i)
	}
	return Reader{list, columns, labels}
}

// Read makes a lead of a row; ok is false when it is none. rejects tell what was
// left out; their Row and Cells are the caller's to fill.
func (r Reader) Read(cells []string) (lead Lead, rejects []Reject, ok bool) {
	for i := len(r.columns); i < len(cells); i++ {
		if strings.TrimSpace(cells[i]) != "" {
			return lead, refuse(ReasonCells, "the row has %d cells, the heading %d", len(cells), len(r.columns)), false
		}
	}
	var first, last, zone string
	lead.Fields = map[string]any{}
	for i, text := range cells[:min(len(cells), len(r.columns))] {
		c, v := r.columns[i], cell(text)
		if v == "" || c.As == AsNothing || c.As == AsPhone {
			continue
		}
		if len(v) > maxValue {
			return lead, refuse(ReasonField, "%s: %d bytes are more than %d", short(c.Heading), len(v), maxValue), false
		}
		switch c.As {
		case AsID:
			lead.External = v
		case AsName:
			lead.Name = v
		case AsFirstName:
			first = v
		case AsLastName:
			last = v
		case AsLanguage:
			if lead.Language = language(v); lead.Language == "" {
				return lead, refuse(ReasonLanguage, "%s: %s is not a language, such as es, en or Español", short(c.Heading), quoted(v)), false
			}
		case AsTimeZone:
			if _, err := zoneNamed(v); err != nil {
				return lead, refuse(ReasonTimeZone, "%s: %s is not a time zone, such as America/Bogota", short(c.Heading), quoted(v)), false
			}
			zone = v
		default:
			name, kind, form := c.As.field()
			value, ok := any(v), kind == KindText
			if form != "" {
				value, ok = written(v, form)
			} else if !ok {
				value, ok = read(v, kind)
			}
			if r := readings(v, kind); !ok && form == "" && r[0] != nil {
				return lead, refuse(ReasonField, "%s: %s is read in two ways: say how the column is written", short(c.Heading), quoted(v)), false
			}
			if !ok {
				return lead, refuse(ReasonField, "%s: %s is not a %s such as %s", short(c.Heading), quoted(v), kind, cmp.Or(shown[form], plain[kind])), false
			}
			lead.Fields[name] = value
		}
	}
	if lead.Name == "" {
		lead.Name = strings.TrimSpace(first + " " + last)
	}
	lead.Numbers, rejects = r.numbers(cells, zone)
	if len(lead.Numbers) == 0 {
		if len(rejects) == 0 {
			rejects = refuse(ReasonNoNumber, "no cell of the columns with numbers has one")
		}
		for i := range rejects {
			rejects[i].Kept = false
		}
		return lead, rejects[:1], false
	}
	return lead, rejects, true
}

// numbers reads the numbers of a row, each once.
func (r Reader) numbers(cells []string, zone string) (out []Number, rejects []Reject) {
	for i, c := range r.columns {
		if c.As != AsPhone || i >= len(cells) {
			continue
		}
		for _, text := range several(cell(cells[i])) {
			number, reason, why := Phone(text, r.list.Region)
			switch {
			case why != "":
				rejects = append(rejects, Reject{Kept: true, Reason: reason, Detail: short(c.Heading) + ": " + why})
			case len(out) == maxPhones:
				rejects = append(rejects, Reject{Kept: true, Reason: ReasonNumber, Detail: "a lead has at most " + strconv.Itoa(maxPhones) + " numbers"})
			case !slices.ContainsFunc(out, func(n Number) bool { return n.Number == number }):
				zones := ZonesOf(number)
				if len(zones) == 0 {
					zones = with(nil, r.list.Zone)
				}
				if zone != "" {
					zones = with(zones, zone)
				}
				out = append(out, Number{Number: number, Label: r.labels[i], Zones: zones})
			}
		}
	}
	return out, rejects
}

// several splits a cell that holds more than one number.
func several(v string) []string {
	if scientific.MatchString(v) {
		return []string{v} // 5,73E+11
	}
	parts := strings.FieldsFunc(strings.ReplaceAll(v, " / ", ";"), func(r rune) bool { return strings.ContainsRune(";,|\n", r) })
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(p string) bool { return p == "" })
}

var scientific = regexp.MustCompile(`^([0-9])(?:[.,]([0-9]+))?[Ee]\+?([0-9]{1,2})$`)

// Phone reads a number; why is "" when it is one.
func Phone(text, region string) (number string, reason Reason, why string) {
	text = cell(text)
	if m := scientific.FindStringSubmatch(text); m != nil {
		zeros, _ := strconv.Atoi(m[3]) // two digits, by the shape
		if zeros -= len(m[2]); zeros > 0 {
			return "", ReasonRounded, quoted(text) + " was rounded by a spreadsheet: make the column text and enter it again"
		}
		if zeros == 0 {
			text = m[1] + m[2]
		}
	}
	number, err := Normal(text, region)
	if err != nil {
		return "", ReasonNumber, strings.TrimPrefix(err.Error(), "number: ")
	}
	return number, "", ""
}

// cell is the text of a cell as it was meant: without space around it, and without
// the ="…" by which spreadsheets are made to keep leading zeros.
func cell(v string) string {
	v = strings.TrimSpace(v)
	if inner, ok := strings.CutPrefix(v, `="`); ok && strings.HasSuffix(inner, `"`) {
		return strings.TrimSpace(strings.TrimSuffix(inner, `"`))
	}
	return v
}

var languageShape = regexp.MustCompile(`^[a-z]{2}(-[A-Z]{2})?$`)

// language is the code of a language, "" for none.
func language(v string) string {
	if languageShape.MatchString(v) {
		return v
	}
	switch folded(v) {
	case "es", "esp", "espanol", "spanish", "castellano":
		return "es"
	case "en", "eng", "ingles", "english":
		return "en"
	}
	return ""
}

// quoted shows a value in a message.
func quoted(v string) string {
	if !utf8.ValidString(v) {
		v = strings.ToValidUTF8(v, "\uFFFD")
	}
	return strconv.Quote(short(v))
}

func refuse(reason Reason, format string, args ...any) []Reject {
	return []Reject{{Reason: reason, Detail: invalid(format, args...).Error()}}
}
