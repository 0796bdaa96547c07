package pacing

import (
	"math"
	"strings"
	"testing"
	"time"
)

// testPacer is a Pacer with a clock in seconds.
type testPacer struct {
	*Pacer
	t       *testing.T
	answers int
}

func (p testPacer) tell(at float64, e Event) {
	e.At = day(at)
	p.Observe(e)
}

func (p testPacer) idle(at float64, agents ...AgentID) {
	for _, a := range agents {
		p.tell(at, Event{Kind: AgentIdle, Agent: a})
	}
}

// opened is a Pacer of one campaign that is open.
func opened(t *testing.T, c CampaignConfig) testPacer {
	t.Helper()
	p := closedPacer(t, c)
	p.tell(0, Event{Kind: CampaignOpened})
	return p
}

func closedPacer(t *testing.T, c CampaignConfig) testPacer {
	t.Helper()
	p, err := New(Config{Campaigns: []CampaignConfig{c}})
	if err != nil {
		t.Fatal(err)
	}
	return testPacer{Pacer: p, t: t}
}

func TestDecideHoldsWithReason(t *testing.T) {
	t.Parallel()
	open := Event{Kind: CampaignOpened}
	rows := []struct {
		name   string
		cfg    CampaignConfig
		events []Event
		at     float64
		limit  Limit
		words  string
	}{
		{"nobody said it is open", CampaignConfig{}, nil, 0, LimitUnknown, "nobody has said"},
		{"closed", CampaignConfig{}, []Event{open, {Kind: CampaignClosed}}, 0, LimitClosed, "closed"},
		{"past its end", CampaignConfig{}, []Event{{Kind: CampaignOpened, Until: day(-5)}}, 0, LimitClosed, "closed"},
		{"about to close", CampaignConfig{}, []Event{{Kind: CampaignOpened, Until: day(10)}}, 0, LimitClosing, "closes in 10 s"},
		{"no news", CampaignConfig{}, []Event{open}, 60, LimitStale, "last news is 60.0 s old"},
		{"lines are not a number", CampaignConfig{}, []Event{open, {Kind: LinesAllowed, Value: math.NaN()}}, 0, LimitInput, "meaningless"},
		{"negative rate", CampaignConfig{}, []Event{open, {Kind: RateAllowed, Value: -1}}, 0, LimitInput, "meaningless"},
		{"no lines", CampaignConfig{}, []Event{open, {Kind: LinesAllowed, Value: 0}}, 0, LimitLines, "lines in use"},
		{"no leads", CampaignConfig{}, []Event{open, {Kind: LeadsLeft, Value: 0}}, 0, LimitLeads, "no lead may be called now"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			p := closedPacer(t, r.cfg)
			p.idle(0, 1, 2, 3)
			for _, e := range r.events {
				p.tell(0, e)
			}
			d := p.Decide(day(r.at))
			if d.Count() != 0 {
				t.Errorf("%d calls ordered", d.Count())
			}
			if len(d.Holds) != 1 || d.Holds[0].Limit != r.limit || !strings.Contains(d.Holds[0].String(), r.words) {
				t.Errorf("holds %v, want limit %d saying %q", d.Holds, r.limit, r.words)
			}
		})
	}
}

func TestEveryLimitHasWords(t *testing.T) {
	t.Parallel()
	for l := range limitCount {
		h := Hold{Limit: l, Have: 1, Bound: 2}
		for _, s := range []string{h.String(), h.Spanish()} {
			if s == "" || strings.Contains(s, "%!") {
				t.Errorf("limit %d: %q", l, s)
			}
		}
	}
	for _, r := range []struct {
		h      Hold
		en, es string
	}{
		{Hold{Limit: LimitAgents}, "no agent is free for a call", "no hay agente libre para una llamada"},
		{Hold{Limit: LimitAgents, Have: 1, Bound: 1}, "calls on their way: 1, as many as the free agents allow (1)", "llamadas en camino: 1, todas las que permiten los agentes libres (1)"},
		{Hold{Limit: LimitLeads, Bound: 0}, "no lead may be called now", "ahora no puede llamarse a ningún contacto"},
	} {
		if r.h.String() != r.en || r.h.Spanish() != r.es {
			t.Errorf("%+v: %q, %q", r.h, r.h.String(), r.h.Spanish())
		}
	}
}

