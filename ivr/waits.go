package ivr

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Queue puts the call in a queue until it was served or the queue gave up.
type Queue struct {
	Queue    string        // may hold {{variables}}
	Priority string        // a number, 0 to mostPriority; may hold {{variables}}
	MaxWait  time.Duration // 0 leaves it to the queue
	ExitKey  string        // key that leaves the queue, "" for none
	Keys     []string      // keys that leave it as well, each with an edge "key:<key>"
	Needs    string        // a requirement on agents, "" for none
	About    []Assign      // what requirements may ask of the call; may hold {{variables}}
	Tier     string        // a number, 0 to mostTier; may hold {{variables}}
	Prefer   string        // an agent, may hold {{variables}}; "" for none
	Patience time.Duration
}

// Bounds of what a flow may give a caller.
const (
	mostPriority = 1000
	mostTier     = 9
)

// count is the number that a text is once it is filled in; 0 when it is none, or is not
// to be stored with the call.
func (s *state) count(text string, most int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s.fill(text)))
	if err != nil && !errors.Is(err, strconv.ErrRange) || s.hides(text) { // out of range it is the nearest
		return 0
	}
	return max(0, min(n, most))
}

func (q *Queue) enter(r *run) {
	r.st.Phase, r.st.Ahead = phaseQueue, ""
	r.act(orchestrator.Action{Kind: orchestrator.ActQueue, Queue: r.st.fill(q.Queue),
		Priority: r.st.count(q.Priority, mostPriority), Sought: q.sought(r.st), MaxWait: q.MaxWait})
}

func (q *Queue) sought(st *state) orchestrator.Sought {
	s := orchestrator.Sought{Needs: q.Needs, Tier: st.count(q.Tier, mostTier), Prefer: st.fill(q.Prefer)}
	for _, a := range q.About {
		if s.About == nil {
			s.About = map[string]string{}
		}
		if !st.hides(a.Value) { // it is stored with the call
			s.About[a.Name] = st.fill(a.Value)
		}
	}
	if s.Prefer != "" {
		s.Patience = q.Patience
	}
	return s
}

func (q *Queue) input(r *run, in input) {
	switch in.Kind {
	case orchestrator.FlowDigit:
		if in.Digit != q.ExitKey && !slices.Contains(q.Keys, in.Digit) {
			r.used = false
			return
		}
		r.act(orchestrator.Action{Kind: orchestrator.ActLeave})
		q.exit(r, in.Digit)
	case orchestrator.FlowQueued:
		switch in.Result {
		case OutExit:
			q.exit(r, in.Digit)
		case OutServed, OutTimeout, OutFull, OutNobody, OutUnfit, OutClosed, OutLong:
			r.leave(in.Result, nil)
		default:
			r.leave(OutError, map[string]string{"result": clean(in.Result)})
		}
	default: // nothing plays, and the engine goes on with the queue by itself
	}
}

// exit leaves by a key, "" for none.
func (q *Queue) exit(r *run, key string) {
	switch {
	case key == "":
		r.leave(OutExit, nil)
	case slices.Contains(q.Keys, key):
		r.leave(KeyOutcome(key), map[string]string{"key": key})
	default:
		r.leave(OutExit, map[string]string{"key": key})
	}
}

// Callback arranges that the caller is called back when it is their turn in a
// queue, or deals with a callback that was arranged before.
type Callback struct {
	Op     orchestrator.CallbackOp
	Queue  string // may hold {{variables}}
	Number string // may hold {{variables}}; the gate decides whether it is allowed
}

func (c *Callback) enter(r *run) {
	number := strings.TrimSpace(r.st.fill(c.Number))
	if !ValidDestination(number) {
		outcome := OutNone
		if c.Op == orchestrator.CallbackAsk {
			outcome = OutDenied
		}
		r.leave(outcome, map[string]string{"why": "that is no telephone number"})
		return
	}
	r.st.Phase, r.st.Ahead = phaseCallback, ""
	r.act(orchestrator.Action{Kind: orchestrator.ActCallback, Callback: c.Op, Queue: r.st.fill(c.Queue), Destination: number})
}

