package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// ListAgents implements StrictServerInterface.
func (s operations) ListAgents(ctx context.Context, r ListAgentsRequestObject) (ListAgentsResponseObject, error) {
	p := r.Params
	after, err := lastOf(given(p.Cursor))
	if err != nil {
		return nil, err
	}
	items, more, err := s.Floor.AgentPage(ctx, after, orElse(p.Limit, pageSize), AgentFilter{State: given(p.State), Queue: given(p.Queue)})
	if err != nil {
		return nil, err
	}
	next := ""
	if more {
		next = cursorOf(items[len(items)-1].ID)
	}
	return ListAgents200JSONResponse{Items: filledAgents(items), Next: next}, nil
}

// GetAgent implements StrictServerInterface.
func (s operations) GetAgent(ctx context.Context, r GetAgentRequestObject) (GetAgentResponseObject, error) {
	a, err := s.Floor.Agent(ctx, r.Agent)
	if err != nil {
		return nil, err
	}
	a.Queues = list(a.Queues)
	return GetAgent200JSONResponse(a), nil
}

// ExplainAgent implements StrictServerInterface.
func (s operations) ExplainAgent(ctx context.Context, r ExplainAgentRequestObject) (ExplainAgentResponseObject, error) {
	if _, err := s.Floor.Agent(ctx, r.Agent); err != nil {
		return nil, err
	}
	found, err := s.Floor.Explain(ctx, r.Agent, given(r.Params.Call))
	if err != nil {
		return nil, err
	}
	return ExplainAgent200JSONResponse{Findings: list(found)}, nil
}

// ListAgentStates implements StrictServerInterface.
func (s operations) ListAgentStates(ctx context.Context, r ListAgentStatesRequestObject) (ListAgentStatesResponseObject, error) {
	p := r.Params
	list, next, err := s.Records.AgentStates(ctx, records.AgentStateFilter{Agent: r.Agent, From: given(p.From), To: given(p.To), Limit: given(p.Limit), Cursor: given(p.Cursor)})
	if err == nil && len(list) == 0 { // of one who is no agent any more what was is told
		_, err = s.Floor.Agent(ctx, r.Agent)
	}
	if err != nil {
		return nil, err
	}
	return ListAgentStates200JSONResponse{Items: each(list, stateChangeView), Next: next}, nil
}

// LoginAgent implements StrictServerInterface.
func (s operations) LoginAgent(ctx context.Context, r LoginAgentRequestObject) (LoginAgentResponseObject, error) {
	body := given(r.Body)
	if body.Endpoint != "" || body.PBX != "" {
		a, err := s.Floor.Agent(ctx, r.Agent)
		if err != nil {
			return nil, err
		}
		for _, named := range []struct{ field, value, own string }{{"endpoint", body.Endpoint, a.Endpoint}, {"pbx", body.PBX, a.PBX}} {
			if named.value != "" && named.value != named.own {
				return nil, problem{Status: http.StatusConflict, Code: wire.ProblemCodeElsewhere, Field: named.field, Value: short(named.value),
					Detail: fmt.Sprintf("%s: agent %s logs in at %s on %s, and nowhere else", named.field, r.Agent, a.Endpoint, a.PBX)}
			}
		}
	}
	op := orchestrator.AgentLogin
	if body.Line {
		op = orchestrator.AgentLine
	}
	return s.command(ctx, r.Agent, orchestrator.AgentCommand{Op: op}, body.Why)
}

// LogoutAgent implements StrictServerInterface.
func (s operations) LogoutAgent(ctx context.Context, r LogoutAgentRequestObject) (LogoutAgentResponseObject, error) {
	return s.command(ctx, r.Agent, orchestrator.AgentCommand{Op: orchestrator.AgentLogout}, given(r.Body).Why)
}

