package engine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/engine"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// trouble is the fate that the nth command of a story meets; there is none for n 0.
type trouble struct {
	n    int
	fate func() pbxtest.Fate // nil kills the process at it
}

// begin has the trouble come, and returns what tells, once, that it killed the process.
func (tr trouble) begin(s *site) (killed func() bool) {
	left := tr.n
	var dead atomic.Bool
	s.pbx.Decide(func(pbxtest.Command) pbxtest.Fate {
		if left--; left != 0 {
			return pbxtest.Obeyed()
		}
		if tr.fate == nil {
			dead.Store(true)
			s.kill()
			return pbxtest.Unheard()
		}
		return tr.fate()
	})
	return func() bool { return dead.Swap(false) }
}

// inTrouble tells a story as it should be, and with each of its first commands
// unanswered in turn, in three ways, or the process killed at it.
func inTrouble(t *testing.T, commands int, story func(*testing.T, trouble)) {
	t.Helper()
	run := func(name string, tr trouble) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { story(t, tr) })
		})
	}
	run("obeyed", trouble{})
	for name, fate := range map[string]func() pbxtest.Fate{
		"never arrived": pbxtest.Unheard,
		"reply lost":    pbxtest.ReplyLost,
		"late":          func() pbxtest.Fate { return pbxtest.ObeyedLate(3 * time.Second) },
		"killed":        nil,
	} {
		for n := 1; n <= commands; n++ {
			run(fmt.Sprint(name, " ", n), trouble{n, fate})
		}
	}
}

// TestUnansweredCommands leaves each command of a whole call without an answer,
// in three ways: it never arrived, it was carried out, it is carried out late.
// The caller is served all the same, once, and nobody is rung for nothing.
func TestUnansweredCommands(t *testing.T) {
	t.Parallel()
	fates := map[string]func() pbxtest.Fate{
		"never arrived": pbxtest.Unheard,
		"reply lost":    pbxtest.ReplyLost,
		"late":          func() pbxtest.Fate { return pbxtest.ObeyedLate(3 * time.Second) },
	}
	for name, fate := range fates {
		for n := 1; n <= 11; n++ {
			t.Run(fmt.Sprint(name, " ", n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newSite(t)
					s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second).ThenHangUp(30*time.Second))
					left := n
					s.pbx.Decide(func(pbxtest.Command) pbxtest.Fate {
						if left--; left == 0 {
							return fate()
						}
						return pbxtest.Obeyed()
					})
					s.pbx.Arrive("in.1", "5000", caller(1))
					s.wait(2 * time.Minute)
					s.pbx.Decide(nil)
					if left > 0 {
						t.Fatalf("the call took only %d commands", n-left)
					}
					s.finish(orchestrator.OutcomeServed)
					if c := s.store.ended()[0]; c.Offers != 1 || len(s.floor.missed) > 0 {
						t.Errorf("%d offers, failed ones: %v", c.Offers, s.floor.missed)
					}
				})
			})
		}
	}
}

// TestSilentCommands has the PBX answer no command for a while, with its events
// flowing: nothing is given up, nothing runs through unheard,
// no second phone rings, and a caller who leaves meanwhile leaves.
func TestSilentCommands(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		after time.Duration // the silence begins
		do    func(*site)   // meanwhile
		want  orchestrator.Outcome
	}{
		{"in the prompt", time.Second, func(*site) {}, orchestrator.OutcomeServed},
		{"while the phone rings", 5 * time.Second, func(*site) {}, orchestrator.OutcomeServed},
		{"while they talk", 20 * time.Second, func(*site) {}, orchestrator.OutcomeServed},
		{"and the caller leaves the queue", time.Second, func(s *site) { s.pbx.HangUp("in.1", 16) }, orchestrator.OutcomeAbandoned},
		{"and the caller leaves the ringing phone", 5 * time.Second, func(s *site) { s.pbx.HangUp("in.1", 16) }, orchestrator.OutcomeAbandoned},
		{"and the caller leaves the talk", 20 * time.Second, func(s *site) { s.pbx.HangUp("in.1", 16) }, orchestrator.OutcomeServed},
	}
	for _, r := range rows {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint(r.name, " late=", late), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newSite(t)
					s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second).ThenHangUp(40*time.Second))
					s.pbx.Arrive("in.1", "5000", caller(1))
					s.wait(r.after)
					s.pbx.Stall(late)
					s.wait(3 * time.Second)
					r.do(s)
					s.wait(12 * time.Second)
					s.pbx.Resume()
					s.finish(r.want)
					c := s.store.ended()[0]
					if c.Offers > 1 || s.blamed() {
						t.Errorf("%d offers, failed ones: %v", c.Offers, s.floor.missed)
					}
				})
			})
		}
	}
}

// blamed tells whether an agent was blamed for what the PBX did.
func (s *site) blamed() bool {
	for _, why := range s.floor.missed {
		if !why.Leaves() && why != orchestrator.OfferError {
			return true
		}
	}
	return false
}

