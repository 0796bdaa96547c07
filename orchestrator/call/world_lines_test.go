package call

import (
	"strings"
)

// toyLines are the permanent lines of agents: each has one of its own, which is up
// from the offer on until the call has given it back.
type toyLines struct{ w *world }

const toyLine = "line-"

func (t toyLines) Line(_, agent string) (Line, bool) {
	offer := strings.TrimPrefix(agent, "agent")
	if !t.w.lined[offer] {
		return Line{}, false
	}
	ch := t.w.pbx.channels[toyLine+offer]
	return Line{Session: "s" + offer, Channel: toyLine + offer, Up: ch != nil}, true
}

// onLine lets the agent of an offer be on a permanent line.
func (w *world) onLine(offer string) {
	w.lined[offer] = true
	w.pbx.channels[toyLine+offer] = &toyChannel{id: toyLine + offer, line: true, up: true, offer: offer, since: w.now}
}

// giveBack takes a line that a call gives back out of its room. What its session
// does with it concerns no call.
func (p *toyPBX) giveBack(c Return) {
	if p.bridges[c.Bridge] != nil {
		delete(p.bridges[c.Bridge], c.Channel)
	}
	for bridge, in := range p.bridges {
		if in[c.Channel] && bridge != c.Bridge {
			p.w.brokenf("line %s is given back out of room %s, and is in %s", c.Channel, c.Bridge, bridge)
		}
	}
	delete(p.plays, c.Tone)
	for _, play := range p.playsOn(c.Channel) {
		if p.plays[play].tone && !p.w.lostDoc && !p.w.excused { // what a store that went back has forgotten, or the PBX will not end, nobody can
			p.w.brokenf("line %s is given back with a tone on it", c.Channel)
		}
		delete(p.plays, play)
	}
	delete(p.channels, c.Channel)
}

// playsOn are the playbacks on a channel.
func (p *toyPBX) playsOn(channel string) (out []string) {
	for id, play := range p.plays {
		if play.channel == channel {
			out = append(out, id)
		}
	}
	return out
}
