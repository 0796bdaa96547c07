package redisstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestStrayDeadlinesAreDropped puts deadlines in that fit nothing, as a Redis
// that came back without its last second could have them.
func TestStrayDeadlinesAreDropped(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	o := w.serve("c1", "ventas")
	key := "op:{" + w.tenant + "}:acd:deadlines:" + pbx
	at := float64(epoch.UnixMilli())
	var stray []redis.Z
	for _, member := range []string{"wrap:a00", "rest:a00", "wrap:nobody", "offer:none-x", "offer:" + o.ID, "tea:a00"} {
		stray = append(stray, redis.Z{Score: at, Member: member})
	}
	for i := range 250 { // more than one round
		stray = append(stray, redis.Z{Score: at, Member: fmt.Sprintf("rest:ghost%d", i)})
	}
	w.must(w.rdb.ZAdd(w.ctx(), key, stray...).Err())
	w.svc.Wake()
	w.until("all are dropped", func() bool { return len(w.zset(key)) == 0 })
	w.wantState("a00", acd.StateTalking)
}

// TestADeadlineSetAnewIsNotDropped: between claim and drop the wrap-up of the
// same agent begins; its deadline must stay.
func TestADeadlineSetAnewIsNotDropped(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.svc.Stop()
	key := "op:{" + w.tenant + "}:acd:deadlines:" + pbx
	w.must(w.rdb.ZAdd(w.ctx(), key, redis.Z{Score: float64(epoch.UnixMilli()), Member: "wrap:a00"}).Err())
	due, next, err := w.store.Claim(w.ctx(), epoch, pbx, 5*time.Second, 10)
	w.must(err)
	if len(due) != 1 || due[0].Kind != acd.DueWrap || due[0].ID != "a00" || !next.Equal(epoch.Add(5*time.Second)) {
		t.Fatalf("%+v, next %s", due, next)
	}
	w.must(w.rdb.ZAdd(w.ctx(), key, redis.Z{Score: 1, Member: "wrap:a00"}).Err())
	w.must(w.store.Drop(w.ctx(), due[0]))
	if left := w.zset(key); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

func TestCallsOfAQueueNobodyKnowsAnyMore(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas"), queue("vieja")))
	w.login("a00")
	o := w.enqueue("c1", "vieja").Offer
	w.svc.Stop()
	w.start(defs(2, queue("ventas")))
	if p := w.failed(o.ID, orchestrator.OfferNoAnswer); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
		t.Errorf("%+v", p)
	}
	w.leave("c1", 0)
	if r := w.records(); len(r.Calls)+len(r.Offers) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestEndpointsAndStrangePhones(t *testing.T) {
	t.Parallel()
	d := defs(3, queue("ventas"))
	d.Agents[2].PBX = "dos"
	w := setup(t, d)
	if got := fmt.Sprint(w.svc.Endpoints(pbx), w.svc.Endpoints("dos"), w.svc.Endpoints("tres")); got != "[PJSIP/100 PJSIP/101] [PJSIP/102] []" {
		t.Errorf("endpoints %s", got)
	}
	w.device("999", orchestrator.DeviceBusy) // nobody's
	if len(w.records().Agents) != 0 {
		t.Error("a record was made for a phone that is nobody's")
	}
	if err := w.svc.Device(w.ctx(), pbx, "PJSIP/100", "melting"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an unknown device state: %v", err)
	}
	w.device("100", orchestrator.DeviceUnreachable)
	w.login("a00") // the phone's state was known before
	if a := w.agent("a00"); a.Device != orchestrator.DeviceUnreachable {
		t.Errorf("%+v", a)
	}
}

// TestFailedTellsTheTruePlace asks about offers that are over while the call is
// waiting, offered to somebody else, and gone.
func TestFailedTellsTheTruePlace(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00")
	first := w.enqueue("c1", "ventas").Offer
	w.failed(first.ID, orchestrator.OfferError)
	if p := w.failed(first.ID, orchestrator.OfferError); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
		t.Errorf("waiting: %+v", p)
	}
	w.login("a01")
	second := w.offered()
	if p := w.failed(first.ID, orchestrator.OfferError); p.Result != orchestrator.PlacedOffered || p.Offer.ID != second.ID {
		t.Errorf("offered: %+v", p)
	}
	w.leave("c1", 0)
	if p := w.failed(second.ID, orchestrator.OfferNoAnswer); p.Result != orchestrator.PlacedOut {
		t.Errorf("gone: %+v", p)
	}
	if p := w.failed("nonsense", orchestrator.OfferNoAnswer); p.Result != orchestrator.PlacedOut {
		t.Errorf("never made: %+v", p)
	}
}

