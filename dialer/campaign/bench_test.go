package campaign_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
)

// BenchmarkNext is the cost of a decision about a lead with two numbers in two zones
// and ten contacts: one that may be called, and one that may not until tomorrow.
func BenchmarkNext(b *testing.B) {
	zones := []*time.Location{zone(b, "America/Bogota"), zone(b, "America/New_York")}
	monday := time.Date(2026, 1, 19, 10, 0, 0, 0, zones[0])
	l := campaign.Lead{Numbers: []campaign.Number{{Number: home, Zones: zones}, {Number: cell, Zones: zones}}}
	for day := range 10 {
		at := monday.AddDate(0, 0, -8-day)
		l.Contacts = append(l.Contacts, compliance.Contact{At: at, Channel: compliance.ChannelCall, Number: home})
	}
	for name, at := range map[string]time.Time{"called": monday, "refused": monday.Add(12 * time.Hour)} {
		b.Run(name, func(b *testing.B) {
			c := debts()
			b.ReportAllocs()
			for b.Loop() {
				if d := c.Next(at, l); (d.Number != "") != (name == "called") || d.At.IsZero() {
					b.Fatal(d)
				}
			}
		})
	}
}
