package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// talking is a site with one conversation, and phones of supervisors that answer.
func talking(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
	for _, boss := range []string{"bea", "col"} {
		s.pbx.Endpoint("PJSIP/"+boss, pbxtest.AnswerAfter(2*time.Second))
	}
	s.pbx.Arrive("in.1", "5000", caller(1))
	s.wait(20 * time.Second)
	if c, ok := s.pbx.Channel("in.1"); !ok || c.Bridge == "" {
		t.Fatalf("the customer does not talk: %+v %v", c, ok)
	}
	return s
}

// supervise wants something for a supervisor, and gives it the time it takes.
func (s *site) supervise(supervisor string, mode orchestrator.MonitorMode) error {
	s.t.Helper()
	w := call.Wish{Do: call.WishSupervise, Supervisor: supervisor, Mode: mode, By: "test"}
	if mode == "" {
		w.Do = call.WishLeave
	}
	err := s.eng.Ask(s.t.Context(), s.live().Call, w)
	s.wait(5 * time.Second)
	return err
}

// hears is in which mode a supervisor's phone monitors the agent's, "" for not at all.
func (s *site) hears(supervisor string) orchestrator.MonitorMode {
	for _, ch := range s.pbx.ChannelsAt("PJSIP/" + supervisor) {
		agent := s.pbx.ChannelsAt("PJSIP/101")
		if m := s.pbx.Monitored(ch); len(agent) == 1 && m.Target == agent[0] {
			return m.Mode
		}
	}
	return ""
}

// conversation fails unless exactly those phones, and the customer, are in one bridge.
func (s *site) conversation(phones ...string) {
	s.t.Helper()
	customer, _ := s.pbx.Channel("in.1")
	for _, name := range []string{"101", "bea", "col"} {
		in := false
		for _, ch := range s.pbx.ChannelsAt("PJSIP/" + name) {
			c, _ := s.pbx.Channel(ch)
			in = in || customer.Bridge != "" && c.Bridge == customer.Bridge
		}
		if in != slices.Contains(phones, name) {
			s.t.Errorf("%s is in the conversation: %v", name, in)
		}
	}
}

// supervised lists what the timeline tells of supervisors.
func (s *site) supervised() (out []string) {
	for _, e := range s.store.log {
		if e.Type == orchestrator.EntryCallSupervised {
			var d struct {
				Supervisor, Mode, State string
				Shown                   int
			}
			if err := json.Unmarshal(e.Data, &d); err != nil || e.Agent != "ana" {
				s.t.Errorf("%s of agent %q: %v", e.Data, e.Agent, err)
			}
			out = append(out, fmt.Sprint(d.Supervisor, " ", d.Mode, " ", d.State, " ", d.Shown))
		}
	}
	return out
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Error(err)
	}
}

func (s *site) refused(kind fault.Kind, err error) {
	s.t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		s.t.Errorf("%v, want kind %v", err, kind)
	}
}

