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
		Use: "explain AGENT [CALL]", Short: "Say why an agent does not get a call that waits, through a running operadora", Args: named,
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
	languageFlag(c, &language)
	return c
}

// newCallExplainCommand says why a call went where it went.
func newCallExplainCommand() *cobra.Command {
	var language string
	c := jsonFlag(&cobra.Command{
		Use: "explain CALL", Short: "Say why a call, in progress or ended, went where it went and what it waited for", Args: named,
		Example: "  operadora call explain 01m8kq0zq4d9ge5m9gytfa1ah6 --language es",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.ExplainCallWithResponse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, story wire.CallStory) error {
				for _, s := range story.Steps {
					if _, err := fmt.Fprintf(w, "%s  %s\n", s.At.Local().Format("15:04:05.000"), acd.Texts(s.Text).In(language)); err != nil {
						return err
					}
				}
				return nil
			})
		}),
	})
	languageFlag(c, &language)
	return c
}
