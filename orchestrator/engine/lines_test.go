package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// open logs the agent in with a permanent line, and returns its channel.
func (s *site) open() string {
	s.t.Helper()
	s.opens("ana")
	s.wait(5 * time.Second)
	return s.line()
}

// openBeas opens the permanent line of bea, a supervisor, and returns its channel.
func (s *site) openBeas() string {
	s.t.Helper()
	s.opens("bea")
	s.wait(10 * time.Second)
	return s.pbx.ChannelsAt("PJSIP/bea")[0]
}

func (s *site) opens(agent string) {
	s.t.Helper()
	_, err := s.eng.Do(s.t.Context(), orchestrator.AgentCommand{Op: orchestrator.AgentLine, Agent: agent, Trusted: true})
	if err != nil {
		s.t.Fatal(err)
	}
}

// dialIn has the agent dial in for a permanent line, and returns its channel.
func (s *site) dialIn() string {
	s.t.Helper()
	s.pbx.ArriveAs(pbxtest.Arrival{Channel: "code.1", Endpoint: "PJSIP/101", Answered: true,
		Args: []string{string(orchestrator.KindFeature), "line", "PJSIP/101", ""}})
	s.wait(5 * time.Second)
	return s.line()
}

// line is the channel of the agent's phone.
func (s *site) line() string {
	s.t.Helper()
	at := s.pbx.ChannelsAt("PJSIP/101")
	if len(at) != 1 {
		s.t.Fatalf("the phone has the channels %v", at)
	}
	return at[0]
}

// idle checks that the line is open and hears silence, alone.
func (s *site) idle(line string) {
	s.t.Helper()
	s.rests(line)
	if got := s.eng.LineState("lima", "ana"); got != "idle" {
		s.t.Errorf("the line is %q", got)
	}
}

// rests checks that somebody's line is there, and that nothing but silence is heard on it.
func (s *site) rests(line string) {
	s.t.Helper()
	if c, ok := s.pbx.Channel(line); !ok || !c.Up || !c.Silent || c.Held || c.Bridge != "" || c.Playing != "" {
		s.t.Errorf("the line between calls: %+v %v", c, ok)
	}
}

// talks checks that caller and line hear each other, and nothing else.
func (s *site) talks(caller, line string) {
	s.t.Helper()
	c, ok := s.pbx.Channel(caller)
	l, there := s.pbx.Channel(line)
	if !ok || !there || c.Bridge == "" || c.Bridge != l.Bridge || c.Held || l.Held || l.Silent {
		s.t.Errorf("caller %+v %v, line %+v %v", c, ok, l, there)
	}
}

// rung is how often the agent's phone was called.
func (s *site) rung() int { return len(s.pbx.Commands("Originate")) }

// logout logs the agent out and checks that the line goes with it.
func (s *site) logout() {
	s.t.Helper()
	if _, err := s.eng.Do(s.t.Context(), orchestrator.AgentCommand{Op: orchestrator.AgentLogout, Agent: "ana"}); err != nil {
		s.t.Error(err)
	}
	s.wait(time.Minute)
	if at := s.pbx.ChannelsAt("PJSIP/101"); len(at) != 0 {
		s.t.Errorf("after the logout the phone has the channels %v", at)
	}
	if got := s.eng.LineState("lima", "ana"); got != "" {
		s.t.Errorf("after the logout the line is %q", got)
	}
	if s.floor.device == orchestrator.DeviceUnreachable {
		s.t.Error("after the logout the phone counts as unreachable")
	}
}

// lineNews are the reasons that the timeline of the agent's line has.
func (s *site) lineNews() (out []string) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, e := range s.store.log {
		var n struct{ State, Why string }
		if e.Type != orchestrator.EntryAgentLine {
			continue
		}
		if err := json.Unmarshal(e.Data, &n); err != nil {
			s.t.Error(err)
		}
		out = append(out, strings.Trim(n.State+" "+n.Why, " "))
	}
	return out
}

