package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

// bodies are what the routes that need one are sent.
var bodies = map[string]string{
	"disposeAgent":      `{"disposition":"sale"}`,
	"moveCall":          `{"queue":"billing","reason":"a VIP"}`,
	"transferCall":      `{"kind":"queue","name":"billing"}`,
	"superviseCall":     `{"mode":"listen","supervisor":"101"}`,
	"leaveCall":         `{"supervisor":"101"}`,
	"applyRetention":    `{"dry_run":true}`,
	"createList":        `{"id":"march"}`,
	"createImport":      `{"target":"list","list":"march","file":"a.csv"}`,
	"startImport":       `{"dry_run":true}`,
	"addDoNotCall":      `{"number":"+573001234567"}`,
	"placeHold":         `{"call":"p1","why":"a suit"}`,
	"createSession":     `{"token":"op_x_y"}`,
	"putPreferences":    `{"language":"es"}`,
	"changePassword":    `{"present":"a","new":"b"}`,
	"lookAtLink":        `{"link":"ol_x_y"}`,
	"setPasswordByLink": `{"link":"ol_x_y","password":"b"}`,
	"createToken":       `{"name":"x","role":"king"}`,
	"pairDisplay":       `{"code":"ABCD-EFGH","name":"hall"}`,
	"claimDisplayCode":  `{"secret":"x"}`,
	"createUser":        `{"login":"eva","role":"king"}`,
	"changeUser":        `{"role":"admin"}`,
}

// concrete fills a route's path in: agent 101 is the test agent's own, c1 its call.
func concrete(path string) string {
	return strings.NewReplacer(":agent", "101", ":queue", "sales", "/calls/:call", "/calls/c1", "/contacts/:call", "/contacts/p1",
		":recording/mute", liveRec+"/mute", ":recording/unmute", liveRec+"/unmute", ":recording", "op-p1-r1",
		":user", "nobody", ":session", "none", ":list", "march", ":import", "1", ":source", "robinson", "/leads/explain", "/leads/explain?number=%2B573001234567", "/do_not_call/", "/do_not_call/",
		"/do_not_call", "/do_not_call?number=%2B573001234567",
		":token", "none", ":display", "none", ":revision", "1", ":flow", "main", "/definitions/diff", "/definitions/diff?from=1&to=1", "/reports/:report", "/reports/service?from=2026-03-02T00:00:00Z", "/api/v1/live", "/api/v1/live?topics=floor", "/queue_log", "/queue_log?from=2026-03-02T00:00:00Z").Replace(path)
}

// TestEveryRouteForEveryRole walks the whole table with every kind of token. A
// change of what anybody may do shows as a change of the golden file.
func TestEveryRouteForEveryRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expired := w.token(records.Token{Name: "old", Role: "admin", Expires: noon.Add(-time.Second)})
	revoked := w.token(records.Token{Name: "gone", Role: "admin"})
	unknownRole := w.token(records.Token{Name: "odd", Role: "root"})
	if err := w.db.RevokeToken(t.Context(), strings.Split(revoked, "_")[1]); err != nil {
		t.Fatal(err)
	}
	askers := []struct{ name, token string }{{"none", ""}, {"bad", "op_abc_def"}, {"expired", expired}, {"revoked", revoked}, {"odd role", unknownRole}}
	for _, role := range Roles {
		askers = append(askers, struct{ name, token string }{string(role), w.tokens[role]})
	}
	askers = append(askers, struct{ name, token string }{"other agent", w.token(records.Token{Name: "b", Role: "agent", Agent: "102"})},
		struct{ name, token string }{"agent of none", w.token(records.Token{Name: "c", Role: "agent"})})

	s := w.server()
	var out strings.Builder
	for i, a := range askers {
		fmt.Fprintf(&out, "%s%s\n", strings.Repeat("|   ", i), a.name)
	}
	for _, r := range s.inOrder() {
		for _, a := range askers {
			s.throttle = newThrottle(s.Now) // bad tokens are throttled elsewhere
			status := ask(s, r.method, concrete(r.path), a.token, bodies[r.id]).Code
			if !r.access.public && slices.Contains([]string{"none", "bad", "expired", "revoked", "odd role"}, a.name) && status != http.StatusUnauthorized {
				t.Errorf("%s %s lets %q in: %d", r.method, r.path, a.name, status)
			}
			fmt.Fprintf(&out, "%d ", status)
			if r.method == http.MethodDelete && status == http.StatusNoContent { // what was deleted is needed again
				w.engine.pbx.put("op-p1-r1", wave(4000))
			}
		}
		fmt.Fprintf(&out, "%s %s\n", r.method, r.path)
	}
	golden(t, "access.golden", out.String())
}

// inOrder lists the operations by path; what deletes comes last.
func (s *Server) inOrder() []*operation {
	key := func(o *operation) string {
		return fmt.Sprint(o.method == http.MethodDelete, " ", o.path, " ", o.method)
	}
	return slices.SortedFunc(maps.Values(s.operations), func(a, b *operation) int { return strings.Compare(key(a), key(b)) })
}

