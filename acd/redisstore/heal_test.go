package redisstore_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestHeal damages a store as one that lost something is damaged, and looks at
// what is left after healing: the agents' states and the calls' places.
func TestHeal(t *testing.T) {
	t.Parallel()
	// a00 talks with c0, a01 is offered c1, a02 wraps up, a03 rests, a04 is free; c5 waits in soporte.
	for name, damage := range map[string]struct {
		do   func(w *world, talk, ring orchestrator.Offer)
		want string
	}{
		"nothing": {func(*world, orchestrator.Offer, orchestrator.Offer) {}, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"the offer of a conversation": {func(w *world, talk, _ orchestrator.Offer) { w.hdel("offers", talk.ID) },
			"available reserved wrapup available available, c1 offered c5 waiting"},
		"the offer of a call that rings": {func(w *world, _, ring orchestrator.Offer) { w.hdel("offers", ring.ID) },
			"talking reserved wrapup available available, c1 offered c5 waiting"},
		"an agent who talks": {func(w *world, _, _ orchestrator.Offer) { w.hdel("agents", "a00") },
			"available reserved wrapup available available, c1 offered c5 waiting"},
		"an agent whose phone rings": {func(w *world, _, _ orchestrator.Offer) { w.hdel("agents", "a01") },
			"talking reserved wrapup available available, c1 offered c5 waiting"},
		"an offered call":     {func(w *world, _, _ orchestrator.Offer) { w.hdel("calls", "c1") }, "talking available wrapup available available, c5 waiting"},
		"a waiting call":      {func(w *world, _, _ orchestrator.Offer) { w.hdel("calls", "c5") }, "talking reserved wrapup available available, c1 offered"},
		"a place":             {func(w *world, _, _ orchestrator.Offer) { w.zrem("waiting:soporte@uno", "c5") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"a lane":              {func(w *world, _, _ orchestrator.Offer) { w.zrem("lane:"+w.records().Calls["c5"].Rings[0].Lane, "c5") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"the first of a lane": {func(w *world, _, _ orchestrator.Offer) { w.zrem("lanes", w.records().Calls["c5"].Rings[0].Lane) }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"the table of a lane": {func(w *world, _, _ orchestrator.Offer) {
			w.must(w.rdb.Del(w.ctx(), "op:{"+w.tenant+"}:acd:serves:"+w.records().Calls["c5"].Rings[0].Table).Err())
		}, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"the first of a profile":      {func(w *world, _, _ orchestrator.Offer) { w.zrem("profiles:free_since", w.agent("a04").Profile) }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"a count of agents":           {func(w *world, _, _ orchestrator.Offer) { w.hdel("counts", w.agent("a04").Profile+":available") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"how many agents are in":      {func(w *world, _, _ orchestrator.Offer) { w.hdel("counts", w.agent("a04").Profile) }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"a waiting call's count":      {func(w *world, _, _ orchestrator.Offer) { w.zrem("inside:soporte@uno", "c5") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"an offered call's count":     {func(w *world, _, _ orchestrator.Offer) { w.zrem("inside:ventas@uno", "c1") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"that somebody is in a queue": {func(w *world, _, _ orchestrator.Offer) { w.zrem("insides", "soporte@uno") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"the end of wrap-up":          {func(w *world, _, _ orchestrator.Offer) { w.zrem("deadlines:uno", "wrap:a02") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"the end of a rest":           {func(w *world, _, _ orchestrator.Offer) { w.zrem("deadlines:uno", "rest:a03") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"the end of an offer":         {func(w *world, _, ring orchestrator.Offer) { w.zrem("deadlines:uno", "offer:"+ring.ID) }, "talking reserved wrapup available available, c1 offered c5 waiting"},
		"who is free":                 {func(w *world, _, _ orchestrator.Offer) { w.zrem("idle:"+w.agent("a04").Profile+":free_since", "a04") }, "talking reserved wrapup available available, c1 offered c5 waiting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := defs(5, queue("ventas"), queue("soporte"))
			for i := range d.Agents {
				d.Agents[i].Queues = d.Agents[i].Queues[:1]
			}
			w := setup(t, d)
			w.svc.Stop() // its deadlines are not met
			w.login("a00")
			talk := w.serve("c0", "ventas")
			w.login("a02")
			w.finish(w.serve("c2", "ventas").ID)
			w.login("a03")
			w.failed(w.enqueue("c3", "ventas").Offer.ID, orchestrator.OfferError)
			w.leave("c3", 0)
			w.login("a01")
			ring := w.enqueue("c1", "ventas").Offer
			w.login("a04")
			w.enqueue("c5", "soporte")
			w.clean()
			damage.do(w, talk, *ring)
			n, err := w.svc.Heal(w.ctx(), pbx)
			if w.must(err); (n == 0) != (name == "nothing") {
				t.Errorf("mended %d", n)
			}
			r := w.records()
			got := ""
			for i := range 5 {
				got += " " + string(r.Agents[fmt.Sprintf("a%02d", i)].State)
			}
			got = got[1:] + ","
			for _, call := range []string{"c1", "c5"} {
				if c, ok := r.Calls[call]; ok {
					got += " " + call + map[bool]string{true: " waiting", false: " offered"}[c.Offer == ""]
				}
			}
			if got != damage.want {
				t.Errorf("got  %q\nwant %q", got, damage.want)
			}
			if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
				t.Errorf("a second time: %d %v", n, err)
			}
			w.clean()
		})
	}
}

func (w *world) hdel(hash, id string) {
	w.Helper()
	w.must(w.rdb.HDel(w.ctx(), "op:{"+w.tenant+"}:acd:"+hash, id).Err())
}

func (w *world) zrem(set, member string) {
	w.Helper()
	w.must(w.rdb.ZRem(w.ctx(), "op:{"+w.tenant+"}:acd:"+set, member).Err())
}

// TestHealAfterTheClockWasPutBack: a wrap-up and a rest that began before the clock was put back by
// an hour last no longer than others; those of a clock that goes right are left alone.
func TestHealAfterTheClockWasPutBack(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.svc.Stop() // its deadlines are not met
	w.login("a00")
	w.finish(w.serve("c0", "ventas").ID)
	w.login("a01")
	w.failed(w.enqueue("c1", "ventas").Offer.ID, orchestrator.OfferError)
	w.leave("c1", 0)
	now := w.clock().UnixMilli()
	wraps, rests := w.agent("a00").Due-now, w.agent("a01").Rest-now
	if wraps <= 0 || rests <= 0 {
		t.Fatalf("wraps up for %d ms, rests for %d", wraps, rests)
	}
	w.tock(-time.Hour)
	n, err := w.svc.Heal(w.ctx(), pbx)
	if w.must(err); n != 2 {
		t.Errorf("mended %d", n)
	}
	w.tock(time.Duration(max(wraps, rests)) * time.Millisecond)
	w.must(w.svc.Expire(w.ctx()))
	w.wantState("a00", acd.StateAvailable)
	if a := w.agent("a01"); a.Rest != 0 {
		t.Errorf("rests for %d ms more", a.Rest-w.clock().UnixMilli())
	}
	if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
		t.Errorf("a second time: %d %v", n, err)
	}
	w.clean()
}

// TestAnOfferThatTheStoreLostCanBeEnded: the engine still has the conversation,
// or the ringing phone, and its word frees the agent.
func TestAnOfferThatTheStoreLostCanBeEnded(t *testing.T) {
	t.Parallel()
	t.Run("talking", func(t *testing.T) {
		t.Parallel()
		w := setup(t, defs(1, queue("ventas")))
		w.login("a00")
		o := w.serve("c1", "ventas")
		w.hdel("offers", o.ID)
		w.must(w.svc.Finished(w.ctx(), o, time.Minute))
		w.wantState("a00", acd.StateWrapup)
		w.clean()
	})
	t.Run("ringing", func(t *testing.T) {
		t.Parallel()
		w := setup(t, defs(1, queue("ventas")))
		w.login("a00")
		o := w.enqueue("c1", "ventas").Offer
		w.hdel("offers", o.ID)
		p, err := w.svc.Failed(w.ctx(), *o, orchestrator.OfferRejected)
		if w.must(err); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
			t.Errorf("%+v", p)
		}
		if a := w.wantState("a00", acd.StateAvailable); a.Misses != 1 {
			t.Errorf("%+v", a)
		}
		w.must(w.rdb.ZRem(w.ctx(), "op:{"+w.tenant+"}:acd:deadlines:"+pbx, "offer:"+o.ID).Err())
		w.clean()
	})
	t.Run("leaving", func(t *testing.T) {
		t.Parallel()
		w := setup(t, defs(1, queue("ventas")))
		w.login("a00")
		o := w.enqueue("c1", "ventas").Offer
		w.hdel("offers", o.ID)
		w.leave("c1", 0)
		if _, ok := w.records().Calls["c1"]; ok {
			t.Error("the call is still there")
		}
	})
}

// TestHealsWhateverIsLost takes any one thing out of a store with a history.
func TestHealsWhateverIsLost(t *testing.T) {
	t.Parallel()
	rdb, tenant := client(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		w := newWorld(t, rdb, fmt.Sprintf("%s-%d", tenant, run))
		var log strings.Builder
		w.svc = w.unstarted(acd.Parts{Definitions: propertyDefs(), Log: slog.New(slog.NewTextHandler(&log, nil))})
		x := &machine{w: w, m: newModel(propertyDefs(), epoch.UnixMilli()), told: map[string]int64{}, epoch: 1}
		actions := x.actions()
		delete(actions, "")
		rt.Repeat(actions)
		for range rapid.IntRange(1, 3).Draw(rt, "losses") {
			w.lose(rt)
		}
		for _, at := range []string{pbx, "dos"} {
			if _, err := w.svc.Heal(w.ctx(), at); err != nil {
				rt.Fatal(err)
			}
		}
		for _, at := range []string{pbx, "dos"} {
			if n, err := w.svc.Heal(w.ctx(), at); n != 0 || err != nil {
				rt.Fatalf("mended again: %d %v\n%s", n, err, log.String())
			}
		}
		w.now = w.now.Add(time.Hour) // deadlines that fit nothing are dropped
		w.must(w.svc.Expire(w.ctx()))
		for _, at := range []string{pbx, "dos"} { // a lane that nobody knew of, with what was lost in it, has come to light
			_, err := w.svc.Heal(w.ctx(), at)
			w.must(err)
		}
		if bad := invariants(w, w.records()); len(bad) > 0 {
			rt.Fatalf("invariants: %v", bad)
		}
	})
}

// lose takes a random member out of a random key.
func (w *world) lose(rt *rapid.T) {
	var things []func() error
	for key := range w.scan("op:{" + w.tenant + "}:acd:*") {
		kind, err := w.rdb.Type(w.ctx(), key).Result()
		w.must(err)
		switch {
		case strings.Contains(key, ":serves:"): // written whole, so lost whole
			things = append(things, func() error { return w.rdb.Del(w.ctx(), key).Err() })
		case kind == "hash":
			fields, err := w.rdb.HKeys(w.ctx(), key).Result()
			w.must(err)
			for _, f := range fields {
				things = append(things, func() error { return w.rdb.HDel(w.ctx(), key, f).Err() })
			}
		case kind == "zset":
			for _, z := range w.zset(key) {
				things = append(things, func() error { return w.rdb.ZRem(w.ctx(), key, z.Member).Err() })
			}
		}
	}
	if len(things) > 0 {
		w.must(things[rapid.IntRange(0, len(things)-1).Draw(rt, "lost")]())
	}
}
