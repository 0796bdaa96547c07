package redisstore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// site is a world of two PBXs, ana at one and ben at the other, of whom ana alone is logged in.
func site(t *testing.T, change ...func(*acd.Queue)) *world {
	w := setup(t, func() acd.Definitions {
		d := groupDefs(joined)
		d.Queues[0] = queue("ventas", append([]func(*acd.Queue){noWrap, func(q *acd.Queue) { q.Admit = acd.AdmitAlways }}, change...)...)
		return d
	}())
	w.do(orchestrator.AgentLogin, "ana")
	return w
}

// calls enqueues a call at a PBX.
func (w *world) calls(call, at string, more ...func(*orchestrator.Waiting)) orchestrator.Placement {
	w.Helper()
	w.advance(time.Second)
	o := orchestrator.Waiting{Call: call, PBX: at, Queue: "ventas", Visit: 1, Entered: w.clock()}
	for _, f := range more {
		f(&o)
	}
	p, err := w.svc.Enqueue(w.ctx(), o)
	w.must(err)
	return w.met(p)
}

// away and back tell of a PBX under a lease.
func (w *world) away(at string, epoch int64) int {
	w.Helper()
	n, err := w.svc.Away(w.ctx(), orchestrator.Lease{PBX: at, Epoch: epoch})
	w.must(err)
	return n
}

func (w *world) back(at string, epoch int64, gone ...string) int {
	w.Helper()
	n, err := w.svc.Back(w.ctx(), orchestrator.Lease{PBX: at, Epoch: epoch}, func(call string) bool { return !slices.Contains(gone, call) })
	w.must(err)
	return n
}

// places are who waits, in the order of service, as "<call> <position>", with a sign when its PBX is away.
func (w *world) places() (out []string) {
	w.Helper()
	calls, _, err := w.svc.InQueue(w.ctx(), "ventas")
	w.must(err)
	for _, c := range calls {
		sign := ""
		if c.Away > 0 {
			sign = " away"
		}
		position, _, err := w.svc.Place(w.ctx(), c.Call)
		if w.must(err); position != c.Position {
			w.Errorf("call %s is told place %d, shown is %d", c.Call, position, c.Position)
		}
		out = append(out, fmt.Sprint(c.Call, " ", c.Position, sign))
	}
	return out
}

func (w *world) wantPlaces(when string, want ...string) {
	w.Helper()
	if got := w.places(); !slices.Equal(got, want) {
		w.Errorf("%s: %v wait, want %v", when, got, want)
	}
	if bad := invariants(w, w.records()); len(bad) > 0 {
		w.Errorf("%s: %v", when, bad)
	}
	for at := range joined {
		if n, err := w.svc.Heal(w.ctx(), at); n != 0 || err != nil {
			w.Errorf("%s: %d mended, %v", when, n, err)
		}
	}
}

// TestCallersOfAPBXThatIsAway: they keep their places and are found by nobody, so that agents
// serve who can be served, and are found again when the PBX is back, with what they had waited.
func TestCallersOfAPBXThatIsAway(t *testing.T) {
	t.Parallel()
	w := site(t, func(q *acd.Queue) { q.MaxLength = 4 })
	there := newDesk()
	w.own(w.svc, there, "dos")
	o := w.calls("rung", "dos").Offer
	w.calls("d1", "dos")
	w.calls("d2", "dos")
	w.calls("u1", pbx)
	if got := w.calls("u0", pbx).Result; got != orchestrator.RefusedFull {
		t.Errorf("the queue is full: %q", got)
	}
	if n := w.away("dos", 1); n == 0 {
		t.Error("nothing has changed")
	}
	if n := w.away("dos", 1); n != 0 {
		t.Errorf("told again, %d changed", n)
	}
	got := w.offered()
	if got.Call != "u1" || got.Agent != "ana" {
		t.Fatalf("the agent who was rung for a call of a dead PBX: %+v", got)
	}
	if gone := <-there.withdrawn; gone.ID != o.ID {
		t.Errorf("taken back was %+v, want %+v", gone, o)
	}
	w.wantPlaces("away", "rung 1 away", "d1 1 away", "d2 1 away", "u1 0")
	w.calls("u2", pbx) // there is room: those who are away are not in its way
	late := w.calls("d3", "dos", func(o *orchestrator.Waiting) { o.Work = orchestrator.WorkCallback })
	if late.Result != orchestrator.PlacedWaiting || late.Position != 2 {
		t.Errorf("who comes later: %+v", late)
	}
	again := w.calls("d1", "dos")
	if again.Result != orchestrator.PlacedWaiting || again.Position != 1 {
		t.Errorf("who asks again: %+v", again)
	}
	w.wantPlaces("away", "rung 1 away", "d1 1 away", "d2 1 away", "u1 0", "u2 1", "d3 2 away")
	b, err := w.svc.Board(w.ctx(), 0)
	w.must(err)
	if q := b.Queues[slices.IndexFunc(b.Queues, func(q acd.QueueBoard) bool { return q.ID == "ventas" })]; q.Callers != 5 || q.Away != 3 || q.Callbacks != 1 {
		t.Errorf("the board: %+v", q)
	}
	why, err := w.svc.Explain(w.ctx(), "ana", "d1")
	w.must(err)
	if !slices.ContainsFunc(why, func(f acd.Finding) bool { return f.Code == acd.WhyPBXAway }) {
		t.Errorf("why not: %+v", why)
	}
	w.must(w.svc.Reload(w.ctx(), w.svc.Definitions())) // whatever is put in force
	w.must(w.svc.Leave(w.ctx(), "d2", 1, "hangup"))
	w.advance(5 * time.Second)
	if n := w.back("dos", 1, "rung"); n == 0 {
		t.Error("nothing has changed")
	}
	if got, want := w.places(), []string{"rung 1 away", "d1 1", "u1 0", "u2 2", "d3 3"}; !slices.Equal(got, want) {
		t.Errorf("it is back, and one is about to leave: %v wait, want %v", got, want)
	}
	w.must(w.svc.Leave(w.ctx(), "rung", 1, "hangup"))
	w.wantPlaces("back", "d1 1", "u1 0", "u2 2", "d3 3")
	w.answer(got.ID)
	w.finish(got.ID)
	if next := w.wantState("ana", acd.StateReserved); next.Call != "d1" {
		t.Errorf("who waits longest is %s", next.Call)
	}
	w.wantPlaces("served", "d1 0", "u2 1", "d3 2")
}

