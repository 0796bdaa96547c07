package runner

import (
	"context"
	"encoding/json"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// askWay is how often it is asked whether a PBX is connected that another process drives: what
// changes is told in the journal, and may be from before it was read.
const askWay = 5 * time.Second

// way is a PBX of a campaign's trunk that another process drives.
type way struct {
	open   bool // it is connected, as far as is known
	asking bool
	asked  time.Time
}

// answer is whether a PBX that was asked for is connected.
type answer struct {
	pbx  string
	open bool
}

// opens tells whether calls may be begun over a PBX.
func (t *term) opens(pbx string) bool {
	w := t.ways[pbx]
	return t.Dialler.Drives(pbx) || w != nil && w.open
}

// lookAtWays asks for the PBXs of campaigns that run which are not driven here.
func (t *term) lookAtWays(ctx context.Context, now time.Time) {
	for pbx := range t.farWays() {
		w := t.ways[pbx]
		if w == nil {
			w = &way{}
			t.ways[pbx] = w
		}
		if w.asking || now.Sub(w.asked) < askWay {
			continue
		}
		w.asking, w.asked = true, now
		t.makers.Go(func() {
			err := t.Dialler.Ready(ctx, pbx)
			select {
			case t.answers <- answer{pbx, err == nil}:
			case <-ctx.Done():
			}
		})
	}
}

// farWays are the PBXs of campaigns that run which are not driven here.
func (t *term) farWays() map[string]bool {
	out := map[string]bool{}
	for _, a := range t.on {
		for _, x := range a.c.Trunks {
			if paces(a.run) && !t.Dialler.Drives(x.PBX) {
				out[x.PBX] = true
			}
		}
	}
	return out
}

// answered takes in whether a PBX is connected.
func (t *term) answered(a answer) {
	w := t.ways[a.pbx]
	w.asking, w.open = false, a.open
}

// pbxChanged takes in that a PBX was connected somewhere, or was cut off.
func (t *term) pbxChanged(e orchestrator.Entry) {
	var d struct{ State string }
	w := t.ways[e.PBX]
	if w == nil || json.Unmarshal(e.Data, &d) != nil {
		return
	}
	if w.open = d.State == "connected"; !w.open {
		w.asked = time.Time{} // another process may have it already
	}
}
