package engine

import (
	"errors"
	"testing"

	"github.com/operadora/operadora/orchestrator/call"
)

func TestMailboxKeepsNothingOfWhatIsDone(t *testing.T) {
	a, b := newMailbox(), newMailbox()
	a.post(call.Input{Kind: call.InRefused, N: 1, Err: errors.New("old")})
	a.post(call.Input{Kind: call.InDone, N: 2})
	old := a.take()
	a.post(call.Input{Kind: call.InDone, N: 3}) // comes while the others are decided on
	a.done(old)
	b.post(call.Input{Kind: call.InDone, N: 4})
	if all := old[:cap(old)]; all[0].Err != nil {
		t.Errorf("what is done with is kept alive: %v", all[0].Err)
	}
	for _, box := range []struct {
		of   *mailbox
		want int
	}{{a, 3}, {b, 4}} {
		if ins := box.of.take(); len(ins) != 1 || ins[0].N != box.want || ins[0].Err != nil {
			t.Errorf("inputs %+v, want number %d alone", ins, box.want)
		}
	}
}

func BenchmarkMailbox(b *testing.B) {
	b.ReportAllocs()
	m := newMailbox()
	for b.Loop() {
		m.post(call.Input{Kind: call.InDone})
		m.done(m.take())
	}
}
