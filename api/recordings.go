package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

func (s *Server) listRecordings(c echo.Context) error {
	q := queryOf(c, "from", "to", "queue", "agent", "call", "kind", "deleted", "limit", "cursor")
	f := records.RecordingFilter{From: q.time("from"), To: q.time("to"), Queue: q.text("queue"), Agent: q.text("agent"),
		Call: q.text("call"), Kind: q.text("kind"), Deleted: q.flag("deleted"), Limit: q.limit(), Cursor: q.values.Get("cursor")}
	if q.err != nil {
		return q.err
	}
	list, next, err := s.Records.Recordings(c.Request().Context(), f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page[records.Recording]{Items: list, Next: next})
}

func (s *Server) getRecording(c echo.Context) error {
	rec, err := s.Records.Recording(c.Request().Context(), c.Param("recording"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, rec)
}

func (s *Server) muteRecording(c echo.Context) error { return s.setMute(c, call.OrderMute) }

func (s *Server) unmuteRecording(c echo.Context) error { return s.setMute(c, call.OrderUnmute) }

// setMute orders silence, or its end, of a live call's recording. It asks the
// live call and not the index, which may be a moment behind: card data cannot wait.
func (s *Server) setMute(c echo.Context, o call.Order) error {
	if err := decode(c, &struct{}{}); err != nil {
		return err
	}
	id := c.Param("recording")
	live, err := s.call(c, orchestrator.OwnerOf(id))
	if err != nil {
		return err
	}
	if rec := live.Rec(); rec == nil || rec.ID != id || rec.State != call.RecRunning {
		return fault.New("api.mute", fault.Conflict, "recording %s is not running", quoted(id))
	}
	s.auditLive(c, "recording."+string(o), id, live.Call)
	return s.order(c, live.Call, o)
}

// deleteRecording removes a recording's sound; its line in the index stays, and says who did it.
func (s *Server) deleteRecording(c echo.Context) error {
	ctx := c.Request().Context()
	rec, err := s.Records.Recording(ctx, c.Param("recording"))
	if err != nil {
		return err
	}
	if rec.State == string(call.RecRunning) {
		return fault.New("api.delete", fault.Conflict, "recording %s is still running", quoted(rec.ID))
	}
	if rec.DeletedAt != 0 {
		return c.NoContent(http.StatusNoContent)
	}
	pbx, ok := s.Engine.PBX(rec.PBX)
	if !ok {
		return fault.New("api.delete", fault.Unavailable, "PBX %s of recording %s is not configured here", quoted(rec.PBX), quoted(rec.ID))
	}
	if err := s.auditFirst(c, "recording.delete", rec.ID, rec.Call); err != nil {
		return err
	}
	// Gone on the PBX already is as good as deleted.
	if err := pbx.DeleteRecording(ctx, rec.ID); err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	if err := s.Records.RecordingDeleted(ctx, rec.ID, tokenOf(c).Name); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
