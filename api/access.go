package api

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/records"
)

// Role is what a token's bearer is.
type Role string

// Roles.
const (
	RoleAdmin           Role = "admin"
	RoleSupervisor      Role = "supervisor"
	RoleCampaignManager Role = "campaign_manager"
	RoleAgent           Role = "agent"
	RoleWallboard       Role = "wallboard"
)

// Roles lists all roles, the mightiest first.
var Roles = []Role{RoleAdmin, RoleSupervisor, RoleCampaignManager, RoleAgent, RoleWallboard}

// ValidRole tells whether a word is a role.
func ValidRole(s string) bool { return slices.Contains(Roles, Role(s)) }

// access says who may use a route. The zero value is nobody.
type access struct {
	public bool
	roles  []Role
	// self lets role agent in as well, if the path's :agent is the token's own.
	self bool
}

var (
	public = access{public: true}
	// everybody with a token; what is personal is masked or left out in the answer.
	everybody = access{roles: Roles}
	leaders   = access{roles: []Role{RoleAdmin, RoleSupervisor}}
	// leaders, and the agent for itself.
	leadersOrSelf = access{roles: []Role{RoleAdmin, RoleSupervisor}, self: true}
	// leaders, and agents for calls that they serve: the handler checks the call.
	leadersAndAgents = access{roles: []Role{RoleAdmin, RoleSupervisor, RoleAgent}}
	planners         = access{roles: []Role{RoleAdmin, RoleSupervisor, RoleCampaignManager}}
	figures          = access{roles: []Role{RoleAdmin, RoleSupervisor, RoleCampaignManager, RoleWallboard}}
	readers          = access{roles: []Role{RoleAdmin, RoleSupervisor, RoleCampaignManager, RoleAgent}}
	admins           = access{roles: []Role{RoleAdmin}}
)

// allows tells whether a token may use a route with this path parameter :agent.
func (a access) allows(t records.Token, pathAgent string) bool {
	if slices.Contains(a.roles, Role(t.Role)) {
		return true
	}
	return a.self && Role(t.Role) == RoleAgent && t.Agent != "" && t.Agent == pathAgent
}

const tokenKey = "token"

// tokenOf returns the token that the request came with.
func tokenOf(c echo.Context) records.Token {
	t, _ := c.Get(tokenKey).(records.Token)
	return t
}

// seesNumbers tells whether a role may see callers' numbers and names. An agent
// sees those of its own calls only (mask.go).
func seesNumbers(t records.Token) bool {
	return Role(t.Role) == RoleAdmin || Role(t.Role) == RoleSupervisor
}

// own returns the agent whose calls alone the token may see; all is true when it may see every call.
func own(t records.Token) (agent string, all bool) {
	if Role(t.Role) == RoleAgent {
		return t.Agent, false
	}
	return "", true
}

// guard lets a request through to its handler only if the route's access allows it.
func (s *Server) guard(a access, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if a.public {
			return next(c)
		}
		t, err := s.authenticate(c)
		if err != nil {
			return err
		}
		if Role(t.Role) == RoleAgent && t.Agent == "" {
			// Such a token would have no "own" to be held to.
			return problem{Status: http.StatusForbidden, Detail: "the token has role agent but names no agent"}
		}
		c.Set(tokenKey, t)
		if !a.allows(t, c.Param("agent")) {
			return problem{Status: http.StatusForbidden, Detail: "role " + t.Role + " may not do this"}
		}
		return next(c)
	}
}
