package call

import (
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// at brings a new call of toyFlow to a place in its life.
func at(stages ...func(*world)) *world {
	w := newWorld(toyFlow{})
	w.quiet()
	for _, do := range stages {
		do(w)
		w.quiet()
	}
	return w
}

// Stages of a call, in order.
func inQueue(w *world)  { w.endPlays() }
func ringing(w *world)  { w.offer() }
func answered(w *world) { w.agentAnswers() }

func after(d time.Duration) func(*world) { return func(w *world) { w.settle(d) } }

func agentEnds(cause orchestrator.Cause) func(*world) {
	return func(w *world) { w.agentHangsUp(cause) }
}

// cutOff takes the connection to the PBX away, and gives it back.
func cutOff(w *world) { w.goAway(true); w.quiet(); w.comeBack(false) }

func ordered(do WishKind) func(*world) {
	return func(w *world) { w.post(Input{Kind: InWish, Wish: Wish{Do: do, By: "test"}}) }
}

// stopped has the PBX hang up on the caller by itself, agentStopped on the agent.
func stopped(w *world)      { w.hangsUp(w.me.c.Customer().Channel) }
func agentStopped(w *world) { w.hangsUp(w.me.c.Far().Channel) }

// hangsUp has the PBX end a channel by itself.
func (w *world) hangsUp(channel string) {
	w.pbx.out(channel, orchestrator.Event{Kind: orchestrator.EventEnded, Channel: channel, Cause: orchestrator.CauseNormal, ByPBX: true})
	w.quiet()
}

func TestEndings(t *testing.T) {
	t.Parallel()
	callerHangsUp := (*world).callerHangsUp
	press := func(key string) func(*world) { return func(w *world) { w.presses(key) } }
	rows := []struct {
		name    string
		stages  []func(*world)
		outcome orchestrator.Outcome
		by      string
	}{
		{"in the prompt", []func(*world){callerHangsUp}, orchestrator.OutcomeLeft, "caller"},
		{"in the queue", []func(*world){inQueue, after(time.Minute), callerHangsUp}, orchestrator.OutcomeAbandoned, "caller"},
		{"while the agent rings", []func(*world){inQueue, ringing, callerHangsUp}, orchestrator.OutcomeAbandoned, "caller"},
		{"while talking", []func(*world){inQueue, ringing, answered, after(10 * time.Second), callerHangsUp}, orchestrator.OutcomeServed, "caller"},
		{"agent first", []func(*world){inQueue, ringing, answered, after(10 * time.Second), agentEnds(orchestrator.CauseNormal)}, orchestrator.OutcomeServed, "agent"},
		{"after a busy agent", []func(*world){
			inQueue, ringing, agentEnds(orchestrator.CauseBusy), ringing, answered, after(time.Second), agentEnds(orchestrator.CauseNormal),
		}, orchestrator.OutcomeServed, "agent"},
		{"no answer, ever", []func(*world){inQueue, ringing, after(40 * time.Second), callerHangsUp}, orchestrator.OutcomeAbandoned, "caller"},
		{"voicemail", []func(*world){inQueue, press("*"), callerHangsUp}, orchestrator.OutcomeVoicemail, "caller"},
		{"timeout and transfer", []func(*world){inQueue, after(6 * time.Minute)}, orchestrator.OutcomeCompleted, "operadora"},
		{"timeout and transfer answered", []func(*world){
			inQueue, after(5*time.Minute + time.Second), answered, after(time.Second), agentEnds(orchestrator.CauseNormal),
		}, orchestrator.OutcomeTransferred, "number"},
		{"handed back to the dialplan", []func(*world){press("#")}, orchestrator.OutcomeTransferred, "operadora"},
		{"the PBX is stopped, in the prompt", []func(*world){stopped}, orchestrator.OutcomeLost, "pbx"},
		{"the PBX is stopped, in the queue", []func(*world){inQueue, after(time.Minute), stopped}, orchestrator.OutcomeLost, "pbx"},
		{"the PBX is stopped, while talking", []func(*world){inQueue, ringing, answered, after(time.Second), stopped}, orchestrator.OutcomeLost, "pbx"},
		{"the PBX is stopped, the agent first", []func(*world){inQueue, ringing, answered, after(time.Second), agentStopped, stopped}, orchestrator.OutcomeServed, "pbx"},
		{"ordered", []func(*world){inQueue, ringing, answered, after(time.Second), ordered(WishHangup)}, orchestrator.OutcomeServed, "operadora"},
		{"ordered in the menu", []func(*world){ordered(WishHangup)}, orchestrator.OutcomeTerminated, "operadora"},
		{"ordered in the queue", []func(*world){inQueue, ordered(WishHangup)}, orchestrator.OutcomeTerminated, "operadora"},
		{"ordered while the agent rings", []func(*world){inQueue, ringing, ordered(WishHangup)}, orchestrator.OutcomeTerminated, "operadora"},
		{"too long", []func(*world){inQueue, ringing, answered, after(5 * time.Hour)}, orchestrator.OutcomeServed, "operadora"},
		{"withdrawn, then hung up", []func(*world){inQueue, ringing, func(w *world) {
			o := *w.me.c.Far().Offer
			w.desk.fail(o, orchestrator.OfferNoAnswer)
			w.post(Input{Kind: InWithdraw, Offer: o, Why: orchestrator.OfferNoAnswer})
		}, callerHangsUp}, orchestrator.OutcomeAbandoned, "caller"},
	}
	for _, r := range rows {
		w := at(r.stages...)
		t.Run(r.name, func(t *testing.T) {
			w.checkKept(t)
			w.checkEnded(t, r.outcome)
			if w.me.c.EndedBy != r.by {
				t.Errorf("ended by %q, want %q", w.me.c.EndedBy, r.by)
			}
		})
	}
}

// TestLostEndOfAPrompt goes on although the end of the prompt was never told.
func TestLostEndOfAPrompt(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]bool{"over on the PBX": true, "stuck on the PBX": false} {
		w := at()
		delete(w.me.c.Timers, TimerFlow) // only the prompt can take the call on
		for id, p := range w.pbx.plays {
			p.until = time.Time{}
			w.pbx.plays[id] = p
		}
		if gone {
			clear(w.pbx.plays)
		}
		w.settle(time.Minute)
		if (w.me.c.State == StateWaiting) != gone {
			t.Errorf("%s: state %q after a minute", name, w.me.c.State)
		}
		w.settle(20 * time.Minute)
		if w.count(orchestrator.EntryCallQueued) != 1 {
			t.Errorf("%s: the flow never went on", name)
		}
	}
}

