package main

import (
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora/top"
)

// newTopCommand shows a running operadora live.
func newTopCommand() *cobra.Command {
	var every time.Duration
	c := &cobra.Command{
		Use:   "top",
		Short: "Watch queues, agents and calls of a running operadora live",
		Long: "Watch queues, agents and calls of a running operadora live, from the API's stream of changes.\n" +
			"q or Ctrl-C quits. Where the output is no terminal, the picture is printed whenever it has changed.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if every < 0 {
				return errors.New("--every: is negative")
			}
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			v := &top.View{Stream: c, Every: every}
			if out, ok := cmd.OutOrStdout().(*os.File); ok && top.IsTerminal(out) {
				_, err = v.Show(cmd.Context(), out)
				return err
			}
			return v.Print(cmd.Context(), cmd.OutOrStdout())
		},
	}
	clientFlags(c)
	c.Flags().DurationVar(&every, "every", 2*time.Second, "least time between two printouts where there is no terminal")
	return c
}
