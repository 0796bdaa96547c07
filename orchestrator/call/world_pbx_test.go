package call

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// toyPBX plays a PBX with one call on it.
type toyPBX struct {
	class      string // of the music that was ordered last
	w          *world
	ended      map[string]orchestrator.ChannelEnd
	channels   map[string]*toyChannel
	bridges    map[string]map[string]bool
	plays      map[string]toyPlay
	recordings map[string]toyRecording
	kept       map[string]bool                    // recordings that ended
	tacit      bool                               // it does not tell whether and when phones were answered
	left       bool                               // the customer's channel was handed back to the dialplan
	since      time.Time                          // of the last restart
	monitors   map[string]orchestrator.Monitoring // by the channel of who monitors: the last order
	dialled    int
	orders     map[string]orchestrator.Origination // by channel
	silence    map[string]string                   // the room in which a channel was left alone, and is sent silence
}

type toyChannel struct {
	id       string
	up, ours bool
	made     bool // and not dialled
	stray    bool // dialled when nobody waited for it any more
	hold     bool
	held     bool      // by its phone's own key
	muted    bool      // heard by nobody
	line     bool      // an agent's permanent line
	told     bool      // a lead who hears the message by the PBX itself
	asks     bool      // its phone waits to be told of a transfer
	offer    string    // for which it was dialled
	since    time.Time // dialled, or up
	until    time.Time // end of the ringing
	joined   time.Time
	listened time.Time           // until when it is heard who answered; zero: it is not
	attended bool                // it is told when its phone speaks
	keys     string              // that were sent to its phone
	tones    []orchestrator.Tone // that it has heard
}

type toyPlay struct {
	channel string
	until   time.Time
	tone    bool // which goes on until it is stopped
}

type toyRecording struct {
	muted  bool
	target string
	until  time.Time // zero for no end of its own
}

func newToyPBX(w *world) *toyPBX {
	return &toyPBX{w: w, ended: map[string]orchestrator.ChannelEnd{}, channels: map[string]*toyChannel{}, bridges: map[string]map[string]bool{},
		plays: map[string]toyPlay{}, recordings: map[string]toyRecording{}, kept: map[string]bool{}, monitors: map[string]orchestrator.Monitoring{}, orders: map[string]orchestrator.Origination{}, silence: map[string]string{}}
}

const customerChannel = "in.1"

func notThere(what string) error { return fault.New("pbx", fault.NotFound, "%s is gone", what) }

