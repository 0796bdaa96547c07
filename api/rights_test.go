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
	if got := strings.Join(me.Permissions, " "); got != "beginTOTP changePassword confirmTOTP endOtherSessions endOwnSession getMe getPreferences getQueue getTOTP listQueues listSessions listWaiting putPreferences removeTOTP replaceRecoveryCodes" {
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

// TestASupervisorOfTeams has the rights of the role over the people of the teams, and over nothing of others.
func TestASupervisorOfTeams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	of := func(teams ...string) string {
		return w.token(records.Token{Name: strings.Join(teams, "+"), Role: string(wire.RoleSupervisor), Teams: teams})
	}
	ours, theirs, nobodys, both, all := of("sales"), of("support"), of("gone"), of("sales", "support"), w.tokens[wire.RoleSupervisor]
	w.agents.answer = orchestrator.AgentAnswer{Result: orchestrator.AgentOK, Agent: "101", State: "paused"}
	const audio, report = "/recordings/op-p1-r1/audio", "/reports/agents?from=2026-03-02T00:00:00Z"
	for _, r := range []struct {
		token, request, path, body string
		want                       int
		told                       string
	}{
		{ours, "POST", "/agents/101/pause", `{"reason":"x"}`, 200, ""},
		{theirs, "POST", "/agents/101/pause", `{"reason":"x"}`, 403, `the token is bound to team "support", and this is agent "101"'s, who is in team "sales"`},
		{all, "POST", "/agents/101/pause", `{"reason":"x"}`, 200, ""},
		{nobodys, "POST", "/agents/103/pause", `{"reason":"x"}`, 403, `who is in no team`},
		{ours, "GET", "/agents/102/states", "", 403, `agent "102"'s, who is in team "support"`},
		{theirs, "GET", "/agents/101", "", 200, ""},
		{ours, "POST", "/calls/c1/hangup", "", 202, ""},
		{theirs, "POST", "/calls/c1/hangup", "", 403, `agent "101"'s`},
		{both, "POST", "/calls/c1/hangup", "", 202, ""},
		{ours, "POST", "/calls/c2/move", `{"front":true,"reason":"x"}`, 202, ""}, // it waits in sales
		{theirs, "POST", "/calls/c2/move", `{"front":true,"reason":"x"}`, 403, `the call is in no queue that it serves`},
		{ours, "POST", "/calls/c1/supervise", `{"mode":"listen","supervisor":"102"}`, 202, ""},
		{theirs, "POST", "/calls/c1/supervise", `{"mode":"listen","supervisor":"102"}`, 403, `agent "101"'s`},
		{theirs, "POST", "/calls/c1/leave", `{"supervisor":"102"}`, 403, `agent "101"'s`},
		{theirs, "POST", "/recordings/" + liveRec + "/mute", "", 403, `agent "101"'s`},
		{ours, "GET", audio, "", 200, ""},
		{theirs, "GET", audio, "", 403, `agent "101"'s`},
		{theirs, "HEAD", audio, "", 403, ""},
		{theirs, "GET", "/recordings/op-p1-r1", "", 403, `agent "101"'s`},
		{theirs, "GET", "/recordings?agent=101", "", 403, `agent "101"'s`},
		{ours, "GET", report, "", 200, ""},
		{ours, "GET", report + "&team=sales", "", 200, ""},
		{ours, "GET", report + "&team=support", "", 403, `the token is bound to team "sales", and not to team "support"`},
		{ours, "GET", report + "&agent=102", "", 403, `agent "102"'s`},
		{both, "GET", report, "", 403, `the token is bound to teams sales, support: name one of them (team)`},
		{both, "GET", report + "&team=support", "", 200, ""},
		{ours, "GET", "/contacts.csv?agent=101", "", 200, ""},
		{ours, "GET", "/contacts.csv", "", 403, `name one of its agents (agent)`},
		{theirs, "GET", "/contacts.csv?agent=101", "", 403, `agent "101"'s`},
		{ours, "GET", "/contacts?agent=101&caller=600123456", "", 200, ""},
		{ours, "GET", "/contacts?caller=600123456", "", 403, `name one of its agents`},
		{theirs, "GET", "/contacts?agent=101&caller=600123456", "", 403, `agent "101"'s`},
		{ours, "GET", "/contacts?agent=101&lead=l1", "", 200, ""},
		{ours, "GET", "/contacts?lead=l1", "", 403, `name one of its agents`},
		{theirs, "GET", "/contacts?agent=101&lead=l1", "", 403, `agent "101"'s`},
		{ours, "GET", "/queue_log?from=2026-03-02T00:00:00Z", "", 403, `the token is bound to team "sales", and this is of the whole centre`},
		{ours, "GET", "/logbook?from=2026-03-02T00:00:00Z&to=2026-03-02T01:00:00Z", "", 403, `of the whole centre`},
		{ours, "GET", "/do_not_call", "", 403, `of the whole centre`},
		{ours, "GET", "/campaigns/march", "", 200, ""},
		{ours, "GET", "/campaigns/march/preview", "", 200, ""},
		{ours, "POST", "/campaigns/march/orders", `{"do":"start"}`, 200, ""},
		{ours, "GET", "/campaigns/gone", "", 403, `campaign "gone" is of no queue that it serves`},
		{theirs, "GET", "/campaigns/march", "", 403, `the token is bound to team "support", and campaign "march" is of no queue that it serves`},
		{theirs, "GET", "/campaigns/march/preview", "", 403, `of no queue that it serves`},
		{theirs, "POST", "/campaigns/march/orders", `{"do":"start"}`, 403, `of no queue that it serves`},
		{theirs, "POST", "/campaigns/march/appointments", `{"lead":"1","at":"2030-01-01T10:00:00Z"}`, 403, `of no queue that it serves`},
		{theirs, "DELETE", "/campaigns/march/appointments/1", "", 403, `of no queue that it serves`},
		{all, "GET", "/campaigns/gone", "", 404, ""},
	} {
		got := ask(s, r.request, "/api/v1"+r.path, r.token, r.body)
		if got.Code != r.want || r.told != "" && !strings.Contains(strings.ReplaceAll(got.Body.String(), `\"`, `"`), r.told) {
			t.Errorf("%s %s: %d, want %d: %s\nlacks %s", r.request, r.path, got.Code, r.want, got.Body, r.told)
		}
	}
	for token, want := range map[string]int{ours: 1, theirs: 0, both: 1, all: 1} {
		if n := len(read[wire.CampaignList](t, ask(s, "GET", "/api/v1/campaigns", token, ""), 200).Items); n != want {
			t.Errorf("%d campaigns, want %d", n, want)
		}
	}
	count := func(token string) int {
		return len(read[wire.RecordingPage](t, ask(s, "GET", "/api/v1/recordings", token, ""), 200).Items)
	}
	if a, b, c := count(ours), count(theirs), count(nobodys); a != 2 || b != 0 || c != 0 {
		t.Errorf("recordings: %d, %d, %d", a, b, c)
	}
	for token, want := range map[string]string{ours: "+34600123456", theirs: "***456", both: "+34600123456"} {
		v := read[wire.CallView](t, ask(s, "GET", "/api/v1/calls/c1", token, ""), 200)
		p := read[wire.ContactView](t, ask(s, "GET", "/api/v1/contacts/p1", token, ""), 200)
		if v.Caller.Number != want || p.Caller.Number != want {
			t.Errorf("the caller of c1 is %q, of p1 %q, want %s", v.Caller.Number, p.Caller.Number, want)
		}
		if told := ask(s, "GET", "/api/v1/contacts/p1", token, "").Body.String(); strings.Contains(told, "4111") != (want[0] == '+') {
			t.Errorf("what the caller keyed in: %s", told)
		}
	}
	me := read[wire.Me](t, ask(s, "GET", "/api/v1/me", ours, ""), 200)
	if got := strings.Join(me.Permissions, " "); strings.Join(me.Teams, " ") != "sales" || strings.Contains(got, "getQueueLog") || !strings.Contains(got, "pauseAgent") {
		t.Errorf("teams %v, permissions %s", me.Teams, got)
	}
}

