package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newReloadCommand puts changed definitions in force, as SIGHUP does, and says what came of it.
func newReloadCommand() *cobra.Command {
	c := jsonFlag(&cobra.Command{
		Use:   "reload",
		Short: "Read the definitions again and put them in force, without dropping a call",
		Long: "Read the definitions again and put them in force as a whole, in the operadora that answers.\n" +
			"It says what has changed, and what becomes of callers and agents whom that concerns. A set with a fault changes\n" +
			"nothing; file, line and key of each fault are named. It needs a token of role admin.\n" +
			"operadora.yaml is no definition: it is read at the start. What has changed in it since is told, and needs a restart.",
		Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			r, err := c.ReloadDefinitionsWithResponse(cmd.Context())
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, done wire.Reloaded) error {
				for _, change := range done.Changes {
					fmt.Fprintln(w, change)
				}
				if len(done.Changes) == 0 {
					fmt.Fprintln(w, "nothing has changed")
				}
				for _, warning := range done.Warnings {
					fmt.Fprintln(w, "warning:", warning)
				}
				_, err := fmt.Fprintf(w, "in force: %d queues, %d agents, %d flows\n", done.Queues, done.Agents, done.Flows)
				return err
			})
		}),
	})
	clientFlags(c)
	return c
}
