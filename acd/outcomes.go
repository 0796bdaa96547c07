package acd

import (
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Given is a disposition as it is put on record: its name, and the way to it from the
// top of its tree, "<group>/<group>/<name>".
type Given struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// outcomes are the dispositions as trees.
type outcomes struct {
	byName map[string]Disposition
	group  map[string]bool // has others below it
}

func newOutcomes(list []Disposition) outcomes {
	t := outcomes{keyed(list, func(d Disposition) string { return d.Name }), map[string]bool{}}
	for _, d := range list {
		t.group[d.Parent] = true
	}
	return t
}

// above is the way to a disposition from the top, itself included; of one in a circle
// more than mostDeep.
func (t outcomes) above(d Disposition) []Disposition {
	way := []Disposition{d}
	for len(way) <= mostDeep {
		up, ok := t.byName[way[0].Parent]
		if !ok || way[0].Parent == "" {
			break
		}
		way = slices.Insert(way, 0, up)
	}
	return way
}

// scope are the queues that a disposition is for: its own, else those of the next above it that has some.
func (t outcomes) scope(d Disposition) []string {
	for _, x := range slices.Backward(t.above(d)) {
		if len(x.Queues) > 0 {
			return x.Queues
		}
	}
	return []string{anyQueue}
}

// fits tells whether a disposition may be given to calls of a queue.
func (t outcomes) fits(d Disposition, queue string) bool {
	scope := t.scope(d)
	return slices.Contains(scope, anyQueue) || slices.Contains(scope, queue)
}

// OutcomesOf are the dispositions that may be given to calls of a queue, as they are written.
func (d Definitions) OutcomesOf(queue string) (names []string) {
	t := newOutcomes(d.Dispositions)
	for _, x := range d.Dispositions {
		if !t.group[x.Name] && t.fits(x, queue) {
			names = append(names, x.Name)
		}
	}
	return names
}

// given is a disposition as it is put on record.
func (t outcomes) given(d Disposition) Given {
	var names []string
	for _, x := range t.above(d) {
		names = append(names, x.Name)
	}
	return Given{d.Name, strings.Join(names, "/")}
}

// meant finds what a name, or the digits on the phone, mean in each queue; the key
// anyQueue is for the queues not named.
func (t outcomes) meant(list []Disposition, code string) map[string]Given {
	byQueue := map[string]Given{}
	if code == "" {
		return byQueue
	}
	for _, d := range list {
		if t.group[d.Name] || d.Name != code && d.Digits != code {
			continue
		}
		for _, q := range t.scope(d) {
			byQueue[q] = t.given(d)
		}
	}
	return byQueue
}

// wrong says what a code is that means nothing.
func (t outcomes) wrong(list []Disposition, code string) string {
	var names, below []string
	for _, d := range list {
		if t.group[d.Name] {
			continue
		}
		names = append(names, d.Name)
		if slices.ContainsFunc(t.above(d), func(up Disposition) bool { return up.Name == code }) {
			below = append(below, d.Name)
		}
	}
	if t.group[code] {
		return "a group: give one of " + strings.Join(below, ", ")
	}
	return "not a disposition" + yamlfile.Suggest(code, names)
}

// dispositions finds what a code and those beside it mean in each queue. One that means
// nothing, or the same as one before it, is told with what is wrong with it; said are, for each of
// means, the field and the value that it is of.
func (dir *directory) dispositions(code string, also []string) (means []map[string]Given, said []orchestrator.Wrong, wrong orchestrator.Wrong, ok bool) {
	for i, code := range append([]string{code}, also...) {
		wrong = orchestrator.Wrong{Field: "disposition", Value: code}
		if i > 0 {
			wrong.Field = "also"
		}
		m := dir.keyed(code)
		if m == nil {
			wrong.Why = dir.outcomes.wrong(dir.defs.Dispositions, code)
			return nil, nil, wrong, false
		}
		if slices.ContainsFunc(means, func(before map[string]Given) bool { return i > 0 && maps.Equal(before, m[0]) }) {
			wrong.Why = "given before"
			return nil, nil, wrong, false
		}
		means = append(means, m...)
		said = append(said, slices.Repeat([]orchestrator.Wrong{wrong}, len(m))...)
	}
	return means, said, orchestrator.Wrong{}, true
}

// keyed finds what a code means; nil when it means nothing. A phone names several by one
// text, parted by *.
func (dir *directory) keyed(code string) (means []map[string]Given) {
	if m := dir.outcomes.meant(dir.defs.Dispositions, code); len(m) > 0 {
		return []map[string]Given{m}
	}
	if !strings.Contains(code, "*") {
		return nil
	}
	for part := range strings.SplitSeq(code, "*") {
		m := dir.outcomes.meant(dir.defs.Dispositions, part)
		if len(m) == 0 {
			return nil
		}
		means = append(means, m)
	}
	return means
}
