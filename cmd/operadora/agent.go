package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api"
)

// newAgentCommand does for an agent what his phone's feature codes do.
func newAgentCommand() *cobra.Command {
	c := &cobra.Command{Use: "agent", Short: "See agents and act for them, through a running operadora"}
	clientFlags(c)
	c.AddCommand(
		newAgentListCommand(),
		newAgentOpCommand("login", "Log an agent in", ""),
		newAgentOpCommand("logout", "Log an agent out; during a call: after it", ""),
		newAgentOpCommand("pause", "Pause an agent; during a call: after it", "reason"),
		newAgentOpCommand("resume", "Make an agent ready for calls", ""),
		newAgentOpCommand("dispose", "Give the last call an outcome and end wrap-up", "disposition"),
	)
	return c
}

// newAgentOpCommand is one operation; field names the argument it takes beside the agent.
func newAgentOpCommand(op, short, field string) *cobra.Command {
	use, args := op+" AGENT", cobra.ExactArgs(1)
	if field != "" {
		use, args = use+" ["+strings.ToUpper(field)+"]", cobra.RangeArgs(1, 2)
	}
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			body := map[string]string{}
			if len(args) == 2 {
				body[field] = args[1]
			}
			var answer struct{ Result, State string }
			path := "/api/v1/agents/" + url.PathEscape(args[0]) + "/" + op
			if err := c.Do(cmd.Context(), http.MethodPost, path, body, &answer); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, now %s\n", args[0], answer.Result, answer.State)
			return nil
		},
	}
}

func newAgentListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List agents and what they do", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			var list struct{ Items []api.Agent }
			if err := c.Do(cmd.Context(), http.MethodGet, "/api/v1/agents", nil, &list); err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "AGENT\tNAME\tSTATE\tFOR\tREASON\tPHONE\tDEVICE\tQUEUES\tCALLS")
			for _, a := range list.Items {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", a.ID, a.Name, a.State, since(a.Since),
					a.Reason, a.Endpoint, a.Device, strings.Join(a.Queues, ","), a.Calls)
			}
			return w.Flush()
		},
	}
}

// since is how long ago a moment in unix ms was, "-" for never.
func since(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return time.Since(time.UnixMilli(ms)).Round(time.Second).String()
}
