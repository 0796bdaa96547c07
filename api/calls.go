package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

// liveCalls returns the live calls of all PBXs, the oldest first.
func (s *Server) liveCalls(ctx context.Context) ([]LiveCall, error) {
	list := []LiveCall{}
	for _, pbx := range slices.Sorted(maps.Keys(s.Engine.Connected())) {
		records, err := s.Calls.Live(ctx, pbx)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			c, err := call.Parse(r.Doc)
			if err != nil { // the engine sets it aside
				s.log.WarnContext(ctx, "a live call cannot be read", "call", r.ID, "error", err)
				continue
			}
			list = append(list, liveCall(c))
		}
	}
	slices.SortFunc(list, func(a, b LiveCall) int {
		if a.StartedAt != b.StartedAt {
			return int(a.StartedAt - b.StartedAt)
		}
		return strings.Compare(a.Call, b.Call)
	})
	return list, nil
}

func (s *Server) listCalls(c echo.Context) error {
	q := queryOf(c, "queue", "agent", "state")
	queue, agent, state := q.text("queue"), q.text("agent"), q.text("state")
	if q.err != nil {
		return q.err
	}
	all, err := s.liveCalls(c.Request().Context())
	if err != nil {
		return err
	}
	t := tokenOf(c)
	self, every := own(t)
	list := []LiveCall{}
	for _, v := range all {
		if (every || v.serves(self)) && (queue == "" || v.Queue == queue) && (agent == "" || v.serves(agent)) &&
			(state == "" || string(v.State) == state) {
			list = append(list, audienceOf(t).live(v))
		}
	}
	return c.JSON(http.StatusOK, page[LiveCall]{Items: list})
}

// call returns a live call that the token may see: an agent its own only.
func (s *Server) call(c echo.Context, id string) (call.Call, error) {
	const op = "api.call"
	r, err := s.Calls.Load(c.Request().Context(), id)
	if err != nil {
		return call.Call{}, err
	}
	if r.Ended {
		return call.Call{}, fault.New(op, fault.NotFound, "call %s has ended; see contacts", quoted(id))
	}
	live, err := call.Parse(r.Doc)
	if err != nil {
		return call.Call{}, fault.E(op, fault.Internal, err)
	}
	if self, every := own(tokenOf(c)); !every && !liveCall(live).serves(self) {
		return call.Call{}, fault.New(op, fault.Denied, "not a call of agent %s", quoted(self))
	}
	return live, nil
}

func (s *Server) getCall(c echo.Context) error {
	live, err := s.call(c, c.Param("call"))
	if err != nil {
		return err
	}
	entries, err := s.Records.Timeline(c.Request().Context(), live.Call)
	if err != nil {
		return err
	}
	a, v := audienceOf(tokenOf(c)), liveCall(live)
	return c.JSON(http.StatusOK, CallView{LiveCall: a.live(v), Timeline: a.timeline(entries, v.serves(a.agent))})
}

// ordered is the answer to an order that a call carries out in its own time.
type ordered struct {
	Call  string     `json:"call"`
	Order call.Order `json:"order"`
}

// order passes an order to the engine. A call that is live, but in another
// instance, is a conflict and not a missing call.
func (s *Server) order(c echo.Context, id string, o call.Order) error {
	err := s.Engine.Do(id, o)
	if fault.KindOf(err) == fault.NotFound {
		return fault.New("api.order", fault.Conflict, "call %s is driven by another instance", quoted(id))
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, ordered{Call: id, Order: o})
}

func (s *Server) hangupCall(c echo.Context) error {
	if err := decode(c, &struct{}{}); err != nil {
		return err
	}
	live, err := s.call(c, c.Param("call"))
	if err != nil {
		return err
	}
	s.auditLive(c, "call.hangup", live.Call, "")
	return s.order(c, live.Call, call.OrderHangup)
}
