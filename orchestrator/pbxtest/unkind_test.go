package pbxtest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

func unavailable(t *testing.T, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want one that is unavailable", err)
	}
}

func TestFates(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("a", "100", orchestrator.Party{})
		want(t, l, "entered a")
		fates := []pbxtest.Fate{pbxtest.Unheard(), pbxtest.Refused(fault.New("x", fault.Conflict, "no")),
			pbxtest.ObeyedLate(8 * time.Second), pbxtest.ReplyLost()}
		p.Decide(func(pbxtest.Command) pbxtest.Fate {
			f := fates[0]
			fates = fates[1:]
			return f
		})
		up := func() bool { v, _ := p.Channel("a"); return v.Up }
		unavailable(t, p.Answer(t.Context(), "a"))
		if err := p.Answer(t.Context(), "a"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("refused with %v", err)
		}
		unavailable(t, p.Answer(t.Context(), "a"))
		if up() {
			t.Error("obeyed too early")
		}
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if !up() {
			t.Error("not obeyed late")
		}
		unavailable(t, p.Hangup(t.Context(), "a", orchestrator.CauseNormal))
		want(t, l, "ended a 16")
		p.Decide(nil)
		p.ObeyLate("CreateBridge", time.Second, 1)
		unavailable(t, p.CreateBridge(t.Context(), "op-1-b1"))
		p.Restart()
		time.Sleep(time.Minute)
		if !p.Leftovers().None() {
			t.Error("a command outlived the switch that it was given to")
		}
	})
}

// While a switch does not answer, events are told, the first command waits for
// the limit of a request, and the others fail at once.
func TestStall(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
			p.Arrive("a", "100", orchestrator.Party{})
			p.Arrive("b", "100", orchestrator.Party{})
			p.Stall(late)
			begun := time.Now()
			unavailable(t, p.Answer(t.Context(), "a"))
			if took := time.Since(begun); took != 5*time.Second {
				t.Errorf("the first waited %v", took)
			}
			unavailable(t, p.Answer(t.Context(), "b"))
			if took := time.Since(begun); took != 5*time.Second {
				t.Error("the second waited")
			}
			p.Press("a", "1")
			want(t, l, "entered a", "entered b",
				"disconnected: pbxtest.Answer: the switch does not answer", "digit a 1")
			p.Resume()
			want(t, l, "connected lima-0 2 channels 0 bridges")
			if v, _ := p.Channel("a"); v.Up != late {
				t.Errorf("given up and carried out late: %v, want %v", v.Up, late)
			}
			if v, _ := p.Channel("b"); v.Up {
				t.Error("what was not sent was carried out")
			}
			ok(t, p.Answer(t.Context(), "b"))
		})
	}
}

// A short stall is borne by those who wait.
func TestStallThatPasses(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("a", "100", orchestrator.Party{})
		p.Stall(true)
		done := make(chan error, 1)
		go func() { done <- p.Answer(t.Context(), "a") }()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		unavailable(t, p.Hangup(short, "a", orchestrator.CauseNormal))
		p.Resume()
		if err := <-done; fault.KindOf(err) != fault.NotFound && err != nil {
			t.Error(err)
		}
		want(t, l, "entered a", "ended a 16") // what was given up came late
	})
}

func TestTakeOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pbxtest.New("lima")
		l := &log{}
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context(), l) }()
		synctest.Wait()
		p.TakeOver()
		if err := <-done; !errors.Is(err, orchestrator.ErrReplaced) {
			t.Errorf("Run ended with %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { done <- p.Run(ctx, l) }()
		want(t, l, "connected lima-0 0 channels 0 bridges",
			"disconnected: "+orchestrator.ErrReplaced.Error(), "connected lima-0 0 channels 0 bridges")
		cancel()
		<-done
	})
}

func TestComesStraightBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		ctx := t.Context()
		p.Arrive("a", "100", orchestrator.Party{})
		p.Bounce(1)
		ok(t, p.Continue(ctx, "a", orchestrator.DialplanPlace{}))
		want(t, l, "entered a", "left a", "entered a")
		ok(t, p.Continue(ctx, "a", orchestrator.DialplanPlace{}))
		if err := p.Continue(ctx, "a", orchestrator.DialplanPlace{}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("continued twice: %v", err)
		}
		want(t, l, "left a")
		p.ArriveAs(pbxtest.Arrival{Channel: "a", DID: "200"})
		want(t, l, "entered a")
		ok(t, p.Answer(ctx, "a"))
	})
}

func TestOriginatorGone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
		p.Arrive("a", "100", orchestrator.Party{})
		o := orchestrator.Origination{Channel: "leg", Endpoint: "PJSIP/101", Timeout: time.Second, Originator: "a"}
		p.HangUp("a", orchestrator.CauseNormal)
		err := p.Originate(t.Context(), o)
		if !errors.Is(err, orchestrator.ErrOriginatorGone) || fault.KindOf(err) != fault.NotFound {
			t.Errorf("got %v", err)
		}
		p.Arrive("b", "100", orchestrator.Party{})
		o.Originator = "b"
		ok(t, p.Originate(t.Context(), o))
		want(t, l, "entered a", "ended a 16", "entered b", "ringing leg", "entered leg")
	})
}

func TestCreationTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pbxtest.New("lima")
		p.SetClockSkew(-time.Hour)
		p.ArriveAs(pbxtest.Arrival{Channel: "a", DID: "100", CreatedAgo: time.Minute})
		begun := time.Now()
		truths := make(chan orchestrator.Snapshot, 1)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx, snapshots(truths)) }()
		s := <-truths
		if got := s.OurTime(s.Channels["a"].CreatedAt); !got.Equal(begun.Add(-time.Minute)) {
			t.Errorf("created at %v of our time, want a minute before %v", got, begun)
		}
		if diff := cmp.Diff(time.Hour, s.ObservedAt.Sub(s.Clock)); diff != "" {
			t.Errorf("skew (-want +got):\n%s", diff)
		}
		cancel()
		<-done
	})
}

// snapshots is a sink that hands snapshots on.
type snapshots chan orchestrator.Snapshot

func (s snapshots) Connected(_ string, truth orchestrator.Snapshot) { s <- truth }
func (snapshots) Event(orchestrator.Event)                          {}
func (snapshots) Disconnected(string, error)                        {}
func (snapshots) Ready() bool                                       { return true }

// An agent who picks up while nobody listens is there in the next snapshot.
func TestAnswersWhileDisconnected(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Endpoint("PJSIP/101", pbxtest.Manual())
		ok(t, p.Originate(t.Context(), orchestrator.Origination{Channel: "leg", Endpoint: "PJSIP/101", Timeout: time.Minute}))
		p.DropSocket()
		p.PickUp("PJSIP/101")
		want(t, l, "ringing leg", "disconnected: the socket was closed by the test")
		p.Reconnect()
		want(t, l, "connected lima-0 1 channels 0 bridges")
		if v, _ := p.Channel("leg"); !v.Up || !v.Entered {
			t.Errorf("the leg is %+v", v)
		}
	})
}

func TestPlayedTwiceUnlessAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("a", "100", orchestrator.Party{})
		order := orchestrator.Playback{ID: "p", Channel: "a", Media: sound("x")}
		ok(t, p.Play(t.Context(), order))
		order.Again = true
		ok(t, p.Play(t.Context(), order))
		time.Sleep(time.Minute)
		want(t, l, "entered a", "played p failed=false")
		order.Again = false
		ok(t, p.Play(t.Context(), order))
		ok(t, p.Play(t.Context(), order))
		time.Sleep(time.Minute)
		want(t, l, "played p failed=false", "played p failed=false")
	})
}
