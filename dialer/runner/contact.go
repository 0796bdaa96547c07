package runner

import (
	"context"
	"log/slog"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Contacts judges calls that agents make, at the moment of dialling: their own and
// callbacks, by the rules of a profile that are about them, too, and by all that was done to
// reach the person. It implements orchestrator.Contacts.
type Contacts struct {
	// Reached is what was done to reach the person who has a number.
	Reached func(ctx context.Context, number string) ([]compliance.Contact, error)
	// Rules are those of a queue; false where there are none.
	Rules func(queue string) (compliance.Profile, compliance.Purpose, bool)
	// Campaign judges an attempt of a campaign that an agent makes (Runner.MayDial).
	Campaign func(ctx context.Context, o orchestrator.Contacting) error
	Log      *slog.Logger
	Now      func() time.Time
}

var _ orchestrator.Contacts = Contacts{}

// Contact implements orchestrator.Contacts.
func (c Contacts) Contact(ctx context.Context, o orchestrator.Contacting) error {
	const op = "dialer.Contact"
	if o.Campaign != "" {
		return c.Campaign(ctx, o)
	}
	profile, purpose, ok := c.Rules(o.Queue)
	if !ok {
		return nil
	}
	maker := compliance.MakerOf(o.Kind == orchestrator.KindCallback)
	if !profile.About(maker) {
		return nil
	}
	history, err := c.Reached(ctx, o.Number)
	if err != nil {
		return err
	}
	for range o.Tried { // on record once the call is over
		history = append(history, compliance.Contact{At: c.Now(), Channel: compliance.ChannelCall, Number: o.Number, Maker: maker})
	}
	v := profile.Decide(c.Now(), compliance.Call{Purpose: purpose, Maker: maker}, compliance.Callee{Number: o.Number, Zones: leads.Places(leads.ZonesOf(o.Number))}, history)
	if v.Allowed() {
		return nil
	}
	r := v.Refusals[0]
	c.Log.InfoContext(ctx, "a customer may not be contacted", "call", o.Call, "queue", o.Queue, "rule", profile.ID+"/"+r.Rule.ID)
	err = fault.New(op, fault.Denied, "rule %s of profile %s: %s", r.Rule.ID, profile.ID, r.Text["en"])
	if !v.Opens.IsZero() {
		return fault.E(op, fault.Denied, &orchestrator.NotYet{Until: v.Opens, Err: err})
	}
	return err
}

// MayDial tells why the lead of an attempt that an agent makes may not be called any more:
// time has passed since the lead was given to the agent. nil when it may.
func (r *Runner) MayDial(ctx context.Context, o orchestrator.Contacting) error {
	const op = "dialer.MayDial"
	refused := func(format string, args ...any) error { return fault.New(op, fault.Denied, format, args...) }
	c, err := r.Campaign(o.Campaign)
	if err != nil {
		return refused("%s", fault.Text(err))
	}
	runs, err := r.Store.Runs(ctx)
	if err != nil {
		return err
	}
	if state := runs[c.ID].State; state != campaign.RunRunning {
		return refused("campaign %s is %s", c.ID, state)
	}
	f, there, err := r.Store.Attempt(ctx, o.Call)
	if err != nil {
		return err
	}
	if !there {
		return refused("no attempt has call %s", o.Call)
	}
	for _, l := range c.Lists {
		list, err := r.Store.List(ctx, l.List)
		if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && list.Number() != f.List {
			continue
		}
		if err != nil {
			return err
		}
		return r.mayDial(ctx, c, l, list, f)
	}
	return refused("its list is none of campaign %s any more", c.ID)
}

func (r *Runner) mayDial(ctx context.Context, c *campaign.Campaign, l campaign.List, list leadstore.List, f leadstore.Attempt) error {
	const op = "dialer.MayDial"
	filter, err := leads.NewFilter(l.Filter, list.Fields)
	if err != nil {
		return fault.New(op, fault.Denied, "list %s: %s", l.List, fault.Text(err))
	}
	found, err := r.Store.Again(ctx, c.ID, l.List, []int64{f.Lead})
	if err != nil {
		return err
	}
	now := r.Now()
	if len(found) == 0 || !filter.Chooses(found[0].Lead, now) {
		return fault.New(op, fault.Denied, "the campaign does not choose the lead any more")
	}
	d, may := judgeAgain(c, r.Gate, found[0], f, now)
	if may {
		return nil
	}
	why := why(d)
	r.metrics.refused.WithLabelValues(c.ID, string(why.Code)).Inc()
	return fault.New(op, fault.Denied, "%s: %s", name(why), why.Text["en"])
}
