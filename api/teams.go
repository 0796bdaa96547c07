package api

import (
	"context"
	"slices"
	"strings"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/records"
)

// reach says what an operation does for a token whose rights are bound to teams: its x-team
// in openapi.yaml. What does not say so is of the whole centre, and not for such a token.
type reach string

const (
	reachCentre reach = ""
	reachAny    reach = "any"    // nothing of it is a team's, or what is another team's is masked
	reachAgent  reach = "agent"  // the agent of the path must be in one of the teams
	reachAsked  reach = "looked" // the handler looks at whom it concerns
)

var reaches = []reach{reachCentre, reachAny, reachAgent, reachAsked}

// subject is who asks, for a refusal.
func subject(t records.Identity) string {
	if t.IsPerson() {
		return t.Name
	}
	return "the token"
}

// bound tells whether somebody's rights are bound to teams.
func bound(t records.Identity) bool { return len(t.Teams) > 0 }

// overAgent refuses a token that has no rights over an agent.
func (s *Server) overAgent(t records.Identity, agent string) error {
	if !bound(t) {
		return nil
	}
	whose := "nobody's"
	if agent != "" {
		team := s.Teams.TeamOf(agent)
		switch {
		case slices.Contains(t.Teams, team):
			return nil
		case team == "":
			whose = "agent " + quoted(agent) + "'s, who is in no team"
		default:
			whose = "agent " + quoted(agent) + "'s, who is in team " + quoted(team)
		}
	}
	return denied("%s is bound to %s, and this is %s", subject(t), teamsOf(t), whose)
}

func teamsOf(t records.Identity) string {
	if len(t.Teams) == 1 {
		return "team " + quoted(t.Teams[0])
	}
	return "teams " + strings.Join(t.Teams, ", ")
}

// admitTeams refuses what is not for a token that is bound to teams.
func (s *Server) admitTeams(t records.Identity, o *operation, pathAgent string) error {
	switch {
	case !bound(t):
		return nil
	case o.reach == reachCentre:
		return denied("%s is bound to %s, and this is of the whole centre", subject(t), teamsOf(t))
	case o.reach == reachAgent:
		return s.overAgent(t, pathAgent)
	}
	return nil
}

// overNamed refuses a token that is bound to teams and has no rights over the agent who is
// named, or names nobody; end says for what one is to be named.
func (s *Server) overNamed(t records.Identity, agent, end string) error {
	if bound(t) && agent == "" {
		return denied("%s is bound to %s: name one of its agents (agent)%s", subject(t), teamsOf(t), end)
	}
	return s.overAgent(t, agent)
}

// overCall refuses who has no rights over a live call: it is of the team of who talks in it, or is
// rung for it; while nobody is, of the teams that serve the queue in which it waits.
func (s *Server) overCall(ctx context.Context, c call.Call) error {
	t := askerOf(ctx).who
	if !bound(t) {
		return nil
	}
	if far := c.Far(); far != nil && far.Person() != "" {
		return s.overAgent(t, far.Person())
	}
	if slices.ContainsFunc(t.Teams, func(team string) bool { return c.Queue != "" && s.Teams.TeamServes(team, c.Queue) }) {
		return nil
	}
	return denied("%s is bound to %s, and the call is in no queue that it serves", subject(t), teamsOf(t))
}

// servesCampaign tells whether a token has rights over a campaign: one that is bound to teams has
// over those whose queue one of them serves.
func (s *Server) servesCampaign(t records.Identity, c *campaign.Campaign) bool {
	return !bound(t) || c.Queue != "" && slices.ContainsFunc(t.Teams, func(team string) bool { return s.Teams.TeamServes(team, c.Queue) })
}

// overCampaign refuses who has no rights over a campaign, or over the name of none.
func (s *Server) overCampaign(ctx context.Context, id string) error {
	t := askerOf(ctx).who
	if !bound(t) || slices.ContainsFunc(s.Campaigns.Campaigns(), func(c *campaign.Campaign) bool { return c.ID == id && s.servesCampaign(t, c) }) {
		return nil
	}
	return denied("%s is bound to %s, and campaign %s is of no queue that it serves", subject(t), teamsOf(t), quoted(id))
}

// narrowed refuses a list of what is not of the token's teams. It returns the agents whom a list
// without an agent must keep to, nil for all; none tells that there are no such agents.
func (s *Server) narrowed(ctx context.Context, agent string) (agents []string, none bool, err error) {
	t := askerOf(ctx).who
	switch {
	case !bound(t):
		return nil, false, nil
	case agent != "":
		return nil, false, s.overAgent(t, agent)
	}
	for _, team := range t.Teams {
		agents = append(agents, s.Teams.Members(team)...)
	}
	return agents, len(agents) == 0, nil
}
