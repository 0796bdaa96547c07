package call

import (
	"errors"
	"flag"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestUnkindWorld throws whatever may happen, in any order, at a call in any
// flow: commands that are refused, not answered, or carried out unheard;
// processes that die with any part of their commands not run; a store that goes
// back; a PBX that falls silent, is cut off or restarted; events that come late
// and twice; a former owner who goes on deciding. The call keeps the promises
// of README.md ("Running it") all the time; once the world is kind again its
// customer hears something; and when the customer is gone the call is over,
// once on record, with nothing left of it anywhere.
func TestUnkindWorld(t *testing.T) {
	t.Parallel()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("3000"); err != nil { // a hundred worlds are too few to be unkind
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		throw(t, newWorld(drawGraph(t)), func(u *unkind) {
			w := u.w
			w.lines = rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "permanent lines")
			w.desk.most = rapid.SampledFrom([]int{0, 0, 2, 3}).Draw(t, "phones at a time")
			w.desk.free = rapid.IntRange(0, 2+w.desk.most).Draw(t, "free agents")
			if rapid.Bool().Draw(t, "no announcements") {
				w.desk.plan.AnnounceEvery = 0
			}
			w.desk.plan.ExitKey = rapid.SampledFrom([]string{"", "9"}).Draw(t, "exit key")
			w.desk.plan.MaxWait = time.Duration(rapid.SampledFrom([]int{0, 0, 50}).Draw(t, "queue's wait")) * time.Second
			w.desk.plan.MaxTalk = time.Duration(rapid.SampledFrom([]int{0, 0, 70}).Draw(t, "longest talk")) * time.Second
			u.begin(rapid.SampledFrom([]int{0, 1, 2, 3, 4, 4, 4, 5}).Draw(t, "stage"))
		})
	})
}

// bring brings the world a part of the way, as far as is drawn.
func (w *world) bring(t *rapid.T, way ...func()) {
	for _, stage := range way[:rapid.IntRange(0, len(way)).Draw(t, "stage")] {
		stage()
	}
}

// throw throws whatever may happen at the call of a world, which begin has drawn
// and brought to a stage, and checks the promises of TestUnkindWorld.
func throw(t *rapid.T, w *world, begin func(*unkind)) {
	defer func() {
		if p := recover(); p != nil && !strings.Contains(fmt.Sprintf("%T", p), "rapid") {
			t.Fatalf("panic: %v\n%s", p, debug.Stack())
		} else if p != nil {
			panic(p)
		}
	}()
	defer func() {
		if t.Failed() {
			t.Logf("what happened:\n%s", w.story())
		}
	}()
	u := &unkind{t: t, w: w, level: rapid.SampledFrom([]int{0, 1, 2, 2}).Draw(t, "unkindness")}
	w.gate.most = time.Duration(rapid.SampledFrom([]int{0, 60}).Draw(t, "longest outside")) * time.Second
	begin(u)
	for range rapid.IntRange(1, 100).Draw(t, "steps") {
		u.step()
		if len(w.broken) > 0 {
			break
		}
	}
	w.beKind()
	w.settle(4 * time.Minute)
	w.sweep()
	w.settle(4 * time.Minute)
	w.checkKept(t)
	w.checkHeld(t)
	w.calm = true
	w.callerHangsUp()
	w.settle(20 * time.Minute)
	if w.tidy() {
		w.checkEnded(t, "")
	}
	w.sweep()
	w.settle(20 * time.Minute)
	w.sweep()
	w.checkEnded(t, "")
	w.checkKept(t)
	if !w.lostDoc {
		for _, b := range w.checkStory() {
			t.Errorf("%s", b)
		}
	}
}

// unkind draws what happens next.
type unkind struct {
	t     *rapid.T
	w     *world
	level int // how much of it is trouble
}

func (u *unkind) num(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(u.t, name) }

// begin brings most calls to where more can go wrong.
func (u *unkind) begin(stage int) {
	stages := []func(){
		u.w.quiet, u.w.endPlays, u.w.offer, u.w.agentAnswers,
		func() { u.w.agentHangsUp(orchestrator.CauseNormal) },
	}
	for _, do := range stages[:stage] {
		do()
		if stage < len(stages) || rapid.Bool().Draw(u.t, "settled") {
			u.w.quiet()
		}
	}
}

