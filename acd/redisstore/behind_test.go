package redisstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// since are definitions that were put in force some time after the epoch of all tests.
func since(after time.Duration, d acd.Definitions) acd.Definitions {
	d.Since = epoch.Add(after)
	return d
}

// paused is a store that is away for a while, and tells who asks for what is due when it is not; and
// in which something happens as a process begins to bring agents in line, or is about to carry out what an agent wants.
type paused struct {
	acd.Store
	away   atomic.Bool
	asked  chan struct{}
	amid   func()
	wished func()
}

func (p *paused) Change(ctx context.Context, now time.Time, c acd.ChangeOrder) (acd.ChangeResult, error) {
	if f := p.wished; f != nil {
		p.wished = nil
		f()
	}
	return p.Store.Change(ctx, now, c)
}

func (p *paused) Enforce(ctx context.Context, print string, f *acd.InForce) (bool, error) {
	if p.away.Load() {
		return false, fault.E("test", fault.Unavailable, errors.New("away"))
	}
	return p.Store.Enforce(ctx, print, f)
}

func (p *paused) Claim(ctx context.Context, now time.Time, pbx string, lease time.Duration, limit int) ([]acd.Deadline, time.Time, error) {
	if !p.away.Load() {
		select {
		case p.asked <- struct{}{}:
		default:
		}
	}
	return p.Store.Claim(ctx, now, pbx, lease, limit)
}

func (p *paused) EachAgent(ctx context.Context, fn func(string, acd.AgentRecord) error) error {
	if f := p.amid; f != nil {
		p.amid = nil
		f()
	}
	return p.Store.EachAgent(ctx, fn)
}

// of has a process work on such a store.
func (p *paused) of(w *world, d acd.Definitions) *acd.Service {
	w.Helper()
	p.Store, p.asked = w.store, make(chan struct{}, 1)
	svc, err := acd.New(acd.Parts{Store: p, Now: w.clock, Definitions: d})
	w.must(err)
	return svc
}

// TestWhoIsBehindMovesNobody: of two processes one has other definitions, and the store was away as it
// put them in force, or it is bringing agents in line with them as those of the other are put in
// force. Agents and calls stay by the later ones, whoever comes last.
func TestWhoIsBehindMovesNobody(t *testing.T) {
	t.Parallel()
	older := since(time.Minute, defs(1, queue("ventas"), queue("vieja")))
	newer := since(2*time.Minute, defs(2, queue("ventas", func(q *acd.Queue) { q.Tier = 1 }), queue("nueva")))
	for name, behind := range map[string]func(w *world, other *acd.Service){
		"the store was away": func(w *world, other *acd.Service) {
			p := &paused{}
			svc := p.of(w, defs(2, queue("ventas")))
			w.must(svc.Start(w.ctx()))
			w.Cleanup(svc.Stop)
			<-p.asked
			p.away.Store(true)
			w.must(svc.Reload(w.ctx(), older))
			w.must(other.Reload(w.ctx(), newer))
			select { // of a look before
			case <-p.asked:
			default:
			}
			p.away.Store(false)
			w.advance(time.Second)
			svc.Wake()
			<-p.asked // it brings agents in line before it asks what is due
		},
		"it is at it": func(w *world, other *acd.Service) {
			p := &paused{amid: func() { w.must(other.Reload(w.ctx(), newer)) }}
			w.must(p.of(w, defs(2, queue("ventas"))).Reload(w.ctx(), older))
		},
		"it comes late": func(w *world, other *acd.Service) {
			w.must(other.Reload(w.ctx(), newer))
			w.must((&paused{}).of(w, defs(2, queue("ventas"))).Reload(w.ctx(), older))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := empty(t)
			other := w.unstarted(acd.Parts{Definitions: defs(2, queue("ventas"))})
			w.svc = other
			w.login("a00", "a01")
			w.enqueue("c1", "ventas")
			w.enqueue("c2", "ventas")
			w.enqueue("c3", "ventas")
			behind(w, other)
			for _, id := range []string{"a00", "a01"} { // whom the older ones do not have
				if a := w.agent(id); !slices.Contains(strings.Split(a.Queues, ","), "nueva") || a.Next != "" {
					t.Errorf("%s serves %s and is to %q; nueva is in force", id, a.Queues, a.Next)
				}
			}
			if c := w.records().Calls["c3"]; c.Score > 0 {
				t.Errorf("the call has no tier: %+v", c)
			}
			if mended, err := other.Heal(w.ctx(), pbx); err != nil || mended > 0 {
				t.Errorf("%d mended, %v", mended, err)
			}
		})
	}
}

