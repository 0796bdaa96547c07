package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

// Roles lists all roles, the mightiest first.
var Roles = []wire.Role{wire.RoleAdmin, wire.RoleSupervisor, wire.RoleCampaignManager, wire.RoleAgent, wire.RoleWallboard}

// ValidRole tells whether a word is a role.
func ValidRole(s string) bool { return slices.Contains(Roles, wire.Role(s)) }

// access says who may use an operation: its x-roles and x-self in openapi.yaml.
// The zero value is nobody.
type access struct {
	public bool
	roles  []wire.Role
	// self lets role agent in as well, if the path's :agent is its own.
	self bool
}

// allows tells whether somebody may use an operation with this path parameter :agent.
func (a access) allows(t records.Identity, pathAgent string) bool {
	if slices.Contains(a.roles, wire.Role(t.Role)) {
		return true
	}
	return a.self && wire.Role(t.Role) == wire.RoleAgent && t.Agent != "" && t.Agent == pathAgent
}

// who says which roles may.
func (a access) who() string {
	var names []string
	for _, r := range a.roles {
		names = append(names, string(r))
	}
	if a.self && !slices.Contains(a.roles, wire.RoleAgent) {
		names = append(names, "agent of itself")
	}
	return "roles that may: " + strings.Join(names, ", ")
}

// asker is who sends a request.
type asker struct {
	who     records.Identity // the zero value where the operation is open to all
	session string           // "" when it came with a token
	until   time.Time        // when the session or the token expires; zero is never
	ip      string
	request *http.Request
	id      string // of the request
}

type askerKey struct{}

// askerOf returns who sent the request that a handler's context is of.
func askerOf(ctx context.Context) *asker {
	a, ok := ctx.Value(askerKey{}).(*asker)
	if !ok {
		return &asker{request: &http.Request{}} // nobody, with no right
	}
	return a
}

// own returns the agent whose calls alone the asker may see; all is true when it may see every call.
func (a *asker) own() (agent string, all bool) {
	if wire.Role(a.who.Role) == wire.RoleAgent {
		return a.who.Agent, false
	}
	return "", true
}

// seesNumbers tells whether a role may see callers' numbers and names. An agent
// sees those of its own calls only, who is bound to teams those of their calls (mask.go).
func seesNumbers(t records.Identity) bool {
	return !bound(t) && (wire.Role(t.Role) == wire.RoleAdmin || wire.Role(t.Role) == wire.RoleSupervisor)
}

// guard lets a request through only if the operation's access allows it, and
// puts into its context who sent it.
func (s *Server) guard(o *operation, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		a := &asker{ip: c.RealIP(), request: r, id: requestID(c)}
		if !o.access.public {
			if err := s.admit(c, o, a); err != nil {
				return err
			}
		}
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), askerKey{}, a)))
		a.request = c.Request()
		return next(c)
	}
}

func (s *Server) admit(c echo.Context, o *operation, a *asker) error {
	if err := s.authenticate(c.Request().Context(), a); err != nil {
		return err
	}
	t := a.who
	if wire.Role(t.Role) == wire.RoleAgent && t.Agent == "" {
		// Such a token would have no "own" to be held to.
		return denied("%s has role agent but names no agent", subject(t))
	}
	if !o.access.allows(t, c.Param("agent")) {
		return denied("role %s may not do this; %s", t.Role, o.access.who())
	}
	if !s.factored(t, o) {
		return problem{Status: http.StatusForbidden, Code: wire.ProblemCodeSecondFactor, Detail: "role " + t.Role + " needs a second factor, and there is none: set one up first, with POST /api/v1/me/totp or on the pages"}
	}
	if !o.within(t.Scopes) {
		return denied("the token's scopes do not reach this: it needs %s", o.scope())
	}
	if err := s.admitTeams(t, o, c.Param("agent")); err != nil {
		return err
	}
	if o.audited && !s.pace.allows(t.ID) {
		return problem{Status: http.StatusTooManyRequests, Code: wire.ProblemCodeThrottled, Detail: "too many changes at once"}
	}
	return nil
}

// Scopes are what a token can be narrowed to: a tag of openapi.yaml, or * for
// all, with read or write; write includes read.
const (
	scopeRead  = "read"
	scopeWrite = "write"
)

// scope is what a narrowed token needs for the operation.
func (o *operation) scope() string {
	if safe(o.method) {
		return o.tag + ":" + scopeRead
	}
	return o.tag + ":" + scopeWrite
}

// within tells whether scopes reach an operation; none at all is no limit. Who
// one is may always be asked.
func (o *operation) within(scopes []string) bool {
	if len(scopes) == 0 || o.tag == "session" {
		return true
	}
	return slices.ContainsFunc(scopes, func(s string) bool {
		tag, level, _ := strings.Cut(s, ":")
		return (tag == "*" || tag == o.tag) && (level == scopeWrite || level == scopeRead && safe(o.method))
	})
}

// CheckScope says what is wrong with the word of a scope.
func CheckScope(word string) error {
	tag, level, _ := strings.Cut(word, ":")
	doc, err := document()
	if err != nil {
		return err
	}
	tags := []string{"*"}
	for _, t := range doc.Tags {
		tags = append(tags, t.Name)
	}
	if !slices.Contains(tags, tag) || level != scopeRead && level != scopeWrite {
		return fmt.Errorf("%q is not a scope: one of %s, a colon, and read or write", word, strings.Join(tags, ", "))
	}
	return nil
}
