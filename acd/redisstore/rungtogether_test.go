package redisstore_test

import (
	"slices"
	"testing"

	"github.com/operadora/operadora/acd"
)

// TestWhoIsRungTogetherIsShown: of a call for which phones ring together, a queue's line names
// all agents who are rung, as acd.CallView.Agents says.
func TestWhoIsRungTogetherIsShown(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(3, queue("ventas", func(q *acd.Queue) { q.Strategy = acd.RingAll })))
	w.login("a00", "a01", "a02")
	w.enqueue("c1", "ventas")
	if n := len(w.records().Offers); n != 3 {
		t.Fatalf("%d phones ring", n)
	}
	calls, _, err := w.svc.InQueue(w.ctx(), "ventas")
	w.must(err)
	if want := []string{"a00", "a01", "a02"}; len(calls) != 1 || !slices.Equal(slices.Sorted(slices.Values(calls[0].Agents)), want) {
		t.Errorf("shown are %+v, want agents %v", calls, want)
	}
}
