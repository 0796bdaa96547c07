package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
)

// newLeadCommand is about leads.
func newLeadCommand() *cobra.Command {
	c := &cobra.Command{Use: "lead", Short: "Leads: bring files in, see whom an expression chooses, why a number is not called; through a running operadora"}
	clientFlags(c)
	c.AddCommand(newLeadImportCommand(), newLeadImportsCommand(), newLeadUndoCommand(), newLeadRejectsCommand(), newLeadListCommand(), newLeadExplainCommand())
	return c
}

func newLeadListCommand() *cobra.Command {
	var list, filter string
	limit := 50
	c := jsonFlag(&cobra.Command{
		Use: "list", Short: "List the leads of a list, in the order in which they came", Args: cobra.NoArgs,
		Example: "  operadora lead list --list march --filter 'days_overdue > 30 and risk in [\"high\", \"medium\"]'",
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			if limit < 0 {
				return fmt.Errorf("--limit %d is negative; 0 is all", limit)
			}
			found, more, err := c.Leads(cmd.Context(), list, filter, limit)
			if err != nil {
				return err
			}
			if more {
				fmt.Fprintf(cmd.ErrOrStderr(), "the first %d; there are more: --limit 0 lists all\n", limit)
			}
			return show(cmd, found, func(w io.Writer) error { return listLeads(w, found) })
		}),
	})
	f := c.Flags()
	f.StringVar(&list, "list", "", "of this list")
	f.StringVar(&filter, "filter", "", "only leads for whom this expression is true; operadora list show has the names of the fields")
	f.IntVar(&limit, "limit", limit, "how many at most; 0 is all")
	mustHave(c, "list")
	return c
}

// mustHave makes a flag of a command one that is needed.
func mustHave(c *cobra.Command, flag string) {
	if err := c.MarkFlagRequired(flag); err != nil {
		panic(err) // a flag of this very command
	}
}

func listLeads(w io.Writer, found []wire.Lead) error {
	var rows [][]string
	for _, l := range found {
		rows = append(rows, []string{l.ID, orDash(l.External), orDash(l.Name), numbersText(l), fieldsText(l)})
	}
	return columns(w, []string{"LEAD", "ID", "NAME", "NUMBERS", "FIELDS"}, rows)
}

func numbersText(l wire.Lead) string {
	var out []string
	for _, n := range l.Numbers {
		out = append(out, n.Number)
	}
	return strings.Join(out, " ")
}

func fieldsText(l wire.Lead) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
		out = append(out, fmt.Sprintf("%s=%v", name, l.Fields[name]))
	}
	return orDash(strings.Join(out, " "))
}

func newLeadExplainCommand() *cobra.Command {
	var region string
	c := jsonFlag(&cobra.Command{
		Use: "explain NUMBER", Short: "Say whether a number may be called now, or each reason why not", Args: named,
		Long: "Say whether a number may be called now, or each reason why not and when that ends by itself: as far as lists,\n" +
			"their hours on the clocks of all time zones that the number may be in, and do-not-call say.",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.ExplainNumberWithResponse(cmd.Context(), &wire.ExplainNumberParams{Number: args[0], Region: unlessEmpty(region)})
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, x wire.NumberExplained) error {
				word := "may be called now, as far as lists, hours and do-not-call say; campaign preview asks a campaign's rules, too"
				if !x.Callable {
					word = "may not be called now"
				}
				fmt.Fprintf(w, "%s %s\n", x.Number, word)
				for _, f := range x.Findings {
					mark, until := " ", ""
					if f.Hinders {
						mark = "!"
					}
					if !f.Until.IsZero() {
						until = "; until " + f.Until.Local().Format("2006-01-02 15:04")
					}
					fmt.Fprintf(w, "%s %s%s\n  %s\n", mark, f.Text["en"], until, f.Text["es"])
				}
				return nil
			})
		}),
	})
	c.Flags().StringVar(&region, "region", "", "country by which a number without + is read: CO")
	return c
}

func newLeadImportsCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "imports", Short: "List imports, the latest first, with what came of them", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			limit := 50
			r, err := c.ListImportsWithResponse(cmd.Context(), &wire.ListImportsParams{Limit: &limit})
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, list wire.ImportPage) error {
				var rows [][]string
				for _, i := range list.Items {
					rows = append(rows, []string{i.ID, i.CreatedAt.Local().Format(time.DateTime), into(i), importState(i), fmt.Sprintf("%d/%d", i.Done, i.Total),
						number(i.Added), number(i.Updated), number(i.Duplicates), number(i.DoNotCall), number(i.Rejected), i.File})
				}
				return columns(w, []string{"IMPORT", "SINCE", "INTO", "STATE", "ROWS", "ADDED", "UPDATED", "DUPLICATES", "DO NOT CALL", "REJECTED", "FILE"}, rows)
			})
		}),
	})
}

// importState is its state; of one that was gone through and brings nothing yet, that too.
func importState(i wire.Import) string {
	if i.State == wire.ImportStateReady && i.Done > 0 {
		return "ready, dry run"
	}
	return string(i.State)
}

func number(n int64) string { return fmt.Sprint(n) }

// into says what an import brings its rows into.
func into(i wire.Import) string {
	switch i.Target {
	case wire.ImportTargetList:
		return i.List
	case wire.ImportTargetHashes:
		return "hashes " + i.Source
	default:
		return strings.TrimSpace("do-not-call " + i.Campaign)
	}
}

func newLeadUndoCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "undo IMPORT", Short: "Take back what an import brought and changed, or stop it", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.UndoImportWithResponse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if r.JSON200 == nil {
				return errNoAnswer
			}
			i, err := follow(cmd, c, *r.JSON200)
			if err != nil {
				return err
			}
			return show(cmd, i, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "import %s is %s\n", i.ID, i.State)
				return err
			})
		}),
	})
}

func newLeadRejectsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rejects IMPORT", Short: "Print what an import left out, with row and reason, as CSV", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			return printRejects(cmd, c, args[0], cmd.OutOrStdout())
		}),
	}
}

func printRejects(cmd *cobra.Command, c remote, id string, w io.Writer) error {
	r, err := c.Rejects(cmd.Context(), id)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, r.Close())
}

// refusedBy tells whether an error is the API's own.
func refusedBy(err error) bool { _, ok := errors.AsType[*client.Refusal](err); return ok }
