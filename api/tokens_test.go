package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

func TestTokensAreMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	admin := w.tokens[wire.RoleAdmin]
	made := read[wire.MadeToken](t, ask(s, "POST", "/api/v1/tokens", admin, `{"name":"bridge","role":"supervisor","teams":["sales"],"scopes":["calls:read"],"days":3}`), 200)
	if !made.Token.ExpiresAt.Equal(noon.AddDate(0, 0, 3)) {
		t.Errorf("made %+v", made.Token)
	}
	me := read[wire.Me](t, ask(s, "GET", "/api/v1/me", made.Text, ""), 200)
	if me.Token != made.Token.ID || me.Name != "bridge" || strings.Join(me.Teams, " ") != "sales" || strings.Join(me.Scopes, " ") != "calls:read" {
		t.Errorf("its bearer is %+v", me)
	}
	first := read[wire.TokenPage](t, ask(s, "GET", "/api/v1/tokens?limit=1", admin, ""), 200)
	if len(first.Items) != 1 || first.Next == "" {
		t.Errorf("a page: %+v", first)
	}
	if r := ask(s, "GET", "/api/v1/tokens", admin, ""); strings.Contains(r.Body.String(), strings.Split(made.Text, "_")[2]) {
		t.Error("the list has a secret")
	}
	if r := ask(s, "DELETE", "/api/v1/tokens/"+made.Token.ID, admin, ""); r.Code != 204 {
		t.Errorf("revoking: %d %s", r.Code, r.Body)
	}
	if r := ask(s, "GET", "/api/v1/me", made.Text, ""); r.Code != 401 {
		t.Errorf("revoked: %d", r.Code)
	}
	for body, want := range map[string]string{
		`{"name":"x","role":"admin","scopes":["calls"]}`:    "scopes",
		`{"name":"x","role":"agent"}`:                       "agent",
		`{"name":"x","role":"supervisor","teams":["dusk"]}`: "teams",
	} {
		if p := read[problem](t, ask(s, "POST", "/api/v1/tokens", admin, body), 400); p.Field != want {
			t.Errorf("%s: %+v", body, p)
		}
	}
	narrow := w.token(records.Token{Name: "narrow", Role: "admin", Scopes: []string{"tokens:write"}})
	if r := ask(s, "POST", "/api/v1/tokens", narrow, `{"name":"x","role":"admin"}`); r.Code != 403 {
		t.Errorf("a narrowed token makes one that is not: %d", r.Code)
	}
}

// A screen shows a code; who types it in lets it look on, and nothing else.
func TestDisplaysAreLetInByACode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	claim := func(secret string) (int, string) {
		t.Helper()
		r := ask(s, "POST", "/api/v1/display_claims", "", fmt.Sprintf(`{"secret":%q}`, secret))
		if r.Code != 200 {
			return r.Code, ""
		}
		return r.Code, cookieOf(r.Result())
	}
	ours := w.token(records.Token{Name: "boss", Role: "supervisor", Teams: []string{"sales"}})
	shown := read[wire.DisplayCode](t, ask(s, "POST", "/api/v1/display_codes", "", ""), 200)
	if code, _ := claim(shown.Secret); code != 202 {
		t.Errorf("before: %d", code)
	}
	for _, row := range []struct {
		token, body string
		want        int
	}{
		{w.tokens[wire.RoleAgent], `{"code":"%s","name":"hall"}`, 403},
		{w.tokens[wire.RoleSupervisor], `{"code":"AAAA-AAAA","name":"hall"}`, 400},
		{w.tokens[wire.RoleSupervisor], `{"code":"%s","name":"hall","teams":["dusk"]}`, 400},
		{ours, `{"code":"%s","name":"hall","teams":["support"]}`, 403},
		{ours, `{"code":"%s","name":"hall"}`, 200},
	} {
		if r := ask(s, "POST", "/api/v1/displays", row.token, strings.Replace(row.body, "%s", shown.Code, 1)); r.Code != row.want {
			t.Errorf("%s: %d %s, want %d", row.body, r.Code, r.Body, row.want)
		}
	}
	_, cookie := claim(shown.Secret)
	me := read[wire.Me](t, ask(s, "GET", "/api/v1/me", "", "", "Cookie", cookie), 200)
	if me.Role != wire.RoleWallboard || strings.Join(me.Teams, " ") != "sales" || !me.ExpiresAt.Equal(noon.Add(displayHolds)) {
		t.Errorf("the screen is %+v", me)
	}
	// It sees what the teams do, and none of their callers.
	if r := ask(s, "GET", "/api/v1/calls", "", "", "Cookie", cookie); r.Code != 200 || strings.Contains(r.Body.String(), "600123") || strings.Contains(r.Body.String(), `"Ana"`) {
		t.Errorf("the screen sees %d %s", r.Code, r.Body)
	}
	if r := ask(s, "POST", "/api/v1/calls/c1/hangup", "", "", "Cookie", cookie); r.Code != 403 {
		t.Errorf("the screen hangs up: %d", r.Code)
	}
	admin := w.tokens[wire.RoleAdmin]
	list := read[wire.DisplayPage](t, ask(s, "GET", "/api/v1/displays", admin, ""), 200).Items
	if len(list) != 1 || list[0].Name != "hall" {
		t.Fatalf("displays %+v", list)
	}
	if r := ask(s, "DELETE", "/api/v1/tokens/"+list[0].ID, admin, ""); r.Code != 404 {
		t.Errorf("a display among the tokens: %d", r.Code)
	}
	if r := ask(s, "DELETE", "/api/v1/displays/"+list[0].ID, admin, ""); r.Code != 204 {
		t.Errorf("removing: %d %s", r.Code, r.Body)
	}
	if r := ask(s, "GET", "/api/v1/me", "", "", "Cookie", cookie); r.Code != 401 {
		t.Errorf("a removed screen: %d", r.Code)
	}
	for range badTokens + 1 {
		ask(s, "POST", "/api/v1/display_codes", "", "")
	}
	if r := ask(s, "POST", "/api/v1/display_codes", "", ""); r.Code != 429 {
		t.Errorf("codes without end: %d", r.Code)
	}
}
