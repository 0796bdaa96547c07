package api

import (
	"context"
	"net/http"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

// scheduleName is who the audit log says it was.
const scheduleName = "schedule"

// Expire removes all that queues keep no longer, as an admin's order would, and says what
// went. It is on the audit log first, portion by portion.
func (s *Server) Expire(ctx context.Context) (wire.Retention, error) {
	a := &asker{who: records.Identity{ID: scheduleName, Name: scheduleName, Role: string(wire.RoleAdmin)}, request: &http.Request{}, id: scheduleName}
	ctx = context.WithValue(ctx, askerKey{}, a)
	var sum wire.Retention
	for more := true; more && ctx.Err() == nil; {
		r, err := operations{s}.ApplyRetention(ctx, ApplyRetentionRequestObject{Body: &wire.RetentionOrder{}})
		if err != nil {
			return sum, err
		}
		got := wire.Retention(r.(ApplyRetention200JSONResponse)) //nolint:forcetypeassert // it answers nothing else
		sum.Items = append(sum.Items, got.Items...)
		more = got.More
	}
	return sum, ctx.Err()
}
