package yamlfile

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

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
	section := hasKeys(s.typ)
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
func (d *decoder) chosen(n ast.Node, v reflect.Value, f *field, path string) {
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
	setDefaults(v)
	if _, null := p.val.(*ast.NullNode); null {
		d.places[below] = p.at
		if !d.o.Loose {
			d.fault(p.at, CodeForm, below, "has no value")
		} else if hasKeys(v.Type()) {
			d.structure(nil, v, below, true)
		}
		return
	}
	d.value(p.val, v, f, below)
}

// mapping is chosen for a Go map.
func (d *decoder) mapping(n ast.Node, v reflect.Value, f *field, path string) {
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
