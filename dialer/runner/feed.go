package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator"
)

// flight is an attempt that is not over.
type flight struct {
	leadstore.Attempt
	id       pacing.CallID // the pacer's; 0 until it has heard of it
	segment  int
	launched bool      // the call is there
	left     bool      // of one that an agent makes: the pacer has been told that it is none of its own
	in       bool      // of one that an agent makes: the pacer has been told of it
	dialled  time.Time // the lead's phone was, by an agent
	rang     time.Time
	late     bool // the pacer has been told that it was abandoned
	judged   bool // it is known who answered, as far as the PBX can tell
	machine  bool // and it is a machine: the pacer has been told so
	greeted  time.Time
	asked    time.Time
	since    time.Time // from when on nobody has known of the call, while it is in doubt
	refused  bool      // it is not ordered again: the lead must not be called any more
	queued   bool      // it waits for an agent

	brief *brief // nil of one that another process planned

	// Once it is over: its call's record, and what came of it.
	summary orchestrator.CallSummary
	as      campaign.Ended
}

// see takes in what is known of the call.
func (f *flight) see(k Known) {
	f.Answered, f.Connected, f.dialled, f.rang = moment(k.AnsweredAt), moment(k.ConnectedAt), moment(k.Dialled), moment(k.Rang)
	f.judged, f.machine, f.greeted = k.Heard != "", k.Machine != "", moment(k.GreetedAt)
	f.queued = k.QueuedAt > 0 && k.ConnectedAt == 0
}

