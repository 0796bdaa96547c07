package api

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

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
		return records.Token{}, problem{Status: http.StatusUnauthorized, Detail: "a token is needed"}
	}
	return s.verify(c, bearer)
}

func (s *Server) verify(c echo.Context, bearer string) (records.Token, error) {
	ip := c.RealIP()
	if s.throttle.refuses(ip, bearer) {
		s.metrics.denied.WithLabelValues("throttled").Inc()
		return records.Token{}, problem{Status: http.StatusTooManyRequests, Detail: "too many bad tokens from this address"}
	}
	t, err := s.Tokens.FindToken(c.Request().Context(), bearer)
	switch {
	case err != nil && fault.KindOf(err) != fault.NotFound:
		return records.Token{}, err
	case err != nil || !t.Valid(s.Now()) || !ValidRole(t.Role):
		s.throttle.failed(ip, bearer)
		s.metrics.denied.WithLabelValues("bad_token").Inc()
		return records.Token{}, problem{Status: http.StatusUnauthorized, Detail: "the token is unknown, expired or revoked"}
	}
	s.throttle.succeeded(bearer)
	return t, nil
}

// me is who a token makes its bearer.
type me struct {
	Token   string    `json:"token"` // its id
	Name    string    `json:"name"`
	Role    string    `json:"role"`
	Agent   string    `json:"agent,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

func whoIs(t records.Token) me {
	return me{Token: t.ID, Name: t.Name, Role: t.Role, Agent: t.Agent, Expires: t.Expires}
}

func (s *Server) getMe(c echo.Context) error { return c.JSON(http.StatusOK, whoIs(tokenOf(c))) }

// postSession turns a token into a cookie for a page.
func (s *Server) postSession(c echo.Context) error {
	var body struct {
		Token string `json:"token"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	if body.Token == "" {
		return invalid("token", "is missing")
	}
	t, err := s.verify(c, body.Token)
	if err != nil {
		return err
	}
	length := sessionLength
	if !t.Expires.IsZero() {
		length = min(length, t.Expires.Sub(s.Now()))
	}
	c.SetCookie(s.cookie(c, body.Token, max(1, int(length.Seconds()))))
	return c.JSON(http.StatusOK, whoIs(t))
}

func (s *Server) deleteSession(c echo.Context) error {
	c.SetCookie(s.cookie(c, "", -1))
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) cookie(c echo.Context, value string, age int) *http.Cookie {
	//nolint:gosec // all three are set; Secure as the request came, or a page without TLS could have no session
	return &http.Cookie{Name: sessionCookie, Value: value, Path: prefix, MaxAge: age, HttpOnly: true,
		Secure: s.secure(c.Request()), SameSite: http.SameSiteStrictMode}
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