// TestAwayByHalves: the process that tells of a PBX dies on the way, callers hang up
// meanwhile, and the next one goes on; what the one before says late changes nothing.
func TestAwayByHalves(t *testing.T) {
	t.Parallel()
	w := site(t)
	w.do(orchestrator.AgentPause, "ana")
	const callers = 250
	var want []string
	for i := range callers {
		w.calls(fmt.Sprintf("d%03d", i), "dos")
		want = append(want, fmt.Sprintf("d%03d 1 away", i))
	}
	w.calls("u1", pbx)
	first, second, third := orchestrator.Lease{PBX: "dos", Epoch: 1}, orchestrator.Lease{PBX: "dos", Epoch: 2}, orchestrator.Lease{PBX: "dos", Epoch: 3}
	one, err := w.store.Strand(w.ctx(), w.clock(), first, 7, "x") // and dies
	if w.must(err); one.Calls != 7 || !one.New {
		t.Errorf("the first step: %+v", one)
	}
	w.must(w.svc.Leave(w.ctx(), "d003", 1, "hangup"))
	w.must(w.svc.Leave(w.ctx(), "d100", 1, "hangup"))
	want = slices.DeleteFunc(want, func(p string) bool { return p == "d003 1 away" || p == "d100 1 away" })
	w.away("dos", second.Epoch)
	w.wantPlaces("taken over", append(want, "u1 1")...)
	for what, late := range map[string]func() (int, error){
		"away": func() (int, error) { return w.svc.Away(w.ctx(), first) },
		"back": func() (int, error) { return w.svc.Back(w.ctx(), first, everyCall) },
	} {
		if n, err := late(); n != 0 || err != nil {
			t.Errorf("%s of the one before: %d, %v", what, n, err)
		}
	}
	w.wantPlaces("told late", append(want, "u1 1")...)
	since := w.records().Calls["d000"].Away
	w.advance(time.Minute)
	if w.away("dos", second.Epoch); w.records().Calls["d000"].Away != since {
		t.Error("it is away since a later moment than it was")
	}
	half, err := w.store.PutBack(w.ctx(), w.clock(), second, []string{"d000", "d001", "d003", "nobody"}, "x") // and dies
	if w.must(err); half.Calls != 2 || !half.New {
		t.Errorf("the first step back: %+v", half)
	}
	w.must(w.svc.Leave(w.ctx(), "d001", 1, "hangup"))
	if late, err := w.svc.Away(w.ctx(), first); late != 0 || err != nil {
		t.Errorf("away, by the first one: %d, %v", late, err)
	}
	w.back("dos", third.Epoch)
	var again []string
	for i, p := range slices.DeleteFunc(want, func(p string) bool { return p == "d001 1 away" }) {
		again = append(again, fmt.Sprint(p[:4], " ", i+1))
	}
	w.wantPlaces("back", append(again, fmt.Sprint("u1 ", len(again)+1))...)
	if w.do(orchestrator.AgentResume, "ana"); w.agent("ana").Call != "d000" {
		t.Errorf("who waits longest is %s", w.agent("ana").Call)
	}
}

