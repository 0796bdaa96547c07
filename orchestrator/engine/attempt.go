package engine

import (
	"context"

	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

const opAttempt = "orchestrator.Attempt"

// Attempt rings a lead of a campaign over a PBX's trunk, and returns once the order is
// stored, or refused by the gate. Its id was chosen before: the same id is the same
// attempt, whatever became of it, and rings once. One that an agent is to make it refuses where
// that agent is not free.
func (e *Engine) Attempt(ctx context.Context, pbx string, o call.Attempt) (call.Begun, error) {
	const op = opAttempt
	switch {
	case !callID(o.Call):
		return call.Begun{}, fault.New(op, fault.Invalid, "call: %q is no id of a call", o.Call)
	case o.Campaign == "":
		return call.Begun{}, fault.New(op, fault.Invalid, "campaign: is empty")
	case (o.Flow == "") == (o.Queue == ""):
		return call.Begun{}, fault.New(op, fault.Invalid, "flow: %q, queue: %q: one of them has who answers", o.Flow, o.Queue)
	case o.Preview != nil && (o.Agent == "" || o.Preview.Limit <= 0):
		return call.Begun{}, fault.New(op, fault.Invalid, "preview: agent %q, limit %v: it is an agent's, within a time", o.Agent, o.Preview.Limit)
	case o.Agent != "" && (o.Queue == "" || o.Within > 0):
		return call.Begun{}, fault.New(op, fault.Invalid, "agent: %q is there when somebody answers, of queue %q: there is no flow, and no time to wait", o.Agent, o.Queue)
	case o.Within < 0:
		return call.Begun{}, fault.New(op, fault.Invalid, "within: %v is negative", o.Within)
	case len(o.Message) > 0 && o.Within == 0:
		return call.Begun{}, fault.New(op, fault.Invalid, "message: nobody hears it without a time within which an agent must be there")
	case size(o) > call.MostBrief:
		return call.Begun{}, fault.New(op, fault.Invalid, "about: what the agent gets has %d bytes, and %d is the most", size(o), call.MostBrief)
	case o.Ring < 0 || o.Least < 0 || o.Ring > 0 && o.Least > o.Ring:
		return call.Begun{}, fault.New(op, fault.Invalid, "least: %v is not within the %v of ring", o.Least, o.Ring)
	}
	if e.elsewhere(pbx) {
		a, err := e.send(ctx, op, pbx, order{Attempt: &o})
		return a.Begun, err
	}
	return e.attemptHere(ctx, pbx, o)
}

func size(o call.Attempt) int {
	n := len(o.Script)
	for k, v := range o.About {
		n += len(k) + len(v)
	}
	return n
}

// attemptHere is Attempt on a PBX that this process drives.
func (e *Engine) attemptHere(ctx context.Context, pbx string, o call.Attempt) (call.Begun, error) {
	v, err := e.ready(opAttempt, pbx)
	if err != nil {
		return call.Begun{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.rules.call.Limits.Command)
	defer cancel()
	return v.begin(ctx, call.NewAttempt(pbx, o, e.now()), call.Input{Kind: call.InAttempt})
}

// GiveUp ends an attempt whose phone rings, for a reason that goes on its timeline; a
// Conflict where it must ring on, or does not ring.
func (e *Engine) GiveUp(ctx context.Context, id, by, reason string) error {
	return e.Ask(ctx, id, call.Wish{Do: call.WishGiveUp, By: by, Reason: reason})
}

// begin stores a call whose id was chosen before, and starts it. One that is here, or
// in the store, is that one.
func (v *driving) begin(ctx context.Context, c call.Call, first call.Input) (call.Begun, error) {
	again := call.Begun{Call: c.Call, Again: true}
	refusal, known, err := v.eng.known(ctx, c.Call)
	if err != nil || known {
		again.Refusal = refusal
		return again, err
	}
	l := newLoop(v, c.Call, "", ofCall{c}, v.log.With("call", c.Call))
	if before := v.eng.addNew(l); before != nil {
		again.Refusal, err = before.settled(ctx)
		return again, err
	}
	l.post(first)
	v.start(l)
	refusal, err = l.settled(ctx)
	return call.Begun{Call: c.Call, Refusal: refusal}, err
}
