package call

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// attempted is a world with an attempt to reach a lead, whose flow has them in queue A
// for two seconds and ends then as an abandoned call, brought to a stage.
func attempted(stages ...func(*world)) *world {
	w := newAttemptWorld(graph{
		{Kind: orchestrator.ActQueue, Queue: "A", Wait: 2 * time.Second, Edges: map[string]int{"timeout": 1, "served": 2}},
		{Kind: orchestrator.ActHangup, Ends: string(orchestrator.OutcomeAbandoned)},
		{Kind: orchestrator.ActHangup},
	})
	w.quiet()
	for _, s := range stages {
		s(w)
		w.quiet()
	}
	return w
}

var (
	leadRings   = func(w *world) { w.pbx.phoneRings(w.pbx.channels[w.customer]) }
	leadAnswers = (*world).customerAnswers
	dead        = func(w *world) { w.cut = true }
	backAgain   = func(w *world) { w.crash(time.Second) }
	tells       = func(w *world) { w.pbx.tells(w.customer) }
	hasTold     = func(came orchestrator.MessageEnd) func(*world) {
		return func(w *world) { w.pbx.hasTold(w.customer, came) }
	}
	leadEnds = func(cause orchestrator.Cause) func(*world) {
		return func(w *world) { w.pbx.end(w.customer, cause) }
	}
)

// TestAttempt: how each attempt ends, at every stage of it, by whatever happens; and
// the lead's phone is rung once.
func TestAttempt(t *testing.T) {
	t.Parallel()
	free := func(w *world) { w.desk.free++ }
	served := []func(*world){leadRings, free, leadAnswers, ringing, answered, after(10 * time.Second)}
	rows := []struct {
		name     string
		stages   []func(*world)
		outcome  orchestrator.Outcome
		by       string
		answered bool
	}{
		{"rings out", []func(*world){leadRings}, orchestrator.OutcomeNoAnswer, "operadora", false},
		{"is busy", []func(*world){leadEnds(orchestrator.CauseBusy)}, orchestrator.OutcomeBusy, "number", false},
		{"no such number", []func(*world){leadEnds(1)}, orchestrator.OutcomeInvalid, "number", false},
		{"no line is free", []func(*world){leadEnds(42)}, orchestrator.OutcomeCongested, "number", false},
		{"is switched off", []func(*world){leadEnds(20)}, orchestrator.OutcomeUnreachable, "number", false},
		{"the network gives up as it rings", []func(*world){leadRings, leadEnds(1)}, orchestrator.OutcomeNoAnswer, "number", false},
		{"declines at once", []func(*world){leadEnds(orchestrator.CauseRejected)}, orchestrator.OutcomeDeclined, "number", false},
		{"declines", []func(*world){leadRings, leadEnds(orchestrator.CauseRejected)}, orchestrator.OutcomeDeclined, "number", false},
		{"nobody is free", []func(*world){leadRings, leadAnswers}, orchestrator.OutcomeAbandoned, "operadora", true},
		{"an agent's phone rings in vain", []func(*world){leadRings, free, leadAnswers}, orchestrator.OutcomeAbandoned, "operadora", true},
		{"does not wait", []func(*world){leadAnswers, leadEnds(orchestrator.CauseNormal)}, orchestrator.OutcomeAbandoned, "caller", true},
		{"served", append(served, leadEnds(orchestrator.CauseNormal)), orchestrator.OutcomeServed, "caller", true},
		{"served, and the agent ends", append(served, agentEnds(orchestrator.CauseNormal)), orchestrator.OutcomeServed, "agent", true},
		{"killed as it rings", []func(*world){leadRings, func(w *world) { w.crash(time.Second) }}, orchestrator.OutcomeNoAnswer, "operadora", false},
		{"killed, answered meanwhile", []func(*world){leadRings, func(w *world) { w.cut = true; leadAnswers(w); w.crash(time.Second) }},
			orchestrator.OutcomeAbandoned, "operadora", true},
		{"killed, busy meanwhile", []func(*world){func(w *world) { w.cut = true; leadEnds(orchestrator.CauseBusy)(w); w.crash(time.Second) }},
			orchestrator.OutcomeBusy, "number", false},
		{"killed in a conversation", append(served, func(w *world) { w.crash(time.Second) }, leadEnds(orchestrator.CauseNormal)), orchestrator.OutcomeServed, "caller", true},
		{"ended by the staff", []func(*world){leadRings, func(w *world) { _ = w.grant(Wish{Do: WishHangup, By: "test"}) }},
			orchestrator.OutcomeCancelled, "operadora", false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := attempted(r.stages...)
			w.settle(5 * time.Minute)
			w.checkEnded(t, r.outcome)
			w.checkKept(t)
			c := &w.me.c
			if c.EndedBy != r.by || (c.AnsweredAt > 0) != r.answered {
				t.Errorf("ended by %q, answered at %d", c.EndedBy, c.AnsweredAt)
			}
			if w.rung[w.customer] != 1 || c.Campaign != "sales" || c.Lead != "7" || c.Attempts != 2 || c.Kind != orchestrator.KindCampaign {
				t.Errorf("rung %d times, on record %+v", w.rung[w.customer], c.CallSummary)
			}
			if t.Failed() {
				t.Log(w.story())
			}
		})
	}
}

