package esl

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// recordingName is the id of a recording, which is the name of its file.
var recordingName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$`)

const recordingType = ".wav"

// recordingOf is the recording that a file is of.
func recordingOf(file string) string {
	name, ok := strings.CutSuffix(path.Base(file), recordingType)
	if !ok || !recordingName.MatchString(name) {
		return ""
	}
	return name
}

func millis(t text) time.Duration {
	n, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// Record starts a recording. On a channel it begins when what the channel plays
// is over.
func (a *Adapter) Record(ctx context.Context, r orchestrator.RecordingOrder) error {
	const op = "esl.Record"
	switch {
	case (r.Bridge == "") == (r.Channel == ""):
		return fault.New(op, fault.Invalid, "recording %q is to be made on exactly one of bridge and channel", r.ID)
	case !recordingName.MatchString(r.ID):
		return fault.New(op, fault.Invalid, "recording id %q is not the name of a file", r.ID)
	case r.Format != "wav":
		return fault.New(op, fault.Invalid, "recording %q in format %q: only wav is made here", r.ID, r.Format)
	}
	if _, err := a.ready(ctx, "Record"); err != nil {
		return err
	}
	a.legs.mu.Lock()
	runs := a.legs.tapes[r.ID] != nil
	exists := a.legs.rooms[r.Bridge]
	a.legs.mu.Unlock()
	switch {
	case runs:
		return nil
	case r.Bridge != "" && !exists:
		return fault.New(op, fault.NotFound, "there is no bridge %q", r.Bridge)
	}
	if r.Channel != "" {
		if err := a.here(ctx, "Record", r.Channel); err != nil {
			return err
		}
	}
	there, err := a.shelf.has(ctx, r.ID)
	if err != nil {
		return err
	}
	if there {
		return fault.New(op, fault.Conflict, "recording %q was made already", r.ID)
	}
	if r.Channel != "" {
		return a.recordChannel(ctx, r)
	}
	return a.recordBridge(ctx, r)
}

// recordBridge records what is said in a room: on one of those who are in it,
// who hears all others, best on who came in. FreeSWITCH could record the
// conference itself, but would leave out what is muted, and its time.
func (a *Adapter) recordBridge(ctx context.Context, r orchestrator.RecordingOrder) error {
	a.legs.mu.Lock()
	on := ""
	for _, ch := range a.legs.members(r.Bridge) {
		if on == "" || orchestrator.Ours(on) && !orchestrator.Ours(ch) || orchestrator.Ours(on) == orchestrator.Ours(ch) && ch < on {
			on = ch
		}
	}
	tp := &tape{bridge: r.Bridge, channel: on, path: a.shelf.path(r.ID), began: time.Now(), over: make(chan struct{})}
	if on != "" {
		a.legs.tapes[r.ID] = tp
	}
	a.legs.mu.Unlock()
	if on == "" {
		return fault.New("esl.Record", fault.Conflict, "nobody is in bridge %q", r.Bridge)
	}
	err := a.order(ctx, "Record", "uuid_setvar_multi "+on+" operadora_tape="+r.ID+";operadora_tape_room="+r.Bridge+
		";RECORD_READ_ONLY=false;RECORD_MIN_SEC=0;RECORD_INITIAL_TIMEOUT_MS=;RECORD_FINAL_TIMEOUT_MS=")
	if err == nil {
		err = a.order(ctx, "Record", "uuid_record "+on+" start "+tp.path)
	}
	if err != nil && fault.KindOf(err) != fault.Unavailable {
		a.dropTape(r.ID)
	}
	return err
}

// recordChannel gives a channel a recording to make, after a beep if one is wanted.
func (a *Adapter) recordChannel(ctx context.Context, r orchestrator.RecordingOrder) error {
	tp := &tape{channel: r.Channel, path: a.shelf.path(r.ID), over: make(chan struct{})}
	a.legs.mu.Lock()
	a.legs.tapes[r.ID] = tp
	a.legs.mu.Unlock()
	t := &task{kind: taskRecord, id: r.ID, path: tp.path, order: r}
	if r.Beep {
		beep := &task{kind: taskBeep, id: "op-beep-" + r.ID, file: "tone_stream://" + tones["beep"]}
		if err := a.enqueue(ctx, "Record", r.Channel, beep, r.Again); err != nil {
			a.dropTape(r.ID)
			return err
		}
	}
	err := a.enqueue(ctx, "Record", r.Channel, t, r.Again)
	if err != nil && fault.KindOf(err) != fault.Unavailable {
		a.dropTape(r.ID)
	}
	return err
}

func (a *Adapter) dropTape(id string) {
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	a.legs.endTape(id)
}

// giveUpTape forgets a recording whose end was not told although its channel has ended: of
// one that began as the channel was hung up FreeSWITCH never tells it.
func (a *Adapter) giveUpTape(id, channel string) {
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	if g := a.legs.m[channel]; g == nil || g.stage == stageOver {
		a.legs.endTape(id)
	}
}

// startRecording begins the recording of a channel. It is marked on the channel,
// so that who takes it up knows that it runs.
func (a *Adapter) startRecording(ctx context.Context, channel string, t *task) error {
	silence := ""
	if t.order.MaxSilence > 0 {
		silence = strconv.FormatInt(t.order.MaxSilence.Milliseconds(), 10)
	}
	set := "operadora_tape=" + t.id + ";operadora_tape_room=;RECORD_READ_ONLY=true;RECORD_MIN_SEC=0" +
		";RECORD_INITIAL_TIMEOUT_MS=" + silence + ";RECORD_FINAL_TIMEOUT_MS=" + silence
	if err := a.order(ctx, "Record", "uuid_setvar_multi "+channel+" "+set); err != nil {
		return err
	}
	limit := ""
	if t.order.MaxDuration > 0 {
		// FreeSWITCH counts the seconds of its clock that begin, and the first may be about to
		limit = " " + strconv.FormatInt(1+int64((t.order.MaxDuration+time.Second-1)/time.Second), 10)
	}
	err := a.order(ctx, "Record", "uuid_record "+channel+" start "+t.path+limit)
	if err != nil {
		if fault.KindOf(err) != fault.Unavailable {
			a.tellNotRecorded(ctx, channel, t, fault.Text(err))
		}
		return err
	}
	stop := false
	a.legs.see(channel, func(g *leg) {
		if tp := a.legs.tapes[t.id]; tp != nil {
			tp.began = a.theirNow()
		}
		t.running, stop = true, t.stop
	})
	if stop {
		return a.StopRecord(ctx, t.id)
	}
	return nil
}

// theirNow is the time by FreeSWITCH's clock.
func (a *Adapter) theirNow() time.Time {
	if s := a.present(); s != nil {
		return s.theirs(time.Now())
	}
	return time.Now()
}

// theirs is a time of ours by FreeSWITCH's clock.
func (s *session) theirs(t time.Time) time.Time { return t.Add(time.Duration(s.ahead.Load())) }

// tellNotRecorded tells that a recording came to nothing.
func (a *Adapter) tellNotRecorded(ctx context.Context, channel string, t *task, why string) {
	s := a.present()
	if s == nil {
		return
	}
	go s.call(ctx, func() {
		var d doing
		a.legs.see(channel, func(*leg) {
			w := &wire{Channel: text(channel), At: text(strconv.FormatInt(a.theirNow().UnixMicro(), 10))}
			a.tapeOver(&d, w, t.id, true, why, 0)
		})
		for _, e := range d.tell {
			s.sink.Event(e)
		}
	})
}

// StopRecord ends and keeps a recording; one that ended already is no error. It
// returns when the end was told, or when it has waited for that long enough.
func (a *Adapter) StopRecord(ctx context.Context, recording string) error {
	if _, err := a.ready(ctx, "StopRecord"); err != nil {
		return err
	}
	limit := time.Now().Add(stopPatience)
	for pause := stopPause; ; pause *= 2 {
		a.legs.mu.Lock()
		tp := a.legs.tapes[recording]
		var waiting *task
		if tp != nil && tp.bridge == "" {
			g, t := a.legs.task(recording)
			if g != nil && t.kind == taskRecord && !t.running {
				t.stop = true
				if i := slices.Index(g.waiting, t); i >= 0 {
					g.waiting = slices.Delete(g.waiting, i, i+1)
					waiting = t
				}
			}
		}
		a.legs.mu.Unlock()
		switch {
		case tp == nil:
			return nil
		case time.Now().After(limit):
			a.giveUpTape(recording, tp.channel)
			return nil
		case waiting != nil:
			a.tellNotRecorded(ctx, tp.channel, waiting, "stopped before it began")
		default:
			if err := a.order(ctx, "StopRecord", tp.command("stop")); err != nil {
				return err
			}
		}
		if !life.SleepOr(ctx, pause, tp.over) {
			return fault.E("esl.StopRecord", fault.Unavailable, ctx.Err())
		}
	}
}

// command is what is said to FreeSWITCH about a recording that runs.
func (t *tape) command(what string) string {
	return "uuid_record " + t.channel + " " + what + " " + t.path
}

// MuteRecord replaces what is recorded by silence; the recording's time goes on.
func (a *Adapter) MuteRecord(ctx context.Context, recording string, muted bool) error {
	if _, err := a.ready(ctx, "MuteRecord"); err != nil {
		return err
	}
	a.legs.mu.Lock()
	tp := a.legs.tapes[recording]
	a.legs.mu.Unlock()
	if tp == nil {
		return fault.New("esl.MuteRecord", fault.NotFound, "recording %.80q is not running", recording)
	}
	return a.order(ctx, "MuteRecord", tp.command(map[bool]string{true: "mask", false: "unmask"}[muted]))
}

// Recording tells whether a recording waits or runs.
func (a *Adapter) Recording(ctx context.Context, recording string) (bool, error) {
	if _, err := a.ready(ctx, "Recording"); err != nil {
		return false, err
	}
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	return a.legs.tapes[recording] != nil, nil
}
