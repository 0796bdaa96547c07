package call

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// toyFlow is a flow for tests: answer, a prompt, then a queue; afterwards it
// hangs up, or transfers when the queue timed out. A * in the queue leads to
// voicemail, a # hands the call back to the dialplan, a 0 goes on in another queue.
type toyFlow struct{ unknown bool }

func (g toyFlow) Begin(a orchestrator.Arrival, _ time.Time) (orchestrator.FlowStep, error) {
	if g.unknown {
		return orchestrator.FlowStep{}, fault.New("toy", fault.NotFound, "no flow for %q", a.DID)
	}
	if a.Flow == "pay" {
		return toyStep("pay", toyPrompt, orchestrator.Action{Kind: orchestrator.ActTimer, Ref: 2, After: time.Minute}), nil
	}
	return toyStep("answer", orchestrator.Action{Kind: orchestrator.ActAnswer}), nil
}

var toyPrompt = orchestrator.Action{Kind: orchestrator.ActPlay, Ref: 1, Language: "es",
	Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "hello"}}}

func toyStep(node string, actions ...orchestrator.Action) orchestrator.FlowStep {
	return orchestrator.FlowStep{State: json.RawMessage(strconv.Quote(node)), Actions: actions,
		Notes: []orchestrator.Note{{Flow: "toy", Node: node}}}
}

func (g toyFlow) Next(state json.RawMessage, in orchestrator.FlowInput, _ time.Time) (orchestrator.FlowStep, error) {
	var node string
	if err := json.Unmarshal(state, &node); err != nil {
		return orchestrator.FlowStep{}, err
	}
	prompt := toyPrompt
	stop := []orchestrator.Action{{Kind: orchestrator.ActStopPlay, Ref: 1}, {Kind: orchestrator.ActTimer}}
	queue := func(name string) orchestrator.Action {
		return orchestrator.Action{Kind: orchestrator.ActQueue, Queue: name, MaxWait: 5 * time.Minute}
	}
	bye := orchestrator.Action{Kind: orchestrator.ActHangup, Cause: orchestrator.CauseNormal}
	queued := in.Kind == orchestrator.FlowQueued
	switch {
	case node == "answer" && in.Kind == orchestrator.FlowAnswered:
		return toyStep("menu", prompt, orchestrator.Action{Kind: orchestrator.ActTimer, Ref: 2, After: time.Minute}), nil
	case node == "pay" && (in.Kind == orchestrator.FlowPlayed || in.Kind == orchestrator.FlowResumed):
		return toyStep("pay", prompt), nil // until a key
	case node == "pay" && in.Kind == orchestrator.FlowDigit && in.Digit == "8":
		return orchestrator.FlowStep{}, fault.New("toy", fault.Internal, "no way on")
	case node == "pay" && in.Kind == orchestrator.FlowDigit && in.Digit == "9":
		return toyStep("bank", append(stop, orchestrator.Action{Kind: orchestrator.ActTransfer})...), nil
	case node == "bank" && in.Kind == orchestrator.FlowTransferred && in.Result == "denied":
		return toyStep("pay", prompt), nil
	case node == "pay" && in.Kind == orchestrator.FlowDigit && in.Digit == "0":
		return toyStep("queue", append(stop, queue("support"))...), nil
	case node == "pay" && (in.Kind == orchestrator.FlowTimer || in.Kind == orchestrator.FlowDigit && in.Digit == "#"):
		return toyStep("bye", append(stop, bye)...), nil
	case node == "menu" && in.Kind == orchestrator.FlowResumed:
		return toyStep("menu", prompt), nil
	case node == "menu" && in.Kind == orchestrator.FlowDigit && in.Digit == "#":
		return toyStep("outside", append(stop, orchestrator.Action{Kind: orchestrator.ActContinue,
			Place: orchestrator.DialplanPlace{Context: "office"}})...), nil
	case node == "menu" && (in.Kind == orchestrator.FlowPlayed || in.Kind == orchestrator.FlowDigit || in.Kind == orchestrator.FlowTimer):
		return toyStep("queue", append(stop, queue("sales"))...), nil
	case node == "queue" && in.Kind == orchestrator.FlowDigit && in.Digit == "*":
		return toyStep("mail", orchestrator.Action{Kind: orchestrator.ActLeave},
			orchestrator.Action{Kind: orchestrator.ActRecord, Record: orchestrator.RecordingOrder{Format: "wav", Mailbox: "sales"}}), nil
	case node == "queue" && in.Kind == orchestrator.FlowDigit && in.Digit == "0":
		return toyStep("support", queue("support")), nil
	case node == "queue" && queued && in.Result == "timeout":
		return toyStep("transfer", orchestrator.Action{Kind: orchestrator.ActTransfer, Destination: "910", Timeout: 20 * time.Second}), nil
	case node == "queue" && queued && in.Result != "served":
		return toyStep("sorry", prompt), nil
	case node == "sorry" && in.Kind == orchestrator.FlowPlayed, queued, node == "mail" && in.Kind == orchestrator.FlowRecorded,
		node == "transfer" && in.Kind == orchestrator.FlowTransferred:
		return toyStep("bye", bye), nil
	}
	return orchestrator.FlowStep{State: state}, nil
}

