package redisstore_test

import (
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestWhoMayEnter: each queue has one answer for each reason, the first that holds of
// closed, no_agents, unqualified and full.
func TestWhoMayEnter(t *testing.T) {
	t.Parallel()
	d := defs(2, queue("horario", func(q *acd.Queue) { q.Hours, q.Admit = "oficina", acd.AdmitWhenAgentsHere }),
		queue("capaz", func(q *acd.Queue) {
			q.Admit, q.MaxLength, q.Requires = acd.AdmitWhenQualified, 1, "skill(call.language) >= 3"
			q.Relax = []acd.Relax{{After: time.Minute, Requires: "skill(call.language) >= 2"}}
		}))
	d.Skills = []acd.Skill{{Name: "en"}, {Name: "es"}, {Name: "fr"}}
	d.Agents[0].Skills, d.Agents[1].Skills = map[string]int{"es": 2}, map[string]int{"en": 5, "fr": 1}
	w := empty(t)
	open := map[string]bool{"oficina": true}
	w.svc = w.unstarted(acd.Parts{Definitions: d, Open: func(calendar string, at time.Time) bool { return open[calendar] && at.Equal(w.clock()) }})
	enter := func(call, queue, language string, want orchestrator.PlacementResult, more ...func(*orchestrator.Waiting)) {
		t.Helper()
		o := orchestrator.Waiting{Call: call, PBX: pbx, Queue: queue, Visit: 1, Language: language, Entered: w.clock()}
		for _, f := range more {
			f(&o)
		}
		p, err := w.svc.Enqueue(w.ctx(), o)
		if w.must(err); p.Result != want {
			t.Errorf("%s in %s (%s): %s, want %s", call, queue, language, p.Result, want)
		}
	}
	enter("c1", "horario", "es", orchestrator.RefusedEmpty)
	open["oficina"] = false
	enter("c1", "horario", "es", orchestrator.RefusedClosed)
	open["oficina"] = true
	w.login("a00")
	w.do(orchestrator.AgentPause, "a00") // logged in is enough
	enter("c1", "horario", "es", orchestrator.PlacedWaiting)
	open["oficina"] = false
	enter("c1", "horario", "es", orchestrator.PlacedWaiting) // is in already
	enter("b1", "horario", "es", orchestrator.PlacedWaiting, func(o *orchestrator.Waiting) { o.Work = orchestrator.WorkCallback })
	w.leave("c1", 1)
	w.leave("b1", 1)

	enter("c2", "capaz", "en", orchestrator.RefusedUnfit)
	enter("c2", "capaz", "es", orchestrator.PlacedWaiting) // be it after a minute
	enter("c3", "capaz", "es", orchestrator.RefusedFull)
	enter("c3", "capaz", "fr", orchestrator.RefusedUnfit)
	w.login("a01")
	w.do(orchestrator.AgentPause, "a01")
	enter("c3", "capaz", "fr", orchestrator.RefusedUnfit) // one level is too little, ever
	w.leave("c2", 1)
	enter("c4", "capaz", "en", orchestrator.PlacedWaiting)
	w.do(orchestrator.AgentLogout, "a01")
	enter("c4", "capaz", "en", orchestrator.PlacedWaiting) // is in already
	enter("c5", "capaz", "en", orchestrator.RefusedUnfit)
	w.do(orchestrator.AgentLogout, "a00")
	enter("c5", "capaz", "en", orchestrator.RefusedEmpty)
	if faults := invariants(w, w.records()); len(faults) > 0 {
		t.Error(faults)
	}
}

// TestWhoHadAPlaceBefore: a caller who is to be called back, and calls again to wait on
// the line, comes in among those who wait, but not to a queue that nobody serves.
func TestWhoHadAPlaceBefore(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("llena", func(q *acd.Queue) { q.MaxLength, q.Admit = 1, acd.AdmitWhenAgentsHere })))
	enter := func(call string, since time.Time) orchestrator.PlacementResult {
		t.Helper()
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: "llena", Visit: 1, Entered: w.clock(), Since: since})
		w.must(err)
		return p.Result
	}
	if got := enter("c1", epoch.Add(-time.Minute)); got != orchestrator.RefusedEmpty {
		t.Errorf("nobody is there: %s", got)
	}
	w.login("a00")
	w.do(orchestrator.AgentPause, "a00")
	enter("c0", time.Time{})
	if got := enter("c1", epoch.Add(-time.Minute)); got != orchestrator.PlacedWaiting {
		t.Errorf("who had a place: %s", got)
	}
	if got := enter("c2", time.Time{}); got != orchestrator.RefusedFull {
		t.Errorf("who had none: %s", got)
	}
}

