package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// newCampaignCommand is about outbound campaigns.
func newCampaignCommand() *cobra.Command {
	c := &cobra.Command{Use: "campaign", Short: "Outbound campaigns: run them, watch them, whom they would call, and by what rules"}
	c.AddCommand(newCampaignRulesCommand(), newCampaignListCommand(), newCampaignPreviewCommand(), newCampaignShowCommand(), newCampaignWatchCommand(), newCampaignAppointmentCommand(), newCampaignAppointmentsCommand(), newCampaignEvidenceCommand())
	for _, o := range campaignOrders {
		c.AddCommand(newCampaignOrderCommand(o))
	}
	return c
}

// newCampaignRulesCommand prints the rules of a compliance profile, for whoever checks them.
func newCampaignRulesCommand() *cobra.Command {
	var language, at, purpose string
	var all bool
	c := &cobra.Command{
		Use: "rules [PROFILE]", Short: "Print the rules of a compliance profile with their dates and sources, or list the profiles",
		Long: "Print the rules of a compliance profile with their dates and sources: those that ship (" + strings.Join(compliance.Names(), ", ") + ") and your\n" +
			"own (definitions/" + compliance.Folder + "/*.yaml). They are data, and no advice on law: dialer/README.md says how to check them with counsel.",
		Example: "  operadora campaign rules CO --language es\n  operadora campaign rules UK --at 2017-02-28 --for sales",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			profiles, err := profilesOf(cmd, args)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return show(cmd, profileLines(profiles, language), func(w io.Writer) error { return listProfiles(w, profileLines(profiles, language)) })
			}
			p, ok := profiles[args[0]]
			if !ok {
				return fmt.Errorf("there is no profile %q%s", args[0], yamlfile.Suggest(args[0], slices.Collect(maps.Keys(profiles))))
			}
			if purpose != "" && !slices.Contains(compliance.Purposes, compliance.Purpose(purpose)) {
				return fmt.Errorf("--for %q is none of sales, collection, service, survey", purpose)
			}
			now := time.Now()
			if day, err := momentIn("at", at, time.Local); err != nil {
				return err
			} else if day != nil {
				now = *day
			}
			rules := rulesShown(p, now, compliance.Purpose(purpose), all, language)
			return show(cmd, rules, func(w io.Writer) error { return printRules(w, p, rules, language) })
		},
	}
	f := jsonFlag(c).Flags()
	languageFlag(c, &language)
	f.StringVar(&at, "at", "", "rules in force on this day or moment: "+momentExample+" (default: now)")
	f.StringVar(&purpose, "for", "", "only rules for calls of this purpose: sales, collection, service or survey")
	f.BoolVar(&all, "all", false, "also rules that are no longer, or not yet, in force")
	return c
}

// profilesOf are the profiles that ship and, where there is a configuration, those of
// its definitions. Who asks for one that ships needs no configuration.
func profilesOf(cmd *cobra.Command, args []string) (map[string]compliance.Profile, error) {
	if len(args) == 1 && slices.Contains(compliance.Names(), args[0]) {
		return compliance.Shipped(), nil
	}
	file, err := findConfig(cmd)
	if err != nil {
		if asked, _ := told(cmd, "config"); asked != "" {
			return nil, err
		}
		return compliance.Shipped(), nil
	}
	cfg, wrong := readConfig(file)
	if cfg.Definitions == "" {
		return nil, wrong
	}
	profiles, faults := compliance.Load(os.DirFS(cfg.Definitions))
	return profiles, faults.Err()
}

// profileLine is a profile in a list.
type profileLine struct {
	ID    string `json:"profile"`
	Name  string `json:"name"`
	Rules int    `json:"rules"`
	Read  string `json:"read"`
}

func profileLines(profiles map[string]compliance.Profile, language string) (out []profileLine) {
	for _, id := range slices.Sorted(maps.Keys(profiles)) {
		p := profiles[id]
		out = append(out, profileLine{id, in(p.Name, language), len(p.Rules), p.Read})
	}
	return out
}

func listProfiles(w io.Writer, lines []profileLine) error {
	var rows [][]string
	for _, l := range lines {
		rows = append(rows, []string{l.ID, l.Name, strconv.Itoa(l.Rules), l.Read})
	}
	return columns(w, []string{"PROFILE", "NAME", "RULES", "SOURCES READ"}, rows)
}

// ruleShown is a rule as it is printed.
type ruleShown struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	For     []string `json:"for"` // empty: all purposes
	From    string   `json:"from"`
	Until   string   `json:"until,omitempty"`
	InForce bool     `json:"in_force"`
	Basis   string   `json:"basis"`
	Text    string   `json:"text"`
	Law     string   `json:"law"`
	Source  string   `json:"source,omitempty"`
	Confirm string   `json:"confirm,omitempty"`

	basis string // in words
}

// in is a text in a language, in English when there is none.
func in(t compliance.Texts, language string) string {
	if text := t[language]; text != "" {
		return text
	}
	return t["en"]
}

func rulesShown(p compliance.Profile, now time.Time, purpose compliance.Purpose, all bool, language string) []ruleShown {
	out := []ruleShown{}
	for _, r := range p.Rules {
		if !r.Is(purpose) || !all && !r.InForce(now) {
			continue
		}
		s := ruleShown{ID: r.ID, Kind: string(r.Kind), For: []string{}, From: r.From, Until: r.Until, InForce: r.InForce(now), Basis: string(r.Basis),
			Text: in(r.Says(), language), Law: r.Law.In(language), Source: r.Source, Confirm: in(r.Confirm, language), basis: in(r.Basis.Words(), language)}
		for _, f := range r.For {
			s.For = append(s.For, in(f.Words(), language))
		}
		out = append(out, s)
	}
	return out
}

// printed are the words around rules.
var printed = map[string]struct{ head, from, until, duty, confirm, not string }{
	"en": {"%s, %s. Sources were last read on %s. No advice on law: have counsel check each rule.\n", "from %s", "until %s", "operadora does not see to this: ", "for counsel: ", "not in force"},
	"es": {"%s, %s. Las fuentes se leyeron por última vez el %s. No es asesoría legal: haga revisar cada regla por un abogado.\n", "desde %s", "hasta %s", "operadora no se ocupa de esto: ", "para el abogado: ", "no está en vigor"},
}

func printRules(w io.Writer, p compliance.Profile, rules []ruleShown, language string) error {
	words, ok := printed[language]
	if !ok {
		words = printed["en"]
	}
	var b strings.Builder
	fmt.Fprintf(&b, words.head, p.ID, in(p.Name, language), p.Read)
	for _, r := range rules {
		when := fmt.Sprintf(words.from, r.From)
		if r.Until != "" {
			when += " " + fmt.Sprintf(words.until, r.Until)
		}
		if !r.InForce {
			when += ", " + words.not
		}
		about := ""
		if len(r.For) > 0 {
			about = " (" + strings.Join(r.For, ", ") + ")"
		}
		text := r.Text
		if r.Kind == string(compliance.KindDuty) {
			text = words.duty + text
		}
		fmt.Fprintf(&b, "\n%s%s: %s; %s\n  %s\n  %s\n", r.ID, about, when, r.basis, text, r.Law)
		if r.Source != "" {
			fmt.Fprintf(&b, "  %s\n", r.Source)
		}
		if r.Confirm != "" {
			fmt.Fprintf(&b, "  %s%s\n", words.confirm, r.Confirm)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
