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

// campaignOrder is what somebody may want of a campaign.
type campaignOrder struct {
	do    wire.CampaignOrderDo
	short string
}

var campaignOrders = []campaignOrder{
	{wire.CampaignOrderDoStart, "Call its leads from now on, in its hours"},
	{wire.CampaignOrderDoPause, "Call nobody for now; calls go on"},
	{wire.CampaignOrderDoResume, "Call again"},
	{wire.CampaignOrderDoDrain, "Call nobody, and stop once the last of its calls is over"},
	{wire.CampaignOrderDoStop, "Call nobody, and give phones up that rang long enough; conversations go on"},
}

func newCampaignOrderCommand(o campaignOrder) *cobra.Command {
	var why string
	c := jsonFlag(&cobra.Command{
		Use: string(o.do) + " CAMPAIGN", Short: o.short, Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.OrderCampaignWithResponse(cmd.Context(), args[0], wire.CampaignOrder{Do: o.do, Why: why})
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, run wire.CampaignRun) error {
				_, err := fmt.Fprintf(w, "campaign %s is %s\n", args[0], run.State)
				return err
			})
		}),
	})
	clientFlags(c)
	c.Flags().StringVar(&why, "why", "", "goes on record")
	return c
}

func newCampaignAppointmentCommand() *cobra.Command {
	var at, number, agent string
	var cancel bool
	c := &cobra.Command{
		Use: "appointment CAMPAIGN LEAD", Short: "Have a lead called at a time, before others, or give that up", Args: named,
		Example: "  operadora campaign appointment march 17 --at 2026-12-01T10:00:00-05:00\n" +
			"  operadora campaign appointment march 17 --cancel",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			if cancel {
				if _, err := c.CancelAppointmentWithResponse(cmd.Context(), args[0], args[1]); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "lead %s of %s has no appointment any more\n", args[1], args[0])
				return err
			}
			when, err := c.moment(cmd, "at", at)
			if err != nil {
				return err
			}
			if when == nil {
				return errors.New("--at is missing: when is the lead to be called?")
			}
			if _, err := c.MakeAppointmentWithResponse(cmd.Context(), args[0], wire.Appointment{Lead: args[1], At: *when, Number: number, Agent: agent}); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "lead %s is to be called at %s, or as soon after as the hours and rules of %s allow\n", args[1], when.Format(time.RFC3339), args[0])
			return err
		}),
	}
	clientFlags(c)
	c.Flags().StringVar(&at, "at", "", "when: "+momentExample)
	c.Flags().StringVar(&number, "number", "", "one of its numbers, with + and country code; left out, the one that is next")
	c.Flags().StringVar(&agent, "agent", "", "with whom; left out, with anyone")
	c.Flags().BoolVar(&cancel, "cancel", false, "give the appointment up that there is")
	c.MarkFlagsMutuallyExclusive("cancel", "at")
	c.MarkFlagsMutuallyExclusive("cancel", "number")
	c.MarkFlagsMutuallyExclusive("cancel", "agent")
	return c
}

func newCampaignAppointmentsCommand() *cobra.Command {
	var limit int
	c := jsonFlag(&cobra.Command{
		Use: "appointments CAMPAIGN", Short: "List the appointments of a campaign that are yet to be kept, the next first", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.ListAppointmentsWithResponse(cmd.Context(), args[0], &wire.ListAppointmentsParams{Limit: &limit})
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, page wire.AppointmentPage) error {
				var rows [][]string
				for _, a := range page.Items {
					rows = append(rows, []string{a.Lead, a.At.Local().Format(time.DateTime), orDash(a.Name), orDash(a.Number), orDash(a.Agent), a.MadeBy})
				}
				if err := columns(w, []string{"LEAD", "AT", "NAME", "NUMBER", "WITH", "MADE BY"}, rows); err != nil || page.Next == "" {
					return err
				}
				_, err := fmt.Fprintln(w, "there are more (--limit)")
				return err
			})
		}),
	})
	clientFlags(c)
	c.Flags().IntVar(&limit, "limit", 100, "most that are listed")
	return c
}

func newCampaignShowCommand() *cobra.Command {
	c := jsonFlag(&cobra.Command{
		Use: "show CAMPAIGN", Short: "Say how a campaign stands: calls, agents, leads left and why, what holds it back, the law's limit", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.GetCampaignWithResponse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, showCampaign)
		}),
	})
	clientFlags(c)
	return c
}

func newCampaignWatchCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "watch CAMPAIGN", Short: "Show how a campaign stands, each second, until it is interrupted", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			if _, err := c.GetCampaignWithResponse(cmd.Context(), args[0]); err != nil {
				return err // the stream of one that is not there shows nothing
			}
			out := cmd.OutOrStdout()
			err := c.Live(cmd.Context(), "campaign:"+args[0], func(at time.Time, rows wire.LiveRows) error {
				for _, v := range rows.CampaignViews {
					if _, err := fmt.Fprint(out, at.Local().Format(time.TimeOnly), "  ", watchLine(v), "\n"); err != nil {
						return err
					}
				}
				return nil
			})
			if cmd.Context().Err() != nil {
				return nil
			}
			return err
		}),
	}
	clientFlags(c)
	return c
}

