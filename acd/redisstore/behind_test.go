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
// in which something happens as a process begins to bring agents in line, or has asked whose queues are,
// or is about to carry out what an agent wants.
type paused struct {
	acd.Store
	away         atomic.Bool
	asked        chan struct{}
	amid, looked func()
	wished       func()
}

func (p *paused) Change(ctx context.Context, now time.Time, c acd.ChangeOrder) (acd.ChangeResult, error) {
	if f := p.wished; f != nil {
		p.wished = nil
		f()
	}
	return p.Store.Change(ctx, now, c)
}

func (p *paused) Enforce(ctx context.Context, print string, since time.Time) (bool, error) {
	if p.away.Load() {
		return false, fault.E("test", fault.Unavailable, errors.New("away"))
	}
	return p.Store.Enforce(ctx, print, since)
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

func (p *paused) Used(ctx context.Context, queues []string) ([]string, error) {
	used, err := p.Store.Used(ctx, queues)
	if f := p.looked; f != nil {
		p.looked = nil
		f()
	}
	return used, err
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

// TestAClosedQueueIsTakenBack: as a queue that is gone from the definitions is forgotten, a process that has not
// heard of those yet lets a caller in. Agents serve it.
func TestAClosedQueueIsTakenBack(t *testing.T) {
	t.Parallel()
	w := empty(t)
	before, after := defs(1, queue("ventas"), queue("soporte")), since(time.Minute, defs(1, queue("ventas")))
	other := w.unstarted(acd.Parts{Definitions: before})
	p := &paused{looked: func() {
		w.svc = other
		w.enqueue("s1", "soporte")
		w.must(other.Reload(w.ctx(), after))
	}}
	svc := p.of(w, before)
	w.must(svc.Reload(w.ctx(), after))
	_, err := svc.Heal(w.ctx(), pbx)
	w.must(err)
	w.svc = svc
	w.login("a00")
	if id := w.offerOf("a00"); id == "" {
		t.Errorf("the caller is served by nobody: %+v", w.records().Calls["s1"])
	}
	w.clean()
}

// TestWhoLogsInServesByWhatIsInForce: an agent logs in through a process that has other definitions than are in
// force. The places are those in force: as they are on record, or as the process has them once it is in line. Until
// then who is not on record is not logged in; and a phone of which that process is told changes nothing.
func TestWhoLogsInServesByWhatIsInForce(t *testing.T) {
	t.Parallel()
	older := since(time.Minute, defs(2, queue("ventas"), queue("vieja")))
	newer := since(2*time.Minute, defs(1, queue("ventas"), queue("nueva")))
	for name, tt := range map[string]struct {
		agent  string
		known  bool                     // the agent is on record
		inLine bool                     // the process is in line as the store is asked
		want   orchestrator.AgentResult // "" for none: the process is to be asked again
	}{
		"on record":               {agent: "a00", known: true, want: orchestrator.AgentOK},
		"never heard of":          {agent: "a00"},
		"it is in line by then":   {agent: "a00", inLine: true, want: orchestrator.AgentOK},
		"on record, and in line":  {agent: "a00", known: true, inLine: true, want: orchestrator.AgentOK},
		"gone from what is":       {agent: "a01", known: true},
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
			if answer.Result != tt.want || (err == nil) != (tt.want != "") || err != nil && fault.KindOf(err) != fault.Unavailable {
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
