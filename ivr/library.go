package ivr

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Definitions is all that is defined at one time: it is replaced as a whole.
// flowfile.Load makes one from files and vouches that it passes lint.
type Definitions struct {
	Flows     map[string]*Flow
	Sources   map[string]Source // the text of each flow, by flow id
	DIDs      DIDs
	Calendars map[string]*calendar.Calendar
	// Feature is the id of the flow that answers feature codes; "" for none.
	Feature string
}

// catalog is a set that calls can begin in. It never changes.
type catalog struct {
	set  Definitions
	revs map[string]*Revision // by flow id
}

// held is a revision that some call may need.
type held struct {
	rev  *Revision
	used atomic.Int64 // unix ms of the last input that needed it
}

// keepUnused is how long a revision stays in memory after its last use.
// Calls are shorter by far.
const keepUnused = 24 * time.Hour

// Library holds the flows in force and the revisions that calls began with.
// It is safe for concurrent use.
type Library struct {
	parse     Parser
	revisions Revisions
	now       atomic.Pointer[catalog]
	mu        sync.RWMutex
	held      map[string]*held // by hash; guarded by mu
}

var _ orchestrator.Flows = (*Library)(nil)

// NewLibrary makes an empty library. parse reads the texts that revisions
// keeps; revisions may be nil when calls need not outlive the process.
func NewLibrary(parse Parser, revisions Revisions) *Library {
	l := &Library{parse: parse, revisions: revisions, held: map[string]*held{}}
	l.now.Store(&catalog{})
	return l
}

// Publish puts a set in force for new calls, all of it or nothing. Calls in
// progress keep the revision they began with. Each revision is stored before
// a call can begin in it; when that fails, the old set stays in force.
func (l *Library) Publish(ctx context.Context, set Definitions) error {
	c := &catalog{set: set, revs: map[string]*Revision{}}
	for id := range set.Flows {
		rev, err := newRevision(id, set.Flows, set.Sources)
		if err != nil {
			return fault.E("ivr.Publish", fault.Invalid, err)
		}
		c.revs[id] = rev
	}
	for _, d := range set.DIDs {
		if c.revs[d.Flow] == nil {
			return fault.New("ivr.Publish", fault.Invalid, "%s: number %q goes to flow %q, which is not defined", d.At, d.Pattern, d.Flow)
		}
	}
	if set.Feature != "" && c.revs[set.Feature] == nil {
		return fault.New("ivr.Publish", fault.Invalid, "the flow for feature codes, %q, is not defined", set.Feature)
	}
	for _, id := range c.beginnings() {
		if err := l.put(ctx, c.revs[id]); err != nil {
			return fault.E("ivr.Publish", fault.Unavailable, err)
		}
		l.hold(c.revs[id])
	}
	l.now.Store(c)
	return nil
}

// InForce returns the definitions in force and, by flow id, the hash of the
// revision that new calls begin with. Neither may be changed.
func (l *Library) InForce() (Definitions, map[string]string) {
	c := l.now.Load()
	hashes := make(map[string]string, len(c.revs))
	for id, rev := range c.revs {
		hashes[id] = rev.Hash
	}
	return c.set, hashes
}

// beginnings lists the flows a call can begin in: all of them, as a person may
// transfer one to any.
func (c *catalog) beginnings() []string { return slices.Sorted(maps.Keys(c.revs)) }

func (l *Library) put(ctx context.Context, rev *Revision) error {
	if l.revisions == nil {
		return nil
	}
	if err := l.revisions.Put(ctx, rev.Hash, rev.Source); err != nil {
		return fmt.Errorf("keeping revision %s of flow %q: %w", rev.Hash, rev.Main, err)
	}
	return nil
}

func (l *Library) hold(rev *Revision) *held {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.held[rev.Hash]
	if h == nil {
		h = &held{rev: rev}
		l.held[rev.Hash] = h
	}
	return h
}

