package call

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// wants lets a person want something, and takes the answer.
func (w *world) wants(do WishKind, kind orchestrator.TargetKind, name string) error {
	w.quiet()
	return w.grant(Wish{Do: do, To: orchestrator.Target{Kind: kind, Name: name}, By: "agent:o1"})
}

// grant decides on a wish at once, beside what is on its way, and takes the answer.
func (w *world) grant(wish Wish) error {
	d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: wish}}, w.now)
	w.me.c = w.commit(d)
	w.me.follow()
	return d.Answers[0]
}

func wanted(do WishKind, kind orchestrator.TargetKind, name string) func(*world) {
	return func(w *world) {
		if err := w.wants(do, kind, name); err != nil {
			w.brokenf("%s to %s %q: %v", do, kind, name, err)
		}
	}
}

var (
	held     = wanted(WishHold, "", "")
	resumed  = wanted(WishResume, "", "")
	toQueue  = wanted(WishTransfer, orchestrator.TargetQueue, "B")
	toAgent  = wanted(WishTransfer, orchestrator.TargetAgent, "102")
	toNumber = wanted(WishTransfer, orchestrator.TargetNumber, "4711")
	toFlow   = wanted(WishTransfer, orchestrator.TargetFlow, "toy")
	talking  = []func(*world){inQueue, after(time.Minute), ringing, answered, after(10 * time.Second)}
)

func phoneWants(number string) func(*world) {
	return func(w *world) { w.pbx.phoneTransfers(w.pbx.phones()[0], number) }
}

// then is a stage after others.
func then(stages []func(*world), more ...func(*world)) []func(*world) {
	return append(slices.Clone(stages), more...)
}

// TestTransferStages: at every stage of a transfer either side hangs up, or the
// process is killed. The customer is never left with nothing, and afterwards
// nothing is left over.
func TestTransferStages(t *testing.T) {
	t.Parallel()
	full := func(w *world) {
		w.desk.refuses["B"], w.desk.refuses["@102"] = orchestrator.RefusedFull, orchestrator.RefusedEmpty
	}
	stages := []struct {
		name   string
		stages []func(*world)
		state  State
		hears  string
	}{
		{"on hold", then(talking, held), StateTalking, "music"},
		{"taken back", then(talking, held, resumed), StateTalking, "talk"},
		{"held by the phone", then(talking, func(w *world) { w.pbx.phoneHolds(w.pbx.phones()[0]) }), StateTalking, "music"},
		{"to a queue", then(talking, toQueue), StateWaiting, "music"},
		{"to a queue, ringing", then(talking, toQueue, ringing), StateOffered, "music"},
		{"to a queue, served", then(talking, toQueue, ringing, answered, after(time.Second)), StateTalking, "talk"},
		{"to a queue from hold", then(talking, held, toQueue), StateWaiting, "music"},
		{"to a full queue", then(talking, full, toQueue), StateTalking, "talk"},
		{"to an agent, ringing", then(talking, toAgent, ringing), StateOffered, "music"},
		{"to an agent, served", then(talking, toAgent, ringing, answered, after(time.Second)), StateTalking, "talk"},
		{"to a logged-out agent", then(talking, full, toAgent), StateTalking, "talk"},
		{"to a number, ringing", then(talking, toNumber), StateTransferring, "music"},
		{"to a number, served", then(talking, toNumber, answered, after(time.Second)), StateTalking, "talk"},
		{"to a number that never answers", then(talking, toNumber, after(time.Minute)), StateWaiting, "music"},
		{"to a busy number", then(talking, toNumber, agentEnds(orchestrator.CauseBusy)), StateWaiting, "music"},
		{"to a flow", then(talking, toFlow), StateInFlow, "prompt"},
		{"by the phone, to an agent", then(talking, phoneWants("102")), StateWaiting, "music"},
		{"by the phone, to a number", then(talking, phoneWants("910000001")), StateTransferring, "music"},
		{"by the phone, to nothing", then(talking, phoneWants("")), StateTalking, "talk"},
		{"by the phone of a number, to a number", then(talking, toNumber, answered, after(time.Second), phoneWants("910000001")), StateTalking, "talk"},
	}
	events := map[string]func(*world){
		"nobody": func(*world) {}, "the caller": (*world).callerHangsUp, "the phone": agentEnds(orchestrator.CauseNormal),
		"kill -9":               func(w *world) { w.crash(5 * time.Second) },
		"kill -9 and the phone": func(w *world) { w.cut = true; w.agentHangsUp(orchestrator.CauseNormal); w.crash(time.Second) },
		"the PBX is cut off":    cutOff,
	}
	for _, s := range stages {
		for who, event := range events {
			t.Run(s.name+", "+who, func(t *testing.T) {
				t.Parallel()
				w := at(s.stages...)
				if got := w.pbx.hears(); w.me.c.State != s.state || got != s.hears {
					t.Fatalf("state %q, the customer hears %q\n%s", w.me.c.State, got, w.story())
				}
				event(w)
				w.settle(time.Second)
				w.goneOn(t, who)
				w.callerHangsUp()
				w.settle(time.Minute)
				w.checkEnded(t, "")
				w.checkKept(t)
			})
		}
	}
}

