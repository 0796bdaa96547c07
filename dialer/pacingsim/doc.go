// Package pacingsim judges pacing algorithms: it runs a simulated contact centre,
// event by event in virtual time, around the production pacer or around any
// other algorithm, and reports how busy the agents were and how many people
// answered and found nobody.
//
// # Worlds
//
// A world is a YAML file: staffing over the day, answer rates, laws of ringing,
// talking and wrap-up, detection of machines, faults. Load reads one by name
// (those of Worlds, embedded) or by path; World documents every field, and
// laws.Spec how a law is written. The least that a world says is
//
//	name: mine
//	about: Ten agents and a list of which a fifth answers.
//	hours: 8
//	warm_up: 1800
//	agents:
//	  count: 10
//	  wrap: {kind: lognormal, mean: 20, cv: 0.6}
//	campaigns:
//	  - name: main
//	    limit: 0.03
//	    answer: {const: 0.2}
//	    answer_delay: {kind: gamma, shape: 3, mean: 8.5, shift: 1.5}
//	    talk: {kind: lognormal, mean: 120, cv: 1}
//
// Times are in seconds from the first event, which comes at nine o'clock of a
// Monday. A rate that changes has points in place of const:
//
//	answer: {linear: true, points: [{at: 0, value: 0.12}, {at: 10800, value: 0.22}]}
//	answer: {every: 3600, points: [{at: 0, value: 0.15}, {at: 1800, value: 0.40}]}
//
// # How to write an algorithm
//
// Implement Controller. The simulator calls
//
//   - Observe for each thing that a real control plane would learn, when it
//     would learn it (delays and losses of the world included). The vocabulary
//     is pacing.Event; Setup says what is known beforehand;
//   - Next after each Observe and Decide: when the algorithm wants to be asked
//     next. An algorithm with a period returns the time of its next pass; one
//     that reacts to events returns a time that is not after the present one;
//   - Decide at that time: the algorithm calls Orders.Dial and Orders.Cancel.
//
// Every ordered call comes back as CallLaunched (after the world's command
// delay) or CallRefused. A call over the lines or the calls per second allowed is
// refused and counted as a violation, so an algorithm with a pause between calls
// dials one, and returns the time of the next one from Next.
//
// A call that was not cancelled follows CallLaunched, CallRinging, and then one
// of CallFailed (with its cause) and CallPickedUp or CallPerson; with machine
// detection CallPickedUp comes first and CallPerson or CallMachine later. A
// person is given to an agent by the simulator's own distributor: CallConnected,
// or CallAbandoned when no agent was there in time. CallEnded is the last event
// of calls that were picked up. Agents tell AgentIdle, AgentReserved,
// AgentTalking (or AgentTalkingInbound), AgentWrapping, AgentGone, AgentMissed,
// and AgentLeaving as soon as it is known that they will not be idle again.
//
// Board counts all that and can be embedded; see it for what the usual
// algorithms need: idle agents, calls ringing, waiting, connected, drops.
//
// An algorithm is offered to users as an Algorithm value: a name, a line about
// its arguments and a function that makes a Factory of them. A Factory makes one
// Controller per seed; Controllers of different seeds run in parallel.
//
// # Common random numbers
//
// What the k-th lead of a campaign does, how long the talk with it lasts, and
// when inbound callers come and agents pause depends on the seed alone, not on
// the algorithm: differences between algorithms on the same seeds are not luck.
package pacingsim