// TestEndsWhenThePBXSays has both sides hang up while nobody listens: talk and
// call end when they did, not when the call is taken up.
func TestEndsWhenThePBXSays(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		agent, caller time.Duration // after the process is gone, 0 for not at all
		talk, end     time.Duration // after the join, after the process is gone
		by            string
	}{
		"agent alone":        {agent: 3 * time.Second, talk: 13 * time.Second, end: 20 * time.Second, by: "agent"},
		"caller alone":       {caller: 4 * time.Second, talk: 14 * time.Second, end: 4 * time.Second, by: "caller"},
		"agent, then caller": {agent: 3 * time.Second, caller: 5 * time.Second, talk: 13 * time.Second, end: 5 * time.Second, by: "agent"},
		"caller, then agent": {agent: 6 * time.Second, caller: 5 * time.Second, talk: 15 * time.Second, end: 5 * time.Second, by: "caller"},
	} {
		for _, adopted := range []bool{true, false} {
			w := at(inQueue, ringing, answered)
			joined := w.me.c.Far().Joined
			w.pass(time.UnixMilli(joined).Add(10 * time.Second).Sub(w.now))
			w.goAway(true)
			gone := w.now
			for d := time.Second; d <= 20*time.Second; d += time.Second {
				w.pass(gone.Add(d).Sub(w.now))
				if d == row.agent {
					w.agentHangsUp(orchestrator.CauseNormal)
				}
				if d == row.caller {
					w.callerHangsUp()
				}
			}
			if adopted {
				w.load()
			}
			w.comeBack(false)
			w.quiet()
			w.settle(time.Minute)
			w.checkEnded(t, orchestrator.OutcomeServed)
			c := w.me.c
			const more = int64(1500) // the time that taking a call up takes
			if got := c.PartedAt - joined; got != row.talk.Milliseconds() || c.TalkMS != got {
				t.Errorf("%s, adopted %v: talked for %d ms (%d), want %v", name, adopted, got, c.TalkMS, row.talk)
			}
			if got, want := c.EndedAt-gone.UnixMilli(), row.end.Milliseconds(); got < want || got > want+more || (row.caller > 0 && got != want) {
				t.Errorf("%s, adopted %v: ended after %d ms, want %d", name, adopted, got, want)
			}
			if c.EndedBy != row.by {
				t.Errorf("%s, adopted %v: ended by %q", name, adopted, c.EndedBy)
			}
		}
	}
}

