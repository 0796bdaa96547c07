package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora/top"
)

// newAgentCommand does for an agent what his phone's feature codes do.
func newAgentCommand() *cobra.Command {
	c := &cobra.Command{Use: "agent", Short: "See agents and act for them, through a running operadora"}
	clientFlags(c)
	c.AddCommand(
		newAgentListCommand(),
		newAgentLoginCommand(),
		newAgentOpCommand("logout AGENT", "Log an agent out; during a call: after it", func(ctx context.Context, c remote, agent, _, why string) (*wire.AgentCommandAnswer, error) {
			r, err := c.LogoutAgentWithResponse(ctx, agent, wire.AgentForce{Why: why})
			if err != nil {
				return nil, err
			}
			return cmp.Or(r.JSON200, r.JSON202), nil
		}),
		newAgentPauseCommand(),
		newAgentOpCommand("resume AGENT", "Make an agent available for calls", func(ctx context.Context, c remote, agent, _, why string) (*wire.AgentCommandAnswer, error) {
			r, err := c.ResumeAgentWithResponse(ctx, agent, wire.AgentForce{Why: why})
			if err != nil {
				return nil, err
			}
			return cmp.Or(r.JSON200, r.JSON202), nil
		}),
		newAgentDisposeCommand(),
		newAgentOpCommand("extend AGENT", "Give an agent more time to finish after a call", func(ctx context.Context, c remote, agent, _, why string) (*wire.AgentCommandAnswer, error) {
			r, err := c.ExtendWrapUpWithResponse(ctx, agent, wire.AgentForce{Why: why})
			if err != nil {
				return nil, err
			}
			return cmp.Or(r.JSON200, r.JSON202), nil
		}),
		newAgentDialCommand(),
	)
	return c
}

func newAgentLoginCommand() *cobra.Command {
	line := false
	c := newAgentOpCommand("login AGENT", "Log an agent in", func(ctx context.Context, c remote, agent, _, why string) (*wire.AgentCommandAnswer, error) {
		r, err := c.LoginAgentWithResponse(ctx, agent, wire.AgentLogin{Line: line, Why: why})
		if err != nil {
			return nil, err
		}
		return cmp.Or(r.JSON200, r.JSON202), nil
	})
	c.Flags().BoolVar(&line, "line", false, "with a permanent line: the phone is rung once, and calls come on that line; also puts one back")
	return c
}

func newAgentDisposeCommand() *cobra.Command {
	var notes, at string
	var also []string
	var c *cobra.Command
	c = newAgentOpCommand("dispose AGENT DISPOSITION", "Give the last call an outcome and end wrap-up", func(ctx context.Context, api remote, agent, disposition, _ string) (*wire.AgentCommandAnswer, error) {
		d := wire.AgentDisposition{Disposition: disposition, Also: also, Notes: notes}
		again, err := api.moment(c, "at", at) //nolint:contextcheck // the command has the context
		if err != nil {
			return nil, err
		}
		if again != nil {
			d.AgainAt = *again
		}
		r, err := api.DisposeAgentWithResponse(ctx, agent, d)
		if err != nil {
			return nil, err
		}
		return cmp.Or(r.JSON200, r.JSON202), nil
	})
	c.Flags().StringArrayVar(&also, "also", nil, "another outcome, where the queue lets a call have several; may be given several times")
	c.Flags().StringVar(&at, "at", "", "of a disposition that asks for a date: when the lead is to be called again; "+momentExample)
	c.Flags().StringVar(&notes, "notes", "", "what is to be known of the call")
	return c
}

func newAgentPauseCommand() *cobra.Command {
	override := false
	c := newAgentOpCommand("pause AGENT [REASON]", "Pause an agent; during a call: after it", func(ctx context.Context, c remote, agent, reason, why string) (*wire.AgentCommandAnswer, error) {
		r, err := c.PauseAgentWithResponse(ctx, agent, wire.AgentPause{Reason: reason, Override: override, Why: why})
		if err != nil {
			return nil, err
		}
		return cmp.Or(r.JSON200, r.JSON202), nil
	})
	c.Flags().BoolVar(&override, "override", false, "also beyond the limits of the reason; of supervisors")
	return c
}

func newAgentDialCommand() *cobra.Command {
	var queue, key string
	c := jsonFlag(&cobra.Command{
		Use: "dial AGENT NUMBER", Short: "Call a number for an agent, on behalf of a queue: the agent's phone rings first", Args: named,
		Example: "  operadora agent dial 101 910000001 --queue sales",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.DialForAgentWithResponse(cmd.Context(), args[0], wire.Dial{Number: args[1], Queue: queue, Key: key})
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON202, func(w io.Writer, d wire.Dialled) error {
				verb := "is made for" // the phone rings, or it is heard on the open line
				if d.Again {
					verb = "is the call of that key, made by"
				}
				_, err := fmt.Fprintf(w, "call %s %s agent %s\n", d.Call, verb, args[0])
				return err
			})
		}),
	})
	f := c.Flags()
	f.StringVar(&queue, "queue", "", "on behalf of this queue, one that the agent serves; the agent's first without it")
	f.StringVar(&key, "key", "", "of your choice: with the same key, asking again gives the same call")
	return c
}

