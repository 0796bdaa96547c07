package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/operadora/operadora/ivr"
)

// flowText draws a flow as text: its nodes in the order in which calls come to
// them, each with its ways.
func flowText(f *ivr.Flow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "flow %s (%s), %s, starts at %s\n", f.ID, f.At.File, strings.Join(f.Languages, ", "), f.Start)
	reached := inOrder(f)
	for _, name := range reached {
		writeNode(&b, f, f.Nodes[name])
	}
	lost := slices.DeleteFunc(f.NodeNames(), func(name string) bool { return slices.Contains(reached, name) })
	if len(lost) > 0 {
		b.WriteString("\nnever reached:\n")
	}
	for _, name := range lost {
		writeNode(&b, f, f.Nodes[name])
	}
	return b.String()
}

// inOrder lists the nodes that can be reached, nearest to the start first.
func inOrder(f *ivr.Flow) []string {
	var out []string
	add := func(name string) {
		if f.Nodes[name] != nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	add(f.Start)
	for i := 0; i < len(out); i++ {
		for _, w := range waysOf(f, f.Nodes[out[i]]) {
			add(w.to)
		}
	}
	return out
}

// waysTo are all outcomes of a node that lead to one place.
type waysTo struct {
	to       string
	own      bool // written at the node, not the flow's on_error or a rule
	outcomes []string
}

// waysOf gathers the ways of a node by where they lead. What merely follows
// another outcome is left out.
func waysOf(f *ivr.Flow, n *ivr.Node) []waysTo {
	var out []waysTo
	for _, w := range f.Ways(n) {
		if w.To == "" || (w.Rule.Optional && !w.Own) {
			continue
		}
		i := slices.IndexFunc(out, func(o waysTo) bool { return o.to == w.To && o.own == w.Own })
		if i < 0 {
			i, out = len(out), append(out, waysTo{to: w.To, own: w.Own})
		}
		out[i].outcomes = append(out[i].outcomes, outcomeWords(n, w.Outcome))
	}
	return out
}

func writeNode(b *strings.Builder, f *ivr.Flow, n *ivr.Node) {
	fmt.Fprintf(b, "\n%s: %s\n", n.Name, nodeWords(n))
	for _, w := range waysOf(f, n) {
		to := w.to
		if to == ivr.End {
			to = "hang up"
		}
		if !w.own {
			to += " (by rule or on_error)"
		}
		fmt.Fprintf(b, "    %s -> %s\n", strings.Join(w.outcomes, ", "), to)
	}
}

// outcomeWords says an outcome as a person would.
func outcomeWords(n *ivr.Node, outcome string) string {
	switch s := n.Step.(type) {
	case *ivr.Menu:
		for _, k := range s.Keys {
			if ivr.KeyOutcome(k) == outcome {
				return "key " + k
			}
		}
	case *ivr.Switch:
		for i, c := range s.Cases {
			if ivr.CaseOutcome(i) == outcome {
				return c.Test.String()
			}
		}
	}
	return outcome
}

// nodeWords says what a node does and plays.
func nodeWords(n *ivr.Node) string {
	words := string(n.Type)
	switch s := n.Step.(type) {
	case *ivr.Queue:
		words += " in " + s.Queue
		if s.MaxWait > 0 {
			words += " for at most " + s.MaxWait.String()
		}
	case *ivr.Transfer:
		words += " to " + s.To
	case *ivr.Hours:
		words += " of " + s.Calendar
	case *ivr.Call:
		words += " of flow " + s.Flow
	case *ivr.Return:
		words += " " + s.Outcome
	case *ivr.Gather:
		words += fmt.Sprintf(" of %d to %d digits", s.Min, s.Max)
	case *ivr.Record:
		words += " for at most " + s.Max.String()
	case *ivr.Agent:
		words += " " + s.Op
	}
	switch heard := itemWords(n.Items()); {
	case heard == "":
		return words
	case n.Type == ivr.NodePlay || n.Type == ivr.NodeSay:
		return words + " " + heard
	default:
		return words + ", plays " + heard
	}
}

// itemWords names what is played, each once.
func itemWords(items []ivr.Item) string {
	var names []string
	for _, it := range items {
		name := ""
		switch {
		case it.Prompt != "":
			name = it.Prompt
		case it.Sound != "":
			name = "sound " + it.Sound
		case it.Tone != "":
			name = "tone " + it.Tone
		case it.Say != nil:
			name = string(it.Say.Form) + " " + it.Say.Value
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