// goneOn checks that a customer who has not hung up is not left with nothing.
func (w *world) goneOn(t *testing.T, who string) {
	t.Helper()
	if got := w.pbx.hears(); got == "" || got == "gone" && who != "the caller" && w.me.c.EndedBy != "agent" && w.me.c.State != StateEnded {
		t.Errorf("the customer hears %q in state %q", got, w.me.c.State)
	}
}

// TestTransferKeepsTheCaller: a transferred customer keeps the contact and the
// time of entry, is recorded again by the next agent, and each agent's part is told.
func TestTransferKeepsTheCaller(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	first := *w.me.c.Visit
	tape := w.me.c.Recording
	toQueue(w)
	w.quiet()
	if v := w.me.c.Visit; w.desk.place == nil || w.desk.place.queue != "B" || v.Entered != first.Entered || v.From != w.now.UnixMilli() {
		t.Errorf("place %+v, visit %+v", w.desk.place, v)
	}
	w.settle(30 * time.Second)
	ringing(w)
	w.quiet()
	answered(w)
	w.quiet()
	if w.me.c.Recording == tape || !w.me.c.Rec().running() {
		t.Errorf("recording %q after %q", w.me.c.Recording, tape)
	}
	w.settle(20 * time.Second)
	agentEnds(orchestrator.CauseNormal)(w)
	w.settle(time.Second)
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
	if c := w.me.c; c.TalkMS != 30_000 || c.WaitMS != 60_000 || c.Agent != "agento2" || c.Queue != "B" {
		t.Errorf("talked %d ms, waited %d ms, agent %q, queue %q", c.TalkMS, c.WaitMS, c.Agent, c.Queue)
	}
	for typ, n := range map[orchestrator.EntryType]int{orchestrator.EntryCallQueued: 2, orchestrator.EntryCallConnected: 2,
		orchestrator.EntryCallParted: 2, orchestrator.EntryCallTransfer: 2, orchestrator.EntryCallRecording: 4} {
		if w.count(typ) != n {
			t.Errorf("%d entries %s, want %d", w.count(typ), typ, n)
		}
	}
}

// TestSkillsAreOnRecord: what a call asks for is told as it enters a queue.
func TestSkillsAreOnRecord(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	if got := fmt.Sprint(w.last(orchestrator.EntryCallQueued)["skills"]); got != "[english]" {
		t.Errorf("skills %s are on record", got)
	}
}

// TestTransferComesBack: who is transferred to somebody who never answers comes
// back to the queue, before others, and to the flow when that is gone, too.
func TestTransferComesBack(t *testing.T) {
	t.Parallel()
	w := at(then(talking, toNumber, agentEnds(orchestrator.CauseNoAnswer))...)
	if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "sales" || v.Sought.Ahead != backLead {
		t.Errorf("state %q, visit %+v", w.me.c.State, v)
	}
	w = at(then(talking, func(w *world) { w.desk.refuses["sales"] = orchestrator.RefusedFull }, toNumber, agentEnds(orchestrator.CauseNoAnswer))...)
	if w.me.c.State != StateInFlow || w.pbx.hears() != "prompt" {
		t.Errorf("state %q, the customer hears %q", w.me.c.State, w.pbx.hears())
	}
	w.checkKept(t)
}

