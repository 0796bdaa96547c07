package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/cmd/operadora/top"
)

// newAgentCommand does for an agent what his phone's feature codes do.
func newAgentCommand() *cobra.Command {
	c := &cobra.Command{Use: "agent", Short: "See agents and act for them, through a running operadora"}
	clientFlags(c)
	c.AddCommand(
		newAgentListCommand(),
		newAgentOpCommand("login AGENT", "Log an agent in", ""),
		newAgentOpCommand("logout AGENT", "Log an agent out; during a call: after it", ""),
		newAgentOpCommand("pause AGENT [REASON]", "Pause an agent; during a call: after it", "reason"),
		newAgentOpCommand("resume AGENT", "Make an agent available for calls", ""),
		newAgentOpCommand("dispose AGENT DISPOSITION", "Give the last call an outcome and end wrap-up", "disposition"),
	)
	return c
}

// newAgentOpCommand is one operation; field is the API's name of the argument it takes beside the agent.
func newAgentOpCommand(use, short, field string) *cobra.Command {
	op, _, _ := strings.Cut(use, " ")
	return &cobra.Command{
		Use: use, Short: short, Args: named,
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
				return withChoices(cmd.Context(), c, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, now %s\n", args[0], answer.Result, top.StateWord(answer.State))
			return nil
		},
	}
}

// withChoices adds to a refused pause reason or disposition those that are
// defined, where the token may read definitions.
func withChoices(ctx context.Context, c remote, refused error) error {
	p, ok := errors.AsType[*client.Problem](refused)
	if !ok || (p.Field != "reason" && p.Field != "disposition") {
		return refused
	}
	var d api.DefinitionsView
	if err := c.Do(ctx, http.MethodGet, "/api/v1/definitions", nil, &d); err != nil {
		return refused // an agent's own token may not ask; the refusal is what counts
	}
	var names []string
	if p.Field == "reason" {
		for _, r := range d.PauseReasons {
			names = append(names, r.Name)
		}
	} else {
		for _, o := range d.Dispositions {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%w; none is defined", refused)
	}
	return fmt.Errorf("%w; defined: %s", refused, strings.Join(names, ", "))
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
			fmt.Fprintln(w, "AGENT\tNAME\tSTATE\tFOR\tREASON\tTHEN\tPHONE\tDEVICE\tQUEUES\tCALLS")
			for _, a := range list.Items {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", a.ID, a.Name, top.AgentWord(a, time.Now()), since(a.Since),
					a.Reason, then(a), a.Endpoint, a.Device, strings.Join(a.Queues, ","), a.Calls)
			}
			return w.Flush()
		},
	}
}

// then is what an agent asked for until the call is over.
func then(a api.Agent) string {
	if a.NextReason != "" {
		return a.Next + ": " + a.NextReason
	}
	return a.Next
}

// since is how long ago a moment in unix ms was, "-" for never.
func since(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return time.Since(time.UnixMilli(ms)).Round(time.Second).String()
}
