package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora-lab/bench"
	"github.com/operadora/operadora/dialer/pacingsim"
	"github.com/operadora/operadora/dialer/pacingsim/optimum"
	"github.com/operadora/operadora/dialer/pacingsim/peers"
)

// pacingBenchSize is how much is simulated.
type pacingBenchSize struct {
	seeds, tuneSeeds int
	hours            float64  // 0 for the scenario's own
	scenarios        []string // judged against the limit and the peers
	alone            []string // judged against the limit alone
	clairvoyant      []string // held against oracles
}

// fullPacingBench is what the goals are stated for, twenty days of every
// scenario; shortPacingBench shows the same lines from less, within minutes.
var (
	fullPacingBench = pacingBenchSize{seeds: 20, tuneSeeds: 5, scenarios: []string{"all"},
		clairvoyant: []string{"exp5", "exp10", "exp20", "exp50", "s1", "s2", "s3", "s4", "s6", "s7", "s8"}}
	shortPacingBench = pacingBenchSize{seeds: 4, tuneSeeds: 2, scenarios: []string{"s1", "s2", "s3", "s9", "s10", "step50", "n200"},
		alone:       []string{"n500", "jump60-2m", "jump60-4m", "jump60-15m-hour", "jump20-2m", "runs100", "days3", "segments", "cancel"},
		clairvoyant: []string{"exp10", "exp20", "s3"}}
)

func newPacingBenchCommand() *cobra.Command {
	var full bool
	var scenarios []string
	c := &cobra.Command{
		Use:   "bench",
		Short: "Print one JSON line for each goal of the pacer",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			size := shortPacingBench
			if full {
				size = fullPacingBench
			}
			if len(scenarios) > 0 {
				size.scenarios, size.alone = scenarios, nil
			}
			return pacingBenchmarks(cmd.Context(), size, cmd.ErrOrStderr(), func(l bench.Line) error { return json.NewEncoder(cmd.OutOrStdout()).Encode(l) })
		},
	}
	c.Flags().StringSliceVar(&scenarios, "scenarios", nil, "names of the scenarios to hold against the peers (all for all of them)")
	c.Flags().BoolVar(&full, "full", false, "twenty days of every scenario, which takes more than an hour on two cores")
	return c
}

// pacingBench runs the benchmarks.
type pacingBench struct {
	ctx  context.Context
	size pacingBenchSize
	emit func(bench.Line) error
	err  error                       // the first of emit
	runs map[string]pacingsim.Result // ours in the worlds as they ship, by name
}

// ours is our pacer in a world as it ships, which several goals look at.
func (b *pacingBench) ours(w *pacingsim.World) (pacingsim.Result, error) {
	if r, ok := b.runs[w.Name]; ok {
		return r, nil
	}
	r, err := b.run(w, ourAlgorithm)
	if err == nil {
		if b.runs == nil {
			b.runs = map[string]pacingsim.Result{}
		}
		b.runs[w.Name] = r
	}
	return r, err
}

// pacingBenchmarks measures the pacer against its goals.
func pacingBenchmarks(ctx context.Context, size pacingBenchSize, progress io.Writer, emit func(bench.Line) error) error {
	b := &pacingBench{ctx: ctx, size: size, emit: emit}
	worlds, err := loadWorlds(slices.Concat(size.scenarios, size.alone))
	if err != nil {
		return err
	}
	for i, w := range worlds {
		fmt.Fprintf(progress, "pacing bench: %s, scenario %d of %d …\n", w.Name, i+1, len(worlds))
		if err := b.scenario(w); err != nil {
			return fmt.Errorf("pacing bench, %s: %w", w.Name, err)
		}
	}
	for _, step := range []func() error{b.optima, b.clairvoyant, b.shock, b.speed} {
		if err := step(); err != nil {
			return fmt.Errorf("pacing bench: %w", err)
		}
	}
	return b.err
}

func (b *pacingBench) line(name, metric, unit string, ours float64, peer string, peerValue float64) {
	if b.err == nil {
		b.err = b.emit(bench.NewLine(name, metric, unit, ours, peer, peerValue))
	}
}

