package runner

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/dialer/campaign"
)

// metrics are of the process that dials. Campaigns are a closed set: the definitions are.
type metrics struct {
	attempts *prometheus.CounterVec // campaign
	results  *prometheus.CounterVec // campaign, result
	refused  *prometheus.CounterVec // campaign, reason
	now      *prometheus.GaugeVec   // campaign, what
	rate     *prometheus.GaugeVec   // campaign
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "operadora_campaign_attempts_total", Help: "Attempts to reach leads that were begun."}, []string{"campaign"}),
		results:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "operadora_campaign_results_total", Help: "What came of attempts."}, []string{"campaign", "result"}),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "operadora_campaign_refused_total", Help: "Leads that were about to be dialled and were not, by reason."}, []string{"campaign", "reason"}),
		now:      prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "operadora_campaign_calls", Help: "Leads whom agents preview (previewed), attempts on their way (on_way), answered and waiting (waiting), with an agent or a flow (connected); leads in the hopper (ready)."}, []string{"campaign", "what"}),
		rate:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "operadora_campaign_abandoned_ratio", Help: "Share of the answered calls of the legal window that were abandoned."}, []string{"campaign"}),
	}
	if r != nil {
		r.MustRegister(m.attempts, m.results, m.refused, m.now, m.rate)
	}
	return m
}

func (m *metrics) ended(id string, as campaign.Ended) {
	m.results.WithLabelValues(id, string(as.Result)).Inc()
}

func (m *metrics) show(list []Live) {
	m.now.Reset()
	m.rate.Reset()
	for _, l := range list {
		for what, n := range map[string]int{"previewed": l.Previewed, "on_way": l.OnWay, "waiting": l.Waiting, "connected": l.Connected, "ready": l.Ready} {
			m.now.WithLabelValues(l.Campaign, what).Set(float64(n))
		}
		rate := 0.0
		if l.Answered > 0 {
			rate = l.Abandoned / l.Answered
		}
		m.rate.WithLabelValues(l.Campaign).Set(rate)
	}
}
