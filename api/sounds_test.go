package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// meteredPBX counts the recordings that are being read from it.
type meteredPBX struct {
	*fakePBX
	mu            sync.Mutex
	now, top, sum int // open now, at once at most, in all; guarded by mu
	hold          chan struct{}
}

func (m *meteredPBX) OpenRecording(ctx context.Context, id string) (io.ReadCloser, int64, error) {
	body, size, err := m.fakePBX.OpenRecording(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.sum = m.now+1, m.sum+1
	m.top = max(m.top, m.now)
	return &meteredBody{body, m}, size, nil
}

type meteredBody struct {
	io.ReadCloser
	m *meteredPBX
}

func (b *meteredBody) Read(p []byte) (int, error) {
	if b.m.hold != nil {
		<-b.m.hold
	}
	return b.ReadCloser.Read(p)
}

func (b *meteredBody) Close() error {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	b.m.now--
	return b.ReadCloser.Close()
}

func (m *meteredPBX) seen() (now, top, sum int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now, m.top, m.sum
}

type meteredEngine struct {
	*fakeEngine
	pbx *meteredPBX
}

func (e meteredEngine) PBX(name string) (orchestrator.PBX, bool) { return e.pbx, name == "main" }

func metered(t *testing.T) (*world, *meteredPBX) {
	t.Helper()
	w := newWorld(t)
	m := &meteredPBX{fakePBX: w.engine.pbx}
	w.parts.Engine = meteredEngine{w.engine, m}
	return w, m
}

// slowly asks for a recording and takes nothing of the answer.
func (w *world) slowly(url, id, token string) {
	w.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	fmt.Fprintf(c, "GET /api/v1/recordings/%s/audio HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", id, token)
	if _, err := io.ReadFull(c, make([]byte, 12)); err != nil { // the status: it is being answered
		w.t.Fatal(err)
	}
}

// Slow listeners take nothing of the PBX: its connections answer calls.
func TestSlowListenersHoldNoConnectionToThePBX(t *testing.T) {
	t.Parallel()
	w, m := metered(t)
	w.engine.pbx.put("op-p1-r1", wave(16<<20)) // more than the buffers on the way
	url := w.started(w.server())
	for range 6 {
		w.slowly(url, "op-p1-r1", w.tokens[wire.RoleSupervisor])
	}
	if now, _, sum := m.seen(); now > 0 || sum != 1 {
		t.Errorf("%d connections to the PBX are held, %d were opened", now, sum)
	}
}

// Many recordings at once: few are fetched at a time.
func TestFewRecordingsAreFetchedAtOnce(t *testing.T) {
	t.Parallel()
	w, m := metered(t)
	m.hold = make(chan struct{})
	url := w.started(w.server())
	var wg sync.WaitGroup
	for i := range 20 {
		id := fmt.Sprint("many", i)
		w.record(entry(fmt.Sprint("7-", i), orchestrator.EntryCallRecording, id, "", map[string]any{"recording": id, "state": "finished"}))
		w.engine.pbx.put(id, wave(1000))
		token := w.token(records.Token{Name: id, Role: "supervisor"})
		wg.Go(func() { w.slowly(url, id, token) })
	}
	await(t, func() bool { now, _, _ := m.seen(); return now >= 4 })
	close(m.hold)
	wg.Wait()
	if _, top, sum := m.seen(); top > 4 || sum != 20 {
		t.Errorf("%d at once, %d in all", top, sum)
	}
}

// A download is a file that players know by its name.
func TestDownloadHasAFileEnding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	r := ask(s, "GET", "/api/v1/recordings/op-p1-r1/audio?download=true", w.tokens[wire.RoleSupervisor], "")
	if d := r.Header().Get("Content-Disposition"); d != `attachment; filename="op-p1-r1.wav"` || !bytes.Equal(r.Body.Bytes(), wave(4000)) {
		t.Errorf("%q, %d bytes", d, r.Body.Len())
	}
}

// What was fetched is private, is not kept for long, and goes with the server.
func TestFetchedRecordingsArePrivateAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	s.sounds.room = 10_000
	for i := range 5 {
		id := fmt.Sprint("r", i)
		w.record(entry(fmt.Sprint("7-", i), orchestrator.EntryCallRecording, id, "", map[string]any{"recording": id, "state": "finished"}))
		w.engine.pbx.put(id, wave(4000))
		if r := ask(s, "GET", "/api/v1/recordings/"+id+"/audio", w.tokens[wire.RoleAdmin], ""); r.Code != 200 {
			t.Fatalf("%s: %d %s", id, r.Code, r.Body)
		}
	}
	dir := s.sounds.dir
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("%d files are kept, %v", len(files), err)
	}
	if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
	w.engine.pbx.put("r9", wave(20_000))
	w.record(entry("7-9", orchestrator.EntryCallRecording, "r9", "", map[string]any{"recording": "r9", "state": "finished"}))
	if r := ask(s, "GET", "/api/v1/recordings/r9/audio", w.tokens[wire.RoleAdmin], ""); r.Code != 503 {
		t.Errorf("one for which there is no room: %d", r.Code)
	}
	if r := ask(s, "DELETE", "/api/v1/recordings/r4", w.tokens[wire.RoleAdmin], ""); r.Code != 204 {
		t.Error(r.Code)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "r4") {
			if _, err := os.Stat(dir + "/" + f.Name()); err == nil {
				t.Error("a deleted recording is still here")
			}
		}
	}
	s.sounds.stop()
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is left")
	}
}
