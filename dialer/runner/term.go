package runner

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

const (
	leaseName = "the dialer" // no PBX has a space in its name
	leaseTTL  = 4 * time.Second
	// lookAgain is how often is looked whether something was told that did not arrive.
	lookAgain = 5 * time.Second
	// restTime is the pause after a failure.
	restTime = time.Second
	// learntEvery is how often what the pacer has learnt is kept.
	learntEvery = time.Minute
)

// run takes the lease again and again, and dials while it has it.
func (r *Runner) run(ctx context.Context) {
	for ctx.Err() == nil {
		l, err := r.acquire(ctx)
		if err != nil {
			if !errors.Is(err, orchestrator.ErrHeld) && ctx.Err() == nil {
				r.Log.WarnContext(ctx, "nobody knows who dials", "error", err)
			}
			life.SleepAbout(ctx, restTime)
			continue
		}
		err = r.serve(ctx, l)
		r.show(nil)
		if ctx.Err() == nil {
			r.Log.WarnContext(ctx, "dialling is begun anew", "error", err)
			life.SleepAbout(ctx, restTime)
		}
	}
}

func (r *Runner) acquire(ctx context.Context) (orchestrator.Lease, error) {
	l, err := r.Lease.Acquire(ctx, leaseName, r.Owner, leaseTTL, "")
	if held, ok := errors.AsType[*orchestrator.HeldError](err); ok {
		r.held(held.Instance)
		if r.Dead != nil && r.Dead(held.Holder) {
			l, err = r.Lease.Acquire(ctx, leaseName, r.Owner, leaseTTL, held.Holder)
		}
	}
	if err == nil {
		r.held(r.Owner.Instance)
	}
	return l, err
}

func (r *Runner) held(instance string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holder = instance
}

// term is the time for which this process dials. One goroutine owns it: loop.
type term struct {
	*Runner
	n     int64
	lease orchestrator.Lease

	news   chan []orchestrator.Entry
	proofs chan proof
	began  chan begun
	// answers tell which PBXs of others are connected.
	answers chan answer
	makers  sync.WaitGroup // of attempts that are being begun

	read    string    // id of the newest entry that was taken in
	valid   time.Time // until when the lease is known to be ours
	learnt  string    // what a pacer had learnt, when one is made
	keptAt  time.Time
	shown   time.Time
	looked  time.Time
	stepped time.Time
	since   time.Time // the same moment, for measuring what has gone by since
	asked   time.Time // when all flights and agents were asked for that were not of late
	pacer   *pacing.Pacer
	skilled map[string][]int // campaigns of a queue, by their numbers
	spoken  map[string]bool  // queues to which a flow brings who asks for an agent
	on      []*active
	byID    map[string]*active
	flights map[string]*flight
	doubts  map[string]*flight // whose calls are not known to be there
	lastID  uint64             // given to a call or an agent
	agents  map[string]*agent
	waiting map[string]string // calls of others that wait: call to queue
	ways    map[string]*way   // PBXs that other processes drive
}

// proof is that the lease was ours, and what the journal's newest entry was.
type proof struct {
	until time.Time
	last  string
}

// serve dials until the lease is lost or something fails.
func (r *Runner) serve(ctx context.Context, l orchestrator.Lease) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &term{Runner: r, lease: l, news: make(chan []orchestrator.Entry), proofs: make(chan proof, 1), began: make(chan begun, 64), answers: make(chan answer, 4),
		ways:    map[string]*way{},
		flights: map[string]*flight{}, doubts: map[string]*flight{}, agents: map[string]*agent{}, waiting: map[string]string{}, valid: r.Now().Add(leaseTTL / 2)}
	var wg sync.WaitGroup
	wg.Go(func() { cancel(t.prove(ctx)) })
	err := t.begin(ctx)
	if err == nil {
		wg.Go(func() {
			cancel(r.Journal.Tail(ctx, t.read, func(list []orchestrator.Entry) error {
				select {
				case t.news <- list:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}))
		})
		err = t.loop(ctx)
	}
	cancel(err)
	t.makers.Wait()
	wg.Wait()
	t.keep(context.WithoutCancel(ctx))
	rest, done := context.WithTimeout(context.WithoutCancel(ctx), restTime) // so that another goes on at once
	defer done()
	_ = r.Lease.Release(rest, l) // it runs out by itself
	return context.Cause(ctx)
}

