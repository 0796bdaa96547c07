package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
)

// TestASupervisorMayBeUnseen: nothing that an agent, or a wallboard, may read tells of
// a supervisor whom the agent is not to see.
func TestASupervisorMayBeUnseen(t *testing.T) {
	t.Parallel()
	full, own, other, board := audience{full: true}, audience{agent: "101"}, audience{agent: "102"}, audience{}
	for _, visible := range []bool{true, false} {
		data, err := json.Marshal(map[string]any{"supervisor": "103", "mode": "listen", "state": "on", "visible": visible, "shown": 0})
		if err != nil {
			t.Fatal(err)
		}
		e := orchestrator.Entry{Type: orchestrator.EntryCallSupervised, Call: "c1", Agent: "101", Data: data}
		live := wire.LiveCall{Serving: "101", Supervisors: []wire.Supervision{{Supervisor: "103", Mode: "listen", Visible: visible}}}
		for a, want := range map[audience]bool{full: true, own: visible, other: false, board: false} {
			if got := strings.Contains(string(a.frame(newItem(e))), "103"); got != want {
				t.Errorf("visible %v, %+v: the stream tells %v", visible, a, got)
			}
			if got := len(a.live(live).Supervisors) > 0; got != want {
				t.Errorf("visible %v, %+v: the list of calls tells %v", visible, a, got)
			}
			if told := a.timeline([]orchestrator.Entry{e}, a == own); a != full && !visible && len(told) > 0 {
				t.Errorf("%+v: the timeline tells %+v", a, told)
			}
		}
	}
}

// TestWhoIsToListen: a token that is no agent's names the supervisor, and is told how.
func TestWhoIsToListen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := read[problem](t, ask(w.server(), "POST", "/api/v1/calls/c1/supervise", w.tokens[wire.RoleSupervisor], `{"mode":"listen"}`), 400)
	if want := "supervisor: who is it? The token is no agent's, so name one by id (--as on the command line)"; p.Detail != want || p.Field != "supervisor" {
		t.Errorf("told %q of field %q, want %q", p.Detail, p.Field, want)
	}
}
