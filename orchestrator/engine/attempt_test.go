package engine_test

import (
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

const attemptID = "01jd0000000000000000000001"

func attempt(number string) call.Attempt {
	return call.Attempt{Call: attemptID, Campaign: "sales", Lead: "7", N: 1, Number: number, Flow: "sales", Ring: 25 * time.Second}
}

// leadRung is by how many channels a lead's phone was rung: an order that is repeated
// for one that is there rings nothing.
func (s *site) leadRung() int {
	channels := map[string]bool{}
	for _, c := range s.pbx.Commands("Originate") {
		if c.Origination.Endpoint == outsideNumber {
			channels[c.Origination.Channel] = true
		}
	}
	return len(channels)
}

// TestAttemptInTrouble makes an attempt with one command after the other unanswered, in
// three ways, or the process killed at it. The lead's phone is never rung twice, who
// answered is served or ended on record, and nothing is left over.
func TestAttemptInTrouble(t *testing.T) {
	t.Parallel()
	inTrouble(t, 9, func(t *testing.T, tr trouble) {
		s := newSite(t)
		s.callsOut(asIs)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second))
		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(6*time.Second).ThenHangUp(40*time.Second))
		killed := tr.begin(s)
		if out, err := s.eng.Attempt(t.Context(), "lima", attempt("910000001")); err != nil || out.Call != attemptID || out.Refusal != nil {
			t.Fatalf("%+v, %v", out, err)
		}
		for range 120 {
			s.wait(time.Second)
			if killed() {
				s.wait(time.Second)
				s.start()
			}
		}
		s.pbx.Decide(nil)
		calls := s.store.ended()
		if len(calls) != 1 {
			t.Fatalf("on record are %+v", calls)
		}
		got := calls[0]
		if n := s.leadRung(); n != 1 {
			t.Errorf("rung %d times", n)
		}
		if tr.n == 0 && (got.Outcome != orchestrator.OutcomeServed || got.TalkMS < 30_000 || got.Agent != "ana") {
			t.Errorf("%+v", got)
		}
		if got.Kind != orchestrator.KindCampaign || got.Campaign != "sales" || got.Lead != "7" || got.AnsweredAt > 0 && got.Queue != "sales" {
			t.Errorf("the record is %+v", got)
		}
		s.finish(got.Outcome)
	})
}

// TestAttemptInDoubt: the PBX carries the order out and its answer is lost; the phone is
// busy, and the store hangs when that is told. The phone is not rung a second time, and
// what became of it is on record.
func TestAttemptInDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(asIs)
		s.pbx.Endpoint(outsideNumber, pbxtest.Busy())
		s.pbx.LoseReply("Originate", 1)
		s.pbx.OnCommand(func(c pbxtest.Command) {
			if c.Op == "Originate" {
				s.store.set(true)
			}
		})
		if _, err := s.eng.Attempt(t.Context(), "lima", attempt("910000001")); err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Second)
		s.pbx.OnCommand(nil)
		s.store.set(false)
		s.wait(time.Minute)
		made := 0
		for _, c := range s.pbx.Commands("Originate") {
			if c.Err == nil || !c.Origination.Again {
				made++ // all have the same channel, which is over when it is ordered again
			}
		}
		if made != 1 {
			t.Errorf("the phone was rung %d times: %+v", made, s.pbx.Commands("Originate"))
		}
		s.finish(orchestrator.OutcomeBusy)
	})
}

// TestLeadAnswersWhileAway: a lead answers while no process is there, waits or leaves, and is
// on record as who answered then, by our clock, and was served by nobody.
func TestLeadAnswersWhileAway(t *testing.T) {
	t.Parallel()
	for name, phone := range map[string]pbxtest.Behaviour{
		"waits":  pbxtest.AnswerAfter(3 * time.Second),
		"leaves": pbxtest.AnswerAfter(3 * time.Second).ThenHangUp(4 * time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.callsOut(asIs)
				s.logout()
				s.pbx.SetClockSkew(-time.Hour)
				s.pbx.Endpoint(outsideNumber, phone)
				o := attempt("910000001")
				o.Flow, o.Queue, o.Within = "", "sales", 2*time.Second
				if _, err := s.eng.Attempt(t.Context(), "lima", o); err != nil {
					t.Fatal(err)
				}
				s.wait(time.Second)
				s.kill()
				s.wait(18 * time.Second)
				s.start()
				s.wait(time.Minute)
				calls := s.store.ended()
				if len(calls) != 1 {
					t.Fatalf("on record are %+v", calls)
				}
				if c := calls[0]; c.AnsweredAt-c.StartedAt < 3000 || c.AnsweredAt-c.StartedAt >= 4000 {
					t.Errorf("answered after %d ms", c.AnsweredAt-c.StartedAt)
				}
				s.finish(orchestrator.OutcomeAbandoned)
			})
		})
	}
}