func (u *unkind) step() {
	w := u.w
	kind := []func(){
		func() { w.deliver() },
		func() { w.decide() },
		func() { w.decide() },
		func() { w.notice() },
		func() { u.lane(&w.me.pbx) },
		func() { u.lane(&w.me.pbx) },
		func() { u.lane(&w.me.dsk) },
		func() { w.quiet() },
		func() { w.quiet() },
		func() { w.pass(time.Duration(u.num("ms", 1, 900)) * time.Millisecond) },
		func() { w.pass(time.Duration(u.num("s", 1, 100)) * time.Second) },
		u.people, u.people, u.people,
	}
	trouble := []func(){
		u.disturbPBX, u.disturbPBX, u.disturbOwner, u.disturbEvents, u.disturbQueues,
	}
	if u.level > 0 && u.num("trouble", 0, 5) < u.level {
		trouble[u.num("which", 0, len(trouble)-1)]()
		return
	}
	kind[u.num("step", 0, len(kind)-1)]()
}

// lane runs a command, which may go wrong.
func (u *unkind) lane(n *lane) {
	f := carriedOut
	if u.level > 0 && u.num("fate", 0, 3) == 0 {
		f = rapid.SampledFrom([]fate{refused, refused, unanswered, answerLost, answerLater, answerMissed}).Draw(u.t, "how")
	}
	if f != carriedOut && u.level < 2 && (f == refused || f == answerMissed) {
		f = unanswered // what is refused without a reason is for the worst of worlds
	}
	kind := rapid.SampledFrom([]fault.Kind{fault.Internal, fault.Invalid, fault.NotFound, fault.Conflict, fault.Denied}).Draw(u.t, "kind")
	if len(n.todo) > 0 && kind == fault.NotFound {
		if _, dials := n.todo[0].Command.(Dial); !dials {
			kind = fault.Conflict // nothing is said to be gone that is there: not even this PBX lies
		}
	}
	u.w.run(n, f, kind)
}

func (u *unkind) people() {
	w := u.w
	switch s := w.me.c.State; {
	case s == StateTalking && u.num("wish", 0, 1) == 0:
		[]func(){u.wishes, u.asks, u.supervises}[u.num("which wish", 0, 2)]()
		return
	case (s == StateWaiting || s == StateOffered) && u.num("move", 0, 5) == 0:
		w.post(Input{Kind: InWish, Wish: Wish{Do: WishMove, Front: rapid.Bool().Draw(u.t, "front"), By: "test",
			To: orchestrator.Target{Name: rapid.SampledFrom([]string{"", "A", "B", "C"}).Draw(u.t, "to queue")}}})
		return
	}
	[]func(){
		w.offer, w.customerAnswers, w.agentAnswers, w.agentAnswers,
		func() { w.presses(rapid.SampledFrom([]string{"1", "9"}).Draw(u.t, "key")) },
		func() {
			w.agentHangsUp(rapid.SampledFrom([]orchestrator.Cause{0, 16, 17, 19, 21}).Draw(u.t, "cause"))
		},
		func() {
			for _, ch := range w.pbx.phones() {
				w.pbx.phoneRings(ch)
			}
		},
		w.endPlays,
		func() {
			to := rapid.SampledFrom([]string{"4711", "102", "o1", "", "both 102", "both 4711"}).Draw(u.t, "to")
			for _, ch := range w.pbx.phones() {
				w.pbx.phoneTransfers(ch, to)
			}
		},
		func() {
			for _, ch := range w.pbx.phones() {
				w.pbx.phoneHolds(ch)
			}
		},
		u.wishes, u.asks, u.asks, u.supervises, u.onePhone,
		func() {
			for _, ch := range w.pbx.phones() {
				w.pbx.phoneTypes(ch, rapid.SampledFrom([]string{"5", "*", "*1", "*1", "*8", "*2102#", "*2B#", "*24711#", "*21", "*93#", "*00", "*01"}).Draw(u.t, "keys"))
			}
		},
		func() {
			if u.num("hang up", 0, 3) == 0 {
				w.callerHangsUp()
			}
		},
		func() {
			do := rapid.SampledFrom([]WishKind{WishMute, WishUnmute, WishMute, WishUnmute, WishHangup}).Draw(u.t, "order")
			whom := rapid.SampledFrom([]string{"", "customer", "agent", "other"}).Draw(u.t, "of whom")
			w.post(Input{Kind: InWish, Wish: Wish{Do: do, Whom: whom, By: "test"}})
		},
		func() { w.pbx.hear(rapid.SampledFrom(verdicts).Draw(u.t, "who answered")) },
		func() {
			w.pbx.speaks(time.Duration(rapid.SampledFrom([]int{0, 400, 3000}).Draw(u.t, "spoke")) * time.Millisecond)
		},
		func() { w.post(Input{Kind: InWish, Wish: Wish{Do: WishMachine, By: "test"}}) },
	}[u.num("person", 0, 19)]()
}

