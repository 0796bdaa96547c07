package leads

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// What an expression may name beside the free fields of a list.
const (
	wordID       = "id"
	wordName     = "name"
	wordLanguage = "language"
	wordNumbers  = "numbers" // the lead's numbers: any(numbers, # startsWith "+57")
	wordNumber   = "number"  // number(risk): a text as a number that everybody reads alike; 0 of none
	wordDays     = "days"    // days(due): days from today until the day of a text 2026-03-31; negative when it is past, 0 of none
)

// reserved are words of expressions that no field may be called.
var reserved = []string{wordID, wordName, wordLanguage, wordNumbers, wordNumber, wordDays, "and", "or", "not", "in", "matches", "contains",
	"startsWith", "endsWith", "let", "if", "else", "true", "false", "nil", "any", "all", "none", "one", "len", "lower", "upper"}

// Filter chooses leads by an expression in the language of github.com/expr-lang/expr:
// days_overdue > 30 and risk in ["high", "medium"]. A lead that has no value in a
// field has "" or 0 there. One of whose text number or days can make nothing is not
// chosen: 31/03/2026 is no day that everybody reads alike, and 0 would choose it.
type Filter struct {
	program *vm.Program
	empty   map[string]any // what a lead without values is judged by
}

// NewFilter compiles a text for leads of a list; "" chooses all. The error says where in
// the text what is wrong.
func NewFilter(text string, fields map[string]Kind) (*Filter, error) {
	f := &Filter{empty: map[string]any{wordID: "", wordName: "", wordLanguage: "", wordNumbers: []string{}, wordNumber: asNumber,
		wordDays: func(string) (float64, error) { return 0, nil }}}
	for name, kind := range fields {
		f.empty[name] = ""
		if kind == KindNumber {
			f.empty[name] = 0.0
		}
	}
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	if why := compared(text, fields); why != "" {
		return nil, invalid("filter: %s", why)
	}
	program, err := expr.Compile(text, expr.Env(f.empty), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(200),
		expr.EnableBuiltin("any"), expr.EnableBuiltin("all"), expr.EnableBuiltin("none"), expr.EnableBuiltin("one"), expr.EnableBuiltin("len"), expr.EnableBuiltin("lower"), expr.EnableBuiltin("upper"))
	if err != nil {
		return nil, invalid("filter: %s%s", wrongAt(err), f.help(err))
	}
	if ranges(program.Node()) {
		return nil, invalid("filter: a range such as 1..9 is not for leads")
	}
	f.program = program
	return f, nil
}

// compared says what to do where a field is compared with what it is not: letter by letter, 900 is
// more than 1000, and 31/12/2026 later than 2027-01-01. "" where all is well, or is no expression.
func compared(text string, fields map[string]Kind) string {
	tree, err := parser.Parse(text)
	if err != nil {
		return ""
	}
	v := comparisons{fields: fields}
	ast.Walk(&tree.Node, &v)
	return v.why
}

type comparisons struct {
	fields map[string]Kind
	why    string
}

// Visit implements ast.Visitor.
func (c *comparisons) Visit(node *ast.Node) {
	b, ok := (*node).(*ast.BinaryNode)
	if !ok || c.why != "" || !slices.Contains([]string{"<", "<=", ">", ">=", "==", "!="}, b.Operator) {
		return
	}
	field, ok := b.Left.(*ast.IdentifierNode)
	with := b.Right
	if !ok {
		field, ok = b.Right.(*ast.IdentifierNode)
		with = b.Left
	}
	kind, known := c.fields[nameOf(field)]
	if !ok || !known {
		return
	}
	if why := mismatch(field.Value, kind, with, b.Operator != "==" && b.Operator != "!="); why != "" {
		c.why = why + ", at character " + strconv.Itoa(b.Location().From+1)
	}
}

func nameOf(n *ast.IdentifierNode) string {
	if n == nil {
		return ""
	}
	return n.Value
}

// mismatch is about a field that is compared with a constant, by its order or only whether it is equal.
func mismatch(name string, kind Kind, with ast.Node, ordered bool) string {
	text, quoted := with.(*ast.StringNode)
	_, whole := with.(*ast.IntegerNode)
	_, decimal := with.(*ast.FloatNode)
	other := quoted && text.Value != "" && !isDay(text.Value)
	switch {
	case kind == KindDate && (whole || decimal || other):
		return name + " is a date: compare it with one such as \"" + plain[KindDate] + "\", or days(" + name + ") with a number"
	case kind == KindNumber && quoted:
		return name + " is a number: write one such as " + plain[KindNumber] + ", without quotation marks"
	case kind == KindText && (whole || decimal), kind == KindText && quoted && ordered && mayBe(KindNumber)(text.Value):
		return name + " is a text, which is compared letter by letter: bring its column in as " + name + ":number, from the list's first file on, or write number(" + name + ")"
	case kind == KindText && quoted && ordered && mayBe(KindDate)(text.Value):
		return name + " is a text, which is compared letter by letter: bring its column in as " + name + ":date, from the list's first file on, or write days(" + name + ") with a number"
	}
	return ""
}

