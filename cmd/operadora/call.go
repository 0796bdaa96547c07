package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newCallCommand is about calls in progress.
func newCallCommand() *cobra.Command {
	c := &cobra.Command{Use: "call", Short: "See, hold, transfer, confer on, move, listen to and end calls in progress, through a running operadora"}
	clientFlags(c)
	c.AddCommand(newCallListCommand(), newCallShowCommand(), newCallExplainCommand(), newCallHangupCommand(), newCallGiveUpCommand(),
		newCallMachineCommand(), newCallDialCommand(), newCallSkipCommand(), newCallHoldCommand(), newCallResumeCommand(), newCallMuteCommand(), newCallUnmuteCommand(), newCallTransferCommand(), newCallMoveCommand())
	c.AddCommand(newConsultCommands()...)
	c.AddCommand(newSuperviseCommands()...)
	return c
}

func newCallListCommand() *cobra.Command {
	var queue, agent, campaign string
	var state wire.CallState
	kind := wire.KindFilterCustomer
	c := jsonFlag(&cobra.Command{
		Use: "list", Short: "List customers' calls in progress, the oldest first", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			calls, err := c.Calls(cmd.Context(), wire.ListCallsParams{Queue: unlessEmpty(queue), Agent: unlessEmpty(agent),
				State: unlessEmpty(state), Kind: unlessEmpty(kind), Campaign: unlessEmpty(campaign)})
			if err != nil {
				return err
			}
			return show(cmd, calls, func(w io.Writer) error {
				var rows [][]string
				for _, c := range calls {
					rows = append(rows, []string{c.ID, callState(c), orDash(plainParty(c.From())), orDash(c.To()), orDash(plainQueue(c.Queue)),
						orDash(c.Serving), orDash(c.Node), since(c.WaitSince), since(c.StartedAt)})
				}
				return columns(w, []string{"CALL", "STATE", "FROM", "TO", "QUEUE", "AGENT", "NODE", "WAITS", "SINCE"}, rows)
			})
		}),
	})
	f := c.Flags()
	f.StringVar(&queue, "queue", "", "only calls of this queue")
	f.StringVar(&agent, "agent", "", "only calls that this agent serves or is rung for")
	f.StringVar((*string)(&state), "state", "", "only calls in this state")
	f.StringVar(&campaign, "campaign", "", "only calls of this campaign")
	f.StringVar((*string)(&kind), "kind", string(kind), "customer, inbound, outbound (agents call), callback, campaign, feature (agents' phones to feature codes) or all")
	return c
}

func newCallShowCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "show CALL", Short: "Show a call in progress and what happened on it so far", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.GetCallWithResponse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, showCall)
		}),
	})
}

func showCall(w io.Writer, c wire.CallView) error {
	lines := append([][2]string{{"call", c.ID}, {"state", callState(c.LiveCall)}}, whoCalled(c.CallSummary)...)
	return showLines(w, append(lines, [][2]string{{"pbx", c.PBX}, {"since", c.StartedAt.Local().Format(time.DateTime)}, {"queue", plainQueue(c.Queue)},
		{"agent", c.Serving}, {"node", c.Node}, {"recording", c.LiveRecording.ID}, {"about", aboutLine(c.About)}, {"script", c.Script}}...), c.Timeline)
}

// aboutLine is what is known of a lead, in a line.
func aboutLine(about map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(about)) {
		out = append(out, name+" "+about[name])
	}
	return strings.Join(out, "; ")
}

// callState is where a call stands, as people read it.
func callState(c wire.LiveCall) string {
	if c.Held {
		return "on hold"
	}
	return string(c.State)
}

// whoCalled says who called whom.
func whoCalled(c wire.CallSummary) [][2]string {
	from, to := plainParty(c.From()), c.To()
	if c.OursCalled() {
		to += " " + c.Caller.Name
	} else {
		from += " " + c.Caller.Name
	}
	shown, attempt := "", ""
	switch c.Kind {
	case wire.CallKindCampaign:
		shown, attempt = c.DID, strconv.Itoa(c.Attempts)
	case wire.CallKindOutbound:
		shown = c.DID
	case wire.CallKindInbound, wire.CallKindCallback, wire.CallKindFeature:
	}
	return [][2]string{{"from", from}, {"to", to}, {"shown", shown}, {"lead", c.Lead}, {"attempt", attempt}}
}

