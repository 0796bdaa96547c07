// Package ivr is what a caller hears before, between and after people: flows
// written as graphs of named nodes with outcome edges, and the interpreter
// that walks them one input at a time.
//
// The interpreter is pure: state (JSON, stored with the call) and one input
// in; a new state, the actions for the PBX and notes for the call's timeline
// out. It reads no clock, talks to nobody and may be called from any
// goroutine. Library implements orchestrator.Flows with it.
//
// A call keeps the revision of the flow it began with. A revision is the flow
// together with all sub-flows it can reach, named by the hash of their texts,
// so that another process, or the same one after a reload, goes on with the
// very texts the call began with.
//
// The package imports orchestrator (the port it implements) and its package say;
// never acd, dialer or a client library. ivr/flowfile reads flows from YAML,
// ivr/redisstore keeps revisions in Redis.
package ivr
