package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
)

// reporter makes reports of this process's records and definitions.
func (a *App) reporter() reports.Reporter {
	return reports.Reporter{Records: a.db, Definitions: func() acd.Definitions { return a.current().ACD }, DIDs: a.patterns, Now: time.Now,
		Campaigns: func() []string { return slices.Collect(maps.Keys(a.current().Campaigns)) }}
}

// patterns are the numbers that flows answer, as they are defined.
func (a *App) patterns() (out []string) {
	for _, d := range a.current().Flows.DIDs {
		out = append(out, d.Pattern)
	}
	return out
}

// reportFlags are what a report is asked for with.
type reportFlags struct {
	from, to, zone, format, output string
	language                       string // of headings and formulas
	by, columns                    []string
	interval, threshold, short     time.Duration
	queue, agent, team, did, skill string
	outcome, campaign              string
	repeat                         int
	all, explain                   bool
}

// newReportCommand prints figures.
func newReportCommand() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use: "report NAME", Short: "Figures of queues, agents, pauses, outcomes and campaigns, from what is on record",
		Long: "Figures of queues, agents, pauses, outcomes and campaigns, computed from what is on record, through a running operadora.\n\n" + reportList() +
			"\nA table has the most important columns; --all, --columns or another format has the others.",
		Example: "  operadora report service --from 2026-03-02 --by queue,interval --interval 15m --tz America/Bogota\n" +
			"  operadora report agents --from 2026-03-01 --to 2026-04-01 --format xlsx --output march.xlsx\n" +
			"  operadora report service --explain\n  operadora report queue_log --from 2026-03-02 --output queue_log",
		Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == queueLogName {
				return remotely(f.queueLog)(cmd, args)
			}
			report, err := figures.Find(args[0])
			if err != nil {
				return err
			}
			if f.explain {
				return explainReport(cmd.OutOrStdout(), report, f.language)
			}
			return remotely(func(cmd *cobra.Command, c remote, _ []string) error { return f.run(cmd, c, report) })(cmd, args)
		},
	}
	clientFlags(c)
	languageFlag(c, &f.language)
	l := c.Flags()
	l.StringVar(&f.from, "from", "", "begin: "+momentExample+"; in the zone of --tz")
	l.StringVar(&f.to, "to", "", "end, exclusive; now when it is left out")
	l.StringVar(&f.zone, "tz", "", "zone of days, hours and intervals, such as America/Bogota (default: the centre's, else this machine's)")
	l.StringSliceVar(&f.by, "by", nil, "what there is a row for each of, separated by commas: queue, agent, team, skill, did, reason, outcome, campaign, interval, hour, day, weekday")
	l.DurationVar(&f.interval, "interval", 30*time.Minute, "length of an interval, with --by interval: 15m, 30m or 1h")
	l.StringVar(&f.queue, "queue", "", "only of this queue")
	l.StringVar(&f.agent, "agent", "", "only of this agent")
	l.StringVar(&f.team, "team", "", "only of agents who are in this team now")
	l.StringVar(&f.skill, "skill", "", "only of calls that asked for this skill; in reports of agents, of those who have it now")
	l.StringVar(&f.outcome, "outcome", "", "in report outcomes: only this outcome, or those of this group, from the top of their tree, such as sale or sale/cash")
	l.StringVar(&f.did, "did", "", "only of calls to this number")
	l.StringVar(&f.campaign, "campaign", "", "only of this campaign")
	l.DurationVar(&f.threshold, "threshold", 0, "wait that is in time (default: service_level of each queue)")
	l.DurationVar(&f.short, "short", 0, "wait up to which who hangs up had dialled wrong (default: short_abandon of each queue)")
	l.IntVar(&f.repeat, "repeat", reports.RepeatDays, "days within which a caller who comes again counts as one")
	l.StringVar(&f.format, "format", "table", "table, csv, xlsx or json")
	l.StringVar(&f.output, "output", "", "write to this file instead of the terminal")
	l.StringSliceVar(&f.columns, "columns", nil, "these columns of the table, separated by commas")
	l.BoolVar(&f.all, "all", false, "all columns of the table")
	l.BoolVar(&f.explain, "explain", false, "print each column's formula and what it means, and no figures")
	return c
}

func reportList() string {
	var b strings.Builder
	for _, r := range figures.Reports {
		fmt.Fprintf(&b, "  %-10s %s\n", r.Name, r.Title)
	}
	fmt.Fprintf(&b, "  %-10s %s\n", queueLogName, "what happened, in the format of app_queue, for tools that read that")
	return b.String()
}

