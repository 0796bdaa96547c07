// Command operadora is the contact centre's control plane: it commands the
// PBX that an organisation has, and runs queues, agents, flows and campaigns
// of its own. One binary serves, checks and explains; what demonstrates
// and measures it is operadora-lab.
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
	root := newRootCommand()
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "operadora:", fault.Text(err))
		os.Exit(1)
	}
}

// newRootCommand puts the commands together.
func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "operadora",
		Short:         "A control plane for contact centres on the PBX you already have",
		Version:       versionText(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("operadora {{.Version}}\n")
	root.PersistentFlags().StringP("config", "c", "", "configuration file (default: the environment's OPERADORA_CONFIG, operadora.yaml here, then /etc/operadora/operadora.yaml)")
	root.AddCommand(newServeCommand(), newCheckCommand(), newInitCommand(), newDialplanCommand(),
		newTokenCommand(), newUserCommand(), newAgentCommand(), newCallCommand(), newContactCommand(), newQueueCommand(), newExplainCommand(), newReportCommand(), newSheetCommand(), newLogbookCommand(), newImportCommand(), newHistoryCommand(), newRetentionCommand(), newStaffCommand(), newReloadCommand(), newTopCommand(), newDoctorCommand(), newFlowCommand(),
		newConfigCommand(), newSchemaCommand(), newVersionCommand(), newManualCommand(), newSoundsCommand(), newCallbackCommand(),
		newListCommand(), newLeadCommand(), newDNCCommand(), newCampaignCommand(), newRedisCommand())
	for _, c := range root.Commands() {
		refuseUnknown(c)
	}
	return root
}

// versionText says what the API's /version says.
func versionText() string {
	v := version()
	text := v.Version
	if v.Commit != "" {
		text += ", commit " + v.Commit
	}
	if v.Go != "" {
		text += ", built with " + v.Go
	}
	return text
}