// TestSupervisorsChangeTheirModes: two supervisors are with one agent, by wish and
// by key, and the conversation never changes its bridge.
func TestSupervisorsChangeTheirModes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := talking(t)
		before, _ := s.pbx.Channel("in.1")
		for _, mode := range []orchestrator.MonitorMode{"listen", "whisper", "barge", "listen", "barge", "whisper"} {
			s.must(s.supervise("bea", mode))
			if got := s.hears("bea"); got != mode {
				t.Errorf("bea: %q, want %q", got, mode)
			}
		}
		s.refused(fault.Conflict, s.supervise("bea", "whisper"))
		s.must(s.supervise("col", "listen"))
		boss := s.pbx.ChannelsAt("PJSIP/bea")[0]
		for digit, mode := range map[string]orchestrator.MonitorMode{"4": "listen", "5": "whisper", "6": "barge"} {
			s.pbx.Press(boss, digit)
			s.pbx.Press(boss, "1")
			s.wait(time.Second)
			if s.hears("bea") != mode || s.hears("col") != "listen" {
				t.Errorf("after key %s: bea %q, col %q", digit, s.hears("bea"), s.hears("col"))
			}
		}
		s.pbx.Press(s.pbx.ChannelsAt("PJSIP/col")[0], "5") // may not
		s.wait(time.Second)
		if s.hears("col") != "listen" {
			t.Errorf("col: %q", s.hears("col"))
		}
		s.conversation("101")
		if now, _ := s.pbx.Channel("in.1"); now.Bridge != before.Bridge {
			t.Errorf("the customer was moved from %s to %s", before.Bridge, now.Bridge)
		}
		s.must(s.supervise("col", ""))
		s.refused(fault.NotFound, s.supervise("col", ""))
		if s.hears("col") != "" || s.hears("bea") == "" {
			t.Errorf("after col has left: bea %q, col %q", s.hears("bea"), s.hears("col"))
		}
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeServed)
		if log := s.supervised(); log[0] != "bea listen asked 0" || log[1] != "bea listen on 1" || !slices.Contains(log, "col listen off 1") {
			t.Errorf("on the timeline: %q", log)
		}
	})
}

// TestSupervisorIsRefused: who has no right to it, or asks for what cannot be,
// changes nothing.
func TestSupervisorIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := talking(t)
		s.refused(fault.NotFound, s.supervise("nobody", "listen"))
		s.refused(fault.Denied, s.supervise("eve", "listen"))
		s.refused(fault.Denied, s.supervise("col", "whisper"))
		s.refused(fault.Denied, s.supervise("col", "takeover"))
		s.refused(fault.Invalid, s.supervise("bea", "shout"))
		s.refused(fault.NotFound, s.supervise("bea", ""))
		s.refused(fault.NotFound, s.eng.Ask(t.Context(), "none", call.Wish{Do: call.WishSupervise, Supervisor: "bea", Mode: "listen"}))
		if n := len(s.live().Legs); n != 2 {
			t.Errorf("%d legs", n)
		}
		s.pbx.HangUp(s.pbx.ChannelsAt("PJSIP/101")[0], orchestrator.CauseNormal)
		s.wait(time.Second)
		if len(s.supervised()) > 0 {
			t.Errorf("on the timeline: %q", s.supervised())
		}
		s.finish(s.store.ended()[0].Outcome)
	})
}

// TestSupervisorsPhone: one that is busy, does not answer, or hangs up leaves the
// conversation as it is.
func TestSupervisorsPhone(t *testing.T) {
	t.Parallel()
	for name, phone := range map[string]pbxtest.Behaviour{"busy": pbxtest.Busy(), "rejects": pbxtest.Reject(), "absent": pbxtest.Unreachable(),
		"rings": pbxtest.Manual(), "answers": pbxtest.AnswerAfter(time.Second)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := talking(t)
				s.pbx.Endpoint("PJSIP/bea", phone)
				s.must(s.supervise("bea", "whisper"))
				if name == "answers" {
					s.pbx.HangUp(s.pbx.ChannelsAt("PJSIP/bea")[0], orchestrator.CauseNormal)
				}
				s.wait(time.Minute)
				s.conversation("101")
				if n := len(s.live().Legs); n != 2 {
					t.Errorf("%d legs", n)
				}
				s.pbx.HangUp("in.1", orchestrator.CauseNormal)
				s.finish(orchestrator.OutcomeServed)
				want := "bea whisper failed 0"
				if name == "answers" {
					want = "bea whisper off 0"
				}
				if log := s.supervised(); log[len(log)-1] != want {
					t.Errorf("on the timeline: %q", log)
				}
			})
		})
	}
}

