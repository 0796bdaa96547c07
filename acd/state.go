package acd

import (
	"fmt"

	"github.com/operadora/operadora/orchestrator"
)

// State is where an agent stands. The strings are stored: never rename one.
type State string

// States of an agent.
const (
	StateOffline   State = "offline"   // logged out
	StateAvailable State = "available" // waits for calls; whether one may be offered also depends on the phone
	StateReserved  State = "reserved"  // a call is offered; leaves by answer, failure or the offer's deadline
	StateTalking   State = "talking"   // in conversation; the engine ends it
	StateWrapup    State = "wrapup"    // finishing the last call; leaves by disposition, command or deadline
	StatePaused    State = "paused"    // by the agent with a reason, or after missed calls
)

// States lists all states in the order of an agent's day.
var States = []State{StateOffline, StateAvailable, StateReserved, StateTalking, StateWrapup, StatePaused}

// Trigger is what moves an agent.
type Trigger string

// Triggers of an agent.
const (
	OnLogin     Trigger = "login"
	OnLogout    Trigger = "logout"
	OnPause     Trigger = "pause"
	OnResume    Trigger = "resume"
	OnReserve   Trigger = "reserve"    // matched with a call
	OnAnswer    Trigger = "answer"     // took the offer up
	OnTalk      Trigger = "talk"       // is found to talk, by an offer that is not in force
	OnRelease   Trigger = "release"    // free again without wrap-up
	OnFinish    Trigger = "finish"     // the conversation is over, wrap-up begins
	OnWrapped   Trigger = "wrapped"    // wrap-up ended by disposition or deadline
	OnPauseDue  Trigger = "pause_due"  // a remembered pause, or too many missed calls
	OnLogoutDue Trigger = "logout_due" // a remembered logout
)

// Triggers lists all triggers.
var Triggers = []Trigger{
	OnLogin, OnLogout, OnPause, OnResume, OnReserve, OnAnswer, OnTalk,
	OnRelease, OnFinish, OnWrapped, OnPauseDue, OnLogoutDue,
}

// agentTable is the agent's state machine: what is not in it is refused. The
// store's scripts are given this table and have none of their own.
var agentTable = map[State]map[Trigger]State{
	StateOffline:   {OnLogin: StateAvailable},
	StateAvailable: {OnLogout: StateOffline, OnPause: StatePaused, OnReserve: StateReserved, OnTalk: StateTalking},
	StateReserved: {OnAnswer: StateTalking, OnTalk: StateTalking, OnRelease: StateAvailable,
		OnPauseDue: StatePaused, OnLogoutDue: StateOffline},
	StateTalking: {OnTalk: StateTalking, OnFinish: StateWrapup, OnRelease: StateAvailable,
		OnPauseDue: StatePaused, OnLogoutDue: StateOffline},
	StateWrapup: {OnTalk: StateTalking, OnWrapped: StateAvailable, OnResume: StateAvailable,
		OnPause: StatePaused, OnLogout: StateOffline, OnPauseDue: StatePaused, OnLogoutDue: StateOffline},
	StatePaused: {OnResume: StateAvailable, OnPause: StatePaused, OnLogout: StateOffline, OnTalk: StateTalking},
}

// laterTable holds what an agent may ask for during a call: it is remembered
// and becomes the trigger named when the call and its wrap-up are over. A later
// wish replaces an earlier one; resume takes it back.
var laterTable = map[State]map[Trigger]Trigger{
	StateReserved: {OnPause: OnPauseDue, OnLogout: OnLogoutDue},
	StateTalking:  {OnPause: OnPauseDue, OnLogout: OnLogoutDue},
}

// Next returns the state that a trigger leads to; orchestrator.ErrNoTransition
// when the table has no such row.
func (s State) Next(t Trigger) (State, error) {
	if to, ok := agentTable[s][t]; ok {
		return to, nil
	}
	return s, fmt.Errorf("%w: %s in agent state %q", orchestrator.ErrNoTransition, t, s)
}

// Later returns the trigger under which a wish is remembered until the call
// ends; ok is false where it is not.
func (s State) Later(t Trigger) (due Trigger, ok bool) {
	due, ok = laterTable[s][t]
	return due, ok
}

// refusal says in the agent's words why a trigger was not possible in a state.
func refusal(s State, t Trigger) orchestrator.AgentResult {
	if s == StateOffline || s == "" {
		return orchestrator.AgentNotLoggedIn
	}
	if t == OnWrapped {
		return orchestrator.AgentNothingToClose
	}
	return orchestrator.AgentAlready
}
