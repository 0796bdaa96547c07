package call

import (
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// sounds are those that have a name.
func sounds(names ...string) (media []orchestrator.Media) {
	for _, name := range names {
		if name != "" {
			media = append(media, sound(name))
		}
	}
	return media
}

func sound(name string) orchestrator.Media {
	return orchestrator.Media{Kind: orchestrator.MediaSound, Value: name}
}

// play starts media on the customer's channel, in place of what plays now.
func (x *change) play(m []orchestrator.Media, language string, ref int) {
	x.stopPlaying()
	id := x.id("p")
	x.c.Playing = &Playing{ID: id, Ref: ref}
	for _, file := range m {
		if file.Kind == orchestrator.MediaSound || file.Kind == orchestrator.MediaRecording {
			x.c.Playing.Sounds = append(x.c.Playing.Sounds, file.Value)
		}
	}
	x.arm(TimerPlay, playCheck)
	x.do(Play{Playback: orchestrator.Playback{ID: id, Channel: x.c.Customer().Channel, Media: m, Language: language}})
}

func (x *change) stopPlaying() {
	p := x.c.Playing
	if p == nil {
		return
	}
	x.c.Playing = nil
	x.disarm(TimerPlay)
	x.giveUp(func(c Command) bool { check, ok := c.(CheckPlay); return ok && check.ID == p.ID })
	x.do(StopPlay{ID: p.ID})
}

// playingLong handles a playback whose end was not told for a while, and what
// was refused: hold music, and the question after a recording.
func (x *change) playingLong() {
	p := x.c.Playing
	if p == nil {
		switch customer := x.c.Customer(); {
		case x.c.State == StateTalking && x.c.Errand != nil:
			x.onErrand()
		case x.c.State == StateTalking && customer.Held:
			x.park()
		case x.c.State == StateTalking && (customer.State == LegUp || x.c.Far().State == LegUp):
			x.unpark()
		default:
			x.hold()
		}
		x.seatGuests()
		x.checkRecordings()
		return
	}
	if p.Checks++; p.Checks <= playChecks {
		x.do(CheckPlay{ID: p.ID})
		x.arm(TimerPlay, playCheck)
		return
	}
	x.do(StopPlay{ID: p.ID})
	x.played(orchestrator.Event{Kind: orchestrator.EventPlayed, Playback: p.ID, Failed: true})
}

// played handles the end of a playback: the flow's, an announcement in the queue, or
// what tells an agent of the call.
func (x *change) played(e orchestrator.Event) {
	if x.cued(e.Playback, e.Failed) {
		return
	}
	p := x.c.Playing
	if p == nil || p.ID != e.Playback {
		x.refuse("not playing", string(e.Kind)) // stopped by us a moment ago
		return
	}
	x.c.Playing = nil
	x.disarm(TimerPlay)
	x.dirty = true
	if e.Failed {
		x.unheard(p, e.Reason)
	}
	if p.saying() {
		x.messageOver(e.Failed)
		return
	}
	if p.leaving() {
		x.messageLeft(e.Failed)
		return
	}
	if p.Ref == 0 {
		x.hold()
		return
	}
	x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowPlayed, Ref: p.Ref, Failed: e.Failed})
}

// unheard writes down that the customer did not hear something: what, where in
// which flow, and in which language.
func (x *change) unheard(p *Playing, reason string) {
	f := fields{"what": "a prompt could not be played", "sounds": p.Sounds, "language": x.c.Language}
	some(f, "error", reason)
	if n := len(x.c.Path); n > 0 {
		f["flow"], f["node"], _ = strings.Cut(x.c.Path[n-1], "/")
	}
	x.note(orchestrator.EntryCallFault, f)
}

