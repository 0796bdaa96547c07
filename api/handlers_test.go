package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// TestHowOldAnAnswerMayBe: numbers are shared by all who ask within their age; a
// stream begins with the present, and agents and who waits are read as they are.
func TestHowOldAnAnswerMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	w.started(s)
	rows := []struct {
		path string
		want []time.Duration
	}{
		{"/api/v1/agents", nil},
		{"/api/v1/queues", []time.Duration{time.Second}},
		{"/api/v1/queues/sales", []time.Duration{time.Second}},
		{"/api/v1/queues/sales/waiting", nil},
		{"/metrics", []time.Duration{5 * time.Second}},
		{"/api/v1/agents/101", nil},
	}
	for _, r := range rows {
		if got := ask(s, "GET", r.path, w.tokens[wire.RoleWallboard], ""); got.Code != 200 {
			t.Errorf("%s: %d", r.path, got.Code)
		}
		if diff := cmp.Diff(r.want, w.floor.asked()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.path, diff)
		}
	}
	if _, err := s.snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{0}, w.floor.asked()); diff != "" {
		t.Errorf("a stream's snapshot (-want +got):\n%s", diff)
	}
}

func TestExplainAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for _, role := range []wire.Role{wire.RoleSupervisor, wire.RoleAgent} { // the agent's token is 101's
		got := read[wire.Explanation](t, ask(s, "GET", "/api/v1/agents/101/explain?call=c7", w.tokens[role], ""), 200)
		if len(got.Findings) != 1 || got.Findings[0].Code != wire.FindingCodeMatch || got.Findings[0].Text["en"] != "c7 for 101" {
			t.Errorf("%s: %+v", role, got)
		}
	}
	for path, want := range map[string]int{"/api/v1/agents/999/explain": 404, "/api/v1/agents/999/states": 404, "/api/v1/agents/101/states": 200, "/api/v1/agents/101/explain?calls=c7": 400} {
		if got := ask(s, "GET", path, w.tokens[wire.RoleAdmin], ""); got.Code != want {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
	if got := ask(s, "GET", "/api/v1/agents/102/explain", w.tokens[wire.RoleAgent], ""); got.Code != 403 {
		t.Errorf("of another agent: %d", got.Code)
	}
}

func TestAgentCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	rows := []struct {
		op, body string
		want     orchestrator.AgentCommand
	}{
		{"login", `{"endpoint":"PJSIP/101","pbx":"main"}`, orchestrator.AgentCommand{Op: orchestrator.AgentLogin}},
		{"login", "", orchestrator.AgentCommand{Op: orchestrator.AgentLogin}},
		{"logout", "{}", orchestrator.AgentCommand{Op: orchestrator.AgentLogout}},
		{"pause", `{"reason":"lunch"}`, orchestrator.AgentCommand{Op: orchestrator.AgentPause, Reason: "lunch"}},
		{"resume", "", orchestrator.AgentCommand{Op: orchestrator.AgentResume}},
		{"extend", "", orchestrator.AgentCommand{Op: orchestrator.AgentExtend}},
		{"dispose", `{"disposition":"sale"}`, orchestrator.AgentCommand{Op: orchestrator.AgentDispose, Disposition: "sale"}},
	}
	for _, r := range rows {
		w.agents.asked = nil
		got := read[wire.AgentCommandAnswer](t, ask(s, "POST", "/api/v1/agents/101/"+r.op, w.tokens[wire.RoleAgent], r.body), 200)
		if got != (wire.AgentCommandAnswer{Result: "ok", Agent: "101", State: "available"}) {
			t.Errorf("%s: %+v", r.op, got)
		}
		r.want.Agent, r.want.Trusted, r.want.By = "101", true, "api:test agent"
		if diff := cmp.Diff([]orchestrator.AgentCommand{r.want}, w.agents.asked); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.op, diff)
		}
	}
	w.agents.asked = nil
	if p := read[problem](t, ask(s, "POST", "/api/v1/agents/101/pause", w.tokens[wire.RoleAgent], `{"reason":"lunch","override":true}`), 403); !strings.Contains(p.Detail, "override") || len(w.agents.asked) > 0 {
		t.Errorf("an agent lets itself: %+v, %v", p, w.agents.asked)
	}
	w.agents.answer = orchestrator.AgentAnswer{Result: orchestrator.AgentOK, State: "paused", Over: "times"}
	got := read[wire.AgentCommandAnswer](t, ask(s, "POST", "/api/v1/agents/101/pause", w.tokens[wire.RoleSupervisor], `{"reason":"lunch","override":true}`), 200)
	if got.Over != wire.PauseLimitTimes || !w.agents.asked[0].Override {
		t.Errorf("a supervisor's override: %+v, %+v", got, w.agents.asked)
	}
	for result, status := range map[orchestrator.AgentResult]int{"ok": 200, "later": 202, "unknown": 404, "bad_pin": 403, "already": 409,
		"not_logged_in": 409, "elsewhere": 409, "nothing": 409, "bad_reason": 400, "used_up": 409, "no_more": 409, "too_many": 409, "bad_disposition": 400, "never heard of": 500} {
		w.agents.answer.Result = result
		r := ask(s, "POST", "/api/v1/agents/101/pause", w.tokens[wire.RoleAdmin], `{"reason":"siesta"}`)
		if r.Code != status {
			t.Errorf("result %s: %d, want %d", result, r.Code, status)
		}
		if result == "already" {
			if p := read[problem](t, r, 409); p.Detail != "the agent is paused already" {
				t.Errorf("already: %+v", p)
			}
		}
		if result == "bad_reason" {
			if p := read[problem](t, r, 400); p.Field != "reason" || p.Code != wire.ProblemCodeBadReason || p.Value != "siesta" || !strings.Contains(p.Detail, `"siesta"`) {
				t.Errorf("a bad reason: %+v", p)
			}
		}
	}
	log := read[wire.AuditLinePage](t, ask(s, "GET", "/api/v1/audit?action=agent.dispose", w.tokens[wire.RoleAdmin], ""), 200)
	if len(log.Items) != 1 || log.Items[0].Object != "101" || log.Items[0].Detail != "sale; ok: talking -> available" || log.Items[0].Role != "agent" || log.Items[0].RequestID == "" {
		t.Errorf("audit: %+v", log.Items)
	}
}

func TestBadRequestsNameTheFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for _, r := range []struct {
		body string
		want problem
	}{
		{`{"reason":7}`, problem{Code: "wrong_type", Field: "reason", Value: "7", Detail: "reason: is a number, and must be text"}},
		{`{"reason":null}`, problem{Code: "wrong_type", Field: "reason", Detail: "reason: is null, and must be text"}},
		{`{"raison":"x"}`, problem{Code: "unknown_field", Field: "raison", Detail: "raison: is not a member that this takes"}},
		{`{"Reason":"x"}`, problem{Code: "unknown_field", Field: "Reason", Detail: "Reason: is not a member that this takes"}},
		{`{"reason":"` + strings.Repeat("x", 65) + `"}`, problem{Code: "too_long", Field: "reason", Value: strings.Repeat("x", 60) + "…", Detail: `reason: "` + strings.Repeat("x", 60) + `…" is longer than 64 characters`}},
		{`{"reason":"x"} {}`, problem{Code: "malformed", Field: "body", Detail: "body: holds more than one JSON value"}},
		{`{"reason":`, problem{Code: "malformed", Field: "body", Detail: "body: is not JSON: it ends too early"}},
		{`{"reason" "x"}`, problem{Code: "malformed", Field: "body", Detail: "body: is not JSON: invalid character '\"' after object key at byte 11"}},
		{`["x"]`, problem{Code: "wrong_type", Field: "body", Detail: "body: is a list, and must be an object"}},
		{strings.Repeat("[", 20_000), problem{Code: "malformed", Field: "body"}},
		{"\x00\xff", problem{Code: "malformed", Field: "body", Detail: "body: is not JSON: invalid character '\\x00' looking for beginning of value at byte 1"}},
	} {
		p := read[problem](t, ask(s, "POST", "/api/v1/agents/101/pause", w.tokens[wire.RoleAdmin], r.body), 400)
		if r.want.Detail == "" {
			p.Detail = ""
		}
		r.want.Status, r.want.Title, r.want.RequestID = 400, "Bad Request", p.RequestID
		if p != r.want || p.RequestID == "" {
			t.Errorf("%.40q: %+v", r.body, p)
		}
	}
	r := ask(s, "POST", "/api/v1/agents/101/pause", w.tokens[wire.RoleAdmin], "reason=x", "Content-Type", "application/x-www-form-urlencoded")
	if r.Code != 415 || r.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("a form: %d %s", r.Code, r.Header())
	}
	for path, field := range map[string]string{"/agents/101/dispose": "body", "/agents/101/resume": ""} {
		if r := ask(s, "POST", "/api/v1"+path, w.tokens[wire.RoleAdmin], ""); (r.Code == 400) != (field != "") {
			t.Errorf("%s without a body: %d", path, r.Code)
		}
	}
	if r := ask(s, "POST", "/api/v1/agents/101/resume", w.tokens[wire.RoleAdmin], `{"x":1}`); r.Code != 400 {
		t.Errorf("a member where none is taken: %d", r.Code)
	}
	if len(w.agents.asked) != 1 {
		t.Errorf("a bad body was acted upon: %+v", w.agents.asked)
	}
	for query, want := range map[string]string{"limit=0": "out_of_range limit", "limit=9999": "out_of_range limit", "limit=x": "wrong_type limit",
		"limit=": "wrong_type limit", "from=yesterday": "bad_format from", "from=0001-01-01T00:00:00Z": "bad_format from", "from=1772445600000": "bad_format from", "from=2026-02-31T00:00:00Z": "bad_format from",
		"quene=x": "unknown_field quene", "limit=5&limit=6": "repeated limit", "queue=" + strings.Repeat("x", 300): "too_long queue",
		"outcome=bliss": "not_one_of outcome", "kind=x": "not_one_of kind", "queue=": "too_short queue", "%zz": "malformed query"} {
		p := read[problem](t, ask(s, "GET", "/api/v1/contacts?"+query, w.tokens[wire.RoleAdmin], ""), 400)
		if got := string(p.Code) + " " + p.Field; got != want {
			t.Errorf("%s: %+v", query, p)
		}
	}
	for _, day := range []string{"2026-02-30", "today", "", "2026-03-02T00:00:00Z"} {
		p := read[problem](t, ask(s, "GET", "/api/v1/sheet?queue=sales&day="+url.QueryEscape(day), w.tokens[wire.RoleAdmin], ""), 400)
		if p.Code != "bad_format" || p.Field != "day" || p.Value != day {
			t.Errorf("day %q: %+v", day, p)
		}
	}
	if p := read[problem](t, ask(s, "GET", "/api/v1/contacts?limit=999999999", w.tokens[wire.RoleAdmin], ""), 400); p.Detail != "limit: 999999999 is not within 1 to 500" {
		t.Errorf("a number far too high: %+v", p)
	}
	for _, path := range []string{"/contacts", "/agents", "/queues", "/calls", "/queues/sales/waiting", "/audit", "/recordings", "/agents/101/states"} {
		if p := read[problem](t, ask(s, "GET", "/api/v1"+path+"?cursor=z!z", w.tokens[wire.RoleAdmin], ""), 400); !strings.HasPrefix(p.Detail, "cursor:") {
			t.Errorf("%s with a made-up cursor: %+v", path, p)
		}
	}
}

