package runner

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Store keeps campaigns, leads and attempts. *leadstore.Store is one.
type Store interface {
	Leads
	Runs(ctx context.Context) (map[string]campaign.Run, error)
	Move(ctx context.Context, id string, t campaign.RunTrigger, by, why string) (was, is campaign.Run, err error)
	Appoint(ctx context.Context, id string, lists []string, lead int64, a campaign.Appointment, by string) (was *campaign.Appointment, err error)
	Withdraw(ctx context.Context, id string, lead int64, is campaign.Appointment, was *campaign.Appointment, by string) error
	Cancel(ctx context.Context, id string, lead int64) error
	Stand(ctx context.Context, id string) ([]leadstore.Seen, error)
	Tally(ctx context.Context, id string, since time.Time) (leadstore.Tally, error)
	Heard(ctx context.Context, id string, since time.Time) (leadstore.Heard, error)
	TakeTerm(ctx context.Context) (term int64, place, learnt string, err error)
	KeepLearnt(ctx context.Context, term int64, learnt string) error
	KeepTerms(ctx context.Context, term int64, id string, since time.Time, text string) error
	Plan(ctx context.Context, term int64, list []leadstore.Attempt) error
	Place(ctx context.Context, term int64, id string, looks []leadstore.Look) error
	Settle(ctx context.Context, term int64, place string, news []leadstore.Settled) error
	Open(ctx context.Context) ([]leadstore.Attempt, error)
	Reopen(ctx context.Context, term int64, calls []string) ([]leadstore.Attempt, error)
	Undisposed(ctx context.Context, since time.Time) ([]string, error)
	Attempt(ctx context.Context, call string) (a leadstore.Attempt, there bool, err error)
	Heal(ctx context.Context, term int64) (int64, error)
	evidence.Source
	Due(ctx context.Context, id, list string, limit int) ([]leadstore.Candidate, error)
	NextDue(ctx context.Context, id, list string, after time.Time) (time.Time, error)
	Appointed(ctx context.Context, id, list string, limit int) (due []leadstore.Candidate, next time.Time, err error)
	Fresh(ctx context.Context, id, list string, behind int64, limit int) ([]leadstore.Candidate, int64, error)
	FreshAgain(ctx context.Context, id, list string, behind int64, limit int) ([]leadstore.Candidate, int64, error)
	Again(ctx context.Context, id, list string, leads []int64) ([]leadstore.Candidate, error)
	Lead(ctx context.Context, id int64) (leadstore.Kept, error)
}

// Dialler makes calls to leads. *engine.Engine is one.
type Dialler interface {
	Attempt(ctx context.Context, pbx string, o call.Attempt) (call.Begun, error)
	GiveUp(ctx context.Context, id, by, reason string) error
	// Drives tells whether a PBX's calls are made here.
	Drives(pbx string) bool
	// Ready tells why a call cannot be made over a PBX, whichever process drives it.
	Ready(ctx context.Context, pbx string) error
}

// Lease says which process dials, of all. orchestrator.Store is one.
type Lease interface {
	Acquire(ctx context.Context, what string, owner orchestrator.LeaseOwner, ttl time.Duration, dead string) (orchestrator.Lease, error)
	Release(ctx context.Context, l orchestrator.Lease) error
}

// Journal is where news of calls and agents comes from, and news of campaigns goes.
type Journal interface {
	orchestrator.Journal
	Append(ctx context.Context, entries ...orchestrator.Entry) error
}

// Known is what is known of a call.
type Known struct {
	Found, Ended bool
	orchestrator.CallSummary
	Dialled, Rang int64  // unix ms; of one that lives: when the lead's phone was
	Disposition   string // what its agent said, of one that is on record
}

