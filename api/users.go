package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// LinkHolds is how long a one-time link may be used.
const LinkHolds = 72 * time.Hour

// Misfit is what is wrong with the rights that somebody is to have.
type Misfit struct{ Field, Value, Why string }

// CheckRights says what of a role, an agent and teams does not fit together; nil when all does.
func CheckRights(role, agent string, teams []string) *Misfit {
	var names []string
	for _, r := range Roles {
		names = append(names, string(r))
	}
	switch of := wire.Role(role); {
	case !ValidRole(role):
		return &Misfit{"role", role, "is not one of " + strings.Join(names, ", ")}
	case of == wire.RoleAgent && agent == "":
		return &Misfit{"agent", "", "is needed with role agent: whom it is to act for"}
	case of != wire.RoleAgent && agent != "":
		return &Misfit{"agent", agent, "goes with role agent only, not with " + role}
	case of != wire.RoleSupervisor && len(teams) > 0:
		return &Misfit{"team", teams[0], "goes with role supervisor only, not with " + role}
	}
	return nil
}

var goodLogin = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// CheckLogin says what is wrong with what somebody is to sign in as.
func CheckLogin(login string) error {
	if !goodLogin.MatchString(login) {
		return fmt.Errorf("%q is not 1 to 64 of a-z, 0-9 and ._@-, with a letter or digit first", login)
	}
	return nil
}

// mayLetIn refuses a token that was narrowed: it could make one that is not.
func mayLetIn(ctx context.Context) error {
	if who := askerOf(ctx).who; len(who.Scopes) > 0 && !slices.Contains(who.Scopes, "*:"+scopeWrite) {
		return denied("a narrowed token may not let others in: it needs *:%s", scopeWrite)
	}
	return nil
}

// defined refuses rights that do not fit together, or that name what is not defined.
func (s *Server) defined(ctx context.Context, role, agent string, teams []string) error {
	if m := CheckRights(role, agent, teams); m != nil {
		return wrong(wire.ProblemCodeInvalid, m.Field, m.Value, "%s", m.Why)
	}
	if agent != "" {
		d, err := s.Definitions.Definitions(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(d.Agents, func(a wire.AgentDefinition) bool { return a.ID == agent }) {
			return wrong(wire.ProblemCodeInvalid, "agent", agent, "is not defined")
		}
	}
	return s.teamsDefined(ctx, teams)
}

// teamsDefined refuses teams that are not defined.
func (s *Server) teamsDefined(ctx context.Context, teams []string) error {
	if len(teams) == 0 {
		return nil
	}
	d, err := s.Definitions.Definitions(ctx)
	if err != nil {
		return err
	}
	for _, team := range teams {
		if !slices.Contains(d.Teams, team) {
			return wrong(wire.ProblemCodeInvalid, "teams", team, "is not defined; there are %s", strings.Join(d.Teams, ", "))
		}
	}
	return nil
}

func userView(u records.User) wire.User {
	return wire.User{ID: u.ID, Login: u.Login, Name: u.Name, Role: wire.Role(u.Role), Agent: u.Agent, Teams: u.Teams, CreatedAt: u.Created,
		PasswordSetAt: u.PasswordSet, Provided: u.Subject != "", TOTPSince: u.TOTPSince, LinkExpiresAt: u.LinkExpires, LastUsed: u.Used, DisabledAt: u.Disabled}
}

// rightsOf are a person's in words, for the audit log.
func rightsOf(role, agent string, teams []string) string {
	words := "role " + role
	if agent != "" {
		words += ", agent " + agent
	}
	if len(teams) > 0 {
		words += ", teams " + strings.Join(teams, " ")
	}
	return words
}

// ListUsers implements StrictServerInterface.
func (s operations) ListUsers(ctx context.Context, r ListUsersRequestObject) (ListUsersResponseObject, error) {
	list, err := s.People.Users(ctx)
	if err != nil {
		return nil, err
	}
	items, next, err := pageOf(list, func(u records.User) string { return u.Login }, given(r.Params.Limit), given(r.Params.Cursor))
	return ListUsers200JSONResponse{Items: each(items, userView), Next: next}, err
}

// GetUser implements StrictServerInterface.
func (s operations) GetUser(ctx context.Context, r GetUserRequestObject) (GetUserResponseObject, error) {
	u, err := s.People.User(ctx, r.User)
	return GetUser200JSONResponse(userView(u)), err
}

// CreateUser implements StrictServerInterface.
func (s operations) CreateUser(ctx context.Context, r CreateUserRequestObject) (CreateUserResponseObject, error) {
	b := r.Body
	if err := mayLetIn(ctx); err != nil {
		return nil, err
	}
	if err := s.defined(ctx, string(b.Role), b.Agent, b.Teams); err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "user.create", b.Login, rightsOf(string(b.Role), b.Agent, b.Teams)); err != nil {
		return nil, err
	}
	u, err := s.People.CreateUser(ctx, records.User{Login: b.Login, Name: b.Name, Role: string(b.Role), Agent: b.Agent, Teams: b.Teams})
	if err != nil {
		return nil, err
	}
	v, err := s.invited(ctx, u)
	return CreateUser200JSONResponse(v), err
}

