package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora/doctor"
)

// newCheckCommand checks configuration and definitions as a whole, without touching PBX or Redis.
func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the configuration and all definitions",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := findConfig(cmd)
			if err != nil {
				return err
			}
			cfg, wrong := readConfig(file)
			if wrong != nil && len(cfg.PBXs) == 0 {
				return wrong // nothing can be said of the definitions
			}
			a := App{gate: gateOf(cfg.PBXs)}
			defs, faults, err := loadDefinitions(cfg.Definitions, cfg.PBXs, a.known())
			out := cmd.OutOrStdout()
			for _, w := range cfg.warnings() {
				fmt.Fprintln(out, "warning:", w)
			}
			for _, l := range doctor.Exposed(doctor.Site{File: file, API: cfg.API, Redis: cfg.Redis, Records: cfg.Records, PINs: withPINs(cfg.Definitions, defs.Texts)}) {
				if l.Verdict != doctor.OK {
					fmt.Fprintln(out, "warning:", l.Sentence())
				}
			}
			for _, w := range mailWarnings(cfg.Mail, defs) {
				fmt.Fprintln(out, "warning:", w)
			}
			for _, f := range faults {
				if f.Code.Warning() {
					fmt.Fprintln(out, "warning:", f)
				}
			}
			if err != nil {
				err = fmt.Errorf("the definitions in %s cannot be used:\n%w", cfg.Definitions, err)
			}
			if err := errors.Join(wrong, err); err != nil {
				return err
			}
			fmt.Fprintf(out, "ok: %d PBX, %d queues, %d agents, %d numbers, %d flows\n", len(cfg.PBXs),
				len(defs.ACD.Queues), len(defs.ACD.Agents), len(defs.Flows.DIDs), len(defs.Flows.Flows))
			if n := len(defs.Campaigns); n > 0 {
				fmt.Fprintf(out, "campaigns: %d\n", n)
			}
			return nil
		},
	}
}
