package esl

import (
	"context"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A phone's transfer to a number (REFER) is one that FreeSWITCH cannot carry out
// itself: who is in a conference has no partner that it could send elsewhere. It
// tells the phone so at once (403), and us in an event: we carry it out. One to the
// far end of another call of the phone (Replaces) is refused without a word to us:
// deny_refer_requests, which we set on every phone that we call, keeps FreeSWITCH
// from sending that far end into its dialplan.

// applyTransfer is a transfer that a phone of ours asked for.
func (a *Adapter) applyTransfer(d *doing, w *wire) {
	if w.Subclass != sipError || w.ErrorType != "blind_transfer" {
		return
	}
	g := a.legs.m[w.id()]
	if g == nil || g.stage != stageHere {
		return
	}
	e := w.event(a.name, orchestrator.EventTransfer)
	e.Number = string(w.Extension)
	d.event(e)
}

// AnswerTransfer ends the call of a phone whose transfer was carried out. A phone
// cannot be told, as FreeSWITCH has answered it already; it keeps its call until then.
func (a *Adapter) AnswerTransfer(ctx context.Context, channel string, done bool) error {
	if _, err := a.ready(ctx, "AnswerTransfer"); err != nil {
		return err
	}
	gone := false
	a.legs.see(channel, func(g *leg) { gone = g == nil || g.stage != stageHere && g.stage != stageDialling })
	switch {
	case gone && orchestrator.Ours(channel):
		return fault.New("esl.AnswerTransfer", fault.NotFound, "channel %.80q is gone", channel)
	case gone || !done:
		return nil
	}
	return a.Hangup(ctx, channel, orchestrator.CauseNormal)
}
