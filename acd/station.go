package acd

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"
)

// Station is an agent's place as the store needs it: the phone, and the queues
// with all that matching asks of their definitions. It is made once per
// reload; its JSON form is what the scripts read.
type Station struct {
	Agent      string       `json:"agent"`
	PBX        string       `json:"pbx"`
	Endpoint   string       `json:"endpoint"`
	Language   string       `json:"language"`
	AutoAnswer bool         `json:"auto_answer"`
	Print      string       `json:"print"` // changes when anything else in the station does
	Queues     []QueueRules `json:"queues"`

	text string
}

// QueueRules is one queue of a station, or the queue of a call that looks for an agent.
type QueueRules struct {
	Queue      string           `json:"id"`
	Level      int              `json:"level"`
	Weights    map[Fact]float64 `json:"weights"` // the strategy's row
	RingMS     int64            `json:"ring_ms"`
	HoldMS     int64            `json:"hold_ms"` // life of an offer: ring time and grace
	AutoAnswer bool             `json:"auto_answer"`
}

// JSON returns the station as the scripts read it.
func (s *Station) JSON() string { return s.text }

// QueueNames returns the names of the station's queues in order.
func (s *Station) QueueNames() []string {
	names := make([]string, len(s.Queues))
	for i, q := range s.Queues {
		names[i] = q.Queue
	}
	return names
}

// seal computes the fingerprint and the JSON form.
func (s *Station) seal() {
	s.Print = ""
	s.Print = fingerprint(s)
	s.text = mustJSON(s)
}

// fingerprint is a short name for a value's content. Secrets do not count.
func fingerprint(v any) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(mustJSON(v))) // hash.Hash never returns an error
	return fmt.Sprintf("%016x", h.Sum64())
}

// mustJSON encodes values of this package, none of which can fail.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("acd: " + err.Error())
	}
	return string(b)
}

func newQueueRules(q Queue, level int, grace time.Duration) QueueRules {
	return QueueRules{
		Queue: q.ID, Level: level, Weights: strategies[q.Strategy], AutoAnswer: q.AutoAnswer,
		RingMS: q.RingTimeout.Milliseconds(), HoldMS: (q.RingTimeout + grace).Milliseconds(),
	}
}
