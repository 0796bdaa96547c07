package call

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator"
)

// toyMachines are what attempts of the tests do about machines.
func toyMachines(detect MachineDetect, do MachineDo) Machines {
	return Machines{Detect: detect, Do: do, Message: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "call-us"}},
		Listening: orchestrator.Listening{Greeting: 1500 * time.Millisecond, Silence: 800 * time.Millisecond, Most: 5 * time.Second}}
}

// machines draws what an attempt does about machines.
func (u *unkind) machines() {
	o := *u.w.attempt
	o.Machines = toyMachines(rapid.SampledFrom([]MachineDetect{DetectNone, DetectBefore, DetectBeside, DetectBeside}).Draw(u.t, "detect"),
		rapid.SampledFrom([]MachineDo{MachineHangUp, MachineMessage, MachineMessage, MachineConnect}).Draw(u.t, "machine"))
	o.Machines.Sampled = rapid.IntRange(0, 4).Draw(u.t, "sampled") == 0
	u.w.attempt = &o
	u.w.begin()
}

// TestScreened: what follows from who answered, for each policy.
func TestScreened(t *testing.T) {
	t.Parallel()
	for _, v := range []orchestrator.Verdict{orchestrator.VerdictPerson, orchestrator.VerdictUnsure, orchestrator.VerdictMachine} {
		for _, do := range []MachineDo{"", MachineHangUp, MachineMessage, MachineConnect} {
			for _, sampled := range []bool{false, true} {
				want := ScreenOnPerson
				if v == orchestrator.VerdictMachine && !sampled && (do == MachineHangUp || do == MachineMessage) {
					want = ScreenOnFound
				}
				if got := screened(v, Machines{Do: do, Sampled: sampled}); got != want {
					t.Errorf("%s, %q, sampled %v: %s", v, do, sampled, got)
				}
			}
		}
	}
}

var (
	hears = func(v orchestrator.Verdict) func(*world) { return func(w *world) { w.pbx.hear(v) } }
	// speaks: a machine does for as long as given, and pauses.
	speaks  = func(d time.Duration) func(*world) { return func(w *world) { w.pbx.speaks(d) } }
	marks   = func(w *world) { _ = w.grant(Wish{Do: WishMachine, Agent: "agento1", By: "agent:agento1"}) }
	killed  = func(w *world) { w.crash(time.Second) }
	machine = hears(orchestrator.VerdictMachine)
)

