package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/acd/queuelog"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// rowsAtOnce is how many rows of a queue_log are put on record in one transaction.
const rowsAtOnce = 2000

// shownRejects is how many rows that are refused the terminal shows.
const shownRejects = 10

// shownStrangers is how many names that the definitions do not have are shown.
const shownStrangers = 20

// newHistoryCommand is about what was before operadora.
func newHistoryCommand() *cobra.Command {
	c := &cobra.Command{Use: "history", Short: "What was before operadora, for reports"}
	c.AddCommand(newHistoryImportCommand())
	return c
}

// newHistoryImportCommand brings in what app_queue has told. It works on the database itself:
// whoever may read the configuration may do so.
func newHistoryImportCommand() *cobra.Command {
	var names queuelog.Names
	var rejects string
	var dry bool
	c := &cobra.Command{
		Use: "import FILE", Short: "Bring in Asterisk's queue_log, so that reports go back to before operadora", Args: named,
		Long: "Bring in Asterisk's queue_log, so that reports go back to before operadora. It works on the database of the configuration itself,\n" +
			"beside a running operadora or without one. Rotated files are brought in one by one, the oldest first; the same file, or one that has\n" +
			"rows in common with another, changes nothing the second time. Calls that operadora has told of are left as they are, and so is what\n" +
			"agents did since operadora first told of them. Rows that cannot be read are listed with their reason, and the others are taken.\n" +
			"Calls of an Asterisk without a systemname have the name of the PBX (--pbx) before their id.\n" +
			"A call without an end is lost a day after its last row. Agents are found by their phone or name in the definitions, else they are called\n" +
			"what is behind the slash of SIP/101.",
		Example: "  operadora history import /var/log/asterisk/queue_log --dry-run\n" +
			"  operadora history import /var/log/asterisk/queue_log.1 --queue 600=sales --agent \"Ana López=101\" --rejects rejects.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withRecords(cmd, func(cfg Config, db *records.DB) error {
				names = definedNames(cmd, cfg.Definitions, names)
				in, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer in.Close()
				info, err := in.Stat()
				if err != nil {
					return err
				}
				out, done := io.Writer(nil), func(bool) error { return nil }
				if rejects != "" {
					if out, done, err = outputTo(cmd, rejects); err != nil {
						return fmt.Errorf("--rejects: %w", errors.Unwrap(err))
					}
				}
				i := &queueLogImport{cmd: cmd, db: db.Of(cfg.Redis.Tenant), dry: dry, names: names, size: info.Size(), now: time.Now()}
				i.refuse(out)
				err = i.run(in)
				return errors.Join(err, done(err == nil))
			})
		},
	}
	l := c.Flags()
	l.StringVar(&names.PBX, "pbx", "main", "name in the configuration (pbxs) of the Asterisk whose queue_log it is")
	l.StringToStringVar(&names.Queues, "queue", nil, "a queue that is called otherwise in the file: 600=sales; may be given again")
	l.StringToStringVar(&names.Agents, "agent", nil, "an agent who is called otherwise in the file: SIP/ana=101; may be given again")
	l.StringVar(&rejects, "rejects", "", "write rows that cannot be read into this CSV file, with row and reason")
	l.BoolVar(&dry, "dry-run", false, "read the file and say what is in it, and put nothing on record")
	return c
}

// definedNames are the queues of the definitions and the names and phones of their agents, and what flags say.
func definedNames(cmd *cobra.Command, dir string, said queuelog.Names) queuelog.Names {
	out := queuelog.Names{PBX: said.PBX, Queues: map[string]string{}, Agents: map[string]string{}}
	floor := readACD(os.DirFS(dir))
	if err := floor.faults.Err(); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: agents are not looked for in the definitions: %s\n", fault.Text(err))
	}
	for _, q := range floor.defs.Queues {
		out.Queues[q.ID] = q.ID
	}
	for _, a := range floor.defs.Agents {
		for _, name := range []string{a.Name, a.Endpoint, a.ID} {
			if name != "" {
				out.Agents[name] = a.ID
			}
		}
	}
	maps.Copy(out.Queues, said.Queues)
	maps.Copy(out.Agents, said.Agents)
	return out
}

// queueLogImport brings in a file.
type queueLogImport struct {
	cmd   *cobra.Command
	db    *records.DB
	dry   bool
	names queuelog.Names
	size  int64
	now   time.Time

	csv                 *csv.Writer // of rows that are refused; nil is the terminal
	rows, refused, told int
	aside               map[string]int // rows that say nothing of calls or agents, by event
	brought             records.Brought
	first, last         time.Time
	entries             []orchestrator.Entry
}

