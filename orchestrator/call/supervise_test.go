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

// supervisorPhone is the phone of a supervisor.
func (w *world) supervisorPhone(id string) *toyChannel {
	for _, l := range w.me.c.Supervisors() {
		if l.Watch.Supervisor == id {
			return w.pbx.channels[l.Channel]
		}
	}
	return nil
}

// boss lets a supervisor want something, and pick up.
func boss(id string, mode orchestrator.MonitorMode) func(*world) {
	return func(w *world) {
		w.post(Input{Kind: InWish, Wish: Wish{Do: WishSupervise, Supervisor: id, Mode: mode, By: "test"}})
		w.quiet()
		if ch := w.supervisorPhone(id); ch != nil {
			w.pbx.phoneAnswers(ch)
		}
		w.quiet()
	}
}

// talkers are the phones in the room of the conversation, in words.
func (w *world) talkers() (in []string) {
	if w.me.c.Far() == nil {
		return nil
	}
	for _, l := range w.me.c.Legs {
		if w.pbx.bridges[bridge(w.me.c.Call, w.me.c.Far().Room)][l.Channel] {
			who := string(l.Role)
			if l.Watch != nil {
				who = l.Watch.Supervisor
			}
			in = append(in, who)
		}
	}
	slices.Sort(in)
	return in
}

// hearing are the supervisors who hear somebody, and how.
func (w *world) hearing() (out []string) {
	for _, l := range w.me.c.Supervisors() {
		if m, far := w.pbx.monitors[l.Channel], w.me.c.Far(); w.pbx.bridges[m.Bridge][l.Channel] && far != nil && m.Target == far.Channel {
			out = append(out, l.Watch.Supervisor+" "+string(m.Mode))
		}
	}
	return out
}

