package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newRetentionCommand removes what is kept no longer.
func newRetentionCommand() *cobra.Command {
	c := &cobra.Command{Use: "retention", Short: "What is kept no longer, what must stay, and who is to be forgotten; through a running operadora"}
	clientFlags(c)
	c.AddCommand(newRetentionRunCommand(), newEraseCommand(), newHoldCommand(), newHoldsCommand(), newReleaseCommand())
	return c
}

func newRetentionRunCommand() *cobra.Command {
	var apply bool
	c := jsonFlag(&cobra.Command{
		Use: "run", Short: "Say what recordings and records are kept no longer; with --apply, remove them",
		Long: "Say what is older than keep_recordings and keep_records of its campaign, else of its queue, else of records in the configuration. Nothing is removed without --apply. What is held stays.",
		Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error { return retain(cmd, c, "", apply) }),
	})
	c.Flags().BoolVar(&apply, "apply", false, "remove it")
	return c
}

func newEraseCommand() *cobra.Command {
	var apply bool
	c := jsonFlag(&cobra.Command{
		Use: "erase NUMBER", Short: "Say which calls of a number there are; with --apply, make them nobody's and delete their sound", Args: named,
		Long: "Say which calls of a number there are. With --apply they become nobody's, their sound is deleted, and who served the\n" +
			"number last is forgotten. Leads with the number go, whatever list they are in, with what imports did not take of it and the\n" +
			"files that wait with it; on do-not-call it stays.",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error { return retain(cmd, c, args[0], apply) }),
	})
	c.Flags().BoolVar(&apply, "apply", false, "do it; it cannot be taken back")
	return c
}

// retain orders until nothing is left, and prints the sum.
func retain(cmd *cobra.Command, c remote, number string, apply bool) error {
	var sum wire.Retention
	for more := true; more; {
		r, err := c.ApplyRetentionWithResponse(cmd.Context(), wire.RetentionOrder{DryRun: !apply, Number: number})
		if err != nil {
			return err
		}
		if r.JSON200 == nil {
			return errNoAnswer
		}
		if sum.Items == nil {
			sum = *r.JSON200
		} else {
			added(&sum, *r.JSON200)
		}
		more = apply && r.JSON200.More
		sum.More = more
	}
	var failed int64
	var rows [][]string
	for _, i := range sum.Items {
		failed += i.Failed
		row := []string{orDash(i.Campaign), orDash(i.Queue)}
		for _, n := range []int64{i.Recordings, i.Calls, i.Held, i.RemovedRecordings, i.RemovedCalls, i.Failed} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	return errors.Join(show(cmd, sum, func(w io.Writer) error {
		if l := sum.Leads; l != nil {
			if err := printErased(w, *l); err != nil {
				return err
			}
		}
		if r := sum.Recent; r != nil && r.Calls > 0 {
			kept := time.Duration(r.KeepJournalMS) * time.Millisecond
			if _, err := fmt.Fprintf(w, "%d calls ended less than %s ago: they stay as they are; erase it again when that has passed (records.keep_journal)\n", r.Calls, strings.TrimSuffix(strings.TrimSuffix(kept.String(), "0s"), "0m")); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			_, err := fmt.Fprintln(w, "no campaign, queue or configuration has keep_recordings or keep_records: everything is kept for ever")
			return err
		}
		if err := columns(w, []string{"CAMPAIGN", "QUEUE", "RECORDINGS", "CALLS", "HELD", "REMOVED RECORDINGS", "REMOVED CALLS", "FAILED"}, rows); err != nil || apply {
			return err
		}
		_, err := fmt.Fprintln(w, "nothing was removed; --apply does it")
		return err
	}), failures(failed))
}

// printErased says where lists of leads have, or had, a number.
func printErased(w io.Writer, l wire.ErasedLeads) error {
	if _, err := fmt.Fprintf(w, "%d leads, %d rejected rows and %d waiting files have it\n", l.Leads, l.Rejects, l.Files); err != nil {
		return err
	}
	if l.Held {
		if _, err := fmt.Fprintln(w, "it is held: they stay"); err != nil {
			return err
		}
	}
	if l.Busy > 0 {
		if _, err := fmt.Fprintf(w, "%d files are being brought in that have it or may: erase it again once they are over\n", l.Busy); err != nil {
			return err
		}
	}
	return nil
}

// added adds what a later portion removed. What is to be removed is the first answer's.
func added(sum *wire.Retention, next wire.Retention) {
	for _, n := range next.Items {
		for i := range sum.Items {
			if s := &sum.Items[i]; s.Queue == n.Queue && s.Campaign == n.Campaign {
				s.RemovedRecordings += n.RemovedRecordings
				s.RemovedCalls += n.RemovedCalls
				s.Failed = n.Failed // the same ones are tried again
			}
		}
	}
}

func failures(n int64) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d recordings were not deleted by their PBX; the log tells more, and the next run tries again", n)
}

func newHoldCommand() *cobra.Command {
	var order wire.LegalHoldOrder
	c := jsonFlag(&cobra.Command{
		Use: "hold", Short: "Keep a call, or all calls of a number, from being removed", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			if (order.Call == "") == (order.Number == "") {
				return errors.New("one of --call and --number is needed, and not both")
			}
			r, err := c.PlaceHoldWithResponse(cmd.Context(), order)
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, h wire.LegalHold) error {
				if n := h.Calls; n != nil {
					fmt.Fprintf(cmd.ErrOrStderr(), "calls on record that it holds now: %d\n", *n)
				}
				_, err := fmt.Fprintln(w, h.ID)
				return err
			})
		}),
	})
	c.Flags().StringVar(&order.Call, "call", "", "this call")
	c.Flags().StringVar(&order.Number, "number", "", "all calls of this number, as it is on record")
	c.Flags().StringVar(&order.Why, "why", "", "why, for whoever comes later")
	if err := c.MarkFlagRequired("why"); err != nil {
		panic(err) // a flag of this very command
	}
	return c
}

func newHoldsCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "holds", Short: "List legal holds", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			r, err := c.ListHoldsWithResponse(cmd.Context())
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, list wire.LegalHoldList) error {
				var rows [][]string
				for _, h := range list.Items {
					rows = append(rows, []string{h.ID, orDash(h.Call), orDash(h.Number), h.PlacedAt.Local().Format(time.DateTime), h.By, h.Why})
				}
				return columns(w, []string{"HOLD", "CALL", "NUMBER", "SINCE", "BY", "WHY"}, rows)
			})
		}),
	})
}

func newReleaseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "release HOLD", Short: "Take a legal hold away", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			_, err := c.ReleaseHoldWithResponse(cmd.Context(), args[0])
			return err
		}),
	}
}
