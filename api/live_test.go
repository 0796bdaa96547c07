package api

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/runner"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/records"
)

// shown is a board as a page keeps it.
type shown struct {
	t     testing.TB
	url   string
	token string

	mu        sync.Mutex
	agents    map[string]wire.Agent         // guarded by mu
	calls     map[string]wire.LiveCall      // guarded by mu
	queues    map[string]wire.Queue         // guarded by mu
	pbxs      map[string]bool               // guarded by mu
	waiting   map[string][]wire.WaitingCall // guarded by mu
	campaigns map[string]wire.Campaign      // guarded by mu
	views     map[string]wire.CampaignView  // guarded by mu
	last      string                        // id of the last event; guarded by mu
	snapshots int                           // guarded by mu
	deltas    int                           // guarded by mu
	beat      wire.LiveBeat                 // guarded by mu
	cut       context.CancelFunc            // guarded by mu
	over      chan struct{}                 // guarded by mu; closed when the stream has ended
}

func (w *world) watch(url, topics, token string) *shown {
	w.t.Helper()
	s := &shown{t: w.t, url: url + "/api/v1/live?topics=" + topics, token: token}
	s.come(false)
	w.t.Cleanup(s.leave)
	return s
}

// come opens the stream, from where it was if it is to resume.
func (s *shown) come(resume bool) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	s.mu.Lock()
	defer s.mu.Unlock()
	if resume && s.last != "" {
		r.Header.Set("Last-Event-ID", s.last)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatal(res, err)
	}
	over := make(chan struct{})
	s.cut, s.over = cancel, over
	b := &browser{t: s.t, body: bufio.NewReader(res.Body)}
	go func() {
		defer close(over)
		defer res.Body.Close()
		for {
			e, err := b.next()
			if err != nil {
				return
			}
			if err := s.take(e); err != nil {
				s.t.Errorf("event %s %s: %v", e.name, e.id, err)
				return
			}
		}
	}()
}

func (s *shown) leave() {
	s.mu.Lock()
	cut, over := s.cut, s.over
	s.mu.Unlock()
	cut()
	<-over
}

func (s *shown) take(e event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.id != "" {
		s.last = e.id
	}
	put := func(r wire.LiveRows) {
		for _, v := range r.Agents {
			s.agents[v.ID] = v
		}
		for _, v := range r.Calls {
			s.calls[v.ID] = v
		}
		for _, v := range r.Queues {
			s.queues[v.ID] = v
		}
		for _, v := range r.PBXs {
			s.pbxs[v.ID] = v.Connected
		}
		for _, v := range r.Waiting {
			s.waiting[v.Queue] = v.Calls
		}
		for _, v := range r.Campaigns {
			s.campaigns[v.ID] = v
		}
		for _, v := range r.CampaignViews {
			s.views[v.Campaign.ID] = v
		}
	}
	switch e.name {
	case "hello":
	case "beat":
		return json.Unmarshal([]byte(e.data), &s.beat)
	case "snapshot":
		var v wire.LiveSnapshot
		if err := json.Unmarshal([]byte(e.data), &v); err != nil {
			return err
		}
		s.snapshots++
		s.agents, s.calls, s.queues = map[string]wire.Agent{}, map[string]wire.LiveCall{}, map[string]wire.Queue{}
		s.pbxs, s.waiting = map[string]bool{}, map[string][]wire.WaitingCall{}
		s.campaigns, s.views = map[string]wire.Campaign{}, map[string]wire.CampaignView{}
		put(v.Rows)
	case "delta":
		var v wire.LiveDelta
		if err := json.Unmarshal([]byte(e.data), &v); err != nil {
			return err
		}
		if s.agents == nil {
			return errors.New("a delta before any snapshot")
		}
		s.deltas++
		put(v.Put)
		for _, id := range v.Del.Agents {
			delete(s.agents, id)
		}
		for _, id := range v.Del.Calls {
			delete(s.calls, id)
		}
		for _, id := range v.Del.Queues {
			delete(s.queues, id)
		}
	default:
		return fmt.Errorf("unknown event %q", e.name)
	}
	return nil
}