// stage is how far its call is.
func (f *flight) stage() [3]bool {
	return [3]bool{!f.Answered.IsZero(), !f.Connected.IsZero(), f.machine}
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// detail is what entries say, as far as campaigns need it.
type detail struct {
	Result      string `json:"result"`
	Why         string `json:"why"`
	Queue       string `json:"queue"`
	Call        string `json:"call"`
	Disposition string `json:"disposition"`
	Flow        string `json:"flow"`
	Node        string `json:"node"`
	State       string `json:"state"`
	GreetedMS   int64  `json:"greeted_ms"`
	AgoMS       int64  `json:"ago_ms"`
	Sampled     bool   `json:"sampled"`

	Verdict orchestrator.Verdict `json:"verdict"`
}

func detailOf(e orchestrator.Entry) (d detail) {
	_ = json.Unmarshal(e.Data, &d) // what cannot be read says nothing
	return d
}

// take reads news of attempts for the database. What is known of a flight grows with it.
func (t *term) take(list []orchestrator.Entry) (out []leadstore.Settled) {
	for _, e := range list {
		if e.Type == orchestrator.EntryAgentDisposed {
			if d := detailOf(e); d.Call != "" && d.Disposition != "" {
				out = append(out, leadstore.Settled{Call: d.Call, Disposition: d.Disposition})
			}
			continue
		}
		f := t.flights[e.Call]
		if f == nil {
			continue
		}
		switch e.Type {
		case orchestrator.EntryCallDialled:
			if d := detailOf(e); d.Result == "answered" {
				f.Answered = e.At.UTC().Add(-time.Duration(d.AgoMS) * time.Millisecond)
				out = append(out, leadstore.Settled{Call: e.Call, Answered: f.Answered})
			}
		case orchestrator.EntryCallNode:
			if c := t.Defined()[f.Campaign]; c != nil && c.Never != "" {
				if d := detailOf(e); d.Flow == c.Flow && d.Node == c.Never {
					out = append(out, leadstore.Settled{Call: e.Call, Never: true})
				}
			}
		case orchestrator.EntryCallPreview:
			if d := detailOf(e); d.State == "skip" && d.Disposition != "" {
				out = append(out, leadstore.Settled{Call: e.Call, Disposition: d.Disposition})
			}
		case orchestrator.EntryCallConnected:
			if f.Connected.IsZero() {
				f.Connected = e.At.UTC()
				out = append(out, leadstore.Settled{Call: e.Call, Answered: f.Answered, Connected: e.At})
			}
		case orchestrator.EntryCallEnded:
			var s orchestrator.CallSummary
			if json.Unmarshal(e.Data, &s) == nil && s.Call != "" {
				out = append(out, t.ended(f, s))
			}
		default: // nothing that is stored
		}
	}
	return out
}

// ended judges an attempt whose call is over, and is what is stored of it.
func (t *term) ended(f *flight, s orchestrator.CallSummary) leadstore.Settled {
	f.summary, f.as = s, endedAs(t.Defined()[f.Campaign], s, t.Now())
	return leadstore.Settled{Call: f.Call, Heard: s.Heard, Sampled: s.Sampled, Machine: s.Machine, Answered: moment(s.AnsweredAt), Greeted: moment(s.GreetedAt), Connected: moment(s.ConnectedAt), Ended: moment(cmp.Or(s.EndedAt, t.Now().UnixMilli())),
		As: f.as, Outcome: string(s.Outcome), Agent: s.Agent, Cause: int(s.Cause)}
}

// hear takes in entries of the journal: it stores what became of attempts, and tells the pacer.
func (t *term) hear(ctx context.Context, list []orchestrator.Entry) error {
	if err := t.reopen(ctx, list); err != nil {
		return err
	}
	news := t.take(list)
	last := list[len(list)-1].ID
	if len(news) > 0 { // else the place may be that of before: what follows is harmless
		if err := t.Store.Settle(ctx, t.n, last, news); err != nil {
			return err
		}
	}
	changed := false
	for _, e := range list {
		switch e.Type {
		case orchestrator.EntryAgentState:
			t.agentChanged(e)
		case orchestrator.EntryCampaignState:
			t.looked = time.Time{}
		case orchestrator.EntryPBXState:
			t.pbxChanged(e)
		case orchestrator.EntryAgentDisposed:
			changed = true
		default:
			if f := t.flights[e.Call]; f != nil {
				changed = t.callChanged(e, f) || changed
			} else if e.Call != "" {
				t.otherChanged(e)
			}
		}
	}
	if changed {
		t.lookAtLists()
	}
	t.read = last
	return nil
}

// callChanged tells the pacer of a flight; over tells whether it is.
func (t *term) callChanged(e orchestrator.Entry, f *flight) (over bool) {
	switch e.Type {
	case orchestrator.EntryCallStarted:
		t.isThere(f)
	case orchestrator.EntryCallDialled:
		switch result := detailOf(e).Result; {
		case result == "dialling":
			f.dialled = e.At
		case result == "ringing":
			if f.rang = e.At; f.paced() {
				t.observe(f, pacing.Event{Kind: pacing.CallRinging})
			}
		case result == "answered" && f.Agent != "":
			t.takeIn(f)
		case result == "answered":
			kind := pacing.CallPerson
			if t.detects(f) {
				kind = pacing.CallPickedUp
			}
			t.observe(f, pacing.Event{Kind: kind})
		}
	case orchestrator.EntryCallMachine:
		t.whoAnswered(f, detailOf(e))
	case orchestrator.EntryCallQueued:
		f.queued = f.Connected.IsZero()
	case orchestrator.EntryCallConnected:
		if f.queued = false; !f.paced() {
			t.takeIn(f)
		}
		switch {
		case f.late, f.machine:
		case t.tooLate(f):
			t.abandoned(f)
		default:
			t.observe(f, pacing.Event{Kind: pacing.CallConnected, Agent: t.agentNumber(e.Agent)})
		}
		if a := t.agents[f.Agent]; a != nil {
			t.settleAgent(a, t.Now()) // who was held for it
		}
	case orchestrator.EntryCallUnqueued:
		f.queued = false
		if f.Connected.IsZero() && !f.machine && detailOf(e).Why != "connected" {
			t.abandoned(f)
		}
	case orchestrator.EntryCallEnded:
		t.over(f)
		return true
	default: // nothing by which is paced
	}
	return false
}

// over forgets a flight that is over, and tells the pacer how it ended.
func (t *term) over(f *flight) {
	as := cmp.Or(f.as, campaign.Ended{Result: campaign.ResultFailed}) // whose end could not be read
	switch {
	case !f.paced():
		t.leaveOut(f)
		if a := t.agents[f.Agent]; a != nil && f.summary.Outcome == orchestrator.OutcomeWithdrawn {
			a.spared = t.Now().Add(spareFor)
		}
	case as.Result == campaign.ResultMachine:
		t.isMachine(f)
		t.observe(f, pacing.Event{Kind: pacing.CallEnded})
	case f.id == 0 && !as.Person: // the pacer has not heard that it was made
		t.observe(f, pacing.Event{Kind: pacing.CallRefused})
	case !as.Person:
		t.observe(f, pacing.Event{Kind: pacing.CallFailed, Cause: causeOf(f.summary, as)})
	case as.Abandoned:
		t.abandoned(f)
	default:
		t.observe(f, pacing.Event{Kind: pacing.CallEnded})
	}
	if a := t.byID[f.Campaign]; a != nil && a.trunks[f.PBX] != nil && f.paced() && f.summary.Outcome == orchestrator.OutcomeRefused {
		a.trunks[f.PBX].rest = t.Now().Add(restOf)
	}
	delete(t.flights, f.Call)
	delete(t.doubts, f.Call)
	delete(t.made, f.Call)
	t.metrics.ended(f.Campaign, as)
}

// reopen takes attempts up again that were given up as never dialled, and of whose calls there
// is news all the same.
func (t *term) reopen(ctx context.Context, list []orchestrator.Entry) error {
	var calls []string
	for _, e := range list {
		if e.Type != orchestrator.EntryCallStarted && e.Type != orchestrator.EntryCallEnded || t.flights[e.Call] != nil || slices.Contains(calls, e.Call) {
			continue
		}
		var s orchestrator.CallSummary
		if json.Unmarshal(e.Data, &s) == nil && s.Kind == orchestrator.KindCampaign {
			calls = append(calls, e.Call)
		}
	}
	if len(calls) == 0 {
		return nil
	}
	open, err := t.Store.Reopen(ctx, t.n, calls)
	for _, a := range open {
		t.Log.WarnContext(ctx, "an attempt was dialled that had been given up", "campaign", a.Campaign, "call", a.Call)
		f := &flight{Attempt: a}
		if on := t.byID[a.Campaign]; on != nil {
			f.segment = max(0, on.segmentOf(a.List))
		}
		t.flights[a.Call] = f
	}
	return err
}

// observe tells the pacer of a flight whose campaign is paced.
func (t *term) observe(f *flight, e pacing.Event) {
	if a := t.byID[f.Campaign]; a != nil {
		e.At, e.Campaign, e.Segment, e.Call = t.Now(), a.index, f.segment, t.number(f)
		t.pacer.Observe(e)
	}
}

// abandoned tells the pacer, once, that nobody was there in time for who answered.
func (t *term) abandoned(f *flight) {
	if !f.late {
		f.late = true
		t.observe(f, pacing.Event{Kind: pacing.CallAbandoned})
	}
}

// tooLate tells whether who answered waited for the agent for longer than the law lets them.
func (t *term) tooLate(f *flight) bool {
	c := t.Defined()[f.Campaign]
	if c == nil || c.Mode == campaign.ModeAgentless || f.Answered.IsZero() {
		return false
	}
	most, greeted := threshold(c, t.Now())
	from := f.Answered
	if greeted && f.greeted.After(from) {
		from = f.greeted
	}
	return f.Connected.Sub(from) > most
}

// detects tells whether nothing is done with who answers until it is known who that is.
func (t *term) detects(f *flight) bool {
	c := t.Defined()[f.Campaign]
	return c != nil && c.Machines.Detect == campaign.DetectBefore && !f.judged
}

// whoAnswered takes in who answered, as the PBX hears it or the agent says.
func (t *term) whoAnswered(f *flight, d detail) {
	c := t.Defined()[f.Campaign]
	switch {
	case d.State == "marked":
		t.isMachine(f)
	case d.State != "heard" || c == nil:
	case d.Verdict == orchestrator.VerdictMachine && !d.Sampled && c.Machines.Do != campaign.MachineConnect:
		t.isMachine(f)
	default:
		if t.detects(f) {
			t.observe(f, pacing.Event{Kind: pacing.CallPerson})
		}
		if d.GreetedMS > 0 {
			f.greeted = f.Answered.Add(time.Duration(d.GreetedMS) * time.Millisecond)
		}
	}
	f.judged = true
}

// isMachine tells the pacer, once, that a machine answered. One that was taken for a person
// is taken out of the law's count.
func (t *term) isMachine(f *flight) {
	if f.machine {
		return
	}
	if t.detects(f) {
		t.observe(f, pacing.Event{Kind: pacing.CallMachine})
	} else {
		t.observe(f, pacing.Event{Kind: pacing.CallEnded})
		t.observe(f, pacing.Event{Kind: pacing.CallReclassified})
	}
	f.machine, f.judged = true, true
}

// otherChanged follows calls of others that wait for the agents of campaigns.
func (t *term) otherChanged(e orchestrator.Entry) {
	_, was := t.waiting[e.Call]
	switch e.Type {
	case orchestrator.EntryCallQueued, orchestrator.EntryCallMissed:
		if q := cmp.Or(e.Queue, detailOf(e).Queue); t.skilled[q] != nil || t.spoken[q] {
			t.waiting[e.Call] = q
		}
	case orchestrator.EntryCallUnqueued, orchestrator.EntryCallOffered, orchestrator.EntryCallConnected, orchestrator.EntryCallEnded:
		delete(t.waiting, e.Call)
	default:
		return
	}
	if _, is := t.waiting[e.Call]; is != was {
		t.tellWaiting()
	}
}

func (t *term) tellWaiting() {
	n := 0
	for _, q := range t.waiting {
		if t.skilled[q] != nil {
			n++
		}
	}
	t.pacer.Observe(pacing.Event{At: t.Now(), Kind: pacing.InboundWaiting, Value: float64(n)})
}

// number is what the pacer calls a flight.
func (t *term) number(f *flight) pacing.CallID {
	if f.id == 0 {
		t.lastID++
		f.id = pacing.CallID(t.lastID)
	}
	return f.id
}
