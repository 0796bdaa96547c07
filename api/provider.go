package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api/oidc"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

const (
	// stateCookie ties what comes back from the provider to the browser that was sent there. It is
	// Lax, for it is the provider's page that leads back.
	stateCookie = "operadora_oidc"
	// stateHolds is how long somebody may take to sign in at the provider.
	stateHolds = 10 * time.Minute
)

// goodTo is what of the pages' own somebody may be led back to: what stands behind # leads nowhere else.
var goodTo = regexp.MustCompile(`^#/[A-Za-z0-9/_.~%?=&:+-]{0,398}$`)

// refusal is why somebody whom the provider names is not let in: one of the words of openapi.yaml, and for the log more.
type refusal struct{ word, why string }

// led sends a browser on, with cookies.
type led struct {
	to      string
	cookies []string
}

func (l led) write(w http.ResponseWriter) error {
	for _, c := range l.cookies {
		w.Header().Add("Set-Cookie", c)
	}
	w.Header().Set("Location", l.to) // not by http.Redirect, which would lose a proxy's path
	w.WriteHeader(http.StatusFound)
	return nil
}

// VisitBeginOIDCResponse implements BeginOIDCResponseObject.
func (l led) VisitBeginOIDCResponse(w http.ResponseWriter) error { return l.write(w) }

// VisitFinishOIDCResponse implements FinishOIDCResponseObject.
func (l led) VisitFinishOIDCResponse(w http.ResponseWriter) error { return l.write(w) }

// toPages is where the pages are, from a path of one word below /api/v1, whatever a proxy puts before it.
func toPages(to string) string { return "../../" + to }

func toRefused(word string) string { return toPages("#/?refused=" + word) }

// stateCookieOf keeps a browser's secret, and where it goes on.
func (s *Server) stateCookieOf(r *http.Request, value string, age int) string {
	//nolint:gosec // all three are set; Secure as the request came
	c := &http.Cookie{Name: stateCookie, Value: value, MaxAge: age, HttpOnly: true, Secure: s.secure(r), SameSite: http.SameSiteLaxMode}
	return c.String()
}

// sent is what the browser was sent to the provider with.
func sent(r *http.Request) (secret, to string) {
	c, err := r.Cookie(stateCookie)
	if err != nil {
		return "", "#/"
	}
	secret, coded, _ := strings.Cut(c.Value, ".")
	raw, err := base64.RawURLEncoding.DecodeString(coded)
	if to = string(raw); err != nil || !goodTo.MatchString(to) {
		to = "#/"
	}
	return secret, to
}

var errNoProvider = problem{Status: http.StatusNotFound, Code: wire.ProblemCodeNotFound, Detail: "there is no provider to sign in at (api.oidc)"}

// GetSignIn implements StrictServerInterface.
func (s operations) GetSignIn(context.Context, GetSignInRequestObject) (GetSignInResponseObject, error) {
	var v wire.SignIn
	if s.provider != nil {
		v.Provider = s.cfg.OIDC.Title()
	}
	return GetSignIn200JSONResponse(v), nil
}

// BeginOIDC implements StrictServerInterface.
func (s operations) BeginOIDC(ctx context.Context, r BeginOIDCRequestObject) (BeginOIDCResponseObject, error) {
	if s.provider == nil {
		return nil, errNoProvider
	}
	secret := oidc.Secret()
	at, err := s.provider.Begin(ctx, secret)
	if err != nil {
		s.log.WarnContext(ctx, "the OpenID provider does not answer", "error", err)
		return led{to: toRefused("provider")}, nil
	}
	value := secret + "." + base64.RawURLEncoding.EncodeToString([]byte(given(r.Params.To)))
	return led{to: at, cookies: []string{s.stateCookieOf(askerOf(ctx).request, value, int(stateHolds.Seconds()))}}, nil
}

// FinishOIDC implements StrictServerInterface.
func (s operations) FinishOIDC(ctx context.Context, r FinishOIDCRequestObject) (FinishOIDCResponseObject, error) {
	if s.provider == nil {
		return nil, errNoProvider
	}
	a := askerOf(ctx)
	over := s.stateCookieOf(a.request, "", -1)
	secret, to := sent(a.request)
	refused := func(login string, why refusal) (FinishOIDCResponseObject, error) {
		s.metrics.denied.WithLabelValues("provider").Inc()
		s.log.InfoContext(ctx, "not let in by the OpenID provider", "why", why.word, "detail", why.why)
		if login != "" {
			s.auditLive(ctx, "session.refused", login, "at the provider: "+why.word)
		}
		if s.throttle.failed(a.ip) {
			why.word = "held"
		}
		return led{to: toRefused(why.word), cookies: []string{over}}, nil
	}
	switch {
	case !oidc.Asked(secret, given(r.Params.State)):
		return refused("", refusal{"expired", "the state is not that of this browser"})
	case s.throttle.spent(network(a.ip)):
		return refused("", refusal{"held", "too many from this address"})
	case given(r.Params.Error) != "":
		return refused("", refusal{"provider", short(given(r.Params.Error))})
	}
	who, err := s.provider.Finish(ctx, secret, given(r.Params.Code))
	if kind := fault.KindOf(err); err != nil && (kind == fault.Denied || kind == fault.Unavailable) {
		return refused("", refusal{"provider", err.Error()})
	}
	if err != nil {
		return nil, err
	}
	u, why, err := s.provided(ctx, a, who)
	if err != nil {
		return nil, err
	}
	if why != nil {
		a.who = records.Identity{}
		return refused(who.Login, *why)
	}
	a.who = u.Identity()
	s.auditLive(ctx, "session.open", u.Login, "at the provider")
	_, cookie, err := s.letIn(ctx, a)
	return led{to: toPages(to), cookies: []string{over, cookie}}, err
}

