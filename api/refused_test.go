package api

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/call"
)

// TestRefusalsTellTheWay: who may not is told who may, and who asks for a call
// that is over, or is not yet, is told where it is now.
func TestRefusalsTellTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for _, row := range []struct {
		role               wire.Role
		method, path, want string
	}{
		{wire.RoleWallboard, "GET", "/api/v1/contacts", "role wallboard may not do this; roles that may: admin, supervisor, campaign_manager, agent"},
		{wire.RoleCampaignManager, "GET", "/api/v1/contacts?lead=l1", "role campaign_manager may not look for callers and leads"},
		{wire.RoleSupervisor, "POST", "/api/v1/definitions/reload", "role supervisor may not do this; roles that may: admin"},
		{wire.RoleAgent, "POST", "/api/v1/agents/102/pause", "agent of itself"},
	} {
		if p := read[problem](t, ask(s, row.method, row.path, w.tokens[row.role], ""), 403); !strings.Contains(p.Detail, row.want) {
			t.Errorf("%s %s as %s: %q, want %q", row.method, row.path, row.role, p.Detail, row.want)
		}
	}
	if p := read[problem](t, ask(s, "GET", "/api/v1/contacts/c1", w.tokens[wire.RoleAdmin], ""), 404); !strings.Contains(p.Detail, "`operadora call show c1`") {
		t.Errorf("of a call that has not ended: %q", p.Detail)
	}
	if p := read[problem](t, ask(s, "GET", "/api/v1/contacts/c1", w.tokens[wire.RoleAgent], ""), 404); strings.Contains(p.Detail, "not ended") {
		t.Errorf("an agent is told of a call that may be another's: %q", p.Detail)
	}
	w.calls.mu.Lock()
	w.calls.calls[0].State = call.StateEnded
	w.calls.mu.Unlock()
	if p := read[problem](t, ask(s, "GET", "/api/v1/calls/c1", w.tokens[wire.RoleAdmin], ""), 404); !strings.Contains(p.Detail, "`operadora contact show c1`") {
		t.Errorf("of a call that has ended: %q", p.Detail)
	}
}
