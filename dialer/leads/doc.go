// Package leads says what a lead is and how one is read from a row of a file:
// which column is what, what a number's one form is, in which time zones it may be,
// which rows are wrong and why; what makes two leads the same; who must not be
// called; and how leads are chosen by an expression. It decides over values and
// readers: it knows no clock, no database and no network (dialer/leadstore keeps
// leads). It may be used from any goroutine.
//
// Words:
//
//   - lead: somebody who may be called, with one or more numbers and free fields
//   - list: leads that were brought together, with the region and the hours they are called in
//   - import: one file that is brought into a list, or into what must not be called
//   - reject: a row, or a number of a row, that was left out, and why
package leads