// run carries out one command, and says what a PBX would truthfully say.
func (p *toyPBX) run(c Command, again bool) (r Result, err error) {
	switch c := c.(type) {
	case Answer:
		return r, p.on(c.Channel, func(ch *toyChannel) { ch.up = true })
	case Return:
		p.giveBack(c)
	case Hangup:
		if ch := p.channels[c.Channel]; ch != nil && ch.line {
			p.w.brokenf("permanent line %s is hung up", c.Channel)
		}
		if ch := p.channels[c.Channel]; ch != nil && p.w.lostDoc && c.Cause == orchestrator.CauseNormal {
			p.w.guilty[ch.offer] = true // it looks like the phone's own doing to who has forgotten this
		}
		p.end(c.Channel, c.Cause)
	case Continue:
		return r, p.on(c.Channel, func(ch *toyChannel) {
			p.left = true
			p.out(c.Channel, orchestrator.Event{Kind: orchestrator.EventLeft, Channel: c.Channel})
		})
	case Play:
		if _, playing := p.plays[c.Playback.ID]; playing && again {
			return r, nil
		}
		return r, p.on(c.Playback.Channel, func(ch *toyChannel) {
			ch.hold = false // a prompt takes the place of the music
			p.plays[c.Playback.ID] = toyPlay{c.Playback.Channel, p.w.now.Add(5 * time.Second), c.Playback.Media[0].Kind == orchestrator.MediaTone}
		})
	case StopPlay:
		p.endPlay(c.ID)
	case CheckPlay:
		_, r.Running = p.plays[c.ID]
	case Hold:
		return r, p.on(c.Channel, func(ch *toyChannel) { ch.hold, p.class = true, c.Class })
	case Unhold:
		return r, p.on(c.Channel, func(ch *toyChannel) { ch.hold = false })
	case Listen:
		return r, p.on(c.Order.Channel, func(ch *toyChannel) {
			if ch.listened.IsZero() {
				ch.listened = p.w.now.Add(c.Order.Most)
			}
		})
	case Attend:
		return r, p.on(c.Channel, func(ch *toyChannel) { ch.attended = c.SilentMS > 0 })
	case MuteLeg:
		return r, p.on(c.Channel, func(ch *toyChannel) { ch.muted = c.Muted })
	case SendKeys:
		return r, p.on(c.Channel, func(ch *toyChannel) {
			if !again {
				ch.keys += c.Keys
			}
		})
	case Beep:
		return r, p.on(c.Channel, func(ch *toyChannel) { ch.tones = append(ch.tones, c.Tone) })
	case AnswerTransfer:
		return r, p.on(c.Channel, func(ch *toyChannel) {
			if ch.asks && c.Done {
				p.end(c.Channel, orchestrator.CauseNormal)
			}
			ch.asks = false
		})
	case Dial:
		return r, p.dial(c.Order, again)
	case MakeRoom:
		p.makeRoom(c.Bridge)
	case Connect:
		return r, p.connect(c)
	case Rejoin:
		p.makeRoom(c.Bridge)
		if c.Customer == "" {
			return r, p.join(c.Bridge, c.Far)
		}
		return r, p.join(c.Bridge, c.Customer, c.Far)
	case Admit:
		if c.Offer != nil && !p.w.desk.answered(*c.Offer) {
			return r, fault.New("engine", fault.Conflict, "the offer has lapsed")
		}
		p.makeRoom(c.Bridge)
		return r, p.join(c.Bridge, c.Channel)
	case Monitor:
		return r, p.monitor(c.Order)
	case Part:
		if in := p.bridges[c.Bridge]; in != nil {
			delete(in, c.Channel)
			for left := range in {
				if len(in) == 1 {
					p.silence[left] = c.Bridge
				}
			}
		}
	case CloseRoom:
		p.endRecordings(c.Bridge)
		delete(p.bridges, c.Bridge)
	case Record:
		return r, p.record(c.Order)
	case StopRecord:
		p.endRecording(c.ID, false)
	case CheckRecord:
		_, r.Running = p.recordings[c.ID]
		r.Kept = p.kept[c.ID]
	case Mute:
		rec, ok := p.recordings[c.ID]
		if !ok {
			return r, notThere(c.ID)
		}
		rec.muted = c.Muted
		p.recordings[c.ID] = rec
	default:
		p.w.brokenf("the PBX was told to %q", c.verb())
	}
	return r, nil
}

func (p *toyPBX) on(channel string, do func(*toyChannel)) error {
	ch, ok := p.channels[channel]
	if !ok || ch.told {
		return notThere(channel)
	}
	do(ch)
	return nil
}

func (p *toyPBX) dial(o orchestrator.Origination, again bool) error {
	if _, there := p.channels[o.Channel]; there {
		return nil
	}
	if again && o.Once {
		return fault.E("pbx", fault.Conflict, orchestrator.ErrInDoubt)
	}
	if _, there := p.channels[o.Originator]; !there && o.Originator != "" {
		return fault.E("pbx", fault.Conflict, orchestrator.ErrOriginatorGone)
	}
	if !p.w.isLate {
		p.w.dials(o.Channel)
	}
	p.dialled++
	p.orders[o.Channel] = o
	if p.w.promised != nil && p.ringsBack(o.Channel) {
		p.w.dialsBack(o.Channel)
	}
	if p.w.rung[o.Channel]++; p.w.rung[o.Channel] > 1 && !p.w.lostDoc && (o.Channel == p.w.customer || p.w.promised != nil && p.ringsBack(o.Channel)) {
		p.w.brokenf("the customer is dialled twice")
	}
	ch := &toyChannel{id: o.Channel, ours: true, offer: p.w.offerOf[o.Channel],
		since: p.w.now, until: p.w.now.Add(o.Timeout), stray: p.w.isLate}
	p.channels[o.Channel] = ch
	if ch.stray {
		p.phoneRings(ch)
	}
	return nil
}

func (p *toyPBX) makeRoom(id string) {
	if p.bridges[id] == nil {
		p.bridges[id] = map[string]bool{}
	}
}

// connect does what orchestrator/engine makes of the command.
func (p *toyPBX) connect(c Connect) error {
	if c.Offer != nil && !p.w.desk.answered(*c.Offer) {
		return fault.New("engine", fault.Conflict, "the offer has lapsed")
	}
	if ch := p.channels[c.Customer]; ch != nil && c.Music {
		ch.hold = false
	}
	p.makeRoom(c.Bridge)
	return p.join(c.Bridge, c.Customer, c.Far)
}

