package api

import (
	"context"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

// auditTime is how long an action on a live call may be held up by the audit log.
const auditTime = 2 * time.Second

func auditLine(ctx context.Context, action, object, detail string) records.AuditLine {
	a := askerOf(ctx)
	who := a.who.Name
	if a.who.ID != "" {
		who += " (" + a.who.ID + ")"
	}
	return records.AuditLine{Who: who, Role: a.who.Role, IP: a.ip, RequestID: a.id,
		Action: action, Object: object, Detail: detail}
}

// auditFirst puts an action on record before it is done; when it cannot, the
// action must not be done either. For what reveals or destroys: recordings, exports.
func (s *Server) auditFirst(ctx context.Context, action, object, detail string) error {
	return s.Records.Audit(ctx, auditLine(ctx, action, object, detail))
}

// auditLive puts an action on a live call or agent on record. It never hinders
// the action: an outage of SQL must not keep card data in a recording, or an
// agent logged in. The line then stands in the log. Who asked may have hung up by then:
// what was done is on record all the same.
func (s *Server) auditLive(ctx context.Context, action, object, detail string) {
	l := auditLine(ctx, action, object, detail)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTime)
	defer cancel()
	if err := s.Records.Audit(ctx, l); err != nil {
		s.log.ErrorContext(ctx, "audit line not on record", "who", l.Who, "role", l.Role, "ip", l.IP, "request", l.RequestID,
			"action", l.Action, "object", l.Object, "detail", l.Detail, "error", err)
	}
}

// ListAudit implements StrictServerInterface.
func (s operations) ListAudit(ctx context.Context, r ListAuditRequestObject) (ListAuditResponseObject, error) {
	p := r.Params
	list, next, err := s.Records.AuditLog(ctx, records.AuditFilter{From: given(p.From), To: given(p.To), Who: given(p.Who), Action: given(p.Action),
		Object: given(p.Object), Text: given(p.Text), Limit: given(p.Limit), Cursor: given(p.Cursor)})
	if err != nil {
		return nil, err
	}
	return ListAudit200JSONResponse{Items: each(list, auditLineView), Next: next}, nil
}

func auditLineView(l records.AuditLine) wire.AuditLine {
	return wire.AuditLine{ID: l.ID, At: l.At.UTC(), Who: l.Who, Role: l.Role, IP: l.IP, RequestID: l.RequestID,
		Action: l.Action, Object: l.Object, Detail: l.Detail}
}