// TestSecondTransferComesBack: the way back is the queue, also for who was
// transferred to an agent before, from whose own queue nobody comes.
func TestSecondTransferComesBack(t *testing.T) {
	t.Parallel()
	w := at(then(talking, toAgent, ringing, answered, after(time.Second), toNumber, agentEnds(orchestrator.CauseNoAnswer))...)
	if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "sales" || v.Sought.Ahead != backLead {
		t.Errorf("state %q, visit %+v", w.me.c.State, v)
	}
	w.checkKept(t)
}

// TestTransferToAnAgentWhoNeverAnswers comes back to the queue after the longest wait.
func TestTransferToAnAgentWhoNeverAnswers(t *testing.T) {
	t.Parallel()
	w := at(then(talking, func(w *world) { w.desk.plan.MaxWait = time.Minute }, toAgent, after(50*time.Second))...)
	if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "@102" {
		t.Fatalf("state %q, visit %+v", w.me.c.State, v)
	}
	w.settle(20 * time.Second)
	if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "sales" || v.Sought.Ahead != backLead {
		t.Errorf("state %q, visit %+v", w.me.c.State, v)
	}
	w.checkKept(t)
}

// TestTransferToAnAgentWhoDoesNotPickUp comes back to the queue at once: nobody else
// is to be rung where the caller is. A busy phone gets the caller next.
func TestTransferToAnAgentWhoDoesNotPickUp(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		cause orchestrator.Cause
		queue string
	}{
		"no answer": {orchestrator.CauseNoAnswer, "sales"}, "rejected": {orchestrator.CauseRejected, "sales"},
		"busy": {orchestrator.CauseBusy, "@102"},
	} {
		w := at(then(talking, toAgent, ringing, agentEnds(row.cause))...)
		if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != row.queue || w.pbx.hears() != "music" || row.queue == "sales" && v.Sought.Ahead != backLead {
			t.Errorf("%s: state %q, visit %+v, the customer hears %q", name, w.me.c.State, v, w.pbx.hears())
		}
		w.checkKept(t)
	}
}

// TestAgentLeavesBeforeTheQueueAnswers: the transfer goes on without the agent.
func TestAgentLeavesBeforeTheQueueAnswers(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]orchestrator.PlacementResult{"taken": "", "refused": orchestrator.RefusedFull} {
		w := at(talking...)
		w.desk.refuses["B"] = result
		toQueue(w) // nothing is run yet
		w.agentHangsUp(orchestrator.CauseNormal)
		w.deliver()
		w.decide()
		w.quiet()
		want := map[string]string{"taken": "B", "refused": "sales"}[name]
		if w.me.c.State != StateWaiting || w.desk.place == nil || w.desk.place.queue != want || w.pbx.hears() != "music" {
			t.Errorf("%s: state %q at %+v, the customer hears %q", name, w.me.c.State, w.desk.place, w.pbx.hears())
		}
		w.checkKept(t)
	}
}

// TestWishesThatAreRefused change nothing and say why.
func TestWishesThatAreRefused(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		stages []func(*world)
		do     WishKind
		kind   orchestrator.TargetKind
		to     string
		want   fault.Kind
		text   string
	}{
		{"in the queue", []func(*world){inQueue}, WishTransfer, orchestrator.TargetQueue, "B", fault.Conflict, "no conversation"},
		{"held twice", then(talking, held), WishHold, "", "", fault.Conflict, "on hold already"},
		{"resumed without hold", talking, WishResume, "", "", fault.Conflict, "not on hold"},
		{"to oneself", talking, WishTransfer, orchestrator.TargetAgent, "agento1", fault.Conflict, "agento1"},
		{"to nobody", talking, WishTransfer, orchestrator.TargetAgent, "9", fault.NotFound, `"9"`},
		{"to no queue", talking, WishTransfer, orchestrator.TargetQueue, "", fault.NotFound, "no queue"},
		{"to a forbidden number", talking, WishTransfer, orchestrator.TargetNumber, "", fault.Denied, "empty"},
		{"to something odd", talking, WishTransfer, "planet", "x", fault.Invalid, `"planet"`},
		{"something odd", talking, "sing", "", "", fault.Invalid, `"sing"`},
	}
	for _, r := range rows {
		w := at(r.stages...)
		before := w.me.c.Rev
		err := w.wants(r.do, r.kind, r.to)
		if fault.KindOf(err) != r.want || err == nil || !strings.Contains(err.Error(), r.text) {
			t.Errorf("%s: %v", r.name, err)
		}
		if w.me.c.Rev != before && r.want != fault.Denied { // which is on the timeline
			t.Errorf("%s: it has changed something", r.name)
		}
	}
	w := at(talking...)
	toQueue(w)
	if err := func() error { // two transfers crossing
		d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: WishTransfer, To: orchestrator.Target{Kind: orchestrator.TargetNumber, Name: "1"}}}}, w.now)
		return d.Answers[0]
	}(); fault.KindOf(err) != fault.Conflict {
		t.Errorf("two at a time: %v", err)
	}
}