func TestProgressiveDialsOnePerFreeAgent(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{Mode: ModeProgressive})
	p.idle(0, 1, 2, 3)
	p.tell(0, Event{Kind: AgentTalking, Agent: 4})
	if n := p.Decide(day(1)).Count(); n != 3 {
		t.Errorf("%d calls for three free agents", n)
	}
	if n := p.Decide(day(1.5)).Count(); n != 0 {
		t.Errorf("%d more while the orders are outstanding", n)
	}
	p.tell(2, Event{Kind: CallLaunched, Call: 1})
	p.tell(2, Event{Kind: CallLaunched, Call: 2})
	p.tell(2, Event{Kind: CallLaunched, Call: 3})
	p.tell(3, Event{Kind: CallFailed, Call: 2})
	if n := p.Decide(day(4)).Count(); n != 1 {
		t.Errorf("%d calls in place of the one that failed", n)
	}
	p.tell(5, Event{Kind: AgentGone, Agent: 1})
	p.tell(5, Event{Kind: CallFailed, Call: 1})
	if n := p.Decide(day(5)).Count(); n != 0 {
		t.Errorf("%d calls although an agent left", n)
	}
}

// TestOverdrawnIsPaidBackInEveryMode: what is overdrawn is paid back by calls that have a free
// agent, also in the mode that makes no others.
func TestOverdrawnIsPaidBackInEveryMode(t *testing.T) {
	t.Parallel()
	for _, c := range []CampaignConfig{{Mode: ModeProgressive}, {Mode: ModePower, Ratio: 2}, {Mode: ModePredictive}, {Mode: ModeWait, TargetWait: time.Second}} {
		l := NewLedger()
		c.ID = "c"
		l.Add(c.ID, day(-3600), 80, 6)
		p, err := New(Config{Campaigns: []CampaignConfig{c}, Ledger: l})
		if err != nil {
			t.Fatal(err)
		}
		q := testPacer{Pacer: p, t: t}
		q.tell(0, Event{Kind: CampaignOpened})
		q.idle(0, 1, 2, 3)
		if n := q.Decide(day(1)).Count(); n < 1 || n > 3 {
			t.Errorf("%v: %d calls for three free agents, held: %+v", c.Mode, n, q.Decide(day(1)).Holds)
		}
	}
}

func TestPowerDialsItsRatioAndNoMoreThanTheBudgetAllows(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{Mode: ModePower, Ratio: 2.5})
	p.idle(0, 1, 2)
	if n := p.Decide(day(0)).Count() + p.Decide(day(0.5)).Count(); n != 2 {
		t.Errorf("%d calls with nothing earned, want one per agent", n)
	}
	earn(p, 100, 100)
	p.idle(200, 1, 2)
	if n := p.Decide(day(200)).Count() + p.Decide(day(201)).Count(); n != 5 {
		t.Errorf("%d calls, want 2.5 for each of two agents", n)
	}
}

// earn serves n calls with agent 99, at a second each, in the calls from first on.
func earn(p testPacer, n int, first CallID) {
	for i := range n {
		id, at := first+CallID(i), 1+float64(i)
		p.tell(at, Event{Kind: CallLaunched, Call: id})
		p.tell(at, Event{Kind: CallPerson, Call: id})
		p.tell(at, Event{Kind: CallConnected, Call: id, Agent: 99})
		p.tell(at, Event{Kind: CallEnded, Call: id})
	}
}

func TestAgentlessDialsByRate(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{Mode: ModeAgentless, Rate: 2})
	n, id := 0, CallID(0)
	for i := range 100 {
		at := float64(i) * 0.1
		p.tell(at, Event{Kind: Heartbeat})
		for range p.Decide(day(at)).Count() {
			n++
			id++
			p.tell(at, Event{Kind: CallLaunched, Call: id})
		}
	}
	if n < 18 || n > 20 {
		t.Errorf("%d calls in ten seconds at two per second, with no agent", n)
	}
}

func TestColdStartIsProgressive(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{})
	for a := range AgentID(10) {
		p.idle(0, a+1)
	}
	total := 0
	for i := range 20 {
		n := p.Decide(day(float64(i) * 0.25)).Count()
		if n > 3 {
			t.Errorf("%d calls at once", n)
		}
		total += n
	}
	if total != 10 {
		t.Errorf("%d calls for ten agents before the first answer", total)
	}
}

func TestInboundTakesAgentsFirst(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{})
	p.idle(0, 1, 2, 3, 4)
	p.tell(0, Event{Kind: InboundWaiting, Value: 1})
	p.tell(0, Event{Kind: InboundReserve, Value: 2})
	if n := p.Decide(day(0)).Count(); n != 1 {
		t.Errorf("%d calls; of four agents one is waited for and two are reserved", n)
	}
}

