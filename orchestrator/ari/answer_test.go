package ari

import (
	"context"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
)

// An agent who picks up while operadora is dead is held until it is back, with
// no help of the dialplan.
func TestAnswersWhileNobodyIsConnected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls := make(chan *lab.Call, 1)
	w.register(t, "101", func(c *lab.Call) {
		calls <- c
		lab.RingOn(c)
	})
	first, heardFirst := w.adapter(t, ""), &heard{t: t, change: make(chan struct{})}
	ctx, die := context.WithCancel(t.Context())
	died := make(chan error, 1)
	go func() { died <- first.Run(ctx, heardFirst) }()
	heardFirst.until("the connection", func() bool { return len(heardFirst.truths) > 0 })
	o := orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Args: []string{"leg", "c1"}, Timeout: 30 * time.Second}
	must(t, first.Originate(t.Context(), o))
	call := <-calls
	heardFirst.await(orchestrator.EventRinging, o.Channel)
	die()
	<-died
	before := time.Now()
	must(t, call.Answer())
	<-call.Answered()
	select {
	case <-call.Done():
		t.Fatalf("the agent was cut off: %+v", call.Ending())
	case <-time.After(2 * time.Second): // as long as a restart takes
	}

	after := time.Now()
	a, h := w.adapter(t, ""), &heard{t: t, change: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { died <- a.Run(ctx, h) }()
	defer func() {
		cancel()
		<-died
	}()
	h.until("the connection", func() bool { return len(h.truths) > 0 })
	h.mu.Lock()
	c := h.truths[0].Channels[o.Channel]
	at := h.truths[0].OurTime(c.AnsweredAt)
	h.mu.Unlock()
	if at.Before(before) || !at.Before(after) {
		t.Errorf("answered at %v, between %v and %v", at, before, after)
	}
	if !c.Up || !c.Entered || !c.Dialled || len(c.Args) != 2 || c.Args[0] != "leg" {
		t.Errorf("the agent is seen as %+v", c)
	}
	must(t, a.Play(ctx, orchestrator.Playback{ID: "op-c1-p1", Channel: o.Channel, Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "vm-and"}}}))
	if e := h.await(orchestrator.EventPlayed, o.Channel); e.Failed {
		t.Errorf("the agent hears nothing: %s", e.Reason)
	}
	must(t, a.Hangup(ctx, o.Channel, orchestrator.CauseNormal))
	if e := h.await(orchestrator.EventEnded, o.Channel); e.Cause != orchestrator.CauseNormal {
		t.Errorf("cause %d", e.Cause)
	}
}

// A leg that rang during the change of process answers afterwards.
func TestAnswersAfterAnotherTookOver(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	calls := make(chan *lab.Call, 1)
	w.register(t, "101", func(c *lab.Call) {
		calls <- c
		lab.RingOn(c)
	})
	o := orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Args: []string{"leg", "a,b"}, Timeout: 30 * time.Second}
	must(t, a.Originate(t.Context(), o))
	h.await(orchestrator.EventRinging, o.Channel)
	a.legs.mu.Lock()
	clear(a.legs.m) // what another process knows of it
	a.legs.mu.Unlock()
	truth, err := a.client.snapshot(t.Context(), "operadora")
	must(t, err)
	if c := truth.Channels[o.Channel]; c.Up || c.Entered || len(c.Args) != 2 {
		t.Errorf("the ringing leg is seen as %+v", c)
	}
	a.legs.seed(truth)
	must(t, (<-calls).Answer())
	if e := h.await(orchestrator.EventEntered, o.Channel); !e.Up || len(e.Args) != 2 || e.Args[1] != "a,b" || e.CreatedAt.IsZero() {
		t.Errorf("entered as %+v", e)
	}
	must(t, a.Hangup(t.Context(), o.Channel, orchestrator.CauseNormal))
}

// A leg inherits from its originator, shows the caller that was ordered and
// speaks the language that was ordered.
func TestOriginatorOnTheWire(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	ctx := t.Context()
	calls := make(chan *lab.Call, 3)
	for _, user := range []string{"101", "102"} {
		w.register(t, user, func(c *lab.Call) {
			calls <- c
			lab.AnswerAfter(0)(c)
		})
	}
	_, channel := w.callIn(t, a, h, "5550101", "700101")
	must(t, a.client.do(ctx, request{verb: "Probe", method: "POST", path: []string{"channels", channel, "variable"},
		query: map[string][]string{"variable": {"__SITE"}, "value": {"lima"}}}, nil))
	var c struct{ Caller struct{ Name, Number string } }
	must(t, a.get(ctx, &c, "channels", channel))
	own := orchestrator.Party{Number: c.Caller.Number, Name: c.Caller.Name}
	rows := []struct {
		leg, user, site string
		caller          orchestrator.Party
	}{
		{"op-c1-l1", "101", "lima", own},
		{"op-c1-l2", "102", "", orchestrator.Party{Number: "900", Name: "Sales"}},
	}
	for _, r := range rows {
		must(t, a.Originate(ctx, orchestrator.Origination{Channel: r.leg, Endpoint: "PJSIP/" + r.user, Args: []string{"leg"},
			Timeout: 5 * time.Second, Originator: channel, Caller: r.caller, Language: "es"}))
		if number, name := (<-calls).Caller(); number != r.caller.Number || (r.caller.Name != "" && name != r.caller.Name) {
			t.Errorf("%s sees %q %q, want %+v", r.leg, number, name, r.caller)
		}
		h.await(orchestrator.EventEntered, r.leg)
		var leg struct{ Language string }
		must(t, a.get(ctx, &leg, "channels", r.leg))
		if leg.Language != "es" {
			t.Errorf("%s speaks %q", r.leg, leg.Language)
		}
		var site struct{ Value string }
		err := a.client.do(ctx, request{verb: "Probe", method: "GET", path: []string{"channels", r.leg, "variable"},
			query: map[string][]string{"variable": {"SITE"}}}, &site)
		if site.Value != r.site || (r.site == "") != (fault.KindOf(err) == fault.NotFound) {
			t.Errorf("%s inherits %q, %v", r.leg, site.Value, err)
		}
		must(t, a.Hangup(ctx, r.leg, orchestrator.CauseNormal))
		h.await(orchestrator.EventEnded, r.leg)
	}
	must(t, a.Hangup(ctx, channel, orchestrator.CauseNormal))
	if e := h.await(orchestrator.EventEnded, channel); e.Cause != orchestrator.CauseNormal {
		t.Errorf("the caller ended with %d", e.Cause)
	}
}

// When Asterisk tells of no answer, or has no records, none is known.
func TestAnsweredAt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"1796065767.739698": time.UnixMicro(1_796_065_767_739_698), "1796065767.000000": time.Unix(1_796_065_767, 0),
		"0.000000": {}, "": {}, "-1.5": {}, "NaN": {}, "+Inf": {}, "2026-11-30 19:09:27": {},
	} {
		if got := answeredAt(text); got.Sub(want).Abs() > time.Microsecond {
			t.Errorf("%q: %v", text, got)
		}
	}
}
