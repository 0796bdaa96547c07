package main

import (
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

func TestACallerReachesAnAgent(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	ana := r.login("101")
	c := r.call("5550001", "5000")
	must(t, c.WaitSound(limit(t)))
	must(t, c.SendDTMF("1"))
	r.serve(ana, c)
	got := r.settled(1)[0]
	if got.Outcome != orchestrator.OutcomeServed || got.Agent != "101" || got.EndedBy != "agent" ||
		got.Caller.Number != "5550001" || got.DID != "5000" || got.Recording == "" || got.TalkMS == 0 {
		t.Errorf("the record: %+v", got)
	}
}

// TestCallersWhoHangUp lets callers hang up at every stage.
func TestCallersWhoHangUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	ana := r.login("101")

	prompt := r.call("5550001", "5000")
	must(t, prompt.WaitSound(limit(t)))
	must(t, prompt.Hangup())
	r.awaitEntry(orchestrator.EntryCallEnded, 2) // the login was the first

	ringing := r.queue("5550002")
	rung := r.next(ana)
	must(t, ringing.Hangup())
	ended(t, rung)
	r.awaitEntry(orchestrator.EntryCallEnded, 3)

	talking := r.queue("5550003")
	a := r.takes(ana, talking)

	queued := r.queue("5550004")
	r.awaitEntry(orchestrator.EntryCallQueued, 3)
	must(t, queued.Hangup())
	r.awaitEntry(orchestrator.EntryCallEnded, 4)

	must(t, talking.Hangup())
	ended(t, a)

	// at the instant the agent answers
	instant := r.queue("5550005")
	b := r.answers(ana)
	must(t, instant.Hangup())
	ended(t, b)

	want := []orchestrator.Outcome{orchestrator.OutcomeLeft, orchestrator.OutcomeAbandoned, orchestrator.OutcomeAbandoned,
		orchestrator.OutcomeServed}
	calls := r.settled(5)
	for i, w := range want {
		if calls[i].Outcome != w {
			t.Errorf("call from %s ended as %q, want %q", calls[i].Caller.Number, calls[i].Outcome, w)
		}
	}
	if o := calls[4].Outcome; o != orchestrator.OutcomeAbandoned && o != orchestrator.OutcomeServed {
		t.Errorf("the call that was hung up at the answer ended as %q", o)
	}
}

// TestAgentsWhoDoNotServe lets the first agent not answer, reject, be
// unregistered and hang up first: the caller keeps the place and is served.
func TestAgentsWhoDoNotServe(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2})
	r.start()
	ana := r.login("101")

	// rejects, then does not answer: two misses in a row pause her
	first := r.queue("5550001")
	must(t, r.next(ana).Reject(603))
	missed := r.next(ana) // the same caller, kept in the queue
	must(t, missed.Ring())
	ended(t, missed)
	r.awaitEntry(orchestrator.EntryCallMissed, 2)

	// now Ben logs in and gets the caller
	ben := r.login("102")
	r.serve(ben, first)

	// Ana comes back, but her phone is unplugged: the caller goes to Ben
	r.dial(ana, "*484")
	must(t, ana.Unregister(limit(t)))
	second := r.queue("5550002")
	r.serve(ben, second)

	for _, c := range r.settled(2) {
		if c.Outcome != orchestrator.OutcomeServed || c.Agent != "102" {
			t.Errorf("the record: %+v", c)
		}
	}
}