// TestUnheardPrompt names flow, node and file of what could not be played.
func TestUnheardPrompt(t *testing.T) {
	t.Parallel()
	w := at()
	p := w.me.c.Playing
	if p == nil {
		t.Fatal("nothing plays")
	}
	before := len(w.entries)
	w.post(Input{Kind: InEvent, Event: orchestrator.Event{Kind: orchestrator.EventPlayed, Playback: p.ID, Failed: true, Reason: "the last sound is missing"}})
	w.quiet()
	told := ""
	for _, e := range w.entries[before:] {
		if e.Type == orchestrator.EntryCallFault {
			told += string(e.Data)
		}
	}
	for _, part := range []string{`"flow":"toy"`, `"node":"`, `"sounds":["`, "the last sound is missing"} {
		if !strings.Contains(told, part) {
			t.Errorf("%s is not told: %s", part, told)
		}
	}
}

// TestUnknownNumber: nobody has said what to do with a number, so it goes where
// the PBX sends callers without operadora, and is refused where that is nowhere.
func TestUnknownNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(toyFlow{unknown: true})
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeTransferred)
	if !w.pbx.left {
		t.Error("the call did not go on in the dialplan")
	}
	w = newWorld(toyFlow{unknown: true})
	for len(w.me.pbx.todo) == 0 {
		w.deliver()
		w.decide()
	}
	if c, ok := w.me.pbx.todo[0].Command.(Continue); !ok || !c.Place.Away {
		t.Fatalf("ordered: %+v", w.me.pbx.todo)
	}
	w.run(&w.me.pbx, refused, fault.Conflict)
	w.quiet()
	w.checkEnded(t, orchestrator.OutcomeRejected)
}

func TestPlaceIsKept(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	entered := w.me.c.Visit.Entered
	w.settle(30 * time.Second)
	w.offer()
	w.settle(25 * time.Second) // nobody picks up
	if w.me.c.State != StateWaiting || w.me.c.Visit.Entered != entered || w.count(orchestrator.EntryCallMissed) != 1 {
		t.Fatalf("state %q, entered %d (was %d)", w.me.c.State, w.me.c.Visit.Entered, entered)
	}
	w.offer()
	w.quiet()
	w.agentAnswers()
	w.quiet()
	if w.me.c.State != StateTalking || w.me.c.WaitMS != w.now.UnixMilli()-entered {
		t.Errorf("state %q, wait %d ms", w.me.c.State, w.me.c.WaitMS)
	}
	w.checkKept(t)
}

func TestComparedAfterAnOutage(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		lose    func(*world) // what happened while nobody listened
		want    State
		outcome orchestrator.Outcome
	}{
		{"nothing", func(*world) {}, StateTalking, ""},
		{"caller left", (*world).callerHangsUp, StateEnded, orchestrator.OutcomeServed},
		{"agent left", agentEnds(orchestrator.CauseNormal), StateEnded, orchestrator.OutcomeServed},
		{"both left", func(w *world) { w.callerHangsUp(); w.agentHangsUp(orchestrator.CauseNormal) }, StateEnded, orchestrator.OutcomeServed},
		{"the room is gone", func(w *world) { clear(w.pbx.bridges); clear(w.pbx.recordings) }, StateTalking, ""},
		{"the PBX was restarted", func(w *world) { w.pbx.restart() }, StateEnded, orchestrator.OutcomeLost},
	}
	for _, r := range rows {
		for _, adopted := range []bool{true, false} {
			w := at(inQueue, ringing, answered, after(time.Second))
			w.goAway(true)
			r.lose(w)
			if w.quiet(); adopted {
				w.load()
			}
			w.comeBack(r.outcome == orchestrator.OutcomeLost)
			w.quiet()
			if w.me.c.State != r.want {
				t.Errorf("%s: state %q, want %q", r.name, w.me.c.State, r.want)
			}
			if r.want == StateTalking && w.pbx.hears() != "talk" {
				t.Errorf("%s: the conversation does not go on", r.name)
			}
			if r.want == StateEnded {
				w.checkEnded(t, r.outcome)
			}
			w.checkKept(t)
		}
	}
}

// TestThePBXEndsAnAgentUnseen: who is hung up on by the PBX while nobody listens has not
// ended the conversation either.
func TestThePBXEndsAnAgentUnseen(t *testing.T) {
	t.Parallel()
	for byPBX, want := range map[bool]string{true: "pbx", false: "agent"} {
		w := at(talking...)
		agent := w.me.c.Far().Channel
		w.goAway(true)
		w.pass(time.Second)
		w.pbx.end(agent, orchestrator.CauseNormal)
		end := w.pbx.ended[agent]
		end.ByPBX = byPBX
		w.pbx.ended[agent] = end
		w.pass(5 * time.Second)
		w.comeBack(false)
		w.settle(time.Minute)
		w.checkEnded(t, orchestrator.OutcomeServed)
		if got := w.me.c.EndedBy; got != want {
			t.Errorf("ended by %q, want %q", got, want)
		}
	}
}
