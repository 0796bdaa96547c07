package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/engine"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// second is another process beside s, on the same store and the same PBX.
func (s *site) second(instance string) *engine.Engine {
	e := s.process(instance, "second", s.store, s.pbx)
	s.t.Cleanup(e.Stop)
	return e
}

// process begins another one beside s, with its own way to the store and to the PBX.
func (s *site) process(instance, process string, store orchestrator.Store, pbx orchestrator.PBX) *engine.Engine {
	e := engine.New(engine.Parts{
		Store: store, Distributor: s.floor, Agents: s.floor, Devices: s.floor, Flows: s.flows, Gate: gate.Gate{},
		PBXs: []orchestrator.PBX{pbx}, Owner: orchestrator.LeaseOwner{Instance: instance, Process: process},
		Limits: call.DefaultLimits,
	})
	if err := e.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return e
}

// Two processes under one name do not take the PBX from each other.
func TestSecondProcessUnderANameThatIsAlive(t *testing.T) {
	t.Parallel()
	for _, instance := range []string{"one", "two"} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(2*time.Minute))
			s.pbx.Arrive("in.1", "5000", caller(1))
			s.wait(10 * time.Second)
			other := s.second(instance)
			s.wait(time.Minute)
			if s.store.leases["lima"].Epoch != 1 || other.Live() != 0 || s.eng.Live() != 1 {
				t.Errorf("instance %s: epoch %d, the second has %d calls, the first %d", instance, s.store.leases["lima"].Epoch, other.Live(), s.eng.Live())
			}
			other.Stop()
			s.finish(orchestrator.OutcomeServed)
		})
	}
}

// A standby takes over within three seconds of a death that only the lease tells.
func TestStandbyTakesOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(time.Minute))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		standby := s.second("two")
		s.wait(5 * time.Second)
		s.store.keepLeases(true) // a killed process gives nothing back
		s.kill()
		s.eng.Stop()
		s.store.keepLeases(false)
		s.wait(3 * time.Second)
		if standby.Live() != 1 || !standby.Connected()["lima"] {
			t.Errorf("after 3 s the standby has %d calls, connected %v", standby.Live(), standby.Connected())
		}
		s.eng = standby
		s.finish(orchestrator.OutcomeServed)
	})
}

// The store comes back after longer than a lease, perhaps without the last it was told: who drove
// the PBX drives on, and who waits takes it over only when that one is gone.
func TestOwnerKeepsThePBXWhenTheStoreComesBack(t *testing.T) {
	t.Parallel()
	for name, dies := range map[string]bool{"it lives": false, "it died meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(2*time.Minute))
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(10 * time.Second)
				standby := s.second("two")
				s.wait(5 * time.Second)
				s.store.set(true)
				s.wait(10 * time.Second)
				adopted := 0
				if dies {
					adopted = 1
					s.kill()
					s.eng.Stop()
				}
				s.store.set(false)
				s.wait(10 * time.Second)
				if standby.Live() != adopted || standby.Connected()["lima"] != dies {
					t.Errorf("who waits has %d calls, connected %v", standby.Live(), standby.Connected())
				}
				if dies {
					s.eng = standby
				} else {
					standby.Stop()
				}
				s.finish(orchestrator.OutcomeServed)
				if c := s.store.ended()[0]; c.Adopted != adopted {
					t.Errorf("the call was taken up %d times, want %d", c.Adopted, adopted)
				}
			})
		})
	}
}

// A process whose lease went to another meanwhile commands nothing,
// also when the lease comes back to it under a new epoch.
func TestLeaseUnderANewEpochEndsDriving(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(time.Minute))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		s.store.mu.Lock()
		l := s.store.leases["lima"]
		l.Epoch += 2 // somebody else drove, and left
		l.Owner.Process = "other"
		s.store.leases["lima"], s.store.until["lima"] = l, time.Time{}
		s.store.mu.Unlock()
		before := len(s.pbx.Commands())
		s.wait(300 * time.Millisecond) // not noticed yet
		s.wait(3 * time.Second)
		for _, c := range s.pbx.Commands()[before:] {
			if c.Op == "Hangup" || c.Op == "DestroyBridge" {
				t.Errorf("commanded as if nothing had happened: %+v", c)
			}
		}
		s.finish(orchestrator.OutcomeServed)
		if c := s.store.ended()[0]; c.Adopted != 1 {
			t.Errorf("the call was taken up %d times, want once, as after any change of owner", c.Adopted)
		}
	})
}

