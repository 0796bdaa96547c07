package pacing

import (
	"fmt"
	"math"
	"time"
)

// Mode is how a campaign is paced.
type Mode string

// The modes. The strings are stored and written in files.
const (
	// ModeProgressive dials one number for each free agent.
	ModeProgressive Mode = "progressive"
	// ModePower dials Ratio numbers for each free agent.
	ModePower Mode = "power"
	// ModePredictive dials while the chance of abandonment stays under a level
	// that the abandon limit steers.
	ModePredictive Mode = "predictive"
	// ModeWait steers the same level so that agents wait TargetWait between
	// calls; the abandon limit stays a cap.
	ModeWait Mode = "wait"
	// ModeAgentless dials Rate numbers per second; no agent is needed.
	ModeAgentless Mode = "agentless"
)

// WindowKind is how the law's period is counted.
type WindowKind string

// The kinds of windows.
const (
	// WindowRolling is the last Window hours at every moment.
	WindowRolling WindowKind = "rolling"
	// WindowFixed is successive periods of Window, the first from WindowStart.
	WindowFixed WindowKind = "fixed"
)

// Config is what a Pacer is made from. Zero fields take the stated default.
type Config struct {
	// Campaigns share the agents of the pool, each agent those of its skills. At
	// most 64. More can be added later, and any removed.
	Campaigns []CampaignConfig
	// Ledger is what the law has counted so far, made anew of the records of calls.
	// The Pacer goes on writing in it. Default: an empty one.
	Ledger *Ledger
	// Tick is the longest time between two decisions. Default 250 ms.
	Tick time.Duration
	// MinGap is the shortest time between two decisions; events in between wait
	// for it. Default 20 ms, growing to 250 ms in big pools.
	MinGap time.Duration
	// StaleAfter is how long no event may come before dialling stops. Default 15 s.
	StaleAfter time.Duration
	// Lines is the number of calls that may be up at once. Default 10000.
	Lines int
	// CallsPerSecond is the rate at which calls may be launched. Default 1000.
	CallsPerSecond float64
	// RingingPerAgent caps the calls on their way per agent on duty, whatever
	// the model says. Default 15.
	RingingPerAgent float64
	// OrderTimeout is after what time an order is forgotten that was neither
	// launched nor refused. Default 10 s.
	OrderTimeout time.Duration
	// BridgeDelay is the time to join an answered call and a free agent; it is
	// taken from Threshold. Default 250 ms.
	BridgeDelay time.Duration
	// CarrierFloor is the part of CallsPerSecond that is dialled however many
	// attempts the carrier refuses. Default 1/3.
	CarrierFloor float64
	// InboundShare is the share of inbound calls that shall be answered within
	// InboundWithin; agents are kept free for them as it takes. Default 0: none is asked.
	InboundShare float64
	// InboundWithin is the time of InboundShare. Default 20 s.
	InboundWithin time.Duration
}

// CampaignConfig is one campaign of the pool.
type CampaignConfig struct {
	// ID is what the campaign is known by: in the ledger, in a saved state. It never
	// changes. Default: the Name, or its number where there is none.
	ID string
	// Name is for reasons shown to people.
	Name string
	Mode Mode
	// Limit is the share of calls answered by a person that the law allows to
	// be abandoned, 0..1, over the legal window. Default 0.03.
	Limit float64
	// FalseMachines is the share of the people who answer that machine detection
	// hangs up on, where they count as abandoned: Ofcom asks for a reasoned
	// estimate of it. Pacing gets what they leave of Limit. Default 0.
	FalseMachines float64
	// Window is the length of the legal window. Default 24 h.
	Window time.Duration
	// WindowKind is how it moves. Default rolling.
	WindowKind WindowKind
	// WindowStart is the start of one fixed window.
	WindowStart time.Time
	// GraceAnswers is the number of answered calls below which the limit is
	// taken of this number instead, so that the first abandoned call of a
	// window does not close the campaign. Default 100.
	GraceAnswers float64
	// Threshold is the time from answer to agent, beyond which a call is
	// abandoned. Default 2 s.
	Threshold time.Duration
	// GiveUp lets calls be cancelled that have rung for MinRing when agents have
	// become so scarce that those in the air are likely to be abandoned. A person
	// who answers at that moment is hung up on. Default: every call may ring out.
	GiveUp bool
	// MinRing is how long a call must have rung, from its first ring, before it may
	// be given up. Default 15 s.
	MinRing time.Duration
	// RingTimeout is when the caller ends an unanswered call, from its first ring. Default 25 s.
	RingTimeout time.Duration
	// Segments is the number of lists (or other groups of leads) with an answer
	// rate of their own. Default 1.
	Segments int
	// Weights are the segments' parts of the calls while they have leads. Left out:
	// all alike.
	Weights []float64
	// Share is the campaign's part of the calls that the pool has connected in the
	// last hour; the shares of the campaigns that are open are scaled to sum to one.
	// Default 1.
	Share float64
	// Ratio is the number of calls per free agent of ModePower.
	Ratio float64
	// TargetWait is the mean wait of agents between calls of ModeWait.
	TargetWait time.Duration
	// Rate is the number of calls per second of ModeAgentless.
	Rate float64
	// AnswerPrior is the answer rate that is believed before any call. Default 0.3.
	AnswerPrior float64
	// AnswerPriorCalls is how many calls that belief weighs. Default 20.
	AnswerPriorCalls float64
	// RingPrior is the believed mean time to answer. Default 9 s.
	RingPrior time.Duration
	// TalkPrior and WrapPrior are the believed mean talk and wrap-up times.
	// Defaults 120 s and 20 s.
	TalkPrior, WrapPrior time.Duration
}