// Agent is an agent as the floor shows them.
type Agent struct {
	ID      string
	PBX     string // of the phone
	State   string
	Device  orchestrator.DeviceState
	Since   time.Time
	Resting time.Time // passed over until then; zero for not
	Until   time.Time // when a wrap-up ends by itself; zero for not
	Leaving bool      // once the call is over
	Call    string
	Queues  []string
}

// Floor is who is there. acd is behind it.
type Floor interface {
	// Floor are the agents who serve some queues, and who waits in these and is not offered: call to queue.
	// Its reading begins after the call.
	Floor(ctx context.Context, queues []string) (agents []Agent, waiting map[string]string, err error)
	// Serves tells whether an agent is one of a queue's.
	Serves(agent, queue string) bool
}

// Parts is what a Runner is joined from. All but Dead, Inbound, Log and Registerer are required.
type Parts struct {
	Store   Store
	Dialler Dialler
	Lease   Lease
	Journal Journal
	Floor   Floor
	Gate    Gate
	// Known tells what is known of a call, live or on record.
	Known func(ctx context.Context, id string) (Known, error)
	// Defined are the campaigns of the definitions in force, by name.
	Defined func() map[string]*campaign.Campaign
	Owner   orchestrator.LeaseOwner
	Dead    func(holder string) bool // as the engine has it
	Log     *slog.Logger
	// Registerer gets the metrics; nil for none.
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Runner runs campaigns: in the one process of all that holds the lease. It may be used
// from any goroutine.
type Runner struct {
	Parts
	wake    chan struct{} // holds one: definitions, lists or PBXs have changed
	metrics *metrics

	mu     sync.Mutex
	live   map[string]Live // of the campaigns that this process dials for; guarded by mu
	holder string          // who dials, as far as is known; guarded by mu

	// made are attempts whose calls are known to have been made, and that are not over: what was
	// known of the calls may be lost together with the lease. Only the term touches it.
	made map[string]bool

	life life.Group
}

// New joins the parts. Nothing runs before Start.
func New(p Parts) *Runner {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	p.Log = p.Log.With("component", "dialer")
	now := p.Now
	p.Now = func() time.Time { return now().Round(0) } // by the clock that others have: one that is put back is seen
	r := &Runner{Parts: p, wake: make(chan struct{}, 1), live: map[string]Live{}, made: map[string]bool{}}
	r.metrics = newMetrics(p.Registerer)
	return r
}

// Start runs campaigns until Stop or the end of ctx. It returns at once.
func (r *Runner) Start(ctx context.Context) error {
	ctx, ok := r.life.Begin(ctx)
	if !ok {
		return fault.New("dialer.Start", fault.Conflict, "started already")
	}
	r.life.Go(func() { r.run(ctx) })
	return nil
}

// Stop ends dialling here and waits for it. Calls go on; the next process that dials goes
// on where this one stopped.
func (r *Runner) Stop() { r.life.End() }

// Wake has the runner look at what may have changed beside the journal: definitions, lists,
// PBXs.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it looks already
	}
}

// Campaigns are those that are defined, by name.
func (r *Runner) Campaigns() []*campaign.Campaign {
	all := r.Defined()
	out := make([]*campaign.Campaign, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[id])
	}
	return out
}

// Campaign is one of the definitions in force; NotFound when there is none of that name.
func (r *Runner) Campaign(id string) (*campaign.Campaign, error) {
	all := r.Defined()
	c, ok := all[id]
	if !ok {
		return nil, fault.New("", fault.NotFound, "campaign: there is no campaign %q%s", id, yamlfile.Suggest(id, slices.Collect(maps.Keys(all))))
	}
	return c, nil
}

// Preview says what would become of a campaign's leads at this moment, of most of them at
// most. Nothing is changed, and nothing rings.
func (r *Runner) Preview(ctx context.Context, id string, most int64) (Preview, error) {
	c, err := r.Campaign(id)
	if err != nil {
		return Preview{}, err
	}
	return look(ctx, r.Store, r.Gate, c, r.Now(), most)
}

