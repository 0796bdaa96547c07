package pbxtest

import (
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Arrival describes a call that the dialplan hands to the application.
type Arrival struct {
	Channel  string
	DID      string
	Caller   orchestrator.Party
	Args     []string // nil is "inbound" and the DID
	Language string   // "" is "en"
	Answered bool     // the dialplan answered it before
	Endpoint string   // the phone it comes from; "" is a trunk
	// CreatedAgo is how long the caller was on the switch before (an IVR of its own).
	CreatedAgo time.Duration
}

// Arrive brings in a call from a trunk: EventEntered, not answered. A channel
// id that exists is left alone, unless it left: then it comes back.
func (p *PBX) Arrive(channel, did string, caller orchestrator.Party) {
	p.ArriveAs(Arrival{Channel: channel, DID: did, Caller: caller})
}

// ArriveAs brings in a call with all particulars, such as a feature code
// dialled at an agent's phone.
func (p *PBX) ArriveAs(a Arrival) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.channels[a.Channel]; ok {
		if c.left {
			p.comeBack(c, a)
		}
		return
	}
	if a.Args == nil {
		a.Args = []string{string(orchestrator.KindInbound), a.DID}
	}
	if a.Language == "" {
		a.Language = "en"
	}
	c := &channel{
		id: a.Channel, endpoint: a.Endpoint, args: a.Args, did: a.DID, language: a.Language,
		caller: a.Caller, up: a.Answered, created: p.clock(),
	}
	if ago := a.CreatedAgo; ago > 0 {
		c.created = c.created.Add(-ago)
	}
	p.channels[c.id] = c
	if ph := p.phones[a.Endpoint]; ph != nil {
		ph.lines++
		p.device(a.Endpoint)
	} else {
		c.endpoint = ""
	}
	p.enter(c)
}

// comeBack lets the dialplan hand a channel over that had left. p.mu is held.
func (p *PBX) comeBack(c *channel, a Arrival) {
	if a.Args != nil {
		c.args = a.Args
	}
	if a.DID != "" {
		c.did = a.DID
	}
	p.enter(c)
}

// Press is a key on a channel's phone; it also ends a recording that has it as
// its terminator. In a bridge it reaches the phones of the others there, unless
// the channel joined it absorbing. It returns false when there is no such channel.
func (p *PBX) Press(channel, digit string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.channels[channel]
	if !ok || !c.entered {
		return false
	}
	p.emit(orchestrator.Event{Kind: orchestrator.EventDigit, Channel: channel, Digit: digit})
	for _, id := range p.bridges[c.bridge] {
		if id != channel && !c.absorbs {
			p.channels[id].keys += digit
		}
	}
	if len(c.work) > 0 {
		if r := c.work[0].rec; r != nil && r.order.Terminator == digit && digit != "" {
			p.finish(c.work[0], false, "")
		}
	}
	return true
}

// Keys are the keys that have reached the phone of a channel.
func (p *PBX) Keys(channel string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.channels[channel]; ok {
		return c.keys
	}
	return ""
}

// Tones are what the phone of a channel has heard of Beep.
func (p *PBX) Tones(channel string) []orchestrator.Tone {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.channels[channel]; ok {
		return slices.Clone(c.tones)
	}
	return nil
}

// AskTransfer is the transfer key of a channel's phone: EventTransfer. What is
// told to the phone comes out of the channel that is returned, which is nil
// when there is no such channel.
func (p *PBX) AskTransfer(channel, number, other string) <-chan bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.channels[channel]
	if !ok || !c.entered {
		return nil
	}
	c.transfer = make(chan bool, 1)
	e := orchestrator.Event{Kind: orchestrator.EventTransfer, Channel: channel, Number: number, Other: other}
	if other != "" {
		e.Peer = "Channel/" + other // a phone of that name, if there is one
	}
	p.emit(e)
	return c.transfer
}