// TestSuperviseOnALine: a supervisor whose permanent line is open is not rung anew. They
// listen on it, are busy to the distributor meanwhile, and have it back afterwards, or
// take the call over on it; each command in turn goes wrong, or the process is killed.
func TestSuperviseOnALine(t *testing.T) {
	t.Parallel()
	for _, mode := range []orchestrator.MonitorMode{orchestrator.MonitorWhisper, orchestrator.MonitorTakeover} {
		inTrouble(t, 10, func(t *testing.T, tr trouble) {
			s := talking(t)
			line := s.openBeas()
			rung := s.rung()
			killed := tr.begin(s)
			goesOn := func() {
				s.wait(10 * time.Second)
				if killed() {
					s.start()
					s.wait(20 * time.Second)
				}
			}
			s.must(s.supervise("bea", orchestrator.MonitorListen))
			goesOn()
			if s.hears("bea") != orchestrator.MonitorListen || s.floor.beas != orchestrator.DeviceBusy {
				t.Errorf("listening: in mode %q, and the phone is %s", s.hears("bea"), s.floor.beas)
			}
			s.conversation("101")
			s.must(s.supervise("bea", mode))
			goesOn()
			if mode == orchestrator.MonitorTakeover {
				s.conversation("bea")
			} else {
				s.must(s.supervise("bea", "")) // leaves
				goesOn()
				s.conversation("101")
			}
			s.pbx.HangUp("in.1", orchestrator.CauseNormal)
			goesOn()
			s.pbx.Decide(nil)
			s.wait(10 * time.Second)
			s.rests(line)
			if m := s.pbx.Monitored(line); m.Target != "" {
				t.Errorf("the line afterwards monitors %+v", m)
			}
			if s.floor.beas != orchestrator.DeviceFree || s.rung() != rung {
				t.Errorf("the phone is %s, and was rung %d times", s.floor.beas, s.rung()-rung)
			}
			s.pbx.HangUp(line, orchestrator.CauseNormal)
			s.finish(orchestrator.OutcomeServed)
		})
	}
}

// TestCodesOfWhoTookOver: who took a call over has its codes, whether or not the
// distributor knows of their call; who only listens has none, and neither has whom it
// does not let do anything.
func TestCodesOfWhoTookOver(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		result orchestrator.AgentResult
		mode   orchestrator.MonitorMode
		done   bool
	}{
		{orchestrator.AgentNotLoggedIn, orchestrator.MonitorTakeover, true}, {orchestrator.AgentNothingToClose, orchestrator.MonitorTakeover, true},
		{orchestrator.AgentBadPIN, orchestrator.MonitorTakeover, false}, {orchestrator.AgentNotLoggedIn, orchestrator.MonitorListen, false},
	} {
		t.Run(fmt.Sprint(row.result, " ", row.mode), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := talking(t)
				s.floor.bea = row.result
				s.must(s.supervise("bea", row.mode))
				s.pbx.ArriveAs(pbxtest.Arrival{Channel: "code.1", Args: []string{"feature", "transfer", "PJSIP/bea", "sales"}})
				s.wait(10 * time.Second)
				if gone := len(s.pbx.ChannelsAt("PJSIP/bea")) == 0; gone != row.done {
					t.Errorf("the transfer is carried out: %v", gone)
				}
				s.pbx.HangUp("in.1", orchestrator.CauseNormal)
				s.finish(orchestrator.OutcomeCompleted, orchestrator.OutcomeServed)
			})
		})
	}
}

