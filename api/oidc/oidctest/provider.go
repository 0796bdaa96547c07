// Package oidctest is an OpenID provider for tests: it checks what a client sends as OpenID Connect Core
// 1.0 and RFC 7636 ask, and can be told to answer wrongly. Its people need not type anything.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// ClientID and ClientSecret are the client that the provider knows.
const (
	ClientID     = "operadora"
	ClientSecret = "known to both"
)

// Provider is one. The fields may be set before each sign-in, and not during one.
type Provider struct {
	URL string
	Now func() time.Time
	// Claims are those of who signs in, beside what every ID token has.
	Claims map[string]any
	// Spoil, when it is set, changes an ID token's claims before it is signed.
	Spoil func(claims map[string]any)
	// Unknown has the ID token signed by a key that the provider does not show.
	Unknown bool
	// Refuse, when it is set, is the error with which people are sent back.
	Refuse string

	key, other *ecdsa.PrivateKey
	mu         sync.Mutex
	asked      map[string]url.Values // guarded by mu; by code, what the client asked for
	faults     []string              // guarded by mu; what the client did wrong
}

// New starts a provider that ends with the test.
func New(t testing.TB, now func() time.Time) *Provider {
	t.Helper()
	p := &Provider{Now: now, asked: map[string]url.Values{}}
	for _, k := range []**ecdsa.PrivateKey{&p.key, &p.other} {
		var err error
		if *k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Faults are what clients did that they must not do.
func (p *Provider) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

func (p *Provider) wrong(w http.ResponseWriter, code, format string, args ...any) {
	p.mu.Lock()
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *Provider) describe(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"ES256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"}})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": ClientID, "code_challenge_method": "S256"} {
		if got := q.Get(name); got != want {
			p.wrong(w, "invalid_request", "%s is %q, want %q", name, got, want)
			return
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge", "redirect_uri"} {
		if q.Get(name) == "" {
			p.wrong(w, "invalid_request", "there is no %s", name)
			return
		}
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		p.wrong(w, "invalid_request", "redirect_uri: %v", err)
		return
	}
	with := url.Values{"state": {q.Get("state")}, "iss": {p.URL}} // RFC 9207
	if p.Refuse != "" {
		with.Set("error", p.Refuse)
	} else {
		code := rand.Text()
		p.mu.Lock()
		p.asked[code] = q
		p.mu.Unlock()
		with.Set("code", code)
	}
	back.RawQuery = with.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // a provider sends people back to where its client is, on loopback
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.wrong(w, "invalid_request", "%v", err)
		return
	}
	code := r.PostForm.Get("code")
	p.mu.Lock()
	asked := p.asked[code]
	delete(p.asked, code) // RFC 6749, 4.1.2: it is used once
	p.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	secret, err := url.QueryUnescape(secret) // RFC 6749, 2.3.1
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case err != nil || id != ClientID || secret != ClientSecret:
		p.wrong(w, "invalid_client", "the client is %q with %q", id, secret)
	case asked == nil:
		p.wrong(w, "invalid_grant", "the code %q is not known, or used", code)
	case r.PostForm.Get("grant_type") != "authorization_code" || r.PostForm.Get("redirect_uri") != asked.Get("redirect_uri"):
		p.wrong(w, "invalid_grant", "grant_type %q, redirect_uri %q", r.PostForm.Get("grant_type"), r.PostForm.Get("redirect_uri"))
	case base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge"):
		p.wrong(w, "invalid_grant", "the verifier is not that of the challenge")
	default:
		raw, err := p.sign(asked)
		if err != nil {
			p.wrong(w, "server_error", "%v", err)
			return
		}
		answer(w, map[string]any{"access_token": "of no use", "token_type": "Bearer", "expires_in": 60, "id_token": raw})
	}
}

func (p *Provider) sign(asked url.Values) (string, error) {
	claims := map[string]any{"iss": p.URL, "aud": ClientID, "sub": "1", "nonce": asked.Get("nonce"), "iat": p.Now().Unix(), "exp": p.Now().Add(time.Minute).Unix()}
	for name, v := range p.Claims {
		claims[name] = v
	}
	if p.Spoil != nil {
		p.Spoil(claims)
	}
	key := p.key
	if p.Unknown {
		key = p.other
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}
