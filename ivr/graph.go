package ivr

import "slices"

// Way is one way out of a node, as the interpreter would take it.
type Way struct {
	Outcome string
	To      string // a node, End, or "" when nothing is said
	Own     bool   // written at this node, not the flow's on_error or a rule
	Rule    OutcomeRule
}

// Ways returns every way out of a node. For a node that calls a sub-flow,
// returns lists the outcomes which that returns.
func (f *Flow) Ways(n *Node, returns ...string) []Way {
	outcomes := make([]string, 0, 8)
	for _, r := range OutcomeRules(n.Type) {
		outcomes = append(outcomes, r.Name)
	}
	for _, o := range append(n.Outcomes(), returns...) {
		if !slices.Contains(outcomes, o) {
			outcomes = append(outcomes, o)
		}
	}
	ways := make([]Way, 0, len(outcomes))
	for _, o := range outcomes {
		rule, _ := Rule(n.Type, o)
		_, own := n.On[o]
		to, ok := f.Leads(n, o)
		if !ok && rule.Optional {
			continue
		}
		ways = append(ways, Way{Outcome: o, To: to, Own: own, Rule: rule})
	}
	return ways
}

// Items returns everything a node may play, with what it asks again with.
func (n *Node) Items() []Item {
	switch s := n.Step.(type) {
	case *Play:
		return s.Prompt
	case *Lookup:
		return s.Filler
	case *Menu:
		return s.all()
	case *Gather:
		if s.Confirm != nil {
			return append(s.all(), s.Confirm.Prompt...)
		}
		return s.all()
	}
	return nil
}

// all returns the items of every attempt.
func (q *Question) all() []Item {
	out := slices.Clone(q.Prompt)
	for _, tries := range []Tries{q.Again, q.Silent, q.Wrong} {
		for _, items := range tries {
			out = append(out, items...)
		}
	}
	return out
}