// TestMachine: how calls go that a machine answers, or a person, and who is told what.
func TestMachine(t *testing.T) {
	t.Parallel()
	free := func(w *world) { w.desk.free++ }
	talk := []func(*world){free, leadAnswers, ringing, answered, after(time.Second)}
	beep, word := speaks(400*time.Millisecond), speaks(3*time.Second)
	ends := leadEnds(orchestrator.CauseNormal)
	type row struct {
		name    string
		detect  MachineDetect
		do      MachineDo
		stages  []func(*world)
		outcome orchestrator.Outcome
		by      string
		found   string
		states  string // of the entries about it
	}
	for _, r := range []row{
		{"before: a person, served", DetectBefore, MachineHangUp, []func(*world){free, leadAnswers, hears(orchestrator.VerdictPerson), ringing, answered, after(time.Minute), ends},
			orchestrator.OutcomeServed, "caller", "", "heard"},
		{"before: a person, and nobody is free", DetectBefore, MachineHangUp, []func(*world){leadAnswers, hears(orchestrator.VerdictPerson)},
			orchestrator.OutcomeAbandoned, "operadora", "", "heard"},
		{"before: unsure is a person", DetectBefore, MachineHangUp, []func(*world){free, leadAnswers, after(5 * time.Second), ringing, answered, after(time.Minute), ends},
			orchestrator.OutcomeServed, "caller", "", "heard"},
		{"before: a machine is hung up", DetectBefore, MachineHangUp, []func(*world){free, leadAnswers, machine}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard"},
		{"before: a machine is put through", DetectBefore, MachineConnect, []func(*world){free, leadAnswers, machine, ringing, answered, after(time.Minute), ends},
			orchestrator.OutcomeServed, "caller", "", "heard"},
		{"before: it hangs up meanwhile", DetectBefore, MachineHangUp, []func(*world){leadAnswers, ends}, orchestrator.OutcomeAbandoned, "caller", "", ""},
		{"before: killed, and a person", DetectBefore, MachineHangUp, []func(*world){free, leadAnswers, func(w *world) { w.crash(10 * time.Second) }, ringing, answered, after(time.Minute), ends},
			orchestrator.OutcomeServed, "caller", "", "heard"},
		{"message after the beep", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, word, beep}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:beep left"},
		{"message without a beep", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, word}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:silence left"},
		{"message to one that is silent", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:silence left"},
		{"the beep comes late", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, word, after(3 * time.Second), beep}, orchestrator.OutcomeMachine, "operadora", "pbx",
			"heard leaving:silence cut leaving:beep left"},
		{"it has enough", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, word, after(3 * time.Second), beep, after(time.Second), beep, ends}, orchestrator.OutcomeMachine, "caller", "pbx",
			"heard leaving:silence cut leaving:beep cut"},
		{"it speaks on and on", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, speaks(0)}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard none"},
		{"killed between verdict and message", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, killed}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:silence left"},
		{"killed while it speaks", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, speaks(0), killed, word, beep}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:beep left"},
		{"killed while it speaks, and silent meanwhile", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, speaks(0), killed}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:silence left"},
		{"killed in the message", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, word, beep, killed}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:beep left"},
		{"killed in the message, over meanwhile", DetectBefore, MachineMessage, []func(*world){leadAnswers, machine, word, beep, func(w *world) { w.crash(10 * time.Second) }},
			orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:beep left"},
		{"beside: taken back from the agent", DetectBeside, MachineHangUp, append(slices.Clone(talk), machine), orchestrator.OutcomeMachine, "operadora", "pbx", "heard"},
		{"beside: with a message", DetectBeside, MachineMessage, append(slices.Clone(talk), machine, word, beep), orchestrator.OutcomeMachine, "operadora", "pbx", "heard leaving:beep left"},
		{"beside: while the phone rings", DetectBeside, MachineHangUp, []func(*world){free, leadAnswers, machine}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard"},
		{"beside: while it waits", DetectBeside, MachineHangUp, []func(*world){leadAnswers, machine}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard"},
		{"beside: it was abandoned just then", DetectBeside, MachineHangUp, []func(*world){leadAnswers, after(2500 * time.Millisecond), machine}, orchestrator.OutcomeMachine, "operadora", "pbx", "heard"},
		{"beside: a person", DetectBeside, MachineHangUp, append(slices.Clone(talk), hears(orchestrator.VerdictPerson), ends), orchestrator.OutcomeServed, "caller", "", "heard"},
		{"the agent says so", DetectNone, MachineHangUp, append(slices.Clone(talk), marks), orchestrator.OutcomeMachine, "agent", "agent", "marked"},
		{"the agent says so, with a message", DetectNone, MachineMessage, append(slices.Clone(talk), marks, word, beep), orchestrator.OutcomeMachine, "operadora", "agent", "marked leaving:beep left"},
		{"the agent types it", DetectNone, MachineHangUp, append(slices.Clone(talk), func(w *world) { w.types("*01") }), orchestrator.OutcomeMachine, "agent", "agent", "marked"},
		{"the agent is first", DetectBeside, MachineHangUp, append(slices.Clone(talk), marks, machine), orchestrator.OutcomeMachine, "agent", "agent", "marked"},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newLeadWorld(graph{{Kind: orchestrator.ActHangup}}, func(o *Attempt) { o.Machines = toyMachines(r.detect, r.do) })
			w.quiet()
			for _, s := range r.stages {
				s(w)
				w.quiet()
			}
			w.settle(5 * time.Minute)
			w.checkEnded(t, r.outcome)
			w.checkKept(t)
			for _, b := range w.checkStory() {
				t.Errorf("%s", b)
			}
			if c := &w.me.c; c.EndedBy != r.by || c.Machine != r.found {
				t.Errorf("ended by %q, found by %q", c.EndedBy, c.Machine)
			}
			if got := strings.Join(w.aboutMachine(t), " "); got != r.states {
				t.Errorf("told %q, want %q", got, r.states)
			}
			if n := len(w.desk.offers); n > 0 {
				t.Errorf("%d agents are held", n)
			}
			if t.Failed() {
				t.Log(w.story())
			}
		})
	}
}

// aboutMachine is what is on record of a machine, in short.
func (w *world) aboutMachine(t *testing.T) (out []string) {
	for _, e := range w.entries {
		var d struct{ State, After string }
		if e.Type != orchestrator.EntryCallMachine {
			continue
		}
		if err := json.Unmarshal(e.Data, &d); err != nil {
			t.Fatal(err)
		}
		if d.After != "" {
			d.State += ":" + d.After
		}
		out = append(out, d.State)
	}
	return out
}

// types lets whoever talks with the customer press keys.
func (w *world) types(keys string) {
	for _, ch := range w.pbx.phones() {
		w.pbx.phoneTypes(ch, keys)
	}
}

// TestSampledMachine: who is sampled talks with an agent, who says whether it was a machine.
func TestSampledMachine(t *testing.T) {
	t.Parallel()
	for _, marked := range []bool{false, true} {
		w := newLeadWorld(graph{{Kind: orchestrator.ActHangup}}, func(o *Attempt) {
			o.Machines = toyMachines(DetectBefore, MachineHangUp)
			o.Machines.Sampled = true
		})
		w.quiet()
		w.desk.free++
		for _, s := range []func(*world){leadAnswers, machine, ringing, answered, after(time.Second)} {
			s(w)
			w.quiet()
		}
		want, found := orchestrator.OutcomeServed, ""
		if marked {
			marks(w)
			want, found = orchestrator.OutcomeMachine, "agent"
		}
		w.quiet()
		leadEnds(orchestrator.CauseNormal)(w)
		w.settle(time.Minute)
		w.checkEnded(t, want)
		if c := &w.me.c; !c.Sampled || c.Heard != orchestrator.VerdictMachine || c.Machine != found || c.ConnectedAt == 0 {
			t.Errorf("on record %+v", c.CallSummary)
		}
	}
}

// TestGreetingEnds: where the law counts from the end of the greeting, who has said it
// waits from then on.
func TestGreetingEnds(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		greeted bool
		verdict orchestrator.Verdict
		waits   time.Duration // from the verdict
	}{
		{false, orchestrator.VerdictPerson, 500 * time.Millisecond},
		{true, orchestrator.VerdictPerson, 1200 * time.Millisecond},
		{true, orchestrator.VerdictUnsure, 2 * time.Second},
	} {
		w := newLeadWorld(graph{{Kind: orchestrator.ActHangup}}, func(o *Attempt) {
			o.Machines, o.Greeted, o.Message = toyMachines(DetectBefore, MachineHangUp), r.greeted, nil
		})
		w.quiet()
		for _, s := range []func(*world){leadAnswers, after(1500 * time.Millisecond), hears(r.verdict)} {
			s(w)
			w.quiet()
		}
		from := w.now
		w.settle(r.waits - 10*time.Millisecond)
		if w.me.c.State != StateWaiting {
			t.Errorf("greeted %v, %s: %q after %v", r.greeted, r.verdict, w.me.c.State, w.now.Sub(from))
		}
		w.settle(20 * time.Millisecond)
		w.checkEnded(t, orchestrator.OutcomeAbandoned)
	}
}