// TestStoreAwayGivesNewCallsBack lets callers arrive while the store is away or
// hangs: each goes on to the dialplan's away context after a second, nothing of it
// stays here, and the PBX is told not to hand over any more.
func TestStoreAwayGivesNewCallsBack(t *testing.T) {
	t.Parallel()
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0).ThenHangUp(time.Minute))
			s.pbx.Arrive("in.9", "5000", caller(9))
			s.wait(10 * time.Second) // the agent talks
			s.store.hang(hangs)
			s.store.set(true)
			before := len(s.pbx.Commands())
			s.pbx.Arrive("in.1", "5000", caller(1))
			s.wait(1200 * time.Millisecond)
			given := 0
			for _, c := range s.pbx.Commands()[before:] {
				if c.Channel != "in.1" {
					continue
				}
				if given++; c.Op != "Continue" || c.Text != "away" {
					t.Errorf("hangs=%v: commanded %+v", hangs, c)
				}
			}
			if given != 1 || s.eng.Live() != 1 {
				t.Errorf("hangs=%v: given back %d times, %d calls live", hangs, given, s.eng.Live())
			}
			s.wait(engine.DefaultLeaseTTL)
			if s.pbx.Ready() {
				t.Errorf("hangs=%v: the PBX believes that calls are taken", hangs)
			}
			s.store.hang(false)
			s.store.set(false)
			s.wait(engine.DefaultLeaseTTL)
			if !s.pbx.Ready() {
				t.Errorf("hangs=%v: the PBX believes that calls are not taken", hangs)
			}
			s.pbx.Arrive("in.2", "5000", caller(2))
			o := orchestrator.OutcomeServed
			s.finish(o, o)
		})
	}
}

// TestStoreAwayKeepsTheOrder lets callers arrive while the store is away for a
// moment (fault 20): they are served in the order in which they came, and their
// waits begin then.
func TestStoreAwayKeepsTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0).ThenHangUp(time.Minute))
		s.pbx.Arrive("in.9", "5000", caller(9))
		s.wait(10 * time.Second) // the agent talks
		s.store.set(true)
		for i := range 6 { // the later one asks first when the store is back
			s.pbx.Arrive(fmt.Sprint("in.", i), "5000", caller(i))
			s.wait(100 * time.Millisecond)
		}
		s.wait(200 * time.Millisecond)
		s.store.set(false)
		o := orchestrator.OutcomeServed
		s.wait(10 * time.Minute)
		s.finish(o, o, o, o, o, o, o)
		for i, c := range s.store.ended()[1:] {
			if c.Caller.Number != fmt.Sprint(600+i) {
				t.Errorf("number %d to be served is %s", i, c.Caller.Number)
			}
			if i > 0 && c.QueuedAt <= s.store.ended()[i].QueuedAt {
				t.Errorf("%s entered at %d, the one before at %d", c.Caller.Number, c.QueuedAt, s.store.ended()[i].QueuedAt)
			}
		}
	})
}

// TestNoDialWithoutEvents frees the agent while the PBX's events do not arrive:
// nothing is dialled before they do, and nobody is blamed for it.
func TestNoDialWithoutEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(20*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		s.pbx.Arrive("in.2", "5000", caller(2))
		s.wait(10 * time.Second) // it waits, the other talks
		s.pbx.DropSocket()
		s.floor.mu.Lock()
		s.floor.freed() // by what another process did
		s.floor.mu.Unlock()
		before := len(s.pbx.Commands())
		s.wait(5 * time.Second)
		for _, c := range s.pbx.Commands()[before:] {
			if c.Op == "Originate" {
				t.Errorf("dialled into the void: %+v", c)
			}
		}
		s.pbx.Reconnect()
		s.finish(orchestrator.OutcomeServed, orchestrator.OutcomeServed)
		if s.blamed() {
			t.Errorf("failed offers: %v", s.floor.missed)
		}
	})
}

// deaf is a store that hears and, for a while, does not answer about new calls.
type deaf struct {
	*memory
	silent atomic.Bool
}

func (d *deaf) Commit(ctx context.Context, l orchestrator.Lease, r orchestrator.Record, e []orchestrator.Entry) error {
	err := d.memory.Commit(ctx, l, r, e)
	if d.silent.Load() && r.Rev == 1 {
		<-ctx.Done()
		return errAway
	}
	return err
}

// A caller is given back because the store does not answer, although it has stored
// the call; the dialplan sends the caller in once more. What is stored of the
// first time never touches the second.
func TestGivenBackAndStoredAllTheSame(t *testing.T) {
	t.Parallel()
	for _, restarted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.eng.Stop()
			s.wait(time.Second)
			way := &deaf{memory: s.store}
			begin := func(process string) *engine.Engine {
				e := s.process("zero", process, way, s.pbx)
				t.Cleanup(e.Stop)
				s.wait(time.Second)
				return e
			}
			s.eng = begin("0")
			s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(5*time.Minute))
			way.silent.Store(true)
			s.pbx.Arrive("in.1", "5000", caller(1))
			s.wait(3 * time.Second)
			way.silent.Store(false)
			s.pbx.Arrive("in.1", "5000", caller(1))
			s.wait(20 * time.Second)
			if restarted {
				s.eng.Stop()
				s.eng = begin("1")
			}
			before := len(s.pbx.Commands())
			s.wait(2 * time.Minute)
			for _, c := range s.pbx.Commands()[before:] {
				if c.Channel == "in.1" {
					t.Errorf("restarted %v: in the conversation: %+v", restarted, c)
				}
			}
			s.wait(5 * time.Minute)
			s.finish(orchestrator.OutcomeLeft, orchestrator.OutcomeServed)
		})
	}
}