func TestCancelsOnlyAfterTheLegalRing(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{GiveUp: true, RingTimeout: 60 * time.Second, Mode: ModePredictive})
	earn(p, 100, 1000)
	for a := range AgentID(6) {
		p.idle(150, a+1)
	}
	for id := range CallID(6) {
		p.tell(150, Event{Kind: CallLaunched, Call: id + 1})
		p.tell(152, Event{Kind: CallRinging, Call: id + 1})
	}
	for a := range AgentID(6) {
		p.tell(153, Event{Kind: AgentGone, Agent: a + 1})
	}
	for at := 153.0; at < 152+15; at++ {
		p.tell(at, Event{Kind: Heartbeat})
		if d := p.Decide(day(at)); len(d.Cancels) > 0 {
			t.Fatalf("cancelled after %v s of ringing", at-152)
		}
	}
	cancelled := map[CallID]int{}
	for at := 167.2; at < 172; at += 0.2 {
		p.tell(at, Event{Kind: Heartbeat})
		for _, id := range p.Decide(day(at)).Cancels {
			cancelled[id]++
		}
	}
	for id, n := range cancelled {
		if n != 1 {
			t.Errorf("call %d cancelled %d times", id, n)
		}
	}
	if len(cancelled) == 0 {
		t.Error("nothing cancelled with nobody left")
	}
}

func TestRateAndLinesAreKept(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{Mode: ModeProgressive})
	p.tell(0, Event{Kind: RateAllowed, Value: 4})
	p.tell(0, Event{Kind: LinesAllowed, Value: 30})
	for a := range AgentID(100) {
		p.idle(0, a+1)
	}
	id, launched := CallID(0), 0
	for i := range 400 {
		at := float64(i) * 0.05
		n := p.Decide(day(at)).Count()
		launched += n
		if most := 3 + int(4*at); launched > most {
			t.Fatalf("%d calls in %v s at four per second", launched, at)
		}
		for range n {
			id++
			p.tell(at, Event{Kind: CallLaunched, Call: id})
		}
	}
	if launched != 30 {
		t.Errorf("%d calls on 30 lines", launched)
	}
}

func TestClockThatGoesBackDialsNothing(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{})
	p.idle(100, 1, 2, 3)
	d := p.Decide(day(50))
	if d.Count() != 0 || d.Holds[0].Limit != LimitInput {
		t.Errorf("%d calls, holds %v", d.Count(), d.Holds)
	}
}

func TestNonsenseStopsDialling(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{})
	p.idle(0, 1)
	for range mostDoubt + 2 {
		p.tell(0, Event{Kind: CallConnected, Call: 77})
	}
	if d := p.Decide(day(1)); d.Count() != 0 || d.Holds[0].Limit != LimitInput {
		t.Errorf("%d calls, holds %v", d.Count(), d.Holds)
	}
	p.tell(300, Event{Kind: Heartbeat})
	if d := p.Decide(day(300)); d.Count() != 1 {
		t.Errorf("%d calls minutes later, want 1", d.Count())
	}
}

func TestPhoneThatDoesNotAnswerIsNotCountedOn(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{Mode: ModeProgressive})
	p.idle(0, 1, 2)
	p.tell(1, Event{Kind: AgentReserved, Agent: 1})
	p.tell(6, Event{Kind: AgentMissed, Agent: 1})
	p.idle(20, 1)
	if n := p.Decide(day(20)).Count(); n != 1 {
		t.Errorf("%d calls, want one for the agent whose phone answers", n)
	}
}

// An agent of whom it is known when he will be idle is dialled for then, and not before.
func TestReleaseThatIsKnown(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name  string
		after float64 // seconds
		want  float64 // of agents expected to be free soon
	}{{"within the horizon", 5, 8}, {"long after it", 500, 0}} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			p := opened(t, CampaignConfig{})
			for a := range AgentID(10) {
				p.idle(0, a+1)
				p.tell(0, Event{Kind: AgentWrapping, Agent: a + 1})
				if a < 8 { // of the others nothing is known
					p.tell(0, Event{Kind: AgentFreeAt, Agent: a + 1, Until: day(r.after)})
				}
			}
			p.Decide(day(0.1))
			if soon := p.Facts(0).FreeSoon; soon < r.want || soon > r.want+2 {
				t.Errorf("%.2f agents are expected, want %.0f and what the estimate says of two", soon, r.want)
			}
		})
	}
}

func TestAgentlessAnswersWaitForNobody(t *testing.T) {
	t.Parallel()
	p, err := New(Config{Campaigns: []CampaignConfig{{Mode: ModeAgentless, Rate: 5}, {Mode: ModeProgressive}}})
	if err != nil {
		t.Fatal(err)
	}
	x := testPacer{Pacer: p, t: t}
	x.tell(0, Event{Kind: CampaignOpened, Campaign: 1})
	x.idle(0, 1)
	x.tell(0, Event{Kind: CallLaunched, Call: 1})
	x.tell(1, Event{Kind: CallPerson, Call: 1})
	d := p.Decide(day(1))
	if len(d.Dials) != 1 || d.Dials[0] != (Dial{Campaign: 1, Count: 1}) {
		t.Errorf("orders %+v, want one call for the agent, whom nobody waits for", d.Dials)
	}
}