// prove renews the lease, and looks how far the journal goes, until ctx ends or the lease
// is lost.
func (t *term) prove(ctx context.Context) error {
	for {
		asked := t.Now()
		l, err := t.Lease.Acquire(ctx, leaseName, t.Owner, leaseTTL, "")
		switch {
		case err == nil && l.Epoch != t.lease.Epoch:
			return fault.New("dialer", fault.Conflict, "the lease came back under a new epoch: somebody else dialled meanwhile")
		case errors.Is(err, orchestrator.ErrHeld):
			return err
		case err == nil:
			if last, err := t.Journal.Last(ctx); err == nil {
				select {
				case <-t.proofs: // an older one
				default:
				}
				t.proofs <- proof{asked.Add(leaseTTL), last}
			}
		}
		if !life.Sleep(ctx, leaseTTL/4) {
			return ctx.Err()
		}
	}
}

// begin takes up what the last term left.
func (t *term) begin(ctx context.Context) (err error) {
	var place string
	if t.n, place, t.learnt, err = t.Store.TakeTerm(ctx); err != nil {
		return err
	}
	end, err := t.Journal.Last(ctx)
	if err != nil {
		return err
	}
	open, err := t.Store.Open(ctx)
	if err != nil {
		return err
	}
	for _, a := range open {
		t.flights[a.Call] = &flight{Attempt: a, launched: t.made[a.Call]}
	}
	maps.DeleteFunc(t.made, func(id string, _ bool) bool { return t.flights[id] == nil })
	read, whole, err := t.catchUp(ctx, place, end)
	if err != nil {
		return err
	}
	t.read = read
	if err := t.reconcile(ctx); err != nil {
		return err
	}
	if !whole { // behind it: attempts that were over meanwhile are on record by now
		if err := t.askSaid(ctx, place); err != nil {
			return err
		}
	}
	if _, err := t.Store.Heal(ctx, t.n); err != nil {
		return err
	}
	return t.lookAtRuns(ctx, t.Now())
}

// catchUp reads the journal from the place where the last term stopped to its end, for
// what became of attempts meanwhile. Where it does not reach back so far, what is left of it
// is read, it is not whole, and the calls themselves are asked.
func (t *term) catchUp(ctx context.Context, place, end string) (last string, whole bool, err error) {
	if place == "" || place == end {
		return end, true, nil
	}
	if orchestrator.CompareEntryIDs(place, end) < 0 {
		if last, err = t.readTo(ctx, place, end); !errors.Is(err, orchestrator.ErrRewound) {
			return last, true, err
		}
	}
	if end == "" {
		return "", false, nil
	}
	last, err = t.readTo(ctx, "", end)
	return last, false, err
}

// readTo reads the journal from behind a place to an entry, for what became of attempts.
func (t *term) readTo(ctx context.Context, place, end string) (string, error) {
	errEnd := errors.New("read to the end")
	err := t.Journal.Tail(ctx, place, func(list []orchestrator.Entry) error {
		place = list[len(list)-1].ID
		if err := t.reopen(ctx, list); err != nil {
			return err
		}
		if err := t.Store.Settle(ctx, t.n, place, t.take(list)); err != nil {
			return err
		}
		if orchestrator.CompareEntryIDs(place, end) >= 0 {
			return errEnd
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		return place, nil
	}
	return place, err
}

// askSaid asks the records of calls what agents said of them since a place in the journal, of
// which they had said nothing: it may have been in the part of it that is gone.
func (t *term) askSaid(ctx context.Context, place string) error {
	ms, _, err := orchestrator.ParseEntryID(place)
	if err != nil {
		return err
	}
	calls, err := t.Store.Undisposed(ctx, time.UnixMilli(int64(ms)))
	if err != nil {
		return err
	}
	var news []leadstore.Settled
	for _, id := range calls {
		k, err := t.Known(ctx, id)
		if err != nil {
			return err
		}
		if k.Disposition != "" {
			news = append(news, leadstore.Settled{Call: id, Disposition: k.Disposition})
		}
	}
	if len(news) == 0 {
		return nil
	}
	return t.Store.Settle(ctx, t.n, "", news)
}

// reconcile asks the calls of attempts that are not over, as far as is on record, what
// became of them.
func (t *term) reconcile(ctx context.Context) error {
	var news []leadstore.Settled
	for id, f := range t.flights {
		k, err := t.Known(ctx, id)
		switch {
		case err != nil:
			return err
		case !k.Found:
			t.doubt(f, earlier(f.Planned, t.Now()))
		case k.Ended:
			news = append(news, t.ended(f, k.CallSummary))
			delete(t.flights, id)
		default:
			f.launched, f.asked, t.made[id] = true, t.Now(), true
			f.see(k)
		}
	}
	if len(news) == 0 {
		return nil
	}
	return t.Store.Settle(ctx, t.n, "", news)
}

// loop is the term.
func (t *term) loop(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case list := <-t.news:
			err = t.hear(ctx, list)
		case p := <-t.proofs:
			t.valid = p.until
			if orchestrator.CompareEntryIDs(t.read, p.last) >= 0 { // the feed is alive, and nothing of it is missing
				t.pacer.Observe(pacing.Event{At: t.Now(), Kind: pacing.Heartbeat})
			}
		case b := <-t.began:
			t.begun(b)
		case a := <-t.answers:
			t.answered(a)
		case <-t.wake:
			t.looked = time.Time{}
			t.lookAtLists()
		case <-timer.C:
		}
		if err == nil {
			err = t.step(ctx)
		}
		if err != nil {
			return err
		}
		timer.Reset(max(time.Millisecond, t.next().Sub(t.Now())))
	}
}

