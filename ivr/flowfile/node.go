package flowfile

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/operadora/operadora/ivr"
)

func (r *reader) nodes(o *object, f *ivr.Flow, d defaults) {
	if o == nil {
		r.fault(CodeStart, f.At, "a flow needs nodes")
		return
	}
	for _, name := range o.keys {
		at := o.vals[name].key
		r.node = name
		n := o.take(name)
		if n == nil {
			continue
		}
		switch {
		case !ivr.ValidName(name):
			r.fault(CodeForm, at, "%q cannot name a node: letters, digits, - and _ only", name)
		case name == ivr.End:
			r.fault(CodeForm, at, "%q cannot name a node: as a target it means to hang up", name)
		default:
			if c := r.object(n, "node "+name); c != nil {
				c.at = at
				r.oneNode(c, name, f, d)
			}
		}
	}
	r.node = ""
}

func (r *reader) oneNode(o *object, name string, f *ivr.Flow, d defaults) {
	kind := ivr.NodeType(o.must("type"))
	read, ok := stepReaders[kind]
	if !ok {
		if kind != "" {
			r.fault(CodeForm, o.posOf("type"), "there is no node type %q%s", kind, Suggest(string(kind), typeNames()))
		}
		return
	}
	n := &ivr.Node{Name: name, Type: kind, At: o.at, On: map[string]ivr.Edge{}}
	n.Step = read(r, o, n, d)
	r.edges(o, n)
	o.done()
	if n.Step != nil {
		f.Nodes[name] = n
	}
}

func typeNames() []string {
	var out []string
	for _, t := range ivr.NodeTypes() {
		out = append(out, string(t))
	}
	return out
}

// edges reads "next" and "on", and refuses outcomes that the node never has.
func (r *reader) edges(o *object, n *ivr.Node) {
	if o.has("next") {
		r.edge(n, ivr.OutNext, o.text("next"), o.posOf("next"), o.vals["next"].key)
	}
	o.used["next"] = true
	on := o.child("on")
	if on == nil {
		return
	}
	for _, outcome := range on.keys {
		r.edge(n, outcome, on.text(outcome), on.posOf(outcome), on.vals[outcome].key)
	}
}

func (r *reader) edge(n *ivr.Node, outcome, to string, at, key ivr.Pos) {
	if to == "" {
		return
	}
	_, known := ivr.Rule(n.Type, outcome)
	reserved := strings.HasPrefix(outcome, "key:") || strings.HasPrefix(outcome, "case:")
	if !known || reserved {
		r.fault(CodeOutcome, key, "a node of type %s never has the outcome %q%s", n.Type, outcome, Suggest(outcome, outcomeNames(n.Type)))
		return
	}
	r.addEdge(n, outcome, to, at)
}

func (r *reader) addEdge(n *ivr.Node, outcome, to string, at ivr.Pos) {
	if _, twice := n.On[outcome]; twice {
		r.fault(CodeForm, at, "outcome %q has two edges", outcome)
		return
	}
	n.On[outcome] = ivr.Edge{To: to, At: at}
}

func outcomeNames(t ivr.NodeType) []string {
	out := []string{}
	for _, rule := range ivr.OutcomeRules(t) {
		out = append(out, rule.Name)
	}
	if t == ivr.NodeHours {
		out = append(out, "holiday:<name>")
	}
	if len(out) == 0 {
		out = []string{"none"}
	}
	slices.Sort(out)
	return out
}

// stepReaders reads what is particular to each node type. A reader returns nil
// when the step cannot be made; it has told why.
var stepReaders = map[ivr.NodeType]func(*reader, *object, *ivr.Node, defaults) ivr.Step{
	ivr.NodeAnswer:   func(*reader, *object, *ivr.Node, defaults) ivr.Step { return &ivr.Answer{} },
	ivr.NodePlay:     readPlay,
	ivr.NodeSay:      readSay,
	ivr.NodeMenu:     readMenu,
	ivr.NodeGather:   readGather,
	ivr.NodeSet:      readSet,
	ivr.NodeSwitch:   readSwitch,
	ivr.NodeHours:    readHours,
	ivr.NodeQueue:    readQueue,
	ivr.NodeRecord:   readRecord,
	ivr.NodeTransfer: readTransfer,
	ivr.NodeCall:     readCall,
	ivr.NodeReturn:   readReturn,
	ivr.NodeAgent:    readAgent,
	ivr.NodeContinue: readContinue,
	ivr.NodeHangup:   readHangup,
}

func readPlay(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	s := &ivr.Play{Prompt: o.prompt("prompt"), BargeIn: o.flag("barge_in", false)}
	if len(s.Prompt) == 0 {
		r.fault(CodeForm, o.at, "%s needs a prompt", o.what)
	}
	return s
}

func readSay(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	s := &ivr.Play{BargeIn: o.flag("barge_in", false)}
	if v := r.say(o); v != nil {
		s.Prompt = []ivr.Item{{Say: v, At: o.at}}
	}
	return s
}

func (r *reader) question(o *object, d defaults) ivr.Question {
	q := ivr.Question{Prompt: o.prompt("prompt"), Again: o.tries("reprompt"), Silent: o.tries("noinput"),
		Wrong: o.tries("nomatch"), BargeIn: o.flag("barge_in", d.bargeIn), Flush: o.flag("flush", false),
		Waits: r.waits(o, d.waits), Retries: r.retries(o, d.retries)}
	if len(q.Prompt) == 0 {
		r.fault(CodeForm, o.at, "%s needs a prompt", o.what)
	}
	return q
}