// TestWishesThatCrossATransfer: what an agent wants of a conversation does not
// happen to that of the next one, who has the customer by the time it is decided on.
func TestWishesThatCrossATransfer(t *testing.T) {
	t.Parallel()
	next := then(talking, toQueue, ringing, answered, after(time.Second))
	to := orchestrator.Target{Kind: orchestrator.TargetNumber, Name: "4711"}
	for _, do := range []WishKind{WishHangup, WishHold, WishResume, WishTransfer, WishMute, WishUnmute} {
		for name, r := range map[string]struct {
			stages []func(*world)
			agent  string
			late   bool
		}{
			"the former agent's":           {next, "agento1", true},
			"an agent's, nobody talks yet": {then(talking, toQueue), "agento1", true},
			"the present agent's":          {next, "agento2", false},
			"a supervisor's":               {next, "", false},
		} {
			w := at(r.stages...)
			if do == WishResume && !r.late {
				held(w)
			}
			d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: do, To: to, By: "test", Agent: r.agent}}}, w.now)
			err := d.Answers[0]
			if r.late && (fault.KindOf(err) != fault.Conflict || err == nil || !strings.Contains(err.Error(), `"agento1" does not talk`) || d.Dirty) {
				t.Errorf("%s, %s: %v, changed %v", do, name, err, d.Dirty)
			}
			if !r.late && err != nil {
				t.Errorf("%s, %s: %v", do, name, err)
			}
		}
	}
	w := at(next...)
	d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: WishMute, Recording: "op-c1-r0"}}}, w.now)
	if fault.KindOf(d.Answers[0]) != fault.Conflict || d.Dirty {
		t.Errorf("the former recording is muted: %v, changed %v", d.Answers[0], d.Dirty)
	}
}

// TestCallerLeavesBeforeTheQueueAnswers: the place that was asked for is given up,
// whichever of the question, its answer and the hangup comes first.
func TestCallerLeavesBeforeTheQueueAnswers(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*world){
		"before the question is sent": func(w *world) { w.callerHangsUp() },
		"before the answer is heard":  func(w *world) { w.run(&w.me.dsk, carriedOut, 0); w.me.box = nil; w.callerHangsUp() },
		"and the answer is lost":      func(w *world) { w.run(&w.me.dsk, answerLost, 0); w.callerHangsUp() },
	} {
		w := at(talking...)
		toQueue(w)
		do(w)
		w.deliver()
		w.decide()
		w.settle(time.Minute)
		t.Run(name, func(t *testing.T) {
			w.checkEnded(t, orchestrator.OutcomeServed)
			w.checkKept(t)
		})
	}
}

// TestOfferBeforeTheAnswer: an agent is found for a transferred customer, and the
// word of that comes before the queue's answer. The offer is taken.
func TestOfferBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	w.desk.free = 1
	toQueue(w)
	w.run(&w.me.dsk, carriedOut, 0)
	answer := w.me.box
	w.me.box = nil
	w.notice()
	w.decide()
	w.me.box = append(answer, w.me.box...)
	w.quiet()
	if w.me.c.State != StateOffered || len(w.desk.offers) != 1 || w.count(orchestrator.EntryCallMissed) != 0 {
		t.Errorf("state %q, offers %v, %d missed", w.me.c.State, w.desk.offers, w.count(orchestrator.EntryCallMissed))
	}
	w.checkKept(t)
}