// TestACallThatQueuesAgainWhileItIsTalkedTo belongs to its new queue alone,
// whatever is said of the old offer.
func TestACallThatQueuesAgainWhileItIsTalkedTo(t *testing.T) {
	t.Parallel()
	for _, why := range []orchestrator.OfferFailure{orchestrator.OfferError, orchestrator.OfferCancelled} {
		w := setup(t, defs(1, queue("ventas"), queue("soporte")))
		w.login("a00")
		o := w.serve("c1", "ventas")
		w.enqueue("c1", "soporte")
		w.wantDo(orchestrator.AgentLater, orchestrator.AgentLogout, "a00")
		w.failed(o.ID, why)
		if c := w.records().Calls["c1"]; c.Queue != "soporte" || c.Offer != "" {
			t.Errorf("%s: %+v", why, c)
		}
		w.clean()
	}
}

func TestAMissedCallEndsIdleness(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00")
	w.advance(time.Minute)
	w.login("a01")
	w.advance(time.Minute)
	o := w.enqueue("c1", "ventas").Offer
	if p := w.failed(o.ID, orchestrator.OfferNoAnswer); p.Offer == nil || p.Offer.Agent != "a01" {
		t.Fatalf("%+v", p)
	}
	w.leave("c1", 0)
	w.advance(10 * time.Second)
	w.until("the rest is over", func() bool { return w.agent("a00").Rest == 0 })
	if p := w.enqueue("c2", "ventas"); p.Offer == nil || p.Offer.Agent != "a01" {
		t.Errorf("a00 missed a call a moment ago, a01 is idle for longer: %+v", p.Offer)
	}
}

// TestNobodyIsWokenTooEarly moves deadlines forward behind the distributor's back.
func TestNobodyIsWokenTooEarly(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.svc.Stop()
	w.login("a00", "a01")
	o := w.serve("c1", "ventas") // a00
	w.finish(o.ID)
	w.failed(w.enqueue("c2", "ventas").Offer.ID, orchestrator.OfferError) // a01 rests
	key := "op:{" + w.tenant + "}:acd:deadlines:" + pbx
	before := w.zset(key)
	for _, z := range before {
		w.must(w.rdb.ZAdd(w.ctx(), key, redis.Z{Score: 1, Member: z.Member}).Err())
	}
	w.must(w.svc.Expire(w.ctx()))
	w.wantState("a00", acd.StateWrapup)
	if a := w.wantState("a01", acd.StateAvailable); a.Rest == 0 {
		t.Error("a01 no longer rests")
	}
	if after := w.zset(key); len(before) != 2 || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("deadlines %v, want %v", after, before)
	}
}

// TestIdleSetsAreCleaned: who was reserved through one queue is gone from the
// others, and from all when the phone is in use.
func TestIdleSetsAreCleaned(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas"), queue("soporte", func(q *acd.Queue) { q.Strategy = acd.RoundRobin })))
	idle := func() (n int) {
		for key := range w.scan("op:{" + w.tenant + "}:acd:idle:*") {
			n += len(w.zset(key))
		}
		return n
	}
	w.login("a00")
	if idle() != 2 {
		t.Fatalf("%d places", idle())
	}
	w.device("100", orchestrator.DeviceBusy)
	if idle() != 0 {
		t.Errorf("%d places with a busy phone", idle())
	}
	w.device("100", orchestrator.DeviceFree)
	o := w.serve("c1", "ventas")
	if idle() != 0 {
		t.Errorf("%d places while talking", idle())
	}
	w.finish(o.ID)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLogout, "a00")
	if idle() != 0 {
		t.Errorf("%d places when logged out", idle())
	}
}

// TestLapseThatNobodyLookedAt: an offer lapses long after its deadline because
// the PBX was away, and the agent is not blamed; one that lapses in time is a miss.
func TestLapseThatNobodyLookedAt(t *testing.T) {
	t.Parallel()
	for late, misses := range map[time.Duration]int{0: 1, time.Minute: 0} {
		w := setup(t, defs(1, queue("ventas")))
		w.login("a00")
		o := w.enqueue("c1", "ventas").Offer
		w.svc.Stop()
		rec, ok, err := w.store.Offer(w.ctx(), o.ID)
		w.must(err)
		if !ok {
			t.Fatal("the offer does not stand")
		}
		w.mu.Lock()
		w.now = time.UnixMilli(rec.Due).Add(late)
		w.mu.Unlock()
		w.must(w.svc.Expire(w.ctx()))
		if a := w.agent("a00"); a.Misses != misses || a.State != acd.StateAvailable {
			t.Errorf("%v late: %+v", late, a)
		}
	}
}
