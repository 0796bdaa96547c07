package runner

import (
	"cmp"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
)

// taken is what attempts have, of whatever campaign.
type taken struct {
	numbers map[string]bool // that ring or talk
	agents  map[string]bool // who are to make a call, or make one
	people  map[string]bool // numbers of who is chosen now, and not yet on record as called
}

func (t *term) taken() taken {
	out := taken{numbers: map[string]bool{}, agents: map[string]bool{}, people: map[string]bool{}}
	for _, f := range t.flights {
		out.numbers[f.Number] = true
		out.agents[f.Agent] = true
	}
	return out
}

// take notes what an attempt has, and who is called by it.
func (b taken) take(f *flight, l leadstore.Candidate) {
	b.numbers[f.Number], b.agents[f.Agent] = true, true
	for _, n := range l.Numbers {
		b.people[n.Number] = true
	}
}

// person tells whether somebody is chosen who has a number of a lead's: the same person, who was
// judged before that call was on record.
func (b taken) person(l leadstore.Candidate) bool {
	return slices.ContainsFunc(l.Numbers, func(n leads.Number) bool { return b.people[n.Number] })
}

// spareFor is how long an agent is given no lead who was not to be had: what is known of them may
// be behind.
const spareFor = 5 * time.Second

// byAgents tells whether every call of a campaign is made by an agent who is held before.
func (a *active) byAgents() bool { return a.c.Mode == campaign.ModePreview }

// hand is over which of some trunks a lead is called now, and by which agent, "" for whoever
// is free once the lead answers; no trunk where none has room, or the agent is not free.
func (a *active) hand(t *term, agent string, ways []campaign.Trunk, busy taken, now time.Time) (*trunk, string) {
	if !a.byAgents() && agent == "" {
		return a.way(t, ways, now), ""
	}
	for _, g := range t.free(a.c.Queue, busy, now) {
		if agent != "" && g.ID != agent {
			continue
		}
		there := slices.DeleteFunc(slices.Clone(ways), func(w campaign.Trunk) bool { return w.PBX != g.PBX })
		if x := a.way(t, there, now); x != nil {
			return x, g.ID
		}
	}
	return nil, ""
}

// anyHand tells whether some lead could be called now.
func (a *active) anyHand(t *term, busy taken, now time.Time) bool {
	x, _ := a.hand(t, "", a.c.Trunks, busy, now)
	return x != nil
}

// free are the agents of a queue who are free and not to make another call, the longest first.
func (t *term) free(queue string, busy taken, now time.Time) (out []*agent) {
	for _, a := range t.agents {
		if slices.Contains(a.Queues, queue) && !busy.agents[a.ID] && !a.spared.After(now) && a.stands(now, nil) == pacing.StateIdle {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *agent) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return out
}

// Attempts that an agent makes are none of the pacer's calls until the lead answers: until
// then no agent is needed for them but the one who is held, whom the pacer is told to leave
// out.

// leaveOut tells the pacer, once, that what it ordered is made by an agent.
func (t *term) leaveOut(f *flight) {
	if f.left {
		return
	}
	f.left = true
	t.observe(f, pacing.Event{Kind: pacing.CallLaunched})
	t.observe(f, pacing.Event{Kind: pacing.CallFailed, Cause: pacing.CauseCancelled})
	f.id = 0 // the lead who answers is another call to it
}

// takeIn tells it of a lead who answered.
func (t *term) takeIn(f *flight) {
	t.leaveOut(f)
	t.observe(f, pacing.Event{Kind: pacing.CallLaunched})
	t.observe(f, pacing.Event{Kind: pacing.CallPerson})
	f.in = true
}

// paced tells whether a flight is one of the pacer's calls.
func (f *flight) paced() bool { return f.Agent == "" || f.in }

// stale tells whether an agent is to make a call for a campaign that does not run any more.
func (f *flight) stale(state campaign.RunState) bool {
	return f.Agent != "" && f.dialled.IsZero() && f.rang.IsZero() && f.Answered.IsZero() && state != campaign.RunRunning
}
