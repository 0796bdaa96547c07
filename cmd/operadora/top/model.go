package top

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// Model is what the view knows. The zero value knows nothing; Apply fills it.
// One goroutine owns it.
type Model struct {
	Since time.Time // of the first snapshot; what is counted is counted from here
	PBXs  map[string]bool
	// Queues keeps the queues' names; who waits and who serves follows from
	// Calls and Agents, so that no two figures on the screen contradict.
	Queues map[string]wire.Queue
	Agents map[string]wire.Agent
	Calls  map[string]Call
	// Ended counts callers' calls by outcome since the view began.
	Ended map[wire.Outcome]int

	free    map[string]time.Time // agents whose phone rings -> since when they were free before
	counted map[string]bool      // calls in Ended: the stream may tell twice
}

// Call is a call in progress.
type Call struct {
	wire.LiveCall
	// Rings says that the phone of Serving is known to ring; before that it is
	// only being called.
	Rings bool
	// Away says that its PBX is away: it keeps its place in its queue, and no agent is rung for it.
	Away bool
}

// Inbound tells whether a caller is on the line, and not an agent who dialled a code.
func (c Call) Inbound() bool { return c.Kind != wire.CallKindFeature }

// Waits tells whether the caller is in a queue and nobody has answered yet.
func (c Call) Waits() bool {
	return c.State == wire.CallStateWaiting || c.State == wire.CallStateOffered || c.State == wire.CallStateConnecting
}

// waiting returns how many wait in a queue ("" is all), how many of those are away, and the
// earliest entry among them, the zero time for none.
func (m *Model) waiting(queue string) (n, away int, oldest time.Time) {
	for _, c := range m.Calls {
		if !c.Waits() || queue != "" && c.Queue != queue {
			continue
		}
		n++
		if c.Away {
			away++
		}
		if !c.WaitSince.IsZero() && (oldest.IsZero() || c.WaitSince.Before(oldest)) {
			oldest = c.WaitSince
		}
	}
	return n, away, oldest
}

// staff counts a queue's agents by state. Those who are available and get no call
// do not count as available.
func (m *Model) staff(queue string, now time.Time) map[wire.AgentState]int {
	out := map[wire.AgentState]int{}
	for _, a := range m.Agents {
		if slices.Contains(a.Queues, queue) && passedOver(a, now) == "" {
			out[a.State]++
		}
	}
	return out
}

// queues returns the queues by id.
func (m *Model) queues() []wire.Queue {
	return slices.SortedFunc(maps.Values(m.Queues), func(a, b wire.Queue) int { return cmp.Compare(a.ID, b.ID) })
}

// agents returns the agents by id, those who are logged out last: where there
// is not room for all, they are the ones not shown.
func (m *Model) agents() []wire.Agent {
	return slices.SortedFunc(maps.Values(m.Agents), func(a, b wire.Agent) int {
		return cmp.Or(cmp.Compare(off(a), off(b)), cmp.Compare(a.ID, b.ID))
	})
}

func off(a wire.Agent) int {
	if a.State == wire.AgentStateOffline {
		return 1
	}
	return 0
}

// calls returns the calls, those who wait first, the oldest first.
func (m *Model) calls() []Call {
	return slices.SortedFunc(maps.Values(m.Calls), func(a, b Call) int {
		return cmp.Or(cmp.Compare(callRank(a), callRank(b)), a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
}

func callRank(c Call) int {
	switch {
	case c.Waits():
		return 0
	case c.State == wire.CallStateTalking || c.State == wire.CallStateTransferring:
		return 1
	case c.Inbound():
		return 2
	}
	return 3
}