// TestOtherGroupsDesertNoQueue: when the PBXs are grouped otherwise their agents are logged
// in to the queues of the other group at once; nobody who waits is told that all are gone.
func TestOtherGroupsDesertNoQueue(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("suelta", func(q *acd.Queue) { q.LeaveWhenEmpty = true }))
	w := setup(t, d)
	<-w.desk.deserted // as it begins
	w.login("a00")
	w.do(orchestrator.AgentPause, "a00")
	w.enqueue("c1", "suelta")
	d.Groups = map[string]string{pbx: "juntos"}
	w.must(w.svc.Reload(w.ctx(), d))
	w.do(orchestrator.AgentResume, "a00")
	if o := w.offered(); o.Call != "c1" || len(w.desk.deserted) != 0 { // told in order
		t.Errorf("%+v, and %d times told that nobody is there", o, len(w.desk.deserted))
	}
}

// TestTheLastAgentGoes: the owner of a PBX is told when nobody is logged in any more to
// a queue that lets its callers go then, whichever process logged the agent out; not
// while somebody is; once more by who begins to follow; and the sweeper sees it.
func TestTheLastAgentGoes(t *testing.T) {
	t.Parallel()
	d := defs(2, queue("suelta", func(q *acd.Queue) { q.LeaveWhenEmpty = true }), queue("guarda"))
	w := empty(t)
	elsewhere := w.unstarted(acd.Parts{Definitions: d})
	w.svc = elsewhere
	w.login("a00", "a01")
	w.start(d)
	for _, id := range []string{"a00", "a01"} {
		w.do(orchestrator.AgentPause, id)
	}
	w.enqueue("c1", "suelta")
	w.enqueue("c2", "guarda")
	out := func(svc *acd.Service, id string) {
		t.Helper()
		a, err := svc.Do(w.ctx(), orchestrator.AgentCommand{Op: orchestrator.AgentLogout, Agent: id, Trusted: true, By: "test"})
		if w.must(err); a.Result != orchestrator.AgentOK {
			t.Errorf("%s: %+v", id, a)
		}
	}
	deserted := func() []string {
		t.Helper()
		h, err := w.svc.Holding(w.ctx(), pbx)
		w.must(err)
		return h.Deserted
	}
	told := func(d *desk) {
		t.Helper()
		select {
		case queue := <-d.deserted:
			if queue != "suelta" {
				t.Errorf("told of %s", queue)
			}
		case <-time.After(10 * time.Second):
			t.Error("nobody was told")
		}
	}
	out(w.svc, "a00")
	if got := deserted(); len(got) != 0 {
		t.Errorf("one is left, and deserted are %v", got)
	}
	out(elsewhere, "a01")
	told(w.desk)
	if got := deserted(); !slices.Equal(got, []string{"suelta"}) {
		t.Errorf("deserted are %v", got)
	}
	next := newDesk()
	w.own(w.process(acd.Parts{Definitions: d}), next, pbx)
	told(next)
}

