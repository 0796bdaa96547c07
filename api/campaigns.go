package api

import (
	"context"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/runner"
)

// lookedAtOnce is how many leads a preview looks at that says nothing else.
const lookedAtOnce = 100_000

// ListCampaigns implements StrictServerInterface.
func (s operations) ListCampaigns(context.Context, ListCampaignsRequestObject) (ListCampaignsResponseObject, error) {
	return ListCampaigns200JSONResponse{Items: each(s.Campaigns.Campaigns(), campaignView)}, nil
}

// PreviewCampaign implements StrictServerInterface.
func (s operations) PreviewCampaign(ctx context.Context, r PreviewCampaignRequestObject) (PreviewCampaignResponseObject, error) {
	p, err := s.Campaigns.Preview(ctx, r.Campaign, orElse(r.Params.Most, lookedAtOnce))
	return PreviewCampaign200JSONResponse{At: p.At.UTC(), Looked: p.Looked, More: p.More, Now: p.Now,
		LeftOut: each(p.Left, func(l runner.LeftOut) wire.LeftOut {
			return wire.LeftOut{Reason: l.Reason, Leads: l.Leads, Later: l.Later, First: l.First.UTC(), Text: wire.Texts(l.Text)}
		})}, err
}

func campaignView(c *campaign.Campaign) wire.Campaign {
	out := wire.Campaign{ID: c.ID, Name: wire.Texts(c.Name), Mode: wire.CampaignMode(c.Mode), Purpose: string(c.Purpose), Profile: c.Profile, Queue: c.Queue, Lists: []string{}}
	if out.Name == nil {
		out.Name = wire.Texts{}
	}
	for _, l := range c.Lists {
		out.Lists = append(out.Lists, l.List)
	}
	return out
}
