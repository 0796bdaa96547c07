// Package compliance decides whether a person may be called now. The rules are data:
// a profile for each country, of dated rules with their source, and profiles of your
// own. One pure function, Profile.Decide, takes a moment, a call, who would be called
// and what they have been through, and answers with each rule that refuses and when
// that changes; Profile.Terms says what holds for a call that is made.
//
// What is not known counts against the call: a person whose time zone nobody knows is
// outside hours, a moment at which the date differs around the world has the rules of
// both dates, a profile without rules allows nothing.
//
// The profiles are no advice on law. See dialer/README.md on checking them.
//
// Words:
//
//   - profile: the rules for calls to people of one country, or of your own
//   - rule: one of them, with the days on which it is in force and where it is written
//   - contact: something that was tried to reach a person, by whatever channel
//   - direct contact: one in which the person was spoken with
//   - reserved: of a call, for which an agent is kept, so that it cannot be abandoned
package compliance
