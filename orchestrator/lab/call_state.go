package lab

import (
	"context"
	"errors"

	"github.com/emiago/diago"
	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

func (c *Call) markRinging() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isRung {
		c.isRung = true
		close(c.ringing)
	}
}

func (c *Call) markUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isUp {
		c.isUp, c.how.Answered = true, true
		close(c.answered)
	}
}

// end records how the call ends. The first to say so is right: what follows
// from it (a BYE that crosses ours, a cancelled transaction) is not news.
func (c *Call) end(e Ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.over = true
	e.Answered, e.Reason = c.how.Answered, c.how.Reason
	c.how = e
}

// heardReason keeps the Reason header of the request that ends the call.
func (c *Call) heardReason(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.how.Reason == "" && !c.over {
		c.how.Reason = reason
	}
}

// abandon ends a call whose far end does not answer any more.
func (c *Call) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isGone {
		c.isGone = true
		close(c.gaveUp)
	}
}

// serve carries a call that came in from its INVITE to its end. The library
// calls it, and hangs up when it returns.
func (c *Call) serve(announce func(*Call)) {
	d := c.incoming
	d.OnState(func(s sip.DialogState) {
		if s == sip.DialogStateConfirmed {
			c.markUp()
		}
	})
	announce(c)
	select {
	case <-d.Context().Done():
	case <-c.answered:
		c.talk(d.Context(), &d.DialogMedia)
	case <-c.gaveUp:
	case <-c.phone.ctx.Done():
	}
	c.end(Ending{Remote: true})
	// The library responds once more when this returns.
	c.responding.Lock()
	defer c.responding.Unlock()
	if err := d.Close(); err != nil {
		c.phone.log.Debug("closing a call", "error", err)
	}
	c.phone.forget(c)
	close(c.done)
}

// place carries a call from its dialling to its end.
func (c *Call) place(ctx context.Context, d *diago.DialogClientSession, o diago.InviteClientOptions) {
	defer func() {
		c.end(Ending{Remote: true})
		if err := d.Close(); err != nil {
			c.phone.log.Debug("closing a call", "error", err)
		}
		c.cancel()
		c.phone.forget(c)
		close(c.done)
	}()
	o.OnResponse = c.heardResponse
	d.OnState(func(s sip.DialogState) {
		if s != sip.DialogStateEstablished {
			return
		}
		// The library stores it only when our ACK is out; a far end that
		// hangs up at once would be told that there is no such call.
		if err := c.phone.dg.DialogCacheClient().DialogStore(ctx, d.ID, d); err != nil {
			c.phone.log.Debug("storing a call", "error", err)
		}
	})
	if err := d.Invite(ctx, o); err != nil {
		c.failed(ctx, d, err)
		return
	}
	// The call is up, even when ctx ends from here on.
	up := context.WithoutCancel(ctx)
	if err := d.Ack(up); err != nil {
		c.end(Ending{Err: err})
		return
	}
	c.markUp()
	c.talk(d.Context(), &d.DialogMedia) //nolint:contextcheck // the call has a life of its own
}

func (c *Call) heardResponse(res *sip.Response) error {
	c.mu.Lock()
	c.response = res
	if id := res.CallID(); id != nil {
		c.id = id.Value()
	}
	c.mu.Unlock()
	if res.StatusCode == sip.StatusRinging || res.StatusCode == sip.StatusSessionInProgress {
		c.markRinging()
	}
	return nil
}

// failed records why a call that was placed was not answered.
func (c *Call) failed(ctx context.Context, d *diago.DialogClientSession, err error) {
	// Our CANCEL and the answer may cross: then the call is up for the far
	// end, and only an ACK and a BYE will end it.
	if res := d.InviteResponse; res != nil && res.IsSuccess() {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), hangupLimit)
		defer stop()
		if id, bad := sip.MakeDialogIDFromResponse(res); bad == nil {
			d.ID = id
		}
		if d.Ack(ctx) == nil {
			if bye := d.Bye(ctx); bye != nil {
				c.phone.log.Debug("ending a call that crossed its cancellation", "error", bye)
			}
		}
	}
	var refused *sipgo.ErrDialogResponse
	switch {
	case errors.As(err, &refused):
		c.end(Ending{Remote: true, Code: refused.Res.StatusCode, Err: &RefusedError{Code: refused.Res.StatusCode, Reason: refused.Res.Reason}})
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		c.end(Ending{})
	default:
		c.end(Ending{Err: err})
	}
}
