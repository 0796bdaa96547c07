package redisstore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/gate"
)

// from asks for a place for a caller.
func (w *world) from(call, queue, number string) orchestrator.Placement {
	w.Helper()
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: queue, Visit: 1, Entered: w.clock(),
		Caller: orchestrator.Party{Number: number}})
	w.must(err)
	return w.met(p)
}

// TestKnownCallers: what a caller gets for being known, told with the place, and put
// in force for those who wait when the definitions change.
func TestKnownCallers(t *testing.T) {
	t.Parallel()
	known := func(list ...acd.KnownCaller) acd.Definitions {
		d := defs(1, queue("ventas", noWrap, func(q *acd.Queue) { q.Whisper = "ventas" }))
		d.Callers = list
		return d
	}
	w := setup(t, known(acd.KnownCaller{ID: "acme", Numbers: []string{"+34600*"}, Priority: 5, Whisper: "acme"}))
	if p := w.from("c1", "ventas", "600123456"); p.Known != "" || p.Plan.Whisper != "ventas" {
		t.Errorf("a number written otherwise: %+v", p)
	}
	w.advance(time.Second)
	if p := w.from("c2", "ventas", "0034600123456"); p.Known != "acme" || p.Priority != 5 || p.Position != 1 || p.Plan.Whisper != "acme" {
		t.Errorf("a known number: %+v", p)
	}
	w.must(w.svc.Reload(w.ctx(), known(acd.KnownCaller{ID: "acme", Numbers: []string{"+34600*"}, Priority: -5},
		acd.KnownCaller{ID: "six", Numbers: []string{"600*"}, Priority: 1})))
	w.login("a00")
	if o := w.offered(); o.Call != "c1" {
		t.Errorf("after a reload %s is first", o.Call)
	}
}

// TestWithheldNumbers: what a trunk shows instead of a number is nobody's, so who served
// one such caller last has nothing to do with the next.
func TestWithheldNumbers(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas", noWrap, func(q *acd.Queue) { q.LastAgent = &acd.LastAgent{Within: time.Hour, Patience: time.Minute} })))
	w.login("a00")
	o := w.from("c1", "ventas", "anonymous").Offer
	w.answer(o.ID)
	w.finish(o.ID)
	w.do(orchestrator.AgentPause, "a00")
	w.advance(time.Second)
	w.login("a01")
	w.do(orchestrator.AgentResume, "a00")
	for _, number := range []string{"anonymous", "Unavailable", ""} {
		p := w.from("c-"+number, "ventas", number)
		if p.Prefer != "" || p.Last {
			t.Errorf("%q: %+v", number, p)
		}
	}
}

// TestWhoGoesIsNotWaitedFor: callers who wait for one agent first look for others as soon
// as that agent is at work no more.
func TestWhoGoesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, op := range []orchestrator.AgentOp{orchestrator.AgentLogout, orchestrator.AgentPause} {
		w := setup(t, defs(2, queue("ventas", noWrap, func(q *acd.Queue) { q.LastAgent = &acd.LastAgent{Within: time.Hour, Patience: 24 * time.Hour} })))
		w.login("a00")
		first := w.from("c1", "ventas", "+34600123456").Offer
		w.answer(first.ID)
		w.finish(first.ID)
		other := w.from("x", "ventas", "+34911000000").Offer
		w.answer(other.ID)
		w.login("a01")
		w.tock(time.Millisecond)
		if p := w.from("c2", "ventas", "+34600123456"); p.Result != orchestrator.PlacedWaiting || p.Prefer != "a00" {
			t.Fatalf("%s: %+v", op, p)
		}
		w.do(op, "a00") // once the call is over
		w.finish(other.ID)
		w.svc.Wake()
		if o := w.offered(); o.Call != "c2" || o.Agent != "a01" {
			t.Errorf("%s: %+v", op, o)
		}
	}
}

