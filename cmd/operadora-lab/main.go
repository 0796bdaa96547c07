// Command operadora-lab is the proving ground of operadora: a demonstration, the
// benches and the simulator of pacing, on a private Asterisk, Redis and SIP
// phones. Nobody runs it in production, and operadora links nothing of it: it
// runs operadora as a process of its own.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/orchestrator/fault"
)

func main() {
	// The first signal asks for an orderly end, the second one ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := newRootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "operadora-lab:", fault.Text(err))
		os.Exit(1)
	}
}

// newRootCommand puts the commands together.
func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "operadora-lab",
		Short:         "Show, measure and simulate what operadora does, on private parts",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newDemoCommand(), newDemoCampaignCommand(), newBenchCommand(), newPacingCommand())
	return root
}
