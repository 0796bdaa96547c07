package orchestrator

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator/fault"
)

// toyFlow is a flow for tests: answer, a prompt, then a queue; afterwards it
// hangs up, or transfers when the queue timed out.
type toyFlow struct{ unknown bool }

func (g toyFlow) Begin(a Arrival, _ time.Time) (FlowStep, error) {
	if g.unknown {
		return FlowStep{}, fault.New("toy", fault.NotFound, "no flow for %q", a.DID)
	}
	return toyStep("answer", Action{Kind: ActAnswer}), nil
}

func toyStep(node string, actions ...Action) FlowStep {
	return FlowStep{State: json.RawMessage(strconv.Quote(node)), Actions: actions,
		Notes: []Note{{Flow: "toy", Node: node}}}
}

func (g toyFlow) Next(state json.RawMessage, in FlowInput, _ time.Time) (FlowStep, error) {
	var node string
	if err := json.Unmarshal(state, &node); err != nil {
		return FlowStep{}, err
	}
	prompt := Action{Kind: ActPlay, Ref: 1, Media: []Media{{MediaSound, "hello"}}, Language: "es"}
	switch {
	case node == "answer" && in.Kind == FlowAnswered:
		return toyStep("menu", prompt, Action{Kind: ActTimer, Ref: 2, After: time.Minute}), nil
	case node == "menu" && in.Kind == FlowResumed:
		return toyStep("menu", prompt), nil
	case node == "menu" && (in.Kind == FlowPlayed || in.Kind == FlowDigit || in.Kind == FlowTimer):
		return toyStep("queue", Action{Kind: ActStopPlay, Ref: 1}, Action{Kind: ActTimer},
			Action{Kind: ActQueue, Queue: "sales", MaxWait: 5 * time.Minute}), nil
	case node == "queue" && in.Kind == FlowDigit && in.Digit == "*":
		return toyStep("mail", Action{Kind: ActLeave},
			Action{Kind: ActRecord, Record: RecordingOrder{Format: "wav"}}), nil
	case node == "queue" && in.Kind == FlowQueued && in.Result == "timeout":
		return toyStep("transfer", Action{Kind: ActTransfer, Destination: "910", Timeout: 20 * time.Second}), nil
	case node == "queue" && in.Kind == FlowQueued, node == "mail" && in.Kind == FlowRecorded,
		node == "transfer" && in.Kind == FlowTransferred:
		return toyStep("bye", Action{Kind: ActHangup, Cause: CauseNormal}), nil
	}
	return FlowStep{State: state}, nil
}

type openGate struct{}

func (openGate) Endpoint(string, string) error { return nil }
func (openGate) Destination(_, n string) (string, error) {
	if n == "" {
		return "", fault.New("gate", fault.Denied, "empty")
	}
	return "PJSIP/" + n + "@trunk", nil
}

// world plays PBX and distributor for one call: it obeys effects and offers
// the events that may truthfully follow.
type world struct {
	d        *decider
	c        Call
	now      time.Time
	caller   bool              // the caller's channel exists
	legs     map[string]string // leg channel -> dialling | up
	bridge   bool
	records  map[string]bool
	plays    map[string]bool
	offers   map[string]bool // standing offers, true once answered
	queued   bool
	offerSeq int
	entries  []Entry
	results  []input
	refuse   func(effect) error
}

func newWorld(g Flows) *world {
	w := &world{
		d:   &decider{flows: g, gate: openGate{}, limits: DefaultLimits},
		now: time.UnixMilli(1_800_000_000_000), caller: true,
		legs: map[string]string{}, records: map[string]bool{}, plays: map[string]bool{}, offers: map[string]bool{},
	}
	w.c = Call{CallSummary: CallSummary{Call: "c1", PBX: "pbx", Kind: KindInbound, StartedAt: w.now.UnixMilli()},
		State: StateArriving, Channel: "in.1"}
	return w
}

func (w *world) arrive() {
	w.give(input{Kind: inArrive, Arrival: Arrival{Call: "c1", PBX: "pbx", Kind: KindInbound, DID: "5000"}})
}

