package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// machineCampaign is march, which does something about machines.
func machineCampaign(machines string) string {
	return marchCampaign + "machines: " + machines + "\n"
}

// greetedRules count from the end of the greeting.
var greetedRules = strings.Replace(ownRules, "threshold: 2s", "threshold: 2s, starts: greeting_end", 1)

// campaignRig is a centre with a campaign behind a carrier, and two agents who are logged in
// with permanent lines on which they are heard at 900 Hz.
func campaignRig(t *testing.T, campaign, rules string) (r *rig, carrier *lab.Phone, lines []*lab.Call, do func(args ...string) string) {
	t.Helper()
	carrier = lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	o := dialsOver(carrier, 2)
	o.files["campaigns/march.yaml"], o.files["profiles/own.yaml"] = campaign, rules
	o.config += "    keys: {prefix: \"*\"}\n"
	r = newRig(t, o)
	r.start()
	do = r.as("supervisor")
	for _, user := range []string{"101", "102"} {
		line := r.loginLine(r.desk(user))
		line.PlayTone(900)
		lines = append(lines, line)
	}
	do("list", "create", "march", "--region", "CO")
	return r, carrier, lines, do
}

// leads brings leads in whose numbers end in these digits.
func (r *rig) leads(do func(args ...string) string, last ...string) {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "march.csv")
	must(r.t, os.WriteFile(file, []byte("celular\n300100000"+strings.Join(last, "\n300100000")+"\n"), 0o600))
	do("lead", "import", file, "--list", "march")
}

// aboutMachines is what was told of who answered, in short, by the last digit of the number.
func (r *rig) aboutMachines() map[string]string {
	r.t.Helper()
	of, last := map[string][]string{}, map[string]string{}
	r.entries(func(e orchestrator.Entry) {
		var d struct{ State, Verdict, After string }
		if s, ok := r.summaryOf(e, orchestrator.KindCampaign); ok {
			last[e.Call] = s.Caller.Number[len(s.Caller.Number)-1:]
		}
		if e.Type == orchestrator.EntryCallMachine {
			must(r.t, json.Unmarshal(e.Data, &d))
			of[e.Call] = append(of[e.Call], strings.TrimRight(d.State+" "+d.Verdict+d.After, " "))
		}
	})
	out := map[string]string{}
	for id, states := range of {
		out[last[id]] = strings.Join(states, ", ")
	}
	return out
}

// TestMachinesBefore: people and machines on a real Asterisk, which hears who answers before
// anybody is looked for. People are served, also who says nothing; a machine gets the message
// after its beep, and whole, however late that comes.
func TestMachinesBefore(t *testing.T) {
	t.Parallel()
	r, carrier, _, do := campaignRig(t, machineCampaign("{detect: before, on_machine: message, message: [vm-goodbye, vm-goodbye, vm-goodbye], sample_percent: 0}"), greetedRules)
	ms := time.Millisecond
	greeting := []time.Duration{1200 * ms, 200 * ms, 2000 * ms}
	type who struct {
		says  []time.Duration
		beeps time.Duration // so long after it has spoken; 0: a person
	}
	public := map[string]who{"0": {says: []time.Duration{500 * ms}}, "1": {says: []time.Duration{300 * ms, 200 * ms, 400 * ms}}, "2": {}, "3": {greeting, 800 * ms}, "4": {greeting, 3500 * ms}}
	faults := make(chan string, 16)
	go func() {
		for {
			c, err := carrier.NextCall(t.Context())
			if err != nil {
				return // the test is over
			}
			go func() {
				n := c.Number()
				w := public[n[len(n)-1:]]
				if c.Ring() != nil || c.Answer() != nil {
					return
				}
				c.Say(lab.Speech(w.says...))
				if w.beeps == 0 {
					if err := c.WaitTone(limit(t), 900); err != nil {
						faults <- fmt.Sprintf("%s hears no agent: %v", n, err)
					}
					_ = c.Hangup()
					return
				}
				beep := append(lab.Tone(0, w.beeps), lab.Tone(1000, 500*ms)...)
				began := time.Now()
				c.Say(beep)
				for _, d := range w.says {
					w.beeps += d
				}
				if err := c.WaitSound(limit(t)); err != nil {
					faults <- fmt.Sprintf("%s hears nothing: %v", n, err)
				}
				if heard := time.Since(began); w.beeps < 5*time.Second && heard < w.beeps+500*ms {
					faults <- fmt.Sprintf("%s hears the message after %v, before the end of its beep", n, heard)
				}
			}()
		}
	}()
	r.leads(do, slices.Sorted(maps.Keys(public))...)
	do("campaign", "start", "march")
	r.awaitEnds(orchestrator.KindCampaign, len(public))
	for _, s := range r.summaries(orchestrator.KindCampaign) {
		n := s.Caller.Number[len(s.Caller.Number)-1:]
		want, found := orchestrator.OutcomeServed, ""
		if public[n].beeps > 0 {
			want, found = orchestrator.OutcomeMachine, "pbx"
		}
		if s.Outcome != want || s.Machine != found || found == "" && s.ConnectedAt-s.GreetedAt > 2000 {
			t.Errorf("%s: %+v", n, s)
		}
	}
	want := map[string]string{"0": "heard person", "1": "heard person", "2": "heard unsure", "3": "heard machine, leaving beep, left", "4": "heard machine, leaving silence, cut, leaving beep, left"}
	if got := r.aboutMachines(); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	r.eventually("the figures are told", func() error {
		out := do("campaign", "show", "march")
		if !strings.Contains(out, "heard in 30 days: 2 persons, 2 machines, 1 unsure; false: none sampled; agents found 0 more") || !strings.Contains(out, "2 machine, 3 served") || !strings.Contains(out, "0 of 3 (0.00 % of 3.00 %)") {
			return errors.New(out)
		}
		return nil
	})
	for len(faults) > 0 {
		t.Error(<-faults)
	}
}

