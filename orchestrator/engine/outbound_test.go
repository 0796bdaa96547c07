package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

const outsideNumber = "PJSIP/+34910000001@trunk"

// callsOut lets the site call outside numbers.
func (s *site) callsOut(change func(*gate.Policy)) {
	p := gate.Policy{Dial: "PJSIP/{number}@trunk", Region: "ES", Allow: []string{"+34"}}
	change(&p)
	s.gate = gate.Gate{"lima": p}
	s.kill()
	s.wait(time.Second)
	s.start()
}

func asIs(*gate.Policy) {}

func order(number string) call.Order {
	return call.Order{Agent: "ana", Number: number, By: "test"}
}

// TestDialInTrouble lets an agent call a customer, with one command after the
// other unanswered, in three ways, or the process killed at it. Nobody's phone is
// rung twice, the agent is free afterwards, and nothing is left over.
func TestDialInTrouble(t *testing.T) {
	t.Parallel()
	inTrouble(t, 9, func(t *testing.T, tr trouble) { dialInTrouble(t, tr, nil, false) })
}

// TestDialOnLineInTrouble is the same for an agent on a permanent line, which nobody
// rings anew, and which is idle again afterwards.
func TestDialOnLineInTrouble(t *testing.T) {
	t.Parallel()
	inTrouble(t, 9, func(t *testing.T, tr trouble) { dialInTrouble(t, tr, (*site).open, false) })
}

// TestDialAtThePhoneOfALine is the same for one who dials the number at the phone: its
// other line is free at once, and the call is on the permanent one.
func TestDialAtThePhoneOfALine(t *testing.T) {
	t.Parallel()
	inTrouble(t, 12, func(t *testing.T, tr trouble) { dialInTrouble(t, tr, (*site).open, true) })
}

// TestDialAtThePhoneOfADialledLine is the same where the agent has dialled in for the
// permanent line, whose channel is not of our making either.
func TestDialAtThePhoneOfADialledLine(t *testing.T) {
	t.Parallel()
	inTrouble(t, 12, func(t *testing.T, tr trouble) { dialInTrouble(t, tr, (*site).dialIn, true) })
}

// line opens the agent's permanent line, nil for none.
func dialInTrouble(t *testing.T, tr trouble, line func(*site) string, atPhone bool) {
	t.Helper()
	s := newSite(t)
	s.callsOut(asIs)
	s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second).ThenHangUp(2*time.Minute))
	if line != nil {
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second))
		line(s)
	}
	rung, before := s.rung(), s.outcomes()
	s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(6*time.Second).ThenHangUp(40*time.Second))
	killed := tr.begin(s)
	if atPhone {
		s.pbx.ArriveAs(pbxtest.Arrival{Channel: "desk.1", Caller: caller(1), Args: []string{"feature", "dial", "PJSIP/101", "910000001", "101"}})
	} else if out, err := s.eng.Dial(t.Context(), "lima", order("910000001"), "key"); err != nil || out.Refusal != nil {
		t.Fatalf("%+v, %v", out, err)
	}
	for n := range 120 {
		s.wait(time.Second)
		if _, ok := s.pbx.Channel("desk.1"); ok && n == 12 {
			t.Error("the phone is still in the call that dialled")
		}
		if killed() {
			s.wait(time.Second)
			s.start()
		}
	}
	s.wait(5 * time.Minute)
	s.pbx.Decide(nil)
	calls := s.store.ended()[len(before):]
	if len(calls) != 1 {
		t.Fatalf("on record are %+v", calls)
	}
	got := calls[0]
	if tr.n == 0 && (got.Outcome != orchestrator.OutcomeServed || got.TalkMS != 40_000) {
		t.Errorf("%+v", got)
	}
	if got.Kind != orchestrator.KindOutbound || got.Agent != "ana" || got.Queue != "sales" {
		t.Errorf("the record is %+v", got)
	}
	if line != nil {
		s.idle(s.line())
		for _, c := range s.pbx.Commands("Originate")[rung:] {
			if c.Origination.Endpoint == "PJSIP/101" {
				t.Error("the phone is rung, although the line is open")
			}
		}
		s.logout()
	}
	s.finish(append(before, got.Outcome)...)
}

// TestSameKeySameCall: a key that was used gives the call that it stands for,
// asked at the same time, later, by another process or after the end; with
// another number it is refused.
func TestSameKeySameCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(asIs)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(2*time.Second).ThenHangUp(time.Minute))
		var mu sync.Mutex
		ids := map[string]int{}
		var wg sync.WaitGroup
		ask := func() {
			out, err := s.eng.Dial(t.Context(), "lima", order("910000001"), "k1")
			if err != nil || out.Refusal != nil {
				t.Errorf("%+v, %v", out, err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[out.Call]++
		}
		for range 20 {
			wg.Go(ask)
		}
		wg.Wait()
		s.wait(10 * time.Second)
		ask()
		if _, err := s.eng.Dial(t.Context(), "lima", order("910000002"), "k1"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the key with another number: %v", err)
		}
		s.kill()
		s.wait(time.Second)
		s.start()
		ask()
		s.wait(5 * time.Minute)
		ask()
		if len(ids) != 1 {
			t.Errorf("one key gave %v", ids)
		}
		s.finish(orchestrator.OutcomeServed)
	})
}