// TestAttemptThatMayNotBe: the gate refuses the number, or a cap of the trunk does;
// nothing rings, and the rule is on record.
func TestAttemptThatMayNotBe(t *testing.T) {
	t.Parallel()
	w := newAttemptWorld(graph{{Kind: orchestrator.ActHangup}})
	w.gate.numbers = true
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeRefused)
	if r := w.me.c.Refusal; w.rung[w.customer] != 0 || r == nil || r.Text == "" {
		t.Errorf("rung %d times, refusal %+v", w.rung[w.customer], r)
	}

	w = newAttemptWorld(graph{{Kind: orchestrator.ActHangup}})
	w.decides()
	w.run(&w.me.pbx, refused, fault.Denied)
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeRefused)
	if r := w.me.c.Refusal; w.rung[w.customer] != 0 || r == nil || r.Text == "" {
		t.Errorf("rung %d times, refusal %+v", w.rung[w.customer], r)
	}
}

// TestAttemptInDoubt: an order whose answer was lost is not given again. The lead's phone
// rang, and rings no more when the PBX is asked, while nothing can be decided; or it never
// rang; or the order comes through when nobody waits for it any more.
func TestAttemptInDoubt(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name    string
		fate    fate
		rung    int
		outcome orchestrator.Outcome
	}{
		{"over meanwhile", answerLost, 1, orchestrator.OutcomeBusy},
		{"never arrived", unanswered, 0, orchestrator.OutcomeLost},
		{"late", answerLater, 1, orchestrator.OutcomeNoAnswer},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newAttemptWorld(graph{{Kind: orchestrator.ActHangup}})
			w.decides()
			w.run(&w.me.pbx, r.fate, 0)
			if r.fate == answerLost {
				w.pbx.end(w.customer, orchestrator.CauseBusy)
			}
			w.run(&w.me.pbx, carriedOut, 0) // before the end of it is decided on
			w.arriveLate()
			w.settle(time.Minute)
			w.checkEnded(t, r.outcome)
			w.checkKept(t)
			if n := w.rung[w.customer]; n != r.rung {
				t.Errorf("rung %d times, want %d", n, r.rung)
			}
			if t.Failed() {
				t.Log(w.story())
			}
		})
	}
}

