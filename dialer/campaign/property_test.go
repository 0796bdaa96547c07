package campaign_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// drawCampaign is a campaign with retry rules of its own.
func drawCampaign(t *rapid.T) *campaign.Campaign {
	c := debts()
	c.Profile = rapid.SampledFrom(compliance.Names()).Draw(t, "profile")
	c.Rules = shipped[c.Profile]
	c.Purpose = rapid.SampledFrom(compliance.Purposes).Draw(t, "purpose")
	c.Mode = rapid.SampledFrom([]campaign.Mode{campaign.ModePredictive, campaign.ModePreview}).Draw(t, "mode")
	c.Attempts = campaign.Attempts{Lead: rapid.IntRange(1, 9).Draw(t, "lead"), Number: rapid.IntRange(1, 5).Draw(t, "number"),
		Day: rapid.IntRange(1, 3).Draw(t, "day"), Week: rapid.IntRange(1, 6).Draw(t, "week")}
	for _, r := range campaign.Results {
		if rapid.Bool().Draw(t, "a rule of its own") {
			c.Retry = append(c.Retry, yamlfile.Entry[campaign.Retry]{Key: string(r), Value: campaign.Retry{
				Do:    rapid.SampledFrom([]campaign.Step{campaign.StepAgain, campaign.StepNextNumber, campaign.StepDropNumber, campaign.StepFinish}).Draw(t, "do"),
				After: time.Duration(rapid.IntRange(1, 3000).Draw(t, "after")) * time.Minute, Most: rapid.IntRange(0, 3).Draw(t, "most")}})
		}
	}
	return c
}

func drawLead(t *rapid.T, zones []*time.Location) (l campaign.Lead) {
	for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{home, work, cell}), 1, 3, rapid.ID).Draw(t, "numbers") {
		number := campaign.Number{Number: n, Zones: zones[:rapid.IntRange(0, len(zones)).Draw(t, "zones")]}
		if rapid.IntRange(0, 5).Draw(t, "asked not to") == 0 {
			number.DoNotCall = "asked"
		}
		l.Numbers = append(l.Numbers, number)
	}
	if rapid.Bool().Draw(t, "hours of the list") {
		l.Hours = []string{"mon-thu 10:00-13:00", "sat 09:00-11:00"}
	}
	return l
}

// life calls a lead whenever it may be called, until it is never called again, and
// returns what was dialled. each sees every decision before it is carried out.
func life(t *rapid.T, c *campaign.Campaign, l campaign.Lead, now time.Time, each func(now time.Time, l campaign.Lead, d campaign.Decision)) campaign.Lead {
	for range 200 {
		d := c.Next(now, l)
		each(now, l, d)
		if d.Number == "" {
			if d.At.IsZero() {
				return l
			}
			now = d.At
			continue
		}
		a := campaign.Attempt{At: now, Number: d.Number, Result: rapid.SampledFrom(campaign.Results).Draw(t, "result")}
		spoke := a.Result == campaign.ResultServed
		l.Attempts = append(l.Attempts, a)
		if a.Result.Rang() { // else the lead knows nothing of it
			l.Contacts = append(l.Contacts, compliance.Contact{At: now, Channel: compliance.ChannelCall, Number: d.Number, Spoke: spoke, Abandoned: a.Result == campaign.ResultAbandoned})
		}
		l.Appointment = nil
		if spoke && rapid.Bool().Draw(t, "an appointment") && len(l.Attempts) < 30 {
			l.Appointment = &campaign.Appointment{At: now.Add(time.Duration(rapid.IntRange(10, 5000).Draw(t, "in minutes")) * time.Minute)}
		}
		now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second)
	}
	t.Fatal("the lead's life does not end")
	return l
}

