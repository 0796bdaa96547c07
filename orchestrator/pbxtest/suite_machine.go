package pbxtest

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Who says nothing is neither a person nor a machine; a PBX that cannot hear says so at
// once. Nobody is heard who is gone.
func testListen(r *rig) {
	ctx := r.Context()
	l := r.answered()
	order := orchestrator.Listening{Channel: l.channel, Greeting: time.Second, Silence: 500 * time.Millisecond, Most: 1500 * time.Millisecond}
	err := r.PBX.Listen(ctx, order)
	if fault.KindOf(err) == fault.Denied {
		r.refused("Attend", r.PBX.Attend(ctx, l.channel, time.Second), fault.Denied)
	} else {
		r.must(err)
		r.must(r.PBX.Listen(ctx, order))
		if e := r.await("who answered", on(orchestrator.EventHeard, l.channel)); e.Verdict != orchestrator.VerdictUnsure {
			r.Errorf("silence is taken for %q by %s", e.Verdict, e.Reason)
		}
		for _, silent := range []time.Duration{time.Second, time.Second, 0, 0} {
			r.must(r.PBX.Attend(ctx, l.channel, silent))
		}
	}
	l.HangUp(r.T)
	r.once("the end", on(orchestrator.EventEnded, l.channel))
	r.refused("Listen", r.PBX.Listen(ctx, order), fault.NotFound)
	r.refused("Attend", r.PBX.Attend(ctx, l.channel, time.Second), fault.NotFound)
}
