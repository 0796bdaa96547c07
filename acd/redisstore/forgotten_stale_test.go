package redisstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
)

// TestAStaleProcessForgetsAQueue: a process whose definitions are not those in force any more, and
// which drives its PBX all the same as nobody else can, heals. That a queue of its own has emptied
// brings no agent back to its old definitions.
func TestAStaleProcessForgetsAQueue(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas"), queue("soporte")))
	w.enqueue("s1", "soporte")
	w.must(w.svc.Reload(w.ctx(), defs(1, queue("ventas")))) // soporte is closing here
	other := w.process(acd.Parts{Definitions: defs(1, queue("ventas"), queue("nueva"))})
	w.login("a00")
	w.must(other.Reload(w.ctx(), since(time.Minute, defs(1, queue("ventas"), queue("nueva"))))) // in force for all
	serves := func(when string) {
		t.Helper()
		if q := strings.Split(w.agent("a00").Queues, ","); !slices.Contains(q, "nueva") {
			t.Errorf("%s: the agent serves %v, and nueva is in force", when, q)
		}
	}
	serves("reloaded")
	w.leave("s1", 0)
	_, err := w.svc.Heal(w.ctx(), pbx)
	w.must(err)
	serves("the stale process has healed")
	_, err = other.Heal(w.ctx(), pbx)
	w.must(err)
	serves("the other has healed, too")
}
