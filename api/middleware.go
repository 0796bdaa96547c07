package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/leadstore"
)

const (
	// maxBody is the largest body that is read, in bytes.
	maxBody = 1 << 20
	// maxUpload is the largest file that is read, in bytes, and uploadTime how long a
	// client may send nothing of it.
	maxUpload  = leadstore.MaxFile + 1
	uploadTime = time.Minute
	// requestTime bounds everything but streams and files.
	requestTime = 20 * time.Second
)

var goodRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// identify gives each request an id, the client's if it is harmless, and sets
// the headers that every answer carries.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !goodRequestID.MatchString(id) {
			id = strings.ToLower(ulid.MustNewDefault(s.Now()).String())
		}
		h := c.Response().Header()
		h.Set(echo.HeaderXRequestID, id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if c.Request().TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// recoverPanics turns a panic into a 500. The stack goes to the log, never to the client.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) { // net/http's own way of cutting an answer off
				panic(v)
			}
			s.log.ErrorContext(c.Request().Context(), "panic in a handler", "route", c.Path(), "request", requestID(c),
				"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}()
		return next(c)
	}
}

// limitBody refuses a body that is too large before a byte of it is read, and
// stops reading one whose size was not announced.
func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, most := c.Request(), int64(maxBody)
		if o := s.operationOf(r.Method, c.Path()); o != nil && o.upload {
			most = maxUpload
		}
		if r.ContentLength > most {
			return &http.MaxBytesError{Limit: most}
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
		return next(c)
	}
}

// sameOrigin refuses changes that a page of another site asks for with our cookie.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.crossOrigin.Check(c.Request()); err != nil {
			return problem{Status: http.StatusForbidden, Code: wire.ProblemCodeOtherSite, Detail: "asked for by a page of another site"}
		}
		return next(c)
	}
}

// measure counts and times an operation. Streams are counted when they end and not timed.
func (s *Server) measure(o *operation, next echo.HandlerFunc) echo.HandlerFunc {
	name := o.method + " " + o.path
	return func(c echo.Context) error {
		start := s.Now()
		err := next(c)
		status := c.Response().Status
		if err != nil && !c.Response().Committed {
			status = asProblem(err).Status
		}
		s.metrics.requests.WithLabelValues(name, strconv.Itoa(status)).Inc()
		if !o.stream {
			s.metrics.seconds.WithLabelValues(name).Observe(s.Now().Sub(start).Seconds())
		}
		return err
	}
}

// bound gives a request its deadline; a stream has none, and keeps its
// connection alive by itself (see streamWriter).
func (s *Server) bound(o *operation, next echo.HandlerFunc) echo.HandlerFunc {
	if o.stream || o.upload {
		return func(c echo.Context) error {
			rc := http.NewResponseController(c.Response())
			// Errors of deadlines are those of a connection that has none (a test's recorder).
			_ = rc.SetReadDeadline(time.Time{})
			_ = rc.SetWriteDeadline(time.Time{})
			if r := c.Request(); o.upload {
				r.Body = &patient{r.Body, rc}
			}
			return next(c)
		}
	}
	return func(c echo.Context) error {
		r := c.Request()
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer func() {
			cancel()
			c.SetRequest(r) // the error handler comes later and asks whether the client has left
		}()
		c.SetRequest(r.WithContext(ctx))
		return next(c)
	}
}

// patient reads a file that a client sends: it has a while for each part.
type patient struct {
	io.ReadCloser
	rc *http.ResponseController
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	_ = p.rc.SetReadDeadline(time.Now().Add(uploadTime)) // a socket knows no clock but this
	return p.ReadCloser.Read(b)
}