// No message shows how the program is made.
func TestMessagesShowNoGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for _, body := range []string{`{"reason":7}`, `{"reason":[]}`, `[]`, `7`, `"x"`, `null`, `{"reason":{}}`, `{"reason":true}`, `{"disposition":1.5}`, `{}`} {
		for _, op := range []string{"pause", "login", "dispose", "logout"} {
			got := ask(s, "POST", "/api/v1/agents/101/"+op, w.tokens[wire.RoleAdmin], body).Body.String()
			for _, word := range []string{"struct", "int64", "float64", "json:", "interface", "map[", "Go ", "unmarshal", "wire."} {
				if strings.Contains(got, word) {
					t.Errorf("%s %s: %s", op, body, got)
				}
			}
		}
	}
}

// Every list is cut into pages, and the pages together are the list.
func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var agents []wire.Agent
	for i := range 7 {
		agents = append(agents, wire.Agent{ID: fmt.Sprint(109 - i), State: wire.AgentStateOffline})
	}
	w.floor.set(FloorState{Agents: agents})
	s := w.server()
	var got []string
	for cursor, pages := "", 1; ; pages++ {
		p := read[wire.AgentPage](t, ask(s, "GET", "/api/v1/agents?limit=3&cursor="+cursor, w.tokens[wire.RoleWallboard], ""), 200)
		for _, a := range p.Items {
			got = append(got, a.ID)
		}
		if cursor = p.Next; cursor == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if diff := cmp.Diff([]string{"103", "104", "105", "106", "107", "108", "109"}, got); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
}

func TestErrorsKeepTheirSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	rows := []struct {
		err    error
		status int
		detail string
	}{
		{fault.New("acd.Floor", fault.NotFound, "no queue"), 404, "no queue"},
		{fault.New("acd.Floor", fault.Invalid, "bad"), 400, "bad"},
		{fault.New("acd.Floor", fault.Conflict, "busy"), 409, "busy"},
		{fault.New("acd.Floor", fault.Denied, "policy"), 403, "policy"},
		{fault.New("redis", fault.Unavailable, "dial 10.0.0.7:6379 refused"), 503, "a part that this needs does not answer; try again"},
		{errors.New("secret"), 500, "a fault of operadora; its log tells more under the request id"},
	}
	for _, r := range rows {
		w.floor.fail(r.err)
		got := ask(s, "GET", "/api/v1/queues", w.tokens[wire.RoleAdmin], "", "X-Request-Id", "my-id.1")
		p := read[problem](t, got, r.status)
		if p.Detail != r.detail || p.RequestID != "my-id.1" || p.Status != r.status {
			t.Errorf("%v: %+v", r.err, p)
		}
	}
	if !strings.Contains(w.log.String(), "secret") || !strings.Contains(w.log.String(), "request=my-id.1") {
		t.Errorf("the log does not tell: %s", w.log)
	}
	w.agents.panics = true
	r := ask(s, "POST", "/api/v1/agents/101/resume", w.tokens[wire.RoleAdmin], "")
	if r.Code != 500 || strings.Contains(r.Body.String(), "secret detail") || strings.Contains(r.Body.String(), "goroutine") {
		t.Errorf("a panic: %d %s", r.Code, r.Body)
	}
	if !strings.Contains(w.log.String(), "a secret detail") {
		t.Error("the panic is not in the log")
	}
	if p := read[problem](t, ask(s, "GET", "/api/v1/nowhere", w.tokens[wire.RoleAdmin], ""), 404); p.Title != "Not Found" {
		t.Errorf("no such route: %+v", p)
	}
	if r := ask(s, "PUT", "/api/v1/queues", w.tokens[wire.RoleAdmin], ""); r.Code != 405 || !strings.Contains(r.Header().Get("Allow"), "GET") {
		t.Errorf("no such method: %d %v", r.Code, r.Header())
	}
	for _, bad := range []string{"", "a b", strings.Repeat("x", 65), "x\"y"} {
		if got := ask(s, "GET", "/livez", "", "", "X-Request-Id", bad).Header().Get("X-Request-Id"); len(got) != 26 {
			t.Errorf("request id %q became %q", bad, got)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	s := newWorld(t).server()
	for _, path := range []string{"/livez", "/docs", "/nowhere", "/api/v1/queues"} {
		h := ask(s, "GET", path, "", "").Header()
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Request-Id") == "" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestCallsAndOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	list := read[wire.LiveCallPage](t, ask(s, "GET", "/api/v1/calls", w.tokens[wire.RoleSupervisor], ""), 200)
	if len(list.Items) != 2 || list.Items[0].ID != "c1" || list.Items[0].Node != "main/sales" || list.Items[0].Serving != "101" ||
		list.Items[0].LiveRecording.ID != liveRec || list.Items[1].WaitSince.IsZero() {
		t.Errorf("calls: %+v", list.Items)
	}
	if got := read[wire.LiveCallPage](t, ask(s, "GET", "/api/v1/calls?state=waiting", w.tokens[wire.RoleSupervisor], ""), 200); len(got.Items) != 1 {
		t.Errorf("waiting: %+v", got.Items)
	}
	if got := read[wire.LiveCallPage](t, ask(s, "GET", "/api/v1/calls", w.tokens[wire.RoleAgent], ""), 200); len(got.Items) != 1 || got.Items[0].ID != "c1" {
		t.Errorf("an agent's calls: %+v", got.Items)
	}
	view := read[wire.CallView](t, ask(s, "GET", "/api/v1/calls/c1", w.tokens[wire.RoleSupervisor], ""), 200)
	if len(view.Timeline) != 1 || view.Caller.Number != "+34600123456" {
		t.Errorf("call: %+v", view)
	}
	if r := ask(s, "POST", "/api/v1/calls/c2/hangup", w.tokens[wire.RoleAgent], ""); r.Code != 403 {
		t.Errorf("an agent ends another's call: %d", r.Code)
	}
	if got := read[wire.Ordered](t, ask(s, "POST", "/api/v1/calls/c1/hangup", w.tokens[wire.RoleAgent], ""), 202); got != (wire.Ordered{Call: "c1", Order: "hangup"}) {
		t.Errorf("hangup: %+v", got)
	}
	read[wire.Ordered](t, ask(s, "POST", "/api/v1/recordings/"+liveRec+"/mute", w.tokens[wire.RoleAgent], ""), 202)
	read[wire.Ordered](t, ask(s, "POST", "/api/v1/recordings/"+liveRec+"/unmute", w.tokens[wire.RoleSupervisor], ""), 202)
	if diff := cmp.Diff([]string{"c1 hangup by api:test agent as 101", "c1 mute " + liveRec + " by api:test agent as 101", "c1 unmute " + liveRec + " by api:test supervisor"}, w.engine.orders); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	for path, want := range map[string]int{"/api/v1/recordings/op-c1-r9/mute": 409, "/api/v1/recordings/op-p1-r1/mute": 404,
		"/api/v1/recordings/strange/mute": 404, "/api/v1/calls/none/hangup": 404} {
		if r := ask(s, "POST", path, w.tokens[wire.RoleAdmin], ""); r.Code != want {
			t.Errorf("%s: %d, want %d: %s", path, r.Code, want, r.Body)
		}
	}
	w.engine.orders = nil
	wishes := map[string]string{"machine": "", "hold": "", "resume": "", "transfer": `{"kind":"queue","name":"billing"}`, "consult": `{"kind":"agent","name":"102"}`,
		"complete": "", "cancel": "", "swap": "", "conference": "", "mute": `{"side":"customer"}`, "unmute": `{"side":"other"}`}
	for path, body := range wishes {
		if got := read[wire.Ordered](t, ask(s, "POST", "/api/v1/calls/c1/"+path, w.tokens[wire.RoleAgent], body), 202); got != (wire.Ordered{Call: "c1", Order: wire.Order(path)}) {
			t.Errorf("%s: %+v", path, got)
		}
		if r := ask(s, "POST", "/api/v1/calls/c2/"+path, w.tokens[wire.RoleAgent], body); r.Code != 403 {
			t.Errorf("%s of another's call: %d", path, r.Code)
		}
		if r := ask(s, "POST", "/api/v1/calls/c1/"+path, w.tokens[wire.RoleWallboard], body); r.Code != 403 {
			t.Errorf("%s by a wallboard: %d", path, r.Code)
		}
	}
	// An agent who talked with the caller, and handed the call on to an outside number, has no say in it any more.
	third := call.Leg{Role: call.RoleThird, PBX: "main", Channel: "op-c1-t2", State: call.LegJoined, Room: 2}
	handed := call.Call{CallSummary: orchestrator.CallSummary{Call: "c3", PBX: "main", Kind: orchestrator.KindInbound, Agent: "101"}, State: call.StateTalking,
		Legs: []call.Leg{{Role: call.RoleCustomer, PBX: "main", Channel: "in.3", State: call.LegJoined}, third}}
	w.calls.set(handed)
	for path, body := range wishes {
		if r := ask(s, "POST", "/api/v1/calls/c3/"+path, w.tokens[wire.RoleAgent], body); r.Code != 403 {
			t.Errorf("%s of a call that was handed on: %d", path, r.Code)
		}
	}
	w.furnish()
	slices.Sort(w.engine.orders)
	if diff := cmp.Diff([]string{"c1 cancel by api:test agent as 101", "c1 complete by api:test agent as 101",
		"c1 conference by api:test agent as 101", "c1 consult agent 102 by api:test agent as 101", "c1 hold by api:test agent as 101", "c1 machine by api:test agent as 101", "c1 mute side customer by api:test agent as 101", "c1 resume by api:test agent as 101",
		"c1 swap by api:test agent as 101", "c1 transfer queue billing by api:test agent as 101",
		"c1 unmute side other by api:test agent as 101"}, w.engine.orders); diff != "" {
		t.Errorf("wishes (-want +got):\n%s", diff)
	}
	for body, want := range map[string]int{`{"kind":"queue","name":"full"}`: 409, `{"kind":"planet","name":"x"}`: 400, `{"kind":"agent","name":""}`: 400,
		`{"kind":"agent"}`: 400, ``: 400, `{"kind":"agent","name":"1","x":1}`: 400} {
		if r := ask(s, "POST", "/api/v1/calls/c1/transfer", w.tokens[wire.RoleSupervisor], body); r.Code != want {
			t.Errorf("transfer %s: %d, want %d: %s", body, r.Code, want, r.Body)
		}
	}
	w.engine.orders = nil
	for body, want := range map[string]int{`{"queue":"billing","reason":"a VIP"}`: 202, `{"queue":"billing"}`: 400, `{"reason":""}`: 400, `{"reason":"x","front":1}`: 400} {
		if r := ask(s, "POST", "/api/v1/calls/c2/move", w.tokens[wire.RoleSupervisor], body); r.Code != want {
			t.Errorf("move %s: %d, want %d: %s", body, r.Code, want, r.Body)
		}
	}
	if r := ask(s, "POST", "/api/v1/calls/c1/move", w.tokens[wire.RoleAgent], `{"reason":"I want to"}`); r.Code != 403 {
		t.Errorf("an agent moves a call: %d", r.Code)
	}
	if diff := cmp.Diff([]string{"c2 move queue billing by api:test supervisor"}, w.engine.orders); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
	audit := read[wire.AuditLinePage](t, ask(s, "GET", "/api/v1/audit?action=call.move", w.tokens[wire.RoleAdmin], ""), 200)
	if len(audit.Items) != 1 || audit.Items[0].Detail != "to queue billing, because: a VIP" {
		t.Errorf("audit: %+v", audit.Items)
	}
}

// TestAuditOfWhoHungUp: what somebody had done who did not wait for the answer is on record.
func TestAuditOfWhoHungUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, gone := context.WithCancel(t.Context())
	gone()
	w.server().auditLive(ctx, "recording.mute", "c1", "")
	if list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: "recording.mute"}); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v; %s", list, err, w.log.String())
	}
}

