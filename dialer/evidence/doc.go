// Package evidence writes down how a campaign stood to the legal limit of abandoned calls:
// each call that a person answered in a period, what each abandoned one was played, and the
// count of its window with it; and verifies such a file, with nothing but the file.
//
// A file is a chain of lines, as JSON or as CSV. Each ends with the hash of the line before
// it and its own, the SHA-256 of its text up to the own hash: a line that was changed, left
// out or put elsewhere is named. Somebody who makes a whole new chain gets another last hash,
// which is on the audit log of the export.
//
// Words:
//
//   - line: one of the file, of one of the kinds
//   - stand: the count of the legal window at a moment, beside the limit
//   - sum: the hash of the last line
package evidence
