package flowfile

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

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
