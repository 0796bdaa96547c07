package runner

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// previews is the life of a call that an agent makes: the agent is held, decides after 5 s, and
// is in wrap-up for 3 s after a conversation. mu is held as it begins.
func (w *world) previews(p *person) {
	defer w.live.Done()
	id := p.of.Agent
	step := func(fn func()) {
		w.mu.Lock()
		defer w.mu.Unlock()
		fn()
	}
	held := false
	step(func() {
		if held = w.agents[id].State == stateAvailable; !held {
			w.end(p, orchestrator.OutcomeWithdrawn, "operadora", 0)
			return
		}
		p.Agent = id
		w.agent(id, stateTalking, p.Call)
		if p.of.Preview != nil {
			w.tell(orchestrator.EntryCallPreview, p.Call, id, map[string]any{"state": "given", "agent": id})
		}
	})
	if !held {
		return
	}
	free := func(outcome orchestrator.Outcome, by string) {
		w.end(p, outcome, by, orchestrator.CauseNormal)
		w.agent(id, stateAvailable, "")
	}
	if p.of.Preview != nil {
		select {
		case <-time.After(5 * time.Second):
		case <-p.givenUp:
			step(func() { free(orchestrator.OutcomeWithdrawn, "operadora") })
			return
		}
		if p.skips != "" {
			step(func() {
				w.tell(orchestrator.EntryCallPreview, p.Call, id, map[string]any{"state": "skip", "agent": id, "disposition": strings.TrimPrefix(p.skips, "-")})
				free(orchestrator.OutcomeSkipped, "agent")
			})
			return
		}
	}
	if err := w.may(p); err != nil {
		step(func() { free(orchestrator.OutcomeRefused, "operadora") })
		return
	}
	step(func() {
		w.tell(orchestrator.EntryCallDialled, p.Call, id, map[string]any{"result": "dialling"})
		w.tell(orchestrator.EntryCallDialled, p.Call, id, map[string]any{"result": "ringing"})
	})
	time.Sleep(p.rings)
	if !p.answers {
		step(func() { free(p.outcome, "number") })
		return
	}
	step(func() {
		p.AnsweredAt, p.ConnectedAt = w.now().UnixMilli(), w.now().UnixMilli()
		w.tell(orchestrator.EntryCallDialled, p.Call, id, map[string]any{"result": "answered"})
		w.tell(orchestrator.EntryCallConnected, p.Call, id, map[string]any{"dialled": true})
	})
	time.Sleep(p.talk)
	step(func() {
		w.end(p, orchestrator.OutcomeServed, "agent", orchestrator.CauseNormal)
		w.agent(id, stateWrapup, p.Call)
	})
	time.Sleep(3 * time.Second)
	step(func() { w.agent(id, stateAvailable, "") })
}

// judged has somebody judge the calls that agents make from now on.
func (w *world) judged(by func(context.Context, orchestrator.Contacting) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.judge = by
}

// may asks who dials whether a lead may be called, as the engine does.
func (w *world) may(p *person) error {
	w.mu.Lock()
	judge := w.judge
	w.mu.Unlock()
	if judge == nil {
		return nil
	}
	return judge(context.WithoutCancel(w.t.Context()), orchestrator.Contacting{Call: p.Call, Kind: orchestrator.KindCampaign, Campaign: p.Campaign, Number: p.of.Number})
}