func (l *Library) revision(hash string, now time.Time) *Revision {
	l.mu.RLock()
	h := l.held[hash]
	l.mu.RUnlock()
	if h == nil {
		return nil
	}
	h.used.Store(now.UnixMilli())
	return h.rev
}

// Preload fetches a revision that this process does not have, so that Next can
// go on with a call that began elsewhere or earlier. One that is there already
// costs nothing; NotFound means it is nowhere to be found (Next will then lead
// the call to its flow's on_error, or hang up).
func (l *Library) Preload(ctx context.Context, hash string) error {
	l.mu.RLock()
	_, has := l.held[hash]
	l.mu.RUnlock()
	if has || hash == "" {
		return nil
	}
	if l.revisions == nil {
		return fault.New("ivr.Preload", fault.NotFound, "revision %s is not kept", hash)
	}
	source, err := l.revisions.Get(ctx, hash)
	if err != nil {
		return fault.E("ivr.Preload", fault.KindOf(err), err)
	}
	rev, err := readRevision(hash, source, l.parse)
	if err != nil {
		return fault.E("ivr.Preload", fault.Internal, err)
	}
	l.hold(rev)
	return nil
}

// Prepare preloads the revision that a stored state needs. Call it when a call
// of another process is taken over, before its first Next.
func (l *Library) Prepare(ctx context.Context, state json.RawMessage) error {
	return l.Preload(ctx, RevisionOf(state))
}

// Refresh prolongs the stay of every revision in use and forgets those that no
// call has needed for a day. Call it a few times a day.
func (l *Library) Refresh(ctx context.Context, now time.Time) error {
	current := map[string]bool{}
	c := l.now.Load()
	for _, id := range c.beginnings() {
		current[c.revs[id].Hash] = true
	}
	var keep []*Revision
	l.mu.Lock()
	for hash, h := range l.held {
		used := time.UnixMilli(h.used.Load())
		switch {
		case current[hash] || now.Sub(used) < keepUnused:
			keep = append(keep, h.rev)
		default:
			delete(l.held, hash)
		}
	}
	l.mu.Unlock()
	for _, rev := range keep {
		if err := l.put(ctx, rev); err != nil {
			return fault.E("ivr.Refresh", fault.Unavailable, err)
		}
	}
	return nil
}

// Begin chooses the flow of an arrival and takes its first steps.
func (l *Library) Begin(a orchestrator.Arrival, now time.Time) (orchestrator.FlowStep, error) {
	c := l.now.Load()
	d, err := c.choose(a)
	if err != nil {
		return orchestrator.FlowStep{}, err
	}
	rev := c.revs[d.Flow]
	l.hold(rev).used.Store(now.UnixMilli())
	r := begun(rev, c.set.Calendars, a, d.Language, now)
	r.step.CallerID = d.CallerID
	return r.finish()
}

// choose returns the flow of an arrival, the language it begins in, and what its number is shown as.
func (c *catalog) choose(a orchestrator.Arrival) (DID, error) {
	if a.Kind == orchestrator.KindFeature {
		if c.set.Feature == "" {
			return DID{}, fault.New("ivr.Begin", fault.NotFound, "no flow answers feature codes")
		}
		return DID{Flow: c.set.Feature, Language: strings.ReplaceAll(a.Language, "_", "-")}, nil
	}
	if a.Flow != "" {
		if c.revs[a.Flow] == nil || a.Flow == c.set.Feature {
			return DID{}, fault.New("ivr.Begin", fault.NotFound, "no flow %q", clean(a.Flow))
		}
		return DID{Flow: a.Flow, Language: strings.ReplaceAll(a.Language, "_", "-")}, nil
	}
	d, ok := c.set.DIDs.Find(a.DID)
	if !ok {
		return DID{}, fault.New("ivr.Begin", fault.NotFound, "no flow is defined for number %q", clean(a.DID))
	}
	return d, nil
}

