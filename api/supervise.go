package api

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// SuperviseCall implements StrictServerInterface. Whether the supervisor may is
// decided by the call, which knows whom they would listen to.
func (s operations) SuperviseCall(ctx context.Context, r SuperviseCallRequestObject) (SuperviseCallResponseObject, error) {
	return s.superviseWish(ctx, r.Call, call.Wish{Do: call.WishSupervise, Supervisor: r.Body.Supervisor, Mode: orchestrator.MonitorMode(r.Body.Mode)})
}

// LeaveCall implements StrictServerInterface.
func (s operations) LeaveCall(ctx context.Context, r LeaveCallRequestObject) (LeaveCallResponseObject, error) {
	return s.superviseWish(ctx, r.Call, call.Wish{Do: call.WishLeave, Supervisor: given(r.Body).Supervisor})
}

// superviseWish passes a supervisor's wish on. It is no wish of the agent's who
// talks, so a token of role agent needs no conversation of its own for it.
func (s operations) superviseWish(ctx context.Context, id string, w call.Wish) (ordered, error) {
	who := askerOf(ctx).who
	if w.Supervisor == "" {
		w.Supervisor = who.Agent
	}
	switch {
	case w.Supervisor == "":
		return ordered{}, wrong(wire.ProblemCodeInvalid, "supervisor", "", "who is it? The token is no agent's, so name one by id (--as on the command line)")
	case who.Agent != "" && w.Supervisor != who.Agent:
		return ordered{}, denied("the token is agent %s's, and not %s's", quoted(who.Agent), quoted(w.Supervisor))
	}
	live, err := s.stored(ctx, id)
	if err != nil {
		return ordered{}, err
	}
	if err := s.overCall(ctx, live); err != nil {
		return ordered{}, err
	}
	s.auditLive(ctx, "call."+string(w.Do), live.Call, auditDetail(w))
	return s.askAs(ctx, live, w, "")
}

// unseen tells whether an entry is of a supervisor whom the audience must not notice.
func (a audience) unseen(e orchestrator.Entry) bool {
	if a.full || a.over(e.Agent) || e.Type != orchestrator.EntryCallSupervised {
		return false
	}
	var s wire.EntrySupervised
	return json.Unmarshal(e.Data, &s) != nil || !s.Visible
}

// seen leaves out what the audience must not notice.
func (a audience) seen(entries []orchestrator.Entry) []orchestrator.Entry {
	return slices.DeleteFunc(slices.Clone(entries), a.unseen)
}

// supervisors are those of a call whom the audience may notice.
func (a audience) supervisors(v wire.LiveCall) []wire.Supervision {
	if a.full || a.over(v.Serving) {
		return v.Supervisors
	}
	return slices.DeleteFunc(slices.Clone(v.Supervisors), func(s wire.Supervision) bool { return !s.Visible || a.agent != v.Serving })
}
