package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/runner"
	"github.com/operadora/operadora/orchestrator/fault"
)

// lookedAtOnce is how many leads a preview looks at that says nothing else.
const lookedAtOnce = 100_000

// ListCampaigns implements StrictServerInterface.
func (s operations) ListCampaigns(ctx context.Context, _ ListCampaignsRequestObject) (ListCampaignsResponseObject, error) {
	all, err := s.campaigns(ctx)
	show := s.audienceOf(askerOf(ctx).who)
	return ListCampaigns200JSONResponse{Items: slices.DeleteFunc(all, func(c wire.Campaign) bool { return show.teams != "" && !show.serve(c.Queue) })}, err
}

// campaigns are all campaigns, and what is live of them.
func (s *Server) campaigns(ctx context.Context) ([]wire.Campaign, error) {
	runs, err := s.Campaigns.Runs(ctx)
	live := s.Campaigns.Live()
	return each(s.Campaigns.Campaigns(), func(c *campaign.Campaign) wire.Campaign {
		out := campaignView(c, runs[c.ID])
		if l, there := live[c.ID]; there {
			out.Live = liveOf(l)
		}
		return out
	}), err
}

// GetCampaign implements StrictServerInterface.
func (s operations) GetCampaign(ctx context.Context, r GetCampaignRequestObject) (GetCampaignResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	v, err := s.campaign(ctx, r.Campaign)
	if err == nil {
		v.NotCalled, err = s.Leads.NotCalled(ctx, r.Campaign, v.Campaign.Lists)
	}
	return GetCampaign200JSONResponse(v), err
}

// campaign is how a campaign stands; NotFound when there is none of that name.
func (s *Server) campaign(ctx context.Context, id string) (wire.CampaignView, error) {
	v, err := s.Campaigns.View(ctx, id)
	if err != nil {
		return wire.CampaignView{}, err
	}
	out := wire.CampaignView{Campaign: campaignView(v.Campaign, v.Run), Definition: definitionView(v.Campaign), Limit: limitView(v.Campaign, v.Run, s.Now()),
		Run: runView(v.Run), DialledBy: v.By, Attempts: v.Today.Attempts, Results: results(v.Today.Results), Leads: each(v.Seen, seenView)}
	if h := v.Heard; h != (leadstore.Heard{}) {
		low, high := campaign.Between(h.People, h.Sampled)
		out.Machines = wire.CampaignMachines{Persons: h.Persons, Unsure: h.Unsure, Machines: h.Machines, Sampled: h.Sampled, People: h.People, Marked: h.Marked, FalseLow: low, FalseHigh: high}
	}
	if v.Live != nil {
		out.Live = liveOf(*v.Live)
	}
	return out, nil
}

func seenView(x leadstore.Seen) wire.CampaignLeads {
	return wire.CampaignLeads{State: wire.CampaignLeadsState(x.State), Reason: x.Reason, Leads: x.Leads, Next: x.Next.UTC()}
}

func results(of map[campaign.Result]int64) map[string]int64 {
	out := map[string]int64{}
	for result, n := range of {
		out[string(result)] = n
	}
	return out
}

func liveOf(l runner.Live) wire.CampaignLive {
	return wire.CampaignLive{At: l.At.UTC(), Previewed: l.Previewed, OnWay: l.OnWay, Ringing: l.Ringing, Waiting: l.Waiting, Connected: l.Connected, Machines: l.Machines, Ready: l.Ready, Hold: l.Held, HoldTexts: heldTexts(l),
		Agents: dict(l.Agents), AnswerRate: l.AnswerRate, FreeSoon: l.FreeSoon, Answered: l.Answered, Abandoned: l.Abandoned, BudgetLeft: l.BudgetLeft, Limit: l.Limit, WindowS: int64(l.Window.Seconds())}
}

func definitionView(c *campaign.Campaign) wire.CampaignDefinition {
	return wire.CampaignDefinition{Flow: c.Flow, Calendar: c.Times, Hours: list(c.Hours), Message: list(c.Message),
		Lists: each(c.Lists, func(l campaign.List) wire.CampaignListUse {
			return wire.CampaignListUse{List: l.List, Weight: l.Weight, Filter: l.Filter}
		}),
		Trunks: each(c.Trunks, func(x campaign.Trunk) wire.CampaignTrunk {
			return wire.CampaignTrunk{PBX: x.PBX, Lines: x.Lines, CallsPerSecond: x.PerSecond}
		}),
		CallerIds: each(c.Shown, func(x campaign.Shown) string { return x.Number }),
		Attempts:  wire.CampaignAttempts{Lead: c.Attempts.Lead, Number: c.Attempts.Number, Day: c.Attempts.Day, Week: c.Attempts.Week}}
}

// limitView is the limit of abandoned calls that holds for a campaign, the zero value for none.
func limitView(c *campaign.Campaign, run campaign.Run, now time.Time) (out wire.CampaignLimit) {
	paced, ok := c.Paced(run.Began, now)
	terms := c.Rules.Terms(now, c.Purpose)
	if !ok || terms.Abandon == nil {
		return out
	}
	starts := wire.CampaignLimitStartsAnswer
	if terms.Greeted() {
		starts = wire.CampaignLimitStartsGreetingEnd
	}
	return wire.CampaignLimit{Rule: terms.Limit, Limit: paced.Limit, WindowS: int64(paced.Window.Seconds()), WindowKind: wire.CampaignLimitWindowKind(terms.Abandon.WindowKind),
		ThresholdMS: paced.Threshold.Milliseconds(), Starts: starts}
}

