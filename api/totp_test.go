package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/operadora/operadora/api/wire"
)

// factored is somebody with a second factor, and what makes its codes.
type factored struct {
	w              *world
	s              *Server
	now            *time.Time
	user           wire.User
	cookie, secret string
	recovery       []string
}

func (f *factored) code() string {
	f.w.t.Helper()
	code, err := totp.GenerateCode(f.secret, *f.now)
	if err != nil {
		f.w.t.Fatal(err)
	}
	return code
}

// later is when another code is shown.
func (f *factored) later() string {
	*f.now = f.now.Add(30 * time.Second)
	return f.code()
}

func (f *factored) signIn(code string) (int, *http.Response) {
	f.w.t.Helper()
	r := ask(f.s, "POST", "/api/v1/session", "", fmt.Sprintf(`{"login":"eva","password":%q,"code":%q}`, aPassword, code))
	return r.Code, r.Result()
}

// do asks as the person and wants a status.
func (f *factored) do(method, path, body string, status int) string {
	f.w.t.Helper()
	r := ask(f.s, method, "/api/v1"+path, "", body, "Cookie", f.cookie)
	if r.Code != status {
		f.w.t.Errorf("%s %s: %d %s, want %d", method, path, r.Code, r.Body, status)
	}
	return r.Body.String()
}

// enrol sets a second factor up, as the page does.
func (f *factored) enrol() {
	f.w.t.Helper()
	key := read[wire.TOTPKey](f.w.t, ask(f.s, "POST", "/api/v1/me/totp", "", fmt.Sprintf(`{"password":%q}`, aPassword), "Cookie", f.cookie), 200)
	if !strings.Contains(key.URI, "operadora:eva") || !strings.HasPrefix(key.Path, "M4 4h1v1h-1z") {
		f.w.t.Errorf("a key %+v", key)
	}
	f.secret = key.Secret
	f.recovery = read[wire.RecoveryCodes](f.w.t, ask(f.s, "POST", "/api/v1/me/totp/confirm", "", fmt.Sprintf(`{"code":%q}`, f.code()), "Cookie", f.cookie), 200).Codes
}

func newFactored(t *testing.T, required ...string) *factored {
	t.Helper()
	w := newWorld(t)
	now := noon
	w.parts.Now = func() time.Time { return now }
	cfg := testConfig()
	cfg.TOTPRequired = required
	s := w.serverWith(cfg)
	f := &factored{w: w, s: s, now: &now}
	f.user, f.cookie = w.person(s, "eva", wire.RoleAdmin, "")
	return f
}

// A second factor is asked for once it was shown to work, each of its codes once; who has lost it comes in by
// a recovery code, once.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	f := newFactored(t)
	f.do("POST", "/me/totp", `{"password":"wrong"}`, 400)
	f.do("POST", "/me/totp/confirm", `{"code":"123456"}`, 409)
	f.do("POST", "/me/totp/remove", `{"code":"123456"}`, 409)
	f.do("POST", "/me/totp", `{"password":"`+aPassword+`"}`, 200)
	f.do("POST", "/me/totp/confirm", `{"code":"12345"}`, 400)
	if code, _ := f.signIn(""); code != 200 {
		t.Errorf("a code is asked for before one was shown: %d", code)
	}
	_, other := f.signIn("")
	f.enrol()
	if r := ask(f.s, "GET", "/api/v1/me", "", "", "Cookie", cookieOf(other)); r.Code != 401 {
		t.Errorf("a session without the second factor goes on: %d", r.Code)
	}
	if me := read[wire.Me](t, ask(f.s, "GET", "/api/v1/me", "", "", "Cookie", f.cookie), 200); me.TOTP != wire.MeTOTPOn {
		t.Errorf("%+v", me)
	}
	f.do("POST", "/me/totp", `{"password":"`+aPassword+`"}`, 409)

	first := f.code()
	for _, row := range []struct {
		what, code string
		want       int
	}{
		{"no code", "", 401}, {"the one that was shown", first, 401}, {"the next", f.later(), 200}, {"the next again", f.code(), 401},
		{"one that is over", first, 401}, {"a recovery code", strings.ToLower(f.recovery[0]), 200}, {"the same again", f.recovery[0], 401},
		{"another", f.recovery[1], 200},
	} {
		code, r := f.signIn(row.code)
		if code != row.want {
			t.Errorf("%s: %d, want %d", row.what, code, row.want)
		}
		if row.want == 401 && row.code == "" {
			if r := ask(f.s, "POST", "/api/v1/session", "", `{"login":"eva","password":"wrong","code":""}`); read[problem](t, r, 401).Code != wire.ProblemCodeUnauthorized {
				t.Errorf("a wrong password is told of a second factor: %s", r.Body)
			}
		}
		_ = r.Body.Close()
	}
	if got := read[wire.TOTP](t, ask(f.s, "GET", "/api/v1/me/totp", "", "", "Cookie", f.cookie), 200); got.RecoveryCodes != 8 || got.Since.IsZero() || got.Required {
		t.Errorf("%+v", got)
	}

	// A one-time link alone is no way around it, and holds until it was one.
	in := read[wire.InvitedUser](t, ask(f.s, "POST", "/api/v1/users/"+f.user.ID+"/invite", f.w.tokens[wire.RoleAdmin], ""), 200)
	if who := read[wire.LinkedPerson](t, ask(f.s, "POST", "/api/v1/password_links/look", "", fmt.Sprintf(`{"link":%q}`, in.Link)), 200); !who.TOTP {
		t.Error("a link does not tell that a code is needed")
	}
	for _, row := range []struct {
		code string
		want int
	}{{"", 401}, {"123456", 401}, {f.later(), 200}, {f.later(), 404}} {
		r := ask(f.s, "POST", "/api/v1/password_links", "", fmt.Sprintf(`{"link":%q,"password":%q,"code":%q}`, in.Link, aPassword, row.code))
		if r.Code != row.want {
			t.Errorf("a link with %q: %d %s, want %d", row.code, r.Code, r.Body, row.want)
		}
		if r.Code == 200 {
			f.cookie = cookieOf(r.Result())
		}
	}

	f.do("POST", "/me/totp/recovery_codes", `{"code":"12345"}`, 400)
	f.do("POST", "/me/totp/recovery_codes", fmt.Sprintf(`{"code":%q}`, f.later()), 200)
	if code, _ := f.signIn(f.recovery[2]); code != 401 {
		t.Errorf("a recovery code that was replaced: %d", code)
	}
	f.do("POST", "/me/totp/remove", fmt.Sprintf(`{"code":%q}`, f.code()), 400) // used a moment ago
	f.do("POST", "/me/totp/remove", fmt.Sprintf(`{"code":%q}`, f.later()), 204)
	if code, _ := f.signIn(""); code != 200 {
		t.Errorf("who has none any more: %d", code)
	}

	lines := read[wire.AuditLinePage](t, ask(f.s, "GET", "/api/v1/audit?limit=100", f.w.tokens[wire.RoleAdmin], ""), 200).Items
	said := map[string]int{}
	for _, l := range lines {
		if strings.HasPrefix(l.Action, "totp.") || l.Detail != "" {
			said[strings.TrimSpace(l.Action+" "+l.Detail)]++
		}
	}
	for line, want := range map[string]int{"totp.on": 1, "totp.off": 1, "totp.recovery_codes": 1, "session.open with a recovery code": 2, "session.open with a second factor": 1, "password.set by a one-time link with a second factor": 1} {
		if said[line] != want {
			t.Errorf("%d lines of %s, want %d: %v", said[line], line, want, said)
		}
	}
	if said["totp.refused"] < 5 {
		t.Errorf("refusals on record: %v", said)
	}
	if text := fmt.Sprint(lines, f.w.log.String()); strings.Contains(text, f.secret) || strings.Contains(text, f.recovery[0]) {
		t.Error("a secret is on record")
	}
}