func (p *toyPBX) join(bridge string, channels ...string) error {
	for _, ch := range channels {
		if p.channels[ch] == nil || p.channels[ch].told {
			return notThere(ch)
		}
		if !p.channels[ch].up && p.channels[ch].ours {
			return fault.New("pbx", fault.Conflict, "%s has not answered", ch)
		}
	}
	for _, ch := range channels {
		if !p.bridges[bridge][ch] {
			p.channels[ch].joined = p.w.now
		}
		if in := p.bridges[bridge]; in[ch] && len(in) == 1 {
			p.endRecordings(bridge) // who is there is put in anew, and Asterisk puts out the recorder that is alone meanwhile
		}
		for _, in := range p.bridges { // a channel is in one at a time: who is put in one is out of the other
			delete(in, ch)
		}
		p.bridges[bridge][ch] = true
	}
	for ch := range p.bridges[bridge] {
		delete(p.silence, ch)
	}
	p.w.overhears(p.bridges[bridge])
	return nil
}

// monitor puts a channel into a bridge of its own, from which it hears another.
func (p *toyPBX) monitor(o orchestrator.Monitoring) error {
	if ch := p.channels[o.Target]; ch == nil || !ch.up {
		return notThere(o.Target)
	}
	p.makeRoom(o.Bridge)
	if err := p.join(o.Bridge, o.Channel); err != nil {
		return err
	}
	for id, in := range p.bridges {
		if id != o.Bridge {
			delete(in, o.Channel)
		}
	}
	p.monitors[o.Channel] = o
	return nil
}

func (p *toyPBX) record(o orchestrator.RecordingOrder) error {
	if _, running := p.recordings[o.ID]; running {
		return nil
	}
	if p.kept[o.ID] {
		return fault.New("pbx", fault.Conflict, "%s is there already", o.ID)
	}
	target := o.Bridge + o.Channel
	if p.channels[target] == nil && p.bridges[target] == nil {
		return notThere(target)
	}
	r := toyRecording{target: target}
	if o.MaxDuration > 0 {
		r.until = p.w.now.Add(o.MaxDuration)
	}
	p.recordings[o.ID] = r
	return nil
}

func (p *toyPBX) emit(e orchestrator.Event) {
	e.At = p.w.now
	p.w.heard(e)
}

// out takes a channel out of the application, with all that hangs on it.
func (p *toyPBX) out(id string, how orchestrator.Event) {
	delete(p.channels, id)
	p.emit(how)
	for _, in := range p.bridges {
		delete(in, id)
	}
	for _, play := range slices.Sorted(maps.Keys(p.plays)) {
		if p.plays[play].channel == id {
			delete(p.plays, play) // no event: the channel ended before
		}
	}
	p.endRecordings(id)
}

func (p *toyPBX) end(id string, cause orchestrator.Cause) {
	if p.channels[id] != nil {
		end := orchestrator.ChannelEnd{At: p.w.now, Cause: cause}
		if ch := p.channels[id]; ch.ours && !p.tacit {
			end.Answered, end.AnsweredAt = orchestrator.Tell(ch.up), ch.since
		}
		p.ended[id] = end
		p.out(id, orchestrator.Event{Kind: orchestrator.EventEnded, Channel: id, Cause: cause})
	}
}

// tells has the PBX itself tell a lead the message, as nobody gives it a sign of life.
func (p *toyPBX) tells(id string) {
	p.channels[id].told = true
	p.emit(orchestrator.Event{Kind: orchestrator.EventTold, Channel: id})
}

// hasTold ends that; who heard it to its end is hung up.
func (p *toyPBX) hasTold(id string, came orchestrator.MessageEnd) {
	end := orchestrator.ChannelEnd{At: p.w.now, Cause: orchestrator.CauseNormal, ByPBX: came != orchestrator.MessageCut, Message: came, MessageAt: p.w.now}
	end.Answered, end.AnsweredAt = orchestrator.ToldYes, p.channels[id].since
	p.ended[id] = end
	p.out(id, orchestrator.Event{Kind: orchestrator.EventEnded, Channel: id, Cause: end.Cause, ByPBX: end.ByPBX, Message: came})
}

