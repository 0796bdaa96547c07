package pbxtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// rig is a fixture whose adapter runs, and what it told.
type rig struct {
	*testing.T
	Fixture
	log  *eventLog
	call string          // our call id, part of all ids of this test
	n    int             // numbers the ids
	own  []string        // channels and ...
	made []string        // ... bridges to remove at the end
	done <-chan struct{} // closed when Run has returned
	stop func() error    // ends Run and returns what it returned
}

// eventLog is a sink that remembers everything.
type eventLog struct {
	mu        sync.Mutex
	events    []orchestrator.Event    // guarded by mu
	snapshots []orchestrator.Snapshot // guarded by mu
	losses    []error                 // guarded by mu
	changed   chan struct{}           // guarded by mu; closed and replaced at each change
}

func (l *eventLog) note(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *eventLog) Connected(_ string, s orchestrator.Snapshot) {
	l.note(func() { l.snapshots = append(l.snapshots, s) })
}

func (l *eventLog) Disconnected(_ string, err error) {
	l.note(func() { l.losses = append(l.losses, err) })
}

func (l *eventLog) Ready() bool { return true }

func (l *eventLog) Event(e orchestrator.Event) {
	l.note(func() { l.events = append(l.events, e) })
}

// dids numbers the calls of a process so that each finds its own EventEntered.
var dids atomic.Int64

func nextDID() string { return fmt.Sprintf("7%05d", dids.Add(1)%100000) }

func newRig(t *testing.T, f Fixture) *rig {
	t.Helper()
	if f.Bound == 0 {
		f.Bound = 15 * time.Second
	}
	r := &rig{
		T: t, Fixture: f,
		log:  &eventLog{changed: make(chan struct{})},
		call: strings.ToLower(rand.Text()[:12]),
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	var result error
	go func() {
		defer close(done)
		result = f.PBX.Run(ctx, r.log)
	}()
	r.done = done
	r.stop = func() error {
		cancel()
		<-done
		return result
	}
	t.Cleanup(func() {
		r.clear()
		_ = r.stop() // testContext looks at what it returns
	})
	r.snapshot(0)
	return r
}

// clear removes what the test left on the PBX. The test's own context has
// ended by now.
func (r *rig) clear() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), r.Bound)
	defer cancel()
	for _, id := range r.own {
		if err := r.PBX.Hangup(ctx, id, orchestrator.CauseNormal); err != nil {
			r.Errorf("clearing up channel %s: %v", id, err)
		}
	}
	for _, id := range r.made {
		if err := r.PBX.DestroyBridge(ctx, id); err != nil {
			r.Errorf("clearing up bridge %s: %v", id, err)
		}
	}
}

// id makes an id of the kind that the engine makes.
func (r *rig) id(letter string) string {
	r.n++
	return fmt.Sprintf("op-%s-%s%d", r.call, letter, r.n)
}

// until waits until probe, which runs with the log locked, finds what it looks for.
func (r *rig) until(what string, probe func() bool) {
	r.Helper()
	limit := time.NewTimer(r.Bound)
	defer limit.Stop()
	for {
		r.log.mu.Lock()
		found, changed := probe(), r.log.changed
		r.log.mu.Unlock()
		if found {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			r.log.mu.Lock()
			defer r.log.mu.Unlock()
			r.Fatalf("waited in vain for %s; told so far:%s", what, r.log.text())
		}
	}
}

// text lists the events; mu is held.
func (l *eventLog) text() string {
	var b strings.Builder
	for _, e := range l.events {
		fmt.Fprintf(&b, "\n  %s channel=%q playback=%q recording=%q endpoint=%q digit=%q cause=%d failed=%v reason=%q device=%q",
			e.Kind, e.Channel, e.Playback, e.Recording, e.Endpoint, e.Digit, e.Cause, e.Failed, e.Reason, e.Device)
	}
	fmt.Fprintf(&b, "\n  %d connections, losses %v", len(l.snapshots), l.losses)
	return b.String()
}

// await waits for an event that match accepts and returns the first.
func (r *rig) await(what string, match func(orchestrator.Event) bool) (found orchestrator.Event) {
	r.Helper()
	r.until(what, func() bool {
		i := slices.IndexFunc(r.log.events, match)
		if i >= 0 {
			found = r.log.events[i]
		}
		return i >= 0
	})
	return found
}

// count tells how many events match accepts up to now.
func (r *rig) count(match func(orchestrator.Event) bool) (n int) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for _, e := range r.log.events {
		if match(e) {
			n++
		}
	}
	return n
}