// An own connection that comes late takes the application over, and
// nobody else has the lease: the PBX is driven on at once.
func TestOwnLateConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(time.Minute))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		late := make(chan error, 1)
		go func() { late <- s.pbx.Run(ctx, nobody{}) }()
		s.wait(time.Second)
		if err := <-late; !errors.Is(err, orchestrator.ErrReplaced) {
			t.Errorf("the late connection: %v", err)
		}
		cancel()
		if !s.eng.Connected()["lima"] {
			t.Error("a second later the PBX is driven by nobody")
		}
		s.finish(orchestrator.OutcomeServed)
	})
}

// nobody is a Sink that does nothing.
type nobody struct{}

func (nobody) Connected(string, orchestrator.Snapshot) {}
func (nobody) Event(orchestrator.Event)                {}
func (nobody) Disconnected(string, error)              {}
func (nobody) Ready() bool                             { return false }

// A panic of one call ends that call, on record, and nothing else.
func TestPanicEndsOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.flows.panics = "7777"
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.Arrive("in.1", "7777", caller(1))
		s.pbx.Arrive("in.2", "5000", caller(2))
		s.finish(orchestrator.OutcomeFailed, orchestrator.OutcomeServed)
	})
}

// A record that nobody can read does not keep the PBX's other calls
// from being taken up. Its caller, who is still there, begins anew.
func TestUnreadableRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(time.Second)
		s.eng.Stop()
		s.store.mu.Lock()
		for id, r := range s.store.calls {
			r.Doc = []byte(`{"call":`)
			s.store.calls[id] = r
		}
		s.store.mu.Unlock()
		s.start()
		s.finish(orchestrator.OutcomeServed)
		if len(s.store.aside) != 1 {
			t.Errorf("set aside: %v", s.store.aside)
		}
	})
}

// A call that the store refuses for good is ended, on record and without anything
// left behind. No other call notices.
func TestCallThatCannotBeStored(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]struct {
		rev     int64 // the first that is refused
		outcome []orchestrator.Outcome
	}{
		"from the beginning": {1, []orchestrator.Outcome{orchestrator.OutcomeFailed, orchestrator.OutcomeServed}},
		"while it waits":     {5, []orchestrator.Outcome{orchestrator.OutcomeFailed, orchestrator.OutcomeServed}},
		"while it is served": {9, []orchestrator.Outcome{orchestrator.OutcomeFailed, orchestrator.OutcomeServed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
				var bad string
				s.store.refuse = func(r orchestrator.Record) error {
					if bad == "" {
						bad = r.ID
					}
					if r.ID == bad && r.Rev >= at.rev {
						return fault.New("memory", fault.Internal, "WRONGTYPE")
					}
					return nil
				}
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(time.Millisecond)
				s.pbx.Arrive("in.2", "5000", caller(2))
				s.finish(at.outcome...)
				for _, c := range s.store.ended() {
					if c.Adopted != 0 {
						t.Errorf("call %s was taken up again", c.Call)
					}
				}
				if !slices.Equal(s.store.aside, []string{bad}) {
					t.Errorf("set aside: %v", s.store.aside)
				}
			})
		})
	}
}

// A call whose transfer a queue has just taken, and that cannot be stored then,
// leaves that queue at once, too, and its agent is not rung for it.
func TestCallThatCannotBeStoredLeavesTheQueueOfItsTransfer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(20 * time.Second)
		asked := false
		s.store.mu.Lock()
		s.store.refuse = func(r orchestrator.Record) error {
			if c, err := call.Parse(r.Doc); err == nil && c.Move != nil {
				asked = true
				return nil
			}
			if asked {
				return fault.New("memory", fault.Internal, "WRONGTYPE")
			}
			return nil
		}
		s.store.mu.Unlock()
		err := s.eng.Ask(t.Context(), s.live().Call, call.Wish{Do: call.WishTransfer, To: orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "sales"}})
		if fault.KindOf(err) != fault.Unavailable || err == nil {
			t.Errorf("whoever asked heard %v", err)
		}
		synctest.Wait()
		if !asked || len(s.store.aside) != 1 {
			t.Fatalf("asked for a place: %v, set aside: %v", asked, s.store.aside)
		}
		if len(s.floor.waiting) > 0 || s.floor.offer != nil || s.floor.n != 1 {
			t.Errorf("in the queue: %v, offered: %v, %d offers", s.floor.waiting, s.floor.offer, s.floor.n)
		}
		s.finish(orchestrator.OutcomeFailed)
	})
}

