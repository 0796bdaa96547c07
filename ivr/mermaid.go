package ivr

import (
	"fmt"
	"strings"
)

// Mermaid draws a flow as a Mermaid flowchart. Edges that are not written in
// the flow but follow from its on_error or from a rule are dotted.
func Mermaid(f *Flow) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	fmt.Fprintf(&b, "  start((%s)) --> %s\n", label(f.ID), nodeID(f.Start))
	ends := false
	for _, name := range f.NodeNames() {
		n := f.Nodes[name]
		open, shut := shape(n.Type)
		fmt.Fprintf(&b, "  %s%s%s%s\n", nodeID(name), open, label(name+"<br/>"+describe(n)), shut)
		for _, w := range f.Ways(n) {
			if w.To == "" {
				continue
			}
			arrow := "-->"
			if !w.Own {
				arrow = "-.->"
			}
			ends = ends || w.To == End
			fmt.Fprintf(&b, "  %s %s|%s| %s\n", nodeID(name), arrow, label(wayLabel(n, w)), nodeID(w.To))
		}
	}
	if ends {
		fmt.Fprintf(&b, "  %s([%s])\n", nodeID(End), label("hang up"))
	}
	return b.String()
}

// nodeID is an identifier that means nothing to Mermaid ("end" is a keyword of its).
func nodeID(name string) string {
	return "n_" + strings.Map(func(r rune) rune {
		if r == '_' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return 'x'
	}, name) + fmt.Sprintf("_%x", shortHash(name))
}

// shortHash tells names apart that differ only in letters outside ASCII (FNV-1a).
func shortHash(s string) uint16 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return uint16(h ^ h>>16)
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
	case NodeQueue, NodeTransfer:
		return "[[", "]]"
	case NodeHangup, NodeReturn, NodeContinue:
		return "([", "])"
	}
	return "[", "]"
}

// describe says in a few words what a node does.
func describe(n *Node) string {
	switch s := n.Step.(type) {
	case *Queue:
		return "queue " + s.Queue
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