// TestSupervisedStages: whatever becomes of the conversation, supervisors hear the
// agent as long as they talk in it, and are gone with them; who takes over has
// whom the agent had.
func TestSupervisedStages(t *testing.T) {
	t.Parallel()
	listens := boss("201", orchestrator.MonitorListen)
	takes := boss("201", orchestrator.MonitorTakeover)
	both := []string{"201 listen", "202 whisper"}
	rows := []struct {
		name    string
		stages  []func(*world)
		state   State
		talkers string
		hearing []string
	}{
		{"two of them", then(talking, listens, boss("202", orchestrator.MonitorWhisper)), StateTalking, "[agent customer]", both},
		{"held", then(talking, listens, held), StateTalking, "[agent]", both[:1]},
		{"while held", then(talking, held, listens), StateTalking, "[agent]", both[:1]},
		{"asking", then(asking, listens), StateTalking, "[agent]", both[:1]},
		{"asking, talking", then(private, listens), StateTalking, "[agent consult]", both[:1]},
		{"asking, completed", then(private, listens, completed), StateTalking, "[agent customer]", nil},
		{"asking, completed ringing", then(asking, listens, completed), StateOffered, "[]", nil},
		{"conference", then(threeTalk, listens), StateTalking, "[agent consult customer]", both[:1]},
		{"conference, the agent gone", then(threeTalk, listens, completed), StateTalking, "[agent customer]", nil},
		{"transferred", then(talking, listens, toQueue), StateWaiting, "[]", nil},
		{"transferred again", then(talking, listens, toQueue, ringing, answered, after(time.Second)), StateTalking, "[agent customer]", nil},
		{"taken over", then(talking, takes), StateTalking, "[201 customer]", nil},
		{"taken over from another's ear", then(talking, boss("202", orchestrator.MonitorBarge), takes), StateTalking, "[201 customer]", nil},
		{"taken over held", then(talking, held, listens, takes), StateTalking, "[201 customer]", nil},
		{"taken over asking", then(asking, listens, takes), StateTalking, "[201 customer]", nil},
		{"taken over asking, talking", then(private, listens, takes), StateTalking, "[201 customer]", nil},
		{"taken over a conference", then(threeTalk, listens, takes), StateTalking, "[201 consult customer]", nil},
		{"taken over, and then over by the next", then(talking, takes, boss("202", orchestrator.MonitorTakeover)), StateTalking, "[202 customer]", nil},
		{"taken over, and listened to", then(talking, takes, boss("202", orchestrator.MonitorWhisper)), StateTalking, "[201 customer]", both[1:]},
		{"taken over, sent to a queue", then(talking, takes, toQueue), StateWaiting, "[]", nil},
		{"taken over, and the supervisor hangs up", then(talking, takes, hangsUp((*world).farPhone)), StateEnded, "[]", nil},
	}
	events := []struct {
		name string
		do   func(*world)
	}{
		{"nobody", func(*world) {}},
		{"the customer hangs up", (*world).callerHangsUp},
		{"the agent hangs up", hangsUp((*world).farPhone)},
		{"the supervisor hangs up", hangsUp(func(w *world) *toyChannel { return w.supervisorPhone("201") })},
		{"kill -9", func(w *world) { w.crash(5 * time.Second) }},
		{"kill -9, and the supervisor hangs up", func(w *world) {
			w.cut = true
			hangsUp(func(w *world) *toyChannel { return w.supervisorPhone("201") })(w)
			w.crash(time.Second)
		}},
		{"the PBX is cut off", cutOff},
		{"somebody removes the bridges", func(w *world) {
			for id := range w.pbx.bridges {
				if orchestrator.Monitors(id) {
					delete(w.pbx.bridges, id)
				}
			}
			cutOff(w)
		}},
	}
	for _, row := range rows {
		for _, e := range events {
			t.Run(row.name+", "+e.name, func(t *testing.T) {
				t.Parallel()
				w := at(row.stages...)
				w.quiet()
				check := func() {
					t.Helper()
					if got := fmt.Sprint(w.talkers()); w.me.c.State != row.state || got != row.talkers || !slices.Equal(w.hearing(), row.hearing) {
						t.Fatalf("state %q, talking are %v, hearing %q\n%s", w.me.c.State, got, w.hearing(), w.story())
					}
				}
				check()
				if e.name == "nobody" && row.state == StateTalking {
					w.recorded(t)
				}
				e.do(w)
				w.settle(2 * time.Second)
				switch e.name {
				case "nobody", "kill -9", "the PBX is cut off", "somebody removes the bridges":
					check()
				}
				if len(w.me.c.Supervisors()) != len(w.hearing()) {
					t.Errorf("%d supervisors, hearing %q", len(w.me.c.Supervisors()), w.hearing())
				}
				w.callerHangsUp()
				w.settle(5 * time.Minute)
				w.checkEnded(t, "")
				w.checkKept(t)
				if t.Failed() {
					t.Log(w.story())
				}
			})
		}
	}
}

// recorded checks that the part of the conversation that goes on is being recorded.
func (w *world) recorded(t *testing.T) {
	t.Helper()
	rec := w.me.c.Rec()
	if rec == nil {
		t.Fatalf("nothing records the conversation\n%s", w.story())
	}
	if _, running := w.pbx.recordings[rec.ID]; !running {
		t.Fatalf("recording %s has ended\n%s", rec.ID, w.story())
	}
}

// TestSupervisorsPhonePassesTheGate: no phone is rung that the gate refuses, and
// nothing has changed.
func TestSupervisorsPhonePassesTheGate(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	w.quiet()
	w.gate.phones = true
	d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: WishSupervise, Supervisor: "201", Mode: orchestrator.MonitorListen}}}, w.now)
	if fault.KindOf(d.Answers[0]) != fault.Denied || d.Dirty {
		t.Errorf("%v, to do %v", d.Answers[0], d.Call.Todo)
	}
}

// peers are supervisors of the agents, and not of one another.
type peers struct{ toyPeople }

func (p peers) Oversees(pbx, supervisor, agent string) (orchestrator.Oversight, error) {
	if agent == "201" || agent == "202" {
		return orchestrator.Oversight{}, fault.New("people", fault.Denied, "%q is no supervisor of %q", supervisor, agent)
	}
	return p.toyPeople.Oversees(pbx, supervisor, agent)
}

