package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/records"
)

// Logging out ends what the page had open, and nothing of another page.
func TestLogoutEndsThePagesStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	url := w.started(s)
	ready(t, s)
	open := func() (cookie string, body *http.Response) {
		t.Helper()
		r := ask(s, "POST", "/api/v1/session", "", `{"token":"`+w.tokens[wire.RoleSupervisor]+`"}`)
		cookie = sessionCookie + "=" + r.Result().Cookies()[0].Value
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
		return cookie, res
	}
	first, _ := open()
	open()
	await(t, func() bool { return s.doors.size() == 2 })
	if r := ask(s, "DELETE", "/api/v1/session", "", "", "Cookie", first); r.Code != 204 {
		t.Fatal(r.Code)
	}
	await(t, func() bool { return s.doors.size() == 1 })
	if r := ask(s, "DELETE", "/api/v1/session", "", "", "Cookie", first); r.Code != 204 {
		t.Errorf("logging out twice: %d", r.Code)
	}
}

// A token may be narrowed, never widened.
func TestScopesNarrowATokensRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for _, r := range []struct {
		role          wire.Role
		scopes        string
		request, path string
		want          int
	}{
		{wire.RoleAdmin, "calls:read", "GET", "/calls", 200},
		{wire.RoleAdmin, "calls:read", "GET", "/queues", 403},
		{wire.RoleAdmin, "calls:read", "POST", "/calls/c1/hangup", 403},
		{wire.RoleAdmin, "calls:write", "POST", "/calls/c1/hangup", 202},
		{wire.RoleAdmin, "calls:write", "GET", "/calls", 200},
		{wire.RoleAdmin, "*:read", "GET", "/audit", 200},
		{wire.RoleAdmin, "*:read", "POST", "/agents/101/pause", 403},
		{wire.RoleWallboard, "*:write", "POST", "/calls/c1/hangup", 403},
		{wire.RoleAdmin, "nonsense", "GET", "/calls", 403},
		{wire.RoleAdmin, "calls:all", "GET", "/calls", 403},
		{wire.RoleAdmin, "queues:read calls:read", "GET", "/me", 200},
	} {
		token := w.token(records.Token{Name: "narrow", Role: string(r.role), Scopes: strings.Fields(r.scopes)})
		if got := ask(s, r.request, "/api/v1"+r.path, token, ""); got.Code != r.want {
			t.Errorf("%s with %q: %s %s: %d, want %d", r.role, r.scopes, r.request, r.path, got.Code, r.want)
		}
	}
	me := read[wire.Me](t, ask(s, "GET", "/api/v1/me", w.token(records.Token{Name: "n", Role: "admin", Scopes: []string{"queues:read"}}), ""), 200)
	if got := strings.Join(me.Permissions, " "); got != "getMe getQueue listQueues listWaiting" {
		t.Errorf("permissions: %s", got)
	}
	for word, good := range map[string]bool{"calls:read": true, "*:write": true, "calls": false, "call:read": false, "calls:read:x": false, "": false} {
		if err := CheckScope(word); (err == nil) != good {
			t.Errorf("scope %q: %v", word, err)
		}
	}
}

