package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/acd/staffing"
	"github.com/operadora/operadora/api/wire"
)

// staffFlags are what staff is planned with.
type staffFlags struct {
	from, to, zone, queue, input, format, output string
	calls                                        float64
	interval, aht                                time.Duration
	target                                       staffing.Target
}

// newStaffCommand plans staff.
func newStaffCommand() *cobra.Command {
	var f staffFlags
	c := &cobra.Command{
		Use: "staff", Short: "How many agents each interval needs for a target",
		Long: "How many agents each interval needs for a target, by Erlang C (nobody gives up) or Erlang A (callers have a patience).\n" +
			"Calls and handling times come from what is on record (--queue, --from; through a running operadora), from a CSV file (--input; a\n" +
			"report's CSV by interval is one) or from --calls and --aht. Each queue is taken for itself, with agents of its own; what skills and\n" +
			"agents of several queues change is not in it.",
		Example: "  operadora staff --queue sales --from 2026-03-02 --to 2026-03-03 --level 0.8 --within 20s --shrinkage 0.3\n" +
			"  operadora staff --calls 100 --aht 3m --interval 30m\n" +
			"  operadora staff --input forecast.csv --interval 15m --model erlang-a --patience 2m --format html --output staff.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	clientFlags(c)
	l := c.Flags()
	l.StringVar(&f.queue, "queue", "", "the queue whose records are read")
	l.StringVar(&f.from, "from", "", "begin of the records: "+momentExample+"; in the zone of --tz")
	l.StringVar(&f.to, "to", "", "end of the records, exclusive; now when it is left out")
	l.StringVar(&f.zone, "tz", "", "zone of the intervals, such as America/Bogota (default: this machine's)")
	l.StringVar(&f.input, "input", "", "read intervals from this CSV file (- is the standard input): interval, calls or offered, aht_ms")
	l.Float64Var(&f.calls, "calls", 0, "calls of one interval, instead of records or a file")
	l.DurationVar(&f.interval, "interval", 30*time.Minute, "length of an interval; of records 15m, 30m or 1h")
	l.DurationVar(&f.aht, "aht", 0, "mean handling time (default: that of the records or the file)")
	l.StringVar((*string)(&f.target.Model), "model", string(staffing.ErlangC), "erlang-c or erlang-a")
	l.Var(newShare(&f.target.Level, 0.8), "level", "share of calls to be answered within --within")
	l.DurationVar(&f.target.Within, "within", 20*time.Second, "wait that is in time")
	l.DurationVar(&f.target.ASA, "asa", 0, "longest mean wait; 0 is any")
	l.Var(newShare(&f.target.Abandon, 0), "abandon", "largest share of calls that may give up, with erlang-a; 0 is any")
	l.Var(newShare(&f.target.Occupancy, 0), "occupancy", "largest share of their time that agents may serve; 0 is any")
	l.DurationVar(&f.target.Patience, "patience", 0, "mean patience of callers, with erlang-a (default: that of the records or the file)")
	l.Var(newShare(&f.target.Shrinkage, 0), "shrinkage", "share of paid time that agents are not there: pauses, training, absence")
	l.StringVar(&f.format, "format", "table", "table, csv, json or html")
	l.StringVar(&f.output, "output", "", "write to this file instead of the terminal")
	return c
}

// share is a flag that is a part of a whole: 0.8, or 80%.
type share float64

func newShare(to *float64, begin float64) *share {
	*to = begin
	return (*share)(to)
}

// String implements pflag.Value.
func (s *share) String() string { return reports.Number(float64(*s)) }

// Type implements pflag.Value.
func (s *share) Type() string { return "share" }

// Set implements pflag.Value.
func (s *share) Set(text string) error {
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
		return errors.New("a share is written 0.8, or 80%")
	case percent:
		v /= 100
	case v > 1 && v <= 100:
		return fmt.Errorf("a share is from 0 to 1: %s%% is written %s, or %s%%", number, reports.Number(v/100), number)
	}
	*s = share(v)
	return nil
}

func (f *staffFlags) run(cmd *cobra.Command) error {
	write, ok := staffFormats[f.format]
	if !ok {
		return fmt.Errorf("--format %q: there are table, csv, json and html", f.format)
	}
	samples, err := f.samples(cmd)
	if err != nil {
		return err
	}
	if f.target.Model == staffing.ErlangA && f.target.Patience == 0 {
		f.target.Patience = staffing.Patience(samples)
	}
	var plans []staffing.Plan
	for _, i := range staffing.Intervals(samples, f.interval, f.aht) {
		p, err := staffing.For(i, f.target)
		if err != nil {
			return flagged(err)
		}
		plans = append(plans, p)
	}
	out, done, err := outputTo(cmd, f.output)
	if err != nil {
		return err
	}
	err = write(out, f, plans)
	return errors.Join(err, done(err == nil))
}

// flagged names the flag of a value that cannot be.
func flagged(err error) error {
	if w, ok := errors.AsType[*staffing.Wrong](err); ok {
		return fmt.Errorf("--%s %s: %s", w.Field, w.Value, w.Why)
	}
	return err
}

