package acd

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// restMost is the longest rest of a phone that is busy, or not there, again and again.
const restMost = 10 * time.Minute

// maxRaces bounds how often an operation that lost a race against another is
// tried again. Each round means that somebody else made progress.
const maxRaces = 10

// Enqueue implements orchestrator.Distributor.
func (s *Service) Enqueue(ctx context.Context, w orchestrator.Waiting) (orchestrator.Placement, error) {
	// Nobody is judged by where agents are not yet. One who cannot be brought there keeps nobody out.
	if err := s.align(ctx); fault.KindOf(err) == fault.Unavailable && err != nil {
		return orchestrator.Placement{}, err
	}
	dir := s.directory.Load()
	p, err := s.enter(ctx, dir, dir.print, w)
	if !errors.Is(err, errBehind) && p.Result != orchestrator.RefusedQueue {
		return p, err
	}
	// Agents are where other definitions have them, which have other queues: by those one is served.
	err = s.current(ctx)
	dir = s.directory.Load()
	switch {
	case err == nil:
		return s.enter(ctx, dir, dir.print, w)
	case errors.Is(err, errBehind):
		return s.enter(ctx, dir, "", w)
	default:
		return p, err
	}
}

// enter gives a call a place by a directory, while that is in force which print names; "" is always.
func (s *Service) enter(ctx context.Context, dir *directory, print string, w orchestrator.Waiting) (orchestrator.Placement, error) {
	const op = "acd.Enqueue"
	q, ok := dir.queues[w.Queue]
	if !ok && w.Work == orchestrator.WorkCallback { // promised before the queue went
		q, ok = dir.queue(w.Queue)
	}
	if !ok {
		return orchestrator.Placement{Result: orchestrator.RefusedQueue}, nil
	}
	if w.Call == "" || !yamlfile.Fits("id", w.PBX) {
		return orchestrator.Placement{}, fault.New(op, fault.Invalid, "call %q on pbx %q cannot be queued", w.Call, w.PBX)
	}
	now := s.now()
	if w.Entered.IsZero() {
		w.Entered = now
	}
	order := EnqueueOrder{
		Call: w.Call, MaxLength: q.MaxLength, Admit: q.admits(),
		Record: CallRecord{
			Queue: q.ID, PBX: w.PBX, Group: dir.group(w.PBX), Visit: w.Visit, Work: w.Work, Language: w.Language, Priority: w.Priority, Entered: w.Entered.UnixMilli(),
			Tier: w.Sought.Tier, Needs: w.Sought.Needs, About: w.Sought.About,
			Caller: numberKey(w.Caller.Number), Of: w.Of, One: w.One, Prefer: w.Sought.Prefer, PatienceMS: w.Sought.Patience.Milliseconds(),
			Kept: w.Kept, Instead: w.Instead, Defs: print, AheadMS: w.Sought.Ahead.Milliseconds(),
		},
	}
	if s.forms != nil && order.Record.Caller != "" {
		order.Record.Written = s.forms(w.PBX, w.Caller.Number)
	}
	if !w.Since.IsZero() {
		order.Record.Since = min(w.Since.UnixMilli(), now.UnixMilli())
	}
	var err error
	if order.Record, err = s.lastAgent(ctx, dir, q, order.Record); err != nil {
		return orchestrator.Placement{}, err
	}
	if order.Kept, order.Record.Kept, err = s.kept(ctx, q, order.Record, now); err != nil {
		return orchestrator.Placement{}, err
	}
	order.Record.Score = dir.score(order.Record)
	order.Record.Eased = s.eased(ctx, q, order.Record)
	order.Record.Rings, order.Lanes = dir.way(order.Record)
	estimates, expected := q.estimates(), time.Duration(0)
	if w.Work == orchestrator.WorkCallback { // it had its place before
		order.MaxLength, order.Admit = 0, AdmitAlways
	} else {
		if !w.Since.IsZero() { // so had this one, among those who wait
			order.MaxLength, q.MaxExpected = 0, 0
		}
		order.Refused, expected = s.refusal(ctx, q, order.Record, now)
	}
	for range maxRaces {
		order.OfferID = newUnique()
		res, err := s.store.Enqueue(ctx, now, order)
		if err != nil {
			return orchestrator.Placement{}, err
		}
		if res.Behind {
			return orchestrator.Placement{}, fault.E(op, fault.Unavailable, errBehind)
		}
		if res.Taken { // by another call of the caller
			order.Kept, order.Record.Kept = "", w.Kept
			order.Record.Score = dir.score(order.Record)
			continue
		}
		if !res.Elsewhere {
			s.matched(res.Offer)
			p := placement(res.Result, res.Offer, res.Position, q)
			p.Staff, p.Widens, p.Kept = res.Staff, widens(order.Record.Rings), res.Kept
			dir.tell(&p, order.Record)
			if p.Result == orchestrator.PlacedWaiting && estimates {
				if p.Expected = expected; expected == 0 {
					p.Expected = s.expected(ctx, order.Record, expectAge)
				}
			}
			return p, nil
		}
		// The call moves while an agent's phone rings for where it was.
		if err := s.Leave(ctx, w.Call, res.Visit, "moved"); err != nil {
			return orchestrator.Placement{}, err
		}
	}
	return orchestrator.Placement{}, fault.New(op, fault.Unavailable, "call %q is being moved by others", w.Call)
}

