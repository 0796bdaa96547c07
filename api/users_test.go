package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

const aPassword = "tres tristes tigres"

// person adds somebody to the world, who sets a password by the link, and returns the cookie of
// the page that did.
func (w *world) person(s *Server, login string, role wire.Role, more string) (wire.User, string) {
	w.t.Helper()
	body := fmt.Sprintf(`{"login":%q,"name":"Eva Ruiz","role":%q%s}`, login, role, more)
	in := read[wire.InvitedUser](w.t, ask(s, "POST", "/api/v1/users", w.tokens[wire.RoleAdmin], body), 200)
	r := ask(s, "POST", "/api/v1/password_links", "", fmt.Sprintf(`{"link":%q,"password":%q}`, in.Link, aPassword))
	read[wire.Me](w.t, r, 200)
	return in.User, cookieOf(r.Result())
}

func cookieOf(r *http.Response) string { return sessionCookie + "=" + r.Cookies()[0].Value }

// A link lets a person set a password once; by it the person signs in, and is told from a token.
func TestAPersonSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	in := read[wire.InvitedUser](t, ask(s, "POST", "/api/v1/users", w.tokens[wire.RoleAdmin], `{"login":"eva","name":"Eva Ruiz","role":"agent","agent":"101"}`), 200)
	use := func(password string) int {
		t.Helper()
		return ask(s, "POST", "/api/v1/password_links", "", fmt.Sprintf(`{"link":%q,"password":%q}`, in.Link, password)).Code
	}
	signIn := func(body string) (int, *http.Response) {
		t.Helper()
		r := ask(s, "POST", "/api/v1/session", "", body)
		return r.Code, r.Result()
	}
	const right = `{"login":" EVA ","password":"` + aPassword + `"}`
	if code, _ := signIn(`{"login":"eva","password":""}`); code != 400 {
		t.Errorf("no password: %d", code)
	}
	if code, _ := signIn(right); code != 401 {
		t.Errorf("who has no password yet is let in: %d", code)
	}
	who := read[wire.LinkedPerson](t, ask(s, "POST", "/api/v1/password_links/look", "", fmt.Sprintf(`{"link":%q}`, in.Link)), 200)
	if who.Login != "eva" || who.Name != "Eva Ruiz" || !who.ExpiresAt.Equal(in.ExpiresAt) {
		t.Errorf("the link is of %+v", who)
	}
	for _, row := range []struct {
		password string
		want     int
	}{{"short", 400}, {"my name is eva?", 200}, {"my name is eva?", 404}} {
		if got := use(row.password); got != row.want {
			t.Errorf("%q: %d, want %d", row.password, got, row.want)
		}
	}
	if code, _ := signIn(right); code != 401 {
		t.Errorf("a wrong password: %d", code)
	}
	code, page := signIn(`{"login":"eva","password":"my name is eva?"}`)
	if code != 200 {
		t.Fatal(code)
	}
	cookie := cookieOf(page)
	me := read[wire.Me](t, ask(s, "GET", "/api/v1/me", "", "", "Cookie", cookie), 200)
	if me.User != in.User.ID || me.Token != "" || me.Login != "eva" || me.Name != "Eva Ruiz" || me.Role != "agent" || me.Agent != "101" || !me.ExpiresAt.Equal(noon.Add(sessionLength)) {
		t.Errorf("who: %+v", me)
	}
	// What an agent may do, the person may, and no more.
	for path, want := range map[string]int{"/agents/101/pause": 200, "/agents/102/pause": 403} {
		if r := ask(s, "POST", "/api/v1"+path, "", `{"reason":"lunch"}`, "Cookie", cookie); r.Code != want {
			t.Errorf("%s: %d %s", path, r.Code, r.Body)
		}
	}
	lines := read[wire.AuditLinePage](t, ask(s, "GET", "/api/v1/audit", w.tokens[wire.RoleAdmin], ""), 200).Items
	var told []string
	for _, l := range lines {
		told = append(told, l.Action+" "+l.Object+" by "+strings.Split(l.Who, " (")[0])
	}
	want := "agent.pause 101 by eva; session.open eva by eva; session.refused eva by ; password.set eva by eva; session.refused eva by ; user.create eva by test admin"
	if got := strings.Join(told, "; "); got != want {
		t.Errorf("on record:\n%s, want\n%s", got, want)
	}
	if text := fmt.Sprint(lines, w.log.String()); strings.Contains(text, "tigres") || strings.Contains(text, "my name is") {
		t.Error("a password is on record")
	}
}