type openGate struct{}

func (openGate) Phone(p orchestrator.PhoneAt) (string, error) { return p.Endpoint, nil }
func (openGate) Number(_, number string) string {
	if rest, ok := strings.CutPrefix(number, "9"); ok && len(rest) == 8 {
		return "+34" + number
	}
	return number
}
func (openGate) Caps(string) orchestrator.Caps { return orchestrator.Caps{} }
func (openGate) Outside(o orchestrator.Outside, _ time.Time) (orchestrator.Passage, error) {
	if o.Number == "" {
		return orchestrator.Passage{}, fault.New("gate", fault.Denied, "empty")
	}
	return orchestrator.Passage{Endpoint: "PJSIP/" + o.Number + "@trunk", Number: o.Number}, nil
}

// toyGate lets outside numbers be talked with for as long as it says, and may refuse
// whom it let through a moment ago.
type toyGate struct {
	openGate
	most            time.Duration
	phones, numbers bool // are refused
}

func (g *toyGate) Phone(p orchestrator.PhoneAt) (string, error) {
	if g.phones {
		return "", fault.New("gate", fault.Denied, "no phones")
	}
	return g.openGate.Phone(p)
}

func (g *toyGate) Outside(o orchestrator.Outside, now time.Time) (orchestrator.Passage, error) {
	if g.numbers {
		return orchestrator.Passage{}, fault.New("gate", fault.Denied, "not at this time")
	}
	way, err := g.openGate.Outside(o, now)
	way.Most = g.most
	return way, err
}

// graph is a flow of drawn nodes; every outcome of each leads to another one.
type graph []graphNode

type graphNode struct {
	Kind  orchestrator.ActionKind
	Queue string
	Wait  time.Duration
	Edges map[string]int // by outcome; "" for those that are not named
	Ends  string         // of ActHangup: the outcome
}

// graphState is where a call is in a graph. A call that has seen mostHops nodes is hung up.
type graphState struct{ Node, Ref, Hops int }

const mostHops = 30

// menuWait makes a prompt a menu.
const menuWait = 20 * time.Second

// graphOutcomes are the outcomes that may lead to nodes of their own.
var graphOutcomes = []string{"", "timeout", "full", "no_agents", "unqualified", "closed", "long_wait", "unknown", "error", "served", "exit", "digit", "failed"}

func drawGraph(t *rapid.T) graph {
	kinds := []orchestrator.ActionKind{
		orchestrator.ActQueue, orchestrator.ActPlay, orchestrator.ActAnswer, orchestrator.ActRecord, orchestrator.ActTransfer,
		orchestrator.ActContinue, orchestrator.ActHangup,
	}
	g := make(graph, rapid.IntRange(2, 7).Draw(t, "nodes"))
	for i := range g {
		g[i] = graphNode{
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Edges: map[string]int{},
			Queue: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "queue"),
			Wait:  time.Duration(rapid.SampledFrom([]int{0, 0, 20, 120}).Draw(t, "wait")) * time.Second,
		}
		if i == 0 && rapid.Bool().Draw(t, "queue first") { // most of what goes wrong goes wrong in queues
			g[i].Kind = orchestrator.ActQueue
		}
		for _, o := range graphOutcomes {
			g[i].Edges[o] = rapid.IntRange(0, len(g)-1).Draw(t, "edge")
		}
	}
	return g
}