// TestPermanentLine rings the phone once; calls come on the line one after the
// other, each with a beep and at once, and between them there is silence.
func TestPermanentLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(2*time.Second))
		line := s.open()
		s.idle(line)
		for i := range 3 {
			in := fmt.Sprint("in.", i)
			s.pbx.Arrive(in, "5000", caller(i))
			s.wait(4 * time.Second)
			s.talks(in, line)
			s.wait(30 * time.Second)
			s.pbx.HangUp(in, orchestrator.CauseNormal)
			s.wait(time.Second)
			s.idle(line)
		}
		beeps := 0
		for _, c := range s.pbx.Commands("Play") {
			if c.Channel == line && c.Playback.Media[0].Value == "beep" && c.Playback.Language == "" {
				beeps++ // of calls; the session's own name the agent's language
			}
		}
		if s.rung() != 1 || beeps != 3 {
			t.Errorf("rung %d times, %d beeps", s.rung(), beeps)
		}
		s.logout()
		o := orchestrator.OutcomeServed
		s.finish(o, o, o)
		for _, c := range s.store.ended() {
			if c.WaitMS > 100 || c.Agent != "ana" || c.Recording == "" || c.EndedBy != "caller" {
				t.Errorf("record: %+v", c)
			}
		}
		if got, want := s.lineNews(), []string{"connecting", "idle answered", "ending logout", "ended"}; !slices.Equal(got, want) {
			t.Errorf("timeline %q, want %q", got, want)
		}
		if n := s.healed(); n != 0 {
			t.Errorf("%v things had to be put right", n)
		}
	})
}

// TestLineWithMusic lets soft music be heard between calls, and in none.
func TestLineWithMusic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.kill()
		s.lines.Music = "soft"
		s.start()
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
		line := s.open()
		music := func() {
			t.Helper()
			if c, ok := s.pbx.Channel(line); !ok || !c.Held || c.Silent || c.Bridge != "" {
				t.Errorf("the line between calls: %+v %v", c, ok)
			}
		}
		music()
		for i := range 2 {
			in := fmt.Sprint("in.", i)
			s.pbx.Arrive(in, "5000", caller(i))
			s.wait(10 * time.Second)
			s.talks(in, line)
			s.pbx.HangUp(in, orchestrator.CauseNormal)
			s.wait(2 * time.Second)
			music()
		}
		s.logout()
		o := orchestrator.OutcomeServed
		s.finish(o, o)
	})
}

// TestLineWithoutAGap has callers wait: the next conversation begins as one ends,
// and nothing of the time between is heard in it.
func TestLineWithoutAGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
		line := s.open()
		for i := range 5 {
			s.pbx.Arrive(fmt.Sprint("in.", i), "5000", caller(i))
			s.wait(100 * time.Millisecond) // one after the other
		}
		for i := range 5 {
			s.wait(10 * time.Second)
			s.talks(fmt.Sprint("in.", i), line)
			s.pbx.HangUp(fmt.Sprint("in.", i), orchestrator.CauseNormal)
		}
		s.wait(time.Second)
		s.idle(line)
		s.logout()
		o := orchestrator.OutcomeServed
		s.finish(o, o, o, o, o)
	})
}