// is tells whether what is shown is what the API answers the same token, as far as keep lets it.
func (s *shown) is(srv *Server, keep func(any) bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.agents == nil {
		return "nothing is shown yet"
	}
	agents := answered[wire.Agent](s.t, srv, "/api/v1/agents?limit=500", s.token, keep)
	calls := answered[wire.LiveCall](s.t, srv, "/api/v1/calls?limit=500", s.token, keep)
	queues := answered[wire.Queue](s.t, srv, "/api/v1/queues?limit=500", s.token, keep)
	have := []any{sorted(s.agents, func(v wire.Agent) string { return v.ID }), sorted(s.calls, func(v wire.LiveCall) string { return v.ID }),
		sorted(s.queues, func(v wire.Queue) string { return v.ID })}
	return gocmp.Diff([]any{agents, calls, queues}, have)
}

func sorted[T any](m map[string]T, id func(T) string) []T {
	out := []T{} // none is [], as answered
	return append(out, slices.SortedFunc(maps.Values(m), func(a, b T) int { return cmp.Compare(id(a), id(b)) })...)
}

func answered[T any](t testing.TB, s *Server, path, token string, keep func(any) bool) []T {
	t.Helper()
	var page struct{ Items []T }
	if r := ask(s, "GET", path, token, ""); json.Unmarshal(r.Body.Bytes(), &page) != nil {
		t.Fatal(r.Code, r.Body)
	}
	out := []T{}
	for _, v := range page.Items {
		if keep(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b T) int { return cmp.Compare(idOf(a), idOf(b)) })
	return slices.Clip(out)
}

func idOf(v any) string {
	switch v := v.(type) {
	case wire.Agent:
		return v.ID
	case wire.LiveCall:
		return v.ID
	case wire.Queue:
		return v.ID
	}
	return ""
}

// random is a floor on which anything happens.
type random struct {
	*rand.Rand
	w     *world
	state FloorState
	calls map[string]call.Call
	n     int
}

func (r *random) pick(list ...string) string { return list[r.IntN(len(list))] }

// step does something, and tells it in the journal as those who do it would.
func (r *random) step() orchestrator.Entry {
	e := orchestrator.Entry{At: noon, PBX: "main"}
	switch ids := slices.Sorted(maps.Keys(r.calls)); {
	case r.IntN(3) == 0:
		i := r.IntN(len(r.state.Agents))
		r.state.Agents = slices.Clone(r.state.Agents)
		a := &r.state.Agents[i]
		a.State, a.Since = wire.AgentState(r.pick("available", "paused", "talking", "offline")), noon.Add(time.Duration(r.n)*time.Second)
		a.Queues = []string{r.pick("sales", "support")}
		e.Type, e.Agent = orchestrator.EntryAgentState, a.ID
	case len(ids) == 0 || r.IntN(3) == 0 && len(ids) < 30:
		id := fmt.Sprintf("0c%05d", r.n)
		r.calls[id] = call.Call{CallSummary: orchestrator.CallSummary{Call: id, PBX: "main", Kind: orchestrator.KindInbound,
			Caller: orchestrator.Party{Number: fmt.Sprintf("+3460%07d", r.n)}, StartedAt: noon.UnixMilli() + int64(r.n)},
			State: call.StateInFlow, Legs: []call.Leg{{Role: call.RoleCustomer, PBX: "main", Channel: "in." + id, State: call.LegJoined}}}
		e.Type, e.Call = orchestrator.EntryCallStarted, id
	default:
		id := ids[r.IntN(len(ids))]
		c := r.calls[id]
		c.Legs = c.Legs[:1:1]
		c.Queue = r.pick("sales", "support")
		c.Visit = &call.Visit{N: 1, State: call.VisitIn, Queue: c.Queue, Entered: noon.UnixMilli()}
		e.Call, e.Queue = id, c.Queue
		switch r.IntN(4) {
		case 0:
			c.State, e.Type = call.StateWaiting, orchestrator.EntryCallQueued
		case 1, 2:
			agent := r.state.Agents[r.IntN(len(r.state.Agents))].ID
			c.State, c.Agent, e.Type, e.Agent = call.StateTalking, agent, orchestrator.EntryCallConnected, agent
			c.Legs = append(c.Legs, call.Leg{Role: call.RoleAgent, Channel: "op-" + id, State: call.LegJoined, Offer: &orchestrator.Offer{Agent: agent}})
		default:
			c.State, e.Type = call.StateEnded, orchestrator.EntryCallEnded
		}
		r.calls[id] = c
		if c.State == call.StateEnded {
			delete(r.calls, id)
		}
	}
	r.n++
	r.count()
	r.w.floor.set(r.state)
	r.w.calls.set(slices.Collect(maps.Values(r.calls))...)
	return e
}