var verdicts = []orchestrator.Verdict{orchestrator.VerdictMachine, orchestrator.VerdictMachine, orchestrator.VerdictPerson, orchestrator.VerdictUnsure}

// asks lets a person want something of a consultation.
func (u *unkind) asks() {
	kinds := []orchestrator.TargetKind{orchestrator.TargetQueue, orchestrator.TargetAgent, orchestrator.TargetAgent, orchestrator.TargetNumber}
	u.w.post(Input{Kind: InWish, Wish: Wish{
		Do: rapid.SampledFrom([]WishKind{WishConsult, WishConsult, WishComplete, WishCancel, WishSwap, WishSwap, WishMeet}).Draw(u.t, "ask"),
		To: orchestrator.Target{Kind: rapid.SampledFrom(kinds).Draw(u.t, "ask what"),
			Name: rapid.SampledFrom([]string{"A", "B", "102", "103"}).Draw(u.t, "ask whom")},
		By: "test",
	}})
}

// supervises lets a supervisor want something, by wish or by key.
func (u *unkind) supervises() {
	c := &u.w.me.c
	if here := c.Supervisors(); len(here) > 0 && u.num("key", 0, 1) == 0 {
		l := here[u.num("whose", 0, len(here)-1)]
		u.w.pbx.emit(orchestrator.Event{Kind: orchestrator.EventDigit, Channel: l.Channel,
			Digit: rapid.SampledFrom([]string{"1", "4", "5", "6", "7"}).Draw(u.t, "digit")})
		return
	}
	u.w.post(Input{Kind: InWish, Wish: Wish{
		Do:         rapid.SampledFrom([]WishKind{WishSupervise, WishSupervise, WishLeave}).Draw(u.t, "supervise"),
		Supervisor: rapid.SampledFrom([]string{"201", "202", "203"}).Draw(u.t, "supervisor"),
		Mode: rapid.SampledFrom([]orchestrator.MonitorMode{orchestrator.MonitorListen, orchestrator.MonitorWhisper,
			orchestrator.MonitorBarge, orchestrator.MonitorTakeover}).Draw(u.t, "mode"),
		By: "test",
	}})
}

// onePhone lets one of several phones answer, or hang up.
func (u *unkind) onePhone() {
	phones := u.w.pbx.phones()
	if len(phones) == 0 {
		return
	}
	ch := phones[u.num("phone", 0, len(phones)-1)]
	if ch.up && u.num("taken", 0, 7) == 0 {
		u.w.pbx.takes(ch)
		return
	}
	if rapid.Bool().Draw(u.t, "answers") {
		u.w.pbx.phoneAnswers(ch)
		return
	}
	u.w.pbx.phoneEnds(ch, orchestrator.CauseNormal)
}

// wishes lets a person want something of the conversation.
func (u *unkind) wishes() {
	kinds := []orchestrator.TargetKind{orchestrator.TargetQueue, orchestrator.TargetQueue, orchestrator.TargetAgent,
		orchestrator.TargetNumber, orchestrator.TargetFlow}
	u.w.post(Input{Kind: InWish, Wish: Wish{
		Do: rapid.SampledFrom([]WishKind{WishHold, WishResume, WishTransfer}).Draw(u.t, "wish"),
		To: orchestrator.Target{Kind: rapid.SampledFrom(kinds).Draw(u.t, "to what"),
			Name: rapid.SampledFrom([]string{"A", "B", "C", "102"}).Draw(u.t, "to whom")},
		By: "test", Return: rapid.IntRange(0, 2).Draw(u.t, "and back") == 0,
	}})
}

