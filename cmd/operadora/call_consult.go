package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newConsultCommands are for asking somebody beside the caller, and what comes of it.
func newConsultCommands() []*cobra.Command {
	return []*cobra.Command{
		newCallConsultCommand(),
		newCallOrderCommand("complete", "Let the agent go; the caller stays with whom the agent asked", "completed",
			func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
				r, err := c.CompleteCallWithResponse(ctx, id)
				if err != nil {
					return nil, err
				}
				return r.JSON202, nil
			}),
		newCallOrderCommand("cancel", "Hang up whom the agent asked; the caller comes back to the agent", "cancelled",
			func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
				r, err := c.CancelConsultWithResponse(ctx, id)
				if err != nil {
					return nil, err
				}
				return r.JSON202, nil
			}),
		newCallSwapCommand(),
		newCallOrderCommand("conference", "Bring the caller, the agent and whom the agent asked together", "together",
			func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
				r, err := c.ConferenceCallWithResponse(ctx, id)
				if err != nil {
					return nil, err
				}
				return r.JSON202, nil
			}),
	}
}

func newCallSwapCommand() *cobra.Command {
	var body wire.Swap
	c := newCallOrderCommand("swap", "Change between the caller and whom the agent asked", "swapped",
		func(ctx context.Context, c remote, id string) (*wire.Ordered, error) {
			r, err := c.SwapCallWithResponse(ctx, id, body)
			if err != nil {
				return nil, err
			}
			return r.JSON202, nil
		})
	c.Flags().StringVar((*string)(&body.With), "with", "", "with whom the agent is to talk, customer or other: may be ordered twice; left out, with the other of the two")
	return c
}

func newCallConsultCommand() *cobra.Command {
	c := jsonFlag(&cobra.Command{
		Use: "consult CALL", Short: "Ask an agent, a queue or a number while the caller of a conversation hears music", Args: named,
		Example: "  operadora call consult 01m8kq0zq4d9ge5m9gytfa1ah6 --agent 102\n  operadora call complete 01m8kq0zq4d9ge5m9gytfa1ah6",
	})
	to := targetFlags(c, "ask", wire.TargetKindAgent, wire.TargetKindQueue, wire.TargetKindNumber)
	c.RunE = remotely(func(cmd *cobra.Command, c remote, args []string) error {
		body := to()
		r, err := c.ConsultCallWithResponse(cmd.Context(), args[0], wire.Consultation{Kind: body.Kind, Name: body.Name})
		if err != nil {
			return err
		}
		return showOrdered(cmd, r.JSON202, fmt.Sprintf("%s %s is asked", body.Kind, body.Name))
	})
	return c
}