// count makes the numbers of queues true.
func (r *random) count() {
	r.state.Queues, r.state.Waiting = nil, nil
	for _, id := range []string{"sales", "support"} {
		q := wire.Queue{ID: id, Agents: map[string]int{}}
		for _, a := range r.state.Agents {
			if a.Queues[0] == id {
				q.Agents[string(a.State)]++
			}
		}
		for _, c := range r.calls {
			if c.State == call.StateWaiting && c.Queue == id {
				q.Waiting++
			}
		}
		r.state.Queues = append(r.state.Queues, q)
	}
}

// TestBoardsSayWhatTheAPIAnswers: ten thousand things happen, pages come and go, with
// and without what they knew; each shows in the end what the API answers its token, the
// rows that are not for it left out.
func TestBoardsSayWhatTheAPIAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	s.live.every, s.live.tick = 5*time.Millisecond, time.Hour // what no entry tells of is never found
	url := w.started(s)
	ready(t, s)
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := &random{Rand: rand.New(rand.NewPCG(seed, 1)), w: w, calls: map[string]call.Call{}}
	for _, id := range []string{"101", "102", "103", "104"} {
		r.state.Agents = append(r.state.Agents, wire.Agent{ID: id, State: wire.AgentStateOffline, Queues: []string{"sales"}})
	}
	r.step()
	all := func(any) bool { return true }
	team := &fakeTeams{}
	boards := []struct {
		name, topics, token string
		keep                func(any) bool
		*shown
	}{
		{name: "admin", topics: "floor", token: w.tokens[wire.RoleAdmin], keep: all},
		{name: "wallboard", topics: "floor", token: w.tokens[wire.RoleWallboard], keep: all},
		{name: "agent", topics: "floor", token: w.tokens[wire.RoleAgent], keep: all},
		{name: "me", topics: "me", token: w.tokens[wire.RoleAgent], keep: func(v any) bool {
			switch v := v.(type) {
			case wire.Agent:
				return v.ID == "101"
			case wire.LiveCall:
				return serves("101", v)
			}
			a, err := w.floor.Agent(t.Context(), "101")
			return err == nil && a.Queues[0] == idOf(v)
		}},
		{name: "queue", topics: "queue:sales", token: w.tokens[wire.RoleSupervisor], keep: func(v any) bool {
			switch v := v.(type) {
			case wire.Agent:
				return v.Queues[0] == "sales"
			case wire.LiveCall:
				return v.Queue == "sales"
			}
			return idOf(v) == "sales"
		}},
		{name: "team", topics: "floor", token: w.token(records.Token{Name: "s", Role: "supervisor", Teams: []string{"sales"}}), keep: func(v any) bool {
			switch v := v.(type) {
			case wire.Agent:
				return team.TeamOf(v.ID) == "sales"
			case wire.LiveCall:
				return v.Serving == "" && v.Queue == "sales" || team.TeamOf(v.Serving) == "sales"
			}
			return idOf(v) == "sales"
		}},
	}
	for i := range boards {
		boards[i].shown = w.watch(url, boards[i].topics, boards[i].token)
	}
	for range 10_000 {
		w.journal.add(r.step())
		if b := boards[r.IntN(len(boards))]; r.IntN(100) == 0 {
			b.leave()
			b.come(r.IntN(4) > 0)
		}
	}
	for _, b := range boards {
		var diff string
		for end := time.Now().Add(10 * time.Second); ; {
			if diff = b.is(s, b.keep); diff == "" || time.Now().After(end) {
				break
			}
			<-time.After(5 * time.Millisecond)
		}
		if diff != "" {
			t.Errorf("%s (-answered +shown):\n%.3000s", b.name, diff)
		}
		b.mu.Lock()
		if b.deltas == 0 || b.snapshots == 0 {
			t.Errorf("%s: %d snapshots, %d deltas", b.name, b.snapshots, b.deltas)
		}
		b.mu.Unlock()
	}
}

// await waits until a board shows what a condition asks.
func (s *shown) await(done func() bool) {
	s.t.Helper()
	await(s.t.(*testing.T), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.agents != nil && done()
	})
}

