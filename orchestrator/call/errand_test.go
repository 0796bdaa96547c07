package call

import (
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// sent is a stage in which the agent sends the customer through a flow and back.
func sent(w *world) {
	w.quiet()
	if err := w.grant(Wish{Do: WishTransfer, Return: true, By: "agent:o1",
		To: orchestrator.Target{Kind: orchestrator.TargetFlow, Name: "pay"}}); err != nil {
		w.brokenf("to the flow and back: %v", err)
	}
}

func presses(keys string) func(*world) {
	return func(w *world) {
		for _, k := range keys {
			w.presses(string(k))
		}
	}
}

// untaped lets the PBX end the recording, as it may when nobody is heard.
func untaped(w *world) {
	for id := range w.pbx.recordings {
		w.pbx.endRecording(id, false)
	}
}

// silent tells whether every running recording of a conversation is silent.
func (p *toyPBX) silent() bool {
	for _, r := range p.recordings {
		if r.target != customerChannel && !r.muted {
			return false
		}
	}
	return true
}

// TestErrand: a customer whom an agent sends through a flow is heard by nobody
// meanwhile, and comes back; at every stage either side hangs up, or the process
// is killed.
func TestErrand(t *testing.T) {
	t.Parallel()
	stages := []struct {
		name   string
		stages []func(*world)
		state  State
		hears  string
		away   bool // in the flow
		far    bool // the agent hears music
		silent bool // the recording
	}{
		{"in the flow", then(talking, sent), StateTalking, "prompt", true, true, true},
		{"typing", then(talking, sent, presses("4929")), StateTalking, "prompt", true, true, true},
		{"from hold", then(talking, held, sent), StateTalking, "prompt", true, true, true},
		{"killed in it", then(talking, sent, func(w *world) { w.crash(time.Second) }), StateTalking, "prompt", true, true, true},
		{"cut off in it", then(talking, sent, cutOff), StateTalking, "prompt", true, true, true},
		{"returned", then(talking, sent, presses("#")), StateTalking, "talk", false, false, false},
		{"returned by itself", then(talking, sent, after(2*time.Minute)), StateTalking, "talk", false, false, false},
		{"killed, and returned", then(talking, sent, func(w *world) { w.crash(time.Second) }, presses("#")), StateTalking, "talk", false, false, false},
		{"taken back", then(talking, sent, resumed), StateTalking, "talk", false, false, false},
		{"taken back by a key", then(talking, sent, types("*1")), StateTalking, "talk", false, false, false},
		{"twice", then(talking, sent, presses("#"), sent, presses("#")), StateTalking, "talk", false, false, false},
		{"muted before", then(talking, types("*8"), sent, presses("#")), StateTalking, "talk", false, false, true},
		{"muted meanwhile", then(talking, sent, types("*8"), presses("#")), StateTalking, "talk", false, false, true},
		{"the flow fails", then(talking, sent, presses("8")), StateTalking, "talk", false, false, false},
		{"the flow would send on, and may not", then(talking, sent, presses("9")), StateTalking, "prompt", true, true, true},
		{"sent on by the flow", then(talking, sent, presses("0")), StateWaiting, "music", false, false, true},
		{"the recording ended in it, returned", then(talking, sent, untaped, presses("#")), StateTalking, "talk", false, false, false},
		{"muted before, and it ended in it", then(talking, types("*8"), sent, untaped, presses("#")), StateTalking, "talk", false, false, true},
		{"the recording ended on hold, resumed", then(talking, held, untaped, resumed), StateTalking, "talk", false, false, false},
		{"keys of the agent", then(talking, sent, types("55")), StateTalking, "prompt", true, true, true},
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
				w.quiet()
				if got := w.pbx.hears(); w.me.c.State != s.state || got != s.hears || (w.me.c.Errand != nil) != s.away {
					t.Fatalf("state %q, errand %+v, the customer hears %q\n%s", w.me.c.State, w.me.c.Errand, got, w.story())
				}
				if phones := w.pbx.phones(); s.far != (len(phones) == 1 && phones[0].hold) {
					t.Errorf("the agent hears music: %v", !s.far)
				}
				if w.pbx.silent() != s.silent {
					t.Errorf("the recording is silent: %v", !s.silent)
				}
				if s.state == StateTalking && len(w.pbx.recordings) != 1 {
					t.Errorf("being recorded: %v", w.pbx.recordings)
				}
				if keys := w.pbx.channels[customerChannel].keys; keys != "" {
					t.Errorf("the customer's phone got %q", keys)
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

// TestErrandWithoutTheAgent: the flow goes on when the agent hangs up, and is the
// end of the call.
func TestErrandWithoutTheAgent(t *testing.T) {
	t.Parallel()
	w := at(then(talking, sent, agentEnds(orchestrator.CauseNormal))...)
	if w.me.c.State != StateInFlow || w.me.c.Errand != nil || w.pbx.hears() != "prompt" {
		t.Fatalf("state %q, errand %+v, the customer hears %q", w.me.c.State, w.me.c.Errand, w.pbx.hears())
	}
	presses("#")(w)
	w.settle(time.Second)
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
}

// TestErrandsThatAreRefused change nothing and say why.
func TestErrandsThatAreRefused(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		stages []func(*world)
		wish   Wish
		want   fault.Kind
		text   string
	}{
		{"to a queue and back", talking, Wish{Do: WishTransfer, Return: true, To: orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "B"}}, fault.Invalid, `"queue"`},
		{"twice at a time", then(talking, sent), Wish{Do: WishTransfer, Return: true, To: orchestrator.Target{Kind: orchestrator.TargetFlow, Name: "pay"}}, fault.Conflict, "in a flow"},
		{"in the queue", []func(*world){inQueue}, Wish{Do: WishTransfer, Return: true, To: orchestrator.Target{Kind: orchestrator.TargetFlow, Name: "pay"}}, fault.Conflict, "no conversation"},
		{"a transfer meanwhile", then(talking, sent), Wish{Do: WishTransfer, To: orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "B"}}, fault.Conflict, "in a flow"},
		{"hold meanwhile", then(talking, sent), Wish{Do: WishHold}, fault.Conflict, "in a flow"},
		{"unmute meanwhile", then(talking, sent), Wish{Do: WishUnmute}, fault.Conflict, "silent until"},
		{"a consultation meanwhile", then(talking, sent), Wish{Do: WishConsult, To: orchestrator.Target{Kind: orchestrator.TargetAgent, Name: "102"}}, fault.Conflict, "in a flow"},
	}
	for _, r := range rows {
		w := at(r.stages...)
		w.quiet()
		d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: r.wish}}, w.now)
		if err := d.Answers[0]; fault.KindOf(err) != r.want || err == nil || !strings.Contains(err.Error(), r.text) {
			t.Errorf("%s: %v", r.name, err)
		}
		if d.Dirty {
			t.Errorf("%s: it has changed something", r.name)
		}
	}
}

