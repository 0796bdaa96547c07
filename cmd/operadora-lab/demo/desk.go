package demo

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// voice is the tone by which an agent is told from all others and from callers.
func voice(agent string) float64 {
	n, _ := strconv.Atoi(agent) // 101 to 106
	return 1000 + 40*float64(n%100)
}

// A caller whom no script describes is someone who tries the demonstration out.
const (
	visitPickup = 2 * time.Second
	visitTalk   = 20 * time.Second
	reregister  = 20 * time.Minute // phones register for an hour
)

// desks are the agents' phones and what is done at them.
type desks struct {
	ctx    context.Context // ends with close
	cancel context.CancelFunc
	w      *watch
	phones map[string]*lab.Phone
	wg     sync.WaitGroup

	mu      sync.Mutex
	scripts map[string]Script // by caller's number; guarded by mu
	offers  map[string]int    // calls at any phone, by caller's number; guarded by mu
	faults  map[string]string // by caller's number; guarded by mu
}

// openDesks registers the agents' phones. ctx bounds their whole life.
func openDesks(ctx context.Context, pbx centre.Switch, w *watch, scripts []Script) (*desks, error) {
	d := &desks{w: w, scripts: map[string]Script{}, phones: map[string]*lab.Phone{},
		offers: map[string]int{}, faults: map[string]string{}}
	d.ctx, d.cancel = context.WithCancel(ctx)
	d.expect(scripts)
	for _, a := range agents {
		p, err := pbx.Phone(ctx, a.id)
		if err != nil {
			d.close() //nolint:contextcheck // hanging up has a limit of its own
			return nil, err
		}
		d.phones[a.id] = p
		p.OnInvite(func(c *lab.Call) { d.rung(a.id, c) }) //nolint:contextcheck // hanging up has a limit of its own
		d.wg.Go(func() { d.keepRegistered(p) })
		d.wg.Go(func() { d.keepReady(a.id, p) })
	}
	return d, nil
}

// expect tells the agents what to do with a crowd.
func (d *desks) expect(crowd []Script) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range crowd {
		d.scripts[s.Number] = s
	}
}

// close hangs up and takes the phones away.
func (d *desks) close() {
	d.cancel()
	for _, p := range d.phones {
		p.Close()
	}
	d.wg.Wait()
}

// login logs every agent in from the phone, all at once.
func (d *desks) login(ctx context.Context) error {
	errs := make(chan error, len(agents))
	for _, a := range agents {
		d.wg.Go(func() { errs <- dial(ctx, d.phones[a.id], "*481") })
	}
	var first error
	for range agents {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// dial dials a feature code, hears the confirmation and waits for its end.
func dial(ctx context.Context, p *lab.Phone, code string) error {
	c, err := p.Dial(ctx, code, lab.DialOptions{})
	if err == nil {
		err = c.WaitSound(ctx)
	}
	if err == nil {
		_, err = c.WaitEnd(ctx)
	}
	if err != nil {
		return fmt.Errorf("phone %s dials %s: %w", p.User(), code, err)
	}
	return nil
}

func (d *desks) keepRegistered(p *lab.Phone) {
	tick := time.NewTicker(reregister)
	defer tick.Stop()
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-tick.C:
			_ = p.Register(d.ctx) // the next time may do; it is known for an hour
		}
	}
}

// keepReady ends the pause into which an agent is put after missed calls, by
// feature code, as the agent who comes back to the desk would.
func (d *desks) keepReady(id string, p *lab.Phone) {
	missed := func() bool { a := d.w.agents[id]; return a.To == "paused" && a.Reason == "missed" }
	for d.w.until(d.ctx, "a pause", missed) == nil {
		if dial(d.ctx, p, "*484") != nil {
			return // the phone is gone, and so is the demonstration
		}
		if d.w.until(d.ctx, "the end of the pause", func() bool { return !missed() }) != nil {
			return
		}
	}
}

// rung is what an agent does when the phone rings.
func (d *desks) rung(id string, c *lab.Call) {
	number, _ := c.Caller()
	d.mu.Lock()
	d.offers[number]++
	nth := d.offers[number]
	s, scripted := d.scripts[number]
	d.mu.Unlock()
	if !scripted {
		d.visit(id, c)
		return
	}
	var err error
	switch {
	case s.Desk.Unanswered, nth <= s.Desk.Missed:
		err = c.Ring()
	case nth <= s.Desk.Missed+s.Desk.Declined:
		err = c.Reject(603)
	default:
		err = d.serve(id, c, s)
	}
	if err != nil && !over(c) {
		d.mu.Lock()
		d.faults[number] = fmt.Sprintf("agent %s: %v", id, err)
		d.mu.Unlock()
	}
}

func over(c *lab.Call) bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

// serve answers a caller, hears and speaks, and ends as the script says.
func (d *desks) serve(id string, c *lab.Call, s Script) error {
	if err := c.Ring(); err != nil {
		return err
	}
	if pass(d.ctx, c, s.Pickup) != nil {
		return nil // the caller gave up, or the ring time was over
	}
	if err := c.Answer(); err != nil {
		return err
	}
	c.PlayTone(voice(id))
	if err := c.WaitTone(d.ctx, s.Tone); err != nil {
		return fmt.Errorf("does not hear the caller: %w", err)
	}
	if s.Desk.CallerEnds {
		_, err := c.WaitEnd(d.ctx)
		return err
	}
	if pass(d.ctx, c, s.Talk) != nil {
		return nil // the record will say who ended it
	}
	if err := c.Hangup(); err != nil {
		return err
	}
	if s.Desk.Dispose == "" {
		return nil
	}
	if err := d.w.until(d.ctx, "the end of the conversation", func() bool { return d.w.agents[id].To != "talking" }); err != nil {
		return err
	}
	if err := dial(d.ctx, d.phones[id], "*485"+s.Desk.Dispose); err != nil {
		d.mu.Lock()
		d.faults[s.Number] = err.Error()
		d.mu.Unlock()
	}
	return nil
}

// visit answers a caller whom no script describes.
func (d *desks) visit(id string, c *lab.Call) {
	if c.Ring() != nil || pass(d.ctx, c, visitPickup) != nil || c.Answer() != nil {
		return // the caller gave up
	}
	c.PlayTone(voice(id))
	if pass(d.ctx, c, visitTalk) == nil {
		_ = c.Hangup() // whoever was quicker
	}
}

// pass lets time go by unless the call ends first.
func pass(ctx context.Context, c *lab.Call, t time.Duration) error {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.Done():
		return lab.ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// fault is what went wrong at the desks with a caller, "" for nothing.
func (d *desks) fault(number string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.faults[number]
}
