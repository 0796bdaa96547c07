package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"
	"github.com/spf13/cobra"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/calendar"
)

// documentFlags are what a sheet or a log book is asked for with.
type documentFlags struct {
	zone, format, output, language string
}

func (f *documentFlags) add(c *cobra.Command) {
	l := c.Flags()
	l.StringVar(&f.zone, "tz", "", "time zone, such as America/Bogota (default: the centre's, else this machine's)")
	l.StringVar(&f.format, "format", "table", "table, csv, xlsx, json or html")
	l.StringVar(&f.output, "output", "", "write to this file instead of the terminal")
	languageFlag(c, &f.language)
}

// asked is what the API is asked for.
func (f *documentFlags) asked(ctx context.Context, c remote) (zone *time.Location, name string, format *wire.DocumentFormat, tongue *wire.Tongue, err error) {
	if zone, name, err = c.zoneFlag(ctx, f.zone); err != nil {
		return nil, "", nil, nil, err
	}
	if format, err = asFormat[wire.DocumentFormat](f.format, f.output, "csv", "xlsx", "json", "html"); err != nil {
		return nil, "", nil, nil, err
	}
	x := wire.Tongue(f.language)
	return zone, name, format, &x, nil
}

// write writes an answer: as it came, or by table.
func (f *documentFlags) write(cmd *cobra.Command, body []byte, table func(w io.Writer) error) error {
	out, done, err := outputTo(cmd, f.output)
	if err != nil {
		return err
	}
	if f.format == "table" {
		err = table(out)
	} else {
		_, err = out.Write(body)
	}
	return errors.Join(err, done(err == nil))
}

// newSheetCommand prints the control sheet of a queue, or of a campaign.
func newSheetCommand() *cobra.Command {
	var f documentFlags
	var queue, campaign, day string
	var interval time.Duration
	c := &cobra.Command{
		Use: "sheet", Short: "The control sheet of a queue or campaign and day: by interval, by agent and by number; through a running operadora",
		Long: "The control sheet of a queue and day: how it served its callers by interval, by agent and by number, each with the same total; or of\n" +
			"a campaign: what became of its calls. Figures are those of report service, or campaigns, whose formulas --explain prints. A table and a page have the\n" +
			"important columns, the other formats all.",
		Example: "  operadora sheet --queue sales --day 2026-03-02 --tz America/Bogota\n" +
			"  operadora sheet --queue sales --day yesterday --format html --language es --output planilla.html\n" +
			"  operadora sheet --campaign march --day yesterday --language es",
		Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			zone, name, format, tongue, err := f.asked(cmd.Context(), c)
			if err != nil {
				return err
			}
			at, err := momentIn("day", cmp.Or(day, "today"), zone)
			if err != nil {
				return err
			}
			ms := interval.Milliseconds()
			r, err := c.GetSheetWithResponse(cmd.Context(), &wire.GetSheetParams{Queue: unlessEmpty(queue), Campaign: unlessEmpty(campaign), Day: openapi_types.Date{Time: at.In(zone)}, TimeZone: &name,
				IntervalMS: &ms, Format: format, Language: tongue})
			if err != nil {
				return err
			}
			if f.format == "table" && r.JSON200 == nil {
				return errNoAnswer
			}
			return f.write(cmd, r.Body, func(w io.Writer) error {
				for i, p := range r.JSON200.Parts {
					if i > 0 {
						fmt.Fprintln(w)
					}
					fmt.Fprintln(w, acd.Texts(p.Title).In(f.language))
					if err := (&reportFlags{language: f.language}).table(w, p.Report); err != nil {
						return err
					}
				}
				return nil
			})
		}),
	}
	clientFlags(c)
	f.add(c)
	c.Flags().StringVar(&queue, "queue", "", "the queue")
	c.Flags().StringVar(&campaign, "campaign", "", "or the campaign")
	c.MarkFlagsOneRequired("queue", "campaign")
	c.MarkFlagsMutuallyExclusive("queue", "campaign")
	c.Flags().StringVar(&day, "day", "today", "the day, such as 2026-03-02, today or yesterday")
	c.Flags().DurationVar(&interval, "interval", 30*time.Minute, "length of an interval: 15m, 30m or 1h")
	return c
}

// newLogbookCommand prints the log book of a shift, and writes into it.
func newLogbookCommand() *cobra.Command {
	c := &cobra.Command{Use: "logbook", Short: "The log book: what changed, by whom, incidents and notes; through a running operadora"}
	clientFlags(c)
	c.AddCommand(newLogbookShowCommand(), newNoteCommand())
	return c
}

