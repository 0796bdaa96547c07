package redisstore_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// groupDefs has an agent at each of two PBXs.
func groupDefs(groups map[string]string) acd.Definitions {
	d := acd.Definitions{Queues: []acd.Queue{queue("ventas", func(q *acd.Queue) { q.Admit = acd.AdmitWhenAgentsHere })}, Groups: groups}
	for id, at := range map[string]string{"ana": pbx, "ben": "dos"} {
		a := acd.NewAgent()
		a.ID, a.PBX, a.Endpoint, a.Queues = id, at, "PJSIP/"+id, []acd.Membership{{Queue: "ventas"}}
		d.Agents = append(d.Agents, a)
	}
	return d
}

// TestGroupsChange: PBXs that ring one another's phones since the last start share
// who waits and who serves, those who wait already among them; and no longer, when
// they do not any more.
func TestGroupsChange(t *testing.T) {
	t.Parallel()
	w := empty(t)
	rounds := []struct {
		groups map[string]string
		admits orchestrator.PlacementResult // of a caller at the PBX where nobody is logged in
	}{
		{nil, orchestrator.RefusedEmpty},
		{joined, orchestrator.PlacedWaiting},
		{nil, orchestrator.RefusedEmpty},
	}
	enqueue := func(call, at string) orchestrator.Placement {
		t.Helper()
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: at, Queue: "ventas", Entered: w.clock()})
		w.must(err)
		return p
	}
	w.svc = w.unstarted(acd.Parts{Definitions: groupDefs(nil)})
	w.do(orchestrator.AgentLogin, "ana")
	w.do(orchestrator.AgentPause, "ana")
	enqueue("old", pbx)
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "own", PBX: pbx, Queue: orchestrator.PersonalQueue("ana"), Entered: w.clock()})
	w.must(err)
	if p.Result != orchestrator.PlacedWaiting {
		t.Fatalf("a call for ana alone: %+v", p)
	}
	w.now = w.now.Add(time.Second)
	for i, round := range rounds {
		w.must(w.svc.Reload(w.ctx(), groupDefs(round.groups)))
		if p := enqueue("new", "dos"); p.Result != round.admits || p.Result == orchestrator.PlacedWaiting && p.Position != 2 {
			t.Errorf("round %d: a caller of the PBX where nobody is logged in: %+v", i, p)
		}
		if faults := invariants(w, w.records()); len(faults) > 0 {
			t.Errorf("round %d: %v", i, faults)
		}
		for id, c := range w.records().Calls { // in agents' own queues, too
			if want := cmp.Or(round.groups[c.PBX], c.PBX); c.Group != want {
				t.Errorf("round %d: call %s is of group %q, want %q", i, id, c.Group, want)
			}
		}
		w.must(w.svc.Leave(w.ctx(), "new", 0, "hangup"))
	}
}

// TestPhoneElsewhere: an offer says where the phone is, and goes to who drives the
// caller's PBX; the nearest of equals gets the call, whoever is free for longer.
func TestPhoneElsewhere(t *testing.T) {
	t.Parallel()
	w := setup(t, groupDefs(joined))
	w.do(orchestrator.AgentLogin, "ben")
	w.advance(time.Second)
	w.do(orchestrator.AgentLogin, "ana")
	want := []struct{ agent, at string }{{"ana", ""}, {"ben", "dos"}}
	for i, call := range []string{"c1", "c2"} {
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: "ventas", Entered: w.clock()})
		w.must(err)
		if o := p.Offer; o == nil || o.Agent != want[i].agent || o.PhonePBX != want[i].at || o.PBX != pbx {
			t.Errorf("%s: %+v", call, o)
		}
	}
	for i, id := range []string{"ana", "ben"} { // to each alone: by id from either PBX
		if to, ok := w.svc.Dialled([]string{"dos", pbx}[i], id); !ok || to.Name != id {
			t.Errorf("%s is dialled from the other PBX: %+v", id, to)
		}
	}
}
