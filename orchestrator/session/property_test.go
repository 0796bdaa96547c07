package session

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
)

// world is an unkind one around a session: commands are done, refused, lost or
// done without an answer; phones answer, break off and hang up; calls borrow the
// line; the process is killed between any two steps.
type world struct {
	*rand.Rand
	rules   *Rules
	now     time.Time
	s       Session
	stored  []byte
	done    int // the last command that was carried out, or tried
	channel map[string]bool
	rings   map[string]time.Time // by channel: when it stops
	lent    string               // the call that has the line
	listens bool                 // it has it for the agent to listen
	calls   int
	online  bool
	phone   orchestrator.DeviceState // as the distributor was told last
	kind    bool
	deaf    bool                // the PBX's events do not arrive
	late    []call.Command      // carried out some time
	trunk   map[string]bool     // what another PBX has sent: whether it is answered
	came    int                 // over the trunk
	rooms   map[string][]string // who is where
	log     []string
}

func newWorld(seed uint64) *world {
	return &world{
		Rand:  rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // a test is to run the same way each time
		rules: &Rules{Gate: gate.Gate{}, Limits: call.DefaultLimits, Settings: Settings{Ring: 20 * time.Second, Again: 5 * time.Second, Tries: 3}},
		now:   time.Unix(1_800_000_000, 0), channel: map[string]bool{}, rings: map[string]time.Time{}, online: true,
		trunk: map[string]bool{}, rooms: map[string][]string{},
		s: New("s1", "ana", orchestrator.Phone{PBX: "lima", Endpoint: "PJSIP/101"}, time.Unix(1_800_000_000, 0)),
	}
}

// give decides on inputs and stores what came of it.
func (w *world) give(in call.Input) error {
	if in.Kind == call.InEvent && w.deaf {
		return nil
	}
	in.At = w.now
	d := w.rules.Decide(w.s, []call.Input{in}, w.now)
	w.log = append(w.log, fmt.Sprintf("%s %s %+v -> %s %q lent %q", w.now.Format("05.000"), in.Kind, brief(in), d.Session.State, d.Session.Channel, d.Session.Lent))
	w.s = d.Session
	if d.Dirty {
		raw, err := json.Marshal(d.Session)
		if err != nil {
			return err
		}
		if _, err := Parse(raw); err != nil {
			return fmt.Errorf("what is stored cannot be read: %w: %s", err, raw)
		}
		w.stored = raw
	}
	return nil
}

func brief(in call.Input) string {
	switch in.Kind {
	case call.InEvent:
		return string(in.Event.Kind) + " " + in.Event.Channel + in.Event.Playback
	case call.InLine:
		return fmt.Sprintf("%+v", in.Line)
	case call.InCompare:
		return fmt.Sprintf("adopted %v %v lent %q", in.Truth.Adopted, slices.Sorted(maps.Keys(in.Truth.Channels)), in.Truth.Lent)
	}
	return fmt.Sprint(in.N, in.Timer, in.Err)
}

// kill ends the process, and another takes the session up.
func (w *world) kill() error {
	if w.stored == nil {
		return nil // nobody knows of it
	}
	s, err := Parse(w.stored)
	if err != nil {
		return err
	}
	w.s, w.done, w.deaf = s, 0, false
	return w.compare(true)
}