// TestTheStreamOfASupervisorOfTeams tells all of the teams' calls, and masks what is of others.
func TestTheStreamOfASupervisorOfTeams(t *testing.T) {
	t.Parallel()
	s := newWorld(t).server()
	summary := orchestrator.CallSummary{Call: "c1", Agent: "101", Caller: orchestrator.Party{Number: "+34600123456"}}
	e := entry("1-1", orchestrator.EntryCallEnded, "c1", "101", summary)
	live := wire.LiveCall{Serving: "101", CallSummary: wire.CallSummary{Caller: wire.Party{Number: "+34600123456"}}, Supervisors: []wire.Supervision{{Supervisor: "103"}}}
	for team, want := range map[string]bool{"sales": true, "support": false} {
		a := s.audienceOf(records.Identity{Role: string(wire.RoleSupervisor), Teams: []string{team}})
		if got := strings.Contains(string(a.frame(newItem(e))), "+34600123456"); got != want {
			t.Errorf("%s: the stream tells the number: %v", team, got)
		}
		if v := a.live(live); (v.Caller.Number == "+34600123456") != want || (len(v.Supervisors) > 0) != want {
			t.Errorf("%s: %+v", team, v)
		}
		snap, err := a.callsOf([]wire.LiveCall{live})
		if err != nil || strings.Contains(string(snap), "+34600123456") != want {
			t.Errorf("%s: the snapshot is %s, %v", team, snap, err)
		}
	}
}
