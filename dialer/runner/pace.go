package runner

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator/fault"
)

// active is a campaign that is paced.
type active struct {
	c       *campaign.Campaign
	run     campaign.Run
	paced   pacing.CampaignConfig // as the pacer has it
	index   int                   // in the pacer, and among those that are on
	hoppers []*hopper
	open    bool   // the pacer was told that it may dial
	shut    string // why not
	kept    bool   // by what limits its calls are begun is on record
	trunks  map[string]*trunk
}

// longest is how far back the ledger reaches: no legal window is longer.
const longest = 366 * 24 * time.Hour

// asPaced tells whether the campaign would be paced at a moment as it is: no limit has come
// into force since, or is none any more.
func (a *active) asPaced(run campaign.Run, now time.Time) bool {
	paced, ok := a.c.Paced(run.Began, now)
	return ok && reflect.DeepEqual(paced, a.paced)
}

// lookAtRuns looks where the campaigns stand. Where there is no pacer yet, other ones are to
// be paced, or their definitions have changed or the rules in force, the pacer is made anew.
func (t *term) lookAtRuns(ctx context.Context, now time.Time) error {
	t.looked = now
	runs, err := t.Store.Runs(ctx)
	if err != nil {
		return err
	}
	defined := t.Defined()
	paced := t.paced(runs, defined)
	same := t.pacer != nil && len(paced) == len(t.on)
	for _, a := range t.on {
		same = same && defined[a.c.ID] == a.c && paces(runs[a.c.ID]) && a.asPaced(runs[a.c.ID], now)
		a.run = runs[a.c.ID]
	}
	for _, f := range t.flights { // of one that was stopped, phones that ring
		switch state := runs[f.Campaign].State; {
		case f.stale(state):
			t.end(ctx, f, "the campaign is "+string(state))
		case state == campaign.RunStopped && f.Answered.IsZero() && !f.rang.IsZero():
			t.end(ctx, f, "the campaign was stopped")
		}
	}
	if !same {
		if err := t.lookAtFloor(ctx, paced); err != nil { // the agents may be others, too
			return err
		}
		if err := t.rebuild(ctx, runs, paced); err != nil {
			return err
		}
		t.asked = now
	}
	if now.Sub(t.asked) >= askAll { // news may be lost
		t.asked = now
		t.doubtOld(now)
		if err := t.lookAtFloor(ctx, paced); err != nil {
			return err
		}
		t.resync(now)
		t.tellWaiting()
	}
	return t.drained(ctx, runs)
}

func paces(r campaign.Run) bool {
	return r.State == campaign.RunRunning || r.State == campaign.RunPaused || r.State == campaign.RunDraining
}

// paced are the campaigns that are to be paced, in the order of their names.
func (t *term) paced(runs map[string]campaign.Run, defined map[string]*campaign.Campaign) (out []*campaign.Campaign) {
	for _, id := range slices.Sorted(maps.Keys(runs)) {
		c := defined[id]
		if c == nil || !paces(runs[id]) {
			continue
		}
		if _, ok := c.Paced(runs[id].Began, t.Now()); ok { // else its profile has no limit at the moment
			out = append(out, c)
		}
	}
	return out
}

// rebuild makes the pacer for the campaigns that are to be paced: with what the law has
// counted, from the records; with what was learnt; with what is live.
func (t *term) rebuild(ctx context.Context, runs map[string]campaign.Run, campaigns []*campaign.Campaign) error {
	now := t.Now()
	ledger, err := t.Store.Ledger(ctx, now.Add(-longest))
	if err != nil {
		return err
	}
	t.countOpen(ledger)
	if t.pacer != nil {
		if learnt, err := t.pacer.Save(); err == nil {
			t.learnt = string(learnt)
		}
	}
	before := t.byID
	cfg := pacing.Config{Ledger: ledger}
	t.on, t.byID, t.skilled, t.spoken = nil, map[string]*active{}, map[string][]int{}, map[string]bool{}
	for _, c := range campaigns {
		id := c.ID
		paced, _ := c.Paced(runs[id].Began, now)
		was := before[id]
		a := &active{c: c, run: runs[id], paced: paced, index: len(cfg.Campaigns), trunks: trunksOf(c, was)}
		if was != nil && was.c == c { // what was read is good still
			a.hoppers = was.hoppers
		}
		if a.hoppers == nil {
			for _, l := range c.Lists {
				a.hoppers = append(a.hoppers, newHopper(l))
			}
		}
		for _, h := range a.hoppers { // which are the segments of attempts that go on
			if list, err := t.Store.List(ctx, h.of.List); err == nil {
				h.n = list.Number()
			} else if fault.KindOf(err) != fault.NotFound {
				return err
			}
		}
		for _, x := range c.Trunks {
			cfg.Lines += x.Lines
			cfg.CallsPerSecond += float64(x.PerSecond)
		}
		cfg.InboundShare, cfg.InboundWithin = max(cfg.InboundShare, c.Pacing.InboundShare/100), max(cfg.InboundWithin, c.Pacing.InboundWithin)
		cfg.Campaigns = append(cfg.Campaigns, paced)
		t.on = append(t.on, a)
		t.byID[id] = a
		switch {
		case c.Queue == "":
		case c.Mode == campaign.ModeAgentless:
			t.spoken[c.Queue] = true
		default:
			t.skilled[c.Queue] = append(t.skilled[c.Queue], a.index)
		}
	}
	if t.pacer, err = pacing.New(cfg); err != nil {
		return err
	}
	if t.learnt != "" {
		if err := t.pacer.Resume([]byte(t.learnt)); err != nil {
			t.Log.WarnContext(ctx, "what pacing had learnt cannot be used; it begins anew", "error", err)
			if t.pacer, err = pacing.New(cfg); err != nil {
				return err
			}
		}
	}
	t.resync(now)
	t.tellWaiting()
	for _, a := range t.on {
		for i := range a.hoppers {
			t.tellLeads(a, i)
		}
	}
	t.gates(now)
	return nil
}

