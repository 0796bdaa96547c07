package api

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// sessionCookie carries a page's token, because EventSource cannot set headers.
const sessionCookie = "operadora_session"

// sessionLength is how long a page stays logged in.
const sessionLength = 12 * time.Hour

// bearerOf returns the token text of a request: the Authorization header, else the session's cookie.
func bearerOf(r *http.Request) string {
	if h := r.Header.Get(echo.HeaderAuthorization); h != "" {
		kind, text, _ := strings.Cut(h, " ")
		if !strings.EqualFold(kind, "bearer") {
			return ""
		}
		return strings.TrimSpace(text)
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		return c.Value
	}
	return ""
}

// authenticate returns the token of a request, or a problem: 401 without a
// valid one, 429 after too many bad ones, 503 when tokens cannot be looked up.
func (s *Server) authenticate(c echo.Context) (records.Token, error) {
	bearer := bearerOf(c.Request())
	if bearer == "" {
		return records.Token{}, problem{Status: http.StatusUnauthorized, Code: wire.ProblemCodeUnauthorized, Detail: "a token is needed"}
	}
	return s.verify(c.Request().Context(), c.RealIP(), bearer)
}

func (s *Server) verify(ctx context.Context, ip, bearer string) (records.Token, error) {
	if s.throttle.refuses(ip, bearer) {
		s.metrics.denied.WithLabelValues("throttled").Inc()
		return records.Token{}, problem{Status: http.StatusTooManyRequests, Code: wire.ProblemCodeThrottled, Detail: "too many bad tokens from this address"}
	}
	t, err := s.Tokens.FindToken(ctx, bearer)
	switch {
	case err != nil && fault.KindOf(err) != fault.NotFound:
		return records.Token{}, err
	case err != nil || !t.Valid(s.Now()) || !ValidRole(t.Role):
		s.throttle.failed(ip, bearer)
		s.metrics.denied.WithLabelValues("bad_token").Inc()
		return records.Token{}, problem{Status: http.StatusUnauthorized, Code: wire.ProblemCodeUnauthorized, Detail: "the token is unknown, expired or revoked"}
	}
	s.throttle.succeeded(bearer)
	return t, nil
}

func (s *Server) whoIs(a *asker) wire.Me {
	t := a.token
	return wire.Me{Token: t.ID, Name: t.Name, Role: wire.Role(t.Role), Agent: t.Agent, ExpiresAt: t.Expires.UTC(), Permissions: s.permissions(a)}
}

// GetMe implements StrictServerInterface.
func (s operations) GetMe(ctx context.Context, _ GetMeRequestObject) (GetMeResponseObject, error) {
	return GetMe200JSONResponse(s.whoIs(askerOf(ctx))), nil
}

// CreateSession implements StrictServerInterface.
func (s operations) CreateSession(ctx context.Context, r CreateSessionRequestObject) (CreateSessionResponseObject, error) {
	a := askerOf(ctx)
	t, err := s.verify(ctx, a.ip, r.Body.Token)
	if err != nil {
		return nil, err
	}
	length := sessionLength
	if !t.Expires.IsZero() {
		length = min(length, t.Expires.Sub(s.Now()))
	}
	cookie := s.cookie(a.request, r.Body.Token, max(1, int(length.Seconds())))
	return CreateSession200JSONResponse{Body: s.whoIs(&asker{token: t}), Headers: CreateSession200ResponseHeaders{SetCookie: cookie}}, nil
}

// DeleteSession implements StrictServerInterface.
func (s operations) DeleteSession(ctx context.Context, _ DeleteSessionRequestObject) (DeleteSessionResponseObject, error) {
	return DeleteSession204Response{Headers: DeleteSession204ResponseHeaders{SetCookie: s.cookie(askerOf(ctx).request, "", -1)}}, nil
}

func (s *Server) cookie(r *http.Request, value string, age int) string {
	//nolint:gosec // all three are set; Secure as the request came, or a page without TLS could have no session
	c := &http.Cookie{Name: sessionCookie, Value: value, Path: prefix, MaxAge: age, HttpOnly: true,
		Secure: s.secure(r), SameSite: http.SameSiteStrictMode}
	return c.String()
}

// secure tells whether the client came over TLS, to us or to a proxy that we believe.
func (s *Server) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, p := range s.proxies {
		if p.Contains(peer.Addr().Unmap()) {
			return r.Header.Get(echo.HeaderXForwardedProto) == "https"
		}
	}
	return false
}