func (g graph) Begin(orchestrator.Arrival, time.Time) (orchestrator.FlowStep, error) {
	return g.enter(0, graphState{}), nil
}

// enter goes to a node. A prompt is put before nothing: who waits in a node hears what it does.
func (g graph) enter(node int, s graphState) orchestrator.FlowStep {
	n := g[node]
	s.Node, s.Ref, s.Hops = node, s.Ref+1, s.Hops+1
	a := orchestrator.Action{Kind: n.Kind, Ref: s.Ref}
	if s.Hops > mostHops {
		a.Kind = orchestrator.ActHangup
	}
	switch a.Kind {
	case orchestrator.ActQueue:
		a.Queue, a.MaxWait = n.Queue, n.Wait
	case orchestrator.ActPlay:
		a.Media = []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "hello"}}
	case orchestrator.ActRecord:
		a.Record.Format, a.Record.MaxDuration = "wav", 30*time.Second
	case orchestrator.ActTransfer:
		a.Destination, a.Timeout = "910", 20*time.Second
	case orchestrator.ActHangup:
		a.Cause, a.Outcome = orchestrator.CauseNormal, n.Ends
	}
	actions := []orchestrator.Action{{Kind: orchestrator.ActTimer}, a}
	if a.Kind == orchestrator.ActPlay {
		actions[0] = orchestrator.Action{Kind: orchestrator.ActTimer, Ref: s.Ref, After: n.Wait}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return orchestrator.FlowStep{State: raw, Actions: actions,
		Notes: []orchestrator.Note{{Flow: "graph", Node: strconv.Itoa(node)}}}
}

func (g graph) Next(state json.RawMessage, in orchestrator.FlowInput, _ time.Time) (orchestrator.FlowStep, error) {
	var s graphState
	if err := json.Unmarshal(state, &s); err != nil {
		return orchestrator.FlowStep{}, err
	}
	kind := g[s.Node].Kind
	ends := map[orchestrator.FlowInputKind]orchestrator.ActionKind{
		orchestrator.FlowAnswered: orchestrator.ActAnswer, orchestrator.FlowPlayed: orchestrator.ActPlay,
		orchestrator.FlowQueued: orchestrator.ActQueue, orchestrator.FlowRecorded: orchestrator.ActRecord,
		orchestrator.FlowTransferred: orchestrator.ActTransfer,
	}
	switch {
	case in.Kind == orchestrator.FlowResumed && kind == orchestrator.ActPlay:
		return g.enter(s.Node, s), nil
	case in.Kind == orchestrator.FlowPlayed && kind == orchestrator.ActPlay && g[s.Node].Wait == menuWait:
		return orchestrator.FlowStep{State: state}, nil // a menu, which waits for a key
	case (in.Kind == orchestrator.FlowDigit || in.Kind == orchestrator.FlowTimer) && kind == orchestrator.ActPlay:
		step := g.enter(g[s.Node].Edges["digit"], s)
		step.Actions = append([]orchestrator.Action{{Kind: orchestrator.ActStopPlay, Ref: s.Ref}}, step.Actions...)
		return step, nil
	case in.Kind == orchestrator.FlowDigit && kind == orchestrator.ActQueue:
		step := g.enter(g[s.Node].Edges["digit"], s)
		if step.Actions[1].Kind != orchestrator.ActQueue { // moving on is leaving, too
			step.Actions = append([]orchestrator.Action{{Kind: orchestrator.ActLeave}}, step.Actions...)
		}
		return step, nil
	case ends[in.Kind] == kind && (kind != orchestrator.ActPlay || in.Ref == s.Ref):
		edges := g[s.Node].Edges
		if to, ok := edges[in.Result]; ok {
			return g.enter(to, s), nil
		}
		return g.enter(edges["failed"], s), nil
	}
	return orchestrator.FlowStep{State: state}, nil
}