// Monitored is whom a channel hears, and how; Target is "" when it hears nobody.
func (p *PBX) Monitored(channel string) orchestrator.Monitoring {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.channels[channel]
	if !ok {
		return orchestrator.Monitoring{}
	}
	return p.monitors[c.bridge]
}

// HoldKey is the hold key of a channel's phone: EventHeld, or EventResumed. It
// returns false when there is no such channel.
func (p *PBX) HoldKey(channel string, held bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.channels[channel]
	if !ok || !c.entered {
		return false
	}
	kind := orchestrator.EventResumed
	if held {
		kind = orchestrator.EventHeld
	}
	p.emit(orchestrator.Event{Kind: kind, Channel: channel})
	return true
}

// HangUp is the far end of a channel hanging up, whichever it is: caller,
// agent, or a phone that still rings. It returns false when the channel is gone.
func (p *PBX) HangUp(channel string, cause orchestrator.Cause) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.channels[channel]
	if ok {
		p.end(c, cause)
	}
	return ok
}

// FallSilent lets the caller say nothing more: a recording with a limit of
// silence ends after that. It returns false when no such recording runs.
func (p *PBX) FallSilent(channel string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.channels[channel]
	if !ok || len(c.work) == 0 || c.work[0].rec == nil {
		return false
	}
	j := c.work[0]
	limit := j.rec.order.MaxSilence
	if limit <= 0 {
		return false
	}
	j.quiet = p.after(limit, func() { p.finish(j, false, "") })
	return true
}

// ChannelsAt returns the channels of a phone, in order of their ids.
func (p *PBX) ChannelsAt(endpoint string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at(endpoint)
}

func (p *PBX) at(endpoint string) []string {
	var ids []string
	for id, c := range p.channels {
		if c.endpoint == endpoint && !c.left {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// ChannelView is a channel as the switch sees it.
type ChannelView struct {
	Up, Entered  bool
	Held, Silent bool     // hears hold music, or silence that is sent for it: in a bridge, nothing else
	Bridge       string   // the bridge it is in, "" for none
	Playing      string   // the playback in progress, "" for none
	Queued       []string // playbacks and recordings that wait for what is in progress
}

// Channel shows a channel; ok is false when it is gone or was handed back.
func (p *PBX) Channel(id string) (v ChannelView, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.channels[id]
	if !ok || c.left {
		return v, false
	}
	v = ChannelView{Up: c.up, Entered: c.entered, Held: c.held, Silent: c.silent, Bridge: c.bridge}
	for i, j := range c.work {
		if i > 0 {
			v.Queued = append(v.Queued, j.id)
		} else if j.rec == nil {
			v.Playing = j.id
		}
	}
	return v, true
}

// Bridge returns the channels in a bridge in order of joining; ok is false
// when there is no such bridge.
func (p *PBX) Bridge(id string) (channels []string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in, ok := p.bridges[id]
	return slices.Clone(in), ok
}

// Lamp returns what a lamp shows, "" when it was never set.
func (p *PBX) Lamp(name string) orchestrator.LampState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lamps[name]
}

// Remains is what still exists on a switch. All are sorted ids.
type Remains struct {
	Channels   []string // in the application, or dialling for it
	Bridges    []string
	Recordings []string // running
}

// None tells that nothing is left.
func (r Remains) None() bool {
	return len(r.Channels) == 0 && len(r.Bridges) == 0 && len(r.Recordings) == 0
}

// Leftovers returns what still exists, for invariants at the end of a test.
func (p *PBX) Leftovers() Remains {
	p.mu.Lock()
	defer p.mu.Unlock()
	var r Remains
	for id, c := range p.channels {
		if !c.left {
			r.Channels = append(r.Channels, id)
		}
	}
	for id := range p.bridges {
		r.Bridges = append(r.Bridges, id)
	}
	for id, rec := range p.recordings {
		if rec.running {
			r.Recordings = append(r.Recordings, id)
		}
	}
	slices.Sort(r.Channels)
	slices.Sort(r.Bridges)
	slices.Sort(r.Recordings)
	return r
}
