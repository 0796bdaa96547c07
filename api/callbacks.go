package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

// ListCallbacks implements StrictServerInterface.
func (s operations) ListCallbacks(ctx context.Context, r ListCallbacksRequestObject) (ListCallbacksResponseObject, error) {
	list := []wire.Callback{}
	self, every, err := s.self(ctx)
	if err != nil {
		return nil, err
	}
	err = s.eachLive(ctx, func(c call.Call) {
		v, ok := callbackView(c)
		if !ok || given(r.Params.Queue) != "" && v.Queue != given(r.Params.Queue) || !every && !slices.Contains(self.Queues, v.Queue) {
			return
		}
		if !every && v.Serving != self.ID {
			p := maskParty(wire.Party{Number: v.Number})
			v.Number, v.Name = p.Number, p.Name
		}
		list = append(list, v)
	})
	if err != nil {
		return nil, err
	}
	key := func(v wire.Callback) string { return fmt.Sprintf("%013d %s", v.AskedAt.UnixMilli(), v.Call) }
	slices.SortFunc(list, func(a, b wire.Callback) int { return strings.Compare(key(a), key(b)) })
	items, next, err := pageOf(list, key, given(r.Params.Limit), given(r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return ListCallbacks200JSONResponse{Items: items, Next: next}, nil
}

// self is the agent who asks; every is true of an asker who is not held to what is an agent's own.
func (s *Server) self(ctx context.Context) (a wire.Agent, every bool, err error) {
	id, every := askerOf(ctx).own()
	if !every {
		a, err = s.Floor.Agent(ctx, id)
	}
	return a, every, err
}

// callbackView shows a callback; false for one whose customer was reached, and for any other call.
func callbackView(c call.Call) (wire.Callback, bool) {
	place, ok := c.Promised()
	if !ok {
		return wire.Callback{}, false
	}
	v := wire.Callback{Call: c.Call, PBX: c.PBX, Queue: place.Queue, Number: printable(c.Caller.Number), Name: printable(c.Caller.Name),
		State: wire.CallState(c.State), AskedAt: wire.At(c.StartedAt), AskedBy: c.AskedBy, EnteredAt: wire.At(place.Entered),
		Attempts: c.Attempts, NextAt: wire.At(c.Timers[call.TimerTurn]), ExpiresAt: wire.At(c.Promise.Expires)}
	if far := c.Far(); far != nil && far.Offer != nil {
		v.Serving = far.Offer.Agent
	}
	return v, true
}

// callback returns a live callback.
func (s *Server) callback(ctx context.Context, id string) (call.Call, wire.Callback, error) {
	c, err := s.stored(ctx, id)
	if err != nil {
		return c, wire.Callback{}, err
	}
	v, ok := callbackView(c)
	if !ok {
		return c, v, fault.New("api.callback", fault.NotFound, "call %s is no callback whose customer is yet to be reached", quoted(id))
	}
	return c, v, nil
}

// GetCallback implements StrictServerInterface.
func (s operations) GetCallback(ctx context.Context, r GetCallbackRequestObject) (GetCallbackResponseObject, error) {
	_, v, err := s.callback(ctx, r.Call)
	return GetCallback200JSONResponse(v), err
}

// CancelCallback implements StrictServerInterface.
func (s operations) CancelCallback(ctx context.Context, r CancelCallbackRequestObject) (CancelCallbackResponseObject, error) {
	c, v, err := s.callback(ctx, r.Call)
	if err != nil {
		return nil, err
	}
	s.auditLive(ctx, "callback.cancel", c.Call, "of queue "+printable(v.Queue))
	return s.askAs(ctx, c, call.Wish{Do: call.WishRevoke}, "")
}

func (o ordered) VisitCancelCallbackResponse(w http.ResponseWriter) error { return o.write(w) }

// AddCallback implements StrictServerInterface.
func (s operations) AddCallback(ctx context.Context, r AddCallbackRequestObject) (AddCallbackResponseObject, error) {
	self, every, err := s.self(ctx)
	switch {
	case err != nil:
		return nil, err
	case !every && !slices.Contains(self.Queues, r.Body.Queue):
		return nil, denied("queue: agent %s does not serve %s", quoted(self.ID), quoted(r.Body.Queue))
	}
	pbx := cmp.Or(r.Body.PBX, self.PBX)
	if all := slices.Collect(maps.Keys(s.Engine.Connected())); pbx == "" && len(all) == 1 {
		pbx = all[0]
	} else if pbx == "" {
		return nil, problem{Status: http.StatusBadRequest, Code: wire.ProblemCodeInvalid, Field: "pbx", Detail: "pbx: needs to be named, there are several"}
	}
	to := orchestrator.Target{Kind: orchestrator.TargetNumber, Name: r.Body.Number}.Masked().Name
	s.auditLive(ctx, "callback.add", printable(r.Body.Queue), "of "+to)
	a, err := s.Engine.CallBack(ctx, pbx, call.CallbackOrder{Queue: r.Body.Queue, Number: r.Body.Number, Name: r.Body.Name, Language: r.Body.Language,
		By: "api:" + askerOf(ctx).who.Name})
	if err != nil {
		return nil, err
	}
	return AddCallback202JSONResponse{Callback: a.Call, Result: wire.CallbackResult(a.Result)}, nil
}