// snapshot waits for the n-th connection (from 0) and returns its truth.
func (r *rig) snapshot(n int) (s orchestrator.Snapshot) {
	r.Helper()
	r.until(fmt.Sprintf("connection %d", n), func() bool {
		if len(r.log.snapshots) <= n {
			return false
		}
		s = r.log.snapshots[n]
		return true
	})
	return s
}

// connections counts the connections up to now.
func (r *rig) connections() int {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return len(r.log.snapshots)
}

func on(kind orchestrator.EventKind, channel string) func(orchestrator.Event) bool {
	return func(e orchestrator.Event) bool { return e.Kind == kind && e.Channel == channel }
}

func played(id string) func(orchestrator.Event) bool {
	return func(e orchestrator.Event) bool { return e.Kind == orchestrator.EventPlayed && e.Playback == id }
}

func recorded(id string) func(orchestrator.Event) bool {
	return func(e orchestrator.Event) bool { return e.Kind == orchestrator.EventRecorded && e.Recording == id }
}

// line is an inbound call of the test.
type line struct {
	Caller
	channel string
	entered orchestrator.Event
}

// arrive brings a call in and waits for it.
func (r *rig) arrive() line {
	r.Helper()
	did := nextDID()
	caller := r.Arrive(r.T, did, orchestrator.Party{Number: "5550100", Name: "Ana"})
	e := r.await("the call to "+did, func(e orchestrator.Event) bool {
		return e.Kind == orchestrator.EventEntered && e.DID == did
	})
	r.own = append(r.own, e.Channel)
	return line{Caller: caller, channel: e.Channel, entered: e}
}

// answered is an inbound call that was answered.
func (r *rig) answered() line {
	r.Helper()
	l := r.arrive()
	r.must(r.PBX.Answer(r.Context(), l.channel))
	return l
}

// order makes an origination to a phone.
func (r *rig) order(p Phone, limit time.Duration) orchestrator.Origination {
	o := orchestrator.Origination{
		Channel: r.id("l"), Endpoint: p.Endpoint(), Args: []string{"leg", r.call},
		Caller: orchestrator.Party{Number: "5550100", Name: "Ana"}, Timeout: limit,
	}
	r.own = append(r.own, o.Channel)
	return o
}

// leg is an answered origination.
func (r *rig) leg() (Phone, string) {
	r.Helper()
	p := r.Phone(r.T, PhoneAnswers)
	o := r.order(p, 10*time.Second)
	r.must(r.PBX.Originate(r.Context(), o))
	r.await("the answer of "+o.Endpoint, on(orchestrator.EventEntered, o.Channel))
	return p, o.Channel
}

// bridged is a caller and a phone in a bridge.
func (r *rig) bridged() (l line, p Phone, leg, bridge string) {
	r.Helper()
	l = r.answered()
	p, leg = r.leg()
	bridge = r.bridge()
	r.must(r.PBX.Join(r.Context(), bridge, l.channel, leg))
	return l, p, leg, bridge
}

func (r *rig) bridge() string {
	r.Helper()
	id := r.id("b")
	r.made = append(r.made, id)
	r.must(r.PBX.CreateBridge(r.Context(), id))
	return id
}

// barrierKey is pressed by barrier alone.
const barrierKey = "9"

// barrier waits until all events of a line up to now were told, by a key that
// is pressed after them.
func (r *rig) barrier(l line) {
	r.Helper()
	again := r.again("the key of the barrier on "+l.channel, func(e orchestrator.Event) bool {
		return on(orchestrator.EventDigit, l.channel)(e) && e.Digit == barrierKey
	})
	l.Press(r.T, barrierKey)
	again()
}

// again counts the events that match now and returns a function that waits for one more.
func (r *rig) again(what string, match func(orchestrator.Event) bool) func() {
	r.Helper()
	seen := r.count(match)
	return func() {
		r.Helper()
		r.until(what, func() bool {
			n := 0
			for _, e := range r.log.events {
				if match(e) {
					n++
				}
			}
			return n > seen
		})
	}
}

// once fails unless exactly one event up to the next arrival matches.
func (r *rig) once(what string, match func(orchestrator.Event) bool) orchestrator.Event {
	r.Helper()
	e := r.await(what, match)
	r.arrive() // a later event of the same connection: whatever came before it was told
	if n := r.count(match); n != 1 {
		r.Errorf("%s was told %d times", what, n)
	}
	return e
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// refused fails unless err is of one of the kinds.
func (r *rig) refused(what string, err error, kinds ...fault.Kind) {
	r.Helper()
	if err == nil {
		r.Errorf("%s was obeyed, want one of %v", what, kinds)
		return
	}
	if !slices.Contains(kinds, fault.KindOf(err)) {
		r.Errorf("%s: kind %v (%v), want one of %v", what, fault.KindOf(err), err, kinds)
	}
}
