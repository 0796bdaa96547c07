// Package records keeps what must last in SQL: contacts with their timelines,
// stays in queues, recordings, agent states, dispositions, API tokens, people, sessions and the
// audit log. A SQLite file serves one machine; PostgreSQL serves several.
//
// The Recorder turns the journal into these tables. A batch of entries and the
// place reached in the journal are written in one transaction, raw entries are
// keyed by their journal id, and every other table is a pure function of the
// entries of a call (project.go). So an entry that is delivered twice, or in
// overlapping batches, leaves the tables as they were: at least once becomes
// exactly once. Where two entries have the same journal id (two tenants in one
// database, or a Redis that came back in an older state and gave it again) they
// are told apart by their content (timeline.go).
//
// A place is an id and an epoch (place.go). The epoch counts how often the
// journal had lost entries; what came on record in a later one sorts behind all
// of an earlier one, whatever Redis' clock says.
//
// A DB and a Recorder may be used from any goroutine. The package imports the
// SQL drivers and nothing of operadora but orchestrator and fault.
package records
