package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// browser is an open event stream as a browser reads it.
type browser struct {
	t    testing.TB
	body *bufio.Reader
	end  context.CancelFunc
	last string // id of the last event read
}

type event struct{ id, name, data string }

func (w *world) open(url, token, lastID string) *browser {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/events", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		cancel()
		_ = res.Body.Close()
	})
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("stream: %d %v", res.StatusCode, res.Header)
	}
	return &browser{t: w.t, body: bufio.NewReader(res.Body), end: cancel}
}

// next returns the next event, skipping comments and the retry time.
func (s *browser) next() (event, error) {
	var e event
	for {
		line, err := s.body.ReadString('\n')
		if err != nil {
			return event{}, err
		}
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" && e.name != "":
			s.last = e.id
			return e, nil
		case strings.HasPrefix(line, "id: "):
			e.id = line[4:]
		case strings.HasPrefix(line, "event: "):
			e.name = line[7:]
		case strings.HasPrefix(line, "data: "):
			e.data = line[6:]
		}
	}
}

func (s *browser) must() event {
	s.t.Helper()
	e, err := s.next()
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// state reads a change and returns the state that its agent went to.
func (s *browser) state() string {
	s.t.Helper()
	var e orchestrator.Entry
	var c orchestrator.AgentChange
	if err := json.Unmarshal([]byte(s.must().data), &e); err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(e.Data, &c); err != nil {
		s.t.Fatal(err)
	}
	return c.To
}

// ids reads n events and returns their ids.
func (s *browser) ids(n int) []string {
	s.t.Helper()
	var out []string
	for range n {
		out = append(out, s.must().id)
	}
	return out
}

// ready waits until the hub knows where the journal stands.
func ready(t *testing.T, s *Server) {
	t.Helper()
	await(t, func() bool { _, _, ok := s.hub.end(); return ok })
}

// await waits for something that another goroutine does, as long as the test may last.
func await(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-t.Context().Done():
			t.Fatal("the test was cut off")
		case <-tick.C:
		}
	}
}

func agentEntry(agent, to string) orchestrator.Entry {
	return entry("", orchestrator.EntryAgentState, "", agent, orchestrator.AgentChange{From: "available", To: to})
}

// The smoke of the whole way: snapshot, a change, a cut, and what was missed meanwhile.
func TestEventsSnapshotChangeResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.add(agentEntry("101", "talking"))
	s := w.server()
	url := w.started(s)
	ready(t, s)

	st := w.open(url, w.tokens[wire.RoleSupervisor], "")
	first := st.must()
	var snap wire.Snapshot
	if err := json.Unmarshal([]byte(first.data), &snap); err != nil {
		t.Fatal(err)
	}
	if first.name != "snapshot" || first.id != "2-1" || len(snap.Agents) != 2 || len(snap.Queues) != 2 || len(snap.Waiting) != 1 ||
		len(snap.Calls) != 2 || !snap.PBXs["main"] || snap.Calls[0].Caller.Name != "Ana" {
		t.Errorf("first event %s %s: %+v", first.name, first.id, snap)
	}
	sent := w.journal.add(agentEntry("101", "wrapup"))[0]
	change := st.must()
	var got orchestrator.Entry
	if err := json.Unmarshal([]byte(change.data), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent, got); change.name != "change" || change.id != "2-2" || diff != "" {
		t.Errorf("change %s %s (-want +got):\n%s", change.name, change.id, diff)
	}

	st.end()
	w.journal.add(agentEntry("101", "available"), agentEntry("102", "paused"))
	await(t, func() bool { _, id, _ := s.hub.end(); return id == "2-4" })
	st = w.open(url, w.tokens[wire.RoleSupervisor], "2-2")
	w.journal.add(agentEntry("102", "available"))
	if diff := cmp.Diff([]string{"2-3", "2-4", "2-5"}, st.ids(3)); diff != "" {
		t.Errorf("after the cut (-want +got):\n%s", diff)
	}
	// The newest id misses nothing, an unknown one cannot be resumed.
	st = w.open(url, w.tokens[wire.RoleSupervisor], "2-5")
	w.journal.add(agentEntry("102", "offline"))
	if e := st.must(); e.name != "change" || e.id != "2-6" {
		t.Errorf("resumed at the newest: %+v", e)
	}
	for _, unknown := range []string{"77-7", "x'; DROP", strings.Repeat("9", 50) + "-1"} {
		if e := w.open(url, w.tokens[wire.RoleSupervisor], unknown).must(); e.name != "snapshot" {
			t.Errorf("resuming at %q gives %s", unknown, e.name)
		}
	}
	if w.journal.tails != 1 {
		t.Errorf("the journal is followed %d times, want once for all", w.journal.tails)
	}
}

