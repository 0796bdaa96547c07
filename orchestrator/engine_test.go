package orchestrator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// memory is a Store for bubbles of synctest, where no real Redis can be. It
// keeps what the engine relies on: fencing, growing revisions, the journal.
type memory struct {
	mu     sync.Mutex
	away   bool
	calls  map[string][]byte
	live   map[string]bool
	epochs map[string]orchestrator.Lease
	log    []orchestrator.Entry
}

func newMemory() *memory {
	return &memory{calls: map[string][]byte{}, live: map[string]bool{}, epochs: map[string]orchestrator.Lease{}}
}

var errAway = fault.New("memory", fault.Unavailable, "away")

func (m *memory) Commit(_ context.Context, l orchestrator.Lease, c orchestrator.Call, e []orchestrator.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return errAway
	}
	if m.epochs[l.PBX].Epoch != l.Epoch {
		return fault.E("memory", fault.Conflict, orchestrator.ErrFenced)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	m.calls[c.Call] = raw
	m.live[c.Call] = c.State != orchestrator.StateEnded
	m.log = append(m.log, e...)
	return nil
}

func (m *memory) Live(_ context.Context, pbx string) ([]orchestrator.Call, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []orchestrator.Call
	for id, raw := range m.calls {
		var c orchestrator.Call
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, err
		}
		if m.live[id] && c.PBX == pbx {
			out = append(out, c)
		}
	}
	return out, nil
}

func (m *memory) Call(_ context.Context, id string) (c orchestrator.Call, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return c, json.Unmarshal(m.calls[id], &c)
}

func (m *memory) Acquire(_ context.Context, pbx string, o orchestrator.LeaseOwner, _ time.Duration) (orchestrator.Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return orchestrator.Lease{}, errAway
	}
	l := m.epochs[pbx]
	if l.Owner != o {
		l = orchestrator.Lease{PBX: pbx, Owner: o, Epoch: l.Epoch + 1}
		m.epochs[pbx] = l
	}
	return l, nil
}

func (m *memory) Release(context.Context, orchestrator.Lease) error { return nil }

func (m *memory) Append(_ context.Context, e ...orchestrator.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, e...)
	return nil
}

func (m *memory) Tail(context.Context, string, func([]orchestrator.Entry) error) error { return nil }
func (m *memory) Last(context.Context) (string, error)                                 { return "", nil }

// ended returns the summaries of all calls on record.
func (m *memory) ended() (out []orchestrator.CallSummary) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.log {
		if e.Type == orchestrator.EntryCallEnded {
			var s orchestrator.CallSummary
			if err := json.Unmarshal(e.Data, &s); err != nil {
				panic(err)
			}
			out = append(out, s)
		}
	}
	return out
}

func (m *memory) set(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

// floor is a queue with one agent, first come first served.
type floor struct {
	mu      sync.Mutex
	desk    orchestrator.OfferDesk
	waiting []string
	offer   *orchestrator.Offer
	n       int
	missed  []orchestrator.OfferFailure
}

func (f *floor) match() *orchestrator.Offer {
	if f.offer != nil || len(f.waiting) == 0 {
		return nil
	}
	f.n++
	f.offer = &orchestrator.Offer{ID: fmt.Sprint("o", f.n), Call: f.waiting[0], PBX: "lima", Queue: "sales",
		Agent: "ana", Endpoint: "PJSIP/101", Ring: 20 * time.Second}
	f.waiting = f.waiting[1:]
	o := *f.offer
	return &o
}

func (f *floor) Enqueue(_ context.Context, w orchestrator.Waiting) (orchestrator.Placement, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	plan := orchestrator.QueuePlan{Record: true, RecordFormat: "wav"}
	if f.offer != nil && f.offer.Call == w.Call {
		o := *f.offer
		return orchestrator.Placement{Result: orchestrator.PlacedOffered, Offer: &o, Plan: plan}, nil
	}
	if !slices.Contains(f.waiting, w.Call) {
		f.waiting = append(f.waiting, w.Call)
	}
	if o := f.match(); o != nil {
		return orchestrator.Placement{Result: orchestrator.PlacedOffered, Offer: o, Plan: plan}, nil
	}
	return orchestrator.Placement{Result: orchestrator.PlacedWaiting, Plan: plan}, nil
}

// freed ends the offer and hands the next caller over.
func (f *floor) freed() {
	f.offer = nil
	if o := f.match(); o != nil {
		f.desk.Offer(*o)
	}
}

func (f *floor) Leave(_ context.Context, call, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = slices.DeleteFunc(f.waiting, func(c string) bool { return c == call })
	if f.offer != nil && f.offer.Call == call && !f.offer.Answered {
		f.freed()
	}
	return nil
}

func (f *floor) Place(context.Context, string) (int, time.Duration, error) { return 1, 0, nil }

func (f *floor) Answered(_ context.Context, o orchestrator.Offer) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offer == nil || f.offer.ID != o.ID {
		return false, nil
	}
	f.offer.Answered = true
	return true, nil
}

