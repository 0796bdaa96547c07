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
// never the limit. Under all this lies a guard that knows no model: it counts
// answered and abandoned calls of the legal window and forbids over-dialling,
// and then all dialling, as the budget runs out.
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
// Decide. All agents of one Pacer serve all its campaigns; agents with other
// skills belong to another Pacer.
//
// Agents and calls are numbers of the caller's choice, unique while they live.
// An order to dial k numbers is outstanding until the caller reports each of
// them as CallLaunched or CallRefused.
//
// The package imports the standard library only.
package pacing