// checkedPlay handles what the PBX says of a playback. One that is over and that
// another process began is heard again: its customer may have missed it.
func (x *change) checkedPlay(id string, running bool) {
	if !running && x.cued(id, false) {
		return
	}
	p := x.c.Playing
	if p == nil || p.ID != id {
		return
	}
	if running {
		p.Resume = false
		return
	}
	if !p.Resume {
		x.played(orchestrator.Event{Kind: orchestrator.EventPlayed, Playback: id})
		return
	}
	x.c.Playing = nil
	x.disarm(TimerPlay)
	x.dirty = true
	if p.saying() {
		x.sayMessage()
		return
	}
	if p.leaving() {
		x.sayToMachine()
		return
	}
	if p.Ref == 0 {
		x.hold()
		return
	}
	x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowResumed})
}

// hold lets a customer who waits for somebody hear the queue's music.
func (x *change) hold() {
	if x.wantsMusic() {
		x.do(Hold{Channel: x.c.Customer().Channel, Class: x.music()})
	}
}

// wantsMusic tells whether the customer is to hear hold music.
func (x *change) wantsMusic() bool {
	switch far := x.c.Far(); x.c.State {
	case StateWaiting, StateOffered:
		return !x.c.Absent()
	case StateTalking:
		return x.c.Errand == nil && (x.c.Customer().Held || far.Held)
	case StateTransferring:
		return far.Moved
	case StateInFlow: // the place is asked for of one who was transferred, or has been in a queue
		return x.c.Visit != nil && x.c.Visit.State == VisitAsked && (x.c.Visit.From > 0 || x.c.QueuedAt > 0)
	case StateArriving, StateReserving, StateSummoning, StatePreviewing, StateReaching, StateDialing, StateFailing, StatePausing, StateConnecting, StateClearing, StateEnded:
	}
	return false
}

// voicemail records what the customer says.
func (x *change) voicemail(o orchestrator.RecordingOrder) {
	o.ID, o.Channel, o.Bridge = x.id("m"), x.c.Customer().Channel, ""
	x.c.Mail = &Recording{ID: o.ID, State: RecRunning, Mailbox: o.Mailbox}
	x.do(Record{Order: o})
	x.note(orchestrator.EntryCallRecording, x.c.Mail.told(fields{"recording": o.ID, "state": orchestrator.RecordingStarted, "voicemail": true}))
}

// told adds whose people are told of it, if any are.
func (r *Recording) told(f fields) fields {
	if r.Mailbox != "" {
		f["mailbox"] = r.Mailbox
	}
	return f
}

// recordTalk starts the recording of the conversation in a room.
func (x *change) recordTalk(r *Room, format string) {
	o := orchestrator.RecordingOrder{ID: x.id("r"), Bridge: bridge(x.c.Call, r.N), Format: format}
	r.Rec = &Recording{ID: o.ID, State: RecRunning}
	x.c.Recording = o.ID
	x.do(Record{Order: o})
	x.noteSpeaker(o.ID, orchestrator.RecordingStarted, x.c.Far())
	for _, l := range x.c.Guests() {
		if l.seated() || l.Role == RoleSupervisor && l.Watch.Speaks {
			x.noteSpeaker(o.ID, orchestrator.RecordingJoined, &l)
		}
	}
}

// recordOn records a conversation that goes on again, when its recording ended
// meanwhile: a PBX may end one in which nobody is heard. It is muted as the one
// before, unless that was only for the time that is over.
func (x *change) recordOn(unmuted bool) {
	r := x.room()
	if r.Rec == nil || r.Rec.State != RecFinished {
		return
	}
	muted := r.Rec.Muted && !unmuted
	x.recordTalk(r, x.c.Tape)
	if muted {
		x.setMuted(r.Rec, true, "operadora")
	}
}

// speaks writes down that a guest is heard in the running recording, or no more.
func (x *change) speaks(l *Leg, news orchestrator.RecordingNews) {
	if rec := x.c.Rec(); rec != nil && l.Role == RoleConsult {
		x.noteSpeaker(rec.ID, news, l)
	}
}

// noteSpeaker writes down who talks with the customer in a recording.
func (x *change) noteSpeaker(recording string, news orchestrator.RecordingNews, l *Leg) {
	role := l.Role
	if l.Watch != nil { // also of one who took the call over
		role = RoleSupervisor
	}
	f := fields{"recording": recording, "state": news, "role": role}
	if agent := l.Person(); agent != "" {
		f["agent"] = agent
	} else {
		f["number"] = orchestrator.MaskNumber(l.Number)
	}
	x.note(orchestrator.EntryCallRecording, f)
}

