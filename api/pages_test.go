package api

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/operadora/operadora/api/web"
	"github.com/operadora/operadora/api/wire"
)

// TestThePagesAreServed: the page, or what says how to get it, and the files that it names, with a policy that allows nothing else.
func TestThePagesAreServed(t *testing.T) {
	t.Parallel()
	s := newWorld(t).server()
	_, built := web.Index()
	r := ask(s, "GET", "/", "", "")
	if r.Code != http.StatusOK || r.Header().Get("Cache-Control") != "no-cache" || !strings.HasPrefix(r.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", r.Code, r.Header())
	}
	policy := r.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "require-trusted-types-for 'script'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	page := r.Body.String()
	if strings.Contains(page, "://") || strings.Contains(page, `="/`) {
		t.Errorf("the page names another place, or works at the root alone:\n%s", page)
	}
	if !built {
		if !strings.Contains(page, "make build") {
			t.Errorf("it does not say how to get the pages:\n%s", page)
		}
		return
	}
	names := regexp.MustCompile(`"\./assets/([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(names) < 2 {
		t.Errorf("the page names no script and style:\n%s", page)
	}
	for _, n := range names {
		plain := ask(s, "GET", "/assets/"+n[1], "", "")
		zipped := ask(s, "GET", "/assets/"+n[1], "", "", "Accept-Encoding", "gzip, br")
		if plain.Code != http.StatusOK || !strings.Contains(plain.Header().Get("Cache-Control"), "immutable") || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %v", n[1], plain.Code, plain.Header())
		}
		if zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() >= plain.Body.Len() {
			t.Errorf("%s is not sent compressed: %v", n[1], zipped.Header())
		}
	}
}

func TestWhatThePagesHaveNot(t *testing.T) {
	t.Parallel()
	s := newWorld(t).server()
	for _, name := range []string{"none.js", "..%2Findex.html", "%2e%2e%2fembed.go", "none"} {
		if r := ask(s, "GET", "/assets/"+name, "", ""); r.Code != http.StatusNotFound {
			t.Errorf("%s: %d", name, r.Code)
		}
	}
}

// TestASessionWorksBelowAnyPath: the cookie is for the path under which the page sees the
// API, which a proxy may have made longer; a browser takes that by itself where none is given.
func TestASessionWorksBelowAnyPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := ask(w.server(), "POST", "/api/v1/session", "", `{"token":"`+w.tokens[wire.RoleSupervisor]+`"}`)
	if c := r.Header().Get("Set-Cookie"); c == "" || strings.Contains(strings.ToLower(c), "path=") {
		t.Errorf("cookie %q", c)
	}
}