// samples are what is planned for.
func (f *staffFlags) samples(cmd *cobra.Command) ([]staffing.Sample, error) {
	given := 0
	for _, name := range []string{"queue", "input", "calls"} {
		if cmd.Flags().Changed(name) {
			given++
		}
	}
	if given != 1 {
		return nil, errors.New("name one of --queue (with --from), --input and --calls (with --aht)")
	}
	switch {
	case f.input != "":
		return f.read(cmd)
	case f.queue != "":
		var list []staffing.Sample
		err := remotely(func(cmd *cobra.Command, c remote, _ []string) (err error) {
			list, err = f.recorded(cmd, c)
			return err
		})(cmd, nil)
		return list, err
	}
	return []staffing.Sample{{Name: f.interval.String(), Calls: f.calls}}, nil
}

func (f *staffFlags) read(cmd *cobra.Command) ([]staffing.Sample, error) {
	in := cmd.InOrStdin()
	if f.input != "-" {
		file, err := os.Open(f.input)
		if err != nil {
			return nil, fmt.Errorf("--input: %w", err)
		}
		defer file.Close()
		in = file
	}
	list, err := staffing.ReadCSV(in)
	if err != nil {
		return nil, fmt.Errorf("--input %s: %w", f.input, err)
	}
	return list, nil
}

// recorded asks for the intervals of a queue.
func (f *staffFlags) recorded(cmd *cobra.Command, c remote) ([]staffing.Sample, error) {
	asked := reportFlags{from: f.from, to: f.to, zone: f.zone, queue: f.queue, by: []string{"interval"}, interval: f.interval, repeat: reports.RepeatDays, format: "table"}
	p, err := asked.params(cmd)
	if err != nil {
		return nil, err
	}
	r, err := c.GetReportWithResponse(cmd.Context(), wire.ReportNameService, &p)
	if err != nil {
		return nil, err
	}
	if r.JSON200 == nil {
		return nil, errNoAnswer
	}
	if len(r.JSON200.Rows) == 0 {
		return nil, fmt.Errorf("--queue %q: nobody called it in that time", f.queue)
	}
	at := map[string]int{}
	for i, c := range r.JSON200.Columns {
		at[c.Name] = i
	}
	var list []staffing.Sample
	for _, row := range r.JSON200.Rows {
		of := func(name string) float64 {
			if i, ok := at[name]; ok && row.Values[i] != nil {
				return *row.Values[i]
			}
			return 0
		}
		list = append(list, staffing.Sample{Name: row.Keys[0], Calls: of("offered"), Handled: of("handled"), HandledMS: of("aht_ms") * of("handled"),
			Abandoned: of("abandoned"), WaitedMS: of("wait_all_ms")})
	}
	return list, nil
}

// staffFormats write plans.
var staffFormats = map[string]func(io.Writer, *staffFlags, []staffing.Plan) error{
	"table": func(w io.Writer, f *staffFlags, plans []staffing.Plan) error {
		var rows [][]string
		for _, p := range plans {
			rows = append(rows, []string{p.Name, reports.Number(p.Calls), p.Handle.Round(time.Second).String(), fmt.Sprintf("%.2f", p.Load), strconv.Itoa(p.Agents), strconv.Itoa(p.Staff),
				percent(p.Level), p.ASA.Round(100 * time.Millisecond).String(), percent(p.Occupancy), percent(p.Abandoned)})
		}
		if _, err := fmt.Fprintf(w, "%s\n\n", f.target); err != nil {
			return err
		}
		return columns(w, []string{"INTERVAL", "CALLS", "AHT", "ERLANGS", "AGENTS", "STAFF", "IN TIME", "ASA", "OCCUPANCY", "GIVE UP"}, rows)
	},
	"csv": func(w io.Writer, _ *staffFlags, plans []staffing.Plan) error {
		out := csv.NewWriter(w)
		rows := [][]string{{"interval", "calls", "aht_ms", "erlangs", "agents", "staff", "level", "waits", "asa_ms", "occupancy", "abandoned"}}
		for _, p := range plans {
			rows = append(rows, []string{reports.Text(p.Name), reports.Number(p.Calls), strconv.FormatInt(p.Handle.Milliseconds(), 10), reports.Number(p.Load), strconv.Itoa(p.Agents),
				strconv.Itoa(p.Staff), reports.Number(p.Level), reports.Number(p.Waits), strconv.FormatInt(p.ASA.Milliseconds(), 10), reports.Number(p.Occupancy), reports.Number(p.Abandoned)})
		}
		return out.WriteAll(rows)
	},
	"json": func(w io.Writer, f *staffFlags, plans []staffing.Plan) error {
		type plan struct {
			Interval  string  `json:"interval"`
			Calls     float64 `json:"calls"`
			AHT       int64   `json:"aht_ms"`
			Erlangs   float64 `json:"erlangs"`
			Agents    int     `json:"agents"`
			Staff     int     `json:"staff"`
			Level     float64 `json:"level"`
			Waits     float64 `json:"waits"`
			ASA       int64   `json:"asa_ms"`
			Occupancy float64 `json:"occupancy"`
			Abandoned float64 `json:"abandoned"`
		}
		list := []plan{}
		for _, p := range plans {
			list = append(list, plan{p.Name, p.Calls, p.Handle.Milliseconds(), p.Load, p.Agents, p.Staff, p.Level, p.Waits, p.ASA.Milliseconds(), p.Occupancy, p.Abandoned})
		}
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(map[string]any{"target": f.target.String(), "intervals": list})
	},
	"html": func(w io.Writer, f *staffFlags, plans []staffing.Plan) error {
		title := "Staff"
		if f.queue != "" {
			title += " of " + f.queue
		}
		return staffing.Page(w, title, f.target, plans)
	},
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", share*100) }