// Card data must not stay in a recording because SQL is away; a recording must not be heard unseen.
func TestAuditOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.parts.Records = deafRecords{w.parts.Records}
	s := w.server()
	if r := ask(s, "POST", "/api/v1/recordings/"+liveRec+"/mute", w.tokens[wire.RoleAdmin], ""); r.Code != 202 {
		t.Errorf("mute without an audit log: %d", r.Code)
	}
	if !strings.Contains(w.log.String(), "audit line not on record") || !strings.Contains(w.log.String(), "recording.mute") {
		t.Errorf("the log has no trace of it: %s", w.log)
	}
	for method, path := range map[string]string{"GET": "/api/v1/recordings/op-p1-r1/audio", "DELETE": "/api/v1/recordings/op-p1-r1"} {
		if r := ask(s, method, path, w.tokens[wire.RoleAdmin], ""); r.Code != 503 {
			t.Errorf("%s %s without an audit log: %d", method, path, r.Code)
		}
	}
	if r := ask(s, "GET", "/api/v1/contacts.csv", w.tokens[wire.RoleAdmin], ""); r.Code != 503 || strings.Contains(r.Body.String(), "600123456") {
		t.Errorf("export without an audit log: %d", r.Code)
	}
}

func TestContactsAndMasking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for role, want := range map[wire.Role]wire.Party{wire.RoleAdmin: {Number: "+34600123456", Name: "Ana"}, wire.RoleSupervisor: {Number: "+34600123456", Name: "Ana"},
		wire.RoleAgent: {Number: "+34600123456", Name: "Ana"}, wire.RoleCampaignManager: {Number: "***456"}} {
		list := read[wire.ContactPage](t, ask(s, "GET", "/api/v1/contacts", w.tokens[role], ""), 200)
		if len(list.Items) != 1 || list.Items[0].Caller != want {
			t.Errorf("%s sees %+v", role, list.Items)
		}
		one := ask(s, "GET", "/api/v1/contacts/p1", w.tokens[role], "")
		view := read[wire.ContactView](t, one, 200)
		if view.Caller != want || len(view.Timeline) != 8 {
			t.Errorf("%s sees %+v with %d entries", role, view.Caller, len(view.Timeline))
		}
		masked := want.Name == ""
		for _, secret := range []string{"600123456", "Ana", "4111", "acme"} {
			if strings.Contains(one.Body.String(), secret) == masked {
				t.Errorf("%s, masked %v: %q in %s", role, masked, secret, one.Body)
			}
		}
	}
	other := w.token(records.Token{Name: "b", Role: "agent", Agent: "102"})
	if got := read[wire.ContactPage](t, ask(s, "GET", "/api/v1/contacts", other, ""), 200); len(got.Items) != 0 {
		t.Errorf("agent 102 sees contacts of 101: %+v", got.Items)
	}
	for path, token := range map[string]string{"/api/v1/contacts?agent=101": other, "/api/v1/contacts/p1": other,
		"/api/v1/contacts?caller=%2B34600123456": w.tokens[wire.RoleCampaignManager]} {
		if r := ask(s, "GET", path, token, ""); r.Code != 403 {
			t.Errorf("%s: %d", path, r.Code)
		}
	}
	for _, path := range []string{"/api/v1/calls", "/api/v1/queues/sales"} {
		if r := ask(s, "GET", path, w.tokens[wire.RoleWallboard], ""); r.Code != 200 || strings.Contains(r.Body.String(), "600123") || strings.Contains(r.Body.String(), "Ana") {
			t.Errorf("the wallboard sees %s", r.Body)
		}
	}
	rows, err := csv.NewReader(ask(s, "GET", "/api/v1/contacts.csv?queue=sales", w.tokens[wire.RoleSupervisor], "").Body).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][4] != "'+34600123456" {
		t.Errorf("csv: %v, %v", rows, err)
	}
	// The audit log says what was asked, and has no number, which could not be erased from it.
	ask(s, "GET", "/api/v1/contacts.csv?queue=sales&caller=%2B34600123456", w.tokens[wire.RoleSupervisor], "")
	log := read[wire.AuditLinePage](t, ask(s, "GET", "/api/v1/audit?action=contacts.export", w.tokens[wire.RoleAdmin], ""), 200)
	if len(log.Items) != 2 || log.Items[0].Detail != "caller=*********456&queue=sales" || log.Items[1].Detail != "queue=sales" {
		t.Errorf("audit: %+v", log.Items)
	}
}

