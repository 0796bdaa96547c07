package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/wire"
)

// newExplainCommand says why an agent and a call that waits are not together.
func newExplainCommand() *cobra.Command {
	var language string
	c := jsonFlag(&cobra.Command{
		Use: "explain AGENT [CALL]", Short: "Say why an agent does not get a call that waits, through a running operadora", Args: cobra.RangeArgs(1, 2),
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			var asked wire.ExplainAgentParams
			if len(args) == 2 {
				asked.Call = &args[1]
			}
			r, err := c.ExplainAgentWithResponse(cmd.Context(), args[0], &asked)
			if err != nil {
				return err
			}
			return show(cmd, r.JSON200, func(w io.Writer) error {
				for _, f := range r.JSON200.Findings {
					if _, err := fmt.Fprintln(w, acd.Texts(f.Text).In(language)); err != nil {
						return err
					}
				}
				return nil
			})
		}),
	})
	clientFlags(c)
	c.Flags().StringVar(&language, "language", "en", "en or es")
	return c
}
