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

// sessionCookie carries a page's session, because EventSource cannot set headers.
const sessionCookie = "operadora_session"

// sessionLength is how long a page stays logged in at most.
const sessionLength = 12 * time.Hour

// presented is what a request comes with: the Authorization header, else the session's cookie.
func presented(r *http.Request) (text string, session bool) {
	if h := r.Header.Get(echo.HeaderAuthorization); h != "" {
		kind, text, _ := strings.Cut(h, " ")
		if !strings.EqualFold(kind, "bearer") {
			return "", false
		}
		return strings.TrimSpace(text), false
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		return c.Value, true
	}
	return "", false
}

// authenticate finds out who sends a request, or says what is wrong: 401 without
// a valid token or session, 429 after too many bad ones, 503 when they cannot be
// looked up.
func (s *Server) authenticate(ctx context.Context, a *asker) error {
	text, session := presented(a.request)
	if text == "" {
		return problem{Status: http.StatusUnauthorized, Code: wire.ProblemCodeUnauthorized, Detail: "a token or a session is needed"}
	}
	if !session {
		var err error
		a.who, err = s.verify(ctx, a.ip, text)
		a.until = a.who.Ends
		return err
	}
	found, err := s.Tokens.FindSession(ctx, text)
	a.who, a.session, a.until = found.Who, found.ID, found.Expires
	return s.known(a.ip, err, found.Valid(s.Now()) && ValidRole(found.Who.Role), "the session is unknown or over")
}

// verify returns whom the text of a token stands for.
func (s *Server) verify(ctx context.Context, ip, text string) (records.Identity, error) {
	t, err := s.Tokens.FindToken(ctx, text)
	return t.Identity(), s.known(ip, err, t.Valid(s.Now()) && ValidRole(t.Role), "the token is unknown, expired or revoked")
}

// known says what came of a look-up. Only failures are throttled: whoever has a
// valid token is let in, whoever else is behind the same address.
func (s *Server) known(ip string, err error, valid bool, refusal string) error {
	switch {
	case err != nil && fault.KindOf(err) != fault.NotFound:
		return err
	case err == nil && valid:
		return nil
	case err != nil && s.throttle.failed(ip): // whose secret is right, though over, does not guess
		s.metrics.denied.WithLabelValues("throttled").Inc()
		return problem{Status: http.StatusTooManyRequests, Code: wire.ProblemCodeThrottled, Detail: "too many bad tokens from this address"}
	}
	s.metrics.denied.WithLabelValues("bad_token").Inc()
	return problem{Status: http.StatusUnauthorized, Code: wire.ProblemCodeUnauthorized, Detail: refusal}
}

func (s *Server) whoIs(a *asker) wire.Me {
	w := a.who
	me := wire.Me{Token: w.ID, Name: w.Name, Role: wire.Role(w.Role), Agent: w.Agent, Scopes: w.Scopes, Teams: w.Teams, ExpiresAt: a.until.UTC(), Permissions: s.permissions(a)}
	if w.IsPerson() {
		me.Token, me.User, me.Login, me.Name, me.TOTP, me.Provided = "", w.ID, w.Name, w.Person, s.totpOf(w), w.Provided
	}
	if zone := s.Definitions.Zone().String(); zone != "Local" { // that name says nothing elsewhere
		me.TimeZone = zone
	}
	return me
}

// GetMe implements StrictServerInterface.
func (s operations) GetMe(ctx context.Context, _ GetMeRequestObject) (GetMeResponseObject, error) {
	return GetMe200JSONResponse(s.whoIs(askerOf(ctx))), nil
}

// CreateSession implements StrictServerInterface.
func (s operations) CreateSession(ctx context.Context, r CreateSessionRequestObject) (CreateSessionResponseObject, error) {
	a, b := askerOf(ctx), r.Body
	var err error
	switch {
	case b.Token != "" && b.Login != "":
		return nil, wrong(wire.ProblemCodeInvalid, "login", b.Login, "is given beside a token: one of the two lets in")
	case b.Token != "":
		a.who, err = s.verify(ctx, a.ip, b.Token)
	case b.Login == "":
		return nil, wrong(wire.ProblemCodeMissing, "login", "", "is missing, and so is a token")
	case b.Password == "":
		return nil, wrong(wire.ProblemCodeMissing, "password", "", "is missing")
	default:
		a.who, err = s.signIn(ctx, a, b.Login, b.Password, b.Code)
	}
	if err != nil {
		return nil, err
	}
	me, cookie, err := s.letIn(ctx, a)
	return CreateSession200JSONResponse{Body: me, Headers: CreateSession200ResponseHeaders{SetCookie: cookie}}, err
}

// letIn opens a session of who asks.
func (s *Server) letIn(ctx context.Context, a *asker) (me wire.Me, cookie string, err error) {
	length := sessionLength
	if a.who.Display {
		length = displayHolds
	}
	if !a.who.Ends.IsZero() {
		length = min(length, a.who.Ends.Sub(s.Now()))
	}
	session, text, err := s.Tokens.CreateSession(ctx, a.who, length, records.Origin{Address: a.ip, Client: a.request.UserAgent()})
	if err != nil {
		return wire.Me{}, "", err
	}
	a.session, a.until = session.ID, session.Expires
	return s.whoIs(a), s.cookie(a.request, text, max(1, int(length.Seconds()))), nil
}

// DeleteSession implements StrictServerInterface. The session ends everywhere,
// its streams here at once and elsewhere when they are looked at next.
func (s operations) DeleteSession(ctx context.Context, _ DeleteSessionRequestObject) (DeleteSessionResponseObject, error) {
	r := askerOf(ctx).request
	if text, isSession := presented(r); isSession {
		found, err := s.Tokens.FindSession(ctx, text)
		if err == nil {
			err = s.Tokens.EndSession(ctx, found.ID)
			s.doors.expel([]records.Credential{{Session: found.ID}})
		}
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
	}
	return DeleteSession204Response{Headers: DeleteSession204ResponseHeaders{SetCookie: s.cookie(r, "", -1)}}, nil
}

func (s *Server) cookie(r *http.Request, value string, age int) string {
	// It has no path: a browser takes the one under which it sees the API, also below a proxy's.
	//nolint:gosec // all three are set; Secure as the request came, or a page without TLS could have no session
	c := &http.Cookie{Name: sessionCookie, Value: value, MaxAge: age, HttpOnly: true,
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
