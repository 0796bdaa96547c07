package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora/doctor"
	"github.com/operadora/operadora/cmd/operadora/top"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/gate"
)

// newDoctorCommand examines everything that operadora stands on.
func newDoctorCommand() *cobra.Command {
	var asJSON bool
	var console, language string
	limit := 30 * time.Second
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Examine PBXs, Redis, database and configuration, and say what to repair and how",
		Long: "Examine PBXs, Redis, database and configuration, and say what to repair and how.\n" +
			"It disturbs nobody and may run beside `operadora serve`. The exit code is 1 when there is a fault.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lines, err := runDoctor(cmd, limit, asJSON, console, language)
			if err != nil {
				return err
			}
			if doctor.Worst(lines) == doctor.Fault {
				return fmt.Errorf("%s: %s", map[string]string{"en": "not everything is well", "es": "no todo está bien"}[language], doctor.Summary(lines, language))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	languageFlag(c, &language)
	c.Flags().StringVar(&console, "console", defaultConsole, consoleUsage)
	c.Flags().DurationVar(&limit, "limit", limit, "how long the examination of one part may take")
	return c
}

// How the console of the Asterisk of this machine is reached.
const (
	defaultConsole = "asterisk"
	consoleUsage   = "how the console of this machine's Asterisk is reached: its program, perhaps with -C and a configuration file"
)

// runDoctor prints each part as soon as it was examined, or all of them as JSON.
func runDoctor(cmd *cobra.Command, limit time.Duration, asJSON bool, console, language string) ([]doctor.Line, error) {
	out := cmd.OutOrStdout()
	terminal := false
	if file, ok := out.(*os.File); ok {
		terminal = top.IsTerminal(file)
	}
	var failed error
	tell := func(lines []doctor.Line) {
		if !asJSON && failed == nil {
			failed = doctor.Print(out, lines, language, terminal && os.Getenv("NO_COLOR") == "")
		}
	}
	var lines []doctor.Line
	if cfg, err := loadConfig(cmd); err != nil {
		lines = []doctor.Line{doctor.Refused(err)}
		tell(lines)
	} else {
		site := siteOf(cfg)
		site.Limit, site.Console = limit, doctor.Console{Command: strings.Fields(console)}
		lines = doctor.Run(cmd.Context(), site, tell)
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return lines, e.Encode(map[string]any{"verdict": doctor.Worst(lines).String(), "lines": lines})
	}
	if failed == nil {
		_, failed = fmt.Fprintln(out, doctor.Summary(lines, language))
	}
	return lines, failed
}

// siteOf reads the definitions of a configuration, too.
func siteOf(cfg Config) doctor.Site {
	site := doctor.Site{File: cfg.file, Folder: cfg.Definitions, API: cfg.API, Redis: cfg.Redis, Records: cfg.Records, Mail: cfg.Mail, PBXs: map[string]ari.Config{}, FreeSWITCH: map[string]esl.Config{},
		Reach: map[string]gate.Reach{}}
	a := App{gate: gateOf(cfg.PBXs)}
	for name, p := range cfg.PBXs {
		site.Reach[name] = p.Reach
		if p.Kind == KindFreeSWITCH {
			site.FreeSWITCH[name] = p.FreeSWITCH
		} else {
			site.PBXs[name] = p.ARI
		}
	}
	defs, faults, err := loadDefinitions(cfg.Definitions, cfg.PBXs, a.known())
	site.Mailboxes, site.PINs = len(defs.Mailboxes), withPINs(cfg.Definitions, defs.Texts)
	site.Definitions = doctor.Definitions{ACD: defs.ACD, Flows: defs.Flows, Campaigns: defs.Campaigns, Warnings: faults, Err: err}
	return site
}
