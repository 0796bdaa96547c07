package api

import (
	"context"
	"slices"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/runner"
)

// lookedAtOnce is how many leads a preview looks at that says nothing else.
const lookedAtOnce = 100_000

// ListCampaigns implements StrictServerInterface.
func (s operations) ListCampaigns(ctx context.Context, _ ListCampaignsRequestObject) (ListCampaignsResponseObject, error) {
	runs, err := s.Campaigns.Runs(ctx)
	ours := slices.DeleteFunc(s.Campaigns.Campaigns(), func(c *campaign.Campaign) bool { return !s.servesCampaign(askerOf(ctx).who, c) })
	return ListCampaigns200JSONResponse{Items: each(ours, func(c *campaign.Campaign) wire.Campaign { return campaignView(c, runs[c.ID]) })}, err
}

// GetCampaign implements StrictServerInterface.
func (s operations) GetCampaign(ctx context.Context, r GetCampaignRequestObject) (GetCampaignResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	v, err := s.Campaigns.View(ctx, r.Campaign)
	if err != nil {
		return nil, err
	}
	out := GetCampaign200JSONResponse{Campaign: campaignView(v.Campaign, v.Run), Run: runView(v.Run), DialledBy: v.By, Attempts: v.Today.Attempts, Results: map[string]int64{},
		Leads: each(v.Seen, func(x leadstore.Seen) wire.CampaignLeads {
			return wire.CampaignLeads{State: wire.CampaignLeadsState(x.State), Reason: x.Reason, Leads: x.Leads, Next: x.Next.UTC()}
		})}
	for result, n := range v.Today.Results {
		out.Results[string(result)] = n
	}
	if h := v.Heard; h != (leadstore.Heard{}) {
		low, high := campaign.Between(h.People, h.Sampled)
		out.Machines = wire.CampaignMachines{Persons: h.Persons, Unsure: h.Unsure, Machines: h.Machines, Sampled: h.Sampled, People: h.People, Marked: h.Marked, FalseLow: low, FalseHigh: high}
	}
	if l := v.Live; l != nil {
		out.Live = wire.CampaignLive{At: l.At.UTC(), OnWay: l.OnWay, Ringing: l.Ringing, Waiting: l.Waiting, Connected: l.Connected, Machines: l.Machines, Ready: l.Ready, Hold: l.Held,
			Agents: l.Agents, AnswerRate: l.AnswerRate, FreeSoon: l.FreeSoon, Answered: l.Answered, Abandoned: l.Abandoned, BudgetLeft: l.BudgetLeft, Limit: l.Limit, WindowS: int64(l.Window.Seconds())}
	}
	return out, nil
}

// OrderCampaign implements StrictServerInterface.
func (s operations) OrderCampaign(ctx context.Context, r OrderCampaignRequestObject) (OrderCampaignResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "campaign."+string(r.Body.Do), r.Campaign, r.Body.Why); err != nil {
		return nil, err
	}
	run, err := s.Campaigns.Order(ctx, r.Campaign, campaign.RunTrigger(r.Body.Do), askerOf(ctx).who.Name, r.Body.Why)
	return OrderCampaign200JSONResponse(runView(run)), err
}

// MakeAppointment implements StrictServerInterface.
func (s operations) MakeAppointment(ctx context.Context, r MakeAppointmentRequestObject) (MakeAppointmentResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "campaign.appointment", r.Campaign, r.Body.Lead+" "+r.Body.At.UTC().Format(time.RFC3339)); err != nil {
		return nil, err
	}
	return MakeAppointment204Response{}, s.Campaigns.Appoint(ctx, r.Campaign, numberOf(r.Body.Lead), campaign.Appointment{At: r.Body.At, Number: r.Body.Number}, askerOf(ctx).who.Name)
}

// PreviewCampaign implements StrictServerInterface.
func (s operations) PreviewCampaign(ctx context.Context, r PreviewCampaignRequestObject) (PreviewCampaignResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	p, err := s.Campaigns.Preview(ctx, r.Campaign, orElse(r.Params.Most, lookedAtOnce))
	return PreviewCampaign200JSONResponse{At: p.At.UTC(), Looked: p.Looked, More: p.More, Now: p.Now,
		LeftOut: each(p.Left, func(l runner.LeftOut) wire.LeftOut {
			return wire.LeftOut{Reason: l.Reason, Leads: l.Leads, Later: l.Later, First: l.First.UTC(), Text: wire.Texts(l.Text)}
		})}, err
}

func campaignView(c *campaign.Campaign, run campaign.Run) wire.Campaign {
	out := wire.Campaign{ID: c.ID, Name: wire.Texts(c.Name), State: runView(run).State, Mode: wire.CampaignMode(c.Mode), Purpose: string(c.Purpose), Profile: c.Profile, Queue: c.Queue, Lists: []string{}}
	if out.Name == nil {
		out.Name = wire.Texts{}
	}
	for _, l := range c.Lists {
		out.Lists = append(out.Lists, l.List)
	}
	return out
}

// runView shows where a campaign stands; the zero Run is one that was never started.
func runView(r campaign.Run) wire.CampaignRun {
	if r.State == "" {
		r.State = campaign.RunReady
	}
	return wire.CampaignRun{State: wire.CampaignState(r.State), Began: r.Began, ChangedAt: r.ChangedAt, ChangedBy: r.ChangedBy, Why: r.Why}
}
