package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// recordAway puts calls on record that came and went without us, and lets the PBX
// forget them. What cannot be stored now is told again when the sweeper looks.
func (v *driving) recordAway(ctx context.Context, truth orchestrator.Snapshot) {
	if len(truth.Away) == 0 || !v.mayCommand(ctx) {
		return
	}
	came, err := v.eng.store.Came(ctx, v.pbx.Name())
	if err != nil {
		v.notRecorded(ctx, len(truth.Away), err)
		return
	}
	heard := map[string]bool{}
	for _, channel := range came {
		heard[channel] = true
	}
	var entries []orchestrator.Entry
	for _, c := range truth.Away {
		if owner := v.callOf(c.Channel); heard[c.Channel] || owner != "" && v.eng.has(owner) {
			continue // it came to us, at last
		}
		s := orchestrator.CallSummary{
			Call: awayID(v.pbx.Name(), truth.Epoch, c), PBX: v.pbx.Name(), Kind: orchestrator.KindInbound,
			DID: orchestrator.CleanNumber(c.DID), Caller: v.known(c.Caller),
			StartedAt: truth.OurTime(c.Began).UnixMilli(), EndedAt: truth.OurTime(c.Ended).UnixMilli(),
			Outcome: orchestrator.OutcomeLost, EndedBy: "pbx", Cause: c.Cause,
		}
		if c.Served {
			s.Outcome = orchestrator.OutcomeAway
		}
		data, err := json.Marshal(s)
		if err != nil {
			continue // cannot be: it is made of text and numbers
		}
		entries = append(entries, orchestrator.Entry{Type: orchestrator.EntryCallEnded, At: v.eng.now(), Call: s.Call, PBX: s.PBX, Data: data})
	}
	if err := v.eng.store.Append(ctx, entries...); err != nil {
		v.notRecorded(ctx, len(entries), err)
		return
	}
	if len(entries) > 0 {
		v.log.InfoContext(ctx, "calls that came and went without us are on record", "calls", len(entries))
	}
	if err := v.pbx.AwayRecorded(ctx, truth.Away); err != nil && ctx.Err() == nil {
		v.log.WarnContext(ctx, "the PBX could not be told what is on record", "error", err)
	}
}

func (v *driving) notRecorded(ctx context.Context, calls int, err error) {
	if ctx.Err() == nil {
		v.log.WarnContext(ctx, "calls that came and went without us are not on record yet", "calls", calls, "error", err)
	}
}

// awayID makes the id of a call that was never with us. It is the same each time
// that the PBX tells of the call: the second record of an id is none.
func awayID(pbx, epoch string, c orchestrator.AwayCall) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{pbx, epoch, c.Channel}, "\x00")))
	return call.NewID(c.Began.UnixMilli(), bytes.NewReader(sum[:]))
}
