package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newDNCCommand is about what must not be called.
func newDNCCommand() *cobra.Command {
	c := &cobra.Command{Use: "dnc", Short: "Do-not-call: numbers that must not be called, by nobody or by one campaign; through a running operadora"}
	clientFlags(c)
	c.AddCommand(newDNCAddCommand(), newDNCRemoveCommand(), newDNCImportCommand(), newDNCListCommand(), newDNCSourcesCommand(), newDNCDropCommand())
	return c
}

func newDNCAddCommand() *cobra.Command {
	var order wire.DoNotCallOrder
	var until string
	c := jsonFlag(&cobra.Command{
		Use: "add NUMBER", Short: "Add a number that must not be called", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			order.Number = args[0]
			at, err := c.moment(cmd, "until", until)
			if err != nil {
				return err
			}
			if at != nil {
				order.ExpiresAt = *at
			}
			r, err := c.AddDoNotCallWithResponse(cmd.Context(), order)
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, e wire.DoNotCallEntry) error {
				_, err := fmt.Fprintf(w, "%s must not be called%s\n", e.Number, by(e.Campaign))
				return err
			})
		}),
	})
	f := c.Flags()
	f.StringVar(&order.Campaign, "campaign", "", "only this campaign must not call it")
	f.StringVar(&order.Region, "region", "", "country by which a number without + is read: CO")
	f.StringVar(&order.Why, "why", "", "why, for whoever comes later")
	f.StringVar(&until, "until", "", "until this day or moment: "+momentExample+" (default: for ever)")
	return c
}

func by(campaign string) string {
	if campaign == "" {
		return ""
	}
	return " by campaign " + campaign
}

func of(campaign string) string {
	if campaign == "" {
		return ""
	}
	return " of campaign " + campaign
}

func newDNCRemoveCommand() *cobra.Command {
	var campaign, region string
	c := &cobra.Command{
		Use: "remove NUMBER", Short: "Take a number away from those that must not be called", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			if _, err := c.RemoveDoNotCallWithResponse(cmd.Context(), &wire.RemoveDoNotCallParams{Number: args[0], Campaign: unlessEmpty(campaign), Region: unlessEmpty(region)}); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is no longer on do-not-call%s; operadora lead explain says what else forbids it\n", args[0], of(campaign))
			return err
		}),
	}
	c.Flags().StringVar(&campaign, "campaign", "", "the entry of this campaign, and not the one for all")
	c.Flags().StringVar(&region, "region", "", "country by which a number without + is read: CO")
	return c
}

func newDNCImportCommand() *cobra.Command {
	var f importFlags
	c := jsonFlag(&cobra.Command{
		Use: "import FILE", Short: "Bring a file of numbers that must not be called in, or an external list of hashes", Args: named,
		Long: "Bring a file of numbers that must not be called in, or an external list that has hashes of numbers (--hashes). Which column\n" +
			"has them is found out. `operadora lead undo` takes it back.",
		Example: "  operadora dnc import excluded.csv --region CO\n" +
			"  operadora dnc import robinson.csv --hashes robinson --algorithm sha256 --of national --region ES",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			f.order.Target = wire.ImportTargetDoNotCall
			if f.order.Source != "" {
				f.order.Target = wire.ImportTargetHashes
				if f.order.Campaign != "" {
					return errors.New("--campaign does not go with --hashes: an external list is for all")
				}
			}
			return f.run(cmd, c, args[0])
		}),
	})
	f.add(c)
	flags := c.Flags()
	flags.StringVar(&f.order.Campaign, "campaign", "", "only this campaign must not call them")
	flags.StringVar(&f.order.Region, "region", "", "country by which numbers without + are read, or whose national numbers are hashed: CO")
	flags.StringVar(&f.order.Why, "why", "", "why, for whoever comes later")
	flags.StringVar(&f.order.Source, "hashes", "", "the file has hashes, of the external list of this name")
	flags.StringVar(&f.order.Algorithm, "algorithm", "sha256", "of hashes: md5, sha1, sha256 or sha512")
	flags.StringVar(&f.order.HashOf, "of", "e164", "what is hashed: e164 (+573001234567), digits (573001234567) or national (3001234567)")
	flags.StringVar(&f.order.Salt, "salt", "", "what stands before each number that is hashed")
	return c
}

func newDNCListCommand() *cobra.Command {
	limit := 50
	c := jsonFlag(&cobra.Command{
		Use: "list", Short: "List numbers that must not be called", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			if limit < 0 {
				return fmt.Errorf("--limit %d is negative; 0 is all", limit)
			}
			list, more, err := c.DoNotCall(cmd.Context(), limit)
			if err != nil {
				return err
			}
			if more {
				fmt.Fprintf(cmd.ErrOrStderr(), "the first %d; there are more: --limit 0 lists all\n", limit)
			}
			return show(cmd, list, func(w io.Writer) error {
				var rows [][]string
				for _, e := range list {
					until := "-"
					if !e.ExpiresAt.IsZero() {
						until = e.ExpiresAt.Local().Format(time.DateTime)
					}
					rows = append(rows, []string{e.Number, orDash(e.Campaign), e.AddedAt.Local().Format(time.DateTime), until, e.AddedBy, orDash(e.Why)})
				}
				return columns(w, []string{"NUMBER", "CAMPAIGN", "SINCE", "UNTIL", "BY", "WHY"}, rows)
			})
		}),
	})
	c.Flags().IntVar(&limit, "limit", limit, "how many at most; 0 is all")
	return c
}

func newDNCSourcesCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "sources", Short: "List the external lists, whose numbers are hashed", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			r, err := c.ListDoNotCallSourcesWithResponse(cmd.Context())
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, list wire.DoNotCallSourceList) error {
				var rows [][]string
				for _, s := range list.Items {
					rows = append(rows, []string{s.ID, s.Algorithm, s.HashOf, number(s.Hashes), s.CreatedAt.Local().Format(time.DateTime), s.CreatedBy})
				}
				return columns(w, []string{"SOURCE", "ALGORITHM", "OF", "HASHES", "SINCE", "BY"}, rows)
			})
		}),
	})
}

func newDNCDropCommand() *cobra.Command {
	return &cobra.Command{
		Use: "drop SOURCE", Short: "Remove an external list", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			for more := true; more; {
				r, err := c.DeleteDoNotCallSourceWithResponse(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if r.JSON200 == nil {
					return errNoAnswer
				}
				more = r.JSON200.More
			}
			return nil
		}),
	}
}
