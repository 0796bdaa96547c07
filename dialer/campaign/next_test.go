package campaign_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // also where none is installed

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

const (
	home, work, cell = "+576011234567", "+576017654321", "+573001234567"
	shown            = "+576015550000"
)

// debts is a campaign in Colombia, with the defaults.
func debts() *campaign.Campaign {
	c := campaign.New()
	c.ID, c.Purpose, c.Profile, c.Mode = "debts", compliance.PurposeCollection, "CO", campaign.ModePredictive
	c.Rules = shipped["CO"]
	c.Shown = []campaign.Shown{{Number: "+34910000000", To: []string{"+34"}}, {Number: shown}}
	return c
}

var shipped = compliance.Shipped()

func codes(reasons []campaign.Reason) string {
	var out []string
	for _, r := range reasons {
		text := string(r.Code)
		if r.Rule != "" {
			text = r.Rule
		}
		if r.Number != "" {
			text += "@" + r.Number[len(r.Number)-2:]
		}
		out = append(out, text)
		if r.Text["en"] == "" || r.Text["es"] == "" {
			out = append(out, "WITHOUT WORDS")
		}
	}
	return strings.Join(out, " ")
}

// english is what no reason has in Spanish: days, outcomes as they are written, moments for programs.
var english = regexp.MustCompile(`\b(mon|tue|wed|thu|fri|sat|sun|daily|served|no_answer|busy)\b|[0-9]T[0-9]`)