// One token cannot fill the audit log, and what is refused leaves nothing long in it.
func TestAuditIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	admin := w.tokens[wire.RoleAdmin]
	for _, path := range []string{"/agents/101/pause", "/agents/101/dispose", "/agents/101/login"} {
		for _, field := range []string{"reason", "disposition", "endpoint"} {
			ask(s, "POST", "/api/v1"+path, admin, `{"`+field+`":"`+strings.Repeat("x", 900_000)+`"}`)
		}
	}
	ask(s, "POST", "/api/v1/agents/"+strings.Repeat("9", 50_000)+"/pause", admin, "")
	refused := 0
	for i := range changesAtOnce + 20 {
		if r := ask(s, "POST", fmt.Sprintf("/api/v1/agents/%d/resume", i), admin, ""); r.Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("one token may write without end")
	}
	if r := ask(s, "GET", "/api/v1/queues", admin, ""); r.Code != 200 {
		t.Errorf("reading is refused too: %d", r.Code)
	}
	if err := w.db.Audit(t.Context(), records.AuditLine{Who: strings.Repeat("é", 5000), Detail: strings.Repeat("x", 900_000), Object: strings.Repeat("x", 900_000)}); err != nil {
		t.Fatal(err)
	}
	for cursor := ""; ; {
		list, next, err := w.db.AuditLog(t.Context(), records.AuditFilter{Cursor: cursor, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			if n := len(l.Who) + len(l.Role) + len(l.IP) + len(l.RequestID) + len(l.Action) + len(l.Object) + len(l.Detail); n > 3000 {
				t.Errorf("a line of %d bytes: %s", n, l.Action)
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
}

// Whose phone merely rings does not talk with the caller yet, and has no say over the call.
func TestWhosePhoneRingsMayNotHangUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	ringing := w.calls.calls[1]
	ringing.Call, ringing.State = "c3", call.StateOffered
	ringing.Legs = append(ringing.Legs[:1:1], call.Leg{Role: call.RoleAgent, Channel: "op-c3-a1", State: call.LegRinging, Offer: &orchestrator.Offer{Agent: "101"}})
	past := w.calls.calls[0] // 101 has served it, and it is in a flow again
	past.Call, past.State, past.Legs = "c4", call.StateInFlow, past.Legs[:1:1]
	asked := w.calls.calls[0] // 102 talks with the caller, and asks 101
	asked.Call, asked.Agent = "c5", "102"
	asked.Legs = append(asked.Legs[:1:1], call.Leg{Role: call.RoleAgent, Channel: "op-c5-a1", State: call.LegJoined, Offer: &orchestrator.Offer{Agent: "102"}},
		call.Leg{Role: call.RoleConsult, Channel: "op-c5-c2", State: call.LegRinging, Offer: &orchestrator.Offer{Agent: "101"}})
	w.calls.set(append(w.calls.calls, ringing, past, asked)...)
	for id, want := range map[string]int{"c1": 202, "c3": 403, "c4": 403, "c5": 403} {
		if r := ask(s, "POST", "/api/v1/calls/"+id+"/hangup", w.tokens[wire.RoleAgent], ""); r.Code != want {
			t.Errorf("%s: %d, want %d: %s", id, r.Code, want, r.Body)
		}
		if r := ask(s, "GET", "/api/v1/calls/"+id, w.tokens[wire.RoleAgent], ""); r.Code != 200 {
			t.Errorf("seeing %s: %d", id, r.Code)
		}
	}
	if len(w.engine.orders) != 1 {
		t.Errorf("orders: %v", w.engine.orders)
	}
}

// A login that names a phone is a login there, or none.
func TestLoginWithAnotherPhoneIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for body, want := range map[string]string{`{"endpoint":"PJSIP/101","pbx":"main"}`: "", `{"endpoint":"PJSIP/101"}`: "", `{}`: "",
		`{"endpoint":"PJSIP/105"}`: "endpoint", `{"endpoint":"PJSIP/101","pbx":"other"}`: "pbx"} {
		w.agents.asked = nil
		r := ask(s, "POST", "/api/v1/agents/101/login", w.tokens[wire.RoleAgent], body)
		if want == "" {
			if r.Code != 200 || len(w.agents.asked) != 1 {
				t.Errorf("%s: %d %s", body, r.Code, r.Body)
			}
			continue
		}
		if p := read[problem](t, r, 409); p.Code != wire.ProblemCodeElsewhere || p.Field != want || len(w.agents.asked) != 0 {
			t.Errorf("%s: %+v", body, p)
		}
	}
}

// A call that cannot be read hides no other, is told of once and counted.
func TestOneCorruptCallStopsNoList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.parts.Calls = corruptCalls{w.calls}
	s := w.server()
	for range 5 {
		if list := read[wire.LiveCallPage](t, ask(s, "GET", "/api/v1/calls", w.tokens[wire.RoleAdmin], ""), 200); len(list.Items) != 2 {
			t.Errorf("%d calls", len(list.Items))
		}
	}
	if n := strings.Count(w.log.String(), "a live call cannot be read"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if !strings.Contains(scrapeAll(t, s), "operadora_api_unreadable_calls 1\n") {
		t.Error("not counted")
	}
}
