package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/acd"
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
	play                                         int
	seed                                         uint64
}

// newStaffCommand plans staff.
func newStaffCommand() *cobra.Command {
	var f staffFlags
	c := &cobra.Command{
		Use: "staff", Short: "How many agents each interval needs for a target",
		Long: "How many agents each interval needs for a target, by Erlang C (nobody gives up), by Erlang A (callers have a patience), or by a simulation\n" +
			"of the very routing: --model simulation plays the queues, agents, skills, ranks and relaxations of the definitions, several queues\n" +
			"with their shared agents together, and finds the fewest agents with whom each queue meets the target; the agents at work are those of\n" +
			"the definitions in proportion, and their likes.\n" +
			"Calls and handling times come from what is on record (--queue, --from; through a running operadora), from a CSV file (--input; a\n" +
			"report's CSV by interval, or by interval and queue, is one) or from --calls and --aht. The formulas take each queue for itself.",
		Example: "  operadora staff --queue sales --from 2026-03-02 --to 2026-03-03 --level 0.8 --within 20s --shrinkage 0.3\n" +
			"  operadora staff --calls 100 --aht 3m --interval 30m\n" +
			"  operadora staff --input forecast.csv --interval 15m --model erlang-a --patience 2m --format html --output staff.html\n" +
			"  operadora staff --model simulation --queue sales,support --from 2026-03-02 --to 2026-03-03 --format html --output staff.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	clientFlags(c)
	l := c.Flags()
	l.StringVar(&f.queue, "queue", "", "the queue whose records are read; for a simulation several, separated by commas (default: all that were called)")
	l.StringVar(&f.from, "from", "", "begin of the records: "+momentExample+"; in the zone of --tz")
	l.StringVar(&f.to, "to", "", "end of the records, exclusive; now when it is left out")
	l.StringVar(&f.zone, "tz", "", "zone of the intervals, such as America/Bogota (default: the centre's, else this machine's)")
	l.StringVar(&f.input, "input", "", "read intervals from this CSV file (- is the standard input): interval, calls or offered, aht_ms")
	l.Float64Var(&f.calls, "calls", 0, "calls of one interval, instead of records or a file")
	l.DurationVar(&f.interval, "interval", 30*time.Minute, "length of an interval; of records 15m, 30m or 1h")
	l.DurationVar(&f.aht, "aht", 0, "mean handling time (default: that of the records or the file)")
	l.StringVar((*string)(&f.target.Model), "model", string(staffing.ErlangC), "erlang-c, erlang-a or simulation")
	l.Var(newShare(&f.target.Level, 0.8), "level", "share of calls to be answered within --within")
	l.DurationVar(&f.target.Within, "within", 20*time.Second, "wait that is in time")
	l.DurationVar(&f.target.ASA, "asa", 0, "longest mean wait; 0 is any")
	l.Var(newShare(&f.target.Abandon, 0), "abandon", "largest share of calls that may give up, with erlang-a and simulation; 0 is any")
	l.Var(newShare(&f.target.Occupancy, 0), "occupancy", "largest share of their time that agents may serve; 0 is any")
	l.DurationVar(&f.target.Patience, "patience", 0, "mean patience of callers, with erlang-a and simulation (default: that of the records or the file)")
	l.Var(newShare(&f.target.Shrinkage, 0), "shrinkage", "share of paid time that agents are not there: pauses, training, absence")
	l.IntVar(&f.play, "play", staffing.SimulatedCalls, "with simulation: calls played for each trial; more are more exact, and slower")
	l.Uint64Var(&f.seed, "seed", 1, "with simulation: the same seed gives the same plan")
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
	plans, err := f.plans(cmd, samples)
	if err != nil {
		return flagged(err)
	}
	out, done, err := outputTo(cmd, f.output)
	if err != nil {
		return err
	}
	err = write(out, f, plans)
	return errors.Join(err, done(err == nil))
}

// plans plans every interval.
func (f *staffFlags) plans(cmd *cobra.Command, samples []staffing.Sample) (plans []staffing.Plan, err error) {
	if f.target.Model == staffing.Simulated {
		return f.simulated(cmd, samples)
	}
	if f.target.Model == staffing.ErlangA && f.target.Patience == 0 {
		f.target.Patience = staffing.Patience(samples)
	}
	for _, i := range staffing.Intervals(samples, f.interval, f.aht) {
		p, err := staffing.For(i, f.target)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// simulated plans by playing the routing, and says how far it is.
func (f *staffFlags) simulated(cmd *cobra.Command, samples []staffing.Sample) (plans []staffing.Plan, err error) {
	if f.play < 1000 || f.play > 10_000_000 {
		return nil, &staffing.Wrong{Field: "play", Value: strconv.Itoa(f.play), Why: "is no number from 1000 to 10000000"}
	}
	s := staffing.Simulation{Calls: f.play, Seed: f.seed}
	if s.Definitions, err = f.routing(cmd, samples); err != nil {
		return nil, err
	}
	list := staffing.Together(samples, f.interval, f.aht)
	for n, queues := range list {
		if err := cmd.Context().Err(); err != nil {
			return nil, err
		}
		p, err := s.For(queues, f.target)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
		fmt.Fprintf(cmd.ErrOrStderr(), "played %d of %d: %s, %d agents\n", n+1, len(list), queues[0].Name, p.Agents)
	}
	return plans, nil
}

// routing are the definitions that are played: those of the configuration or, for calls
// of no queue, one queue with agents who are all alike.
func (f *staffFlags) routing(cmd *cobra.Command, samples []staffing.Sample) (acd.Definitions, error) {
	if f.calls > 0 && f.queue == "" {
		q, a := acd.NewQueue(), acd.NewAgent()
		a.ID, a.PBX, a.Queues = "agent", "pbx", []acd.Membership{{Queue: q.ID}}
		return acd.Definitions{Queues: []acd.Queue{q}, Agents: []acd.Agent{a}}, nil
	}
	file, err := findConfig(cmd)
	if err != nil {
		return acd.Definitions{}, err
	}
	cfg, err := readConfig(file)
	if err != nil {
		return acd.Definitions{}, err
	}
	defs, _, err := loadDefinitions(cfg.Definitions, cfg.PBXs, (&App{gate: gateOf(cfg.PBXs)}).known())
	if err != nil {
		return acd.Definitions{}, fmt.Errorf("the definitions in %s cannot be used:\n%w", cfg.Definitions, err)
	}
	for _, s := range samples {
		if !slices.ContainsFunc(defs.ACD.Queues, func(q acd.Queue) bool { return q.ID == s.Queue }) {
			return acd.Definitions{}, &staffing.Wrong{Field: "queue", Value: s.Queue, Why: "is not defined in " + cfg.Definitions + "; a simulation needs to know which queue calls come to"}
		}
	}
	return defs.ACD, nil
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
	of := []string{"queue", "input", "calls"}
	if f.target.Model == staffing.Simulated {
		of[0] = "from"
	}
	for _, name := range of {
		if cmd.Flags().Changed(name) {
			given++
		}
	}
	if given != 1 {
		return nil, errors.New("name one of --queue (with --from), --input and --calls (with --aht); for a simulation, of --from, --input and --calls")
	}
	switch {
	case f.input != "":
		return f.read(cmd)
	case f.calls == 0:
		var list []staffing.Sample
		err := remotely(func(cmd *cobra.Command, c remote, _ []string) (err error) {
			list, err = f.recorded(cmd, c)
			return err
		})(cmd, nil)
		return list, err
	}
	return []staffing.Sample{{Queue: f.queue, Name: f.interval.String(), Calls: f.calls}}, nil
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
	for i := range list {
		list[i].Queue = cmp.Or(list[i].Queue, f.queue)
	}
	return list, nil
}

// recorded asks for the intervals of a queue.
func (f *staffFlags) recorded(cmd *cobra.Command, c remote) ([]staffing.Sample, error) {
	asked := reportFlags{from: f.from, to: f.to, zone: f.zone, by: []string{"interval"}, interval: f.interval, repeat: reports.RepeatDays, format: "table"}
	queues := strings.FieldsFunc(f.queue, func(c rune) bool { return c == ',' })
	if len(queues) == 1 {
		asked.queue = queues[0]
	}
	if f.target.Model == staffing.Simulated {
		asked.by = append(asked.by, "queue")
	}
	p, err := asked.params(cmd, c)
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
		queue := f.queue
		if len(row.Keys) > 1 {
			queue = row.Keys[1]
		}
		if len(queues) > 1 && !slices.Contains(queues, queue) {
			continue
		}
		list = append(list, staffing.Sample{Queue: queue, Name: row.Keys[0], Calls: of("offered"), Handled: of("handled"), HandledMS: of("aht_ms") * of("handled"),
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
		if err := columns(w, []string{"INTERVAL", "CALLS", "AHT", "ERLANGS", "AGENTS", "STAFF", "IN TIME", "ASA", "OCCUPANCY", "GIVE UP"}, rows); err != nil {
			return err
		}
		return eachQueue(w, plans)
	},
	"csv": func(w io.Writer, _ *staffFlags, plans []staffing.Plan) error {
		out := csv.NewWriter(w)
		rows := [][]string{{"interval", "calls", "aht_ms", "erlangs", "agents", "staff", "level", "waits", "asa_ms", "occupancy", "abandoned", "queue"}}
		for _, p := range plans {
			rows = append(rows, []string{reports.Text(p.Name), reports.Number(p.Calls), strconv.FormatInt(p.Handle.Milliseconds(), 10), reports.Number(p.Load), strconv.Itoa(p.Agents),
				strconv.Itoa(p.Staff), reports.Number(p.Level), reports.Number(p.Waits), strconv.FormatInt(p.ASA.Milliseconds(), 10), reports.Number(p.Occupancy), reports.Number(p.Abandoned), ""})
			for _, q := range p.Queues {
				rows = append(rows, []string{reports.Text(p.Name), reports.Number(q.Calls), "", "", "", "", reports.Number(q.Level), reports.Number(q.Waits),
					strconv.FormatInt(q.ASA.Milliseconds(), 10), "", reports.Number(q.Abandoned), reports.Text(q.Queue)})
			}
		}
		return out.WriteAll(rows)
	},
	"json": func(w io.Writer, f *staffFlags, plans []staffing.Plan) error {
		type queue struct {
			Queue     string  `json:"queue"`
			Calls     float64 `json:"calls"`
			Level     float64 `json:"level"`
			Waits     float64 `json:"waits"`
			ASA       int64   `json:"asa_ms"`
			Abandoned float64 `json:"abandoned"`
		}
		type like struct {
			Agent  string `json:"agent"`
			Agents int    `json:"agents"`
		}
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
			Queues    []queue `json:"queues,omitempty"` // of a simulation
			Like      []like  `json:"like,omitempty"`   // how many agents are like whom
		}
		list := []plan{}
		for _, p := range plans {
			x := plan{p.Name, p.Calls, p.Handle.Milliseconds(), p.Load, p.Agents, p.Staff, p.Level, p.Waits, p.ASA.Milliseconds(), p.Occupancy, p.Abandoned, nil, nil}
			for _, q := range p.Queues {
				x.Queues = append(x.Queues, queue{q.Queue, q.Calls, q.Level, q.Waits, q.ASA.Milliseconds(), q.Abandoned})
			}
			for _, l := range p.Who {
				x.Like = append(x.Like, like(l))
			}
			list = append(list, x)
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

// eachQueue prints what a simulation shows of each queue, and who the agents are.
func eachQueue(w io.Writer, plans []staffing.Plan) error {
	var rows [][]string
	for _, p := range plans {
		var like []string
		for _, l := range p.Who {
			like = append(like, fmt.Sprintf("%d like %s", l.Agents, l.Agent))
		}
		for i, q := range p.Queues {
			who := ""
			if i == 0 {
				who = strings.Join(like, ", ")
			}
			rows = append(rows, []string{p.Name, orDash(q.Queue), reports.Number(q.Calls), percent(q.Level), q.ASA.Round(100 * time.Millisecond).String(), percent(q.Abandoned), who})
		}
	}
	if rows == nil {
		return nil
	}
	fmt.Fprintln(w)
	return columns(w, []string{"INTERVAL", "QUEUE", "CALLS", "IN TIME", "ASA", "GIVE UP", "AGENTS"}, rows)
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", share*100) }
