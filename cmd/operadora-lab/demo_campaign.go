package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora-lab/demo"
)

// newDemoCampaignCommand plays an outbound campaign.
func newDemoCampaignCommand() *cobra.Command {
	o := demo.CampaignOptions{}
	var scenario string
	var leads int
	c := &cobra.Command{
		Use:   "demo-campaign",
		Short: "Play an outbound campaign on a private Asterisk: leads, a public that answers as in a simulated scenario, agents on permanent lines",
		Long: "Play an outbound campaign on a private Asterisk: leads from a file, a public that answers as in a simulated scenario (people, machines,\n" +
			"busy, out of reach, silent), agents on permanent lines. It ends with the totals, the evidence of the legal limit, and utilisation and\n" +
			"abandoned calls beside what the simulator says of the same people.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.World, err = demo.World(scenario); err != nil {
				return err
			}
			all := o.World.Campaigns[0].Leads
			if leads < 0 || leads > all {
				return fmt.Errorf("--leads %d: is not between 0 (all) and %d", leads, all)
			}
			o.World.Campaigns[0].Leads = cmp.Or(leads, all)
			o.Out = cmd.OutOrStdout()
			_, err = demo.PlayCampaign(cmd.Context(), o)
			return err
		},
	}
	c.Flags().BoolVar(&o.Once, "once", false, "end after the campaign; the exit code is 0 only if phones, journal, records and evidence agree")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "of the people who are called")
	c.Flags().IntVar(&leads, "leads", 0, "how many of the scenario's leads are called; 0 is all")
	c.Flags().StringVar(&scenario, "scenario", "short", "how the public is: "+strings.Join(demo.Worlds(), ", "))
	return c
}
