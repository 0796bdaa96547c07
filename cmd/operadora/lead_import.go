package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/life"
)

// importFlags are those of every command that brings a file in.
type importFlags struct {
	order   wire.ImportOrder
	columns []string
	dryRun  bool
	rejects string
}

func (f *importFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "go through the whole file and bring nothing in")
	flags.StringVar(&f.rejects, "rejects", "", "write what was left out, with row and reason, into this file")
	flags.StringVar((*string)(&f.order.Format), "format", "", "csv or xlsx (default: found out)")
	flags.StringVar((*string)(&f.order.Encoding), "encoding", "", "of a CSV: utf-8, utf-16le, utf-16be or windows-1252 (default: found out)")
	flags.StringVar(&f.order.Delimiter, "delimiter", "", "of a CSV: , ; | or tab (default: found out)")
	flags.StringVar(&f.order.Sheet, "sheet", "", "of a workbook (default: the first)")
	flags.StringVar((*string)(&f.order.Heading), "heading", "", "whether the first row names the columns: yes or no (default: found out)")
}

func newLeadImportCommand() *cobra.Command {
	var f importFlags
	duplicates := "list:skip"
	c := jsonFlag(&cobra.Command{
		Use: "import FILE", Short: "Bring a CSV or XLSX file of leads into a list", Args: named,
		Long: "Bring a CSV or XLSX file of leads into a list. Columns are known by English and Spanish headings, by what the list's last\n" +
			"files had, and by what is in them; --column says otherwise. How numbers and\n" +
			"dates are written is told by all rows of the file; where none tells, 1.250 and 01/02/2026 are not guessed. The first rows are shown as what they become. The import goes\n" +
			"on when this command is stopped, and through the end of operadora; `operadora lead undo` takes it back.",
		Example: "  operadora lead import march.csv --list march --dry-run\n" +
			"  operadora lead import march.xlsx --list march --column \"Saldo=amount:number:comma\" --column \"Notas=-\" --rejects rejects.csv",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			f.order.Target = wire.ImportTargetList
			scope, action, ok := strings.Cut(duplicates, ":")
			if !ok {
				return fmt.Errorf("--duplicates %q is not SCOPE:ACTION, such as list:skip or all:update", duplicates)
			}
			f.order.DuplicateScope, f.order.DuplicateAction = wire.DuplicateScope(scope), wire.DuplicateAction(action)
			return f.run(cmd, c, args[0])
		}),
	})
	f.add(c)
	c.Flags().StringVar(&f.order.List, "list", "", "into this list")
	c.Flags().StringArrayVar(&f.columns, "column", nil, "what a column is, HEADING=WHAT: phone, id, name, first_name, last_name, language, time_zone, - (leave out) or the name of a field, with :number or :date, and :number:comma (1.250,50), :number:point (1,250.50), :date:dmy (31/12/2026) or :date:mdy (12/31/2026) where no row of the file tells; may be given several times")
	c.Flags().StringVar(&duplicates, "duplicates", duplicates, "what has a number or id that is there: SCOPE:ACTION, with scope list, all (lists) or none and action skip or update")
	mustHave(c, "list")
	return c
}

// run sends a file, shows what it becomes, and brings it in.
func (f *importFlags) run(cmd *cobra.Command, c remote, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := f.settle(file); err != nil {
		return err
	}
	r, err := c.CreateImportWithResponse(cmd.Context(), f.order)
	if err != nil {
		return err
	}
	if r.JSON200 == nil {
		return errNoAnswer
	}
	i, err := c.Upload(cmd.Context(), r.JSON200.ID, f.watched(cmd, in))
	if err != nil {
		if !refusedBy(err) {
			err = fmt.Errorf("the file was not sent: %w", err)
		}
		return err
	}
	if err := f.preview(cmd, c, i.ID); err != nil {
		return err
	}
	s, err := c.StartImportWithResponse(cmd.Context(), i.ID, wire.ImportStart{DryRun: f.dryRun})
	if err != nil {
		return err
	}
	if s.JSON200 == nil {
		return errNoAnswer
	}
	over, err := follow(cmd, c, *s.JSON200)
	if err != nil {
		return err
	}
	return f.tell(cmd, c, over)
}

// settle makes the order of the flags.
func (f *importFlags) settle(file string) error {
	f.order.File = filepath.Base(file)
	if f.order.Delimiter == "tab" {
		f.order.Delimiter = "\t"
	}
	f.order.Columns = wire.ImportColumns{}
	for _, said := range f.columns {
		at := strings.LastIndex(said, "=")
		if at < 1 {
			return fmt.Errorf("--column %q is not HEADING=WHAT, such as \"Celular 2=phone\"", said)
		}
		f.order.Columns[said[:at]] = said[at+1:]
	}
	return nil
}

