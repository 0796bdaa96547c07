package esl

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A room is a conference of that name. FreeSWITCH has a conference only while
// somebody is in it: that a room exists is kept in a hash of FreeSWITCH's own,
// which outlives us and not FreeSWITCH.

// CreateBridge makes a room; one that exists already is no error.
func (a *Adapter) CreateBridge(ctx context.Context, bridge string) error {
	if !orchestrator.Ours(bridge) || !channelID.MatchString(bridge) {
		return fault.New("esl.CreateBridge", fault.Invalid, "bridge id %q is not of our making", bridge)
	}
	if err := a.order(ctx, "CreateBridge", "hash insert/"+a.roomRealm()+"/"+bridge+"/1"); err != nil {
		return err
	}
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	a.legs.rooms[bridge] = true
	return nil
}

// passKeys are the member flags of those whose keys are sent to the others in the room.
const passKeys = "+flags{dist-dtmf}" //nolint:gosec // no secret

// Join puts channels into a room and returns when all are in; those that are in
// it already stay. What they play ends. Keys that they press are sent to the others
// in the room.
func (a *Adapter) Join(ctx context.Context, bridge string, channels ...string) error {
	return a.join(ctx, bridge, channels, func(string) string { return passKeys })
}

// JoinAbsorbing is Join where the keys of one channel are told and sent to nobody. All
// are put in at the same time.
func (a *Adapter) JoinAbsorbing(ctx context.Context, bridge, channel string, others ...string) error {
	return a.join(ctx, bridge, append(slices.Clone(others), channel), func(ch string) string {
		if ch == channel {
			return ""
		}
		return passKeys
	})
}

// join puts channels into a room, with the member flags that flags gives each.
func (a *Adapter) join(ctx context.Context, bridge string, channels []string, flags func(channel string) string) error {
	if len(channels) == 0 {
		return fault.New("esl.Join", fault.Invalid, "bridge %q: no channels", bridge)
	}
	if err := a.here(ctx, "Join", channels...); err != nil {
		return err
	}
	var move []string
	keys := map[string]string{} // of those who have monitored
	a.legs.mu.Lock()
	exists := a.legs.rooms[bridge]
	for _, ch := range channels {
		g := a.legs.m[ch]
		if g == nil || g.room != bridge {
			move = append(move, ch)
		}
		if g != nil && g.monitor != "" {
			keys[ch] = forgetKeys
		}
		if g != nil && exists {
			g.seat = seat{bridge, flags(ch), g.room == bridge}
		}
	}
	a.legs.mu.Unlock()
	if !exists {
		return fault.New("esl.Join", fault.NotFound, "there is no bridge %q", bridge)
	}
	errs := make([]error, len(move))
	orders, parked := make([]func() error, len(move)), make([]int64, len(move))
	var transfers sync.WaitGroup
	for i, ch := range move {
		keep := a.keepEnd()
		a.legs.see(ch, func(g *leg) {
			if g != nil && g.writes { // FreeSWITCH reads a command letter by letter, and yields after each
				keep = ""
			}
			parked[i] = g.parkedAt()
		})
		orders[i] = func() error {
			// after the conference the channel is parked; without that it would be hung up
			return a.transfer(ctx, "Join", ch, "'m:^:"+keep+keys[ch]+"conference:"+bridge+"@"+a.cfg.Profile+flags(ch)+"^park:' inline", nil)
		}
		transfers.Go(func() { errs[i] = orders[i]() })
	}
	transfers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for i, ch := range move {
		if err := a.arrives(ctx, bridge, ch, parked[i], orders[i]); err != nil {
			return err
		}
	}
	return nil
}

// overtaken is how long a channel may be parked that is on its way into a room.
const overtaken = 100 * time.Millisecond

// arrives waits until a channel is in its room. One that was parked since before, when the
// order was given, is ordered anew: FreeSWITCH loses an order that comes in the moment in
// which it looks up what the one before wants.
func (a *Adapter) arrives(ctx context.Context, bridge, channel string, before int64, order func() error) error {
	last := time.Now().Add(a.cfg.CommandTimeout)
	for {
		patience, cancel := context.WithTimeout(ctx, overtaken)
		err := a.await(patience, "Join", channel, func(g *leg) bool { return g.room == bridge })
		over := err == nil || patience.Err() == nil || ctx.Err() != nil
		cancel()
		var now int64
		a.legs.see(channel, func(g *leg) { now = g.parkedAt() })
		switch {
		case over:
			return err
		case time.Now().After(last):
			return fault.New("esl.Join", fault.Unavailable, "channel %.80q did not arrive within %v", channel, a.cfg.CommandTimeout)
		case now > before:
			before = now
			if err := order(); err != nil {
				return err
			}
		}
	}
}

