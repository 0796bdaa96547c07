package records

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

// without leaves out entries of these types: what Redis lost.
func without(entries []orchestrator.Entry, types ...orchestrator.EntryType) (left []orchestrator.Entry) {
	lost := map[orchestrator.EntryType]bool{}
	for _, t := range types {
		lost[t] = true
	}
	for _, e := range entries {
		if !lost[e.Type] {
			left = append(left, e)
		}
	}
	return left
}

// visitsOf are the visits without their ids: those of lost entries are lost.
func visitsOf(v view) (out []visit) {
	for _, x := range v.visits {
		y := *x
		y.ID = ""
		out = append(out, y)
	}
	return out
}

// The end of a call carries its summary: whatever was lost before, the record,
// its last visit and its recording come out right.
func TestEndMendsWhatWasLost(t *testing.T) {
	t.Parallel()
	served := newStory(t).served("1", "sales", "101", 12*time.Second, 40*time.Second).entries
	abandoned := newStory(t).abandoned("1", "sales", 9*time.Second).entries
	rows := []struct {
		name    string
		entries []orchestrator.Entry
		lost    []orchestrator.EntryType
	}{
		{"served, all lost but the end", served, []orchestrator.EntryType{"call.started", "call.queued", "call.offered", "call.connected", "call.parted"}},
		{"served, entry lost", served, []orchestrator.EntryType{"call.queued"}},
		{"served, connection lost", served, []orchestrator.EntryType{"call.connected"}},
		{"served, entry and connection lost", served, []orchestrator.EntryType{"call.queued", "call.connected"}},
		{"served, end of the talk lost", served, []orchestrator.EntryType{"call.parted"}},
		{"served, nothing lost", served, nil},
		{"abandoned, entry lost", abandoned, []orchestrator.EntryType{"call.queued"}},
		{"abandoned, leaving lost", abandoned, []orchestrator.EntryType{"call.unqueued"}},
		{"abandoned, both lost", abandoned, []orchestrator.EntryType{"call.queued", "call.unqueued"}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			want, got := projectCall(r.entries), projectCall(without(r.entries, r.lost...))
			if diff := cmp.Diff(want.contact, got.contact); diff != "" {
				t.Errorf("contact (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(visitsOf(want), visitsOf(got), cmp.AllowUnexported(visit{})); diff != "" {
				t.Errorf("visits (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.recordings, got.recordings); diff != "" {
				t.Errorf("recordings (-want +got):\n%s", diff)
			}
		})
	}
	lost := projectCall(without(served, "call.recording")).recordings
	if len(lost) != 1 || lost[0].ID != "rec-1" || lost[0].Agent != "101" || lost[0].State != recUnknown {
		t.Errorf("a recording that only the summary tells of: %+v", lost)
	}
}

// Redis came back with a state from before the call's end; the call is queued,
// offered and ended once more. The first end stands.
func TestAnOlderStateDoesNotEndACallAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t).served("1", "sales", "101", 12*time.Second, 40*time.Second)
	want := projectCall(s.entries)
	s.wait(time.Minute).call("1", orchestrator.EntryCallUnqueued, fields{"queue": "sales", "why": "lost"})
	s.call("1", orchestrator.EntryCallQueued, fields{"queue": "sales"})
	s.ended(orchestrator.CallSummary{Call: "1", PBX: "main", Outcome: orchestrator.OutcomeLost, Queue: "sales"})
	got := projectCall(s.entries)
	if diff := cmp.Diff(want.contact, got.contact); diff != "" {
		t.Errorf("contact (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(visitsOf(want), visitsOf(got), cmp.AllowUnexported(visit{})); diff != "" {
		t.Errorf("visits (-want +got):\n%s", diff)
	}
}
