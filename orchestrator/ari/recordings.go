package ari

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Record starts a recording. One of that id that is running already is the
// same order given twice, and no error; one that is stored is a Conflict. On a
// channel it begins when what the channel plays is over.
func (a *Adapter) Record(ctx context.Context, r orchestrator.RecordingOrder) error {
	const op = "ari.Record"
	kind, target := "bridges", r.Bridge
	if r.Channel != "" {
		kind, target = "channels", r.Channel
	}
	if (r.Bridge == "") == (r.Channel == "") {
		return fault.New(op, fault.Invalid, "recording %q is to be made on exactly one of bridge and channel", r.ID)
	}
	if r.ID == "" || r.Format == "" {
		return fault.New(op, fault.Invalid, "recording %q in format %q", r.ID, r.Format)
	}
	if err := a.refuseDialling("Record", r.Channel); err != nil {
		return err
	}
	q := url.Values{"name": {r.ID}, "format": {r.Format}, "ifExists": {"fail"}}
	if r.MaxDuration > 0 {
		q.Set("maxDurationSeconds", wholeSeconds(r.MaxDuration))
	}
	if r.MaxSilence > 0 {
		q.Set("maxSilenceSeconds", wholeSeconds(r.MaxSilence))
	}
	if r.Terminator != "" {
		q.Set("terminateOn", r.Terminator)
	}
	if r.Beep {
		q.Set("beep", "true")
	}
	if r.Bridge != "" {
		if err := a.hearBridge(ctx, r.Bridge); err != nil {
			return err
		}
	}
	a.tapes.add(r.ID, r.Bridge)
	if r.Channel != "" {
		a.quiet.begins(r.Channel, r.ID)
	}
	err := a.client.do(ctx, request{
		verb: "Record", method: http.MethodPost, path: []string{kind, target, "record"}, query: q, again: true,
	}, nil)
	if status(err) == http.StatusConflict {
		if running, checked := a.Recording(ctx, r.ID); checked == nil && running {
			return nil
		}
	}
	if status(err) != 0 {
		a.tapes.remove(r.ID)
		a.quiet.ends(r.ID)
	}
	return err
}

// hearBridge subscribes to a bridge for as long as it exists. Without it we
// hear of a bridge only while a channel of ours is in it, and the end of a
// recording may come just after the last has left.
func (a *Adapter) hearBridge(ctx context.Context, bridge string) error {
	err := a.client.do(ctx, request{
		verb: "Hear", method: http.MethodPost, path: []string{"applications", a.cfg.App, "subscription"},
		query: url.Values{"eventSource": {"bridge:" + bridge}}, again: true,
	}, nil)
	if status(err)/100 == 4 {
		return nil // no such bridge, which Record will say; or the application is down, and nothing is heard anyway
	}
	return err
}

// wholeSeconds rounds up: a limit below one second must not become "no limit".
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// StopRecord ends and keeps a recording; one that ended already is no error.
// It goes on until Asterisk says that the recording is over: an order that
// arrives while a recording begins is accepted and has no effect. Then it
// waits for EventRecorded, as what is done next (removing the bridge) would
// keep Asterisk from sending it.
func (a *Adapter) StopRecord(ctx context.Context, recording string) error {
	stop := request{
		verb: "StopRecord", method: http.MethodPost, path: []string{"recordings", "live", recording, "stop"}, again: true,
	}
	return patiently(ctx, func() (bool, error) {
		err := a.client.do(ctx, stop, nil)
		switch {
		case err != nil && fault.KindOf(err) == fault.NotFound:
			a.awaitTold(ctx, recording)
			return false, nil
		case status(err) == http.StatusConflict:
			err = nil // it is about to end
		}
		return err == nil, err
	})
}

