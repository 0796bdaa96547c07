package redisstore_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func TestAdmission(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("corta", func(q *acd.Queue) { q.MaxLength = 2 }),
		queue("atendida", func(q *acd.Queue) { q.Admit = acd.AdmitWhenAgentsHere })))
	want := func(call, queue string, result orchestrator.PlacementResult) {
		t.Helper()
		if p := w.enqueue(call, queue); p.Result != result {
			t.Errorf("call %s in %s: %s, want %s", call, queue, p.Result, result)
		}
	}
	want("c0", "ninguna", orchestrator.RefusedQueue)
	want("c1", "corta", orchestrator.PlacedWaiting)
	want("c2", "corta", orchestrator.PlacedWaiting)
	want("c3", "corta", orchestrator.RefusedFull)
	want("c2", "corta", orchestrator.PlacedWaiting) // is in already
	want("c4", "atendida", orchestrator.RefusedEmpty)
	w.login("a00")
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a00") // c1 is being offered
	want("c4", "atendida", orchestrator.PlacedWaiting)                // logged in is enough
	_, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "c9", PBX: "a b", Queue: "corta"})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("a PBX name with a blank: %v", err)
	}
}

func TestEnqueueAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas"), queue("soporte")))
	w.enqueue("c1", "ventas")
	w.advance(time.Minute)
	w.enqueue("c2", "ventas")
	w.advance(time.Second)
	if p := w.enqueue("c1", "ventas"); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
		t.Errorf("its place is kept: %+v", p)
	}
	if p := w.enqueue("c1", "soporte"); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
		t.Errorf("it moves: %+v", p)
	}
	w.login("a00")
	o := w.offered()
	if o.Call != "c2" { // c1 entered soporte a moment later
		t.Fatalf("%+v", o)
	}
	p := w.enqueue("c2", "ventas")
	if p.Result != orchestrator.PlacedOffered || p.Offer == nil || p.Offer.ID != o.ID {
		t.Errorf("the standing offer is told again: %+v", p)
	}
}

func TestOrderOfService(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas", noWrap), queue("vip", noWrap, func(q *acd.Queue) { q.Priority = 2 })))
	add := func(call, queue string, ago time.Duration, priority int) {
		t.Helper()
		_, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: queue,
			Priority: priority, Entered: epoch.Add(-ago)})
		w.must(err)
	}
	add("new", "ventas", 0, 0)
	add("old", "ventas", 3*time.Minute, 0)
	add("vip", "vip", 30*time.Second, 0)   // counts as 2m30s
	add("urgent", "ventas", 0, 4)          // counts as 4m
	add("humble", "ventas", time.Hour, -9) // counts as 51m: nobody starves
	w.login("a00")
	var got []string
	for range 5 {
		o := w.offered()
		got = append(got, o.Call)
		w.answer(o.ID)
		w.finish(o.ID)
	}
	if want := "[humble urgent old vip new]"; fmt.Sprint(got) != want {
		t.Errorf("served in the order %v, want %s", got, want)
	}
}