// TestTakenOverByAnother: who comes too late to take a call over is told who has it,
// whether they ask anew or their phone rang already; a stranger is told nothing.
func TestTakenOverByAnother(t *testing.T) {
	t.Parallel()
	asks := func(w *world, id string) error {
		w.rules.People = peers{}
		return w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: WishSupervise, Supervisor: id, Mode: orchestrator.MonitorTakeover}}}, w.now).Answers[0]
	}
	w := at(then(talking, boss("201", orchestrator.MonitorTakeover))...)
	w.quiet()
	for id, want := range map[string]fault.Kind{"202": fault.Conflict, "201": fault.Conflict, "301": fault.Denied} {
		err := asks(w, id)
		if told := err != nil && strings.Contains(err.Error(), `taken over by supervisor "201"`); fault.KindOf(err) != want || told != (want == fault.Conflict) {
			t.Errorf("%s, after 201: %v", id, err)
		}
	}
	if err := asks(w, "202"); err == nil || w.me.c.Far().Watch.Supervisor != "201" {
		t.Errorf("the call is %q's, %v", w.me.c.Far().Watch.Supervisor, err)
	}
	rung := func(w *world) {
		w.post(Input{Kind: InWish, Wish: Wish{Do: WishSupervise, Supervisor: "202", Mode: orchestrator.MonitorTakeover, By: "test"}})
		w.quiet()
	}
	w = at(then(talking, rung, boss("201", orchestrator.MonitorTakeover))...)
	w.quiet()
	if got := w.last(orchestrator.EntryCallSupervised); got["supervisor"] != "202" || got["why"] != `the call was taken over by supervisor "201"` {
		t.Errorf("202, whose phone rang, is told %q", got)
	}
}

// TestSupervisorsAreFew: no more than a few may be with one agent.
func TestSupervisorsAreFew(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	r := Rules{Flows: w.rules.Flows, Gate: w.rules.Gate, People: bosses{}, Limits: DefaultLimits}
	c := w.me.c
	for n := range supervisorsMost + 1 {
		d := r.Decide(c, []Input{{Kind: InWish, Wish: Wish{Do: WishSupervise, Supervisor: fmt.Sprint("b", n), Mode: orchestrator.MonitorListen}}}, w.now)
		if full := n == supervisorsMost; (fault.KindOf(d.Answers[0]) == fault.Conflict && d.Answers[0] != nil) != full {
			t.Errorf("supervisor %d: %v", n+1, d.Answers[0])
		}
		c = d.Call
	}
}

// bosses let everybody listen.
type bosses struct{ toyPeople }

func (bosses) Oversees(_, supervisor, _ string) (orchestrator.Oversight, error) {
	return orchestrator.Oversight{Endpoint: "PJSIP/" + supervisor, May: orchestrator.MonitorModes}, nil
}

// TestSupervisorsLineIsGivenBackAlone: a supervisor listens on their permanent line, and
// the call ends, whoever ends it. The line is out of the bridge in which they heard the
// agent before anybody else may have it.
func TestSupervisorsLineIsGivenBackAlone(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]func(*world){
		"the customer":   (*world).callerHangsUp,
		"the agent":      agentEnds(orchestrator.CauseNormal),
		"somebody else":  func(w *world) { w.post(Input{Kind: InWish, Wish: Wish{Do: WishHangup, By: "test"}}) },
		"the supervisor": func(w *world) { w.post(Input{Kind: InWish, Wish: Wish{Do: WishLeave, Supervisor: "201", By: "test"}}) },
	} {
		w := at(talking...)
		w.onLine("201")
		w.post(Input{Kind: InWish, Wish: Wish{Do: WishSupervise, Supervisor: "201", Mode: orchestrator.MonitorListen, By: "test"}})
		w.quiet()
		if got := w.hearing(); len(got) != 1 || !w.pbx.channels[toyLine+"201"].line {
			t.Fatalf("hearing are %v", got)
		}
		ends(w)
		w.settle(time.Minute)
		if w.pbx.channels[toyLine+"201"] != nil {
			t.Errorf("%s: the line was not given back", name)
		}
		for _, b := range w.broken {
			t.Errorf("%s: %s", name, b)
		}
	}
}