// PauseAgent implements StrictServerInterface.
func (s operations) PauseAgent(ctx context.Context, r PauseAgentRequestObject) (PauseAgentResponseObject, error) {
	body := given(r.Body)
	if body.Override && wire.Role(askerOf(ctx).who.Role) == wire.RoleAgent {
		return nil, denied("override: who pauses beyond the limits is let by a supervisor")
	}
	return s.command(ctx, r.Agent, orchestrator.AgentCommand{Op: orchestrator.AgentPause, Reason: body.Reason, Override: body.Override}, body.Why)
}

// ResumeAgent implements StrictServerInterface.
func (s operations) ResumeAgent(ctx context.Context, r ResumeAgentRequestObject) (ResumeAgentResponseObject, error) {
	return s.command(ctx, r.Agent, orchestrator.AgentCommand{Op: orchestrator.AgentResume}, given(r.Body).Why)
}

// ExtendWrapUp implements StrictServerInterface.
func (s operations) ExtendWrapUp(ctx context.Context, r ExtendWrapUpRequestObject) (ExtendWrapUpResponseObject, error) {
	return s.command(ctx, r.Agent, orchestrator.AgentCommand{Op: orchestrator.AgentExtend}, given(r.Body).Why)
}

// DisposeAgent implements StrictServerInterface.
func (s operations) DisposeAgent(ctx context.Context, r DisposeAgentRequestObject) (DisposeAgentResponseObject, error) {
	appoint, err := s.askedAgain(ctx, r.Agent, *r.Body)
	if err != nil {
		return nil, err
	}
	// First: whoever dies behind it has lost none. Who gets no answer gives the disposition
	// again, and the appointment is the same.
	withdraw, err := appoint()
	if err != nil {
		return nil, err
	}
	answer, err := s.command(ctx, r.Agent, orchestrator.AgentCommand{Op: orchestrator.AgentDispose, Disposition: r.Body.Disposition, Also: r.Body.Also, Notes: printable(r.Body.Notes)}, "")
	if _, refused := errors.AsType[problem](err); refused {
		return answer, errors.Join(err, withdraw())
	}
	return answer, err
}

// askedAgain is what makes the appointment that a disposition asks for, and takes it back when the
// disposition is refused; an error when it may not be given so.
func (s *Server) askedAgain(ctx context.Context, agent string, d wire.AgentDisposition) (appoint func() (withdraw func() error, err error), err error) {
	none := func() (func() error, error) { return func() error { return nil }, nil }
	defs, err := s.Definitions.Definitions(ctx)
	if err != nil {
		return nil, err
	}
	names := append([]string{d.Disposition}, d.Also...)
	asks := slices.ContainsFunc(defs.Dispositions, func(x wire.DispositionDefinition) bool { return x.Date && slices.Contains(names, x.ID) })
	switch {
	case !asks && d.AgainAt.IsZero():
		return none, nil
	case !asks:
		return nil, wrong(wire.ProblemCodeInvalid, "again_at", d.AgainAt.Format(time.RFC3339), "disposition %s asks for no date", quoted(d.Disposition))
	case !d.AgainAt.IsZero() && !d.AgainAt.After(time.Now()):
		return nil, wrong(wire.ProblemCodeInvalid, "again_at", d.AgainAt.Format(time.RFC3339), "is past")
	}
	a, err := s.Floor.Agent(ctx, agent)
	if err != nil {
		return nil, err
	}
	var summary orchestrator.CallSummary
	if r, err := s.Calls.Load(ctx, cmp.Or(a.Call, a.LastCall)); err == nil {
		if c, err := call.Parse(r.Doc); err == nil {
			summary = c.CallSummary
		}
	} else if fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	switch {
	case summary.Campaign == "" && d.AgainAt.IsZero():
		return none, nil
	case summary.Campaign == "":
		return nil, wrong(wire.ProblemCodeInvalid, "again_at", d.AgainAt.Format(time.RFC3339), "the call is of no campaign, or no longer known: there is no lead to be called again")
	case d.AgainAt.IsZero():
		return nil, wrong(wire.ProblemCodeInvalid, "again_at", "", "disposition %s asks when the lead is to be called again", quoted(d.Disposition))
	}
	id, lead, by := summary.Campaign, numberOf(summary.Lead), madeBy(agent)
	return func() (func() error, error) {
		is := campaign.Appointment{At: d.AgainAt}
		s.auditLive(ctx, "campaign.appointment", id, summary.Lead+" "+d.AgainAt.UTC().Format(time.RFC3339))
		was, err := s.Campaigns.Appoint(ctx, id, lead, is, by)
		return func() error {
			s.auditLive(ctx, "campaign.appointment", id, summary.Lead+" withdrawn")
			return s.Campaigns.Withdraw(ctx, id, lead, is, was, by)
		}, err
	}, nil
}