func (w *world) compare(adopted bool) error {
	t := call.Truth{At: w.now, Adopted: adopted, Lent: w.lent, Listens: w.listens, Channels: map[string]orchestrator.ChannelTruth{}}
	for ch, up := range w.channel {
		t.Channels[ch] = orchestrator.ChannelTruth{Up: up, Entered: up}
	}
	for _, ch := range []string{w.s.Reached(), w.s.Next} { // the engine tells what it knows to be the session's
		if up, there := w.trunk[ch]; there {
			t.Channels[ch] = orchestrator.ChannelTruth{Up: up, Entered: true, Args: []string{orchestrator.PurposeReach, "101"}}
		}
	}
	t.Bridges = maps.Clone(w.rooms)
	if err := w.give(call.Input{Kind: call.InCompare, Truth: t}); err != nil {
		return err
	}
	for _, ch := range slices.Sorted(maps.Keys(w.trunk)) { // and what nobody knows comes anew
		if ch != w.s.Reached() && ch != w.s.Next {
			if err := w.arrives(ch); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrives has the session hear of what another PBX has sent.
func (w *world) arrives(ch string) error {
	return w.give(call.Input{Kind: call.InEvent, Event: orchestrator.Event{Kind: orchestrator.EventEntered, Channel: ch, Args: []string{orchestrator.PurposeReach, "101"}}})
}

// part takes a channel out of all rooms.
func (w *world) part(ch string) {
	for room, in := range w.rooms {
		w.rooms[room] = slices.DeleteFunc(slices.Clone(in), func(c string) bool { return c == ch })
	}
}

// left ends what another PBX has sent, or takes it out of our hands.
func (w *world) left(ch string, kind orchestrator.EventKind) error {
	if _, there := w.trunk[ch]; !there {
		return fault.New("world", fault.NotFound, "no channel %q", ch)
	}
	delete(w.trunk, ch)
	w.part(ch)
	return w.give(call.Input{Kind: call.InEvent, Event: orchestrator.Event{Kind: kind, Channel: ch, Cause: orchestrator.CauseNormal}})
}

// obey carries the first command out that was not tried yet, or not answered.
func (w *world) obey() error {
	i := slices.IndexFunc(w.s.Todo, func(t call.Todo) bool { return t.N > w.done })
	if i < 0 {
		i = 0
	}
	if len(w.s.Todo) == 0 {
		return nil
	}
	t := w.s.Todo[i]
	w.done = max(w.done, t.N)
	fate := w.IntN(10)
	if w.kind {
		fate = 9
	}
	var err error
	if _, tells := t.Command.(call.TellPhone); fate == 0 && !tells { // refused; a phone's state is not
		err = fault.New("world", fault.Conflict, "refused")
	}
	if fate == 3 && t.ToPBX() {
		w.late = append(w.late, t.Command)
	}
	if err == nil && fate != 1 && fate != 3 { // 1: it never arrived
		if e := w.carryOut(t.Command); e != nil {
			err = e
		}
	}
	if fate == 1 || fate == 2 || fate == 3 { // nobody knows
		return w.give(call.Input{Kind: call.InAway})
	}
	if err != nil {
		return w.give(call.Input{Kind: call.InRefused, N: t.N, PBX: t.ToPBX(), Err: err})
	}
	r := call.Result{}
	if _, asks := t.Command.(call.AgentDo); asks {
		r.Answer = orchestrator.AgentAnswer{Result: orchestrator.AgentOK, State: map[bool]string{true: "available", false: "offline"}[w.online]}
	}
	return w.give(call.Input{Kind: call.InDone, N: t.N, PBX: t.ToPBX(), Result: r})
}

func (w *world) carryOut(c call.Command) error {
	switch c := c.(type) {
	case call.Dial:
		if _, there := w.channel[c.Order.Channel]; !there {
			w.channel[c.Order.Channel], w.rings[c.Order.Channel] = false, w.now.Add(c.Order.Timeout)
		}
	case call.Hangup:
		if _, there := w.trunk[c.Channel]; there {
			return w.left(c.Channel, orchestrator.EventEnded)
		}
		return w.hangUp(c.Channel, orchestrator.CauseNormal)
	case call.Continue:
		return w.left(c.Channel, orchestrator.EventLeft)
	case call.Answer:
		if _, there := w.trunk[c.Channel]; !there {
			return fault.New("world", fault.NotFound, "no channel %q", c.Channel)
		}
		w.trunk[c.Channel] = true
	case call.MakeRoom:
		w.rooms[c.Bridge] = append([]string{}, w.rooms[c.Bridge]...)
	case call.Connect:
		_, guest := w.trunk[c.Customer]
		_, there := w.rooms[c.Bridge]
		if !guest || !there || !w.channel[c.Far] || w.lent != "" {
			return fault.New("world", fault.NotFound, "they cannot be joined")
		}
		w.part(c.Customer)
		w.part(c.Far)
		w.rooms[c.Bridge] = []string{c.Customer, c.Far}
	case call.CloseRoom:
		delete(w.rooms, c.Bridge)
	case call.Rest:
		if w.lent == "" && !w.channel[c.Channel] {
			return fault.New("world", fault.NotFound, "no channel %q", c.Channel)
		}
	case call.Play:
		return w.give(call.Input{Kind: call.InEvent, Event: orchestrator.Event{Kind: orchestrator.EventPlayed, Playback: c.Playback.ID}})
	case call.TellPhone:
		w.phone = c.State
	}
	return nil
}

func (w *world) hangUp(ch string, cause orchestrator.Cause) error {
	if _, there := w.channel[ch]; !there {
		return nil
	}
	delete(w.channel, ch)
	w.part(ch)
	if ch == w.s.Channel {
		w.lent = "" // its call hears of it, too
	}
	return w.give(call.Input{Kind: call.InEvent, Event: orchestrator.Event{Kind: orchestrator.EventEnded, Channel: ch, Cause: cause, ByPBX: w.s.Seq%3 == 0}})
}

// happen lets something happen outside.
func (w *world) happen() error {
	chs := slices.Sorted(maps.Keys(w.channel))
	switch n := w.IntN(16); {
	case n == 12 || n == 13 && len(w.trunk) == 0:
		w.came++
		ch := fmt.Sprint("trunk.", w.came)
		w.trunk[ch] = false
		if w.s.Channel == "" { // there is no line that the engine could find
			return w.left(ch, orchestrator.EventLeft)
		}
		return w.arrives(ch)
	case n == 14 && len(w.trunk) > 0:
		guests := slices.Sorted(maps.Keys(w.trunk))
		return w.left(guests[w.IntN(len(guests))], orchestrator.EventEnded)
	case n == 15:
		state := []string{"reserved", "talking", "wrapup", "available"}[w.IntN(4)]
		return w.give(call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineAgent, State: state}})
	case n < 2 && len(chs) > 0: // the phone is picked up
		ch := chs[w.IntN(len(chs))]
		if !w.channel[ch] {
			w.channel[ch] = true
			return w.give(call.Input{Kind: call.InEvent, Event: orchestrator.Event{Kind: orchestrator.EventEntered, Channel: ch, Up: true}})
		}
	case n == 2 && len(chs) > 0 && !w.kind:
		return w.hangUp(chs[w.IntN(len(chs))], []orchestrator.Cause{orchestrator.CauseNormal, orchestrator.CauseOutOfOrder, orchestrator.CauseBusy}[w.IntN(3)])
	case n < 5 && w.s.Up() && w.lent == "" && w.online:
		w.calls++
		w.lent, w.listens = fmt.Sprint("call", w.calls), w.calls%3 == 0
		return w.give(call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineLent, Call: w.lent, Channel: w.s.Channel, Listens: w.listens}})
	case n < 7 && w.lent != "":
		by := w.lent
		w.lent = ""
		return w.give(call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineBack, Call: by}})
	case n == 7 && w.online:
		return w.give(call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineOpen}})
	case n == 8 && w.s.Up():
		return w.give(call.Input{Kind: call.InEvent, Event: orchestrator.Event{Kind: orchestrator.EventDigit, Channel: w.s.Channel, Digit: string("0123456789*#"[w.IntN(12)])}})
	case n == 9 && !w.kind:
		return w.kill()
	case n == 10 && !w.kind:
		w.deaf = !w.deaf
		if w.deaf {
			return w.give(call.Input{Kind: call.InAway})
		}
		return w.compare(false)
	}
	return nil
}

