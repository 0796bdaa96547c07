package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
	contact := c.incoming.InviteRequest.Contact()
	req := sip.NewRequest(sip.INVITE, contact.Address)
	if own := answer.Contact(); own != nil {
		req.AppendHeader(own.Clone())
	}
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody([]byte(sdp))
	res, err := c.incoming.Do(ctx, req)
	if err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("hold: %w", &RefusedError{Code: res.StatusCode, Reason: res.Reason})
	}
	return c.incoming.WriteRequest(sip.NewRequest(sip.ACK, contact.Address))
}
