package runner

import (
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator"
)

// BenchmarkDialRate is how many attempts a second the runner makes and puts on record, with
// their outcomes, on the real database and a PBX that costs nothing: each is judged, planned,
// begun, heard of and settled.
func BenchmarkDialRate(b *testing.B) {
	w := newWorld(b, 1)
	w.leads("l", b.N)
	w.life = func(p *person) {
		p.rings, p.answers, p.outcome, p.cause = 0, false, orchestrator.OutcomeBusy, orchestrator.CauseBusy
	}
	c := march(campaign.ModeAgentless)
	c.Queue, c.Pacing.Rate, c.Attempts.Lead = "", 1000, 1
	c.Trunks[0].Lines, c.Trunks[0].PerSecond = 10_000, 1000
	s := w.sit("one", c)
	b.ReportAllocs()
	b.ResetTimer()
	began := time.Now()
	must(b, second(s.runner.Order(b.Context(), "march", campaign.OnStart, "me", "")))
	for {
		t, err := w.store.Tally(b.Context(), "march", time.Time{})
		must(b, err)
		if t.Results[campaign.ResultBusy] >= int64(b.N) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "attempts/s")
	b.StopTimer()
	w.close(s)
}