// A failover of the store brings an ended call back; the sweeper ends it again.
func TestEndedCallComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		older, log := s.store.copy()
		s.wait(10 * time.Second)
		s.store.restore(older, log)
		s.finish(orchestrator.OutcomeServed)
		live, err := s.store.Live(t.Context(), "lima")
		if err != nil || len(live) != 0 {
			t.Errorf("live: %d, %v", len(live), err)
		}
	})
}

// The caller hangs up in the moment of a match. No phone is blamed,
// and no other agent is rung for nobody.
func TestCallerGoneAtTheMatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.OnCommand(func(c pbxtest.Command) {
			if c.Op == "Originate" {
				go s.pbx.HangUp("in.1", 16)
			}
		})
		s.pbx.Fail("Originate", fault.E("pbxtest", fault.NotFound, orchestrator.ErrOriginatorGone), 1)
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		s.pbx.OnCommand(nil)
		s.finish(orchestrator.OutcomeAbandoned)
		if !slices.Equal(s.floor.missed, []orchestrator.OfferFailure{orchestrator.OfferAbandoned}) {
			t.Errorf("the agent's offers ended with %v", s.floor.missed)
		}
	})
}

// The agent is gone as both are to be joined. No other room is made for that.
func TestAgentGoneAtTheJoin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.Fail("Join", fault.E("pbxtest", fault.NotFound, orchestrator.ErrChannelGone), 1)
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.finish(orchestrator.OutcomeServed)
		if dialled, joined := len(s.pbx.Commands("Originate")), len(s.pbx.Commands("Join")); dialled != 2 || joined != 2 {
			t.Errorf("%d phones were rung and %d joins ordered", dialled, joined)
		}
	})
}

// A distributor that refuses for good sends the call to its flow's error edge.
func TestDistributorRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.floor.refuse = fault.New("floor", fault.Internal, "broken")
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		s.finish(orchestrator.OutcomeCompleted)
	})
}

// A channel that the flow hands back to the dialplan and that comes
// straight back is a new call.
func TestChannelComesStraightBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.flows.hands = "6000"
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.Arrive("in.1", "6000", caller(1))
		s.wait(time.Second)
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.finish(orchestrator.OutcomeTransferred, orchestrator.OutcomeServed)
	})
}

// The end of a channel's stay is lost with the connection. Whoever came back
// meanwhile is a new call; whoever is in the dialplan is left alone.
func TestChannelComesBackUnseen(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]time.Duration{"before the connection": time.Second, "after it": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.flows.hands = "6000"
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
				s.pbx.OnCommand(func(c pbxtest.Command) {
					if c.Op == "Continue" {
						s.pbx.DropSocket()
						time.AfterFunc(5*time.Second, s.pbx.Reconnect)
					}
				})
				s.pbx.Arrive("in.1", "6000", caller(1))
				s.wait(back)
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.finish(orchestrator.OutcomeTransferred, orchestrator.OutcomeServed)
			})
		})
	}
}

// A healthy run heals nothing.
func TestSweeperFindsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(2*time.Second).ThenHangUp(40*time.Second))
		var want []orchestrator.Outcome
		for i := range 20 {
			s.pbx.Arrive(fmt.Sprint("in.", i), "5000", caller(i))
			want = append(want, orchestrator.OutcomeServed)
			s.wait(7 * time.Second)
		}
		s.wait(20 * time.Minute)
		s.finish(want...)
		if n := s.healed(); n != 0 {
			t.Errorf("healed %v times", n)
		}
	})
}

// A command of a former owner that comes late takes the caller out of the
// conversation, of which no event tells: the sweeper brings the two together.
func TestSidesOutOfPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(3*time.Minute))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second) // it talks
		together := func() string {
			truth, err := s.pbx.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for b, in := range truth.Bridges {
				if slices.Contains(in, "in.1") && len(in) == 2 {
					return b
				}
			}
			return ""
		}
		room := together()
		if err := s.pbx.Part(t.Context(), room, "in.1"); err != nil || together() != "" {
			t.Fatalf("room %q: %v", room, err)
		}
		s.wait(70 * time.Second)
		if got := together(); room == "" || got != room {
			t.Errorf("together in %q, want %q", got, room)
		}
		if n := s.healed(); n != 1 {
			t.Errorf("healed %v times, want 1", n)
		}
		if got := s.mended(); got != "map[room:1]" {
			t.Errorf("on record is that %s were put right", got)
		}
		s.wait(3 * time.Minute)
		s.finish(orchestrator.OutcomeServed)
	})
}