// step does what is due.
func (t *term) step(ctx context.Context) error {
	now := t.Now()
	if by := now.Sub(t.stepped) - time.Since(t.since); !t.since.IsZero() && by.Abs() > leastSet {
		t.clockSet(now, by)
	}
	t.stepped, t.since = now, time.Now()
	if now.Sub(t.looked) >= lookAgain {
		if err := t.lookAtRuns(ctx, now); err != nil {
			return err
		}
	}
	t.settleAgents(now)
	t.lookAtWays(ctx, now)
	t.gates(now)
	if err := t.askAgain(ctx, now); err != nil {
		return err
	}
	if err := t.fill(ctx, now); err != nil {
		return err
	}
	if err := t.dial(ctx, now); err != nil {
		return err
	}
	if now.Sub(t.keptAt) >= learntEvery {
		t.keep(ctx)
	}
	return nil
}

// leastSet is by how much a clock was set at least that is taken note of; less is waited for.
const leastSet = time.Second

// clockSet has looked at at once what was to be looked at at times that are far away now, or
// have come before anything could happen: a call that nobody knows of yet may be on its way.
func (t *term) clockSet(now time.Time, by time.Duration) {
	t.looked, t.keptAt, t.shown, t.asked = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	t.valid = now // until the lease is proved by the new clock
	for _, a := range t.on {
		for _, x := range a.trunks {
			x.last, x.rest = nil, time.Time{}
		}
	}
	for _, w := range t.ways {
		w.asked = time.Time{}
	}
	for _, f := range t.flights {
		f.asked, f.since = time.Time{}, f.since.Add(by)
	}
	t.lookAtLists()
	t.resync(now)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// next is when something is due by itself.
func (t *term) next() time.Time {
	at := t.looked.Add(lookAgain)
	due := func(x time.Time) {
		if !x.IsZero() && x.Before(at) {
			at = x
		}
	}
	if t.anyOpen() {
		due(t.pacer.Next())
	}
	for _, a := range t.on {
		if !a.open {
			continue
		}
		wants := a.wants(t)
		for _, h := range a.hoppers {
			due(h.appointed)
			if h.has(wants) < hopperLow {
				due(h.look)
			}
		}
	}
	if len(t.doubts) > 0 {
		due(t.Now().Add(askEvery))
	}
	for _, a := range t.agents {
		due(a.Resting)
	}
	for pbx := range t.farWays() {
		switch w := t.ways[pbx]; {
		case w == nil: // it was driven here just now
			due(t.Now())
		case !w.asking:
			due(w.asked.Add(askWay))
		}
	}
	return at
}

// keep keeps what the pacer has learnt.
func (t *term) keep(ctx context.Context) {
	if t.pacer == nil {
		return
	}
	t.keptAt = t.Now()
	learnt, err := t.pacer.Save()
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, tellTime)
		defer cancel()
		err = t.Store.KeepLearnt(ctx, t.n, string(learnt))
	}
	if err != nil && fault.KindOf(err) != fault.Conflict {
		t.Log.WarnContext(ctx, "what pacing has learnt was not kept", "error", err)
	}
}
