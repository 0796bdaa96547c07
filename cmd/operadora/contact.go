package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/calendar"
)

// newContactCommand is about calls that have ended.
func newContactCommand() *cobra.Command {
	c := &cobra.Command{Use: "contact", Short: "See finished calls and their recordings, through a running operadora"}
	clientFlags(c)
	c.AddCommand(newContactListCommand(), newContactShowCommand())
	return c
}

func newContactListCommand() *cobra.Command {
	var queue, agent, did, caller, pbx, disposition, campaign, lead, from, to string
	var outcome wire.Outcome
	var limit int
	kind := wire.KindFilterCustomer
	c := jsonFlag(&cobra.Command{
		Use: "list", Short: "List customers' finished calls, the latest first", Args: cobra.NoArgs,
		Long: "List customers' finished calls, the latest first. FROM is who called and TO whom: the number of a caller and the one that they\n" +
			"dialled; of a call that an agent made, a customer was called back by, or a campaign reached a lead by, the agent, queue or campaign and the customer's number.",
		Example: "  operadora contact list --queue sales --outcome abandoned --from 2026-03-02",
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			p := wire.ListContactsParams{Queue: unlessEmpty(queue), Agent: unlessEmpty(agent), Outcome: unlessEmpty(outcome), DID: unlessEmpty(did),
				Caller: unlessEmpty(caller), PBX: unlessEmpty(pbx), Disposition: unlessEmpty(disposition), Campaign: unlessEmpty(campaign), Lead: unlessEmpty(lead), Kind: unlessEmpty(kind)}
			var err error
			if p.From, err = c.moment(cmd, "from", from); err != nil {
				return err
			}
			if p.To, err = c.moment(cmd, "to", to); err != nil {
				return err
			}
			if limit < 0 {
				return fmt.Errorf("--limit %d is negative; 0 is all", limit)
			}
			list, more, err := c.Contacts(cmd.Context(), p, limit)
			if err != nil {
				return err
			}
			if more {
				fmt.Fprintf(cmd.ErrOrStderr(), "the latest %d; there are more: --limit 0 lists all\n", limit)
			}
			return show(cmd, list, func(w io.Writer) error { return listContacts(w, list) })
		}),
	})
	f := c.Flags()
	f.StringVar(&queue, "queue", "", "only calls whose last queue is this")
	f.StringVar(&agent, "agent", "", "only calls that this agent served")
	f.StringVar((*string)(&outcome), "outcome", "", "only calls that ended so: served, abandoned, left, completed, voicemail, …")
	f.StringVar(&did, "did", "", "only calls to this number")
	f.StringVar(&caller, "caller", "", "only calls from this number, or to it when an agent or a callback called it; in full")
	f.StringVar(&pbx, "pbx", "", "only calls of this PBX")
	f.StringVar(&disposition, "disposition", "", "only calls with this disposition")
	f.StringVar(&campaign, "campaign", "", "only calls of this campaign")
	f.StringVar(&lead, "lead", "", "only calls to this lead of a campaign, by its id")
	f.StringVar((*string)(&kind), "kind", string(kind), "customer, inbound, outbound (agents call), callback, campaign, feature (agents' phones to feature codes) or all")
	f.StringVar(&from, "from", "", "only calls since this day or moment: "+momentExample)
	f.StringVar(&to, "to", "", "only calls before this day or moment")
	f.IntVar(&limit, "limit", 50, "how many at most; 0 is all")
	return c
}

func listContacts(w io.Writer, list []wire.Contact) error {
	var rows [][]string
	for _, c := range list {
		rows = append(rows, []string{c.ID, c.StartedAt.Local().Format(time.DateTime), orDash(string(c.Outcome)), orDash(plainParty(c.From())), orDash(c.To()),
			orDash(plainQueue(c.Queue)), orDash(c.Agent), lasted(c.WaitMS, time.Second), lasted(c.TalkMS, time.Second), orDash(c.Disposition), orDash(strings.Join(slices.DeleteFunc([]string{c.Recording, c.Voicemail}, func(s string) bool { return s == "" }), ", "))})
	}
	return columns(w, []string{"CONTACT", "SINCE", "OUTCOME", "FROM", "TO", "QUEUE", "AGENT", "WAITED", "TALKED", "DISPOSITION", "RECORDING"}, rows)
}

func newContactShowCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "show CONTACT", Short: "Show a finished call, its recordings and what happened on it", Args: named,
		Long: "Show a finished call, its recordings and what happened on it. A recording's name is that of its file on the PBX\n" +
			"and its id in the API: GET /api/v1/recordings/NAME/audio.",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.GetContactWithResponse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, showContact)
		}),
	})
}

