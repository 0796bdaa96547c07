package acd

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// clockStore is a store that has deadlines only and notes when it is asked.
// What is not overridden panics: the Service has no business there.
type clockStore struct {
	Store
	mu    sync.Mutex
	due   map[string]time.Time // agent -> end of wrap-up
	woken map[string]time.Time
	looks int
	reads int
	away  error
}

func newClockStore() *clockStore {
	return &clockStore{due: map[string]time.Time{}, woken: map[string]time.Time{}}
}

func (s *clockStore) InForce(context.Context, string) (*InForce, string, error) { return nil, "", nil }

func (s *clockStore) Enforce(context.Context, string, *InForce) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return true, s.away
}

func (s *clockStore) EachAgent(context.Context, func(string, AgentRecord) error) error { return nil }

func (s *clockStore) EachCall(context.Context, func(string, CallRecord) error) error { return nil }

func (s *clockStore) Claim(_ context.Context, now time.Time, _ string, lease time.Duration, _ int) ([]Deadline, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	if s.away != nil {
		return nil, time.Time{}, s.away
	}
	var out []Deadline
	var next time.Time
	for id, at := range s.due {
		if !at.After(now) {
			at = now.Add(lease)
			s.due[id] = at
			out = append(out, Deadline{Kind: DueWrap, ID: id})
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return out, next, nil
}

func (s *clockStore) Wake(_ context.Context, now time.Time, o WakeOrder) (bool, *OfferRecord, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.due, o.Agent)
	s.woken[o.Agent] = now
	return true, nil, nil
}

// Finish puts the agent named by the offer into wrap-up.
func (s *clockStore) Finish(_ context.Context, now time.Time, f FinishOrder) (FinishResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due[f.Offer] = now.Add(f.WrapUp)
	return FinishResult{Finished: true}, nil
}

// offerTo is an answered offer to an agent; it is called as its agent is.
func offerTo(agent string) orchestrator.Offer {
	return orchestrator.Offer{ID: agent, Agent: agent, Queue: "ventas", Answered: true}
}

func (s *clockStore) setAway(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = err
}

func (s *clockStore) at(agent string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.woken[agent]
}

func (s *clockStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks
}

func wrapDefs(agents ...string) Definitions {
	q := NewQueue()
	q.ID = "ventas"
	d := Definitions{Queues: []Queue{q}}
	for i, id := range agents {
		a := NewAgent()
		wrap := time.Duration(i+1) * 10 * time.Second
		a.ID, a.PBX, a.Endpoint, a.WrapUp = id, "uno", "PJSIP/"+id, &wrap
		a.Queues = []Membership{{Queue: "ventas"}}
		d.Agents = append(d.Agents, a)
	}
	return d
}

func startService(t *testing.T, store Store, d Definitions) *Service {
	t.Helper()
	s, err := New(Parts{Store: store, Definitions: d})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDeadlinesAreMetToTheMillisecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newClockStore()
		s := startService(t, store, wrapDefs("a", "b", "c"))
		defer s.Stop()
		begin := time.Now()
		for _, agent := range []string{"c", "b", "a"} { // each is due earlier than the one before
			if err := s.Finished(t.Context(), offerTo(agent), time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for i, agent := range []string{"a", "b", "c"} {
			want := time.Duration(i+1) * 10 * time.Second
			if got := store.at(agent).Sub(begin); got != want {
				t.Errorf("agent %s was woken after %s, want %s", agent, got, want)
			}
		}
	})
}

func TestNothingIsPolled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newClockStore()
		s := startService(t, store, wrapDefs("a"))
		defer s.Stop()
		synctest.Wait()
		before := store.count()
		time.Sleep(12 * time.Hour)
		synctest.Wait()
		if got := store.count(); got != before {
			t.Errorf("%d looks at nothing in twelve hours", got-before)
		}
		s.Wake()
		synctest.Wait()
		if got := store.count(); got != before+1 {
			t.Errorf("%d looks after Wake", got-before)
		}
	})
}

func TestAStoreThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newClockStore()
		store.away = fault.E("test", fault.Unavailable, errors.New("away"))
		s := startService(t, store, wrapDefs("a"))
		defer s.Stop()
		if err := s.Finished(t.Context(), offerTo("a"), 0); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		time.Sleep(time.Minute)
		synctest.Wait()
		if !store.at("a").IsZero() || store.reads < 10 {
			t.Fatalf("woken %s, asked %d times", store.at("a"), store.reads)
		}
		store.setAway(nil)
		time.Sleep(storeRetry)
		synctest.Wait()
		if got := store.at("a").Sub(begin); got < time.Minute || got > time.Minute+storeRetry {
			t.Errorf("woken after %s", got)
		}
	})
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	s, err := New(Parts{Store: newClockStore(), Definitions: wrapDefs("a")})
	if err != nil {
		t.Fatal(err)
	}
	s.Stop() // before Start
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); fault.KindOf(err) != fault.Conflict {
		t.Errorf("started twice: %v", err)
	}
	s.Stop()
	s.Stop()
}

func TestOneOfSeveralProcessesLooksOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newClockStore()
		s, err := New(Parts{Store: store, Definitions: wrapDefs("a"), Drives: func(pbx string) bool { return pbx == "uno" }})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		synctest.Wait()
		before := store.count()
		store.mu.Lock()
		store.due["a"] = time.Now().Add(10 * time.Second) // set by another process
		store.mu.Unlock()
		time.Sleep(10*time.Second + beat)
		synctest.Wait()
		if store.at("a").IsZero() {
			t.Error("a deadline that another process set was not met")
		}
		if got := store.count() - before; got < 10 || got > 13 {
			t.Errorf("%d looks in 11 seconds", got)
		}
	})
}
