package engine

import (
	"context"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

// opDial is the feature code by which an agent's phone calls somebody.
const opDial = "dial"

// Dial begins a call that an agent makes on behalf of a queue, and returns once
// the agent is held for it, or was refused. A key that was used before gives the
// same call, whatever became of it; with another order it is a Conflict.
func (e *Engine) Dial(ctx context.Context, pbx string, o call.Order, key string) (call.Begun, error) {
	if e.elsewhere(pbx) {
		a, err := e.send(ctx, opDialOut, pbx, order{Dial: &dialOrder{Order: o, Key: key}})
		return a.Begun, err
	}
	return e.dialHere(ctx, pbx, o, key)
}

const opDialOut = "orchestrator.Dial"

// dialHere is Dial on a PBX that this process drives.
func (e *Engine) dialHere(ctx context.Context, pbx string, o call.Order, key string) (call.Begun, error) {
	const op = opDialOut
	v, err := e.ready(op, pbx)
	if err != nil {
		return call.Begun{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.rules.call.Limits.Command)
	defer cancel()
	id := newCallID(e.now())
	if key != "" {
		claimed, err := e.claim(ctx, id, o, key)
		if err != nil {
			return call.Begun{}, err
		}
		if claimed != id {
			refusal, known, err := e.known(ctx, claimed)
			if err != nil || known {
				return call.Begun{Call: claimed, Again: true, Refusal: refusal}, err
			}
			if !e.young(claimed) { // it may have been forgotten since
				return call.Begun{Call: claimed, Again: true}, nil
			}
			id = claimed // whoever claimed it died before it was stored: nothing was dialled
		}
	}
	refusal, err := v.dialOut(call.NewOutbound(id, pbx, "", o, e.now()), o).settled(ctx)
	return call.Begun{Call: id, Refusal: refusal}, err
}

// ready is who drives a PBX here, for an order of somebody's that begins a call there.
func (e *Engine) ready(op, pbx string) (*driving, error) {
	d, ok := e.drivers[pbx]
	if !ok {
		return nil, fault.New(op, fault.NotFound, "PBX %q is not configured", pbx)
	}
	v := d.at.Load()
	if v == nil || !v.Ready() {
		return nil, fault.New(op, fault.Unavailable, "PBX %q is not connected here", pbx)
	}
	return v, nil
}

// claim returns the call that a key stands for: id when it is new.
func (e *Engine) claim(ctx context.Context, id string, o call.Order, key string) (string, error) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join([]string{o.Agent, o.Queue, o.Number}, "\x00"))) // hash.Hash never returns an error
	print := strconv.FormatUint(h.Sum64(), 16)
	got, err := e.store.Claim(ctx, "dial "+o.Agent+" "+key, id+" "+print)
	if err != nil {
		return "", err
	}
	claimed, before, _ := strings.Cut(got, " ")
	if before != print {
		return "", fault.New("orchestrator.Dial", fault.Conflict, "key %q was used for another number or queue", key)
	}
	return claimed, nil
}

// claimFresh is within what time a key whose call is not stored means that it
// never was: shorter than an ended call is remembered.
const claimFresh = 30 * time.Minute

// young tells whether an id of ours was made lately.
func (e *Engine) young(id string) bool {
	made, err := ulid.Parse(strings.ToUpper(id))
	return err == nil && e.now().Sub(ulid.Time(made.Time())) < claimFresh
}

// known returns why a call that was begun before could not be made, nil when it
// could, once it is known whether its agent is held; false when nothing of it is stored.
func (e *Engine) known(ctx context.Context, id string) (*call.Refusal, bool, error) {
	e.mu.Lock()
	l, here := e.calls[id]
	e.mu.Unlock()
	if here {
		refusal, err := l.settled(ctx)
		return refusal, true, err
	}
	r, err := e.store.Load(ctx, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	c, err := call.Parse(r.Doc)
	return c.Refusal, true, err
}

// dialOut begins a call that an agent makes; one that is here already is that one.
func (v *driving) dialOut(c call.Call, o call.Order) *loop {
	l := newLoop(v, c.Call, c.Arrived(), ofCall{c}, v.log.With("call", c.Call))
	if before := v.eng.addNew(l); before != nil {
		return before
	}
	v.remap(l, c)
	l.post(call.Input{Kind: call.InDial, Order: o})
	v.start(l)
	return l
}

// dialledAt begins a call that an agent dialled at the phone.
func (v *driving) dialledAt(channel string, t orchestrator.ChannelTruth, language string) {
	arg := func(i int) string {
		if i < len(t.Args) {
			return t.Args[i]
		}
		return ""
	}
	o := call.Order{Endpoint: arg(2), Number: arg(3), By: "phone"}
	if code, number, ok := strings.Cut(strings.TrimPrefix(o.Number, "*"), "*"); ok && strings.HasPrefix(o.Number, "*") {
		o.Code, o.Number = code, number
	}
	now := v.eng.now()
	c := call.NewOutbound(newCallID(now), v.pbx.Name(), channel, o, now)
	c.Language = language
	v.dialOut(c, o)
}

// settlement is the answer to whoever waits for a call that an agent makes.
type settlement struct {
	done    chan struct{} // closed once the answer is written
	refusal *call.Refusal // nil when the agent is held
	err     error
}

// settle tells whoever waits, once.
func (s *settlement) settle(refusal *call.Refusal, err error) {
	select {
	case <-s.done:
	default:
		s.refusal, s.err = refusal, err
		close(s.done)
	}
}

// settled waits until the agent of a call is held, or was refused.
func (l *loop) settled(ctx context.Context) (*call.Refusal, error) {
	select {
	case <-l.held.done:
		return l.held.refusal, l.held.err
	case <-ctx.Done():
		return nil, fault.New("orchestrator.Dial", fault.Unavailable, "call %q has not answered", l.id)
	}
}