// Order moves a campaign as somebody wants it; Conflict where it cannot be. It is in force
// once it is stored: the process that dials hears of it by the journal, and looks by itself
// before long where that is lost.
func (r *Runner) Order(ctx context.Context, id string, t campaign.RunTrigger, by, why string) (campaign.Run, error) {
	_, err := r.Campaign(id)
	if err != nil && (t == campaign.OnStart || t == campaign.OnResume) { // what is gone from the definitions may be stopped yet
		return campaign.Run{}, err
	}
	if !slices.Contains(campaign.Orders, t) {
		return campaign.Run{}, fault.New("", fault.Invalid, "do: %q is none of %v", t, campaign.Orders)
	}
	return r.move(ctx, id, t, by, why)
}

// Appoint has a lead called at a time, before others. It returns the appointment that is no
// more, nil for none.
func (r *Runner) Appoint(ctx context.Context, id string, lead int64, a campaign.Appointment, by string) (was *campaign.Appointment, err error) {
	c, err := r.Campaign(id)
	if err != nil {
		return nil, err
	}
	if err := r.appointable(c, a.Agent); err != nil {
		return nil, err
	}
	if !a.At.After(r.Now()) {
		return nil, fault.New("", fault.Invalid, "at: %s is past", a.At.UTC().Format(time.RFC3339))
	}
	var lists []string
	for _, l := range c.Lists {
		lists = append(lists, l.List)
	}
	if was, err = r.Store.Appoint(ctx, id, lists, lead, a, by); err == nil {
		r.Wake()
	}
	return was, err
}

// Withdraw gives an appointment up that was just made, unless there is another by now. The one
// before is in force again.
func (r *Runner) Withdraw(ctx context.Context, id string, lead int64, is campaign.Appointment, was *campaign.Appointment, by string) error {
	err := r.Store.Withdraw(ctx, id, lead, is, was, by)
	if err == nil {
		r.Wake()
	}
	return err
}

// Cancel gives the appointment of a lead up; NotFound when there is none.
func (r *Runner) Cancel(ctx context.Context, id string, lead int64) error {
	if _, err := r.Campaign(id); err != nil {
		return err
	}
	err := r.Store.Cancel(ctx, id, lead)
	if err == nil {
		r.Wake()
	}
	return err
}

// appointable tells why an appointment cannot be with an agent; nil when it can, or is with anyone.
func (r *Runner) appointable(c *campaign.Campaign, agent string) error {
	if agent == "" {
		return nil
	}
	if c.Mode == campaign.ModeAgentless {
		return fault.New("", fault.Invalid, "agent: %q: campaign %s is of mode agentless, in which no agent calls", agent, c.ID)
	}
	if !r.Floor.Serves(agent, c.Queue) {
		return fault.New("", fault.Invalid, "agent: %q does not serve queue %q of campaign %s", agent, c.Queue, c.ID)
	}
	return nil
}

func (r *Runner) move(ctx context.Context, id string, t campaign.RunTrigger, by, why string) (campaign.Run, error) {
	was, is, err := r.Store.Move(ctx, id, t, by, why)
	if err != nil {
		return is, err
	}
	r.tell(ctx, orchestrator.EntryCampaignState, map[string]any{"campaign": id, "from": was.State, "to": is.State, "by": by, "why": why})
	r.Wake()
	return is, nil
}

// tellTime bounds how long an entry of the journal is tried to be written.
const tellTime = 2 * time.Second

// tell writes an entry in the journal. What it tells of is in the database already.
func (r *Runner) tell(ctx context.Context, t orchestrator.EntryType, data map[string]any) {
	raw, _ := json.Marshal(data) // texts and numbers always marshal
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	if err := r.Journal.Append(ctx, orchestrator.Entry{Type: t, At: r.Now(), Data: raw}); err != nil {
		r.Log.WarnContext(ctx, "not put on record", "what", t, "error", err)
	}
}
