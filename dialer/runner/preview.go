package runner

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Preview is what would become of a campaign's leads at a moment.
type Preview struct {
	At     time.Time
	Looked int64 // leads that were looked at
	More   bool  // there are others that were not
	Now    int64 // may be called now
	// Lacking are fields that the campaign's flow or its script reads and no list of it has.
	Lacking []string
	Left    []LeftOut
}

// LeftOut are leads that are not called, for one reason. A lead that has several is counted
// under the first.
type LeftOut struct {
	Reason string // in one word, with the rule that it is
	Leads  int64
	Later  int64     // of them, that will be called if nothing else happens
	First  time.Time // when the first of those is
	Text   compliance.Texts
}

// reasonFilter is of leads that the campaign's filter does not choose.
const reasonFilter = "filter"

// pageSize is how many leads are read at a time.
const pageSize = 500

// Leads is where leads are read. *leadstore.Store is one.
type Leads interface {
	List(ctx context.Context, id string) (leadstore.List, error)
	All(ctx context.Context, id, list string, behind int64, limit int) (out []leadstore.Candidate, last int64, err error)
}

// look says what would become of a campaign's leads at a moment.
func look(ctx context.Context, store Leads, g Gate, c *campaign.Campaign, now time.Time, most int64) (Preview, error) {
	p := Preview{At: now}
	left := map[string]*LeftOut{}
	known := map[string]bool{"id": true, "name": true, "number": true}
	for _, l := range c.Lists {
		list, err := store.List(ctx, l.List)
		if err != nil {
			return p, err
		}
		for field := range list.Fields {
			known[field] = true
		}
		filter, err := leads.NewFilter(l.Filter, list.Fields)
		if err != nil {
			return p, fault.New("", fault.Invalid, "campaign %s, list %s: %s", c.ID, l.List, fault.Text(err))
		}
		for behind, page := int64(0), []leadstore.Candidate(nil); !p.More; {
			page, behind, err = store.All(ctx, c.ID, l.List, behind, int(min(pageSize, most-p.Looked+1))) // one more tells whether there are others
			if err != nil {
				return p, err
			}
			if len(page) == 0 {
				break
			}
			for _, lead := range page {
				if p.More = p.Looked >= most; p.More {
					break
				}
				p.Looked++
				p.count(left, c, g, filter, lead)
			}
		}
	}
	for _, field := range c.FieldsRead() {
		if !known[field] {
			p.Lacking = append(p.Lacking, field)
		}
	}
	for _, x := range left {
		p.Left = append(p.Left, *x)
	}
	slices.SortFunc(p.Left, func(a, b LeftOut) int { return cmp.Or(cmp.Compare(b.Leads, a.Leads), cmp.Compare(a.Reason, b.Reason)) })
	return p, nil
}

func (p *Preview) count(left map[string]*LeftOut, c *campaign.Campaign, g Gate, f *leads.Filter, lead leadstore.Candidate) {
	reason, text, later := reasonFilter, compliance.Texts{"en": "the campaign's filter does not choose it", "es": "el filtro de la campaña no lo elige"}, time.Time{}
	if f.Chooses(lead.Lead, p.At) {
		d, _ := judge(c, g, lead, p.At)
		switch {
		case lead.Calling:
			reason, text = "calling", compliance.Texts{"en": "it is being called", "es": "se le está llamando"}
		case d.Number != "":
			p.Now++
			return
		default:
			r := why(d)
			reason, text, later = name(r), r.Text, d.At
		}
	}
	x := left[reason]
	if x == nil {
		x = &LeftOut{Reason: reason, Text: text}
		left[reason] = x
	}
	x.Leads++
	if !later.IsZero() {
		if x.Later++; x.First.IsZero() || later.Before(x.First) {
			x.First = later
		}
	}
}