// Who knows a password and guesses codes is held up, from wherever; so is the person then, until a minute has gone by.
func TestGuessersOfCodesAreHeldUp(t *testing.T) {
	t.Parallel()
	f := newFactored(t)
	f.enrol()
	right := f.later()
	for i := range wrongCodes {
		if got, _ := f.signIn(fmt.Sprintf("%05d", i)); got != 401 {
			t.Errorf("guess %d: %d", i, got)
		}
		f.s.guesses.ofName.clear(guess{login: "eva", from: network("192.0.2.1")}) // as from elsewhere
	}
	if got, _ := f.signIn(right); got != 429 {
		t.Errorf("the right one beyond the bound: %d", got)
	}
	f.do("POST", "/me/totp/remove", fmt.Sprintf(`{"code":%q}`, right), 429)
	*f.now = f.now.Add(wrongCodeEvery)
	if got, _ := f.signIn(f.code()); got != 200 {
		t.Errorf("after a while: %d", got)
	}
}

// Where a role needs a second factor, who has none may set one up and nothing else; tokens have none.
func TestSecondFactorIsRequired(t *testing.T) {
	t.Parallel()
	f := newFactored(t, "admin")
	me := read[wire.Me](t, ask(f.s, "GET", "/api/v1/me", "", "", "Cookie", f.cookie), 200)
	for _, p := range me.Permissions {
		if strings.HasPrefix(p, "list") && p != "listSessions" {
			t.Errorf("may %s", p)
		}
	}
	if me.TOTP != wire.MeTOTPNeeded {
		t.Errorf("%+v", me)
	}
	if said := f.do("GET", "/users", "", 403); !strings.Contains(said, `"second_factor"`) || !strings.Contains(said, "role admin needs a second factor") {
		t.Errorf("refused: %s", said)
	}
	f.do("GET", "/live?topics=floor", "", 403)
	f.do("GET", "/me/totp", "", 200)
	if r := ask(f.s, "GET", "/api/v1/users", f.w.tokens[wire.RoleAdmin], ""); r.Code != 200 {
		t.Errorf("a token: %d", r.Code)
	}
	f.enrol()
	f.do("GET", "/users", "", 200)
	f.do("POST", "/me/totp/remove", fmt.Sprintf(`{"code":%q}`, f.later()), 409)

	// An administrator takes it away: the person is out, and sets another one up.
	path := "/api/v1/users/" + f.user.ID
	if u := read[wire.User](t, ask(f.s, "GET", path, f.w.tokens[wire.RoleAdmin], ""), 200); u.TOTPSince.IsZero() {
		t.Errorf("%+v", u)
	}
	if u := read[wire.User](t, ask(f.s, "POST", path+"/remove_totp", f.w.tokens[wire.RoleAdmin], ""), 200); !u.TOTPSince.IsZero() {
		t.Errorf("%+v", u)
	}
	f.do("GET", "/me", "", 401)
	_, r := f.signIn("")
	f.cookie = cookieOf(r)
	f.do("GET", "/users", "", 403)
	if line := read[wire.AuditLinePage](t, ask(f.s, "GET", "/api/v1/audit?action=user.remove_totp", f.w.tokens[wire.RoleAdmin], ""), 200).Items; len(line) != 1 || line[0].Object != "eva" {
		t.Errorf("on record: %+v", line)
	}
}
