package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

func (s *Server) listAgents(c echo.Context) error {
	q := queryOf(c, "queue", "state")
	queue, state := q.text("queue"), q.text("state")
	if q.err != nil {
		return q.err
	}
	floor, err := s.floor(c.Request().Context(), boardAge)
	if err != nil {
		return err
	}
	list := []Agent{}
	for _, a := range floor.Agents {
		if (state == "" || a.State == state) && (queue == "" || slices.Contains(a.Queues, queue)) {
			list = append(list, a)
		}
	}
	return c.JSON(http.StatusOK, page[Agent]{Items: list})
}

func (s *Server) getAgent(c echo.Context) error {
	a, err := s.Floor.Agent(c.Request().Context(), c.Param("agent"))
	if err != nil {
		return err
	}
	a.Queues = list(a.Queues)
	return c.JSON(http.StatusOK, a)
}

func (s *Server) listAgentStates(c echo.Context) error {
	q := queryOf(c, "from", "to", "limit", "cursor")
	f := records.AgentStateFilter{Agent: c.Param("agent"), From: q.time("from"), To: q.time("to"), Limit: q.limit(), Cursor: q.values.Get("cursor")}
	if q.err != nil {
		return q.err
	}
	list, next, err := s.Records.AgentStates(c.Request().Context(), f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page[records.AgentState]{Items: list, Next: next})
}

func (s *Server) agentLogin(c echo.Context) error {
	var body struct {
		Endpoint string `json:"endpoint"`
		PBX      string `json:"pbx"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	return s.command(c, orchestrator.AgentCommand{Op: orchestrator.AgentLogin, Endpoint: body.Endpoint, PBX: body.PBX})
}

func (s *Server) agentLogout(c echo.Context) error {
	if err := decode(c, &struct{}{}); err != nil {
		return err
	}
	return s.command(c, orchestrator.AgentCommand{Op: orchestrator.AgentLogout})
}

func (s *Server) agentPause(c echo.Context) error {
	var body struct {
		Reason string `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	return s.command(c, orchestrator.AgentCommand{Op: orchestrator.AgentPause, Reason: body.Reason})
}

func (s *Server) agentResume(c echo.Context) error {
	if err := decode(c, &struct{}{}); err != nil {
		return err
	}
	return s.command(c, orchestrator.AgentCommand{Op: orchestrator.AgentResume})
}

func (s *Server) agentDispose(c echo.Context) error {
	var body struct {
		Disposition string `json:"disposition"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	if body.Disposition == "" {
		return invalid("disposition", "is missing")
	}
	return s.command(c, orchestrator.AgentCommand{Op: orchestrator.AgentDispose, Disposition: body.Disposition})
}

// commandAnswer is what came of an agent's command.
type commandAnswer struct {
	Result orchestrator.AgentResult `json:"result"` // ok, or later: after the current call
	Agent  string                   `json:"agent"`
	State  string                   `json:"state"`
}

// commandRefusals says what answer a refused command gets.
var commandRefusals = map[orchestrator.AgentResult]problem{
	orchestrator.AgentUnknown:        {Status: http.StatusNotFound, Detail: "no such agent, or no agent at that phone"},
	orchestrator.AgentBadPIN:         {Status: http.StatusForbidden, Detail: "the PIN is wrong"},
	orchestrator.AgentLocked:         {Status: http.StatusTooManyRequests, Detail: "too many wrong PINs; none is looked at for a while"},
	orchestrator.AgentAlready:        {Status: http.StatusConflict, Detail: "the agent is in that state already"},
	orchestrator.AgentNotLoggedIn:    {Status: http.StatusConflict, Detail: "the agent is not logged in"},
	orchestrator.AgentElsewhere:      {Status: http.StatusConflict, Detail: "the agent is logged in at another phone"},
	orchestrator.AgentNothingToClose: {Status: http.StatusConflict, Detail: "there is no call to give a disposition to"},
	orchestrator.AgentBadReason:      {Status: http.StatusBadRequest, Field: "reason", Detail: "not a defined pause reason"},
	orchestrator.AgentBadDisposition: {Status: http.StatusBadRequest, Field: "disposition", Detail: "not a disposition of the call's queue"},
}

// command carries an agent's operation out in the name of the token.
func (s *Server) command(c echo.Context, cmd orchestrator.AgentCommand) error {
	t := tokenOf(c)
	cmd.Agent, cmd.Trusted, cmd.By = c.Param("agent"), true, "api:"+t.Name
	s.auditLive(c, "agent."+string(cmd.Op), cmd.Agent, strings.TrimSpace(cmd.Reason+" "+cmd.Disposition+" "+cmd.Endpoint))
	answer, err := s.Agents.Do(c.Request().Context(), cmd)
	if err != nil {
		return err
	}
	status := http.StatusOK
	switch answer.Result {
	case orchestrator.AgentOK:
	case orchestrator.AgentLater:
		status = http.StatusAccepted
	default:
		p, ok := commandRefusals[answer.Result]
		if !ok {
			return fault.New("api.command", fault.Internal, "unknown result %q of %s", answer.Result, cmd.Op)
		}
		p.Result = string(answer.Result)
		if p.Field != "" {
			p.Detail = p.Field + ": " + quoted(cmd.Reason+cmd.Disposition) + " is " + p.Detail
		}
		return p
	}
	return c.JSON(status, commandAnswer{Result: answer.Result, Agent: answer.Agent, State: answer.State})
}
