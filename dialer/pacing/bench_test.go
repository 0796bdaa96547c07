package pacing

import (
	"fmt"
	"testing"
)

// loaded is a pool in the midst of its work: agents talking for various times,
// a few idle, and lines calls up, the rest of them ringing.
func loaded(tb testing.TB, agents, lines int) *Pacer {
	tb.Helper()
	p, err := New(Config{Campaigns: []CampaignConfig{{}}})
	if err != nil {
		tb.Fatal(err)
	}
	tell := func(at float64, e Event) {
		e.At = day(at)
		p.Observe(e)
	}
	tell(0, Event{Kind: CampaignOpened})
	talking := agents * 49 / 50
	for i := range lines {
		at := float64(i) * 300 / float64(lines)
		id, agent := CallID(i+1), AgentID(i+1)
		if i >= talking {
			at = 285 + 15*float64(i-talking)/float64(lines-talking+1)
		}
		tell(at, Event{Kind: CallLaunched, Call: id})
		if i < talking {
			tell(at, Event{Kind: CallPerson, Call: id})
			tell(at, Event{Kind: CallConnected, Call: id, Agent: agent})
			tell(at, Event{Kind: AgentTalking, Agent: agent})
		}
	}
	for i := talking; i < agents; i++ {
		tell(300, Event{Kind: AgentIdle, Agent: AgentID(i + 1)})
	}
	p.Decide(day(300))
	return p
}

// BenchmarkDecide is one decision of a loaded pool, the estimates and now and
// then the tables renewed as time goes on.
func BenchmarkDecide(b *testing.B) {
	for _, size := range []struct{ agents, lines int }{{5, 15}, {20, 60}, {100, 300}, {500, 1500}} {
		b.Run(fmt.Sprintf("agents=%d/lines=%d", size.agents, size.lines), func(b *testing.B) {
			p := loaded(b, size.agents, size.lines)
			at := 300.0
			b.ReportAllocs()
			for b.Loop() {
				at += 0.0005
				p.Observe(Event{At: day(at), Kind: Heartbeat})
				p.Decide(day(at))
			}
		})
	}
}

// BenchmarkDecideWorst is a decision that renews everything: estimates, tables, law.
func BenchmarkDecideWorst(b *testing.B) {
	p := loaded(b, 500, 1500)
	b.ReportAllocs()
	for b.Loop() {
		p.rebuildAt, p.estimated = 0, 0
		p.Observe(Event{At: day(300.1), Kind: Heartbeat})
		p.Decide(day(300.1))
	}
}

func TestDecisionDoesNotAllocate(t *testing.T) {
	p := loaded(t, 50, 150)
	at := 300.0
	step := func() {
		at += 0.25
		p.Observe(Event{At: day(at), Kind: Heartbeat})
		p.Decide(day(at))
	}
	for range 50 {
		step()
	}
	if n := testing.AllocsPerRun(200, step); n > 0 {
		t.Errorf("%v allocations per decision", n)
	}
}
