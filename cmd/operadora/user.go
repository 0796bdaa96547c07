package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// newUserCommand adds, lists and keeps out the people who sign in. As with tokens, it works on
// the database itself: whoever may read the configuration may do so.
func newUserCommand() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "People who sign in with a name and a password"}
	c.AddCommand(newUserCreateCommand(), newUserListCommand(),
		userCommand("invite LOGIN", "Print a one-time link by which a person sets the password; the one before is void", "user.invite",
			func(cmd *cobra.Command, cfg Config, db *records.DB, u records.User) error {
				return printLink(cmd, cfg, db, u)
			}),
		userCommand("disable LOGIN", "Keep a person out from now on, and end what is open", "user.disable",
			func(cmd *cobra.Command, _ Config, db *records.DB, u records.User) error {
				_, err := db.DisableUser(cmd.Context(), u.ID, true)
				return confirm(cmd, err, "%s is disabled\n", u.Login)
			}),
		userCommand("enable LOGIN", "Let a person in again", "user.enable",
			func(cmd *cobra.Command, _ Config, db *records.DB, u records.User) error {
				_, err := db.DisableUser(cmd.Context(), u.ID, false)
				return confirm(cmd, err, "%s may sign in\n", u.Login)
			}),
		userCommand("end-sessions LOGIN", "Sign a person out everywhere", "user.end_sessions",
			func(cmd *cobra.Command, _ Config, db *records.DB, u records.User) error {
				return confirm(cmd, db.EndSessions(cmd.Context(), u.ID, ""), "%s is signed out everywhere\n", u.Login)
			}),
		userCommand("remove-totp LOGIN", "Take a person's second factor away, who has lost it and the recovery codes", "user.remove_totp",
			func(cmd *cobra.Command, _ Config, db *records.DB, u records.User) error {
				_, err := db.RemoveTOTP(cmd.Context(), u.ID, "")
				return confirm(cmd, err, "%s has no second factor any more, and is signed out everywhere\n", u.Login)
			}))
	return c
}

// commandLine is who the audit log says it was.
const commandLine = "command line"

// onRecord puts on the audit log what the command line is about to do to a person or a token.
func onRecord(ctx context.Context, db *records.DB, action, name, detail string) error {
	return db.Audit(ctx, records.AuditLine{Who: commandLine, Action: action, Object: name, Detail: detail})
}

// confirm tells what was done.
func confirm(cmd *cobra.Command, err error, format string, args ...any) error {
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), format, args...)
	}
	return err
}

// userCommand does something to a person who is named.
func userCommand(use, short, action string, do func(*cobra.Command, Config, *records.DB, records.User) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withRecords(cmd, func(cfg Config, db *records.DB) error {
				u, err := db.UserOf(cmd.Context(), args[0])
				if fault.KindOf(err) == fault.NotFound {
					return fmt.Errorf("nobody signs in as %q; `operadora user list` shows who does", args[0])
				}
				if err == nil {
					err = onRecord(cmd.Context(), db, action, u.Login, "")
				}
				if err != nil {
					return err
				}
				return do(cmd, cfg, db, u)
			})
		},
	}
}

func newUserCreateCommand() *cobra.Command {
	var u records.User
	c := &cobra.Command{
		Use:   "create LOGIN",
		Short: "Add a person, and print a one-time link by which they set their password",
		Args:  named,
		RunE: func(cmd *cobra.Command, args []string) error {
			u.Login = strings.ToLower(args[0])
			if err := api.CheckLogin(u.Login); err != nil {
				return err
			}
			if err := checkRights(u.Role, u.Agent, u.Teams); err != nil {
				return err
			}
			return withRecords(cmd, func(cfg Config, db *records.DB) error {
				if err := knownRights(cmd, cfg.Definitions, u.Agent, u.Teams); err != nil {
					return err
				}
				return addUser(cmd, cfg, db, u)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&u.Name, "name", "", "what the person is called")
	f.StringVar(&u.Role, "role", "", fmt.Sprintf("what the person may do: %s", joinRoles(api.Roles)))
	f.StringVar(&u.Agent, "agent", "", "the agent that the person is, with role agent")
	f.StringSliceVar(&u.Teams, "team", nil, "bind role supervisor to the people of a team; may be given again; else it is over the whole centre")
	if err := c.MarkFlagRequired("role"); err != nil {
		panic(err) // a flag of this very command
	}
	return c
}

// addUser adds a person and prints the link.
func addUser(cmd *cobra.Command, cfg Config, db *records.DB, u records.User) error {
	if err := onRecord(cmd.Context(), db, "user.create", u.Login, "role "+u.Role); err != nil {
		return err
	}
	u, err := db.CreateUser(cmd.Context(), u)
	if err != nil {
		return err
	}
	return printLink(cmd, cfg, db, u)
}

// printLink makes a person's one-time link and prints where it leads.
func printLink(cmd *cobra.Command, cfg Config, db *records.DB, u records.User) error {
	link, until, err := db.InviteUser(cmd.Context(), u.ID, api.LinkHolds)
	return confirm(cmd, err, "%s sets a password, once, until %s, at\n%s/#/welcome/%s\n", u.Login, until.Local().Format("2006-01-02 15:04"), pagesAt(cfg.API), link)
}

// pagesAt is where people reach the pages, as far as the configuration tells.
func pagesAt(cfg api.Config) string {
	if cfg.PublicURL != "" {
		return strings.TrimSuffix(cfg.PublicURL, "/")
	}
	scheme := "http"
	if cfg.TLSCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

func newUserListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List who signs in",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withRecords(cmd, func(_ Config, db *records.DB) error {
				list, err := db.Users(cmd.Context())
				if err != nil {
					return err
				}
				var rows [][]string
				for _, u := range list {
					rows = append(rows, []string{u.Login, u.Name, u.Role, u.Agent, strings.Join(u.Teams, " "), userState(u, time.Now()), dayOrDash(u.TOTPSince), dayOrDash(u.Created), dayOrDash(u.Used)})
				}
				return columns(cmd.OutOrStdout(), []string{"LOGIN", "NAME", "ROLE", "AGENT", "TEAMS", "STATE", "TOTP SINCE", "CREATED", "LAST USED"}, rows)
			})
		},
	}
}

// userState is whether a person may sign in.
func userState(u records.User, now time.Time) string {
	switch {
	case !u.Disabled.IsZero():
		return "disabled"
	case u.Subject != "":
		return "at the provider"
	case u.LinkExpires.After(now) && u.Password == "":
		return "invited"
	case u.Password == "":
		return "no password"
	}
	return "active"
}
