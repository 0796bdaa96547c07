package call

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// last are the fields of the last entry of a type, nil for none.
func (w *world) last(typ orchestrator.EntryType) map[string]any {
	for _, e := range slices.Backward(w.entries) {
		if e.Type == typ {
			var f map[string]any
			_ = json.Unmarshal(e.Data, &f)
			return f
		}
	}
	return nil
}

// TestQueueThatRefusesATransfer: who sends a customer to a queue that is full, or
// to an agent who is not there, or asks them, is told so, and the timeline is, too.
func TestQueueThatRefusesATransfer(t *testing.T) {
	t.Parallel()
	for _, do := range []WishKind{WishTransfer, WishConsult} {
		for name, r := range map[string]struct {
			kind orchestrator.TargetKind
			to   string
			why  orchestrator.PlacementResult
			text string
		}{
			"a full queue":       {orchestrator.TargetQueue, "B", orchestrator.RefusedFull, `queue "B" is full`},
			"a deserted queue":   {orchestrator.TargetQueue, "B", orchestrator.RefusedEmpty, `nobody is logged in to queue "B"`},
			"a logged-out agent": {orchestrator.TargetAgent, "102", orchestrator.RefusedEmpty, `agent "102" is not logged in`},
		} {
			w := at(talking...)
			w.desk.refuses["B"], w.desk.refuses["@102"] = r.why, r.why
			d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: do, To: orchestrator.Target{Kind: r.kind, Name: r.to}, By: "test"}}}, w.now)
			n := d.Call.Asking()
			if d.Answers[0] != nil || n == 0 {
				t.Fatalf("%s to %s: %v, asking %d", do, name, d.Answers[0], n)
			}
			d = w.rules.Decide(d.Call, []Input{{Kind: InDone, N: d.Call.Given, Result: Result{Placement: orchestrator.Placement{Result: r.why}}}}, w.now)
			if err := d.Turned[n]; fault.KindOf(err) != fault.Conflict || err == nil || !strings.Contains(err.Error(), r.text) || d.Call.Asking() != 0 {
				t.Errorf("%s to %s: %v, asking %d", do, name, err, d.Call.Asking())
			}
			if d.Call.State != StateTalking || d.Call.Move != nil || d.Call.Consult != nil || d.Call.Customer().Held {
				t.Errorf("%s to %s: state %q, %+v", do, name, d.Call.State, d.Call.Customer())
			}
			if last := d.Entries[len(d.Entries)-1]; !strings.Contains(string(last.Data), strings.ReplaceAll(r.text, `"`, `\"`)) {
				t.Errorf("%s to %s: the timeline says %s", do, name, last.Data)
			}
		}
	}
}

// TestCallerLeavesAnAskedTransfer: so is who sent a customer who hung up meanwhile.
func TestCallerLeavesAnAskedTransfer(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	toQueue(w)
	n := w.me.c.Asking()
	d := w.rules.Decide(w.me.c, []Input{{Kind: InEvent, Event: orchestrator.Event{Kind: orchestrator.EventEnded, Channel: w.customer, Cause: orchestrator.CauseNormal}}}, w.now)
	if err := d.Turned[n]; fault.KindOf(err) != fault.Conflict || err == nil || d.Call.Asking() != 0 {
		t.Errorf("turned %v", d.Turned)
	}
}

// TestNumberThatIsRefused: the timeline tells of an outside number that the gate
// refuses, whoever wanted it.
func TestNumberThatIsRefused(t *testing.T) {
	t.Parallel()
	for do, typ := range map[WishKind]orchestrator.EntryType{WishTransfer: orchestrator.EntryCallTransfer, WishConsult: orchestrator.EntryCallConsult} {
		w := at(talking...)
		if err := w.wants(do, orchestrator.TargetNumber, ""); fault.KindOf(err) != fault.Denied {
			t.Fatalf("%s: %v", do, err)
		}
		if f := w.last(typ); f["result"] != "denied" || f["kind"] != "number" || f["by"] != "agent:o1" || f["error"] != "empty" {
			t.Errorf("%s: the timeline tells %v", do, f)
		}
	}
}

// TestSwapWithATarget: said with whom, the order may be repeated, and does not swap back.
func TestSwapWithATarget(t *testing.T) {
	t.Parallel()
	w := at(private...)
	for _, r := range []struct {
		with Side
		want string
		room string
	}{
		{SideOther, "talks with the other already", "ag"},
		{SideCustomer, "", "ac"},
		{SideCustomer, "talks with the customer already", "ac"},
		{SideOther, "", "ag"},
		{"", "", "ac"},
		{"moon", `with: "moon"`, "ac"},
	} {
		err := w.grant(Wish{Do: WishSwap, With: r.with, By: "test"})
		w.quiet()
		if (err == nil) != (r.want == "") || err != nil && !strings.Contains(err.Error(), r.want) || w.room() != r.room {
			t.Errorf("with %q: %v, in the room are %q", r.with, err, w.room())
		}
	}
	w.checkKept(t)
}

