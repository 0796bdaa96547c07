package main

import (
	"fmt"
	"reflect"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/ivr/flowfile"
)

// entry is an entry of one of the lists of acd.Definitions.
type entry struct {
	list  string
	index int
}

// places tell where entries are written: file:line:column.
type places map[entry]string

// locate adds the place to a fault. An entry of a list that is written elsewhere
// (an alias) has none.
func (p places) locate(f acd.Fault) error {
	if at, ok := p[entry{f.List, f.Index}]; ok {
		return fmt.Errorf("%s: %w", at, f)
	}
	return f
}

func placeOf(file string, n ast.Node) string {
	p := n.GetToken().Position
	return fmt.Sprintf("%s:%d:%d", file, p.Line, p.Column)
}

// parseYAML returns the first document of a file; nil when there is none.
func parseYAML(raw []byte) (ast.Node, error) {
	file, err := parser.ParseBytes(raw, 0)
	if err != nil || len(file.Docs) == 0 {
		return nil, err
	}
	return file.Docs[0].Body, nil
}

// mappingOf returns the pairs of a mapping; nil when it is none.
func mappingOf(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode: // a mapping of one pair
		return []*ast.MappingValueNode{n}
	case *ast.AnchorNode:
		return mappingOf(n.Value)
	}
	return nil
}

// inspection compares a file with the Go type it is decoded into, to tell of
// unknown keys and of durations without a unit better than the decoder can.
type inspection struct {
	file   string
	at     places
	faults []error
}

func (in *inspection) fault(n ast.Node, path, format string, args ...any) {
	in.faults = append(in.faults, fmt.Errorf("%s: %s: %w", placeOf(in.file, n), path, fmt.Errorf(format, args...)))
}

// walk inspects a node at a path. What does not fit the type is left to the decoder.
func (in *inspection) walk(n ast.Node, t reflect.Type, path string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if a, ok := n.(*ast.AnchorNode); ok {
		n = a.Value
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		switch v := n.(type) {
		case *ast.IntegerNode, *ast.FloatNode:
			in.fault(n, path, "%w", noUnit(v.GetToken().Value))
		}
	case t.Kind() == reflect.Struct:
		in.walkMapping(mappingOf(n), t, path)
	case t.Kind() == reflect.Slice:
		list, _ := n.(*ast.SequenceNode)
		if list == nil {
			return
		}
		for i, v := range list.Values {
			in.at[entry{path, i}] = placeOf(in.file, first(v))
			in.walk(v, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

func (in *inspection) walkMapping(pairs []*ast.MappingValueNode, t reflect.Type, path string) {
	fields := map[string]reflect.Type{}
	var keys []string
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("yaml")
		fields[key] = t.Field(i).Type
		keys = append(keys, key)
	}
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		if pair.Key.IsMergeKey() {
			continue
		}
		below, known := fields[key]
		if !known {
			in.fault(pair.Key, keyPath(path, key), "there is no such key%s", flowfile.Suggest(key, keys))
			continue
		}
		in.walk(pair.Value, below, keyPath(path, key))
	}
}

// first is where a mapping begins: the token of a mapping is its first colon.
func first(n ast.Node) ast.Node {
	if pairs := mappingOf(n); len(pairs) > 0 {
		return pairs[0].Key
	}
	return n
}
