package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

const ringAllQueues = `queues:
  - {id: sales, strategy: ring_all, ring_timeout: 20s, retry: 1s, wrap_up: 0s, misses_before_pause: 1}
`

// rings waits until phones ring for a caller.
func (r *rig) rings(phones ...*lab.Phone) (calls []*lab.Call) {
	r.t.Helper()
	for _, p := range phones {
		c := r.next(p)
		must(r.t, c.Ring())
		calls = append(calls, c)
	}
	return calls
}

// elsewhere waits until a phone has stopped ringing, which is told that the call was
// answered elsewhere: it shows no missed call.
func elsewhere(t *testing.T, c *lab.Call) {
	t.Helper()
	how, err := c.WaitEnd(limit(t))
	must(t, err)
	if how.Answered || !strings.HasPrefix(how.Reason, "SIP") || !strings.Contains(how.Reason, "cause=200") {
		t.Errorf("a phone that rang with others ended by %+v", how)
	}
}

// TestAllPhonesRing: the first answer has the caller, whichever phone that is, also after a
// kill -9 while they ring; the others stop, as answered elsewhere, and their agents, of
// whom one missed call makes a pause, are free. One who turns the call down leaves it
// ringing for the others.
func TestAllPhonesRing(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{files: map[string]string{"queues.yaml": strings.Replace(ringAllQueues, "misses_before_pause: 1", "misses_before_pause: 3", 1)}})
	r.start()
	ana, ben, eva := r.login("101"), r.login("102"), r.login("103")
	for i, killed := range []bool{false, true} {
		c := r.queue("5550001")
		rung := r.rings(ana, ben, eva)
		r.awaitEntry(orchestrator.EntryCallRinging, 3+3*i)
		if killed {
			r.kill()
			r.start()
		}
		must(t, rung[1].Answer())
		elsewhere(t, rung[0])
		elsewhere(t, rung[2])
		r.talk(c, rung[1])
		must(t, rung[1].Hangup())
		ended(t, c)
	}
	last := r.queue("5550002")
	rung := r.rings(ana, ben, eva)
	must(t, rung[1].Reject(603))
	must(t, rung[2].Answer())
	elsewhere(t, rung[0])
	r.talk(last, rung[2])
	must(t, rung[2].Hangup())
	ended(t, last)
	for i, got := range r.settled(3) {
		if want := []string{"102", "102", "103"}[i]; got.Outcome != orchestrator.OutcomeServed || got.Agent != want || got.Offers < 3 {
			t.Errorf("the record: %+v, want agent %s", got, want)
		}
	}
}

// TestTwoPickUpAtOnce: of two who pick up at the same instant one has the caller, the other's
// phone is hung up, and the agent gets the next caller.
func TestTwoPickUpAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"queues.yaml": ringAllQueues}})
	r.start()
	ana, ben := r.login("101"), r.login("102")
	first := r.queue("5550001")
	rung := r.rings(ana, ben)
	var both sync.WaitGroup
	for _, c := range rung {
		both.Go(func() { _ = c.Answer() }) // it may have been cancelled by then
	}
	both.Wait()
	first.PlayTone(500)
	winner, loser := 0, 1
	select {
	case <-rung[0].Done():
		winner, loser = 1, 0
	case <-rung[1].Done():
	case <-limit(t).Done():
		t.Fatal("both have the caller")
	}
	r.talk(first, rung[winner])
	phones := []*lab.Phone{ana, ben}
	second := r.queue("5550002")
	r.serve(phones[loser], second)
	must(t, rung[winner].Hangup())
	ended(t, first)
	for _, got := range r.settled(2) {
		if got.Outcome != orchestrator.OutcomeServed {
			t.Errorf("the record: %+v", got)
		}
	}
}