// queueLogName is the report that is a list of events.
const queueLogName = "queue_log"

// queueLog prints what happened as app_queue writes it.
func (f *reportFlags) queueLog(cmd *cobra.Command, c remote, _ []string) error {
	for _, name := range []string{"by", "interval", "queue", "agent", "team", "skill", "outcome", "did", "campaign", "threshold", "short", "repeat", "format", "columns", "all", "explain", "language"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s: report %s has nothing of it, only --from, --to, --tz and --output", name, queueLogName)
		}
	}
	f.format = "json" // what the API answers
	p, err := f.params(cmd, c)
	if err != nil {
		return err
	}
	out, done, err := outputTo(cmd, f.output)
	if err != nil {
		return err
	}
	r, err := c.GetQueueLogWithResponse(cmd.Context(), &wire.GetQueueLogParams{From: p.From, To: p.To})
	if err == nil {
		_, err = out.Write(r.Body)
	}
	if err == nil {
		var calls, states int
		if n, _ := fmt.Sscanf(r.HTTPResponse.Trailer.Get("Operadora-Left-Out"), "calls=%d, states=%d", &calls, &states); n == 2 {
			fmt.Fprintf(cmd.ErrOrStderr(), "left out: %d calls and %d changes of agents' states that history import brought in; they are in the file that they came from\n", calls, states)
		}
	}
	return errors.Join(err, done(err == nil))
}

// explainReport prints what a report's columns are.
func explainReport(w io.Writer, r figures.Report, language string) error {
	word := func(name string) string { return headingIn(language, name) }
	fmt.Fprintf(w, "%s: %s\n\n", r.Name, reports.In(language, r.Title))
	var rows [][]string
	for _, m := range r.Measures {
		rows = append(rows, []string{m.Name, string(m.Unit), m.Formula, reports.In(language, m.Source)})
	}
	if err := columns(w, []string{word("column"), word("unit"), word("formula"), word("meaning")}, rows); err != nil {
		return err
	}
	fmt.Fprintln(w)
	rows = nil
	for _, p := range r.Symbols() {
		rows = append(rows, []string{p.Symbol, reports.In(language, p.Text)})
	}
	if err := columns(w, []string{word("symbol"), word("meaning")}, rows); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, n := range r.Notes {
		fmt.Fprintln(w, reports.In(language, n))
	}
	return nil
}

func (f *reportFlags) run(cmd *cobra.Command, c remote, report figures.Report) error {
	p, err := f.params(cmd, c)
	if err != nil {
		return err
	}
	out, done, err := outputTo(cmd, f.output)
	if err != nil {
		return err
	}
	r, err := c.GetReportWithResponse(cmd.Context(), wire.ReportName(report.Name), &p)
	if err == nil && f.format == "table" {
		err = errNoAnswer
		if r.JSON200 != nil {
			err = f.table(out, *r.JSON200)
		}
	} else if err == nil {
		_, err = out.Write(r.Body)
	}
	return errors.Join(err, done(err == nil))
}

// outputTo opens the file that a flag names, or the terminal. done closes it; one that
// did not come to be whole is removed.
func outputTo(cmd *cobra.Command, name string) (w io.Writer, done func(whole bool) error, err error) {
	if name == "" {
		return cmd.OutOrStdout(), func(bool) error { return nil }, nil
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--output: %w", err)
	}
	return file, func(whole bool) error {
		err := file.Close()
		if !whole || err != nil {
			return errors.Join(err, os.Remove(name))
		}
		return nil
	}, nil
}

// params turns flags into what the API is asked.
func (f *reportFlags) params(cmd *cobra.Command, c remote) (wire.GetReportParams, error) {
	zone, name, err := c.zoneFlag(cmd.Context(), f.zone)
	if err != nil {
		return wire.GetReportParams{}, err
	}
	p := wire.GetReportParams{TimeZone: &name, Queue: unlessEmpty(f.queue), Agent: unlessEmpty(f.agent), Team: unlessEmpty(f.team), DID: unlessEmpty(f.did), Skill: unlessEmpty(f.skill), Outcome: unlessEmpty(f.outcome), Campaign: unlessEmpty(f.campaign),
		By: unlessEmpty(strings.Join(f.by, ","))}
	from, err := momentIn("from", f.from, zone)
	if err != nil {
		return p, err
	}
	if from == nil {
		return p, fmt.Errorf("--from is needed: %s", momentExample)
	}
	p.From = *from
	if p.To, err = momentIn("to", f.to, zone); err != nil {
		return p, err
	}
	if p.Format, err = asFormat[wire.ReportFormat](f.format, f.output, "csv", "xlsx", "json"); err != nil {
		return p, err
	}
	p.Language = unlessEmpty(wire.Tongue(f.language))
	interval := f.interval.Milliseconds()
	p.IntervalMS, p.RepeatDays = &interval, &f.repeat
	if cmd.Flags().Changed("threshold") {
		ms := f.threshold.Milliseconds()
		p.ThresholdMS = &ms
	}
	if cmd.Flags().Changed("short") {
		ms := f.short.Milliseconds()
		p.ShortMS = &ms
	}
	return p, nil
}