func (p *toyPBX) endPlay(id string) {
	if _, ok := p.plays[id]; ok {
		delete(p.plays, id)
		p.emit(orchestrator.Event{Kind: orchestrator.EventPlayed, Playback: id})
	}
}

func (p *toyPBX) endRecordings(target string) {
	for _, id := range slices.Sorted(maps.Keys(p.recordings)) {
		if p.recordings[id].target == target {
			p.endRecording(id, false)
		}
	}
}

func (p *toyPBX) endRecording(id string, failed bool) {
	if _, ok := p.recordings[id]; ok {
		delete(p.recordings, id)
		p.kept[id] = !failed
		p.emit(orchestrator.Event{Kind: orchestrator.EventRecorded, Recording: id, Duration: time.Second, Failed: failed})
	}
}

// phones are the channels of whom the customer may talk with.
func (p *toyPBX) phones() []*toyChannel {
	return slices.DeleteFunc(p.all(), func(ch *toyChannel) bool { return ch.id == p.w.customer })
}

// dialledOnes are the channels that we dialled.
func (p *toyPBX) dialledOnes() []*toyChannel {
	return slices.DeleteFunc(p.all(), func(ch *toyChannel) bool { return !ch.ours })
}

func (p *toyPBX) all() (out []*toyChannel) {
	for _, id := range slices.Sorted(maps.Keys(p.channels)) {
		out = append(out, p.channels[id])
	}
	return out
}

func (p *toyPBX) phoneRings(ch *toyChannel) {
	if !ch.up && ch.ours {
		p.emit(orchestrator.Event{Kind: orchestrator.EventRinging, Channel: ch.id})
	}
}

func (p *toyPBX) phoneAnswers(ch *toyChannel) {
	if !ch.up && ch.ours {
		ch.up, ch.since = true, p.w.now
		p.emit(orchestrator.Event{Kind: orchestrator.EventEntered, Channel: ch.id, Up: true})
	}
}

// phoneEnds lets whoever holds a phone reject the call or hang up. It is the
// agent's own doing unless there was nothing to hear for long.
func (p *toyPBX) phoneEnds(ch *toyChannel, cause orchestrator.Cause) {
	switch {
	case ch.line: // it broke, or was hung up on: that is no missed call
	case !ch.up:
		p.w.guilty[ch.offer] = true
	case ch.joined.IsZero():
		p.w.guilty[ch.offer] = p.w.now.Sub(ch.since) <= patience
	default:
		p.w.guilty[ch.offer] = p.w.now.Sub(ch.joined) < breath && ch.joined.Sub(ch.since) <= patience
	}
	p.end(ch.id, cause)
}

// takes takes a phone out of the application, as an administrator or another
// feature of the PBX may.
func (p *toyPBX) takes(ch *toyChannel) {
	p.out(ch.id, orchestrator.Event{Kind: orchestrator.EventLeft, Channel: ch.id})
}

// phoneTransfers presses the transfer key of a phone that is in a call.
func (p *toyPBX) phoneTransfers(ch *toyChannel, number string) {
	if ch.up {
		lent := !ch.line || p.w.me.c.leg(ch.id) != nil // else its session answers
		ch.asks = !p.w.cut && lent                     // what nobody hears is asked again
		e := orchestrator.Event{Kind: orchestrator.EventTransfer, Channel: ch.id, Number: number}
		if to, both := strings.CutPrefix(number, "both "); both {
			e.Number, e.Other, e.Peer = to, "their own", "Channel/other"
		}
		p.emit(e)
	}
}

// phoneTypes presses keys of a phone that is in a call.
func (p *toyPBX) phoneTypes(ch *toyChannel, keys string) {
	for _, k := range keys {
		if ch.up {
			p.emit(orchestrator.Event{Kind: orchestrator.EventDigit, Channel: ch.id, Digit: string(k)})
		}
	}
}

// hear tells who is heard on a channel that is listened to.
func (p *toyPBX) hear(v orchestrator.Verdict) {
	if ch := p.channels[p.w.customer]; ch != nil && !ch.listened.IsZero() {
		ch.listened = time.Time{}
		p.emit(orchestrator.Event{Kind: orchestrator.EventHeard, Channel: ch.id, Verdict: v, Reason: "TEST"})
	}
}