// TestLeadInTrouble makes an attempt that enters a queue as the lead answers, with nobody
// there, and one command after the other unanswered, in three ways, or the process killed
// at it: the lead hears the message, and is on record as abandoned.
func TestLeadInTrouble(t *testing.T) {
	t.Parallel()
	inTrouble(t, 6, func(t *testing.T, tr trouble) {
		s := newSite(t)
		s.callsOut(asIs)
		s.logout()
		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(3*time.Second))
		killed := tr.begin(s)
		o := attempt("910000001")
		o.Flow, o.Queue, o.Within, o.Message = "", "sales", 2*time.Second, []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "sorry"}}
		if _, err := s.eng.Attempt(t.Context(), "lima", o); err != nil {
			t.Fatal(err)
		}
		said := 0
		for range 120 {
			s.wait(time.Second)
			if killed() {
				s.wait(time.Second)
				s.start()
			}
			for _, ch := range s.pbx.ChannelsAt(outsideNumber) {
				s.pbx.FinishPlayback(ch)
			}
		}
		for _, c := range s.pbx.Commands("Play") {
			if c.Err == nil && c.Playback.Media[0].Value == "sorry" {
				said++
			}
		}
		s.pbx.Decide(nil)
		calls := s.store.ended()
		if len(calls) != 1 {
			t.Fatalf("on record are %+v", calls)
		}
		got := calls[0]
		if n := s.leadRung(); n > 1 {
			t.Errorf("rung %d times", n)
		}
		if got.AnsweredAt > 0 && (got.Outcome != orchestrator.OutcomeAbandoned || said == 0) || tr.n == 0 && (said != 1 || got.WaitMS != 2000) {
			t.Errorf("said %d times, %+v", said, got)
		}
		s.finish(got.Outcome)
	})
}

// TestSameAttempt: an attempt whose id was used rings nobody, asked at the same time,
// later, by another process, or after its end.
func TestSameAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(asIs)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(3*time.Second).ThenHangUp(time.Minute))
		ask := func() {
			if out, err := s.eng.Attempt(t.Context(), "lima", attempt("910000001")); err != nil || out.Call != attemptID || out.Refusal != nil {
				t.Errorf("%+v, %v", out, err)
			}
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(ask)
		}
		wg.Wait()
		s.wait(10 * time.Second)
		ask()
		s.kill()
		s.wait(time.Second)
		s.start()
		ask()
		s.wait(5 * time.Minute)
		ask()
		if n := s.leadRung(); n != 1 {
			t.Errorf("rung %d times", n)
		}
		s.finish(orchestrator.OutcomeServed)
	})
}

// TestAttemptRefusals: what is wrong is named, and what the gate forbids is on record.
func TestAttemptRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(func(p *gate.Policy) { p.Deny = []string{"+34960"} })
		for what, change := range map[string]func(*call.Attempt){
			`call: "mine"`:   func(a *call.Attempt) { a.Call = "mine" },
			"campaign":       func(a *call.Attempt) { a.Campaign = "" },
			"flow":           func(a *call.Attempt) { a.Flow = "" },
			`queue: "sales"`: func(a *call.Attempt) { a.Queue = "sales" },
			"within: -1s":    func(a *call.Attempt) { a.Within = -time.Second },
			"message: nobody": func(a *call.Attempt) {
				a.Message = []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "sorry"}}
			},
			"about: what the agent gets has 20003 bytes": func(a *call.Attempt) { a.About, a.Script = map[string]string{"due": ""}, strings.Repeat("x", 20_000) },
			"least: 30s is not within ":                  func(a *call.Attempt) { a.Least = 30 * time.Second },
		} {
			a := attempt("910000001")
			change(&a)
			if _, err := s.eng.Attempt(t.Context(), "lima", a); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := s.eng.Attempt(t.Context(), "quito", attempt("910000001")); fault.KindOf(err) != fault.NotFound {
			t.Errorf("no such PBX: %v", err)
		}
		for range 2 { // and is told so once more
			out, err := s.eng.Attempt(t.Context(), "lima", attempt("960000001"))
			if err != nil || out.Refusal == nil || !strings.Contains(out.Refusal.Text, "outbound.deny") {
				t.Errorf("%+v, %v", out, err)
			}
		}
		s.refused(fault.NotFound, s.eng.GiveUp(t.Context(), "01jd0000000000000000000009", "test", "no reason"))
		s.finish(orchestrator.OutcomeRefused)
	})
}