// TestErrandThatCannotBe: a customer who cannot be taken out of the room, or whose
// recording cannot be silenced, is asked for nothing.
func TestErrandThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, verb := range []Verb{"part", "mute"} {
		w := at(talking...)
		sent(w)
		for len(w.me.pbx.todo) > 0 {
			f := carriedOut
			if VerbOf(w.me.pbx.todo[0].Command) == verb {
				f = refused
			}
			w.run(&w.me.pbx, f, fault.Conflict)
			w.deliver()
			w.decide()
		}
		w.quiet()
		if w.me.c.State != StateTalking || w.me.c.Errand != nil || w.pbx.hears() != "talk" {
			t.Errorf("%s refused: state %q, errand %+v, the customer hears %q", verb, w.me.c.State, w.me.c.Errand, w.pbx.hears())
		}
	}
}

// TestErrandOfACallWithoutAFlow: an agent has called the customer, sends them through a
// flow and takes them back; the process is killed meanwhile. With the agent the call is
// over, as it was before the errand: there is no flow to go on with.
func TestErrandOfACallWithoutAFlow(t *testing.T) {
	t.Parallel()
	w := newOutboundWorld(graph{{Kind: orchestrator.ActPlay, Wait: menuWait, Edges: map[string]int{}}}, false)
	for _, do := range outTalks {
		do(w)
		w.quiet()
	}
	if err := w.grant(Wish{Do: WishTransfer, Return: true, To: orchestrator.Target{Kind: orchestrator.TargetFlow, Name: "pay"}, By: "agent:o1"}); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Second)
	w.crash(time.Second)
	w.settle(time.Second)
	resumed(w)
	w.settle(time.Second)
	w.agentHangsUp(orchestrator.CauseNormal)
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
}
