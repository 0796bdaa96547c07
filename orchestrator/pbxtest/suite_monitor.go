package pbxtest

import (
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// monitored is a conversation that a third phone listens to.
func (r *rig) monitored() (l line, agent Phone, boss Phone, bridge string, m orchestrator.Monitoring) {
	r.Helper()
	l, agent, leg, bridge := r.bridged()
	boss, channel := r.leg()
	m = orchestrator.Monitoring{Bridge: r.id("w"), Channel: channel, Target: leg, Mode: orchestrator.MonitorListen}
	r.made = append(r.made, m.Bridge)
	r.must(r.PBX.Monitor(r.Context(), m))
	return l, agent, boss, bridge, m
}

// Every mode may follow every other, the conversation stays in its bridge, and who
// monitored can be put elsewhere.
func testMonitor(r *rig) {
	l, _, _, bridge, m := r.monitored()
	ctx := r.Context()
	for _, first := range orchestrator.MonitorModes {
		for _, second := range orchestrator.MonitorModes {
			for _, m.Mode = range []orchestrator.MonitorMode{first, second} {
				r.must(r.PBX.Monitor(ctx, m))
			}
		}
	}
	truth := r.recut()
	if in := truth.Bridges[bridge]; len(in) != 2 {
		r.Errorf("in the conversation: %q", in)
	}
	if in := truth.Bridges[m.Bridge]; len(in) != 1 || in[0] != m.Channel {
		r.Errorf("in the bridge of the supervisor: %q, want %q", in, m.Channel)
	}
	r.must(r.PBX.Monitor(ctx, m))
	r.must(r.PBX.DestroyBridge(ctx, m.Bridge, m.Channel))
	r.must(r.PBX.DestroyBridge(ctx, m.Bridge, m.Channel))
	id := r.play(m.Channel, r.Short) // it is ready for anything
	if e := r.await("the end of playback "+id, played(id)); e.Failed {
		r.Errorf("failed: %s", e.Reason)
	}
	r.must(r.PBX.Join(ctx, bridge, m.Channel))
	r.barrier(l)
	r.inBridge(bridge, l.channel, m.Target, m.Channel)
	if _, there := r.recut().Bridges[m.Bridge]; there {
		r.Error("the bridge of the supervisor is still there")
	}
	m.Mode = "shout"
	r.refused("a mode that is none", r.PBX.Monitor(ctx, m), fault.Invalid)
}

// Who monitors stays when the target goes, and nobody can be monitored who is gone.
func testMonitorGone(r *rig) {
	l, agent, _, bridge, m := r.monitored()
	agent.HangUp(r.T)
	r.once("the end", on(orchestrator.EventEnded, m.Target))
	if n := r.count(on(orchestrator.EventEnded, m.Channel)); n != 0 {
		r.Error("the supervisor was hung up as well")
	}
	m.Mode = orchestrator.MonitorWhisper
	r.refused("Monitor of who is gone", r.PBX.Monitor(r.Context(), m), fault.NotFound)
	r.must(r.PBX.DestroyBridge(r.Context(), m.Bridge, m.Channel))
	r.must(r.PBX.Join(r.Context(), bridge, m.Channel))
	r.inBridge(bridge, l.channel, m.Channel)
}

// A supervisor's phone that drops leaves the conversation untouched, and nothing behind.
func testMonitorHungUp(r *rig) {
	l, _, boss, bridge, m := r.monitored()
	boss.HangUp(r.T)
	r.once("the end", on(orchestrator.EventEnded, m.Channel))
	r.barrier(l)
	r.inBridge(bridge, l.channel, m.Target)
	r.refused("Monitor by who is gone", r.PBX.Monitor(r.Context(), m), fault.NotFound)
	r.must(r.PBX.DestroyBridge(r.Context(), m.Bridge))
	if _, there := r.recut().Bridges[m.Bridge]; there {
		r.Error("the bridge of the supervisor is still there")
	}
}

// The keys by which a supervisor changes the mode are told in every mode, once each,
// and heard by nobody; who has taken the agent's place has keys like anybody.
func testMonitorKeys(r *rig) {
	l, agent, boss, bridge, m := r.monitored()
	ctx := r.Context()
	press := func(k string, times int) {
		r.Helper()
		boss.Press(r.T, k)
		r.until("key "+k+" of the supervisor", func() bool {
			n := 0
			for _, e := range r.log.events {
				if key(m.Channel, k)(e) {
					n++
				}
			}
			return n == times
		})
	}
	for i, mode := range orchestrator.MonitorModes {
		m.Mode = mode
		r.must(r.PBX.Monitor(ctx, m))
		for _, k := range []string{"4", "5", "6", "7"} {
			press(k, i+1)
		}
	}
	agent.HangUp(r.T)
	r.once("the end", on(orchestrator.EventEnded, m.Target))
	r.must(r.PBX.DestroyBridge(ctx, m.Bridge, m.Channel))
	r.must(r.PBX.JoinAbsorbing(ctx, bridge, m.Channel))
	press("7", len(orchestrator.MonitorModes)+1)
	r.must(r.PBX.SendKeys(ctx, l.channel, "9"))
	if got := l.Keys(r.T, 1); got != "9" {
		r.Errorf("the caller heard %q, want 9: the keys were the supervisor's alone", got)
	}
}