// TestTakeOver: the supervisor takes the agent's place, once, and the agent is free.
// It may be the first wish, a later one, or a key; of a customer on hold as well.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"at once", "after listening", "by key", "on hold", "two at once"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := talking(t)
				switch how {
				case "at once":
				case "on hold":
					s.ask(call.WishHold, orchestrator.Target{})
					s.wait(time.Second)
				case "two at once":
					s.must(s.supervise("col", "listen"))
				default:
					s.must(s.supervise("bea", "listen"))
				}
				if how == "by key" {
					s.pbx.Press(s.pbx.ChannelsAt("PJSIP/bea")[0], "7")
					s.wait(time.Second)
				} else {
					s.must(s.supervise("bea", "takeover"))
				}
				s.conversation("bea")
				if c, _ := s.pbx.Channel("in.1"); c.Held {
					t.Error("the customer hears music still")
				}
				if len(s.pbx.ChannelsAt("PJSIP/101")) > 0 || s.floor.offer != nil {
					t.Error("the agent is not free")
				}
				if len(s.pbx.ChannelsAt("PJSIP/col")) > 0 {
					t.Error("who listened to the agent is still there")
				}
				s.refused(fault.Conflict, s.supervise("bea", "takeover")) // it is hers already
				s.refused(fault.Denied, s.supervise("col", "listen"))
				s.pbx.HangUp("in.1", orchestrator.CauseNormal)
				s.finish(orchestrator.OutcomeServed)
				if log := s.supervised(); !slices.Contains(log, "bea takeover on 0") {
					t.Errorf("on the timeline: %q", log)
				}
			})
		})
	}
}

// TestSupervisedConversationGoesOn is held, resumed, transferred and ended while a
// supervisor listens, who leaves with the agent.
func TestSupervisedConversationGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := talking(t)
		s.must(s.supervise("bea", "listen"))
		for _, do := range []call.WishKind{call.WishHold, call.WishResume} {
			s.ask(do, orchestrator.Target{})
			s.wait(2 * time.Second)
			if s.hears("bea") != "listen" {
				t.Errorf("after %s: %q", do, s.hears("bea"))
			}
		}
		s.conversation("101")
		s.must(s.supervise("bea", "whisper"))
		first := s.pbx.ChannelsAt("PJSIP/101")
		s.ask(call.WishTransfer, orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "sales"})
		s.refused(fault.Conflict, s.supervise("bea", "takeover")) // by now the agent has gone
		s.wait(20 * time.Second)
		s.conversation("101")
		if now := s.pbx.ChannelsAt("PJSIP/101"); len(now) != 1 || now[0] == first[0] || s.hears("bea") != "" || len(s.pbx.ChannelsAt("PJSIP/bea")) > 0 {
			t.Errorf("after the transfer: the agent at %q, before %q, the supervisor at %q", now, first, s.pbx.ChannelsAt("PJSIP/bea"))
		}
		s.must(s.supervise("bea", "barge"))
		s.pbx.HangUp(s.pbx.ChannelsAt("PJSIP/101")[0], orchestrator.CauseNormal)
		s.wait(5 * time.Second)
		if len(s.pbx.ChannelsAt("PJSIP/bea")) > 0 {
			t.Error("the supervisor has nobody to listen to, and is there")
		}
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeServed)
	})
}

// TestWhoHangsUpFirst is the table of stages and of who hangs up in each.
func TestWhoHangsUpFirst(t *testing.T) {
	t.Parallel()
	stages := []string{"ringing", "answered", "listen", "whisper", "barge", "changing", "takeover"}
	for _, stage := range stages {
		for _, who := range []string{"customer", "101", "bea"} {
			t.Run(stage+" "+who, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := talking(t)
					ask := func(mode orchestrator.MonitorMode) {
						s.must(s.eng.Ask(t.Context(), s.live().Call, call.Wish{Do: call.WishSupervise, Supervisor: "bea", Mode: mode, By: "test"}))
					}
					switch stage {
					case "ringing":
						ask("listen")
						s.wait(time.Second)
					case "answered":
						ask("listen")
						time.Sleep(2 * time.Second)
					case "changing":
						s.must(s.supervise("bea", "listen"))
						ask("barge")
					default:
						s.must(s.supervise("bea", orchestrator.MonitorMode(stage)))
					}
					if who == "customer" {
						s.pbx.HangUp("in.1", orchestrator.CauseNormal)
					} else {
						for _, ch := range s.pbx.ChannelsAt("PJSIP/" + who) {
							s.pbx.HangUp(ch, orchestrator.CauseNormal)
						}
					}
					s.wait(5 * time.Second)
					with := "101" // who talks with the customer
					if stage == "takeover" {
						with = "bea"
					}
					talks := who != "customer" && who != with
					switch {
					case talks:
						s.conversation(with)
					case len(s.pbx.ChannelsAt("PJSIP/bea")) > 0:
						t.Error("the supervisor is still there")
					}
					s.pbx.HangUp("in.1", orchestrator.CauseNormal)
					s.finish(orchestrator.OutcomeServed)
				})
			})
		}
	}
}

