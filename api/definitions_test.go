package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
)

// TestFlowCount: calls at each node and on each way, of a call that comes to one again, one that goes
// through a flow that a node calls, and one that never comes.
func TestFlowCount(t *testing.T) {
	t.Parallel()
	c := newFlowCount("main")
	c.add([]string{"main/menu", "main/sales"}, 3)
	c.add([]string{"main/menu", "main/ask", "main/menu", "main/bye"}, 1)
	c.add([]string{"main/menu", "voicemail/take", "voicemail/thanks", "main/bye"}, 2)
	c.add([]string{"voicemail/take"}, 7)
	c.add([]string{"main/menu", "voicemail/take"}, 1)
	want := wire.FlowCounts{Flow: "main", Calls: 7,
		Nodes: []wire.NodeCount{{Node: "ask", Calls: 1, Times: 1}, {Node: "bye", Calls: 3, Times: 3, Ended: 3}, {Node: "menu", Calls: 7, Times: 8}, {Node: "sales", Calls: 3, Times: 3, Ended: 3}},
		Ways:  []wire.WayCount{{From: "ask", To: "menu", Times: 1}, {From: "menu", To: "ask", Times: 1}, {From: "menu", To: "bye", Times: 3}, {From: "menu", To: "sales", Times: 3}}}
	if diff := cmp.Diff(want, c.view()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
