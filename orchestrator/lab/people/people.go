// Package people plays those around a real PBX for pbxtest.Exercise: callers from
// outside, and the desk phones of the people inside.
package people

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// The phones that the PBX must have.
const (
	First = 101
	Last  = 180
)

// PBX is a private PBX of the lab.
type PBX interface {
	// Caller is the phone of somebody outside.
	Caller(number string) (*lab.Phone, error)
	// Phone is the phone of somebody inside, registered.
	Phone(ctx context.Context, user string) (*lab.Phone, error)
}

// People are those around one PBX. Its desk phones take turns.
type People struct {
	pbx        PBX
	technology string       // as the PBX names its phones: PJSIP
	used       atomic.Int64 // phones up to now
}

// New returns the people around a PBX whose phones are called technology/101 and so on.
func New(pbx PBX, technology string) *People { return &People{pbx: pbx, technology: technology} }

// Caller is somebody who called in from the trunk.
type Caller struct{ Call *lab.Call }

// Press sends a digit.
func (c Caller) Press(t *testing.T, digit string) {
	t.Helper()
	if err := c.Call.SendDTMF(digit); err != nil {
		t.Fatal(err)
	}
}

// Keys waits for so many keys to arrive, and returns them.
func (c Caller) Keys(t *testing.T, n int) string {
	t.Helper()
	return heard(t, c.Call, n)
}

// patience is how long keys are waited for.
const patience = 30 * time.Second

func heard(t *testing.T, c *lab.Call, n int) string {
	t.Helper()
	limit := time.After(patience)
	var keys []rune
	for len(keys) < n {
		select {
		case k := <-c.DTMF():
			keys = append(keys, k)
		case <-limit:
			t.Errorf("heard %q, waited in vain for %d keys", string(keys), n)
			return string(keys)
		}
	}
	return string(keys)
}

// HangUp ends the call.
func (c Caller) HangUp(t *testing.T) {
	t.Helper()
	if err := c.Call.Hangup(); err != nil {
		t.Fatal(err)
	}
}

// Arrive calls a number from outside; it does not wait until the call is seen.
// What it returns is a Caller.
func (p *People) Arrive(t *testing.T, did string, from orchestrator.Party) pbxtest.Caller {
	t.Helper()
	phone, err := p.pbx.Caller(from.Number)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(phone.Close)
	c, err := phone.Place(context.WithoutCancel(t.Context()), did, lab.DialOptions{Name: from.Name})
	if err != nil {
		t.Fatal(err)
	}
	return Caller{c}
}

// Desk is a desk phone.
type Desk struct {
	endpoint string

	mu   sync.Mutex
	call *lab.Call // guarded by mu
}

// Endpoint is the phone's name on the PBX.
func (d *Desk) Endpoint() string { return d.endpoint }

// Calling is the call that the phone is in.
func (d *Desk) Calling(t *testing.T) *lab.Call {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.call == nil {
		t.Fatalf("phone %s is in no call", d.endpoint)
	}
	return d.call
}

// Press presses keys in the call that the phone is in.
func (d *Desk) Press(t *testing.T, digits string) {
	t.Helper()
	if err := d.Calling(t).SendDTMF(digits); err != nil {
		t.Fatal(err)
	}
}

// Keys waits for so many keys to arrive in the call that the phone is in, and
// returns them.
func (d *Desk) Keys(t *testing.T, n int) string {
	t.Helper()
	return heard(t, d.Calling(t), n)
}

// Beeped waits for a sound to be heard in the call that the phone is in, and its end.
func (d *Desk) Beeped(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := d.Calling(t)
	if err := c.WaitSound(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitSilence(ctx, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
}

// HangUp ends the call that the phone is in.
func (d *Desk) HangUp(t *testing.T) {
	t.Helper()
	if err := d.Calling(t).Hangup(); err != nil {
		t.Fatal(err)
	}
}

// Phone returns the next desk phone, a Desk, which does as its kind says.
func (p *People) Phone(t *testing.T, kind pbxtest.PhoneKind) pbxtest.Phone {
	t.Helper()
	n := First + int(p.used.Add(1)) - 1
	if n > Last {
		t.Fatal("the suite uses more phones than there are")
	}
	user := fmt.Sprint(n)
	d := &Desk{endpoint: p.technology + "/" + user}
	if kind == pbxtest.PhoneAbsent {
		return d
	}
	phone, err := p.pbx.Phone(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(phone.Close)
	does := map[pbxtest.PhoneKind]func(*lab.Call){
		pbxtest.PhoneAnswers: lab.AnswerAfter(100 * time.Millisecond),
		pbxtest.PhoneRings:   lab.RingOn,
		pbxtest.PhoneBusy:    lab.RejectWith(486),
		pbxtest.PhoneRejects: lab.RejectWith(603),
	}[kind]
	phone.OnInvite(func(c *lab.Call) {
		d.mu.Lock()
		d.call = c
		d.mu.Unlock()
		does(c)
	})
	return d
}

// Music waits until a Desk hears music.
func Music(t *testing.T, p pbxtest.Phone) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.(*Desk).Calling(t).WaitSound(ctx); err != nil {
		t.Fatal(err)
	}
}

// Alive waits until silence has arrived at a Desk for a while.
func Alive(t *testing.T, p pbxtest.Phone) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.(*Desk).Calling(t).WaitSilence(ctx, 400*time.Millisecond); err != nil {
		t.Fatal(err)
	}
}

// Hears waits until a Desk or Caller hears what another says.
func Hears(t *testing.T, who, whom any) {
	t.Helper()
	const hz = 700
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	from := callOf(t, whom)
	from.PlayTone(hz)
	defer from.PlayTone(0)
	if err := callOf(t, who).WaitTone(ctx, hz); err != nil {
		t.Fatal(err)
	}
}

// Deaf makes sure that a Desk or Caller hears nothing of what another says.
func Deaf(t *testing.T, who, whom any) {
	t.Helper()
	const hz = 900
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	from := callOf(t, whom)
	from.PlayTone(hz)
	defer from.PlayTone(0)
	if callOf(t, who).WaitPart(ctx, hz) == nil {
		t.Error("who is muted is heard")
	}
}

// callOf is the call that a Desk or Caller is in.
func callOf(t *testing.T, who any) *lab.Call {
	t.Helper()
	if d, ok := who.(*Desk); ok {
		return d.Calling(t)
	}
	return who.(Caller).Call
}

// HoldKey presses the hold key of a Desk.
func HoldKey(t *testing.T, p pbxtest.Phone, held bool) {
	t.Helper()
	if err := p.(*Desk).Calling(t).Hold(t.Context(), held); err != nil {
		t.Fatal(err)
	}
}