// showLines prints what is known of a call, and what happened on it.
func showLines(w io.Writer, lines [][2]string, timeline []wire.Entry) error {
	showKnown(w, lines)
	fmt.Fprintln(w)
	var rows [][]string
	for _, e := range timeline {
		rows = append(rows, []string{e.At.Local().Format("15:04:05.000"), string(e.Type), plainDetail(e.Data)})
	}
	return columns(w, []string{"AT", "WHAT", "DETAIL"}, rows)
}

// showKnown prints what is known of a thing.
func showKnown(w io.Writer, lines [][2]string) {
	width := 10
	lines = slices.DeleteFunc(lines, func(line [2]string) bool { return strings.TrimSpace(line[1]) == "" })
	for _, line := range lines {
		width = max(width, len(line[0]))
	}
	for _, line := range lines {
		fmt.Fprintf(w, "%-*s %s\n", width, line[0], printable(line[1]))
	}
}

func newCallHangupCommand() *cobra.Command {
	return newCallEndCommand("hangup", "End a call", "hangup ordered",
		func(ctx context.Context, c remote, id string, why wire.Why) (*wire.Ordered, error) {
			r, err := c.HangupCallWithResponse(ctx, id, why)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
}

func newCallGiveUpCommand() *cobra.Command {
	return newCallEndCommand("give-up", "End the call to a lead of a campaign whose phone rings, once it rang as long as it must", "given up",
		func(ctx context.Context, c remote, id string, why wire.Why) (*wire.Ordered, error) {
			r, err := c.GiveUpCallWithResponse(ctx, id, why)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
}

// newCallEndCommand is about an order that ends a call, for a reason.
func newCallEndCommand(verb, short, done string, order func(context.Context, remote, string, wire.Why) (*wire.Ordered, error)) *cobra.Command {
	var why wire.Why
	c := newCallOrderCommand(verb, short, done, func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
		return order(ctx, c, id, why)
	})
	c.Flags().StringVar(&why.Reason, "reason", "", "why, for the record")
	return c
}

// showOrdered says what was ordered of a call.
func showOrdered(cmd *cobra.Command, o *wire.Ordered, done string) error {
	return showAnswer(cmd, o, func(w io.Writer, o wire.Ordered) error {
		_, err := fmt.Fprintf(w, "%s: %s\n", o.Call, done)
		return err
	})
}

// newCallOrderCommand is about an order that needs no more than the call.
func newCallOrderCommand(verb, short, done string, order func(context.Context, remote, string) (*wire.Ordered, error)) *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: verb + " CALL", Short: short, Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			o, err := order(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			return showOrdered(cmd, o, done)
		}),
	})
}

