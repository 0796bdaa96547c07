package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora-lab/bench"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

// benches are the benchmarks of the whole program, in the order in which they
// run. One is named by any of the benches that its lines tell of.
var benches = []struct {
	names []string
	run   func(ctx context.Context, out, progress io.Writer) error
}{
	{[]string{"queue_drain", "agent_gap"}, bench.Drain},
	{[]string{"line_gap"}, bench.LineGap},
	{[]string{"call_rate"}, bench.CallRate},
	{[]string{"memory"}, bench.Memory},
	{[]string{"takeover"}, bench.Takeover},
	{[]string{"first_call"}, bench.FirstCall},
	{[]string{"conference_cost"}, bench.ConferenceCost},
	{[]string{"whisper_setup"}, bench.WhisperSetup},
	{[]string{"import"}, bench.Import},
}

// alsoOnFreeSWITCH are the benches that do not need an Asterisk.
var alsoOnFreeSWITCH = []string{"queue_drain", "agent_gap", "call_rate"}

func newBenchCommand() *cobra.Command {
	var names []string
	for _, b := range benches {
		names = append(names, b.names...)
	}
	return &cobra.Command{
		Use:   "bench [NAME...]",
		Short: "Measure operadora beside its peers on a private Asterisk: " + strings.Join(names, ", "),
		Long: "Measure operadora beside its peers on a private Asterisk. Each line that is printed is a JSON object.\n" +
			"NAME is " + strings.Join(names, ", ") + "; queue_drain and agent_gap are measured in one run.\n" +
			"With LAB_PBX=freeswitch these two and call_rate are measured on a FreeSWITCH ($FREESWITCH), beside mod_callcenter and a bare ESL loop.\n" +
			"Without a name all of them run.",
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			for _, name := range args {
				if !slices.Contains(names, name) {
					return fmt.Errorf("there is no bench %q, but %s", name, strings.Join(names, ", "))
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if centre.OnFreeSWITCH() && (len(args) == 0 || slices.ContainsFunc(args, func(name string) bool { return !slices.Contains(alsoOnFreeSWITCH, name) })) {
				return fmt.Errorf("on a FreeSWITCH only %s are measured: name them", strings.Join(alsoOnFreeSWITCH, ", "))
			}
			for _, b := range benches {
				if len(args) > 0 && !slices.ContainsFunc(b.names, func(name string) bool { return slices.Contains(args, name) }) {
					continue
				}
				if err := b.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
					return fmt.Errorf("%s: %w", b.names[0], err)
				}
			}
			return nil
		},
	}
}
