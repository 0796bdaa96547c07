package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/session"
)

// lines knows the permanent lines of a PBX and which call has which. It holds
// what the sessions and calls say of themselves (loop.show), so that a match finds
// its line without asking anybody.
type lines struct {
	mu       sync.Mutex
	agents   map[string]*line                    // guarded by mu, as are all below
	channels map[string]*line                    // by the line's channel
	lent     map[string]loan                     // by the line's channel
	phones   map[string]orchestrator.DeviceState // what the PBX says of the phones of lines, by endpoint
}

// line is one permanent line, as its session shows it.
type line struct {
	heard sync.Mutex // held while something is ordered that nobody who talks may hear
	// late is when such an order was last not answered: the PBX may carry it out
	// still, in the middle of a conversation. Guarded by heard.
	late time.Time
	says lineClaims // guarded by lines.mu
}

// lineClaims are what a session says of its line.
type lineClaims struct {
	session, agent, endpoint, channel string
	up                                bool
	state                             session.State
	reach, next                       string // what another PBX has it by, or waits for it by
	playing                           string // a tone
	music                             bool   // between calls; else silence
}

// loan is a line that a call has.
type loan struct {
	call, channel string
	listens       bool // a supervisor hears another's conversation on it
}

// news is what its session is told.
func (o loan) news() call.Input {
	return call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineLent, Call: o.call, Channel: o.channel, Listens: o.listens}}
}

func newLines() *lines {
	return &lines{agents: map[string]*line{}, channels: map[string]*line{}, lent: map[string]loan{}, phones: map[string]orchestrator.DeviceState{}}
}

// show takes in what a session says of its line.
func (n *lines) show(c lineClaims) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.agents[c.agent]
	if l == nil || l.says.session != c.session {
		l = &line{}
		n.agents[c.agent] = l
	}
	if l.says.channel != c.channel && n.channels[l.says.channel] == l {
		delete(n.channels, l.says.channel)
	}
	if c.channel != "" {
		n.channels[c.channel] = l
	}
	l.says = c
}

// forget drops the line of a session that has ended, and returns what the PBX
// says of its phone.
func (n *lines) forget(c lineClaims) (orchestrator.DeviceState, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.agents[c.agent]
	if l == nil || l.says.session != c.session {
		return "", false
	}
	delete(n.agents, c.agent)
	if n.channels[l.says.channel] == l {
		delete(n.channels, l.says.channel)
	}
	state, told := n.phones[c.endpoint]
	delete(n.phones, c.endpoint)
	return state, told
}

// borrow takes in which lines a call has, and returns those that it had not before.
func (n *lines) borrow(id string, has []loan) (lent []loan) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for ch, o := range n.lent {
		if o.call == id && !slices.ContainsFunc(has, func(o loan) bool { return o.channel == ch }) {
			delete(n.lent, ch)
		}
	}
	for _, o := range has {
		by := n.lent[o.channel].call
		if o.listens && by != "" && by != id {
			continue // who has an offer of the agent goes before: of the two neither knew of the other
		}
		n.lent[o.channel] = o
		if by != id {
			lent = append(lent, o)
		}
	}
	return lent
}

// loan tells which call has a line, and for what: the zero loan when none has.
func (n *lines) loan(channel string) loan {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lent[channel]
}

// by is the call that has a line, "" when none has.
func (n *lines) by(channel string) string { return n.loan(channel).call }

// another tells whether a channel is a line that another call has.
func (l *loop) another(channel string) bool {
	by := l.drv.lines.by(channel)
	return by != "" && by != l.id
}

// of is the session of a channel, "" when it is no line.
func (n *lines) of(channel string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.channels[channel]; l != nil {
		return l.says.session
	}
	return ""
}

// at finds a line by its channel.
func (n *lines) at(channel string) (*line, lineClaims, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.channels[channel]; l != nil {
		return l, l.says, true
	}
	return nil, lineClaims{}, false
}

// agent is what is known of an agent's line.
func (n *lines) agent(id string) (lineClaims, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.agents[id]; l != nil {
		return l.says, true
	}
	return lineClaims{}, false
}

// dropped notes at once that a line's channel is gone: no match may lend it any
// more, even before its session has heard.
func (n *lines) dropped(channel string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.channels[channel]; l != nil {
		l.says.up = false
	}
}

// has tells whether an agent, named or by the phone, has a permanent line.
func (n *lines) has(agent, endpoint string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, l := range n.agents {
		if id == agent || agent == "" && l.says.endpoint == endpoint {
			return true
		}
	}
	return false
}

// phone keeps what the PBX says of the phone of a line; false when it is of none.
func (n *lines) phone(endpoint string, state orchestrator.DeviceState) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.agents {
		if l.says.endpoint == endpoint {
			n.phones[endpoint] = state
			return true
		}
	}
	return false
}

