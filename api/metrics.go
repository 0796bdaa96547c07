package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
)

// scrapeTime bounds reading the floor for a scrape.
const scrapeTime = 5 * time.Second

// waitBuckets are the bounds of waits in seconds, around the usual service levels.
var waitBuckets = []float64{1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 3600}

// metrics are the API's own figures and those that follow the journal. The
// journal is shared by all instances: of these take one instance, never the sum.
type metrics struct {
	calls   *prometheus.CounterVec   // direction, result
	nodes   *prometheus.CounterVec   // flow, node
	waits   *prometheus.HistogramVec // queue, result
	amiss   *prometheus.HistogramVec // queue
	backs   *prometheus.HistogramVec // queue
	setups  prometheus.Histogram
	missed  *prometheus.CounterVec // why
	denied  *prometheus.CounterVec // why
	ended   *prometheus.CounterVec // reason
	resumed *prometheus.CounterVec // how

	requests *prometheus.CounterVec   // route, status
	seconds  *prometheus.HistogramVec // route

	mu      sync.Mutex
	offered map[string]map[string]time.Time // guarded by mu; when a call was offered to whom, by call and agent
}

// offeredMost bounds the memory for offers whose end was not seen.
const offeredMost = 50_000

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "operadora", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "operadora", Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &metrics{
		calls: counter("calls_total", "Calls that ended, from the shared journal: do not sum over instances.", "direction", "result"),
		nodes: counter("ivr_node_total", "Flow nodes entered, from the shared journal.", "flow", "node"),
		waits: histogram("queue_wait_seconds", "Wait on the line in a queue until answered or out, from the shared journal.", waitBuckets, "queue", "result"),
		amiss: histogram("queue_wait_expected_error_seconds", "Wait that was expected as a caller entered, less the wait until answered, from the shared journal.",
			[]float64{-600, -300, -120, -60, -30, -15, 0, 15, 30, 60, 120, 300, 600}, "queue"),
		backs: histogram("callback_seconds", "From asking to be called back until customer and agent were joined, from the shared journal.",
			[]float64{60, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400}, "queue"),
		missed: counter("offers_missed_total", "Offers to agents that came to nothing, from the shared journal.", "why"),
		setups: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "operadora", Name: "call_setup_seconds",
			Help:    "From a match to caller and agent being joined, the phone's ringing included, without callbacks, from the shared journal.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60}}),
		denied:   counter("api_denied_total", "Requests refused for their token.", "why"),
		ended:    counter("event_streams_ended_total", "Event streams that the server ended or did not let in.", "reason"),
		resumed:  counter("event_streams_opened_total", "Event streams opened, resumed or with a snapshot.", "how"),
		requests: counter("http_requests_total", "Requests answered.", "route", "status"),
		seconds:  histogram("http_request_seconds", "Time to answer, without streams.", prometheus.DefBuckets, "route"),
		offered:  map[string]map[string]time.Time{},
	}
	r.MustRegister(m.calls, m.nodes, m.waits, m.amiss, m.backs, m.missed, m.setups, m.denied, m.ended, m.resumed, m.requests, m.seconds)
	return m
}

// journalDetail holds the fields of entries that figures need.
type journalDetail struct {
	WaitMS  int64  `json:"wait_ms"`
	Expects int64  `json:"expected_ms"`
	Why     string `json:"why"`
	Dialled bool   `json:"dialled"`
	BackMS  int64  `json:"called_back_ms"`
	Flow    string // of orchestrator.Note
	Node    string
}

// missReasons are the values of the label why.
var missReasons = []orchestrator.OfferFailure{orchestrator.OfferNoAnswer, orchestrator.OfferRejected, orchestrator.OfferBusy,
	orchestrator.OfferUnreachable, orchestrator.OfferCancelled, orchestrator.OfferElsewhere, orchestrator.OfferError}

// follow counts a journal entry. Labels come from closed sets: anything else is "other".
func (m *metrics) follow(e orchestrator.Entry) {
	var d journalDetail
	if e.Type != orchestrator.EntryCallEnded && len(e.Data) > 0 && json.Unmarshal(e.Data, &d) != nil {
		return
	}
	switch e.Type {
	case orchestrator.EntryCallNode:
		m.nodes.WithLabelValues(d.Flow, d.Node).Inc()
	case orchestrator.EntryCallOffered:
		m.offer(e, e.At)
	case orchestrator.EntryCallMissed:
		m.offer(e, time.Time{})
		m.missed.WithLabelValues(known(missReasons, orchestrator.OfferFailure(d.Why))).Inc()
	case orchestrator.EntryCallConnected:
		if since := m.offer(e, time.Time{}); !since.IsZero() && d.BackMS == 0 {
			m.setups.Observe(e.At.Sub(since).Seconds())
		}
		if d.Dialled { // whom an agent called has not waited
			return
		}
		if d.BackMS > 0 { // nor has who was called back, on the line
			m.backs.WithLabelValues(e.Queue).Observe(float64(d.BackMS) / 1000)
			return
		}
		m.waits.WithLabelValues(e.Queue, "answered").Observe(float64(d.WaitMS) / 1000)
		if d.Expects > 0 {
			m.amiss.WithLabelValues(e.Queue).Observe(float64(d.Expects-d.WaitMS) / 1000)
		}
	case orchestrator.EntryCallUnqueued:
		m.waits.WithLabelValues(e.Queue, "out").Observe(float64(d.WaitMS) / 1000)
	case orchestrator.EntryCallEnded:
		m.forget(e.Call)
		var s orchestrator.CallSummary
		if json.Unmarshal(e.Data, &s) == nil {
			direction := "inbound"
			switch s.Kind {
			case orchestrator.KindFeature:
				direction = "internal"
			case orchestrator.KindOutbound, orchestrator.KindCallback, orchestrator.KindCampaign:
				direction = "outbound"
			case orchestrator.KindInbound:
			}
			m.calls.WithLabelValues(direction, known(orchestrator.Outcomes, s.Outcome)).Inc()
		}
	default: // tells nothing that is counted
	}
}