// TestSupervisingInTrouble does all that a supervisor may, with one command after
// the other unanswered, in three ways, or the process killed at it. The customer
// stays in the conversation all the time, and nothing is left over.
func TestSupervisingInTrouble(t *testing.T) {
	t.Parallel()
	inTrouble(t, 9, func(t *testing.T, tr trouble) {
		s := talking(t)
		killed := tr.begin(s)
		again := func() {
			s.wait(20 * time.Second)
			if killed() {
				s.start()
				s.wait(30 * time.Second)
			}
		}
		for _, mode := range []orchestrator.MonitorMode{"listen", "whisper", "barge", "takeover"} {
			before, _ := s.pbx.Channel("in.1")
			w := call.Wish{Do: call.WishSupervise, Supervisor: "bea", Mode: mode, By: "test"}
			if err := s.eng.Ask(t.Context(), s.live().Call, w); err != nil && fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s: %v", mode, err)
			}
			again()
			if mode == "takeover" {
				break
			}
			if tr.fate == nil && tr.n == 1 && mode == "listen" { // a dial that may have been made is not made again
				s.must(s.supervise("bea", mode))
			}
			if got := s.hears("bea"); got != mode {
				t.Errorf("%q, want %q", got, mode)
			}
			s.conversation("101")
			if now, _ := s.pbx.Channel("in.1"); now.Bridge != before.Bridge || now.Held {
				t.Errorf("%s: the customer was in %s, and is in %s", mode, before.Bridge, now.Bridge)
			}
		}
		s.conversation("bea")
		s.pbx.Decide(nil)
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeServed)
	})
}

// TestLineOfASupervisorWhoIsOffered: a supervisor is about to listen on their permanent
// line as a caller is offered to them, and neither call knows of the other. The caller
// has the line.
func TestLineOfASupervisorWhoIsOffered(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"listens", "offered"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := talking(t)
				line := s.openBeas()
				talks := s.live()
				s.pbx.Arrive("in.2", "5000", caller(2))
				s.wait(10 * time.Second)
				waits := s.live()
				s.store.set(true)
				listens := func() {
					go func() {
						_ = s.eng.Ask(t.Context(), talks.Call, call.Wish{Do: call.WishSupervise, Supervisor: "bea", Mode: orchestrator.MonitorListen, By: "test"})
					}()
					s.wait(10 * time.Millisecond)
				}
				if first == "listens" {
					listens()
				}
				o := orchestrator.Offer{ID: "ob", Call: waits.Call, Visit: waits.Visit.N, PBX: "lima",
					Queue: "sales", Agent: "bea", Endpoint: "PJSIP/bea", Ring: 20 * time.Second}
				s.floor.mu.Lock()
				s.floor.offer = &o
				s.floor.mu.Unlock()
				s.floor.notices <- orchestrator.DeskNotice{Offer: o}
				s.wait(10 * time.Millisecond)
				if first == "offered" {
					listens()
				}
				s.store.set(false)
				s.wait(5 * time.Second)
				s.talks("in.2", line)
				s.conversation("101")
				for _, in := range []string{"in.2", "in.1"} {
					s.pbx.HangUp(in, orchestrator.CauseNormal)
					s.wait(10 * time.Second)
					t.Logf("the line after %s", in)
					s.rests(line)
				}
				if n := s.healed(); n > 0 {
					t.Errorf("%v things were put right", n)
				}
				s.pbx.HangUp(line, orchestrator.CauseNormal)
				s.finish(orchestrator.OutcomeServed, orchestrator.OutcomeServed)
			})
		})
	}
}