func TestStrategies(t *testing.T) {
	t.Parallel()
	t.Run("in turn", func(t *testing.T) {
		t.Parallel()
		for _, strategy := range []acd.Strategy{acd.LongestIdle, acd.RoundRobin} {
			w := setup(t, defs(3, queue("q", noWrap, func(q *acd.Queue) { q.Strategy = strategy })))
			for i := range 3 {
				w.login(fmt.Sprintf("a%02d", i))
				w.advance(time.Second)
			}
			first := w.serveAll("x", 3)
			for _, o := range first {
				w.advance(time.Second)
				w.finish(o.ID)
			}
			if got := fmt.Sprint(agentsOf(first), agentsOf(w.serveAll("y", 3))); got != "[a00 a01 a02] [a00 a01 a02]" {
				t.Errorf("%s: %s", strategy, got)
			}
		}
	})
	t.Run("they differ", func(t *testing.T) {
		t.Parallel()
		for strategy, want := range map[acd.Strategy]string{acd.LongestIdle: "a01", acd.RoundRobin: "a00"} {
			w := setup(t, defs(2, queue("q", noWrap, func(q *acd.Queue) { q.Strategy = strategy })))
			w.login("a00")
			w.advance(time.Second)
			w.login("a01")
			long := w.serveAll("x", 1)[0] // a00, for long
			w.advance(time.Second)
			short := w.serveAll("y", 1)[0] // a01, shortly
			w.advance(time.Second)
			w.finish(short.ID)
			w.advance(time.Second)
			w.finish(long.ID)
			if got := w.serveAll("z", 1)[0].Agent; got != want {
				t.Errorf("%s gives %s, want %s", strategy, got, want)
			}
		}
	})
	t.Run("random", func(t *testing.T) {
		t.Parallel()
		d := defs(5, queue("q", noWrap, func(q *acd.Queue) { q.Strategy = acd.Random }), queue("other"))
		d.Agents[1].Queues = d.Agents[1].Queues[:1] // of another profile
		d.Agents[4].Queues[0].Rank = 1
		w := setup(t, d)
		w.login("a00", "a01", "a02", "a03", "a04")
		drawn := map[string]int{}
		for i := range 400 {
			call := "c" + strconv.Itoa(i)
			drawn[w.enqueue(call, "q").Offer.Agent]++
			w.leave(call, 0)
		}
		for _, id := range []string{"a00", "a01", "a02", "a03"} {
			if n := drawn[id]; n < 40 || drawn["a04"] != 0 { // 100 are expected, 40 are seven deviations off
				t.Errorf("drawn %v", drawn)
			}
		}
	})
	t.Run("random by a seed", func(t *testing.T) {
		t.Parallel()
		draws := func(seed int, prefix string, reloaded bool) (got string) {
			d := defs(5, queue("q", noWrap, func(q *acd.Queue) { q.Strategy, q.Seed = acd.Random, seed }), queue("other"))
			d.Agents[1].Queues = d.Agents[1].Queues[:1] // of another profile
			w := setup(t, d)
			w.login("a00", "a01", "a02", "a03", "a04")
			for i := range 40 {
				if reloaded && i == 20 {
					w.must(w.svc.Reload(w.ctx(), d))
				}
				call := prefix + strconv.Itoa(i)
				got += w.enqueue(call, "q").Offer.Agent + " "
				w.leave(call, 0)
			}
			w.clean()
			return got
		}
		first := draws(7, "c", false)
		if again := draws(7, "d", true); again != first {
			t.Errorf("by one seed agents were drawn\n%s and\n%s", first, again)
		}
		if other := draws(8, "c", false); other == first {
			t.Errorf("by another seed the same agents were drawn: %s", other)
		}
	})
	t.Run("ranks", func(t *testing.T) {
		t.Parallel()
		d := defs(3, queue("q", noWrap))
		d.Agents[0].Queues[0].Rank = 99
		d.Agents[1].Queues[0].Rank = 1
		w := setup(t, d)
		w.login("a00", "a01", "a02")
		if got := fmt.Sprint(agentsOf(w.serveAll("x", 3))); got != "[a02 a01 a00]" {
			t.Errorf("by rank: %s", got)
		}
	})
}

// serveAll serves n calls of queue q, each by another agent.
func (w *world) serveAll(prefix string, n int) []orchestrator.Offer {
	w.Helper()
	var out []orchestrator.Offer
	for i := range n {
		out = append(out, w.serve(fmt.Sprintf("%s%d", prefix, i), "q"))
	}
	return out
}

func agentsOf(offers []orchestrator.Offer) []string {
	var out []string
	for _, o := range offers {
		out = append(out, o.Agent)
	}
	return out
}