// begun enters the first node of a revision's flow.
func begun(rev *Revision, cals map[string]*calendar.Calendar, a orchestrator.Arrival, lang string, now time.Time) *run {
	f := rev.Flows[rev.Main]
	if !ValidLanguage(lang) || ((a.Kind == orchestrator.KindFeature || a.Flow != "") && !f.Speaks(lang)) {
		lang = f.Language
	}
	args := make([]string, 0, len(a.Args))
	for _, v := range a.Args[:min(len(a.Args), maxArgs)] {
		args = append(args, clean(v))
	}
	st := &state{Format: stateFormat, Rev: rev.Hash, Flow: rev.Main, Lang: lang, Up: a.Answered,
		Call: arrival{ID: clean(a.Call), PBX: clean(a.PBX), DID: clean(a.DID),
			Number: clean(a.Caller.Number), Name: clean(a.Caller.Name), Args: args, Lead: cleaned(a.Lead)}}
	r := &run{rev: rev, cals: cals, now: now, st: st, flow: f, used: true, target: f.Start}
	r.settle()
	return r
}

// cleaned are values that are clean; nil for none.
func cleaned(values map[string]string) map[string]string {
	var out map[string]string
	for name, v := range values {
		if out == nil {
			out = map[string]string{}
		}
		out[name] = clean(v)
	}
	return out
}

// maxArgs is how many dialplan arguments are kept.
const maxArgs = 8

// Next goes on from a stored state.
func (l *Library) Next(raw json.RawMessage, in orchestrator.FlowInput, now time.Time) (orchestrator.FlowStep, error) {
	st, err := decodeState(raw)
	if err != nil {
		return orchestrator.FlowStep{}, err
	}
	if st.Phase == phaseOver {
		return orchestrator.FlowStep{State: raw}, nil
	}
	st.reveal(in.Secret)
	c := l.now.Load()
	r := &run{cals: c.set.Calendars, now: now, st: &st, rev: l.revision(st.Rev, now)}
	if !r.locate() {
		r.rescue(c)
		return r.finish()
	}
	r.take(in)
	if !r.used {
		return orchestrator.FlowStep{State: raw, Secret: in.Secret}, nil
	}
	return r.finish()
}

// locate finds the flow and node a state stands at.
func (r *run) locate() bool {
	if r.rev == nil {
		return false
	}
	if r.flow = r.rev.Flows[r.st.Flow]; r.flow == nil {
		return false
	}
	r.node = r.flow.Nodes[r.st.Node]
	return r.node != nil
}

// rescue leads a call whose revision is nowhere to be found to the on_error
// node of its flow as it is now, and hangs up when there is none.
func (r *run) rescue(c *catalog) {
	r.used = true
	r.note("fault", map[string]string{"why": "the revision this call began with is nowhere to be found", "revision": r.st.Rev})
	r.stopPlay()
	r.clearTimer()
	switch r.st.Phase {
	case phaseQueue:
		r.act(orchestrator.Action{Kind: orchestrator.ActLeave})
	case phaseRecord:
		r.act(orchestrator.Action{Kind: orchestrator.ActStopRec})
	default:
	}
	r.st.Stack = nil
	rev := c.revs[r.st.Flow]
	if rev == nil || rev.Flows[rev.Main].OnError == "" {
		r.over(orchestrator.CauseNormal, string(orchestrator.OutcomeFailed))
		return
	}
	r.rev, r.flow = rev, rev.Flows[rev.Main]
	r.st.Rev, r.target = rev.Hash, r.flow.OnError
	r.settle()
}

func (r *run) finish() (orchestrator.FlowStep, error) {
	raw, secret, err := r.st.encode(r.rev == nil || r.rev.masked)
	if err != nil {
		return orchestrator.FlowStep{}, err
	}
	r.step.State, r.step.Secret = raw, secret
	return r.step, nil
}
