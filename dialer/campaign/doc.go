// Package campaign says what an outbound campaign is, which of a lead's numbers is
// called next and when, and why not now. It decides over values: the campaign's
// definition, the rules of its compliance profile, a lead with its numbers and what was
// tried. It knows no clock, no store and no PBX, and dials nothing; whoever dials asks
// Campaign.Next at the moment of dialling.
//
// What may be called is bounded three times, and each bound may refuse: by the profile
// (the law, over all campaigns and channels), by the campaign's own hours, caps and
// lock-out, which are rules of the same kind, and by its retry rules, which have one cap
// for all outcomes together.
//
// Words:
//
//   - attempt: a number that was dialled for a lead, and what came of it
//   - outcome: what came of an attempt, as retry rules know it: a result, or what the
//     agent said of a call that was served
//   - finished: of a lead that the campaign never calls again
//   - appointment: a moment for which a lead asked to be called
package campaign