// speaks lets a machine speak for as long as given, and pause.
func (p *toyPBX) speaks(d time.Duration) {
	ch := p.channels[p.w.customer]
	if ch == nil || !ch.attended {
		return
	}
	p.emit(orchestrator.Event{Kind: orchestrator.EventSpeaks, Channel: ch.id})
	if d > 0 {
		p.w.pass(d + pause)
		p.emit(orchestrator.Event{Kind: orchestrator.EventSilent, Channel: ch.id, Duration: d})
	}
}

// phoneHolds presses the hold key of a phone that is in a call, or presses it again.
func (p *toyPBX) phoneHolds(ch *toyChannel) {
	if ch.up {
		ch.held = !ch.held
		p.emit(orchestrator.Event{Kind: map[bool]orchestrator.EventKind{true: orchestrator.EventHeld, false: orchestrator.EventResumed}[ch.held], Channel: ch.id})
	}
}

// next is when something ends by itself; zero for never.
func (p *toyPBX) next() (at time.Time) {
	sooner := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, pl := range p.plays {
		sooner(pl.until)
	}
	for _, r := range p.recordings {
		sooner(r.until)
	}
	for _, ch := range p.dialledOnes() {
		if !ch.up {
			sooner(ch.until)
		}
		sooner(ch.listened)
	}
	return at
}

// tick ends what is due.
func (p *toyPBX) tick() {
	due := func(t time.Time) bool { return !t.IsZero() && !t.After(p.w.now) }
	for _, id := range slices.Sorted(maps.Keys(p.plays)) {
		if due(p.plays[id].until) {
			p.endPlay(id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.recordings)) {
		if due(p.recordings[id].until) {
			p.endRecording(id, false)
		}
	}
	for _, ch := range p.dialledOnes() {
		if due(ch.listened) {
			ch.listened = time.Time{}
			p.emit(orchestrator.Event{Kind: orchestrator.EventHeard, Channel: ch.id, Verdict: orchestrator.VerdictUnsure, Reason: "TOOLONG"})
		}
		if !ch.up && due(ch.until) {
			p.w.guilty[ch.offer] = true
			p.end(ch.id, orchestrator.CauseNoAnswer)
		}
	}
}

// restart loses everything without a word, also what it was told and has not carried out.
func (p *toyPBX) restart() {
	p.since, p.w.late = p.w.now, nil
	for _, t := range p.w.me.c.Todo {
		if d, is := t.Command.(Dial); is { // nobody knows that it rang, and it rings no more
			delete(p.w.rung, d.Order.Channel)
		}
	}
	clear(p.channels)
	clear(p.bridges)
	clear(p.plays)
	clear(p.recordings)
}

// truth is what a snapshot shows.
func (p *toyPBX) truth(adopted, restarts bool) Truth {
	v := Truth{At: p.w.now, Adopted: adopted, Restarts: restarts, Since: p.since,
		Channels: map[string]orchestrator.ChannelTruth{}, Bridges: map[string][]string{}}
	for id, ch := range p.channels {
		if ch.line && p.w.me.c.leg(id) == nil {
			continue // its session's
		}
		truth := orchestrator.ChannelTruth{Up: ch.up, Entered: (ch.up || !ch.ours) && !ch.told, Dialled: ch.ours && !ch.made, Told: ch.told}
		if ch.ours && ch.up && !p.tacit {
			truth.AnsweredAt = ch.since
		}
		v.Channels[id] = truth
	}
	v.Ended = maps.Clone(p.ended)
	for id, in := range p.bridges {
		v.Bridges[id] = slices.Sorted(maps.Keys(in))
	}
	return v
}

// hears tells what the customer hears, "" for nothing.
func (p *toyPBX) hears() string {
	ch := p.channels[p.w.customer]
	if ch == nil {
		return "gone"
	}
	if ch.ours && !ch.up {
		return "ringing"
	}
	for _, in := range p.bridges {
		if in[p.w.customer] && ch.hold { // it is heard instead
			return "music"
		}
		if in[p.w.customer] && len(in) > 1 {
			return "talk"
		}
	}
	for _, pl := range p.plays {
		if pl.channel == p.w.customer {
			return "prompt"
		}
	}
	for _, r := range p.recordings {
		if r.target == p.w.customer {
			return "voicemail"
		}
	}
	if ch.hold {
		return "music"
	}
	if s := p.w.me.c.Screen; s != nil && s.State == ScreenAttending {
		return "itself" // it is a machine
	}
	for _, phone := range p.phones() {
		if !phone.up && phone.offer == "" {
			return "ringing"
		}
	}
	return ""
}