// TestWhoParted: the timeline says who was talked with and who left: an outside
// number is no agent.
func TestWhoParted(t *testing.T) {
	t.Parallel()
	w := at(then(talking, toNumber, answered, after(time.Second), agentEnds(orchestrator.CauseNormal), after(time.Minute))...)
	f := w.last(orchestrator.EntryCallParted)
	if f["by"] != "number" || f["number"] != orchestrator.MaskNumber("4711") || f["agent"] != "" || w.me.c.EndedBy != "number" {
		t.Errorf("a number: %v, ended by %q", f, w.me.c.EndedBy)
	}
}

// TestCompletedToAQueueThatNeverAnswers: the agent has gone, and nobody of the
// queue comes in time: the customer goes back to the queue that they came from.
func TestCompletedToAQueueThatNeverAnswers(t *testing.T) {
	t.Parallel()
	w := at(then(talking, func(w *world) { w.desk.plan.MaxWait = time.Minute }, asksQueue, completed, after(50*time.Second))...)
	if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "B" {
		t.Fatalf("state %q, visit %+v", w.me.c.State, v)
	}
	w.settle(20 * time.Second)
	if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "sales" || v.Sought.Ahead != backLead || w.pbx.hears() != "music" {
		t.Errorf("state %q, visit %+v, the customer hears %q", w.me.c.State, v, w.pbx.hears())
	}
	w.settle(2 * time.Minute)
	if w.me.c.State == StateWaiting {
		t.Errorf("still waiting: %+v", w.me.c.Visit)
	}
	w.checkKept(t)
}

// TestSentToAQueueThatNeverAnswers: who is sent to a queue waits as long as that
// queue says, and then goes where the flow sends those for whom nobody came.
func TestSentToAQueueThatNeverAnswers(t *testing.T) {
	t.Parallel()
	w := at(then(talking, func(w *world) { w.desk.plan.MaxWait = time.Minute }, toQueue, after(70*time.Second))...)
	if n := w.me.c.Path; w.me.c.State != StateTransferring || n[len(n)-1] != "toy/transfer" {
		t.Errorf("state %q, path %v", w.me.c.State, n)
	}
	w.checkKept(t)
}

// TestErrandIntoAFullQueue: a flow that leads into a queue which does not take the
// customer goes on, and back to the agent, who stays until the queue has them.
func TestErrandIntoAFullQueue(t *testing.T) {
	t.Parallel()
	full := func(w *world) { w.desk.refuses["support"] = orchestrator.RefusedFull }
	w := at(then(talking, full, sent, presses("0"))...)
	if far := w.me.c.Far(); w.me.c.State != StateTalking || w.me.c.Errand == nil || w.me.c.Move != nil || far.agent() != "agento1" || w.pbx.hears() != "prompt" {
		t.Fatalf("state %q, errand %+v, move %+v, the customer hears %q\n%s", w.me.c.State, w.me.c.Errand, w.me.c.Move, w.pbx.hears(), w.story())
	}
	w.endPlays()
	w.settle(time.Second)
	if w.me.c.State != StateTalking || w.me.c.Errand != nil || w.pbx.hears() != "talk" || w.room() != "ac" {
		t.Errorf("state %q, errand %+v, the customer hears %q", w.me.c.State, w.me.c.Errand, w.pbx.hears())
	}
	w.checkKept(t)
}

