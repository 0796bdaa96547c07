package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// newTokenCommand makes, lists and revokes the keys of the API. It works on
// the database itself: whoever may read the configuration may do so.
func newTokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Keys of the API"}
	c.AddCommand(newTokenCreateCommand(), newTokenListCommand(), newTokenRevokeCommand())
	return c
}

// withRecords runs do with the configuration and its database.
func withRecords(cmd *cobra.Command, do func(Config, *records.DB) error) error {
	cfg, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	return withRecordsOf(cmd, cfg, do)
}

// withRecordsOf is the same with a configuration that was read already.
func withRecordsOf(cmd *cobra.Command, cfg Config, do func(Config, *records.DB) error) error {
	db, err := records.Open(cmd.Context(), cfg.Records, time.Now)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // what was written is committed
	return do(cfg, db)
}

func newTokenCreateCommand() *cobra.Command {
	var t records.Token
	var days int
	roles := api.Roles
	c := &cobra.Command{
		Use:   "create",
		Short: "Make a token and print it; it is shown this once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkRights(t.Role, t.Agent, t.Teams); err != nil {
				return err
			}
			if days < 0 {
				return fmt.Errorf("--days %d: is negative", days)
			}
			for _, word := range t.Scopes {
				if err := api.CheckScope(word); err != nil {
					return fmt.Errorf("--scope: %w", err)
				}
			}
			if days > 0 {
				t.Expires = time.Now().AddDate(0, 0, days)
			}
			return withRecords(cmd, func(cfg Config, db *records.DB) error {
				if err := knownRights(cmd, cfg.Definitions, t.Agent, t.Teams); err != nil {
					return err
				}
				if err := onRecord(cmd.Context(), db, "token.create", t.Name, "role "+t.Role); err != nil {
					return err
				}
				_, text, err := db.CreateToken(cmd.Context(), t)
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), text)
				}
				return err
			})
		},
	}
	f := c.Flags()
	f.StringVar(&t.Name, "name", "", "who or what holds it, for the audit log")
	f.StringVar(&t.Role, "role", "", fmt.Sprintf("what it may do: %s", joinRoles(roles)))
	f.StringVar(&t.Agent, "agent", "", "the agent it acts for, with role agent")
	f.StringSliceVar(&t.Teams, "team", nil, "bind role supervisor to the people of a team; may be given again; else it is over the whole centre")
	f.IntVar(&days, "days", api.TokenDays, "days until it expires; 0 is never")
	f.StringSliceVar(&t.Scopes, "scope", nil, "narrow it to a part of what its role may: calls:read, agents:write, *:read …; may be given again")
	for _, name := range []string{"name", "role"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // a flag of this very command
		}
	}
	return c
}

// checkRights refuses a role, an agent and teams that do not fit together.
func checkRights(role, agent string, teams []string) error {
	if m := api.CheckRights(role, agent, teams); m != nil {
		return fmt.Errorf("--%s %q: %s", m.Field, m.Value, m.Why)
	}
	return nil
}

// knownRights refuses an agent or teams that are not defined.
func knownRights(cmd *cobra.Command, dir, agent string, teams []string) error {
	if agent != "" {
		return knownAgent(cmd, dir, agent)
	}
	if len(teams) > 0 {
		return knownTeams(cmd, dir, teams)
	}
	return nil
}

// knownAgent refuses an agent that is not defined. Where the definitions cannot
// be read it only warns: the right is for the database, not for this machine.
func knownAgent(cmd *cobra.Command, dir, agent string) error {
	floor, known := readForToken(cmd, dir, fmt.Sprintf("agent %q", agent))
	if !known {
		return nil
	}
	var ids []string
	for _, a := range floor.defs.Agents {
		if a.ID == agent {
			return nil
		}
		ids = append(ids, a.ID)
	}
	return fmt.Errorf("--agent %q is not defined in %s; there are %s", agent, dir, strings.Join(ids, ", "))
}

// knownTeams does the same for teams.
func knownTeams(cmd *cobra.Command, dir string, teams []string) error {
	floor, known := readForToken(cmd, dir, "team "+strings.Join(teams, ", "))
	if !known {
		return nil
	}
	var ids []string
	for _, team := range floor.defs.Teams {
		ids = append(ids, team.ID)
	}
	for _, team := range teams {
		if !slices.Contains(ids, team) {
			return fmt.Errorf("--team %q is not defined in %s; there are %s", team, dir, strings.Join(ids, ", "))
		}
	}
	return nil
}

// readForToken reads who there is; false, with a warning, when that cannot be read.
func readForToken(cmd *cobra.Command, dir, whether string) (floor, bool) {
	floor := readACD(os.DirFS(dir))
	if err := floor.faults.Err(); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: whether %s is defined is not known: %s\n", whether, fault.Text(err))
		return floor, false
	}
	return floor, true
}

func joinRoles(roles []wire.Role) string {
	var out []string
	for _, r := range roles {
		out = append(out, string(r))
	}
	return strings.Join(out, ", ")
}

func newTokenListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all tokens, without their secrets",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withRecords(cmd, func(_ Config, db *records.DB) error {
				list, err := db.Tokens(cmd.Context())
				if err != nil {
					return err
				}
				var rows [][]string
				for _, t := range list {
					rows = append(rows, []string{t.ID, t.Name, t.Role, t.Agent, strings.Join(t.Teams, " "), strings.Join(t.Scopes, " "),
						dayOrDash(t.Created), dayOrDash(t.Expires), dayOrDash(t.Used), dayOrDash(t.Revoked)})
				}
				return columns(cmd.OutOrStdout(), []string{"ID", "NAME", "ROLE", "AGENT", "TEAMS", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "REVOKED"}, rows)
			})
		},
	}
}

func dayOrDash(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}

func newTokenRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID|NAME",
		Short: "End a token at once, named by its ID, or by its name if no other has it",
		Args:  named,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withRecords(cmd, func(_ Config, db *records.DB) error {
				t, err := oneToken(cmd.Context(), db, args[0])
				if err != nil {
					return err
				}
				if err := onRecord(cmd.Context(), db, "token.revoke", t.Name, t.ID); err != nil {
					return err
				}
				if err := db.RevokeToken(cmd.Context(), t.ID); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "revoked %s (%s)\n", t.ID, t.Name)
				return nil
			})
		},
	}
}

// oneToken finds a token by its id, or by its name where that is clear; those
// that are revoked already do not make it unclear.
func oneToken(ctx context.Context, db *records.DB, which string) (records.Token, error) {
	list, err := db.Tokens(ctx)
	if err != nil {
		return records.Token{}, err
	}
	if i := slices.IndexFunc(list, func(t records.Token) bool { return t.ID == which }); i >= 0 {
		return list[i], nil
	}
	list = slices.DeleteFunc(list, func(t records.Token) bool { return t.Name != which || !t.Revoked.IsZero() })
	switch len(list) {
	case 0:
		return records.Token{}, fmt.Errorf("no token that is not revoked yet has the ID or the name %q; `operadora token list` shows them", which)
	case 1:
		return list[0], nil
	}
	ids := make([]string, 0, len(list))
	for _, t := range list {
		ids = append(ids, t.ID)
	}
	return records.Token{}, fmt.Errorf("%d tokens have the name %q; revoke one by its ID: %s", len(list), which, strings.Join(ids, ", "))
}
