package esl

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the figures of all ESL adapters of a process; the label pbx tells
// them apart. All labels come from closed sets.
type Metrics struct {
	commands  *prometheus.HistogramVec // by pbx, verb (a command of ours), outcome (ok, refused, unknown)
	events    *prometheus.CounterVec   // by pbx, name (those we ask for, and "other")
	undecoded *prometheus.CounterVec   // by pbx
	crossed   *prometheus.CounterVec   // by pbx: events that were delivered out of order
	connected *prometheus.GaugeVec     // by pbx: 1 or 0
	sessions  *prometheus.CounterVec   // by pbx, end (closed, deaf, refused, stopped)
	roundTrip *prometheus.HistogramVec // by pbx: a job until its end was told
}

// NewMetrics makes the figures and registers them; a nil registerer registers nothing.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	fast := []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	m := &Metrics{
		commands: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "operadora_esl_command_seconds", Help: "Time of a command to FreeSWITCH, by what it was for and how it was answered.", Buckets: fast,
		}, []string{"pbx", "verb", "outcome"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_esl_events_total", Help: "Events received from FreeSWITCH, by name.",
		}, []string{"pbx", "name"}),
		undecoded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_esl_events_undecoded_total", Help: "Events that could not be read; any is a fault.",
		}, []string{"pbx"}),
		crossed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_esl_events_crossed_total", Help: "Events that FreeSWITCH delivered out of order, and that were put in order.",
		}, []string{"pbx"}),
		connected: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "operadora_esl_connected", Help: "1 while the event socket is up and tested, else 0.",
		}, []string{"pbx"}),
		sessions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_esl_sessions_ended_total", Help: "Ends of connections, by reason.",
		}, []string{"pbx", "end"}),
		roundTrip: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "operadora_esl_event_round_trip_seconds", Help: "Time from asking FreeSWITCH for a job to hearing its end.", Buckets: fast,
		}, []string{"pbx"}),
	}
	if reg != nil {
		reg.MustRegister(m.commands, m.events, m.undecoded, m.crossed, m.connected, m.sessions, m.roundTrip)
	}
	return m
}

func (m *Metrics) command(pbx, verb, outcome string, took time.Duration) {
	m.commands.WithLabelValues(pbx, verb, outcome).Observe(took.Seconds())
}