// mostCampaigns is how many one pool may have in its life: an agent's skills are bits.
const mostCampaigns = 64

// setupTime is how long a call may take from its launch to its first ring.
const setupTime = 6 * time.Second

func orDuration(v *time.Duration, d time.Duration) {
	if *v == 0 {
		*v = d
	}
}

func orFloat(v *float64, d float64) {
	if *v == 0 {
		*v = d
	}
}

// withDefaults is the configuration with every zero field replaced.
func (c Config) withDefaults() Config {
	orDuration(&c.Tick, 250*time.Millisecond)
	orDuration(&c.StaleAfter, 15*time.Second)
	orDuration(&c.OrderTimeout, 10*time.Second)
	orDuration(&c.BridgeDelay, 250*time.Millisecond)
	orFloat(&c.CallsPerSecond, 1000)
	orFloat(&c.RingingPerAgent, 15)
	orFloat(&c.CarrierFloor, 1.0/3)
	orDuration(&c.InboundWithin, 20*time.Second)
	if c.Lines == 0 {
		c.Lines = 10000
	}
	c.Campaigns = append([]CampaignConfig(nil), c.Campaigns...)
	for i := range c.Campaigns {
		c.Campaigns[i].setDefaults(i)
	}
	return c
}

func (c *CampaignConfig) setDefaults(index int) {
	if c.ID == "" {
		c.ID = c.Name
	}
	if c.ID == "" {
		c.ID = fmt.Sprintf("#%d", index)
	}
	if c.Mode == "" {
		c.Mode = ModePredictive
	}
	if c.WindowKind == "" {
		c.WindowKind = WindowRolling
	}
	if c.Segments == 0 {
		c.Segments = 1
	}
	orFloat(&c.Limit, 0.03)
	orFloat(&c.GraceAnswers, 100)
	orFloat(&c.Share, 1)
	orFloat(&c.AnswerPrior, 0.3)
	orFloat(&c.AnswerPriorCalls, 20)
	orDuration(&c.Window, 24*time.Hour)
	orDuration(&c.Threshold, 2*time.Second)
	orDuration(&c.MinRing, 15*time.Second)
	orDuration(&c.RingTimeout, 25*time.Second)
	orDuration(&c.RingPrior, 9*time.Second)
	orDuration(&c.TalkPrior, 120*time.Second)
	orDuration(&c.WrapPrior, 20*time.Second)
}

// paceable is the limit on the calls that detection lets through: of n people
// f n are hung up on and l n may be, so that of the other (1-f) n calls (l-f) n may.
func (c *CampaignConfig) paceable() float64 {
	return math.Max(0, (c.Limit-c.FalseMachines)/(1-c.FalseMachines))
}

