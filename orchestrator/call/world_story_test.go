package call

import (
	"encoding/json"
	"fmt"

	"github.com/operadora/operadora/orchestrator"
)

// checkStory tells what is wrong with the timeline of an ended call.
func (w *world) checkStory() (wrong []string) {
	bad := func(f string, a ...any) { wrong = append(wrong, fmt.Sprintf(f, a...)) }
	var talk int64
	recs := map[string][2]int{}
	in := map[string]int{}
	shown := 0
	var sum orchestrator.CallSummary
	for _, e := range w.entries {
		var d struct {
			TalkMS    int64  `json:"talk_ms"`
			Recording string `json:"recording"`
			State     string `json:"state"`
			Role      string
			Agent     string
			Number    string
			Shown     int
		}
		_ = json.Unmarshal(e.Data, &d)
		switch e.Type {
		case orchestrator.EntryCallParted:
			talk += d.TalkMS
		case orchestrator.EntryCallRecording:
			r := recs[d.Recording]
			switch d.State {
			case string(orchestrator.RecordingStarted):
				r[0]++
			case string(orchestrator.RecordingFinished), string(orchestrator.RecordingFailed):
				r[1]++
			case string(orchestrator.RecordingJoined):
				in[d.Recording+d.Role+d.Agent+d.Number]++
			case string(orchestrator.RecordingLeft):
				in[d.Recording+d.Role+d.Agent+d.Number]--
			}
			for k, n := range in {
				if n < 0 || n > 1 {
					bad("speaker %s: %d", k, n)
				}
			}
			recs[d.Recording] = r
		case orchestrator.EntryCallSupervised:
			shown = d.Shown
		case orchestrator.EntryCallEnded:
			_ = json.Unmarshal(e.Data, &sum)
		}
	}
	for id, r := range recs {
		if r[0] != 1 || r[1] != 1 {
			bad("recording %s: started %d, over %d", id, r[0], r[1])
		}
	}
	if shown != 0 {
		bad("%d supervisors are still shown", shown)
	}
	if talk != sum.TalkMS {
		bad("talked %d by parts, %d on record", talk, sum.TalkMS)
	}
	if sum.EndedAt < sum.PartedAt || sum.PartedAt != 0 && sum.PartedAt < sum.ConnectedAt || sum.EndedAt < sum.StartedAt {
		bad("times: %+v", sum)
	}
	from := sum.StartedAt
	if sum.Kind == orchestrator.KindCallback {
		from = sum.QueuedAt // when the customer had waited on the line before
	}
	if sum.WaitMS < 0 || sum.WaitMS > sum.EndedAt-from || sum.TalkMS < 0 || sum.ConnectedAt > 0 && sum.TalkMS > sum.EndedAt-sum.ConnectedAt {
		bad("lengths: %+v", sum)
	}
	if sum.ConnectedAt == 0 && sum.TalkMS > 0 {
		bad("talked and never connected: %+v", sum)
	}
	return wrong
}
