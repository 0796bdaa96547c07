// Package runner is about campaigns as they are to run: whom a campaign would call at a
// moment, and why not the others. Nothing dials yet.
//
// It may be used from any goroutine.
package runner

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Parts is what a Runner is joined from.
type Parts struct {
	Leads Leads
	Gate  Gate
	// Defined are the campaigns of the definitions in force, by name.
	Defined func() map[string]*campaign.Campaign
	Now     func() time.Time
}

// Runner runs campaigns.
type Runner struct{ Parts }

// New joins the parts.
func New(p Parts) *Runner { return &Runner{p} }

// Campaigns are those that are defined, by name.
func (r *Runner) Campaigns() []*campaign.Campaign {
	all := r.Defined()
	out := make([]*campaign.Campaign, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[id])
	}
	return out
}

// campaign is one of the definitions in force; NotFound when there is none of that name.
func (r *Runner) campaign(id string) (*campaign.Campaign, error) {
	all := r.Defined()
	c, ok := all[id]
	if !ok {
		return nil, fault.New("", fault.NotFound, "campaign: there is no campaign %q%s", id, yamlfile.Suggest(id, slices.Collect(maps.Keys(all))))
	}
	return c, nil
}

// Preview says what would become of a campaign's leads at this moment, of most of them at
// most. Nothing is changed, and nothing rings.
func (r *Runner) Preview(ctx context.Context, id string, most int64) (Preview, error) {
	c, err := r.campaign(id)
	if err != nil {
		return Preview{}, err
	}
	return look(ctx, r.Leads, r.Gate, c, r.Now(), most)
}