// give hands inputs to the call and obeys what it decides until it is quiet.
func (w *world) give(ins ...input) {
	for len(ins) > 0 {
		d := w.d.decide(w.c, ins, w.now)
		if raw, err := json.Marshal(d.call); err != nil {
			panic(err)
		} else if d.dirty { // what is stored must be what is lived on
			var back Call
			if err := json.Unmarshal(raw, &back); err != nil {
				panic(err)
			}
			d.call = back
		}
		w.c = d.call
		w.entries = append(w.entries, d.entries...)
		w.results = nil
		for _, f := range d.effects {
			w.obey(f)
		}
		ins = w.results
	}
}

func (w *world) result(in input) { w.results = append(w.results, in) }

func (w *world) event(e Event) { w.give(input{Kind: inEvent, Event: e}) }

func (w *world) obey(f effect) {
	if w.refuse != nil {
		if err := w.refuse(f); err != nil {
			w.result(input{Kind: inRefused, Effect: f, Err: err})
			return
		}
	}
	switch f.Kind {
	case fxAnswer:
		w.result(input{Kind: inAnswered})
	case fxHangup:
		if f.Channel == w.c.Channel && w.caller {
			w.caller = false
			w.result(input{Kind: inEvent, Event: Event{Kind: EventEnded, Channel: f.Channel, Cause: f.Cause}})
		} else if _, ok := w.legs[f.Channel]; ok {
			w.endLeg(f.Channel, CauseGone)
		}
	case fxPlay:
		w.plays[f.Playback.ID] = true
	case fxStopPlay:
		delete(w.plays, f.ID)
		w.result(input{Kind: inEvent, Event: Event{Kind: EventPlayed, Playback: f.ID}})
	case fxCheckPlay:
		if !w.plays[f.ID] {
			w.result(input{Kind: inEvent, Event: Event{Kind: EventPlayed, Playback: f.ID}})
		}
	case fxOriginate:
		w.legs[f.Origination.Channel] = "dialling"
	case fxBridge, fxRejoin:
		w.bridge = true
	case fxUnbridge:
		w.bridge = false
		for id := range w.records {
			w.endRecord(id)
		}
		w.result(input{Kind: inUnbridge})
	case fxPickup:
		if _, ok := w.offers[f.Offer.ID]; f.Offer.ID != "" && !ok {
			w.result(input{Kind: inPickedUp, Err: errors.New("lapsed")})
			return
		}
		if f.Offer.ID != "" {
			w.offers[f.Offer.ID] = true
			w.queued = false
		}
		_, up := w.legs[f.Other]
		w.result(input{Kind: inPickedUp, OK: up && w.caller && w.bridge})
	case fxRecord:
		w.records[f.Record.ID] = true
	case fxStopRecord:
		w.endRecord(f.ID)
	case fxCheckRec:
		if !w.records[f.ID] {
			w.result(input{Kind: inEvent, Event: Event{Kind: EventRecorded, Recording: f.ID}})
		}
	case fxEnqueue:
		w.queued = true
		w.result(input{Kind: inPlaced, Placement: Placement{Result: PlacedWaiting, Plan: QueuePlan{Record: true, AnnounceEvery: time.Minute, AnnouncePosition: true}}})
	case fxLeave:
		w.queued = false
		for id, answered := range w.offers {
			if !answered {
				delete(w.offers, id)
			}
		}
		w.result(input{Kind: inLeft})
	case fxPosition:
		w.result(input{Kind: inPosition, Position: 2})
	case fxFail, fxFinish:
		delete(w.offers, f.Offer.ID)
		if f.Kind == fxFail && f.Failure == OfferCancelled {
			w.queued = false
		}
		w.result(input{Kind: inSettled, Offer: f.Offer})
		if f.Kind == fxFail && f.Failure != OfferCancelled {
			w.result(input{Kind: inPlaced, Placement: Placement{Result: PlacedWaiting}})
		}
	}
}

func (w *world) endLeg(ch string, cause Cause) {
	delete(w.legs, ch)
	w.result(input{Kind: inEvent, Event: Event{Kind: EventEnded, Channel: ch, Cause: cause}})
}

