package engine

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// order is what a process has the one that drives a PBX do there: one of these.
type order struct {
	Wish     *wishOrder          `json:"wish,omitempty"`
	Dial     *dialOrder          `json:"dial,omitempty"`
	CallBack *call.CallbackOrder `json:"call_back,omitempty"`
	Line     *lineOrder          `json:"line,omitempty"`
	Attempt  *call.Attempt       `json:"attempt,omitempty"`
	Ready    bool                `json:"ready,omitempty"` // it is asked whether calls can be made
}

type wishOrder struct {
	Call string    `json:"call"`
	Wish call.Wish `json:"wish"`
}

type dialOrder struct {
	Order call.Order `json:"order"`
	Key   string     `json:"key,omitempty"`
}

type lineOrder struct {
	Agent string             `json:"agent"`
	Phone orchestrator.Phone `json:"phone"`
	Open  bool               `json:"open,omitempty"` // else it is asked whether it could be
}

// answered is what came of an order.
type answered struct {
	Begun    call.Begun          `json:"begun,omitzero"`
	CallBack call.CallbackAnswer `json:"call_back,omitzero"`
	Error    string              `json:"error,omitempty"`
	Kind     fault.Kind          `json:"kind,omitempty"` // of Error
}

// elsewhere tells whether a PBX is one of ours that another process drives, or none.
func (e *Engine) elsewhere(pbx string) bool {
	d, ok := e.drivers[pbx]
	return ok && d.driving() == nil
}

const opReady = "orchestrator.Ready"

// Ready tells why no call can be made over a PBX; nil when one can, whichever process drives it.
func (e *Engine) Ready(ctx context.Context, pbx string) error {
	if e.elsewhere(pbx) {
		_, err := e.send(ctx, opReady, pbx, order{Ready: true})
		return err
	}
	_, err := e.ready(opReady, pbx)
	return err
}

// send has whoever drives a PBX carry out an order.
func (e *Engine) send(ctx context.Context, op, pbx string, o order) (a answered, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.rules.call.Limits.Command)
	defer cancel()
	body, err := json.Marshal(o)
	if err != nil {
		return a, fault.E(op, fault.Internal, err)
	}
	raw, err := e.store.Order(ctx, pbx, body)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return answered{}, fault.E(op, fault.Internal, err)
	}
	if a.Error != "" {
		return answered{}, fault.E(op, a.Kind, errors.New(a.Error))
	}
	return a, nil
}

// followOrders carries out what other processes order for this PBX.
func (v *driving) followOrders(ctx context.Context) {
	for ctx.Err() == nil {
		err := v.eng.store.Orders(ctx, v.pbx.Name(), v.obey)
		if ctx.Err() != nil {
			return
		}
		v.log.WarnContext(ctx, "orders of other processes cannot be read; trying again", "error", err)
		life.Sleep(ctx, retryMax)
	}
}

// obey carries out one order and returns the answer.
func (v *driving) obey(ctx context.Context, body []byte) []byte {
	var o order
	var a answered
	err := json.Unmarshal(body, &o)
	if err != nil {
		err = fault.E("orchestrator.obey", fault.Internal, err)
	} else {
		a, err = v.carryOut(ctx, o)
	}
	if err != nil {
		a.Error, a.Kind = fault.Text(err), fault.KindOf(err)
	}
	raw, err := json.Marshal(a)
	if err != nil {
		v.log.ErrorContext(ctx, "an answer cannot be given", "error", err)
	}
	return raw
}

func (v *driving) carryOut(ctx context.Context, o order) (a answered, err error) {
	switch pbx := v.pbx.Name(); {
	case o.Wish != nil:
		err = v.eng.askHere(ctx, o.Wish.Call, o.Wish.Wish)
	case o.Dial != nil:
		a.Begun, err = v.eng.dialHere(ctx, pbx, o.Dial.Order, o.Dial.Key)
	case o.Attempt != nil:
		a.Begun, err = v.eng.attemptHere(ctx, pbx, *o.Attempt)
	case o.CallBack != nil:
		a.CallBack, err = v.eng.callBackHere(ctx, pbx, *o.CallBack)
	case o.Ready:
		_, err = v.eng.ready(opReady, pbx)
	case o.Line != nil && o.Line.Open:
		err = v.eng.openLineHere(ctx, o.Line.Agent, o.Line.Phone, call.LineNews{Do: call.LineOpen})
	case o.Line != nil:
		_, err = v.eng.drivesLine(o.Line.Agent, o.Line.Phone)
	default:
		err = fault.New("orchestrator.obey", fault.Invalid, "an order that this version does not know")
	}
	return a, err
}