// agentOp asks the API for an operation. The answer, which tells whether it is
// done or will be after the call, is nil when it cannot be read.
type agentOp func(ctx context.Context, c remote, agent, arg, why string) (*wire.AgentCommandAnswer, error)

func newAgentOpCommand(use, short string, op agentOp) *cobra.Command {
	var why string
	c := jsonFlag(&cobra.Command{
		Use: use, Short: short, Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			arg := ""
			if len(args) == 2 {
				arg = args[1]
			}
			answer, err := op(cmd.Context(), c, args[0], arg, why)
			if err != nil {
				return withChoices(cmd.Context(), c, err)
			}
			return showAnswer(cmd, answer, func(w io.Writer, a wire.AgentCommandAnswer) error {
				now := "now " + top.StateWord(a.State)
				if line := cmd.Flags().Lookup("line"); line != nil && line.Changed && a.State == wire.AgentStatePaused {
					now = "the phone rings: calls come once it is picked up"
				}
				if a.Over != "" {
					now += ", beyond the limit of its reason: " + top.OverWord(a.Over)
				}
				_, err := fmt.Fprintf(w, "%s: %s, %s\n", args[0], a.Result, now)
				return err
			})
		}),
	})
	if !strings.HasPrefix(use, "dispose") {
		c.Flags().StringVar(&why, "why", "", "why, for the audit log")
	}
	return c
}

// withChoices adds to a refused pause reason or disposition those that are
// defined, where the token may read definitions.
func withChoices(ctx context.Context, c remote, refused error) error {
	p, ok := errors.AsType[*client.Refusal](refused)
	if !ok || (p.Code != wire.ProblemCodeBadReason && p.Code != wire.ProblemCodeBadDisposition) {
		return refused
	}
	if strings.Contains(p.Detail, "; it knows ") {
		return refused // it names them itself
	}
	d, err := c.GetDefinitionsWithResponse(ctx)
	if err != nil || d.JSON200 == nil {
		return refused // an agent's own token may not ask; the refusal is what counts
	}
	var names []string
	if p.Code == wire.ProblemCodeBadReason {
		for _, r := range d.JSON200.PauseReasons {
			names = append(names, r.ID)
		}
	} else {
		names = outcomesToGive(d.JSON200.Dispositions)
	}
	if len(names) == 0 {
		return fmt.Errorf("%w; none is defined", refused)
	}
	return fmt.Errorf("%w; defined: %s", refused, strings.Join(names, ", "))
}

// outcomesToGive names the dispositions that can be given, groups are not, and the queues that they are for.
func outcomesToGive(all []wire.DispositionDefinition) (names []string) {
	of := map[string]wire.DispositionDefinition{}
	group := map[string]bool{}
	for _, o := range all {
		of[o.ID], group[o.Parent] = o, true
	}
	for _, o := range all {
		if group[o.ID] {
			continue
		}
		queues := o.Queues
		for up, n := o.Parent, 0; len(queues) == 0 && up != "" && n < len(all); up, n = of[up].Parent, n+1 {
			queues = of[up].Queues
		}
		name := o.ID
		if len(queues) > 0 {
			name += " (" + strings.Join(queues, ", ") + ")"
		}
		names = append(names, name)
	}
	return names
}

// reasonWord is the reason of a pause, marked when it is beyond its limits.
func reasonWord(a wire.Agent) string {
	if a.Over == "" {
		return a.Reason
	}
	return a.Reason + " (over: " + top.OverWord(a.Over) + ")"
}

func newAgentListCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "list", Short: "List agents and what they do", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			agents, err := c.Agents(cmd.Context())
			if err != nil {
				return err
			}
			return show(cmd, agents, func(w io.Writer) error {
				var rows [][]string
				for _, a := range agents {
					rows = append(rows, []string{a.ID, a.Name, top.AgentWord(a, time.Now()), since(a.Since), reasonWord(a), top.Then(a), a.Endpoint,
						string(a.Device), string(a.Line), strings.Join(a.Queues, ","), strconv.FormatInt(a.Calls, 10)})
				}
				return columns(w, []string{"AGENT", "NAME", "STATE", "FOR", "REASON", "THEN", "PHONE", "DEVICE", "LINE", "QUEUES", "CALLS"}, rows)
			})
		}),
	})
}