func TestNoCallBlocksAnother(t *testing.T) {
	t.Parallel()
	d := defs(2, queue("ventas"), queue("soporte"))
	d.Agents[0].Queues, d.Agents[1].PBX = d.Agents[0].Queues[1:], "dos"
	w := setup(t, d)
	w.enqueue("first", "ventas") // nobody here serves ventas
	w.advance(time.Minute)
	w.enqueue("second", "soporte")
	w.login("a00", "a01") // a01 serves ventas on another PBX
	if o := w.offered(); o.Call != "second" || o.Agent != "a00" {
		t.Fatalf("%+v", o)
	}
	w.wantState("a01", acd.StateAvailable)
	if got, err := w.svc.Holding(w.ctx(), "dos"); err != nil || len(got.Offers)+len(got.Waiting) != 0 {
		t.Errorf("held for dos: %v %v", got, err)
	}
	got, err := w.svc.Holding(w.ctx(), pbx)
	if w.must(err); len(got.Offers) != 1 || got.Offers[0].Call != "second" || got.Offers[0].Answered || len(got.Waiting) != 2 {
		t.Errorf("held for uno: %+v", got)
	}
}

// TestPlaceAndExpectedWait: the store keeps what expected waits are made of as acd.Pace
// does, and a wait is that of the agents who may serve the call, after who comes before.
func TestPlaceAndExpectedWait(t *testing.T) {
	t.Parallel()
	d := defs(3, queue("ventas", func(q *acd.Queue) {
		q.WrapUp, q.Requires, q.MaxExpected = 10*time.Second, "skill(call.language) >= 1", 5*time.Minute
	}))
	d.Skills = []acd.Skill{{Name: "en"}, {Name: "es"}}
	for i := range d.Agents {
		d.Agents[i].Skills = map[string]int{"es": 1}
	}
	d.Agents[2].Skills = map[string]int{"en": 1}
	w := setup(t, d)
	later := time.Duration(0)
	enter := func(call, language string) orchestrator.Placement {
		t.Helper()
		w.tock(later) // who comes later is behind
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: "ventas", Language: language, Entered: w.clock()})
		w.must(err)
		return w.met(p)
	}
	w.login("a00", "a01")
	var talk []orchestrator.Offer
	pace := acd.Pace{}
	for _, call := range []string{"c0", "c1"} {
		p := enter(call, "es")
		w.answer(p.Offer.ID)
		pace = pace.Went(0, true)
		talk = append(talk, *p.Offer)
	}
	if p := enter("c2", "es"); p.Result != orchestrator.PlacedWaiting || p.Expected != 0 {
		t.Errorf("before anything is known: %+v", p)
	}
	w.advance(2 * time.Minute)
	w.finish(talk[0].ID) // to wrap up
	w.advance(10 * time.Second)
	pace = pace.Took(130_000)
	o := w.offered()
	w.answer(o.ID)
	pace = pace.Went(130_000, true)
	w.leave(enter1(w, "x"), 0) // at once
	pace = pace.Went(0, false)
	at := acd.QueueAt{Queue: "ventas", Group: pbx}
	if diff := cmp.Diff(pace, w.records().Paces[at], cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
		t.Fatalf("(-acd.Pace +store):\n%s", diff)
	}
	wait := func(call string) time.Duration {
		t.Helper()
		w.tock(2 * time.Second) // the numbers are read anew
		_, e, err := w.svc.Place(w.ctx(), call)
		w.must(err)
		return e
	}
	leaves := pace.Left / pace.Waited
	served := func(calls float64) time.Duration {
		return time.Duration(math.Log1p(leaves*calls*130_000/2) / leaves * float64(time.Millisecond)).Round(time.Second)
	}
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if got.Round(time.Second) != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	later = time.Millisecond
	enter("e1", "en") // comes before, and concerns nobody who speaks Spanish
	p := enter("c3", "es")
	near("the first, as it enters", p.Expected, served(1))
	enter("c4", "es")
	enter("c5", "es")
	near("the first", wait("c3"), served(1))
	near("the third", wait("c5"), served(3))
	if e := wait("e1"); e != 0 {
		t.Errorf("nobody is at work for e1, and the wait is %s", e)
	}
	b, err := w.svc.Board(w.ctx(), 0)
	if w.must(err); b.Queues[0].Estimate == 0 {
		t.Errorf("%+v", b.Queues[0])
	}
	for _, call := range []string{"c6", "c7", "c8"} {
		enter(call, "es")
	}
	near("the sixth", wait("c8"), served(6))
	if p := enter("c9", "es"); p.Result != orchestrator.PlacedWaiting && p.Result != orchestrator.RefusedLong {
		t.Errorf("%+v", p)
	}
	for i := 0; enter("f"+strconv.Itoa(i), "es").Result == orchestrator.PlacedWaiting; i++ {
		if i > 60 {
			t.Fatal("everybody is let in")
		}
	}
	if p := enter("last", "es"); p.Result != orchestrator.RefusedLong {
		t.Errorf("one more: %+v", p)
	}
	if p := enter("e2", "en"); p.Result != orchestrator.PlacedWaiting {
		t.Errorf("one whose wait nobody can tell: %+v", p)
	}
}

