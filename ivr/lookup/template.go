package lookup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// placeholder is a parameter in a text.
var placeholder = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// template is a text with {parameters}.
type template string

// names are its parameters.
func (t template) names() (out []string) {
	for _, m := range placeholder.FindAllStringSubmatch(string(t), -1) {
		out = append(out, m[1])
	}
	return out
}

// check tells what in a template is no parameter.
func (t template) check(params map[string]bool) error {
	for _, name := range t.names() {
		if !params[name] {
			return fmt.Errorf("{%s} is not among the params", name)
		}
	}
	if rest := placeholder.ReplaceAllString(string(t), ""); strings.ContainsAny(rest, "{}") {
		return fmt.Errorf("{ and } stand around the name of a parameter only")
	}
	return nil
}

// mark puts something in place of each parameter.
func (t template) mark(by func(name string) string) string {
	return placeholder.ReplaceAllStringFunc(string(t), func(m string) string { return by(m[1 : len(m)-1]) })
}

// fill puts values in place of the parameters, each escaped for where it stands.
func (t template) fill(values map[string]string, escape func(string) string) string {
	return t.mark(func(name string) string { return escape(values[name]) })
}

// quoted tells of a parameter that stands within quotes of SQL.
func (t template) quoted() (name string, ok bool) {
	for _, at := range placeholder.FindAllStringSubmatchIndex(string(t), -1) {
		if before := string(t)[:at[0]]; strings.Count(before, "'")%2 == 1 || strings.Count(before, `"`)%2 == 1 {
			return string(t)[at[2]:at[3]], true
		}
	}
	return "", false
}

func asIs(s string) string { return s }

// fillJSON puts values in place of the parameters in the texts of a JSON value, where they
// are data whatever they hold. numbers are the parameters that are sent as numbers where they stand alone.
func fillJSON(v any, values map[string]string, numbers map[string]bool) any {
	switch v := v.(type) {
	case string:
		if names := template(v).names(); len(names) == 1 && v == "{"+names[0]+"}" && numbers[names[0]] {
			return json.Number(strings.TrimLeft(decimalForm(values[names[0]]), "+"))
		}
		return template(v).fill(values, asIs)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = fillJSON(v[i], values, numbers)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = fillJSON(v[k], values, numbers)
		}
		return out
	}
	return v
}

// decimalForm is a number as JSON writes it: without zeros before it.
func decimalForm(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	text = strings.TrimLeft(text, "0")
	if text == "" || text[0] == '.' {
		text = "0" + text
	}
	return sign + text
}

// textsOf are the texts of a JSON value.
func textsOf(v any) (out []template) {
	switch v := v.(type) {
	case string:
		out = append(out, template(v))
	case []any:
		for _, e := range v {
			out = append(out, textsOf(e)...)
		}
	case map[string]any:
		for _, e := range v {
			out = append(out, textsOf(e)...)
		}
	}
	return out
}
