package redisstore

import (
	"context"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// Offer returns an offer in force.
func (s *Store) Offer(ctx context.Context, id string) (o acd.OfferRecord, ok bool, err error) {
	ok, err = s.get(ctx, "acd/redisstore.Offer", s.keys.offers(), id, &o)
	return o, ok, err
}

// Answer takes an offer up and frees whoever else is rung for its call.
func (s *Store) Answer(ctx context.Context, now time.Time, offer, offerID string) (bool, error) {
	return s.runBool(ctx, "acd/redisstore.Answer", offerAnswer, s.base(), ms(now), offer, offerID)
}

// Hold holds the agent of an offer that is not in force any more.
func (s *Store) Hold(ctx context.Context, now time.Time, o orchestrator.Offer) (held bool, before string, err error) {
	r, err := s.run(ctx, "acd/redisstore.Hold", offerHold, s.base(), ms(now), encode(o))
	if err != nil {
		return false, "", err
	}
	return r.number(0) == 1, r.text(1), nil
}

// Dial holds an agent for a call that the agent makes.
func (s *Store) Dial(ctx context.Context, now time.Time, d acd.DialOrder) (*acd.OfferRecord, orchestrator.AgentResult, error) {
	r, err := s.run(ctx, "acd/redisstore.Dial", agentDial, s.base(),
		ms(now), d.Station.Agent, d.Station.JSON(), encode(d.Offer), oneOrZero(d.OnPhone), oneOrZero(d.Free))
	if err != nil {
		return nil, "", err
	}
	switch r.text(0) {
	case "ok":
		held, err := r.offer(1)
		return held, orchestrator.AgentOK, err
	case string(acd.ChangeOwes):
		return nil, orchestrator.AgentOwes, nil
	case string(orchestrator.AgentPhoneBusy):
		return nil, orchestrator.AgentPhoneBusy, nil
	case string(acd.StateOffline):
		return nil, orchestrator.AgentNotLoggedIn, nil
	}
	return nil, orchestrator.AgentBusy, nil
}

// failSettings are the queue's settings that a failed offer needs.
type failSettings struct {
	Misses     int   `json:"misses"`
	RestMS     int64 `json:"rest_ms"`
	RestLongMS int64 `json:"rest_long_ms"`
	RestMostMS int64 `json:"rest_most_ms"`
	Tell       bool  `json:"tell"`
	Unanswered bool  `json:"unanswered"`
	KeepMS     int64 `json:"keep_ms"`
}

// Fail ends an unanswered offer and matches its call and its agent anew, in one script.
func (s *Store) Fail(ctx context.Context, now time.Time, f acd.FailOrder) (acd.FailResult, error) {
	set := failSettings{f.MaxMiss, f.Rest.Milliseconds(), f.RestLong.Milliseconds(), f.RestMost.Milliseconds(), f.Tell, f.Unanswered, f.Keep.Milliseconds()}
	r, err := s.run(ctx, "acd/redisstore.Fail", offerFail, s.base(),
		ms(now), f.Offer, string(f.Why), f.Agent, encode(set), f.CallID, f.AgentID)
	if err != nil || r.number(0) == 0 {
		return acd.FailResult{}, err
	}
	out := acd.FailResult{Failed: true, Position: int(r.number(3)), Answered: r.number(4) == 1}
	if out.ForCall, err = r.offer(1); err != nil {
		return out, err
	}
	out.ForAgent, err = r.offer(2)
	return out, err
}

// Finish ends an answered offer and, without wrap-up, finds the agent's next call in the same script.
func (s *Store) Finish(ctx context.Context, now time.Time, f acd.FinishOrder) (acd.FinishResult, error) {
	r, err := s.run(ctx, "acd/redisstore.Finish", offerFinish, s.base(),
		ms(now), f.Offer, f.Agent, f.WrapUp.Milliseconds(), f.Talked.Milliseconds(), f.OfferID, f.Keep.Milliseconds(), encode(f.Closing))
	if err != nil {
		return acd.FinishResult{}, err
	}
	out := acd.FinishResult{Finished: r.text(0) == "ok", Open: r.text(0) == "open"}
	out.Offer, err = r.offer(1)
	return out, err
}