// provided is the person here whom the provider names, made, bound and given rights as api.oidc says.
func (s *Server) provided(ctx context.Context, a *asker, who oidc.Person) (records.User, *refusal, error) {
	u, why, err := s.knownAt(ctx, a, who)
	if why != nil || err != nil {
		return u, why, err
	}
	return s.rightsAt(ctx, a, u, who)
}

// knownAt finds the person, or binds or adds it.
func (s *Server) knownAt(ctx context.Context, a *asker, who oidc.Person) (u records.User, why *refusal, err error) {
	if u, err = s.People.UserOfSubject(ctx, who.Subject); err == nil {
		return u, disabledAt(u), nil
	}
	if fault.KindOf(err) != fault.NotFound {
		return u, nil, err
	}
	u, err = s.People.UserOf(ctx, who.Login)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return s.addedAt(ctx, a, who)
	case err != nil:
		return u, nil, err
	case !u.Disabled.IsZero():
		return u, disabledAt(u), nil
	case u.Subject != "":
		return u, &refusal{"unknown", "somebody else at the provider is " + u.Login}, nil
	case u.Password != "" && !s.cfg.OIDC.Link:
		return u, &refusal{"password", u.Login + " signs in with a password here (api.oidc.link is false)"}, nil
	}
	return s.boundAt(ctx, a, u, who)
}

func disabledAt(u records.User) *refusal {
	if u.Disabled.IsZero() {
		return nil
	}
	return &refusal{"disabled", u.Login + " is disabled"}
}

// boundAt has a person sign in at the provider from now on.
func (s *Server) boundAt(ctx context.Context, a *asker, u records.User, who oidc.Person) (records.User, *refusal, error) {
	a.who = u.Identity()
	if err := s.auditFirst(ctx, "user.bind", u.Login, "signs in at the provider from now on"); err != nil {
		return u, nil, err
	}
	u, err := s.People.BindSubject(ctx, u.ID, who.Subject, s.cfg.OIDC.Link)
	if fault.KindOf(err) == fault.Conflict { // meanwhile
		return u, &refusal{"password", err.Error()}, nil
	}
	return u, nil, err
}

// addedAt adds a person whom nobody has added, where that is wanted.
func (s *Server) addedAt(ctx context.Context, a *asker, who oidc.Person) (records.User, *refusal, error) {
	role, teams, ok := s.cfg.OIDC.Rights(who.Groups)
	switch {
	case !s.cfg.OIDC.Create:
		return records.User{}, &refusal{"unknown", "nobody signs in as that here (api.oidc.create is false)"}, nil
	case !ok:
		return records.User{}, &refusal{"unknown", "is in none of api.oidc.groups"}, nil
	}
	if err := CheckLogin(who.Login); err != nil {
		return records.User{}, &refusal{"unknown", err.Error()}, nil
	}
	u := records.User{Login: who.Login, Name: short(who.Name), Role: role, Teams: teams}
	if role == string(wire.RoleAgent) {
		u.Agent = who.Agent
	}
	if why, err := misfitAt(s.defined(ctx, u.Role, u.Agent, u.Teams)); why != nil || err != nil {
		return u, why, err
	}
	a.who = records.Identity{Name: who.Login}
	if err := s.auditFirst(ctx, "user.create", u.Login, "by the provider: "+rightsOf(u.Role, u.Agent, u.Teams)); err != nil {
		return u, nil, err
	}
	u, err := s.People.CreateUser(ctx, u)
	if why, err := misfitAt(err); why != nil || err != nil {
		return u, why, err
	}
	return s.boundAt(ctx, a, u, who)
}

// misfitAt takes rights that do not fit for a refusal, and others' faults for what they are.
func misfitAt(err error) (*refusal, error) {
	if err == nil {
		return nil, nil
	}
	if p := asProblem(err); p.Status == http.StatusBadRequest || p.Status == http.StatusConflict {
		return &refusal{"unknown", p.Detail}, nil
	}
	return nil, err
}

// rightsAt gives a person the rights that the provider's groups stand for.
func (s *Server) rightsAt(ctx context.Context, a *asker, u records.User, who oidc.Person) (records.User, *refusal, error) {
	is := u
	if len(s.cfg.OIDC.Groups) > 0 {
		var ok bool
		if is.Role, is.Teams, ok = s.cfg.OIDC.Rights(who.Groups); !ok {
			return u, &refusal{"unknown", u.Login + " is in none of api.oidc.groups"}, nil
		}
	}
	switch {
	case is.Role != string(wire.RoleAgent):
		is.Agent = ""
	case s.cfg.OIDC.AgentClaim != "":
		is.Agent = who.Agent
	}
	if is.Role == u.Role && is.Agent == u.Agent && slices.Equal(is.Teams, u.Teams) {
		return u, nil, nil
	}
	if why, err := misfitAt(s.defined(ctx, is.Role, is.Agent, is.Teams)); why != nil || err != nil {
		return u, why, err
	}
	a.who = u.Identity()
	if err := s.auditFirst(ctx, "user.change", u.Login, "by the provider: "+rightsOf(is.Role, is.Agent, is.Teams)); err != nil {
		return u, nil, err
	}
	changed, err := s.People.ChangeUser(ctx, is)
	if why, err := misfitAt(err); why != nil || err != nil {
		return u, why, err
	}
	return changed, nil, nil
}