func readMenu(r *reader, o *object, n *ivr.Node, d defaults) ivr.Step {
	m := &ivr.Menu{Question: r.question(o, d)}
	keys := o.child("keys")
	if keys == nil || len(keys.keys) == 0 {
		r.fault(CodeForm, o.at, "%s needs keys, such as keys: {\"1\": sales}", o.what)
		return m
	}
	for _, k := range keys.keys {
		at := keys.vals[k].key
		if !validKeys(k) {
			r.fault(CodeKeys, at, "%q are no telephone keys: 0 to 9, * and #", k)
			continue
		}
		for _, other := range m.Keys {
			if strings.HasPrefix(k, other) || strings.HasPrefix(other, k) {
				r.fault(CodeKeys, at, "keys %q and %q are ambiguous: one is the beginning of the other", other, k)
			}
		}
		m.Keys = append(m.Keys, k)
		if to := keys.text(k); to != "" {
			r.addEdge(n, ivr.KeyOutcome(k), to, keys.posOf(k))
		}
	}
	return m
}

// validKeys tells whether a text is one to eight keys of a telephone.
func validKeys(k string) bool {
	return k != "" && len(k) <= 8 && strings.Trim(k, "0123456789*#") == ""
}

func readGather(r *reader, o *object, _ *ivr.Node, d defaults) ivr.Step {
	g := &ivr.Gather{Question: r.question(o, d), Var: r.variable(o, "var"), Mask: o.flag("mask", false),
		Min: 1, Max: 32, Terminator: "#", Allowed: "0123456789"}
	c := o.child("digits")
	if c == nil {
		if !o.has("digits") {
			r.fault(CodeForm, o.at, "%s needs digits, such as digits: {min: 6, max: 8}", o.what)
		}
		return g
	}
	g.Min, g.Max = c.number("min", 1), c.number("max", 0)
	if c.has("terminator") {
		g.Terminator = c.text("terminator")
	}
	if c.has("allowed") {
		g.Allowed = c.text("allowed")
	}
	c.done()
	r.bounds(g, c)
	r.confirm(o, g)
	return g
}

// maxDigits is the most that a gather collects; it is also what is kept typed ahead.
const maxDigits = 32

func (r *reader) bounds(g *ivr.Gather, c *object) {
	switch {
	case g.Max < 1 || g.Max > maxDigits:
		r.fault(CodeBounds, c.at, "max must be from 1 to %d digits, not %d", maxDigits, g.Max)
	case g.Min > g.Max:
		r.fault(CodeBounds, c.at, "min is %d and max is only %d digits", g.Min, g.Max)
	}
	if g.Terminator != "" && (len(g.Terminator) > 1 || !validKeys(g.Terminator)) {
		r.fault(CodeBounds, c.posOf("terminator"), "the terminator is one key or \"\" for none, not %q", g.Terminator)
	}
	if strings.Trim(g.Allowed, "0123456789*#") != "" || g.Allowed == "" {
		r.fault(CodeBounds, c.posOf("allowed"), "%q are no telephone keys: 0 to 9, * and #", g.Allowed)
	}
	if g.Terminator != "" && strings.Contains(g.Allowed, g.Terminator) {
		r.fault(CodeBounds, c.at, "key %q ends the input and is allowed in it as well", g.Terminator)
	}
}

func (r *reader) confirm(o *object, g *ivr.Gather) {
	c := o.child("confirm")
	if c == nil {
		return
	}
	g.Confirm = &ivr.Confirm{Prompt: c.prompt("prompt"), Yes: "1", No: "2"}
	if c.has("yes") {
		g.Confirm.Yes = c.text("yes")
	}
	if c.has("no") {
		g.Confirm.No = c.text("no")
	}
	c.done()
	if len(g.Confirm.Prompt) == 0 {
		r.fault(CodeForm, c.at, "%s needs a prompt", c.what)
	}
	if len(g.Confirm.Yes) != 1 || len(g.Confirm.No) != 1 || !validKeys(g.Confirm.Yes+g.Confirm.No) || g.Confirm.Yes == g.Confirm.No {
		r.fault(CodeKeys, c.at, "yes and no of %s must be two different keys", c.what)
	}
}

// variable reads the name of a variable that the node sets.
func (r *reader) variable(o *object, key string) string {
	name := o.must(key)
	if name != "" && !ivr.ValidVariable(name) {
		r.fault(CodeForm, o.posOf(key), "%q cannot name a variable: letters, digits and _ only", name)
	}
	return name
}

// assigns reads "name: value" lines, whose names are those of variables.
func (r *reader) assigns(o *object) []ivr.Assign {
	if o == nil {
		return nil
	}
	var out []ivr.Assign
	for _, name := range o.keys {
		at := o.vals[name].key
		if !ivr.ValidVariable(name) {
			r.fault(CodeForm, at, "%q cannot name a variable: letters, digits and _ only", name)
		}
		if _, null := o.vals[name].val.(*ast.NullNode); null {
			o.take(name)
			continue
		}
		out = append(out, ivr.Assign{Name: name, Value: o.text(name), At: at})
	}
	return out
}
