package ari

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Who answered is heard by Asterisk's AMD(), an application of the dialplan. A snoop
// channel carries it out (context operadora-machine), so that the channel itself stays
// with us, and may be talked with meanwhile, be recorded and be hung up. The snoop comes
// back to the application with what AMD() found; when nobody is there by then it ends,
// and whoever waits takes silence for a person.

const (
	machineContext  = "operadora-machine"
	machineArgs     = "OPERADORA_AMD"
	heardPrefix     = snoopPrefix + "heard-" // of a snoop channel that listens; the channel follows
	heardArg        = "heard"                // the first argument with which it comes back
	silenceCause    = "INITIALSILENCE"
	talkThreshold   = 256 // the loudness from which on it is no silence, as in dsp.conf
	leastWord       = 100 // ms, AMD's default: shorter is a noise
	betweenWords    = 50  // ms, AMD's default
	mostWords       = 100 // a person says three words, too: how long they speak decides
	attendVariable  = "TALK_DETECT(set)"
	attendNoMore    = "TALK_DETECT(remove)"
	machineVerdict  = "MACHINE"
	personVerdict   = "HUMAN"
	listensPriority = "1"
)

// Listen has a snoop channel hear who answered.
func (a *Adapter) Listen(ctx context.Context, l orchestrator.Listening) error {
	if l.Greeting <= 0 || l.Silence <= 0 || l.Most <= 0 {
		return fault.New("ari.Listen", fault.Invalid, "greeting %v, silence %v, most %v", l.Greeting, l.Silence, l.Most)
	}
	if err := a.refuseDialling("Listen", l.Channel); err != nil {
		return err
	}
	id := heardPrefix + l.Channel
	err := patiently(ctx, func() (bool, error) {
		err := a.snoop(ctx, l.Channel, id, "in", "none")
		return unready(err), err
	})
	if err != nil {
		return err
	}
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	// As much silence at the beginning as there is time: who says nothing is no machine.
	args := strings.Join([]string{ms(l.Most + time.Second), ms(l.Greeting), ms(l.Silence), ms(l.Most), strconv.Itoa(leastWord),
		strconv.Itoa(betweenWords), strconv.Itoa(mostWords), strconv.Itoa(talkThreshold)}, ",")
	if err := a.setVariable(ctx, id, machineArgs, args); err != nil {
		return err
	}
	err = patiently(ctx, func() (bool, error) {
		err := a.client.do(ctx, request{verb: "Listen", method: http.MethodPost, path: []string{"channels", id, "continue"},
			query: url.Values{"context": {machineContext}, "extension": {"s"}, "priority": {listensPriority}}}, nil)
		return notEntered(err), err
	})
	if notEntered(err) { // it listens already
		return nil
	}
	return err
}

// heard is a snoop channel that comes back with what AMD() found.
func (t *translator) heard(e *orchestrator.Event, w *message) verdict {
	of, is := strings.CutPrefix(w.Channel.ID, heardPrefix)
	if !is || len(w.Args) < 2 || w.Args[0] != heardArg {
		return silent
	}
	e.Kind, e.Channel, e.Verdict = orchestrator.EventHeard, of, orchestrator.VerdictUnsure
	if len(w.Args) > 2 {
		e.Reason = w.Args[2]
	}
	switch {
	case w.Args[1] == personVerdict:
		e.Verdict = orchestrator.VerdictPerson
	case w.Args[1] == machineVerdict && !strings.HasPrefix(e.Reason, silenceCause):
		e.Verdict = orchestrator.VerdictMachine
	}
	return t.legs.inCall(of)
}

// stopListening removes a snoop channel that has told what it heard.
func (a *Adapter) stopListening(ctx context.Context, channel string) {
	if err := a.unsnoop(ctx, heardPrefix+channel); err != nil && ctx.Err() == nil {
		a.log.DebugContext(ctx, "what listened to a channel stays until the channel ends", "channel", channel, "error", err)
	}
}

// Attend has Asterisk tell when who is at the far end of a channel speaks and falls silent.
func (a *Adapter) Attend(ctx context.Context, channel string, silent time.Duration) error {
	if err := a.refuseDialling("Attend", channel); err != nil {
		return err
	}
	name, value := attendVariable, strconv.FormatInt(silent.Milliseconds(), 10)+","+strconv.Itoa(talkThreshold)
	if silent <= 0 {
		name, value = attendNoMore, ""
	}
	return a.client.do(ctx, variable(http.MethodPost, channel, url.Values{"variable": {name}, "value": {value}}), nil)
}