func (f *floor) Failed(_ context.Context, o orchestrator.Offer, why orchestrator.OfferFailure) (orchestrator.Placement, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offer == nil || f.offer.ID != o.ID {
		return orchestrator.Placement{Result: orchestrator.PlacedOut}, nil
	}
	f.missed = append(f.missed, why)
	if why != orchestrator.OfferCancelled {
		f.waiting = append([]string{f.offer.Call}, f.waiting...)
		f.offer = nil // an agent who missed is not tried again by himself
		if why == orchestrator.OfferError {
			return orchestrator.Placement{Result: orchestrator.PlacedOffered, Offer: f.match()}, nil
		}
		return orchestrator.Placement{Result: orchestrator.PlacedWaiting}, nil
	}
	f.freed()
	return orchestrator.Placement{Result: orchestrator.PlacedOut}, nil
}

func (f *floor) Finished(_ context.Context, o orchestrator.Offer, _ time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offer != nil && f.offer.ID == o.ID {
		f.freed()
	}
	return nil
}

func (f *floor) Standing(context.Context, string) ([]orchestrator.Offer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offer == nil {
		return nil, nil
	}
	return []orchestrator.Offer{*f.offer}, nil
}

func (f *floor) Do(context.Context, orchestrator.AgentCommand) (orchestrator.AgentAnswer, error) {
	return orchestrator.AgentAnswer{Result: orchestrator.AgentOK, Agent: "ana"}, nil
}

func (f *floor) Device(context.Context, string, string, orchestrator.DeviceState) error { return nil }
func (f *floor) Endpoints(string) []string                                              { return []string{"PJSIP/101"} }

// flow answers, plays one prompt, queues, and hangs up afterwards.
type flow struct{}

func (flow) Begin(orchestrator.Arrival, time.Time) (orchestrator.FlowStep, error) {
	return orchestrator.FlowStep{State: json.RawMessage(`1`), Actions: []orchestrator.Action{{Kind: orchestrator.ActAnswer}}}, nil
}

func (flow) Next(state json.RawMessage, in orchestrator.FlowInput, _ time.Time) (orchestrator.FlowStep, error) {
	switch in.Kind {
	case orchestrator.FlowAnswered, orchestrator.FlowResumed:
		return orchestrator.FlowStep{State: json.RawMessage(`2`), Actions: []orchestrator.Action{{Kind: orchestrator.ActPlay, Ref: 1,
			Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "hello-world"}}}}}, nil
	case orchestrator.FlowPlayed:
		return orchestrator.FlowStep{State: json.RawMessage(`3`), Actions: []orchestrator.Action{{Kind: orchestrator.ActQueue, Queue: "sales"}}}, nil
	case orchestrator.FlowQueued:
		return orchestrator.FlowStep{State: json.RawMessage(`4`), Actions: []orchestrator.Action{{Kind: orchestrator.ActHangup, Cause: orchestrator.CauseNormal}}}, nil
	}
	return orchestrator.FlowStep{State: state}, nil
}

