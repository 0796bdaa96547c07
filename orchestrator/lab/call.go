package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/sipgo/sip"
)

// ErrEnded means that the call ended before what was waited for came.
var ErrEnded = errors.New("the call ended")

// RefusedError is why a call that Dial placed was not answered.
type RefusedError struct {
	Code   int    // SIP status, such as 486
	Reason string // its text
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the call was refused: %d %s", e.Code, e.Reason)
}

// Ending is how a call ended.
type Ending struct {
	Answered bool
	Remote   bool   // the far end ended it, or gave up ringing
	Code     int    // SIP status of a call that was refused, by either side; else 0
	Reason   string // the Reason header that came with the end, such as Q.850;cause=16
	Err      error  // a fault of the line; nil for every ordinary end
}

// Call is one call of a Phone, in either direction. While it is up it always
// sends audio (silence, unless told otherwise) and listens.
type Call struct {
	phone    *Phone
	incoming *diago.DialogServerSession // nil for a call that was placed
	placed   *diago.DialogClientSession // nil for a call that came in
	cancel   context.CancelFunc         // gives up a call that was placed; nil for incoming

	ear   ear
	mouth mouth
	keys  chan keypress
	dtmf  chan rune
	refer chan int      // final statuses of transfers that this phone asked for
	asked atomic.Uint32 // requests of ours within a call that came in

	ringing  chan struct{}
	answered chan struct{}
	gaveUp   chan struct{} // the far end does not answer any more
	done     chan struct{} // everything is over, audio too

	// responding is held while a response to the INVITE goes out: the library
	// answers an INVITE from one goroutine at a time.
	responding sync.Mutex

	mu        sync.Mutex
	response  *sip.Response // guarded by mu; the last to a call that was placed
	id        string        // guarded by mu; Call-ID
	isGone    bool          // guarded by mu; gaveUp is closed
	over      bool          // guarded by mu; no one may change how any more
	how       Ending        // guarded by mu
	answering bool          // guarded by mu; Answer was called
	isRung    bool          // guarded by mu
	isUp      bool          // guarded by mu
}

func newCall(p *Phone) *Call {
	return &Call{
		phone: p, keys: make(chan keypress), dtmf: make(chan rune, 64), refer: make(chan int, 8),
		ringing: make(chan struct{}), answered: make(chan struct{}), gaveUp: make(chan struct{}), done: make(chan struct{}),
	}
}

// Ringing is closed when the far end rings (placed calls) or Ring was called.
func (c *Call) Ringing() <-chan struct{} { return c.ringing }

// Answered is closed when the call is up: answered and acknowledged.
func (c *Call) Answered() <-chan struct{} { return c.answered }

// Done is closed when the call has ended, for whatever reason.
func (c *Call) Done() <-chan struct{} { return c.done }

// Ending tells how the call ended; before Done is closed it is incomplete.
func (c *Call) Ending() Ending {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.how
}

// ID is the call's SIP Call-ID.
func (c *Call) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}

// Caller returns the number and name in the From header of a call that came in.
func (c *Call) Caller() (number, name string) {
	if c.incoming == nil {
		return "", ""
	}
	from := c.incoming.InviteRequest.From()
	return from.Address.User, from.DisplayName
}

// Number is the number that was called: for a carrier behind a Trunk it tells
// one call from another. It is "" for a call that was placed.
func (c *Call) Number() string {
	if c.incoming == nil {
		return ""
	}
	return c.incoming.InviteRequest.Recipient.User
}

