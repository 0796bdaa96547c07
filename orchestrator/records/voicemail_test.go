package records

import (
	"encoding/json"
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

// TestAMessageHasNoAgent: also where the entries name one, whose phone rang when
// the caller chose to leave it.
func TestAMessageHasNoAgent(t *testing.T) {
	t.Parallel()
	entry := func(kind orchestrator.EntryType, data any) orchestrator.Entry {
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		return orchestrator.Entry{ID: "1-" + string(kind), Type: kind, Call: "c1", PBX: "main", Agent: "101", Queue: "sales", Data: raw}
	}
	for name, started := range map[string]map[string]any{
		"told":    {"recording": "m1", "state": "started", "voicemail": true},
		"learned": {"recording": "m1", "state": "started"},
	} {
		got := projectCall([]orchestrator.Entry{
			entry(orchestrator.EntryCallRecording, started),
			entry(orchestrator.EntryCallEnded, orchestrator.CallSummary{Call: "c1", Voicemail: "m1", Outcome: orchestrator.OutcomeVoicemail}),
		})
		if len(got.recordings) != 1 || got.recordings[0].Agent != "" || got.recordings[0].Kind != KindVoicemail {
			t.Errorf("%s: %+v", name, got.recordings[0])
		}
	}
}
