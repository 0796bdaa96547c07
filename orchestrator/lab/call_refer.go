package lab

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Refer presses the transfer key: the phone asks its PBX to connect the far end
// of this call with number, or, with other, with the far end of that call (an
// attended transfer). As most phones do, it hangs up when it is told that the
// transfer has succeeded. A transfer that is refused at once gives a
// *RefusedError; TransferEnds tells what came of one that was accepted.
func (c *Call) Refer(ctx context.Context, number string, other *Call) error {
	to := "sip:" + url.PathEscape(number) + "@127.0.0.1"
	if other != nil {
		to += "?Replaces=" + url.QueryEscape(other.replaces())
	}
	var req *sip.Request
	switch {
	case c.incoming != nil && c.incoming.InviteResponse != nil:
		req = c.within(sip.REFER)
	case c.placed != nil && c.placed.InviteResponse != nil && c.placed.InviteResponse.Contact() != nil:
		req = sip.NewRequest(sip.REFER, c.placed.InviteResponse.Contact().Address)
	default:
		return errors.New("refer: the far end has given no address")
	}
	req.AppendHeader(sip.NewHeader("Refer-To", "<"+to+">"))
	req.AppendHeader(sip.NewHeader("Referred-By", "<sip:"+c.phone.User()+"@127.0.0.1>"))
	do := func() (*sip.Response, error) {
		if c.incoming != nil {
			return c.phone.client.Do(ctx, req, sipgo.ClientRequestAddVia)
		}
		return c.placed.Do(ctx, req)
	}
	res, err := do()
	if err != nil {
		return fmt.Errorf("refer: %w", err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("refer: %w", &RefusedError{Code: res.StatusCode, Reason: res.Reason})
	}
	return nil
}

// replaces names the call as its PBX knows it.
func (c *Call) replaces() string {
	req, res := (*sip.Request)(nil), (*sip.Response)(nil)
	if c.incoming != nil {
		req, res = c.incoming.InviteRequest, c.incoming.InviteResponse
	} else {
		req, res = c.placed.InviteRequest, c.placed.InviteResponse
	}
	tag := func(p sip.HeaderParams) string { v, _ := p.Get("tag"); return v }
	from, to := tag(req.From().Params), tag(res.To().Params)
	if c.incoming != nil { // the PBX is the caller: its own tag is that of From
		from, to = to, from
	}
	return req.CallID().Value() + ";to-tag=" + to + ";from-tag=" + from
}

// heardTransfer takes what the PBX tells of a transfer, such as "SIP/2.0 200 OK".
func (c *Call) heardTransfer(frag string) {
	fields := strings.Fields(frag)
	if len(fields) < 2 || fields[0] != "SIP/2.0" {
		return
	}
	code, err := strconv.Atoi(fields[1])
	if err != nil || code < 200 {
		return
	}
	select {
	case c.refer <- code:
	default: // nobody has read the last eight
	}
	if code < 300 {
		c.phone.spawn(func() {
			if err := c.Hangup(); err != nil {
				c.phone.log.Debug("hanging up after a transfer", "error", err)
			}
		})
	}
}

// TransferEnds waits until the PBX tells what came of a transfer that this
// phone asked for, as a SIP status: 200 is success.
func (c *Call) TransferEnds(ctx context.Context) (int, error) {
	select {
	case code := <-c.refer:
		return code, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("waiting for the end of a transfer: %w", context.Cause(ctx))
	}
}
