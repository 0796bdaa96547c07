package peers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/operadora/operadora/dialer/pacingsim"
)

// Family are the settings of a peer that are worth trying.
type Family struct {
	// Name is for people.
	Name string
	// Template is the algorithm with one % in the place of a value.
	Template string
	// Values are tried in the place of the %, in ascending order.
	Values []float64
	// Rising says that both utilisation and abandonment rise with the value, so
	// that the best value is the highest that keeps the limit, and halving finds
	// it. Otherwise every value is tried.
	Rising bool
}

// At is the algorithm with the i-th value.
func (f Family) At(i int) string {
	if len(f.Values) == 0 {
		return f.Template
	}
	return strings.Replace(f.Template, "%", strconv.FormatFloat(f.Values[i], 'g', 6, 64), 1)
}

// steps are values from low to high, each a factor of the last, to two decimals.
func steps(low, high, factor float64) []float64 {
	var v []float64
	for x := low; x < high; x *= factor {
		v = append(v, math.Round(100*x)/100)
	}
	return slices.Compact(append(v, high))
}

// Families are the peers as a good administrator would set them up. VICIdial's
// RATIO and ADAPT methods are tried with the tally of all agents and of the
// available ones only, which is its strong form.
func Families() []Family {
	caps := []float64{1.3, 1.6, 2, 2.5, 3, 3.5, 4, 5, 6.5, 9, 13, 18, 24}
	list := []Family{
		{Name: "power", Template: "power:ratio=%", Values: steps(1, 24, 1.02), Rising: true},
		{Name: "wombat", Template: "wombat:boost=%", Values: steps(1, 24, 1.02), Rising: true},
		{Name: "vicidial-ratio", Template: "vicidial-ratio:availonly=0,level=%", Values: steps(1, 6, 1.01), Rising: true},
		{Name: "vicidial-ratio-available", Template: "vicidial-ratio:availonly=1,level=%", Values: steps(1, 24, 1.02), Rising: true},
	}
	for _, m := range []string{"vicidial-average", "vicidial-hard", "vicidial-tapered"} {
		list = append(list,
			Family{Name: m, Template: m + ":availonly=0,max=%", Values: caps},
			Family{Name: m + "-available", Template: m + ":availonly=1,max=%", Values: caps})
	}
	return append(list, Family{Name: "issabel", Template: "issabel"}, Family{Name: "issabel-overcommit", Template: "issabel:overcommit=1"})
}

// FindFamily is the family of that name.
func FindFamily(name string) (Family, error) {
	names := make([]string, 0, 16)
	for _, f := range Families() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Family{}, fmt.Errorf("family %q is none of %s", name, strings.Join(names, ", "))
}

// Pick is the outcome of tuning one family.
type Pick struct {
	Algorithm string
	Result    pacingsim.Result
	// Keeps says that no campaign's mean abandon rate was over its limit.
	Keeps bool
	// Tried is the number of settings that were run.
	Tried int
}

// Keeps says whether a result keeps the limit as tuning understands it: the mean
// over the seeds of each campaign is within its limit. A seed may be over it,
// which is kind to the peers.
func Keeps(r pacingsim.Result) bool {
	for _, c := range r.Campaigns {
		if c.AbandonMean > c.Limit {
			return false
		}
	}
	return true
}

// Tune runs a family in a world and returns the setting with the highest
// utilisation among those that keep the limit; if none does, the one that
// abandons least. World, Seeds, FirstSeed, Hours, Workers and Progress of o are
// used; the seeds should not be those that the result is judged on, and the hours
// should be: the first half of a day says nothing about the second.
func Tune(ctx context.Context, f Family, o pacingsim.Options) (Pick, error) {
	t := tuner{family: f, options: o, algorithms: Algorithms()}
	low, high := 0, max(1, len(f.Values))
	if !f.Rising {
		for i := range high {
			if _, err := t.try(ctx, i); err != nil {
				return Pick{}, err
			}
		}
		return t.pick()
	}
	for low < high { // values below low keep the limit, from high on they do not
		middle := (low + high) / 2
		keeps, err := t.try(ctx, middle)
		if err != nil {
			return Pick{}, err
		}
		if keeps {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return t.pick()
}

type tuner struct {
	family     Family
	options    pacingsim.Options
	algorithms []pacingsim.Algorithm
	tried      []Pick
}

func (t *tuner) try(ctx context.Context, i int) (keeps bool, err error) {
	o := t.options
	o.Algorithm = t.family.At(i)
	if o.Factory, err = pacingsim.Find(t.algorithms, o.Algorithm); err != nil {
		return false, err
	}
	r, err := pacingsim.Run(ctx, o)
	if err != nil {
		return false, err
	}
	p := Pick{Algorithm: o.Algorithm, Result: r, Keeps: Keeps(r)}
	t.tried = append(t.tried, p)
	return p.Keeps, nil
}

func (t *tuner) pick() (Pick, error) {
	if len(t.tried) == 0 {
		return Pick{}, errors.New("peers: nothing to tune")
	}
	best := t.tried[0]
	for _, p := range t.tried[1:] {
		if better(p, best) {
			best = p
		}
	}
	best.Tried = len(t.tried)
	return best, nil
}

func better(a, b Pick) bool {
	if a.Keeps != b.Keeps {
		return a.Keeps
	}
	if a.Keeps {
		return a.Result.UtilisationMean > b.Result.UtilisationMean
	}
	return a.Result.LimitRatioWorst < b.Result.LimitRatioWorst
}
