package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/dialer/pacingsim/peers"
	"github.com/operadora/operadora/dialer/pacingsim/report"
)

// compareScenarios are compared when none is named: those that run in minutes.
var compareScenarios = []string{"exp20", "s1", "s2", "s3", "s6", "s7", "s8", "s9", "s10", "s11", "step50", "shock50"}

// tuned marks an algorithm of --algorithms as a family to tune.
const tuned = "tuned:"

// pacingCompareFlags are the flags of `pacing compare`.
type pacingCompareFlags struct {
	scenarios, algorithms     []string
	seeds, tuneSeeds, workers int
	hours                     float64
	out, json                 string
}

func newPacingCompareCommand() *cobra.Command {
	var f pacingCompareFlags
	c := &cobra.Command{
		Use:   "compare",
		Short: "Compare algorithms on scenarios and write a report page",
		Long: `Compare algorithms on scenarios and write a report page.

Algorithms are NAME or NAME:ARGS as for "pacing sim", or tuned:FAMILY for a peer
whose setting is chosen first, on other days than those it is judged on.
Families: ` + strings.Join(familyNames(), ", ") + `.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	p := c.Flags()
	p.StringSliceVar(&f.scenarios, "scenarios", compareScenarios, "names of scenarios (all for all of them) or YAML files")
	p.StringArrayVar(&f.algorithms, "algorithms", nil, "one algorithm; may be given several times (default: operadora, progressive, every family)")
	p.IntVar(&f.seeds, "seeds", 20, "days to judge on")
	p.IntVar(&f.tuneSeeds, "tune-seeds", 5, "other days, to choose the peers' settings on")
	p.Var(inHours(&f.hours), "hours", "length of a day after the warm-up, such as 4h (0: the scenario's own)")
	p.IntVar(&f.workers, "workers", runtime.NumCPU(), "days simulated at once")
	p.StringVar(&f.out, "out", "report.html", "the page to write")
	p.StringVar(&f.json, "json", "", "also write everything as JSON to this file")
	return c
}

func familyNames() []string {
	var names []string
	for _, f := range peers.Families() {
		names = append(names, f.Name)
	}
	return names
}

// tuneFirstSeed is far from the seeds that are judged, which begin at 1.
const tuneFirstSeed = 1_000_001

func (f *pacingCompareFlags) run(cmd *cobra.Command) error {
	worlds, err := loadWorlds(f.scenarios)
	if err != nil {
		return err
	}
	entries, err := compareEntries(f.algorithms)
	if err != nil {
		return err
	}
	bar := newBar(cmd.ErrOrStderr(), "comparing")
	study, err := report.Compare(cmd.Context(), report.Plan{
		Worlds: worlds, Entries: entries, Algorithms: pacingAlgorithms(),
		Seeds: f.seeds, FirstSeed: 1, TuneSeeds: f.tuneSeeds, TuneFirst: tuneFirstSeed,
		Hours: f.hours, Workers: f.workers,
		Progress: func(step, steps int, text string) {
			if !bar.shown() {
				fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d: %s\n", step+1, steps, text)
				return
			}
			bar.describe(text)
			bar.to(float64(step), float64(steps))
		},
	})
	bar.done()
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name  string
		write func(*os.File) error
	}{{f.out, func(w *os.File) error { return study.WriteHTML(w) }}, {f.json, func(w *os.File) error { return study.WriteJSON(w) }}} {
		if file.name == "" {
			continue
		}
		if err := writeTo(file.name, file.write); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), file.name)
	}
	return nil
}

// compareEntries reads --algorithms.
func compareEntries(specs []string) ([]report.Entry, error) {
	if len(specs) == 0 {
		specs = []string{ourAlgorithm, "progressive"}
		for _, name := range familyNames() {
			specs = append(specs, tuned+name)
		}
	}
	entries := make([]report.Entry, 0, len(specs))
	for _, spec := range specs {
		name, isTuned := strings.CutPrefix(spec, tuned)
		e := report.Entry{Label: spec, Spec: spec, Ours: spec == ourAlgorithm}
		if isTuned {
			family, err := peers.FindFamily(name)
			if err != nil {
				return nil, err
			}
			e.Label, e.Spec, e.Family = name, "", &family
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// writeTo writes a file beside its place and moves it there when it is whole.
func writeTo(name string, write func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := write(file); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
