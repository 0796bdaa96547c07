package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
)

// Whatever a body or a query holds, the answer is the operation's own or a
// problem with a code, and never a fault of operadora.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][3]string{{"pause", `{"reason":"lunch"}`, ""}, {"login", `{"endpoint":"PJSIP/101","pbx":"main"}`, ""}, {"dispose", `{"disposition":"sale"}`, "x=1"},
		{"resume", `{}`, "%zz"}, {"pause", `[[[[`, "limit=5&limit=6"}, {"pause", `{"reason":null}`, "cursor=!"}} {
		f.Add(seed[0], seed[1], seed[2], "1-1")
	}
	w := newWorld(f)
	s := w.server()
	s.pace.every, s.pace.burst = 1e9, 1e9
	f.Fuzz(func(t *testing.T, op, body, query, last string) {
		for _, r := range []*http.Request{
			httptest.NewRequest(http.MethodPost, "/api/v1/agents/101/"+url.PathEscape(op), strings.NewReader(body)),
			httptest.NewRequest(http.MethodPost, "/api/v1/session", strings.NewReader(body)),
			httptest.NewRequest(http.MethodGet, "/api/v1/contacts", nil),
			httptest.NewRequest(http.MethodGet, "/api/v1/agents/"+url.PathEscape(body), nil),
			httptest.NewRequest(http.MethodGet, "/api/v1/events", nil),
		} {
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", "application/json")
			r.Header["Last-Event-Id"] = []string{last}
			r.Header.Set("Authorization", "Bearer "+w.tokens[wire.RoleAdmin])
			out := httptest.NewRecorder()
			s.echo.ServeHTTP(out, r)
			if out.Code < 400 {
				continue
			}
			var p problem
			if err := json.Unmarshal(out.Body.Bytes(), &p); err != nil || p.Code == "" || out.Code == http.StatusInternalServerError {
				t.Errorf("%s %s %q: %d %s", r.Method, r.URL, body, out.Code, out.Body)
			}
		}
	})
}
