package pacingsim

import (
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

// Controller is a pacing algorithm under test. One goroutine owns it.
type Controller interface {
	// Observe tells one thing at the moment it is known (e.At). It must not dial.
	Observe(e pacing.Event)
	// Next is when Decide shall be called. At or before the present time: at
	// once, but not within 10 ms of the last time. Zero: not before the next Observe.
	Next() time.Time
	// Decide orders calls. It is called at the time Next told, or later if the
	// control plane was down.
	Decide(now time.Time, orders *Orders)
}

// Resumer is a Controller that survives a restart of the control plane. Others
// are made anew. Either way the new one is told the present state by Resync if
// it is a Resyncer, else by events.
type Resumer interface {
	// Save is the state to keep.
	Save() ([]byte, error)
	// Resume takes up a state of Save; called on a new Controller before anything else.
	Resume(saved []byte) error
}

// Resyncer is a Controller that takes a list of all that is live, as a
// reconciliation with the PBX gives it. Others are told by events.
type Resyncer interface {
	Resync(now time.Time, agents []pacing.AgentView, calls []pacing.CallView)
}

// Orders collects what a Controller wants done now.
type Orders struct {
	dials   []pacing.Dial
	cancels []pacing.CallID
}

// Dial launches n calls of a segment of a campaign. n below 1 is nothing.
func (o *Orders) Dial(campaign, segment, n int) {
	if n > 0 {
		o.dials = append(o.dials, pacing.Dial{Campaign: campaign, Segment: segment, Count: n})
	}
}

// Cancel gives up a ringing call. A call that is no longer ringing is left alone.
func (o *Orders) Cancel(call pacing.CallID) { o.cancels = append(o.cancels, call) }

// Dials are the orders so far.
func (o *Orders) Dials() []pacing.Dial { return o.dials }

// Cancels are the calls given up so far.
func (o *Orders) Cancels() []pacing.CallID { return o.cancels }

// Reset forgets all orders.
func (o *Orders) Reset() { o.dials, o.cancels = o.dials[:0], o.cancels[:0] }

// Setup is what an algorithm knows before the first event.
type Setup struct {
	// Start is the virtual time of the first event.
	Start time.Time
	// Seed is for algorithms that draw random numbers.
	Seed uint64
	// Campaigns as configured for the pool, the same for every algorithm:
	// limits, thresholds, ring timeouts, shares, prior beliefs.
	Campaigns []pacing.CampaignConfig
	// Lines and CallsPerSecond are the caps of the pool.
	Lines          int
	CallsPerSecond float64
	// BridgeDelay is the time to join call and agent.
	BridgeDelay time.Duration
	// InboundShare is the share of inbound calls that shall be answered within 20 s; 0 none.
	InboundShare float64
	// Records makes the legal ledger anew of the calls on record.
	Records func() *pacing.Ledger
	// World is the whole truth; only for bounds that know it.
	World *World
	// Oracle knows the future; only for clairvoyant bounds.
	Oracle Oracle
}

// Oracle tells what no real algorithm can know.
type Oracle interface {
	// Lead is what the next lead but ahead of a campaign would do if it were launched now.
	Lead(campaign, ahead int) Outcome
	// Release is when a busy agent's wrap-up ends; false if the agent is not busy with a talk or wrap-up.
	Release(agent pacing.AgentID) (time.Time, bool)
	// Busy are the agents who have begun a talk or wrap-up since it was last asked.
	Busy() []pacing.AgentID
}

// Factory makes the Controller of one seed. It may be called from several goroutines.
type Factory func(Setup) (Controller, error)

// Algorithm is a pacing algorithm as users name it: NAME or NAME:ARGS.
type Algorithm struct {
	Name string
	// Args describes the arguments, "" if it takes none.
	Args string
	// About is one line: what it is and where its behaviour is published.
	About string
	// New reads the arguments (the text after the colon, "" if none).
	New func(args string) (Factory, error)
}

// Find picks the algorithm that spec names from a list and reads its arguments.
func Find(list []Algorithm, spec string) (Factory, error) {
	name, args, _ := strings.Cut(spec, ":")
	names := make([]string, 0, len(list))
	for _, a := range list {
		if a.Name == name {
			f, err := a.New(args)
			if err != nil {
				return nil, fmt.Errorf("algorithm %s: %w", name, err)
			}
			return f, nil
		}
		names = append(names, a.Name)
	}
	return nil, fmt.Errorf("algorithm %q is none of %s", name, strings.Join(names, ", "))
}
