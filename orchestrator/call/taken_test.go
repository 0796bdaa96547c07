package call

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestTakenByThePBX: an administrator, or a feature of the PBX itself, takes a phone
// out of the conversation. It is gone for us, at once, and nobody talks with nobody.
func TestTakenByThePBX(t *testing.T) {
	t.Parallel()
	far := (*world).farPhone
	guest := (*world).guestPhone
	for name, r := range map[string]struct {
		stages []func(*world)
		who    func(*world) *toyChannel
	}{
		"the agent's":            {talking, far},
		"the agent's, on hold":   {then(talking, held), far},
		"the agent's, asking":    {private, far},
		"of whom the agent asks": {private, guest},
		"of a conference":        {threeTalk, guest},
		"an outside number's":    {then(talking, toNumber, answered, after(time.Second)), far},
		"the supervisor's":       {then(talking, boss("201", orchestrator.MonitorListen)), guest},
		"before the join": {then(talking, asksAgent, ringing, func(w *world) {
			w.pbx.phoneAnswers(w.guestPhone())
			w.decides()
		}), guest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := at(r.stages...)
			ch := r.who(w)
			w.pbx.takes(ch)
			w.settle(time.Second)
			if l := w.me.c.leg(ch.id); l != nil {
				t.Errorf("still in the call: %+v", l)
			}
			if hears := w.pbx.hears(); hears == "" {
				t.Errorf("the customer hears nothing in state %q", w.me.c.State)
			}
			w.callerHangsUp()
			w.settle(time.Minute)
			w.checkEnded(t, "")
			w.checkKept(t)
			if len(w.healed) > 0 {
				t.Errorf("the sweeper had to heal %v", w.healed)
			}
			if t.Failed() {
				t.Log(w.story())
			}
		})
	}
}
