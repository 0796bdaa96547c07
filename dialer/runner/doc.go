// Package runner runs campaigns. One process of all dials: the one that holds the lease. It
// asks the pacer how many numbers to dial, chooses leads, judges each once more at that
// moment, puts the attempt on record and has the engine make the call; and it reads the
// journal for what becomes of calls and agents.
//
// What holds:
//
//   - An attempt is on record, with the id of its call, before anything is dialled; the same
//     id rings once, whoever asks for it. A process that dies is followed by one that asks
//     each attempt's call what became of it.
//   - Attempts are stored under a term, which ends when the next process takes the lease: who
//     has lost it can plan nothing more.
//   - News of a call is stored once, with how far the journal has been read.
//   - What the law counts is made of the records of attempts.
//   - A lead that is not called has its reason on record, and when it is looked at again.
//   - Without proof that the lease is ours, or that the journal has been read to its end, nothing is dialled.
//
// Words:
//
//   - term: the time for which one process dials
//   - hopper: leads of a list that may be called now, judged already
//   - flight: an attempt that is not over
package runner