// TestErrandIntoAQueueThatIsAsked: until the queue has answered, agent and customer
// may do as before.
func TestErrandIntoAQueueThatIsAsked(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		do    func(*world)
		state State
		hears string
		queue string
	}{
		"nothing":                           {func(*world) {}, StateWaiting, "music", "support"},
		"the agent takes the customer back": {func(w *world) { ordered(WishResume)(w); w.decide() }, StateTalking, "talk", ""},
		"the agent hangs up":                {func(w *world) { w.agentHangsUp(orchestrator.CauseNormal); w.deliver(); w.decide() }, StateWaiting, "music", "support"},
		"kill -9":                           {func(w *world) { w.crash(time.Second) }, StateWaiting, "music", "support"},
		"the customer hangs up":             {func(w *world) { w.callerHangsUp(); w.deliver(); w.decide() }, StateEnded, "gone", ""},
	} {
		w := at(then(talking, sent)...)
		w.presses("0")
		w.deliver()
		w.decide()
		if w.me.c.Move == nil || w.me.c.Errand == nil || w.me.c.Far().agent() != "agento1" {
			t.Fatalf("%s: move %+v, errand %+v", name, w.me.c.Move, w.me.c.Errand)
		}
		r.do(w)
		w.settle(time.Second)
		queue := ""
		if w.desk.place != nil {
			queue = w.desk.place.queue
		}
		if w.me.c.State != r.state || w.pbx.hears() != r.hears || queue != r.queue || w.me.c.Move != nil {
			t.Errorf("%s: state %q, the customer hears %q, in queue %q, move %+v\n%s", name, w.me.c.State, w.pbx.hears(), queue, w.me.c.Move, w.story())
		}
		w.callerHangsUp()
		w.settle(time.Minute)
		w.checkEnded(t, "")
		w.checkKept(t)
	}
}

// TestNodeAfterAnErrand: a customer who is back with the agent is where they were before.
func TestNodeAfterAnErrand(t *testing.T) {
	t.Parallel()
	node := func(w *world) string { return w.me.c.Path[len(w.me.c.Path)-1] }
	w := at(talking...)
	before := node(w)
	sent(w)
	w.quiet()
	if node(w) == before {
		t.Fatalf("in the flow at %q", node(w))
	}
	presses("#")(w)
	w.quiet()
	if node(w) != before {
		t.Errorf("at %q, before the errand at %q", node(w), before)
	}
}

// TestTransferKeyOnALine: the transfer key of a phone on a permanent line is refused,
// for a phone whose transfer succeeds hangs up, and the line would be lost.
func TestTransferKeyOnALine(t *testing.T) {
	t.Parallel()
	onLine := func(w *world) { w.lines = 1 }
	for _, to := range []string{"102", "910000001", "both 102"} {
		w := at(then([]func(*world){onLine}, talking...)...)
		if w.me.c.State != StateTalking || w.me.c.Far().Line == "" {
			t.Fatalf("state %q, far %+v", w.me.c.State, w.me.c.Far())
		}
		phoneWants(to)(w)
		w.quiet()
		var line *toyChannel
		if far := w.me.c.Far(); far != nil {
			line = w.pbx.channels[far.Channel]
		}
		if w.me.c.State != StateTalking || w.pbx.hears() != "talk" || line == nil || line.asks {
			t.Fatalf("to %s: state %q, the customer hears %q, line %+v", to, w.me.c.State, w.pbx.hears(), line)
		}
		if f := w.last(orchestrator.EntryCallTransfer); f["result"] != "refused" || !strings.Contains(f["error"].(string), "permanent line") {
			t.Errorf("to %s: the timeline tells %v", to, f)
		}
		w.checkKept(t)
	}
}

