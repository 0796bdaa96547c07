package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/oidc"
	"github.com/operadora/operadora/api/oidc/oidctest"
	"github.com/operadora/operadora/api/wire"
)

// atProvider is an API whose people sign in at a provider.
type atProvider struct {
	w  *world
	s  *Server
	op *oidctest.Provider
}

func newAtProvider(t *testing.T, change func(*oidc.Config)) *atProvider {
	t.Helper()
	op := oidctest.New(t, func() time.Time { return noon })
	cfg := testConfig()
	cfg.PublicURL = "https://cc.example.org/operadora/"
	cfg.TOTPRequired = []string{"admin"}
	cfg.OIDC = oidc.Config{Issuer: op.URL, Name: "Acme", ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, Scopes: []string{"openid"}, LoginClaim: "preferred_username", GroupsClaim: "groups"}
	if change != nil {
		change(&cfg.OIDC)
	}
	w := newWorld(t)
	return &atProvider{w: w, s: w.serverWith(cfg), op: op}
}

// begin sends a browser to the provider and back, and returns with what it comes, and its cookie.
func (p *atProvider) begin(to string) (query, cookie string) {
	p.w.t.Helper()
	r := ask(p.s, "GET", "/api/v1/oidc_login?to="+url.QueryEscape(to), "", "")
	if r.Code != http.StatusFound {
		p.w.t.Fatal(r.Code, r.Body)
	}
	set := r.Result().Cookies()[0]
	if set.Name != stateCookie || !set.HttpOnly || set.SameSite != http.SameSiteLaxMode || set.Path != "" || set.MaxAge != 600 {
		p.w.t.Errorf("the cookie %+v", set)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(p.w.t.Context(), http.MethodGet, r.Header().Get("Location"), http.NoBody)
	if err != nil {
		p.w.t.Fatal(err)
	}
	back, err := browser.Do(req)
	if err != nil {
		p.w.t.Fatal(err)
	}
	_ = back.Body.Close()
	at, err := back.Location()
	if err != nil || !strings.HasPrefix(at.String(), "https://cc.example.org/operadora/api/v1/oidc_callback?") {
		p.w.t.Fatal(at, err)
	}
	return at.RawQuery, stateCookie + "=" + set.Value
}

func (p *atProvider) finish(query, cookie string) *httptest.ResponseRecorder {
	return ask(p.s, "GET", "/api/v1/oidc_callback?"+query, "", "", "Cookie", cookie)
}

// signIn returns whom the provider has let in, or why not.
func (p *atProvider) signIn(claims map[string]any) (me *wire.Me, refused string) {
	p.w.t.Helper()
	p.op.Claims = claims
	r := p.finish(p.begin("#/floor?queue=sales"))
	at := r.Header().Get("Location")
	if word, ok := strings.CutPrefix(at, "../../#/?refused="); ok && r.Code == http.StatusFound {
		if len(r.Result().Cookies()) != 1 {
			p.w.t.Errorf("who is refused gets %v", r.Result().Cookies())
		}
		return nil, word
	}
	cookies := r.Result().Cookies()
	if r.Code != http.StatusFound || at != "../../#/floor?queue=sales" || len(cookies) != 2 || cookies[0].MaxAge != -1 || cookies[1].SameSite != http.SameSiteStrictMode {
		p.w.t.Fatalf("%d to %s with %v", r.Code, at, cookies)
	}
	got := read[wire.Me](p.w.t, ask(p.s, "GET", "/api/v1/me", "", "", "Cookie", sessionCookie+"="+cookies[1].Value), 200)
	return &got, ""
}

func claims(sub, login string, groups ...string) map[string]any {
	return map[string]any{"sub": sub, "preferred_username": login, "name": "Eva Ruiz", "groups": groups, "ext": "101"}
}

// Whom an administrator has added comes in at the provider, with the rights that are kept here; who is known in
// another way, or not at all, does not.
func TestPeopleSignInAtAProvider(t *testing.T) {
	t.Parallel()
	p := newAtProvider(t, nil)
	admin := p.w.tokens[wire.RoleAdmin]
	add := func(login string) wire.InvitedUser {
		t.Helper()
		return read[wire.InvitedUser](t, ask(p.s, "POST", "/api/v1/users", admin, fmt.Sprintf(`{"login":%q,"role":"admin"}`, login)), 200)
	}
	if v := read[wire.SignIn](t, ask(p.s, "GET", "/api/v1/sign_in", "", ""), 200); v.Provider != "Acme" {
		t.Errorf("%+v", v)
	}
	eva := add("eva")
	p.w.person(p.s, "ivan", wire.RoleSupervisor, "")
	out := add("out")
	ask(p.s, "POST", "/api/v1/users/"+out.User.ID+"/disable", admin, "")
	for _, row := range []struct{ what, sub, login, refused string }{
		{"nobody", "1", "nobody", "unknown"},
		{"who has a password", "2", "ivan", "password"},
		{"who is disabled", "3", "out", "disabled"},
		{"who was added", "7", "EVA", ""},
		{"the same by another name", "7", "eva.ruiz", ""},
		{"another by her name", "8", "eva", "unknown"},
	} {
		me, refused := p.signIn(claims(row.sub, row.login, "cc"))
		if refused != row.refused {
			t.Errorf("%s: %q, want %q", row.what, refused, row.refused)
		}
		if me != nil && (me.Login != "eva" || me.Role != wire.RoleAdmin || !me.Provided || me.TOTP != wire.MeTOTPOff) { // whose second factor is the provider's business
			t.Errorf("%s: %+v", row.what, me)
		}
	}
	if r := ask(p.s, "POST", "/api/v1/password_links", "", fmt.Sprintf(`{"link":%q,"password":%q}`, eva.Link, aPassword)); r.Code != 404 {
		t.Errorf("the link from before: %d", r.Code)
	}
	if r := ask(p.s, "POST", "/api/v1/session", "", fmt.Sprintf(`{"login":"eva","password":%q}`, "")); r.Code == 200 {
		t.Error("let in without a password")
	}
	ask(p.s, "POST", "/api/v1/users/"+eva.User.ID+"/disable", admin, "")
	if _, refused := p.signIn(claims("7", "eva")); refused != "disabled" {
		t.Errorf("disabled afterwards: %q", refused)
	}

	lines := read[wire.AuditLinePage](t, ask(p.s, "GET", "/api/v1/audit?limit=100&text=provider", admin, ""), 200).Items
	var told []string
	for _, l := range lines {
		told = append(told, l.Action+" "+l.Object+": "+l.Detail)
	}
	want := "session.refused eva: at the provider: disabled; session.refused eva: at the provider: unknown; session.open eva: at the provider; session.open eva: at the provider; " +
		"user.bind eva: signs in at the provider from now on; session.refused out: at the provider: disabled; session.refused ivan: at the provider: password; session.refused nobody: at the provider: unknown"
	if got := strings.Join(told, "; "); got != want {
		t.Errorf("on record\n%s, want\n%s", got, want)
	}
	if f := p.op.Faults(); len(f) > 0 {
		t.Errorf("what the provider blames: %q", f)
	}
}

// Groups of the provider are rights here, each time; who is not known is added where that is wanted.
func TestGroupsOfAProvider(t *testing.T) {
	t.Parallel()
	p := newAtProvider(t, func(c *oidc.Config) {
		c.Groups = []oidc.Group{{Group: "boss", Role: "admin"}, {Group: "lead-sales", Role: "supervisor", Team: "sales"}, {Group: "lead-dusk", Role: "supervisor", Team: "dusk"}, {Group: "desk", Role: "agent"}}
		c.AgentClaim, c.Create, c.Link = "ext", true, true
	})
	p.w.person(p.s, "ivan", wire.RoleAdmin, "")
	for _, row := range []struct{ what, sub, login, groups, want string }{
		{"in no group", "1", "ana", "other", "refused unknown"},
		{"a team that is not defined", "1", "ana", "lead-dusk", "refused unknown"},
		{"a login that is none", "1", "Ana Gil", "boss", "refused unknown"},
		{"added as an agent", "1", "ana", "desk", "agent 101 "},
		{"another at the same desk", "2", "bea", "desk", "refused unknown"},
		{"leads now", "1", "ana", "lead-sales desk", "supervisor  sales"},
		{"the desk is free", "2", "bea", "desk", "agent 101 "},
		{"in no group any more", "1", "ana", "", "refused unknown"},
		{"who had a password", "3", "ivan", "boss", "admin  "},
	} {
		me, refused := p.signIn(claims(row.sub, row.login, strings.Fields(row.groups)...))
		got := "refused " + refused
		if me != nil {
			got = string(me.Role) + " " + me.Agent + " " + strings.Join(me.Teams, ",")
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.what, got, row.want)
		}
	}
	if r := ask(p.s, "POST", "/api/v1/session", "", fmt.Sprintf(`{"login":"ivan","password":%q}`, aPassword)); r.Code != 401 {
		t.Errorf("a password from before: %d", r.Code)
	}
}

