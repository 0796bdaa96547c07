package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/operadora/operadora/api/password"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// hashersAtOnce is how many passwords are looked at together: each takes 19 MiB and some
// 30 ms of a processor that has calls to serve.
const hashersAtOnce = 2

// hashed runs what makes or compares a hash when it is its turn.
func (s *Server) hashed(ctx context.Context, do func()) error {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return fault.E("api.hashed", fault.Unavailable, ctx.Err())
	}
	defer func() { <-s.hashing }()
	do()
	return nil
}

// signIn returns the person of a name and a password. 401 does not tell which of the two
// is wrong, neither by its words nor by the time it takes.
func (s *Server) signIn(ctx context.Context, a *asker, login, text, code string) (records.Identity, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	u, err := s.People.UserOf(ctx, login)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return records.Identity{}, err
	}
	good, err := s.proves(ctx, a, u, login, text)
	if err != nil {
		return records.Identity{}, err
	}
	who := u.Identity()
	if !good || !who.Valid(s.Now()) || !ValidRole(who.Role) {
		return records.Identity{}, s.notProved(ctx, a, login, "session.refused", "the name or the password is wrong, or nobody may sign in as that")
	}
	how, err := s.secondFactor(ctx, u, code)
	if err != nil {
		return records.Identity{}, err
	}
	s.guesses.ofName.clear(guess{login: login, from: network(a.ip)})
	a.who = who
	s.auditLive(ctx, "session.open", who.Name, how)
	return who, nil
}

// proves tells whether a password is a person's; u is the zero value where there is none of that
// name. 429 after too many wrong ones: who goes on by a right one clears their count.
func (s *Server) proves(ctx context.Context, a *asker, u records.User, login, text string) (bool, error) {
	g := guess{login: login, from: network(a.ip)}
	if s.guesses.ofAddress.spent(g.from) {
		here := false
		if u.ID != "" {
			var err error
			if here, err = s.People.WasHere(ctx, u.ID, a.ip); err != nil {
				return false, err
			}
		}
		if !here {
			return false, s.held("too many wrong names or passwords from this address")
		}
	}
	if !s.guesses.ofName.allows(g) {
		return false, s.held("too many wrong passwords for this name from this address; wait half a minute")
	}
	var good, stale bool
	if err := s.hashed(ctx, func() { good, stale = password.Verify(u.Password, text) }); err != nil || !good {
		return false, err
	}
	if stale { // made anew by today's settings; failing to must not lock anybody out
		var hash string
		if s.hashed(ctx, func() { hash = password.Hash(text) }) == nil {
			_ = s.People.RehashPassword(ctx, u.ID, hash)
		}
	}
	return true, nil
}

func (s *Server) held(why string) error {
	s.metrics.denied.WithLabelValues("throttled").Inc()
	return problem{Status: http.StatusTooManyRequests, Code: wire.ProblemCodeThrottled, Detail: why}
}

// notProved counts a wrong password and puts it on record.
func (s *Server) notProved(ctx context.Context, a *asker, login, action, why string) error {
	s.guesses.ofAddress.allows(network(a.ip))
	s.metrics.denied.WithLabelValues("bad_password").Inc()
	s.auditLive(ctx, action, login, "")
	return problem{Status: http.StatusUnauthorized, Code: wire.ProblemCodeUnauthorized, Detail: why}
}

// newHash makes the hash of a password that somebody wants, or says why not.
func (s *Server) newHash(ctx context.Context, field, text, login string) (hash string, err error) {
	if why := password.Weakness(text, login); why != "" {
		return "", wrong(wire.ProblemCodeInvalid, field, "", "%s", why)
	}
	return hash, s.hashed(ctx, func() { hash = password.Hash(text) })
}

// ChangePassword implements StrictServerInterface.
func (s operations) ChangePassword(ctx context.Context, r ChangePasswordRequestObject) (ChangePasswordResponseObject, error) {
	a, u, err := s.person(ctx)
	if err == nil {
		err = s.ownPassword(ctx, a, u, "present", r.Body.Present)
	}
	if err != nil {
		return nil, err
	}
	hash, err := s.newHash(ctx, "new", r.Body.New, u.Login)
	if err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "password.change", u.Login, ""); err != nil {
		return nil, err
	}
	return ChangePassword204Response{}, s.People.SetPassword(ctx, u.ID, hash, a.session)
}