// site is one PBX with operadora attached, in a bubble.
type site struct {
	t     *testing.T
	pbx   *pbxtest.PBX
	store *memory
	floor *floor
	eng   *orchestrator.Engine
	kill  context.CancelFunc // ends the process where it stands
	gen   int
}

func newSite(t *testing.T) *site {
	s := &site{t: t, pbx: pbxtest.New("lima"), store: newMemory(), floor: &floor{}}
	s.pbx.Sound("hello-world", 3*time.Second)
	s.start()
	return s
}

// start begins a process; stop ends it, leaving the calls to the PBX.
func (s *site) start() {
	s.gen++
	s.eng = orchestrator.NewEngine(orchestrator.Parts{
		Store: s.store, Distributor: s.floor, Agents: s.floor, Devices: s.floor, Flows: flow{}, Gate: gate.Gate{},
		PBXs: []orchestrator.PBX{s.pbx}, Owner: orchestrator.LeaseOwner{Instance: "one", Process: fmt.Sprint(s.gen)},
		Limits: orchestrator.DefaultLimits,
	})
	s.floor.desk = s.eng
	ctx, kill := context.WithCancel(s.t.Context())
	s.kill = kill
	if err := s.eng.Start(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.wait(time.Second)
}

// wait lets time go by until everything has come to rest.
func (s *site) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// finish checks that n calls are on record once each with an outcome, and that nothing is left.
func (s *site) finish(outcomes ...orchestrator.Outcome) {
	s.t.Helper()
	s.wait(5 * time.Minute)
	var got []orchestrator.Outcome
	seen := map[string]bool{}
	for _, c := range s.store.ended() {
		if seen[c.Call] {
			s.t.Errorf("call %s is on record twice", c.Call)
		}
		seen[c.Call] = true
		got = append(got, c.Outcome)
	}
	if !slices.Equal(got, outcomes) {
		s.t.Errorf("outcomes %v, want %v", got, outcomes)
	}
	if left := s.pbx.Leftovers(); !left.None() {
		s.t.Errorf("left on the PBX: %v", left)
	}
	if s.floor.offer != nil || len(s.floor.waiting) > 0 {
		s.t.Errorf("left in the queue: %v %v", s.floor.offer, s.floor.waiting)
	}
	if n := s.eng.Live(); n != 0 {
		s.t.Errorf("%d live calls", n)
	}
	s.eng.Stop()
	s.pbx.Close()
}

func caller(n int) orchestrator.Party {
	return orchestrator.Party{Number: fmt.Sprint(600 + n), Name: "Luz"}
}

func TestServedCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(2*time.Second).ThenHangUp(30*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(time.Minute)
		s.finish(orchestrator.OutcomeServed)
		c := s.store.ended()[0]
		if c.Agent != "ana" || c.EndedBy != "agent" || c.TalkMS != 30_000 || c.WaitMS != 2_000 || c.Recording == "" {
			t.Errorf("record: %+v", c)
		}
	})
}

func TestFreedAgentGetsTheNextCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0).ThenHangUp(10*time.Second))
		for i := range 5 {
			s.pbx.Arrive(fmt.Sprint("in.", i), "5000", caller(i))
		}
		o := orchestrator.OutcomeServed
		s.finish(o, o, o, o, o)
		// 3 s prompt, then five conversations of 10 s without a gap
		if last := s.store.ended()[4]; last.EndedAt-last.StartedAt != 53_000 {
			t.Errorf("the last caller was done after %d ms", last.EndedAt-last.StartedAt)
		}
	})
}

