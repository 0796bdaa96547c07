package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// crowd is a set of callers at different stages: one in the menu, one waiting
// in the queue, one at whose agent the phone rings, one talking.
type crowd struct {
	menu, queued, ringing, talking *lab.Call
	rung, talks                    *lab.Call // at the desks
}

func newCrowd(r *rig) (c crowd, ana, ben *lab.Phone) {
	r.t.Helper()
	ana, ben = r.login("101"), r.login("102")
	c.talking = r.queue("5550001")
	select { // whichever phone rings first
	case c.talks = <-ana.Incoming():
	case c.talks = <-ben.Incoming():
		ana, ben = ben, ana
	case <-limit(r.t).Done():
		r.t.Fatal("no phone rang")
	}
	must(r.t, c.talks.Answer())
	r.talk(c.talking, c.talks)
	c.ringing = r.queue("5550002")
	c.rung = r.next(ben)
	must(r.t, c.rung.Ring())
	c.queued = r.queue("5550003")
	r.awaitEntry(orchestrator.EntryCallQueued, 3)
	c.menu = r.call("5550004", "5000")
	must(r.t, c.menu.WaitSound(limit(r.t)))
	return c, ana, ben
}

// goOn brings every caller of the crowd to an agent: whoever waited already goes before the one
// who comes from the menu. Both agents may be free at once, so either of two may be first.
func (c crowd) goOn(r *rig, ana, ben *lab.Phone) {
	r.t.Helper()
	r.talk(c.talking, c.talks) // nobody was cut off
	must(r.t, c.talks.Hangup())
	ended(r.t, c.talking)
	must(r.t, c.menu.SendDTMF("1"))
	callers := map[string]*lab.Call{"5550002": c.ringing, "5550003": c.queued, "5550004": c.menu}
	for len(callers) > 0 {
		a := nextAt(r, ana, ben)
		number, _ := a.Caller()
		waiting := callers[number]
		if waiting == nil || waiting == c.menu && len(callers) == 3 {
			r.t.Fatalf("%s is brought to an agent, and %d wait", number, len(callers))
		}
		must(r.t, a.Answer())
		r.talk(waiting, a)
		must(r.t, a.Hangup())
		ended(r.t, waiting)
		delete(callers, number)
	}
}

// nextAt waits for a call at either phone that is not over yet.
func nextAt(r *rig, phones ...*lab.Phone) *lab.Call {
	r.t.Helper()
	for {
		select {
		case c := <-phones[0].Incoming():
			if !over(c) {
				return c
			}
		case c := <-phones[1].Incoming():
			if !over(c) {
				return c
			}
		case <-limit(r.t).Done():
			r.t.Fatal("no phone rang")
		}
	}
}

func over(c *lab.Call) bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

func allServed(t *testing.T, calls []orchestrator.CallSummary) {
	t.Helper()
	for _, c := range calls {
		if c.Outcome != orchestrator.OutcomeServed || c.Recording == "" {
			t.Errorf("call from %s: %q, recording %q, path %v", c.Caller.Number, c.Outcome, c.Recording, c.Path)
		}
	}
}

// TestKilled ends operadora with kill -9 while callers are in the menu, in the
// queue, ringing and talking, and starts it again.
func TestKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2})
	r.start()
	c, ana, ben := newCrowd(r)
	r.kill()
	r.talk(c.talking, c.talks) // the PBX keeps them together
	r.start()
	ended(t, c.rung) // its ring time is over, or the call was taken up: either way it rings again
	c.goOn(r, ana, ben)
	calls := r.settled(4)
	allServed(t, calls)
	for _, c := range calls {
		if c.Adopted == 0 {
			t.Errorf("call from %s was not taken up by the second process", c.Caller.Number)
		}
	}
}

// TestKilledAtTheKey has two callers of a menu press a key while operadora is dead, which nobody
// hears. The next process asks both again: one presses once more and is served, and the flow
// goes on with the other by itself, to its end.
func TestKilledAtTheKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1, files: map[string]string{
		"flows/line.yaml": strings.Replace(rigFlow, "prompt: options", "prompt: bye\n    first_digit: 2s\n    retries: 2", 1)}})
	r.start()
	ana := r.login("101")
	again, silent := r.call("5550001", "5000"), r.call("5550002", "5000")
	for _, c := range []*lab.Call{again, silent} {
		must(t, c.WaitSound(limit(t)))
	}
	r.kill()
	for _, c := range []*lab.Call{again, silent} {
		must(t, c.SendDTMF("1"))
	}
	mark := r.Log.Mark()
	r.start()
	r.waitLog(mark, `msg="calls taken up"`)
	must(t, again.SendDTMF("1"))
	r.serve(ana, again)
	ended(t, silent)
	for _, c := range r.settled(2) {
		want := map[string]orchestrator.Outcome{"5550001": orchestrator.OutcomeServed, "5550002": orchestrator.OutcomeCompleted}[c.Caller.Number]
		if c.Outcome != want || c.Adopted != 1 {
			t.Errorf("the record of %s: %q, taken up %d times, path %v, want %q", c.Caller.Number, c.Outcome, c.Adopted, c.Path, want)
		}
	}
}

