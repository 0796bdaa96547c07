package main

import (
	"context"
	"slices"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/runner"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

// joinCampaigns makes what runs campaigns.
func (a *App) joinCampaigns() {
	a.campaigns = runner.New(runner.Parts{Store: a.leads, Dialler: a.engine, Lease: a.store, Journal: a.store, Floor: floorOf{a.acd}, Gate: a.gate, Known: a.knownCall,
		Defined: func() map[string]*campaign.Campaign { return a.current().Campaigns }, Owner: leaseOwner(a.cfg.Instance), Dead: processDead,
		Log: a.log, Registerer: a.metrics, Now: time.Now})
	a.leads.Changed = a.campaigns.Wake
}

// contactRules are the rules of a queue by which people may be contacted whom no campaign calls.
func (a *App) contactRules(queue string) (compliance.Profile, compliance.Purpose, bool) {
	defs := a.current()
	i := slices.IndexFunc(defs.ACD.Queues, func(q acd.Queue) bool { return q.ID == queue && q.Contact != nil })
	if i < 0 {
		return compliance.Profile{}, "", false
	}
	c := defs.ACD.Queues[i].Contact
	return defs.Profiles[c.Profile], compliance.Purpose(c.Purpose), true
}

// mayDial judges an attempt of a campaign that an agent makes.
func (a *App) mayDial(ctx context.Context, o orchestrator.Contacting) error {
	return a.campaigns.MayDial(ctx, o)
}

// knownCall tells what is known of a call: live, ended of late, or on record.
func (a *App) knownCall(ctx context.Context, id string) (runner.Known, error) {
	r, err := a.store.Load(ctx, id)
	switch {
	case err == nil:
		c, err := call.Parse(r.Doc)
		if err != nil {
			return runner.Known{}, nil //nolint:nilerr // the engine sets it aside, and its end is told
		}
		k := runner.Known{Found: true, Ended: r.Ended, CallSummary: c.CallSummary, Dialled: c.Customer().Dialed, Rang: c.Customer().Rang}
		if !k.Ended {
			return k, nil
		}
		contact, _, err := a.db.Contact(ctx, id)
		if fault.KindOf(err) == fault.NotFound { // it is yet to be put on record
			return k, nil
		}
		k.Disposition = contact.Disposition
		return k, err
	case fault.KindOf(err) != fault.NotFound:
		return runner.Known{}, err
	}
	contact, _, err := a.db.Contact(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		return runner.Known{}, nil
	}
	return runner.Known{Found: err == nil, Ended: true, CallSummary: contact.CallSummary, Disposition: contact.Disposition}, err // it is live nowhere
}

// floorOf shows acd's agents to campaigns.
type floorOf struct{ acd *acd.Service }

// Serves implements runner.Floor.
func (f floorOf) Serves(agent, queue string) bool { return f.acd.AgentServes(agent, queue) }

// Floor implements runner.Floor.
func (f floorOf) Floor(ctx context.Context, queues []string) (out []runner.Agent, waiting map[string]string, err error) {
	agents, calls, err := f.acd.OfQueues(ctx, queues)
	if err != nil {
		return nil, nil, err
	}
	for _, v := range agents {
		a := runner.Agent{ID: v.ID, PBX: v.PBX, State: string(v.State), Device: v.Device, Since: time.UnixMilli(v.Since), Leaving: v.Next != "", Call: v.Call, Queues: v.Queues}
		if v.RestUntil > 0 {
			a.Resting = time.UnixMilli(v.RestUntil)
		}
		if v.WrapUntil > 0 && v.State == acd.StateWrapup {
			a.Until = time.UnixMilli(v.WrapUntil)
		}
		out = append(out, a)
	}
	waiting = map[string]string{}
	for _, c := range calls {
		if c.Agent == "" && c.Work == orchestrator.WorkCall {
			waiting[c.Call] = c.Queue
		}
	}
	return out, waiting, nil
}
