// Package esl drives a FreeSWITCH over its event socket (ESL) and translates
// what it tells. Adapter implements orchestrator.PBX; Probe examines a
// FreeSWITCH for the doctor command; package voice has the names of its sounds.
//
// Of github.com/0x19/goesl (v0.0.0-20230805100056-48992ef4fdb1) the message reader
// is used as a witness: a test has it read recorded events beside ours, and both
// take the same out of them. Nothing of it is linked into operadora, and goesl_test.go
// shows why with the library itself: a refused command (any reply that holds "-ERR")
// ends the connection; a body is made as long as a header says it is; a length that is
// negative, and "-ERR" at the end of a short reply, end the process; what is no text
// of a JSON event is dropped; a plus in a reply with a percent sign becomes a blank;
// a header is read as long as it comes; a command with a single line feed in it is
// sent as two; a refused password is logged. The reader is reached only through the
// library's own connection, so none of this can be kept off it.
//
// The package imports no other part of operadora but orchestrator, fault and
// life. Adapter's commands may be called from any goroutine, Run by one at a time.
//
// # What is promised
//
//   - One connection carries events, some others commands: FreeSWITCH answers the
//     commands of a connection one after the other, and blocks it meanwhile.
//     Replies are matched first in, first out. When one connection breaks, or a
//     command is not answered in time, all are made anew.
//   - What has arrived of events is put in the order of Event-Sequence before it
//     is looked at, and what a channel is doing follows the newest event, not the
//     last: FreeSWITCH delivers events by several threads.
//   - Connected is told only after a job made a round trip through FreeSWITCH, its
//     database of channels has caught up, and a snapshot was taken. What arrives
//     meanwhile is delivered right after it.
//   - Who takes over turns nobody away: what the dialplan believes (that calls are
//     taken) is prolonged until it is known whether they are.
//   - What ended while nobody listened is told with its time and cause, and so are
//     calls that came and went meanwhile: callers, who answered a call of ours, and
//     members of rooms write it down as they end, into a ring of about a thousand.
//   - Whose phone or trunk hung up is told to be gone at once, while the channel's
//     thread needs some 40 ms more to end; whom FreeSWITCH hangs up, when the phone
//     has been told. So nobody is rung who has not hung up yet.
//   - A connection that is open but deaf is found out by jobs that FreeSWITCH is
//     asked for, within three intervals.
//   - A hostile or broken server costs memory bounded by constants (frame.go,
//     session.go) and is left: endless headers, lengths that lie, replies that
//     nobody asked for, events and channels without end.
//   - Channels outlive us: no connection ever controls one ("myevents" would hang
//     up who is parked). Calls that are being made go on, and whoever answers is
//     parked until somebody takes it up.
//   - A process that was stopped for 1.5 s or more gives no command when it wakes:
//     it connects anew, which proves the lease. FreeSWITCH itself takes commands
//     from anybody who knows the password.
//   - Nothing that is written holds an end of line, and values from outside travel
//     packed, stripped or not at all (quote.go).
//
// # How things are made
//
// Under our control is a channel that has the variable operadora_app; it is
// parked, plays, or is in a conference. The dialplan sets the variable before it
// parks a call; handing a call back is a list of two applications that the channel
// carries out by itself, which take the variable off and transfer it.
//
// The dialplan knows from a global variable whether calls are taken, which a task
// of FreeSWITCH's scheduler takes back unless it is renewed; and a call that is handed
// over and gets no command goes on in the dialplan by another such task, which the
// first command for that call ends.
//
// A room is a conference, for two as for more: the third party, a recording, a
// supervisor change nothing for those who talk, nobody is ever bridged anew, and
// who is left alone stays. The price is mixing (about 20 ms of delay more than a
// bridge, and three threads a room). That an empty room exists is kept in a hash
// of mod_hash.
//
// Keys reach the others in a room by the member flag dist-dtmf, unless a channel is
// to join absorbing; it has no such flag then. Tones, and music for who is in a
// room, are a media bug (uuid_displace): nothing that the channel does waits for
// them, and a playback would take the channel out of the room. Tones are mixed into
// what is heard: while a channel in a conference plays, what the others say is lost.
//
// The event socket looks for events when something arrives on a connection, and else 50
// times a second: while there are calls an empty line goes out every 5 ms (health.go),
// and an event waits for 3 ms in place of 10. It reads a command letter by letter and
// yields after each, so commands that are given for every call are short and few, and what
// does not wait for one another is ordered at the same time. Of the events of a call those
// that mean nothing to us are filtered there.
//
// Whoever is taken out of a room at FreeSWITCH's console (kicked, or parked) is put back
// at once: in its own way FreeSWITCH leaves both sides in silence.
//
// What a channel plays is ordered by sendmsg with an id of ours, one thing at a
// time: what is ordered meanwhile waits here. The id is also a parameter of the
// file's name, so that the next process knows what plays. Recordings of a channel
// are made by uuid_record, as the application record hangs up when it cannot
// write.
//
// # What was seen of FreeSWITCH 1.11.3-dev
//
// reference: the tests on a real one and the events in testdata hold these.
//
// uuid_break before the beginning of a playback has no effect; it is repeated
// until the end is told. What a channel plays is told by a variable that keeps
// the last playback after its end: then another says what came of it. What arrives within some milliseconds after an answer,
// keys too, is thrown away: Answer returns when the channel has read sound for a
// moment. Originating to who is not registered gives no event of a channel, only
// the end of the job. A duplicate origination_uuid and too many calls a second
// are both DESTINATION_OUT_OF_ORDER: the first is told apart by uuid_exists.
//
// "show channels" comes out of a database that is written five times a second, also
// with what a channel does: each channel is asked for itself, and who connects waits
// until the database has caught up. A variable that a dialplan or an origination sets
// cannot hold what is to be expanded later; one that is set by uuid_setvar can.
//
// "fsctl loglevel" without a level switches the log off instead of telling the level: it
// is never asked for.
//
// A conversation is recorded on the leg of who came in, who hears all others: the
// pause of a conference's own recording would leave the muted time out, where
// uuid_record masks it by silence. When that leg ends so does the recording,
// whoever else goes on talking.
//
// # What FreeSWITCH cannot promise
//
// For up to three seconds after we died, or could take calls no more, a call may still be handed over, and waits
// for the dialplan's patience, ten seconds. A phone that asks for a transfer (REFER)
// is told 403 at once, and all the same it is carried out; that it was for another call
// of the phone is known from a line of the log, if FreeSWITCH's loglevel lets notices
// through (transfer.go). Of a key that is pressed within the first
// tenth of a second after the answer FreeSWITCH may lose the end, and with it the key.
// ALLOTTED_TIMEOUT and the other times of FreeSWITCH count whole seconds of the clock:
// the recording of a channel may last up to a second longer than was ordered.
package esl