// TestGoneWhileRung: who hangs up while a phone rings has not been served, and counts
// among those who give up.
func TestGoneWhileRung(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	if p := w.enqueue("c1", "ventas"); p.Offer == nil {
		t.Fatalf("%+v", p)
	}
	w.advance(3 * time.Second)
	w.leave("c1", 0)
	if got, want := w.records().Paces[acd.QueueAt{Queue: "ventas", Group: pbx}], (acd.Pace{}).Went(3000, false); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// enter1 has a call enter whom nobody is free for.
func enter1(w *world, call string) string {
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: "ventas", Language: "en", Entered: w.clock()})
	if w.must(err); p.Result != orchestrator.PlacedWaiting {
		w.Fatalf("%s: %+v", call, p)
	}
	return call
}

func TestAnsweredButNeverJoined(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00")
	o := w.serve("c1", "ventas")
	w.advance(time.Second)
	w.enqueue("c2", "ventas")
	if p := w.failed(o.ID, orchestrator.OfferError); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
		t.Fatalf("its old place is given back: %+v", p)
	}
	w.login("a01")
	o = w.offered()
	if o.Call != "c1" || o.Agent != "a01" {
		t.Fatalf("%+v", o)
	}
	w.answer(o.ID)
	if p := w.failed(o.ID, orchestrator.OfferCancelled); p.Result != orchestrator.PlacedOut {
		t.Fatalf("%+v", p)
	}
	if o := w.offered(); o.Call != "c2" || o.Agent != "a01" {
		t.Fatalf("%+v", o)
	}
}

func TestRepeatedWordsChangeNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	o := w.serve("c1", "ventas")
	if ok, err := w.svc.Answered(w.ctx(), o); !ok || err != nil {
		t.Errorf("answered twice: %v %v", ok, err)
	}
	w.finish(o.ID)
	before := w.agent("a00")
	w.finish(o.ID)
	if p := w.failed(o.ID, orchestrator.OfferNoAnswer); p.Result != orchestrator.PlacedOut {
		t.Errorf("%+v", p)
	}
	if ok, _ := w.svc.Answered(w.ctx(), o); ok {
		t.Error("an offer that is over was answered")
	}
	if after := w.agent("a00"); !reflect.DeepEqual(after, before) {
		t.Errorf("%+v became %+v", before, after)
	}
	w.login() // nobody
	p := w.enqueue("c2", "ventas")
	if p.Result != orchestrator.PlacedWaiting {
		t.Fatalf("%+v", p)
	}
	w.advance(time.Minute)
	open := w.offered()
	if err := w.svc.Finished(context.WithoutCancel(w.ctx()), open, 0); fault.KindOf(err) != fault.Conflict {
		t.Errorf("finishing an offer that rings: %v", err)
	}
	if _, err := w.svc.Failed(w.ctx(), open, "tired"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an unknown failure: %v", err)
	}
}
