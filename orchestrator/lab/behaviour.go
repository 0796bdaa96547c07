package lab

import "time"

// AnswerAfter returns an OnInvite that rings and picks up after d.
func AnswerAfter(d time.Duration) func(*Call) {
	return func(c *Call) {
		if d > 0 {
			if c.Ring() != nil {
				return // the caller has given up
			}
			t := time.NewTimer(d)
			defer t.Stop()
			select {
			case <-t.C:
			case <-c.Done():
				return
			}
		}
		if err := c.Answer(); err != nil {
			c.phone.log.Debug("answering", "error", err)
		}
	}
}

// RejectWith returns an OnInvite that refuses with a SIP status such as 486.
func RejectWith(code int) func(*Call) {
	return func(c *Call) {
		if err := c.Reject(code); err != nil {
			c.phone.log.Debug("refusing", "error", err)
		}
	}
}

// RingOn is an OnInvite that rings and never picks up.
func RingOn(c *Call) {
	if err := c.Ring(); err != nil {
		c.phone.log.Debug("ringing", "error", err)
	}
}

// AnswerIfAsked returns an OnInvite that picks up at once when the INVITE asks
// for it (see Call.AskedToAnswer) and does otherwise with every other call.
func AnswerIfAsked(otherwise func(*Call)) func(*Call) {
	return func(c *Call) {
		do := otherwise
		if c.AskedToAnswer() {
			do = AnswerAfter(0)
		}
		do(c)
	}
}
