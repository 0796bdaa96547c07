package call

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// ringsBack tells whether a channel is a call of a callback to its customer.
func (p *toyPBX) ringsBack(channel string) bool {
	o, ours := p.orders[channel]
	return ours && len(o.Args) > 0 && o.Args[0] == "customer"
}

// dialsBack checks that a customer's phone is rung by one call of a callback at a
// time, as long as nothing was forgotten.
func (w *world) dialsBack(channel string) {
	if w.rung[channel] > 0 && !w.isLate && !w.lostDoc {
		w.brokenf("the attempt %s is dialled twice", channel)
	}
	for id, ch := range w.pbx.channels {
		if id != channel && w.pbx.ringsBack(id) && !ch.stray && !w.isLate && !w.excused && !w.lostDoc {
			w.brokenf("the customer is dialled by %s while %s is alive", channel, id)
		}
	}
	rung := 0
	for id := range w.rung {
		if w.pbx.ringsBack(id) {
			rung++
		}
	}
	if most := w.desk.plan.Callback.Attempts; rung >= most && w.rung[channel] == 0 && !w.lostDoc {
		w.brokenf("the customer is rung more than %d times", most)
	}
}

// back is a world with a callback, brought to a stage.
func back(first string, stages ...func(*world)) *world {
	w := newCallbackWorld(toyFlow{}, func(p *orchestrator.CallbackPlan) { p.CustomerFirst = first == "customer" })
	w.desk.plan.CallerID, w.desk.plan.MaxWait = "+34910000000", 5*time.Minute
	w.quiet()
	for _, s := range stages {
		s(w)
		w.quiet()
	}
	return w
}

// became are the results on the timeline of entries of a type.
func (w *world) became(typ orchestrator.EntryType) (out []string) {
	for _, e := range w.entries {
		var d struct{ Result string }
		if e.Type == typ && json.Unmarshal(e.Data, &d) == nil {
			out = append(out, d.Result)
		}
	}
	return out
}

// TestCallbackStages: at every stage of a callback nothing happens, or somebody
// hangs up, or the process is killed, or the PBX cut off, or restarted; the next
// agent who is free then and the next answer of the customer's phone make a
// conversation of it.
func TestCallbackStages(t *testing.T) {
	t.Parallel()
	agentFirst := []func(*world){(*world).offer, (*world).agentAnswers, (*world).customerAnswers}
	customerFirst := []func(*world){(*world).offer, (*world).customerAnswers, (*world).agentAnswers}
	states := map[string][]State{
		"agent":    {StateWaiting, StateOffered, StateDialing, StateTalking},
		"customer": {StateWaiting, StateDialing, StateOffered, StateTalking},
	}
	events := map[string]func(*world){
		"nothing": func(*world) {},
		"the agent": func(w *world) {
			if far := w.me.c.Far(); far != nil && w.pbx.channels[far.Channel] != nil {
				w.pbx.phoneEnds(w.pbx.channels[far.Channel], orchestrator.CauseNormal)
			}
		},
		"busy": func(w *world) {
			if w.me.c.Absent() {
				w.pbx.end(w.customer, orchestrator.CauseBusy)
			}
		},
		"kill -9":           func(w *world) { w.crash(5 * time.Second) },
		"kill -9, for long": func(w *world) { w.crash(2 * time.Minute) },
		"cut off":           cutOff,
		"the PBX restarts":  func(w *world) { w.goAway(true); w.pbx.restart(); w.comeBack(true) },
		"an older second":   func(w *world) { w.failover(2); w.crash(time.Second) },
	}
	for first, stages := range map[string][]func(*world){"agent": agentFirst, "customer": customerFirst} {
		for n := range len(stages) + 1 {
			for who, event := range events {
				t.Run(fmt.Sprint(first, " first, stage ", n, ", ", who), func(t *testing.T) {
					t.Parallel()
					w := back(first, stages[:n]...)
					defer func() {
						if t.Failed() {
							t.Log(w.story())
						}
					}()
					if got, want := w.me.c.State, states[first][n]; got != want {
						t.Fatalf("state %q, want %q", got, want)
					}
					event(w)
					w.quiet()
					for range 20 { // everybody is there, sooner or later
						if w.me.c.State == StateEnded || w.me.c.State == StateTalking {
							break
						}
						w.settle(5 * time.Second)
						if w.desk.free == 0 && len(w.desk.offers) == 0 {
							w.offer()
						}
						w.quiet()
						for range 2 {
							w.agentAnswers()
							w.customerAnswers()
							w.quiet()
						}
					}
					if here := n == len(stages) || first == "customer" && n == 2; here && who == "the PBX restarts" {
						w.settle(time.Minute)
						w.checkEnded(t, orchestrator.OutcomeLost)
						return
					}
					if n == len(stages) && who == "the agent" {
						w.settle(time.Minute)
						w.checkEnded(t, orchestrator.OutcomeServed)
						return
					}
					if w.me.c.State != StateTalking || w.pbx.hears() != "talk" {
						t.Fatalf("state %q, the customer hears %q, todo %v", w.me.c.State, w.pbx.hears(), w.me.c.Todo)
					}
					w.settle(time.Minute)
					w.callerHangsUp()
					w.settle(time.Minute)
					w.checkEnded(t, orchestrator.OutcomeServed)
					w.checkKept(t)
					if !w.forgot {
						t.Error("the number is promised for ever")
					}
				})
			}
		}
	}
}

