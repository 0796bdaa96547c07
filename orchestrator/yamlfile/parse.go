package yamlfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const (
	// MaxBytes is the size of the largest file that is read: some 15,000 agents.
	MaxBytes = 2 << 20
	// maxNesting is how deep brackets may be nested; the parser recurses, and
	// nothing that is meant needs more than eight.
	maxNesting = 64
	// maxNodes is how many values a file may have once its aliases are followed.
	maxNodes = 1 << 20
)

// ReadFile returns the text of a regular file of at most MaxBytes. Anything
// else (a pipe, a device) is not opened, for it may never end.
func ReadFile(fsys fs.FS, name string) (string, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, MaxBytes+1)) // one more, so that Parse tells
	return string(text), err
}

// File is a file that was parsed.
type File struct {
	name    string
	body    ast.Node
	anchors map[string]ast.Node
	places  map[string]Pos // of the values, by path; filled by Decode
}

// Parse reads a file's text; nil after a fault.
func Parse(name, text string) (f *File, faults Faults) {
	start := Pos{File: name, Line: 1, Column: 1}
	fault := func(at Pos, format string, args ...any) (*File, Faults) {
		return nil, Faults{{At: at, Code: CodeForm, Text: fmt.Sprintf(format, args...)}}
	}
	// The parser is not ours and its input may be anything: a panic in it is a
	// fault of the file, not the end of the program.
	defer func() {
		if p := recover(); p != nil {
			f, faults = fault(start, "this is no YAML that can be read (%v)", p)
		}
	}()
	if len(text) > MaxBytes {
		return fault(start, "the file is larger than %d bytes, the most that is read", MaxBytes)
	}
	if depth(text) > maxNesting {
		return fault(start, "what is written is nested more than %d deep", maxNesting)
	}
	tree, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return nil, Faults{syntax(err, start, text)}
	}
	f = &File{name: name, anchors: map[string]ast.Node{}, places: map[string]Pos{}}
	for _, d := range tree.Docs {
		switch {
		case d.Body == nil:
		case f.body != nil:
			return fault(f.pos(d.Body), "a second document begins here; one file holds one")
		default:
			f.body = d.Body
			ast.Walk(f, d.Body)
		}
	}
	return f, nil
}

// Visit notes anchors. It makes a File an ast.Visitor.
func (f *File) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok && a.Name != nil {
		f.anchors[a.Name.GetToken().Value] = a.Value
	}
	return f
}

// Empty tells whether there is nothing in the file.
func (f *File) Empty() bool { return f.body == nil }

// At is where the value of a path stands, or what holds it; the file when that
// is not known either.
func (f *File) At(path string) Pos {
	for path != "" {
		if p, ok := f.places[path]; ok {
			return p
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	if p, ok := f.places[""]; ok {
		return p
	}
	return Pos{File: f.name}
}

// Set tells where the value of exactly this path stands, if it is set.
func (f *File) Set(path string) (Pos, bool) {
	p, ok := f.places[path]
	return p, ok
}

func (f *File) pos(n ast.Node) Pos {
	p := Pos{File: f.name, Line: 1, Column: 1}
	if n == nil {
		return p
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Column = max(1, t.Position.Line), max(1, t.Position.Column)
	}
	// The token of a block mapping is the colon of its first entry.
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return f.pos(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return f.pos(m.Key)
	}
	return p
}

// depth bounds the nesting a text can have: of brackets, of the indicators that
// open a block on one line ("- - - x", "? ? x"), and of anchors and tags in a row.
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
			deepest = max(deepest, now)
		}
		if strings.TrimLeft(line, "-?: \t\r\n") == "" {
			deepest = max(deepest, marks/2)
		}
	}
	row := 0
	for word := range strings.FieldsSeq(text) {
		if row++; word[0] != '&' && word[0] != '!' {
			row = 0
		}
		deepest = max(deepest, row)
	}
	return deepest
}

// syntax tells what the parser found. Its texts say little about the mistake
// that is easiest to make here: a star that is not in quotes.
func syntax(err error, at Pos, file string) Fault {
	text := err.Error()
	if se, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		text = se.Message
		if se.Token != nil && se.Token.Position != nil {
			at.Line, at.Column = max(1, se.Token.Position.Line), max(1, se.Token.Position.Column)
		}
	}
	hint := ""
	if lines := strings.Split(file, "\n"); at.Line <= len(lines) && bareStar.MatchString(lines[at.Line-1]) {
		hint = "; write the key * in quotes: \"*\""
	}
	return Fault{At: at, Code: CodeForm, Text: "this is not YAML: " + strings.TrimSpace(text) + hint}
}

// bareStar is a star outside quotes where YAML expects a key or a value.
var bareStar = regexp.MustCompile(`(^|[{,:\s])\*\s*(:|,|}|$)`)