// TestOfferWithdrawnBeforeTheAnswer: an offer that was made with the place is
// taken back before the call hears of either. No phone rings for it, and one
// that is offered instead does.
func TestOfferWithdrawnBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		free   int
		state  State
		offers int
	}{"nobody else is free": {1, StateWaiting, 1}, "another is": {2, StateOffered, 2}} {
		w := at(talking...)
		w.desk.free = r.free
		toQueue(w)
		w.run(&w.me.dsk, carriedOut, 0)
		answer := w.me.box
		w.me.box = nil
		o := w.desk.offers[w.desk.place.offers].offer
		w.desk.fail(o, orchestrator.OfferUnreachable)
		w.notice() // that it is made
		w.post(Input{Kind: InWithdraw, Offer: o, Why: orchestrator.OfferUnreachable})
		for len(w.notices) > 0 {
			w.notice()
		}
		w.decide()
		w.me.box = append(answer, w.me.box...)
		w.quiet()
		if w.me.c.State != r.state || w.me.c.Offers != r.offers || len(w.pbx.phones()) != r.offers-1 {
			t.Errorf("%s: state %q after %d offers, %d phones ring", name, w.me.c.State, w.me.c.Offers, len(w.pbx.phones()))
		}
		if far := w.me.c.Far(); far != nil && (w.desk.place == nil || far.Offer.ID != w.desk.place.offers) {
			t.Errorf("%s: the phone of %s rings, the place is %+v", name, far.Offer.ID, w.desk.place)
		}
		if len(w.me.c.Withdrawn) > 0 {
			t.Errorf("%s: remembered for ever: %v", name, w.me.c.Withdrawn)
		}
		w.callerHangsUp()
		w.settle(time.Minute)
		w.checkEnded(t, orchestrator.OutcomeServed)
		w.checkKept(t)
	}
}

// TestHoldIsInsistedOn: what the PBX refuses is ordered again, and what another
// process left half done is done.
func TestHoldIsInsistedOn(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		do   func(*world)
		want string
	}{
		"the parting is refused": {func(w *world) { held(w); w.run(&w.me.pbx, refused, fault.Internal) }, "music"},
		"the music is refused": {func(w *world) {
			held(w)
			w.run(&w.me.pbx, carriedOut, 0)
			w.run(&w.me.pbx, refused, fault.Internal)
		}, "music"},
		"the return is refused": {func(w *world) {
			held(w)
			w.quiet()
			resumed(w)
			w.run(&w.me.pbx, carriedOut, 0)
			w.run(&w.me.pbx, refused, fault.Internal)
		}, "talk"},
		"somebody brought the customer back": {func(w *world) {
			held(w)
			w.quiet()
			w.goAway(true)
			w.pbx.bridges[bridge("c1", w.me.c.Far().Room)][customerChannel] = true
			w.pbx.channels[customerChannel].hold = false
			w.comeBack(false)
		}, "music"},
		"killed before anything was done": {func(w *world) { held(w); w.crash(time.Second) }, "music"},
		"killed before the return":        {func(w *world) { held(w); w.quiet(); resumed(w); w.crash(time.Second) }, "talk"},
		"the room is gone": {func(w *world) {
			held(w)
			w.quiet()
			w.goAway(true)
			clear(w.pbx.bridges)
			w.comeBack(false)
			w.quiet()
			resumed(w)
		}, "talk"},
	}
	for name, r := range rows {
		w := at(talking...)
		r.do(w)
		w.settle(time.Minute)
		if got := w.pbx.hears(); got != r.want || w.me.c.State != StateTalking {
			t.Errorf("%s: the customer hears %q in state %q", name, got, w.me.c.State)
		}
		w.callerHangsUp()
		w.settle(time.Minute)
		w.checkEnded(t, orchestrator.OutcomeServed)
		w.checkKept(t)
	}
}