// TestKeyOfAProcessThatDied: a key that was claimed for a call which was never
// stored gives a call, under the id that it was claimed for.
func TestKeyOfAProcessThatDied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(asIs)
		s.pbx.Endpoint("PJSIP/101", pbxtest.Reject())
		first, err := s.eng.Dial(t.Context(), "lima", order("910000001"), "k1")
		if err != nil {
			t.Fatal(err)
		}
		s.wait(time.Minute)
		s.store.forget(first.Call)
		again, err := s.eng.Dial(t.Context(), "lima", order("910000001"), "k1")
		if err != nil || again.Call != first.Call {
			t.Errorf("%+v, %v, want call %s", again, err, first.Call)
		}
		s.wait(time.Hour)
		s.store.forget(first.Call)
		if old, err := s.eng.Dial(t.Context(), "lima", order("910000001"), "k1"); err != nil || old.Call != first.Call || !old.Again {
			t.Errorf("long after: %+v, %v", old, err)
		}
		if n := len(s.store.ended()); n != 2 {
			t.Errorf("%d calls were made", n)
		}
		s.store.log = nil // the same call twice, as if it had never been stored the first time
		s.finish()
	})
}

// TestDialRefusals: who may not call is told why, and so is who cannot now.
func TestDialRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		if _, err := s.eng.Dial(t.Context(), "quito", order("910000001"), ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("no such PBX: %v", err)
		}
		s.callsOut(func(p *gate.Policy) { p.Deny = []string{"+34960"} })
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(time.Second).ThenHangUp(time.Minute))
		for number, rule := range map[string]string{"960000001": "outbound.deny", "555&PJSIP/x@trunk": "characters", "9100FLOWER": "characters",
			"807123456": "outbound.cost", "+4420": "not a number"} {
			out, err := s.eng.Dial(t.Context(), "lima", order(number), "")
			if err != nil || out.Refusal == nil || !strings.Contains(out.Refusal.Text, rule) {
				t.Errorf("%s: %+v, %v", number, out.Refusal, err)
			}
		}
		if out, err := s.eng.Dial(t.Context(), "lima", order("910000001"), ""); err != nil || out.Refusal != nil {
			t.Errorf("%+v, %v", out, err)
		}
		if out, err := s.eng.Dial(t.Context(), "lima", order("910000001"), ""); err != nil || out.Refusal == nil || out.Refusal.Agent != orchestrator.AgentBusy {
			t.Errorf("a second call: %+v, %v", out.Refusal, err)
		}
		r := orchestrator.OutcomeRefused
		s.finish(r, r, r, r, r, r, orchestrator.OutcomeServed)
	})
}

// rulebook are rules on contacts that say what they are told to.
type rulebook struct {
	asked []orchestrator.Contacting
	says  []error
}

func (r *rulebook) Contact(_ context.Context, c orchestrator.Contacting) error {
	r.asked = append(r.asked, c)
	err := r.says[0]
	r.says = r.says[1:]
	return err
}

// TestContactsAreAsked: the rules on contacts are asked at the moment of dialling, again when they
// could not tell, and what they refuse rings nobody.
func TestContactsAreAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		away := fault.New("db", fault.Unavailable, "away")
		rules := &rulebook{says: []error{away, nil, away, fault.New("dialer", fault.Denied, "rule once of profile own")}}
		s.contacts = rules
		s.callsOut(asIs)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(time.Second).ThenHangUp(time.Minute))
		for range 2 {
			if out, err := s.eng.Dial(t.Context(), "lima", order("910000001"), ""); err != nil || out.Refusal != nil {
				t.Errorf("%+v, %v", out, err)
			}
			s.wait(5 * time.Minute)
		}
		if n := s.leadRung(); n != 1 || len(rules.says) > 0 {
			t.Errorf("rung %d times, asked %d times", n, len(rules.asked))
		}
		if a := rules.asked[3]; a.Number != "+34910000001" || a.Queue == "" || a.Kind != orchestrator.KindOutbound || a.Call == "" {
			t.Errorf("%+v", a)
		}
		s.finish(orchestrator.OutcomeServed, orchestrator.OutcomeRefused)
	})
}

// TestCapsOfTheTrunk: two calls to outside numbers and no third, also when another
// process dialled the two; the refusal names the rule, and room is made by an end.
func TestCapsOfTheTrunk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(func(p *gate.Policy) { p.MaxCalls, p.OutsideToOutside = 2, true })
		for i := range 3 { // each has one line
			s.pbx.Endpoint(fmt.Sprintf("PJSIP/+3491000000%d@trunk", i), pbxtest.AnswerAfter(time.Second))
		}
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		for i := range 3 {
			s.pbx.Arrive(fmt.Sprint("in.", i), "5000", caller(i))
			s.wait(20 * time.Second)
			to := orchestrator.Target{Kind: orchestrator.TargetNumber, Name: fmt.Sprint("91000000", i)}
			if err := s.eng.Ask(t.Context(), s.live().Call, call.Wish{Do: call.WishTransfer, To: to, By: "test"}); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
			s.wait(5 * time.Second)
			if i == 1 { // the next process counts the numbers that this one dialled
				s.kill()
				s.wait(time.Second)
				s.start()
			}
		}
		refused := s.faults("outbound.max_calls")
		if refused != 1 {
			t.Errorf("%d calls were refused by the cap", refused)
		}
		for i := range 3 {
			s.pbx.HangUp(fmt.Sprint("in.", i), orchestrator.CauseNormal)
		}
		o := orchestrator.OutcomeServed
		s.finish(o, o, o)
	})
}

