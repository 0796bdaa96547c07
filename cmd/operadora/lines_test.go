package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

const lineQueues = `queues:
  - {id: sales, ring_timeout: 5s, retry: 1s, wrap_up: 0s, record: true, whisper: queue-callswaiting}
  - {id: slow, wrap_up: 60s}
dispositions:
  - {name: done, digits: "1"}
pause_reasons:
  - {name: lunch, digit: "2"}
`

// loginLine logs an agent in with a permanent line from the command line, and
// answers the one ring.
func (r *rig) loginLine(p *lab.Phone) *lab.Call {
	r.t.Helper()
	api, err := r.API("supervisor")
	must(r.t, err)
	out, err := r.Run("agent", "login", p.User(), "--line", "--token", api.Token, "--url", api.Base)
	must(r.t, err)
	if !strings.Contains(out, "ok") {
		r.t.Fatalf("the login says %q", out)
	}
	line := r.answers(p)
	r.lineIs(p.User(), "idle")
	return line
}

// lineIs waits until an agent's permanent line is in a state.
func (r *rig) lineIs(agent, want string) {
	r.t.Helper()
	api, err := r.API("supervisor")
	must(r.t, err)
	r.eventually("the line is "+want, func() error {
		a, err := api.GetAgentWithResponse(limit(r.t), agent)
		if err != nil {
			return err
		}
		if got := string(a.JSON200.Line); got != want {
			return fmt.Errorf("the line of %s is %q, want %q: %s", agent, got, want, a.Body)
		}
		return nil
	})
}

// quietFor checks that nothing is heard on a line for a while.
func quietFor(t *testing.T, line *lab.Call, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(limit(t), d)
	defer cancel()
	if err := line.WaitSound(ctx); err == nil {
		t.Error("something is heard on the line")
	}
}

// stays checks that a line was not hung up.
func stays(t *testing.T, line *lab.Call) {
	t.Helper()
	select {
	case <-line.Done():
		t.Fatalf("the line has ended: %+v", line.Ending())
	default:
	}
}

// TestPermanentLines has one agent on a permanent line and one who is rung for each
// call in one queue: the one is rung once and hears a beep, the name of the queue
// and the caller; the agent pauses by keys on the line, hangs up, and comes back by
// a code and by one ring.
func TestPermanentLines(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"queues.yaml": lineQueues}})
	r.start()
	_, desk := r.stores()
	ana := r.desk("101")
	line := r.loginLine(ana)
	quietFor(t, line, 300*time.Millisecond)

	t.Log("a call on the line, and one that rings the other phone")
	first := r.queue("5550001")
	must(t, line.WaitSound(limit(t)))
	r.talk(first, line)
	ben := r.login("102")
	second := r.queue("5550002")
	b := r.takes(ben, second)
	r.talk(first, line)
	if e := r.awaitEntry(orchestrator.EntryCallConnected, 1); e.Agent != "101" {
		t.Errorf("the first caller talks with %s", e.Agent)
	}

	t.Log("callers wait: the end of one conversation is the beginning of the next")
	third, fourth := r.queue("5550003"), r.queue("5550004")
	r.awaitEntry(orchestrator.EntryCallQueued, 4)
	must(t, first.Hangup())
	r.talk(third, line)
	must(t, third.Hangup())
	r.talk(fourth, line)
	must(t, b.Hangup())
	ended(t, second)
	must(t, fourth.Hangup())
	r.awaitEnds(orchestrator.KindInbound, 4)
	must(t, line.WaitSilence(limit(t), 300*time.Millisecond))
	r.lineIs("101", "idle")
	stays(t, line)

	t.Log("keys on the open line")
	must(t, line.SendDTMF("32#"))
	r.eventually("the pause", func() error { return agentIs(t, desk, "101", acd.StatePaused, "lunch") })
	must(t, line.WaitSound(limit(t)))
	must(t, line.SendDTMF("4"))
	r.eventually("ready again", func() error { return agentIs(t, desk, "101", acd.StateAvailable, "") })

	t.Log("hung up: paused, and back by one code")
	must(t, line.Hangup())
	r.eventually("the pause for the line", func() error { return agentIs(t, desk, "101", acd.StatePaused, orchestrator.ReasonLine) })
	r.lineIs("101", "lost")
	r.dial(ana, "*484")
	line = r.answers(ana)
	r.lineIs("101", "idle")
	r.eventually("ready again", func() error { return agentIs(t, desk, "101", acd.StateAvailable, "") })

	t.Log("the agent dials in: that call is the line")
	must(t, line.Hangup())
	r.lineIs("101", "lost")
	line, err := ana.Dial(limit(t), "*4811", lab.DialOptions{})
	must(t, err)
	r.lineIs("101", "idle")
	r.dial(ben, "*482")
	fifth := r.queue("5550005")
	r.talk(fifth, line)
	must(t, fifth.Hangup())
	r.lineIs("101", "idle")

	t.Log("in a call, by another line of the phone; and logged out the line is hung up")
	r.dial(ana, "*482")
	ended(t, line)
	r.settled(5)
}