// TestGreetingEndsBesideTheWait: the PBX hears who answered beside the wait, and the law's two
// seconds are counted from the end of the greeting. Whose greeting ended one second after the
// answer has an agent until the third second, and the message behind it, whatever the flow says.
func TestGreetingEndsBesideTheWait(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name    string
		flow    bool
		free    bool // an agent is, 2.5 s after the answer
		outcome orchestrator.Outcome
		message bool
	}{
		{"an agent within the time", false, true, orchestrator.OutcomeServed, false},
		{"nobody", false, false, orchestrator.OutcomeAbandoned, true},
		{"an agent within the time, with a flow", true, true, orchestrator.OutcomeServed, false},
		{"nobody, with a flow", true, false, orchestrator.OutcomeAbandoned, true},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newLeadWorld(graph{
				{Kind: orchestrator.ActQueue, Queue: "A", Wait: time.Minute, Edges: map[string]int{"timeout": 1, "served": 1}},
				{Kind: orchestrator.ActHangup},
			}, func(o *Attempt) {
				o.Machines, o.Greeted = toyMachines(DetectBeside, MachineHangUp), true
				if r.flow {
					o.Flow, o.Queue = "sales", ""
				}
			})
			w.quiet()
			stages := []func(*world){leadAnswers, after(1800 * time.Millisecond), hears(orchestrator.VerdictPerson), after(700 * time.Millisecond)}
			if r.free {
				stages = append(stages, func(w *world) { w.desk.free++ }, after(100*time.Millisecond), ringing, answered, after(time.Minute), leadEnds(orchestrator.CauseNormal))
			}
			for _, s := range stages {
				s(w)
				w.quiet()
			}
			w.settle(5 * time.Minute)
			c := &w.me.c
			if c.Outcome != r.outcome || (c.Abandoned > 0) != r.message {
				t.Errorf("it ended as %s, abandoned at %d (answered at %d, its greeting ended at %d); want %s", c.Outcome, c.Abandoned, c.AnsweredAt, c.GreetedAt, r.outcome)
				t.Log(w.story())
			}
		})
	}
}