// TestCallbackAttempts: a customer who is busy, or does not answer, is called again
// after a pause that the queue says, at the old place, and so often at most; in
// between nobody is kept.
func TestCallbackAttempts(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"agent", "customer"} {
		w := back(first)
		attempt := func(how func()) (pause time.Duration) {
			w.offer()
			w.quiet()
			if first == "agent" {
				w.agentAnswers()
				w.quiet()
			}
			how()
			began := w.now
			for w.me.c.State != StatePausing && w.me.c.State != StateEnded {
				w.settle(time.Second)
			}
			if len(w.desk.offers) > 0 || w.desk.place != nil {
				t.Errorf("%s first: held meanwhile: %v %+v", first, w.desk.offers, w.desk.place)
			}
			for w.me.c.State == StatePausing {
				w.settle(time.Second)
			}
			return w.now.Sub(began).Truncate(10 * time.Second)
		}
		busy := attempt(func() { w.pbx.end(w.customer, orchestrator.CauseBusy) })
		silent := attempt(func() {})
		attempt(func() { w.pbx.end(w.customer, orchestrator.CauseBusy) })
		w.settle(time.Minute)
		w.checkEnded(t, orchestrator.OutcomeBusy)
		w.checkKept(t)
		if busy != 30*time.Second || silent != 80*time.Second || w.me.c.Attempts != 3 || !w.forgot { // rung for 25 s, and paused for a minute
			t.Errorf("%s first: pauses %v and %v, %d attempts", first, busy, silent, w.me.c.Attempts)
		}
		if got := w.became(orchestrator.EntryCallCallback); !slices.Equal(got, []string{"promised", "busy", "no_answer", "busy"}) {
			t.Errorf("%s first: the timeline says %v", first, got)
		}
		if t.Failed() {
			t.Log(w.story())
		}
	}
}

// TestCallbackRecord: the record says which call asked for it, how long the
// customer has waited since, and with whom they talked; phones show what it is.
func TestCallbackRecord(t *testing.T) {
	t.Parallel()
	w := back("agent", after(10*time.Minute), (*world).offer, (*world).agentAnswers, (*world).customerAnswers, after(time.Minute), agentEnds(orchestrator.CauseNormal))
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
	c := w.me.c
	if c.Kind != orchestrator.KindCallback || c.AskedBy != "c0" || c.Attempts != 1 || c.WaitMS != (11*time.Minute).Milliseconds() ||
		c.TalkMS != time.Minute.Milliseconds() || c.Queue != "A" || c.Agent != "agento1" {
		t.Errorf("the record is %+v", c.CallSummary)
	}
	if ms := w.last(orchestrator.EntryCallConnected)["called_back_ms"]; ms != float64((10 * time.Minute).Milliseconds()) {
		t.Errorf("reached %v ms after it was asked for", ms)
	}
	for id, o := range w.pbx.orders {
		want := orchestrator.Party{Name: "Callback", Number: "910000001"}
		if w.pbx.ringsBack(id) {
			want = orchestrator.Party{Number: "+34910000000"}
		}
		if o.Caller != want {
			t.Errorf("%s shows %+v, want %+v", id, o.Caller, want)
		}
	}
	if first := w.entered[c.Visit.N]; first != w.promised.Entered {
		t.Errorf("it entered its queue at %d, want %d", first, w.promised.Entered)
	}
}

