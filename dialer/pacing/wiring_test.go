package pacing

import (
	"testing"
	"time"
)

// The events of a call come in any order: who hears of the agent first has heard
// of the person, and who hears of an answer has heard of the launch.
func TestEventsOfACallInAnyOrder(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		kinds []Kind
	}{
		{"as they happen", []Kind{CallLaunched, CallRinging, CallPerson, CallConnected, CallEnded}},
		{"connected before the person is known", []Kind{CallLaunched, CallRinging, CallConnected, CallPerson, CallEnded}},
		{"ringing before the launch is confirmed", []Kind{CallRinging, CallLaunched, CallPerson, CallConnected, CallEnded}},
		{"answered before the launch is confirmed", []Kind{CallPerson, CallLaunched, CallConnected, CallEnded}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			p := opened(t, CampaignConfig{Mode: ModeProgressive})
			p.idle(0, 1)
			if n := p.Decide(day(0.5)).Count(); n != 1 {
				t.Fatalf("%d calls ordered", n)
			}
			for i, k := range r.kinds {
				p.tell(1+float64(i), Event{Kind: k, Call: 7, Agent: 1})
			}
			p.Decide(day(8))
			if f := p.Facts(0); f.Answered != 1 || f.Abandoned != 0 || len(p.flight.calls) != 0 {
				t.Errorf("%v answered, %v abandoned, %d live", f.Answered, f.Abandoned, len(p.flight.calls))
			}
			if n := p.campaigns[0].nonsense.at(p.now); n != 0 {
				t.Errorf("%v doubts", n)
			}
		})
	}
}

// A feed that talks nonsense about one campaign stops that one.
func TestNonsenseStopsItsOwnCampaign(t *testing.T) {
	t.Parallel()
	pacer, err := New(Config{Campaigns: []CampaignConfig{{Name: "a", Mode: ModeProgressive}, {Name: "b", Mode: ModeProgressive}}})
	if err != nil {
		t.Fatal(err)
	}
	p := testPacer{Pacer: pacer, t: t}
	p.tell(0, Event{Kind: CampaignOpened})
	p.tell(0, Event{Kind: CampaignOpened, Campaign: 1})
	p.idle(0, 1, 2, 3)
	for i := range 60 {
		p.tell(0.5, Event{Kind: CallEnded, Campaign: 1, Call: CallID(1000 + i)})
	}
	d := p.Decide(day(1))
	if d.Count() != 3 || d.Holds[1].Limit != LimitInput {
		t.Errorf("%d calls of the other campaign, want 3; holds %v", d.Count(), d.Holds)
	}
}

// One lead that may not be called costs no time; a list of them is asked less and less often.
func TestRefusedLeads(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{Mode: ModeProgressive})
	p.idle(0, 1, 2, 3)
	if n := p.Decide(day(1)).Count(); n != 3 {
		t.Fatalf("%d calls for three agents", n)
	}
	p.tell(1.1, Event{Kind: CallLaunched, Call: 1})
	p.tell(1.1, Event{Kind: CallRefused})
	p.tell(1.1, Event{Kind: CallLaunched, Call: 2})
	if n := p.Decide(day(1.2)).Count(); n != 1 {
		t.Errorf("%d calls in place of the one refused", n)
	}
	asked := 0
	for at := 1.3; at < 61; at += 0.1 {
		for range asked {
			p.tell(at, Event{Kind: CallRefused})
		}
		p.tell(at, Event{Kind: Heartbeat})
		n := p.Decide(day(at)).Count()
		asked += n
		for range n {
			p.tell(at, Event{Kind: CallRefused})
		}
		asked -= n
	}
	refused := p.campaigns[0].refused
	if refused < 5 || refused > 40 {
		t.Errorf("a list of refusals was asked %d times in a minute", refused)
	}
}

// Agents say in wrap-up that it was a machine, after the call has ended.
func TestReclassifiedInWrapUp(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{})
	p.idle(0, 1)
	for i := range 60 {
		id, at := CallID(i+1), float64(i)
		p.tell(at, Event{Kind: CallLaunched, Call: id})
		p.tell(at+0.1, Event{Kind: CallPerson, Call: id})
		p.tell(at+0.2, Event{Kind: CallConnected, Call: id, Agent: 1})
		p.tell(at+0.3, Event{Kind: CallEnded, Call: id})
	}
	for i := range 50 {
		p.tell(61, Event{Kind: CallReclassified, Call: CallID(i + 1)})
	}
	p.tell(61, Event{Kind: CallReclassified, Call: 1}) // said twice
	p.Decide(day(62))
	if f := p.Facts(0); f.Answered != 10 {
		t.Errorf("%v answered of 60, 50 of which were machines", f.Answered)
	}
	if n := p.campaigns[0].nonsense.at(p.now); n > 1.01 {
		t.Errorf("%v doubts", n)
	}
}

// A call that is being given up may still be answered until that is confirmed.
func TestGivenUpCallsStayInTheOutlook(t *testing.T) {
	t.Parallel()
	p, id := giveUpPool(t, CampaignConfig{GiveUp: true})
	d := p.Decide(day(40))
	if len(d.Cancels) == 0 {
		t.Fatal("nothing given up")
	}
	before := p.Facts(0).OnWay
	p.Decide(day(40.1))
	if now := p.Facts(0).OnWay; now != before {
		t.Errorf("%d calls on their way after the order to cancel, %d before", now, before)
	}
	p.tell(40.3, Event{Kind: CallFailed, Cause: CauseCancelled, Call: d.Cancels[0]})
	p.Decide(day(40.4))
	if now := p.Facts(0).OnWay; now != before-1 {
		t.Errorf("%d calls on their way after one cancel was confirmed, %d before", now, before)
	}
	_ = id
}