// TestLeadWaits: who answered and has no agent in time hears the message, whole, and is on
// record as abandoned, with what was played and when; whatever happens meanwhile.
func TestLeadWaits(t *testing.T) {
	t.Parallel()
	free := func(w *world) { w.desk.free++ }
	late := after(2 * time.Second)
	for _, r := range []struct {
		name    string
		change  []func(*Attempt)
		stages  []func(*world)
		outcome orchestrator.Outcome
		by      string
		states  []string // of the message
	}{
		{"nobody is free", nil, []func(*world){leadAnswers, late}, orchestrator.OutcomeAbandoned, "operadora", []string{"playing", "heard"}},
		{"a phone rings", nil, []func(*world){free, leadAnswers, late}, orchestrator.OutcomeAbandoned, "operadora", []string{"playing", "heard"}},
		{"hangs up before", nil, []func(*world){leadAnswers, leadEnds(orchestrator.CauseNormal)}, orchestrator.OutcomeAbandoned, "caller", nil},
		{"hangs up as it is played", nil, []func(*world){leadAnswers, late, leadEnds(orchestrator.CauseNormal)}, orchestrator.OutcomeAbandoned, "caller", []string{"playing", "cut"}},
		{"ended by the staff as it is played", nil, []func(*world){leadAnswers, late, func(w *world) { _ = w.grant(Wish{Do: WishHangup, By: "test"}) }},
			orchestrator.OutcomeAbandoned, "operadora", []string{"playing", "cut"}},
		{"killed as it is played", nil, []func(*world){leadAnswers, late, func(w *world) { w.crash(time.Second) }}, orchestrator.OutcomeAbandoned, "operadora", []string{"playing", "heard"}},
		{"killed as it is played, and over meanwhile", nil, []func(*world){leadAnswers, late, func(w *world) { w.crash(10 * time.Second) }},
			orchestrator.OutcomeAbandoned, "operadora", []string{"playing", "playing", "heard"}},
		{"killed while waiting", nil, []func(*world){leadAnswers, func(w *world) { w.crash(time.Minute) }}, orchestrator.OutcomeAbandoned, "operadora", []string{"playing", "heard"}},
		{"killed as it rings, and told by the PBX", nil, []func(*world){leadRings, dead, leadAnswers, tells, hasTold(orchestrator.MessageHeard), backAgain},
			orchestrator.OutcomeAbandoned, "pbx", []string{"playing", "heard"}},
		{"killed as it rings, and hangs up on the PBX", nil, []func(*world){leadRings, dead, leadAnswers, tells, hasTold(orchestrator.MessageCut), backAgain},
			orchestrator.OutcomeAbandoned, "number", []string{"playing", "cut"}},
		{"killed as it rings, and the PBX tells them yet", nil, []func(*world){leadRings, dead, leadAnswers, tells, backAgain, hasTold(orchestrator.MessageHeard)},
			orchestrator.OutcomeAbandoned, "pbx", []string{"playing", "heard"}},
		{"killed while waiting, and told by the PBX", nil, []func(*world){leadAnswers, dead, tells, hasTold(orchestrator.MessageHeard), backAgain},
			orchestrator.OutcomeAbandoned, "pbx", []string{"playing", "heard"}},
		{"killed as a phone rings, and told by the PBX", nil, []func(*world){free, leadAnswers, ringing, dead, tells, hasTold(orchestrator.MessageFailed), backAgain},
			orchestrator.OutcomeAbandoned, "pbx", []string{"playing", "failed"}},
		{"killed as a phone rings, and the PBX tells them yet", nil, []func(*world){free, leadAnswers, ringing, dead, tells, backAgain, hasTold(orchestrator.MessageHeard)},
			orchestrator.OutcomeAbandoned, "pbx", []string{"playing", "heard"}},
		{"killed, and the PBX has nothing to tell", []func(*Attempt){func(o *Attempt) { o.Message = nil }},
			[]func(*world){leadRings, dead, leadAnswers, tells, hasTold(orchestrator.MessageNone), backAgain}, orchestrator.OutcomeAbandoned, "pbx", []string{"none"}},
		{"hung while a phone rings, and told by the PBX", nil, []func(*world){free, leadAnswers, ringing, tells, hasTold(orchestrator.MessageHeard)},
			orchestrator.OutcomeAbandoned, "pbx", []string{"playing", "heard"}},
		{"hung as it rings, and hangs up on the PBX", nil, []func(*world){leadRings, leadAnswers, tells, hasTold(orchestrator.MessageCut)},
			orchestrator.OutcomeAbandoned, "caller", []string{"playing", "cut"}},
		{"no message", []func(*Attempt){func(o *Attempt) { o.Message = nil }}, []func(*world){leadAnswers, late}, orchestrator.OutcomeAbandoned, "operadora", []string{"none"}},
		{"served", nil, []func(*world){free, leadAnswers, ringing, answered, after(10 * time.Second), leadEnds(orchestrator.CauseNormal)}, orchestrator.OutcomeServed, "caller", nil},
		{"served, and the agent ends", nil, []func(*world){free, leadAnswers, ringing, answered, after(10 * time.Second), agentEnds(orchestrator.CauseNormal)}, orchestrator.OutcomeServed, "agent", nil},
		{"the queue is closed", nil, []func(*world){func(w *world) {
			w.desk.refuses = map[string]orchestrator.PlacementResult{"A": orchestrator.RefusedClosed}
		}, leadAnswers}, orchestrator.OutcomeAbandoned, "operadora", []string{"playing", "heard"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newLeadWorld(graph{{Kind: orchestrator.ActHangup}}, r.change...)
			w.quiet()
			for _, s := range r.stages {
				s(w)
				w.quiet()
			}
			w.settle(5 * time.Minute)
			w.checkEnded(t, r.outcome)
			w.checkKept(t)
			var states []string
			for _, e := range w.entries {
				if told := string(e.Data); e.Type == orchestrator.EntryCallOffered && (!strings.Contains(told, `"about":{"due":"100"}`) || !strings.Contains(told, `"script":"You owe 100."`)) {
					t.Errorf("the agent is told %s", told)
				}
				var d struct {
					State  string
					Sounds []string
					Answer int64 `json:"answered_ms"`
					Within int64 `json:"within_ms"`
				}
				if e.Type != orchestrator.EntryCallMessage || json.Unmarshal(e.Data, &d) != nil {
					continue
				}
				states = append(states, d.State)
				if d.Within != 2000 || d.Answer < 0 || d.State != "none" && !slices.Equal(d.Sounds, []string{"sorry"}) {
					t.Errorf("%+v", d)
				}
			}
			if c := &w.me.c; !slices.Equal(states, r.states) || c.EndedBy != r.by || (c.ConnectedAt > 0) != (r.outcome == orchestrator.OutcomeServed) {
				t.Errorf("message %q, ended by %q, connected at %d", states, c.EndedBy, c.ConnectedAt)
			}
			if t.Failed() {
				t.Log(w.story())
			}
		})
	}
}

