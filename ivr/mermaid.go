package ivr

import (
	"fmt"
	"slices"
	"strings"
)

// Mermaid draws a flow as a Mermaid flowchart. Edges that are not written at
// their node but follow from the flow's on_error or from a rule are dotted.
func Mermaid(f *Flow) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	fmt.Fprintf(&b, "  start((%s)) --> %s\n", label(f.ID), nodeID(f.Start))
	ends := false
	for _, name := range f.NodeNames() {
		n := f.Nodes[name]
		open, shut := shape(n.Type)
		fmt.Fprintf(&b, "  %s%s%s%s\n", nodeID(name), open, label(name+"<br/>"+describe(n)), shut)
		for _, e := range arrows(f, n) {
			ends = ends || e.to == End
			fmt.Fprintf(&b, "  %s %s|%s| %s\n", nodeID(name), e.arrow, label(strings.Join(e.labels, ", ")), nodeID(e.to))
		}
	}
	if ends {
		fmt.Fprintf(&b, "  %s([%s])\n", nodeID(End), label("hang up"))
	}
	return b.String()
}

// arrow is all the ways of a node that lead to one place.
type arrow struct {
	to, arrow string
	labels    []string
}

// arrows gathers the ways out of a node. What merely follows another outcome
// ("exit" goes where "timeout" goes) is left out.
func arrows(f *Flow, n *Node) []arrow {
	var out []arrow
	for _, w := range f.Ways(n) {
		if w.To == "" || (w.Rule.Optional && !w.Own) {
			continue
		}
		kind := "-->"
		if !w.Own {
			kind = "-.->"
		}
		i := slices.IndexFunc(out, func(a arrow) bool { return a.to == w.To && a.arrow == kind })
		if i < 0 {
			i, out = len(out), append(out, arrow{to: w.To, arrow: kind})
		}
		out[i].labels = append(out[i].labels, wayLabel(n, w))
	}
	return out
}

// nodeID is an identifier that means nothing to Mermaid ("end" is a keyword of
// its). Names with letters outside ASCII are told apart by a hash (FNV-1a).
func nodeID(name string) string {
	h := uint32(2166136261)
	plain := true
	id := strings.Map(func(r rune) rune {
		h = (h ^ uint32(r)) * 16777619
		if r == '_' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		plain = false
		return 'x'
	}, name)
	if !plain {
		id += fmt.Sprintf("_%08x", h)
	}
	return "n_" + id
}

// label quotes a text for Mermaid.
func label(s string) string {
	return `"` + strings.NewReplacer(`"`, "#quot;", "\n", " ", "|", "#124;").Replace(s) + `"`
}

func shape(t NodeType) (open, shut string) {
	switch t {
	case NodeMenu, NodeGather:
		return "[/", "/]"
	case NodeSwitch, NodeHours:
		return "{", "}"
	case NodeQueue, NodeTransfer, NodeCallback:
		return "[[", "]]"
	case NodeLookup:
		return "[(", ")]"
	case NodeHangup, NodeReturn, NodeContinue:
		return "([", "])"
	default: // one step after the other: a plain box
	}
	return "[", "]"
}

// describe says in a few words what a node does.
func describe(n *Node) string {
	switch s := n.Step.(type) {
	case *Queue:
		return "queue " + s.Queue
	case *Callback:
		return string(s.Op) + " callback of " + s.Queue
	case *Lookup:
		return "look up " + s.Source
	case *Transfer:
		return "transfer to " + s.To
	case *Hours:
		return "hours " + s.Calendar
	case *Call:
		return "call " + s.Flow
	case *Return:
		return "return " + s.Outcome
	case *Gather:
		return fmt.Sprintf("gather %d to %d digits", s.Min, s.Max)
	case *Agent:
		return "agent " + s.Op
	}
	return string(n.Type)
}

func wayLabel(n *Node, w Way) string {
	if k, ok := strings.CutPrefix(w.Outcome, keyPrefix); ok {
		return "key " + k
	}
	if s, ok := n.Step.(*Switch); ok {
		for i, c := range s.Cases {
			if CaseOutcome(i) == w.Outcome {
				return c.Test.String()
			}
		}
	}
	return w.Outcome
}
