package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Hold presses the hold key of the phone in a call that came in, or presses it
// again: the phone asks the far end to send nothing, or to send again.
func (c *Call) Hold(ctx context.Context, held bool) error {
	if c.incoming == nil || c.incoming.InviteResponse == nil {
		return errors.New("hold: only a call that came in and was answered can be held")
	}
	from, to := "a=sendonly", "a=sendrecv"
	if held {
		from, to = to, from
	}
	answer := c.incoming.InviteResponse
	sdp := strings.Replace(string(answer.Body()), from, to, 1)
	if !strings.Contains(sdp, to) {
		sdp += to + "\r\n"
	}
	req := c.within(sip.INVITE)
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody([]byte(sdp))
	res, err := c.phone.client.Do(ctx, req, sipgo.ClientRequestAddVia)
	if err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("hold: %w", &RefusedError{Code: res.StatusCode, Reason: res.Reason})
	}
	ack := c.within(sip.ACK)
	ack.CSeq().SeqNo = req.CSeq().SeqNo
	return c.phone.client.WriteRequest(ack, sipgo.ClientRequestAddVia)
}

// within begins a request within a call that came in. The library has a way of
// its own, which counts the requests of both sides in one row, and then takes the
// far end's BYE for one that is out of date.
func (c *Call) within(method sip.RequestMethod) *sip.Request {
	invite, answer := c.incoming.InviteRequest, c.incoming.InviteResponse
	req := sip.NewRequest(method, invite.Contact().Address)
	from, to, hops := answer.To().AsFrom(), invite.From().AsTo(), sip.MaxForwardsHeader(70)
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	req.AppendHeader(sip.HeaderClone(invite.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: c.asked.Add(1), MethodName: method})
	req.AppendHeader(&hops)
	if own := answer.Contact(); own != nil {
		req.AppendHeader(own.Clone())
	}
	return req
}