// pass lets time go by, with what falls due.
func (w *world) pass(d time.Duration) error {
	w.now = w.now.Add(d)
	if len(w.late) > 0 && (w.kind || w.IntN(3) == 0) {
		c := w.late[0]
		w.late = w.late[1:]
		if err := w.carryOut(c); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	for _, ch := range slices.Sorted(maps.Keys(w.rings)) {
		if up, there := w.channel[ch]; there && !up && !w.rings[ch].After(w.now) {
			if err := w.hangUp(ch, orchestrator.CauseNoAnswer); err != nil {
				return err
			}
		}
	}
	if name, at, ok := w.s.Timers.Deadline(); ok && !at.After(w.now) && w.s.AwaySince == 0 {
		return w.give(call.Input{Kind: call.InTimer, Timer: name})
	}
	return nil
}

func (w *world) steps(n int) error {
	for range n {
		do := []func() error{w.obey, w.obey, w.happen, func() error { return w.pass(time.Duration(w.IntN(3000)) * time.Millisecond) }}[w.IntN(4)]
		if err := do(); err != nil {
			return err
		}
		if w.s.Up() && w.s.Channel == "" {
			return fmt.Errorf("the line is %q and there is none", w.s.State)
		}
		if w.s.Reach != nil && w.s.State != StateLent {
			return fmt.Errorf("the line is %q, and another PBX has it", w.s.State)
		}
		if w.s.Listens && w.s.State != StateLent && w.s.State != StateEnding {
			return fmt.Errorf("the line is %q, and the agent listens on it", w.s.State)
		}
		told := !slices.ContainsFunc(w.s.Todo, func(t call.Todo) bool { return is[call.TellPhone](t.Command) })
		if told && w.phone != "" && w.s.State != StateEnding && w.s.State != StateEnded && w.s.Up() != (w.phone == w.free()) {
			return fmt.Errorf("the line is %q, and the distributor was told that the phone is %s", w.s.State, w.phone)
		}
	}
	return nil
}

// free is what the distributor is to know of a phone whose line is there.
func (w *world) free() orchestrator.DeviceState {
	if w.s.Listens || w.s.Reach != nil {
		return orchestrator.DeviceBusy
	}
	return orchestrator.DeviceFree
}

// settle lets the world be kind for a while, and checks what must hold then.
func (w *world) settle() error {
	w.kind = true
	if w.deaf {
		w.deaf = false
		if err := w.compare(false); err != nil {
			return err
		}
	}
	if err := w.steps(600); err != nil {
		return err
	}
	for room := range w.rooms { // the sweeper sees one that a late order has made
		if w.s.Reach == nil || w.s.Reach.Room != room {
			if err := w.compare(false); err != nil {
				return err
			}
			break
		}
	}
	for range 40 {
		if err := w.obey(); err != nil {
			return err
		}
	}
	var up []string
	for ch := range w.channel {
		if w.channel[ch] {
			up = append(up, ch)
		}
	}
	for ch, answered := range w.trunk {
		switch {
		case ch != w.s.Reached() && ch != w.s.Next:
			return fmt.Errorf("nobody knows of %s any more", ch)
		case ch == w.s.Reached() && (!answered || !slices.Equal(w.rooms[w.s.Reach.Room], []string{ch, w.s.Channel})):
			return fmt.Errorf("who came over the trunk is answered %v, and the rooms are %v", answered, w.rooms)
		}
	}
	for room := range w.rooms {
		if w.s.Reach == nil || w.s.Reach.Room != room {
			return fmt.Errorf("room %s is left over, and the line is %q", room, w.s.State)
		}
	}
	switch {
	case w.s.Reach != nil && w.lent != "":
		return fmt.Errorf("another PBX has the line, and so has %s", w.lent)
	case w.s.State == StateLent && w.s.Listens != (w.listens && w.lent != ""):
		return fmt.Errorf("the agent listens on the line: %v, want %v", w.s.Listens, w.listens)
	case len(w.s.Todo) > 0 && w.s.State != StateConnecting:
		return fmt.Errorf("left to do: %v", w.s.Todo)
	case w.s.Up() && (len(up) != 1 || up[0] != w.s.Channel):
		return fmt.Errorf("the line is %q, and up are %v", w.s.Channel, up)
	case w.s.Up() != (w.phone == w.free()) && w.s.State != StateEnded:
		return fmt.Errorf("the line is %q, and the distributor was told that the phone is %s", w.s.State, w.phone)
	case !w.s.Up() && w.s.State != StateConnecting && len(w.channel) > 0:
		return fmt.Errorf("the line is %q, and the PBX has %v", w.s.State, w.channel)
	}
	return nil
}

// TestUnkindWorld: whatever happens, the session knows its line, leaves no other
// behind, says to the distributor what is true, and ends with the agent's logout.
func TestUnkindWorld(t *testing.T) {
	t.Parallel()
	seeds := uint64(500)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		w := newWorld(seed)
		err := w.give(call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineOpen}})
		if err == nil {
			err = w.steps(200)
		}
		if err == nil {
			err = w.settle()
		}
		if err == nil {
			w.online = false
			err = w.give(call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineAgent, State: "offline"}})
		}
		if err == nil {
			err = w.settle()
		}
		if err == nil && w.s.State != StateEnded {
			err = fmt.Errorf("after the logout it is %q", w.s.State)
		}
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, strings.Join(w.log, "\n"))
		}
	}
}

