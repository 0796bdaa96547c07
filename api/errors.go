package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
)

// problem is an error as the client sees it (RFC 9457). Type is "about:blank":
// the code says what kind it is.
type problem wire.Problem

// Error makes a problem an error that handlers can return.
func (p problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// kinds is the only map from kinds of faults to statuses and codes.
var kinds = map[fault.Kind]problem{
	fault.Internal: {Status: http.StatusInternalServerError, Code: wire.ProblemCodeInternal,
		Detail: "a fault of operadora; its log tells more under the request id"},
	fault.Invalid:  {Status: http.StatusBadRequest, Code: wire.ProblemCodeInvalid},
	fault.NotFound: {Status: http.StatusNotFound, Code: wire.ProblemCodeNotFound},
	fault.Conflict: {Status: http.StatusConflict, Code: wire.ProblemCodeConflict},
	fault.Denied:   {Status: http.StatusForbidden, Code: wire.ProblemCodeDenied},
	fault.Unavailable: {Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeUnavailable,
		Detail: "a part that this needs does not answer; try again"},
}

// statusCodes are the codes of statuses that others than handlers give: the
// router and the binding of what has been checked before.
var statusCodes = map[int]wire.ProblemCode{
	http.StatusNotFound:         wire.ProblemCodeNotFound,
	http.StatusMethodNotAllowed: wire.ProblemCodeMethod,
	http.StatusBadRequest:       wire.ProblemCodeMalformed,
}

// wrong is a fault of the asker in one named field, with what was sent there.
func wrong(code wire.ProblemCode, field, value, format string, args ...any) error {
	return problem{Status: http.StatusBadRequest, Code: code, Field: field, Value: short(value), Detail: field + ": " + fmt.Sprintf(format, args...)}
}

// asProblem says what a client may know of an error. Details of internal faults
// and of outages (addresses, statements) stay in the log.
func asProblem(err error) problem {
	p, ok := errors.AsType[problem](err)
	if ok {
		return p
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok { // the router's 404 and 405, before any kind
		code, known := statusCodes[he.Code]
		if !known {
			code = wire.ProblemCodeInvalid
		}
		return problem{Status: he.Code, Code: code}
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem{Status: http.StatusRequestEntityTooLarge, Code: wire.ProblemCodeTooLarge, Field: "body",
			Detail: fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	}
	p = kinds[fault.KindOf(err)]
	if p.Detail == "" {
		p.Detail = reason(err)
	}
	if w, ok := errors.AsType[*figures.Wrong](err); ok {
		p.Field, p.Value = w.Field, short(w.Value)
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
	if err := json.NewEncoder(c.Response()).Encode(wire.Problem(p)); err != nil {
		s.log.DebugContext(ctx, "answer not sent", "error", err)
	}
}

// short is what a client sent, short enough for an answer.
func short(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// quoted shows what a client sent.
func quoted(s string) string { return fmt.Sprintf("%q", short(s)) }

// denied is a refusal that has to do with who asks.
func denied(format string, args ...any) error {
	return problem{Status: http.StatusForbidden, Code: wire.ProblemCodeDenied, Detail: fmt.Sprintf(format, args...)}
}