// Validate names the first value that is out of range.
func (c Config) Validate() error {
	c = c.withDefaults()
	if len(c.Campaigns) > mostCampaigns {
		return fmt.Errorf("campaigns: %d are more than %d", len(c.Campaigns), mostCampaigns)
	}
	if !(c.CarrierFloor > 0 && c.CarrierFloor <= 1) {
		return fmt.Errorf("carrier_floor: %v is not in (0, 1]", c.CarrierFloor)
	}
	if !(c.InboundShare >= 0 && c.InboundShare < 1) || c.InboundWithin <= 0 {
		return fmt.Errorf("inbound_share, inbound_within: %v is not in [0, 1) or %v not positive", c.InboundShare, c.InboundWithin)
	}
	if c.Tick <= 0 || c.StaleAfter <= 0 || c.OrderTimeout <= 0 {
		return fmt.Errorf("tick, stale_after, order_timeout: %v, %v, %v: not positive", c.Tick, c.StaleAfter, c.OrderTimeout)
	}
	if c.MinGap < 0 || c.BridgeDelay < 0 {
		return fmt.Errorf("min_gap, bridge_delay: %v, %v: negative", c.MinGap, c.BridgeDelay)
	}
	if c.Lines < 0 || !positive(c.CallsPerSecond) || !positive(c.RingingPerAgent) {
		return fmt.Errorf("lines, calls_per_second, ringing_per_agent: %v, %v, %v: not positive",
			c.Lines, c.CallsPerSecond, c.RingingPerAgent)
	}
	for i := range c.Campaigns {
		if err := c.Campaigns[i].validate(); err != nil {
			return fmt.Errorf("campaigns[%d].%w", i, err)
		}
		for j := range i {
			if c.Campaigns[j].ID == c.Campaigns[i].ID {
				return fmt.Errorf("campaigns[%d].id: %q is also that of campaigns[%d]", i, c.Campaigns[i].ID, j)
			}
		}
	}
	return nil
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 0) }

func (c *CampaignConfig) validate() error {
	switch c.Mode {
	case ModeProgressive, ModePower, ModePredictive, ModeWait, ModeAgentless:
	default:
		return fmt.Errorf("mode: %q is none of progressive, power, predictive, wait, agentless", c.Mode)
	}
	switch {
	case c.WindowKind != WindowRolling && c.WindowKind != WindowFixed:
		return fmt.Errorf("window_kind: %q is neither rolling nor fixed", c.WindowKind)
	case !(c.Limit > 0 && c.Limit <= 1):
		return fmt.Errorf("limit: %v is not in (0, 1]", c.Limit)
	case !(c.FalseMachines >= 0 && c.FalseMachines < 1):
		return fmt.Errorf("false_machines: %v is not in [0, 1)", c.FalseMachines)
	case c.Window < time.Hour || c.Window > 366*24*time.Hour:
		return fmt.Errorf("window: %v is not between an hour and a year", c.Window)
	case c.Segments < 1 || c.Segments > 10000:
		return fmt.Errorf("segments: %d is not in 1..10000", c.Segments)
	case len(c.Weights) > 0 && len(c.Weights) != c.Segments:
		return fmt.Errorf("weights: %d for %d segments", len(c.Weights), c.Segments)
	case !positive(c.Share) || !positive(c.GraceAnswers) || !positive(c.AnswerPriorCalls):
		return fmt.Errorf("share, grace_answers, answer_prior_calls: %v, %v, %v: not positive", c.Share, c.GraceAnswers, c.AnswerPriorCalls)
	case !(c.AnswerPrior > 0 && c.AnswerPrior < 1):
		return fmt.Errorf("answer_prior: %v is not in (0, 1)", c.AnswerPrior)
	case c.Mode == ModePower && !positive(c.Ratio):
		return fmt.Errorf("ratio: %v is not positive", c.Ratio)
	case c.Mode == ModeWait && c.TargetWait <= 0:
		return fmt.Errorf("target_wait: %v is not positive", c.TargetWait)
	case c.Mode == ModeAgentless && !positive(c.Rate):
		return fmt.Errorf("rate: %v is not positive", c.Rate)
	}
	for i, w := range c.Weights {
		if !positive(w) {
			return fmt.Errorf("weights[%d]: %v is not positive", i, w)
		}
	}
	for _, d := range []time.Duration{c.Threshold, c.MinRing, c.RingTimeout, c.RingPrior, c.TalkPrior, c.WrapPrior} {
		if d <= 0 || d > time.Hour {
			return fmt.Errorf("threshold, min_ring, ring_timeout and the priors: %v is not in (0, 1 h]", d)
		}
	}
	return nil
}
