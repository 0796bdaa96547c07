// Package demo is a contact centre in a terminal: a private Asterisk and Redis,
// operadora as a process with the definitions that `operadora init` writes, six
// agents at SIP desk phones, and a crowd of SIP callers. Each caller follows a
// Script that says what must come of the call, and the round ends with one line
// per call and totals that must add up.
//
// Who is in the crowd (Crowd), whether a call went as it should (Judge) and
// whether the books balance (Balance) are pure; the rest drives real parts.
package demo