func (w *world) endRecord(id string) {
	if w.records[id] {
		delete(w.records, id)
		w.result(input{Kind: inEvent, Event: Event{Kind: EventRecorded, Recording: id, Duration: time.Second}})
	}
}

func (w *world) offer() {
	w.offerSeq++
	o := Offer{ID: "o" + strconv.Itoa(w.offerSeq), Call: "c1", PBX: "pbx", Queue: "sales", Agent: "ana", Endpoint: "PJSIP/101", Ring: 20 * time.Second}
	w.offers[o.ID] = false
	w.give(input{Kind: inOffer, Offer: o})
}

func (w *world) agentAnswers() {
	for ch, s := range w.legs {
		if s == "dialling" {
			w.legs[ch] = "up"
			w.event(Event{Kind: EventEntered, Channel: ch, Up: true})
			return
		}
	}
}

func (w *world) agentHangsUp(cause Cause) {
	for ch := range w.legs {
		delete(w.legs, ch)
		w.event(Event{Kind: EventEnded, Channel: ch, Cause: cause})
		return
	}
}

func (w *world) callerHangsUp() {
	if w.caller {
		w.caller = false
		w.event(Event{Kind: EventEnded, Channel: w.c.Channel, Cause: CauseNormal})
	}
}

// pass lets time go by, timer after timer.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for {
		name, at, ok := w.c.Deadline()
		if !ok || at.After(end) {
			w.now = end
			return
		}
		if at.After(w.now) {
			w.now = at
		}
		w.give(input{Kind: inTimer, Timer: name})
	}
}

func (w *world) endPlays() {
	for _, id := range slices.Sorted(maps.Keys(w.plays)) {
		delete(w.plays, id)
		w.event(Event{Kind: EventPlayed, Playback: id})
	}
}

func (w *world) count(typ EntryType) (n int) {
	for _, e := range w.entries {
		if e.Type == typ {
			n++
		}
	}
	return n
}

