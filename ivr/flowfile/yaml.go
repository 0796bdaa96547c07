package flowfile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/operadora/operadora/ivr"
)

// maxBytes is the size of the largest file that is read. A flow of a thousand
// nodes is a fifth of it.
const maxBytes = 512 << 10

// maxNesting is how deep brackets may be nested; the parser recurses, and
// nothing that is meant needs more than six.
const maxNesting = 64

// reader turns one file into values and collects what is wrong with it.
type reader struct {
	file       string
	flow, node string // what is being read, for the faults
	faults     Faults
}

func (r *reader) fault(code Code, at ivr.Pos, format string, args ...any) {
	r.faults = append(r.faults, Fault{Code: code, At: at, Flow: r.flow, Node: r.node, Text: fmt.Sprintf(format, args...)})
}

func (r *reader) pos(n ast.Node) ivr.Pos {
	p := ivr.Pos{File: r.file, Line: 1, Column: 1}
	if n == nil {
		return p
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	// The token of a block mapping is the colon of its first entry.
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return r.pos(m.Values[0].Key)
	}
	return p
}

// parse returns the root mapping of a file, nil after a fault.
func (r *reader) parse(text string) (root *object) {
	start := ivr.Pos{File: r.file, Line: 1, Column: 1}
	// The parser is not ours and its input may be anything: a panic in it is a
	// fault of the file, not the end of the program.
	defer func() {
		if p := recover(); p != nil {
			r.fault(CodeForm, start, "this is no YAML that can be read (%v)", p)
			root = nil
		}
	}()
	if len(text) > maxBytes {
		r.fault(CodeForm, start, "the file has %d bytes, %d are allowed", len(text), maxBytes)
		return nil
	}
	if depth(text) > maxNesting {
		r.fault(CodeForm, start, "brackets are nested more than %d deep", maxNesting)
		return nil
	}
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		r.syntax(err, start, text)
		return nil
	}
	var body ast.Node
	for _, d := range file.Docs {
		switch {
		case d.Body == nil:
		case body != nil:
			r.fault(CodeForm, r.pos(d.Body), "a second document begins here; one file holds one")
			return nil
		default:
			body = d.Body
		}
	}
	if body == nil {
		r.fault(CodeForm, start, "the file is empty")
		return nil
	}
	return r.object(body, "the file")
}

// depth bounds the nesting a text can have: of brackets, and of the indicators
// that open a block on one line ("- - - x", "? ? x").
func depth(text string) int {
	deepest, now := 0, 0
	for line := range strings.Lines(text) {
		marks := 0
		for _, c := range line {
			switch c {
			case '[', '{':
				now++
			case ']', '}':
				now = max(0, now-1)
			case '-', '?', ':':
				marks++
			}
		}
		if strings.TrimLeft(line, "-?: \t\r\n") == "" {
			deepest = max(deepest, marks/2)
		}
		deepest = max(deepest, now)
	}
	return deepest
}

// syntax tells what the parser found. Its texts say little about the mistake
// that is easiest to make here: a star that is not in quotes.
func (r *reader) syntax(err error, at ivr.Pos, file string) {
	text := err.Error()
	if se, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		text = se.Message
		if se.Token != nil && se.Token.Position != nil {
			at.Line, at.Column = se.Token.Position.Line, se.Token.Position.Column
		}
	}
	hint := ""
	if lines := strings.Split(file, "\n"); at.Line <= len(lines) && bareStar.MatchString(lines[at.Line-1]) {
		hint = "; write the key * in quotes: \"*\""
	}
	r.fault(CodeForm, at, "this is not YAML: %s%s", strings.TrimSpace(text), hint)
}

// bareStar is a star outside quotes where YAML expects a key or a value.
var bareStar = regexp.MustCompile(`(^|[{,:\s])\*\s*(:|,|}|$)`)

// object is a mapping whose keys are looked up by name and counted off.
type object struct {
	r    *reader
	at   ivr.Pos
	what string // "the file", "node menu": for the faults
	keys []string
	vals map[string]entry
	used map[string]bool
}

type entry struct {
	key ivr.Pos
	val ast.Node
}

// object reads a mapping; nil after a fault.
func (r *reader) object(n ast.Node, what string) *object {
	o := &object{r: r, at: r.pos(n), what: what, vals: map[string]entry{}, used: map[string]bool{}}
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.fault(CodeForm, o.at, "%s must be a list of \"key: value\" lines, not %s", what, kindOf(n))
		return nil
	}
	for _, v := range values {
		key, ok := scalar(v.Key)
		at := r.pos(v.Key)
		switch {
		case !ok:
			r.fault(CodeForm, at, "this key of %s must be plain text; quote it", what)
		case o.has(key):
			r.fault(CodeForm, at, "key %q of %s appears twice", key, what)
		default:
			o.keys = append(o.keys, key)
			o.vals[key] = entry{key: at, val: v.Value}
		}
	}
	return o
}

