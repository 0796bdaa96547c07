package pacing

import (
	"strings"
	"testing"
)

// busyDay runs a small pool for n calls.
func busyDay(p testPacer, n int) {
	p.idle(0, 1, 2, 3)
	for i := range n {
		at, id, agent := 1+float64(i)*10, CallID(i+1), AgentID(i%3+1)
		p.tell(at, Event{Kind: CallLaunched, Call: id})
		p.tell(at+1, Event{Kind: CallRinging, Call: id})
		if i%4 == 0 {
			p.tell(at+6, Event{Kind: CallPerson, Call: id})
			p.tell(at+6, Event{Kind: AgentReserved, Agent: agent})
			p.tell(at+6, Event{Kind: CallConnected, Call: id, Agent: agent})
			p.tell(at+6, Event{Kind: AgentTalking, Agent: agent})
			p.tell(at+8, Event{Kind: CallEnded, Call: id})
			p.tell(at+8, Event{Kind: AgentWrapping, Agent: agent})
			p.tell(at+9, Event{Kind: AgentIdle, Agent: agent})
		} else {
			p.tell(at+9, Event{Kind: CallFailed, Cause: CauseNoAnswer, Call: id})
		}
		p.Decide(day(at + 9.5))
	}
}

// A restart loses nothing: the Pacer that takes up the state and the one that
// went on say and order the same.
func TestResumeLosesNothing(t *testing.T) {
	t.Parallel()
	old := opened(t, CampaignConfig{})
	busyDay(old, 400)
	old.tell(4005, Event{Kind: CallLaunched, Call: 9001})
	saved, err := old.Save()
	if err != nil {
		t.Fatal(err)
	}
	fresh := closedPacer(t, CampaignConfig{})
	fresh.Restate(old.Ledger())
	if err := fresh.Resume(saved); err != nil {
		t.Fatal(err)
	}
	if n := fresh.Decide(day(4010)).Count(); n != 0 {
		t.Errorf("%d calls before anyone said that the campaign is open", n)
	}
	views := []AgentView{{Agent: 1, State: StateIdle, Since: day(4000)}, {Agent: 2, State: StateIdle, Since: day(4000)},
		{Agent: 3, State: StateTalking, Since: day(4005)}}
	for _, p := range []testPacer{old, fresh} {
		p.Resync(day(4015), views, []CallView{{Call: 9001, State: StateLaunched, Launched: day(4005), Ringing: day(4006)}})
		p.tell(4016, Event{Kind: CampaignOpened})
		p.Decide(day(4046)) // brings the tables up to date
		p.tell(4047, Event{Kind: CallFailed, Call: 9001})
	}
	a, b := old.Decide(day(4048)), fresh.Decide(day(4048))
	if a.Count() != b.Count() {
		t.Errorf("orders %d, resumed %d", a.Count(), b.Count())
	}
	x, y := old.Facts(0), fresh.Facts(0)
	near(t, "answer rate", y.AnswerRate, x.AnswerRate, 1e-9)
	near(t, "answered", y.Answered, x.Answered, 0)
	near(t, "budget", y.BudgetLeft, x.BudgetLeft, 1e-9)
	near(t, "level", y.Level, x.Level, 1e-9)
	near(t, "talk time", float64(y.TalkTime), float64(x.TalkTime), 1)
	near(t, "answer delay", float64(y.AnswerDelay), float64(x.AnswerDelay), 1)
	near(t, "risk", y.Risk, x.Risk, 1e-9)
}

func TestResumeRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		saved string
		words string
	}{
		{"no JSON", "{", "pacing state"},
		{"another version", `{"version": 99}`, "version 99"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			p := closedPacer(t, CampaignConfig{})
			if err := p.Resume([]byte(r.saved)); err == nil || !strings.Contains(err.Error(), r.words) {
				t.Errorf("error %v, want one saying %q", err, r.words)
			}
		})
	}
}

func TestResyncDropsWhatIsGone(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{Mode: ModeProgressive})
	p.idle(0, 1, 2, 3)
	p.tell(0, Event{Kind: CallLaunched, Call: 5})
	p.tell(0, Event{Kind: CallLaunched, Call: 6})
	p.Resync(day(3), []AgentView{{Agent: 2, State: StateIdle}}, []CallView{{Call: 6, State: StateLaunched, Launched: day(0)}})
	p.Decide(day(4))
	if f := p.Facts(0); f.OnWay != 1 || f.Free != 1 {
		t.Errorf("%d calls on their way and %d agents free, want one of each", f.OnWay, f.Free)
	}
}

func TestConfigValidation(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		cfg   Config
		words string
	}{
		{"two of an id", Config{Campaigns: []CampaignConfig{{ID: "a"}, {Name: "a"}}}, `campaigns[1].id: "a"`},
		{"weights", Config{Campaigns: []CampaignConfig{{Segments: 2, Weights: []float64{1}}}}, "weights: 1 for 2 segments"},
		{"limit", Config{Campaigns: []CampaignConfig{{Limit: 1.5}}}, "campaigns[0].limit: 1.5"},
		{"false machines", Config{Campaigns: []CampaignConfig{{FalseMachines: 1}}}, "campaigns[0].false_machines: 1"},
		{"mode", Config{Campaigns: []CampaignConfig{{Mode: "fast"}}}, `"fast"`},
		{"ratio", Config{Campaigns: []CampaignConfig{{Mode: ModePower}}}, "ratio"},
		{"rate", Config{Campaigns: []CampaignConfig{{Mode: ModeAgentless}}}, "rate"},
		{"wait", Config{Campaigns: []CampaignConfig{{Mode: ModeWait}}}, "target_wait"},
		{"window", Config{Campaigns: []CampaignConfig{{Window: 1}}}, "window"},
		{"lines", Config{Lines: -1, Campaigns: []CampaignConfig{{}}}, "lines"},
		{"tick", Config{Tick: -1, Campaigns: []CampaignConfig{{}}}, "tick"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			if _, err := New(r.cfg); err == nil || !strings.Contains(err.Error(), r.words) {
				t.Errorf("error %v, want one saying %q", err, r.words)
			}
		})
	}
}