// TestPreviewMode: each free agent is given a lead, and none beside it; who is skipped is no
// contact and no attempt, and comes again as the retry rules say, by the disposition if one
// was given; who is called talks with the agent who previewed them.
func TestPreviewMode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 12)
		w.staff(3)
		given := map[string]int{}
		w.life = func(p *person) { // mu is held
			if given[p.Lead]++; given[p.Lead] == 1 && (p.of.Number[len(p.of.Number)-1]-'0')%3 == 0 {
				p.skips = "-" // 0, 3, 6, 9, 10
			}
			if p.of.Number == "+573001000001" {
				p.skips = "wrong"
			}
		}
		c := march(campaign.ModePreview)
		c.Attempts = campaign.Attempts{Lead: 1, Number: 1, Day: 1, Week: 1} // skipping is none
		c.Retry = yamlfile.Map[campaign.Retry]{{Key: "skipped", Value: campaign.Retry{Do: campaign.StepAgain, After: time.Hour}}, {Key: "disposition:wrong", Value: campaign.Retry{Do: campaign.StepFinish}}}
		s := w.sit("one", c)
		w.judged(s.runner.MayDial)
		s.order("march", campaign.OnStart)
		time.Sleep(3 * time.Second)
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if l := v.Live; l == nil || l.Previewed != 3 || l.OnWay != 0 || l.Agents["calling"] != 3 {
			t.Fatalf("as the agents look: %+v", l)
		}
		time.Sleep(50 * time.Minute)
		if v, err = s.runner.View(t.Context(), "march"); err != nil || v.Today.Results[campaign.ResultServed] != 6 || v.Today.Results[campaign.ResultSkipped] != 6 || v.Today.Abandoned != 0 {
			t.Errorf("within the hour: %+v, %v", v.Today, err)
		}
		time.Sleep(20 * time.Minute)
		v, err = s.runner.View(t.Context(), "march")
		must(t, err)
		if v.Today.Results[campaign.ResultServed] != 11 || v.Today.Results[campaign.ResultSkipped] != 6 || v.Live.Answered != 11 || v.Live.Abandoned != 0 {
			t.Errorf("in the end: %+v, %+v", v.Today, v.Live)
		}
		if _, _, most := w.count(); most > 3 {
			t.Errorf("%d leads at once, of 3 agents", most)
		}
		w.mu.Lock()
		for _, p := range w.calls {
			if p.of.Preview == nil || p.of.Preview.Limit != 30*time.Second || p.of.Queue != "sales" || p.of.Flow != "" || p.ConnectedAt > 0 && p.Agent != p.of.Agent {
				t.Errorf("%+v", p.of)
			}
		}
		w.mu.Unlock()
		w.close(s)
	})
}

// TestPreviewsEndWithTheCampaign: who is being previewed as the campaign is paused is not
// called, and is looked at again when it goes on.
func TestPreviewsEndWithTheCampaign(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 2)
		w.staff(2)
		c := march(campaign.ModePreview)
		c.Attempts = campaign.Attempts{Lead: 1, Number: 1, Day: 1, Week: 1}
		s := w.sit("one", c)
		w.judged(s.runner.MayDial)
		s.order("march", campaign.OnStart)
		time.Sleep(3 * time.Second)
		s.order("march", campaign.OnPause)
		time.Sleep(time.Minute)
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if v.Today.Results[campaign.ResultWithdrawn] != 2 || v.Live.Agents["free"] != 2 {
			t.Errorf("paused: %+v, %+v", v.Today, v.Live)
		}
		s.order("march", campaign.OnResume)
		time.Sleep(time.Minute)
		if v, err = s.runner.View(t.Context(), "march"); err != nil || v.Today.Results[campaign.ResultServed] != 2 {
			t.Errorf("it goes on: %+v, %v", v.Today, err)
		}
		w.close(s)
	})
}

// TestPreviewIsJudgedAgain: a lead who must not be called any more when the agent says so is not.
func TestPreviewIsJudgedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.staff(1)
		s := w.sit("one", march(campaign.ModePreview))
		var said error
		w.judged(func(ctx context.Context, o orchestrator.Contacting) error {
			said = s.runner.MayDial(ctx, o)
			return said
		})
		s.order("march", campaign.OnStart)
		time.Sleep(3 * time.Second)
		must(t, second(w.store.Forbid(t.Context(), leads.Entry{Number: "+573001000000", Why: "asked"})))
		time.Sleep(time.Minute)
		if fault.KindOf(said) != fault.Denied || !strings.Contains(said.Error(), "do_not_call") {
			t.Errorf("said %v", said)
		}
		if n := w.dialled(); n != 1 {
			t.Errorf("%d calls", n)
		}
		w.close(s)
	})
}

