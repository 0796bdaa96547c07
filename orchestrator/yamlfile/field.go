package yamlfile

import (
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Text is a text and where it stands.
type Text struct {
	Value string
	At    Pos
}

// Entry is a key of a mapping with its value. At is where the key stands.
type Entry[T any] struct {
	Key   string
	At    Pos
	Value T
}

// Map is a mapping in the order of the file, for keys that the author chooses.
type Map[T any] []Entry[T]

// Get returns a key's value.
func (m Map[T]) Get(key string) (v T, ok bool) {
	for _, e := range m {
		if e.Key == key {
			return e.Value, true
		}
	}
	return v, false
}

func (Map[T]) chosen() {}

// Varied is a struct that has further keys depending on one of its own. Its one
// field of type any takes a pointer to a copy of what Variants has for the
// key's value.
type Varied interface {
	Variants() (key string, kinds map[string]any)
}

var (
	typeText     = reflect.TypeFor[Text]()
	typePos      = reflect.TypeFor[Pos]()
	typeDuration = reflect.TypeFor[time.Duration]()
	typeChosen   = reflect.TypeFor[interface{ chosen() }]()
	typeVaried   = reflect.TypeFor[Varied]()
	typeAny      = reflect.TypeFor[any]()
	typeSecret   = reflect.TypeFor[interface{ Reveal() string }]()
	typeHidden   = reflect.TypeFor[slog.LogValuer]() // it has a value that must not be shown
)

// field is what the tags of a struct's field say of a key.
type field struct {
	index                   []int
	typ                     reflect.Type
	name                    string // "" of what only the short form sets
	need, short, vars, rest bool
	preset, doc, min, max   string
	hasPreset               bool
	oneof                   []string
	shape, keys             string
}

var known sync.Map // reflect.Type -> []field

// fieldsOf lists the keys of a struct; those of embedded structs stand among them.
func fieldsOf(t reflect.Type) []field {
	if fs, ok := known.Load(t); ok {
		return fs.([]field)
	}
	var out []field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, tagged := sf.Tag.Lookup("yaml")
		if sf.Anonymous && !tagged {
			for _, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...)
				out = append(out, f)
			}
			continue
		}
		if !tagged {
			if sf.Tag != "" { // mapstructure:"x" would be a key that nobody can set
				panic(fmt.Sprintf("%s.%s has tags, and no yaml tag that names its key", t, sf.Name))
			}
			continue
		}
		words := strings.Split(tag, ",")
		has := func(w string) bool { return slices.Contains(words[1:], w) }
		f := field{index: []int{i}, typ: sf.Type, name: words[0], need: has("need"), short: has("short"), vars: has("vars"), rest: has("rest"),
			doc: sf.Tag.Get("doc"), min: sf.Tag.Get("min"), max: sf.Tag.Get("max"), oneof: strings.Fields(sf.Tag.Get("oneof")),
			shape: sf.Tag.Get("shape"), keys: sf.Tag.Get("keys")}
		f.preset, f.hasPreset = sf.Tag.Lookup("default")
		out = append(out, f)
	}
	known.Store(t, out)
	return out
}

// hasKeys tells whether a type is a struct that is written as keys and values.
func hasKeys(t reflect.Type) bool { return t.Kind() == reflect.Struct && t != typeText }

// shortOf returns the field that a plain value in place of the struct sets.
func shortOf(t reflect.Type) (field, bool) {
	if !hasKeys(t) {
		return field{}, false
	}
	fs := fieldsOf(t)
	i := slices.IndexFunc(fs, func(f field) bool { return f.short })
	if i < 0 {
		return field{}, false
	}
	return fs[i], true
}

// Defaults returns a value whose keys are all left out.
func Defaults[T any]() T {
	var v T
	setDefaults(reflect.ValueOf(&v).Elem())
	return v
}