// TestTakenOver: who takes a call over is who talks with the customer: on record by
// name, held by the distributor as whoever talks is, and free to do what an agent
// may. Who is not logged in may do as much, and is held by nobody.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	takes := boss("201", orchestrator.MonitorTakeover)
	away := func(w *world) { w.desk.busy = true }
	for name, first := range map[string]func(*world){"on duty": func(*world) {}, "logged out": away} {
		taken := then(talking, first, takes, after(time.Second))
		w := at(taken...)
		c := &w.me.c
		if c.Agent != "201" || c.Far().Person() != "201" || (c.Far().Role == RoleAgent) != (name == "on duty") || len(c.Todo) > 0 {
			t.Errorf("%s: agent %q, far %+v, todo %v", name, c.Agent, c.Far(), c.Todo)
		}
		held := slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Offer != nil && w.desk.offers[l.Offer.ID].answered })
		if held != (name == "on duty") {
			t.Errorf("%s: held by the distributor: %v", name, held)
		}
		for what, r := range map[string]struct {
			do    func(*world)
			state State
			hears string
		}{
			"hold":                    {wanted(WishHold, "", ""), StateTalking, "music"},
			"to a queue":              {toQueue, StateWaiting, "music"},
			"to a number":             {toNumber, StateTransferring, "music"},
			"by key to a number":      {phoneWants("910000001"), StateTransferring, "music"},
			"asks a number":           {asksNumber, StateTalking, "music"},
			"sends through a flow":    {sent, StateTalking, "prompt"},
			"a code":                  {types("*1"), StateTalking, "music"},
			"hangs up":                {agentEnds(orchestrator.CauseNormal), StateEnded, "gone"},
			"killed":                  {func(w *world) { w.crash(time.Second) }, StateTalking, "talk"},
			"killed as it is ordered": {func(w *world) { boss("202", orchestrator.MonitorTakeover)(w); w.crash(time.Second) }, StateTalking, "talk"},
		} {
			w := at(then(taken, r.do)...)
			w.settle(time.Second)
			if w.me.c.State != r.state || w.pbx.hears() != r.hears {
				t.Errorf("%s, %s: state %q, the customer hears %q", name, what, w.me.c.State, w.pbx.hears())
			}
			w.callerHangsUp()
			w.settle(5 * time.Minute)
			w.checkEnded(t, "")
			w.checkKept(t)
		}
		w.callerHangsUp()
		w.settle(time.Minute)
		w.checkEnded(t, orchestrator.OutcomeServed)
		if f := w.last(orchestrator.EntryCallParted); f["agent"] != "201" || f["by"] != "caller" {
			t.Errorf("%s: parted %v", name, f)
		}
		if f := w.last(orchestrator.EntryCallConnected); f["agent"] != "201" {
			t.Errorf("%s: connected %v", name, f)
		}
	}
	w := at(then(talking, takes, after(time.Second), agentEnds(orchestrator.CauseNormal), after(time.Minute))...)
	if f := w.last(orchestrator.EntryCallParted); f["by"] != "agent" || f["agent"] != "201" || w.me.c.EndedBy != "agent" || w.me.c.Agent != "201" {
		t.Errorf("the supervisor hangs up: %v, ended by %q, agent %q", f, w.me.c.EndedBy, w.me.c.Agent)
	}
	w = at(then(talking, takes, after(time.Second))...)
	for agent, want := range map[string]bool{"201": true, "agento1": false} {
		d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: WishHold, By: "test", Agent: agent}}}, w.now)
		if (d.Answers[0] == nil) != want {
			t.Errorf("%s holds: %v", agent, d.Answers[0])
		}
	}
}

// TestQueueOfATransferToAnAgent: the agent's own queue is told from which queue the
// call comes.
func TestQueueOfATransferToAnAgent(t *testing.T) {
	t.Parallel()
	w := at(then(talking, toAgent)...)
	if w.desk.place == nil || w.desk.place.queue != "@102" || w.desk.place.of != "sales" {
		t.Errorf("in the queue: %+v", w.desk.place)
	}
}

// mutes are the roles of which the PBX lets nobody hear anything.
func (w *world) mutes() (out []string) {
	for _, l := range w.me.c.Legs {
		if ch := w.pbx.channels[l.Channel]; ch != nil && ch.muted {
			out = append(out, string(l.Role))
		}
	}
	return out
}

// TestMutedSides: any side may be muted, stays so whatever room it is in and whoever
// runs the call, and is heard again once the conversation is over.
func TestMutedSides(t *testing.T) {
	t.Parallel()
	side := func(do WishKind, whom string) func(*world) {
		return func(w *world) {
			if err := w.grant(Wish{Do: do, Whom: whom, By: "test"}); err != nil {
				w.brokenf("%s %s: %v", do, whom, err)
			}
		}
	}
	customer, agent, other := side(WishMute, "customer"), side(WishMute, "agent"), side(WishMute, "other")
	for name, r := range map[string]struct {
		stages []func(*world)
		want   []string
	}{
		"the customer":                  {then(talking, customer), []string{"customer"}},
		"both":                          {then(talking, customer, agent), []string{"customer", "agent"}},
		"heard again":                   {then(talking, customer, side(WishUnmute, "customer")), nil},
		"on hold":                       {then(talking, customer, held), []string{"customer"}},
		"taken back":                    {then(talking, customer, held, resumed), []string{"customer"}},
		"killed":                        {then(talking, customer, func(w *world) { w.crash(time.Second) }), []string{"customer"}},
		"cut off":                       {then(talking, agent, cutOff), []string{"agent"}},
		"whom the agent asks":           {then(private, other), []string{"consult"}},
		"by name, in the conference":    {then(threeTalk, side(WishMute, "agento2")), []string{"consult"}},
		"swapped":                       {then(private, other, swapped, swapped), []string{"consult"}},
		"who was asked, and left":       {then(threeTalk, other, hangsUp((*world).guestPhone)), nil},
		"completed":                     {then(threeTalk, customer, other, completed), nil},
		"sent to a queue":               {then(talking, customer, toQueue), nil},
		"sent to a flow":                {then(talking, customer, toFlow), nil},
		"sent through a flow":           {then(talking, customer, sent), nil},
		"the agent leaves for the flow": {then(talking, customer, sent, agentEnds(orchestrator.CauseNormal)), nil},
		"taken over":                    {then(talking, customer, agent, boss("201", orchestrator.MonitorTakeover)), nil},
	} {
		w := at(r.stages...)
		w.settle(time.Second)
		if got := w.mutes(); !slices.Equal(got, r.want) {
			t.Errorf("%s: muted are %v, want %v\n%s", name, got, r.want, w.story())
		}
		w.callerHangsUp()
		w.settle(5 * time.Minute)
		w.checkEnded(t, "")
		w.checkKept(t)
	}
	w := at(then([]func(*world){func(w *world) { w.lines = 1 }}, then(talking, agent)...)...)
	line := w.pbx.channels[w.me.c.Far().Channel]
	toQueue(w)
	w.quiet()
	if line.muted {
		t.Error("a permanent line is given back muted")
	}
	for whom, want := range map[string]fault.Kind{"agent": fault.Conflict, "nobody": fault.NotFound, "other": fault.NotFound} {
		w := at(then(talking, agent)...)
		d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: WishMute, Whom: whom, By: "test"}}}, w.now)
		if err := d.Answers[0]; err == nil || fault.KindOf(err) != want || d.Dirty {
			t.Errorf("muting %s: %v, changed %v", whom, err, d.Dirty)
		}
	}
}

