package flowfile

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/operadora/operadora/ivr"
)

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
		o.r.fault(CodeForm, o.vals[key].key, "unknown key %q in %s%s", key, o.what, Suggest(key, known))
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