// TestCallbackExpires: nobody is free in time.
func TestCallbackExpires(t *testing.T) {
	t.Parallel()
	w := back("agent", after(31*time.Minute))
	w.checkEnded(t, orchestrator.OutcomeExpired)
	w.checkKept(t)
}

// TestUnkindCallback is TestUnkindWorld for callbacks.
func TestUnkindCallback(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Bool().Draw(t, "customer first")
		throw(t, newCallbackWorld(drawGraph(t), func(p *orchestrator.CallbackPlan) { p.CustomerFirst = first }), func(u *unkind) {
			w := u.w
			w.lines = rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "permanent lines")
			w.desk.free = rapid.IntRange(0, 2).Draw(t, "free agents")
			w.desk.plan.MaxTalk = time.Duration(rapid.SampledFrom([]int{0, 0, 70}).Draw(t, "longest talk")) * time.Second
			w.bring(t, w.quiet, w.offer, w.quiet, w.agentAnswers, w.quiet, w.customerAnswers, w.quiet)
		})
	})
}

// TestAnEmergencyThatIsCalledBack is announced as one, too: three beeps on a permanent line.
func TestAnEmergencyThatIsCalledBack(t *testing.T) {
	t.Parallel()
	w := newCallbackWorld(toyFlow{}, func(p *orchestrator.CallbackPlan) { p.CustomerFirst = false })
	w.lines, w.desk.tier = 1, 2
	w.quiet()
	w.offer()
	w.quiet()
	heard := regexp.MustCompile(`play \d+ \{[^\n]*? Media:\[([^\]]*` + beep + `[^\]]*)\]`).FindString(w.story())
	if n := strings.Count(heard, beep); n != 3 {
		t.Errorf("%d beeps\n%s", n, w.story())
	}
}

// TestCallbackNotYet: a callback that a rule refuses until a time rings nobody, is no attempt, and
// is tried again then.
func TestCallbackNotYet(t *testing.T) {
	t.Parallel()
	w := back("agent", (*world).offer)
	w.agentAnswers()
	var until time.Time
	for refusedAlready := false; !refusedAlready; {
		w.notice()
		w.decides()
		lane := &w.me.pbx
		if len(lane.todo) == 0 {
			lane = &w.me.dsk
		}
		if len(lane.todo) == 0 {
			t.Fatal("nobody is rung\n" + w.story())
		}
		if d, ok := lane.todo[0].Command.(Dial); ok && d.Outside {
			if d.Contact == nil || d.Contact.Number != "910000001" || d.Contact.Queue != "A" || d.Contact.Kind != orchestrator.KindCallback {
				t.Fatalf("%+v", d.Contact)
			}
			until, refusedAlready = w.now.Add(10*time.Minute), true
			w.answer(lane, lane.todo[0], Result{}, fault.E("dialer", fault.Denied, &orchestrator.NotYet{Until: until, Err: fault.New("", fault.Denied, "rule once")}))
			continue
		}
		w.run(lane, carriedOut, 0)
	}
	w.desk.free = 1
	for range 3 {
		after(3 * time.Minute)(w)
	}
	if n := len(w.rung); w.me.c.Attempts != 0 || w.rung[w.me.c.Customer().Channel] > 0 {
		t.Errorf("%d attempts, %d phones rung\n%s", w.me.c.Attempts, n, w.story())
	}
	after(65 * time.Second)(w)
	w.agentAnswers()
	w.quiet()
	if w.me.c.Attempts != 1 || w.rung[w.me.c.Customer().Channel] != 1 {
		t.Errorf("%d attempts after the time\n%s", w.me.c.Attempts, w.story())
	}
}
