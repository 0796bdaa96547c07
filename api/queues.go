package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/fault"
)

func (s *Server) listQueues(c echo.Context) error {
	if q := queryOf(c); q.err != nil {
		return q.err
	}
	floor, err := s.floor(c.Request().Context(), boardAge)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page[Queue]{Items: floor.Queues})
}

func (s *Server) getQueue(c echo.Context) error {
	floor, err := s.floor(c.Request().Context(), boardAge)
	if err != nil {
		return err
	}
	id := c.Param("queue")
	for _, q := range floor.Queues {
		if q.ID != id {
			continue
		}
		v := QueueView{Queue: q, Calls: []WaitingCall{}}
		for _, w := range floor.Waiting {
			if w.Queue == id {
				v.Calls = append(v.Calls, w)
			}
		}
		return c.JSON(http.StatusOK, v)
	}
	return fault.New("api.queue", fault.NotFound, "no queue %s", quoted(id))
}
