package api

import (
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/records"
)

// TestAnAgentHasItsOwn: whom it talks with, its figures, what it may choose from, who is to be called
// back in its queues; and nothing of others.
func TestAnAgentHasItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(entry("1-20", orchestrator.EntryAgentDisposed, "p1", "101", map[string]any{"call": "p1", "disposition": "sale", "notes": "first thoughts"}),
		entry("1-21", orchestrator.EntryAgentDisposed, "p1", "101", map[string]any{"call": "p1", "disposition": "again", "notes": "asks for Bea"}),
		entry("1-22", orchestrator.EntryAgentDisposed, "p1", "101", map[string]any{"call": "p1", "disposition": "vip", "also": true}))
	missed := orchestrator.CallSummary{Call: "o1", PBX: "main", Kind: orchestrator.KindOutbound, StartedAt: noon.UnixMilli(), EndedAt: noon.UnixMilli(), Outcome: orchestrator.OutcomeBusy}
	w.record(entry("1-30", orchestrator.EntryCallDialled, "o1", "101", map[string]any{"destination": "***", "result": "busy"}), entry("1-31", orchestrator.EntryCallEnded, "o1", "", missed))
	back := call.NewCallback("main", call.CallbackOrder{Call: "b1", Queue: "sales", Number: "+34600123456", Name: "Ana"}, noon)
	back.State, back.Promise, back.Visit = call.StateWaiting, &call.Promise{Queue: "sales", Pending: true, Expires: noon.UnixMilli()}, &call.Visit{N: 1, State: call.VisitIn, Queue: "sales"}
	w.calls.set(append(w.calls.calls, back)...)
	defined := acd.Definitions{Agents: []acd.Agent{{ID: "101"}, {ID: "102"}}}
	w.parts.Reports = reports.Reporter{Records: w.db, Definitions: func() acd.Definitions { return defined }, Now: func() time.Time { return noon }}
	s := w.server()
	own, other := w.tokens[wire.RoleAgent], w.token(records.Token{Name: "b", Role: "agent", Agent: "102"})
	const from = "?from=2026-03-02T00:00:00Z"
	for _, r := range []struct {
		token, request, path, body string
		want                       int
		told                       string
	}{
		{own, "GET", "/calls/c1/history", "", 200, `"notes":"asks for Bea"`},
		{own, "GET", "/calls/c1/history", "", 200, `"dispositions":["again","vip"]`},
		{own, "GET", "/calls/p1/history", "", 200, `"items":[]`}, // its own past call: nothing but itself
		{own, "GET", "/calls/c2/history", "", 403, "not a call of agent"},
		{other, "GET", "/calls/c1/history", "", 403, "not a call of agent"},
		{other, "GET", "/calls/p1/history", "", 403, "its own contacts only"},
		{own, "GET", "/calls/gone/history", "", 404, ""},
		{own, "GET", "/contacts/o1", "", 200, `"outcome":"busy"`}, // nobody talked, but it dialled
		{other, "GET", "/contacts/o1", "", 403, "its own contacts only"},
		{own, "GET", "/reports/agents" + from, "", 200, `"report":"agents"`},
		{own, "GET", "/reports/agents" + from + "&agent=101", "", 200, ""},
		{own, "GET", "/reports/agents" + from + "&agent=102", "", 403, "its own figures only"},
		{own, "GET", "/reports/service" + from, "", 403, "agents, pauses and outcomes, of itself"},
		{own, "GET", "/agents/101/choices", "", 200, `"serves":true`},
		{own, "GET", "/agents/102/choices", "", 403, ""},
		{own, "GET", "/agents/101/appointments", "", 200, `"items":[]`},
		{own, "GET", "/agents/102/appointments", "", 403, ""},
		{own, "GET", "/callbacks", "", 200, `"number":"***456"`},
		{other, "GET", "/callbacks", "", 200, `"items":[]`},
		{w.tokens[wire.RoleSupervisor], "GET", "/callbacks", "", 200, `"number":"+34600123456"`},
		{own, "POST", "/callbacks", `{"queue":"sales","number":"910000001"}`, 202, ""},
		{own, "POST", "/callbacks", `{"queue":"support","number":"910000001"}`, 403, `does not serve`},
	} {
		got := ask(s, r.request, "/api/v1"+r.path, r.token, r.body)
		if got.Code != r.want || !strings.Contains(got.Body.String(), r.told) {
			t.Errorf("%s %s: %d, want %d with %s: %s", r.request, r.path, got.Code, r.want, r.told, got.Body)
		}
	}
	if list := read[struct{ Rows []struct{ Keys []string } }](t, ask(s, "GET", "/api/v1/reports/agents"+from, own, ""), 200); len(list.Rows) > 1 || len(list.Rows) == 1 && list.Rows[0].Keys[0] != "101" {
		t.Errorf("own figures: %+v", list)
	}
}