// TestLineHungUp ends a line in each of its states, by the agent and otherwise:
// the agent pauses, and one code brings the line back; what broke is rung again.
func TestLineHungUp(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		talk  bool
		cause orchestrator.Cause
		want  string // the agent's reason to pause
		rung  int    // after a while
	}{
		{"hung up between calls", false, orchestrator.CauseNormal, "line", 1},
		{"hung up in a call", true, orchestrator.CauseNormal, "line", 1},
		{"broken between calls", false, orchestrator.CauseOutOfOrder, "", 2},
		{"broken in a call", true, orchestrator.CauseOutOfOrder, "", 2},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
				line := s.open()
				var want []orchestrator.Outcome
				if r.talk {
					want = append(want, orchestrator.OutcomeServed)
					s.pbx.Arrive("in.1", "5000", caller(1))
					s.wait(20 * time.Second)
					s.talks("in.1", line)
				}
				s.pbx.HangUp(line, r.cause)
				s.wait(time.Second)
				if s.floor.reason != r.want || s.floor.device != orchestrator.DeviceUnreachable {
					t.Errorf("the agent is %s for %q, the phone %s", s.floor.state, s.floor.reason, s.floor.device)
				}
				s.pbx.Arrive("in.2", "5000", caller(2)) // in the meantime no calls
				s.wait(4 * time.Second)
				if c, _ := s.pbx.Channel("in.2"); c.Bridge != "" {
					t.Error("a call came without a line")
				}
				s.wait(time.Minute)
				if s.rung() != r.rung {
					t.Errorf("rung %d times", s.rung())
				}
				if r.want != "" { // one code
					if _, err := s.eng.Do(t.Context(), orchestrator.AgentCommand{Op: orchestrator.AgentResume, Agent: "ana"}); err != nil {
						t.Error(err)
					}
					s.wait(20 * time.Second)
				}
				s.talks("in.2", s.line())
				s.pbx.HangUp("in.2", orchestrator.CauseNormal)
				s.wait(time.Second)
				s.idle(s.line())
				s.logout()
				s.finish(append(want, orchestrator.OutcomeServed)...)
				if n := s.healed(); n != 0 {
					t.Errorf("%v things had to be put right", n)
				}
			})
		})
	}
}

// TestLineOfACallThatCannotBeStored: the call that has the line cannot be stored, and
// is ended. The line is open between calls again.
func TestLineOfACallThatCannotBeStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
		line := s.open()
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		s.talks("in.1", line)
		s.store.mu.Lock()
		s.store.refuse = func(r orchestrator.Record) error {
			if _, err := call.Parse(r.Doc); err == nil {
				return fault.New("memory", fault.Internal, "WRONGTYPE")
			}
			return nil
		}
		s.store.mu.Unlock()
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.wait(time.Minute)
		s.idle(line)
		s.logout()
		s.finish(orchestrator.OutcomeFailed)
	})
}

// TestLineOfTheSameCall: a caller is transferred to the agent's own queue, and comes
// back on the line while it is still being given back. The line is in a conversation:
// keys are the caller's, and silence follows when it is over.
func TestLineOfTheSameCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
		line := s.open()
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		s.pbx.Delay("DestroyBridge", 300*time.Millisecond)
		s.ask(call.WishTransfer, orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "sales"})
		s.wait(10 * time.Second)
		s.talks("in.1", line)
		s.pbx.Press(line, "2")
		s.wait(10 * time.Second)
		if got := s.eng.LineState("lima", "ana"); got != "lent" || s.floor.state != "available" {
			t.Errorf("the line is %q, the agent %q", got, s.floor.state)
		}
		s.talks("in.1", line)
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.wait(2 * time.Second)
		s.idle(line)
		s.logout()
		s.finish(orchestrator.OutcomeServed)
	})
}

// TestLineRungAgain rings a line that nobody answers so often and no oftener; then
// only a code, or an order, brings it back.
func TestLineRungAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.Busy())
		if _, err := s.eng.Do(t.Context(), orchestrator.AgentCommand{Op: orchestrator.AgentLine, Agent: "ana", Trusted: true}); err != nil {
			t.Fatal(err)
		}
		s.wait(time.Hour)
		calls := s.pbx.Commands("Originate")
		for i, c := range calls[1:] {
			if gap := c.At.Sub(calls[i].At); gap < 5*time.Second {
				t.Errorf("rung again after %v", gap)
			}
		}
		if len(calls) != 5 || s.floor.state != "paused" || s.floor.reason != "line" {
			t.Errorf("rung %d times; the agent is %s for %q", len(calls), s.floor.state, s.floor.reason)
		}
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
		s.idle(s.open()) // one ring puts it back
		if s.floor.state != "available" {
			t.Errorf("the agent is %s", s.floor.state)
		}
		s.logout()
		s.finish()
	})
}