// TestPreviewsKilled: whenever the process that dials dies, no lead is given to two agents, and
// each is called once in the end.
func TestPreviewsKilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3)
		w.leads("l", 12)
		w.staff(3)
		c := march(campaign.ModePreview) // who was planned and never dialled is called again after five minutes
		var things atomic.Int64
		w.dies = func() bool { return things.Add(1)%41 == 0 }
		var seats []*seat
		for i := range 12 {
			s := w.sit(string(rune('a'+i)), c)
			w.judged(s.runner.MayDial)
			seats = append(seats, s)
			if i == 0 {
				for second(s.runner.Order(t.Context(), "march", campaign.OnStart, "me", "")) != nil {
					time.Sleep(time.Second)
				}
			}
			time.Sleep(30 * time.Second)
			for _, s := range seats {
				if s.killed.Load() {
					s.runner.Stop() // what is left of it can do nothing any more
				}
			}
		}
		w.dies = nil
		last := w.sit("last", c)
		w.judged(last.runner.MayDial)
		time.Sleep(20 * time.Minute)
		v, err := last.runner.View(t.Context(), "march")
		must(t, err)
		if v.Today.Results[campaign.ResultServed] != 12 || len(w.double) > 0 || v.Today.Open != 0 {
			t.Errorf("%+v, twice %v", v.Today, w.double)
		}
		w.close(append(seats, last)...)
	})
}

// TestAppointmentWithAnAgent: in any mode the agent with whom it is makes the call, once free;
// others do not; and after a quarter of an hour anyone does.
func TestAppointmentWithAnAgent(t *testing.T) {
	t.Parallel()
	for _, mode := range []campaign.Mode{campaign.ModeProgressive, campaign.ModePreview} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			w.leads("l", 2)
			w.staff(3)
			c := march(mode)
			s := w.sit("one", c)
			w.judged(s.runner.MayDial)
			at := time.Now().Add(time.Minute)
			must(t, second(s.runner.Appoint(t.Context(), "march", 1, campaign.Appointment{At: at, Agent: "a2"}, "me")))
			must(t, second(s.runner.Appoint(t.Context(), "march", 2, campaign.Appointment{At: at, Agent: "a1"}, "me")))
			if _, err := s.runner.Appoint(t.Context(), "march", 2, campaign.Appointment{At: at, Agent: "nobody"}, "me"); fault.KindOf(err) != fault.Invalid {
				t.Errorf("with nobody: %v", err)
			}
			w.mu.Lock()
			w.agent("a1", "offline", "")
			w.mu.Unlock()
			s.order("march", campaign.OnStart)
			time.Sleep(3 * time.Minute)
			with := func(lead string) (out []call.Attempt) {
				w.mu.Lock()
				defer w.mu.Unlock()
				for _, p := range w.calls {
					if p.Lead == lead && p.ConnectedAt > 0 {
						out = append(out, p.of)
					}
				}
				return out
			}
			if got := with("1"); len(got) != 1 || got[0].Agent != "a2" || (got[0].Preview != nil) != (mode == campaign.ModePreview) {
				t.Errorf("%s: the first lead: %+v", mode, got)
			}
			if got := with("2"); len(got) != 0 {
				t.Errorf("%s: the second lead: %+v", mode, got)
			}
			time.Sleep(20 * time.Minute)
			if got := with("2"); len(got) != 1 || got[0].Agent == "a1" {
				t.Errorf("%s: the second lead later: %+v", mode, got)
			}
			w.close(s)
		})
	}
}

// TestFieldsThatNoListHas: before anything rings it is said what flow and script read, and no list has.
func TestFieldsThatNoListHas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		must(t, second(w.store.CreateList(t.Context(), leads.List{ID: "l", Region: "CO"}, "me")))
		must(t, w.bring("l", "phone,name,amount\n+573001000000,Ana,100\n"))
		c := march(campaign.ModeProgressive)
		c.Script, c.Reads = map[string]string{"en": "{{name}} owes {{ amount }} of {{what}}"}, []string{"amount", "due", "id"}
		s := w.sit("one", c)
		p, err := s.runner.Preview(t.Context(), "march", 10)
		must(t, err)
		if strings.Join(p.Lacking, " ") != "due what" || p.Now != 1 {
			t.Errorf("%+v", p)
		}
		w.close(s)
	})
}
