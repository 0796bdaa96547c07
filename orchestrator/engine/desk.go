package engine

import (
	"context"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/life"
)

// followDesk takes every offer for this PBX's calls to its call, from whichever
// process the agent became free in.
func (v *driving) followDesk(ctx context.Context) {
	for ctx.Err() == nil {
		err := v.eng.dist.Desk(ctx, v.pbx.Name(), func(n orchestrator.DeskNotice) { v.notice(ctx, n) })
		if ctx.Err() != nil {
			return
		}
		v.log.WarnContext(ctx, "offers cannot be read; trying again", "error", err)
		if !life.Sleep(ctx, retryMax) {
			return
		}
	}
}

func (v *driving) notice(ctx context.Context, n orchestrator.DeskNotice) {
	if n.Deserted != "" {
		v.deserted(n.Deserted)
		return
	}
	in := call.Input{Kind: call.InOffer, Offer: n.Offer}
	if n.Withdrawn != "" {
		in = call.Input{Kind: call.InWithdraw, Offer: n.Offer, Why: n.Withdrawn}
	}
	if v.eng.post(n.Offer.Call, in) || n.Withdrawn != "" {
		return
	}
	v.wg.Go(func() { v.reconsider(ctx, n.Offer) })
}

// deserted tells those who wait in a queue that nobody is there any more.
func (v *driving) deserted(queue string) {
	for _, l := range v.eng.loops(v) {
		if l.shown.Load().waiting != 0 {
			l.post(call.Input{Kind: call.InDeserted, Queue: queue})
		}
	}
}

// endOrphans ends what the distributor holds and end says belongs to nobody. end
// is given a key that names the thing, its offer if it is one, and whether its
// call is live here. It returns all that is held.
func (v *driving) endOrphans(ctx context.Context, end func(key string, o *orchestrator.Offer, live bool) bool, counts bool) (orchestrator.Holding, bool) {
	held, err := v.eng.dist.Holding(ctx, v.pbx.Name())
	if err != nil {
		if ctx.Err() == nil {
			v.log.WarnContext(ctx, "what the distributor holds is unknown", "error", err)
		}
		return held, false
	}
	for _, o := range held.Offers {
		if !end("offer "+o.ID, &o, v.eng.has(o.Call)) {
			continue
		}
		if o.Answered {
			err = v.eng.dist.Finished(ctx, o, 0)
		} else {
			_, err = v.eng.dist.Failed(ctx, o, orchestrator.OfferCancelled)
		}
		v.healed(ctx, "offer", o.ID, counts, err)
	}
	for id, visit := range held.Waiting {
		if end("waiting "+id, nil, v.eng.has(id)) {
			v.healed(ctx, "waiting", id, counts, v.eng.dist.Leave(ctx, id, visit, "gone"))
		}
	}
	return held, true
}
