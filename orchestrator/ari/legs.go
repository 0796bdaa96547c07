package ari

import (
	"sync"
	"sync/atomic"

	"github.com/operadora/operadora/orchestrator"
)

// legs remembers of each channel what its next event needs to be understood:
// Asterisk tells the end of a channel in pieces.
type legs struct {
	mu sync.Mutex
	m  map[string]*leg // by channel id; guarded by mu, also the legs in it

	keepsEnds atomic.Bool // the dialplan writes down how channels end
	keepsNone atomic.Bool // it was asked since the last connection, and does not
}

// leg is one channel.
type leg struct {
	entered bool               // under our control: within the application and, when originated, answered
	args    []string           // application arguments of one that was created and has not answered, else nil
	alerted bool               // EventRinging was told, or the far end sent progress
	ending  bool               // Asterisk told that a hangup was requested
	soft    bool               // it was asked for within Asterisk, by us or another
	cause   orchestrator.Cause // of that request
	asked   orchestrator.Cause // of our own Hangup
	leaving bool               // our own Continue
	over    bool               // its end was told; stays until Asterisk destroys the channel
	lead    bool               // of a campaign, whom nobody has been joined with yet
	told    bool               // the dialplan tells a lead the message: no other event than its end follows
	heard   bool               // a call was made for it: Asterisk tells of it outside of the application, too
}

func newLegs() *legs { return &legs{m: map[string]*leg{}} }

// originated tells whether a channel was made by our order. Asterisk announces
// the destruction of these; that of a channel which came in by the dialplan it
// does not: we are unsubscribed when it leaves the application.
func originated(channel string) bool { return orchestrator.Ours(channel) }

// of returns the memory of a channel, a new one if need be. l.mu is held.
func (l *legs) of(channel string) *leg {
	g := l.m[channel]
	if g == nil {
		g = &leg{}
		l.m[channel] = g
	}
	return g
}

// askedToEnd notes the cause of our own hangup. Channels that nothing was
// heard of are not noted: there may never be an event that clears the note.
func (l *legs) askedToEnd(channel string, cause orchestrator.Cause) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g := l.m[channel]; g != nil {
		g.asked = cause
	}
}

// leaving notes that we hand a channel back to the dialplan, or failed to.
func (l *legs) leaving(channel string, yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g := l.m[channel]; g != nil {
		g.leaving = yes
	}
}

// callsLead notes that a channel calls a lead.
func (l *legs) callsLead(channel string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(channel).lead = true
}

// servesLead notes that somebody is joined with a channel, and tells whether it is a lead's and that is news.
func (l *legs) servesLead(channel string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[channel]
	if g == nil || !g.lead {
		return false
	}
	g.lead = false
	return true
}

// callsFor notes that a call is made for a channel.
func (l *legs) callsFor(channel string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g := l.m[channel]; g != nil {
		g.heard = true
	}
}

// gone tells whether the end of a channel was told, or its leaving.
func (l *legs) gone(channel string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[channel]
	return g != nil && g.over
}

// holds tells whether a channel is under our control and no hangup of it was requested.
func (l *legs) holds(channel string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[channel]
	return g != nil && g.entered && !g.over && !g.ending
}

// inCall says whether something is to be told of a channel: not before it is
// under our control, and not after its end.
func (l *legs) inCall(channel string) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g := l.m[channel]; g != nil && g.entered && !g.over {
		return tell
	}
	return silent
}

// forsake notes that nothing is to be told of a channel whose order we refuse.
func (l *legs) forsake(channel string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(channel).over = true
}

// dialling tells whether a channel of our making has not answered yet.
func (l *legs) dialling(channel string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[channel]
	return g != nil && originated(channel) && !g.entered && !g.over
}

// seed makes the memory agree with a snapshot: what is not in it is gone, what
// is new in it is known from now on.
func (l *legs) seed(truth orchestrator.Snapshot) {
	l.keepsNone.Store(false) // it may have been reloaded
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.m {
		if _, ok := truth.Channels[id]; !ok {
			delete(l.m, id)
		}
	}
	for id, c := range truth.Channels {
		known := l.m[id] != nil
		g := l.of(id)
		g.lead = g.lead || !known && originated(id) // another process called it: whom, nobody here can tell
		g.entered, g.over, g.leaving, g.told, g.args = c.Entered, false, false, c.Told, c.Args
		if keepsEnds(c.Args) && !originated(id) {
			l.keepsEnds.Store(true)
		}
	}
}

// settle ends the memory of a channel that left the application without a
// word; alive tells whether it still exists, and told whether the dialplan tells it, a lead, the message. It returns false when there is
// nothing to tell: another event has settled the matter meanwhile, or will,
// as Asterisk announces the destruction of originated channels.
func (l *legs) settle(channel string, alive, told bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[channel]
	if g == nil || g.over || g.entered || (originated(channel) && !alive) {
		return false
	}
	if told {
		g.told = true
		return true
	}
	l.close(channel, g)
	return true
}

// close notes that the end of a channel was told. l.mu is held.
func (l *legs) close(channel string, g *leg) {
	if originated(channel) || g.heard {
		g.over = true
		return
	}
	delete(l.m, channel)
}