// A journal that lost entries which streams have told begins anew for them.
func TestEventsAfterTheJournalLostEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.add(agentEntry("101", "talking"))
	s := w.server()
	url := w.started(s)
	ready(t, s)
	st := w.open(url, w.tokens[wire.RoleSupervisor], "")
	st.must()
	w.journal.add(agentEntry("101", "wrapup"), agentEntry("101", "available"))
	if diff := cmp.Diff([]string{"2-2", "2-3"}, st.ids(2)); diff != "" {
		t.Fatalf("live (-want +got):\n%s", diff)
	}
	w.journal.rewind(1)
	if e, err := st.next(); err == nil {
		t.Fatalf("the stream goes on with %+v", e)
	}
	ready(t, s)
	st = w.open(url, w.tokens[wire.RoleSupervisor], "2-3")
	if e := st.must(); e.name != "snapshot" || e.id != "2-1" {
		t.Errorf("a stream that comes back begins with %s %s", e.name, e.id)
	}
	w.journal.add(agentEntry("101", "paused"))
	if e := st.must(); e.name != "change" || e.id != "2-2" {
		t.Errorf("then comes %s %s", e.name, e.id)
	}
}

// A new process knows nothing of what came before, but the records do.
func TestEventsResumeFromRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.journal.add(agentEntry("101", "a"), agentEntry("101", "b"), agentEntry("101", "c"))
	w.record(before...)
	s := w.server()
	url := w.started(s)
	ready(t, s)
	w.journal.add(agentEntry("101", "d"))
	await(t, func() bool { _, id, _ := s.hub.end(); return id == "2-4" })
	st := w.open(url, w.tokens[wire.RoleSupervisor], "2-1")
	if diff := cmp.Diff([]string{"2-2", "2-3", "2-4"}, st.ids(3)); diff != "" {
		t.Errorf("from the records and the ring (-want +got):\n%s", diff)
	}

	// Where the recorder has not come as far as the ring begins, there is a gap: a snapshot.
	behind := newWorld(t)
	behind.record(behind.journal.add(agentEntry("101", "a"), agentEntry("101", "b"), agentEntry("101", "c"))[:2]...)
	s = behind.server()
	url = behind.started(s)
	ready(t, s)
	st = behind.open(url, behind.tokens[wire.RoleSupervisor], "2-1")
	if e := st.must(); e.name != "change" || e.id != "2-2" {
		t.Errorf("before a gap: %+v", e)
	}
	if e := st.must(); e.name != "snapshot" || e.id != "2-3" {
		t.Errorf("at the gap: %+v", e)
	}
}

func TestEventsByAudience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	url := w.started(s)
	ready(t, s)
	streams := map[wire.Role]*browser{}
	for _, role := range []wire.Role{wire.RoleSupervisor, wire.RoleAgent, wire.RoleWallboard} {
		streams[role] = w.open(url, w.tokens[role], "")
		snap := streams[role].must().data
		if role == wire.RoleWallboard && (strings.Contains(snap, "600123456") || strings.Contains(snap, "Ana")) {
			t.Errorf("the wallboard's snapshot tells of callers: %s", snap)
		}
		if role == wire.RoleAgent && strings.Contains(snap, `"call":"c2","pbx":"main","kind"`) {
			t.Errorf("the agent's snapshot has another's call: %s", snap)
		}
	}
	caller := orchestrator.CallSummary{Call: "n1", Caller: orchestrator.Party{Number: "+34600123456", Name: "Ana"}, Agent: "101"}
	other := caller
	other.Call, other.Agent = "n2", "102"
	w.journal.add(
		entry("", orchestrator.EntryCallStarted, "n2", "", other),
		entry("", orchestrator.EntryCallEnded, "n1", "101", caller),
		agentEntry("102", "paused"))
	want := map[wire.Role][]string{wire.RoleSupervisor: {"2-1 true", "2-2 true", "2-3 false"}, wire.RoleAgent: {"2-2 true", "2-3 false"}, wire.RoleWallboard: {"2-1 false", "2-2 false", "2-3 false"}}
	for role, st := range streams {
		var got []string
		for range want[role] {
			e := st.must()
			got = append(got, fmt.Sprint(e.id, " ", strings.Contains(e.data, "600123456")))
		}
		if diff := cmp.Diff(want[role], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", role, diff)
		}
	}
}

func TestEventsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	s.heartbeat = 5 * time.Millisecond
	url := w.started(s)
	ready(t, s)
	token := w.token(records.Token{Name: "brief", Role: "wallboard"})
	st := w.open(url, token, "")
	st.must()
	if line, err := st.body.ReadString('\n'); err != nil || line != ": beat\n" {
		t.Errorf("heartbeat %q, %v", line, err)
	}
	if err := w.db.RevokeToken(t.Context(), strings.Split(token, "_")[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := st.next(); err == nil {
		t.Error("the stream goes on without its token")
	}
	await(t, func() bool { return s.doors.size() == 0 })
}

// Who falls behind holds up nobody, and gets a snapshot instead of what the ring has dropped.
func TestWhoFallsBehindGetsASnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	s.hub.ready = true
	publish := func(from, n int) {
		for i := range n {
			e := agentEntry("101", "talking")
			e.ID = fmt.Sprint("5-", from+i)
			s.hub.publish([]orchestrator.Entry{e})
		}
	}
	st := &stream{Server: s, visitor: &visitor{over: make(chan struct{})}, audience: audience{full: true}}
	publish(0, 3)
	if items, _, ok := s.hub.read(st.place, streamPart); !ok || len(items) != 3 {
		t.Fatalf("%d items, %v", len(items), ok)
	}
	publish(3, 3*ringSize)
	if _, _, ok := s.hub.read(st.place, streamPart); ok {
		t.Fatal("the ring holds everything")
	}
	out := httptest.NewRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- st.run(ctx, s.streamWriter(out), func(context.Context, *streamWriter) error { return nil })
	}()
	await(t, func() bool {
		return strings.Contains(scrape(t, s.metrics), `operadora_event_streams_opened_total{how="behind"} 1`)
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := out.Body.String(); !strings.Contains(got, "event: snapshot") || strings.Contains(got, "event: change") {
		t.Errorf("%.200s", got)
	}
}

// A client that takes nothing is cut off; the others lose nothing.
func TestAClientThatTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	s.writeTime = time.Second // the quick one, too, may have to wait for the processor
	url := w.started(s)
	ready(t, s)
	deaf, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	fmt.Fprintf(deaf, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", w.tokens[wire.RoleSupervisor])
	await(t, func() bool { return s.doors.size() == 1 })
	quick := w.open(url, w.tokens[wire.RoleWallboard], "")
	quick.must()
	big := agentEntry("101", "talking")
	big.Data = json.RawMessage(`{"from":"talking","to":"talking","reason":"` + strings.Repeat("x", 100_000) + `"}`)
	told := 0
	for s.doors.size() == 2 { // until the buffers on the way to the deaf one are full
		w.journal.add(big)
		quick.must()
		told++
	}
	await(t, func() bool {
		return strings.Contains(scrape(t, s.metrics), `operadora_event_streams_ended_total{reason="slow"} 1`)
	})
	w.journal.add(big)
	if e := quick.must(); e.id != fmt.Sprint("2-", told+1) {
		t.Errorf("the quick one got %s after %d", e.id, told)
	}
}

func TestHubRingIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.server().hub
	h.ready = true
	for i := range 3*ringSize + 5 {
		h.publish([]orchestrator.Entry{{ID: fmt.Sprint("1-", i)}})
	}
	if len(h.ring) > 2*ringSize {
		t.Errorf("the ring has %d entries", len(h.ring))
	}
	place, ok := h.find(h.base)
	items, _, readable := h.read(place, 10)
	if !ok || !readable || len(items) != 10 || items[0].entry.ID != fmt.Sprint("1-", 3*ringSize+5-len(h.ring)) {
		t.Errorf("from the ring's base: %v %v", ok, readable)
	}
	if _, ok := h.find("1-0"); ok {
		t.Error("an entry that was dropped is still known")
	}
}

func TestHubSurvivesTheJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.setDown(errors.New("redis is away"))
	s := w.server()
	url := w.started(s)
	if r := ask(s, "GET", "/api/v1/events", w.tokens[wire.RoleAdmin], ""); r.Code != 503 {
		t.Errorf("without a journal: %d", r.Code)
	}
	w.journal.setDown(nil)
	ready(t, s)
	st := w.open(url, w.tokens[wire.RoleSupervisor], "")
	st.must()
	w.journal.add(agentEntry("101", "a"))
	st.must()
	w.journal.setDown(errors.New("redis is away"))
	w.journal.add(agentEntry("101", "b"), agentEntry("101", "c"))
	w.journal.setDown(nil)
	if diff := cmp.Diff([]string{"2-2", "2-3"}, st.ids(2)); diff != "" {
		t.Errorf("after the outage (-want +got):\n%s", diff)
	}
}

// cutOff is a client that has gone when the first byte is to be sent.
type cutOff struct{ http.ResponseWriter }

func (cutOff) Header() http.Header       { return http.Header{} }
func (cutOff) WriteHeader(int)           {}
func (cutOff) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Who leaves before it is told what it missed gives its turn at the records back.
func TestWhoLeavesBeforeCatchingUpGivesTheTurnBack(t *testing.T) {
	t.Parallel()
	w, _, s, _ := behind(t, 10)
	found, err := w.db.FindToken(t.Context(), w.tokens[wire.RoleWallboard])
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithValue(t.Context(), askerKey{}, &asker{who: found.Identity(), ip: "127.0.0.1", request: &http.Request{}})
	old := "2-1"
	answer, err := operations{s}.StreamEvents(ctx, StreamEventsRequestObject{Params: wire.StreamEventsParams{LastEventID: &old}})
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.VisitStreamEventsResponse(cutOff{}); err == nil {
		t.Error("the client was there")
	}
	if !s.resuming.enter(found.ID) {
		t.Error("the token that left may never catch up again")
	}
}
