package esl

import (
	"context"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// AnswerTransfer has nothing to answer: FreeSWITCH carries a phone's REFER out
// by itself, or refuses it for a whole profile (disable-transfer), and asks
// nobody. What a phone transfers is its own leg, out of the conference: whoever
// it talked to stays in the room.
func (a *Adapter) AnswerTransfer(ctx context.Context, channel string, _ bool) error {
	if _, err := a.ready(ctx, "AnswerTransfer"); err != nil {
		return err
	}
	gone := false
	a.legs.see(channel, func(g *leg) { gone = g == nil || g.stage != stageHere && g.stage != stageDialling })
	if gone && orchestrator.Ours(channel) {
		return fault.New("esl.AnswerTransfer", fault.NotFound, "channel %.80q is gone", channel)
	}
	return nil
}
