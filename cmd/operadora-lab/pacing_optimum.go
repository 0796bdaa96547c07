package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/dialer/pacingsim/optimum"
)

// optimumReport is what `pacing optimum --json` prints. Shares are 0..1.
type optimumReport struct {
	Agents      int     `json:"agents"`
	Answer      float64 `json:"answer"`
	Handle      float64 `json:"handle_s"`
	Ring        float64 `json:"ring_s"`
	Patience    float64 `json:"patience_s"`
	Limit       float64 `json:"limit"`
	Utilisation float64 `json:"utilisation"`
	Abandonment float64 `json:"abandonment"`
	UpperBound  float64 `json:"utilisation_upper_bound"`
	Progressive float64 `json:"utilisation_progressive"`
	Price       float64 `json:"price_served_calls"`
	// Safe and Bold say how many numbers should ring, by calls connected; the
	// optimum follows Bold for the share Mix of the time.
	Safe []int   `json:"policy_safe"`
	Bold []int   `json:"policy_bold"`
	Mix  float64 `json:"bold_share"`
}

func newPacingOptimumCommand() *cobra.Command {
	c := optimum.Case{Agents: 20, Answer: 0.25, Handle: 140, Ring: 10, Patience: 2, Limit: 0.03}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "optimum",
		Short: "Solve the dialer with exponential laws exactly: the most that pacing can reach",
		Long: `Solve the dialer with exponential laws exactly.

Each number rings for an exponential time and is then answered with a fixed
probability; handling and patience are exponential; everything is known at once.
The best pacing under the abandon limit is found as the solution of a Markov
decision process, with a bound that proves it, among all ways of dialling that
do not give up calls while they ring. "pacing sim --algorithm optimum"
runs the same policy in the simulator.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := optimum.Solve(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(reportOptimum(s))
			}
			return printOptimum(cmd.OutOrStdout(), s)
		},
	}
	f := cmd.Flags()
	f.IntVar(&c.Agents, "agents", c.Agents, "agents on duty")
	f.Float64Var(&c.Answer, "answer", c.Answer, "probability that a number is answered")
	f.Var(inSeconds(&c.Handle), "handle", "mean talk and wrap-up together")
	f.Var(inSeconds(&c.Ring), "ring", "mean time from dialling to the outcome")
	f.Var(inSeconds(&c.Patience), "patience", "mean time that an answered callee waits")
	f.Float64Var(&c.Limit, "limit", c.Limit, "highest share of answered calls that may be abandoned")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func reportOptimum(s optimum.Solution) optimumReport {
	c := s.Case
	return optimumReport{Agents: c.Agents, Answer: c.Answer, Handle: c.Handle, Ring: c.Ring, Patience: c.Patience, Limit: c.Limit,
		Utilisation: s.Utilisation, Abandonment: s.Abandonment, UpperBound: s.UpperBound, Progressive: s.Progressive.Utilisation,
		Price: s.Price, Safe: s.Safe, Bold: s.Bold, Mix: s.Mix}
}

func printOptimum(w io.Writer, s optimum.Solution) error {
	c, b := s.Case, &strings.Builder{}
	fmt.Fprintf(b, "%d agents, %.4g %% answer, %.4g s handling, %.4g s ringing, %.4g s patience, at most %.4g %% abandoned\n\n",
		c.Agents, 100*c.Answer, c.Handle, c.Ring, c.Patience, 100*c.Limit)
	fmt.Fprintf(b, "utilisation   %.4f %%  (no pacing that lets its calls ring can exceed %.4f %%; one call per free agent reaches %.4f %%)\n",
		100*s.Utilisation, 100*s.UpperBound, 100*s.Progressive.Utilisation)
	fmt.Fprintf(b, "abandoned     %.4f %%\n", 100*s.Abandonment)
	fmt.Fprintf(b, "a lost call costs %.4f served ones at the optimum\n\n", s.Price)
	fmt.Fprintf(b, "numbers to keep ringing, by calls connected (bold for %.1f %% of the time)\n  connected  safe  bold\n", 100*s.Mix)
	for n := range s.Safe {
		if s.Safe[n] == 0 && s.Bold[n] == 0 {
			break
		}
		fmt.Fprintf(b, "  %9d  %4d  %4d\n", n, s.Safe[n], s.Bold[n])
	}
	_, err := io.WriteString(w, b.String())
	return err
}