// TestMoveWaiting: a supervisor moves a customer who waits, also one whose agent's
// phone rings, to another queue or to the front. A queue that does not take the
// call costs it nothing.
func TestMoveWaiting(t *testing.T) {
	t.Parallel()
	move := func(queue string, front bool) func(*world) {
		return func(w *world) {
			if err := w.grant(Wish{Do: WishMove, To: orchestrator.Target{Name: queue}, Front: front, By: "api:eva", Reason: "VIP"}); err != nil {
				w.brokenf("move to %q: %v", queue, err)
			}
		}
	}
	full := func(w *world) { w.desk.refuses["B"] = orchestrator.RefusedFull }
	minute := []func(*world){inQueue, after(time.Minute)}
	rows := []struct {
		name   string
		stages []func(*world)
		queue  string
		ahead  time.Duration
	}{
		{"to another queue", then(minute, move("B", false)), "B", 0},
		{"while a phone rings", then(minute, ringing, move("B", false)), "B", 0},
		{"to the front", then(minute, move("", true)), "sales", frontLead},
		{"to the front twice", then(minute, move("", true), move("", true)), "sales", frontLead},
		{"to the front of another", then(minute, move("B", true)), "B", frontLead},
		{"to a full queue", then(minute, full, move("B", false)), "sales", backLead},
		{"to a full queue while a phone rings", then(minute, full, ringing, move("B", false)), "sales", backLead},
		{"after a transfer", then(talking, toQueue, move("sales", false)), "sales", 0},
		{"and the process is killed", then(minute, move("B", false), func(w *world) { w.crash(time.Second) }), "B", 0},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := at(r.stages...)
			v := w.me.c.Visit
			if w.me.c.State != StateWaiting || v.Queue != r.queue || v.Sought.Ahead != r.ahead || v.Entered != w.me.c.QueuedAt ||
				w.pbx.hears() != "music" || w.desk.place == nil || w.desk.place.queue != r.queue || len(w.pbx.phones()) > 0 {
				t.Errorf("state %q, visit %+v, place %+v, hears %q, %d phones", w.me.c.State, v, w.desk.place, w.pbx.hears(), len(w.pbx.phones()))
			}
			waited := w.me.c.ConnectedAt == 0
			ringing(w)
			w.quiet()
			answered(w)
			w.settle(time.Minute)
			if c := w.me.c; waited && c.WaitMS < 60_000 || c.WaitMS > 70_000 {
				t.Errorf("waited %d ms", c.WaitMS)
			}
			w.callerHangsUp()
			w.settle(time.Minute)
			w.checkEnded(t, orchestrator.OutcomeServed)
			w.checkKept(t)
		})
	}
	for name, r := range map[string]struct {
		stages []func(*world)
		w      Wish
		kind   fault.Kind
	}{
		"while talking":     {talking, Wish{Do: WishMove, Front: true}, fault.Conflict},
		"to no queue":       {minute, Wish{Do: WishMove}, fault.Invalid},
		"to the same queue": {minute, Wish{Do: WishMove, To: orchestrator.Target{Name: "sales"}}, fault.Conflict},
	} {
		w := at(r.stages...)
		if d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: r.w}}, w.now); fault.KindOf(d.Answers[0]) != r.kind || d.Dirty {
			t.Errorf("%s: %v", name, d.Answers[0])
		}
	}
}

// TestMovedInVain: the longest wait that the flow sets goes on for a customer who was
// to go to a queue that is full.
func TestMovedInVain(t *testing.T) {
	t.Parallel()
	w := at(inQueue, after(4*time.Minute))
	w.desk.refuses["B"] = orchestrator.RefusedFull
	if err := w.grant(Wish{Do: WishMove, To: orchestrator.Target{Name: "B"}, By: "api:eva"}); err != nil {
		t.Fatal(err)
	}
	w.settle(55 * time.Second)
	if w.me.c.State != StateWaiting || w.me.c.Visit.Queue != "sales" {
		t.Errorf("state %q, visit %+v", w.me.c.State, w.me.c.Visit)
	}
	w.settle(10 * time.Second)
	if w.me.c.State == StateWaiting {
		t.Errorf("waits for longer than the flow says: %+v", w.me.c.Visit)
	}
	w.checkKept(t)
}