// TestAwayWhilePhonesRing: with phones that ring together, all are free when the PBX of the
// caller dies, and ring again when it is back.
func TestAwayWhilePhonesRing(t *testing.T) {
	t.Parallel()
	w := site(t, func(q *acd.Queue) { q.Strategy = acd.RingAll })
	w.do(orchestrator.AgentLogin, "ben")
	w.calls("d1", "dos")
	if n := len(w.records().Offers); n != 2 {
		t.Fatalf("%d phones ring", n)
	}
	w.away("dos", 1)
	w.wantState("ana", acd.StateAvailable)
	w.wantState("ben", acd.StateAvailable)
	w.wantPlaces("away", "d1 1 away")
	w.back("dos", 1)
	if n := len(w.records().Offers); n != 2 {
		t.Errorf("%d phones ring again", n)
	}
	w.wantPlaces("back", "d1 0")
	if a := w.agent("ana"); a.Misses != 0 || a.Rest != 0 {
		t.Errorf("who is to blame for nothing: %+v", a)
	}
}

// TestAwayForgotten: a store that has forgotten that a PBX is back, or away, is told again,
// and what fits nothing in its sets is found.
func TestAwayForgotten(t *testing.T) {
	t.Parallel()
	w := site(t)
	w.do(orchestrator.AgentPause, "ana")
	w.calls("d1", "dos")
	w.calls("u1", pbx)
	w.away("dos", 1)
	prefix := "op:{" + w.tenant + "}:acd:"
	w.must(w.rdb.HDel(w.ctx(), prefix+"presence", "dos").Err())
	if n := w.away("dos", 1); n == 0 {
		t.Error("forgotten, and told again: nothing has changed")
	}
	w.must(w.rdb.HDel(w.ctx(), prefix+"presence", "dos").Err())
	if n, err := w.svc.Heal(w.ctx(), "dos"); n == 0 || err != nil {
		t.Errorf("a call that is out of reach for nothing: %d, %v", n, err)
	}
	w.wantPlaces("healed", "d1 1", "u1 2")
	for _, set := range []string{"present:" + pbx, "stranded:" + pbx, "astray:ventas@dos"} {
		for _, call := range []string{"nobody", "d1"} {
			w.must(w.rdb.ZAdd(w.ctx(), prefix+set, redis.Z{Score: 1, Member: call}).Err())
			if n, err := w.svc.Heal(w.ctx(), pbx); n == 0 || err != nil {
				t.Errorf("%s in %s: %d mended, %v", call, set, n, err)
			}
			w.wantPlaces(call+" is taken out of "+set, "d1 1", "u1 2")
		}
	}
	w.must(w.rdb.ZRem(w.ctx(), prefix+"present:dos", "d1").Err())
	if n, err := w.svc.Heal(w.ctx(), "dos"); n == 0 || err != nil {
		t.Errorf("a call that its PBX has lost: %d, %v", n, err)
	}
	w.wantPlaces("healed", "d1 1", "u1 2")
}

// TestWhoTalkedWithAPBXThatIsAway: an agent whose caller's PBX dies is free when their phone is on hook, be it before
// or after that is told, and not before; what that PBX tells of it when it is back changes nothing.
func TestWhoTalkedWithAPBXThatIsAway(t *testing.T) {
	t.Parallel()
	for name, way := range map[string][]string{"hangs up after": {"busy", "away", "free"}, "before": {"busy", "free", "away"}} {
		w := site(t)
		o := w.calls("d1", "dos").Offer
		w.answer(o.ID)
		for _, step := range way {
			w.wantState("ana", acd.StateTalking)
			w.advance(time.Second)
			if step == "away" {
				w.away("dos", 1)
			} else {
				w.must(w.svc.Device(w.ctx(), pbx, "PJSIP/ana", orchestrator.DeviceState(step)))
			}
		}
		if a := w.wantState("ana", acd.StateAvailable); a.Offer != "" || a.Calls != 1 || a.TalkMS == 0 {
			t.Errorf("%s: %+v", name, a)
		}
		if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
			t.Errorf("%s: %d mended, %v", name, n, err)
		}
		w.back("dos", 1)
		w.must(w.svc.Finished(w.ctx(), *o, time.Second))
		w.wantState("ana", acd.StateAvailable)
	}
	w := site(t)
	o := w.calls("d1", "dos").Offer
	w.must(w.svc.Device(w.ctx(), pbx, "PJSIP/ana", orchestrator.DeviceFree)) // of before the phone was picked up
	w.advance(time.Second)
	w.answer(o.ID)
	w.away("dos", 1)
	w.wantState("ana", acd.StateTalking)
}
