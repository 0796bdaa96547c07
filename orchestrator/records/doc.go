// Package records keeps what must last in SQL: contacts with their timelines,
// stays in queues, recordings, agent states, dispositions, API tokens and the
// audit log. A SQLite file serves one machine; PostgreSQL serves several.
//
// The Recorder turns the journal into these tables. A batch of entries and the
// position reached in the journal are written in one transaction, raw entries
// are keyed by their journal id, and every other table is a pure function of
// the entries of a call (project.go). So an entry that is delivered twice, or
// in overlapping batches, leaves the tables as they were: at least once
// becomes exactly once.
//
// A DB and a Recorder may be used from any goroutine. The package imports the
// SQL drivers and nothing of operadora but orchestrator and fault.
package records
