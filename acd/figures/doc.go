// Package figures computes what reports tell: service levels, waits, handling
// times, occupancy. It is arithmetic over what is on record: no clock, no store,
// no network, and the same input gives the same figures. acd/reports reads the
// input and prints the output.
//
// Figures are made in two steps. What is counted or added up is a Part; parts of
// a Tally add up over intervals, queues and agents. A Measure is a part, or a
// formula over parts. Formulas are never added or averaged: the parts are summed
// first. So a day is the sum of its hours, however it is split.
//
// A stay in a queue counts, with all that came of it, where it began: an answer
// at 10:31 of a caller who came at 10:29 is of the interval that began at 10:00.
// The time of agents counts where it passes.
package figures