// setDefaults sets the keys of a value that has some. It panics when a tag does
// not fit its field, which is a mistake in the code.
func setDefaults(v reflect.Value) {
	if !hasKeys(v.Type()) {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		at := v.FieldByIndex(f.index)
		if f.preset == "" {
			setDefaults(at)
		} else if err := setText(at, f.preset); err != nil {
			panic(fmt.Sprintf("default %q of %s in %s: %v", f.preset, f.name, v.Type(), err))
		}
	}
}

// setText sets a value from its text. Lists are parted by commas.
func setText(v reflect.Value, text string) error {
	switch {
	case v.Type() == typeText:
		v.Field(0).SetString(text)
	case v.Type() == typeDuration:
		d, err := duration(text)
		if err != nil {
			return err
		}
		v.SetInt(int64(d))
	case v.Kind() == reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		if err := setText(p.Elem(), text); err != nil {
			return err
		}
		v.Set(p)
	case v.Kind() == reflect.Slice:
		parts := strings.Split(text, ",")
		out := reflect.MakeSlice(v.Type(), len(parts), len(parts))
		for i, p := range parts {
			if err := setText(out.Index(i), strings.TrimSpace(p)); err != nil {
				return err
			}
		}
		v.Set(out)
	case v.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(text == "true")
	case v.Kind() == reflect.Int:
		n, err := whole(text)
		if err != nil {
			return err
		}
		v.SetInt(n)
	case v.Kind() == reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(x)
	default:
		v.SetString(text)
	}
	return nil
}

// whole reads a number in plain digits: 010 is a mistake of whoever means 10 or 8.
func whole(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	if digits := strings.TrimLeft(text, "+-"); len(digits) > 1 && digits[0] == '0' {
		return 0, fmt.Errorf("%s begins with 0; write %d", text, n)
	}
	return n, nil
}

// longest is what a duration can hold, in whole hours.
const longest = "2562047h"

// tooLong is a duration that is beyond what can be held, either way.
type tooLong string

func (e tooLong) Error() string {
	return fmt.Sprintf("%s is out of bounds: it must be %s at most", string(e), longest)
}

// units is how a duration is written.
var units = regexp.MustCompile(`^[-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$`)

// duration reads a time with its unit; 0 needs none.
func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil {
		return d, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, fmt.Errorf("%s has no unit; a duration needs one: %[1]ss, %[1]sm or %[1]sh", text)
	}
	if units.MatchString(text) {
		return 0, tooLong(text)
	}
	return 0, fmt.Errorf("%q is not a duration such as 250ms, 30s or 2h", text)
}

// judge says what is wrong with a value that has the right type; "" when it is
// as the tags want it.
func (f *field) judge(v reflect.Value) (code Code, says string) {
	switch {
	case v.Type() == typeText:
		return f.judgeText(v.Field(0).String(), false)
	case v.Type() == typeDuration:
		return f.judgeBounds(v.Int(), func(s string) int64 { d, _ := time.ParseDuration(s); return int64(d) }, brief(time.Duration(v.Int())))
	case v.Kind() == reflect.Int:
		return f.judgeBounds(v.Int(), func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }, strconv.FormatInt(v.Int(), 10))
	case v.Kind() == reflect.Float64:
		x, low, high := v.Float(), decimal(f.min, math.Inf(-1)), decimal(f.max, math.Inf(1))
		if f.bounds() == "" || x >= low && x <= high {
			return "", ""
		}
		return CodeBounds, fmt.Sprintf("%s is out of bounds: it must be %s", strconv.FormatFloat(x, 'g', -1, 64), f.bounds())
	case v.Kind() == reflect.String:
		return f.judgeText(v.String(), v.Type().Implements(typeSecret) || v.Type().Implements(typeHidden))
	}
	return "", ""
}

// decimal reads a bound of a number that need not be whole.
func decimal(text string, none float64) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return none
	}
	return x
}