// commandRefusals says what answer a refused command gets.
var commandRefusals = map[orchestrator.AgentResult]problem{
	orchestrator.AgentUnknown:         {Status: http.StatusNotFound, Code: wire.ProblemCodeUnknownAgent, Detail: "no such agent, or no agent at that phone"},
	orchestrator.AgentBadPIN:          {Status: http.StatusForbidden, Code: wire.ProblemCodeBadPin, Detail: "the PIN is wrong"},
	orchestrator.AgentLocked:          {Status: http.StatusTooManyRequests, Code: wire.ProblemCodeLocked, Detail: "too many wrong PINs; none is looked at for a while"},
	orchestrator.AgentAlready:         {Status: http.StatusConflict, Code: wire.ProblemCodeAlready, Detail: "the agent is in that state already"},
	orchestrator.AgentNotLoggedIn:     {Status: http.StatusConflict, Code: wire.ProblemCodeNotLoggedIn, Detail: "the agent is not logged in"},
	orchestrator.AgentElsewhere:       {Status: http.StatusConflict, Code: wire.ProblemCodeElsewhere, Detail: "the agent is logged in at another phone"},
	orchestrator.AgentNothingToClose:  {Status: http.StatusConflict, Code: wire.ProblemCodeNothingToDispose, Detail: "there is no call to give a disposition to"},
	orchestrator.AgentBusy:            {Status: http.StatusConflict, Code: wire.ProblemCodeBusy, Detail: "the agent is in a call, or is being offered one"},
	orchestrator.AgentPhoneBusy:       {Status: http.StatusConflict, Code: wire.ProblemCodePhoneBusy, Detail: "the agent's phone is in another call"},
	orchestrator.AgentBadQueue:        {Status: http.StatusBadRequest, Code: wire.ProblemCodeBadQueue, Field: "queue", Detail: "queue: no such queue, or the agent does not serve it"},
	orchestrator.AgentBadReason:       {Status: http.StatusBadRequest, Code: wire.ProblemCodeBadReason, Field: "reason", Detail: "not a defined pause reason"},
	orchestrator.AgentOwes:            {Status: http.StatusConflict, Code: wire.ProblemCodeOutcomeNeeded, Detail: "the agent's last call needs a disposition first"},
	orchestrator.AgentTooManyOutcomes: {Status: http.StatusBadRequest, Code: wire.ProblemCodeTooManyOutcomes, Field: "also", Detail: "more dispositions than a call of its queue may have at once"},
	orchestrator.AgentNoMore:          {Status: http.StatusConflict, Code: wire.ProblemCodeNoMore, Detail: "the time to finish is as long as the queue lets it be (extend_wrap_up)"},
	orchestrator.AgentUsedUp:          {Status: http.StatusConflict, Code: wire.ProblemCodeUsedUp, Field: "reason", Detail: "used up: the agent has paused for it as often, or as long, as a day allows"},
	orchestrator.AgentTooMany:         {Status: http.StatusConflict, Code: wire.ProblemCodeTooMany, Field: "reason", Detail: "taken: as many agents pause for it, or will after their call, as may at once"},
	orchestrator.AgentBadDisposition:  {Status: http.StatusBadRequest, Code: wire.ProblemCodeBadDisposition, Field: "disposition", Detail: "not a disposition of the call's queue"},
}