// TestWhoEntersThroughAProcessThatIsBehind: a caller, or a customer who is called back, comes into a queue through a
// process that has other definitions than are in force, by which agents have other profiles. They are served, and
// wait where those in force have them: where they are gone no more, where they are new at once.
func TestWhoEntersThroughAProcessThatIsBehind(t *testing.T) {
	t.Parallel()
	first := defs(1, queue("ventas"), queue("vieja"))
	older := since(time.Minute, first)
	newer := since(2*time.Minute, defs(1, queue("ventas"), queue("nueva")))
	newer.Agents[0].PIN, newer.AskPIN = "4711", []orchestrator.AgentOp{orchestrator.AgentLogin, orchestrator.AgentLogout}
	for name, tt := range map[string]struct {
		queue string
		work  orchestrator.Work
		want  orchestrator.PlacementResult
	}{
		"of both":              {queue: "ventas", want: orchestrator.PlacedOffered},
		"new":                  {queue: "nueva", want: orchestrator.PlacedOffered},
		"gone":                 {queue: "vieja", want: orchestrator.RefusedQueue},
		"gone, and a callback": {queue: "vieja", work: orchestrator.WorkCallback, want: orchestrator.PlacedOffered},
		"known to neither":     {queue: "otra", want: orchestrator.RefusedQueue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := empty(t)
			behind := w.unstarted(acd.Parts{Definitions: first, Promised: func(context.Context) ([]string, error) { return []string{"vieja"}, nil }})
			w.must(behind.Reload(w.ctx(), older))
			w.svc = w.unstarted(acd.Parts{Definitions: first})
			w.must(w.svc.Reload(w.ctx(), newer))
			w.login("a00")
			p, err := behind.Enqueue(w.ctx(), orchestrator.Waiting{Call: "c1", PBX: pbx, Queue: tt.queue, Visit: 1, Work: tt.work})
			if w.must(err); p.Result != tt.want {
				t.Errorf("%+v", p)
			}
			w.svc, behind = behind, w.svc
			for _, pin := range []string{"", "***"} {
				if got := w.pin(orchestrator.AgentLogout, "100", pin); got != orchestrator.AgentBadPIN {
					t.Errorf("of an agent whose PIN it does not know %q is taken for it: %s", pin, got)
				}
			}
			if mended, err := behind.Heal(w.ctx(), pbx); err != nil || mended > 0 {
				t.Errorf("%d mended, %v", mended, err)
			}
		})
	}
}

// TestWhoIsBehindIsInLineBeforeLong: a process that is behind sweeps, or asks whether anybody is there, and goes by
// what is in force.
func TestWhoIsBehindIsInLineBeforeLong(t *testing.T) {
	t.Parallel()
	older := since(time.Minute, defs(1, queue("ventas")))
	newer := since(2*time.Minute, defs(1, queue("ventas"), queue("nueva")))
	for name, look := range map[string]func(w *world, svc *acd.Service) error{
		"it sweeps": func(w *world, svc *acd.Service) error { _, err := svc.Heal(w.ctx(), pbx); return err },
		"it asks":   func(w *world, svc *acd.Service) error { _, err := svc.Holding(w.ctx(), pbx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := empty(t)
			behind := w.unstarted(acd.Parts{Definitions: older})
			w.must(behind.Reload(w.ctx(), older))
			w.must(w.unstarted(acd.Parts{Definitions: older}).Reload(w.ctx(), newer))
			w.must(look(w, behind))
			if !behind.Knows(orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "nueva"}) {
				t.Error("it goes by its own")
			}
		})
	}
}

// TestWhoLogsInServesByWhatIsInForce: an agent logs in through a process that has other definitions than are in
// force. The places are those in force, also of whom that process did not know; and a phone of which it is told
// changes nothing.
func TestWhoLogsInServesByWhatIsInForce(t *testing.T) {
	t.Parallel()
	older := since(time.Minute, defs(2, queue("ventas"), queue("vieja")))
	newer := since(2*time.Minute, defs(1, queue("ventas"), queue("nueva")))
	for name, tt := range map[string]struct {
		agent  string
		known  bool // the agent is on record
		inLine bool // the process is in line as the store is asked
		want   orchestrator.AgentResult
	}{
		"on record":               {agent: "a00", known: true, want: orchestrator.AgentOK},
		"never heard of":          {agent: "a00", want: orchestrator.AgentOK},
		"it is in line by then":   {agent: "a00", inLine: true, want: orchestrator.AgentOK},
		"on record, and in line":  {agent: "a00", known: true, inLine: true, want: orchestrator.AgentOK},
		"gone from what is":       {agent: "a01", known: true, want: orchestrator.AgentUnknown},
		"gone, and it is in line": {agent: "a01", inLine: true, want: orchestrator.AgentUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := empty(t)
			p := &paused{}
			w.svc = p.of(w, older)
			w.must(w.svc.Reload(w.ctx(), older))
			if tt.known {
				w.login(tt.agent)
				w.do(orchestrator.AgentLogout, tt.agent)
			}
			w.must(w.unstarted(acd.Parts{Definitions: older}).Reload(w.ctx(), newer))
			if tt.inLine {
				p.wished = func() { w.must(w.svc.Reload(w.ctx(), newer)) }
			}
			for _, phone := range w.svc.Endpoints(pbx) {
				w.must(w.svc.Device(w.ctx(), pbx, phone, orchestrator.DeviceFree))
			}
			answer, err := w.svc.Do(w.ctx(), orchestrator.AgentCommand{Op: orchestrator.AgentLogin, Agent: tt.agent, Trusted: true, By: "test"})
			if err != nil || answer.Result != tt.want {
				t.Errorf("logging in: %+v, %v", answer, err)
			}
			a, there := w.records().Agents[tt.agent]
			if serves := slices.Contains(strings.Split(a.Queues, ","), "nueva"); serves != there || serves != (tt.want == orchestrator.AgentOK) {
				t.Errorf("on record %v, serves %q", there, a.Queues)
			}
			w.clean()
		})
	}
}