// watchLine is how a campaign stands, in a line.
func watchLine(v wire.CampaignView) string {
	l := v.Live
	if l.At.IsZero() {
		return fmt.Sprintf("%s; dialled by %s", v.Run.State, orDash(v.DialledBy))
	}
	return fmt.Sprintf("%s%s  ringing %d  waiting %d  connected %d%s  agents %s  soon %.1f  answer rate %.0f %%  abandoned %s  ready %d  %s",
		v.Run.State, previewedLine(v), l.OnWay, l.Waiting, l.Connected, machinesLine(v), orDash(counts(l.Agents)), l.FreeSoon, 100*l.AnswerRate, abandonedOf(l), l.Ready, l.Hold)
}

// previewedLine is what a line says of leads whom agents preview.
func previewedLine(v wire.CampaignView) string {
	if v.Campaign.Mode != wire.CampaignModePreview {
		return ""
	}
	return fmt.Sprintf("  previewed %d", v.Live.Previewed)
}

// machinesLine is what a line says of machines, where there are any.
func machinesLine(v wire.CampaignView) string {
	m := v.Machines
	if m == (wire.CampaignMachines{}) {
		return ""
	}
	return fmt.Sprintf("  machines %d (%s)", v.Live.Machines, falseOf(m))
}

// falseOf is how many of those that the PBX takes for machines are people.
func falseOf(m wire.CampaignMachines) string {
	if m.Sampled == 0 {
		return "false: none sampled"
	}
	return fmt.Sprintf("false: %d of %d sampled, %.0f-%.0f %%", m.People, m.Sampled, 100*m.FalseLow, 100*m.FalseHigh)
}

func showMachines(m wire.CampaignMachines) string {
	if m == (wire.CampaignMachines{}) {
		return ""
	}
	return fmt.Sprintf("heard in 30 days: %d persons, %d machines, %d unsure; %s; agents found %d more", m.Persons, m.Machines, m.Unsure, falseOf(m), m.Marked)
}

// counts are so many of each, by name.
func counts[N int | int64](of map[string]N) string {
	var out []string
	for _, what := range slices.Sorted(maps.Keys(of)) {
		out = append(out, fmt.Sprintf("%d %s", of[what], what))
	}
	return strings.Join(out, ", ")
}

func abandonedOf(l wire.CampaignLive) string {
	rate := 0.0
	if l.Answered > 0 {
		rate = 100 * l.Abandoned / l.Answered
	}
	return fmt.Sprintf("%.0f of %.0f (%.2f %% of %.2f %%)", l.Abandoned, l.Answered, rate, 100*l.Limit)
}

func showCampaign(w io.Writer, v wire.CampaignView) error {
	l := v.Live
	state := string(v.Run.State)
	if !v.Run.ChangedAt.IsZero() {
		state += ", since " + v.Run.ChangedAt.Local().Format(time.DateTime) + " by " + v.Run.ChangedBy
	}
	known := [][2]string{{"campaign", v.Campaign.ID}, {"state", state}, {"why", v.Run.Why}, {"mode", string(v.Campaign.Mode)}, {"dialled by", v.DialledBy},
		{"attempts in 24 h", strconv.FormatInt(v.Attempts, 10)}, {"results", counts(v.Results)}, {"not called yet", fmt.Sprintf("%d leads", v.NotCalled)},
		{"machines", showMachines(v.Machines)}}
	if !l.At.IsZero() {
		known = append(known, [][2]string{{"calls", fmt.Sprintf("%d previewed, %d on their way (%d ring), %d wait, %d connected", l.Previewed, l.OnWay, l.Ringing, l.Waiting, l.Connected)},
			{"agents", orDash(counts(l.Agents))}, {"ready", fmt.Sprintf("%d leads", l.Ready)}, {"abandoned", abandonedOf(l)}, {"held by", l.Hold}}...)
	}
	showKnown(w, known)
	if len(v.Leads) == 0 {
		return nil
	}
	var rows [][]string
	for _, x := range v.Leads {
		next := "-"
		if !x.Next.IsZero() && x.State == wire.CampaignLeadsStateDue { // others are looked at again then
			next = x.Next.Local().Format(time.DateTime)
		}
		rows = append(rows, []string{strconv.FormatInt(x.Leads, 10), string(x.State), orDash(x.Reason), next})
	}
	return columns(w, []string{"LEADS", "STATE", "BECAUSE OF", "NEXT"}, rows)
}