// invited makes the link of a person.
func (s *Server) invited(ctx context.Context, u records.User) (wire.InvitedUser, error) {
	link, until, err := s.People.InviteUser(ctx, u.ID, LinkHolds)
	u.LinkExpires = until
	return wire.InvitedUser{User: userView(u), Link: link, ExpiresAt: until}, err
}

// ChangeUser implements StrictServerInterface.
func (s operations) ChangeUser(ctx context.Context, r ChangeUserRequestObject) (ChangeUserResponseObject, error) {
	b := r.Body
	u, err := s.overUser(ctx, r.User)
	if err != nil {
		return nil, err
	}
	if u.ID == askerOf(ctx).who.ID && string(b.Role) != u.Role {
		return nil, conflict("role", string(b.Role), "is not given to oneself: another administrator may")
	}
	if err := s.defined(ctx, string(b.Role), b.Agent, b.Teams); err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "user.change", u.Login, rightsOf(string(b.Role), b.Agent, b.Teams)); err != nil {
		return nil, err
	}
	u, err = s.People.ChangeUser(ctx, records.User{ID: u.ID, Name: b.Name, Role: string(b.Role), Agent: b.Agent, Teams: b.Teams})
	return ChangeUser200JSONResponse(userView(u)), err
}

// overUser returns a person whom the asker wants to change.
func (s *Server) overUser(ctx context.Context, id string) (records.User, error) {
	if err := mayLetIn(ctx); err != nil {
		return records.User{}, err
	}
	return s.People.User(ctx, id)
}

func conflict(field, value, format string, args ...any) error {
	return problem{Status: http.StatusConflict, Code: wire.ProblemCodeConflict, Field: field, Value: short(value), Detail: field + ": " + fmt.Sprintf(format, args...)}
}

// done does something to a person, on record.
func (s *Server) done(ctx context.Context, id, action string, do func(records.User) (records.User, error)) (wire.User, error) {
	u, err := s.overUser(ctx, id)
	if err == nil {
		err = s.auditFirst(ctx, action, u.Login, "")
	}
	if err != nil {
		return wire.User{}, err
	}
	u, err = do(u)
	return userView(u), err
}

// DisableUser implements StrictServerInterface.
func (s operations) DisableUser(ctx context.Context, r DisableUserRequestObject) (DisableUserResponseObject, error) {
	if r.User == askerOf(ctx).who.ID {
		return nil, conflict("user", r.User, "is oneself: another administrator may")
	}
	u, err := s.done(ctx, r.User, "user.disable", func(u records.User) (records.User, error) { return s.People.DisableUser(ctx, u.ID, true) })
	return DisableUser200JSONResponse(u), err
}

// EnableUser implements StrictServerInterface.
func (s operations) EnableUser(ctx context.Context, r EnableUserRequestObject) (EnableUserResponseObject, error) {
	u, err := s.done(ctx, r.User, "user.enable", func(u records.User) (records.User, error) { return s.People.DisableUser(ctx, u.ID, false) })
	return EnableUser200JSONResponse(u), err
}

// EndSessions implements StrictServerInterface.
func (s operations) EndSessions(ctx context.Context, r EndSessionsRequestObject) (EndSessionsResponseObject, error) {
	u, err := s.done(ctx, r.User, "user.end_sessions", func(u records.User) (records.User, error) { return u, s.Tokens.EndSessions(ctx, u.ID, "") })
	return EndSessions200JSONResponse(u), err
}

// RemoveUserTOTP implements StrictServerInterface.
func (s operations) RemoveUserTOTP(ctx context.Context, r RemoveUserTOTPRequestObject) (RemoveUserTOTPResponseObject, error) {
	u, err := s.done(ctx, r.User, "user.remove_totp", func(u records.User) (records.User, error) { return s.People.RemoveTOTP(ctx, u.ID, "") })
	return RemoveUserTOTP200JSONResponse(u), err
}

// InviteUser implements StrictServerInterface.
func (s operations) InviteUser(ctx context.Context, r InviteUserRequestObject) (InviteUserResponseObject, error) {
	u, err := s.overUser(ctx, r.User)
	if err == nil {
		err = s.auditFirst(ctx, "user.invite", u.Login, "")
	}
	if err != nil {
		return nil, err
	}
	v, err := s.invited(ctx, u)
	return InviteUser200JSONResponse(v), err
}

// GetPreferences implements StrictServerInterface.
func (s operations) GetPreferences(ctx context.Context, _ GetPreferencesRequestObject) (GetPreferencesResponseObject, error) {
	body, err := s.People.Preferences(ctx, askerOf(ctx).who.ID)
	if err != nil || body == "" {
		return GetPreferences200JSONResponse{}, err
	}
	var p wire.Preferences
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		return nil, fault.E("api.GetPreferences", fault.Internal, err)
	}
	return GetPreferences200JSONResponse(p), nil
}

// PutPreferences implements StrictServerInterface.
func (s operations) PutPreferences(ctx context.Context, r PutPreferencesRequestObject) (PutPreferencesResponseObject, error) {
	body, err := json.Marshal(r.Body)
	if err != nil {
		return nil, err
	}
	return PutPreferences200JSONResponse(*r.Body), s.People.KeepPreferences(ctx, askerOf(ctx).who.ID, string(body))
}