// trunksOf are the trunks of a campaign by their PBX, as they were used before: what was begun over
// one in the last second counts, whatever its definition said then.
func trunksOf(c *campaign.Campaign, was *active) map[string]*trunk {
	out := map[string]*trunk{}
	for _, x := range c.Trunks {
		now := &trunk{Trunk: x}
		if was != nil && was.trunks[x.PBX] != nil {
			now.last, now.rest = was.trunks[x.PBX].last, was.trunks[x.PBX].rest
		}
		out[x.PBX] = now
	}
	return out
}

// countOpen counts into a ledger of those that are over the flights of which the law's count is known
// already. Who waits is counted by the pacer, once they have an agent or have none in time.
func (t *term) countOpen(l *pacing.Ledger) {
	for _, f := range t.flights {
		switch f.late = f.late || !f.Connected.IsZero() && t.tooLate(f); {
		case !f.paced(), f.machine, f.Answered.IsZero():
		case f.late:
			l.Add(f.Campaign, f.Answered, 1, 1)
		case !f.Connected.IsZero():
			l.Add(f.Campaign, f.Answered, 1, 0)
		}
	}
}

// resync tells the pacer how all stand.
func (t *term) resync(now time.Time) { t.pacer.Resync(now, t.agentViews(now), t.callViews()) }

// callViews are the flights as they stand, for a pacer that is made: those whose calls are
// ordered, too.
func (t *term) callViews() (out []pacing.CallView) {
	for _, f := range t.flights {
		a := t.byID[f.Campaign]
		if f.in = f.Agent != "" && !f.Answered.IsZero(); a == nil || f.late || !f.paced() {
			continue
		}
		f.segment = max(0, a.segmentOf(f.List))
		v := pacing.CallView{Call: t.number(f), Campaign: a.index, Segment: f.segment, Launched: f.Planned, Ringing: f.rang}
		switch {
		case f.machine:
			v.State = pacing.StateMachine
		case !f.Connected.IsZero():
			v.State = pacing.StateConnected
		case !f.Answered.IsZero() && a.c.Mode == campaign.ModeAgentless:
			v.State = pacing.StateMachine
		case !f.Answered.IsZero() && t.detects(f):
			v.State = pacing.StateDetecting
		case !f.Answered.IsZero():
			v.State = pacing.StateWaiting
		}
		out = append(out, v)
	}
	return out
}

// segmentOf is the campaign's list of a number; -1 when it is none of it, or was not read yet.
func (a *active) segmentOf(list int64) int {
	return slices.IndexFunc(a.hoppers, func(h *hopper) bool { return h.n == list && list > 0 })
}

// gates tells the pacer which campaigns may dial, and why not.
func (t *term) gates(now time.Time) {
	for _, a := range t.on {
		a.shut = t.shutBy(a, now)
		if open := a.shut == ""; open != a.open {
			a.open = open
			kind := pacing.CampaignClosed
			if open {
				kind = pacing.CampaignOpened
			}
			t.pacer.Observe(pacing.Event{At: now, Kind: kind, Campaign: a.index})
		}
	}
}

// shutBy is why a campaign may not dial at all; "" when it may.
func (t *term) shutBy(a *active, now time.Time) string {
	switch {
	case a.run.State != campaign.RunRunning:
		return "the campaign is " + string(a.run.State)
	case !now.Before(t.valid):
		return "it is not known whether another process dials"
	case !slices.ContainsFunc(a.c.Trunks, func(x campaign.Trunk) bool { return t.opens(x.PBX) }):
		return "no PBX of its trunks is connected"
	}
	if a.c.Mode == campaign.ModeAgentless && a.c.Queue != "" && t.spare(a.c.Queue, now) <= 0 {
		return "no agent is free for who would ask for one"
	}
	if cal := a.c.Calendar; cal != nil {
		if open, _ := cal.At(now); !open {
			return "calendar " + cal.Name + " is closed"
		}
	}
	return ""
}

// spare is how many agents of a queue are free, less those who wait in it.
func (t *term) spare(queue string, now time.Time) (n int) {
	for _, a := range t.agents {
		if slices.Contains(a.Queues, queue) && a.stands(now, nil) == pacing.StateIdle {
			n++
		}
	}
	for _, q := range t.waiting {
		if q == queue {
			n--
		}
	}
	for _, f := range t.flights {
		if a := t.byID[f.Campaign]; a != nil && f.queued && a.c.Queue == queue {
			n--
		}
	}
	return n
}

func (t *term) anyOpen() bool {
	return slices.ContainsFunc(t.on, func(a *active) bool { return a.open })
}

// drained stops campaigns whose last call is over, also those that are not paced any more: gone
// from the definitions, or without a limit in force.
func (t *term) drained(ctx context.Context, runs map[string]campaign.Run) error {
	for id, run := range runs {
		if run.State != campaign.RunDraining || t.inFlight(id) > 0 {
			continue
		}
		if _, err := t.move(ctx, id, campaign.OnDrained, "operadora", "the last call is over"); err != nil && fault.KindOf(err) != fault.Conflict {
			return err
		}
	}
	return nil
}

func (t *term) inFlight(id string) (n int) {
	for _, f := range t.flights {
		if f.Campaign == id {
			n++
		}
	}
	return n
}
