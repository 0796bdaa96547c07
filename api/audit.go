package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/records"
)

// auditTime is how long an action on a live call may be held up by the audit log.
const auditTime = 2 * time.Second

func (s *Server) auditLine(c echo.Context, action, object, detail string) records.AuditLine {
	t := tokenOf(c)
	return records.AuditLine{Who: t.Name + " (" + t.ID + ")", Role: t.Role, IP: c.RealIP(), RequestID: requestID(c),
		Action: action, Object: object, Detail: detail}
}

// auditFirst puts an action on record before it is done; when it cannot, the
// action must not be done either. For what reveals or destroys: recordings, exports.
func (s *Server) auditFirst(c echo.Context, action, object, detail string) error {
	return s.Records.Audit(c.Request().Context(), s.auditLine(c, action, object, detail))
}

// auditLive puts an action on a live call or agent on record. It never hinders
// the action: an outage of SQL must not keep card data in a recording, or an
// agent logged in. The line then stands in the log.
func (s *Server) auditLive(c echo.Context, action, object, detail string) {
	ctx, cancel := context.WithTimeout(c.Request().Context(), auditTime)
	defer cancel()
	l := s.auditLine(c, action, object, detail)
	if err := s.Records.Audit(ctx, l); err != nil {
		s.log.ErrorContext(ctx, "audit line not on record", "who", l.Who, "role", l.Role, "ip", l.IP, "request", l.RequestID,
			"action", l.Action, "object", l.Object, "detail", l.Detail, "error", err)
	}
}

func (s *Server) listAudit(c echo.Context) error {
	q := queryOf(c, "from", "to", "who", "action", "object", "limit", "cursor")
	f := records.AuditFilter{From: q.time("from"), To: q.time("to"), Who: q.text("who"), Action: q.text("action"),
		Object: q.text("object"), Limit: q.limit(), Cursor: q.values.Get("cursor")}
	if q.err != nil {
		return q.err
	}
	list, next, err := s.Records.AuditLog(c.Request().Context(), f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page[records.AuditLine]{Items: list, Next: next})
}