// brief writes a duration without the zeros that Go adds: 1h instead of 1h0m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (f *field) judgeBounds(n int64, read func(string) int64, shown string) (Code, string) {
	low := f.min != "" && n < read(f.min)
	if !low && (f.max == "" || n <= read(f.max)) {
		return "", ""
	}
	return CodeBounds, fmt.Sprintf("%s is out of bounds: it must be %s", shown, f.bounds())
}

// bounds says what is allowed; "" when all is.
func (f *field) bounds() string {
	switch {
	case f.min != "" && f.max != "":
		return f.min + " to " + f.max
	case f.min != "":
		return f.min + " or more"
	case f.max != "":
		return f.max + " at most"
	}
	return ""
}

func (f *field) judgeText(text string, secret bool) (Code, string) {
	shown := strconv.Quote(text)
	if secret {
		shown = "the value"
	}
	none := text == "" && f.hasPreset && f.preset == "" // written as left out
	bad := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, bad):
		return CodeForm, shown + " holds control characters"
	case f.vars && variables(text):
		return "", ""
	case len(f.oneof) > 0 && !none && !slices.Contains(f.oneof, text):
		return CodeForm, fmt.Sprintf("%s is none of %s%s", shown, strings.Join(f.oneof, ", "), near(text, f.oneof))
	case f.shape != "" && !none && !Fits(f.shape, text):
		return CodeForm, fmt.Sprintf("%s is not %s", shown, shapes[f.shape].says)
	case f.max != "" && len(text) > atoi(f.max):
		return CodeBounds, fmt.Sprintf("it has %d characters, %s are allowed", len(text), f.max)
	}
	return "", ""
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

// Check says what the tags find wrong with a struct that was not read from a
// file. where is the path of the struct, "" at the top.
func Check(where string, v any) Faults {
	var out Faults
	check(reflect.ValueOf(v), where, &out)
	return out
}

func check(v reflect.Value, path string, out *Faults) {
	for _, f := range fieldsOf(v.Type()) {
		checkField(f, v.FieldByIndex(f.index), Path(path, f.name), out)
	}
}

func checkField(f field, v reflect.Value, path string, out *Faults) {
	switch {
	case f.need && v.IsZero():
		*out = append(*out, Fault{Code: CodeForm, Where: path, Text: "is missing"})
	case v.Kind() == reflect.String && v.Len() == 0: // left out
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			checkField(f, v.Elem(), path, out)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			checkField(f, v.Index(i), index(path, i), out)
		}
	case v.Kind() == reflect.Map:
		for _, k := range v.MapKeys() {
			f.checkKey(k.String(), path, out)
			checkField(f, v.MapIndex(k), Path(path, k.String()), out)
		}
	case hasKeys(v.Type()):
		check(v, path, out)
	default:
		if code, says := f.judge(v); says != "" {
			*out = append(*out, Fault{Code: code, Where: path, Text: says})
		}
	}
}

func (f *field) checkKey(key, path string, out *Faults) {
	if f.keys != "" && !Fits(f.keys, key) {
		*out = append(*out, Fault{Code: CodeForm, Where: path, Text: fmt.Sprintf("%q is not %s", key, shapes[f.keys].says)})
	}
}

// Path is the path of a key.
func Path(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// First is the first key of a path; below tells whether there is more.
func First(path string) (key string, below bool) {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i], true
	}
	return path, false
}

// Top lists the keys at the top of a struct.
func Top(v any) (names []string) {
	for _, f := range fieldsOf(reflect.TypeOf(v)) {
		names = append(names, f.name)
	}
	return names
}

// Take gives a key at the top of a value what another has for it.
func Take[T any](to *T, from T, key string) {
	for _, f := range fieldsOf(reflect.TypeFor[T]()) {
		if f.name == key {
			reflect.ValueOf(to).Elem().FieldByIndex(f.index).Set(reflect.ValueOf(from).FieldByIndex(f.index))
		}
	}
}
