package flowfile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gonum.org/v1/gonum/graph/multi"
	"gonum.org/v1/gonum/graph/topo"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// ways returns the ways out of a node, those of a sub-flow's outcomes included.
func (l *linter) ways(n *ivr.Node) []ivr.Way {
	c, ok := n.Step.(*ivr.Call)
	if !ok {
		return l.f.Ways(n)
	}
	sub := l.defs.Flows[c.Flow]
	if sub == nil {
		return l.f.Ways(n)
	}
	var returns []string
	for o := range sub.Returns() {
		returns = append(returns, o)
	}
	slices.Sort(returns)
	ways := l.f.Ways(n, returns...)
	for i, w := range ways {
		ways[i].Rule.Waits = !returnsAtOnce(l.defs.Flows, sub, w.Outcome)
	}
	return ways
}

// returnsAtOnce tells whether a sub-flow can return an outcome without having
// waited for anybody. Outcome "error" comes of faults, so always. No flow that
// can be reached may call itself.
func returnsAtOnce(flows map[string]*ivr.Flow, sub *ivr.Flow, outcome string) bool {
	if outcome == ivr.OutError {
		return true
	}
	inner := &linter{defs: ivr.Definitions{Flows: flows}, f: sub}
	seen := map[string]bool{}
	todo := []string{sub.Start}
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := sub.Nodes[name]
		if n == nil || seen[name] {
			continue
		}
		seen[name] = true
		if s, ok := n.Step.(*ivr.Return); ok && s.Outcome == outcome {
			return true
		}
		for _, w := range inner.ways(n) {
			if !w.Rule.Waits {
				todo = append(todo, w.To)
			}
		}
	}
	return false
}

// recursive finds the flows that call themselves, directly or through others
// (E14), and those whose paths cannot be told because they call such a flow.
func recursive(flows map[string]*ivr.Flow) (loops, spoiled map[string]bool) {
	calls := map[string][]string{}
	for id, f := range flows {
		calls[id] = nil
		for _, n := range f.Nodes {
			if c, ok := n.Step.(*ivr.Call); ok {
				calls[id] = append(calls[id], c.Flow)
			}
		}
	}
	loops, spoiled = map[string]bool{}, map[string]bool{}
	for _, group := range components(calls) {
		if len(group) > 1 || slices.Contains(calls[group[0]], group[0]) {
			for _, id := range group {
				loops[id] = true
			}
		}
	}
	for id := range flows {
		for other := range reach(calls, id) {
			spoiled[id] = spoiled[id] || loops[other]
		}
	}
	return loops, spoiled
}

// paths checks reach, exits and cycles (E03, E04, E05, W04).
func (l *linter) paths() {
	all, fast := map[string][]string{}, map[string][]string{}
	for _, name := range l.f.NodeNames() {
		n := l.f.Nodes[name]
		all[name], fast[name] = []string{}, []string{}
		for _, w := range l.ways(n) {
			if w.To != "" && w.To != ivr.End && l.f.Nodes[w.To] == nil { // told as E01
				w.To = yamlfile.Nearest(w.To, l.f.NodeNames()) // so that the node that is meant counts as reached
			}
			all[name] = append(all[name], w.To)
			if !w.Rule.Waits {
				fast[name] = append(fast[name], w.To)
			}
		}
	}
	reached := reach(all, l.f.Start, l.f.OnError)
	for _, name := range l.f.NodeNames() {
		if !reached[name] {
			l.fault(CodeUnreachable, l.f.Nodes[name].At, name, "no path from start leads here")
		}
	}
	l.exits(all, reached)
	for _, group := range components(fast) {
		if len(group) > 1 || slices.Contains(fast[group[0]], group[0]) {
			first := l.first(group)
			l.fault(CodeSpin, l.f.Nodes[first].At, first, "a call can go in circles here (%s) without any key, queue or person being waited for", strings.Join(group, ", "))
		}
	}
	if l.answersCalls() && !l.human(l.f, map[string]bool{}) {
		l.fault(CodeNoHuman, l.f.At, "", "no path leads to a person: there is no queue, transfer or continue")
	}
}

// exits finds groups of nodes that lead only to each other (E04).
func (l *linter) exits(all map[string][]string, reached map[string]bool) {
	ends := map[string]bool{ivr.End: true, "": true} // a missing edge is told by E06
	for grown := true; grown; {
		grown = false
		for name, tos := range all {
			exits := len(tos) == 0 || slices.ContainsFunc(tos, func(to string) bool {
				return ends[to] || l.f.Nodes[to] == nil
			})
			if exits && !ends[name] {
				ends[name], grown = true, true
			}
		}
	}
	for _, group := range components(all) {
		closed := reached[group[0]] && !ends[group[0]]
		for _, name := range group {
			for _, to := range all[name] {
				closed = closed && slices.Contains(group, to)
			}
		}
		if closed {
			first := l.first(group)
			l.fault(CodeNoExit, l.f.Nodes[first].At, first, "the call can never end from here: %s only lead to each other", strings.Join(group, ", "))
		}
	}
}

// first returns the node of a group that stands first in the file.
func (l *linter) first(group []string) string {
	return slices.MinFunc(group, func(a, b string) int {
		x, y := l.f.Nodes[a].At, l.f.Nodes[b].At
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
}

// answersCalls tells whether callers get into this flow by a number.
func (l *linter) answersCalls() bool {
	return slices.ContainsFunc(l.defs.DIDs, func(d ivr.DID) bool { return d.Flow == l.f.ID })
}

func (l *linter) human(f *ivr.Flow, seen map[string]bool) bool {
	if f == nil || seen[f.ID] {
		return false
	}
	seen[f.ID] = true
	for _, n := range f.Nodes {
		switch s := n.Step.(type) {
		case *ivr.Queue, *ivr.Transfer, *ivr.Continue:
			return true
		case *ivr.Call:
			if l.human(l.defs.Flows[s.Flow], seen) {
				return true
			}
		}
	}
	return false
}

// reach returns the nodes that can be reached from roots.
func reach(edges map[string][]string, roots ...string) map[string]bool {
	seen := map[string]bool{}
	todo := slices.Clone(roots)
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, ok := edges[name]; !ok || seen[name] {
			continue
		}
		seen[name] = true
		todo = append(todo, edges[name]...)
	}
	return seen
}

// components returns the strongly connected components of a graph, each sorted,
// in the order of their first names.
func components(edges map[string][]string) (out [][]string) {
	g := multi.NewDirectedGraph() // the only one that takes an edge from a node to itself
	ids, names := map[string]int64{}, slices.Sorted(maps.Keys(edges))
	for i, n := range names {
		ids[n] = int64(i)
		g.AddNode(multi.Node(i))
	}
	for n, tos := range edges {
		for _, to := range tos {
			if id, ok := ids[to]; ok {
				g.SetLine(g.NewLine(multi.Node(ids[n]), multi.Node(id)))
			}
		}
	}
	for _, group := range topo.TarjanSCC(g) {
		var members []string
		for _, n := range group {
			members = append(members, names[n.ID()])
		}
		slices.Sort(members)
		out = append(out, members)
	}
	slices.SortFunc(out, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return out
}
