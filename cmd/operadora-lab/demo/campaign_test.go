package demo

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/dialer/pacingsim"
)

func TestNumbersOfLeads(t *testing.T) {
	t.Parallel()
	for _, k := range []int{0, 7, 299, 99999} {
		for _, number := range []string{numberOf(k), strings.TrimPrefix(numberOf(k), "+")} {
			if got := leadOf(number); got != k {
				t.Errorf("%s is of %d, want %d", number, got, k)
			}
		}
	}
	for _, number := range []string{"", "+34910000000", "+57300", "5000"} {
		if got := leadOf(number); got != -1 {
			t.Errorf("%s is of %d", number, got)
		}
	}
}

// TestUtilisation: talk and wrap-up count between the two moments, whoever came before.
func TestUtilisation(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	change := func(at float64, agent string, to wire.AgentState) wire.Entry {
		raw, err := json.Marshal(wire.EntryAgentState{To: to})
		if err != nil {
			t.Fatal(err)
		}
		return wire.Entry{At: begin.Add(time.Duration(at * float64(time.Second))), Agent: agent, Data: raw}
	}
	changes := []wire.Entry{
		change(-50, "1", wire.AgentStateAvailable), change(-40, "2", wire.AgentStateTalking), // 2 talks for 10 s of it
		change(0, "1", wire.AgentStateReserved), change(10, "2", wire.AgentStateWrapup), change(15, "2", wire.AgentStateAvailable), // and writes for 5
		change(20, "1", wire.AgentStateTalking), change(60, "1", wire.AgentStateWrapup), // 1 does so for 80, to the end
		change(150, "1", wire.AgentStateAvailable),
	}
	if got := utilisation(changes, begin, begin.Add(100*time.Second)); math.Abs(got-95.0/200) > 1e-9 {
		t.Errorf("%v, want %v", got, 95.0/200)
	}
	if got := utilisation(nil, begin, begin); got != 0 {
		t.Errorf("of nobody %v", got)
	}
}

// TestCompare: what lies near is right, what luck explains is said, and so is what it does not.
func TestCompare(t *testing.T) {
	t.Parallel()
	s := Simulated{Same: pacingsim.SeedResult{Utilisation: 0.68, Abandon: 0.01}, Days: []pacingsim.SeedResult{{Utilisation: 0.60, Abandon: 0}, {Utilisation: 0.72, Abandon: 0.02}}}
	for utilisation, want := range map[float64]string{0.70: "✓ 2.0 points apart\n", 0.62: "✓ 6.0 points apart: one short round is luck", 0.5: "✗ 18.0 points apart"} {
		var b strings.Builder
		if err := Compare(&b, Played{Utilisation: utilisation, Abandon: 0.01, Simulated: s}); err != nil || !strings.Contains(b.String(), want) || !strings.Contains(b.String(), "66.0 %, from 60.0 to 72.0") {
			t.Errorf("%v: %v\n%s", utilisation, err, b.String())
		}
	}
}

// TestCampaignChecks: what phones, records and evidence say must agree; a phone that never rang
// may be on record as not reached, and as nothing else.
func TestCampaignChecks(t *testing.T) {
	t.Parallel()
	view := wire.CampaignView{Attempts: 10, Live: wire.CampaignLive{Answered: 4, Abandoned: 1}}
	v := evidence.Verdict{Answered: 4, Abandoned: 1}
	saw := tally{rung: 10, answered: 4, served: 3}
	lost := []wire.Contact{{CallSummary: wire.CallSummary{Outcome: wire.OutcomeUnreachable}}}
	for _, r := range []struct {
		what     string
		contacts []wire.Contact
		change   func(v *wire.CampaignView, s *tally, e *evidence.Verdict)
		ok       bool
	}{
		{"as it should be", nil, func(*wire.CampaignView, *tally, *evidence.Verdict) {}, true},
		{"one never rang, and is on record so", lost, func(_ *wire.CampaignView, s *tally, _ *evidence.Verdict) { s.rung-- }, true},
		{"one never rang", nil, func(_ *wire.CampaignView, s *tally, _ *evidence.Verdict) { s.rung-- }, false},
		{"one rang twice", nil, func(_ *wire.CampaignView, s *tally, _ *evidence.Verdict) { s.twice++ }, false},
		{"a number of nobody", nil, func(_ *wire.CampaignView, s *tally, _ *evidence.Verdict) { s.other++ }, false},
		{"a conversation cut off", nil, func(_ *wire.CampaignView, s *tally, _ *evidence.Verdict) { s.cut++ }, false},
		{"one answered, and is not in the evidence", nil, func(_ *wire.CampaignView, s *tally, _ *evidence.Verdict) { s.answered, s.served = 5, 4 }, false},
		{"another heard no agent", nil, func(_ *wire.CampaignView, s *tally, _ *evidence.Verdict) { s.served-- }, false},
		{"watch shows other figures", nil, func(v *wire.CampaignView, _ *tally, _ *evidence.Verdict) { v.Live.Abandoned = 0 }, false},
		{"an attempt too many", nil, func(v *wire.CampaignView, _ *tally, _ *evidence.Verdict) { v.Attempts++ }, false},
	} {
		view, saw, v := view, saw, v
		r.change(&view, &saw, &v)
		if lines, ok := Totals(campaignChecks(view, r.contacts, saw, v, 10)); ok != r.ok {
			t.Errorf("%s: %v %q", r.what, ok, lines)
		}
	}
}
