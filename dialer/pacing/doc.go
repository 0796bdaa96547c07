// Package pacing decides how many numbers a predictive dialer calls, and when.
//
// A Pacer is told what happens, one Event at a time and at the moment the
// control plane knows it, and is asked for a Decision: how many numbers to dial
// for each campaign, which ringing calls to give up, or until when to hold, each
// with its reason in words and numbers.
//
// # How it decides
//
// One more number is dialled only while the chance that its answer would find no
// agent in time (the marginal abandon probability) stays under a level. The
// chance is worked out from what is in the air: every ringing call by its age,
// every busy agent by the phase and the age of it. The level of a campaign
// follows its budget, which is the number of abandoned calls that the legal
// window would still bear; so a wrong model costs waiting time of agents and
// never the limit. Under all this lies a guard that knows no model but the highest
// answer rate of late: what is in the air must fit into what the legal window
// still bears if it were answered at that rate; and once the window is overdrawn,
// only calls that have a free agent are dialled until it is paid back.
//
// The rule is the myopic form of the Lagrangian of "most talk time, abandonment
// at most the limit". The idea of weighing each agent's and each call's chance
// is old: US patent 5,640,445 (David, 1997, expired); Samuelson, "Predictive
// Dialing for Outbound Telephone Call Centers", Interfaces 29(5), 1999.
//
// # How to use it
//
// A Pacer is not safe for concurrent use; one goroutine owns it and its agents.
// It has no clock, no timer, no goroutine and no random numbers: the same events
// give the same decisions. Time is the At of the events and the argument of
// Decide. Agents serve the campaigns of their skills (SetSkills), all of them if
// nothing else is said. Campaigns are added, removed and reconfigured while others
// run; they are known by an id that never changes, and events name them by number.
//
// What the law counts is in a Ledger, apart from what is learnt. Its owner stores
// both: the ledger can be made anew of the records of calls, and should be after
// any gap in the events (Resync, then Restate); what is learnt may be lost.
//
// Agents and calls are numbers of the caller's choice, unique while they live.
// An order to dial k numbers is outstanding until the caller reports each of
// them as CallLaunched or CallRefused.
//
// The package imports the standard library only.
package pacing
