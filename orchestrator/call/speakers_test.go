package call

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

// TestSpeakersOfAConference: the entries about a recording say who talks in it.
func TestSpeakersOfAConference(t *testing.T) {
	t.Parallel()
	w := at(then(threeTalk, asksNumber, answered, after(time.Second), together)...)
	w.pbx.phoneEnds(w.pbx.phones()[2], orchestrator.CauseNormal)
	w.settle(time.Second)
	completed(w)
	w.settle(time.Second)
	w.callerHangsUp()
	w.settle(time.Minute)
	var got []string
	for _, e := range w.entries {
		var d struct{ State, Role, Agent, Number string }
		if e.Type != orchestrator.EntryCallRecording {
			continue
		}
		if err := json.Unmarshal(e.Data, &d); err != nil {
			t.Fatal(err)
		}
		got = append(got, d.State+" "+d.Role+" "+d.Agent+d.Number)
	}
	want := []string{"started agent agento1", "joined consult agento2", "joined consult " + orchestrator.MaskNumber("4711"),
		"left consult " + orchestrator.MaskNumber("4711"), "started agent agento2", "finished  ", "finished  "}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	w.checkEnded(t, "")
	w.checkKept(t)
}