// Nobody is let in by what another browser asked for, by what is not the provider's, and led elsewhere by anything.
func TestSignInsOfOthers(t *testing.T) {
	t.Parallel()
	p := newAtProvider(t, nil)
	p.s.throttle = newThrottle(p.s.Now)
	ask(p.s, "POST", "/api/v1/users", p.w.tokens[wire.RoleAdmin], `{"login":"eva","role":"admin"}`)
	p.op.Claims = claims("7", "eva")
	query, cookie := p.begin("#/")
	_, other := p.begin("#/")
	state, _, _ := strings.Cut(strings.TrimPrefix(cookie, stateCookie+"="), ".")
	for _, row := range []struct{ what, query, cookie, want string }{
		{"another browser", query, other, "expired"},
		{"no browser", query, "", "expired"},
		{"another state", strings.Replace(query, "state=", "state=x", 1), cookie, "expired"},
		{"nothing", "", cookie, "expired"},
		{"the provider says no", "error=access_denied&" + query, cookie, "provider"},
		{"another code", strings.Replace(query, "code=", "code=x", 1), cookie, "provider"},
	} {
		r := p.finish(row.query, row.cookie)
		if got := r.Header().Get("Location"); r.Code != http.StatusFound || got != "../../#/?refused="+row.want {
			t.Errorf("%s: %d to %q, want %s", row.what, r.Code, got, row.want)
		}
	}
	// What is not a page of ours is not gone to, neither asked for nor forged.
	for _, to := range []string{"https://evil.example.org", "//evil.example.org", "/x", "#//\\evil", "#/<script>", "#x"} {
		if r := ask(p.s, "GET", "/api/v1/oidc_login?to="+url.QueryEscape(to), "", ""); r.Code != 400 {
			t.Errorf("%s: %d", to, r.Code)
		}
	}
	forged := stateCookie + "=" + state + ".aHR0cHM6Ly9ldmlsLmV4YW1wbGUub3Jn" // https://evil.example.org
	if r := p.finish(query, forged); r.Header().Get("Location") != "../../#/" || len(r.Result().Cookies()) != 2 {
		t.Errorf("a forged way back: %s, %v", r.Header().Get("Location"), r.Result().Cookies())
	}
	if r := p.finish(query, cookie); r.Header().Get("Location") != "../../#/?refused=provider" {
		t.Errorf("a code that was used: %s", r.Header().Get("Location"))
	}
	p.op.Spoil = func(c map[string]any) { c["nonce"] = "of another sign-in" }
	if _, refused := p.signIn(claims("7", "eva")); refused != "provider" {
		t.Errorf("another nonce: %q", refused)
	}
	for range badTokens {
		p.finish("state=x", cookie)
	}
	p.op.Spoil = nil
	if _, refused := p.signIn(claims("7", "eva")); refused != "held" {
		t.Errorf("after too many: %q", refused)
	}
}

// Without a provider there is nothing to sign in at.
func TestNoProvider(t *testing.T) {
	t.Parallel()
	s := newWorld(t).server()
	if v := read[wire.SignIn](t, ask(s, "GET", "/api/v1/sign_in", "", ""), 200); v.Provider != "" {
		t.Errorf("%+v", v)
	}
	for _, path := range []string{"/api/v1/oidc_login", "/api/v1/oidc_callback?state=x"} {
		if r := ask(s, "GET", path, "", ""); r.Code != 404 {
			t.Errorf("%s: %d", path, r.Code)
		}
	}
	cfg := testConfig()
	cfg.OIDC = oidc.Config{Issuer: "https://id.example.org", ClientID: "x"}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "api.public_url: is empty") {
		t.Errorf("%v", err)
	}
}
