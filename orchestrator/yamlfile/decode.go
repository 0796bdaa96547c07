package yamlfile

import (
	"fmt"
	"maps"
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
		if t.Elem().Kind() == reflect.Struct && t.Elem() != typeText {
			setDefaults(p.Elem())
		}
		v.Set(p)
		d.value(n, p.Elem(), f, path)
	case t == typeText:
		v.Field(1).Set(reflect.ValueOf(at))
		d.scalar(n, at, v, f, path)
	case t.Implements(typeChosen):
		d.chosen(n, at, v, f, path)
	case v.Kind() == reflect.Struct:
		d.structure(n, v, path, false)
	case v.Kind() == reflect.Map:
		d.mapping(n, at, v, f, path)
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
	if err := setText(v, text); err != nil {
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
		if elem.Kind() == reflect.Struct && elem != typeText {
			setDefaults(out.Index(i))
		}
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
	return short || elem == typeText || elem.Kind() != reflect.Struct
}

// pair is a key and its value.
type pair struct {
	key string
	at  Pos
	val ast.Node
}

// pairs returns what a mapping holds, merged keys ("<<") last; false after a fault.
func (d *decoder) pairs(n ast.Node, path string, depth int) ([]pair, bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		d.fault(d.pos(n), CodeForm, path, "must be \"key: value\" lines, not %s", kindOf(n))
		return nil, false
	}
	var out, merged []pair
	seen := map[string]bool{}
	for _, v := range values {
		at := d.pos(v.Key)
		if v.Key.IsMergeKey() {
			if below, ok := d.follow(v.Value, path); ok && depth < maxNesting {
				more, _ := d.pairs(below, path, depth+1)
				merged = append(merged, more...)
			}
			continue
		}
		key, ok := written(v.Key)
		switch {
		case !ok:
			d.fault(at, CodeForm, path, "this key must be plain text; put it in quotes")
		case seen[key]:
			d.fault(at, CodeForm, path, "key %q appears twice", key)
		default:
			seen[key] = true
			out = append(out, pair{key, at, v.Value})
		}
	}
	for _, p := range merged {
		if !seen[p.key] {
			seen[p.key] = true
			out = append(out, p)
		}
	}
	return out, true
}

// slot is a field of a struct and the value to set.
type slot struct {
	field
	at reflect.Value
}

func slotsOf(v reflect.Value) []slot {
	var out []slot
	for _, f := range fieldsOf(v.Type()) {
		out = append(out, slot{f, v.FieldByIndex(f.index)})
	}
	return out
}

// structure reads a mapping into a struct; absent when there is none, and the
// environment alone has values.
func (d *decoder) structure(n ast.Node, v reflect.Value, path string, absent bool) {
	var pairs []pair
	if !absent {
		at := d.pos(n)
		_, isMap := n.(*ast.MappingNode)
		_, isPair := n.(*ast.MappingValueNode)
		if f, ok := shortOf(v.Type()); ok && !isMap && !isPair {
			setPos(v, at)
			d.value(n, v.FieldByIndex(f.index), &f, path)
			return
		}
		var ok bool
		if pairs, ok = d.pairs(n, path, 0); !ok {
			return
		}
		setPos(v, at)
		d.places[path] = at
	}
	more, ok := d.variant(v, pairs, path)
	if !ok {
		return
	}
	slots := append(slotsOf(v), more...)
	misspelt := d.unknown(slots, pairs, path)
	for _, s := range slots {
		s.need = s.need && !slices.Contains(misspelt, s.name)
		d.slot(s, pairs, path, v)
	}
}

// setPos notes where a struct stands, in its field of type Pos.
func setPos(v reflect.Value, at Pos) {
	for i := range v.NumField() {
		if v.Field(i).Type() == typePos {
			v.Field(i).Set(reflect.ValueOf(at))
		}
	}
}

// variant makes the part of a struct that depends on a key's value.
func (d *decoder) variant(v reflect.Value, pairs []pair, path string) ([]slot, bool) {
	if !v.Type().Implements(typeVaried) {
		return nil, true
	}
	key, kinds := v.Interface().(Varied).Variants()
	i := slices.IndexFunc(pairs, func(p pair) bool { return p.key == key })
	if i < 0 {
		d.fault(d.At(path), CodeForm, path, "needs %q", key)
		return nil, false
	}
	n, ok := d.follow(pairs[i].val, path)
	if !ok {
		return nil, false
	}
	kind, _ := written(n)
	like, ok := kinds[kind]
	if !ok {
		d.fault(d.pos(n), CodeForm, Path(path, key), "there is no %s %q%s", key, kind, Suggest(kind, slices.Sorted(maps.Keys(kinds))))
		return nil, false
	}
	p := reflect.New(reflect.TypeOf(like))
	setDefaults(p.Elem())
	setPos(p.Elem(), d.At(path))
	for i := range v.NumField() {
		if v.Type().Field(i).Type == typeAny {
			v.Field(i).Set(p)
		}
	}
	return slotsOf(p.Elem()), true
}