// TestCapsHold lives the lives of leads and counts afterwards.
func TestCapsHold(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{zone(t, "America/Bogota"), zone(t, "America/New_York")}
	rapid.Check(t, func(t *rapid.T) {
		c := drawCampaign(t)
		l := drawLead(t, zones)
		start := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(t, "minute")) * time.Minute)
		kept := map[int]bool{} // which attempts kept an appointment
		dropped, finished := map[string]bool{}, false
		var ready time.Time
		l = life(t, c, l, start, func(now time.Time, l campaign.Lead, d campaign.Decision) {
			if n := len(l.Attempts); n > 0 {
				last := l.Attempts[n-1]
				r, ok := c.Retry.Get(string(last.Result))
				if ok {
					dropped[last.Number] = dropped[last.Number] || r.Do == campaign.StepDropNumber
					finished, ready = finished || r.Do == campaign.StepFinish, last.At.Add(r.After)
				} else {
					dropped[last.Number] = dropped[last.Number] || last.Result == campaign.ResultInvalid
					finished, ready = finished || last.Result == campaign.ResultServed, time.Time{}
				}
			}
			if d.Number == "" {
				if len(d.Reasons) == 0 {
					t.Fatal("nobody is called, and no reason is given")
				}
				return
			}
			switch {
			case dropped[d.Number]:
				t.Fatalf("%s was dropped", d.Number)
			case l.Appointment != nil && now.Before(l.Appointment.At):
				t.Fatalf("called at %v, before the appointment at %v", now, l.Appointment.At)
			case l.Appointment == nil && (finished || now.Before(ready)):
				t.Fatalf("called at %v, finished %v, ready at %v", now, finished, ready)
			case d.Appointment != (l.Appointment != nil):
				t.Fatal("an appointment is not told")
			}
			kept[len(l.Attempts)] = d.Appointment
		})
		perNumber, own := map[string]int{}, 0
		for _, a := range l.Attempts {
			local := a.At.In(zones[0])
			if h := local.Hour(); l.Hours != nil && (h < 9 || h >= 13 || local.Weekday() == time.Friday || local.Weekday() == time.Sunday) {
				t.Fatalf("called at %v, outside the hours of the list", local)
			}
		}
		for i, a := range l.Attempts {
			for _, n := range l.Numbers {
				if n.Number == a.Number && (n.DoNotCall != "" || len(n.Zones) == 0) {
					t.Fatalf("called %+v", n)
				}
			}
			if !a.Result.Rang() {
				continue
			}
			if !kept[i] {
				own++
				perNumber[a.Number]++
			}
			day, week := 0, 0
			for _, b := range l.Attempts[:i+1] {
				if !b.Result.Rang() {
					continue
				}
				// A day and a week of Bogotá, one of the places of every number that is called.
				x, y := a.At.In(zones[0]), b.At.In(zones[0])
				if x.Format(time.DateOnly) == y.Format(time.DateOnly) {
					day++
				}
				xy, xw := x.ISOWeek()
				yy, yw := y.ISOWeek()
				if xy == yy && xw == yw {
					week++
				}
			}
			if day > c.Attempts.Day || week > c.Attempts.Week {
				t.Fatalf("%d attempts on the day and %d in the week of %v", day, week, a.At)
			}
		}
		if own > c.Attempts.Lead {
			t.Fatalf("%d attempts, %d allowed", own, c.Attempts.Lead)
		}
		for n, tries := range perNumber {
			if tries > c.Attempts.Number {
				t.Fatalf("%d attempts on %s, %d allowed", tries, n, c.Attempts.Number)
			}
		}
	})
}

// TestPromises: at the moment that is promised a number is called, at none before it,
// and a lead that is finished is never called, whenever one asks.
func TestPromises(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{zone(t, "America/Bogota"), zone(t, "America/New_York")}
	rapid.Check(t, func(t *rapid.T) {
		c := drawCampaign(t)
		start := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(t, "minute")) * time.Minute)
		part := rapid.Float64Range(0, 1).Draw(t, "part of the time")
		life(t, c, drawLead(t, zones), start, func(now time.Time, l campaign.Lead, d campaign.Decision) {
			if d.Number != "" {
				return
			}
			if d.At.IsZero() {
				if later := c.Next(now.Add(time.Duration(part*90*24)*time.Hour), l); later.Number != "" {
					t.Fatalf("never, and after a part of 90 days all the same %+v", later)
				}
				return
			}
			if d.Finished {
				t.Fatalf("finished, and to be called at %v", d.At)
			}
			if then := c.Next(d.At, l); then.Number == "" {
				t.Fatalf("promised for %v, and then: %s", d.At, codes(then.Reasons))
			}
			if before := c.Next(now.Add(time.Duration(part*float64(d.At.Sub(now)-1))), l); before.Number != "" {
				t.Fatalf("promised for %v, and called before", d.At)
			}
		})
	})
}