// listsAge is of attempts how many days are looked at that says nothing else.
const listsAge = 30

// ListCampaignLists implements StrictServerInterface.
func (s operations) ListCampaignLists(ctx context.Context, r ListCampaignListsRequestObject) (ListCampaignListsResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	c, err := s.definedCampaign(r.Campaign)
	if err != nil {
		return nil, err
	}
	since := s.Now().AddDate(0, 0, -orElse(r.Params.Days, listsAge))
	all, err := s.Leads.Health(ctx, c.ID, each(c.Lists, func(l campaign.List) string { return l.List }), since)
	return ListCampaignLists200JSONResponse{Items: each(all, func(h leadstore.Health) wire.CampaignListHealth {
		return wire.CampaignListHealth{List: h.List, Leads: h.Leads, Looked: each(h.Seen, seenView), Attempts: h.Attempts, Answered: h.Answered, Results: results(h.Results), Dispositions: h.Dispositions}
	})}, err
}

// definedCampaign is a campaign that is defined; NotFound when there is none of that name.
func (s *Server) definedCampaign(id string) (*campaign.Campaign, error) {
	all := s.Campaigns.Campaigns()
	i := slices.IndexFunc(all, func(c *campaign.Campaign) bool { return c.ID == id })
	if i < 0 {
		return nil, fault.New("api.campaign", fault.NotFound, "campaign: there is no campaign %s", quoted(id))
	}
	return all[i], nil
}

// ListAppointments implements StrictServerInterface.
func (s operations) ListAppointments(ctx context.Context, r ListAppointmentsRequestObject) (ListAppointmentsResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	if _, err := s.definedCampaign(r.Campaign); err != nil {
		return nil, err
	}
	last, err := lastOf(given(r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	at, lead, _ := strings.Cut(last, " ")
	ms, _ := strconv.ParseInt(at, 10, 64) // 0 for none
	limit := orElse(r.Params.Limit, pageSize)
	page, err := s.Leads.AppointmentsOf(ctx, r.Campaign, leadstore.Appointed{At: time.UnixMilli(ms), Lead: numberOf(lead)}, limit)
	if err != nil {
		return nil, err
	}
	masked := bound(askerOf(ctx).who) // whose leads they do not see
	out := ListAppointments200JSONResponse{Items: each(page, func(m leadstore.Appointed) wire.AppointmentMade {
		v := wire.AppointmentMade{Lead: strconv.FormatInt(m.Lead, 10), Name: m.Name, At: m.At.UTC(), Number: m.Number, Agent: m.Agent, MadeBy: m.By}
		if masked {
			v.Name, v.Number = "", maskParty(wire.Party{Number: v.Number}).Number
		}
		return v
	})}
	if len(page) == limit {
		m := page[len(page)-1]
		out.Next = cursorOf(strconv.FormatInt(m.At.UnixMilli(), 10) + " " + strconv.FormatInt(m.Lead, 10))
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
	_, err := s.Campaigns.Appoint(ctx, r.Campaign, numberOf(r.Body.Lead), campaign.Appointment{At: r.Body.At, Number: r.Body.Number, Agent: r.Body.Agent}, askerOf(ctx).who.Name)
	return MakeAppointment204Response{}, err
}

// CancelAppointment implements StrictServerInterface.
func (s operations) CancelAppointment(ctx context.Context, r CancelAppointmentRequestObject) (CancelAppointmentResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "campaign.appointment", r.Campaign, r.Lead+" cancelled"); err != nil {
		return nil, err
	}
	return CancelAppointment204Response{}, s.Campaigns.Cancel(ctx, r.Campaign, numberOf(r.Lead))
}

// PreviewCampaign implements StrictServerInterface.
func (s operations) PreviewCampaign(ctx context.Context, r PreviewCampaignRequestObject) (PreviewCampaignResponseObject, error) {
	if err := s.overCampaign(ctx, r.Campaign); err != nil {
		return nil, err
	}
	p, err := s.Campaigns.Preview(ctx, r.Campaign, orElse(r.Params.Most, lookedAtOnce))
	return PreviewCampaign200JSONResponse{At: p.At.UTC(), Looked: p.Looked, More: p.More, Now: p.Now, Lacking: p.Lacking,
		LeftOut: each(p.Left, func(l runner.LeftOut) wire.LeftOut {
			return wire.LeftOut{Reason: l.Reason, Leads: l.Leads, Later: l.Later, First: l.First.UTC(), Text: wire.Texts(l.Text)}
		})}, err
}

func campaignView(c *campaign.Campaign, run campaign.Run) wire.Campaign {
	out := wire.Campaign{ID: c.ID, Name: wire.Texts(c.Name), State: runView(run).State, ChangedAt: run.ChangedAt, ChangedBy: run.ChangedBy, Mode: wire.CampaignMode(c.Mode), Purpose: string(c.Purpose), Profile: c.Profile, Queue: c.Queue, Lists: []string{}}
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