// TestExplainCall: of calls that ended and of those in progress, to whom the call may
// be shown, and without what may not be seen of it.
func TestExplainCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for role := range map[wire.Role]bool{wire.RoleSupervisor: true, wire.RoleAgent: true, wire.RoleCampaignManager: true} {
		answer := ask(s, "GET", "/api/v1/calls/p1/explain", w.tokens[role], "")
		var codes []wire.StoryCode
		for _, step := range read[wire.CallStory](t, answer, 200).Steps {
			codes = append(codes, step.Code)
		}
		if got := fmt.Sprint(codes); got != "[arrived passed queued connected parted ended]" {
			t.Errorf("%s: %s", role, got)
		}
		if strings.Contains(answer.Body.String(), "4111") {
			t.Errorf("%s sees what was keyed in: %s", role, answer.Body)
		}
	}
	if got := read[wire.CallStory](t, ask(s, "GET", "/api/v1/calls/c1/explain", w.tokens[wire.RoleSupervisor], ""), 200); got.Call != "c1" || got.Steps == nil {
		t.Errorf("a call in progress: %+v", got)
	}
	other := w.token(records.Token{Name: "b", Role: "agent", Agent: "102"})
	for path, want := range map[string]int{"/api/v1/calls/p1/explain": 403, "/api/v1/calls/c1/explain": 403, "/api/v1/calls/none/explain": 404} {
		if r := ask(s, "GET", path, other, ""); r.Code != want {
			t.Errorf("%s for another agent: %d, want %d", path, r.Code, want)
		}
	}
}