// asFormat is the format that the API is asked for: one of some, or nil for the table,
// which is made here.
func asFormat[F ~string](format, output string, some ...string) (*F, error) {
	switch {
	case format == "table":
		return nil, nil
	case !slices.Contains(some, format):
		last := len(some) - 1
		return nil, fmt.Errorf("--format %q: there are table, %s and %s", format, strings.Join(some[:last], ", "), some[last])
	case format == "xlsx" && output == "":
		return nil, errors.New("--format xlsx needs --output FILE: a workbook is nothing for a terminal")
	}
	f := F(format)
	return &f, nil
}

// table prints a report for people.
func (f *reportFlags) table(w io.Writer, r wire.Report) error {
	shown, err := f.shown(r)
	if err != nil {
		return err
	}
	var heading []string
	for _, d := range r.By {
		heading = append(heading, headingIn(f.language, d))
	}
	for _, i := range shown {
		heading = append(heading, headingIn(f.language, r.Columns[i].Name))
	}
	var rows [][]string
	add := func(keys []string, values wire.ReportValues) {
		var row []string
		for _, k := range keys {
			row = append(row, orDash(k))
		}
		for _, i := range shown {
			row = append(row, cell(r.Columns[i].Unit, values[i]))
		}
		rows = append(rows, row)
	}
	for _, row := range r.Rows {
		add(row.Keys, row.Values)
	}
	total := make([]string, len(r.By))
	total[0] = "total"
	for i := range total[1:] {
		total[i+1] = " "
	}
	add(total, r.Total)
	return columns(w, heading, rows)
}

// headingIn is the heading of a column of a table, whose lengths of time have their units with them.
func headingIn(language, name string) string {
	heading := reports.Heading(language, name)
	for _, unit := range []string{"_ms", " (ms)"} {
		heading = strings.TrimSuffix(heading, unit)
	}
	return strings.ToUpper(heading)
}

// shown are the columns that are asked for.
func (f *reportFlags) shown(r wire.Report) (out []int, err error) {
	byName := map[string]int{}
	for i, c := range r.Columns {
		byName[c.Name] = i
		if f.all || c.Brief && len(f.columns) == 0 {
			out = append(out, i)
		}
	}
	if f.all {
		return out, nil
	}
	for _, name := range f.columns {
		i, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("--columns %q: report %s has no such column; --explain lists them", name, r.Report)
		}
		out = append(out, i)
	}
	return out, nil
}

// cell is a value for people.
func cell(unit wire.ReportColumnUnit, v *float64) string {
	switch {
	case v == nil:
		return "-"
	case unit == wire.ReportColumnUnitShare:
		return percent(*v)
	case unit == wire.ReportColumnUnitMS:
		return (time.Duration(*v) * time.Millisecond).Round(100 * time.Millisecond).String()
	}
	return reports.Number(*v)
}

// zoneFlag reads a time zone, the centre's when none is named, else this machine's.
func (c remote) zoneFlag(ctx context.Context, name string) (*time.Location, string, error) {
	if name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil || name == "Local" {
			return nil, "", fmt.Errorf("--tz %q is not a time zone such as America/Bogota", name)
		}
		return zone, name, nil
	}
	zone := c.zone(ctx)
	if zone.String() != "Local" {
		return zone, zone.String(), nil
	}
	if target, err := os.Readlink("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(target, "zoneinfo/"); ok {
			if zone, err := time.LoadLocation(name); err == nil {
				return zone, name, nil
			}
		}
	}
	if _, offset := time.Now().Zone(); offset == 0 {
		return time.UTC, "UTC", nil
	}
	return nil, "", errors.New("--tz is needed: this machine does not name its time zone")
}
