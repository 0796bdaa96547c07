package ari

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// CreateBridge makes a mixing bridge; one that exists already is no error.
func (a *Adapter) CreateBridge(ctx context.Context, bridge string) error {
	if !orchestrator.Ours(bridge) {
		return fault.New("ari.CreateBridge", fault.Invalid, "bridge id %q is not of our making", bridge)
	}
	err := a.client.do(ctx, request{
		verb: "CreateBridge", method: http.MethodPost, path: []string{"bridges", bridge},
		query: url.Values{"type": {"mixing"}}, again: true,
	}, nil)
	if status(err) == http.StatusConflict {
		return nil
	}
	return err
}

// Join puts channels into a bridge with one request; those that are in it
// already stay. Asterisk replies when all are in: a channel that plays or
// records something finishes that first, and hold music goes on inside the
// bridge, so both must be stopped before. When one channel is gone none is joined.
func (a *Adapter) Join(ctx context.Context, bridge string, channels ...string) error {
	if len(channels) == 0 {
		return fault.New("ari.Join", fault.Invalid, "bridge %q: no channels", bridge)
	}
	err := a.client.do(ctx, request{
		verb: "Join", method: http.MethodPost, path: []string{"bridges", bridge, "addChannel"},
		query: url.Values{"channel": {strings.Join(channels, ",")}}, again: true,
	}, nil)
	switch status(err) {
	case http.StatusBadRequest: // "Channel not found"
		return fault.E("", fault.NotFound, err)
	case http.StatusUnprocessableEntity: // "Channel not in Stasis application"
		return fault.E("", fault.Conflict, err)
	}
	return err
}

// DestroyBridge removes a bridge, which ends its recordings and leaves its
// channels in the application; one that is gone already is no error.
func (a *Adapter) DestroyBridge(ctx context.Context, bridge string) error {
	return unlessNotFound(a.client.do(ctx, request{
		verb: "DestroyBridge", method: http.MethodDelete, path: []string{"bridges", bridge}, again: true,
	}, nil))
}