// admits tells who must be logged in for a caller to enter: for a queue that would let
// the caller go at once when nobody is, somebody.
func (q Queue) admits() Admit {
	if q.LeaveWhenEmpty && q.Admit == AdmitAlways {
		return AdmitWhenAgentsHere
	}
	return q.Admit
}

// lastAgent has a caller wait first for who served them, where the queue keeps that in
// mind, and nobody else is asked for.
func (s *Service) lastAgent(ctx context.Context, dir *directory, q Queue, c CallRecord) (CallRecord, error) {
	if q.LastAgent == nil || c.Caller == "" || c.Prefer != "" {
		return c, nil
	}
	agent, err := s.store.LastAgent(ctx, q.ID, c.Caller)
	if a, known := dir.agents[agent]; err == nil && known && a.Serves(q.ID) {
		c.Prefer, c.PatienceMS, c.Last = agent, q.LastAgent.Patience.Milliseconds(), true
	}
	return c, err
}

// ForgetCaller forgets who served a number last, and places kept for it. What a queue that is
// defined no longer had in mind expires (LastAgent.Within).
func (s *Service) ForgetCaller(ctx context.Context, number string) error {
	return s.store.ForgetCaller(ctx, numberKey(number), slices.Collect(maps.Keys(s.directory.Load().queues)))
}

// tell adds to a place what the caller gets there for being who they are.
func (dir *directory) tell(p *orchestrator.Placement, c CallRecord) {
	c, k := dir.knows(c)
	if k != nil {
		p.Known, p.Plan.Whisper = k.ID, cmp.Or(k.Whisper, p.Plan.Whisper)
	}
	if q, ok := dir.queue(c.Queue); ok {
		p.Skills, p.Worth = dir.ways.asked(dir, q, c), q.worth(c.Priority)
	}
	p.Priority, p.Tier, p.Prefer, p.Patience, p.Last = c.Priority, c.Tier, c.Prefer, time.Duration(c.PatienceMS)*time.Millisecond, c.Last
}

// widens are the waits after which more agents may serve a call.
func widens(rings []Ring) (out []time.Duration) {
	for _, r := range rings[min(1, len(rings)):] {
		out = append(out, time.Duration(r.After)*time.Millisecond)
	}
	return out
}

// refusal tells why a queue does not take a caller in, of what the store does not know,
// and the wait that was looked at for it. One that nobody can tell keeps nobody out.
func (s *Service) refusal(ctx context.Context, q Queue, c CallRecord, now time.Time) (why orchestrator.PlacementResult, expected time.Duration) {
	if q.Hours != "" && !s.open(q.Hours, now) {
		return orchestrator.RefusedClosed, 0
	}
	if q.MaxExpected <= 0 {
		return "", 0
	}
	if expected = s.expected(ctx, c, 0); expected > q.MaxExpected {
		why = orchestrator.RefusedLong
	}
	return why, expected
}

// expected is how long a call has to wait, by numbers of some age; 0 when nobody can tell.
func (s *Service) expected(ctx context.Context, c CallRecord, age time.Duration) time.Duration {
	wait, err := s.expect(ctx, c, age)
	if err != nil {
		s.log.DebugContext(ctx, "no wait is expected", "queue", c.Queue, "error", err)
		return 0
	}
	return wait
}

// estimates tells whether anybody asks how long callers will wait.
func (q Queue) estimates() bool {
	return q.AnnounceWait || q.MaxExpected > 0 || slices.ContainsFunc(q.Relax, func(r Relax) bool { return r.Expected > 0 })
}

