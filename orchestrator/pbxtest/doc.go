// Package pbxtest is a switch for tests. PBX implements orchestrator.PBX in
// memory: calls arrive, phones ring, prompts end and sockets drop exactly when
// a test says so. Exercise is the suite that every adapter must pass.
//
// The switch behaves as Asterisk does wherever the port lets one see a
// difference, also where that is inconvenient:
//
//   - Playbacks and recordings of one channel wait for each other: what is
//     ordered while something plays begins when that is over. Join waits, too,
//     so a prompt has to be stopped before its channel is bridged; and hold music
//     is heard in the bridge until Unhold.
//   - A command to a channel, bridge or recording that does not exist, or to a
//     channel that has left, is refused with fault.NotFound, one that its state
//     forbids with fault.Conflict.
//   - An order to play that is repeated without its field Again is played twice.
//   - Events may overtake the reply of the command that caused them.
//   - While the socket is down events are lost, but calls go on and commands
//     work; Unplug takes the commands away as well.
//   - Whoever connects last gets the events; the one before ends with
//     orchestrator.ErrReplaced, although its commands are still obeyed.
//
// It can be as unkind as the world. Fail, LoseReply and ObeyLate give the next
// commands of an operation their fate, Decide all of them (Refused, Unheard,
// ReplyLost, ObeyedLate); Stall leaves commands unanswered while events are told;
// TakeOver ends the connection for a rival that may not exist; Bounce sends
// channels back that were handed to the dialplan. A call for an Originator that
// has ended is orchestrator.ErrOriginatorGone. Phones answer, also by PickUp,
// while the socket is down; the next snapshot shows it.
//
// Everything that happens later (an answer, the end of a prompt) hangs on one
// queue that is ordered by time and then by the order in which it was asked
// for, so a test runs the same way every time. There are no sockets and no
// sleeping goroutines: the package works in a bubble of testing/synctest,
// provided that New is called inside of it. All methods may be called from any
// goroutine.
package pbxtest
