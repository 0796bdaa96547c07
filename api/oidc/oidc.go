// Package oidc lets people sign in at an OpenID provider: the code flow of OpenID Connect Core 1.0
// with PKCE (RFC 7636), state and nonce. It keeps nothing: what ties an answer to the browser that
// asked is a secret of that browser's own, from which state, nonce and verifier are made.
//
// It is a leaf of api, which says who those are whom the provider names.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/operadora/operadora/orchestrator/fault"
)

const (
	// answerTime is how long the provider may take for one answer.
	answerTime = 10 * time.Second
	// skew is how far the provider's clock may be off.
	skew = time.Minute
)

// Provider is where people sign in. Its methods may be called by many at a time.
type Provider struct {
	cfg      Config
	callback string
	now      func() time.Time
	client   *http.Client
	found    atomic.Pointer[oidc.Provider] // nil until the provider has answered once
}

// New makes a provider that sends people back to callback. Nobody is asked for anything before Begin.
func New(cfg Config, callback string, now func() time.Time) *Provider {
	return &Provider{cfg: cfg, callback: callback, now: now, client: &http.Client{Timeout: answerTime}}
}

// Person is whom the provider says it has let in.
type Person struct {
	Subject string // the issuer and its own name for the person, which never changes
	Login   string
	Name    string
	Agent   string // "" where there is no such claim
	Groups  []string
}

// Secret makes what a browser keeps while its person is at the provider.
func Secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// of is one of the values that are made from a browser's secret: 43 letters, as RFC 7636, 4.1 wants them.
func of(secret, what string) string {
	sum := sha256.Sum256([]byte(what + " " + secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// discover returns what the provider says of itself; it is asked until it has answered once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	if found := p.found.Load(); found != nil {
		return found, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.cfg.Issuer)
	if err != nil {
		return nil, fault.E("oidc.discover", fault.Unavailable, err)
	}
	p.found.Store(found)
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret.Reveal(), Endpoint: found.Endpoint(), RedirectURL: p.callback, Scopes: p.cfg.Scopes}
}

// Begin returns where a browser with a secret is sent. Unavailable when the provider does not answer.
func (p *Provider) Begin(ctx context.Context, secret string) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(found).AuthCodeURL(of(secret, "state"), oidc.Nonce(of(secret, "nonce")), oauth2.S256ChallengeOption(of(secret, "verifier"))), nil
}

// Asked tells whether a state is that of a browser's secret: whether it is this browser that was sent.
func Asked(secret, state string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(of(secret, "state")), []byte(state)) == 1
}

// Finish returns whom a code is of, which came back with the state of that secret (Asked). Denied for what
// the provider says and must not be believed, Unavailable when it does not answer.
func (p *Provider) Finish(ctx context.Context, secret, code string) (Person, error) {
	const op = "oidc.Finish"
	refused := func(format string, args ...any) (Person, error) {
		return Person{}, fault.New(op, fault.Denied, format, args...)
	}
	found, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	token, err := p.oauth(found).Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(of(secret, "verifier")))
	if err != nil {
		kind := fault.Unavailable
		if r, ok := err.(*oauth2.RetrieveError); ok && r.Response.StatusCode < http.StatusInternalServerError { //nolint:errorlint // Exchange returns it as it is
			kind = fault.Denied
		}
		return Person{}, fault.E(op, kind, err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return refused("the provider gave no ID token")
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: func() time.Time { return p.now().Add(-skew) }}).Verify(ctx, raw)
	if err != nil {
		return Person{}, fault.E(op, fault.Denied, err)
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return Person{}, fault.E(op, fault.Denied, err)
	}
	party, _ := claims["azp"].(string)
	switch {
	case subtle.ConstantTimeCompare([]byte(of(secret, "nonce")), []byte(id.Nonce)) != 1:
		return refused("the ID token has another nonce: it was made for another sign-in")
	case id.IssuedAt.After(p.now().Add(skew)):
		return refused("the ID token is of the future: one of the two clocks is wrong")
	case len(id.Audience) > 1 && party != p.cfg.ClientID: // OpenID Connect Core 1.0, 3.1.3.7
		return refused("the ID token was made for %q", party)
	case id.Subject == "":
		return refused("the ID token names nobody")
	}
	who := Person{Subject: p.cfg.Issuer + " " + id.Subject, Login: strings.ToLower(textOf(claims, p.cfg.LoginClaim)), Name: textOf(claims, "name"), Groups: listOf(claims, p.cfg.GroupsClaim)}
	if p.cfg.AgentClaim != "" {
		who.Agent = textOf(claims, p.cfg.AgentClaim)
	}
	if verified, _ := claims["email_verified"].(bool); p.cfg.LoginClaim == "email" && !verified {
		return refused("the provider has not verified the address")
	}
	if who.Login == "" {
		return refused("the ID token has no claim %q", p.cfg.LoginClaim)
	}
	return who, nil
}

// claim is what stands at a name, or within others at a name with dots.
func claim(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	first, rest, dotted := strings.Cut(name, ".")
	within, ok := claims[first].(map[string]any)
	if !dotted || !ok {
		return nil
	}
	return claim(within, rest)
}

func textOf(claims map[string]any, name string) string {
	switch v := claim(claims, name).(type) {
	case string:
		return strings.TrimSpace(v)
	case float64: // an extension that is kept as a number
		return fmt.Sprint(int64(v))
	}
	return ""
}

func listOf(claims map[string]any, name string) (list []string) {
	switch v := claim(claims, name).(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			if text, ok := one.(string); ok {
				list = append(list, text)
			}
		}
	}
	return list
}