// TestOldOwnerWakes stops operadora without ending it, as a machine that is moved
// or swaps does, has another process take its calls, and lets it go on: it gives no
// command for calls that are no longer its own.
func TestOldOwnerWakes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2})
	r.start()
	c, ana, ben := newCrowd(r)
	log := centre.NewLogTail()
	kill, err := r.Beside("second", log)
	must(t, err)
	t.Cleanup(kill)
	must(t, log.Wait(limit(t), 0, "msg=serving", nil))
	must(t, r.Signal(syscall.SIGSTOP))
	must(t, log.Wait(limit(t), 0, `msg="calls taken up"`, nil))
	r.talk(c.talking, c.talks)
	mark := r.Log.Mark()
	must(t, r.Signal(syscall.SIGCONT))
	r.waitLog(mark, `msg="waiting for the lease"`) // it has noticed
	ended(t, c.rung)
	c.goOn(r, ana, ben)
	calls := r.settled(4)
	allServed(t, calls)
	for _, s := range calls {
		if s.Adopted != 1 {
			t.Errorf("call from %s was taken up %d times", s.Caller.Number, s.Adopted)
		}
	}
}

// killRedis ends Redis once what it acknowledged is in its file: what a crash may lose all the
// same has tests of its own, and callers who press a key again.
func (r *rig) killRedis() {
	r.t.Helper()
	must(r.t, r.Redis.Written(limit(r.t)))
	must(r.t, r.Redis.Kill())
}

// TestRedisAway kills Redis for 5 s with callers at every stage.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2})
	r.start()
	c, ana, ben := newCrowd(r)
	r.killRedis()
	r.talk(c.talking, c.talks)
	r.waitLog(0, `for=5`) // five seconds without the lease's renewal
	must(t, r.Redis.Restart(limit(t)))
	ended(t, c.rung) // the PBX ended the ringing meanwhile
	c.goOn(r, ana, ben)
	allServed(t, r.settled(4))
}

// TestAsteriskRestarted loses every call and must not lose the agents.
func TestAsteriskRestarted(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2})
	r.start()
	c, ana, _ := newCrowd(r)
	mark := r.Log.Mark()
	must(t, r.Switch.Kill())
	must(t, r.Switch.Restart(limit(t)))
	r.waitLog(mark, `msg="pbx connected"`)
	calls := r.settled(4)
	for _, s := range calls {
		if s.Outcome != orchestrator.OutcomeLost {
			t.Errorf("call from %s ended as %q", s.Caller.Number, s.Outcome)
		}
	}
	for _, p := range []*lab.Call{c.talking, c.menu, c.queued, c.ringing, c.talks, c.rung} {
		_ = p.Hangup() // the far end is gone
	}
	// the next caller is served by an agent who is still logged in
	must(t, ana.Register(limit(t)))
	next := r.queue("5550009")
	r.serve(ana, next)
	r.settled(5)
}

// TestAwayFallsThrough calls while operadora is not running, cannot reach Redis,
// hangs, has been killed, and runs again: the caller always gets somewhere.
func TestAwayFallsThrough(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1, asterisk: lab.AsteriskOptions{
		Dialplan: "[operadora-away]\nexten => 5000,1,Answer()\n same => n,Playback(demo-congrats)\n same => n,Hangup()\n",
	}})
	away := func(number string) {
		t.Helper()
		c := r.call(number, "5000")
		must(t, c.WaitSound(limit(t)))
		must(t, c.Hangup())
	}
	away("5550011") // never started
	r.start()
	c := r.call("5550002", "5000")
	must(t, c.WaitSound(limit(t)))
	must(t, c.Hangup())
	r.settled(2)

	t.Log("Redis away")
	must(t, r.Redis.Kill())
	began := time.Now()
	away("5550012") // at once: operadora does not know yet
	t.Logf("a caller was given back and heard something after %v", time.Since(began))
	r.awaitTaking(false)
	away("5550013")
	must(t, r.Redis.Restart(limit(t)))
	r.awaitTaking(true)

	t.Log("hung")
	must(t, r.Signal(syscall.SIGSTOP))
	r.awaitTaking(false)
	away("5550014")
	must(t, r.Signal(syscall.SIGCONT))
	r.awaitTaking(true)

	t.Log("killed")
	c = r.call("5550003", "5000")
	must(t, c.WaitSound(limit(t)))
	r.kill()
	must(t, c.Hangup())
	away("5550015")
	r.start()
	for _, c := range r.settled(7) {
		want := orchestrator.OutcomeAway
		if c.Caller.Number < "5550010" { // operadora was there for it
			want = orchestrator.OutcomeLeft
		}
		if c.Outcome != want || c.DID != "5000" || c.EndedAt < c.StartedAt || c.StartedAt < began.Add(-time.Minute).UnixMilli() {
			t.Errorf("on record: %+v", c)
		}
	}
}

