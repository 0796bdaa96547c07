package acd

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// lampBlink is how long changes are gathered before they are shown: an agent
// who is offered a call and answers at once needs one command, not three.
const lampBlink = 100 * time.Millisecond

// A PBX that is slow to set lamps is busy with calls, which come first: after a
// round its worker rests lampRest times as long as it took, at most lampLate.
const (
	lampRest = 4
	lampLate = 3 * time.Second
)

// lampTime is the deadline of one lamp.
const lampTime = 3 * time.Second

// serve is the worker of one PBX.
func (f *LampFollower) serve(ctx context.Context, p *panel) {
	rest, next := lampBlink, time.Time{}
	for silent := 0; ; {
		if !awaitWork(ctx, p, next) {
			return
		}
		life.SleepOr(ctx, rest, p.anew) // what passes within a blink of an eye is not shown
		begun := time.Now()
		err := f.round(ctx, p)
		took := time.Since(begun)
		switch {
		case !f.drives(p.pbx): // it is set by whoever does, or here, once that is true
			rest, next = lampBlink, time.Now().Add(lampRetry)
			continue
		case err == nil:
			silent, rest = 0, min(max(lampBlink, lampRest*took), lampLate)
		default:
			if silent == 0 && ctx.Err() == nil {
				f.log.WarnContext(ctx, "lamps cannot be set; tried again until they are", "pbx", p.pbx, "error", err)
			}
			rest = backoff(silent)
			silent++
			ring(p.signal)
		}
		_, next = p.due(time.Now())
	}
}

// awaitWork waits for news, or until next when that is not zero; false at the end of ctx.
func awaitWork(ctx context.Context, p *panel, next time.Time) bool {
	if ctx.Err() != nil {
		return false
	}
	var due <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-p.signal:
	case <-due:
	}
	return true
}

// round sets all lamps that are due, while the PBX is driven from here. A lamp
// that is refused is tried again later and keeps no other waiting. The error
// is of a PBX or a store that does not answer: all of them wait for that.
func (f *LampFollower) round(ctx context.Context, p *panel) error {
	if !f.drives(p.pbx) {
		return nil
	}
	if err := f.renew(ctx, p); err != nil {
		return err
	}
	names, _ := p.due(time.Now())
	for _, name := range names {
		if ctx.Err() != nil || !f.drives(p.pbx) {
			return ctx.Err()
		}
		state, ok := p.wanted(name)
		if !ok {
			continue
		}
		err := f.setLamp(ctx, p.pbx, name, state)
		switch {
		case err == nil:
			p.set(name, state)
		case fault.KindOf(err) == fault.Unavailable:
			p.unknown(name)
			return err
		case p.refused(name, state, time.Now()):
			f.log.WarnContext(ctx, "a lamp is refused; tried again, as others are", "pbx", p.pbx, "lamp", name, "error", err)
		}
	}
	return nil
}

// renew puts the lamps in line with a fresh snapshot when they are outdated.
func (f *LampFollower) renew(ctx context.Context, p *panel) error {
	news, stale := p.outdated()
	if !stale {
		return nil
	}
	s, err := f.snapshot(ctx)
	if err != nil {
		p.postpone()
		return err
	}
	all := map[string]orchestrator.LampState{}
	for _, a := range s.Agents {
		maps.Copy(all, bothLamps(a.ID, a.State, a.Over))
	}
	p.reset(news, all)
	return nil
}

// setLamp sets one lamp within lampTime. Silence is Unavailable, whoever noticed it.
func (f *LampFollower) setLamp(ctx context.Context, pbx, name string, state orchestrator.LampState) error {
	ctx, cancel := context.WithTimeout(ctx, lampTime)
	defer cancel()
	err := f.lamps.SetLamp(ctx, pbx, name, state)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.E("acd.SetLamp", fault.Unavailable, err)
	}
	return err
}
