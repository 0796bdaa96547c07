package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Options are what differs between kinds of files.
type Options struct {
	// Loose takes a key without a value as one that is left out.
	Loose bool
	// Env returns the value that goes before the file's, and where it is from.
	Env func(path string) (value string, at Pos, ok bool)
	// Secret fetches a secret from where it is kept; its error is a fault.
	Secret func(text string) (string, error)
}

// Decode reads the file into a pointer to a struct, over the defaults of its
// keys, and tells everything that is wrong.
func (f *File) Decode(into any, o Options) Faults {
	d := &decoder{File: f, o: o}
	v := reflect.ValueOf(into).Elem()
	setDefaults(v)
	if f.body != nil || o.Env != nil {
		d.structure(f.body, v, "", f.body == nil)
	}
	return d.faults.Sorted()
}

type decoder struct {
	*File
	o      Options
	nodes  int
	faults Faults
}

func (d *decoder) fault(at Pos, code Code, path, format string, args ...any) {
	d.faults = append(d.faults, Fault{At: at, Code: code, Where: path, Text: fmt.Sprintf(format, args...)})
}

// follow returns what a node stands for: itself, or what an alias names.
func (d *decoder) follow(n ast.Node, path string) (ast.Node, bool) {
	for range maxNesting {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.AliasNode:
			name := v.Value.GetToken().Value
			to, ok := d.anchors[name]
			if !ok {
				d.fault(d.pos(n), CodeForm, path, "*%s names no anchor of this file; if a star is meant, write it in quotes", name)
				return nil, false
			}
			n = to
		case *ast.TagNode, *ast.MappingKeyNode:
			d.fault(d.pos(n), CodeForm, path, "YAML tags and complex keys are not allowed here")
			return nil, false
		default:
			if d.nodes++; d.nodes > maxNodes {
				if d.nodes == maxNodes+1 {
					d.fault(d.pos(n), CodeForm, path, "the file has more than %d values once its aliases are followed", maxNodes)
				}
				return nil, false
			}
			return n, true
		}
	}
	d.fault(d.pos(n), CodeForm, path, "aliases are nested too deep")
	return nil, false
}

// value reads a node into v, of which f tells what it may be.
func (d *decoder) value(n ast.Node, v reflect.Value, f *field, path string) {
	at := d.pos(n) // of the alias, not of what it names
	n, ok := d.follow(n, path)
	if !ok {
		return
	}
	d.places[path] = at
	if _, null := n.(*ast.NullNode); null || n == nil {
		if !d.o.Loose {
			d.fault(at, CodeForm, path, "has no value")
		}
		return
	}
	t := v.Type()
	switch {
	case v.Kind() == reflect.Pointer:
		p := reflect.New(t.Elem())
		setDefaults(p.Elem())
		v.Set(p)
		d.value(n, p.Elem(), f, path)
	case t == typeText:
		v.Field(1).Set(reflect.ValueOf(at))
		d.scalar(n, at, v, f, path)
	case t.Implements(typeChosen):
		d.chosen(n, v, f, path)
	case v.Kind() == reflect.Struct:
		d.structure(n, v, path, false)
	case v.Kind() == reflect.Map:
		d.mapping(n, v, f, path)
	case v.Kind() == reflect.Slice:
		d.list(n, at, v, f, path)
	default:
		d.scalar(n, at, v, f, path)
	}
}

func (d *decoder) scalar(n ast.Node, at Pos, v reflect.Value, f *field, path string) {
	text, ok := written(n)
	if !ok {
		d.fault(at, CodeForm, path, "must be %s, not %s", meant(v.Type()), kindOf(n))
		return
	}
	d.text(text, at, v, f, path)
}

func (d *decoder) text(text string, at Pos, v reflect.Value, f *field, path string) {
	if v.Type().Implements(typeSecret) && d.o.Secret != nil {
		var err error
		if text, err = d.o.Secret(text); err != nil {
			d.fault(at, CodeForm, path, "%v", err)
			return
		}
	}
	err := setText(v, text)
	if _, ok := errors.AsType[tooLong](err); ok {
		bounds := f.bounds()
		if f.max == "" {
			bounds = strings.TrimPrefix(bounds+", and ", ", and ") + longest + " at most"
		}
		d.fault(at, CodeBounds, path, "%s is out of bounds: it must be %s", text, bounds)
		return
	}
	if err != nil {
		d.fault(at, CodeForm, path, "%v", err)
		return
	}
	if code, says := f.judge(v); says != "" {
		d.fault(at, code, path, "%s", says)
	}
}

// list reads a list; a single value that can stand alone is a list of one.
func (d *decoder) list(n ast.Node, at Pos, v reflect.Value, f *field, path string) {
	seq, ok := n.(*ast.SequenceNode)
	elem := v.Type().Elem()
	var nodes []ast.Node
	switch {
	case ok && (elem.Kind() != reflect.Slice || len(seq.Values) > 0 && d.allLists(seq.Values)):
		nodes = seq.Values
	case ok || alone(elem): // of a list of lists, the one list
		nodes = []ast.Node{n}
	default:
		d.fault(at, CodeForm, path, "must be a list, not %s", kindOf(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(nodes), len(nodes))
	for i, e := range nodes {
		setDefaults(out.Index(i))
		below := index(path, i)
		if !ok {
			below = path
		}
		d.value(e, out.Index(i), f, below)
	}
	v.Set(out)
}

func (d *decoder) allLists(nodes []ast.Node) bool {
	return !slices.ContainsFunc(nodes, func(n ast.Node) bool {
		if a, ok := n.(*ast.AliasNode); ok {
			n = d.anchors[a.Value.GetToken().Value]
		}
		_, is := n.(*ast.SequenceNode)
		return !is
	})
}

// alone tells whether a value of a list's type can stand without the list.
func alone(elem reflect.Type) bool {
	_, short := shortOf(elem)
	return short || !hasKeys(elem)
}

// written returns a value as it is written; "1", 1 and 007 keep their digits.
func written(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func kindOf(n ast.Node) string {
	switch v := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return `"key: value" lines`
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode, nil:
		return "nothing"
	case *ast.TagNode, *ast.AliasNode, *ast.AnchorNode, *ast.MergeKeyNode:
		return "a YAML tag, alias or merge key"
	default:
		if text, ok := written(v); ok && len(text) <= maxText {
			return strconv.Quote(text)
		}
		return "text"
	}
}

// meant says what a plain value must be.
func meant(t reflect.Type) string {
	switch {
	case t == typeDuration:
		return "a duration such as 30s"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	return "text"
}
