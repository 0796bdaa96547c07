package runner

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator/gate"
)

// TestGateAndSecondNumber: where no trunk may call a lead's first number, the next is called
// that one may; and when none may be, the decision says of each why, and when it is looked
// at again: as soon as any of them may be.
func TestGateAndSecondNumber(t *testing.T) {
	t.Parallel()
	const abroad, home, mobile = "+34910000000", "+576010000000", "+573001000000"
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	policy := gate.Policy{Dial: "PJSIP/{number}@trunk", Region: "CO", Allow: []string{"+57"}, Zone: "UTC"}
	soon := &campaign.Reason{Code: "elsewhere", Number: home, Until: now.Add(time.Minute)}
	for _, r := range []struct {
		name    string
		numbers []campaign.Number
		hours   string // of the gate
		tried   string // not answered, two hours ago and more
		want    string
		at      time.Time
	}{
		{"the first is refused", []campaign.Number{{Number: abroad}, {Number: home}}, "", "", home, now},
		{"two are refused", []campaign.Number{{Number: abroad}, {Number: "+34910000001"}, {Number: mobile}}, "", "", mobile, now},
		{"the one whose turn it is", []campaign.Number{{Number: home}, {Number: abroad}, {Number: mobile}}, "", home, mobile, now},
		{"none may be called", []campaign.Number{{Number: abroad}}, "", "", "", now.Add(gateAgain)},
		{"the second may be in a minute", []campaign.Number{{Number: abroad}, {Number: home, Barred: soon}}, "", "", "", now.Add(time.Minute)},
		{"none is at this hour, and the gate opens on Wednesday", []campaign.Number{{Number: home}, {Number: mobile}}, "wed 09:00-10:00", "", "", time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)},
		{"of one the gate says no end", []campaign.Number{{Number: abroad}, {Number: home}}, "mon-fri 12:30-13:00", "", "", now.Add(30 * time.Minute)},
	} {
		l, p := leadstore.Candidate{}, policy
		if r.hours != "" {
			p.Hours = []string{r.hours}
		}
		g := gate.Gate{"main": p}
		for _, n := range r.numbers {
			n.Zones = []*time.Location{time.UTC}
			l.As.Numbers = append(l.As.Numbers, n)
		}
		if r.tried != "" {
			l.As.Attempts = []campaign.Attempt{{At: now.Add(-3 * time.Hour), Number: r.tried, Result: campaign.ResultNoAnswer}}
		}
		d, ways := judge(march(campaign.ModePower), g, l, now)
		if d.Number != r.want || !d.At.Equal(r.at) || (len(ways) > 0) != (r.want != "") || r.want == "" && len(d.Reasons) != len(r.numbers) {
			t.Errorf("%s: %+v over %v, want %q at %s", r.name, d, ways, r.want, r.at)
		}
	}
}

// shelf are lists with so many leads.
type shelf map[string]int64

func (s shelf) List(_ context.Context, id string) (leadstore.List, error) {
	return leadstore.List{List: leads.List{ID: id}}, nil
}

func (s shelf) All(_ context.Context, _, list string, behind int64, limit int) (out []leadstore.Candidate, last int64, err error) {
	for last = behind; last < s[list] && len(out) < limit; last++ {
		out = append(out, leadstore.Candidate{Kept: leadstore.Kept{ID: last + 1}})
	}
	return out, last, nil
}

// TestPreviewTellsOfMore: others that were not looked at are told of if there are any.
func TestPreviewTellsOfMore(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		lists  []int64
		most   int64
		looked int64
		more   bool
	}{
		{[]int64{499}, 500, 499, false}, {[]int64{500}, 500, 500, false}, {[]int64{501}, 500, 500, true}, {[]int64{1200}, 1100, 1100, true},
		{[]int64{500, 0}, 500, 500, false}, {[]int64{500, 1}, 500, 500, true}, {[]int64{0, 500}, 500, 500, false}, {[]int64{1}, 0, 0, true}, {[]int64{0}, 0, 0, false},
	} {
		c, s := march(campaign.ModePower), shelf{}
		c.Lists = nil
		for i, n := range r.lists {
			id := fmt.Sprint("l", i)
			c.Lists, s[id] = append(c.Lists, campaign.List{List: id}), n
		}
		if p, err := look(t.Context(), s, nil, c, time.Now(), r.most); err != nil || p.Looked != r.looked || p.More != r.more {
			t.Errorf("%+v: looked at %d, more %t, %v", r, p.Looked, p.More, err)
		}
	}
}
