package call

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestMutedRecordingOfAHandOver: a recording that somebody muted stays muted in the
// parts of the conversation that follow, until somebody unmutes it; silence that was
// for a time alone does not.
func TestMutedRecordingOfAHandOver(t *testing.T) {
	t.Parallel()
	mute, unmute := wanted(WishMute, "", ""), wanted(WishUnmute, "", "")
	ends := func(w *world) { w.pbx.endRecordings(bridge(w.me.c.Call, w.me.c.Far().Room)); w.quiet() }
	for name, r := range map[string]struct {
		stages []func(*world)
		muted  bool
	}{
		"the agent leaves a conference":          {then(threeTalk, mute, completed), true},
		"the agent hangs up":                     {then(threeTalk, mute, hangsUp((*world).farPhone)), true},
		"muted, unmuted":                         {then(threeTalk, mute, unmute, completed), false},
		"unmuted afterwards":                     {then(threeTalk, mute, completed, unmute), false},
		"muted before the other was asked":       {then(talking, mute, asksAgent, ringing, answered, after(time.Second), completed), true},
		"taken over":                             {then(talking, mute, boss("201", orchestrator.MonitorTakeover)), true},
		"the recording ended in between":         {then(threeTalk, mute, ends, completed), true},
		"twice":                                  {then(threeTalk, asksNumber, answered, after(time.Second), together, mute, completed, completed), true},
		"not muted":                              {then(threeTalk, completed), false},
		"muted for a flow and back":              {then(talking, sent, resumed, asksAgent, ringing, answered, after(time.Second), completed), false},
		"to another queue, another's affair now": {then(talking, mute, toQueue, ringing, answered), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := at(r.stages...)
			w.settle(time.Second)
			rec := w.me.c.Rec()
			if rec == nil || rec.State != RecRunning {
				t.Fatalf("no recording runs\n%s", w.story())
			}
			if at := w.pbx.recordings[rec.ID].muted; rec.Muted != r.muted || at != r.muted {
				t.Errorf("muted %v, on the PBX %v, want %v\n%s", rec.Muted, at, r.muted, w.story())
			}
			w.callerHangsUp()
			w.settle(5 * time.Minute)
			w.checkEnded(t, "")
			w.checkKept(t)
		})
	}
}