func newLogbookShowCommand() *cobra.Command {
	var f documentFlags
	var from, to, day, shift string
	c := &cobra.Command{
		Use: "show", Short: "The log book of a shift",
		Long: "The log book of a shift: what people changed, incidents that operadora found (a PBX, Redis or the database away, a PBX taken\n" +
			"over, what was put right, other definitions), what people wrote, and how the queues did. A shift is --day and --shift, or --from\n" +
			"and --to. What agents do for themselves, and what is only read, is not in it: operadora's audit log has it.",
		Example: "  operadora logbook show --day today --shift 06:00-14:00 --tz America/Bogota\n" +
			"  operadora logbook show --day yesterday --shift 22:00-06:00 --format html --language es --output bitacora.html\n" +
			"  operadora logbook note \"The trunk of the second carrier was noisy from 10 to 11; ticket 4711\"",
		Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			zone, name, format, tongue, err := f.asked(cmd.Context(), c)
			if err != nil {
				return err
			}
			p := wire.GetLogbookParams{TimeZone: &name, Format: format, Language: tongue}
			if p.From, p.To, err = shiftSpan(from, to, day, shift, zone); err != nil {
				return err
			}
			r, err := c.GetLogbookWithResponse(cmd.Context(), &p)
			if err != nil {
				return err
			}
			if f.format == "table" && r.JSON200 == nil {
				return errNoAnswer
			}
			return f.write(cmd, r.Body, func(w io.Writer) error {
				var rows [][]string
				for _, x := range r.JSON200.Lines {
					rows = append(rows, []string{x.At.In(zone).Format(time.DateTime), reports.Line{Kind: reports.LineKind(x.Kind)}.KindText().In(f.language), orDash(x.Who), acd.Texts(x.Text).In(f.language)})
				}
				var heading []string
				for _, name := range reports.LineColumns {
					heading = append(heading, headingIn(f.language, name))
				}
				if err := columns(w, heading, rows); err != nil {
					return err
				}
				fmt.Fprintln(w)
				return (&reportFlags{language: f.language}).table(w, r.JSON200.Queues)
			})
		}),
	}
	f.add(c)
	c.Flags().StringVar(&from, "from", "", "begin: "+momentExample+"; in the zone of --tz")
	c.Flags().StringVar(&to, "to", "", "end, exclusive; now when it is left out")
	c.Flags().StringVar(&day, "day", "", "the day on which the shift begins, such as 2026-03-02, today or yesterday")
	c.Flags().StringVar(&shift, "shift", "", "the shift's hours, such as 06:00-14:00 (default: the whole day); one that ends before it begins ends on the next day")
	return c
}

// shiftSpan is the span of a shift, or of --from and --to.
func shiftSpan(from, to, day, shift string, zone *time.Location) (begin time.Time, end *time.Time, err error) {
	if (from == "") == (day == "") {
		return begin, nil, errors.New("one of --day (with --shift) and --from (with --to) is needed, and not both")
	}
	for _, f := range []struct{ flag, value, of string }{{"shift", shift, from}, {"to", to, day}} {
		if f.value != "" && f.of != "" {
			return begin, nil, fmt.Errorf("--%s %q: a shift is of --day, and --to of --from", f.flag, f.value)
		}
	}
	if from != "" {
		at, err := momentIn("from", from, zone)
		if err != nil {
			return begin, nil, err
		}
		end, err = momentIn("to", to, zone)
		return *at, end, err
	}
	at, err := momentIn("day", day, zone)
	if err != nil {
		return begin, nil, err
	}
	hours, err := calendar.ReadSpan(cmp.Or(shift, "00:00-24:00"))
	if err != nil {
		return begin, nil, fmt.Errorf("--shift %w", err)
	}
	over := calendar.When(zone, at.In(zone), hours.To)
	return calendar.When(zone, at.In(zone), hours.From), &over, nil
}

func newNoteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "note TEXT", Short: "Write a note into the log book, with who and when", Args: named,
		Long: "Write a note into the log book. It is kept on the audit log, from which nothing is ever removed: what is wrong is put right by\nanother note.",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			_, err := c.WriteLogbookWithResponse(cmd.Context(), wire.LogbookNote{Text: args[0]})
			return err
		}),
	}
}