func newCallMachineCommand() *cobra.Command {
	return newCallOrderCommand("machine", "Say that the agent of a campaign's call talks with an answering machine: the agent is free, and it is left the message or hung up", "taken for a machine",
		func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
			r, err := c.MarkMachineWithResponse(ctx, id)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
}

func newCallDialCommand() *cobra.Command {
	return newCallOrderCommand("dial", "Have the lead called whom an agent previews", "dialled",
		func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
			r, err := c.DialLeadWithResponse(ctx, id)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
}

func newCallSkipCommand() *cobra.Command {
	var skip wire.Skip
	c := newCallOrderCommand("skip", "Do not have the lead called whom an agent previews", "skipped",
		func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
			r, err := c.SkipLeadWithResponse(ctx, id, skip)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
	c.Flags().StringVar(&skip.Disposition, "disposition", "", "why: a disposition of the campaign's queue")
	return c
}

func newCallHoldCommand() *cobra.Command {
	return newCallOrderCommand("hold", "Put the caller of a conversation on hold", "on hold",
		func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
			r, err := c.HoldCallWithResponse(ctx, id)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
}

func newCallResumeCommand() *cobra.Command {
	return newCallOrderCommand("resume", "Take the caller of a conversation back from hold", "resumed",
		func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
			r, err := c.ResumeCallWithResponse(ctx, id)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
}

func newCallMuteCommand() *cobra.Command {
	return newCallSideCommand("mute", "Let a side of a conversation be heard by nobody; it hears the others", "muted",
		func(ctx context.Context, c remote, id string, side wire.Side) (*wire.Ordered, error) {
			r, err := c.MuteCallWithResponse(ctx, id, side)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
}

func newCallUnmuteCommand() *cobra.Command {
	return newCallSideCommand("unmute", "Let a side of a conversation be heard again", "heard again",
		func(ctx context.Context, c remote, id string, side wire.Side) (*wire.Ordered, error) {
			r, err := c.UnmuteCallWithResponse(ctx, id, side)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
}

// newCallSideCommand is about an order that needs the call and a side of it.
func newCallSideCommand(verb, short, done string, order func(context.Context, remote, string, wire.Side) (*wire.Ordered, error)) *cobra.Command {
	var side wire.Side
	c := newCallOrderCommand(verb, short, done, func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
		return order(ctx, c, id, side)
	})
	c.Example = "  operadora call " + verb + " 01m8kq0zq4d9ge5m9gytfa1ah6 --side customer"
	c.Flags().StringVar(&side.Side, "side", "", "customer, agent, other (whom the agent asked), or that one's agent id")
	if err := c.MarkFlagRequired("side"); err != nil {
		panic(err)
	}
	return c
}

func newCallTransferCommand() *cobra.Command {
	c := jsonFlag(&cobra.Command{
		Use: "transfer CALL", Short: "Transfer the caller of a conversation to an agent, a queue, a flow or a number", Args: named,
		Example: "  operadora call transfer 01m8kq0zq4d9ge5m9gytfa1ah6 --queue billing",
	})
	to := targetFlags(c, "to", wire.TargetKindAgent, wire.TargetKindQueue, wire.TargetKindFlow, wire.TargetKindNumber)
	back := c.Flags().Bool("return", false, "of a flow: the caller comes back when it is over; the recording is silent meanwhile")
	c.RunE = remotely(func(cmd *cobra.Command, c remote, args []string) error {
		body := to()
		body.Return = *back
		r, err := c.TransferCallWithResponse(cmd.Context(), args[0], body)
		if err != nil {
			return err
		}
		return showOrdered(cmd, r.JSON202, fmt.Sprintf("transfer to %s %s ordered", body.Kind, body.Name))
	})
	return c
}

// targetFlags gives a command one flag for each kind of target, of which one is to
// be given; what was given is returned by the function. A verb or preposition before "this agent" begins their help.
func targetFlags(c *cobra.Command, word string, kinds ...wire.TargetKind) func() wire.Transfer {
	what := map[wire.TargetKind]string{wire.TargetKindAgent: "agent", wire.TargetKindQueue: "queue",
		wire.TargetKindFlow: "flow", wire.TargetKindNumber: "outside number, if it is allowed"}
	to := map[wire.TargetKind]*string{}
	var flags []string
	for _, kind := range kinds {
		to[kind] = c.Flags().String(string(kind), "", word+" this "+what[kind])
		flags = append(flags, string(kind))
	}
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		all := "give one of --" + strings.Join(flags, ", --")
		given := slices.DeleteFunc(slices.Clone(flags), func(f string) bool { return c.Flag(f).Value.String() == "" })
		switch len(given) {
		case 0:
			return errors.New("to whom? " + all)
		case 1:
			return nil
		}
		return fmt.Errorf("--%s exclude each other: %s", strings.Join(given, " and --"), all)
	}
	return func() (body wire.Transfer) {
		for kind, name := range to {
			if *name != "" {
				body = wire.Transfer{Kind: kind, Name: *name}
			}
		}
		return body
	}
}

func newCallMoveCommand() *cobra.Command {
	var body wire.Move
	c := jsonFlag(&cobra.Command{
		Use: "move CALL", Short: "Move a waiting caller to another queue, or to the front", Args: named,
		Example: "  operadora call move 01m8kq0zq4d9ge5m9gytfa1ah6 --front --reason 'third call today'",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.MoveCallWithResponse(cmd.Context(), args[0], body)
			if err != nil {
				return err
			}
			return showOrdered(cmd, r.JSON202, "moved")
		}),
	})
	c.Flags().StringVar(&body.Queue, "queue", "", "to this queue; left out, to the front of the present one")
	c.Flags().BoolVar(&body.Front, "front", false, "before all others")
	c.Flags().StringVar(&body.Reason, "reason", "", "why, for the record")
	if err := c.MarkFlagRequired("reason"); err != nil {
		panic(err)
	}
	return c
}