func (u *unkind) disturbPBX() {
	w := u.w
	[]func(){
		func() { w.goAway(false) },
		func() { w.goAway(true) },
		func() { w.comeBack(false) },
		func() {
			if w.comeBack(false); u.level == 2 && u.num("panic", 0, 5) == 0 {
				w.post(Input{Kind: InPanic, Err: errors.New("a fault of ours")})
			}
		},
		w.arriveLate,
		func() {
			if u.num("restart", 0, 3) == 0 {
				w.goAway(true)
				w.pbx.restart()
				w.comeBack(true)
			}
		},
	}[u.num("pbx", 0, 5)]()
}

func (u *unkind) disturbOwner() {
	w := u.w
	[]func(){
		func() { w.crash(time.Duration(u.num("down", 0, 40)) * time.Second) },
		func() { // the former owner goes on; what it told the PBX last may come late
			w.former = w.me
			again := w.me.pbx.again
			if n := w.former.pbx.todo; len(n) > 0 && !Moot(n, n[0]) && u.num("in flight", 0, 1) == 1 {
				w.late = append(w.late, func() { _, _ = w.pbx.run(n[0].Command, again) })
			}
			if w.load(); w.former == w.me { // nothing was stored, and nobody is there to begin anew with
				w.former = nil
			}
		},
		w.decideFormer,
		func() {
			if w.failover(u.num("versions", 1, 6)); u.num("and crash", 0, 1) == 1 {
				w.crash(time.Second)
			}
		},
		w.sweep,
	}[u.num("owner", 0, 4)]()
}

func (u *unkind) disturbEvents() {
	w := u.w
	if len(w.told) > 0 {
		e := w.told[len(w.told)-1-u.num("ago", 0, min(9, len(w.told)-1))]
		alive := e.Kind == orchestrator.EventEnded && w.pbx.channels[e.Channel] != nil // dialled once more since
		if !alive && (e.Channel != w.customer || !w.pbx.left && e.Kind != orchestrator.EventEnded) {
			w.tell(e)
		}
	}
	if len(w.told) > 0 && u.num("offers again", 0, 3) == 0 {
		w.desk.tellAgain()
	}
}

func (u *unkind) disturbQueues() {
	w := u.w
	w.gate.phones, w.gate.numbers = u.num("no phones", 0, 5) == 0, u.num("no numbers", 0, 3) == 0
	queue := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(u.t, "of queue")
	w.desk.refuses[queue] = rapid.SampledFrom(append([]orchestrator.PlacementResult{"", "", ""}, orchestrator.Refusals...)).Draw(u.t, "refuses")
	w.desk.plan.LeaveWhenEmpty = u.num("leave when empty", 0, 1) == 1
	if u.num("deserted", 0, 3) == 0 {
		w.notices = append(w.notices, Input{Kind: InDeserted, Queue: queue})
	}
	if u.num("new rules", 0, 3) == 0 {
		w.desk.plan.MaxWait = time.Duration(u.num("most", 0, 3)) * time.Minute
		w.notices = append(w.notices, Input{Kind: InRules})
	}
	if w.desk.place != nil && u.num("forgets", 0, 3) == 0 { // a lost second
		w.logf("the distributor forgets the call")
		w.lostDoc = true
		w.desk.leave()
	}
}

// beKind ends all trouble.
func (w *world) beKind() {
	w.former = nil
	w.arriveLate()
	w.comeBack(false)
	clear(w.desk.refuses)
	w.gate.phones, w.gate.numbers = false, false
	w.desk.tellAgain()
	w.quiet()
	w.sweep()
	w.quiet()
}

// tidy tells whether nothing happened after which the sweeper may be needed.
func (w *world) tidy() bool { return !w.excused && !w.lostDoc }

