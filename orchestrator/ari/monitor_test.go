package ari

import (
	"context"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
)

// Tones that 50 ms of sound tell apart, and 20 ms nearly.
const customerHz, agentHz, bossHz = 400.0, 700.0, 1000.0

// TestMonitorIsHeardByWhomItMayBe lets everybody speak a tone of their own, and
// listens who hears whom in each mode, while the customer's line is taped: not a
// packet of it may hold anything but the agent, until the supervisor barges in. Before
// that the agent hears a beep, which ends soon.
func TestMonitorIsHeardByWhomItMayBe(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	customer, in := w.callIn(t, a, h, "5550100", "700001")
	must(t, a.Answer(ctx, in))
	agent, leg := w.rung(t, a, h, "101", "op-monitored-a1")
	boss, sup := w.rung(t, a, h, "102", "op-monitored-s2")
	must(t, a.CreateBridge(ctx, "op-monitored-b3"))
	must(t, a.Join(ctx, "op-monitored-b3", in, leg))
	customer.PlayTone(customerHz)
	agent.PlayTone(agentHz)
	boss.PlayTone(bossHz)
	must(t, customer.WaitTone(ctx, agentHz))
	must(t, agent.WaitTone(ctx, customerHz))

	agent.PlayTone(0)
	must(t, customer.WaitSilence(ctx, 100*time.Millisecond))
	// A tone of Asterisk's has no end.
	must(t, a.Play(ctx, orchestrator.Playback{ID: "op-monitored-p5", Channel: leg, Media: []orchestrator.Media{{Kind: orchestrator.MediaTone, Value: "1000"}}, Aside: true}))
	agent.PlayTone(agentHz)
	must(t, customer.WaitTone(ctx, agentHz))
	must(t, agent.WaitTone(ctx, customerHz))
	h.await(orchestrator.EventPlayed, leg)

	stop := customer.Tape()
	monitor := func(mode orchestrator.MonitorMode) {
		t.Helper()
		must(t, a.Monitor(ctx, orchestrator.Monitoring{Bridge: "op-monitored-w4", Channel: sup, Target: leg, Mode: mode}))
		must(t, boss.WaitPart(ctx, customerHz))
		must(t, boss.WaitPart(ctx, agentHz))
		must(t, boss.WaitWithout(ctx, bossHz))
	}
	for range 3 {
		monitor(orchestrator.MonitorListen)
		monitor(orchestrator.MonitorListen)
		must(t, agent.WaitTone(ctx, customerHz))
		monitor(orchestrator.MonitorWhisper)
		must(t, agent.WaitPart(ctx, bossHz))
		must(t, agent.WaitPart(ctx, customerHz))
	}
	must(t, a.DestroyBridge(ctx, "op-monitored-w4", sup))
	must(t, agent.WaitTone(ctx, customerHz))
	tape := stop()
	if share, weakest := lab.Purity(tape, agentHz); share < 0.99 || weakest < 7000 {
		t.Errorf("the customer heard something: of the agent's tone %.3f at worst, at a level of %.0f, in %d samples", share, weakest, len(tape))
	}

	stop = customer.Tape()
	monitor(orchestrator.MonitorBarge)
	must(t, customer.WaitPart(ctx, bossHz))
	if share, _ := lab.Purity(stop(), agentHz); share > 0.9 {
		t.Errorf("the tape does not show what is to be heard: %.3f", share)
	}
	must(t, customer.WaitPart(ctx, agentHz))
	must(t, agent.WaitPart(ctx, bossHz))
	monitor(orchestrator.MonitorListen)
	must(t, customer.WaitTone(ctx, agentHz))

	must(t, agent.Hangup())
	h.await(orchestrator.EventEnded, leg)
	err := a.Monitor(ctx, orchestrator.Monitoring{Bridge: "op-monitored-w4", Channel: sup, Target: leg, Mode: orchestrator.MonitorWhisper})
	if fault.KindOf(err) != fault.NotFound {
		t.Errorf("who is gone was monitored: %v", err)
	}
	must(t, a.DestroyBridge(ctx, "op-monitored-w4", sup))
	for {
		truth, err := a.Snapshot(ctx)
		must(t, err)
		if _, there := truth.Bridges["op-monitored-w4"]; !there {
			return
		} // Asterisk takes it down after it has answered
	}
}

// rung is a phone that was called and has answered.
func (w *world) rung(t *testing.T, a *Adapter, h *heard, user, channel string) (*lab.Call, string) {
	t.Helper()
	calls := make(chan *lab.Call, 1)
	w.register(t, user, func(c *lab.Call) {
		calls <- c
		lab.AnswerAfter(0)(c)
	})
	must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: channel, Endpoint: "PJSIP/" + user, Timeout: 20 * time.Second}))
	h.await(orchestrator.EventEntered, channel)
	return <-calls, channel
}