// isDay tells whether a text is a day as fields have it.
func isDay(v string) bool {
	at, ok := day(v, FormDMY)
	return ok && at == v
}

// ranges tells whether an expression makes lists of its own, of a length that it says itself.
func ranges(tree ast.Node) bool {
	var v rangeFinder
	ast.Walk(&tree, &v)
	return bool(v)
}

type rangeFinder bool

// Visit implements ast.Visitor.
func (f *rangeFinder) Visit(node *ast.Node) {
	if b, ok := (*node).(*ast.BinaryNode); ok && b.Operator == ".." {
		*f = true
	}
}

// wrongAt is an error of the compiler in one line.
func wrongAt(err error) string {
	at, ok := err.(*file.Error) //nolint:errorlint // the library returns it bare
	if !ok {
		text, _, _ := strings.Cut(err.Error(), "\n")
		return text
	}
	return at.Message + ", at character " + strconv.Itoa(at.Column+1)
}

// help says what would be right, where that is known.
func (f *Filter) help(err error) string {
	text := err.Error()
	if _, name, unknown := strings.Cut(text, "unknown name "); unknown {
		name, _, _ = strings.Cut(name, " ")
		return yamlfile.Suggest(name, slices.Sorted(maps.Keys(f.empty)))
	}
	return ""
}

// Chooses tells whether a lead is chosen on a day. One that cannot be judged is not.
func (f *Filter) Chooses(l Lead, today time.Time) bool {
	if f.program == nil {
		return true
	}
	env := maps.Clone(f.empty)
	env[wordID], env[wordName], env[wordLanguage] = l.External, l.Name, l.Language
	numbers := make([]string, len(l.Numbers))
	for i, n := range l.Numbers {
		numbers[i] = n.Number
	}
	env[wordNumbers] = numbers
	env[wordDays] = func(day string) (float64, error) { return daysUntil(day, today) }
	for name, v := range l.Fields {
		if was, known := f.empty[name]; known && sameKind(was, v) {
			env[name] = v
		}
	}
	chosen, err := vm.Run(f.program, env)
	ok, _ := chosen.(bool)
	return err == nil && ok
}

// sameKind tells whether a value is of its field's kind: the kind may have been another
// when the lead came.
func sameKind(was, v any) bool {
	_, a := was.(string)
	_, b := v.(string)
	return a == b
}

// asNumber reads 1234.5 and 0012; 350.000 is one number here and another there.
func asNumber(text string) (float64, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	if _, decimals, _ := strings.Cut(text, "."); len(decimals) == 3 {
		return 0, invalid("%q is not read alike by everybody", text)
	}
	return strconv.ParseFloat(text, 64)
}

func daysUntil(day string, today time.Time) (float64, error) {
	if day = strings.TrimSpace(day); day == "" {
		return 0, nil
	}
	if len(day) > len(time.DateOnly) {
		day = day[:len(time.DateOnly)]
	}
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, err
	}
	y, m, d := today.Date()
	return at.Sub(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)).Hours() / 24, nil
}

// FieldsOf are the free fields that columns have, beside those that there were.
func FieldsOf(columns []Column, were map[string]Kind) map[string]Kind {
	out := map[string]Kind{}
	maps.Copy(out, were)
	for _, c := range columns {
		if name, kind, _ := c.As.field(); name != "" {
			if old, ok := out[name]; ok && old != kind {
				kind = KindText // number(x) reads what is text
			}
			out[name] = kind
		}
	}
	return out
}

// ColumnsOf are what columns are by their headings, for the next file, beside those that there were.
func ColumnsOf(columns []Column, were map[string]As) map[string]As {
	out := map[string]As{}
	maps.Copy(out, were)
	for _, c := range columns {
		out[c.Heading] = c.As
	}
	for _, h := range slices.Sorted(maps.Keys(out)) {
		if len(out) > 4*MaxColumns { // of lists whose files change all the time
			delete(out, h)
		}
	}
	return out
}