func TestMaskParty(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "1": "***", "123456": "***", "1234567": "***567", "+34600123456": "***456", "ñandú-ñandú": "***ndú"} {
		if got := maskParty(wire.Party{Number: in, Name: "x"}); got.Number != want || got.Name != "" {
			t.Errorf("%q: %+v, want %q", in, got, want)
		}
	}
}

// Every kind of entry is either known to be harmless or shown without its data.
func TestMaskedEntries(t *testing.T) {
	t.Parallel()
	summary, _ := json.Marshal(orchestrator.CallSummary{Call: "1", Caller: orchestrator.Party{Number: "600123456", Name: "Ana"}, Agent: "101"})
	for _, row := range []struct {
		kind  orchestrator.EntryType
		data  string
		agent string
		shows bool
	}{
		{orchestrator.EntryCallStarted, string(summary), "", false},
		{orchestrator.EntryCallEnded, string(summary), "", false},
		{orchestrator.EntryCallEnded, string(summary), "102", false},
		{orchestrator.EntryCallEnded, string(summary), "101", true},
		{orchestrator.EntryCallStarted, `"600123456"`, "", false},
		{orchestrator.EntryCallNode, `{"flow":"f","node":"n","detail":{"digits":"600123456"}}`, "", false},
		{orchestrator.EntryCallTransfer, `{"destination":"600123456"}`, "", false},
		{orchestrator.EntryCallFault, `{"error":"600123456"}`, "", false},
		{"call.new_kind", `{"x":"600123456"}`, "", false},
	} {
		got := audience{agent: row.agent}.entry(orchestrator.Entry{Type: row.kind, Data: json.RawMessage(row.data)}, false)
		if strings.Contains(string(got.Data), "600123456") != row.shows {
			t.Errorf("%s for agent %q: %s", row.kind, row.agent, got.Data)
		}
	}
}

