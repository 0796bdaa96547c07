package flowfile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/say"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Parse reads one flow file. The error is of type yamlfile.Faults. It looks at the
// file alone: what needs the other definitions is for Lint.
func Parse(src ivr.Source) (*ivr.Flow, error) {
	f, _, faults := readFlow(src)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// decode reads a file into its shape; false when there is nothing to be made of it.
func decode(src ivr.Source, into any) (yamlfile.Faults, bool) {
	f, faults := yamlfile.Parse(src.File, src.YAML)
	if f == nil {
		return faults, false
	}
	if f.Empty() {
		return yamlfile.Faults{{At: yamlfile.Pos{File: src.File, Line: 1, Column: 1}, Code: CodeForm, Text: "the file is empty"}}, false
	}
	return f.Decode(into, yamlfile.Options{}), true
}

// reader makes a flow of its shape and collects what does not go together.
type reader struct {
	flow, node string // what is being made, for the faults
	faults     yamlfile.Faults
}

func (r *reader) fault(code yamlfile.Code, at yamlfile.Pos, format string, args ...any) {
	r.faults = append(r.faults, yamlfile.Fault{Code: code, At: at, Where: where(r.flow, r.node), Text: fmt.Sprintf(format, args...)})
}

// where says in words which flow and node a fault is about.
func where(flow, node string) string {
	switch {
	case flow == "":
		return ""
	case node == "":
		return "flow " + flow
	}
	return "flow " + flow + ", node " + node
}

// readFlow returns a flow, nil when the file cannot be made sense of at all,
// and those of its nodes that are faulty: they have edges only.
func readFlow(src ivr.Source) (*ivr.Flow, map[string]*ivr.Node, yamlfile.Faults) {
	var s Flow
	faults, ok := decode(src, &s)
	if !ok || s.Flow.Value == "" {
		return nil, nil, faults
	}
	f := &ivr.Flow{At: s.At, ID: s.Flow.Value, Version: s.Version, Language: s.Language, Languages: s.Languages, Params: s.Params,
		Start: s.Start.Value, StartAt: s.Start.At, OnError: s.Defaults.OnError.Value, OnErrorAt: s.Defaults.OnError.At,
		Prompts: map[string]*ivr.Prompt{}, Nodes: map[string]*ivr.Node{}}
	if f.Language != "" && !slices.Contains(f.Languages, f.Language) {
		f.Languages = append([]string{f.Language}, f.Languages...)
	}
	for _, p := range s.Prompts {
		f.Prompts[p.Key] = p.Value.prompt(p.Key, p.At)
	}
	r := &reader{flow: f.ID}
	faulty := map[string]*ivr.Node{}
	for _, n := range s.Nodes {
		r.node = n.Key
		if n.Key == ivr.End {
			r.fault(CodeForm, n.At, "%q cannot name a node: as a target it means to hang up", n.Key)
			continue
		}
		before := len(r.faults)
		node := r.oneNode(n, s.Defaults)
		wrong := slices.ContainsFunc(faults, func(f yamlfile.Fault) bool { return within(f.Where, "nodes."+n.Key) })
		switch {
		case wrong:
			r.faults = slices.Concat(r.faults[:before], slices.DeleteFunc(slices.Clone(r.faults[before:]), func(f yamlfile.Fault) bool {
				return f.At == n.At || f.Code == CodeBounds // it follows from what is told already
			}))
			faulty[n.Key] = node
		case len(r.faults) > before:
			faulty[n.Key] = node
		default:
			f.Nodes[n.Key] = node
		}
	}
	return f, faulty, append(faults, r.faults...)
}

// within tells whether a path is another one or below it.
func within(path, above string) bool {
	rest, ok := strings.CutPrefix(path, above)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (p promptShape) prompt(key string, at yamlfile.Pos) *ivr.Prompt {
	out := &ivr.Prompt{Key: key, At: at, Sounds: map[string][]string{}, Text: map[string]string{}}
	if len(p.Sound) > 0 {
		out.Sounds[""] = p.Sound
	}
	for _, l := range p.In {
		out.Sounds[l.Key] = l.Value
	}
	if p.Text.All != "" {
		out.Text[""] = p.Text.All
	}
	for _, l := range p.Text.In {
		out.Text[l.Key] = l.Value
	}
	return out
}

func (r *reader) oneNode(n yamlfile.Entry[nodeShape], d Defaults) *ivr.Node {
	node := &ivr.Node{Name: n.Key, Type: ivr.NodeType(n.Value.Type), At: n.At, On: map[string]ivr.Edge{}}
	if n.Value.Step != nil {
		node.Step = r.step(node, n.Value.Step, d)
	}
	if next := n.Value.Next; next.Value != "" {
		r.edge(node, ivr.OutNext, next, next.At)
	}
	for _, e := range n.Value.On {
		r.edge(node, e.Key, e.Value, e.At)
	}
	return node
}

// edge adds an edge, and refuses an outcome that the node never has.
func (r *reader) edge(n *ivr.Node, outcome string, to yamlfile.Text, key yamlfile.Pos) {
	_, known := ivr.Rule(n.Type, outcome)
	if !known || strings.HasPrefix(outcome, "key:") || strings.HasPrefix(outcome, "case:") {
		r.fault(CodeOutcome, key, "a node of type %s never has the outcome %q%s", n.Type, outcome, yamlfile.Suggest(outcome, outcomeNames(n.Type)))
		return
	}
	r.addEdge(n, outcome, to)
}

func (r *reader) addEdge(n *ivr.Node, outcome string, to yamlfile.Text) {
	if _, twice := n.On[outcome]; twice {
		r.fault(CodeForm, to.At, "outcome %q has two edges", outcome)
		return
	}
	if to.Value != "" {
		n.On[outcome] = ivr.Edge{To: to.Value, At: to.At}
	}
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

// step makes what is particular to a node's type.
func (r *reader) step(n *ivr.Node, shape any, d Defaults) ivr.Step {
	switch s := shape.(type) {
	case *playShape:
		return &ivr.Play{Prompt: r.asked(n, s.Prompt), BargeIn: s.BargeIn}
	case *sayNode:
		s.At = n.At
		return &ivr.Play{Prompt: []ivr.Item{{Say: r.say(&s.sayShape), At: n.At}}, BargeIn: s.BargeIn}
	case *menuShape:
		return r.menu(n, s, d)
	case *gatherShape:
		return r.gather(n, s, d)
	case *setShape:
		if s.Language == "" && len(s.Vars) == 0 {
			r.fault(CodeForm, n.At, "it sets nothing: it needs vars or language")
		}
		return &ivr.Set{Vars: assigns(s.Vars), Language: s.Language}
	case *switchShape:
		return r.switched(n, s)
	case *hoursShape:
		return &ivr.Hours{Calendar: s.Calendar}
	case *queueShape:
		q := &ivr.Queue{Queue: s.Queue, Priority: s.Priority, MaxWait: s.MaxWait, ExitKey: s.ExitKey,
			Needs: s.Needs, About: assigns(s.About), Tier: s.Tier, Prefer: s.Prefer, Patience: s.Patience}
		for _, k := range s.Keys {
			if k.Key == s.ExitKey {
				r.fault(CodeKeys, k.At, "key %q is the exit_key as well", k.Key)
			}
			q.Keys = append(q.Keys, k.Key)
			r.addEdge(n, ivr.KeyOutcome(k.Key), k.Value)
		}
		return q
	case *recordShape:
		return &ivr.Record{Format: s.Format, Max: s.Max, Silence: s.Silence, Terminator: s.Terminator, Beep: s.Beep, Mailbox: s.Mailbox}
	case *transferShape:
		return &ivr.Transfer{To: s.To, Timeout: s.Timeout}
	case *callbackShape:
		return &ivr.Callback{Op: orchestrator.CallbackOp(s.Op), Queue: s.Queue, Number: s.Number}
	case *lookupShape:
		return &ivr.Lookup{Source: s.Source, Params: assigns(s.Params), Save: assigns(s.Save), Filler: r.items(s.Filler)}
	case *callShape:
		return &ivr.Call{Flow: s.Flow, Params: assigns(s.Params), Save: assigns(s.Save)}
	case *returnShape:
		return &ivr.Return{Outcome: s.Outcome, Values: assigns(s.Values)}
	case *agentShape:
		return &ivr.Agent{Op: s.Op, Agent: s.Agent, PIN: s.PIN, Reason: s.Reason, Disposition: s.Disposition, To: s.To}
	case *continueShape:
		return &ivr.Continue{Place: orchestrator.DialplanPlace{Context: s.Context, Extension: s.Extension}}
	case *hangupShape:
		return &ivr.Hangup{Cause: causes[s.Cause], Outcome: s.Outcome}
	}
	return &ivr.Answer{}
}

// causes are the ways to hang up that an administrator may name.
var causes = map[string]orchestrator.Cause{
	"normal": orchestrator.CauseNormal, "busy": orchestrator.CauseBusy,
	"rejected": orchestrator.CauseRejected, "congestion": orchestrator.CauseCongestion,
}

func assigns(m yamlfile.Map[string]) (out []ivr.Assign) {
	for _, e := range m {
		out = append(out, ivr.Assign{Name: e.Key, Value: e.Value, At: e.At})
	}
	return out
}

// asked is items of which there must be some.
func (r *reader) asked(n *ivr.Node, list []itemShape) []ivr.Item {
	if len(list) == 0 {
		r.fault(CodeForm, n.At, "its prompt is empty")
	}
	return r.items(list)
}

func (r *reader) items(list []itemShape) (out []ivr.Item) {
	for _, s := range list {
		it := ivr.Item{At: s.At, Prompt: s.Prompt, Sound: s.Sound, Tone: s.Tone}
		found := 0
		for _, has := range []bool{s.Prompt != "", s.Sound != "", s.Tone != "", s.Say != nil} {
			if has {
				found++
			}
		}
		if found != 1 {
			r.fault(CodeForm, s.At, "each entry of a prompt has exactly one of say, sound and tone, or is a prompt's name")
			continue
		}
		if s.Say != nil {
			it.Say = r.say(s.Say)
		}
		out = append(out, it)
	}
	return out
}

func (r *reader) tries(lists [][]itemShape) (out ivr.Tries) {
	for _, l := range lists {
		out = append(out, r.items(l))
	}
	return out
}

func (r *reader) say(s *sayShape) *ivr.Say {
	out := &ivr.Say{Gender: s.Gender, Currency: s.Currency}
	found := 0
	for form, value := range map[ivr.SayForm]*string{ivr.SayDigits: s.Digits, ivr.SayNumber: s.Number, ivr.SayDate: s.Date,
		ivr.SayTime: s.Time, ivr.SayMoney: s.Money} {
		if value != nil {
			out.Form, out.Value = form, *value
			found++
		}
	}
	if found != 1 {
		r.fault(CodeForm, s.At, "what is said is exactly one of digits, number, date, time and money")
	} else if out.Form == ivr.SayMoney && !say.Currency(s.Currency) {
		r.fault(CodeForm, s.At, "amounts in currency %q cannot be spoken", s.Currency)
	}
	return out
}

func (r *reader) question(n *ivr.Node, s *questionShape, d Defaults) ivr.Question {
	q := ivr.Question{Prompt: r.asked(n, s.Prompt), Again: r.tries(s.Reprompt), Silent: r.tries(s.NoInput), Wrong: r.tries(s.NoMatch),
		BargeIn: d.BargeIn, Flush: s.Flush}
	if s.BargeIn != nil {
		q.BargeIn = *s.BargeIn
	}
	q.Waits = ivr.Waits{FirstDigit: first(ivr.DefaultFirstDigit, s.FirstDigit, d.FirstDigit),
		InterDigit: first(ivr.DefaultInterDigit, s.InterDigit, d.InterDigit)}
	q.Retries = ivr.Retries{NoInput: first(ivr.DefaultRetries, s.Retries.NoInput, s.Retries.Both, d.Retries.NoInput, d.Retries.Both),
		NoMatch: first(ivr.DefaultRetries, s.Retries.NoMatch, s.Retries.Both, d.Retries.NoMatch, d.Retries.Both)}
	return q
}

// first returns the first value that is there, else absent.
func first[T time.Duration | int](absent T, values ...*T) T {
	for _, v := range values {
		if v != nil {
			return *v
		}
	}
	return absent
}

func (r *reader) menu(n *ivr.Node, s *menuShape, d Defaults) ivr.Step {
	m := &ivr.Menu{Question: r.question(n, &s.questionShape, d)}
	if len(s.Keys) == 0 {
		r.fault(CodeForm, n.At, "it needs keys, such as keys: {\"1\": sales}")
	}
	for _, k := range s.Keys {
		for _, other := range m.Keys {
			if strings.HasPrefix(k.Key, other) || strings.HasPrefix(other, k.Key) {
				r.fault(CodeKeys, k.At, "keys %q and %q are ambiguous: one is the beginning of the other", other, k.Key)
			}
		}
		m.Keys = append(m.Keys, k.Key)
		r.addEdge(n, ivr.KeyOutcome(k.Key), k.Value)
	}
	return m
}

func (r *reader) gather(n *ivr.Node, s *gatherShape, d Defaults) ivr.Step {
	g := &ivr.Gather{Question: r.question(n, &s.questionShape, d), Var: s.Var, Mask: s.Mask,
		Min: s.Digits.Min, Max: s.Digits.Max, Terminator: s.Digits.Terminator, Allowed: s.Digits.Allowed}
	if g.Min > g.Max {
		r.fault(CodeBounds, s.Digits.At, "min is %d and max is only %d digits", g.Min, g.Max)
	}
	if g.Terminator != "" && strings.Contains(g.Allowed, g.Terminator) {
		r.fault(CodeBounds, s.Digits.At, "key %q ends the input and is allowed in it as well", g.Terminator)
	}
	if c := s.Confirm; c != nil {
		g.Confirm = &ivr.Confirm{Prompt: r.asked(n, c.Prompt), Yes: c.Yes, No: c.No}
		if c.Yes == c.No {
			r.fault(CodeKeys, c.At, "yes and no must be two different keys")
		}
	}
	return g
}

func (r *reader) switched(n *ivr.Node, s *switchShape) ivr.Step {
	out := &ivr.Switch{}
	if s.Else.Value != "" {
		r.addEdge(n, ivr.OutElse, s.Else)
	}
	if len(s.Cases) == 0 {
		r.fault(CodeForm, n.At, "it needs cases, a list such as - {var: tier, equals: gold, next: vip}")
	}
	for i, c := range s.Cases {
		out.Cases = append(out.Cases, ivr.Case{Test: r.test(c), At: c.At})
		r.addEdge(n, ivr.CaseOutcome(i), c.Next)
	}
	return out
}

func (r *reader) test(c caseShape) ivr.Test {
	var how ivr.Comparison
	var values []string
	found := 0
	for name, value := range map[ivr.Comparison]*string{ivr.CompareEquals: c.Equals, ivr.CompareNot: c.NotEquals, ivr.ComparePrefix: c.Prefix,
		ivr.CompareMatches: c.Matches, ivr.CompareAtLeast: c.AtLeast, ivr.CompareAtMost: c.AtMost, ivr.CompareSet: c.Set} {
		if value != nil {
			how, values = name, []string{*value}
			found++
		}
	}
	if c.In != nil {
		how, values = ivr.CompareIn, c.In
		found++
	}
	if found != 1 {
		r.fault(CodeForm, c.At, "a case needs exactly one comparison: equals, not_equals, in, prefix, matches, at_least, at_most or set")
		return ivr.Test{Var: c.Var}
	}
	t, err := ivr.NewTest(c.Var, how, values...)
	if err != nil {
		r.fault(CodeForm, c.At, "%v", err)
	}
	return t
}