func (m *memory) keepLeases(keep bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep = keep
}

// The store forgets a waiting call's place, and what it says of an agent is of
// before: the sweeper asks for the place again, and ends the offer that no call has.
func TestDistributorForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(20*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second) // it talks
		s.pbx.Arrive("in.2", "5000", caller(2))
		s.wait(10 * time.Second) // it waits
		live, err := s.store.Live(t.Context(), "lima")
		if err != nil || len(live) != 2 {
			t.Fatalf("%d live calls, %v", len(live), err)
		}
		waits := max(live[0].ID, live[1].ID) // ids sort by time
		s.floor.mu.Lock()
		s.floor.waiting = nil
		s.floor.offer.ID, s.floor.offer.Call = "o0", waits
		s.floor.mu.Unlock()
		s.wait(5 * time.Minute)
		s.finish(orchestrator.OutcomeServed, orchestrator.OutcomeServed)
		if n := s.healed(); n != 2 {
			t.Errorf("healed %v times, want 2", n)
		}
	})
}

// copy is what the store holds now.
func (m *memory) copy() (map[string]orchestrator.Record, []orchestrator.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := map[string]orchestrator.Record{}
	for id, r := range m.calls {
		calls[id] = r
	}
	return calls, slices.Clone(m.log)
}

// restore is a failover to an older state.
func (m *memory) restore(calls map[string]orchestrator.Record, log []orchestrator.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls, m.log = calls, log
}

// cut is one process's way to the store, which can be cut without the store
// being away for others.
type cut struct {
	*memory
	away atomic.Bool
}

func (c *cut) Commit(ctx context.Context, l orchestrator.Lease, r orchestrator.Record, e []orchestrator.Entry) error {
	if c.away.Load() {
		return errAway
	}
	return c.memory.Commit(ctx, l, r, e)
}

func (c *cut) Acquire(ctx context.Context, pbx string, o orchestrator.LeaseOwner, ttl time.Duration, dead string) (orchestrator.Lease, error) {
	if c.away.Load() {
		return orchestrator.Lease{}, errAway
	}
	return c.memory.Acquire(ctx, pbx, o, ttl, dead)
}

// The owner is cut off from the store, another process takes the PBX
// over, and the first comes back. It commands nothing on the way, hangs nobody
// up, and leaves the PBX to the other.
func TestOldOwnerDoesNoHarm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.eng.Stop()
		way := &cut{memory: s.store}
		s.wait(time.Second)
		first := s.process("zero", "0", way, s.pbx)
		s.wait(time.Second)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(2*time.Minute))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		way.away.Store(true)
		s.eng = s.second("two")
		s.wait(10 * time.Second)
		before := len(s.pbx.Commands())
		way.away.Store(false)
		s.wait(30 * time.Second)
		for _, c := range s.pbx.Commands()[before:] {
			if c.Op == "Hangup" || c.Op == "DestroyBridge" {
				t.Errorf("the old owner commanded %+v", c)
			}
		}
		if first.Live() != 0 || first.Connected()["lima"] || !s.eng.Connected()["lima"] {
			t.Errorf("the old owner has %d calls, connected %v, the new one %v", first.Live(), first.Connected(), s.eng.Connected())
		}
		first.Stop()
		s.finish(orchestrator.OutcomeServed)
	})
}

// slowly is a way to the store on which answers take their time, and that is cut after the calls were read.
type slowly struct {
	cut
	by time.Duration
}

func (s *slowly) Acquire(ctx context.Context, pbx string, o orchestrator.LeaseOwner, ttl time.Duration, dead string) (orchestrator.Lease, error) {
	l, err := s.cut.Acquire(ctx, pbx, o, ttl, dead)
	if err == nil {
		time.Sleep(s.by)
	}
	return l, err
}

func (s *slowly) Live(ctx context.Context, pbx string) ([]orchestrator.Record, error) {
	r, err := s.cut.Live(ctx, pbx)
	time.Sleep(s.by)
	s.away.Store(true)
	return r, err
}