// TestWhatIsAnAgentsOwnIsToldAtOnce: on a floor of which no more than one change is told, an agent
// sees what becomes of their call, and nothing of what is another's.
func TestWhatIsAnAgentsOwnIsToldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	s.live.every, s.live.tick = time.Hour, time.Hour
	url := w.started(s)
	ready(t, s)
	me := w.watch(url, "me", w.tokens[wire.RoleAgent])
	me.await(func() bool { return len(me.agents) == 1 && me.agents["101"].ID != "" })
	state := func(agent string, is wire.AgentState) {
		all := w.floor.state
		all.Agents = slices.Clone(all.Agents)
		for i, a := range all.Agents {
			if a.ID == agent {
				all.Agents[i].State = is
			}
		}
		w.floor.set(all)
		w.journal.add(orchestrator.Entry{Type: orchestrator.EntryAgentState, Agent: agent, At: noon})
	}
	state("102", wire.AgentStateOffline) // perhaps told with what nobody has to wait for
	calls := w.calls.calls
	c := calls[1]
	c.Call, c.State = "c7", call.StateOffered
	c.Legs = append(c.Legs[:1:1], call.Leg{Role: call.RoleAgent, Channel: "op-c7-a1", State: call.LegRinging, Offer: &orchestrator.Offer{Agent: "101"}})
	tell := func(typ orchestrator.EntryType, agent string) {
		w.calls.set(append(slices.Clone(calls), c)...)
		w.journal.add(orchestrator.Entry{Type: typ, Call: "c7", Agent: agent, At: noon})
	}
	tell(orchestrator.EntryCallOffered, "101")
	me.await(func() bool {
		return me.calls["c7"].State == wire.CallStateOffered && me.calls["c7"].Caller.Number != ""
	})
	state("101", wire.AgentStateTalking)
	me.await(func() bool { return me.agents["101"].State == wire.AgentStateTalking })
	c.Legs[0].Held, c.State = true, call.StateTalking
	tell(orchestrator.EntryCallHeld, "") // an entry that names no agent
	me.await(func() bool { return me.calls["c7"].Held })
	c.Legs = c.Legs[:1:1]
	c.State = call.StateWaiting
	tell(orchestrator.EntryCallMissed, "101")
	me.await(func() bool { _, ok := me.calls["c7"]; return !ok })
	me.mu.Lock()
	if len(me.agents) != 1 || len(me.queues) == 0 {
		t.Errorf("shown to the agent: %d agents, %d queues", len(me.agents), len(me.queues))
	}
	me.mu.Unlock()
}

// TestALineIsShownWithItsQueue: who waits in a queue, in their order, is told to who watches that queue.
func TestALineIsShownWithItsQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	url := w.started(s)
	ready(t, s)
	b := w.watch(url, "queue:sales", w.tokens[wire.RoleSupervisor])
	b.await(func() bool { return len(b.waiting["sales"]) == 1 })
	state := w.floor.state
	state.Waiting = append(slices.Clone(state.Waiting), wire.WaitingCall{Call: "c3", Queue: "sales", PBX: "main", Position: 2, EnteredAt: noon})
	w.floor.set(state)
	w.journal.add(orchestrator.Entry{Type: orchestrator.EntryCallQueued, Call: "c3", Queue: "sales", At: noon})
	b.await(func() bool { return len(b.waiting["sales"]) == 2 && b.waiting["sales"][1].Call == "c3" })
}

// TestABoardThatIsOldSaysSo: the store is away; the beat says until when the board was true, and again when it is back.
func TestABoardThatIsOldSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	now := noon
	w.parts.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Millisecond)
		return now
	}
	s := w.server()
	s.live.tick, s.live.beat = 10*time.Millisecond, 10*time.Millisecond
	url := w.started(s)
	ready(t, s)
	b := w.watch(url, "floor", w.tokens[wire.RoleSupervisor])
	b.await(func() bool { return b.snapshots == 1 && b.beat.AsOf.Equal(b.beat.At) && !b.beat.At.IsZero() })
	w.floor.fail(errors.New("away"))
	b.await(func() bool { return b.beat.AsOf.Before(b.beat.At) })
	w.floor.fail(nil)
	b.await(func() bool { return b.beat.AsOf.Equal(b.beat.At) })
}