// Who guesses is held up, right or wrong, and nobody else.
func TestGuessersAreHeldUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	w.parts.Now = func() time.Time { return now }
	cfg := testConfig()
	cfg.TrustedProxies = []string{"192.0.2.0/24"}
	s := w.serverWith(cfg)
	w.person(s, "eva", wire.RoleAdmin, "")
	w.person(s, "ivan", wire.RoleAdmin, "")
	signIn := func(login, password, from string) int {
		t.Helper()
		return ask(s, "POST", "/api/v1/session", "", fmt.Sprintf(`{"login":%q,"password":%q}`, login, password), "X-Forwarded-For", from).Code
	}
	const office, elsewhere = "198.51.100.1", "203.0.113.1"
	if got := signIn("eva", aPassword, office); got != 200 {
		t.Fatal(got)
	}
	for i := range wrongPasswords {
		if got := signIn("eva", fmt.Sprint("guess ", i), office); got != 401 {
			t.Errorf("guess %d: %d", i, got)
		}
	}
	for _, row := range []struct {
		what, login, password, from string
		want                        int
	}{
		{"the guesser guesses right", "eva", aPassword, office, 429},
		{"the person elsewhere", "eva", aPassword, elsewhere, 200},
		{"another behind the address", "ivan", aPassword, office, 200},
	} {
		if got := signIn(row.login, row.password, row.from); got != row.want {
			t.Errorf("%s: %d, want %d", row.what, got, row.want)
		}
	}
	now = now.Add(wrongPasswordEvery)
	if got := signIn("eva", aPassword, office); got != 200 {
		t.Errorf("after a while: %d", got)
	}
	// Who tries many names holds up those of them who were never there.
	for i := range wrongNames {
		s.guesses.ofAddress.allows(network(office))
		if i == 0 {
			if got := signIn("nobody", "guess", office); got != 401 {
				t.Errorf("one of many names: %d", got)
			}
		}
	}
	for login, want := range map[string]int{"eva": 200, "ivan": 200, "nobody": 429} {
		if got := signIn(login, aPassword, office); got != want {
			t.Errorf("%s, after many names: %d, want %d", login, got, want)
		}
	}
	w.person(s, "ana", wire.RoleAdmin, "")
	if got := signIn("ana", aPassword, office); got != 429 {
		t.Errorf("who was never there: %d", got)
	}
}

// Whatever ends a person's sessions ends its streams.
func TestWhatEndsAPersonsSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	url := w.started(s)
	ready(t, s)
	u, first := w.person(s, "eva", wire.RoleSupervisor, "")
	stream := func(cookie string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Cookie", cookie)
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
	}
	signIn := func() string {
		t.Helper()
		r := ask(s, "POST", "/api/v1/session", "", `{"login":"eva","password":"`+aPassword+`"}`)
		read[wire.Me](t, r, 200)
		return cookieOf(r.Result())
	}
	admin := w.tokens[wire.RoleAdmin]
	do := func(cookie, method, path, body string, want int) {
		t.Helper()
		token := admin
		if cookie != "" {
			token = ""
		}
		if r := ask(s, method, "/api/v1"+path, token, body, "Cookie", cookie); r.Code != want {
			t.Errorf("%s %s: %d %s", method, path, r.Code, r.Body)
		}
	}
	second := signIn()
	list := read[wire.SessionList](t, ask(s, "GET", "/api/v1/me/sessions", "", "", "Cookie", second), 200).Items
	if len(list) != 2 || list[0].Current == list[1].Current {
		t.Errorf("sessions %+v", list)
	}
	other := list[0].ID
	if list[0].Current {
		other = list[1].ID
	}
	stream(first)
	stream(second)
	do(second, "DELETE", "/me/sessions/none", "", 404)
	do(second, "DELETE", "/me/sessions/"+other, "", 204)
	await(t, func() bool { return s.doors.size() == 1 })
	do(first, "GET", "/me", "", 401)

	third := signIn()
	stream(third)
	do(second, "PUT", "/me/password", `{"present":"wrong","new":"cuatro tristes tigres"}`, 400)
	do(second, "PUT", "/me/password", `{"present":"`+aPassword+`","new":"short"}`, 400)
	do(second, "PUT", "/me/password", `{"present":"`+aPassword+`","new":"cuatro tristes tigres"}`, 204)
	await(t, func() bool { return s.doors.size() == 1 })
	do(second, "GET", "/me", "", 200)
	do(second, "PUT", "/me/password", `{"present":"cuatro tristes tigres","new":"`+aPassword+`"}`, 204)

	for _, row := range []struct{ method, path, body string }{
		{"POST", "/users/" + u.ID + "/end_sessions", ""},
		{"PUT", "/users/" + u.ID, `{"role":"supervisor","teams":["sales"]}`},
		{"POST", "/users/" + u.ID + "/disable", ""},
	} {
		cookie := signIn()
		stream(cookie)
		do("", row.method, row.path, row.body, 200)
		await(t, func() bool { return s.doors.size() == 0 })
		do(cookie, "GET", "/me", "", 401)
	}
	if r := ask(s, "POST", "/api/v1/session", "", `{"login":"eva","password":"`+aPassword+`"}`); r.Code != 401 {
		t.Errorf("who is disabled is let in: %d", r.Code)
	}
	do("", "POST", "/users/"+u.ID+"/enable", "", 200)
	signIn()
}

func TestUsersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	u, cookie := w.person(s, "eva", wire.RoleAdmin, "")
	me := "/users/" + u.ID
	narrow := w.token(records.Token{Name: "narrow", Role: "admin", Scopes: []string{"users:write"}})
	for _, row := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/users", `{"login":"Eva","role":"admin"}`, 400, "login"},
		{"POST", "/users", `{"login":"ana","role":"agent"}`, 400, "agent: is needed with role agent"},
		{"POST", "/users", `{"login":"ana","role":"admin","agent":"101"}`, 400, "agent: goes with role agent only, not with admin"},
		{"POST", "/users", `{"login":"ana","role":"agent","agent":"999"}`, 400, "agent: is not defined"},
		{"POST", "/users", `{"login":"ana","role":"admin","teams":["sales"]}`, 400, "team: goes with role supervisor only, not with admin"},
		{"POST", "/users", `{"login":"ana","role":"supervisor","teams":["dusk"]}`, 400, "teams: is not defined; there are sales, support"},
		{"POST", "/users", `{"login":"eva","role":"admin"}`, 409, `login: "eva" is somebody's already`},
		{"PUT", me, `{"role":"supervisor"}`, 409, "role: is not given to oneself"},
		{"POST", me + "/disable", "", 409, "user: is oneself"},
		{"GET", "/users/none", "", 404, "no such record"},
	} {
		r := ask(s, row.method, "/api/v1"+row.path, "", row.body, "Cookie", cookie)
		if r.Code != row.status || !strings.Contains(read[problem](t, r, r.Code).Detail, row.want) {
			t.Errorf("%s %s %s: %d %s, want %q", row.method, row.path, row.body, r.Code, r.Body, row.want)
		}
	}
	for _, path := range []string{"/users", me + "/invite"} {
		if r := ask(s, "POST", "/api/v1"+path, narrow, map[string]string{"/users": `{"login":"ana","role":"admin"}`}[path]); r.Code != 403 || !strings.Contains(r.Body.String(), "narrowed") {
			t.Errorf("%s by a narrowed token: %d %s", path, r.Code, r.Body)
		}
	}
	if r := ask(s, "PUT", "/api/v1/me/password", w.tokens[wire.RoleAdmin], `{"present":"x","new":"y"}`); r.Code != 409 {
		t.Errorf("the password of a token: %d", r.Code)
	}
}

// Preferences are somebody's own, of a person and of a token alike.
func TestPreferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	_, cookie := w.person(s, "eva", wire.RoleAgent, `,"agent":"101"`)
	const mine = `{"language":"es","theme":"dark","views":[{"name":"Ventas","page":"floor","query":"queue=sales"}]}`
	if r := ask(s, "GET", "/api/v1/me/preferences", "", "", "Cookie", cookie); r.Code != 200 || strings.TrimSpace(r.Body.String()) != "{}" {
		t.Errorf("at first: %d %s", r.Code, r.Body)
	}
	if r := ask(s, "PUT", "/api/v1/me/preferences", "", mine, "Cookie", cookie); r.Code != 200 {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	if r := ask(s, "GET", "/api/v1/me/preferences", "", "", "Cookie", cookie); strings.TrimSpace(r.Body.String()) != mine {
		t.Errorf("kept: %s", r.Body)
	}
	if r := ask(s, "GET", "/api/v1/me/preferences", w.tokens[wire.RoleAgent], ""); strings.TrimSpace(r.Body.String()) != "{}" {
		t.Errorf("another's: %s", r.Body)
	}
	for _, bad := range []string{`{"language":"fr"}`, `{"colour":"red"}`, `{"views":[{"name":"","page":"floor","query":""}]}`,
		`{"views":[` + strings.TrimSuffix(strings.Repeat(`{"name":"a","page":"floor","query":""},`, 51), ",") + `]}`} {
		if r := ask(s, "PUT", "/api/v1/me/preferences", "", bad, "Cookie", cookie); r.Code != 400 {
			t.Errorf("%.60s: %d", bad, r.Code)
		}
	}
}