// TestMuteThatIsRefused: the timeline says that the side is heard all the same.
func TestMuteThatIsRefused(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	if err := w.grant(Wish{Do: WishMute, Whom: "customer", By: "test"}); err != nil {
		t.Fatal(err)
	}
	w.run(&w.me.pbx, refused, fault.Conflict)
	w.decide()
	if f := w.last(orchestrator.EntryCallUnmuted); w.me.c.Customer().Muted || f["error"] == nil || f["role"] != "customer" {
		t.Errorf("%+v: %v", w.me.c.Customer(), f)
	}
}

// TestJoinedWithAnAgent: whom the agent's phone had on its other line is an agent, by
// what was dialled: on record by name, held by the distributor, and free to do what an
// agent may. Who is not to be had by the distributor talks all the same.
func TestJoinedWithAnAgent(t *testing.T) {
	t.Parallel()
	away := func(w *world) { w.desk.busy = true }
	for name, first := range map[string]func(*world){"on duty": func(*world) {}, "logged out": away} {
		for when, join := range map[string][]func(*world){
			"joined": {answered, after(time.Second)}, "after the agent went": {hangsUp((*world).farPhone), (*world).quiet, answered, after(time.Second)},
			"killed": {answered, func(w *world) { w.crash(time.Second) }, after(time.Second)},
		} {
			joined := then(then(talking, first, phoneWants("both 102"), (*world).quiet), join...)
			w := at(joined...)
			c := &w.me.c
			if c.State != StateTalking || c.Agent != "102" || c.Far().Person() != "102" || (c.Far().Role == RoleAgent) != (name == "on duty") || len(c.Todo) > 0 {
				t.Errorf("%s, %s: agent %q, far %+v, todo %v\n%s", name, when, c.Agent, c.Far(), c.Todo, w.story())
				continue
			}
			held := slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Offer != nil && w.desk.offers[l.Offer.ID].answered })
			if held != (name == "on duty") {
				t.Errorf("%s, %s: held by the distributor: %v", name, when, held)
			}
			if f := w.last(orchestrator.EntryCallConnected); f["agent"] != "102" || f["taken_over"] != nil {
				t.Errorf("%s, %s: connected %v", name, when, f)
			}
			for what, r := range map[string]struct {
				do    func(*world)
				state State
			}{
				"hold": {wanted(WishHold, "", ""), StateTalking}, "to a queue": {toQueue, StateWaiting}, "listened to": {boss("201", orchestrator.MonitorListen), StateTalking},
				"hangs up": {agentEnds(orchestrator.CauseNormal), StateEnded}, "killed": {func(w *world) { w.crash(time.Second) }, StateTalking},
			} {
				w := at(then(joined, r.do)...)
				w.settle(time.Second)
				if w.me.c.State != r.state {
					t.Errorf("%s, %s, %s: state %q", name, when, what, w.me.c.State)
				}
				if f := w.last(orchestrator.EntryCallParted); what == "hangs up" && (f["by"] != "agent" || f["agent"] != "102") {
					t.Errorf("%s, %s: parted %v", name, when, f)
				}
				w.callerHangsUp()
				w.settle(5 * time.Minute)
				w.checkEnded(t, "")
				w.checkKept(t)
			}
		}
	}
}
