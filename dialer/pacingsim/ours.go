package pacingsim

import (
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

// Algorithms are those of this package: the production pacer in its modes, and
// what it could do if it knew more.
func Algorithms() []Algorithm {
	return []Algorithm{{
		Name:  "operadora",
		Args:  "[MODE] progressive or predictive; left out: as the world says",
		About: "the production pacer, dialer/pacing",
		New:   newOurs,
	}, {
		Name:  "knowing",
		Args:  "answers or releases (default answers)",
		About: "the production pacer if it knew which leads a person will answer, or when busy agents will be idle: a yardstick, not an algorithm",
		New:   newKnowing,
	}}
}

func newOurs(args string) (Factory, error) {
	switch mode := pacing.Mode(strings.TrimSpace(args)); mode {
	case "", pacing.ModeProgressive, pacing.ModePredictive:
		return func(u Setup) (Controller, error) { return newPacer(u, mode) }, nil
	default:
		return nil, fmt.Errorf("mode %q is neither progressive nor predictive", mode)
	}
}

// config is the production pacer's for a world.
func config(u Setup) pacing.Config {
	cfg := pacing.Config{Campaigns: append([]pacing.CampaignConfig(nil), u.Campaigns...),
		Lines: u.Lines, CallsPerSecond: u.CallsPerSecond, BridgeDelay: u.BridgeDelay, InboundShare: u.InboundShare}
	if u.Records != nil {
		cfg.Ledger = u.Records()
	}
	return cfg
}

// pacer runs the production pacer as a Controller.
type pacer struct {
	*pacing.Pacer
	records func() *pacing.Ledger
}

// Resync implements Resyncer. What the feed of events did not tell is on record
// when the control plane has been down or the PBX has been asked.
func (p *pacer) Resync(now time.Time, agents []pacing.AgentView, calls []pacing.CallView) {
	p.Pacer.Resync(now, agents, calls)
	if p.records != nil {
		p.Restate(p.records())
	}
}

func newPacer(u Setup, mode pacing.Mode) (*pacer, error) {
	cfg := config(u)
	for i := range cfg.Campaigns {
		if mode != "" {
			cfg.Campaigns[i].Mode = mode
		}
	}
	p, err := pacing.New(cfg)
	if err != nil {
		return nil, err
	}
	return &pacer{p, u.Records}, nil
}

// Decide implements Controller.
func (p *pacer) Decide(now time.Time, orders *Orders) {
	d := p.Pacer.Decide(now)
	for _, x := range d.Dials {
		orders.Dial(x.Campaign, x.Segment, x.Count)
	}
	for _, id := range d.Cancels {
		orders.Cancel(id)
	}
}

// Ours is the factory of the production pacer, as the world configures it.
func Ours() Factory {
	return func(u Setup) (Controller, error) { return newPacer(u, "") }
}
