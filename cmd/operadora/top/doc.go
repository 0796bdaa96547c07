// Package top is the live view of a running operadora: queues, agents and
// calls in a terminal, or as plain text where there is none. It reads the event
// stream of the API and nothing else: a snapshot, then what changes, so that it
// asks for nothing while nothing happens.
//
// Model and Render are pure; View joins them with the stream and a terminal.
package top
