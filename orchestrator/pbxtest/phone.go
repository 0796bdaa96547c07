package pbxtest

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Behaviour is what a phone does when it is called. The zero value rings until
// the caller gives up.
type Behaviour struct {
	absent  bool // the PBX knows no way to it
	mute    bool // does not tell that it rings
	lost    bool // not even the time limit ends it
	answers bool
	answer  time.Duration
	ends    bool // ends the attempt by itself
	end     time.Duration
	cause   orchestrator.Cause
	talk    time.Duration // hangs up so long after answering; 0 never
}

// AnswerAfter rings for d and answers. AnswerAfter(0) answers before the reply
// of Originate arrives.
func AnswerAfter(d time.Duration) Behaviour { return Behaviour{answers: true, answer: d} }

// RingFor rings for d and then gives up with orchestrator.CauseNoAnswer,
// unless the caller gave up before.
func RingFor(d time.Duration) Behaviour {
	return Behaviour{ends: true, end: d, cause: orchestrator.CauseNoAnswer}
}

// Manual rings until PickUp, HangUp or the caller's time limit.
func Manual() Behaviour { return Behaviour{} }

// Busy refuses at once with orchestrator.CauseBusy.
func Busy() Behaviour { return Behaviour{mute: true, ends: true, cause: orchestrator.CauseBusy} }

// Reject rings and refuses at once with orchestrator.CauseRejected.
func Reject() Behaviour { return Behaviour{ends: true, cause: orchestrator.CauseRejected} }

// EndWith rings for d and ends with the cause given.
func EndWith(d time.Duration, cause orchestrator.Cause) Behaviour {
	return Behaviour{ends: true, end: d, cause: cause}
}

// Unreachable is a phone that is not registered: Originate itself is refused
// with fault.NotFound, as Asterisk does, and its device state says so.
func Unreachable() Behaviour { return Behaviour{absent: true} }

// Silent is a phone of which nothing is heard until the time limit of the
// origination passes.
func Silent() Behaviour { return Behaviour{mute: true} }

// Lost is a phone of which nothing is heard ever, not even at the time limit:
// the PBX forgot. Hangup ends the channel.
func Lost() Behaviour { return Behaviour{mute: true, lost: true} }

// ThenHangUp returns the behaviour with the phone hanging up so long after it answered.
func (b Behaviour) ThenHangUp(after time.Duration) Behaviour {
	b.talk = after
	return b
}

// phone is an endpoint that the switch knows.
type phone struct {
	does    []Behaviour // taken in turn, the last one stays
	lines   int         // its channels
	foreign bool        // in a call that is not ours
}

func (ph *phone) next() Behaviour {
	b := ph.does[0]
	if len(ph.does) > 1 {
		ph.does = ph.does[1:]
	}
	return b
}

// Endpoint makes a phone known, or changes what it does: each call to it takes
// the next behaviour, the last one stays. Without any it is Manual. A phone has
// one line: while it has a channel, or is OnThePhone, further attempts are Busy.
func (p *PBX) Endpoint(name string, does ...Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(does) == 0 {
		does = []Behaviour{Manual()}
	}
	ph := p.phones[name]
	if ph == nil {
		ph = &phone{}
		p.phones[name] = ph
	}
	ph.does = does
	p.device(name)
}

// OnThePhone says that a phone is, or is no longer, in a call that is not ours.
func (p *PBX) OnThePhone(endpoint string, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ph := p.phones[endpoint]
	if ph == nil {
		ph = &phone{does: []Behaviour{Manual()}}
		p.phones[endpoint] = ph
	}
	ph.foreign = is
	p.device(endpoint)
}

// state is what the switch knows of a phone. p.mu is held.
func (p *PBX) state(endpoint string) orchestrator.DeviceState {
	ph := p.phones[endpoint]
	switch {
	case ph == nil:
		return orchestrator.DeviceUnknown
	case ph.lines > 0 || ph.foreign:
		return orchestrator.DeviceBusy
	case ph.does[0].absent:
		return orchestrator.DeviceUnreachable
	}
	return orchestrator.DeviceFree
}

// device tells a watched phone's state if it changed. p.mu is held.
func (p *PBX) device(endpoint string) {
	if told, ok := p.watched[endpoint]; ok && told != p.state(endpoint) {
		p.tellDevice(endpoint)
	}
}

// tellDevice tells a phone's state. p.mu is held.
func (p *PBX) tellDevice(endpoint string) {
	s := p.state(endpoint)
	p.watched[endpoint] = s
	p.emit(orchestrator.Event{Kind: orchestrator.EventDevice, Endpoint: endpoint, Device: s})
}

// dial makes the channel of an origination. p.mu is held.
func (p *PBX) dial(o orchestrator.Origination) error {
	const op = "pbxtest.Originate"
	if o.Channel == "" || o.Endpoint == "" || o.Timeout < time.Second || o.Timeout%time.Second != 0 {
		return fault.New(op, fault.Invalid, "channel %q, endpoint %q, timeout %v", o.Channel, o.Endpoint, o.Timeout)
	}
	if _, ok := p.channels[o.Channel]; ok {
		return nil // the repetition of a command whose reply was lost
	}
	if o.Again && o.Once {
		return fault.E(op, fault.Conflict, orchestrator.ErrInDoubt)
	}
	if _, ok := p.channels[o.Originator]; !ok && o.Originator != "" {
		return fault.E(op, fault.NotFound, orchestrator.ErrOriginatorGone)
	}
	ph := p.phones[o.Endpoint]
	if ph == nil || ph.does[0].absent {
		return fault.New(op, fault.NotFound, "endpoint %q is not registered", o.Endpoint)
	}
	b := Busy()
	if ph.lines == 0 && !ph.foreign {
		b = ph.next()
	}
	c := &channel{id: o.Channel, endpoint: o.Endpoint, args: o.Args, language: o.Language, talk: b.talk,
		created: p.clock(), dialled: true}
	p.channels[c.id] = c
	ph.lines++
	p.device(o.Endpoint)
	p.perform(c, b, o.Timeout)
	return nil
}

// perform lets a phone do what it does. p.mu is held.
func (p *PBX) perform(c *channel, b Behaviour, limit time.Duration) {
	if !b.mute {
		p.emit(orchestrator.Event{Kind: orchestrator.EventRinging, Channel: c.id})
	}
	later := func(d time.Duration, fn func()) {
		if d <= 0 {
			fn()
			return
		}
		c.fate = append(c.fate, p.after(d, fn))
	}
	switch {
	case b.answers && b.answer < limit:
		later(b.answer, func() { p.pickUp(c) })
		return
	case b.ends && b.end < limit:
		later(b.end, func() { p.end(c, b.cause) })
		return
	}
	if !b.lost {
		// Asterisk gives no cause when a dial runs out of time.
		later(limit, func() { p.end(c, orchestrator.CauseUnknown) })
	}
}

// pickUp answers an originated channel. p.mu is held.
func (p *PBX) pickUp(c *channel) {
	for _, d := range c.fate {
		p.cancel(d)
	}
	c.fate = nil
	c.up, c.picked = true, p.clock()
	p.enter(c)
	if c.talk > 0 {
		c.fate = append(c.fate, p.after(c.talk, func() { p.end(c, orchestrator.CauseNormal) }))
	}
}

// PickUp answers the call that rings at an endpoint and returns its channel, ""
// when none rings.
func (p *PBX) PickUp(endpoint string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range p.at(endpoint) {
		if c := p.channels[id]; !c.up {
			p.pickUp(c)
			return id
		}
	}
	return ""
}
