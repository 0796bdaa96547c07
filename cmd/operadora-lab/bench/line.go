// Package bench measures operadora beside a peer or a limit in the same run:
// the same Asterisk, the same phones, the same callers. It prints one JSON
// object per figure.
package bench

import (
	"encoding/json"
	"io"
	"math"
	"slices"
	"time"
)

// Line is one figure beside the figure that it is held against. Ratio is Ours
// over PeerValue; whether more or less is better follows from the metric.
type Line struct {
	Bench     string  `json:"bench"`
	Metric    string  `json:"metric"`
	Unit      string  `json:"unit"`
	Ours      float64 `json:"ours"`
	Peer      string  `json:"peer"`
	PeerValue float64 `json:"peer_value"`
	Ratio     float64 `json:"ratio"`
}

// NewLine computes the ratio.
func NewLine(bench, metric, unit string, ours float64, peer string, peerValue float64) Line {
	l := Line{Bench: bench, Metric: metric, Unit: unit, Ours: round(ours), Peer: peer, PeerValue: round(peerValue)}
	if peerValue != 0 {
		l.Ratio = round(ours / peerValue)
	}
	return l
}

// round keeps four significant digits: more would claim what no run can show.
func round(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// Emit writes lines as JSON.
func Emit(w io.Writer, lines ...Line) error {
	enc := json.NewEncoder(w)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

// quantile is the smallest of the sorted values that at least the share q does not exceed; 0 of none.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	s := slices.Clone(values)
	slices.Sort(s)
	return s[max(0, int(math.Ceil(q*float64(len(s))))-1)]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
