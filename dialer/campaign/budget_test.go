package campaign_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/pacing"
)

// TestPacedByTheLaw: the pacer gets the lower limit, and the law's window.
func TestPacedByTheLaw(t *testing.T) {
	t.Parallel()
	began, now := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, r := range []struct {
		profile string
		own     float64
		limit   float64
		window  time.Duration
		kind    pacing.WindowKind
	}{
		{"US", 0, 0.03, 720 * time.Hour, pacing.WindowFixed},
		{"US", 5, 0.03, 720 * time.Hour, pacing.WindowFixed},
		{"US", 2, 0.02, 720 * time.Hour, pacing.WindowFixed},
		{"UK", 0, 0.01, 24 * time.Hour, pacing.WindowRolling},
	} {
		c := debts()
		c.Rules, c.Pacing.Abandon = shipped[r.profile], r.own
		c.Lists = []campaign.List{{List: "a", Weight: 2}, {List: "b", Weight: 1}}
		c.Machines.FalseShare = 0.5
		c.Pacing.RingTimeout = 10 * time.Second // less than the law's 15 s
		p, ok := c.Paced(began, now)
		if !ok || p.Limit != r.limit || p.Window != r.window || p.WindowKind != r.kind || p.MinRing != 15*time.Second || p.RingTimeout != 15*time.Second ||
			p.Threshold != 2*time.Second || p.Segments != 2 || (p.FalseMachines == 0.005) != (r.profile == "UK") {
			t.Errorf("%+v: %v, %+v", r, ok, p)
		}
		if err := (pacing.Config{Campaigns: []pacing.CampaignConfig{p}}).Validate(); err != nil {
			t.Error(err)
		}
	}
	preview, lawless := debts(), debts()
	preview.Mode, lawless.Rules = campaign.ModePreview, compliance.Profile{}
	if p, ok := preview.Paced(began, now); !ok || p.Mode != pacing.ModeProgressive { // a lead for each free agent
		t.Errorf("preview: %v, %+v", ok, p)
	}
	if _, ok := lawless.Paced(began, now); ok {
		t.Error("without rules it is paced")
	}
}

// TestBudget counts the window in the pacer's own ledger.
func TestBudget(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	l := pacing.NewLedger()
	c := debts()
	c.Lists = []campaign.List{{List: "a", Weight: 1}}
	for day := range 40 {
		l.Add(c.ID, began.AddDate(0, 0, day).Add(time.Hour), 100, 1)
	}
	l.Add("another", began, 1000, 500)
	now := began.AddDate(0, 0, 39).Add(2 * time.Hour)
	for profile, want := range map[string][2]int{"US": {1000, 10}, "UK": {100, 1}} { // ten days of the second 30, and one day
		c.Rules = shipped[profile]
		b, ok := c.Budget(l, began, now)
		if !ok || b.Answered != want[0] || b.Abandoned != want[1] || b.Rate() != 0.01 {
			t.Errorf("%s: %v, %+v, rate %v", profile, ok, b, b.Rate())
		}
		if left := b.Limit*float64(want[0]) - float64(want[1]); b.Left != left {
			t.Errorf("%s: %v left, want %v", profile, b.Left, left)
		}
	}
	c.Rules = shipped["US"]
	if b, _ := c.Budget(l, began, began.AddDate(0, 0, 30).Add(-time.Second)); b.Answered != 3000 || !b.From.Equal(began) {
		t.Errorf("the first window: %+v", b)
	}
	if b, _ := c.Budget(pacing.NewLedger(), began, began.Add(-time.Hour)); b.Answered != 0 || b.Rate() != 0 {
		t.Errorf("before it began: %+v", b)
	}
}