// recording finds a recording of the call by its id.
func (x *change) recording(id string) (r *Recording, mail bool) {
	if x.c.Mail != nil && x.c.Mail.ID == id {
		return x.c.Mail, true
	}
	for i := range x.c.Rooms {
		if rec := x.c.Rooms[i].Rec; rec != nil && rec.ID == id {
			return rec, false
		}
	}
	return nil, false
}

// recorded handles the end of a recording, ms long (0: nobody knows).
func (x *change) recorded(id string, failed bool, ms int64) {
	r, mail := x.recording(id)
	trigger, state := RecOnDone, orchestrator.RecordingFinished
	if failed {
		trigger, state = RecOnFail, orchestrator.RecordingFailed
	}
	if !x.rec(r, trigger) {
		return
	}
	x.note(orchestrator.EntryCallRecording, r.told(fields{"recording": r.ID, "state": state, "duration_ms": ms, "voicemail": mail}))
	if !failed && mail {
		x.c.Voicemail = r.ID
	}
	if failed && x.c.Recording == r.ID {
		x.c.Recording = ""
	}
	x.sweepRooms()
	if mail {
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowRecorded, Failed: failed, Duration: msDuration(ms)})
	}
}

// stopRecordings ends what is being recorded.
func (x *change) stopRecordings() {
	x.stopTalkRecordings()
	x.stopRecording(x.c.Mail)
}

func (x *change) stopTalkRecordings() {
	for i := range x.c.Rooms {
		x.stopRecording(x.c.Rooms[i].Rec)
	}
}

func (x *change) stopRecording(r *Recording) {
	if r != nil && r.State == RecRunning && x.rec(r, RecOnStop) {
		x.do(StopRecord{ID: r.ID})
	}
}

// checkRecordings asks after recordings whose end may have been missed.
func (x *change) checkRecordings() {
	for i := range x.c.Rooms {
		x.checkRecording(x.c.Rooms[i].Rec)
	}
	x.checkRecording(x.c.Mail)
}

func (x *change) checkRecording(r *Recording) {
	if r.running() && !x.pending(func(c Command) bool {
		check, ok := c.(CheckRecord)
		return ok && check.ID == r.ID
	}) {
		x.do(CheckRecord{ID: r.ID})
	}
}

// room returns the room in use, a new one if there is none.
func (x *change) room() *Room {
	for i := range x.c.Rooms {
		if x.c.Rooms[i].State == RoomMade {
			return &x.c.Rooms[i]
		}
	}
	x.c.Rooms = append(x.c.Rooms, Room{N: x.next(), State: RoomMade})
	return &x.c.Rooms[len(x.c.Rooms)-1]
}

// closeRooms orders the removal of all rooms. stay tells whether the customer goes on afterwards.
func (x *change) closeRooms(stay bool) {
	for i := range x.c.Rooms {
		r := &x.c.Rooms[i]
		to, err := r.State.Next(RoomOnClose)
		if err != nil {
			continue
		}
		r.State = to
		cmd := CloseRoom{Bridge: bridge(x.c.Call, r.N)}
		if stay && !x.c.Gone() {
			cmd.Stay = x.c.Customer().Channel
		}
		x.do(cmd)
	}
}

// roomGone notes that a room is not there (any more).
func (x *change) roomGone(id string) {
	for i := range x.c.Rooms {
		r := &x.c.Rooms[i]
		if bridge(x.c.Call, r.N) != id {
			continue
		}
		if to, err := r.State.Next(RoomOnGone); err == nil {
			r.State = to
		}
	}
	x.sweepRooms()
}

// sweepRooms forgets rooms of which nothing is left.
func (x *change) sweepRooms() {
	kept := x.c.Rooms[:0]
	for _, r := range x.c.Rooms {
		if r.State != RoomGone || r.Rec.running() {
			kept = append(kept, r)
		}
	}
	x.c.Rooms = kept
}