// linked returns whom a one-time link is for.
func (s *Server) linked(ctx context.Context, a *asker, link string) (records.User, error) {
	u, err := s.People.LinkedUser(ctx, link)
	switch {
	case err == nil:
		return u, nil
	case fault.KindOf(err) != fault.NotFound:
		return u, err
	case s.throttle.failed(a.ip):
		return u, s.held("too many bad links from this address")
	}
	return u, problem{Status: http.StatusNotFound, Code: wire.ProblemCodeNotFound, Field: "link", Detail: "link: is not known, was used, or has expired; ask an administrator for another"}
}

// LookAtLink implements StrictServerInterface.
func (s operations) LookAtLink(ctx context.Context, r LookAtLinkRequestObject) (LookAtLinkResponseObject, error) {
	u, err := s.linked(ctx, askerOf(ctx), r.Body.Link)
	return LookAtLink200JSONResponse{Login: u.Login, Name: u.Identity().Person, TOTP: u.Identity().TOTP, ExpiresAt: u.LinkExpires}, err
}

// SetPasswordByLink implements StrictServerInterface.
func (s operations) SetPasswordByLink(ctx context.Context, r SetPasswordByLinkRequestObject) (SetPasswordByLinkResponseObject, error) {
	a := askerOf(ctx)
	u, err := s.linked(ctx, a, r.Body.Link)
	if err != nil {
		return nil, err
	}
	hash, err := s.newHash(ctx, "password", r.Body.Password, u.Login)
	if err != nil {
		return nil, err
	}
	how, err := s.secondFactor(ctx, u, r.Body.Code)
	if err != nil {
		return nil, err
	}
	a.who = u.Identity()
	if err := s.auditFirst(ctx, "password.set", u.Login, strings.TrimSpace("by a one-time link "+how)); err != nil {
		return nil, err
	}
	if u, err = s.People.SetPasswordByLink(ctx, r.Body.Link, hash); err != nil {
		return nil, err
	}
	a.who = u.Identity()
	me, cookie, err := s.letIn(ctx, a)
	return SetPasswordByLink200JSONResponse{Body: me, Headers: SetPasswordByLink200ResponseHeaders{SetCookie: cookie}}, err
}

// ListSessions implements StrictServerInterface.
func (s operations) ListSessions(ctx context.Context, _ ListSessionsRequestObject) (ListSessionsResponseObject, error) {
	a := askerOf(ctx)
	list, err := s.Tokens.Sessions(ctx, a.who.ID)
	return ListSessions200JSONResponse{Items: each(list, func(x records.Session) wire.Session {
		return wire.Session{ID: x.ID, CreatedAt: x.Created, UsedAt: x.Used, ExpiresAt: x.Expires, Address: x.Address, Client: x.Client, Current: x.ID == a.session}
	})}, err
}

// EndOtherSessions implements StrictServerInterface.
func (s operations) EndOtherSessions(ctx context.Context, _ EndOtherSessionsRequestObject) (EndOtherSessionsResponseObject, error) {
	a := askerOf(ctx)
	s.auditLive(ctx, "session.end", a.who.Name, "all others")
	return EndOtherSessions204Response{}, s.Tokens.EndSessions(ctx, a.who.ID, a.session)
}

// EndOwnSession implements StrictServerInterface.
func (s operations) EndOwnSession(ctx context.Context, r EndOwnSessionRequestObject) (EndOwnSessionResponseObject, error) {
	a := askerOf(ctx)
	list, err := s.Tokens.Sessions(ctx, a.who.ID)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if one.ID == r.Session {
			s.auditLive(ctx, "session.end", a.who.Name, one.ID)
			return EndOwnSession204Response{}, s.Tokens.EndSession(ctx, one.ID)
		}
	}
	return nil, problem{Status: http.StatusNotFound, Code: wire.ProblemCodeNotFound, Field: "session", Value: short(r.Session), Detail: "session: is none of yours, or is over"}
}
