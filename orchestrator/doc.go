// Package orchestrator owns a call from its first event to its record: its
// legs, bridge and recording as state machines written as tables, one
// goroutine per call, a deadline on every wait, the journal, and the
// re-adoption of calls that outlived the process that began them.
//
// The way of a call: an Event enters the mailbox of its call; Decide (pure)
// turns call, input and clock into a new call and a list of effects; the call
// is stored together with its journal entries in one atomic script; only then
// the effects are run, and what comes of them returns as inputs.
//
// The package declares what it needs of the world: PBX (orchestrator/ari),
// Store (orchestrator/redisstore), Distributor and Agents (acd), Flow (ivr).
// It imports none of them.
package orchestrator