func placement(result orchestrator.PlacementResult, o *OfferRecord, position int, q Queue) orchestrator.Placement {
	p := orchestrator.Placement{Result: result, Position: position, Plan: q.Plan()}
	if o != nil {
		p.Offer = &o.Offer
	}
	return p
}

// Leave implements orchestrator.Distributor.
func (s *Service) Leave(ctx context.Context, call string, visit int, why string) error {
	dir := s.directory.Load()
	for range maxRaces {
		c, ok, err := s.store.Call(ctx, call)
		if err != nil || !ok || c.Visit > visit {
			return err
		}
		keep := dir.keeps(c.Queue, why)
		o, offered, err := s.offered(ctx, c)
		if err != nil {
			return err
		}
		if offered { // the call's other offers end with it
			if _, err := s.fail(ctx, o.Offer, orchestrator.OfferCancelled, telling, keeping(keep)); err != nil {
				return err
			}
			continue // gone, unless the offer had failed already and the call waits again
		}
		done, err := s.store.Leave(ctx, s.now(), call, visit, keep)
		if err != nil || done {
			return err
		}
	}
	return fault.New("acd.Leave", fault.Unavailable, "call %q is matched again and again while it leaves (%s)", call, why)
}

// Place implements orchestrator.Distributor.
func (s *Service) Place(ctx context.Context, call string) (int, time.Duration, error) {
	c, ok, err := s.store.Call(ctx, call)
	if err != nil || !ok {
		return 0, 0, err
	}
	position, err := s.store.Place(ctx, call, c)
	if err != nil || position == 0 || !s.directory.Load().queues[c.Queue].estimates() {
		return position, 0, err
	}
	wait, err := s.expect(ctx, c, expectAge)
	return position, wait, err
}

// offered returns the first of a call's offers that stands.
func (s *Service) offered(ctx context.Context, c CallRecord) (o OfferRecord, ok bool, err error) {
	for _, id := range c.Offers() {
		if o, ok, err = s.store.Offer(ctx, id); ok || err != nil {
			return o, ok, err
		}
	}
	return o, false, nil
}

// Answered implements orchestrator.Distributor.
func (s *Service) Answered(ctx context.Context, o orchestrator.Offer) (bool, error) {
	return s.store.Answer(ctx, s.now(), o.ID, newUnique())
}

// Talking implements orchestrator.Distributor.
func (s *Service) Talking(ctx context.Context, o orchestrator.Offer) (bool, error) {
	if valid, err := s.Answered(ctx, o); valid || err != nil {
		return valid, err
	}
	for range maxRaces {
		held, before, err := s.store.Hold(ctx, s.now(), o)
		if err != nil || before == "" {
			return held, err
		}
		other, ok, err := s.store.Offer(ctx, before)
		if err != nil {
			return false, err
		}
		why := orchestrator.OfferError // the agent's: its call keeps its place
		if other.Call == o.Call {
			why = orchestrator.OfferCancelled
		}
		if ok {
			if _, err := s.fail(ctx, other.Offer, why, telling, unlessAnswered); err != nil {
				return false, err
			}
		}
	}
	return false, fault.New("acd.Talking", fault.Unavailable, "agent %q is offered calls again and again while in call %q", o.Agent, o.Call)
}

// Failed implements orchestrator.Distributor. An offer that was answered but
// whose conversation never began may fail too: the call gets its old place back.
func (s *Service) Failed(ctx context.Context, o orchestrator.Offer, why orchestrator.OfferFailure) (orchestrator.Placement, error) {
	switch why {
	case orchestrator.OfferNoAnswer, orchestrator.OfferRejected, orchestrator.OfferBusy,
		orchestrator.OfferUnreachable, orchestrator.OfferCancelled, orchestrator.OfferAbandoned, orchestrator.OfferElsewhere, orchestrator.OfferError:
	default:
		return orchestrator.Placement{}, fault.New("acd.Failed", fault.Invalid, "failure %q is unknown", why)
	}
	keep := time.Duration(0)
	if why == orchestrator.OfferAbandoned {
		why, keep = orchestrator.OfferCancelled, s.directory.Load().keeps(o.Queue, orchestrator.LeftLine)
	}
	res, err := s.fail(ctx, o, why, keeping(keep))
	if err != nil {
		return orchestrator.Placement{}, err
	}
	if !res.Failed || (res.ForCall == nil && res.Position == 0 && why != orchestrator.OfferCancelled) {
		return s.placeOf(ctx, o.Call)
	}
	q, _ := s.directory.Load().queue(o.Queue)
	switch {
	case why == orchestrator.OfferCancelled:
		return orchestrator.Placement{Result: orchestrator.PlacedOut}, nil
	case res.ForCall != nil:
		return placement(orchestrator.PlacedOffered, res.ForCall, 0, q), nil
	default:
		return placement(orchestrator.PlacedWaiting, nil, res.Position, q), nil
	}
}

