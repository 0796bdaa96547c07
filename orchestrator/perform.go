package orchestrator

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// perform runs effects in order and returns what came of them.
func (l *loop) perform(ctx context.Context, fx []effect) []input {
	var results []input
	for _, f := range fx {
		results = append(results, l.effect(ctx, f)...)
	}
	return results
}

// effect runs one effect.
func (l *loop) effect(ctx context.Context, f effect) []input {
	switch f.Kind {
	case fxEnqueue, fxLeave, fxPosition, fxFail, fxFinish, fxAgent:
		return l.distribute(ctx, f)
	case fxPickup:
		return l.pickup(ctx, f)
	case fxCheckPlay:
		return l.checkPlay(ctx, f)
	case fxCheckRec:
		return l.checkRec(ctx, f)
	default:
		return l.command(ctx, f)
	}
}

// command sends one command to the PBX.
func (l *loop) command(ctx context.Context, f effect) []input {
	p, bridge := l.drv.pbx, bridgeID(l.call.Call)
	var err error
	var done []input
	switch f.Kind {
	case fxAnswer:
		err = p.Answer(ctx, f.Channel)
		done = []input{{Kind: inAnswered}}
	case fxHangup:
		err = p.Hangup(ctx, f.Channel, f.Cause)
	case fxContinue:
		err = p.Continue(ctx, f.Channel, f.Place)
	case fxPlay:
		err = p.Play(ctx, f.Playback)
	case fxStopPlay:
		err = p.StopPlay(ctx, f.ID)
	case fxHold:
		err = p.Hold(ctx, f.Channel, f.Class)
	case fxUnhold:
		err = p.Unhold(ctx, f.Channel)
	case fxOriginate:
		err = p.Originate(ctx, f.Origination)
	case fxBridge:
		err = p.CreateBridge(ctx, bridge)
	case fxUnbridge:
		err = p.DestroyBridge(ctx, bridge, l.staying()...)
		done = []input{{Kind: inUnbridge}}
	case fxRejoin:
		if err = p.CreateBridge(ctx, bridge); err == nil {
			err = p.Join(ctx, bridge, l.call.Channel, f.Other)
		}
	case fxRecord:
		err = p.Record(ctx, f.Record)
	case fxStopRecord:
		err = p.StopRecord(ctx, f.ID)
	case fxMute:
		err = p.MuteRecord(ctx, f.ID, f.Flag)
	case fxCheckPlay, fxPickup, fxCheckRec, fxEnqueue, fxLeave, fxPosition, fxFail, fxFinish, fxAgent:
		// more than one command, or none: effect sends them elsewhere
	}
	if err == nil {
		return done
	}
	if f.Kind == fxUnbridge && fault.KindOf(err) == fault.NotFound {
		return done
	}
	l.log.DebugContext(ctx, "command failed", "command", f.Kind, "error", err)
	return []input{{Kind: inRefused, Effect: f, Err: err}}
}

// staying is the caller if the flow goes on with him after his bridge is gone.
func (l *loop) staying() []string {
	if l.call.Hung || l.call.State == StateClearing || l.call.State == StateEnded {
		return nil
	}
	return []string{l.call.Channel}
}

// pickup takes the offer up and joins caller and agent. The offer is taken
// first: an agent whose offer has lapsed must not hear the caller.
func (l *loop) pickup(ctx context.Context, f effect) []input {
	if f.Offer.ID != "" {
		var valid bool
		ok := l.untilAnswered(ctx, func() (err error) {
			valid, err = l.eng.dist.Answered(ctx, f.Offer)
			return err
		})
		if !ok || !valid {
			return []input{{Kind: inPickedUp, Err: fault.New("pickup", fault.Conflict, "the offer has lapsed")}}
		}
	}
	if l.call.Wait != nil {
		// joining a channel under hold music would leave the music on
		if err := l.drv.pbx.Unhold(ctx, l.call.Channel); err != nil {
			l.log.DebugContext(ctx, "unhold before the join", "error", err)
		}
	}
	err := l.drv.pbx.Join(ctx, bridgeID(l.call.Call), l.call.Channel, f.Other)
	return []input{{Kind: inPickedUp, OK: err == nil, Err: err}}
}

// checkPlay finds out whether a playback whose end may have been missed is over.
func (l *loop) checkPlay(ctx context.Context, f effect) []input {
	playing, err := l.drv.pbx.Playing(ctx, f.ID)
	switch {
	case err != nil || playing:
		return nil // its end will be told; if the PBX is away, the next resync asks again
	case f.Adopted:
		return []input{{Kind: inResumed, ID: f.ID}}
	default:
		return []input{{Kind: inEvent, Event: Event{Kind: EventPlayed, Playback: f.ID}}}
	}
}

// checkRec finds out whether a recording whose end may have been missed is over, and whether it was kept.
func (l *loop) checkRec(ctx context.Context, f effect) []input {
	running, err := l.drv.pbx.Recording(ctx, f.ID)
	if err != nil || running {
		return nil
	}
	body, _, err := l.drv.pbx.OpenRecording(ctx, f.ID)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil
	}
	e := Event{Kind: EventRecorded, Recording: f.ID, Failed: err != nil}
	if body != nil {
		_ = body.Close() // only its existence was asked for
	}
	return []input{{Kind: inEvent, Event: e}}
}

// distribute runs one effect that concerns queues and agents. These are
// repeated until the distributor answers: it lives in the same store without
// which the call could not go on either.
func (l *loop) distribute(ctx context.Context, f effect) []input {
	var out []input
	l.untilAnswered(ctx, func() (err error) {
		switch f.Kind {
		case fxEnqueue:
			var p Placement
			p, err = l.eng.dist.Enqueue(ctx, f.Waiting)
			out = []input{{Kind: inPlaced, Placement: p}}
		case fxLeave:
			err = l.eng.dist.Leave(ctx, l.call.Call, f.Why)
			out = []input{{Kind: inLeft}}
		case fxPosition:
			var pos int
			pos, _, err = l.eng.dist.Place(ctx, l.call.Call)
			out = []input{{Kind: inPosition, Position: pos}}
		case fxFail:
			var p Placement
			p, err = l.eng.dist.Failed(ctx, f.Offer, f.Failure)
			out = []input{{Kind: inSettled, Offer: f.Offer}}
			if f.Failure != OfferCancelled {
				out = append(out, input{Kind: inPlaced, Placement: p})
			}
		case fxFinish:
			err = l.eng.dist.Finished(ctx, f.Offer, msDuration(f.TalkedMS))
			out = []input{{Kind: inSettled, Offer: f.Offer}}
		case fxAgent:
			var a AgentAnswer
			a, err = l.eng.agents.Do(ctx, f.Agent)
			out = []input{{Kind: inAgent, Answer: a}}
		default: // effect sends only these here
		}
		return err
	})
	return out
}

// untilAnswered repeats ask until it succeeds, fails for good (logged as an
// error: the distributor refuses only what can never work) or ctx ends.
func (l *loop) untilAnswered(ctx context.Context, ask func() error) bool {
	wait := 20 * time.Millisecond
	for {
		err := ask()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if fault.KindOf(err) != fault.Unavailable {
			l.log.ErrorContext(ctx, "the distributor refused", "error", err)
			return false
		}
		if !sleep(ctx, wait) {
			return false
		}
		wait = min(2*wait, time.Second)
	}
}
