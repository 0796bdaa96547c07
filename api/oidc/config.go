package oidc

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/operadora/operadora/orchestrator"
)

// Config says at which provider people sign in, and what they may do then.
type Config struct {
	Issuer       string              `yaml:"issuer" default:"" doc:"OpenID provider at which people may sign in, such as https://id.example.org/realms/cc; what stands below it at .well-known/openid-configuration says the rest. Empty: passwords and tokens alone. Needs api.public_url; the address to register there is that, with /api/v1/oidc_callback."`
	Name         string              `yaml:"name" max:"40" default:"" doc:"What the pages call it: Sign in with NAME. Empty is its host name."`
	ClientID     string              `yaml:"client_id" default:"" doc:"What operadora is known as there."`
	ClientSecret orchestrator.Secret `yaml:"client_secret" default:"" doc:"The secret of that client, best as file:/path. Empty for a public client, which PKCE protects alone."`
	Scopes       []string            `yaml:"scopes" default:"openid, profile" doc:"What is asked for; openid is needed."`
	LoginClaim   string              `yaml:"login_claim" default:"preferred_username" doc:"Claim of the ID token that is the name a person signs in as here. Take one that people cannot change there themselves. With email, email_verified must be true."`
	GroupsClaim  string              `yaml:"groups_claim" default:"groups" doc:"Claim with a person's groups, a list or one; with dots for what is within another: realm_access.roles."`
	AgentClaim   string              `yaml:"agent_claim" default:"" doc:"Claim with the id of the agent that a person of role agent is. Empty: as an administrator says under Administration, People."`
	Groups       []Group             `yaml:"groups" doc:"What those in a group there are here, each time that they sign in: the first that fits gives the role, all with that role the teams. Empty: as an administrator says."`
	Create       bool                `yaml:"create" default:"false" doc:"Add who is not known here yet and is in one of groups. false refuses them."`
	Link         bool                `yaml:"link" default:"false" doc:"Take a person here who has a password for the one with that login there, who signs in there alone from then on. false refuses them: only who has no password yet is taken for one there."`
}

// Group is what those in a group of the provider are here.
type Group struct {
	Group string `yaml:"group,need" doc:"The group, as the claim has it."`
	Role  string `yaml:"role,need" oneof:"admin supervisor campaign_manager agent" doc:"What they may do."`
	Team  string `yaml:"team" default:"" doc:"The team that role supervisor is bound to; empty is the whole centre."`
}

// On tells whether there is a provider.
func (c Config) On() bool { return c.Issuer != "" }

// Validate names the first key whose value cannot work.
func (c Config) Validate() error {
	if !c.On() {
		return nil
	}
	u, err := url.Parse(c.Issuer)
	loopback := err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback):
		return fmt.Errorf("api.oidc.issuer: %q is not an address such as https://id.example.org", c.Issuer)
	case c.ClientID == "":
		return fmt.Errorf("api.oidc.client_id: is empty while api.oidc.issuer is set")
	case !slices.Contains(c.Scopes, "openid"):
		return fmt.Errorf("api.oidc.scopes: openid is not among them")
	case c.LoginClaim == "":
		return fmt.Errorf("api.oidc.login_claim: is empty")
	case c.Create && len(c.Groups) == 0:
		return fmt.Errorf("api.oidc.create: needs api.oidc.groups, which say what people may do")
	}
	for i, g := range c.Groups {
		if g.Team != "" && g.Role != "supervisor" {
			return fmt.Errorf("api.oidc.groups[%d].team: goes with role supervisor only, not with %s", i, g.Role)
		}
	}
	return nil
}

// Title is what the pages call the provider.
func (c Config) Title() string {
	if c.Name != "" {
		return c.Name
	}
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return c.Issuer
	}
	return u.Hostname()
}

// Rights are what somebody's groups make of them here: the first of the configured groups that fits
// gives the role, all with that role the teams, or the whole centre where one of them names
// none. false when none fits.
func (c Config) Rights(in []string) (role string, teams []string, ok bool) {
	whole := false
	for _, g := range c.Groups {
		if !slices.Contains(in, g.Group) || role != "" && g.Role != role {
			continue
		}
		role = g.Role
		whole = whole || g.Team == ""
		if g.Team != "" && !slices.Contains(teams, g.Team) {
			teams = append(teams, g.Team)
		}
	}
	if whole {
		teams = nil
	}
	return role, teams, role != ""
}
