package acd

import (
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

func TestPeople(t *testing.T) {
	t.Parallel()
	q := NewQueue()
	q.ID = "sales"
	a := NewAgent()
	a.ID, a.PBX, a.Endpoint, a.Queues = "ana", "main", "PJSIP/101", []Membership{{Queue: "sales"}}
	dir := newDirectory(Definitions{Queues: []Queue{q}, Agents: []Agent{a}}, nil, 0)
	s := &Service{}
	s.directory.Store(dir)
	rows := []struct {
		pbx, dialled string
		want         orchestrator.Target
	}{
		{"main", "ana", orchestrator.Target{Kind: orchestrator.TargetAgent, Name: "ana"}},
		{"main", "101", orchestrator.Target{Kind: orchestrator.TargetAgent, Name: "ana"}},
		{"main", "sales", orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "sales"}},
		{"other", "101", orchestrator.Target{}}, {"other", "ana", orchestrator.Target{}},
		{"main", "@ana", orchestrator.Target{}}, {"main", "102", orchestrator.Target{}}, {"main", "", orchestrator.Target{}},
	}
	for _, r := range rows {
		if got, ok := s.Dialled(r.pbx, r.dialled); got != r.want || ok != (r.want.Kind != "") {
			t.Errorf("%s on %s: %+v %v", r.dialled, r.pbx, got, ok)
		}
	}
	for target, want := range map[orchestrator.Target]bool{
		{Kind: orchestrator.TargetAgent, Name: "ana"}: true, {Kind: orchestrator.TargetQueue, Name: "sales"}: true,
		{Kind: orchestrator.TargetAgent, Name: "sales"}: false, {Kind: orchestrator.TargetQueue, Name: "@ana"}: false,
		{Kind: orchestrator.TargetFlow, Name: "sales"}: false,
	} {
		if s.Knows(target) != want {
			t.Errorf("%+v: known %v", target, !want)
		}
	}
	if names := ofAll(dir.stationOf("ana").Queues); len(names) != 1 || names[0] != "sales" {
		t.Errorf("queues %v", names)
	}
	if names := dir.stationOf("ana").Queues; len(names) != 2 || names[0] != "@ana" {
		t.Errorf("places %v", names)
	}
}