// TestCampaignsAreShownAsTheyAre: to who may ask for campaigns, as they are told who asks, and anew as they change; nobody
// else is told of them, nor is who watches the floor.
func TestCampaignsAreShownAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var runs fakeRuns
	w.parts.Campaigns = &runs
	s := w.server()
	s.live.dialled = time.Hour
	url := w.started(s)
	ready(t, s)
	manager := w.tokens[wire.RoleCampaignManager]
	b, floor := w.watch(url, "campaigns,campaign:march,campaign:gone", manager), w.watch(url, "floor", manager)
	b.await(func() bool { return b.views["march"].Attempts == 9 && b.campaigns["march"].Live.Ringing == 3 })
	for path, have := range map[string]any{"/api/v1/campaigns": wire.CampaignList{Items: []wire.Campaign{b.campaigns["march"]}}, "/api/v1/campaigns/march": b.views["march"]} {
		told, err := json.Marshal(have)
		if r := ask(s, "GET", path, manager, ""); err != nil || strings.TrimSpace(r.Body.String()) != string(told) {
			t.Errorf("%s: %s\nshown: %s", path, r.Body, told)
		}
	}
	if es := b.campaigns["march"].Live.HoldTexts["es"]; es != "el calendario office está cerrado" {
		t.Errorf("%q", es)
	}
	bound := w.token(records.Token{Name: "bound", Role: string(wire.RoleSupervisor), Teams: []string{"support"}})
	other := w.watch(url, "campaigns,campaign:march,floor", bound)
	runs.move(campaign.RunPaused)
	w.journal.add(orchestrator.Entry{Type: orchestrator.EntryCampaignState, At: noon})
	b.await(func() bool { return b.campaigns["march"].State == "paused" && b.views["march"].Run.State == "paused" })
	// What is told afterwards says that nothing of it was told before.
	state := w.floor.state
	state.Agents = slices.Clone(state.Agents)
	state.Agents[1].State = "paused"
	w.floor.set(state)
	w.journal.add(orchestrator.Entry{Type: orchestrator.EntryAgentState, Agent: "102", At: noon})
	for _, s := range []*shown{floor, other} {
		s.await(func() bool { return s.agents["102"].State == "paused" })
		if len(s.campaigns)+len(s.views) > 0 {
			t.Errorf("%s is told of campaigns: %v %v", s.url, s.campaigns, s.views)
		}
	}

	for _, role := range []wire.Role{wire.RoleAgent, wire.RoleWallboard} {
		for _, topic := range []string{"campaigns", "campaign:march", "floor,campaigns"} {
			if r := ask(s, "GET", "/api/v1/live?topics="+topic, w.tokens[role], ""); r.Code != http.StatusForbidden {
				t.Errorf("%s, %s: %d %s", role, topic, r.Code, r.Body)
			}
		}
	}
}

// fakeRuns is a campaign that moves.
type fakeRuns struct {
	fakeCampaigns
	mu  sync.Mutex
	now campaign.Run // guarded by mu
}

func (f *fakeRuns) move(to campaign.RunState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.State = to
}

func (f *fakeRuns) run() campaign.Run {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fakeRuns) Runs(context.Context) (map[string]campaign.Run, error) {
	return map[string]campaign.Run{"march": f.run()}, nil
}

func (f *fakeRuns) View(ctx context.Context, id string) (runner.View, error) {
	v, err := f.fakeCampaigns.View(ctx, id)
	v.Run = f.run()
	return v, err
}

func TestTopicsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	w.started(s)
	ready(t, s)
	if r := ask(s, "GET", "/api/v1/live?topics=me", w.tokens[wire.RoleAdmin], ""); r.Code != 403 {
		t.Errorf("me, of nobody: %d %s", r.Code, r.Body)
	}
	for topics, want := range map[string]int{"": 400, "me:102": 400, "weather": 400, "queue:": 400, "campaign:": 400, "floor,weather": 400, strings.Repeat("queue:a,queue:b,", 2): 400} {
		if r := ask(s, "GET", "/api/v1/live?topics="+topics, w.tokens[wire.RoleAdmin], ""); r.Code != want {
			t.Errorf("%q: %d %s", topics, r.Code, r.Body)
		}
	}
}

// TestTwoHundredComeBackAtOnce: they share what was read and encoded.
func TestTwoHundredComeBackAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := testConfig()
	cfg.EventClients, cfg.EventClientsPerAddress, cfg.EventClientsPerToken = 500, 500, 500
	s := w.serverWith(cfg)
	s.live.tick = time.Hour
	url := w.started(s)
	ready(t, s)
	w.floor.asked()
	var all []*shown
	for range 200 {
		all = append(all, w.watch(url, "floor", w.tokens[wire.RoleWallboard]))
	}
	for _, b := range all {
		b.await(func() bool { return b.snapshots == 1 })
	}
	if n := len(w.floor.asked()); n > 8 {
		t.Errorf("the floor was read %d times for 200 boards that begin together", n)
	}
}