// faults is how many entries of faults have a text in them.
func (s *site) faults(text string) (n int) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, e := range s.store.log {
		if e.Type == orchestrator.EntryCallFault && strings.Contains(string(e.Data), text) {
			n++
		}
	}
	return n
}

// TestOutsideToOutside: who called from outside is put through to no outside number, at once
// or after asking, unless the policy says so; nothing is dialled, and the conversation goes on.
func TestOutsideToOutside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(asIs)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(20 * time.Second)
		for _, do := range []call.WishKind{call.WishTransfer, call.WishConsult} {
			to := orchestrator.Target{Kind: orchestrator.TargetNumber, Name: "910000001"}
			err := s.eng.Ask(t.Context(), s.live().Call, call.Wish{Do: do, To: to, By: "test"})
			if fault.KindOf(err) != fault.Denied || !strings.Contains(err.Error(), "outbound.outside_to_outside") {
				t.Errorf("%s: %v", do, err)
			}
			s.wait(5 * time.Second)
		}
		for _, c := range s.pbx.Commands("Originate") {
			if c.Origination.Endpoint == outsideNumber {
				t.Error("the number is dialled")
			}
		}
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeServed)
	})
}

// forget loses a call as the store does an hour after its end.
func (m *memory) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.calls, id)
}

// TestDialAtThePhone: the phone that dials the code becomes the agent's leg, and
// names the queue by its code.
func TestDialAtThePhone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(asIs)
		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(3*time.Second).ThenHangUp(30*time.Second))
		s.pbx.ArriveAs(pbxtest.Arrival{Channel: "desk.1", Caller: caller(1), Args: []string{"feature", "dial", "PJSIP/101", "*12*910000001", "101"}})
		s.wait(2 * time.Second)
		if c, ok := s.pbx.Channel("desk.1"); !ok || !c.Up {
			t.Errorf("the phone that dialled: %+v, %v", c, ok)
		}
		s.wait(10 * time.Second)
		s.kill()
		s.wait(time.Second)
		s.start()
		s.finish(orchestrator.OutcomeServed)
		if got := s.floor.dialled; len(got) != 1 || got[0].Endpoint != "PJSIP/101" || got[0].Code != "12" || got[0].Agent != "" {
			t.Errorf("the distributor was asked %+v", got)
		}
	})
}

// TestCalledOffWhileNobodyAnswers: neither PBX nor store answer for a while in which
// the agent calls off to ask an outside number. It is not rung afterwards, and the
// cap of the trunk does not count it.
func TestCalledOffWhileNobodyAnswers(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.callsOut(func(p *gate.Policy) { p.MaxCalls, p.OutsideToOutside = 1, true })
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
				s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(time.Second))
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(20 * time.Second)
				away, rung := false, 0
				s.pbx.Decide(func(c pbxtest.Command) pbxtest.Fate {
					if c.Op != "Originate" {
						return pbxtest.Obeyed()
					}
					if !away {
						away = true
						s.store.set(true)
					}
					return pbxtest.Unheard()
				})
				wish := call.Wish{Do: call.WishConsult, To: orchestrator.Target{Kind: orchestrator.TargetNumber, Name: "910000001"}, By: "test"}
				s.must(s.eng.Ask(t.Context(), s.live().Call, wish))
				s.wait(2200 * time.Millisecond) // the lease is proved no more
				id := s.live().Call
				done := make(chan error, 1)
				go func() { done <- s.eng.Ask(t.Context(), id, call.Wish{Do: call.WishCancel, By: "test"}) }()
				s.wait(time.Second + time.Duration(i)*40*time.Millisecond)
				s.pbx.Decide(func(c pbxtest.Command) pbxtest.Fate {
					r, err := s.store.Load(t.Context(), id)
					if stored, bad := call.Parse(r.Doc); c.Op == "Originate" && err == nil && bad == nil && stored.Consult == nil {
						rung++
					}
					return pbxtest.Obeyed()
				})
				s.store.set(false)
				s.must(<-done)
				s.wait(30 * time.Second)
				s.pbx.Decide(nil)
				s.must(s.eng.Ask(t.Context(), s.live().Call, wish))
				s.wait(5 * time.Second)
				if n := s.faults("outbound.max_calls"); n != 0 || rung != 0 {
					t.Errorf("%d calls were refused by the cap, rung for nothing %d times", n, rung)
				}
				s.pbx.HangUp("in.1", orchestrator.CauseNormal)
				s.finish(orchestrator.OutcomeServed)
			})
		})
	}
}
