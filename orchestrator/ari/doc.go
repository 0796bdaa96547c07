// Package ari drives an Asterisk over its REST interface (ARI) and translates
// what it tells. Adapter implements orchestrator.PBX; Probe examines an
// Asterisk for the doctor command.
//
// Of github.com/CyCoreSystems/ari/v6 it uses the names of events and some wire types
// alone: that library's bus drops events silently when a reader is slow, hides
// ApplicationReplaced, reconnects without a word and throws error texts away, and its
// types read each channel four times (wire.go).
// The package imports no other part of operadora but orchestrator and fault.
// Adapter's commands may be called from any goroutine, Run by one at a time.
//
// # What is promised
//
//   - Events of a connection are delivered in order and without loss by one
//     goroutine; the socket is read by another that decodes nothing.
//   - Connected is told only after the event filter was set, an event made a
//     round trip through Asterisk, watched devices were subscribed and a
//     snapshot was taken. What arrives meanwhile is delivered right after it,
//     so an EventEntered may repeat what the snapshot shows.
//   - A socket that died without closing is found out by pings, one that is
//     open but deaf by heart-beats, both within three intervals.
//   - EventEnded and EventLeft are told once for each channel of a connection;
//     nothing is told of a channel after it left, until it comes back.
//   - A command that may reach Asterisk twice is repeated once when the
//     connection broke before an answer. A command that timed out is not; it is
//     closed by a reset, so that the kernel does not deliver it later.
//   - An answer is judged by what it is about, in one table (ruling.go).
//   - When requests are not answered although events arrive, Disconnected is
//     told after one time-out that a probe confirms, commands fail at once, and
//     Connected is told over the same socket when a probe is answered. Events go
//     on being told meanwhile.
//   - Calls that are being made use at most half of the connections.
//   - A takeover that one of our own given-up attempts to connect can explain is
//     answered by connecting again; any other ends Run with ErrReplaced. Whoever
//     holds the lease then may call Run again at once.
//
// # What was seen of Asterisk 22.10
//
// The facts below are held by the tests or by the captures in testdata.
//
// Ends of channels. A channel that came by the dialplan ends with
// ChannelHangupRequest and StasisEnd; ChannelDestroyed is not sent, as leaving
// the application ends the subscription. The request's cause is absent for an
// ordinary BYE, 127 for a CANCEL, and for a hangup through ARI ("soft":true) it
// is no cause but the flag 32. Continue gives StasisEnd alone, and so does a
// redirection by AMI or console, which cannot be told from a lost request:
// Asterisk is asked then whether the channel lives. A channel that we
// originated sends ChannelDestroyed in any case, in the application or not; it
// is preceded by ChannelHangupRequest and StasisEnd. A
// move to our own application (re-adoption) is StasisEnd and StasisStart at once.
//
// Originations. POST /channels takes a channel into the application when it is
// answered, and hangs up when nobody is connected then. A channel that is made by
// POST /channels/create is in the application from the beginning (StasisStart in
// state Down) and stays while nobody is connected; it is dialled by POST
// /channels/{id}/dial, which answers 409 "not in Stasis" for a moment after the
// creation and 409 "not in the 'Down' state" when it is dialled already. Its
// answer is ChannelStateChange to Up. Creation takes no caller id, which is set by
// variables, and says nothing of an originator that is gone, which is asked for;
// dial copies caller id and language of its caller over what was set before.
//
// Redirected by the dialplan (ChannelRedirect) it leaves the application (StasisEnd), runs the
// dialplan from there, as if it had come by it, with its id and its hangup handlers, and is
// announced by ChannelDestroyed in the end (TestLeadsAnswerNobody in cmd/operadora).
//
// Until it is put in a bridge of ours such a channel is in one that Asterisk keeps for
// all of them, answered or not, and whenever one enters or leaves that, Asterisk
// publishes the state of each: 36 more in it cost each call 107 messages and 2 ms of
// Asterisk's processor time, at 85 calls a second.
//
// Causes of failed originations: 486 gives 17, 603 gives 21, 404 gives 1, 503
// gives 34, our own cancel the cause we gave. 480, the end of the ring time,
// and a phone that does not answer at all give 19 alike; where no alerting was
// heard the adapter says CauseNoResponse instead. An endpoint that is unknown
// or not registered is refused with 500 "Allocation failed", told as NotFound.
// An origination with an id that exists is refused with 409, told as success.
//
// Variables of an origination are set before it is dialled, functions too:
// PJSIP_HEADER(add,…) puts headers into the INVITE and CHANNEL(language) counts
// from the first prompt. Commas in application arguments have to be escaped.
//
// One thing at a time. Playbacks and recordings of a channel wait for each
// other, and Answer and Join reply only when they are carried out, which is
// after what is playing. The engine therefore stops a playback before it
// answers or joins. Stopping, hanging up, muting and hold music act at once.
//
// Playbacks. An id that is used twice is played twice. A missing sound fails
// the playback only when it is the last of its list. An unknown scheme leaves a
// playback that never finishes; such media are refused here.
//
// Hold music stops at a playback and does not come back: Hold again after
// EventPlayed. It goes on inside a bridge: Unhold before Join. Unhold without
// music and Hold with an unknown class are accepted.
//
// Bridges. Keys pressed in a bridge of type "mixing" are lost when the legs
// exchange media natively; "mixing,dtmf_events" prevents that. A bridge that was
// just removed answers 409 for a while. A channel that is added to the bridge it
// is in leaves and enters it. Absorbed keys are told all the same. Keys that we
// send begin 100 ms after the order is their turn, orders of a channel one by one. Asterisk re-invites phones with several
// codecs when a recording begins or ends in a bridge of two.
//
// Snoops. A snoop channel changes nothing on the channel that it hears, nor in its
// bridge: what the customer hears goes on sample by sample while snoops come and go
// (TestMonitorIsHeardByWhomItMayBe). What it whispers is mixed into audio that
// passes: a phone to which nothing is sent, because its caller is on hold, hears
// nothing of it. The removal is answered before the id is free again; a second one of
// an id that exists is 500, and logged as an error.
//
// Recordings. An order to stop that arrives while a recording begins is
// accepted and has no effect: it is repeated until the recording is over. One of
// a bridge ends when the last channel leaves, and RecordingFinished is lost in
// about one of three cases when the bridge is removed during the recording: it
// is stopped before, and its event awaited. A
// hangup ends a channel's recording with RecordingFinished. Lengths are whole
// seconds, cut off; the fraction is taken from the events' times.
//
// Devices. ARI may set only names that begin with "Stasis:". A subscription to
// all devices can deadlock Asterisk on disconnection
// (github.com/asterisk/asterisk/issues/2170), so devices are named one by one.
//
// A connection that is cut leaves channels in the application. Subscriptions
// and the filter survive while a channel is there, and are set anew by every
// connection all the same.
package ari
