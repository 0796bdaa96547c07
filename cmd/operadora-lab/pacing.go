package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/operadora/operadora/dialer/pacingsim"
	"github.com/operadora/operadora/dialer/pacingsim/optimum"
	"github.com/operadora/operadora/dialer/pacingsim/peers"
)

// ourAlgorithm is the production pacer's name among the algorithms.
const ourAlgorithm = "operadora"

// pacingAlgorithms are all that the simulator can run: ours, the exact optimum,
// and the peers.
func pacingAlgorithms() []pacingsim.Algorithm {
	return append(append(pacingsim.Algorithms(), optimum.Algorithm()), peers.Algorithms()...)
}

// newPacingCommand is everything about pacing that needs no PBX.
func newPacingCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "pacing",
		Short: "Simulate, bound and compare ways of pacing a dialer",
		Args:  cobra.NoArgs, // a misspelt subcommand is refused
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newPacingListCommand(), newPacingSimCommand(), newPacingOptimumCommand(), newPacingCompareCommand(), newPacingBenchCommand())
	return c
}

func newPacingListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the scenarios and the algorithms",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "scenarios")
			for _, name := range pacingsim.Worlds() {
				world, err := pacingsim.Load(name)
				if err != nil {
					return err
				}
				fmt.Fprintf(w, "  %s\t%d agents\t%s\n", name, world.Agents.Count, strings.TrimSpace(world.About))
			}
			fmt.Fprintln(w, "algorithms")
			for _, a := range pacingAlgorithms() {
				fmt.Fprintf(w, "  %s\t%s\t%s\n", a.Name, a.About, a.Args)
			}
			return w.Flush()
		},
	}
}

// pacingSimFlags are the flags of `pacing sim`.
type pacingSimFlags struct {
	scenarios, algorithms []string
	seeds, workers        int
	firstSeed             uint64
	hours                 float64
	json, perSeed         bool
}

func newPacingSimCommand() *cobra.Command {
	var f pacingSimFlags
	c := &cobra.Command{
		Use:   "sim",
		Short: "Run scenarios under algorithms in virtual time",
		Example: `  operadora-lab pacing sim --scenario s3
  operadora-lab pacing sim --scenario s3,s9 --algorithm operadora --algorithm vicidial-ratio:level=3.4,availonly=1 --json
  operadora-lab pacing sim --scenario exp10 --algorithm optimum
  operadora-lab pacing sim --scenario my-world.yaml --seeds 5 --hours 4`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	p := c.Flags()
	p.StringSliceVar(&f.scenarios, "scenario", []string{"s3"}, "names of scenarios (see pacing list; all for all of them) or YAML files")
	p.StringArrayVar(&f.algorithms, "algorithm", []string{ourAlgorithm}, "NAME or NAME:ARGS; may be given several times")
	p.IntVar(&f.seeds, "seeds", 20, "how many days to simulate")
	p.Uint64Var(&f.firstSeed, "first-seed", 1, "the first of them")
	p.Var(inHours(&f.hours), "hours", "length of a day after the warm-up, such as 4h (0: the scenario's own)")
	p.IntVar(&f.workers, "workers", runtime.NumCPU(), "days simulated at once")
	p.BoolVar(&f.json, "json", false, "print one JSON object per run")
	p.BoolVar(&f.perSeed, "per-seed", false, "with --json: every day's figures too")
	return c
}

func (f *pacingSimFlags) run(cmd *cobra.Command) error {
	if f.seeds < 1 || f.workers < 1 || f.hours < 0 {
		return fmt.Errorf("--seeds %d --workers %d --hours %v: seeds and workers must be positive, hours not negative", f.seeds, f.workers, f.hours)
	}
	worlds, err := loadWorlds(f.scenarios)
	if err != nil {
		return err
	}
	factories := make([]pacingsim.Factory, len(f.algorithms))
	for i, spec := range f.algorithms {
		if factories[i], err = pacingsim.Find(pacingAlgorithms(), spec); err != nil {
			return err
		}
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', tabwriter.AlignRight)
	if !f.json {
		fmt.Fprintln(table, strings.Join([]string{"scenario", "algorithm", "utilisation", "worst", "abandoned", "worst", "over limit", "worst hour", "agent waits", "dials/connect", ""}, "\t"))
	}
	for _, world := range worlds {
		for i, factory := range factories {
			r, err := f.one(cmd, world, f.algorithms[i], factory)
			if err != nil {
				return err
			}
			if f.json {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(r); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(table, "%s\t%s\t%.1f %%\t%.1f %%\t%.2f %%\t%.2f %%\t%d of %d\t%.2f %%\t%.1f s\t%.1f\t\n", r.Scenario, r.Algorithm,
				100*r.UtilisationMean, 100*r.UtilisationWorst, 100*r.AbandonMean, 100*r.AbandonWorst, r.SeedsOverLimit, r.Seeds,
				100*r.WorstHourAbandon, r.AgentWaitMean, r.DialsPerConnect)
		}
	}
	return table.Flush()
}

func (f *pacingSimFlags) one(cmd *cobra.Command, world *pacingsim.World, spec string, factory pacingsim.Factory) (pacingsim.Result, error) {
	bar := newBar(cmd.ErrOrStderr(), world.Name+" "+spec)
	r, err := pacingsim.Run(cmd.Context(), pacingsim.Options{
		World: world, Algorithm: spec, Factory: factory,
		Seeds: f.seeds, FirstSeed: f.firstSeed, Hours: f.hours, Workers: f.workers,
		Progress: bar.to, Clock: time.Now, KeepSeeds: f.perSeed,
	})
	bar.done()
	if err != nil {
		return r, fmt.Errorf("%s under %s: %w", world.Name, spec, err)
	}
	return r, nil
}

// loadWorlds loads scenarios by name or file; "all" stands for all that ship.
func loadWorlds(names []string) ([]*pacingsim.World, error) {
	if len(names) == 1 && names[0] == "all" {
		names = pacingsim.Worlds()
	}
	worlds := make([]*pacingsim.World, 0, len(names))
	for _, name := range names {
		w, err := pacingsim.Load(name)
		if err != nil {
			return nil, err
		}
		worlds = append(worlds, w)
	}
	return worlds, nil
}

// bar is a progress bar on a terminal, and nothing elsewhere.
type bar struct{ b *progressbar.ProgressBar }

// barSteps is the resolution of a bar.
const barSteps = 1000

func newBar(w io.Writer, text string) bar {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return bar{}
	}
	return bar{progressbar.NewOptions(barSteps, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(text),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true))}
}

// shown tells whether there is a terminal to draw on.
func (b bar) shown() bool { return b.b != nil }

func (b bar) to(done, total float64) {
	if b.b != nil && total > 0 {
		// A bar that cannot be drawn is no reason to stop.
		_ = b.b.Set(int(barSteps * done / total))
	}
}

func (b bar) describe(text string) {
	if b.b != nil {
		b.b.Describe(text)
	}
}

func (b bar) done() {
	if b.b != nil {
		_ = b.b.Finish()
	}
}
