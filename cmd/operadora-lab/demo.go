package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora-lab/demo"
)

// mostDemoCalls keeps callers' numbers, which have four digits of their own, apart.
const mostDemoCalls = 500

// newDemoCommand plays a contact centre.
func newDemoCommand() *cobra.Command {
	o := demo.Options{}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Play a contact centre on a private Asterisk: callers, agents, queues, and what comes of each call",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Calls < 1 || o.Calls > mostDemoCalls {
				return fmt.Errorf("--calls %d: is not between 1 and %d", o.Calls, mostDemoCalls)
			}
			o.Out = cmd.OutOrStdout()
			return demo.Run(cmd.Context(), o)
		},
	}
	c.Flags().BoolVar(&o.Once, "once", false, "end after one round; the exit code is 0 only if every call went as its script says")
	c.Flags().IntVar(&o.Calls, "calls", 24, "how many callers call")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "of the order of the callers and of all times; the same seed plays the same round")
	return c
}