func (b *pacingBench) run(w *pacingsim.World, spec string) (pacingsim.Result, error) {
	factory, err := pacingsim.Find(pacingAlgorithms(), spec)
	if err != nil {
		return pacingsim.Result{}, err
	}
	return pacingsim.Run(b.ctx, pacingsim.Options{World: w, Algorithm: spec, Factory: factory, Seeds: b.size.seeds, FirstSeed: 1,
		Hours: b.size.hours, Workers: runtime.NumCPU(), KeepDay: true})
}

// scenario holds ours against the limit, and against the peers.
func (b *pacingBench) scenario(w *pacingsim.World) error {
	ours, err := b.ours(w)
	if err != nil {
		return err
	}
	name := "pacing/" + w.Name
	b.line(name, "days_within_limit", "share", 1-float64(ours.SeedsOverLimit)/float64(ours.Seeds), "goal", 0.95)
	b.line(name, "worst_day_abandon_over_limit", "ratio", ours.LimitRatioWorst, "goal", 1.2)
	if 20*ours.SeedsOverLimit > ours.Seeds {
		// Where not even one call per free agent keeps the limit, no pacing does.
		never, err := b.run(w, "progressive")
		if err != nil {
			return err
		}
		b.line(name, "abandoned", "share", ours.AbandonMean, "progressive, which never over-dials", never.AbandonMean)
	}
	if w.Agents.Count >= 200 {
		b.line(name, "utilisation", "share", ours.UtilisationMean, "goal", 0.96)
	}
	if slices.Contains(b.size.alone, w.Name) {
		return nil
	}
	return b.peers(w, ours)
}

// peers holds ours against the best settings of VICIdial's two kinds of dial
// methods that keep the limit, at equal or lower abandonment.
func (b *pacingBench) peers(w *pacingsim.World, ours pacingsim.Result) error {
	name := "pacing/" + w.Name
	for _, kind := range []struct {
		name     string
		families []string
	}{
		{"vicidial-ratio", []string{"vicidial-ratio", "vicidial-ratio-available"}},
		{"vicidial-adapt", []string{"vicidial-average", "vicidial-average-available", "vicidial-hard", "vicidial-hard-available", "vicidial-tapered", "vicidial-tapered-available"}},
	} {
		spec, err := b.tune(w, kind.families)
		if err != nil {
			return err
		}
		if spec == "" {
			// No setting keeps the limit, so there is nothing to be ahead of.
			b.line(name, "utilisation", "share", ours.UtilisationMean, "best "+kind.name+": none keeps the limit", 0)
			continue
		}
		peer, err := b.run(w, spec)
		if err != nil {
			return err
		}
		equal, err := b.noWorse(w, ours, peer)
		if err != nil {
			return err
		}
		b.line(name, "utilisation", "share", equal.UtilisationMean, "best "+kind.name+": "+spec, peer.UtilisationMean)
		b.line(name, "abandoned", "share", equal.AbandonMean, "best "+kind.name+": "+spec, peer.AbandonMean)
	}
	return nil
}

// noWorse is ours at equal or lower abandonment than a peer: as it is where it
// abandons no more, else with its limits lowered until it does not.
func (b *pacingBench) noWorse(w *pacingsim.World, ours, peer pacingsim.Result) (pacingsim.Result, error) {
	stricter := *w
	stricter.Campaigns = slices.Clone(w.Campaigns)
	for ours.AbandonMean > peer.AbandonMean {
		factor := 0.97 * peer.AbandonMean / ours.AbandonMean
		for i := range stricter.Campaigns {
			stricter.Campaigns[i].Limit *= factor
		}
		if stricter.Campaigns[0].Limit < 1e-5 {
			break // one call per free agent loses that much: the lines show it
		}
		var err error
		if ours, err = b.run(&stricter, ourAlgorithm); err != nil {
			return ours, err
		}
	}
	return ours, nil
}

// tune is the best setting of several families, on days that are not judged;
// "" if none keeps the limit.
func (b *pacingBench) tune(w *pacingsim.World, families []string) (string, error) {
	spec, best := "", 0.0
	for _, name := range families {
		family, err := peers.FindFamily(name)
		if err != nil {
			return "", err
		}
		pick, err := peers.Tune(b.ctx, family, pacingsim.Options{World: w, Seeds: b.size.tuneSeeds, FirstSeed: tuneFirstSeed,
			Hours: b.size.hours, Workers: runtime.NumCPU()})
		if err != nil {
			return "", err
		}
		if pick.Keeps && pick.Result.UtilisationMean > best {
			spec, best = pick.Algorithm, pick.Result.UtilisationMean
		}
	}
	return spec, nil
}

