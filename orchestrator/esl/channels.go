package esl

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// markVariable marks a channel as handed over to us. The dialplan and our own
// originations set it; who takes it away lets the channel go.
const markVariable = "operadora_app"

// here refuses a command to a channel that is not under our control: one that
// nobody knows, has left or ended is not found, one that still dials is not ready.
// It ends the dialplan's patience with a call that was handed over.
func (a *Adapter) here(ctx context.Context, verb string, channels ...string) error {
	if _, err := a.ready(ctx, verb); err != nil {
		return err
	}
	var claim []string
	a.legs.mu.Lock()
	err := func() error {
		for _, ch := range channels {
			g := a.legs.m[ch]
			switch {
			case g == nil || g.stage == stageLeft || g.stage == stageOver || g.stage == stageUnknown:
				return fault.New("esl."+verb, fault.NotFound, "channel %.80q is gone", ch)
			case g.stage == stageDialling:
				return fault.New("esl."+verb, fault.Conflict, "channel %.80q still dials", ch)
			case !g.claimed && !orchestrator.Ours(ch):
				g.claimed = true
				claim = append(claim, ch)
			}
		}
		return nil
	}()
	a.legs.mu.Unlock()
	for _, ch := range claim {
		cerr := a.orders(ctx, "Claim", "sched_del operadora-"+ch, "uuid_setvar "+ch+" "+dialplans.FreeSWITCHHeard+" 1")
		if cerr != nil && err == nil {
			a.legs.see(ch, func(g *leg) {
				if g != nil {
					g.claimed = false
				}
			})
			err = cerr
		}
	}
	return err
}

// Answer answers a channel.
func (a *Adapter) Answer(ctx context.Context, channel string) error {
	if err := a.here(ctx, "Answer", channel); err != nil {
		return err
	}
	up := false
	a.legs.see(channel, func(g *leg) { up = g != nil && g.up })
	if err := a.order(ctx, "Answer", "uuid_answer "+channel); err != nil || up {
		return err
	}
	a.legs.see(channel, func(g *leg) {
		if g != nil {
			g.up = true
		}
	})
	return a.settle(ctx, channel)
}

// settling is how long a channel reads sound before it is said to be answered,
// in ms: what arrives before its first look FreeSWITCH throws away, keys as well.
const settling = "40"

// settle waits until an answered channel reads what arrives.
func (a *Adapter) settle(ctx context.Context, channel string) error {
	t := &task{kind: taskSettle, id: "op-settle-" + channel}
	if err := a.enqueue(ctx, "Answer", channel, t, false); err != nil {
		return err
	}
	err := a.await(ctx, "Answer", channel, func(g *leg) bool { return g.now != t && !slices.Contains(g.waiting, t) })
	if fault.KindOf(err) == fault.NotFound {
		return nil // answered, and hung up since
	}
	return err
}

// Hangup ends a channel. One that is gone already is no error; one that was
// ordered and is not there yet is ended when it comes to be.
func (a *Adapter) Hangup(ctx context.Context, channel string, cause orchestrator.Cause) error {
	if !channelID.MatchString(channel) {
		return nil // FreeSWITCH has no such channel
	}
	over, peer := false, ""
	a.legs.see(channel, func(g *leg) {
		if g != nil {
			g.asked, g.held, over, peer = cause, true, g.stage == stageOver, g.peer
		}
	})
	if over {
		return nil
	}
	if peer != "" {
		if err := a.letGo(ctx, channel, peer); err != nil {
			return err
		}
	}
	return a.order(ctx, "Hangup", "uuid_kill "+channel+" "+causeName(cause))
}

// Continue hands a channel back to the dialplan: to a place, or to where the
// dialplan said that it goes on without us. The channel takes our mark off by
// itself, so that it is either wholly ours or wholly gone.
func (a *Adapter) Continue(ctx context.Context, channel string, to orchestrator.DialplanPlace) error {
	if err := a.here(ctx, "Continue", channel); err != nil {
		return err
	}
	var number, away string
	a.legs.see(channel, func(g *leg) {
		if g != nil {
			number, away = g.did, g.away
		}
	})
	number = cmp.Or(to.Extension, number, "s")
	away = cmp.Or(to.Context, away, a.cfg.App+"-away")
	if !extension.MatchString(number) || !word.MatchString(away) {
		return fault.New("esl.Continue", fault.Invalid, "%.80q in context %.80q is no place in a dialplan", number, away)
	}
	a.legs.unseat(channel)
	unset := "unset:" + markVariable
	if to.Away && !to.Recorded { // FreeSWITCH tells us of it when it is over
		unset = "unset:" + dialplans.FreeSWITCHHeard + "^" + unset
	}
	return a.transfer(ctx, "Continue", channel, "'m:^:"+unset+"^transfer:"+strings.Join([]string{number, "XML", away}, " ")+"' inline", nil)
}

// movesKept is how many transfers a channel has left when it gets new ones. FreeSWITCH
// hangs up who was transferred 70 times, which a permanent line is in 35 calls, and
// keeps a note of each time, which every event of the channel then tells.
const movesKept = 30

// transfer has a channel carry something else out. Orders for one channel are given one
// after the other: over two connections the later could overtake, and the channel would
// be where the earlier put it. wanted, unless nil, tells when its turn has come whether
// an order is to be given still.
func (a *Adapter) transfer(ctx context.Context, verb, channel, what string, wanted func(*leg) bool) error {
	var turn chan struct{}
	a.legs.see(channel, func(g *leg) {
		if g != nil {
			turn = g.turn
		}
	})
	if turn != nil {
		limited, cancel := context.WithTimeout(ctx, a.cfg.CommandTimeout)
		defer cancel()
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-limited.Done():
			return fault.E("esl."+verb, fault.Unavailable, limited.Err())
		}
	}
	tired, still := false, true
	a.legs.see(channel, func(g *leg) {
		if g != nil {
			tired = g.moves > 0 && g.moves < movesKept
			still = wanted == nil || wanted(g)
		}
	})
	if !still {
		return nil
	}
	if tired {
		if err := a.order(ctx, verb, "uuid_setvar_multi "+channel+" max_session_transfers=70;transfer_history="); err != nil {
			return err
		}
	}
	return a.order(ctx, verb, "uuid_transfer "+channel+" "+what)
}