// Line implements call.Lines.
func (e *Engine) Line(pbx, agent string) (call.Line, bool) {
	d, ok := e.drivers[pbx]
	if !ok {
		return call.Line{}, false
	}
	says, ok := d.lines.agent(agent)
	o := d.lines.loan(says.channel)
	return call.Line{Session: says.session, Channel: says.channel, Up: says.up && !o.listens, Lent: ok && o.call != ""}, ok
}

// LineState is where the permanent line of an agent stands, "" when there is none
// in this process.
func (e *Engine) LineState(pbx, agent string) string {
	d, ok := e.drivers[pbx]
	if !ok {
		return ""
	}
	says, _ := d.lines.agent(agent)
	return string(says.state)
}

// Do implements orchestrator.Agents: what an agent asks for is the distributor's,
// but for the permanent line itself.
func (e *Engine) Do(ctx context.Context, cmd orchestrator.AgentCommand) (orchestrator.AgentAnswer, error) {
	opens := cmd.Op == orchestrator.AgentLine && (cmd.Endpoint == "" || cmd.Trusted) // who has dialled in keeps the channel: the flow ends in it
	if opens {
		if a, err := e.mayOpen(ctx, cmd); err != nil {
			return a, err
		}
	}
	a, err := e.agents.Do(ctx, cmd)
	if err != nil || !opens || a.Result != orchestrator.AgentOK {
		return a, err
	}
	return a, e.openLine(ctx, a.Agent, a.Phone)
}

// mayOpen tells why the permanent line that somebody asks for cannot be opened, before
// the agent is logged in for it.
func (e *Engine) mayOpen(ctx context.Context, cmd orchestrator.AgentCommand) (orchestrator.AgentAnswer, error) {
	cmd.Op, cmd.Trusted = orchestrator.AgentLook, true
	a, err := e.agents.Do(ctx, cmd)
	if err == nil && a.Phone.PBX != "" { // else there is no such agent
		if e.elsewhere(a.Phone.PBX) {
			_, err = e.send(ctx, opLine, a.Phone.PBX, order{Line: &lineOrder{Agent: a.Agent, Phone: a.Phone}})
		} else {
			_, err = e.drivesLine(a.Agent, a.Phone)
		}
	}
	return a, err
}

const opLine = "orchestrator.Line"

// drivesLine is who drives the PBX of an agent's phone here.
func (e *Engine) drivesLine(agent string, phone orchestrator.Phone) (*driving, error) {
	d, ok := e.drivers[phone.PBX]
	v := d.driving()
	if !ok || v == nil || !d.connected.Load() {
		return nil, fault.New(opLine, fault.Unavailable, "the phone of agent %q is at PBX %q, which is not driven from here", agent, phone.PBX)
	}
	return v, nil
}

// openLine has the permanent line of an agent opened, or puts it back.
func (e *Engine) openLine(ctx context.Context, agent string, phone orchestrator.Phone) error {
	if e.elsewhere(phone.PBX) {
		_, err := e.send(ctx, opLine, phone.PBX, order{Line: &lineOrder{Agent: agent, Phone: phone, Open: true}})
		return err
	}
	return e.openLineHere(ctx, agent, phone, call.LineNews{Do: call.LineOpen})
}

// openLineHere tells the line of an agent whose PBX this process drives to be there.
func (e *Engine) openLineHere(ctx context.Context, agent string, phone orchestrator.Phone, n call.LineNews) error {
	v, err := e.drivesLine(agent, phone)
	if err != nil {
		return err
	}
	answer := make(chan error, 1)
	told := v.tellLine(agent, phone, call.Input{Kind: call.InLine, Line: n, Answer: func(err error) { answer <- err }})
	if !told {
		return fault.New(opLine, fault.Unavailable, "PBX %q is not driven from here any more", phone.PBX)
	}
	return e.await(ctx, answer, opLine, fmt.Sprintf("the permanent line of agent %q", agent))
}

// tellLine tells the session of an agent something, a new one if there is none;
// false when the PBX is not driven any more.
func (v *driving) tellLine(agent string, phone orchestrator.Phone, in call.Input) bool {
	v.opening.Lock() // two who open at once must find the same session
	defer v.opening.Unlock()
	if v.ctx.Err() != nil {
		return false
	}
	if says, ok := v.lines.agent(agent); ok && v.eng.post(says.session, in) {
		return true
	}
	now := v.eng.now()
	l := v.holdLine(session.New(session.NewID(newCallID(now)), agent, phone, now))
	l.post(in)
	v.start(l)
	return true
}

// becomeLine makes the channel of a call the permanent line of an agent.
func (l *loop) becomeLine(ctx context.Context, c call.Lend) error {
	return l.eng.openLineHere(ctx, c.Agent, c.Phone, call.LineNews{Do: call.LineTake, Channel: c.Channel})
}

