package session

import "github.com/operadora/operadora/orchestrator/call"

// State is where a permanent line stands. The strings are stored.
type State string

// States of a permanent line.
const (
	StateLost       State = "lost"       // there is no channel; rung again when the timer says so, or when asked
	StateConnecting State = "connecting" // the agent's phone is being rung
	StateIdle       State = "idle"       // open, with nobody
	StateLent       State = "lent"       // in the room of a call, of this PBX or another
	StateEnding     State = "ending"     // the agent is logged out; the channel is being hung up
	StateEnded      State = "ended"      // nothing is left
)

// Trigger is what moves a permanent line.
type Trigger string

// Triggers of a permanent line.
const (
	OnRing Trigger = "ring" // the phone is rung
	OnUp   Trigger = "up"   // it answered, or the agent dialled in
	OnLent Trigger = "lent" // a call has it, of this PBX or another
	OnBack Trigger = "back" // the call gave it back
	OnGone Trigger = "gone" // the channel is gone, or was none
	OnEnd  Trigger = "end"  // the agent is logged out
	OnOver Trigger = "over" // nothing is left to do
)

var table = call.Table[State, Trigger]{
	StateLost:       {OnRing: StateConnecting, OnUp: StateIdle, OnGone: StateLost, OnEnd: StateEnding},
	StateConnecting: {OnUp: StateIdle, OnGone: StateLost, OnEnd: StateEnding},
	StateIdle:       {OnUp: StateIdle, OnLent: StateLent, OnGone: StateLost, OnEnd: StateEnding}, // dialled in once more
	StateLent:       {OnLent: StateLent, OnBack: StateIdle, OnGone: StateLost, OnEnd: StateEnding},
	StateEnding:     {OnGone: StateEnding, OnOver: StateEnded},
	StateEnded:      {},
}

// Next is the only way to a new state.
func (s State) Next(t Trigger) (State, error) { return table.Next(s, t) }
