package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator/records"
)

// newTokenCommand makes, lists and revokes the keys of the API. It works on
// the database itself: whoever may read the configuration may do so.
func newTokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Keys of the API"}
	c.AddCommand(newTokenCreateCommand(), newTokenListCommand(), newTokenRevokeCommand())
	return c
}

// withRecords runs do with the database of the configuration.
func withRecords(cmd *cobra.Command, do func(*records.DB) error) error {
	cfg, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	db, err := records.Open(cmd.Context(), cfg.Records, time.Now)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // what was written is committed
	return do(db)
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
			if !api.ValidRole(t.Role) {
				return fmt.Errorf("--role %q: not one of %v", t.Role, roles)
			}
			if (t.Role == string(api.RoleAgent)) != (t.Agent != "") {
				return fmt.Errorf("--agent %q: is for role agent, and only for it", t.Agent)
			}
			if days < 0 {
				return fmt.Errorf("--days %d: is negative", days)
			}
			if days > 0 {
				t.Expires = time.Now().AddDate(0, 0, days)
			}
			return withRecords(cmd, func(db *records.DB) error {
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
	f.IntVar(&days, "days", 0, "days until it expires; 0 is never")
	for _, name := range []string{"name", "role"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // a flag of this very command
		}
	}
	return c
}

func joinRoles(roles []api.Role) string {
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
			return withRecords(cmd, func(db *records.DB) error {
				list, err := db.Tokens(cmd.Context())
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tNAME\tROLE\tAGENT\tCREATED\tEXPIRES\tLAST USED\tREVOKED")
				for _, t := range list {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, t.Role, t.Agent,
						dayOrDash(t.Created), dayOrDash(t.Expires), dayOrDash(t.Used), dayOrDash(t.Revoked))
				}
				return w.Flush()
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
		Use:   "revoke ID",
		Short: "End a token at once",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withRecords(cmd, func(db *records.DB) error { return db.RevokeToken(cmd.Context(), args[0]) })
		},
	}
}