// telling has the owner of the PBX told, who did not ask for the end of the offer.
func telling(f *FailOrder) { f.Tell = true }

// unlessAnswered spares an offer that was answered since it was looked at.
func unlessAnswered(f *FailOrder) { f.Unanswered = true }

// fail ends an offer.
func (s *Service) fail(ctx context.Context, o orchestrator.Offer, why orchestrator.OfferFailure, how ...func(*FailOrder)) (FailResult, error) {
	dir := s.directory.Load()
	q, ok := dir.queue(o.Queue)
	if !ok {
		q = NewQueue()
	}
	now, rest := s.now(), q.Retry
	order := FailOrder{
		Offer: o.ID, Agent: o.Agent, Why: why,
		MaxMiss: q.MissesBeforePause, Rest: rest, RestLong: max(rest, s.cfg.PhoneRest), RestMost: max(rest, s.cfg.PhoneRest, restMost),
		CallID: newUnique(), AgentID: newUnique(),
	}
	for _, set := range how {
		set(&order)
	}
	res, err := s.store.Fail(ctx, now, order)
	if err != nil {
		return FailResult{}, err
	}
	if res.Failed && why != orchestrator.OfferCancelled && why != orchestrator.OfferElsewhere {
		s.alarm.by(now.Add(rest))
	}
	s.matched(res.ForCall)
	s.matched(res.ForAgent)
	if res.Answered && res.Position > 0 {
		err = s.replace(ctx, o.Call)
	}
	return res, err
}

// replace brings a call in line with the definitions that came while it was with an agent.
func (s *Service) replace(ctx context.Context, call string) error {
	if err := s.current(ctx); err != nil && !errors.Is(err, errBehind) {
		return err
	}
	c, ok, err := s.store.Call(ctx, call)
	if err == nil && ok {
		_, err = s.place(ctx, s.directory.Load(), call, c, true)
	}
	return err
}

// placeOf answers for a call where it stands now.
func (s *Service) placeOf(ctx context.Context, call string) (orchestrator.Placement, error) {
	out := orchestrator.Placement{Result: orchestrator.PlacedOut}
	for range maxRaces {
		c, ok, err := s.store.Call(ctx, call)
		if err != nil || !ok {
			return out, err
		}
		q, _ := s.directory.Load().queue(c.Queue)
		o, offered, err := s.offered(ctx, c)
		if err != nil {
			return out, err
		}
		if offered {
			return placement(orchestrator.PlacedOffered, &o, 0, q), nil
		}
		position, err := s.store.Place(ctx, call, c)
		if err != nil {
			return out, err
		}
		if position > 0 {
			return placement(orchestrator.PlacedWaiting, nil, position, q), nil
		}
	}
	return out, fault.New("acd.Failed", fault.Unavailable, "the place of call %q changes too fast", call)
}

// Finished implements orchestrator.Distributor.
func (s *Service) Finished(ctx context.Context, o orchestrator.Offer, talked time.Duration) error {
	dir := s.directory.Load()
	now, wrap, closing := s.now(), dir.wrapUp(o.Agent, cmp.Or(o.Of, o.Queue)), dir.closingOf(cmp.Or(o.Of, o.Queue))
	res, err := s.store.Finish(ctx, now, FinishOrder{
		Offer: o.ID, Agent: o.Agent, WrapUp: wrap, Talked: talked, OfferID: newUnique(), Keep: dir.remembers(cmp.Or(o.Of, o.Queue)),
		Closing: closing,
	})
	if err != nil {
		return err
	}
	if res.Open {
		return fault.New("acd.Finished", fault.Conflict, "offer %q was not answered", o.ID)
	}
	if wrap > 0 || closing.Required {
		s.alarm.by(now.Add(wrap))
	}
	s.matched(res.Offer)
	return nil
}
