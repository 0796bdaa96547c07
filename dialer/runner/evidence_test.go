package runner

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestEvidence: a campaign that abandons calls shows what its evidence says, that is made of
// the records; while calls go on, and after a restart.
func TestEvidence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5)
		w.leads("l", 120)
		w.staff(4)
		c := march(campaign.ModePower)
		c.Pacing.Ratio = 4
		s := w.sit("one", c)
		began := time.Now()
		s.order("march", campaign.OnStart)
		time.Sleep(3 * time.Second)
		w.leave() // while phones ring
		time.Sleep(20 * time.Second)
		w.back()
		lost := int64(0)
		for part := range 3 {
			time.Sleep(time.Minute)
			if part == 1 {
				s.runner.Stop()
				c = march(campaign.ModePower) // by another definition from now on
				c.Pacing.Ratio, c.Pacing.Abandon = 4, 2
				s = w.sit("two", c)
				time.Sleep(5 * time.Second)
			}
			v := w.evidence(s, began.Add(-time.Hour))
			shown, err := s.runner.View(t.Context(), "march")
			must(t, err)
			l := shown.Live
			if v.Paced == nil || l == nil || float64(v.Paced.PacedAnswered) != l.Answered || float64(v.Paced.PacedAbandoned) != l.Abandoned || v.Paced.Limit != l.Limit || len(v.Stands) != 1 {
				t.Fatalf("evidence %+v, and live %+v", v, l)
			}
			if v.Answered != shown.Today.Answered || v.Abandoned != shown.Today.Abandoned || v.Stands[0].Answered != v.Answered {
				t.Errorf("%+v, and the tally is %+v", v, shown.Today)
			}
			lost = v.Abandoned
		}
		if lost == 0 {
			t.Error("nobody was abandoned")
		}
		if terms, err := w.store.Terms(t.Context(), "march"); err != nil || len(terms) != 2 || terms[0].Text == terms[1].Text || !terms[0].Since.Before(terms[1].Since) {
			t.Errorf("%+v, %v", terms, err)
		}
		never := func(context.Context, string) (evidence.Heard, error) { return evidence.Heard{}, nil }
		now := time.Now()
		for _, r := range []struct {
			id       string
			from, to time.Time
			kind     fault.Kind
		}{
			{"april", began, now, fault.NotFound}, {"march", now.Add(time.Hour), now, fault.Invalid}, {"march", now.Add(time.Hour), time.Time{}, fault.Invalid},
			{"march", now.AddDate(-2, 0, 0), now, fault.Invalid}, {"march", time.Time{}, now, fault.Invalid},
		} {
			if _, err := s.runner.Evidence(t.Context(), r.id, r.from, r.to, evidence.JSON, never); fault.KindOf(err) != r.kind {
				t.Errorf("%v: %v", r, err)
			}
		}
		w.close(s)
	})
}

// evidence is what that of a campaign is verified to be, up to now.
func (w *world) evidence(s *seat, from time.Time) evidence.Verdict {
	w.t.Helper()
	heard := func(context.Context, string) (evidence.Heard, error) { return evidence.Heard{State: "none"}, nil }
	write, err := s.runner.Evidence(w.t.Context(), "march", from, time.Time{}, evidence.CSV, heard)
	must(w.t, err)
	var out bytes.Buffer
	sum, err := write(&out)
	must(w.t, err)
	v, err := evidence.Verify(&out)
	must(w.t, err)
	if len(v.Faults) > 0 || v.Sum != sum {
		w.t.Errorf("%q, sum %s and %s", v.Faults, v.Sum, sum)
	}
	return v
}
