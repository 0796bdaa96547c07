package acd

import (
	"slices"
	"strings"
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

// dispositions finds what is meant by each of some codes, in each queue; ok is false when one
// means nothing. A phone names several by one text, parted by *.
func (dir *directory) dispositions(codes []string) (means []map[string]Given, ok bool) {
	for _, code := range codes {
		m := dir.outcomes.meant(dir.defs.Dispositions, code)
		if first, rest, several := strings.Cut(code, "*"); len(m) == 0 && several {
			more, ok := dir.dispositions([]string{first, rest})
			if !ok {
				return nil, false
			}
			means = append(means, more...)
			continue
		}
		if len(m) == 0 {
			return nil, false
		}
		means = append(means, m)
	}
	return means, true
}
