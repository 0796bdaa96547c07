package records

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

// TestSpeakers: each recording says who talked with the customer, from when to when.
func TestSpeakers(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	tell := func(after time.Duration, recording, state string, who fields) {
		f := fields{"recording": recording, "state": state}
		for k, v := range who {
			f[k] = v
		}
		s.wait(after).call("c", orchestrator.EntryCallRecording, f)
	}
	ana, ben := fields{"role": "agent", "agent": "101"}, fields{"role": "consult", "agent": "102"}
	outside := fields{"role": "third", "number": "910***001"}
	tell(0, "r1", "started", ana)
	tell(10*time.Second, "r1", "joined", ben)
	tell(10*time.Second, "r1", "joined", outside)
	tell(10*time.Second, "r1", "left", outside)
	tell(10*time.Second, "r1", "left", ana)
	tell(10*time.Second, "r1", "finished", nil)
	tell(time.Second, "r2", "started", outside)
	at := func(seconds int64) int64 { return ms(noon) + seconds*1000 }
	want := [][]Speaker{
		{{Role: "agent", Agent: "101", From: at(0), To: at(40)}, {Role: "consult", Agent: "102", From: at(10), To: at(50)},
			{Role: "third", Number: "910***001", From: at(20), To: at(30)}},
		{{Role: "third", Number: "910***001", From: at(51)}},
	}
	var got [][]Speaker
	for _, r := range projectCall(s.entries).recordings {
		got = append(got, r.Speakers)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