// TestNobodyIsSentAwayBeforeAgentsAreInLine: a process that begins with PBXs grouped
// otherwise looks for agents where they are not yet; one with older definitions, where they
// are no more.
func TestNobodyIsSentAwayBeforeAgentsAreInLine(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("suelta", func(q *acd.Queue) { q.LeaveWhenEmpty = true }))
	w := empty(t)
	old := w.unstarted(acd.Parts{Definitions: d})
	w.svc = old
	w.login("a00")
	w.do(orchestrator.AgentPause, "a00")
	w.enqueue("c1", "suelta")
	none := func(which string, svc *acd.Service) {
		t.Helper()
		h, err := svc.Holding(w.ctx(), pbx)
		if w.must(err); len(h.Deserted) != 0 {
			t.Errorf("%s: deserted are %v", which, h.Deserted)
		}
	}
	none("as it was", old)
	d.Groups = map[string]string{pbx: "juntos"}
	w.tock(time.Minute)
	w.svc = w.unstarted(acd.Parts{Definitions: d})
	next := newDesk()
	w.own(w.svc, next, pbx)
	none("grouped otherwise", w.svc)
	none("older", old)
	w.do(orchestrator.AgentResume, "a00")
	if o := w.agent("a00"); o.Call != "c1" || len(next.deserted) != 0 {
		t.Errorf("%+v, and %d times told that nobody is there", o, len(next.deserted))
	}
}

// TestNobodyIsLetInToBeSentAway: a queue that lets callers go when nobody is logged in
// takes none in then, whatever admit says.
func TestNobodyIsLetInToBeSentAway(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("suelta", func(q *acd.Queue) { q.LeaveWhenEmpty = true })))
	if got := w.enqueue("c1", "suelta").Result; got != orchestrator.RefusedEmpty {
		t.Errorf("nobody is there: %s", got)
	}
	if got := w.callback("b1", "suelta").Result; got != orchestrator.PlacedWaiting {
		t.Errorf("a callback, whose customer is not on the line: %s", got)
	}
	w.login("a00")
	w.do(orchestrator.AgentPause, "a00")
	if got := w.enqueue("c1", "suelta").Result; got != orchestrator.PlacedWaiting {
		t.Errorf("somebody is there: %s", got)
	}
}

// TestAFullQueueIsFullOfCallers: who is to be called back takes nobody's place on the
// line, and whose agent's phone rings is on the line yet.
func TestAFullQueueIsFullOfCallers(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("corta", func(q *acd.Queue) { q.MaxLength = 2 })))
	w.callback("b1", "corta")
	w.callback("b2", "corta")
	w.enqueue("c1", "corta")
	if p := w.enqueue("c2", "corta"); p.Result != orchestrator.PlacedWaiting || p.Position != 4 {
		t.Errorf("one caller and two callbacks are there: %+v", p)
	}
	if got := w.enqueue("c3", "corta").Result; got != orchestrator.RefusedFull {
		t.Errorf("two callers are there: %s", got)
	}
	w.login("a00", "a01")
	w.offered() // b1 and b2
	w.offered()
	if got := w.enqueue("c3", "corta").Result; got != orchestrator.RefusedFull {
		t.Errorf("two callers are there yet: %s", got)
	}
	w.leave("b1", 0) // its agent is offered c1
	if got := w.enqueue("c3", "corta").Result; got != orchestrator.RefusedFull {
		t.Errorf("for one of them a phone rings: %s", got)
	}
	w.leave("c2", 0)
	if got := w.enqueue("c3", "corta").Result; got == orchestrator.RefusedFull {
		t.Error("one caller is there")
	}
}

// callback enqueues a call whose customer is to be called back.
func (w *world) callback(call, queue string) orchestrator.Placement {
	w.Helper()
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: queue, Work: orchestrator.WorkCallback, Entered: w.clock()})
	w.must(err)
	return w.met(p)
}

// TestNobodyIsRefusedBeforeAgentsAreInLine: a process that begins with PBXs grouped
// otherwise, or queues that agents have new, sends nobody away from where its agents are not yet.
func TestNobodyIsRefusedBeforeAgentsAreInLine(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("suelta", func(q *acd.Queue) { q.LeaveWhenEmpty = true }))
	w := empty(t)
	w.svc = w.unstarted(acd.Parts{Definitions: d})
	w.login("a00")
	w.do(orchestrator.AgentPause, "a00")
	d.Groups = map[string]string{pbx: "juntos"}
	w.tock(time.Minute)
	w.svc = w.unstarted(acd.Parts{Definitions: d})
	if got := w.enqueue("c1", "suelta").Result; got != orchestrator.PlacedWaiting {
		t.Errorf("a00 is logged in, and the caller is told %s", got)
	}
}
