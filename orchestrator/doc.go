// Package orchestrator holds the ports of the core and the words that everybody
// shares. It imports nothing of operadora but fault, and does nothing itself.
//
// The way of a call: the PBX (port PBX; orchestrator/ari) tells an Event; the
// engine (orchestrator/engine) hands it to the call's own goroutine; what a call
// is and what follows from the event is decided by pure functions
// (orchestrator/call); the decision is stored (port Store;
// orchestrator/redisstore) with its journal entries; what it orders is run
// afterwards. Flows (ivr) say what the caller hears, the Distributor (acd) who
// serves, the Gate (orchestrator/gate) whom we may call. The journal is written
// down for good by orchestrator/records.
//
// Words:
//
//   - call: one customer's contact, from the first event to its record
//   - leg: a channel of a call; its customer, an agent, an outside number
//   - room: a bridge of the PBX that legs of a call are in
//   - visit: a call's stay in a queue
//   - permanent line: a channel that an agent has open all day; calls borrow it
//   - session: who owns an agent's permanent line (orchestrator/session)
//   - offer: one call offered to one agent, from the match to its end; with strategy
//     ring_all a call has several at the same time
//   - lease: the right of one process to command a PBX; its epoch grows whenever
//     the owner changes, and everything of an older epoch is refused
//   - owner: the call, or the session, whose id is in the ids of channels, bridges, playbacks and
//     recordings that were made for it
//   - to adopt: to take over a call that another process began
//   - snapshot, truth: what the PBX has at one moment
package orchestrator
