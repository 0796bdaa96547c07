package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora/bench"
)

// benches are the benchmarks of the whole program, in the order in which they run.
var benches = []struct {
	name string
	run  func(ctx context.Context, out, progress io.Writer) error
}{
	{"queue_drain", bench.Drain},
	{"call_rate", bench.CallRate},
	{"memory", bench.Memory},
}

func newBenchCommand() *cobra.Command {
	var names []string
	for _, b := range benches {
		names = append(names, b.name)
	}
	return &cobra.Command{
		Use:       "bench [NAME...]",
		Short:     "Measure operadora beside its peers on a private Asterisk: " + strings.Join(names, ", "),
		ValidArgs: names,
		Args:      cobra.OnlyValidArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, b := range benches {
				if len(args) > 0 && !slices.Contains(args, b.name) {
					continue
				}
				if err := b.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
					return fmt.Errorf("%s: %w", b.name, err)
				}
			}
			return nil
		},
	}
}