// The lease runs from the moment at which it was asked for, however long the
// answer and the calls took. Who has not proved it since ends nothing of what
// the next owner made meanwhile.
func TestLeaseRunsFromWhenItWasAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.eng.Stop()
		s.wait(time.Second)
		way := &slowly{cut: cut{memory: s.store}, by: engine.DefaultLeaseTTL * 3 / 4}
		first := s.process("zero", "0", way, s.pbx)
		s.wait(engine.DefaultLeaseTTL + time.Millisecond)
		s.eng = s.second("two") // the lease of the first has run out
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(10*time.Millisecond).ThenHangUp(2*time.Minute))
		s.pbx.Sound("hello-world", 50*time.Millisecond)
		s.wait(100 * time.Millisecond)
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(5 * time.Second)
		for _, c := range s.pbx.Commands() {
			if c.Op == "Hangup" || c.Op == "DestroyBridge" {
				t.Errorf("commanded without a lease: %+v", c)
			}
		}
		first.Stop()
		s.finish(orchestrator.OutcomeServed)
	})
}

// A record that can be read and makes no sense ends its own call, on record, and
// neither the process nor the PBX's other calls.
func TestRecordWithoutSense(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(time.Second)
		s.eng.Stop()
		s.store.mu.Lock()
		s.store.calls["odd"] = orchestrator.Record{ID: "odd", PBX: "lima", Rev: 1,
			Doc: []byte(`{"call":"odd","pbx":"lima","rev":1,"state":"waiting","legs":[{"role":"customer","pbx":"lima","channel":"in.2","state":"up"}]}`)}
		s.store.mu.Unlock()
		s.start()
		s.wait(10 * time.Minute)
		if n := len(s.store.ended()); n != 2 || s.eng.Live() != 0 {
			t.Errorf("%d calls are on record, %d live", n, s.eng.Live())
		}
		s.eng.Stop()
		s.pbx.Close()
	})
}

// The order to remove a conversation's room is refused, or given up because others are
// answered. The sweeper removes it, also while the caller is still there.
func TestRoomThatWasNotRemoved(t *testing.T) {
	t.Parallel()
	for name, hangUp := range map[string]bool{"the call is over": true, "the caller goes on to another agent": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
				refused := 0
				s.pbx.Decide(func(c pbxtest.Command) pbxtest.Fate {
					if c.Op == "DestroyBridge" && refused == 0 {
						refused++
						return pbxtest.Refused(fault.New("pbx", fault.Internal, "500"))
					}
					return pbxtest.Obeyed()
				})
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(20 * time.Second)
				if hangUp {
					s.pbx.HangUp("in.1", orchestrator.CauseNormal)
				} else {
					s.ask(call.WishTransfer, orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "sales"})
				}
				s.wait(2 * time.Minute)
				snapshot, err := s.pbx.Snapshot(t.Context())
				s.must(err)
				if n := map[bool]int{true: 0, false: 1}[hangUp]; len(snapshot.Bridges) != n || refused != 1 {
					t.Errorf("%d refused, bridges %v, want %d", refused, snapshot.Bridges, n)
				}
				s.pbx.HangUp("in.1", orchestrator.CauseNormal)
				s.finish(orchestrator.OutcomeServed)
			})
		})
	}
}

// parting asks at the end of each term whether calls are taken.
type parting struct {
	orchestrator.PBX
	ready chan bool
}

func (p parting) Run(ctx context.Context, sink orchestrator.Sink) error {
	err := p.PBX.Run(ctx, sink)
	p.ready <- sink.Ready()
	return err
}

// Who lost the lease takes no calls from that moment on, however long its own clock
// still gives it: the PBX's dialplan may have been told by the next owner that it does.
func TestLostLeaseTakesNoCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.eng.Stop()
		s.wait(time.Second)
		pbx := parting{s.pbx, make(chan bool, 100)}
		s.eng = s.process("zero", "0", s.store, pbx)
		s.wait(time.Second)
		s.store.mu.Lock()
		l := s.store.leases["lima"]
		s.store.leases["lima"] = orchestrator.Lease{PBX: "lima", Owner: orchestrator.LeaseOwner{Instance: "two", Process: "1"}, Epoch: l.Epoch + 1}
		s.store.mu.Unlock()
		s.wait(engine.DefaultLeaseTTL / 2)
		select {
		case ready := <-pbx.ready:
			if ready {
				t.Error("it takes calls after it lost the lease")
			}
		default:
			t.Error("it drives without a lease")
		}
		s.finish()
	})
}