// checkEnded tells what is wrong with a call that should be over.
func (w *world) checkEnded(t interface {
	Helper()
	Errorf(string, ...any)
}, outcome Outcome) {
	t.Helper()
	if w.c.State != StateEnded || w.count(EntryCallEnded) != 1 {
		t.Errorf("state %q, %d records of the end", w.c.State, w.count(EntryCallEnded))
	}
	if outcome != "" && w.c.Outcome != outcome {
		t.Errorf("outcome %q, want %q", w.c.Outcome, outcome)
	}
	if w.caller || len(w.legs) > 0 || w.bridge || len(w.records) > 0 || len(w.offers) > 0 || w.queued {
		t.Errorf("left over: caller %v, legs %v, bridge %v, recordings %v, offers %v, queued %v",
			w.caller, w.legs, w.bridge, w.records, w.offers, w.queued)
	}
	if len(w.c.Timers) > 0 {
		t.Errorf("timers of an ended call: %v", w.c.Timers)
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	queue := func(w *world) { w.arrive(); w.endPlays() }
	ring := func(w *world) { queue(w); w.offer() }
	talk := func(w *world) { ring(w); w.agentAnswers(); w.pass(10 * time.Second) }
	rows := []struct {
		name    string
		do      func(*world)
		outcome Outcome
		by      string
	}{
		{"in the prompt", func(w *world) { w.arrive(); w.callerHangsUp() }, OutcomeLeft, "caller"},
		{"in the queue", func(w *world) { queue(w); w.pass(time.Minute); w.callerHangsUp() }, OutcomeAbandoned, "caller"},
		{"while the agent rings", func(w *world) { ring(w); w.callerHangsUp() }, OutcomeAbandoned, "caller"},
		{"while talking", func(w *world) { talk(w); w.callerHangsUp() }, OutcomeServed, "caller"},
		{"agent first", func(w *world) { talk(w); w.agentHangsUp(CauseNormal) }, OutcomeServed, "agent"},
		{"after a busy agent", func(w *world) {
			ring(w)
			w.agentHangsUp(CauseBusy)
			w.offer()
			w.agentAnswers()
			w.agentHangsUp(CauseNormal)
		}, OutcomeServed, "agent"},
		{"no answer, ever", func(w *world) { ring(w); w.pass(30 * time.Second); w.callerHangsUp() }, OutcomeAbandoned, "caller"},
		{"voicemail", func(w *world) {
			queue(w)
			w.event(Event{Kind: EventDigit, Channel: w.c.Channel, Digit: "*"})
			w.callerHangsUp()
		}, OutcomeVoicemail, "caller"},
		{"timeout and transfer", func(w *world) { queue(w); w.pass(6 * time.Minute) }, OutcomeCompleted, "operadora"},
		{"timeout and transfer answered", func(w *world) {
			queue(w)
			w.pass(5 * time.Minute)
			w.agentAnswers()
			w.agentHangsUp(CauseNormal)
		}, OutcomeTransferred, "agent"},
		{"ordered", func(w *world) { talk(w); w.give(input{Kind: inOrder, Order: OrderHangup}) }, OutcomeServed, "operadora"},
		{"withdrawn then hung up", func(w *world) {
			ring(w)
			o := w.c.Leg.Offer
			delete(w.offers, o.ID)
			w.give(input{Kind: inWithdraw, Offer: o, Why: OfferNoAnswer})
			w.callerHangsUp()
		}, OutcomeAbandoned, "caller"},
		{"too long", func(w *world) { talk(w); w.pass(5 * time.Hour) }, OutcomeServed, "operadora"},
	}
	for _, r := range rows {
		w := newWorld(toyFlow{})
		r.do(w)
		t.Run(r.name, func(t *testing.T) {
			w.checkEnded(t, r.outcome)
			if w.c.EndedBy != r.by {
				t.Errorf("ended by %q, want %q", w.c.EndedBy, r.by)
			}
		})
	}
}

// TestLostEndOfAPrompt goes on although the end of the prompt was never told.
func TestLostEndOfAPrompt(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]bool{"over on the PBX": true, "stuck on the PBX": false} {
		w := newWorld(toyFlow{})
		w.arrive()
		delete(w.c.Timers, TimerFlow) // only the prompt can take the call on
		if gone {
			clear(w.plays)
		}
		w.pass(time.Minute)
		if (w.c.State == StateWaiting) != gone {
			t.Errorf("%s: state %q after a minute", name, w.c.State)
		}
		w.pass(20 * time.Minute)
		if w.count(EntryCallQueued) != 1 {
			t.Errorf("%s: the flow never went on", name)
		}
	}
}

func TestUnknownNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(toyFlow{unknown: true})
	w.arrive()
	w.checkEnded(t, OutcomeRejected)
}

func TestPlaceIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(toyFlow{})
	w.arrive()
	w.endPlays()
	entered := w.c.Wait.Entered
	w.pass(30 * time.Second)
	w.offer()
	w.pass(25 * time.Second) // nobody picks up
	if w.c.State != StateWaiting || w.c.Wait.Entered != entered || w.count(EntryCallMissed) != 1 {
		t.Fatalf("state %q, entered %d (was %d)", w.c.State, w.c.Wait.Entered, entered)
	}
	w.offer()
	w.agentAnswers()
	if w.c.State != StateTalking || w.c.WaitMS != w.now.UnixMilli()-entered {
		t.Errorf("state %q, wait %d ms", w.c.State, w.c.WaitMS)
	}
}

func TestResyncAfterOutage(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		lose func(*world) // what happened while nobody listened
		want CallState
	}{
		{"nothing", func(*world) {}, StateTalking},
		{"caller left", func(w *world) { w.caller = false }, StateEnded},
		{"agent left", func(w *world) { clear(w.legs) }, StateEnded},
		{"both left", func(w *world) { w.caller = false; clear(w.legs); w.bridge = false; clear(w.records) }, StateEnded},
		{"bridge lost", func(w *world) { w.bridge = false }, StateTalking},
	}
	for _, r := range rows {
		w := newWorld(toyFlow{})
		w.arrive()
		w.endPlays()
		w.offer()
		w.agentAnswers()
		w.pass(time.Second)
		r.lose(w)
		w.give(input{Kind: inResync, Truth: w.truth(true)})
		if w.c.State != r.want {
			t.Errorf("%s: state %q, want %q", r.name, w.c.State, r.want)
		}
		if r.want == StateTalking && !w.bridge {
			t.Errorf("%s: the bridge was not made again", r.name)
		}
		if r.want == StateEnded {
			w.checkEnded(t, OutcomeServed)
		}
	}
}