// checkHeld tells what is wrong with a call that rests while its customer is there.
func (w *world) checkHeld(t *rapid.T) {
	c := &w.me.c
	if c.State == StateEnded {
		return
	}
	if w.pbx.channels[w.customer] == nil && !c.Absent() {
		t.Errorf("the customer is gone and the call in state %q, todo %v", c.State, c.Todo)
	}
	if c.Move != nil {
		t.Errorf("a transfer that nobody answers: %+v", c.Move)
	}
	if hears := w.pbx.hears(); c.State == StateTalking && w.tidy() {
		music := c.Customer().Held || c.Far().Held
		if c.Errand != nil && (hears == "talk" || hears == "music") {
			t.Errorf("the customer is in a flow and hears %q", hears)
		} else if c.Errand == nil && (music != (hears == "music") || !music && hears != "talk") {
			t.Errorf("the customer hears %q, held %v, by the phone %v", hears, c.Customer().Held, c.Far().Held)
		}
	}
	for _, l := range c.Legs {
		if ch := w.pbx.channels[l.Channel]; ch != nil && ch.muted != l.Muted && w.tidy() {
			t.Errorf("muted: %v, wanted of %+v", ch.muted, l)
		}
		if l.Muted && c.State != StateTalking {
			t.Errorf("muted in state %q: %+v", c.State, l)
		}
		if c.State == StateTalking && l.Offer != nil && l.was() && !w.desk.offers[l.Offer.ID].answered && !w.excused {
			t.Errorf("the agent of %s talks and is free for the distributor: %v", l.Offer.ID, w.desk.offers)
		}
	}
	// The distributor's store is the call's own and goes back with it; here only the call's does, and a place of later is kept.
	later := w.lostDoc && w.desk.place != nil && c.Visit != nil && w.desk.place.visit > c.Visit.N
	if (c.State == StateWaiting || c.State == StateOffered) && (w.desk.place == nil || w.desk.place.visit != c.Visit.N) && !later {
		t.Errorf("the distributor holds %+v in state %q and visit %+v", w.desk.place, c.State, c.Visit)
	}
	if k := c.Consult; k != nil && (c.State != StateTalking || !k.answered()) {
		t.Errorf("a consultation that never ends: %+v", k)
	}
	if guests := c.Guests(); len(guests) > 0 && c.State != StateTalking {
		t.Errorf("guests of nobody in state %q: %+v", c.State, guests)
	}
	if p := c.Place(); c.State == StateTalking && w.tidy() && (p.Room == "" || p.Wrong(w.pbx.truth(false, false).Bridges)) {
		t.Errorf("not where they should be, %+v: legs %+v, bridges %v", p, c.Legs, w.pbx.bridges)
	}
	for _, l := range c.Legs {
		if outside := l.Number != "" && l.Number != "102" && l.Number != "103"; outside && w.gate.most > 0 && w.tidy() && w.pbx.channels[l.Channel] != nil && w.pbx.channels[l.Channel].up {
			t.Errorf("outside number is still talked with: %+v, timers %v", l, c.Timers)
		}
	}
	for _, l := range c.Supervisors() {
		m := w.pbx.monitors[l.Channel]
		if w.tidy() && (m.Target != c.Far().Channel || m.Mode != l.Watch.Mode || !w.pbx.bridges[m.Bridge][l.Channel]) {
			t.Errorf("a supervisor who is to hear %s hears %+v: %+v", c.Far().Channel, m, l.Watch)
		}
		if w.tidy() && w.pbx.bridges[bridge(c.Call, c.Far().Room)][l.Channel] {
			t.Errorf("a supervisor is in the room of the conversation: %+v", l)
		}
	}
	for id := range w.pbx.bridges {
		if orchestrator.Monitors(id) && !c.watches(id) && w.tidy() {
			t.Errorf("%s is there for nobody", id)
		}
	}
	for _, ch := range w.pbx.phones() {
		if c.leg(ch.id) == nil && w.tidy() && !ch.line {
			t.Errorf("%s is there for nobody, up %v", ch.id, ch.up)
		}
		if ch.asks && w.tidy() && w.me.c.Adopted == 0 {
			t.Errorf("%s was never told what became of its transfer", ch.id)
		}
	}
	if len(c.Todo) > 0 || c.AwaySince > 0 {
		t.Errorf("never done: %v, away since %d", c.Todo, c.AwaySince)
	}
}
