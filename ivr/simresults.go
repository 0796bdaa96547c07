package ivr

import (
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// SimEvent is something that can happen to a call in a script of Sim.
type SimEvent struct {
	Form  string // as it is written, with | between the choices and [ ] around what may be left out
	Means string
}

// SimEvents lists all that can follow < in a script of Sim.
func SimEvents() []SimEvent {
	return []SimEvent{
		{"dtmf 1", "keys, after the prompt was heard"},
		{"barge 1", "keys while the prompt is heard"},
		{"silence", "no key until the flow's patience ends"},
		{"wait 90s", "time passes"},
		{resultForm(NodeQueue), "what the queue answers"},
		{resultForm(NodeRecord), "a message was left, or not"},
		{resultForm(NodeTransfer), "what came of a transfer"},
		{resultForm(NodeCallback), "what came of a callback that was asked for"},
		{resultForm(NodeLookup), "what a source answers, with the results of one that found something"},
		{resultForm(NodeAgent), "the answer to an agent's operation, and the agent's language"},
		{"resume", "the process was replaced"},
		{"hangup", "the caller is gone"},
	}
}

// resultForm writes the results that a node of a type may get.
func resultForm(t NodeType) string {
	if t == NodeRecord {
		return "recorded 12s|failed"
	}
	form := string(t) + " " + strings.Join(resultsOf(t), "|")
	switch t {
	case NodeAgent:
		form += " [es]"
	case NodeLookup:
		form += " [name=value ...]"
	default: // the outcome says it all
	}
	return form
}

// resultsOf lists the results of a node type: its outcomes without the one
// that only stands in for others.
func resultsOf(t NodeType) []string {
	var out []string
	for _, r := range OutcomeRules(t) {
		if r.Name != OutFail {
			out = append(out, r.Name)
		}
	}
	return out
}

// resultKinds are the node types that wait for a result, by the word of its line.
var resultKinds = map[string]struct {
	node  NodeType
	phase phase
	not   string // why the result does not fit elsewhere
}{
	"queue":    {NodeQueue, phaseQueue, "the call is in no queue"},
	"recorded": {NodeRecord, phaseRecord, "no message is being recorded"},
	"transfer": {NodeTransfer, phaseTransfer, "no transfer is under way"},
	"callback": {NodeCallback, phaseCallback, "no callback is asked for"},
	"lookup":   {NodeLookup, phaseLookup, "no source is asked"},
	"agent":    {NodeAgent, phaseAgent, "no agent's operation is under way"},
}

// result gives the flow the result that it waits for; another one is an error,
// for a real call would never bring it.
func (s *Sim) result(word string, args []string) error {
	st, err := decodeState(s.state)
	if err != nil {
		return err
	}
	kind := resultKinds[word]
	if st.Phase != kind.phase {
		return s.unfit(fmt.Sprintf("%s at node %s", kind.not, st.Node))
	}
	in, ok := readResult(word, args)
	if !ok {
		return s.unfit(fmt.Sprintf("%q is nothing that can come of node %s", strings.Join(append([]string{word}, args...), " "), st.Node))
	}
	in.Ref = st.Look // of a look-up
	return s.feed(in)
}

// readResult reads what stands behind the word of a result.
func readResult(word string, args []string) (in orchestrator.FlowInput, ok bool) {
	if word == "lookup" {
		return readLookup(args)
	}
	if len(args) == 0 || (len(args) > 1 && word != "agent") || len(args) > 2 {
		return in, false
	}
	_, known := Rule(resultKinds[word].node, args[0])
	known = known && args[0] != OutFail
	switch word {
	case "queue":
		return orchestrator.FlowInput{Kind: orchestrator.FlowQueued, Result: args[0]}, known
	case "transfer":
		return orchestrator.FlowInput{Kind: orchestrator.FlowTransferred, Result: args[0]}, known
	case "callback":
		return orchestrator.FlowInput{Kind: orchestrator.FlowCallback, Result: args[0]}, known
	case "agent":
		in = orchestrator.FlowInput{Kind: orchestrator.FlowAgent, Answer: orchestrator.AgentAnswer{Result: orchestrator.AgentResult(args[0])}}
		if len(args) == 2 {
			in.Answer.Language, known = args[1], known && ValidLanguage(args[1])
		}
		return in, known
	}
	if args[0] == OutFailed {
		return orchestrator.FlowInput{Kind: orchestrator.FlowRecorded, Failed: true}, true
	}
	d, err := time.ParseDuration(args[0])
	return orchestrator.FlowInput{Kind: orchestrator.FlowRecorded, Duration: d}, err == nil && d >= 0
}

// readLookup reads what a source answers: "none", or "found name=Ana López amount=120". A word
// without = goes on with the value before it.
func readLookup(args []string) (in orchestrator.FlowInput, ok bool) {
	if len(args) == 0 {
		return in, false
	}
	in = orchestrator.FlowInput{Kind: orchestrator.FlowLookedUp, Looked: orchestrator.LookupAnswer{Result: orchestrator.LookupResult(args[0])}}
	_, known := Rule(NodeLookup, args[0])
	if !known || len(args) > 1 && in.Looked.Result != orchestrator.LookupFound {
		return in, false
	}
	in.Looked.Values = map[string]string{}
	last := ""
	for _, word := range args[1:] {
		if name, value, is := strings.Cut(word, "="); is && ValidVariable(name) {
			last, in.Looked.Values[name] = name, value
			continue
		}
		if last == "" {
			return in, false
		}
		in.Looked.Values[last] += " " + word
	}
	return in, true
}

// unfit is an error that also says what can happen now.
func (s *Sim) unfit(why string) error {
	now, err := s.possible()
	if err != nil {
		return err
	}
	return fmt.Errorf("%s; what can happen now: %s", why, strings.Join(now, ", "))
}

// possible lists what can happen where the flow stands.
func (s *Sim) possible() ([]string, error) {
	st, err := decodeState(s.state)
	if err != nil {
		return nil, err
	}
	r := &run{st: &st, rev: s.lib.revision(st.Rev, s.now)}
	if !r.locate() {
		return nil, fmt.Errorf("the flow lost node %q", st.Node)
	}
	var out []string
	for _, kind := range resultKinds {
		if kind.phase == st.Phase {
			out = append(out, resultForm(kind.node))
		}
	}
	switch step := r.node.Step.(type) {
	case *Menu:
		out = append(out, "dtmf "+strings.Join(step.Keys, "|"))
	case *Gather:
		out = append(out, "dtmf 1")
	case *Queue:
		if keys := append(strings.Split(step.ExitKey, ""), step.Keys...); len(keys) > 0 {
			out = append(out, "dtmf "+strings.Join(keys, "|"))
		}
	}
	if s.timer != 0 {
		out = append(out, "silence")
	}
	return append(out, "wait 90s", "resume", "hangup"), nil
}
