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
	names    []string
	run      func(ctx context.Context, out, progress io.Writer) error
	asterisk bool // it makes no sense on a FreeSWITCH
}{
	{names: []string{"queue_drain", "agent_gap"}, run: bench.Drain},
	{names: []string{"line_gap"}, run: bench.LineGap},
	{names: []string{"call_rate"}, run: bench.CallRate},
	{names: []string{"memory"}, run: bench.Memory},
	{names: []string{"takeover"}, run: bench.Takeover},
	{names: []string{"first_call"}, run: bench.FirstCall, asterisk: true}, // it installs Debian's Asterisk; Debian has no FreeSWITCH
	{names: []string{"conference_cost"}, run: bench.ConferenceCost},
	{names: []string{"whisper_setup"}, run: bench.WhisperSetup},
	{names: []string{"ring_all"}, run: bench.RingAll, asterisk: true}, // mod_callcenter's way is another
	{names: []string{"import"}, run: bench.Import},
	{names: []string{"dial_rate"}, run: bench.DialRate, asterisk: true},
	{names: []string{"answer_to_agent"}, run: bench.AnswerToAgent, asterisk: true},
	{names: []string{"sim_vs_real"}, run: bench.SimVsReal, asterisk: true},
	{names: []string{"ewt_error"}, run: bench.EWTError},
	{names: []string{"match"}, run: bench.Match},
	{names: []string{"board"}, run: bench.Board},
	{names: []string{"lookup"}, run: bench.Lookup},
}

func newBenchCommand() *cobra.Command {
	var names, asterisk []string
	for _, b := range benches {
		names = append(names, b.names...)
		if b.asterisk {
			asterisk = append(asterisk, b.names...)
		}
	}
	return &cobra.Command{
		Use:   "bench [NAME...]",
		Short: "Measure operadora beside its peers on a private Asterisk: " + strings.Join(names, ", "),
		Long: "Measure operadora beside its peers on a private Asterisk. Each line that is printed is a JSON object.\n" +
			"NAME is " + strings.Join(names, ", ") + "; queue_drain and agent_gap are measured in one run; match, board, ewt_error and lookup need no PBX.\n" +
			"With LAB_PBX=freeswitch all that need a PBX, but " + strings.Join(asterisk, " and ") + ", are measured on a FreeSWITCH ($FREESWITCH), beside mod_callcenter, its eavesdrop and a bare ESL loop.\n" +
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
			for _, b := range benches {
				named := slices.ContainsFunc(b.names, func(name string) bool { return slices.Contains(args, name) })
				if len(args) > 0 && !named {
					continue
				}
				if b.asterisk && centre.OnFreeSWITCH() {
					if named {
						return fmt.Errorf("%s is measured on an Asterisk only", b.names[0])
					}
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