func showContact(w io.Writer, c wire.ContactView) error {
	lines := append([][2]string{{"contact", c.ID}, {"outcome", string(c.Outcome)}, {"ended by", string(c.EndedBy)}}, whoCalled(c.CallSummary)...)
	lines = append(lines, [][2]string{{"pbx", c.PBX}, {"since", c.StartedAt.Local().Format(time.DateTime)}, {"queue", plainQueue(c.Queue)}, {"agent", c.Agent},
		{"wait", lasted(c.WaitMS, time.Millisecond)}, {"expected", lasted(c.ExpectedMS, time.Millisecond)}, {"talk", lasted(c.TalkMS, time.Millisecond)}, {"disposed", c.Disposition},
		{"callback", c.Callback}, {"asked by", c.AskedBy}}...)
	return showLines(w, append(lines, recordingsOf(c)...), c.Timeline)
}

// recordingsOf names the recordings of a call: those that its timeline tells of,
// with their length and who talks in them, and those of its summary, which is all
// that some may see.
func recordingsOf(c wire.ContactView) (out [][2]string) {
	var names []string
	length, mail, with := map[string]int64{}, map[string]bool{c.Voicemail: true}, map[string][]string{}
	for _, e := range c.Timeline {
		var d wire.EntryRecording
		if e.Type != wire.EntryTypeCallRecording || json.Unmarshal(e.Data, &d) != nil || d.Recording == "" {
			continue
		}
		names = append(names, d.Recording)
		length[d.Recording] = max(length[d.Recording], d.DurationMS)
		mail[d.Recording] = mail[d.Recording] || d.Voicemail
		if who := d.Agent + d.Number; (d.State == wire.EntryRecordingStateStarted || d.State == wire.EntryRecordingStateJoined) &&
			who != "" && !slices.Contains(with[d.Recording], who) {
			with[d.Recording] = append(with[d.Recording], who)
		}
	}
	for _, name := range append(names, c.Recording, c.Voicemail) {
		what := "recording"
		if mail[name] {
			what = "voicemail"
		}
		line := [2]string{what, name}
		if n := length[name]; n > 0 {
			line[1] += " (" + lasted(n, time.Millisecond) + ")"
		}
		if who := with[name]; len(who) > 0 {
			line[1] += " with " + strings.Join(who, ", ")
		}
		if name != "" && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

const momentExample = "2026-03-02, yesterday, today, \"2026-03-02 09:00\" or 2026-03-02T09:00:00Z"

// moment reads a flag's day or moment; one that names no zone is in the centre's, and is said to be.
func (c remote) moment(cmd *cobra.Command, flag, text string) (*time.Time, error) {
	if _, err := time.Parse(time.RFC3339, text); text == "" || err == nil {
		return momentIn(flag, text, time.UTC)
	}
	zone := c.zone(cmd.Context())
	at, err := momentIn(flag, text, zone)
	if err == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "--%s %s is %s%s\n", flag, text, at.In(zone).Format(time.RFC3339), ofZone(zone))
	}
	return at, err
}

// ofZone says of which time zone a time is.
func ofZone(zone *time.Location) string {
	if zone == time.Local {
		return ", by this machine's clock"
	}
	return ", in " + zone.String()
}

// zone is the centre's time zone; this machine's where the definitions name none, or it may not be known.
func (c remote) zone(ctx context.Context) *time.Location {
	if r, err := c.GetMeWithResponse(ctx); err == nil && r.JSON200 != nil && r.JSON200.TimeZone != "" {
		if zone, err := time.LoadLocation(r.JSON200.TimeZone); err == nil {
			return zone
		}
	}
	return time.Local // what it is asked for next tells whether it is there at all
}

// momentIn reads a flag's day or moment, in a zone unless it names one; nil for none.
func momentIn(flag, text string, zone *time.Location) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, err := readMoment(text, zone)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--%s %q is not a moment such as %s", flag, text, momentExample)
	case at.Unix() < 0:
		return nil, fmt.Errorf("--%s %q is before 1970", flag, text)
	}
	return &at, nil
}

// readMoment reads a day or moment, in a zone unless it names one.
func readMoment(text string, zone *time.Location) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	day, clock, timed := strings.Cut(text, " ")
	minute, ok := 0, true
	if timed {
		minute, ok = calendar.ReadClock(clock)
	}
	date, err := time.Parse(time.DateOnly, day)
	if back, named := map[string]int{"today": 0, "yesterday": 1}[day]; named {
		date, err = time.Now().In(zone).AddDate(0, 0, -back), nil
	}
	if err == nil && !ok {
		err = fmt.Errorf("%q is no time of day", clock)
	}
	return calendar.When(zone, date, minute), err
}