// truth is the snapshot of the world.
func (w *world) truth(adopted bool) callTruth {
	v := callTruth{At: w.now, Adopted: adopted, Legs: map[string]ChannelTruth{}, Bridge: w.bridge}
	if w.caller {
		v.Caller = &ChannelTruth{Up: true, Entered: true}
		v.InBridge = append(v.InBridge, w.c.Channel)
	}
	for ch, s := range w.legs {
		v.Legs[ch] = ChannelTruth{Up: s == "up", Entered: s == "up"}
		v.InBridge = append(v.InBridge, ch)
	}
	if !w.bridge {
		v.InBridge = nil
	}
	return v
}

// TestAnyOrder throws whatever may happen, in any order and with commands
// failing, at a call: it always has a deadline while it lives, and once the
// caller is gone it ends on record exactly once with nothing left over.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(toyFlow{})
		fails := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 20).Draw(t, "fails")
		w.refuse = func(f effect) error {
			if len(fails) == 0 {
				return nil
			}
			n := fails[0]
			fails = fails[1:]
			switch f.Kind {
			case fxPlay, fxHold, fxUnhold, fxOriginate, fxBridge, fxRecord, fxUnbridge, fxStopRecord:
				if n == 0 {
					return fault.New("pbx", fault.Unavailable, "lost")
				}
			}
			return nil
		}
		w.arrive()
		steps := map[string]func(){
			"play ends": w.endPlays,
			"digit": func() {
				w.event(Event{Kind: EventDigit, Channel: w.c.Channel, Digit: rapid.SampledFrom([]string{"1", "*"}).Draw(t, "key")})
			},
			"offer": func() {
				if w.queued && len(w.offers) == 0 {
					w.offer()
				}
			},
			"agent answers": w.agentAnswers,
			"agent rings": func() {
				for ch := range w.legs {
					w.event(Event{Kind: EventRinging, Channel: ch})
				}
			},
			"agent ends": func() { w.agentHangsUp(rapid.SampledFrom([]Cause{0, 16, 17, 19, 21}).Draw(t, "cause")) },
			"withdraw": func() {
				if l := w.c.Leg; l != nil {
					if answered, ok := w.offers[l.Offer.ID]; ok && !answered {
						delete(w.offers, l.Offer.ID)
						w.give(input{Kind: inWithdraw, Offer: l.Offer, Why: OfferNoAnswer})
					}
				}
			},
			"time": func() { w.pass(time.Duration(rapid.IntRange(1, 400).Draw(t, "s")) * time.Second) },
			"resync": func() {
				w.pass(time.Second)
				w.give(input{Kind: inResync, Truth: w.truth(rapid.Bool().Draw(t, "adopted"))})
			},
			"order": func() {
				w.give(input{Kind: inOrder, Order: rapid.SampledFrom([]Order{OrderMute, OrderUnmute, OrderHangup}).Draw(t, "order")})
			},
			"caller": w.callerHangsUp,
			"junk":   func() { w.event(Event{Kind: EventEnded, Channel: "op-c1-a99"}) },
		}
		names := slices.Sorted(maps.Keys(steps))
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			steps[rapid.SampledFrom(names).Draw(t, "step")]()
			if _, _, ok := w.c.Deadline(); !ok && w.c.State != StateEnded {
				t.Fatalf("a call in state %q waits without a deadline", w.c.State)
			}
		}
		w.refuse = nil
		w.callerHangsUp()
		w.pass(20 * time.Minute)
		if len(w.legs) > 0 { // legs whose hangup was refused end when the PBX is asked again
			t.Fatalf("legs left: %v in state %q", w.legs, w.c.State)
		}
		w.checkEnded(t, "")
	})
}
