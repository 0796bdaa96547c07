package call

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// The phones of agents who make calls: rung for it, or the number was dialled at it,
// or on a permanent line.
const (
	byClick = "by a click"
	atPhone = "at the phone"
	onLine  = "on a permanent line"
)

// out is a world in which an agent makes a call, brought to a stage.
func out(from string, stages ...func(*world)) *world {
	w := newOutboundWorld(toyFlow{}, from == atPhone)
	if from == onLine {
		w.lines = 1
	}
	w.desk.plan.CallerID = "+34910000000"
	for _, s := range stages {
		s(w)
		w.quiet()
	}
	return w
}

var (
	asked    = (*world).quiet
	agentUp  = func(w *world) { w.agentAnswers(); w.quiet() }
	reached  = func(w *world) { w.customerAnswers(); w.quiet() }
	rejected = func(cause orchestrator.Cause) func(*world) {
		return func(w *world) { w.pbx.end(w.customer, cause); w.quiet() }
	}
	outTalks = []func(*world){asked, agentUp, reached, after(10 * time.Second)}
)

// hearsTone tells whether a tone plays to the agent.
func (w *world) hearsTone() bool {
	far := w.me.c.Far()
	if far == nil {
		return false
	}
	_, plays := w.pbx.plays[far.Tone]
	return plays
}

// TestPhoneOfWhoDialsDoesNotAnswer: the timeline says what became of the phone, and
// the agent, who has asked for the call, is free without blame.
func TestPhoneOfWhoDialsDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for cause, why := range map[orchestrator.Cause]orchestrator.OfferFailure{
		orchestrator.CauseBusy: orchestrator.OfferBusy, orchestrator.CauseNoAnswer: orchestrator.OfferNoAnswer, orchestrator.CauseRejected: orchestrator.OfferRejected,
	} {
		w := out(byClick, asked, agentEnds(cause))
		w.settle(time.Minute)
		w.checkEnded(t, orchestrator.OutcomeCancelled)
		w.checkKept(t)
		missed := w.last(orchestrator.EntryCallMissed)
		if missed["agent"] != "agento1" || missed["why"] != string(why) {
			t.Errorf("%s: the timeline tells %v", why, missed)
		}
	}
}

// TestOutboundStages: at every stage of a call that an agent makes somebody hangs
// up, or the process is killed, or the PBX cut off. The outcome says what
// happened, the agent is free again, and nothing is left over.
func TestOutboundStages(t *testing.T) {
	t.Parallel()
	type wants map[string]orchestrator.Outcome // by event; "" is of those not named
	nobody, agent, customer, kill := "nobody", "the agent", "the customer", "kill -9"
	dead := "kill -9 and the agent"
	stages := []struct {
		name   string
		stages []func(*world)
		state  State // of one by the API
		atDesk State // of one dialled at the phone, or on a line
		want   wants
	}{
		{"agent's phone rings", []func(*world){asked}, StateSummoning, StateDialing, wants{"": orchestrator.OutcomeCancelled}},
		{"customer's phone rings", []func(*world){asked, agentUp}, StateDialing, StateDialing,
			wants{nobody: orchestrator.OutcomeNoAnswer, agent: orchestrator.OutcomeCancelled, customer: orchestrator.OutcomeNoAnswer,
				kill: orchestrator.OutcomeNoAnswer, dead: orchestrator.OutcomeCancelled, "cut off": orchestrator.OutcomeNoAnswer}},
		{"customer busy", []func(*world){asked, agentUp, rejected(orchestrator.CauseBusy)}, StateFailing, StateFailing, wants{"": orchestrator.OutcomeBusy}},
		{"no such number", []func(*world){asked, agentUp, rejected(1)}, StateFailing, StateFailing, wants{"": orchestrator.OutcomeUnreachable}},
		{"talking", outTalks, StateTalking, StateTalking, wants{"": orchestrator.OutcomeServed}},
		{"on hold", then(outTalks, held), StateTalking, StateTalking, wants{"": orchestrator.OutcomeServed}},
		{"transferred to a queue", then(outTalks, toQueue), StateWaiting, StateWaiting, wants{"": orchestrator.OutcomeServed}},
		{"transferred, served", then(outTalks, toQueue, ringing, answered, after(time.Second)), StateTalking, StateTalking, wants{"": orchestrator.OutcomeServed}},
		{"transferred to a flow", then(outTalks, toFlow), StateInFlow, StateInFlow, wants{"": orchestrator.OutcomeServed}},
	}
	events := map[string]func(*world){
		nobody: func(*world) {}, agent: agentEnds(orchestrator.CauseNormal), customer: func(w *world) { w.callerHangsUp(); w.quiet() },
		kill:      func(w *world) { w.crash(5 * time.Second) },
		dead:      func(w *world) { w.cut = true; w.agentHangsUp(orchestrator.CauseNormal); w.crash(time.Second) },
		"cut off": cutOff,
	}
	for _, s := range stages {
		for who, event := range events {
			for _, from := range []string{byClick, atPhone, onLine} {
				t.Run(fmt.Sprint(s.name, ", ", who, ", ", from), func(t *testing.T) {
					t.Parallel()
					w := out(from, s.stages...)
					state, want := s.state, s.want[who]
					if from != byClick {
						state = s.atDesk
					}
					if want == "" {
						want = s.want[""]
					}
					if from != byClick && s.state == StateSummoning && who != agent && who != dead {
						want = orchestrator.OutcomeNoAnswer // the phone is answered at once
					}
					if w.me.c.State != state {
						t.Fatalf("state %q, want %q\n%s", w.me.c.State, state, w.story())
					}
					if n := len(w.rung); from == onLine && n > 1 {
						t.Errorf("%d phones were rung, beside the line", n)
					}
					if tone := w.hearsTone(); tone != (state == StateDialing || state == StateFailing) {
						t.Errorf("the agent hears a tone: %v", tone)
					}
					event(w)
					w.quiet()
					if w.me.c.State == StateDialing && !w.hearsTone() {
						t.Error("the agent hears nothing while the customer's phone rings")
					}
					w.settle(2 * time.Minute)
					w.callerHangsUp()
					w.settle(time.Minute)
					w.checkEnded(t, want)
					w.checkKept(t)
					if len(w.healed) > 0 {
						t.Errorf("the sweeper had to heal %v", w.healed)
					}
					if t.Failed() {
						t.Log(w.story())
					}
				})
			}
		}
	}
}