// awaitTold waits a moment for EventRecorded of a recording that is over.
// Nothing is told while the socket is down, nor of what an earlier process began.
func (a *Adapter) awaitTold(ctx context.Context, recording string) {
	over := a.tapes.over(recording)
	a.mu.Lock()
	connected := a.session != nil
	a.mu.Unlock()
	if over == nil || !connected {
		return
	}
	timer := time.NewTimer(longestPause)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
		a.tapes.remove(recording)
	case <-ctx.Done():
	}
}

// tapes are the recordings that we began and that were not told to be over.
type tapes struct {
	mu sync.Mutex
	m  map[string]tape // by recording; guarded by mu
}

type tape struct {
	bridge string        // "" for a channel's
	over   chan struct{} // closed when EventRecorded was told
}

func (t *tapes) add(recording, bridge string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m == nil {
		t.m = map[string]tape{}
	}
	if _, again := t.m[recording]; !again {
		t.m[recording] = tape{bridge: bridge, over: make(chan struct{})}
	}
}

// over returns what closes when the recording was told to be over, nil when nobody waits for that.
func (t *tapes) over(recording string) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.m[recording].over
}

func (t *tapes) remove(recording string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tape, ok := t.m[recording]; ok {
		close(tape.over)
		delete(t.m, recording)
	}
}

// keep forgets recordings of channels, and of bridges that are not there any more:
// what became of them shows otherwise.
func (t *tapes) keep(truth orchestrator.Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, tape := range t.m {
		if _, there := truth.Bridges[tape.bridge]; !there {
			close(tape.over)
			delete(t.m, id)
		}
	}
}

// of returns the recordings on a bridge, in order of their ids.
func (t *tapes) of(bridge string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var ids []string
	for id, tape := range t.m {
		if tape.bridge == bridge {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// MuteRecord writes silence instead of sound; the recording's time goes on.
// While a recording begins, Asterisk knows it but refuses the order (409): it is
// repeated, as a card number may be read out any moment.
func (a *Adapter) MuteRecord(ctx context.Context, recording string, muted bool) error {
	method := http.MethodDelete
	if muted {
		method = http.MethodPost
	}
	mute := request{
		verb: "MuteRecord", method: method, path: []string{"recordings", "live", recording, "mute"}, again: true,
	}
	return patiently(ctx, func() (bool, error) {
		err := a.client.do(ctx, mute, nil)
		return status(err) == http.StatusConflict, err
	})
}

// Recording tells whether a recording is queued or running.
func (a *Adapter) Recording(ctx context.Context, recording string) (bool, error) {
	return found(a.client.do(ctx, request{
		verb: "Recording", method: http.MethodGet, path: []string{"recordings", "live", recording}, again: true,
	}, nil))
}

// DeleteRecording removes a stored recording; one that is gone already is no error.
func (a *Adapter) DeleteRecording(ctx context.Context, recording string) error {
	return a.client.do(ctx, request{
		verb: "DeleteRecording", method: http.MethodDelete, path: []string{"recordings", "stored", recording}, again: true,
	}, nil)
}

// OpenRecording streams a stored recording's file; size is in bytes, -1 when
// unknown. The request's timeout covers the wait for the first byte; from then
// on ctx is the limit. The caller closes the body.
func (a *Adapter) OpenRecording(ctx context.Context, recording string) (io.ReadCloser, int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	patience := time.AfterFunc(a.client.timeout, func() { cancel(context.DeadlineExceeded) })
	res, err := a.client.send(ctx, request{
		verb: "OpenRecording", method: http.MethodGet, path: []string{"recordings", "stored", recording, "file"},
	})
	if err != nil {
		patience.Stop()
		cancel(nil)
		return nil, 0, err
	}
	if !patience.Stop() {
		res.Body.Close()
		return nil, 0, fault.E("ari.OpenRecording", fault.Unavailable, context.Cause(ctx))
	}
	return &cancelledBody{ReadCloser: res.Body, cancel: cancel}, res.ContentLength, nil
}

// cancelledBody frees its request's context when it is closed.
type cancelledBody struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b *cancelledBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
