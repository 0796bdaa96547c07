package lab

import (
	"context"
	"encoding/xml"
	"fmt"
	"strconv"

	"github.com/emiago/sipgo/sip"
)

// Lamp is a key of a desk phone that shows the state of an extension.
type Lamp struct {
	states chan string
}

// States delivers the states that the PBX reports, the present one first:
// "terminated" (off), "early" (blinking: someone rings) or "confirmed" (on).
// States that nobody reads are lost beyond the 64th.
func (l *Lamp) States() <-chan string { return l.states }

// WatchLamp subscribes a key to an extension of the PBX, which must have a hint.
func (p *Phone) WatchLamp(ctx context.Context, extension string) (*Lamp, error) {
	req, err := p.request(sip.SUBSCRIBE, extension)
	if err != nil {
		return nil, err
	}
	id := sip.CallIDHeader(sip.GenerateTagN(24))
	req.AppendHeader(&id)
	req.AppendHeader(sip.NewHeader("Event", "dialog"))
	req.AppendHeader(sip.NewHeader("Accept", "application/dialog-info+xml"))
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(3600)))
	l := &Lamp{states: make(chan string, 64)}
	p.mu.Lock()
	p.lamps[id.Value()] = l
	p.mu.Unlock()
	if err := p.ask(ctx, req); err != nil {
		return nil, fmt.Errorf("phone %s: watching %s: %w", p.o.User, extension, err)
	}
	return l, nil
}

// notified takes the report of a lamp's state, or of a transfer.
func (p *Phone) notified(req *sip.Request, tx sip.ServerTransaction) {
	var lamp *Lamp
	var call *Call
	if id := req.CallID(); id != nil {
		p.mu.Lock()
		lamp = p.lamps[id.Value()]
		for c := range p.calls {
			if c.ID() == id.Value() {
				call = c
			}
		}
		p.mu.Unlock()
	}
	if call != nil {
		defer call.heardTransfer(string(req.Body()))
	}
	status := sip.StatusOK
	if lamp == nil && call == nil {
		status = sip.StatusCallTransactionDoesNotExists
	}
	if err := tx.Respond(sip.NewResponseFromRequest(req, status, "", nil)); err != nil {
		p.log.Debug("answering a report", "error", err)
	}
	var info struct {
		Dialogs []struct {
			State string `xml:"state"`
		} `xml:"dialog"`
	}
	if lamp == nil || xml.Unmarshal(req.Body(), &info) != nil || len(info.Dialogs) == 0 {
		return
	}
	select {
	case lamp.states <- info.Dialogs[0].State:
	default:
	}
}