// TestFlowOfALead: the law's end of the wait holds for a lead in a queue of a flow, which
// would let them wait longer; and is none for whom a flow only speaks to.
func TestFlowOfALead(t *testing.T) {
	t.Parallel()
	w := newAttemptWorld(graph{
		{Kind: orchestrator.ActQueue, Queue: "A", Wait: time.Minute, Edges: map[string]int{"timeout": 1, "served": 1}},
		{Kind: orchestrator.ActHangup},
	})
	o := *w.attempt
	o.Within = 3 * time.Second
	w.attempt = &o
	w.begin()
	w.quiet()
	leadAnswers(w)
	w.quiet()
	w.settle(4 * time.Second)
	w.checkEnded(t, orchestrator.OutcomeAbandoned)
	if got := w.me.c.WaitMS; got != 3000 {
		t.Errorf("waited %d ms", got)
	}
}

// TestUnkindLead is TestUnkindWorld for leads who enter a queue as they answer: whoever
// answered hears an agent or the message, whatever happens.
func TestUnkindLead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		throw(t, newLeadWorld(drawGraph(t)), func(u *unkind) {
			w := u.w
			u.machines()
			w.lines = rapid.SampledFrom([]int{0, 1, 1, 2}).Draw(t, "permanent lines")
			w.desk.free = rapid.IntRange(0, 2).Draw(t, "free agents")
			w.bring(t, w.quiet, w.customerAnswers, w.quiet, w.offer, w.quiet, w.agentAnswers, w.quiet)
		})
	})
}

// TestLeadRingsLongEnough: a phone rings as long as the campaign wants from when it rings, and
// never less than the law demands, however late it begins; also one of which nothing is told.
func TestLeadRingsLongEnough(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name        string
		ring, least time.Duration
		late        time.Duration // until it is told to ring; 0: never
		want        time.Duration // from the dialling
	}{
		{"the least", 15 * time.Second, 15 * time.Second, 4 * time.Second, 19 * time.Second},
		{"longer", 25 * time.Second, 15 * time.Second, 4 * time.Second, 29 * time.Second},
		{"very late", 15 * time.Second, 15 * time.Second, 27 * time.Second, 42 * time.Second},
		{"never told", 15 * time.Second, 15 * time.Second, 0, 28 * time.Second},
		{"never told, and long", 40 * time.Second, 15 * time.Second, 0, 40 * time.Second},
		{"never told, and no law", 15 * time.Second, 0, 0, 15 * time.Second},
	} {
		w := newLeadWorld(graph{{Kind: orchestrator.ActHangup}}, func(o *Attempt) { o.Ring, o.Least = r.ring, r.least })
		w.quiet()
		if r.late > 0 {
			w.settle(r.late)
			leadRings(w)
			w.quiet()
		}
		w.settle(5 * time.Minute)
		w.checkEnded(t, orchestrator.OutcomeNoAnswer)
		customer := w.me.c.Customer()
		if got := time.Duration(w.me.c.EndedAt-customer.Dialed) * time.Millisecond; got < r.want || got > r.want+time.Second || (customer.Rang > 0) != (r.late > 0) {
			t.Errorf("%s: ended %v after it was dialled, want %v", r.name, got, r.want)
		}
	}
}

