package records

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestRecordingIsOfWhoTalked: a recording ends when the customer is with the next
// agent already, or waits for one in another queue. It is of the agent and the
// queue of its conversation all the same.
func TestRecordingIsOfWhoTalked(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	tell := func(agent, queue, recording, state string) {
		s.add(orchestrator.Entry{Type: orchestrator.EntryCallRecording, Call: "c", PBX: "main", Agent: agent, Queue: queue},
			fields{"recording": recording, "state": state}).wait(time.Second)
	}
	tell("101", "support", "r1", "started")
	tell("102", "@102", "r2", "started")
	tell("102", "@102", "r1", "finished")
	tell("", "second", "r2", "finished")
	tell("", "second", "r3", "started") // with an outside number
	tell("103", "second", "r3", "finished")
	for i, want := range []Recording{{Agent: "101", Queue: "support"}, {Agent: "102", Queue: "@102"}, {Queue: "second"}} {
		if r := projectCall(s.entries).recordings[i]; r.Agent != want.Agent || r.Queue != want.Queue {
			t.Errorf("%s is of agent %q in queue %q, want %q in %q", r.ID, r.Agent, r.Queue, want.Agent, want.Queue)
		}
	}
}
