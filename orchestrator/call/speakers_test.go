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
	want := []string{"started agent agento1", "joined consult agento2", "joined consult " + orchestrator.MaskNumber("4711"),
		"left consult " + orchestrator.MaskNumber("4711"), "started agent agento2", "finished  ", "finished  "}
	if d := cmp.Diff(want, w.speakers(t)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	w.checkEnded(t, "")
	w.checkKept(t)
}

// speakers are the entries about recordings, in words.
func (w *world) speakers(t *testing.T) (got []string) {
	t.Helper()
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
	return got
}

// TestSupervisorsAmongTheSpeakers: a supervisor who barges in is heard in the recording
// of that part of the conversation, and in each that is begun while they do.
func TestSupervisorsAmongTheSpeakers(t *testing.T) {
	t.Parallel()
	barges := boss("202", orchestrator.MonitorBarge)
	// Asterisk ends a recording in which nobody is heard.
	ends := func(w *world) { w.pbx.endRecordings(bridge(w.me.c.Call, w.me.c.Far().Room)); w.quiet() }
	for name, r := range map[string]struct {
		stages []func(*world)
		want   []string
	}{
		"the agent goes": {then(threeTalk, barges, completed),
			[]string{"started agent agento1", "joined consult agento2", "joined supervisor 202", "left supervisor 202", "started agent agento2", "finished  ", "finished  "}},
		"the customer was on hold": {then(talking, barges, held, ends, resumed),
			[]string{"started agent agento1", "joined supervisor 202", "finished  ", "started agent agento1", "joined supervisor 202", "left supervisor 202", "finished  "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := at(r.stages...)
			w.settle(time.Second)
			w.callerHangsUp()
			w.settle(time.Minute)
			if d := cmp.Diff(r.want, w.speakers(t)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			w.checkEnded(t, "")
			w.checkKept(t)
		})
	}
}