// TestMachinesBeside: who answers is put through at once, and a machine taken back from the
// agent; the agent says of another that it is one, by keys; and a process that is killed
// between the verdict and the message leaves it all the same, after the beep.
func TestMachinesBeside(t *testing.T) {
	t.Parallel()
	r, carrier, _, do := campaignRig(t, machineCampaign("{detect: beside, on_machine: message, message: [vm-goodbye], sample_percent: 0}"), ownRules)
	ms := time.Millisecond
	do("campaign", "start", "march")
	answers := func(last string, says ...time.Duration) *lab.Call {
		t.Helper()
		r.leads(do, last)
		c, err := carrier.NextCall(limit(t))
		must(t, err)
		must(t, c.Ring())
		must(t, c.Answer())
		c.Say(lab.Speech(says...))
		return c
	}
	beeps := func(c *lab.Call) { c.Say(append(lab.Tone(0, 800*ms), lab.Tone(1000, 500*ms)...)) }

	lead := answers("1", 4000*ms) // speaks on and on to the agent
	r.awaitEntry(orchestrator.EntryCallConnected, 1)
	beeps(lead)
	r.told(orchestrator.EntryCallMachine, `"state":"heard"`, `"verdict":"machine"`)
	ended(t, lead)

	lead = answers("2", 400*ms)
	must(t, lead.WaitTone(limit(t), 900))
	talks := r.awaitEntry(orchestrator.EntryCallConnected, 2)
	r.told(orchestrator.EntryCallMachine, `"verdict":"person"`)
	if out := do("call", "list"); !strings.Contains(out, talks.Agent) {
		t.Error(out)
	}
	do("call", "machine", talks.Call)
	beeps(lead)
	ended(t, lead)

	lead = answers("3", 12*time.Second)
	beeps(lead)
	n := 2
	r.await("the second machine", func(e orchestrator.Entry) bool {
		if e.Type == orchestrator.EntryCallMachine && strings.Contains(string(e.Data), `"verdict":"machine"`) {
			n--
		}
		return n == 0
	})
	r.kill()
	r.start()
	ended(t, lead)
	r.awaitEnds(orchestrator.KindCampaign, 3)
	for _, s := range r.summaries(orchestrator.KindCampaign) {
		found := "pbx"
		if strings.HasSuffix(s.Caller.Number, "2") {
			found = "agent"
		}
		if s.Outcome != orchestrator.OutcomeMachine || s.Machine != found {
			t.Errorf("%+v", s)
		}
	}
	want := map[string]string{"1": "heard machine, leaving beep, left", "2": "heard person, marked, leaving", "3": "heard machine, leaving beep, left"}
	got := r.aboutMachines()
	got["2"], _, _ = strings.Cut(got["2"], " beep")
	got["2"], _, _ = strings.Cut(got["2"], " silence")                    // whether the agent said so before the beep
	got["3"] = strings.Replace(got["3"], "leaving silence, cut, ", "", 1) // a machine that is late to beep is told anew
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
