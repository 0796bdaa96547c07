package lab_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/lab"
)

// limit bounds a wait for something that takes milliseconds, so that a fault
// shows as a failed test.
func limit(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func caller(t *testing.T, a *lab.Asterisk, number string) *lab.Phone {
	t.Helper()
	p, err := a.Caller(number)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func desk(t *testing.T, a *lab.Asterisk, user string) *lab.Phone {
	t.Helper()
	p, err := a.Phone(limit(t), user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

const toTheLab = "include => lab\nexten => _1XX,1,Dial(PJSIP/${EXTEN},60)\n"

func TestCallerHearsItsOwnEcho(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab})
	ctx := limit(t)
	call, err := caller(t, a, "5551000").Dial(ctx, lab.EchoExtension, lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := call.WaitSilence(ctx, 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for _, hz := range []float64{440, 1200} {
		call.PlayTone(hz)
		if err := call.WaitTone(ctx, hz); err != nil {
			t.Fatal(err)
		}
	}
	if err := call.Hangup(); err != nil {
		t.Fatal(err)
	}
	if end := call.Ending(); end.Remote || !end.Answered || end.Err != nil {
		t.Errorf("the call ended as %+v, want answered and hung up here", end)
	}
}

func TestDigitsReachAsterisk(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab, Log: lab.LogVerbose})
	ctx := limit(t)
	call, err := caller(t, a, "5551001").Dial(ctx, lab.DigitExtension, lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const digits = "1123580*A9"
	if err := call.SendDTMF(digits + "#"); err != nil {
		t.Fatal(err)
	}
	end, err := call.WaitEnd(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !end.Remote || !strings.Contains(end.Reason, "cause=16") {
		t.Errorf("the call ended as %+v, want hung up normally by Asterisk", end)
	}
	log, err := os.ReadFile(a.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	if want := "lab: digits <" + digits + ">"; !strings.Contains(string(log), want) {
		t.Errorf("Asterisk's log lacks %q", want)
	}
}

func TestDeskPhoneAndCallerHearEachOther(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab, Endpoints: lab.Desk(101, 101)})
	ctx := limit(t)
	agent := desk(t, a, "101")
	out := caller(t, a, "5551002")
	placed, err := out.Place(ctx, "101", lab.DialOptions{Name: "Ana Pérez"})
	if err != nil {
		t.Fatal(err)
	}
	rung, err := agent.NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if number, name := rung.Caller(); number != "5551002" || name != "Ana Pérez" {
		t.Errorf("the phone shows %q %q, want 5551002 and Ana Pérez", number, name)
	}
	if err := rung.Ring(); err != nil {
		t.Fatal(err)
	}
	await(t, ctx, placed.Ringing(), "the caller to hear ringing")
	if err := rung.Answer(); err != nil {
		t.Fatal(err)
	}
	await(t, ctx, placed.Answered(), "the answer")
	placed.PlayTone(500)
	rung.PlayTone(900)
	if err := placed.WaitTone(ctx, 900); err != nil {
		t.Error("caller:", err)
	}
	if err := rung.WaitTone(ctx, 500); err != nil {
		t.Error("agent:", err)
	}
	if err := placed.SendDTMF("7"); err != nil {
		t.Fatal(err)
	}
	select {
	case d := <-rung.DTMF():
		if d != '7' {
			t.Errorf("the agent's phone got digit %q, want 7", d)
		}
	case <-ctx.Done():
		t.Error("the agent's phone got no digit")
	}
	if err := rung.Hangup(); err != nil {
		t.Fatal(err)
	}
	if end, err := placed.WaitEnd(ctx); err != nil || !end.Remote || !end.Answered {
		t.Errorf("the caller's side ended as %+v (%v), want hung up by the other side", end, err)
	}
}

func await(t *testing.T, ctx context.Context, signal <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-signal:
	case <-ctx.Done():
		t.Fatalf("waited in vain for %s", what)
	}
}

func TestPhoneBehaviours(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab, Endpoints: lab.Desk(101, 104)})

	t.Run("rejects", func(t *testing.T) {
		t.Parallel()
		desk(t, a, "101").OnInvite(lab.RejectWith(486))
		_, err := caller(t, a, "5551003").Dial(limit(t), "101", lab.DialOptions{})
		var refused *lab.RefusedError
		if !errors.As(err, &refused) || refused.Code != 486 {
			t.Errorf("got %v, want a refusal with 486", err)
		}
	})
	t.Run("answers and the caller hangs up", func(t *testing.T) {
		t.Parallel()
		agent := desk(t, a, "102")
		agent.OnInvite(lab.AnswerAfter(50 * time.Millisecond))
		call, err := caller(t, a, "5551004").Dial(limit(t), "102", lab.DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		there, err := agent.NextCall(limit(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		if end, err := there.WaitEnd(limit(t)); err != nil || !end.Remote || !end.Answered {
			t.Errorf("the agent's side ended as %+v (%v), want answered and hung up by the other side", end, err)
		}
	})
	t.Run("rings until the caller gives up", func(t *testing.T) {
		t.Parallel()
		agent := desk(t, a, "103")
		agent.OnInvite(lab.RingOn)
		call, err := caller(t, a, "5551005").Place(limit(t), "103", lab.DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		await(t, limit(t), call.Ringing(), "ringing")
		there, err := agent.NextCall(limit(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		if end, err := there.WaitEnd(limit(t)); err != nil || !end.Remote || end.Answered {
			t.Errorf("the agent's side ended as %+v (%v), want given up unanswered", end, err)
		}
	})
	t.Run("has one line", func(t *testing.T) {
		t.Parallel()
		agent, err := lab.NewPhone(lab.PhoneOptions{User: "104", Password: "secret-104", Server: a.SIPAddr(), Lines: 1, OnInvite: lab.RingOn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(agent.Close)
		if err := agent.Register(limit(t)); err != nil {
			t.Fatal(err)
		}
		first, err := caller(t, a, "5551006").Place(limit(t), "104", lab.DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		await(t, limit(t), first.Ringing(), "ringing")
		_, err = caller(t, a, "5551007").Dial(limit(t), "104", lab.DialOptions{})
		var refused *lab.RefusedError
		if !errors.As(err, &refused) || refused.Code != 486 {
			t.Errorf("a second call got %v, want a refusal with 486", err)
		}
	})
}

func TestDialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab, Endpoints: lab.Desk(101, 101)})
	agent := desk(t, a, "101")
	ctx, cancel := context.WithCancel(limit(t))
	agent.OnInvite(func(c *lab.Call) {
		lab.RingOn(c)
		cancel()
	})
	_, err := caller(t, a, "5551008").Dial(ctx, "101", lab.DialOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context canceled", err)
	}
	there, err := agent.NextCall(limit(t))
	if err != nil {
		t.Fatal(err)
	}
	if end, err := there.WaitEnd(limit(t)); err != nil || end.Answered {
		t.Errorf("the phone's side ended as %+v (%v), want unanswered", end, err)
	}
}

func TestPhoneWithAFixedContactNeedsNoRegistration(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	ctx := limit(t)
	agent := lab.PhoneFor(t, lab.PhoneOptions{User: "101", OnInvite: lab.AnswerAfter(0)})
	a := lab.AsteriskFor(t, lab.AsteriskOptions{
		FromTrunk: toTheLab,
		Endpoints: []lab.Endpoint{{User: "101", Contact: agent.Contact()}},
	})
	agent.Use(a.SIPAddr())
	in, err := caller(t, a, "5551009").Dial(ctx, "101", lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := agent.Dial(ctx, lab.ToneExtension, lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.WaitTone(ctx, 1004); err != nil {
		t.Error(err)
	}
	if err := in.Hangup(); err != nil {
		t.Error(err)
	}
}

func TestRegisterWithAWrongPasswordIsRefused(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{Endpoints: lab.Desk(101, 101)})
	p := lab.PhoneFor(t, lab.PhoneOptions{User: "101", Password: "wrong", Server: a.SIPAddr()})
	var refused *lab.RefusedError
	if err := p.Register(limit(t)); !errors.As(err, &refused) || refused.Code != 401 {
		t.Errorf("got %v, want a refusal with 401", err)
	}
}

func TestLampShowsACall(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab, Endpoints: lab.Desk(101, 102)})
	ctx := limit(t)
	desk(t, a, "101").OnInvite(lab.AnswerAfter(0))
	lamp, err := desk(t, a, "102").WatchLamp(ctx, "101")
	if err != nil {
		t.Fatal(err)
	}
	show(t, ctx, lamp, "terminated")
	call, err := caller(t, a, "5551010").Dial(ctx, "101", lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	show(t, ctx, lamp, "confirmed")
	if err := call.Hangup(); err != nil {
		t.Fatal(err)
	}
	show(t, ctx, lamp, "terminated")
}

// show waits until the lamp shows a state; states on the way there are passed.
func show(t *testing.T, ctx context.Context, lamp *lab.Lamp, want string) {
	t.Helper()
	var seen []string
	for {
		select {
		case s := <-lamp.States():
			if s == want {
				return
			}
			seen = append(seen, s)
		case <-ctx.Done():
			t.Fatalf("the lamp never showed %s, only %v", want, seen)
		}
	}
}