// TestLineDroppedAtTheMatch drops the line at each command of the call that gets
// it: the caller keeps the place and is served once it is back.
func TestLineDroppedAtTheMatch(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 9; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
				line := s.open()
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(2900 * time.Millisecond)
				left := n
				s.pbx.OnCommand(func(pbxtest.Command) {
					if left--; left == 0 {
						s.pbx.HangUp(line, orchestrator.CauseOutOfOrder)
					}
				})
				s.wait(time.Minute)
				s.pbx.OnCommand(nil)
				late := left > 0 // it had been told of the call, and talked
				if late {
					s.pbx.HangUp(line, orchestrator.CauseOutOfOrder)
					s.wait(time.Minute)
				}
				if s.rung() != 2 {
					t.Errorf("rung %d times", s.rung())
				}
				if !late {
					s.talks("in.1", s.line())
					s.pbx.HangUp("in.1", orchestrator.CauseNormal)
					s.wait(time.Second)
				}
				s.idle(s.line())
				s.logout()
				s.finish(orchestrator.OutcomeServed)
				if s.blamed() {
					t.Errorf("the agent is blamed: %v", s.floor.missed)
				}
			})
		})
	}
}

// lineStory logs in, serves two callers who wait for each other, and logs out.
func (s *site) lineStory(again func()) {
	s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
	_, err := s.eng.Do(s.t.Context(), orchestrator.AgentCommand{Op: orchestrator.AgentLine, Agent: "ana", Trusted: true})
	s.wait(20 * time.Second)
	again()
	if err != nil { // it was killed before that was stored
		s.open()
	}
	s.pbx.Arrive("in.1", "5000", caller(1))
	s.wait(100 * time.Millisecond)
	s.pbx.Arrive("in.2", "5000", caller(2))
	for range 2 {
		s.wait(20 * time.Second)
		again()
		s.wait(20 * time.Second)
		in := "in.1"
		if c, _ := s.pbx.Channel(in); c.Bridge == "" {
			in = "in.2" // both were in the queue at once when a process took them up
		}
		s.talks(in, s.line())
		s.pbx.HangUp(in, orchestrator.CauseNormal)
	}
	s.wait(20 * time.Second)
	again()
	s.wait(20 * time.Second)
	s.idle(s.line())
}

// TestLineInTrouble leaves one command after the other of a line and its calls
// without an answer, in three ways, or kills the process at it: the callers are
// served, the phone is rung once, and nothing is heard that should not be.
func TestLineInTrouble(t *testing.T) {
	t.Parallel()
	inTrouble(t, 30, func(t *testing.T, tr trouble) {
		s := newSite(t)
		killed := tr.begin(s)
		s.lineStory(func() {
			if killed() {
				s.wait(time.Second)
				s.start()
				s.wait(30 * time.Second) // a ring that nobody knows of is given again
			}
		})
		s.pbx.Decide(nil)
		s.logout()
		o := orchestrator.OutcomeServed
		s.finish(o, o)
		if s.blamed() {
			t.Errorf("the agent is blamed: %v", s.floor.missed)
		}
	})
}

// TestLineOutlivesProcesses kills the process between calls and in one: the line
// stays as it is, and nothing is played on it.
func TestLineOutlivesProcesses(t *testing.T) {
	t.Parallel()
	for _, talk := range []bool{false, true} {
		t.Run(fmt.Sprint("talking ", talk), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
				line := s.open()
				if talk {
					s.pbx.Arrive("in.1", "5000", caller(1))
					s.wait(10 * time.Second)
				}
				s.pbx.ForgetCommands(true)
				s.kill()
				s.wait(3 * time.Second)
				s.start()
				s.wait(time.Second)
				for _, c := range s.pbx.Commands() {
					if c.Op != "Watch" && c.Op != "Recording" && (talk || c.Op != "Silence" || c.Text != "true") { // it is silent already
						t.Errorf("commanded at the takeover: %+v", c)
					}
				}
				var want []orchestrator.Outcome
				if talk {
					want = append(want, orchestrator.OutcomeServed)
					s.talks("in.1", line)
					if got := s.eng.LineState("lima", "ana"); got != "lent" {
						t.Errorf("the line is %q", got)
					}
					s.pbx.HangUp("in.1", orchestrator.CauseNormal)
					s.wait(time.Second)
				}
				s.idle(line)
				s.logout()
				s.finish(want...)
			})
		})
	}
}