// unknown tells of keys that there are not, and returns those that were meant.
func (d *decoder) unknown(slots []slot, pairs []pair, path string) (misspelt []string) {
	var names []string
	for _, s := range slots {
		if s.rest {
			return nil // which looks after them
		}
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	for _, p := range pairs {
		if !slices.Contains(names, d.fold(p.key)) {
			d.fault(p.at, CodeForm, Path(path, p.key), "there is no such key%s", Suggest(p.key, names))
			misspelt = append(misspelt, Nearest(p.key, names))
		}
	}
	return misspelt
}

// fold lets keys of loose files be in capitals.
func (d *decoder) fold(key string) string {
	if d.o.Loose {
		return strings.ToLower(key)
	}
	return key
}

// slot reads one field of a struct from the pairs of its mapping.
func (d *decoder) slot(s slot, pairs []pair, path string, of reflect.Value) {
	if s.rest {
		d.rest(s, pairs, path, of)
		return
	}
	if s.name == "" {
		return
	}
	below := Path(path, s.name)
	section := s.at.Kind() == reflect.Struct && s.typ != typeText
	if d.o.Env != nil && !section && s.at.Kind() != reflect.Map {
		if text, at, ok := d.o.Env(below); ok {
			d.places[below] = at
			d.text(text, at, s.at, &s.field, below)
			return
		}
	}
	i := slices.IndexFunc(pairs, func(p pair) bool { return d.fold(p.key) == s.name })
	switch {
	case i >= 0:
		if _, null := pairs[i].val.(*ast.NullNode); null {
			d.places[below] = pairs[i].at
			if !d.o.Loose {
				d.fault(pairs[i].at, CodeForm, below, "has no value")
			} else if section && d.o.Env != nil {
				d.structure(nil, s.at, below, true)
			}
			return
		}
		d.value(pairs[i].val, s.at, &s.field, below)
	case section && d.o.Env != nil:
		d.structure(nil, s.at, below, true)
	case s.need:
		d.fault(d.At(path), CodeForm, path, "needs %q", s.name)
	}
}

// rest reads the keys that no other field has.
func (d *decoder) rest(s slot, pairs []pair, path string, of reflect.Value) {
	var others []pair
	var names []string
	for _, f := range fieldsOf(of.Type()) {
		names = append(names, f.name)
	}
	for _, p := range pairs {
		switch {
		case slices.Contains(names, p.key):
		case s.keys != "" && !Fits(s.keys, p.key):
			d.fault(p.at, CodeForm, Path(path, p.key), "there is no such key%s", Suggest(p.key, slices.DeleteFunc(names, func(n string) bool { return n == "" })))
		default:
			others = append(others, p)
		}
	}
	d.entries(others, s.at, &s.field, path)
}

// chosen reads a mapping whose keys the author chooses, in its order.
func (d *decoder) chosen(n ast.Node, _ Pos, v reflect.Value, f *field, path string) {
	if pairs, ok := d.pairs(n, path, 0); ok {
		d.entries(pairs, v, f, path)
	}
}

func (d *decoder) entries(pairs []pair, v reflect.Value, f *field, path string) {
	out := reflect.MakeSlice(v.Type(), len(pairs), len(pairs))
	for i, p := range pairs {
		e := out.Index(i)
		e.Field(0).SetString(p.key)
		e.Field(1).Set(reflect.ValueOf(p.at))
		d.entry(p, e.Field(2), f, path)
	}
	v.Set(out)
}

// entry reads the value of a key that the author chose.
func (d *decoder) entry(p pair, v reflect.Value, f *field, path string) {
	below := Path(path, p.key)
	var bad Faults
	if f.checkKey(p.key, path, &bad); len(bad) > 0 {
		d.fault(p.at, bad[0].Code, path, "%s", bad[0].Text)
	}
	if v.Kind() == reflect.Struct && v.Type() != typeText {
		setDefaults(v)
	}
	if _, null := p.val.(*ast.NullNode); null {
		d.places[below] = p.at
		if !d.o.Loose {
			d.fault(p.at, CodeForm, below, "has no value")
		} else if v.Kind() == reflect.Struct && v.Type() != typeText {
			d.structure(nil, v, below, true)
		}
		return
	}
	d.value(p.val, v, f, below)
}

// mapping is chosen for a Go map.
func (d *decoder) mapping(n ast.Node, _ Pos, v reflect.Value, f *field, path string) {
	pairs, ok := d.pairs(n, path, 0)
	if !ok {
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, p := range pairs {
		p.key = d.fold(p.key)
		e := reflect.New(v.Type().Elem()).Elem()
		d.entry(p, e, f, path)
		out.SetMapIndex(reflect.ValueOf(p.key).Convert(v.Type().Key()), e)
	}
	v.Set(out)
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