func (i *queueLogImport) refuse(w io.Writer) {
	if w != nil {
		i.csv = csv.NewWriter(w)
		_ = i.csv.Write([]string{"row", "reason", "text"}) // told by Error at the end
	}
}

func (i *queueLogImport) run(in io.Reader) error {
	i.aside = map[string]int{}
	convert := queuelog.NewConverter(i.names)
	lines := bufio.NewReaderSize(in, 1<<20)
	read, shown := int64(0), int64(0)
	for {
		line, err := lines.ReadString('\n')
		read += int64(len(line))
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			if err := i.take(convert, line); err != nil {
				return err
			}
		}
		if len(i.entries) >= rowsAtOnce || err != nil {
			if err := i.keep(); err != nil {
				return err
			}
			if percent := read * 100 / max(1, i.size); percent >= shown+10 && err == nil {
				shown = percent
				fmt.Fprintf(i.cmd.ErrOrStderr(), "%d rows, %d %%\n", i.rows, percent)
			}
		}
		if errors.Is(err, io.EOF) {
			return i.report(convert.Strangers())
		}
		if err != nil {
			return err
		}
	}
}

// take turns a row into entries, or refuses it.
func (i *queueLogImport) take(convert *queuelog.Converter, line string) error {
	i.rows++
	row, err := queuelog.ReadRow(line)
	switch {
	case err != nil:
		i.refused++
		switch {
		case i.csv != nil:
			_ = i.csv.Write([]string{strconv.Itoa(i.rows), err.Error(), reports.Text(line)}) // told by Error at the end
		case i.refused <= shownRejects:
			fmt.Fprintf(i.cmd.ErrOrStderr(), "row %d: %v\n", i.rows, err)
		}
		return nil
	case !row.Known():
		i.aside[row.What]++
		return nil
	}
	if i.told++; i.told == 1 {
		ids, err := i.db.ImportedAt(i.cmd.Context(), row.At)
		if err != nil {
			return err
		}
		convert.Resume(ids)
	}
	if i.first.IsZero() || row.At.Before(i.first) {
		i.first = row.At
	}
	if row.At.After(i.last) {
		i.last = row.At
	}
	i.entries = append(i.entries, convert.Take(line, row)...)
	return nil
}

// keep puts on record what was read.
func (i *queueLogImport) keep() error {
	list := i.entries
	i.entries = nil
	if i.dry || len(list) == 0 {
		return nil
	}
	b, err := i.db.Import(i.cmd.Context(), list, func(of []orchestrator.Entry) (orchestrator.Entry, bool) { return queuelog.Ends(of, i.now) })
	i.brought.Added += b.Added
	i.brought.Known += b.Known
	return err
}

func (i *queueLogImport) report(queues, agents []string) error {
	out := i.cmd.OutOrStdout()
	fmt.Fprintf(out, "%d rows: %d of calls and agents, %d left aside, %d refused\n", i.rows, i.told, i.rows-i.told-i.refused, i.refused)
	for _, what := range slices.Sorted(maps.Keys(i.aside)) {
		fmt.Fprintf(out, "left aside: %s %d\n", what, i.aside[what])
	}
	if i.told > 0 {
		fmt.Fprintf(out, "from %s to %s\n", i.first.Format(time.RFC3339), i.last.Format(time.RFC3339))
	}
	strangers(out, "queues", queues, "--queue")
	strangers(out, "agents", agents, "--agent")
	switch {
	case i.dry:
		fmt.Fprintln(out, "nothing is put on record: --dry-run")
	default:
		fmt.Fprintf(out, "%d entries are new; %d are of what operadora has told itself\n", i.brought.Added, i.brought.Known)
	}
	if i.csv == nil {
		return nil
	}
	i.csv.Flush()
	return i.csv.Error()
}

// strangers tells of names that the definitions do not have: once on record they keep them.
func strangers(out io.Writer, what string, names []string, flag string) {
	if len(names) == 0 {
		return
	}
	more := ""
	if n := len(names) - shownStrangers; n > 0 {
		names, more = names[:shownStrangers], fmt.Sprintf(" and %d more", n)
	}
	fmt.Fprintf(out, "%s that are not in the definitions: %s%s; %s %q says whose they are, and only before they are on record\n",
		what, strings.Join(names, ", "), more, flag, names[0]+"=ID")
}
