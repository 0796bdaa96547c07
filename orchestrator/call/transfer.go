package call

import "github.com/operadora/operadora/orchestrator"

// askedTransfer handles the transfer key of a phone. It is refused, and told to
// the phone, which keeps its call.
func (x *change) askedTransfer(e orchestrator.Event) {
	if !x.knows(e.Channel) {
		x.refuse("foreign channel", string(e.Kind))
		return
	}
	x.do(AnswerTransfer{Channel: e.Channel})
	x.note(orchestrator.EntryCallTransfer, fields{
		"destination": orchestrator.MaskNumber(orchestrator.CleanParty(orchestrator.Party{Number: e.Number}).Number), "result": "refused"})
}