// putBack puts a channel back into the room that it was taken out of by somebody at
// FreeSWITCH: who talks would sit in silence.
func (a *Adapter) putBack(ctx context.Context, channel string) {
	var s seat
	a.legs.see(channel, func(g *leg) {
		if g != nil {
			s = g.seat
		}
	})
	if s.room == "" {
		return
	}
	err := a.join(ctx, s.room, []string{channel}, func(string) string { return s.flags })
	a.log.InfoContext(ctx, "a channel was taken out of its room at freeswitch and is put back", "channel", channel, "room", s.room, "error", err)
}

// await waits until a channel is where it was ordered to.
func (a *Adapter) await(ctx context.Context, verb, channel string, there func(*leg) bool) error {
	limit := time.NewTimer(a.cfg.CommandTimeout)
	defer limit.Stop()
	for {
		var gone, done bool
		var changed chan struct{}
		a.legs.see(channel, func(g *leg) {
			if gone = g == nil || g.stage != stageHere; !gone {
				done, changed = there(g), g.changed
			}
		})
		switch {
		case gone:
			return fault.New("esl."+verb, fault.NotFound, "channel %.80q is gone", channel)
		case done:
			return nil
		}
		select {
		case <-changed:
		case <-limit.C:
			return fault.New("esl."+verb, fault.Unavailable, "channel %.80q did not arrive within %v", channel, a.cfg.CommandTimeout)
		case <-ctx.Done():
			return fault.E("esl."+verb, fault.Unavailable, ctx.Err())
		}
	}
}

// Part takes channels out of a room; one that is gone, or not in it, is no error.
func (a *Adapter) Part(ctx context.Context, bridge string, channels ...string) error {
	if _, err := a.ready(ctx, "Part"); err != nil {
		return err
	}
	var in []string
	a.legs.mu.Lock()
	for _, ch := range channels {
		if g := a.legs.m[ch]; g != nil && g.room == bridge && g.stage == stageHere {
			in = append(in, ch)
		}
	}
	a.legs.mu.Unlock()
	return a.takeOut(ctx, "Part", bridge, in)
}

// takeOut parks channels of a room and returns when they are. One that is gone is no
// error, nor is one that was put into another room: a permanent line goes from one call
// to the next, and the one before it may be late to let it go.
func (a *Adapter) takeOut(ctx context.Context, verb, bridge string, channels []string) error {
	for _, ch := range channels {
		err := a.transfer(ctx, verb, ch, "park: inline", func(g *leg) bool {
			if g.elsewhere(bridge) {
				return false
			}
			g.seat = seat{}
			return true
		})
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	return a.awaitParked(ctx, verb, bridge, channels)
}

// parkedAt is the place in the order of events at which a channel was parked, 0 of one
// that is not.
func (g *leg) parkedAt() int64 {
	if g == nil || !g.parked || g.room != "" {
		return 0
	}
	return g.applied
}

// elsewhere tells whether the channel was put into another room than that.
func (g *leg) elsewhere(bridge string) bool { return g.seat.room != "" && g.seat.room != bridge }

func (a *Adapter) awaitParked(ctx context.Context, verb, bridge string, channels []string) error {
	for _, ch := range channels {
		err := a.await(ctx, verb, ch, func(g *leg) bool { return g.room == "" && g.parked || g.elsewhere(bridge) })
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// DestroyBridge removes a room; one that is gone already is no error. Its
// recordings are ended before, and its channels are parked; those of stay are
// when it returns.
func (a *Adapter) DestroyBridge(ctx context.Context, bridge string, stay ...string) error {
	if _, err := a.ready(ctx, "DestroyBridge"); err != nil {
		return err
	}
	if !orchestrator.Ours(bridge) || !channelID.MatchString(bridge) {
		return nil
	}
	var tapes, in []string
	a.legs.mu.Lock()
	for id, tp := range a.legs.tapes {
		if tp.bridge == bridge {
			tapes = append(tapes, id)
		}
	}
	in = slices.DeleteFunc(a.legs.members(bridge), func(ch string) bool { return a.legs.m[ch].asked > 0 }) // those end
	for _, g := range a.legs.m {
		if g.seat.room == bridge {
			g.seat = seat{}
		}
	}
	a.legs.mu.Unlock()
	for _, id := range tapes {
		if err := a.StopRecord(ctx, id); err != nil {
			return err
		}
	}
	if err := a.takeOut(ctx, "DestroyBridge", bridge, in); err != nil {
		return err
	}
	if err := a.awaitParked(ctx, "DestroyBridge", bridge, stay); err != nil {
		return err
	}
	err := a.order(ctx, "DestroyBridge", "hash delete/"+a.roomRealm()+"/"+bridge)
	if err != nil && fault.KindOf(err) == fault.Unavailable {
		return err
	}
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	delete(a.legs.rooms, bridge)
	return nil
}
