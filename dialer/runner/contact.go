package runner

import (
	"context"
	"log/slog"
	"time"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Contacts judges calls that no campaign makes, at the moment of dialling: those of agents and
// callbacks, by the rules of a profile that are about them, too, and by all that was done to
// reach the person. It implements orchestrator.Contacts.
type Contacts struct {
	// Reached is what was done to reach the person who has a number.
	Reached func(ctx context.Context, number string) ([]compliance.Contact, error)
	// Rules are those of a queue; false where there are none.
	Rules func(queue string) (compliance.Profile, compliance.Purpose, bool)
	Log   *slog.Logger
	Now   func() time.Time
}

var _ orchestrator.Contacts = Contacts{}

// Contact implements orchestrator.Contacts.
func (c Contacts) Contact(ctx context.Context, o orchestrator.Contacting) error {
	const op = "dialer.Contact"
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
