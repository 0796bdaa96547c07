package engine

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

// CallBack promises a callback for somebody of the staff, and returns once it is
// stored. pbx is whose trunk calls the customer.
func (e *Engine) CallBack(ctx context.Context, pbx string, o call.CallbackOrder) (call.CallbackAnswer, error) {
	if e.elsewhere(pbx) {
		a, err := e.send(ctx, opCallBack, pbx, order{CallBack: &o})
		return a.CallBack, err
	}
	return e.callBackHere(ctx, pbx, o)
}

const opCallBack = "orchestrator.CallBack"

// callBackHere is CallBack on a PBX that this process drives.
func (e *Engine) callBackHere(ctx context.Context, pbx string, o call.CallbackOrder) (call.CallbackAnswer, error) {
	const op = opCallBack
	v, err := e.ready(op, pbx)
	if err != nil {
		return call.CallbackAnswer{}, err
	}
	way, err := e.rules.call.Gate.Outside(orchestrator.Outside{PBX: pbx, Number: o.Number}, time.Time{})
	if err != nil {
		return call.CallbackAnswer{}, err
	}
	if _, ok := e.calledBack(o.Queue); !ok {
		return call.CallbackAnswer{}, fault.New(op, fault.Invalid, "queue: %q calls nobody back", o.Queue)
	}
	ctx, cancel := context.WithTimeout(ctx, e.rules.call.Limits.Command)
	defer cancel()
	now := e.now()
	o.Call, o.Number, o.Entered = newCallID(now), way.Number, now.UnixMilli()
	return v.callBack(ctx, o)
}

// calledBack says how a queue calls back.
func (e *Engine) calledBack(queue string) (orchestrator.CallbackPlan, bool) {
	if e.callbacks == nil {
		return orchestrator.CallbackPlan{}, false
	}
	return e.callbacks(queue)
}

// mostPromises bounds how often a promise is tried to be put in the place of one
// that turns out to be no more.
const mostPromises = 3

// callBack promises a callback unless there is one. It may be repeated: the call
// that calls back has its id before.
func (v *driving) callBack(ctx context.Context, o call.CallbackOrder) (call.CallbackAnswer, error) {
	plan, ok := v.eng.calledBack(o.Queue)
	if !ok {
		return call.CallbackAnswer{Result: orchestrator.CallbackDenied}, nil
	}
	o.Plan = plan
	over := ""
	for range mostPromises {
		id, err := v.eng.store.PromiseCallback(ctx, o.Queue, o.Number, o.Call, over)
		if err != nil {
			return call.CallbackAnswer{}, err
		}
		if id == o.Call {
			_, err := v.begin(ctx, call.NewCallback(v.pbx.Name(), o, v.eng.now()), call.Input{Kind: call.InPromise, Promised: o})
			return call.CallbackAnswer{Result: orchestrator.CallbackOK, Call: o.Call}, err
		}
		found, live, err := v.eng.promised(ctx, id)
		if err != nil {
			return call.CallbackAnswer{}, err
		}
		if live {
			return call.CallbackAnswer{Result: orchestrator.CallbackPending, Call: id, Place: found}, nil
		}
		over = id
	}
	return call.CallbackAnswer{}, fault.New("orchestrator.CallBack", fault.Unavailable, "callbacks for this number are promised by others")
}

// promised returns the place of a callback, from the process that has it or from
// the store; false when it is over, its customer was reached, or it never was.
func (e *Engine) promised(ctx context.Context, id string) (call.Regain, bool, error) {
	r, err := e.store.Load(ctx, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return call.Regain{}, e.has(id), nil
	}
	if err != nil || r.Ended {
		return call.Regain{}, false, err
	}
	c, err := call.Parse(r.Doc)
	if err != nil {
		return call.Regain{}, false, nil //nolint:nilerr // the engine sets it aside
	}
	place, live := c.Promised()
	return place, live, nil
}

// ask carries out what a flow wants of callbacks.
func (l *loop) ask(ctx context.Context, c call.AskCallback) (call.CallbackAnswer, error) {
	if c.Op == orchestrator.CallbackAsk {
		return l.drv.callBack(ctx, c.Order)
	}
	none := call.CallbackAnswer{Result: orchestrator.CallbackNone}
	id, err := l.eng.store.Callback(ctx, c.Order.Queue, c.Order.Number)
	if err != nil || id == "" {
		return none, err
	}
	place, live, err := l.eng.promised(ctx, id)
	if err != nil || !live {
		return none, err
	}
	return call.CallbackAnswer{Result: orchestrator.CallbackPending, Call: id, Place: place}, nil
}

// revoke has a callback ended by its customer; one that is over needs no end.
func (l *loop) revoke(ctx context.Context, c call.EndCallback) error {
	w := call.Wish{Do: call.WishRevoke, By: "caller", Reason: c.Reason}
	if l.eng.post(c.Call, call.Input{Kind: call.InWish, Wish: w}) {
		return nil
	}
	err := l.eng.Ask(ctx, c.Call, w) // on a PBX that another process drives
	if unanswered(err) {
		return err
	}
	return nil
}