// offer notes when a call was offered to an agent, or forgets it with the zero time, and
// returns what was noted.
func (m *metrics) offer(e orchestrator.Entry, when time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.offered[e.Call][e.Agent]
	switch {
	case when.IsZero():
		if delete(m.offered[e.Call], e.Agent); len(m.offered[e.Call]) == 0 {
			delete(m.offered, e.Call)
		}
	case m.offered[e.Call] != nil:
		m.offered[e.Call][e.Agent] = when
	case len(m.offered) < offeredMost:
		m.offered[e.Call] = map[string]time.Time{e.Agent: when}
	}
	return before
}

// forget forgets to whom a call was offered.
func (m *metrics) forget(call string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.offered, call)
}

func known[T ~string](list []T, v T) string {
	if slices.Contains(list, v) {
		return string(v)
	}
	return "other"
}

// floorFigures reads what stands now, at each scrape; of agents and queues what
// stood at most figuresAge before.
type floorFigures struct {
	s                                                                                                             *Server
	waiting, away, longest, agents, unreadable, broken, pbx, lag, recorded, malformed, setAside, rewinds, clients *prometheus.Desc
}

func newFloorFigures(s *Server) *floorFigures {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("operadora_"+name, help, labels, nil)
	}
	return &floorFigures{s: s,
		waiting:    desc("queue_waiting", "Callers waiting now.", "queue"),
		away:       desc("queue_away", "Of the callers waiting now, those whose PBX is away: no agent is rung for them until it is back.", "queue"),
		longest:    desc("queue_longest_wait_seconds", "Wait so far of the caller who has waited longest.", "queue"),
		agents:     desc("agents", "Agents now.", "state"),
		unreadable: desc("unreadable_records", "Stored agents, calls and offers that could not be read and were set aside, of the last week."),
		broken:     desc("api_unreadable_calls", "Live calls that could not be read when they were last listed."),
		pbx:        desc("pbx_connected", "1 while this instance receives the PBX's events.", "pbx"),
		lag:        desc("recorder_behind_seconds", "Age of the oldest journal entry in hand that is not yet on record."),
		recorded:   desc("recorder_entries_total", "Journal entries put on record by this instance."),
		malformed:  desc("recorder_malformed_total", "Journal entries whose data could not be read."),
		setAside:   desc("recorder_set_aside_total", "Journal entries that the records database refused; they are in its table set_aside."),
		rewinds:    desc("recorder_rewinds_total", "How often the journal had lost entries, as after a failover of Redis, and was read again."),
		clients:    desc("event_streams", "Event streams open now."),
	}
}

// passedOver is how agents count who are available and get no call.
const passedOver = "passed_over"

// Describe implements prometheus.Collector.
func (f *floorFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.waiting, f.away, f.longest, f.agents, f.unreadable, f.broken, f.pbx, f.lag, f.recorded, f.malformed, f.setAside, f.rewinds, f.clients} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. Figures that cannot be read are left
// out: an old value would be worse than none.
func (f *floorFigures) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(f.clients, float64(f.s.doors.size()))
	gauge(f.broken, float64(f.s.broken.count()))
	for name, up := range f.s.Engine.Connected() {
		v := 0.0
		if up {
			v = 1
		}
		gauge(f.pbx, v, name)
	}
	if f.s.Lag != nil {
		l := f.s.Lag()
		gauge(f.lag, l.Behind.Seconds())
		count := func(d *prometheus.Desc, n int64) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n))
		}
		count(f.recorded, l.Written)
		count(f.malformed, l.Malformed)
		count(f.setAside, l.SetAside)
		count(f.rewinds, l.Rewinds)
	}
	life := f.s.life() // Prometheus gives its collectors no context
	if life == nil {
		return
	}
	ctx, cancel := context.WithTimeout(life, scrapeTime)
	defer cancel()
	board, err := f.s.Floor.Board(ctx, figuresAge)
	if err != nil {
		f.s.log.WarnContext(ctx, "figures of the floor left out", "error", err)
		return
	}
	gauge(f.unreadable, float64(board.Unreadable))
	now := f.s.Now()
	for _, q := range board.Queues {
		gauge(f.waiting, float64(q.Waiting), q.ID)
		gauge(f.away, float64(q.Away), q.ID)
		wait := 0.0
		if !q.LongestSince.IsZero() {
			wait = max(0, now.Sub(q.LongestSince).Seconds())
		}
		gauge(f.longest, wait, q.ID)
	}
	for _, state := range []wire.AgentState{wire.AgentStateOffline, wire.AgentStateAvailable, wire.AgentStateReserved,
		wire.AgentStateTalking, wire.AgentStateWrapup, wire.AgentStatePaused, passedOver} {
		gauge(f.agents, float64(board.Agents[string(state)]), string(state))
	}
}

// GetMetrics implements StrictServerInterface.
func (s operations) GetMetrics(ctx context.Context, _ GetMetricsRequestObject) (GetMetricsResponseObject, error) {
	r := askerOf(ctx).request
	return streamed(func(w http.ResponseWriter) error {
		promhttp.HandlerFor(s.Gatherer, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(w, r)
		return nil
	}), nil
}