func (o *object) has(key string) bool { _, ok := o.vals[key]; return ok }

// take returns a key's value and counts it as known; nil when absent or null.
func (o *object) take(key string) ast.Node {
	o.used[key] = true
	e, ok := o.vals[key]
	if !ok {
		return nil
	}
	if _, null := e.val.(*ast.NullNode); null || e.val == nil {
		o.r.fault(CodeForm, e.key, "%q of %s has no value", key, o.what)
		return nil
	}
	return e.val
}

// posOf returns where a key's value stands, or the object itself.
func (o *object) posOf(key string) ivr.Pos {
	if e, ok := o.vals[key]; ok {
		return o.r.pos(e.val)
	}
	return o.at
}

// done reports the keys that nobody asked for.
func (o *object) done() {
	for _, key := range o.keys {
		if o.used[key] {
			continue
		}
		known := make([]string, 0, len(o.used))
		for k := range o.used {
			known = append(known, k)
		}
		slices.Sort(known)
		o.r.fault(CodeForm, o.vals[key].key, "unknown key %q in %s%s", key, o.what, suggest(key, known))
	}
}

// text returns a key's value as text, "" when absent.
func (o *object) text(key string) string {
	n := o.take(key)
	if n == nil {
		return ""
	}
	return o.r.text(n, fmt.Sprintf("%q of %s", key, o.what))
}

// must is text for a key that may not be absent.
func (o *object) must(key string) string {
	if !o.has(key) {
		o.used[key] = true
		o.r.fault(CodeForm, o.at, "%s needs %q", o.what, key)
		return ""
	}
	return o.text(key)
}

func (o *object) flag(key string, absent bool) bool {
	n := o.take(key)
	if n == nil {
		return absent
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		o.r.fault(CodeForm, o.r.pos(n), "%q of %s is true or false, not %s", key, o.what, kindOf(n))
		return absent
	}
	return b.Value
}

func (o *object) number(key string, absent int) int {
	n := o.take(key)
	if n == nil {
		return absent
	}
	s, _ := scalar(n)
	v, err := strconv.Atoi(s)
	if err != nil || v < 0 || v > 1_000_000 {
		o.r.fault(CodeForm, o.r.pos(n), "%q of %s must be a whole number from 0, not %s", key, o.what, show(n))
		return absent
	}
	return v
}

func (o *object) duration(key string, absent time.Duration) time.Duration {
	n := o.take(key)
	if n == nil {
		return absent
	}
	s, _ := scalar(n)
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > 24*time.Hour {
		o.r.fault(CodeForm, o.r.pos(n), "%q of %s must be a time with its unit, such as 5s or 2m, not %s", key, o.what, show(n))
		return absent
	}
	return d
}

// texts reads a text or a list of texts.
func (o *object) texts(key string) []string {
	n := o.take(key)
	if n == nil {
		return nil
	}
	return o.r.texts(n, fmt.Sprintf("%q of %s", key, o.what))
}

func (r *reader) texts(n ast.Node, what string) []string {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if s := r.text(n, what); s != "" {
			return []string{s}
		}
		return nil
	}
	var out []string
	for _, v := range seq.Values {
		if s := r.text(v, what); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (r *reader) text(n ast.Node, what string) string {
	s, ok := scalar(n)
	if !ok {
		r.fault(CodeForm, r.pos(n), "%s must be text, not %s", what, kindOf(n))
		return ""
	}
	return s
}

// child reads a key's value as a mapping; nil when absent or after a fault.
func (o *object) child(key string) *object {
	n := o.take(key)
	if n == nil {
		return nil
	}
	return o.r.object(n, fmt.Sprintf("%q of %s", key, o.what))
}

// scalar returns a value as it is written; "1", 1 and 007 keep their digits.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a block of keys"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AliasNode:
		return "a YAML alias (write the key * in quotes: \"*\")"
	case *ast.AnchorNode, *ast.TagNode, *ast.MergeKeyNode:
		return "a YAML anchor, tag or merge key, which are not allowed here"
	case *ast.NullNode, nil:
		return "nothing"
	}
	return "text"
}

func show(n ast.Node) string {
	if s, ok := scalar(n); ok {
		return strconv.Quote(s)
	}
	return kindOf(n)
}

// suggest names the known word that is nearest to a misspelt one, or all of them.
func suggest(word string, known []string) string {
	best, far := "", 3
	word = word[:min(len(word), maxWord)]
	for _, k := range known {
		if d := distance(word, k); d < far && 2*d < len(k) {
			best, far = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(known) == 0:
		return ""
	}
	return "; it knows " + strings.Join(known, ", ")
}

// maxWord is how much of a misspelt word is compared.
const maxWord = 64

// distance counts the letters to insert, drop, change or swap with their
// neighbour to get from a to b (optimal string alignment, on bytes).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