// optima holds ours against the exact optimum, which lets its calls ring as ours
// does by default; what giving calls up adds is shown beside it.
func (b *pacingBench) optima() error {
	for _, name := range []string{"exp5", "exp10", "exp20", "exp50"} {
		w, err := pacingsim.Load(name)
		if err != nil {
			return err
		}
		c, err := optimum.FromWorld(w)
		if err != nil {
			return err
		}
		best, err := optimum.Solve(b.ctx, c)
		if err != nil {
			return err
		}
		rings, err := b.ours(w)
		if err != nil {
			return err
		}
		w.Campaigns[0].GiveUp = true
		free, err := b.run(w, ourAlgorithm)
		if err != nil {
			return err
		}
		b.line("pacing/"+name, "utilisation", "share", rings.UtilisationMean, "exact optimum", best.Utilisation)
		b.line("pacing/"+name, "abandoned", "share", rings.AbandonMean, "exact optimum", best.Abandonment)
		b.line("pacing/"+name, "utilisation_giving_calls_up", "share", free.UtilisationMean, "exact optimum", best.Utilisation)
		b.line("pacing/"+name, "given_up", "share of dials", free.GivenUp, "as shipped", rings.GivenUp)
	}
	return nil
}

// clairvoyant shows the distance to the same pacer with an oracle: one that knows
// which leads a person will answer, and one that knows when agents will be idle.
func (b *pacingBench) clairvoyant() error {
	for _, name := range b.size.clairvoyant {
		w, err := pacingsim.Load(name)
		if err != nil {
			return err
		}
		ours, err := b.ours(w)
		if err != nil {
			return err
		}
		for _, known := range []string{"answers", "releases"} {
			bound, err := b.run(w, "knowing:"+known)
			if err != nil {
				return err
			}
			b.line("pacing/"+name, "utilisation", "share", ours.UtilisationMean, "knowing "+known, bound.UtilisationMean)
			b.line("pacing/"+name, "abandoned", "share", ours.AbandonMean, "knowing "+known, bound.AbandonMean)
		}
	}
	return nil
}

// shock is the share of answered calls that are lost from the moment at which
// half the staff begins to leave until ten minutes after the last has left.
func (b *pacingBench) shock() error {
	w, err := pacingsim.Load("shock50")
	if err != nil {
		return err
	}
	r, err := b.ours(w)
	if err != nil {
		return err
	}
	shift, answered, lost := w.Agents.Staffing[0], 0, 0
	for _, x := range r.Day {
		if x.Start >= shift.At && x.Start < shift.At+shift.Over+600 {
			answered, lost = answered+x.Answered, lost+x.Abandoned
		}
	}
	if answered == 0 {
		return fmt.Errorf("nobody answered after the shock of %s", w.Name)
	}
	b.line("pacing/shock50", "abandoned_after_shock", "share", float64(lost)/float64(answered), "goal: twice the limit", 2*w.Campaigns[0].Limit)
	return nil
}

// speed is how long a simulated day takes, and a decision in the biggest of them.
func (b *pacingBench) speed() error {
	factory, err := pacingsim.Find(pacingAlgorithms(), ourAlgorithm)
	if err != nil {
		return err
	}
	for _, day := range []struct {
		world string
		goal  float64 // seconds
	}{{"s3", 1}, {"s5", 60}} {
		w, err := pacingsim.Load(day.world)
		if err != nil {
			return err
		}
		start := time.Now()
		r, err := pacingsim.Run(b.ctx, pacingsim.Options{World: w, Factory: factory, Seeds: 1, FirstSeed: 1, Clock: time.Now})
		if err != nil {
			return err
		}
		bench := fmt.Sprintf("pacing/%s, %d agents", day.world, w.Agents.Count)
		b.line(bench, "simulated_day", "s", time.Since(start).Seconds(), "goal", day.goal)
		b.line(bench, "decision_p99", "ms", 1000*r.DecisionP99, "goal", 2)
	}
	return nil
}