// dialledIn is how an agent who dials in has a line.
var dialledIn = []call.Input{
	{Kind: call.InLine, Line: call.LineNews{Do: call.LineOpen}},
	{Kind: call.InLine, Line: call.LineNews{Do: call.LineTake, Channel: "phone.1"}},
}

// hear gives inputs that must be taken.
func (w *world) hear(t *testing.T, ins ...call.Input) {
	t.Helper()
	for _, in := range ins {
		if err := w.give(in); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhoEndsALine: an agent who hangs up is paused, also unseen; a line that the PBX
// ended, or that broke, or of whose end nobody knows, is rung again.
func TestWhoEndsALine(t *testing.T) {
	t.Parallel()
	ended := func(cause orchestrator.Cause, byPBX bool) call.Input {
		return call.Input{Kind: call.InEvent, Event: orchestrator.Event{Kind: orchestrator.EventEnded, Channel: "phone.1", Cause: cause, ByPBX: byPBX}}
	}
	unseen := func(ends map[string]orchestrator.ChannelEnd) call.Input {
		return call.Input{Kind: call.InCompare, Truth: call.Truth{Adopted: true, At: time.Unix(1_800_000_100, 0), Ended: ends}}
	}
	for name, row := range map[string]struct {
		in    call.Input
		pause bool
	}{
		"the agent hung up":        {ended(orchestrator.CauseNormal, false), true},
		"the PBX was stopped":      {ended(orchestrator.CauseNormal, true), false},
		"it broke":                 {ended(orchestrator.CauseOutOfOrder, false), false},
		"the agent, unseen":        {unseen(map[string]orchestrator.ChannelEnd{"phone.1": {Cause: orchestrator.CauseNormal}}), true},
		"it broke unseen":          {unseen(map[string]orchestrator.ChannelEnd{"phone.1": {Cause: orchestrator.CauseOutOfOrder}}), false},
		"unseen, and nobody knows": {unseen(nil), false},
	} {
		w := newWorld(1)
		w.hear(t, dialledIn...)
		w.now = w.now.Add(200 * time.Second)
		w.hear(t, row.in)
		pauses := slices.ContainsFunc(w.s.Todo, func(t call.Todo) bool {
			a, asks := t.Command.(call.AgentDo)
			return asks && a.Command.Op == orchestrator.AgentLineDown
		})
		if _, again := w.s.Timers[timerAgain]; w.s.State != StateLost || pauses != row.pause || again == row.pause {
			t.Errorf("%s: the line is %q, pauses %v, is rung again %v", name, w.s.State, pauses, again)
		}
	}
}

// TestHungUpInACall: the agent hangs the line up while they talk. That the end of the
// call makes them available for a moment, before the pause, does not have them rung;
// that they are ready again afterwards does.
func TestHungUpInACall(t *testing.T) {
	t.Parallel()
	w := newWorld(1)
	w.kind = true
	w.hear(t, dialledIn...)
	w.hear(t, call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineLent, Call: "c1", Channel: "phone.1"}},
		call.Input{Kind: call.InEvent, Event: orchestrator.Event{Kind: orchestrator.EventEnded, Channel: "phone.1", Cause: orchestrator.CauseNormal}},
		call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineAgent, State: "available"}})
	if w.s.State != StateLost {
		t.Fatalf("the line is %q", w.s.State)
	}
	answer := func(op orchestrator.AgentOp, state string) {
		t.Helper()
		for _, todo := range slices.Clone(w.s.Todo) {
			if a, asks := todo.Command.(call.AgentDo); asks && a.Command.Op == op {
				r := call.Result{Answer: orchestrator.AgentAnswer{Result: orchestrator.AgentOK, State: state}}
				w.hear(t, call.Input{Kind: call.InDone, N: todo.N, Result: r})
			}
		}
	}
	answer(orchestrator.AgentLineDown, "paused")
	answer(orchestrator.AgentLook, "paused")
	if w.s.State != StateLost {
		t.Errorf("the line of who hung up is %q", w.s.State)
	}
	w.hear(t, call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineAgent, State: "available"}})
	answer(orchestrator.AgentLook, "available")
	if w.s.State != StateConnecting {
		t.Errorf("the line of who is ready again is %q", w.s.State)
	}
}

// TestLentWhatIsNoLineAnyMore: the agent dials in anew at the instant of a match. The
// call has taken the line before, which is being hung up; the new one is free.
func TestLentWhatIsNoLineAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(1)
	for _, n := range []call.LineNews{
		{Do: call.LineOpen}, {Do: call.LineTake, Channel: "phone.1"}, {Do: call.LineTake, Channel: "phone.2"},
		{Do: call.LineLent, Call: "c1", Channel: "phone.1"},
	} {
		w.hear(t, call.Input{Kind: call.InLine, Line: n})
	}
	if w.s.Channel != "phone.2" || w.s.State != StateIdle || w.s.Lent != "" {
		t.Errorf("line %q is %q, lent to %q", w.s.Channel, w.s.State, w.s.Lent)
	}
}
