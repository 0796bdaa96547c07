package pbxtest

import (
	"context"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Lengths of media that Sound does not know.
const (
	soundLength = time.Second
	digitLength = 250 * time.Millisecond
	endless     = time.Duration(1<<63 - 1) // tones play until they are stopped
)

// job is a playback or a recording, in progress or waiting for its turn.
type job struct {
	id    string
	c     *channel // nil for the recording of a bridge
	media []orchestrator.Media
	rec   *recording // nil for a playback
	begun bool
	ends  *due // its natural end
	quiet *due // its end by silence
}

// recording runs or is stored.
type recording struct {
	order   orchestrator.RecordingOrder
	job     *job
	running bool
	muted   bool
	since   time.Time
	length  time.Duration
}

// Sound sets how long a sound plays, for all channels.
func (p *PBX) Sound(name string, length time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sounds[name] = length
}

// MissingSound makes a sound one that the switch does not have.
func (p *PBX) MissingSound(name string) { p.Sound(name, -1) }

// FinishPlayback lets the playback in progress on a channel end now, as if it
// had been played. It returns its id, "" when nothing plays.
func (p *PBX) FinishPlayback(channel string) string { return p.endPlayback(channel, false, "") }

// FailPlayback lets the playback in progress on a channel fail now.
func (p *PBX) FailPlayback(channel, reason string) string {
	return p.endPlayback(channel, true, reason)
}

func (p *PBX) endPlayback(channel string, failed bool, reason string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.channels[channel]
	if !ok || len(c.work) == 0 || c.work[0].rec != nil {
		return ""
	}
	j := c.work[0]
	p.finish(j, failed, reason)
	return j.id
}

// Play queues a playback. One that is known is left alone when order.Again says
// so, and otherwise played twice, as Asterisk does.
func (p *PBX) Play(ctx context.Context, order orchestrator.Playback) error {
	order.Media = slices.Clone(order.Media)
	cmd := Command{Op: "Play", Channel: order.Channel, ID: order.ID, Playback: &order}
	return p.obey(ctx, cmd, func() error {
		if order.ID == "" || len(order.Media) == 0 {
			return fault.New("pbxtest.Play", fault.Invalid, "id %q, %d media", order.ID, len(order.Media))
		}
		c, err := p.controlled("Play", order.Channel)
		if err != nil {
			return err
		}
		if _, ok := p.playbacks[order.ID]; ok && order.Again {
			return nil
		}
		j := &job{id: order.ID, c: c, media: order.Media}
		p.playbacks[j.id] = j
		p.enqueue(j)
		return nil
	})
}

// StopPlay ends a playback early: EventPlayed, not Failed.
func (p *PBX) StopPlay(ctx context.Context, playback string) error {
	return p.obey(ctx, Command{Op: "StopPlay", ID: playback}, func() error {
		if j, ok := p.playbacks[playback]; ok {
			p.finish(j, false, "")
		}
		return nil
	})
}

// Playing tells whether a playback is in progress or waits for its turn.
func (p *PBX) Playing(ctx context.Context, playback string) (known bool, err error) {
	err = p.obey(ctx, Command{Op: "Playing", ID: playback}, func() error {
		_, known = p.playbacks[playback]
		return nil
	})
	return known && err == nil, err
}

// enqueue puts a job behind the others of its channel. p.mu is held.
func (p *PBX) enqueue(j *job) {
	j.c.work = append(j.c.work, j)
	if len(j.c.work) == 1 {
		p.begin(j)
	}
}

// begin starts a job. p.mu is held.
func (p *PBX) begin(j *job) {
	j.begun = true
	if j.rec != nil {
		j.rec.since = time.Now()
		if limit := j.rec.order.MaxDuration; limit > 0 {
			j.ends = p.after(limit, func() { p.finish(j, false, "") })
		}
		return
	}
	total, missing := p.length(j.media)
	switch {
	case missing != "" && total == 0:
		p.finish(j, true, "sound "+missing+" does not exist")
	case missing != "":
		j.ends = p.after(total, func() { p.finish(j, true, "sound "+missing+" does not exist") })
	case total == 0:
		p.finish(j, false, "")
	case total != endless:
		j.ends = p.after(total, func() { p.finish(j, false, "") })
	}
}

// length adds up media until the first that is missing. p.mu is held.
func (p *PBX) length(media []orchestrator.Media) (total time.Duration, missing string) {
	for _, m := range media {
		d, known := p.sounds[m.Value]
		stored := p.recordings[m.Value]
		switch {
		case known && d < 0, m.Kind == orchestrator.MediaRecording && (stored == nil || stored.running):
			return total, m.Value
		case known:
		case m.Kind == orchestrator.MediaRecording:
			d = stored.length
		case m.Kind == orchestrator.MediaTone:
			return endless, ""
		case m.Kind == orchestrator.MediaDigits:
			d = time.Duration(len(m.Value)) * digitLength
		default:
			d = soundLength
		}
		total += d
	}
	return total, ""
}

// finish ends a job in whatever state, tells so once, and begins the next of
// its channel. p.mu is held.
func (p *PBX) finish(j *job, failed bool, reason string) {
	p.cancel(j.ends)
	p.cancel(j.quiet)
	first := false
	if j.c != nil {
		if i := slices.Index(j.c.work, j); i >= 0 {
			j.c.work = slices.Delete(j.c.work, i, i+1)
			first = i == 0
		}
	}
	if j.rec != nil {
		p.finishRecording(j, reason)
	} else {
		if p.playbacks[j.id] == j {
			delete(p.playbacks, j.id)
		}
		for _, twin := range j.c.work { // ordered twice: the other is to be had by the id now
			if twin.id == j.id && twin.rec == nil {
				p.playbacks[j.id] = twin
			}
		}
		p.emit(orchestrator.Event{
			Kind: orchestrator.EventPlayed, Channel: j.c.id, Playback: j.id, Failed: failed, Reason: reason,
		})
	}
	if first && len(j.c.work) > 0 {
		p.begin(j.c.work[0])
	}
}

// finishRecording keeps what was recorded; one that never began kept nothing. p.mu is held.
func (p *PBX) finishRecording(j *job, reason string) {
	r := j.rec
	r.running = false
	e := orchestrator.Event{Kind: orchestrator.EventRecorded, Channel: r.order.Channel, Recording: j.id}
	if j.begun {
		r.length = time.Since(r.since)
		e.Duration = r.length
	} else {
		delete(p.recordings, j.id)
		e.Failed, e.Reason = true, reason
	}
	p.emit(e)
}

// recordingsOf returns the running recordings of a bridge in order of their ids. p.mu is held.
func (p *PBX) recordingsOf(bridge string) []*recording {
	var out []*recording
	for _, r := range p.recordings {
		if r.running && r.order.Bridge == bridge {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *recording) int { return strings.Compare(a.order.ID, b.order.ID) })
	return out
}

// Record starts a recording; the repetition of one that runs does nothing.
func (p *PBX) Record(ctx context.Context, order orchestrator.RecordingOrder) error {
	cmd := Command{Op: "Record", Channel: order.Channel, ID: order.ID, Order: &order}
	return p.obey(ctx, cmd, func() error { return p.record(order) })
}

func (p *PBX) record(order orchestrator.RecordingOrder) error {
	const op = "pbxtest.Record"
	order.Again = false
	if order.ID == "" || order.Format == "" || (order.Bridge == "") == (order.Channel == "") {
		return fault.New(op, fault.Invalid, "recording %q of bridge %q, channel %q, format %q",
			order.ID, order.Bridge, order.Channel, order.Format)
	}
	if r := p.recordings[order.ID]; r != nil {
		if r.running && r.order == order {
			return nil
		}
		return fault.New(op, fault.Conflict, "recording %q exists", order.ID)
	}
	r := &recording{order: order, running: true}
	r.job = &job{id: order.ID, rec: r}
	if order.Channel != "" {
		c, err := p.controlled("Record", order.Channel)
		if err != nil {
			return err
		}
		r.job.c = c
		p.recordings[order.ID] = r
		p.enqueue(r.job)
		return nil
	}
	if _, ok := p.bridges[order.Bridge]; !ok {
		return fault.New(op, fault.NotFound, "bridge %q does not exist", order.Bridge)
	}
	p.recordings[order.ID] = r
	p.begin(r.job)
	return nil
}

// StopRecord ends and keeps a recording.
func (p *PBX) StopRecord(ctx context.Context, recording string) error {
	return p.obey(ctx, Command{Op: "StopRecord", ID: recording}, func() error {
		if r := p.recordings[recording]; r != nil && r.running {
			p.finish(r.job, true, "stopped before it began")
		}
		return nil
	})
}

// MuteRecord mutes or unmutes a running recording.
func (p *PBX) MuteRecord(ctx context.Context, recording string, muted bool) error {
	cmd := Command{Op: "MuteRecord", ID: recording}
	if muted {
		cmd.Text = "muted"
	}
	return p.obey(ctx, cmd, func() error {
		r := p.recordings[recording]
		if r == nil || !r.running {
			return fault.New("pbxtest.MuteRecord", fault.NotFound, "recording %q does not run", recording)
		}
		r.muted = muted
		return nil
	})
}

// Recording tells whether a recording is running.
func (p *PBX) Recording(ctx context.Context, recording string) (running bool, err error) {
	err = p.obey(ctx, Command{Op: "Recording", ID: recording}, func() error {
		r := p.recordings[recording]
		running = r != nil && r.running
		return nil
	})
	return running && err == nil, err
}

// Muted tells whether a recording is muted now.
func (p *PBX) Muted(recording string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.recordings[recording]
	return r != nil && r.running && r.muted
}

// OpenRecording streams a stored recording: silence of its length as WAV, 8000
// samples of 16 bits a second.
func (p *PBX) OpenRecording(ctx context.Context, recording string) (body io.ReadCloser, size int64, err error) {
	err = p.obey(ctx, Command{Op: "OpenRecording", ID: recording}, func() error {
		r := p.recordings[recording]
		if r == nil || r.running {
			return fault.New("pbxtest.OpenRecording", fault.NotFound, "recording %q is not stored", recording)
		}
		data := int64(r.length/(time.Second/8000)) * 2
		size = data + wavHeaderSize
		body = io.NopCloser(io.MultiReader(strings.NewReader(wavHeader(data)), io.LimitReader(silence{}, data)))
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return body, size, nil
}

// DeleteRecording removes a stored recording; one that is gone is no error.
func (p *PBX) DeleteRecording(ctx context.Context, recording string) error {
	return p.obey(ctx, Command{Op: "DeleteRecording", ID: recording}, func() error {
		if r := p.recordings[recording]; r != nil && r.running {
			return fault.New("pbxtest.DeleteRecording", fault.Conflict, "recording %q is running", recording)
		}
		delete(p.recordings, recording)
		return nil
	})
}

const wavHeaderSize = 44

// wavHeader is the RIFF header of mono PCM with so many bytes of data.
func wavHeader(data int64) string {
	h := append(make([]byte, 0, wavHeaderSize), "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(data)+wavHeaderSize-8) //nolint:gosec // tests record no 4 GB
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)    // length of this chunk
	h = binary.LittleEndian.AppendUint16(h, 1)     // PCM
	h = binary.LittleEndian.AppendUint16(h, 1)     // channels
	h = binary.LittleEndian.AppendUint32(h, 8000)  // samples a second
	h = binary.LittleEndian.AppendUint32(h, 16000) // bytes a second
	h = binary.LittleEndian.AppendUint16(h, 2)     // bytes a sample
	h = binary.LittleEndian.AppendUint16(h, 16)    // bits a sample
	h = append(h, "data"...)
	return string(binary.LittleEndian.AppendUint32(h, uint32(data))) //nolint:gosec // as above
}

// silence reads as zeros for ever.
type silence struct{}

func (silence) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
