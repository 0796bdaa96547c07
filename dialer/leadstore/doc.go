// Package leadstore keeps leads, the imports that brought them, and what must not be
// called, in the database of the records (orchestrator/records).
//
// An import is exactly once: its file is kept in the database until it is over, and
// each batch of rows is written in one transaction with how many rows of the file are
// done, by the process that holds the import's lease. Whoever takes it up after a
// crash goes on behind them. A batch is read and decided upon (dialer/leads) while the
// one before is written; memory does not grow with the file.
//
// A Store and an Importer may be used from any goroutine.
package leadstore