// TestHoldKeyUnseen: the agent takes a call back by the phone's key while nobody
// looks. The music does not go on over the conversation.
func TestHoldKeyUnseen(t *testing.T) {
	t.Parallel()
	press := func(w *world) { w.pbx.phoneHolds(w.pbx.phones()[0]) }
	for name, unseen := range map[string]func(*world){
		"killed":  func(w *world) { w.cut = true; press(w); w.crash(time.Second) },
		"cut off": func(w *world) { w.goAway(true); press(w); w.quiet(); w.comeBack(false) },
	} {
		w := at(then(talking, press)...)
		if w.pbx.hears() != "music" {
			t.Fatalf("%s: the customer hears %q", name, w.pbx.hears())
		}
		unseen(w)
		w.settle(time.Second)
		if w.pbx.hears() != "talk" {
			t.Errorf("%s: the customer hears %q", name, w.pbx.hears())
		}
		w.checkKept(t)
	}
}

// mailFlow records a message at once in whom a person sends to it.
type mailFlow struct{ toyFlow }

func (f mailFlow) Begin(a orchestrator.Arrival, now time.Time) (orchestrator.FlowStep, error) {
	if a.Flow == "" {
		return f.toyFlow.Begin(a, now)
	}
	return toyStep("mail", orchestrator.Action{Kind: orchestrator.ActRecord, Record: orchestrator.RecordingOrder{Format: "wav"}}), nil
}

// A customer who hears music because the agent's phone, or the agent, holds the
// call hears none any more in the flow that the call is sent to.
func TestTransferToAFlowEndsTheMusic(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(*world){"by the phone": func(w *world) { w.pbx.phoneHolds(w.pbx.phones()[0]) }, "by the agent": held} {
		w := at(talking...)
		w.rules.Flows = mailFlow{}
		for _, do := range []func(*world){hold, toFlow} {
			do(w)
			w.quiet()
		}
		if got := w.pbx.hears(); got != "voicemail" || w.pbx.channels[customerChannel].hold {
			t.Errorf("held %s: the customer hears %q, music %v\n%s", name, got, w.pbx.channels[customerChannel].hold, w.story())
		}
	}
}

// TestHangsUpOnARefusedTransfer: a phone that takes its transfer for done hangs up
// before it hears that it was refused. The customer is not cut off by that. An agent who
// hangs up later means to.
func TestHangsUpOnARefusedTransfer(t *testing.T) {
	t.Parallel()
	loggedOut := func(w *world) { w.desk.refuses["@102"] = orchestrator.RefusedEmpty }
	for name, stages := range map[string][]func(*world){
		"to nobody":                         {phoneWants("")},
		"to a logged-out agent":             {loggedOut, phoneWants("102"), (*world).quiet},
		"to a logged-out agent, from hold":  {loggedOut, held, phoneWants("102"), (*world).quiet},
		"both lines, to nobody":             {phoneWants("both ")},
		"both lines, and the other is gone": {phoneWants("both 102"), (*world).quiet, hangsUp((*world).guestPhone)},
	} {
		for late, after := range map[time.Duration]func(*world){0: func(*world) {}, hastyHangup: after(hastyHangup), hastyHangup + time.Second: after(hastyHangup + time.Second)} {
			w := at(then(then(talking, stages...), (*world).quiet, after, agentEnds(orchestrator.CauseNormal))...)
			w.quiet()
			if late > hastyHangup {
				if w.me.c.State != StateEnded {
					t.Errorf("%s, after %v: state %q\n%s", name, late, w.me.c.State, w.story())
				}
				continue
			}
			if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "sales" || v.Sought.Ahead != backLead || w.pbx.hears() != "music" {
				t.Errorf("%s, after %v: state %q, visit %+v, the customer hears %q\n%s", name, late, w.me.c.State, v, w.pbx.hears(), w.story())
			}
			if f, p := w.last(orchestrator.EntryCallTransfer), w.last(orchestrator.EntryCallParted); f["result"] != "back" || f["destination"] != "sales" || p["by"] != "agent" {
				t.Errorf("%s, after %v: the timeline tells %v and %v", name, late, f, p)
			}
			w.callerHangsUp()
			w.settle(time.Minute)
			w.checkEnded(t, orchestrator.OutcomeServed)
			w.checkKept(t)
			if w.me.c.EndedBy != "caller" {
				t.Errorf("%s, after %v: ended by %q", name, late, w.me.c.EndedBy)
			}
		}
	}
}
