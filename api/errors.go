package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/fault"
)

// problem is an error as the client sees it (RFC 9457). Type is "about:blank":
// the status says what kind it is; result and field are ours.
type problem struct {
	Status    int    `json:"status"`
	Title     string `json:"title"`
	Detail    string `json:"detail,omitempty"`
	Field     string `json:"field,omitempty"`  // the parameter or member that is wrong
	Result    string `json:"result,omitempty"` // what an agent's command came to
	RequestID string `json:"request_id,omitempty"`
}

// Error makes a problem an error that handlers can return.
func (p problem) Error() string { return fmt.Sprintf("%d %s", p.Status, p.Detail) }

// statuses is the only map from kinds of faults to statuses.
var statuses = map[fault.Kind]int{
	fault.Internal:    http.StatusInternalServerError,
	fault.Invalid:     http.StatusBadRequest,
	fault.NotFound:    http.StatusNotFound,
	fault.Conflict:    http.StatusConflict,
	fault.Denied:      http.StatusForbidden,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// invalid is a fault of the asker in one named field.
func invalid(field, format string, args ...any) error {
	return problem{Status: http.StatusBadRequest, Field: field, Detail: field + ": " + fmt.Sprintf(format, args...)}
}

// asProblem says what a client may know of an error. Details of internal faults
// and of outages (addresses, statements) stay in the log.
func asProblem(err error) problem {
	p, ok := errors.AsType[problem](err)
	if ok {
		return p
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok { // the router's 404 and 405, before any kind
		return problem{Status: he.Code}
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	}
	kind := fault.KindOf(err)
	p = problem{Status: statuses[kind]}
	switch kind {
	case fault.Internal:
		p.Detail = "a fault of operadora; its log tells more under the request id"
	case fault.Unavailable:
		p.Detail = "a part that this needs does not answer; try again"
	default:
		p.Detail = reason(err)
	}
	return p
}

// reason is the text of a classified error without the names of functions.
func reason(err error) string {
	for {
		e, ok := errors.AsType[*fault.Error](err)
		if !ok {
			return err.Error()
		}
		err = e.Err
	}
}

// fail answers with a problem. It is the server's only error handler.
func (s *Server) fail(err error, c echo.Context) {
	ctx := c.Request().Context()
	if c.Response().Committed {
		// A stream was cut off; its status is sent already.
		s.log.DebugContext(ctx, "answer cut off", "route", c.Path(), "error", err)
		return
	}
	p := asProblem(err)
	p.Title = http.StatusText(p.Status)
	p.RequestID = c.Response().Header().Get(echo.HeaderXRequestID)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		s.log.DebugContext(ctx, "client left", "route", c.Path())
	case p.Status >= http.StatusInternalServerError:
		s.log.ErrorContext(ctx, "request failed", "route", c.Path(), "status", p.Status, "request", p.RequestID, "error", err)
	}
	h := c.Response().Header()
	for _, meant := range []string{echo.HeaderContentLength, echo.HeaderContentDisposition, "ETag"} {
		h.Del(meant) // for the answer that did not come about
	}
	h.Set(echo.HeaderContentType, "application/problem+json")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set(echo.HeaderWWWAuthenticate, `Bearer realm="operadora"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set(echo.HeaderRetryAfter, "5")
	case http.StatusRequestEntityTooLarge:
		h.Set(echo.HeaderConnection, "close") // the rest of the body is not read
	}
	c.Response().WriteHeader(p.Status)
	if c.Request().Method == http.MethodHead {
		return
	}
	if err := json.NewEncoder(c.Response()).Encode(p); err != nil {
		s.log.DebugContext(ctx, "answer not sent", "error", err)
	}
}

// quoted shows what a client sent, short enough for an answer.
func quoted(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
