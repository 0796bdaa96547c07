package esl

import (
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Events that mean something to us, and no others are asked for. CUSTOM comes
// last: what follows it are subclasses.
const (
	wanted = "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK CHANNEL_EXECUTE" +
		" CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_HOLD CHANNEL_UNHOLD DTMF RECORD_START RECORD_STOP BACKGROUND_JOB SHUTDOWN PRESENCE_PROBE" +
		" CUSTOM " + maintenance + " sofia::register sofia::unregister sofia::expire " + sipError
	maintenance = "conference::maintenance"
	sipError    = "sofia::error"
)

// filters keep away what means nothing to us: a fourth of the events of a call, and
// the longest. The first lets all through that no other forbids.
var filters = []string{
	"Event-Name /./",
	"Application -set", "Application -multiset", "Application -park", "Application -conference",
	"Action -conference-create", "Action -conference-destroy",
}

// doing is what is to be done after an event, outside of the memory's lock.
type doing struct {
	tell  []orchestrator.Event
	next  []string // channels on which the next task may begin
	halt  []*task  // tasks that began although they are to end already
	back  []string // channels that somebody else took out of their rooms
	doubt []string // channels of which nobody knows who has them
	kill  []string // channels that came to be after the order to end them
	known []string // channels that were told of and ended before they were taken up
	flood bool     // there are more channels than FreeSWITCH can have
}

func (d *doing) event(e orchestrator.Event) { d.tell = append(d.tell, e) }

// apply notes what an event means for our channels and says what is to be done.
// Events of one channel may come out of order: FreeSWITCH delivers them by
// several threads. So nothing leans on an event that only precedes another, and
// where a channel is follows the newest event, not the last.
func (a *Adapter) apply(w *wire) (d doing) {
	l := a.legs
	l.mu.Lock()
	defer l.mu.Unlock()
	switch w.Name {
	case "CUSTOM":
		a.applyConference(&d, w)
		a.applyTransfer(&d, w)
		return d
	case "RECORD_START":
		return d
	case "RECORD_STOP":
		a.applyRecordStop(&d, w)
		return d
	}
	id := w.id()
	if id == "" {
		return d
	}
	g := l.m[id]
	if g == nil {
		lost := orchestrator.Ours(id) && w.Name == "CHANNEL_HANGUP_COMPLETE" // one that was never heard of
		if w.OurApp != text(a.cfg.App) && !lost || !channelID.MatchString(id) {
			return d // not ours, or not yet; or none that could be commanded
		}
		if len(l.m) >= l.most {
			d.flood = true
			return d
		}
		g = l.of(id)
		if orchestrator.Ours(id) {
			g.stage = stageDialling
		}
	}
	if g.stage == stageOver {
		if g.unwritten && w.Name == "CHANNEL_HANGUP_COMPLETE" {
			g.unwritten = false
			d.known = append(d.known, id)
		}
		return d
	}
	l.fill(g, w)
	g.exists = true
	a.applyTo(&d, g, w)
	g.touch()
	return d
}

// applyTo is an event of a channel of ours.
func (a *Adapter) applyTo(d *doing, g *leg, w *wire) {
	newest := w.seq() >= g.applied
	switch w.Name {
	case "CHANNEL_CREATE":
		if g.held {
			d.kill = append(d.kill, g.id)
		}
	case "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA":
		told := g.alerted
		g.alerted = true
		if !told && w.Name == "CHANNEL_PROGRESS" && g.stage == stageDialling {
			d.event(w.event(a.name, orchestrator.EventRinging))
		}
	case "CHANNEL_ANSWER":
		g.up = true
	case "CHANNEL_PARK":
		g.up = g.up || w.up()
		if newest {
			g.applied = w.seq()
			g.parked, g.room, g.park = true, "", a.parking(w)
			if g.seat.taken && g.stage == stageHere && !w.dying() {
				g.seat.taken = false
				d.back = append(d.back, g.id)
			}
		}
		a.entered(d, g, a.parking(w))
		d.next = append(d.next, g.id)
	case "CHANNEL_EXECUTE":
		a.executes(d, g, w, newest)
	case "CHANNEL_EXECUTE_COMPLETE":
		a.executed(d, g, w)
	case "DTMF":
		a.pressed(d, g, w, string(w.Digit))
	case "CHANNEL_HOLD", "CHANNEL_UNHOLD":
		if kind := map[text]orchestrator.EventKind{"CHANNEL_HOLD": orchestrator.EventHeld, "CHANNEL_UNHOLD": orchestrator.EventResumed}[w.Name]; g.stage == stageHere {
			d.event(w.event(a.name, kind))
		}
	case "CHANNEL_HANGUP":
		// some 40 ms before the channel's thread is done with it; a recording of the channel ends in between
		if w.farEnd() && (g.now == nil || g.now.kind != taskRecord) {
			a.ended(d, g, w)
		}
	case "CHANNEL_HANGUP_COMPLETE":
		a.ended(d, g, w)
	}
}

func (a *Adapter) parking(w *wire) parking {
	return parking{seq: w.seq(), at: w.at(), ours: w.OurApp == text(a.cfg.App), up: w.up(), dying: w.dying(), language: string(w.Language)}
}

// entered is a channel that was parked for us, for the first time or anew.
func (a *Adapter) entered(d *doing, g *leg, p parking) {
	if !p.ours || p.dying || g.stage == stageHere {
		return
	}
	if g.stage == stageDialling && !p.up {
		return // early media: it was parked before it was answered
	}
	g.stage, g.claimed = stageHere, false
	g.now, g.waiting, g.aside = nil, nil, nil
	e := orchestrator.Event{Kind: orchestrator.EventEntered, PBX: a.name, At: p.at, Channel: g.id,
		Args: g.givenArgs(), Up: p.up, CreatedAt: g.created}
	if !orchestrator.Ours(g.id) {
		e.DID, e.Caller, e.Language = g.dialled(), g.caller, p.language
	}
	d.event(e)
}

// executes is an application that begins. The one that takes our mark away is
// the channel's leaving; one that is none of ours was begun by somebody else.
func (a *Adapter) executes(d *doing, g *leg, w *wire, newest bool) {
	if g.stage != stageHere || w.dying() {
		return
	}
	if key, is := keyOf(w.App, w.AppData); is {
		a.pressed(d, g, w, key)
		return
	}
	switch {
	case w.App == "unset" && w.AppData == markVariable:
		a.left(d, g, w, "")
		return
	case w.App == "unset":
	case w.App == monitorApp:
		if newest {
			g.applied, g.parked = w.seq(), false
			g.room, g.monitor = w.monitored()
		}
	case g.now != nil && text(g.now.id) == w.AppID:
		g.now.running, g.now.began = true, w.at()
		if g.now.stop {
			d.halt = append(d.halt, g.now)
		}
	case !ourApps(string(w.App)):
		d.doubt = append(d.doubt, g.id)
	}
}

func (a *Adapter) left(d *doing, g *leg, w *wire, why string) {
	g.stage, g.parked, g.room, g.seat = stageLeft, false, "", seat{}
	g.now, g.waiting, g.aside = nil, nil, nil
	e := w.event(a.name, orchestrator.EventLeft)
	e.Reason = why
	d.event(e)
	if back := g.park; w.seq() > 0 && back.seq > w.seq() { // the dialplan had sent it straight back
		g.parked = true
		a.entered(d, g, back)
	}
}

// executed is an application that is over.
func (a *Adapter) executed(d *doing, g *leg, w *wire) {
	t := g.now
	if t == nil || text(t.id) != w.AppID || t.kind == taskRecord {
		return
	}
	g.now = nil
	if w.dying() || g.stage != stageHere {
		return // the channel's end says it all: a flow must not go on without its caller
	}
	if t.kind == taskMusic && t.file != "" && !t.stop && len(g.waiting) == 0 && w.at().Sub(t.began) > musicEnds {
		g.waiting = append(g.waiting, &task{kind: taskMusic, id: t.id, file: t.file}) // somebody at FreeSWITCH broke it off
	}
	d.next = append(d.next, g.id)
	if t.kind != taskPlay {
		return
	}
	e := w.event(a.name, orchestrator.EventPlayed)
	e.Playback = t.id
	if !t.stop && missed(string(w.AppResponse)) {
		e.Failed, e.Reason = true, "a sound is missing"
	}
	d.event(e)
}

// musicEnds is how long music lasts at least that can be heard: what ends sooner is not
// begun anew.
const musicEnds = time.Second

func missed(response string) bool {
	return strings.HasPrefix(response, "FILE NOT FOUND") || strings.HasPrefix(response, "PLAYBACK ERROR")
}

// pressed is a key; it may end a recording.
func (a *Adapter) pressed(d *doing, g *leg, w *wire, key string) {
	if g.stage != stageHere || key == "" {
		return
	}
	e := w.event(a.name, orchestrator.EventDigit)
	e.Digit = key
	d.event(e)
	if t := g.now; t != nil && t.kind == taskRecord && t.order.Terminator != "" && strings.Contains(t.order.Terminator, e.Digit) {
		t.stop = true
		d.halt = append(d.halt, t)
	}
}

// ended is the end of a channel, whatever it was doing.
func (a *Adapter) ended(d *doing, g *leg, w *wire) {
	before := g.stage
	g.stage, g.parked, g.room, g.ended = stageOver, false, "", time.Now()
	if t := g.now; t != nil && t.kind == taskRecord && !t.running {
		d.event(a.notRecorded(w, t, "the channel ended before"))
	}
	for _, t := range g.waiting {
		if t.kind == taskRecord {
			d.event(a.notRecorded(w, t, "the channel ended before"))
		}
	}
	g.now, g.waiting, g.aside = nil, nil, nil
	if before != stageHere && before != stageDialling {
		return
	}
	if !g.claimed && !orchestrator.Ours(g.id) {
		if g.unwritten = w.Name != "CHANNEL_HANGUP_COMPLETE"; !g.unwritten {
			d.known = append(d.known, g.id)
		}
	}
	e := w.event(a.name, orchestrator.EventEnded)
	e.Cause, e.Reason = causeOf(string(w.Cause)), string(w.Cause)
	if e.Cause == orchestrator.CauseNoAnswer && before == stageDialling && !g.alerted {
		e.Cause, e.Reason = orchestrator.CauseNoResponse, "the phone never alerted"
	}
	if e.Cause == orchestrator.CauseNormal && g.asked > 0 {
		e.Cause = g.asked
	}
	e.ByPBX = string(w.Cause) == managerRequest && g.asked == 0
	d.event(e)
}

// applyConference is an event of a conference, which is how our rooms are made.
func (a *Adapter) applyConference(d *doing, w *wire) {
	room := string(w.Conference)
	if w.Subclass != maintenance || !orchestrator.Ours(room) {
		return
	}
	l := a.legs
	g := l.m[w.id()]
	switch w.Action {
	case "add-member":
		if g != nil && g.stage == stageHere && w.seq() >= g.applied {
			g.applied, g.room, g.parked = w.seq(), room, false
			g.seat.taken = room == g.seat.room
			g.touch()
		}
	case "del-member":
		if g != nil && g.room == room && w.seq() >= g.applied {
			g.applied, g.room = w.seq(), ""
			g.touch()
		}
	}
}

// applyRecordStop is the end of the recording of a channel. The completion cause
// is not to be trusted, but for one: nothing was written.
func (a *Adapter) applyRecordStop(d *doing, w *wire) {
	id := recordingOf(string(w.RecordPath))
	empty := w.RecordEnd == "empty-file" || w.RecordEnd == "input-too-short"
	reason := ""
	if empty {
		reason = "nothing was recorded"
	}
	g := a.legs.m[w.id()]
	if g != nil && g.now != nil && g.now.kind == taskRecord && g.now.id == id {
		g.now = nil
		g.touch()
		if !w.dying() && g.stage == stageHere {
			d.next = append(d.next, g.id)
		}
	}
	a.tapeOver(d, w, id, empty, reason, millis(w.RecordMS))
}

// tapeOver tells the end of a recording, once. l.mu is held.
func (a *Adapter) tapeOver(d *doing, w *wire, id string, failed bool, reason string, length time.Duration) {
	tp := a.legs.endTape(id)
	if tp == nil {
		return
	}
	e := w.event(a.name, orchestrator.EventRecorded)
	e.Channel, e.Recording, e.Failed, e.Reason, e.Duration = tp.channel, id, failed, reason, length
	if tp.bridge != "" {
		e.Channel = ""
	}
	if !failed && length == 0 && !tp.began.IsZero() {
		e.Duration = max(0, w.at().Sub(tp.began))
	}
	d.event(e)
}

func (a *Adapter) notRecorded(w *wire, t *task, why string) orchestrator.Event {
	e := w.event(a.name, orchestrator.EventRecorded)
	e.Channel, e.Recording, e.Failed, e.Reason = t.order.Channel, t.id, true, why
	a.legs.endTape(t.id)
	return e
}
