// Command operadora is the contact centre's control plane: it commands the
// PBX that an organisation has, and runs queues, agents, flows and campaigns
// of its own. One binary serves, checks, explains and demonstrates.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	// The first signal asks for an orderly end, the second one ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	root := newRootCommand()
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "operadora:", err)
		os.Exit(1)
	}
}

// newRootCommand puts the commands together.
func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "operadora",
		Short:         "A control plane for contact centres on the PBX you already have",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringP("config", "c", "", "configuration file (default: operadora.yaml here, then /etc/operadora/operadora.yaml)")
	root.AddCommand(newServeCommand(), newCheckCommand(), newInitCommand(), newDialplanCommand(),
		newTokenCommand(), newAgentCommand(), newPacingCommand(), newBenchCommand(), newTopCommand(), newDemoCommand())
	root.AddCommand(newDoctorCommand(), newFlowCommand())
	return root
}
