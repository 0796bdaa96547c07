package runner

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestContacts: a call that no campaign makes is judged by the rules of its queue that are about
// it, and refused with the rule and when that ends; where nobody knows, nothing is allowed.
func TestContacts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 15, 0, 0, 0, time.UTC)
	rule := compliance.Rule{ID: "once", Kind: compliance.KindCap, From: "2020-01-01", Besides: []compliance.Maker{compliance.MakerAgents},
		Detail: &compliance.Cap{Counts: compliance.CountAttempts, Most: 1, Per: "24h", Same: compliance.SamePerson}}
	asked := 0
	history := []compliance.Contact{{At: now.Add(-time.Hour), Channel: compliance.ChannelCall, Number: "+573001000001"}}
	var away error
	c := Contacts{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Reached: func(_ context.Context, number string) ([]compliance.Contact, error) {
			if asked++; number != "+573001000001" {
				t.Errorf("asked for %s", number)
			}
			return history, away
		},
		Rules: func(queue string) (compliance.Profile, compliance.Purpose, bool) {
			return compliance.Profile{ID: "own", Rules: []compliance.Rule{rule}}, compliance.PurposeSales, queue == "sales"
		}}
	o := orchestrator.Contacting{Call: "c1", Kind: orchestrator.KindOutbound, Queue: "sales", Number: "+573001000001"}
	err := c.Contact(t.Context(), o)
	not, ok := errors.AsType[*orchestrator.NotYet](err)
	if fault.KindOf(err) != fault.Denied || !ok || !not.Until.Equal(now.Add(23*time.Hour)) || !strings.Contains(fault.Text(err), "rule once of profile own: ") {
		t.Errorf("%v", err)
	}
	history = nil
	if err := c.Contact(t.Context(), o); err != nil {
		t.Error(err)
	}
	again := o
	again.Tried = 1
	if err := c.Contact(t.Context(), again); fault.KindOf(err) != fault.Denied {
		t.Errorf("a second attempt of the same call: %v", err)
	}
	away = fault.New("db", fault.Unavailable, "away")
	if err := c.Contact(t.Context(), o); err == nil || fault.KindOf(err) == fault.Denied {
		t.Error(err)
	}
	asked = 0
	for _, free := range []orchestrator.Contacting{{Kind: orchestrator.KindCallback, Queue: "sales"}, {Kind: orchestrator.KindOutbound, Queue: "other"}} {
		if err := c.Contact(t.Context(), free); err != nil || asked > 0 {
			t.Errorf("%+v: %v, asked %d times", free, err, asked)
		}
	}
}
