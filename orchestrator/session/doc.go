// Package session is what an agent's permanent line is and how it moves: values,
// a state table and decisions, and nothing that reaches the world. It speaks the
// commands and inputs of orchestrator/call, and orchestrator/engine runs what is
// decided here as it runs calls.
//
// A session owns its channel and lends it to one call after the other. While it
// is lent the call commands it; the session only takes note of its end. Which call
// has it is never stored here: calls say so (Truth.Lent).
//
// To the distributor an agent with a session is one whose phone is free while the
// line is there, and unreachable while it is not: the session tells it in place of
// the PBX, for which the phone is in a call all day.
package session