// alreadyWords says in which state an operation would bring an agent who is there already.
var alreadyWords = map[orchestrator.AgentOp]string{
	orchestrator.AgentLogin: "logged in", orchestrator.AgentLogout: "logged out",
	orchestrator.AgentPause: "paused", orchestrator.AgentResume: "ready for calls",
}

// commandAnswer is what came of an agent's command. It is the answer of every such operation.
type commandAnswer struct {
	wire.AgentCommandAnswer
}

func (a commandAnswer) write(w http.ResponseWriter) error {
	status := http.StatusOK
	if a.Result == wire.CommandResultLater {
		status = http.StatusAccepted
	}
	return writeJSON(w, status, a.AgentCommandAnswer)
}

func (a commandAnswer) VisitLoginAgentResponse(w http.ResponseWriter) error   { return a.write(w) }
func (a commandAnswer) VisitLogoutAgentResponse(w http.ResponseWriter) error  { return a.write(w) }
func (a commandAnswer) VisitPauseAgentResponse(w http.ResponseWriter) error   { return a.write(w) }
func (a commandAnswer) VisitResumeAgentResponse(w http.ResponseWriter) error  { return a.write(w) }
func (a commandAnswer) VisitExtendWrapUpResponse(w http.ResponseWriter) error { return a.write(w) }
func (a commandAnswer) VisitDisposeAgentResponse(w http.ResponseWriter) error { return a.write(w) }

// command carries an agent's operation out in the name of the token, and puts on
// record why, and what the agent did before and does now.
func (s operations) command(ctx context.Context, agent string, cmd orchestrator.AgentCommand, why string) (answer commandAnswer, err error) {
	cmd.Agent, cmd.Trusted, cmd.By = agent, true, "api:"+askerOf(ctx).who.Name
	before, unknown := s.Floor.Agent(ctx, agent) // for the record alone
	done, err := s.Agents.Do(ctx, cmd)
	detail := []string{strings.TrimSpace(cmd.Reason + " " + strings.Join(append([]string{cmd.Disposition}, cmd.Also...), " "))}
	if cmd.Override {
		detail = append(detail, "beyond its limits, too")
	}
	switch {
	case err != nil:
		detail = append(detail, "not known whether it was done")
	case unknown == nil && done.State == "": // refused before anybody looked
		detail = append(detail, fmt.Sprintf("%s: %s", done.Result, before.State))
	case unknown == nil:
		detail = append(detail, fmt.Sprintf("%s: %s -> %s", done.Result, before.State, done.State))
	default:
		detail = append(detail, string(done.Result)+": "+done.State)
	}
	if why != "" { // the last, as people may write anything
		detail = append(detail, "because: "+printable(why))
	}
	s.auditLive(ctx, "agent."+string(cmd.Op), cmd.Agent, strings.Join(slices.DeleteFunc(detail, func(d string) bool { return d == "" }), "; "))
	if err != nil {
		return answer, err
	}
	switch done.Result {
	case orchestrator.AgentOK, orchestrator.AgentLater:
		return commandAnswer{wire.AgentCommandAnswer{Result: wire.CommandResult(done.Result), Agent: done.Agent, State: wire.AgentState(done.State), Over: wire.PauseLimit(done.Over)}}, nil
	default:
	}
	p, ok := commandRefusals[done.Result]
	if !ok {
		return answer, fault.New("api.command", fault.Internal, "unknown result %q of %s", done.Result, cmd.Op)
	}
	if word := alreadyWords[cmd.Op]; done.Result == orchestrator.AgentAlready && word != "" {
		p.Detail = "the agent is " + word + " already"
	}
	if w := done.Wrong; w.Field != "" {
		p.Field, p.Value, p.Detail = w.Field, short(w.Value), w.Field+": "+quoted(w.Value)+" is "+w.Why
		return answer, p
	}
	if p.Field != "" {
		value := cmd.Reason + cmd.Disposition
		if p.Field == "also" {
			value = strings.Join(cmd.Also, ", ")
		}
		p.Value, p.Detail = short(value), p.Field+": "+quoted(value)+" is "+p.Detail
	}
	return answer, p
}