// TestOutboundRecord: the record of a call that an agent makes says who called
// whom on behalf of which queue, with which number, and for how long.
func TestOutboundRecord(t *testing.T) {
	t.Parallel()
	w := out(byClick, asked, agentUp)
	var shown []orchestrator.Party
	for _, todo := range w.me.c.Todo {
		if d, ok := todo.Command.(Dial); ok {
			shown = append(shown, d.Order.Caller)
		}
	}
	after(7 * time.Second)(w)
	reached(w)
	after(time.Minute)(w)
	rec := w.me.c.Rec()
	agentEnds(orchestrator.CauseNormal)(w)
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeServed)
	c := w.me.c
	if c.Kind != orchestrator.KindOutbound || c.Queue != "A" || c.Agent != "agento1" || c.Caller.Number != "910000001" || c.DID != "+34910000000" ||
		c.TalkMS != time.Minute.Milliseconds() || c.WaitMS != 0 || c.QueuedAt != 0 || c.EndedBy != "agent" || rec == nil || c.Recording == "" {
		t.Errorf("the record is %+v, shown %v, recording %v", c.CallSummary, shown, rec)
	}
	var results []string
	for _, e := range w.entries {
		var d struct{ Destination, Result string }
		if e.Type == orchestrator.EntryCallDialled && json.Unmarshal(e.Data, &d) == nil {
			results = append(results, d.Result)
			if d.Destination != "******001" {
				t.Errorf("the timeline shows %q", d.Destination)
			}
		}
	}
	if got := strings.Join(results, " "); got != "dialling answered" {
		t.Errorf("the timeline says %q", got)
	}
}

// TestOutboundRefused: who may not call, or cannot now, is told so; nobody is
// rung, and the refusal is on record.
func TestOutboundRefused(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		number string
		stage  func(*world)
		agent  orchestrator.AgentResult
		text   string
	}{
		"by the gate":          {"", func(*world) {}, "", "empty"},
		"the agent has a call": {"910000001", func(w *world) { w.desk.busy = true }, orchestrator.AgentBusy, ""},
	} {
		for _, atPhone := range []bool{false, true} {
			w := newOutboundWorld(toyFlow{}, atPhone)
			w.order.Number = r.number
			w.begin()
			r.stage(w)
			w.settle(time.Minute)
			w.checkEnded(t, orchestrator.OutcomeRefused)
			w.checkKept(t)
			got := w.me.c.Refusal
			if got == nil || got.Agent != r.agent || !strings.Contains(got.Text, r.text) || w.pbx.dialled != 0 || w.count(orchestrator.EntryCallDialled) != 1 {
				t.Errorf("%s: refusal %+v, %d dialled, the timeline tells %d times", name, got, w.pbx.dialled, w.count(orchestrator.EntryCallDialled))
			}
		}
	}
}

// TestTrunkIsFull: a cap that refuses the customer's number ends the call by its name.
func TestTrunkIsFull(t *testing.T) {
	t.Parallel()
	w := out(byClick, asked)
	w.agentAnswers()
	w.deliver()
	for w.decide() {
		for len(w.me.pbx.todo) > 0 {
			if d, ok := w.me.pbx.todo[0].Command.(Dial); ok && d.Outside {
				w.answer(&w.me.pbx, w.me.pbx.todo[0], Result{}, fault.New("gate", fault.Denied, "outbound.max_calls: full"))
				break
			}
			w.run(&w.me.pbx, carriedOut, 0)
		}
	}
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeRefused)
	if r := w.me.c.Refusal; r == nil || !strings.Contains(r.Text, "outbound.max_calls") {
		t.Errorf("refusal %+v", r)
	}
}

