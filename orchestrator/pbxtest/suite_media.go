package pbxtest

import (
	"io"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// missing is a sound that no PBX has.
const missing = "operadora-no-such-sound"

func (r *rig) playback(channel string, sounds ...string) orchestrator.Playback {
	p := orchestrator.Playback{ID: r.id("p"), Channel: channel}
	for _, s := range sounds {
		p.Media = append(p.Media, orchestrator.Media{Kind: orchestrator.MediaSound, Value: s})
	}
	return p
}

// play starts a playback and returns its id.
func (r *rig) play(channel string, sounds ...string) string {
	r.Helper()
	p := r.playback(channel, sounds...)
	r.must(r.PBX.Play(r.Context(), p))
	return p.ID
}

// over waits for the end of a playback and checks that it is told once, before
// a later key of the same channel.
func (r *rig) over(l line, id string) orchestrator.Event {
	r.Helper()
	e := r.await("the end of playback "+id, played(id))
	r.barrier(l)
	if n := r.count(played(id)); n != 1 {
		r.Errorf("the end of playback %s was told %d times", id, n)
	}
	if e.Channel != l.channel {
		r.Errorf("playback %s ended on channel %q, want %q", id, e.Channel, l.channel)
	}
	return e
}

func testPlayFinished(r *rig) {
	l := r.answered()
	id := r.play(l.channel, r.Short)
	if e := r.over(l, id); e.Failed {
		r.Errorf("failed: %s", e.Reason)
	}
	known, err := r.PBX.Playing(r.Context(), id)
	r.must(err)
	if known {
		r.Error("a playback that is over still plays")
	}
	r.must(r.PBX.StopPlay(r.Context(), id))
}

func testPlaySeveral(r *rig) {
	l := r.answered()
	first := r.play(l.channel, r.Short, r.Short)
	second := r.play(l.channel, r.Short)
	for _, id := range []string{first, second} {
		if e := r.over(l, id); e.Failed {
			r.Errorf("%s failed: %s", id, e.Reason)
		}
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for _, e := range r.log.events {
		if e.Kind != orchestrator.EventPlayed {
			continue
		}
		if e.Playback != first {
			r.Error("the second playback was over first")
		}
		return
	}
}

func testPlayMissing(r *rig) {
	l := r.answered()
	if e := r.over(l, r.play(l.channel, missing)); !e.Failed {
		r.Error("a missing sound was played")
	}
	if e := r.over(l, r.play(l.channel, r.Short)); e.Failed {
		r.Errorf("the playback after it failed: %s", e.Reason)
	}
}

func testPlayStopped(r *rig) {
	l := r.answered()
	id := r.play(l.channel, r.Long)
	known, err := r.PBX.Playing(r.Context(), id)
	r.must(err)
	if !known {
		r.Error("the playback is not known")
	}
	r.must(r.PBX.StopPlay(r.Context(), id))
	if e := r.over(l, id); e.Failed {
		r.Errorf("a stopped playback failed: %s", e.Reason)
	}
	r.must(r.PBX.StopPlay(r.Context(), id))
}

func testPlayQueuedStopped(r *rig) {
	l := r.answered()
	first, second := r.play(l.channel, r.Long), r.play(l.channel, r.Long)
	r.must(r.PBX.StopPlay(r.Context(), second))
	r.must(r.PBX.StopPlay(r.Context(), first))
	r.over(l, first)
	r.over(l, second)
}

// A playback that a hang-up cuts short is not told to be over, or a flow would
// go on without its caller: the end of the channel is.
func testPlayHangup(r *rig) {
	l := r.answered()
	id := r.play(l.channel, r.Long)
	l.HangUp(r.T)
	r.once("the end", on(orchestrator.EventEnded, l.channel))
	if n := r.count(played(id)); n > 0 {
		r.Errorf("the end of the playback was told %d times", n)
	}
	known, err := r.PBX.Playing(r.Context(), id)
	r.must(err)
	if known {
		r.Error("the playback outlived its channel")
	}
}

func (r *rig) recording(bridge, channel string) orchestrator.RecordingOrder {
	return orchestrator.RecordingOrder{ID: r.id("r"), Bridge: bridge, Channel: channel, Format: "wav"}
}

// kept waits for the end of a recording, checks that it is told once, and that
// what was kept can be read and deleted.
func (r *rig) kept(order orchestrator.RecordingOrder) {
	r.Helper()
	e := r.once("the end of the recording", recorded(order.ID))
	if e.Failed {
		r.Fatalf("the recording failed: %s", e.Reason)
	}
	if e.Channel != order.Channel {
		r.Errorf("recorded on channel %q, want %q", e.Channel, order.Channel)
	}
	r.readable(order.ID)
}

func (r *rig) readable(id string) {
	r.Helper()
	ctx := r.Context()
	running, err := r.PBX.Recording(ctx, id)
	r.must(err)
	if running {
		r.Error("a recording that ended is running")
	}
	body, size, err := r.PBX.OpenRecording(ctx, id)
	r.must(err)
	data, err := io.ReadAll(body)
	r.must(err)
	r.must(body.Close())
	if len(data) == 0 || (size >= 0 && int64(len(data)) != size) {
		r.Errorf("%d bytes, announced %d", len(data), size)
	}
	r.must(r.PBX.DeleteRecording(ctx, id))
	_, _, err = r.PBX.OpenRecording(ctx, id)
	r.refused("OpenRecording of a deleted recording", err, fault.NotFound)
}

// record starts a recording and checks that it is known.
func (r *rig) record(order orchestrator.RecordingOrder) {
	r.Helper()
	r.must(r.PBX.Record(r.Context(), order))
	running, err := r.PBX.Recording(r.Context(), order.ID)
	r.must(err)
	if !running {
		r.Errorf("recording %s does not run", order.ID)
	}
}

// linger lets something be recorded: one more prompt's length.
func (r *rig) linger(l line) {
	r.Helper()
	r.over(l, r.play(l.channel, r.Short))
}

func testRecordBridge(r *rig) {
	_, _, _, bridge := r.bridged()
	ctx, order := r.Context(), r.recording(bridge, "")
	r.record(order)
	r.must(r.PBX.Record(ctx, order))
	r.must(r.PBX.MuteRecord(ctx, order.ID, true))
	r.linger(r.answered())
	r.must(r.PBX.MuteRecord(ctx, order.ID, false))
	r.must(r.PBX.StopRecord(ctx, order.ID))
	r.kept(order)
	r.must(r.PBX.StopRecord(ctx, order.ID))
}

func testRecordBridgeDestroyed(r *rig) {
	_, _, _, bridge := r.bridged()
	order := r.recording(bridge, "")
	r.record(order)
	r.linger(r.answered())
	r.must(r.PBX.DestroyBridge(r.Context(), bridge))
	r.kept(order)
}

func testRecordChannel(r *rig) {
	l := r.answered()
	order := r.recording("", l.channel)
	r.record(order)
	r.linger(r.answered())
	r.must(r.PBX.StopRecord(r.Context(), order.ID))
	r.kept(order)
	r.linger(l)
}

func testRecordTerminator(r *rig) {
	l := r.answered()
	order := r.recording("", l.channel)
	order.Terminator, order.Beep = "#", true
	r.record(order)
	r.linger(r.answered())
	l.Press(r.T, "#")
	r.kept(order)
}

func testRecordMaxDuration(r *rig) {
	l := r.answered()
	order := r.recording("", l.channel)
	order.MaxDuration = time.Second
	r.record(order)
	r.kept(order)
	r.barrier(l)
}

// A caller who hangs up ends a voicemail. What was said is kept, or it failed.
func testRecordHangup(r *rig) {
	l := r.answered()
	order := r.recording("", l.channel)
	r.record(order)
	r.linger(r.answered())
	l.HangUp(r.T)
	r.await("the end", on(orchestrator.EventEnded, l.channel))
	if e := r.once("the end of the recording", recorded(order.ID)); !e.Failed {
		r.readable(order.ID)
	}
}
