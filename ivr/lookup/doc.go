// Package lookup asks sources outside what they know of a caller: lookups.yaml names them
// (Load), nodes of type lookup in flows name one of them, and Service asks it for the engine, as
// orchestrator.Lookups.
//
// A source gets what it is asked with as data and never as part of the question: parameters are
// checked against their types, and then bound or escaped where they stand. What a source
// answers becomes one JSON document, of which results are taken by JSONPath (RFC 9535). It may be slow,
// wrong or hostile: every answer has a deadline and a size, addresses are checked as they are dialled, and one
// that fails time after time is not asked for a while, so that callers do not wait for nothing.
//
// Neither values nor secrets are logged or told in errors.
//
// It imports orchestrator and ivr, never acd, dialer or api; all its methods may be called from any goroutine.
package lookup
