package report

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/operadora/operadora/dialer/pacingsim"
	"github.com/operadora/operadora/dialer/pacingsim/optimum"
	"github.com/operadora/operadora/dialer/pacingsim/peers"
)

// Entry is one algorithm of a comparison.
type Entry struct {
	// Label is what readers see.
	Label string
	// Spec names the algorithm with its arguments; left out when Family is
	// given. The exact optimum is passed over in worlds that have none.
	Spec string
	// Family is tuned in each world before it is judged.
	Family *peers.Family
	// Ours marks the production pacer.
	Ours bool
}

// Plan says what to compare.
type Plan struct {
	Worlds  []*pacingsim.World
	Entries []Entry
	// Algorithms are those that specs may name, the peers included.
	Algorithms []pacingsim.Algorithm

	Seeds     int     // judged on, from FirstSeed
	FirstSeed uint64  // default 1
	TuneSeeds int     // tuned on, from TuneFirst
	TuneFirst uint64  // must leave the judged seeds alone
	Hours     float64 // of a day, judged or tuned on; 0 for the world's own
	Workers   int
	// Progress, if set, is told each step as it begins.
	Progress func(step, steps int, text string)
}

// Row is one algorithm in one world.
type Row struct {
	Label  string           `json:"label"`
	Spec   string           `json:"spec"`
	Ours   bool             `json:"ours,omitempty"`
	Tuned  bool             `json:"tuned,omitempty"`
	Keeps  bool             `json:"keeps_limit"`
	Result pacingsim.Result `json:"result"`
	// Ringing is the mean number of calls ringing in each minute of the day.
	Ringing []float64 `json:"ringing"`
}

// Scenario is one world with all its rows.
type Scenario struct {
	World *pacingsim.World `json:"-"`
	Name  string           `json:"name"`
	About string           `json:"about"`
	// Limit is the lowest of the campaigns' limits.
	Limit float64 `json:"limit"`
	// Optimum is the exact best utilisation under the limit, 0 where it is not known.
	Optimum float64 `json:"optimum,omitempty"`
	Rows    []Row   `json:"rows"`
}

// Study is a finished comparison.
type Study struct {
	Seeds     int        `json:"seeds"`
	TuneSeeds int        `json:"tune_seeds"`
	Hours     float64    `json:"hours,omitempty"`
	Scenarios []Scenario `json:"scenarios"`
}

// Validate says what is wrong with a plan.
func (p Plan) Validate() error {
	first, tuned := p.FirstSeed, p.TuneFirst
	switch {
	case len(p.Worlds) == 0 || len(p.Entries) == 0:
		return errors.New("report: at least one world and one algorithm are needed")
	case p.Seeds < 1:
		return fmt.Errorf("report: seeds: %d is not positive", p.Seeds)
	case p.tunes() && p.TuneSeeds < 1:
		return fmt.Errorf("report: tune seeds: %d is not positive", p.TuneSeeds)
	case p.tunes() && tuned < first+uint64(p.Seeds) && first < tuned+uint64(p.TuneSeeds):
		return fmt.Errorf("report: seeds from %d are tuned on and seeds from %d judged; they overlap", tuned, first)
	}
	for _, e := range p.Entries {
		if e.Family != nil {
			continue
		}
		if _, err := pacingsim.Find(p.Algorithms, e.Spec); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

func (p Plan) tunes() bool {
	for _, e := range p.Entries {
		if e.Family != nil {
			return true
		}
	}
	return false
}

// Compare runs the plan.
func Compare(ctx context.Context, p Plan) (Study, error) {
	if err := p.Validate(); err != nil {
		return Study{}, err
	}
	study := Study{Seeds: p.Seeds, TuneSeeds: p.TuneSeeds, Hours: p.Hours}
	for i, w := range p.Worlds {
		s, err := p.scenario(ctx, i, w)
		if err != nil {
			return Study{}, err
		}
		study.Scenarios = append(study.Scenarios, s)
	}
	return study, nil
}

func (p Plan) scenario(ctx context.Context, i int, w *pacingsim.World) (Scenario, error) {
	s := Scenario{World: w, Name: w.Name, About: w.About, Limit: lowestLimit(w)}
	if c, err := optimum.FromWorld(w); err == nil {
		best, err := optimum.Solve(ctx, c)
		if err != nil {
			return s, err
		}
		s.Optimum = best.Utilisation
	}
	for j, e := range p.Entries {
		if p.Progress != nil {
			p.Progress(i*len(p.Entries)+j, len(p.Worlds)*len(p.Entries), w.Name+": "+e.Label)
		}
		if s.Optimum == 0 && needsOptimum(e.Spec) {
			continue
		}
		row, err := p.row(ctx, w, e)
		if err != nil {
			return s, fmt.Errorf("%s, %s: %w", w.Name, e.Label, err)
		}
		s.Rows = append(s.Rows, row)
	}
	return s, nil
}

// needsOptimum says whether a spec is the exact optimum of the world itself,
// which only some worlds have.
func needsOptimum(spec string) bool {
	name, args, _ := strings.Cut(spec, ":")
	return name == "optimum" && !strings.Contains(args, "agents=")
}

// row tunes the entry if it is a family, and judges it.
func (p Plan) row(ctx context.Context, w *pacingsim.World, e Entry) (Row, error) {
	row := Row{Label: e.Label, Spec: e.Spec, Ours: e.Ours, Tuned: e.Family != nil}
	o := pacingsim.Options{World: w, Workers: p.Workers}
	if e.Family != nil {
		o.Seeds, o.FirstSeed, o.Hours = p.TuneSeeds, p.TuneFirst, p.Hours
		pick, err := peers.Tune(ctx, *e.Family, o)
		if err != nil {
			return row, err
		}
		row.Spec = pick.Algorithm
	}
	factory, err := pacingsim.Find(p.Algorithms, row.Spec)
	if err != nil {
		return row, err
	}
	watch := newRingingWatch(w)
	o.Algorithm, o.Factory = row.Spec, watch.around(factory)
	o.Seeds, o.FirstSeed, o.Hours = p.Seeds, p.FirstSeed, p.Hours
	o.KeepDay, o.KeepSeeds = true, true
	row.Result, err = pacingsim.Run(ctx, o)
	row.Keeps, row.Ringing = peers.Keeps(row.Result), watch.perMinute()
	return row, err
}

func lowestLimit(w *pacingsim.World) float64 {
	low := 1.0
	for _, c := range w.Campaigns {
		low = min(low, c.Limit)
	}
	return low
}
