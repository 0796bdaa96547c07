package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

// DialForAgent implements StrictServerInterface.
func (s operations) DialForAgent(ctx context.Context, r DialForAgentRequestObject) (DialForAgentResponseObject, error) {
	a, err := s.Floor.Agent(ctx, r.Agent)
	if err != nil {
		return nil, err
	}
	to := orchestrator.Target{Kind: orchestrator.TargetNumber, Name: r.Body.Number}.Masked().Name
	s.auditLive(ctx, "agent.dial", r.Agent, strings.TrimSpace("to "+to+" on behalf of "+printable(r.Body.Queue)))
	begun, err := s.Engine.Dial(ctx, a.PBX, call.Order{Agent: r.Agent, Queue: r.Body.Queue, Number: r.Body.Number,
		By: "api:" + askerOf(ctx).who.Name}, r.Body.Key)
	if err != nil {
		return nil, err
	}
	if err := dialRefusal(begun.Refusal, r.Body); err != nil {
		return nil, err
	}
	return DialForAgent202JSONResponse{Call: begun.Call, Again: begun.Again}, nil
}

// dialRefusal is the answer to who may not call, or cannot now.
func dialRefusal(r *call.Refusal, asked *wire.Dial) error {
	switch {
	case r == nil:
		return nil
	case r.Agent == "":
		return problem{Status: http.StatusForbidden, Code: wire.ProblemCodeDenied, Field: "number", Value: short(asked.Number), Detail: "number: " + r.Text}
	}
	p, ok := commandRefusals[r.Agent]
	if !ok {
		return fault.New("api.dial", fault.Internal, "unknown result %q of dial", r.Agent)
	}
	if p.Field == "queue" {
		p.Value = short(asked.Queue)
	}
	return p
}
