package api

import (
	"context"
	"fmt"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
)

// ListQueues implements StrictServerInterface.
func (s operations) ListQueues(ctx context.Context, r ListQueuesRequestObject) (ListQueuesResponseObject, error) {
	board, err := s.board(ctx, boardAge)
	if err != nil {
		return nil, err
	}
	items, next, err := pageOf(board.Queues, func(q wire.Queue) string { return q.ID }, given(r.Params.Limit), given(r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return ListQueues200JSONResponse{Items: items, Next: next}, nil
}

// GetQueue implements StrictServerInterface.
func (s operations) GetQueue(ctx context.Context, r GetQueueRequestObject) (GetQueueResponseObject, error) {
	board, err := s.board(ctx, boardAge)
	if err != nil {
		return nil, err
	}
	q, err := findQueue(board, r.Queue)
	return GetQueue200JSONResponse(q), err
}

func findQueue(board Board, id string) (wire.Queue, error) {
	for _, q := range board.Queues {
		if q.ID == id {
			return q, nil
		}
	}
	return wire.Queue{}, noQueue(id)
}

func noQueue(id string) error {
	return fault.New("api.queue", fault.NotFound, "no queue %s", quoted(id))
}

// ListWaiting implements StrictServerInterface.
func (s operations) ListWaiting(ctx context.Context, r ListWaitingRequestObject) (ListWaitingResponseObject, error) {
	calls, ok, err := s.Floor.WaitingIn(ctx, r.Queue)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, noQueue(r.Queue)
	}
	place := func(c wire.WaitingCall) string { // who is offered has no position and comes first
		return fmt.Sprintf("%08d %013d %s", c.Position, c.EnteredAt.UnixMilli(), c.Call)
	}
	items, next, err := pageOf(calls, place, given(r.Params.Limit), given(r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return ListWaiting200JSONResponse{Items: items, Next: next}, nil
}