func (c *Callback) input(r *run, in input) {
	if in.Kind != orchestrator.FlowCallback {
		return // keys are kept for the next question; nothing plays or rings
	}
	if _, known := Rule(NodeCallback, in.Result); known {
		r.leave(in.Result, nil)
		return
	}
	r.leave(OutFailed, map[string]string{"result": clean(in.Result)})
}

// Record takes a message from the caller.
type Record struct {
	Format     string
	Max        time.Duration
	Silence    time.Duration // silence that ends it; 0 for none
	Terminator string        // key that ends it; "" for none
	Beep       bool
	Mailbox    string // whose people are told of it by mail; may hold {{variables}}; "" for nobody
}

func (s *Record) enter(r *run) {
	r.st.Phase, r.st.Ahead = phaseRecord, ""
	r.act(orchestrator.Action{Kind: orchestrator.ActRecord, Record: orchestrator.RecordingOrder{
		Format: s.Format, MaxDuration: s.Max, MaxSilence: s.Silence, Terminator: s.Terminator, Beep: s.Beep,
		Mailbox: clean(r.st.fill(s.Mailbox))}})
}

func (s *Record) input(r *run, in input) {
	if in.Kind != orchestrator.FlowRecorded {
		return
	}
	if in.Failed {
		r.leave(OutFailed, nil)
		return
	}
	r.leave(OutNext, map[string]string{"seconds": strconv.Itoa(int(in.Duration / time.Second))})
}

// Transfer rings an outside number.
type Transfer struct {
	To      string // may hold {{variables}}; the gate decides whether it is allowed
	Timeout time.Duration
}

func (t *Transfer) enter(r *run) {
	to := strings.TrimSpace(r.st.fill(t.To))
	if !ValidDestination(to) {
		r.leave(OutDenied, map[string]string{"why": "that is no telephone number"})
		return
	}
	r.st.Phase, r.st.Ahead = phaseTransfer, ""
	r.act(orchestrator.Action{Kind: orchestrator.ActTransfer, Destination: to, Timeout: t.Timeout})
}

func (t *Transfer) input(r *run, in input) {
	if in.Kind != orchestrator.FlowTransferred {
		return
	}
	if _, known := Rule(NodeTransfer, in.Result); known {
		r.leave(in.Result, nil)
		return
	}
	r.leave(OutFailed, map[string]string{"result": clean(in.Result)})
}

// Agent carries out what an agent asked for by a feature code. The agent is
// known by the phone that the arrival's arguments name.
type Agent struct {
	Op          string // an orchestrator.AgentOp; may hold {{variables}}
	Agent       string // id, when the phone names one: another's is answered "elsewhere"; "" is the phone's own
	PIN         string
	Reason      string
	Disposition string
	To          string // of transfer, consult and supervise: an agent, a queue, or an outside number
}

func (a *Agent) enter(r *run) {
	r.st.Phase = phaseAgent
	r.act(orchestrator.Action{Kind: orchestrator.ActAgent, Agent: orchestrator.AgentCommand{
		Op:          orchestrator.AgentOp(r.st.fill(a.Op)),
		Agent:       r.st.fill(a.Agent),
		Endpoint:    r.st.look("args.endpoint"),
		PBX:         r.st.Call.PBX,
		PIN:         r.st.fill(a.PIN),
		Reason:      r.st.fill(a.Reason),
		Disposition: r.st.fill(a.Disposition),
		To:          r.st.fill(a.To),
		By:          "phone",
	}})
}

func (a *Agent) input(r *run, in input) {
	switch in.Kind {
	case orchestrator.FlowResumed:
		// The answer may be lost with the process that asked. Each operation
		// may be repeated; at worst the agent hears that it is so already.
		a.enter(r)
	case orchestrator.FlowAgent:
		r.speak(in.Answer.Language)
		r.st.Agent, r.st.Over = clean(in.Answer.State), clean(in.Answer.Over)
		result := string(in.Answer.Result)
		if _, known := Rule(NodeAgent, result); in.Failed || !known || result == OutFail {
			result = OutError
		}
		r.leave(result, nil)
	default: // keys are kept for the next question; nothing plays or rings
	}
}
