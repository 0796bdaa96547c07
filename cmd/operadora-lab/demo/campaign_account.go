package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/dialer/pacingsim"
)

// campaignChecks holds what is on record of a campaign against what its people saw.
// A phone that never rang, as it happens where the PBX is too busy, must be on record as not reached.
func campaignChecks(view wire.CampaignView, contacts []wire.Contact, t tally, v evidence.Verdict, leads int) []Check {
	unreached := 0
	for _, c := range contacts {
		if c.Outcome == wire.OutcomeUnreachable || c.Outcome == wire.OutcomeFailed || c.Outcome == wire.OutcomeLost {
			unreached++
		}
	}
	out := []Check{
		{fmt.Sprintf("%d leads, %d attempts, %d phones rang, %d of them twice, %d numbers of nobody; %d calls on record as not reached", leads, view.Attempts, t.rung, t.twice, t.other, unreached),
			int(view.Attempts) == leads && t.rung+unreached >= leads && t.twice == 0 && t.other == 0},
		{fmt.Sprintf("%d answered at the phones (%d machines, %d who say nothing), %d by the evidence, %d as `campaign watch` shows",
			t.answered, t.machines, t.dumb, v.Answered, int64(view.Live.Answered)), t.answered == int(v.Answered) && v.Answered == int64(view.Live.Answered)},
		{fmt.Sprintf("%d abandoned by the evidence, %d as `campaign watch` shows; %d heard no agent", v.Abandoned, int64(view.Live.Abandoned), t.answered-t.served),
			v.Abandoned == int64(view.Live.Abandoned) && int(v.Abandoned) >= t.answered-t.served},
	}
	if t.cut > 0 {
		out = append(out, Check{fmt.Sprintf("%d conversations were cut off", t.cut), false})
	}
	return out
}

// utilisation is the share of the time from one moment to another in which agents talked or
// wrapped up.
func utilisation(changes []wire.Entry, from, to time.Time) float64 {
	type state struct {
		busy  bool
		since time.Time
	}
	agents := map[string]state{}
	var busy time.Duration
	book := func(s state, until time.Time) {
		if s.since.Before(from) {
			s.since = from
		}
		if until.After(to) {
			until = to
		}
		if s.busy && until.After(s.since) {
			busy += until.Sub(s.since)
		}
	}
	for _, e := range changes {
		var d wire.EntryAgentState
		if json.Unmarshal(e.Data, &d) != nil {
			continue // it says nothing
		}
		book(agents[e.Agent], e.At)
		agents[e.Agent] = state{busy: d.To == wire.AgentStateTalking || d.To == wire.AgentStateWrapup, since: e.At}
	}
	for _, s := range agents {
		book(s, to)
	}
	if len(agents) == 0 || !to.After(from) {
		return 0
	}
	return float64(busy) / float64(len(agents)) / float64(to.Sub(from))
}

func quantileOf(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	s := slices.Clone(values)
	slices.Sort(s)
	return s[max(0, int(math.Ceil(q*float64(len(s))))-1)]
}

// Simulated is what the simulator says of a world.
type Simulated struct {
	Same pacingsim.SeedResult   // of the people who were called
	Days []pacingsim.SeedResult // of others
}

// simulatedDays is how many others are simulated.
const simulatedDays = 40

// Simulate runs the same world with the same people, and with others, in virtual time.
func Simulate(ctx context.Context, w *pacingsim.World, seed uint64) (out Simulated, err error) {
	r, err := pacingsim.Run(ctx, pacingsim.Options{World: w, Algorithm: "operadora", Factory: pacingsim.Ours(), Seeds: 1 + simulatedDays, FirstSeed: seed, Workers: runtime.NumCPU(), KeepSeeds: true})
	if err != nil {
		return out, err
	}
	return Simulated{Same: r.PerSeed[0], Days: r.PerSeed[1:]}, nil
}

// near is how many points a campaign and its simulation may lie apart.
const near = 3

// Compare shows a played campaign beside its simulation, and explains what lies farther apart than near.
func Compare(w io.Writer, p Played) error {
	s := p.Simulated
	of := func(fn func(pacingsim.SeedResult) float64) (mean, low, high float64) {
		low, high = math.Inf(1), math.Inf(-1)
		for _, d := range s.Days {
			v := 100 * fn(d)
			mean, low, high = mean+v/float64(len(s.Days)), min(low, v), max(high, v)
		}
		return mean, low, high
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-12s %8s   %-22s %s\n", "", "here", "simulated, same people", fmt.Sprintf("simulated, %d times other people", len(s.Days)))
	for _, x := range []struct {
		name       string
		here, same float64
		fn         func(pacingsim.SeedResult) float64
	}{
		{"utilisation", 100 * p.Utilisation, 100 * s.Same.Utilisation, func(r pacingsim.SeedResult) float64 { return r.Utilisation }},
		{"abandoned", 100 * p.Abandon, 100 * s.Same.Abandon, func(r pacingsim.SeedResult) float64 { return r.Abandon }},
	} {
		mean, low, high := of(x.fn)
		fmt.Fprintf(&b, "%-12s %6.1f %%   %-22s %.1f %%, from %.1f to %.1f\n", x.name, x.here, fmt.Sprintf("%.1f %%", x.same), mean, low, high)
		switch off := math.Abs(x.here - x.same); {
		case off <= near:
			fmt.Fprintf(&b, "✓ %.1f points apart\n", off)
		case x.here >= low-near && x.here <= high+near:
			fmt.Fprintf(&b, "✓ %.1f points apart: one short round is luck, and the simulator's own rounds lie %.1f points apart\n", off, high-low)
		default:
			fmt.Fprintf(&b, "✗ %.1f points apart, and outside what the simulator has with other people\n", off)
		}
	}
	if len(p.Waits) > 0 {
		fmt.Fprintf(&b, "From the answer to the agent's voice, at the phones: %s, 99 of 100 within %s. On a machine that is too busy it takes longer than the simulator knows.\n",
			quantileOf(p.Waits, .5).Round(time.Millisecond), quantileOf(p.Waits, .99).Round(time.Millisecond))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