// returned takes a line out of the room of a call that gives it back. Another
// call may have put it into its own by now: then it is not in this one. So may the
// same call have, for the next conversation with its agent: then it is not back.
func (l *loop) returned(ctx context.Context, c call.Return) error {
	if c.Tone != "" { // first: a PBX does nothing with a channel before its prompt is over
		if err := l.drv.pbx.StopPlay(ctx, c.Tone); unanswered(err) {
			return err
		}
	}
	if err := l.drv.pbx.Part(ctx, c.Bridge, c.Channel); unanswered(err) {
		return err
	}
	// the call's hold music, of one who was set aside
	if err := l.unlent(c.Channel, func() error { return l.drv.pbx.Unhold(ctx, c.Channel) }); unanswered(err) {
		return err
	}
	if l.drv.lines.by(c.Channel) != "" {
		return nil
	}
	l.eng.post(c.Session, call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineBack, Call: l.id}})
	if o := l.drv.lines.loan(c.Channel); o.call != "" { // since, and the session may have heard of it before
		l.eng.post(c.Session, o.news())
	}
	return nil
}

// borrowed makes a line ready for a room: what is heard on it between calls ends,
// and nothing that its session has ordered meanwhile is heard any more.
func (l *loop) borrowed(ctx context.Context, channel string) error {
	n, _, ok := l.drv.lines.at(channel)
	if !ok {
		return nil
	}
	n.heard.Lock()   // what was ordered while nobody had the line is through
	n.heard.Unlock() //nolint:staticcheck // from here on unlent orders nothing
	_, says, _ := l.drv.lines.at(channel)
	if says.playing != "" {
		if err := l.drv.pbx.StopPlay(ctx, says.playing); unanswered(err) {
			return err
		}
	}
	if !says.music {
		if err := l.drv.pbx.Silence(ctx, channel, false); unanswered(err) {
			return err
		}
	}
	if err := l.drv.pbx.Unhold(ctx, channel); unanswered(err) { // also of the call before, in which it was set aside
		return err
	}
	return nil // what is refused is told once more by the join
}

func unanswered(err error) bool { return err != nil && fault.KindOf(err) == fault.Unavailable }

// unlent orders something that is heard on a line, unless a call has it.
func (l *loop) unlent(channel string, order func() error) error {
	n, _, ok := l.drv.lines.at(channel)
	if !ok {
		return fault.New("engine", fault.NotFound, "channel %s is no line any more", channel)
	}
	n.heard.Lock()
	defer n.heard.Unlock()
	if l.drv.lines.by(channel) != "" {
		return nil
	}
	err := order()
	if unanswered(err) {
		n.late = l.eng.clock.steady()
	}
	return err
}

// sweepLines ends what came late on lines that calls have: no event and no
// snapshot tells of it.
func (v *driving) sweepLines(ctx context.Context) {
	for _, channel := range v.lines.borrowed() {
		if n, says, ok := v.lines.at(channel); ok {
			v.endLate(ctx, n, says)
		}
	}
}

func (v *driving) endLate(ctx context.Context, n *line, says lineClaims) {
	n.heard.Lock()
	defer n.heard.Unlock()
	if n.late.IsZero() || says.music || says.reach == "" && v.lines.by(says.channel) == "" {
		return // hold music on the line may be the call's own
	}
	if err := v.pbx.Silence(ctx, says.channel, false); err == nil && v.eng.clock.steady().Sub(n.late) >= v.eng.rules.call.Limits.Command {
		n.late = time.Time{} // it will not come any more
	}
}

// rest lets a line hear what is heard between calls.
func (l *loop) rest(ctx context.Context, c call.Rest) error {
	return l.unlent(c.Channel, func() error {
		if c.Class != "" {
			return l.drv.pbx.Hold(ctx, c.Channel, c.Class)
		}
		return l.drv.pbx.Silence(ctx, c.Channel, true)
	})
}

// shared passes on to the call that has a line what the PBX tells of the line.
func (v *driving) shared(e orchestrator.Event) {
	switch e.Kind {
	case orchestrator.EventEnded, orchestrator.EventLeft:
		v.lines.dropped(e.Channel)
	case orchestrator.EventDigit, orchestrator.EventTransfer, orchestrator.EventHeld, orchestrator.EventResumed:
	case orchestrator.EventEntered, orchestrator.EventRinging, orchestrator.EventPlayed,
		orchestrator.EventRecorded, orchestrator.EventDevice, orchestrator.EventHeard, orchestrator.EventSpeaks, orchestrator.EventSilent, orchestrator.EventTold:
		return
	}
	if by := v.lines.by(e.Channel); by != "" {
		v.eng.post(by, call.Input{Kind: call.InEvent, Event: e})
	}
}

// borrowed are the channels of the lines that calls have, of this PBX or another.
func (n *lines) borrowed() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := slices.Collect(maps.Keys(n.lent))
	for _, l := range n.agents {
		if l.says.reach != "" {
			out = append(out, l.says.channel)
		}
	}
	return out
}

// sessions are those of all lines.
func (n *lines) sessions() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for _, l := range n.agents {
		out = append(out, l.says.session)
	}
	return out
}

// clear forgets everything: the PBX is not driven from here any more.
func (n *lines) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.agents)
	clear(n.channels)
	clear(n.lent)
	clear(n.phones)
}
