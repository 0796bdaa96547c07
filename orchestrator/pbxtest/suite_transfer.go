package pbxtest

import (
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// asked presses the transfer key of the phone in a bridge, and checks that
// nothing has happened but that we are told.
func (r *rig) asked() (l line, leg, bridge string, told func() bool) {
	r.Helper()
	l, p, leg, bridge := r.bridged()
	told = r.Transfer(r.T, p, "4711")
	e := r.await("the wish for a transfer", on(orchestrator.EventTransfer, leg))
	if e.Number != "4711" || e.Other != "" {
		r.Errorf("to %q, other %q", e.Number, e.Other)
	}
	r.barrier(l)
	return l, leg, bridge, told
}

func testTransferRefused(r *rig) {
	l, leg, bridge, told := r.asked()
	r.must(r.PBX.AnswerTransfer(r.Context(), leg, false))
	if told() {
		r.Error("the phone was told that it was done")
	}
	r.must(r.PBX.AnswerTransfer(r.Context(), leg, false)) // nothing is asked any more
	r.barrier(l)
	r.inBridge(bridge, l.channel, leg)
}

func testTransferDone(r *rig) {
	l, leg, bridge, told := r.asked()
	r.must(r.PBX.AnswerTransfer(r.Context(), leg, true))
	if !told() {
		r.Error("the phone was told that it was refused")
	}
	r.once("the end of the phone's call", on(orchestrator.EventEnded, leg))
	r.refused("AnswerTransfer", r.PBX.AnswerTransfer(r.Context(), leg, true), fault.NotFound)
	r.inBridge(bridge, l.channel)
}
