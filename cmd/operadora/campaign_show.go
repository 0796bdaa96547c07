package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/compliance"
)

func newCampaignListCommand() *cobra.Command {
	c := jsonFlag(&cobra.Command{
		Use: "list", Short: "List the campaigns of the definitions in force, through a running operadora", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			r, err := c.ListCampaignsWithResponse(cmd.Context())
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, list wire.CampaignList) error {
				var rows [][]string
				for _, x := range list.Items {
					rows = append(rows, []string{x.ID, string(x.State), string(x.Mode), x.Purpose, x.Profile, orDash(x.Queue), strings.Join(x.Lists, ", ")})
				}
				return columns(w, []string{"CAMPAIGN", "STATE", "MODE", "PURPOSE", "PROFILE", "QUEUE", "LISTS"}, rows)
			})
		}),
	})
	clientFlags(c)
	return c
}

func newCampaignPreviewCommand() *cobra.Command {
	var language string
	var most int64
	c := jsonFlag(&cobra.Command{
		Use: "preview CAMPAIGN", Short: "Say how many leads would be called at this moment, and how many not and why; nothing rings", Args: named,
		Example: "  operadora campaign preview march --language es",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.PreviewCampaignWithResponse(cmd.Context(), args[0], &wire.PreviewCampaignParams{Most: &most})
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, p wire.CampaignPreview) error { return printPreview(w, p, language) })
		}),
	})
	clientFlags(c)
	languageFlag(c, &language)
	c.Flags().Int64Var(&most, "most", 100_000, "most leads that are looked at")
	return c
}

func printPreview(w io.Writer, p wire.CampaignPreview, language string) error {
	more := ""
	if p.More {
		more = "; there are more (--most)"
	}
	if len(p.Lacking) > 0 {
		if _, err := fmt.Fprintf(w, "no list of it has what its flow or script reads: %s\n", strings.Join(p.Lacking, ", ")); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(w, "%d leads looked at%s: %d may be called now\n", p.Looked, more, p.Now); err != nil || len(p.LeftOut) == 0 {
		return err
	}
	var rows [][]string
	for _, l := range p.LeftOut {
		later := "-"
		if l.Later > 0 {
			later = fmt.Sprintf("%d, from %s", l.Later, l.First.Local().Format(time.DateTime))
		}
		rows = append(rows, []string{strconv.FormatInt(l.Leads, 10), l.Reason, later, in(compliance.Texts(l.Text), language)})
	}
	return columns(w, []string{"LEADS", "NOT NOW", "LATER", "FOR EXAMPLE"}, rows)
}