// TestUnkindOutbound is TestUnkindWorld for calls that agents make.
func TestUnkindOutbound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		throw(t, newOutboundWorld(drawGraph(t), rapid.Bool().Draw(t, "at the phone")), func(u *unkind) {
			w := u.w
			w.lines = rapid.IntRange(0, 2).Draw(t, "one in so many agents is on a line")
			w.desk.free = rapid.IntRange(0, 2).Draw(t, "free agents")
			w.desk.plan.MaxTalk = time.Duration(rapid.SampledFrom([]int{0, 0, 70}).Draw(t, "longest talk")) * time.Second
			w.bring(t, w.quiet, w.agentAnswers, w.quiet, w.customerAnswers, w.quiet)
		})
	})
}

// TestCustomerIsDialledOnce: nobody hears the PBX's answer to the order to dial the
// customer, who is busy, or answers and hangs up. The phone is not rung once more.
func TestCustomerIsDialledOnce(t *testing.T) {
	t.Parallel()
	for name, does := range map[string]func(*world){
		"busy": func(w *world) { w.pbx.end(w.customer, orchestrator.CauseBusy) },
		"answers and hangs up": func(w *world) {
			w.customerAnswers()
			w.decides()
			w.callerHangsUp()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := out(byClick, asked)
			w.agentAnswers()
			for w.pbx.channels[w.customer] == nil {
				w.decides()
				fate := carriedOut
				if d, ok := w.me.pbx.todo[0].Command.(Dial); ok && d.Outside {
					fate = answerLost
				}
				w.run(&w.me.pbx, fate, 0)
			}
			does(w)
			w.decides()
			w.settle(time.Minute)
			w.checkEnded(t, "")
			w.checkKept(t)
			if t.Failed() {
				t.Log(w.story())
			}
		})
	}
}

// TestDialInDoubt: an order to ring a customer whose answer was lost is not given again, also
// when all that was heard of the phone is gone: nobody is rung twice by one attempt. The agent is
// told that nobody was reached, and a callback goes on with its next attempt, after its pause.
func TestDialInDoubt(t *testing.T) {
	t.Parallel()
	call := map[string]func() *world{
		"an agent's call":            func() *world { return out(byClick, asked) },
		"a callback":                 func() *world { return back("agent", (*world).offer) },
		"a callback, customer first": func() *world { w := back("customer"); w.offer(); return w },
	}
	for name, begun := range call {
		for _, r := range []struct {
			name string
			fate fate
			rung int
		}{{"over meanwhile", answerLost, 1}, {"never arrived", unanswered, 0}, {"late", answerLater, 1}} {
			t.Run(name+", "+r.name, func(t *testing.T) {
				t.Parallel()
				w := begun()
				if name != "a callback, customer first" {
					w.agentAnswers()
				}
				customer := ""
				for customer == "" {
					w.notice()
					w.decides()
					if len(w.me.pbx.todo) == 0 {
						if !w.run(&w.me.dsk, carriedOut, 0) {
							t.Fatal("nobody is rung\n" + w.story())
						}
						continue
					}
					fate := carriedOut
					if d, ok := w.me.pbx.todo[0].Command.(Dial); ok && d.Outside {
						fate, customer = r.fate, d.Order.Channel
					}
					w.run(&w.me.pbx, fate, 0)
				}
				asked := w.now
				if r.fate == answerLost {
					w.pbx.end(customer, orchestrator.CauseBusy)
					w.wire = nil // and nobody hears of it
				}
				w.run(&w.me.pbx, carriedOut, 0)
				w.arriveLate()
				w.settle(2 * time.Hour)
				w.checkEnded(t, "")
				w.checkKept(t)
				if n := w.rung[customer]; n != r.rung {
					t.Errorf("rung %d times, want %d", n, r.rung)
				}
				for _, e := range w.entries {
					var d struct {
						Result  string
						Attempt int
					}
					if e.Type == orchestrator.EntryCallDialled && json.Unmarshal(e.Data, &d) == nil && d.Result == "dialling" && d.Attempt == 2 && e.At.Sub(asked) < time.Minute {
						t.Errorf("the next attempt came %v after one of which nobody knows whether it rang", e.At.Sub(asked))
					}
				}
				if t.Failed() {
					t.Log(w.story())
				}
			})
		}
	}
}

// decides lets the call decide on all that is on its way, and carries nothing out.
func (w *world) decides() {
	for w.deliver(); w.decide(); w.deliver() {
	}
}
