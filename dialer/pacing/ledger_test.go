package pacing

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever was counted comes back from rows, from JSON and from the records of
// the calls, and any window of it sums to the calls in it.
func TestLedgerComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var answers []Answer
		l := NewLedger()
		for range rapid.IntRange(0, 60).Draw(t, "answers") {
			a := Answer{rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "campaign"),
				day(rapid.Float64Range(-40*86400, 40*86400).Draw(t, "at")), rapid.Bool().Draw(t, "abandoned")}
			answers = append(answers, a)
			lost := 0
			if a.Abandoned {
				lost = 1
			}
			l.Add(a.Campaign, a.At, 1, lost)
		}
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		var read Ledger
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		stored, err := LedgerOf(l.Rows())
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(answers)
		for name, other := range map[string]*Ledger{"rows": stored, "json": &read, "records": LedgerFrom(slices.Values(answers))} {
			if !slices.Equal(l.Rows(), other.Rows()) {
				t.Fatalf("from %s: %v, want %v", name, other.Rows(), l.Rows())
			}
		}
		from := day(rapid.Float64Range(-41*86400, 41*86400).Draw(t, "from")).Truncate(LedgerPeriod)
		want, lost := 0, 0
		for _, a := range answers {
			if a.Campaign == "b" && !a.At.Before(from) {
				want++
				if a.Abandoned {
					lost++
				}
			}
		}
		if n, m := l.Window("b", from, day(42*86400)); n != want || m != lost {
			t.Fatalf("%d answered, %d abandoned, want %d and %d", n, m, want, lost)
		}
	})
}

func TestLedgerRefusesRowsThatAreNotWhole(t *testing.T) {
	t.Parallel()
	at := day(0).Truncate(LedgerPeriod)
	for _, r := range []struct {
		row   Count
		words string
	}{
		{Count{"", at, 1, 0}, "campaign: is empty"},
		{Count{"a", at.Add(time.Second), 1, 0}, "start"},
		{Count{"a", at, 1, 2}, "2 abandoned of 1 answered"},
		{Count{"a", at, -1, 0}, "-1 answered"},
	} {
		if _, err := LedgerOf([]Count{r.row}); err == nil || !strings.Contains(err.Error(), r.words) {
			t.Errorf("%+v: error %v, want one saying %q", r.row, err, r.words)
		}
	}
}

// answer runs n calls of a campaign, of which the first lost are abandoned.
func (p *testPacer) answer(at float64, campaign, n, lost int) {
	for i := range n {
		p.answers++
		id := CallID(1000000*(campaign+1) + p.answers)
		p.tell(at, Event{Kind: CallLaunched, Campaign: campaign, Call: id})
		p.tell(at, Event{Kind: CallPerson, Campaign: campaign, Call: id})
		if i < lost {
			p.tell(at, Event{Kind: CallAbandoned, Campaign: campaign, Call: id})
			continue
		}
		p.tell(at, Event{Kind: CallConnected, Campaign: campaign, Call: id})
		p.tell(at, Event{Kind: CallEnded, Campaign: campaign, Call: id})
	}
}

func pool(t *testing.T, l *Ledger, campaigns ...CampaignConfig) *testPacer {
	t.Helper()
	p, err := New(Config{Campaigns: campaigns, Ledger: l})
	if err != nil {
		t.Fatal(err)
	}
	return &testPacer{Pacer: p, t: t}
}

func counted(t *testing.T, p *testPacer, index int, answered, abandoned float64) {
	t.Helper()
	if f := p.Facts(index); f.Answered != answered || f.Abandoned != abandoned {
		t.Errorf("campaign %d: %v answered and %v abandoned, want %v and %v", index, f.Answered, f.Abandoned, answered, abandoned)
	}
}

// The ledger is the campaign's own: a state that is resumed by campaigns in
// another order, with other names, with one more or one less, finds it.
func TestLedgerOutlivesReordering(t *testing.T) {
	t.Parallel()
	a, b := CampaignConfig{ID: "a", Name: "first"}, CampaignConfig{ID: "b", Name: "second"}
	old := pool(t, nil, a, b)
	old.answer(10, 0, 50, 5)
	old.answer(10, 1, 20, 0)
	old.Decide(day(11))
	saved, err := old.Save()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := LedgerOf(old.Ledger().Rows())
	if err != nil {
		t.Fatal(err)
	}
	a.Name = "renamed"
	p := pool(t, stored, CampaignConfig{ID: "c"}, b, a)
	if err := p.Resume(saved); err != nil {
		t.Fatal(err)
	}
	p.Decide(day(12))
	counted(t, p, 0, 0, 0)
	counted(t, p, 1, 20, 0)
	counted(t, p, 2, 50, 5)
	if x, y := old.campaigns[0].budget.Balance, p.campaigns[2].budget.Balance; x != y {
		t.Errorf("balance %v, was %v", y, x)
	}
	without := pool(t, stored, b)
	if err := without.Resume(saved); err != nil {
		t.Fatal(err)
	}
	without.Decide(day(12))
	counted(t, without, 0, 20, 0)
}