func TestAccessDefaultsToNobody(t *testing.T) {
	t.Parallel()
	for _, role := range Roles {
		if (access{}).allows(records.Identity{Role: string(role), Agent: "101"}, "101") {
			t.Errorf("role %s passes a route without access", role)
		}
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	token := w.token(records.Token{Name: "page", Role: "supervisor", Expires: noon.Add(time.Hour)})
	r := ask(s, "POST", "/api/v1/session", "", `{"token":"`+token+`"}`)
	if who := read[wire.Me](t, r, 200); who.Role != "supervisor" || who.Name != "page" || who.TimeZone != "America/Bogota" {
		t.Errorf("who: %+v", who)
	}
	cookies := r.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "" || c.MaxAge != 3600 || c.Secure {
		t.Errorf("cookie %+v", c)
	}
	if strings.Contains(token, c.Value) || strings.Contains(c.Value, token) {
		t.Error("the cookie is the token")
	}
	cookie := sessionCookie + "=" + c.Value
	if r := ask(s, "GET", "/api/v1/me", "", "", "Cookie", cookie); r.Code != 200 {
		t.Errorf("the cookie does not log in: %d", r.Code)
	}
	if r := ask(s, "POST", "/api/v1/calls/c1/hangup", "", "", "Cookie", cookie, "Sec-Fetch-Site", "cross-site"); r.Code != 403 {
		t.Errorf("another site's page may hang up: %d", r.Code)
	}
	if r := ask(s, "POST", "/api/v1/calls/c1/hangup", "", "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin"); r.Code != 202 {
		t.Errorf("our own page may not hang up: %d", r.Code)
	}
	if r := ask(s, "POST", "/api/v1/session", "", `{"token":"op_no_no"}`); r.Code != 401 || len(r.Result().Cookies()) != 0 {
		t.Errorf("a bad token: %d, cookies %v", r.Code, r.Result().Cookies())
	}
	r = ask(s, "DELETE", "/api/v1/session", "", "", "Cookie", cookie)
	if c := r.Result().Cookies(); r.Code != 204 || len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("logging out: %d %v", r.Code, c)
	}
	if r := ask(s, "GET", "/api/v1/me", "", "", "Cookie", cookie); r.Code != 401 {
		t.Errorf("the cookie outlives its session: %d", r.Code)
	}
	if r := ask(s, "GET", "/api/v1/me", token, ""); r.Code != 200 {
		t.Errorf("the token ended with the page: %d", r.Code)
	}
	cookie = sessionCookie + "=" + ask(s, "POST", "/api/v1/session", "", `{"token":"`+token+`"}`).Result().Cookies()[0].Value
	// A header wins over a cookie, and a query never counts.
	if r := ask(s, "GET", "/api/v1/me", "op_no_no", "", "Cookie", cookie); r.Code != 401 {
		t.Errorf("a bad header beside a good cookie: %d", r.Code)
	}
	if r := ask(s, "GET", "/api/v1/events?access_token="+token, "", ""); r.Code != 401 {
		t.Errorf("a token in the address: %d", r.Code)
	}
}

func TestCookieIsSecureBehindTrustedProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, row := range []struct {
		proxies []string
		proto   string
		secure  bool
	}{{[]string{"192.0.2.0/24"}, "https", true}, {[]string{"192.0.2.0/24"}, "http", false}, {nil, "https", false}, {[]string{"198.51.100.0/24"}, "https", false}} {
		cfg := testConfig()
		cfg.TrustedProxies = row.proxies
		r := ask(w.serverWith(cfg), "POST", "/api/v1/session", "", `{"token":"`+w.tokens[wire.RoleAdmin]+`"}`, "X-Forwarded-Proto", row.proto)
		if c := r.Result().Cookies(); len(c) != 1 || c[0].Secure != row.secure {
			t.Errorf("%+v: %v", row, c)
		}
	}
}

func TestBadTokensAreThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	w.parts.Now = func() time.Time { return now }
	s := w.server()
	good, late := w.tokens[wire.RoleAdmin], w.tokens[wire.RoleSupervisor]
	if r := ask(s, "GET", "/api/v1/me", good, ""); r.Code != 200 {
		t.Fatal(r.Code)
	}
	for i := range badTokens + 5 {
		want := 401
		if i >= badTokens {
			want = 429
		}
		// What a client says of where it is counts for nothing.
		if r := ask(s, "GET", "/api/v1/me", fmt.Sprintf("op_a_%d", i), "", "X-Forwarded-For", fmt.Sprint("203.0.113.", i), "X-Real-Ip", fmt.Sprint("203.0.113.", i)); r.Code != want {
			t.Errorf("bad token %d: %d, want %d", i, r.Code, want)
		}
	}
	for name, token := range map[string]string{"seen before": good, "not seen before": late} {
		if r := ask(s, "GET", "/api/v1/me", token, ""); r.Code != 200 {
			t.Errorf("a valid token %s is locked out with the guesser behind the same address: %d", name, r.Code)
		}
	}
	over := w.token(records.Token{Name: "old", Role: "admin", Expires: noon.Add(-time.Second)})
	if r := ask(s, "GET", "/api/v1/me", over, ""); r.Code != 401 {
		t.Errorf("a page that was open too long is taken for a guesser: %d", r.Code)
	}
	now = now.Add(badTokenEvery + time.Second)
	if r := ask(s, "GET", "/api/v1/me", "op_a_b", ""); r.Code != 401 {
		t.Errorf("one more after a pause: %d", r.Code)
	}
}

func TestThrottleMemoryIsBounded(t *testing.T) {
	t.Parallel()
	th := newThrottle(func() time.Time { return noon })
	for i := range 3 * throttleSize {
		th.failed(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	if len(th.by) > throttleSize {
		t.Errorf("%d addresses", len(th.by))
	}
	if network("2001:db8::1") != network("2001:db8::ffff:1") || network("2001:db8::1") == network("2001:db8:1::1") {
		t.Error("an IPv6 customer is not one asker")
	}
	if network("::ffff:192.0.2.1") != network("192.0.2.1") {
		t.Error("an IPv4 address written as IPv6 is another asker")
	}
}