// TestLinesKilled ends operadora with kill -9 with lines idle and lines in
// conversations: nobody hears anything, and the next process finds all of them.
func TestLinesKilled(t *testing.T) {
	t.Parallel()
	const idle, talking = 3, 3
	r := newRig(t, rigOptions{agents: idle + talking, files: map[string]string{"queues.yaml": lineQueues}})
	r.start()
	killLines(r, idle, talking)
}

// killLines is TestLinesKilled with so many lines.
func killLines(r *rig, idle, talking int) {
	t := r.t
	var lines, callers []*lab.Call
	for n := range talking {
		lines = append(lines, r.loginLine(r.desk(fmt.Sprint(101+n))))
	}
	for n := range talking {
		callers = append(callers, r.queue(fmt.Sprint(5550001+n)))
		r.awaitEntry(orchestrator.EntryCallConnected, n+1)
	}
	hz := func(n int) float64 { return 500 + 30*float64(n) }
	for n, c := range callers { // who has been idle longest gets the next
		c.PlayTone(hz(n))
		lines[n].PlayTone(1500)
		must(t, lines[n].WaitTone(limit(t), hz(n)))
	}
	for n := range idle {
		lines = append(lines, r.loginLine(r.desk(fmt.Sprint(101+talking+n))))
	}
	var tapes []func() []int16
	for _, l := range lines {
		tapes = append(tapes, l.Tape())
	}
	mark := r.Log.Mark()
	r.kill()
	began := time.Now()
	r.start()
	r.waitLog(mark, "calls taken up")
	t.Logf("taken up %v after the start", time.Since(began))
	for n := range idle + talking {
		want := "lent"
		if n >= talking {
			want = "idle"
		}
		r.lineIs(fmt.Sprint(101+n), want)
	}
	for n, tape := range tapes {
		samples := tape()
		stays(t, lines[n])
		switch {
		case n >= talking && !silent(samples):
			t.Errorf("something was heard on the idle line %d", n)
		case n < talking:
			if other, gaps, all := foreign(samples, hz(n)); other > 0 || gaps*10 > all {
				t.Errorf("conversation %d: in %d of %d frames something else is heard, in %d nothing", n, other, all, gaps)
			}
			must(t, callers[n].WaitTone(limit(t), 1500))
		}
	}
	for _, c := range callers {
		must(t, c.Hangup())
	}
	r.awaitEnds(orchestrator.KindInbound, talking)
	for n := range idle + talking {
		r.lineIs(fmt.Sprint(101+n), "idle")
	}
	for _, l := range lines {
		stays(t, l)
	}
	late := r.queue("5559999") // and they work
	r.awaitEntry(orchestrator.EntryCallConnected, talking+1)
	must(t, late.Hangup())
	r.awaitEnds(orchestrator.KindInbound, talking+1)
	api, err := r.API("supervisor")
	must(t, err)
	for n := range idle + talking {
		_, err := api.LogoutAgentWithResponse(limit(t), fmt.Sprint(101+n), wire.AgentForce{})
		must(t, err)
	}
	for _, l := range lines {
		ended(t, l)
	}
	r.settled(talking + 1)
}

// foreign counts the frames of 20 ms in which something else than a tone is heard,
// and those in which nothing is, of which a loaded machine makes one now and then.
func foreign(samples []int16, hz float64) (other, gaps, all int) {
	const frame = 160
	for ; len(samples) >= frame; samples = samples[frame:] {
		all++
		share, _ := lab.Purity(samples[:frame], hz)
		switch {
		case silent(samples[:frame]):
			gaps++
		case share < 0.7: // also where a gap begins
			other++
		}
	}
	return other, gaps, all
}

// silent tells whether nothing but silence is in samples.
func silent(samples []int16) bool {
	for _, s := range samples {
		if s > 400 || s < -400 {
			return false
		}
	}
	return true
}
