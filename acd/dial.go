package acd

import (
	"context"

	"github.com/operadora/operadora/orchestrator"
)

// DialOrder holds an agent for a call that the agent makes.
type DialOrder struct {
	Station *Station
	Offer   OfferRecord // that is to hold the agent
	OnPhone bool        // the agent's phone is in the call already
	Free    bool        // the agent must be one whom a call could be offered to
}

// Dial implements orchestrator.Distributor.
func (s *Service) Dial(ctx context.Context, d orchestrator.Dialling) (orchestrator.Dialled, error) {
	dir := s.directory.Load()
	a, refused := dir.identify(orchestrator.AgentCommand{Agent: d.Agent, Endpoint: d.Endpoint, PBX: d.PBX, Trusted: d.Endpoint == ""})
	switch {
	case refused != "":
		return orchestrator.Dialled{Result: refused}, nil
	case a.PBX != d.PBX:
		return orchestrator.Dialled{Result: orchestrator.AgentUnknown}, nil
	}
	q, ok := dir.onBehalf(a, d)
	if d.Over && d.Queue != "" {
		q, ok = dir.queue(d.Queue)
	}
	if !ok {
		return orchestrator.Dialled{Result: orchestrator.AgentBadQueue}, nil
	}
	now := s.now()
	o := OfferRecord{At: now.UnixMilli(), Due: now.UnixMilli(), Offer: orchestrator.Offer{
		ID: MakeOfferID(d.Call, newUnique()), Call: d.Call, Visit: d.Visit, PBX: a.PBX, Queue: q.ID, Agent: a.ID, Endpoint: a.Endpoint,
		Ring: q.RingTimeout, AutoAnswer: a.AutoAnswer || q.AutoAnswer, Language: a.Language, Answered: true, Makes: true}}
	held, result, err := s.store.Dial(ctx, now, DialOrder{Station: dir.stationOf(a.ID), Offer: o, OnPhone: d.Endpoint != "" || d.Over, Free: d.Free})
	if err != nil || held == nil {
		return orchestrator.Dialled{Result: result}, err
	}
	if inForce, ok := dir.queue(held.Queue); ok { // asked again after a reload
		q = inForce
	}
	return orchestrator.Dialled{Result: orchestrator.AgentOK, Offer: &held.Offer, Plan: q.Plan()}, nil
}

// onBehalf finds the queue for which an agent calls: the one named, the one whose
// code was dialled, or the agent's first. It must be one that the agent serves.
func (dir *directory) onBehalf(a Agent, d orchestrator.Dialling) (Queue, bool) {
	for _, m := range a.Queues {
		q, ok := dir.queues[m.Queue]
		if ok && (d.Queue == "" || d.Queue == q.ID) && (d.Code == "" || d.Code == q.DialCode) {
			return q, true
		}
	}
	return Queue{}, false
}