// TestReport asks for a report in each form: one call of 4 s wait and a minute's talk.
func TestReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	const span = "?from=2026-03-02T11:00:00Z&to=2026-03-02T13:00:00Z"
	get := func(query string) wire.Report {
		t.Helper()
		return read[wire.Report](t, ask(s, "GET", "/api/v1/reports/"+query, w.tokens[wire.RoleWallboard], ""), 200)
	}
	value := func(r wire.Report, of wire.ReportValues, name string) float64 {
		t.Helper()
		for i, c := range r.Columns {
			if c.Name == name && of[i] != nil {
				return *of[i]
			}
		}
		t.Errorf("report %s has no %s", r.Report, name)
		return -1
	}
	got := get("service" + span + "&by=queue,interval&interval_ms=900000&threshold_ms=0")
	if len(got.Rows) != 1 || len(got.Rows[0].Keys) != 2 || got.Rows[0].Keys[0] != "sales" || value(got, got.Total, "offered") != 1 ||
		value(got, got.Rows[0].Values, "answered") != 1 || value(got, got.Total, "sl_strict") != 0 || value(got, got.Total, "aht_ms") != 60_000 {
		t.Errorf("report: %+v", got)
	}
	if got := get("service" + span); value(got, got.Total, "sl_strict") != 1 { // by the queue's own threshold
		t.Errorf("report: %+v", got)
	}
	if got := get("service" + span + "&time_zone=America/Bogota&by=hour"); got.Rows[0].Keys[0] != "07:00" {
		t.Errorf("in Bogotá: %+v", got.Rows)
	}
	r := ask(s, "GET", "/api/v1/reports/service"+span+"&format=csv", w.tokens[wire.RoleAdmin], "")
	if body := r.Body.String(); r.Code != 200 || !strings.HasPrefix(body, "queue,offered,answered,") || !strings.Contains(body, "\nsales,1,1,1,") || !strings.Contains(body, "\ntotal,1,1,1,") {
		t.Errorf("csv: %d %s", r.Code, body)
	}
	r = ask(s, "GET", "/api/v1/reports/agents"+span+"&format=xlsx", w.tokens[wire.RoleAdmin], "")
	if body := r.Body.String(); r.Code != 200 || !strings.HasPrefix(body, "PK") {
		t.Errorf("xlsx: %d", r.Code)
	}
	for query, field := range map[string]string{
		"service": "from", "service" + span + "&interval_ms=0": "interval_ms", "service?from=2026-03-02T13:00:00Z&to=2026-03-02T11:00:00Z": "to", "service?from=x": "from",
		"service" + span + "&time_zone=Bogota": "time_zone", "service" + span + "&by=colour": "by", "service" + span + "&by=reason": "by", "agents" + span + "&did=5000": "did",
		"service" + span + "&interval_ms=420000": "interval", "service?from=2020-03-02T13:00:00Z&to=2026-03-02T11:00:00Z": "from",
	} {
		if p := read[problem](t, ask(s, "GET", "/api/v1/reports/"+query, w.tokens[wire.RoleAdmin], ""), 400); !strings.Contains(p.Field+p.Detail, field) {
			t.Errorf("%s: %+v does not name %s", query, p, field)
		}
	}
}

// TestQueueLog exports a call, puts that on the audit log, and refuses a span that is none.
func TestQueueLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	r := ask(s, "GET", "/api/v1/queue_log?from=2026-03-02T10:00:00Z&to=2026-03-03T00:00:00Z", w.tokens[wire.RoleSupervisor], "")
	if body := r.Body.String(); r.Code != 200 || !strings.Contains(body, "|p1|sales|101|CONNECT|") || !strings.Contains(body, "|p1|sales|101|COMPLETEAGENT|") {
		t.Errorf("%d %s", r.Code, body)
	}
	brought := orchestrator.Entry{ID: fmt.Sprintf("%020d-1-q", 0), At: noon, Type: orchestrator.EntryCallQueued, Call: "theirs", Queue: "sales", Data: []byte(`{"queue":"sales"}`)}
	if _, err := w.db.Import(t.Context(), []orchestrator.Entry{brought}, func([]orchestrator.Entry) (e orchestrator.Entry, ok bool) { return e, false }); err != nil {
		t.Fatal(err)
	}
	r = ask(s, "GET", "/api/v1/queue_log?from=2026-03-02T10:00:00Z&to=2026-03-03T00:00:00Z", w.tokens[wire.RoleSupervisor], "")
	if got := r.Result().Trailer.Get("Operadora-Left-Out"); got != "calls=1, states=0" || strings.Contains(r.Body.String(), "theirs") { //nolint:bodyclose // of a recorder
		t.Errorf("left out %q: %s", got, r.Body)
	}
	if list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: "queue_log.export"}); err != nil || len(list) != 2 {
		t.Errorf("audited %+v, %v", list, err)
	}
	if p := read[problem](t, ask(s, "GET", "/api/v1/queue_log?from=2026-03-02T10:00:00Z&to=2026-03-02T09:00:00Z", w.tokens[wire.RoleAdmin], ""), 400); !strings.Contains(p.Detail, "to:") {
		t.Errorf("%+v", p)
	}
}

// deafRecords are records whose audit log cannot be written.
type deafRecords struct{ Records }

func (deafRecords) Audit(context.Context, records.AuditLine) error {
	return fault.New("fake", fault.Unavailable, "disk full")
}

// TestWhatIsWrongWithADisposition: what is wrong with a value is told with the field and the value.
func TestWhatIsWrongWithADisposition(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	w.agents.answer = orchestrator.AgentAnswer{Result: orchestrator.AgentBadDisposition,
		Wrong: orchestrator.Wrong{Field: "also", Value: "lost", Why: "a group: give one of price"}}
	p := read[problem](t, ask(s, "POST", "/api/v1/agents/101/dispose", w.tokens[wire.RoleAgent], `{"disposition":"sale","also":["lost"]}`), 400)
	if p.Code != wire.ProblemCodeBadDisposition || p.Field != "also" || p.Value != "lost" || p.Detail != `also: "lost" is a group: give one of price` {
		t.Errorf("%+v", p)
	}
}
