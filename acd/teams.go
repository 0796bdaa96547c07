package acd

import (
	"context"
	"slices"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Oversees implements orchestrator.People. Who is in no team is overseen by nobody,
// and nobody oversees themselves.
func (s *Service) Oversees(pbx, supervisor, agent string) (orchestrator.Oversight, error) {
	const op = "acd.Oversees"
	dir := s.directory.Load()
	boss, known := dir.agents[supervisor]
	if !known {
		return orchestrator.Oversight{}, fault.New(op, fault.NotFound, "supervisor: no agent %q", supervisor)
	}
	team, overseen := dir.teams[dir.agents[agent].Team]
	switch {
	case supervisor == agent:
		return orchestrator.Oversight{}, fault.New(op, fault.Denied, "supervisor %q is the agent who talks in this call", supervisor)
	case dir.agents[agent].Team == "":
		return orchestrator.Oversight{}, fault.New(op, fault.Denied, "agent %q is in no team of the definitions, and may be listened to by nobody", agent)
	case !overseen || !slices.Contains(team.Supervisors, supervisor):
		return orchestrator.Oversight{}, fault.New(op, fault.Denied, "agent %q is no supervisor of team %q, in which agent %q is", supervisor, team.ID, agent)
	case !dir.together(boss.PBX, pbx):
		return orchestrator.Oversight{}, fault.New(op, fault.Conflict, "the phone of supervisor %q is at pbx %q, and the call at %q", supervisor, boss.PBX, pbx)
	}
	return orchestrator.Oversight{Team: team.ID, May: team.May, Visible: team.Visible, PBX: boss.PBX,
		Endpoint: boss.Endpoint, Language: boss.Language, AutoAnswer: boss.AutoAnswer}, nil
}

// TeamOf is the team of an agent by the definitions in force, "" of one in none.
func (s *Service) TeamOf(agent string) string { return s.directory.Load().agents[agent].Team }

// Members are the agents of a team by the definitions in force.
func (s *Service) Members(team string) (ids []string) {
	for _, a := range s.directory.Load().defs.Agents {
		if a.Team == team {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// AgentServes tells whether an agent is one of a queue's.
func (s *Service) AgentServes(agent, queue string) bool {
	station := s.directory.Load().stations[agent]
	return station != nil && slices.Contains(station.Queues, queue)
}

// TeamServes tells whether an agent of a team serves a queue.
func (s *Service) TeamServes(team, queue string) bool {
	return slices.ContainsFunc(s.directory.Load().defs.Agents, func(a Agent) bool { return a.Team == team && a.Serves(queue) })
}

// overseenCall says which call the agent talks in whom a supervisor has dialled.
// Nothing is told of an agent whom they do not oversee.
func (s *Service) overseenCall(ctx context.Context, boss Agent, cmd orchestrator.AgentCommand, answer orchestrator.AgentAnswer) (orchestrator.AgentAnswer, error) {
	to, known := s.Dialled(boss.PBX, cmd.To)
	if !known || to.Kind != orchestrator.TargetAgent || boss.PIN == "" {
		answer.Result = orchestrator.AgentRefused
		return answer, nil
	}
	if _, err := s.Oversees(boss.PBX, boss.ID, to.Name); err != nil {
		answer.Result = orchestrator.AgentRefused
		return answer, nil //nolint:nilerr // the answer says it
	}
	return s.presentCall(ctx, to.Name, answer)
}
