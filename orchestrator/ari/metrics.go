package ari

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the figures of all ARI adapters of a process; the label pbx
// tells them apart. All labels come from closed sets.
type Metrics struct {
	requests  *prometheus.HistogramVec // by pbx, verb (a command of ours), class (2xx, 4xx, 5xx, timeout, transport)
	events    *prometheus.CounterVec   // by pbx, type (those we translate, and "other")
	undecoded *prometheus.CounterVec   // by pbx
	connected *prometheus.GaugeVec     // by pbx: 1 or 0
	sessions  *prometheus.CounterVec   // by pbx, end (closed, deaf, replaced, stray, refused, stopped)
	roundTrip *prometheus.HistogramVec // by pbx: an event to ourselves through Asterisk
}

// NewMetrics makes the figures and registers them; a nil registerer registers nothing.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	fast := []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	m := &Metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "operadora_ari_request_seconds", Help: "Time of a request to Asterisk, by command and class of the answer.", Buckets: fast,
		}, []string{"pbx", "verb", "class"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_ari_events_total", Help: "Events received from Asterisk, by type.",
		}, []string{"pbx", "type"}),
		undecoded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_ari_events_undecoded_total", Help: "Events that could not be read; any is a fault.",
		}, []string{"pbx"}),
		connected: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "operadora_ari_connected", Help: "1 while the event socket is up and tested, else 0.",
		}, []string{"pbx"}),
		sessions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "operadora_ari_sessions_ended_total", Help: "Ends of event sockets, by reason.",
		}, []string{"pbx", "end"}),
		roundTrip: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "operadora_ari_event_round_trip_seconds", Help: "Time from asking Asterisk for an event to hearing it.", Buckets: fast,
		}, []string{"pbx"}),
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.events, m.undecoded, m.connected, m.sessions, m.roundTrip)
	}
	return m
}

func (m *Metrics) request(pbx, verb, class string, took time.Duration) {
	m.requests.WithLabelValues(pbx, verb, class).Observe(took.Seconds())
}

func statusClass(status int) string { return strconv.Itoa(status/100) + "xx" }