// TestKeysOnTheLine presses keys between calls: each does what its feature code
// does, and a tone tells whether it was done.
func TestKeysOnTheLine(t *testing.T) {
	t.Parallel()
	rows := []struct {
		keys string
		want orchestrator.AgentCommand // Op "" for nothing
		tone string
	}{
		{"32#", orchestrator.AgentCommand{Op: orchestrator.AgentPause, Reason: "2"}, "beep"},
		{"3", orchestrator.AgentCommand{Op: orchestrator.AgentPause}, "beep"}, // the time ends it
		{"4#", orchestrator.AgentCommand{Op: orchestrator.AgentResume}, "beep"},
		{"512#", orchestrator.AgentCommand{Op: orchestrator.AgentDispose, Disposition: "12"}, "beep"},
		{"5#", orchestrator.AgentCommand{Op: orchestrator.AgentDispose}, "beep"},
		{"9#", orchestrator.AgentCommand{}, "beeperr"},
		{"42#", orchestrator.AgentCommand{}, "beeperr"},
		{"3*#", orchestrator.AgentCommand{}, ""},
		{"3*4#", orchestrator.AgentCommand{Op: orchestrator.AgentResume}, "beep"},
	}
	for _, r := range rows {
		t.Run(r.keys, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
				line := s.open()
				before, plays := len(s.floor.did), len(s.pbx.Commands("Play"))
				for _, k := range r.keys {
					s.pbx.Press(line, string(k))
				}
				s.wait(5 * time.Second)
				var got orchestrator.AgentCommand
				if len(s.floor.did) > before {
					got = s.floor.did[before]
				}
				if got.Op != r.want.Op || got.Reason != r.want.Reason || got.Disposition != r.want.Disposition || len(s.floor.did) > before+1 {
					t.Errorf("did %+v", s.floor.did[before:])
				}
				tone := ""
				for _, c := range s.pbx.Commands("Play")[plays:] {
					tone += c.Playback.Media[0].Value
				}
				if tone != r.tone {
					t.Errorf("heard %q, want %q", tone, r.tone)
				}
				s.idle(line)
				s.logout()
				s.finish()
			})
		})
	}
}

// TestLineOfAPBXThatIsAway: a line that cannot be opened leaves the agent as they were.
func TestLineOfAPBXThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.DropSocket()
		s.wait(time.Second)
		cmd := orchestrator.AgentCommand{Op: orchestrator.AgentLine, Agent: "ana", Trusted: true}
		if _, err := s.eng.Do(t.Context(), cmd); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), `"ana"`) {
			t.Errorf("while the PBX is away: %v", err)
		}
		if s.floor.state != "" {
			t.Errorf("the agent is %q", s.floor.state)
		}
		s.pbx.Reconnect()
		s.wait(10 * time.Second)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.idle(s.open())
		s.logout()
		s.finish()
	})
}

// TestLineDialledIn has the agent dial a code: the call is confirmed, and stays up
// as the line.
func TestLineDialledIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
		s.dialIn()
		if s.rung() != 0 {
			t.Errorf("rung %d times", s.rung())
		}
		s.idle("code.1")
		s.kill()
		s.wait(3 * time.Second)
		s.start()
		s.idle("code.1")
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		s.talks("in.1", "code.1")
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.wait(time.Second)
		s.idle("code.1")
		s.logout()
		s.finish(orchestrator.OutcomeCompleted, orchestrator.OutcomeServed)
	})
}
