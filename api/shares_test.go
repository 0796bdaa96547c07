package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// countingRecords notes how the entries that a stream missed are read.
type countingRecords struct {
	Records
	mu             sync.Mutex
	most, now, top int // the largest page; readers now; readers at once at most; guarded by mu
	hold           chan struct{}
}

func (c *countingRecords) Since(ctx context.Context, id string, limit int) ([]orchestrator.Entry, error) {
	c.mu.Lock()
	c.most, c.now = max(c.most, limit), c.now+1
	c.top = max(c.top, c.now)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.now--
		c.mu.Unlock()
	}()
	if c.hold != nil {
		<-c.hold
	}
	return c.Records.Since(ctx, id, limit)
}

func (c *countingRecords) seen() (most, now, top int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most, c.now, c.top
}

// behind is a world of which the server knows only the end: n entries are on record before it starts.
func behind(t *testing.T, n int) (*world, *countingRecords, *Server, string) {
	t.Helper()
	w := newWorld(t)
	var entries []orchestrator.Entry
	for range n {
		entries = append(entries, agentEntry("101", "talking"))
	}
	entries = w.journal.add(entries...)
	for len(entries) > 0 {
		part := entries[:min(500, len(entries))]
		w.record(part...)
		entries = entries[len(part):]
	}
	c := &countingRecords{Records: w.parts.Records}
	w.parts.Records = c
	cfg := testConfig()
	cfg.EventClients, cfg.EventClientsPerAddress = 200, 200
	s := w.serverWith(cfg)
	url := w.started(s)
	ready(t, s)
	return w, c, s, url
}

// An old Last-Event-ID is caught up in pages, never as a whole.
func TestWhatWasMissedIsReadInPages(t *testing.T) {
	t.Parallel()
	w, c, _, url := behind(t, 2000)
	st := w.open(url, w.tokens[wire.RoleWallboard], "2-1")
	for n := range 1999 {
		if e := st.must(); e.name != "change" || e.id != fmt.Sprint("2-", n+2) {
			t.Fatalf("event %d is %s %s", n, e.name, e.id)
		}
	}
	if most, _, _ := c.seen(); most > 500 {
		t.Errorf("%d entries are asked for at once", most)
	}
}

// Many streams that come back at once: few read, the others get a snapshot, which says the same in less.
func TestFewStreamsAreCaughtUpAtOnce(t *testing.T) {
	t.Parallel()
	w, c, _, url := behind(t, 600)
	c.hold = make(chan struct{})
	var wg sync.WaitGroup
	first := make(chan string, 60)
	for i := range 60 {
		token := w.token(records.Token{Name: fmt.Sprint("screen ", i), Role: "wallboard"})
		wg.Go(func() {
			if e, err := w.open(url, token, "2-1").next(); err == nil {
				first <- e.name
			}
		})
	}
	snapshots := 0
	for snapshots < 60-8 {
		select {
		case name := <-first:
			if name == "snapshot" {
				snapshots++
			}
		case <-t.Context().Done():
			t.Fatal("the test was cut off")
		}
	}
	close(c.hold)
	wg.Wait()
	if _, _, top := c.seen(); top > 8 {
		t.Errorf("%d streams are caught up at once", top)
	}
}

// status opens a stream and says how it was received.
func (w *world) status(url, token string) int {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	w.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/events", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = res.Body.Close() })
	return res.StatusCode
}

// One token cannot take all the streams, nor all who are no agents the agents' room.
func TestNobodyTakesAllStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := testConfig()
	cfg.EventClients, cfg.EventClientsPerAddress = 40, 40
	s := w.serverWith(cfg)
	url := w.started(s)
	ready(t, s)
	one := 0
	for range 40 {
		if w.status(url, w.tokens[wire.RoleWallboard]) == 200 {
			one++
		}
	}
	if one > 20 {
		t.Errorf("one token has %d of 40 streams", one)
	}
	others := 0
	for i := range 40 {
		if w.status(url, w.token(records.Token{Name: fmt.Sprint("s", i), Role: "supervisor"})) == 200 {
			others++
		}
	}
	if one+others > 30 {
		t.Errorf("%d streams of 40 are not agents'", one+others)
	}
	if status := w.status(url, w.tokens[wire.RoleAgent]); status != 200 {
		t.Errorf("an agent gets %d", status)
	}
}

// A stream ends soon after its token, and not only when it has something to say.
func TestARevokedTokensStreamEndsSoon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	url := w.started(s)
	ready(t, s)
	token := w.token(records.Token{Name: "brief", Role: "wallboard"})
	st := w.open(url, token, "")
	st.must()
	if err := w.db.RevokeToken(t.Context(), strings.Split(token, "_")[1]); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if line, err := st.body.ReadString('\n'); err != nil {
				return
			} else if strings.HasPrefix(line, ": beat") { // a beat comes every 15 seconds
				t.Error("the stream outlives its token until the next beat at least")
				return
			}
		}
	}()
	select {
	case <-ended:
	case <-t.Context().Done():
		t.Fatal("the test was cut off")
	}
}