// TestLastAgent: a caller who calls again goes to who served them, within the time, as
// long as that agent is at work, and waits no longer than the queue says.
func TestLastAgent(t *testing.T) {
	t.Parallel()
	keeps := func(q *acd.Queue) { q.LastAgent = &acd.LastAgent{Within: time.Hour, Patience: 20 * time.Second} }
	w := setup(t, defs(3, queue("ventas", noWrap, keeps), queue("otra", noWrap)))
	const number = "+34600123456"
	w.login("a00")
	end := func(o *orchestrator.Offer) {
		t.Helper()
		w.answer(o.ID)
		w.finish(o.ID)
	}
	end(w.from("c1", "ventas", number).Offer)
	w.advance(time.Second)
	w.login("a01")
	other := w.from("x", "ventas", "+34911000000").Offer // a00 is taken up
	w.answer(other.ID)
	w.advance(time.Second)
	if p := w.from("c2", "ventas", "0034600123456"); p.Offer != nil || p.Prefer != "a00" || !p.Last || p.Patience != 20*time.Second {
		t.Fatalf("a01 is free, and a00 served the caller: %+v", p)
	}
	if p := w.from("c3", "otra", number); p.Prefer != "" || p.Offer == nil {
		t.Errorf("another queue keeps nothing in mind: %+v", p)
	} else {
		end(p.Offer)
	}
	w.finish(other.ID)
	back := w.offered()
	if back.Call != "c2" || back.Agent != "a00" || !back.Match.Alone {
		t.Fatalf("a00 is free: %+v", back)
	}
	w.answer(back.ID)
	if p := w.from("c4", "ventas", number); p.Offer != nil {
		t.Fatalf("a00 talks: %+v", p)
	}
	w.advance(20 * time.Second)
	if o := w.offered(); o.Call != "c4" || o.Agent != "a01" {
		t.Fatalf("after the patience: %+v", o)
	} else {
		end(&o)
	}
	w.finish(back.ID)
	w.do(orchestrator.AgentLogout, "a00")
	end(w.from("c5", "ventas", number).Offer) // a01 served last, and is free
	w.do(orchestrator.AgentPause, "a01")
	w.login("a02")
	if p := w.from("c6", "ventas", number); p.Offer == nil || p.Offer.Agent != "a02" {
		t.Errorf("a01 is not at work: %+v", p)
	}
	w.do(orchestrator.AgentResume, "a01")
	w.must(w.svc.ForgetCaller(w.ctx(), "0034600123456"))
	if p := w.from("c7", "ventas", number); p.Prefer != "" {
		t.Errorf("the number is forgotten: %+v", p)
	}
}

// TestSkillsAskedFor: the place tells which skills the queue, as one enters, and the call
// ask for, by name or by what is known of the call.
func TestSkillsAskedFor(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas", func(q *acd.Queue) {
		q.Requires, q.Relax = "en >= 3 or skill(call.topic) >= 2", []acd.Relax{{After: time.Minute, Requires: "fr >= 1"}}
	}), queue("todos"))
	d.Skills = []acd.Skill{{Name: "en"}, {Name: "es"}, {Name: "fr"}, {Name: "billing"}}
	w := setup(t, d)
	for i, x := range []struct {
		queue, needs, topic string
		want                []string
	}{
		{"todos", "", "", nil}, {"todos", "es > 2 and billing >= 1", "", []string{"billing", "es"}},
		{"ventas", "", "billing", []string{"billing", "en"}}, {"ventas", "", "weather", []string{"en"}}, {"ventas", "es > 1", "", []string{"en", "es"}},
	} {
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: fmt.Sprint("c", i), PBX: pbx, Queue: x.queue, Visit: 1, Entered: w.clock(),
			Sought: orchestrator.Sought{Needs: x.needs, About: map[string]string{"topic": x.topic}}})
		w.must(err)
		if !slices.Equal(p.Skills, x.want) {
			t.Errorf("%+v: asks for %q", x, p.Skills)
		}
	}
}

// TestAnEmergencyIsToldToTheAgent: an offer says of which tier its call is, by the queue,
// the number or the flow.
func TestAnEmergencyIsToldToTheAgent(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas", noWrap), queue("averias", noWrap, func(q *acd.Queue) { q.Tier = 1 }))
	d.Callers = []acd.KnownCaller{{ID: "hospital", Numbers: []string{"34600000001"}, Tier: 3}}
	w := setup(t, d)
	w.login("a00")
	for i, x := range []struct {
		queue, number string
		tier, want    int
	}{{"ventas", "", 0, 0}, {"averias", "", 0, 1}, {"ventas", "", 2, 2}, {"averias", "+34600000001", 2, 3}} {
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: fmt.Sprint("c", i), PBX: pbx, Queue: x.queue, Visit: 1, Entered: w.clock(),
			Caller: orchestrator.Party{Number: x.number}, Sought: orchestrator.Sought{Tier: x.tier}})
		if w.must(err); p.Offer == nil || p.Offer.Match.Tier != x.want {
			t.Fatalf("%+v: %+v", x, p.Offer)
		}
		w.leave(p.Offer.Call, 1)
	}
}

// TestCallerKnownInEveryForm: who is known as the country writes the number is known by the
// one form that it has, and so is who served them last.
func TestCallerKnownInEveryForm(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas", noWrap), queue("otra", noWrap))
	d.Callers = []acd.KnownCaller{{ID: "some", Numbers: []string{"600*"}, Priority: 1}, {ID: "ana", Numbers: []string{"600123456"}, Priority: 5}, {ID: "spain", Numbers: []string{"+34*"}, Queues: []string{"otra"}}}
	w := empty(t)
	w.svc = w.process(acd.Parts{Definitions: d, Forms: gate.Gate{pbx: {Region: "ES"}}.Forms})
	for number, want := range map[string]string{"+34600123456": "ana", "+34600123457": "some", "+34911000000": "", "+4420794609": ""} {
		if p := w.from("c"+number, "ventas", number); p.Known != want {
			t.Errorf("%s is known as %q, want %q", number, p.Known, want)
		}
	}
	if p := w.from("x", "otra", "+34911000000"); p.Known != "spain" {
		t.Errorf("by the beginning with the country code: %+v", p)
	}
}
