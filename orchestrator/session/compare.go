package session

import (
	"maps"
	"slices"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// compare compares the session with what the PBX and the calls have, after a new
// connection or when the sweeper found a difference. It may run at any time and
// any number of times.
func (x *change) compare(v call.Truth) {
	if v.Adopted {
		x.s.Seq = max(x.s.Seq, int(x.ms()-x.s.Began)) // numbers that a store may have forgotten
		x.dirty = true
		x.giveUp(func(c call.Command) bool {
			d, dials := c.(call.Dial)
			_, there := v.Channels[x.s.Channel]
			return is[call.Play](c) || dials && (there || d.Order.Channel != x.s.Channel || x.s.Since < v.At.UnixMilli())
		})
	}
	x.compareChannel(v)
	for _, ch := range slices.Sorted(maps.Keys(v.Channels)) {
		if ch != x.s.Channel && orchestrator.OwnerOf(ch) == x.s.ID {
			x.do(call.Hangup{Channel: ch, Cause: orchestrator.CauseNormal})
		}
	}
	x.compareLoan(v.Lent)
	x.compareReach(v)
	x.listens(v.Lent != "" && v.Listens && x.s.Up())
	if x.s.State == StateEnding {
		return
	}
	if v.Adopted {
		x.ask(orchestrator.AgentLook)
	}
	x.tell()
}

// compareChannel notices what became of the line unseen.
func (x *change) compareChannel(v call.Truth) {
	truth, there := v.Channels[x.s.Channel]
	switch {
	case x.s.Channel == "":
	case !there && x.pending(is[call.Dial]): // its answer tells
	case !there && x.s.Since < v.At.UnixMilli():
		x.lineEnded(v.Ended[x.s.Channel].Cause, v.Ended[x.s.Channel].ByPBX)
	case !there:
	case x.s.State == StateEnding:
		x.do(call.Hangup{Channel: x.s.Channel, Cause: orchestrator.CauseNormal})
	case x.s.State == StateConnecting && truth.Entered && truth.Up:
		x.open("answered")
	}
}

// compareLoan brings the session in line with the call that has the line.
func (x *change) compareLoan(by string) {
	switch {
	case by != "" && x.s.Up():
		x.letGo(false, orchestrator.CauseGone)
		x.move(OnLent)
		x.s.Lent = by
		x.giveUp(audible)
	case by == "" && x.s.State == StateLent && x.s.Reach == nil:
		x.move(OnBack)
		x.s.Lent = ""
		x.rest()
	case x.s.State == StateIdle && x.s.Playing != "":
		x.s.Playing = ""
		x.rest()
	}
}
