package api

import (
	"bytes"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
)

func TestAudioRanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	const path = "/api/v1/recordings/op-p1-r1/audio"
	whole, token := wave(4000), w.tokens[wire.RoleSupervisor]
	const tag = `"op-p1-r1-4000"`
	rows := []struct {
		name, rng, ifRange string
		status             int
		from, to           int // exclusive
		contentRange       string
	}{
		{"whole", "", "", 200, 0, 4000, ""},
		{"begin", "bytes=0-99", "", 206, 0, 100, "bytes 0-99/4000"},
		{"one byte", "bytes=7-7", "", 206, 7, 8, "bytes 7-7/4000"},
		{"open end", "bytes=3990-", "", 206, 3990, 4000, "bytes 3990-3999/4000"},
		{"past the end", "bytes=3990-9999", "", 206, 3990, 4000, "bytes 3990-3999/4000"},
		{"suffix", "bytes=-5", "", 206, 3995, 4000, "bytes 3995-3999/4000"},
		{"long suffix", "bytes=-99999", "", 206, 0, 4000, "bytes 0-3999/4000"},
		{"beyond", "bytes=4000-", "", 416, 0, 0, "bytes */4000"},
		{"backwards", "bytes=9-3", "", 416, 0, 0, ""},
		{"other unit", "seconds=0-1", "", 416, 0, 0, ""},
		{"no numbers", "bytes=a-b", "", 416, 0, 0, ""},
		{"same file", "bytes=0-9", tag, 206, 0, 10, "bytes 0-9/4000"},
		{"other file", "bytes=0-9", `"x"`, 200, 0, 4000, ""},
	}
	for _, r := range rows {
		headers := []string{"Range", r.rng}
		if r.ifRange != "" {
			headers = append(headers, "If-Range", r.ifRange)
		}
		got := ask(s, "GET", path, token, "", headers...)
		if got.Code != r.status || got.Header().Get("Content-Range") != r.contentRange {
			t.Errorf("%s: %d %q, want %d %q", r.name, got.Code, got.Header().Get("Content-Range"), r.status, r.contentRange)
		}
		if r.status != 416 && !bytes.Equal(got.Body.Bytes(), whole[r.from:r.to]) {
			t.Errorf("%s: %d bytes, want %d to %d", r.name, got.Body.Len(), r.from, r.to)
		}
		if r.status != 416 && (got.Header().Get("ETag") != tag || got.Header().Get("Content-Type") != "audio/wave" || got.Header().Get("Accept-Ranges") != "bytes") {
			t.Errorf("%s: %v", r.name, got.Header())
		}
	}
	if got := ask(s, "GET", path, token, "", "If-None-Match", `"a", W/`+tag); got.Code != 304 || got.Body.Len() != 0 {
		t.Errorf("what the client holds: %d, %d bytes", got.Code, got.Body.Len())
	}
	got := ask(s, "HEAD", path, token, "")
	if got.Code != 200 || got.Header().Get("Content-Length") != "4000" || got.Body.Len() != 0 {
		t.Errorf("head: %d %v", got.Code, got.Header())
	}
	if d := ask(s, "GET", path+"?download=true", token, "").Header().Get("Content-Disposition"); d != `attachment; filename="op-p1-r1.wav"` {
		t.Errorf("download: %q", d)
	}
	s.sounds.drop("op-p1-r1")
	w.engine.pbx.unsized = true
	got = ask(s, "GET", path, token, "", "Range", "bytes=0-9")
	if got.Code != 206 || !bytes.Equal(got.Body.Bytes(), whole[:10]) {
		t.Errorf("unknown size: %d, %d bytes", got.Code, got.Body.Len())
	}
	w.engine.pbx.unsized = false

	log := read[wire.AuditLinePage](t, ask(s, "GET", "/api/v1/audit?object=op-p1-r1&limit=500", w.tokens[wire.RoleAdmin], ""), 200)
	plays, downloads := 0, 0
	for _, l := range log.Items {
		switch l.Action {
		case "recording.play":
			plays++
		case "recording.download":
			downloads++
		}
	}
	if plays != 2 || downloads != 1 { // one playback, and another after the file had gone; the HEAD gave nothing away
		t.Errorf("%d plays and %d downloads on the audit log, want 2 and 1", plays, downloads)
	}
}

func TestAudioThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	admin := w.tokens[wire.RoleAdmin]
	w.record(entry("3-1", orchestrator.EntryCallRecording, "x", "", map[string]any{"recording": "bad", "state": "failed"}),
		entry("3-2", orchestrator.EntryCallRecording, "x", "", map[string]any{"recording": "lost", "state": "finished"}))
	far := entry("3-3", orchestrator.EntryCallRecording, "y", "", map[string]any{"recording": "far", "state": "finished"})
	far.PBX = "elsewhere"
	w.record(far)
	for id, want := range map[string]int{"none": 404, liveRec: 409, "bad": 404, "lost": 404, "far": 503} {
		if r := ask(s, "GET", "/api/v1/recordings/"+id+"/audio", admin, ""); r.Code != want {
			t.Errorf("%s: %d, want %d: %s", id, r.Code, want, r.Body)
		}
	}
	if r := ask(s, "DELETE", "/api/v1/recordings/"+liveRec, admin, ""); r.Code != 409 {
		t.Errorf("deleting a running recording: %d", r.Code)
	}
	for range 2 {
		if r := ask(s, "DELETE", "/api/v1/recordings/op-p1-r1", admin, ""); r.Code != 204 {
			t.Errorf("deleting: %d %s", r.Code, r.Body)
		}
	}
	// One that breaks off before the range asked for: a whole problem, not a part of one.
	w.record(entry("3-4", orchestrator.EntryCallRecording, "z", "", map[string]any{"recording": "cut", "state": "finished"}))
	w.engine.pbx.put("cut", wave(1000))
	w.engine.pbx.claims = 9000
	r := ask(s, "GET", "/api/v1/recordings/cut/audio", admin, "", "Range", "bytes=5000-")
	if p := read[problem](t, r, 503); p.Title != "Service Unavailable" || r.Header().Get("Content-Length") != "" || r.Header().Get("ETag") != "" {
		t.Errorf("a recording that breaks off: %+v %v", p, r.Header())
	}
	w.engine.pbx.claims = 0
	if _, ok := w.engine.pbx.files["op-p1-r1"]; ok {
		t.Error("the sound is still there")
	}
	if r := ask(s, "GET", "/api/v1/recordings/op-p1-r1/audio", admin, ""); r.Code != 410 {
		t.Errorf("a deleted recording: %d", r.Code)
	}
	rec := read[wire.Recording](t, ask(s, "GET", "/api/v1/recordings/op-p1-r1", admin, ""), 200)
	if rec.DeletedBy != "test admin" {
		t.Errorf("deleted by %q", rec.DeletedBy)
	}
}
