package ivr

import (
	"encoding/json"

	"github.com/operadora/operadora/orchestrator/fault"
)

// phase is what a call in a flow waits for. The strings are stored: never rename one.
type phase string

const (
	phaseAnswer   phase = "answer"   // the channel's answer
	phasePlay     phase = "play"     // the end of playback Play
	phaseCollect  phase = "collect"  // keys, or timer Timer
	phaseQueue    phase = "queue"    // the queue's result
	phaseRecord   phase = "record"   // the end of the voicemail
	phaseTransfer phase = "transfer" // the result of a transfer
	phaseAgent    phase = "agent"    // the result of an agent operation
	phaseCallback phase = "callback" // what came of a callback that was asked for
	phaseLookup   phase = "lookup"   // the answer of a source, to look-up Look
	phaseOver     phase = "over"     // nothing; the flow is done
)

// stateFormat is the version of the stored form.
const stateFormat = 1

// state is where a call stands in its flow. It is stored with the call.
type state struct {
	Format int    `json:"v"`
	Rev    string `json:"r"` // revision: the hash of the flow and its sub-flows
	Flow   string `json:"f"`
	Node   string `json:"n"`
	Phase  phase  `json:"p"`
	Lang   string `json:"l"`
	Up     bool   `json:"u,omitempty"`  // the channel is answered
	Ref    int    `json:"i"`            // last playback, timer or look-up number given out
	Play   int    `json:"pl,omitempty"` // playback waited for
	Timer  int    `json:"t,omitempty"`  // timer that runs
	Look   int    `json:"lu,omitempty"` // look-up waited for
	Looks  int    `json:"ls,omitempty"` // look-ups since a key, a queue or a person

	NoInput  int    `json:"ni,omitempty"` // of the present question
	NoMatch  int    `json:"nm,omitempty"`
	Unsure   int    `json:"nc,omitempty"` // confirmations that were neither yes nor no
	Confirm  bool   `json:"c,omitempty"`  // the present question is whether Keys is right
	Keys     string `json:"k,omitempty"`  // collected by the present question
	Masked   bool   `json:"m,omitempty"`  // by a masked one: Keys are not stored
	Ahead    string `json:"a,omitempty"`  // keys pressed before anybody asked
	Swallow  string `json:"s,omitempty"`  // terminator that is late, to be ignored
	SwallowT int64  `json:"st,omitempty"` // until then, unix ms

	Vars  map[string]string `json:"x,omitempty"`
	Hide  []string          `json:"h,omitempty"`  // variables that are not stored
	Agent string            `json:"g,omitempty"`  // state of the agent after the last operation
	Over  string            `json:"go,omitempty"` // the limit that the agent's pause is beyond
	Stack []frame           `json:"k2,omitempty"` // callers of the present sub-flow, outermost first
	Call  arrival           `json:"b"`
}

// frame is a flow that waits for its sub-flow to return.
type frame struct {
	Flow string            `json:"f"`
	Node string            `json:"n"` // the call node
	Vars map[string]string `json:"x,omitempty"`
	Hide []string          `json:"h,omitempty"` // of these, what is not stored
}

// arrival is what variables may tell of the call.
type arrival struct {
	ID     string   `json:"id,omitempty"`
	PBX    string   `json:"pbx,omitempty"`
	DID    string   `json:"did,omitempty"`
	Number string   `json:"num,omitempty"`
	Name   string   `json:"name,omitempty"`
	Args   []string `json:"args,omitempty"`
	// Lead is what is known of the lead of a campaign's call.
	Lead map[string]string `json:"lead,omitempty"`
}

func decodeState(raw json.RawMessage) (state, error) {
	var s state
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fault.New("ivr.Next", fault.Invalid, "the stored state of the flow cannot be read: %w", err)
	}
	if s.Format != stateFormat {
		return s, fault.New("ivr.Next", fault.Invalid, "the stored state has format %d, this program knows %d", s.Format, stateFormat)
	}
	return s, nil
}

// RevisionOf returns the revision that a stored state needs, "" when the state
// cannot be read. See Library.Preload.
func RevisionOf(raw json.RawMessage) string {
	s, err := decodeState(raw)
	if err != nil {
		return ""
	}
	return s.Rev
}