// A changed window looks at the same ledger: nothing is wiped, nothing frozen.
func TestChangedWindowLosesNothing(t *testing.T) {
	t.Parallel()
	p := pool(t, nil, CampaignConfig{ID: "a", Window: 30 * 24 * time.Hour})
	p.answer(10, 0, 50, 5)
	p.Decide(day(20 * 86400))
	p.answer(20*86400, 0, 10, 1)
	p.Decide(day(20*86400 + 1))
	counted(t, p, 0, 60, 6)
	for _, r := range []struct {
		window              time.Duration
		answered, abandoned float64
	}{{24 * time.Hour, 10, 1}, {30 * 24 * time.Hour, 60, 6}, {time.Hour, 10, 1}, {25 * 24 * time.Hour, 60, 6}} {
		if err := p.Reconfigure(0, CampaignConfig{ID: "a", Window: r.window, Limit: 0.05}); err != nil {
			t.Fatal(err)
		}
		p.Decide(day(20*86400 + 2))
		counted(t, p, 0, r.answered, r.abandoned)
	}
	saved, err := p.Save()
	if err != nil {
		t.Fatal(err)
	}
	again := pool(t, p.Ledger(), CampaignConfig{ID: "a", Window: 24 * time.Hour})
	if err := again.Resume(saved); err != nil {
		t.Fatal(err)
	}
	again.Decide(day(20*86400 + 3))
	counted(t, again, 0, 10, 1)
}

// A broken feed closes rather than opens: who waited counts as abandoned, what
// rang may yet, until late news or the records say otherwise.
func TestBrokenFeedFailsClosed(t *testing.T) {
	t.Parallel()
	broken := func() *testPacer {
		p := pool(t, nil, CampaignConfig{ID: "a"})
		p.answer(10, 0, 100, 0)
		for id := CallID(1); id <= 12; id++ {
			p.tell(20, Event{Kind: CallLaunched, Call: id})
		}
		p.tell(21, Event{Kind: CallPerson, Call: 1})
		p.tell(21, Event{Kind: CallPerson, Call: 2})
		p.Decide(day(22))
		p.Resync(day(60), nil, nil)
		p.Decide(day(61))
		counted(t, p, 0, 102, 2)
		if u := p.Facts(0).Unknown; u < 1 {
			t.Errorf("%v of ten calls that rang may yet count", u)
		}
		return p
	}
	t.Run("late news", func(t *testing.T) {
		t.Parallel()
		p := broken()
		p.tell(62, Event{Kind: CallConnected, Call: 1})
		p.tell(62, Event{Kind: CallEnded, Call: 1})
		p.tell(62, Event{Kind: CallAbandoned, Call: 2})
		p.tell(62, Event{Kind: CallPerson, Call: 3})
		p.tell(62, Event{Kind: CallAbandoned, Call: 3})
		for id := CallID(4); id <= 12; id++ {
			p.tell(62, Event{Kind: CallFailed, Call: id})
		}
		p.Decide(day(63))
		counted(t, p, 0, 103, 2)
		if f := p.Facts(0); f.Unknown != 0 || p.campaigns[0].nonsense.at(p.now) != 0 {
			t.Errorf("%v unknown, %v doubts", f.Unknown, p.campaigns[0].nonsense.at(p.now))
		}
	})
	t.Run("the records", func(t *testing.T) {
		t.Parallel()
		p := broken()
		records := p.Ledger().Rows()
		records[len(records)-1].Abandoned = 1
		l, err := LedgerOf(records)
		if err != nil {
			t.Fatal(err)
		}
		p.Restate(l)
		p.Decide(day(63))
		counted(t, p, 0, 102, 1)
		if f := p.Facts(0); f.Unknown != 0 {
			t.Errorf("%v unknown", f.Unknown)
		}
	})
	t.Run("holds", func(t *testing.T) {
		t.Parallel()
		p := broken()
		p.tell(62, Event{Kind: CampaignOpened})
		for a := range AgentID(3) {
			p.tell(62, Event{Kind: AgentIdle, Agent: a + 1})
		}
		n := p.Decide(day(63)).Count()
		if d := p.Decide(day(63.1)); n+d.Count() > 3 {
			t.Errorf("%d calls for three agents with %v left of which %v are unknown", n+d.Count(), p.Facts(0).BudgetLeft, p.Facts(0).Unknown)
		}
	})
}
