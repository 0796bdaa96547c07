package api

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// The whole way on real parts: a real journal, the recorder and SQL, and a
// stream that goes on where it was cut although the server, and with it all
// that it remembered, was replaced meanwhile.
func TestEventsOnRealJournal(t *testing.T) {
	t.Parallel()
	server := lab.RedisFor(t, lab.RedisOptions{})
	client, err := redisstore.Config{Addrs: []string{server.Addr()}, Tenant: "events", DialTimeout: time.Second,
		ReadTimeout: time.Second, WriteTimeout: time.Second, PoolSize: 4}.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	w := newWorld(t)
	store := redisstore.New(client, "events", w.parts.Log)
	w.parts.Journal = store
	recorder := records.NewRecorder(w.db, store, records.Config{Batch: 100, KeepJournal: time.Hour, RetryMax: time.Second}, w.parts.Log, time.Now)
	if err := recorder.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(recorder.Stop)
	say := func(states ...string) {
		t.Helper()
		for _, state := range states {
			if err := store.Append(t.Context(), agentEntry("101", state)); err != nil {
				t.Fatal(err)
			}
		}
	}
	onRecord := func() {
		t.Helper()
		last, err := store.Last(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		await(t, func() bool { return recorder.Lag().Recorded == last })
	}
	to := func(st *browser, n int) []string {
		t.Helper()
		var out []string
		for range n {
			out = append(out, st.state())
		}
		return out
	}

	first := w.server()
	url := w.started(first)
	ready(t, first)
	st := w.open(url, w.tokens[wire.RoleSupervisor], "")
	if e := st.must(); e.name != "snapshot" {
		t.Fatalf("first event %s", e.name)
	}
	say("a", "b")
	if diff := cmp.Diff([]string{"a", "b"}, to(st, 2)); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
	seen := st.last
	first.Stop()

	say("c", "d") // while nobody serves
	onRecord()
	w.parts.Registerer, w.parts.Gatherer = nil, nil
	second := w.server()
	url = w.started(second)
	ready(t, second)
	say("e")
	st = w.open(url, w.tokens[wire.RoleSupervisor], seen)
	if diff := cmp.Diff([]string{"c", "d", "e"}, to(st, 3)); diff != "" {
		t.Errorf("after the server was replaced (-want +got):\n%s", diff)
	}
	onRecord()
	list, _, err := w.db.AgentStates(t.Context(), records.AgentStateFilter{Agent: "101"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, s.To)
	}
	// The last is what the world was furnished with.
	if diff := cmp.Diff([]string{"e", "d", "c", "b", "a", "wrapup"}, got); diff != "" {
		t.Errorf("on record (-want +got):\n%s", diff)
	}
}

var _ orchestrator.Journal = (*redisstore.Store)(nil)