// Calls are given up one by one, each only while the rest are still too many.
func TestGivesUpNoMoreThanNeeded(t *testing.T) {
	t.Parallel()
	p, _ := giveUpPool(t, CampaignConfig{GiveUp: true})
	cancels := 0
	for i := range 40 {
		at := 40 + float64(i)*0.1
		d := p.Decide(day(at))
		if n := len(d.Cancels); n > 1 {
			t.Fatalf("%d calls given up at once", n)
		}
		for _, id := range d.Cancels {
			p.tell(at+0.05, Event{Kind: CallFailed, Cause: CauseCancelled, Call: id})
			cancels++
		}
	}
	if cancels == 0 || cancels >= 24 {
		t.Errorf("%d of 24 calls given up", cancels)
	}
	if f := p.Facts(0); f.GivenUp != cancels {
		t.Errorf("%d counted, %d given up", f.GivenUp, cancels)
	}
}

// Giving up is a policy that somebody has to choose.
func TestGivesNothingUpUnlessTold(t *testing.T) {
	t.Parallel()
	p, _ := giveUpPool(t, CampaignConfig{})
	if d := p.Decide(day(40)); len(d.Cancels) != 0 {
		t.Errorf("gave up %d calls", len(d.Cancels))
	}
}

// giveUpPool has 24 calls that have rung for 20 s, and most of its agents have just left.
func giveUpPool(t *testing.T, c CampaignConfig) (testPacer, CallID) {
	t.Helper()
	c.AnswerPriorCalls = 500
	p := opened(t, c)
	for a := range AgentID(24) {
		p.idle(0, a+1)
	}
	for i := range 24 {
		at := 19 + float64(i)*0.04
		p.tell(at, Event{Kind: CallLaunched, Call: CallID(i + 1)})
		p.tell(at, Event{Kind: CallRinging, Call: CallID(i + 1)})
	}
	for a := range AgentID(24) {
		if a >= 1 {
			p.tell(39, Event{Kind: AgentGone, Agent: a + 1})
		}
	}
	return p, 1
}

// A fixed period that ends takes its balance along, be it debt or savings.
func TestFixedPeriodStartsAnew(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{WindowKind: WindowFixed, WindowStart: day(-3600), Window: 2 * time.Hour})
	k := &p.campaigns[0]
	p.Decide(day(1))
	for range 10 {
		k.budget.resolved(true, 1, 1, day(1))
	}
	p.tell(3599, Event{Kind: Heartbeat})
	p.Decide(day(3599))
	if k.budget.Balance > -5 {
		t.Fatalf("balance %v", k.budget.Balance)
	}
	p.tell(3601, Event{Kind: Heartbeat})
	p.Decide(day(3601))
	if k.budget.Balance != 0 || k.guard != stageProgressive {
		t.Errorf("balance %v at stage %d in the new period", k.budget.Balance, k.guard)
	}
}

// People who waited when the feed of events broke, and of whom nothing is heard
// afterwards, count as abandoned until somebody knows better.
func TestResyncCountsWhoWaited(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{})
	p.idle(0, 1)
	p.tell(1, Event{Kind: CallLaunched, Call: 1})
	p.tell(2, Event{Kind: CallPerson, Call: 1})
	p.Resync(day(60), nil, nil)
	p.Decide(day(61))
	if f := p.Facts(0); f.Answered != 1 || f.Abandoned != 1 {
		t.Errorf("%v answered, %v abandoned; somebody was waiting", f.Answered, f.Abandoned)
	}
}

// A carrier that refuses half of what it gets for a third of the time, whatever
// the rate, is not dialled at an eighth of the rate.
func TestCarrierBurstsDoNotStopTheDialler(t *testing.T) {
	t.Parallel()
	c := newCarrier(30, 1.0/3)
	launched, n := 0.0, 0
	for at := 0.0; at < 600; at += 0.1 {
		c.forward(at)
		for c.tokens >= 1 {
			c.tokens--
			launched++
			n++
			if int(at)%60 < 20 && n%2 == 0 {
				c.congested(at)
			} else {
				c.accepted()
			}
		}
	}
	if rate := launched / 600; rate < 20 {
		t.Errorf("%.1f calls per second of 30", rate)
	}
}

// One that takes no more than so many a second is dialled a little faster than that.
func TestCarrierBacksOffToWhatIsBorne(t *testing.T) {
	t.Parallel()
	c := newCarrier(30, 1.0/3)
	refused, launched, room := 0.0, 0.0, 0.0
	for at := 0.0; at < 600; at += 0.1 {
		c.forward(at)
		room = min(room+1.2, 12) // 12 a second
		for c.tokens >= 1 {
			c.tokens--
			launched++
			if room >= 1 {
				room--
				c.accepted()
			} else {
				refused++
				c.congested(at)
			}
		}
	}
	if share := refused / launched; share > 0.35 || launched-refused < 600*11 {
		t.Errorf("%.0f %% refused, %.1f a second borne of 12", 100*share, (launched-refused)/600)
	}
}