// TestUnheard has a caller come and leave while operadora hangs, and the dialplan
// does not know it yet: the caller is on record when the next process is there.
func TestUnheard(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	r.awaitTaking(true)
	must(t, r.Signal(syscall.SIGSTOP)) // callers are handed over for three seconds more
	p, err := r.Switch.Caller("5550001")
	must(t, err)
	t.Cleanup(p.Close)
	c, err := p.Place(limit(t), "5000", lab.DialOptions{})
	must(t, err)
	r.awaitPhones(1)
	must(t, c.Hangup())
	r.awaitPhones(0)
	r.kill()
	r.start()
	calls := r.settled(1)
	if len(calls) != 1 || calls[0].Outcome != orchestrator.OutcomeLost || calls[0].Caller.Number != "5550001" || calls[0].DID != "5000" {
		t.Errorf("on record: %+v", calls)
	}
}

// TestEndsUnseen has an agent and a caller hang up while operadora is dead: their
// conversations end on record when they did, not when the calls are taken up.
func TestEndsUnseen(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2})
	r.start()
	ana, ben := r.login("101"), r.login("102")
	first, second := r.queue("5550001"), r.queue("5550002")
	desk := map[*lab.Call]*lab.Call{}
	for _, c := range []*lab.Call{first, second} {
		a := nextAt(r, ana, ben)
		must(t, a.Answer())
		r.talk(c, a)
		desk[c] = a
	}
	r.kill()
	agentEnds := time.Now()
	must(t, desk[first].Hangup())
	callerEnds := time.Now()
	must(t, second.Hangup())
	r.awaitPhones(2) // the first caller and the second agent, each alone in a bridge
	back := time.Now()
	r.start()
	ended(t, first) // the flow goes on
	ended(t, desk[second])
	for _, c := range r.settled(2) {
		want := map[string]time.Time{"5550001": agentEnds, "5550002": callerEnds}[c.Caller.Number]
		off := time.UnixMilli(c.PartedAt).Sub(want)
		t.Logf("%s: talk ended on record %v after the hang-up; operadora was back %v after it", c.Caller.Number, off, back.Sub(want))
		if by := map[string]string{"5550001": "agent", "5550002": "caller"}[c.Caller.Number]; c.EndedBy != by || c.Outcome != orchestrator.OutcomeServed {
			t.Errorf("%s: %s, ended by %q, want %q", c.Caller.Number, c.Outcome, c.EndedBy, by)
		}
		if !time.UnixMilli(c.PartedAt).Before(back) || off < -time.Second {
			t.Errorf("%s: talk ended at %v, and operadora was back at %v", c.Caller.Number, time.UnixMilli(c.PartedAt), back)
		}
	}
}

// awaitPhones waits until the PBX has n channels of phones.
func (r *rig) awaitPhones(n int) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d channels of phones", n), func() error {
		has, err := r.Phones()
		if err == nil && has != n {
			err = fmt.Errorf("the PBX has %d", has)
		}
		return err
	})
}

// awaitTaking waits until the dialplan believes that operadora takes calls, or does not.
func (r *rig) awaitTaking(want bool) {
	r.t.Helper()
	must(r.t, r.AwaitTakes(limit(r.t), want))
}

// TestHostileCaller has a name full of what breaks headers, JSON and terminals.
func TestHostileCaller(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	ana := r.login("101")
	p, err := r.Switch.Caller("5550001")
	must(t, err)
	t.Cleanup(p.Close)
	c, err := p.Dial(limit(t), "5000", lab.DialOptions{From: "55'50;001", Name: `\"<&>'\x1b[31m; DROP` + "\u202e"})
	must(t, err)
	must(t, c.SendDTMF("1"))
	r.serve(ana, c)
	got := r.settled(1)[0]
	if strings.ContainsAny(got.Caller.Name+got.Caller.Number, "\"<>\x1b\n;'&") && strings.ContainsAny(got.Caller.Number, "\"<>\x1b\n;'&") {
		t.Errorf("kept as %q %q", got.Caller.Number, got.Caller.Name)
	}
}