// TestAttemptIsGivenUp: never before the phone has rung for as long as it must; and an
// answer that crosses the end was an answer, and an abandoned call.
func TestAttemptIsGivenUp(t *testing.T) {
	t.Parallel()
	giveUp := Wish{Do: WishGiveUp, By: "campaign:sales", Reason: "agents went home"}
	w := attempted()
	if err := w.grant(giveUp); fault.KindOf(err) != fault.Conflict {
		t.Errorf("given up before it rang: %v", err)
	}
	w = attempted(leadRings, after(14*time.Second))
	if err := w.grant(giveUp); fault.KindOf(err) != fault.Conflict {
		t.Errorf("given up after 14 s of 15: %v", err)
	}
	w.pass(time.Second)
	if err := w.grant(giveUp); err != nil {
		t.Error(err)
	}
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeNoAnswer)
	if w.me.c.EndedBy != "operadora" || w.last(orchestrator.EntryCallHungUp)["reason"] != giveUp.Reason {
		t.Errorf("ended by %q, %v", w.me.c.EndedBy, w.last(orchestrator.EntryCallHungUp))
	}

	w = attempted(leadRings, after(20*time.Second))
	leadAnswers(w) // told after the order to end it
	if err := w.grant(giveUp); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeAbandoned)
	if w.me.c.AnsweredAt == 0 {
		t.Error("the answer is not on record")
	}
	if err := w.grant(giveUp); err == nil {
		t.Error("an ended call was given up")
	}
}

// TestUnkindAttempt is TestUnkindWorld for calls to leads: above all, no phone is rung twice.
func TestUnkindAttempt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		throw(t, newAttemptWorld(drawGraph(t)), func(u *unkind) {
			w := u.w
			u.machines()
			w.lines = rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "permanent lines")
			w.desk.free = rapid.IntRange(0, 2).Draw(t, "free agents")
			w.desk.plan.MaxTalk = time.Duration(rapid.SampledFrom([]int{0, 0, 70}).Draw(t, "longest talk")) * time.Second
			w.bring(t, w.quiet, w.customerAnswers, w.quiet, w.offer, w.quiet, w.agentAnswers, w.quiet)
		})
	})
}

// knowing is a flow that keeps what it is told of the call.
type knowing struct {
	orchestrator.Flows
	told []orchestrator.Arrival
}

func (k *knowing) Begin(a orchestrator.Arrival, now time.Time) (orchestrator.FlowStep, error) {
	k.told = append(k.told, a)
	return k.Flows.Begin(a, now)
}

// TestFlowKnowsTheLead: a campaign's flow is told of the lead, and so is one that the agent sends them to.
func TestFlowKnowsTheLead(t *testing.T) {
	t.Parallel()
	w := attempted()
	flow := &knowing{Flows: w.rules.Flows}
	w.rules.Flows, w.attempt.About = flow, map[string]string{"amount": "100"}
	w.begin()
	for _, s := range []func(*world){leadRings, func(w *world) { w.desk.free++ }, leadAnswers, ringing, answered, after(10 * time.Second), toFlow} {
		w.quiet()
		s(w)
	}
	w.quiet()
	if len(flow.told) != 2 || flow.told[0].Lead["amount"] != "100" || flow.told[1].Lead["amount"] != "100" {
		t.Errorf("told %+v", flow.told)
	}
}

// TestToldLeadIsNobodysTurn: a lead whom the PBX itself tells the message can be joined with nobody:
// no agent is rung for them, whatever is found out about them meanwhile, and whatever was on its way.
func TestToldLeadIsNobodysTurn(t *testing.T) {
	t.Parallel()
	free := func(w *world) { w.desk.free++ }
	for _, r := range []struct {
		name   string
		detect MachineDetect
		stages []func(*world)
		offers int
	}{
		{"heard to be a person meanwhile", DetectBefore, []func(*world){free, leadAnswers, tells, hears(orchestrator.VerdictPerson)}, 0},
		{"nothing is heard", DetectBefore, []func(*world){free, leadAnswers, tells, after(5 * time.Second)}, 0},
		{"as the agent picks up", DetectNone, []func(*world){free, free, leadAnswers, ringing, func(w *world) {
			w.agentAnswers()
			w.deliver()
			for w.me.c.State != StateConnecting && w.decide() {
			}
			w.pbx.tells(w.customer)
		}, after(time.Second), ringing, after(5 * time.Second)}, 1},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newLeadWorld(graph{{Kind: orchestrator.ActHangup}}, func(o *Attempt) { o.Machines = toyMachines(r.detect, MachineHangUp) })
			w.quiet()
			for _, s := range r.stages {
				s(w)
				w.quiet()
			}
			hasTold(orchestrator.MessageHeard)(w)
			w.settle(5 * time.Minute)
			w.checkEnded(t, orchestrator.OutcomeAbandoned)
			w.checkKept(t)
			offers := 0
			for _, e := range w.entries {
				if e.Type == orchestrator.EntryCallOffered {
					offers++
				}
			}
			if c := &w.me.c; offers != r.offers || c.ConnectedAt > 0 {
				t.Errorf("offered %d times, want %d; connected at %d", offers, r.offers, c.ConnectedAt)
			}
			if t.Failed() {
				t.Log(w.story())
			}
		})
	}
}