func TestNext(t *testing.T) {
	t.Parallel()
	bogota := []*time.Location{zone(t, "America/Bogota")}
	monday := time.Date(2026, 1, 19, 10, 0, 0, 0, bogota[0]) // an ordinary week
	in := func(d time.Duration) time.Time { return monday.Add(d) }
	numbers := func(list ...string) (out []campaign.Number) {
		for _, n := range list {
			out = append(out, campaign.Number{Number: n, Zones: bogota})
		}
		return out
	}
	tried := func(ago time.Duration, number string, r campaign.Result) campaign.Attempt {
		return campaign.Attempt{At: in(-ago), Number: number, Result: r}
	}
	const day = 24 * time.Hour
	rule := func(outcome string, r campaign.Retry) func(*campaign.Campaign) {
		return func(c *campaign.Campaign) {
			c.Retry = yamlfile.Map[campaign.Retry]{{Key: outcome, Value: r}}
		}
	}
	rows := []struct {
		name     string
		change   func(*campaign.Campaign)
		lead     campaign.Lead
		at       time.Duration // after monday
		number   string
		reasons  string
		opens    time.Duration // after monday; -1 for never
		finished bool
	}{
		{"never tried", nil, campaign.Lead{Numbers: numbers(home, cell)}, 0, home, "", 0, false},
		{"no number", nil, campaign.Lead{}, 0, "", "no_number", -1, false},
		{"before the profile's hours", nil, campaign.Lead{Numbers: numbers(home)}, -4 * time.Hour, "", "CO/hours@67", -3 * time.Hour, false},
		{"before the campaign's", func(c *campaign.Campaign) { c.Hours = []string{"mon-fri 11:00-12:00"} }, campaign.Lead{Numbers: numbers(home)}, 0, "", "campaign debts/hours@67", time.Hour, false},
		{"before its list's", nil, campaign.Lead{Numbers: numbers(home), Hours: []string{"mon 13:00-14:00"}}, 0, "", "list_hours@67", 3 * time.Hour, false},
		{"its list's cannot be read", nil, campaign.Lead{Numbers: numbers(home), Hours: []string{"always"}}, 0, "", "list_hours@67", -1, false},
		{"the calendar is closed", func(c *campaign.Campaign) {
			c.Calendar = &calendar.Calendar{Name: "centre", Zone: bogota[0], Hours: calendar.Hours{Week: calendar.Week{time.Tuesday: {{From: 600, To: 700}}}}}
		}, campaign.Lead{Numbers: numbers(home)}, 0, "", "calendar", day, false},
		{"no answer an hour ago", nil, campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{tried(time.Hour, home, campaign.ResultNoAnswer)}}, 0, "", "retry_wait", time.Hour, false},
		{"no answer two hours ago: the next number", nil, campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{tried(2*time.Hour, home, campaign.ResultNoAnswer)}}, 0, cell, "", 0, false},
		{"the last number: the first", nil, campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{tried(2*time.Hour, cell, campaign.ResultNoAnswer)}}, 0, home, "", 0, false},
		{"busy: the same", nil, campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{tried(15*time.Minute, home, campaign.ResultBusy)}}, 0, home, "", 0, false},
		{"a rule of its own", rule("busy", campaign.Retry{Do: campaign.StepNextNumber}), campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{tried(0, home, campaign.ResultBusy)}}, 0, cell, "", 0, false},
		{"no such number: the next at once", nil, campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{tried(0, home, campaign.ResultInvalid)}}, 0, cell, "", 0, false},
		{"and never again", nil, campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{tried(0, home, campaign.ResultInvalid)}}, 0, "", "dropped@67", -1, true},
		{"served", nil, campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{tried(day, home, campaign.ResultServed)}}, 0, "", "finished", -1, true},
		{"served, and the agent said otherwise", rule("disposition:not_home", campaign.Retry{Do: campaign.StepAgain, After: time.Hour}),
			campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{{At: in(-time.Hour), Number: home, Result: campaign.ResultServed, Disposition: "not_home"}}}, 0, home, "", 0, false},
		{"said what no rule knows", nil, campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{{At: in(-day), Number: home, Result: campaign.ResultServed, Disposition: "what"}}}, 0, "", "finished", -1, true},
		{"a result that nobody knows", nil, campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{tried(day, home, "melted")}}, 0, "", "finished", -1, true},
		{"the outcome came as often as it may", rule("busy", campaign.Retry{Do: campaign.StepAgain, After: time.Minute, Most: 2}),
			campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{tried(3*day, home, campaign.ResultBusy), tried(2*day, home, campaign.ResultBusy)}}, 0, "", "finished", -1, true},
		{"one cap for all outcomes", func(c *campaign.Campaign) { c.Attempts.Lead = 3 }, campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{
			tried(9*day, home, campaign.ResultBusy), tried(8*day, cell, campaign.ResultNoAnswer), tried(7*day, home, campaign.ResultMachine)}}, 0, "", "attempts_lead", -1, true},
		{"a number had its attempts: the other", func(c *campaign.Campaign) { c.Attempts.Number = 1 }, campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{tried(day, home, campaign.ResultBusy)}}, 0, cell, "", 0, false},
		{"all had", func(c *campaign.Campaign) { c.Attempts.Number = 1 }, campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{tried(day, home, campaign.ResultBusy)}}, 0, "", "attempts_number@67", -1, true},
		{"do not call one", nil, campaign.Lead{Numbers: []campaign.Number{{Number: home, Zones: bogota, DoNotCall: "asked"}, {Number: cell, Zones: bogota}}}, 0, cell, "", 0, false},
		{"do not call any: that may change", nil, campaign.Lead{Numbers: []campaign.Number{{Number: home, Zones: bogota, DoNotCall: "asked"}}}, 0, "", "do_not_call@67", -1, false},
		{"twice today, by other campaigns", nil, campaign.Lead{Numbers: numbers(home), Contacts: []compliance.Contact{
			{At: in(-time.Hour), Channel: compliance.ChannelCall, Number: cell}, {At: in(-2 * time.Hour), Channel: compliance.ChannelCall, Number: home}}}, 0, "", "campaign debts/attempts_day@67", 21 * time.Hour, false},
		{"spoken with today, by another campaign", nil, campaign.Lead{Numbers: numbers(home), Contacts: []compliance.Contact{
			{At: in(-time.Hour), Channel: compliance.ChannelCall, Number: cell, Spoke: true}}}, 0, "", "CO/once-a-day@67", 21 * time.Hour, false},
		{"abandoned yesterday", nil, campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{tried(day, home, campaign.ResultAbandoned)},
			Contacts: []compliance.Contact{{At: in(-day + time.Hour), Channel: compliance.ChannelCall, Number: home, Abandoned: true}}}, 0, "", "campaign debts/lockout@67", 2*day + time.Hour, false},
		{"abandoned yesterday, and an agent is free, not kept", func(c *campaign.Campaign) { c.Mode = campaign.ModeProgressive }, campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{tried(day, home, campaign.ResultAbandoned)},
			Contacts: []compliance.Contact{{At: in(-day), Channel: compliance.ChannelCall, Number: home, Abandoned: true}}}, 0, "", "campaign debts/lockout@67", 2 * day, false},
		{"abandoned yesterday, and an agent is kept", func(c *campaign.Campaign) { c.Mode = campaign.ModePreview }, campaign.Lead{Numbers: numbers(home), Attempts: []campaign.Attempt{tried(day, home, campaign.ResultAbandoned)},
			Contacts: []compliance.Contact{{At: in(-day), Channel: compliance.ChannelCall, Number: home, Abandoned: true}}}, 0, home, "", 0, false},
		{"an appointment to come", nil, campaign.Lead{Numbers: numbers(home), Appointment: &campaign.Appointment{At: in(3 * time.Hour)}}, 0, "", "appointment", 3 * time.Hour, false},
		{"an appointment that is due, beyond all caps, on its number", func(c *campaign.Campaign) { c.Attempts.Lead, c.Attempts.Number = 1, 1 },
			campaign.Lead{Numbers: numbers(home, cell), Attempts: []campaign.Attempt{tried(day, cell, campaign.ResultServed)}, Appointment: &campaign.Appointment{At: in(0), Number: cell}}, 0, cell, "", 0, false},
		{"an appointment on a holiday's eve at night", nil, campaign.Lead{Numbers: numbers(home), Appointment: &campaign.Appointment{At: in(10 * time.Hour)}}, 10 * time.Hour, "", "CO/hours@67", 21 * time.Hour, false},
		{"one number's zone is unknown: the other", nil, campaign.Lead{Numbers: []campaign.Number{{Number: home}, {Number: cell, Zones: bogota}}}, 0, cell, "", 0, false},
		{"two places: the first that opens", nil, campaign.Lead{Numbers: []campaign.Number{{Number: cell, Zones: bogota}, {Number: home, Zones: []*time.Location{zone(t, "Europe/Madrid")}}}},
			-12 * time.Hour, "", "CO/hours@67 CO/hours@67", -9 * time.Hour, false},
		{"no rules are known", func(c *campaign.Campaign) { c.Rules = compliance.Profile{} }, campaign.Lead{Numbers: numbers(home)}, 0, "", "/@67", -1, false},
		{"nothing is shown", func(c *campaign.Campaign) { c.Shown = nil }, campaign.Lead{Numbers: numbers(home)}, 0, "", "CO/caller-id@67", -1, false},
	}
	for _, r := range rows {
		c := debts()
		if r.change != nil {
			r.change(c)
		}
		d := c.Next(in(r.at), r.lead)
		opens := time.Duration(-1)
		if !d.At.IsZero() {
			opens = d.At.Sub(monday)
		}
		for _, x := range d.Reasons {
			if text := x.Text["es"]; text == "" || english.MatchString(text) {
				t.Errorf("%s: in Spanish it is said %q", r.name, text)
			}
		}
		if d.Number != r.number || codes(d.Reasons) != r.reasons && r.number == "" || opens != r.opens || d.Finished != r.finished {
			t.Errorf("%s: %q (%s), opens %v, finished %v; want %q (%s), %v, %v", r.name, d.Number, codes(d.Reasons), opens, d.Finished, r.number, r.reasons, r.opens, r.finished)
		}
		if d.Number != "" && d.CallerID != shown {
			t.Errorf("%s: shows %q", r.name, d.CallerID)
		}
	}
	for ago, agent := range map[time.Duration]string{time.Minute: "101", 14 * time.Minute: "101", 15 * time.Minute: ""} { // then anyone keeps it
		spain := debts().Next(monday, campaign.Lead{Numbers: []campaign.Number{{Number: "+34600000001", Zones: bogota}}, Appointment: &campaign.Appointment{At: in(-ago), Agent: "101"}})
		if spain.CallerID != "+34910000000" || !spain.Appointment || spain.Agent != agent {
			t.Errorf("%v ago: %+v", ago, spain)
		}
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 19, 10, 0, 0, 0, time.UTC)
	ready := []campaign.Ready{
		{Place: 2}, {Tried: true, Since: at, Place: 9}, {Appointment: true, Since: at, Place: 8}, {Place: 1},
		{Tried: true, Since: at.Add(-time.Hour), Place: 7}, {Appointment: true, Tried: true, Since: at.Add(-time.Minute), Place: 6},
	}
	slices.SortFunc(ready, campaign.Before)
	got := ""
	for _, r := range ready {
		got += fmt.Sprint(r.Place)
	}
	if got != "687912" {
		t.Error(got)
	}
}