// watched shows how far a file has been sent, on a terminal.
func (f *importFlags) watched(cmd *cobra.Command, in *os.File) io.Reader {
	info, err := in.Stat()
	if err != nil || !onTerminal(cmd.ErrOrStderr()) {
		return in
	}
	bar := progressbar.DefaultBytes(info.Size(), "sending")
	reader := progressbar.NewReader(in, bar)
	return &reader
}

func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// preview shows what columns are and what the first rows become.
func (f *importFlags) preview(cmd *cobra.Command, c remote, id string) error {
	r, err := c.PreviewImportWithResponse(cmd.Context(), id)
	if err != nil {
		return err
	}
	if r.JSON200 == nil {
		return errNoAnswer
	}
	w, i := cmd.ErrOrStderr(), r.JSON200.Import
	how := i.Format
	if i.Encoding != "" {
		how += fmt.Sprintf(", %s, delimiter %q", i.Encoding, i.Delimiter)
	}
	if i.Sheet != "" {
		how += ", sheet " + i.Sheet
	}
	fmt.Fprintf(w, "import %s: %s (%s)\n", i.ID, i.File, how)
	var rows [][]string
	for _, col := range i.Columns {
		is := col.As
		if col.Unclear.Why != "" {
			is += "  (unclear: " + col.Unclear.Why + ")"
		}
		rows = append(rows, []string{"  " + col.Heading, is})
	}
	if err := columns(w, []string{"  COLUMN", "IS"}, rows); err != nil {
		return err
	}
	rows = nil
	for n, row := range r.JSON200.Rows {
		if n == shownRows {
			break
		}
		what := row.Value
		if row.Ok && what == "" {
			what = strings.Join([]string{orDash(row.Lead.Name), numbersText(row.Lead), fieldsText(row.Lead)}, "  ")
		}
		for _, x := range row.Rejects {
			word := "rejected: "
			if x.LeftOut {
				word = "left out: "
			}
			what = strings.TrimSpace(what + "  " + word + x.Detail)
		}
		rows = append(rows, []string{"  " + number(row.Row), what})
	}
	return columns(w, []string{"  ROW", "BECOMES"}, rows)
}

// shownRows is how many rows of the preview are shown.
const shownRows = 5

// askEvery is how often a running import is asked how far it is.
const askEvery = 300 * time.Millisecond

// follow waits for the end of what is done with an import, and shows how far it is.
func follow(cmd *cobra.Command, c remote, i wire.Import) (wire.Import, error) {
	shown := onTerminal(cmd.ErrOrStderr())
	working := func() bool {
		return i.State == wire.ImportStateRunning || i.State == wire.ImportStateChecking || i.State == wire.ImportStateUndoing
	}
	for working() {
		if !life.Sleep(cmd.Context(), askEvery) {
			return i, fmt.Errorf("import %s goes on; `operadora lead imports` says how far it is", i.ID)
		}
		r, err := c.GetImportWithResponse(cmd.Context(), i.ID)
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "import %s goes on as soon as operadora does; `operadora lead imports` says how far it is\n", i.ID)
			return i, err
		}
		if r.JSON200 == nil {
			return i, errNoAnswer
		}
		if i = *r.JSON200; shown {
			fmt.Fprintf(cmd.ErrOrStderr(), "\r%s: %d of %d rows ", i.State, i.Done, i.Total)
		}
	}
	if shown {
		fmt.Fprintln(cmd.ErrOrStderr())
	}
	return i, nil
}

// tell says what came of an import, and writes its rejects.
func (f *importFlags) tell(cmd *cobra.Command, c remote, i wire.Import) error {
	if f.rejects != "" {
		out, err := os.OpenFile(f.rejects, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // numbers are in it
		if err != nil {
			return err
		}
		if err := errors.Join(printRejects(cmd, c, i.ID, out), out.Close()); err != nil {
			return err
		}
	}
	if i.State == wire.ImportStateFailed {
		return fmt.Errorf("import %s has failed, and nothing of it is in: %s", i.ID, i.Error)
	}
	err := show(cmd, i, func(w io.Writer) error {
		word := "import " + i.ID
		if f.dryRun {
			word += ", dry run, nothing was brought in"
		}
		_, err := fmt.Fprintf(w, "%s: %d rows, %d added, %d updated, %d duplicates, %d do not call, %d rejected; %d numbers left out\n",
			word, i.Done, i.Added, i.Updated, i.Duplicates, i.DoNotCall, i.Rejected, i.LeftOut)
		if err == nil && f.rejects == "" && i.Duplicates+i.DoNotCall+i.Rejected+i.LeftOut > 0 {
			_, err = fmt.Fprintf(w, "`operadora lead rejects %s` says which and why\n", i.ID)
		}
		return err
	})
	if i.Error != "" {
		err = errors.Join(err, fmt.Errorf("import %s: %s", i.ID, i.Error))
	}
	return err
}
