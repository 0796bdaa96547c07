package flowfile

import (
	"maps"
	"slices"

	"github.com/operadora/operadora/ivr"
)

// read is one use of a variable.
type read struct {
	name string
	at   ivr.Pos
}

// variables finds variables that are read before they are set on some path
// (E07): a forward analysis that keeps, for each node, what is set whichever
// way the call came.
func (l *linter) variables() {
	params := map[string]bool{}
	for _, p := range l.f.Params {
		params[p] = true
	}
	set := map[string]map[string]bool{l.f.Start: params}
	// A fault can happen anywhere, so on_error can count on nothing else.
	if l.f.OnError != "" {
		set[l.f.OnError] = params
	}
	for changed := true; changed; {
		changed = false
		for _, name := range l.f.NodeNames() {
			have, reached := set[name]
			if !reached {
				continue
			}
			n := l.f.Nodes[name]
			for _, w := range l.ways(n) {
				if l.f.Nodes[w.To] != nil && meet(set, w.To, after(n, w.Outcome, have)) {
					changed = true
				}
			}
		}
	}
	for _, name := range l.f.NodeNames() {
		if have, reached := set[name]; reached {
			l.reads(l.f.Nodes[name], have)
		}
	}
}

// meet keeps at a node what is set on the new path too; true when that changed something.
func meet(set map[string]map[string]bool, node string, have map[string]bool) bool {
	before, reached := set[node]
	if !reached {
		set[node] = have
		return true
	}
	both := map[string]bool{}
	for v := range before {
		if have[v] {
			both[v] = true
		}
	}
	set[node] = both
	return len(both) != len(before)
}

// after returns what is set when a node is left by an outcome.
func after(n *ivr.Node, outcome string, have map[string]bool) map[string]bool {
	var more []string
	switch s := n.Step.(type) {
	case *ivr.Gather:
		if outcome == ivr.OutOK {
			more = []string{s.Var}
		}
	case *ivr.Set:
		for _, a := range s.Vars {
			more = append(more, a.Name)
		}
	case *ivr.Call:
		for _, a := range s.Save {
			if outcome != ivr.OutError {
				more = append(more, a.Name)
			}
		}
	case *ivr.Lookup:
		for _, a := range s.Save {
			if outcome == ivr.OutFound {
				more = append(more, a.Name)
			}
		}
	case *ivr.Switch:
		for i, c := range s.Cases {
			if outcome == ivr.CaseOutcome(i) && c.Test.How == ivr.CompareSet && c.Test.Values[0] == "true" {
				more = []string{c.Test.Var}
			}
		}
	}
	out := maps.Clone(have)
	for _, v := range more {
		out[v] = true
	}
	return out
}

func (l *linter) reads(n *ivr.Node, have map[string]bool) {
	have = maps.Clone(have)
	if g, ok := n.Step.(*ivr.Gather); ok && g.Confirm != nil {
		// The confirmation speaks what was just collected; the prompt before it must not.
		l.unset(n, itemReads(g.Prompt), have)
		have[g.Var] = true
	}
	if s, ok := n.Step.(*ivr.Set); ok {
		for _, a := range s.Vars {
			l.unset(n, textReads(a.At, a.Value), have)
			have[a.Name] = true
		}
		l.unset(n, textReads(n.At, s.Language), have)
		return
	}
	l.unset(n, itemReads(n.Items()), have)
	l.unset(n, stepReads(n), have)
}

func (l *linter) unset(n *ivr.Node, reads []read, have map[string]bool) {
	for _, r := range reads {
		switch {
		case ivr.Given(r.name) || have[r.name]:
		case !ivr.ValidVariable(r.name):
			l.fault(CodeUnset, r.at, n.Name, "there is no {{%s}}; a call has call.caller, call.name, call.did, call.language, call.pbx and call.id, and that of a campaign lead.FIELD", r.name)
		default:
			l.fault(CodeUnset, r.at, n.Name, "variable %q is read here, and on some path nothing has set it", r.name)
		}
	}
}

// LeadFields are the fields of leads that a flow reads, or one that it goes through, in order.
func LeadFields(flows map[string]*ivr.Flow, id string) (out []string) {
	for _, f := range through(flows, id, map[string]bool{}) {
		for _, n := range f.Nodes {
			reads := append(itemReads(n.Items()), stepReads(n)...)
			if s, ok := n.Step.(*ivr.Switch); ok { // also whether it is there
				for _, c := range s.Cases {
					reads = append(reads, read{name: c.Test.Var, at: c.At})
				}
			}
			for _, r := range reads {
				if field, ok := ivr.LeadField(r.name); ok {
					out = append(out, field)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// through are a flow and those that it goes through.
func through(flows map[string]*ivr.Flow, id string, seen map[string]bool) []*ivr.Flow {
	f := flows[id]
	if f == nil || seen[id] {
		return nil
	}
	seen[id] = true
	out := []*ivr.Flow{f}
	for _, n := range f.Nodes {
		if c, ok := n.Step.(*ivr.Call); ok {
			out = append(out, through(flows, c.Flow, seen)...)
		}
	}
	return out
}

func itemReads(items []ivr.Item) []read {
	var out []read
	for _, it := range items {
		if it.Say != nil {
			out = append(out, textReads(it.At, it.Say.Value)...)
		}
	}
	return out
}

func textReads(at ivr.Pos, texts ...string) []read {
	var out []read
	for _, t := range texts {
		for _, name := range ivr.References(t) {
			out = append(out, read{name: name, at: at})
		}
	}
	return out
}

// stepReads lists what a step reads besides its prompts.
func stepReads(n *ivr.Node) []read {
	switch s := n.Step.(type) {
	case *ivr.Queue:
		return append(textReads(n.At, s.Queue, s.Prefer, s.Priority, s.Tier), assignReads(s.About)...)
	case *ivr.Callback:
		return textReads(n.At, s.Queue, s.Number)
	case *ivr.Record:
		return textReads(n.At, s.Mailbox)
	case *ivr.Transfer:
		return textReads(n.At, s.To)
	case *ivr.Agent:
		return textReads(n.At, s.Agent, s.PIN, s.Reason, s.Disposition)
	case *ivr.Set: // in order: one may read what the one before has set
		return append(assignReads(s.Vars), textReads(n.At, s.Language)...)
	case *ivr.Switch:
		var out []read
		for _, c := range s.Cases {
			if c.Test.How != ivr.CompareSet {
				out = append(out, read{name: c.Test.Var, at: c.At})
			}
			out = append(out, textReads(c.At, c.Test.Values...)...)
		}
		return out
	case *ivr.Lookup:
		return assignReads(s.Params)
	case *ivr.Call:
		return assignReads(s.Params)
	case *ivr.Return:
		return assignReads(s.Values)
	}
	return nil
}

func assignReads(list []ivr.Assign) []read {
	var out []read
	for _, a := range list {
		out = append(out, textReads(a.At, a.Value)...)
	}
	return out
}
