package runner

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
)

// Live is how a campaign that is paced stands at a moment.
type Live struct {
	Campaign string
	At       time.Time
	// Previewed are leads of whom an agent is to say whether they are called.
	Previewed int
	OnWay     int // attempts that are not answered
	Ringing   int // of them, those that are known to ring
	Waiting   int // people who answered and have no agent yet
	// Connected talk with an agent or, without agents, with the flow.
	Connected int
	Machines  int    // answered, and are left a message
	Ready     int    // leads that may be called now, and are next
	Held      string // what keeps it from dialling one more
	Agents    map[string]int
	pacing.Facts
	// How it may stand to the law in the present window.
	Limit  float64
	Window time.Duration
}

// View is a campaign and how it stands.
type View struct {
	*campaign.Campaign
	Run   campaign.Run
	Live  *Live // nil when it is not paced, or by another process
	By    string
	Seen  []leadstore.Seen
	Today leadstore.Tally // attempts of the last 24 hours
	// Heard is what was made of who answered in the last 30 days.
	Heard leadstore.Heard
}

// showEvery is how often what is live is shown anew.
const showEvery = 200 * time.Millisecond

// showNow shows what is live, unless it was shown just now.
func (t *term) showNow(now time.Time) {
	if d := now.Sub(t.shown); d < 0 || d >= showEvery {
		t.shown = now
		t.show(t.views(now))
	}
}

// views are what is live of the campaigns that are paced.
func (t *term) views(now time.Time) []Live {
	out := make([]Live, 0, len(t.on))
	for _, a := range t.on {
		l := Live{Campaign: a.c.ID, At: now, Facts: t.pacer.Facts(a.index), Held: a.shut, Agents: map[string]int{}}
		if a.shut == "" {
			l.Held = l.Hold.String()
		}
		if p, ok := a.c.Paced(a.run.Began, now); ok {
			l.Limit, l.Window = p.Limit, p.Window
		}
		for _, h := range a.hoppers {
			l.Ready += len(h.ready)
			if h.fault != "" {
				l.Held = h.fault
			}
		}
		for _, g := range t.agents {
			if a.c.Queue != "" && slices.Contains(g.Queues, a.c.Queue) {
				l.Agents[g.word(now, t.flights[g.Call])]++
			}
		}
		out = append(out, l)
	}
	for _, f := range t.flights {
		a := t.byID[f.Campaign]
		if a == nil {
			continue
		}
		l := &out[a.index]
		switch {
		case f.machine:
			l.Machines++
		case !f.Connected.IsZero(), !f.Answered.IsZero() && a.c.Mode == campaign.ModeAgentless && !f.queued:
			l.Connected++
		case !f.Answered.IsZero():
			l.Waiting++
		case a.byAgents() && f.Agent != "" && f.dialled.IsZero() && f.rang.IsZero():
			l.Previewed++
		default:
			l.OnWay++
			if !f.rang.IsZero() {
				l.Ringing++
			}
		}
	}
	return out
}

var agentWords = map[pacing.AgentState]string{pacing.StateGone: "away", pacing.StateIdle: "free", pacing.StateReserved: "offered",
	pacing.StateTalking: "talking", pacing.StateInbound: "inbound", pacing.StateWrapping: "wrapping"}

// show puts up what is live; nothing of a process that dials no more.
func (r *Runner) show(list []Live) {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.live)
	for _, l := range list {
		r.live[l.Campaign] = l
	}
	r.metrics.show(list)
}

// View is a campaign and how it stands; NotFound when there is none of that name.
func (r *Runner) View(ctx context.Context, id string) (View, error) {
	c, err := r.Campaign(id)
	if err != nil {
		return View{}, err
	}
	v := View{Campaign: c, Run: campaign.Run{Campaign: id, State: campaign.RunReady}}
	runs, err := r.Store.Runs(ctx)
	if err != nil {
		return v, err
	}
	if run, there := runs[id]; there {
		v.Run = run
	}
	r.mu.Lock()
	v.By = r.holder
	if l, there := r.live[id]; there {
		v.Live = &l
	}
	r.mu.Unlock()
	if v.Seen, err = r.Store.Stand(ctx, id); err != nil {
		return v, err
	}
	if v.Heard, err = r.Store.Heard(ctx, id, r.Now().Add(-30*24*time.Hour)); err != nil {
		return v, err
	}
	v.Today, err = r.Store.Tally(ctx, id, r.Now().Add(-24*time.Hour))
	return v, err
}

// Live are the campaigns that this process paces, by name.
func (r *Runner) Live() map[string]Live {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.live)
}

// Runs are where all campaigns stand that somebody has started.
func (r *Runner) Runs(ctx context.Context) (map[string]campaign.Run, error) { return r.Store.Runs(ctx) }
