package oidc

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/oidc/oidctest"
	"github.com/operadora/operadora/orchestrator/fault"
)

const callback = "https://cc.example.org/operadora/api/v1/oidc_callback"

// through has a browser with a secret go to the provider and come back, and returns with what.
func through(t *testing.T, p *Provider, secret string) url.Values {
	t.Helper()
	to, err := p.Begin(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	back, err := r.Location()
	if err != nil || !strings.HasPrefix(back.String(), callback+"?") {
		t.Fatalf("sent back to %v, %v", back, err)
	}
	return back.Query()
}

func config(op *oidctest.Provider) Config {
	return Config{Issuer: op.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, Scopes: []string{"openid"}, LoginClaim: "preferred_username", GroupsClaim: "realm_access.roles", AgentClaim: "extension"}
}

// What the provider says is believed when it is for this sign-in, and else not.
func TestSignInAtAProvider(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	set := func(name string, v any) func(map[string]any) {
		return func(c map[string]any) { c[name] = v }
	}
	unix := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for _, row := range []struct {
		name   string
		spoil  func(map[string]any)
		change func(*oidctest.Provider, *Config)
		want   string // what refuses; "" is nothing
	}{
		{name: "as it should be"},
		{name: "another audience", spoil: set("aud", "another"), want: "expected audience"},
		{name: "several audiences, made for us", spoil: func(c map[string]any) { c["aud"], c["azp"] = []string{"another", oidctest.ClientID}, oidctest.ClientID }},
		{name: "several audiences, made for another", spoil: func(c map[string]any) { c["aud"], c["azp"] = []string{"another", oidctest.ClientID}, "another" }, want: `was made for "another"`},
		{name: "another nonce", spoil: set("nonce", "of another sign-in"), want: "another nonce"},
		{name: "no nonce", spoil: func(c map[string]any) { delete(c, "nonce") }, want: "another nonce"},
		{name: "another issuer", spoil: set("iss", "https://evil.example.org"), want: "different provider"},
		{name: "over", spoil: set("exp", unix(-2*time.Minute)), want: "expired"},
		{name: "over, by a clock that is ahead", spoil: set("exp", unix(-50*time.Second))},
		{name: "of a clock that is ahead", spoil: set("iat", unix(50*time.Second))},
		{name: "of the future", spoil: set("iat", unix(2*time.Minute)), want: "of the future"},
		{name: "not before ten minutes from now", spoil: set("nbf", unix(10*time.Minute)), want: "nbf"},
		{name: "nobody", spoil: set("sub", ""), want: "names nobody"},
		{name: "no login", spoil: func(c map[string]any) { delete(c, "preferred_username") }, want: `no claim "preferred_username"`},
		{name: "a key that it does not show", change: func(op *oidctest.Provider, _ *Config) { op.Unknown = true }, want: "signature"},
		{name: "a wrong secret", change: func(_ *oidctest.Provider, c *Config) { c.ClientSecret = "guessed" }, want: "invalid_client"},
		{name: "an address that nobody verified", change: func(_ *oidctest.Provider, c *Config) { c.LoginClaim = "email" }, want: "not verified"},
		{name: "an address that was verified", spoil: func(c map[string]any) { c["email_verified"], c["email"] = true, "EVA" }, change: func(_ *oidctest.Provider, c *Config) { c.LoginClaim = "email" }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			op := oidctest.New(t, func() time.Time { return now })
			op.Claims = map[string]any{"sub": "7", "preferred_username": "Eva", "name": "Eva Ruiz", "realm_access": map[string]any{"roles": []string{"cc", "staff"}}, "extension": 101, "email": "eva"}
			op.Spoil = row.spoil
			cfg := config(op)
			if row.change != nil {
				row.change(op, &cfg)
			}
			p := New(cfg, callback, func() time.Time { return now })
			secret := Secret()
			q := through(t, p, secret)
			if !Asked(secret, q.Get("state")) || Asked(Secret(), q.Get("state")) || Asked("", q.Get("state")) {
				t.Error("the state is not that of the browser that was sent")
			}
			who, err := p.Finish(t.Context(), secret, q.Get("code"))
			if row.want != "" {
				if fault.KindOf(err) != fault.Denied || !strings.Contains(err.Error(), row.want) {
					t.Errorf("%+v, %v, want %q", who, err, row.want)
				}
				return
			}
			want := Person{Subject: op.URL + " 7", Login: "eva", Name: "Eva Ruiz", Agent: "101", Groups: []string{"cc", "staff"}}
			if diff := cmp.Diff(want, who); err != nil || diff != "" {
				t.Errorf("%v, (-want +got)\n%s", err, diff)
			}
			if _, err := p.Finish(t.Context(), secret, q.Get("code")); fault.KindOf(err) != fault.Denied {
				t.Errorf("a code that was used: %v", err)
			}
			q = through(t, p, secret)
			if _, err := p.Finish(t.Context(), Secret(), q.Get("code")); fault.KindOf(err) != fault.Denied || !strings.Contains(strings.Join(op.Faults(), ";"), "the verifier is not that of the challenge") {
				t.Errorf("a code that another browser asked for: %v, %q", err, op.Faults())
			}
		})
	}
}

// A provider that is away is asked again the next time.
func TestProviderIsAway(t *testing.T) {
	t.Parallel()
	op := oidctest.New(t, time.Now)
	cfg := config(op)
	p := New(cfg, callback, time.Now)
	p.cfg.Issuer = "http://127.0.0.1:1"
	if _, err := p.Begin(t.Context(), Secret()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
	if _, err := p.Finish(t.Context(), Secret(), "x"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
	p.cfg.Issuer = cfg.Issuer
	if _, err := p.Begin(t.Context(), Secret()); err != nil {
		t.Error(err)
	}
}

func TestRights(t *testing.T) {
	t.Parallel()
	c := Config{Groups: []Group{{Group: "bosses", Role: "admin"}, {Group: "day", Role: "supervisor", Team: "day"}, {Group: "night", Role: "supervisor", Team: "night"},
		{Group: "all", Role: "supervisor"}, {Group: "cc", Role: "agent"}}}
	for in, want := range map[string]string{
		"":              "  false",
		"other":         "  false",
		"cc":            "agent  true",
		"cc bosses day": "admin  true",
		"night cc":      "supervisor night true",
		"night day":     "supervisor day,night true",
		"night all":     "supervisor  true",
	} {
		role, teams, ok := c.Rights(strings.Fields(in))
		got := role + " " + strings.Join(teams, ",") + " " + map[bool]string{true: "true", false: "false"}[ok]
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{Issuer: "https://id.example.org/realms/cc", ClientID: "operadora", Scopes: []string{"openid"}, LoginClaim: "sub"}
	if err := good.Validate(); err != nil || good.Title() != "id.example.org" || (Config{}).Validate() != nil {
		t.Error(err, good.Title())
	}
	for want, change := range map[string]func(*Config){
		"api.oidc.issuer: \"http://id.example.org\" is not":  func(c *Config) { c.Issuer = "http://id.example.org" },
		"api.oidc.client_id: is empty":                       func(c *Config) { c.ClientID = "" },
		"api.oidc.scopes: openid is not":                     func(c *Config) { c.Scopes = []string{"profile"} },
		"api.oidc.login_claim: is empty":                     func(c *Config) { c.LoginClaim = "" },
		"api.oidc.create: needs api.oidc.groups":             func(c *Config) { c.Create = true },
		"api.oidc.groups[0].team: goes with role supervisor": func(c *Config) { c.Groups = []Group{{Group: "a", Role: "admin", Team: "day"}} },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