// Header returns the first header of that name: of the INVITE for a call that
// came in, of the last response for one that was placed. "" when there is none.
func (c *Call) Header(name string) string {
	if all := c.Headers(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Headers returns every header of that name; see Header.
func (c *Call) Headers(name string) []string {
	var found []sip.Header
	if c.incoming != nil {
		found = c.incoming.InviteRequest.GetHeaders(name)
	} else {
		c.mu.Lock()
		response := c.response
		c.mu.Unlock()
		if response != nil {
			found = response.GetHeaders(name)
		}
	}
	var out []string
	for _, h := range found {
		out = append(out, h.Value())
	}
	return out
}

// AskedToAnswer tells whether the INVITE asks the phone to pick up by itself,
// in one of the ways that desk phones know.
func (c *Call) AskedToAnswer() bool {
	for _, v := range append(c.Headers("Call-Info"), c.Headers("Alert-Info")...) {
		v = strings.ToLower(v)
		for _, sign := range []string{"answer-after=0", "auto answer", "auto-answer", "autoanswer", "ring-answer"} {
			if strings.Contains(v, sign) {
				return true
			}
		}
	}
	return false
}

// Ring tells the caller that the phone rings.
func (c *Call) Ring() error {
	if c.incoming == nil {
		return errors.New("ring: this call was placed, not received")
	}
	if err := c.respond(c.incoming.Ringing); err != nil {
		return fmt.Errorf("ring: %w", err)
	}
	c.markRinging()
	return nil
}

// Answer picks up a call that came in and returns when the caller has
// acknowledged it.
func (c *Call) Answer() error {
	if c.incoming == nil {
		return errors.New("answer: this call was placed, not received")
	}
	c.mu.Lock()
	c.answering = true
	c.mu.Unlock()
	failed := make(chan error, 1)
	c.phone.spawn(func() { failed <- c.respond(c.incoming.Answer) })
	select {
	// Not the library's return but the acknowledgement counts: when it comes
	// at once, the library misses it and waits for half a minute.
	case <-c.answered:
		return nil
	case <-c.done:
		return fmt.Errorf("answer: %w", ErrEnded)
	case err := <-failed:
		if err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		return nil
	}
}

// Reject refuses a call that came in, with a SIP status such as 486 (busy).
func (c *Call) Reject(code int) error {
	if c.incoming == nil {
		return errors.New("reject: this call was placed, not received")
	}
	if err := c.decline(code); err != nil {
		return fmt.Errorf("reject: %w", err)
	}
	return nil
}

// errAnswered means that a call is up that was to be refused.
var errAnswered = errors.New("the call is answered")

// decline refuses the call unless it is being answered.
func (c *Call) decline(code int) error {
	c.mu.Lock()
	answering := c.answering
	c.mu.Unlock()
	if answering {
		return errAnswered
	}
	err := c.respond(func() error {
		c.end(Ending{Code: code})
		return c.incoming.Respond(code, reasonText(code), nil)
	})
	if errors.Is(err, sip.ErrTransactionCanceled) {
		return nil
	}
	return err
}

// respond runs do, which answers the INVITE, unless the call is over.
func (c *Call) respond(do func() error) error {
	c.responding.Lock()
	defer c.responding.Unlock()
	select {
	case <-c.done:
		return ErrEnded
	default:
		return do()
	}
}

func reasonText(code int) string {
	switch code {
	case sip.StatusBusyHere:
		return "Busy Here"
	case sip.StatusNotFound:
		return "Not Found"
	case sip.StatusTemporarilyUnavailable:
		return "Temporarily Unavailable"
	case sip.StatusServiceUnavailable:
		return "Service Unavailable"
	case sip.StatusGlobalDecline:
		return "Decline"
	}
	return "Refused"
}

// Hangup ends the call in the way its state asks for: BYE when it is up,
// CANCEL when it was placed and not answered yet, 603 when it came in and was
// not answered yet. It returns when the call is over; a call that is over
// already is no error.
func (c *Call) Hangup() error {
	// A far end that has died does not answer; the call is over all the same.
	ctx, stop := context.WithTimeout(context.Background(), hangupLimit)
	defer stop()
	err := c.finish(ctx)
	if err == nil {
		select {
		case <-c.done:
			return nil
		case <-ctx.Done():
			err = errors.New("the far end does not confirm")
		}
	}
	c.abandon()
	return fmt.Errorf("hang up: %w", err)
}

// finish sends what ends the call.
func (c *Call) finish(ctx context.Context) error {
	select {
	case <-c.done:
		return nil
	default:
	}
	bye := func() error { return c.placed.Bye(ctx) }
	if c.incoming != nil {
		bye = func() error { return c.incoming.Bye(ctx) }
		err := c.decline(sip.StatusGlobalDecline)
		if errors.Is(err, ErrEnded) {
			return nil
		}
		if !errors.Is(err, errAnswered) {
			return err
		}
	}
	c.end(Ending{})
	if c.placed != nil {
		c.cancel() // no more than a no-op once it is answered
	}
	// The answer may be on its way: only a BYE ends the call then.
	select {
	case <-c.answered:
		return bye()
	case <-c.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// hangupLimit is how long a far end may take to confirm the end of a call.
const hangupLimit = 5 * time.Second

// SendDTMF sends digits (0-9, *, #, A-D) as RFC 4733 events of 100 ms with
// pauses of 100 ms, and returns when the last is out.
func (c *Call) SendDTMF(digits string) error {
	for _, d := range digits {
		if !strings.ContainsRune("0123456789*#ABCD", d) {
			return fmt.Errorf("send digits %q: %q is none", digits, d)
		}
	}
	for _, d := range digits {
		k := keypress{digit: d, out: make(chan struct{})}
		select {
		case c.keys <- k:
		case <-c.done:
			return fmt.Errorf("send digits: %w", ErrEnded)
		}
		select {
		case <-k.out:
		case <-c.done:
		}
		// The far end may hang up on hearing the digit.
		select {
		case <-k.out:
		default:
			return fmt.Errorf("send digits: %w", ErrEnded)
		}
	}
	return nil
}

// keypress is a digit to send; out is closed when the far end can know it.
type keypress struct {
	digit rune
	out   chan struct{}
}

// DTMF delivers the digits that the far end sends.
func (c *Call) DTMF() <-chan rune { return c.dtmf }

// PlayTone says a sine of hz from now on; 0 falls silent.
func (c *Call) PlayTone(hz float64) { c.mouth.tone(hz) }

// Say says samples (8000 a second), after what it was told to say before.
func (c *Call) Say(samples []int16) { c.mouth.say(samples) }

// Tape records what is heard from now on; the function returned ends that and
// gives the samples.
func (c *Call) Tape() (stop func() []int16) {
	c.ear.start()
	return c.ear.stop
}

// WaitPart returns when a sine of hz has been heard for 150 ms, perhaps among others.
func (c *Call) WaitPart(ctx context.Context, hz float64) error {
	if err := c.ear.wait(ctx, c.done, 150*time.Millisecond, func(w []int16) bool { return level(w, hz) > partLevel }); err != nil {
		return fmt.Errorf("waiting for a tone of %g Hz among others: %w", hz, err)
	}
	return nil
}

// WaitWithout returns when for 150 ms there was no sine of hz in what was heard.
func (c *Call) WaitWithout(ctx context.Context, hz float64) error {
	if err := c.ear.wait(ctx, c.done, 150*time.Millisecond, func(w []int16) bool { return level(w, hz) < partLevel/4 }); err != nil {
		return fmt.Errorf("waiting for the end of a tone of %g Hz: %w", hz, err)
	}
	return nil
}

// WaitTone returns when a sine of hz has been heard for 150 ms.
func (c *Call) WaitTone(ctx context.Context, hz float64) error {
	err := c.ear.wait(ctx, c.done, 150*time.Millisecond, func(w []int16) bool { return HasTone(w, hz) })
	if err != nil {
		return fmt.Errorf("waiting for a tone of %g Hz: %w", hz, err)
	}
	return nil
}

// WaitSound returns when anything but silence has been heard for 100 ms.
func (c *Call) WaitSound(ctx context.Context) error {
	if err := c.ear.wait(ctx, c.done, 100*time.Millisecond, func(w []int16) bool { return !quiet(w) }); err != nil {
		return fmt.Errorf("waiting for a sound: %w", err)
	}
	return nil
}

// WaitSilence returns when silence has been heard (packets of it, not their
// absence) for d, which is rounded down to 50 ms.
func (c *Call) WaitSilence(ctx context.Context, d time.Duration) error {
	if err := c.ear.wait(ctx, c.done, d, quiet); err != nil {
		return fmt.Errorf("waiting for silence: %w", err)
	}
	return nil
}

// WaitEnd returns how the call ended, or the error of ctx when it has not.
func (c *Call) WaitEnd(ctx context.Context) (Ending, error) {
	select {
	case <-c.done:
		return c.Ending(), nil
	case <-ctx.Done():
		return Ending{}, fmt.Errorf("waiting for the end of the call: %w", context.Cause(ctx))
	}
}