func TestEndingsOnThePBX(t *testing.T) {
	t.Parallel()
	const arrive = "in.1"
	rows := []struct {
		name  string
		phone pbxtest.Behaviour
		do    func(*site)
		want  orchestrator.Outcome
	}{
		{"hangs up in the prompt", pbxtest.AnswerAfter(0), func(s *site) { s.wait(time.Second); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeLeft},
		{"hangs up while the agent rings", pbxtest.RingFor(time.Minute), func(s *site) { s.wait(10 * time.Second); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeAbandoned},
		{"nobody answers", pbxtest.Silent(), func(s *site) { s.wait(time.Minute); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeAbandoned},
		{"agent busy", pbxtest.Busy(), func(s *site) { s.wait(time.Minute); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeAbandoned},
		{"phone not registered", pbxtest.Unreachable(), func(s *site) { s.wait(time.Minute); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeAbandoned},
		{"hangs up while talking", pbxtest.AnswerAfter(0), func(s *site) { s.wait(time.Minute); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeServed},
		{"the PBX restarts", pbxtest.AnswerAfter(0), func(s *site) { s.wait(time.Minute); s.pbx.Restart() }, orchestrator.OutcomeLost},
		{"socket cut, caller leaves unseen", pbxtest.AnswerAfter(0), func(s *site) {
			s.wait(time.Minute)
			s.pbx.DropSocket()
			s.wait(5 * time.Second)
			s.pbx.HangUp(arrive, 16)
			s.wait(5 * time.Second)
			s.pbx.Reconnect()
		}, orchestrator.OutcomeServed},
		{"store away while the caller leaves", pbxtest.AnswerAfter(0), func(s *site) {
			s.wait(time.Minute)
			s.store.set(true)
			s.pbx.HangUp(arrive, 16)
			s.wait(5 * time.Second)
			s.store.set(false)
		}, orchestrator.OutcomeServed},
		{"the join fails", pbxtest.AnswerAfter(0), func(s *site) {
			s.pbx.Fail("Join", nil, 1)
			s.wait(time.Minute)
			s.pbx.HangUp(arrive, 16)
		}, orchestrator.OutcomeServed},
		{"the reply to originate is lost", pbxtest.AnswerAfter(time.Second), func(s *site) {
			s.pbx.LoseReply("Originate", 1)
			s.wait(time.Minute)
			s.pbx.HangUp(arrive, 16)
		}, orchestrator.OutcomeAbandoned},
		{"hangups fail for a while", pbxtest.AnswerAfter(0), func(s *site) {
			s.pbx.Fail("Hangup", nil, 5)
			s.pbx.Fail("DestroyBridge", nil, 5)
			s.wait(time.Minute)
			s.pbx.HangUp(arrive, 16)
		}, orchestrator.OutcomeServed},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", r.phone)
				s.pbx.Arrive(arrive, "5000", caller(1))
				r.do(s)
				s.finish(r.want)
			})
		})
	}
}

// TestProcessReplaced kills the process at every second of a call and lets
// another one go on: nobody is cut off and the call ends on record once.
func TestProcessReplaced(t *testing.T) {
	t.Parallel()
	for at := time.Duration(0); at < 20*time.Second; at += 700 * time.Millisecond {
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second).ThenHangUp(30*time.Second))
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(at)
				s.eng.Stop()
				s.wait(2 * time.Second)
				s.start()
				s.wait(2 * time.Minute)
				s.finish(orchestrator.OutcomeServed)
			})
		})
	}
}

// TestCrashAtEveryCommand ends the process right before its nth command to the
// PBX reaches it, for every n of a whole call: what was stored and not done is
// done by the next process.
func TestCrashAtEveryCommand(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 11; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second).ThenHangUp(30*time.Second))
				left := n
				s.pbx.OnCommand(func(pbxtest.Command) {
					if left--; left == 0 {
						s.kill()
					}
				})
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(time.Minute)
				s.pbx.OnCommand(nil)
				if left > 0 {
					t.Fatalf("the call took only %d commands", n-left)
				}
				s.eng.Stop()
				s.start()
				s.wait(2 * time.Minute)
				s.finish(orchestrator.OutcomeServed)
			})
		})
	}
}
