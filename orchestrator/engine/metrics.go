package engine

import "github.com/prometheus/client_golang/prometheus"

// metrics are the engine's own figures. Labels come from closed sets.
type metrics struct {
	refused *prometheus.CounterVec // by transition
	stray   *prometheus.CounterVec // by event kind
	healed  *prometheus.CounterVec // by what
	panics  prometheus.Counter
	// givenBack are calls that the dialplan serves because the store was away
	givenBack prometheus.Counter
}

func newMetrics(r prometheus.Registerer, e *Engine) *metrics {
	m := &metrics{
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_transitions_refused_total",
			Help: "Late or repeated events that a state table refused; a steady trickle is normal.",
		}, []string{"transition"}),
		stray: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_events_stray_total", Help: "PBX events that belong to no live call.",
		}, []string{"kind"}),
		healed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_healed_total",
			Help: "Differences between calls, offers and the PBX that the sweeper put right; a healthy run has none.",
		}, []string{"what"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "operadora_panics_total", Help: "Calls that were ended because deciding on them panicked.",
		}),
		givenBack: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "operadora_calls_given_back_total",
			Help: "Calls that came in while Redis was away and went on to the dialplan's away context.",
		}),
	}
	for _, what := range []string{"offer", "waiting", "place", "agent", "distributor", "call", "ended call", "unheld call", "channel", "leg", "room", "unreadable", "unstorable"} {
		m.healed.WithLabelValues(what) // shown as 0, so that the first one is seen as a rise
	}
	if r != nil {
		r.MustRegister(m.refused, m.stray, m.healed, m.panics, m.givenBack, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "operadora_calls_live", Help: "Calls that this process holds.",
		}, func() float64 { return float64(e.Live()) }))
	}
	return m
}

func (m *metrics) count(refused []string) {
	for _, r := range refused {
		m.refused.WithLabelValues(r).Inc()
	}
}
