package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newListCommand is about lists of leads.
func newListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "Lists of leads: who may be called; through a running operadora"}
	clientFlags(c)
	c.AddCommand(newListCreateCommand(), newListShowCommand(), newListListCommand(), newListDeleteCommand())
	return c
}

func newListCreateCommand() *cobra.Command {
	var order wire.LeadListOrder
	c := jsonFlag(&cobra.Command{
		Use: "create LIST", Short: "Make an empty list", Args: named,
		Example: "  operadora list create march --region CO --hours \"mon-fri 07:00-19:00\" --hours \"sat 08:00-15:00\"",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			order.ID = args[0]
			r, err := c.CreateListWithResponse(cmd.Context(), order)
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, showList)
		}),
	})
	f := c.Flags()
	f.StringVar(&order.Name, "name", "", "its name for people")
	f.StringVar(&order.Region, "region", "", "country by which numbers without + are read: CO")
	f.StringArrayVar(&order.Hours, "hours", nil, "when its leads may be called, on the clocks of all time zones that a number may be in: \"mon-fri 08:00-19:00\"; may be given several times")
	f.StringVar(&order.TimeZone, "time-zone", "", "time zone of numbers whose prefix tells none: America/Bogota")
	return c
}

func showList(w io.Writer, l wire.LeadList) error {
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
		fields = append(fields, name+":"+string(l.Fields[name]))
	}
	showKnown(w, [][2]string{{"list", l.ID}, {"name", l.Name}, {"leads", strconv.FormatInt(l.Leads, 10)}, {"region", l.Region},
		{"hours", strings.Join(l.Hours, ", ")}, {"time zone", l.TimeZone}, {"fields", strings.Join(fields, " ")},
		{"created", l.CreatedAt.Local().Format(time.DateTime) + " by " + l.CreatedBy}})
	return nil
}

func newListShowCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "show LIST", Short: "Show a list: how many leads, which fields expressions may name", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.GetListWithResponse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, showList)
		}),
	})
}

func newListListCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "list", Short: "List the lists", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			r, err := c.ListListsWithResponse(cmd.Context())
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, list wire.LeadListList) error {
				var rows [][]string
				for _, l := range list.Items {
					rows = append(rows, []string{l.ID, strconv.FormatInt(l.Leads, 10), orDash(l.Region), orDash(strings.Join(l.Hours, ", ")), l.CreatedAt.Local().Format(time.DateTime), orDash(l.Name)})
				}
				return columns(w, []string{"LIST", "LEADS", "REGION", "HOURS", "CREATED", "NAME"}, rows)
			})
		}),
	})
}

func newListDeleteCommand() *cobra.Command {
	var sure bool
	c := &cobra.Command{
		Use: "delete LIST", Short: "Remove a list with its leads and imports", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			if !sure {
				return errors.New("this removes all its leads and cannot be taken back: say --yes")
			}
			var removed int64
			for more := true; more; {
				r, err := c.DeleteListWithResponse(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if r.JSON200 == nil {
					return errNoAnswer
				}
				removed, more = removed+r.JSON200.Removed, r.JSON200.More
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "list %s and its %d leads are gone\n", args[0], removed)
			return err
		}),
	}
	c.Flags().BoolVar(&sure, "yes", false, "do it")
	return c
}
