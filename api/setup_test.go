package api

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/leadstore/leadstoretest"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/records"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// liveRec is the recording of the live call "c1", made as the engine makes it.
const liveRec = "op-c1-r1"

// world is everything around the API: real records in SQLite, the rest in memory.
type world struct {
	t       testing.TB
	db      *records.DB
	journal *memoryJournal
	engine  *fakeEngine
	floor   *fakeFloor
	agents  *fakeAgents
	calls   *fakeCalls
	callers *fakeCallers
	tokens  map[wire.Role]string // by role; the agent's is agent 101
	log     *bytes.Buffer
	parts   Parts
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, err := records.Open(t.Context(), leadstoretest.Records(t), func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, db: db, journal: newJournal(), engine: newEngine(), floor: &fakeFloor{}, agents: &fakeAgents{},
		calls: &fakeCalls{}, callers: &fakeCallers{}, tokens: map[wire.Role]string{}, log: &bytes.Buffer{}}
	for _, role := range Roles {
		w.tokens[role] = w.token(records.Token{Name: "test " + string(role), Role: string(role), Agent: map[wire.Role]string{wire.RoleAgent: "101"}[role]})
	}
	w.furnish()
	kept, err := leadstore.New(t.Context(), db, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	w.parts = Parts{Leads: kept, Campaigns: fakeCampaigns{}, Calls: w.calls, Engine: w.engine, Agents: w.agents, Callers: w.callers, Floor: w.floor, Teams: &fakeTeams{}, Records: db, Reports: reports.Reporter{Records: db, Definitions: func() acd.Definitions { return acd.Definitions{Teams: []acd.Team{{ID: "sales"}, {ID: "support"}}} }, Now: func() time.Time { return noon }}, Tokens: db, People: db,
		Definitions: fakeDefinitions{}, Doctor: fakeDoctor{}, Journal: w.journal, Version: wire.Version{Version: "1.2.3", Go: "go"},
		Checks: []Check{{"records", db.Ping}}, Log: slog.New(slog.NewTextHandler(&lockedWriter{w: w.log}, nil)),
		Now: func() time.Time { return noon }, Lag: func() records.Lag { return records.Lag{Behind: 3 * time.Second, Written: 7, SetAside: 2, Rewinds: 1} }}
	return w
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer // guarded by mu
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (w *world) token(t records.Token) string {
	w.t.Helper()
	_, text, err := w.db.CreateToken(w.t.Context(), t)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// furnish puts two live calls, a past one and its recording into the world.
func (w *world) furnish() {
	caller := orchestrator.Party{Number: "+34600123456", Name: "Ana"}
	w.floor.set(FloorState{
		Agents: []wire.Agent{{ID: "101", Name: "Eva", State: "talking", Since: noon, PBX: "main", Endpoint: "PJSIP/101",
			Device: "busy", Queues: []string{"sales"}, Call: "c1", Queue: "sales", Calls: 3, TalkMS: 9000},
			{ID: "102", State: "available", Queues: []string{"support"}}},
		Queues: []wire.Queue{{ID: "sales", Name: "Sales", Waiting: 1, LongestSince: noon.Add(-30 * time.Second),
			Agents: map[string]int{"talking": 1}}, {ID: "support", Agents: map[string]int{"available": 1}}},
		Waiting: []wire.WaitingCall{{Call: "c2", Queue: "sales", PBX: "main", EnteredAt: noon.Add(-30 * time.Second), Position: 1}},
	})
	customer := call.Leg{Role: call.RoleCustomer, PBX: "main", Channel: "in.1", State: call.LegJoined}
	w.calls.set(
		call.Call{CallSummary: orchestrator.CallSummary{Call: "c1", PBX: "main", Kind: orchestrator.KindInbound, DID: "3000",
			Caller: caller, StartedAt: noon.Add(-time.Minute).UnixMilli(), Queue: "sales", Agent: "101", Path: []string{"main/menu", "main/sales"}},
			State: call.StateTalking, Visit: &call.Visit{N: 1, State: call.VisitServed, Queue: "sales"},
			Legs:  []call.Leg{customer, {Role: call.RoleAgent, Channel: "op-c1-a1", State: call.LegJoined, Room: 1, Offer: &orchestrator.Offer{Agent: "101"}}},
			Rooms: []call.Room{{N: 1, State: call.RoomMade, Rec: &call.Recording{ID: liveRec, State: call.RecRunning}}}},
		call.Call{CallSummary: orchestrator.CallSummary{Call: "c2", PBX: "main", Kind: orchestrator.KindInbound, Caller: caller,
			StartedAt: noon.Add(-30 * time.Second).UnixMilli(), Queue: "sales"}, State: call.StateWaiting, Legs: []call.Leg{customer},
			Visit: &call.Visit{N: 1, State: call.VisitIn, Queue: "sales", Entered: noon.Add(-30 * time.Second).UnixMilli()}})
	summary := orchestrator.CallSummary{Call: "p1", PBX: "main", Kind: orchestrator.KindInbound, DID: "3000", Caller: caller,
		StartedAt: noon.Add(-time.Hour).UnixMilli(), QueuedAt: noon.Add(-time.Hour).UnixMilli(), EndedAt: noon.Add(-50 * time.Minute).UnixMilli(),
		Queue: "sales", Agent: "101", Outcome: orchestrator.OutcomeServed, Recording: "op-p1-r1", WaitMS: 4000, TalkMS: 60_000}
	w.record(
		entry("1-1", orchestrator.EntryCallStarted, "p1", "", summary),
		entry("1-2", orchestrator.EntryCallNode, "p1", "", orchestrator.Note{Flow: "main", Node: "card", Detail: map[string]string{"digits": "4111"}}),
		entry("1-3", orchestrator.EntryCallQueued, "p1", "", map[string]any{"queue": "sales", "known": "acme"}),
		entry("1-4", orchestrator.EntryCallConnected, "p1", "101", map[string]any{"agent": "101", "wait_ms": 4000}),
		entry("1-5", orchestrator.EntryCallRecording, "p1", "101", map[string]any{"recording": "op-p1-r1", "state": "started"}),
		entry("1-6", orchestrator.EntryCallParted, "p1", "101", map[string]any{"agent": "101", "talk_ms": 60_000}),
		entry("1-7", orchestrator.EntryCallRecording, "p1", "101", map[string]any{"recording": "op-p1-r1", "state": "finished", "duration_ms": 60_000}),
		entry("1-8", orchestrator.EntryCallEnded, "p1", "101", summary),
		entry("1-9", orchestrator.EntryAgentState, "", "101", orchestrator.AgentChange{From: "talking", To: "wrapup"}),
		entry("1-10", orchestrator.EntryCallRecording, "c1", "101", map[string]any{"recording": liveRec, "state": "started"}),
	)
	w.engine.pbx.put("op-p1-r1", wave(4000))
}

// keeping are definitions of a queue that keeps nothing for long.
type keeping struct {
	fakeDefinitions
	recordings, records time.Duration
}

func (k keeping) Definitions(context.Context) (wire.Definitions, error) {
	return wire.Definitions{Queues: []wire.QueueDefinition{{ID: "sales", KeepRecordingsMS: k.recordings.Milliseconds(), KeepRecordsMS: k.records.Milliseconds()}}}, nil
}

// record writes entries to SQL as the recorder would.
func (w *world) record(entries ...orchestrator.Entry) {
	w.t.Helper()
	if _, err := w.db.Write(w.t.Context(), entries); err != nil {
		w.t.Fatal(err)
	}
}

func entry(id string, kind orchestrator.EntryType, call, agent string, data any) orchestrator.Entry {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return orchestrator.Entry{ID: id, Type: kind, At: noon, Call: call, Agent: agent, Queue: "sales", PBX: "main", Data: raw}
}

// wave is a file that begins as a WAV does and counts on.
func wave(n int) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt ")
	for i := len(b); i < n; i++ {
		b = append(b, byte(i%251))
	}
	return b[:n]
}

func testConfig() Config {
	return Config{Listen: "127.0.0.1:0", OpenMetrics: true, EventClients: 15, EventClientsPerToken: 10, EventClientsPerAddress: 15}
}

// server makes a server that is not started: requests go straight to its router.
func (w *world) server() *Server {
	w.t.Helper()
	return w.serverWith(testConfig())
}

func (w *world) serverWith(cfg Config) *Server {
	w.t.Helper()
	s, err := New(cfg, w.parts)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.sounds.stop)
	return s
}

// started serves on a port of its own until the test ends.
func (w *world) started(s *Server) string {
	w.t.Helper()
	if err := s.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Stop)
	return "http://" + s.Addr().String()
}

// ask sends a request to the router.
func ask(s *Server, method, path, token, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	s.echo.ServeHTTP(out, r)
	return out
}

// read decodes an answer.
func read[T any](t testing.TB, r *httptest.ResponseRecorder, status int) T {
	t.Helper()
	if r.Code != status {
		t.Fatalf("status %d, want %d: %s", r.Code, status, r.Body)
	}
	var v T
	if err := json.Unmarshal(r.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
	return v
}

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and look at the change:\n%s", file, got)
	}
}
