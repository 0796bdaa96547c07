package call

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/keys"
)

// world is everything around one call: a PBX, a distributor, a store, and what
// orchestrator/engine does with the call. Nothing in it happens by itself:
// whoever holds it says what comes next, or lets it settle.
type world struct {
	rules  *Rules
	gate   *toyGate
	now    time.Time
	pbx    *toyPBX
	desk   *toyDesk
	me     *process
	former *process // still decides, and does not know that its lease is another's

	stored  []version            // as committed, oldest first
	entries []orchestrator.Entry // the journal
	wire    []orchestrator.Event // on the way from the PBX
	told    []orchestrator.Event // delivered already
	notices []Input              // on the way from the distributor
	late    []func()             // commands that nobody waits for any more and that reach the PBX all the same

	isLate bool // one of them arrives now

	silent bool // the PBX does not answer
	cut    bool // nor does it tell anything

	offerSeq int
	offerOf  map[string]string // channel -> offer
	customer string            // the customer's channel
	order    *Order            // of a call that an agent makes; nil: it comes in
	promised *CallbackOrder    // of a callback
	attempt  *Attempt          // of a campaign's
	forgot   bool              // its number may be promised another one
	desk1    bool              // which was dialled at the phone
	rung     map[string]int    // how often each channel was dialled
	guilty   map[string]bool   // offers whose agents did what they are blamed for
	lined    map[string]bool   // offers whose agents are on permanent lines
	lines    int               // every so manyth agent is; 0 for none
	entered  map[int]int64     // visit -> start of its wait
	unheard  time.Duration     // how long the customer has been hearing nothing
	excused  bool              // something was refused that must not be: phones may be rung beside each other
	calm     bool              // nothing has been wrong for long: no offer may lapse
	lostDoc  bool              // the store went back: what it knows of offers may be wrong
	broken   []string          // promises
	healed   []string          // what the sweeper had to put right
	history  []line            // what happened, to be read when a test fails
}

// version is what the store held at one moment.
type version struct {
	doc     []byte
	rev     int64
	ended   bool
	entries int
	desk    *toyDesk
}

// process is one process's side of the call: its memory, and nothing that the store has.
type process struct {
	c   Call
	box []Input
	pbx lane
	dsk lane
}

func newWorld(f orchestrator.Flows) *world {
	w := &world{
		rules: &Rules{Flows: f, Gate: openGate{}, People: toyPeople{}, Limits: DefaultLimits,
			Keys: map[string]keys.Table{"pbx": {Prefix: "*"}}}, now: time.UnixMilli(1_800_000_000_000),
		customer: customerChannel, rung: map[string]int{}, offerOf: map[string]string{}, guilty: map[string]bool{}, lined: map[string]bool{}, entered: map[int]int64{},
	}
	w.rules.Lines = toyLines{w}
	w.gate = &toyGate{}
	w.rules.Gate = w.gate
	w.pbx, w.desk = newToyPBX(w), newToyDesk(w)
	w.pbx.channels[customerChannel] = &toyChannel{id: customerChannel}
	w.begin()
	return w
}

// phoneChannel is that of an agent's phone at which a number was dialled.
const phoneChannel = "desk.1"

// newOutboundWorld is one with a call that an agent makes, dialled at the phone or not.
func newOutboundWorld(f orchestrator.Flows, atPhone bool) *world {
	w := newWorld(f)
	clear(w.pbx.channels)
	w.customer, w.order, w.desk1 = orchestrator.MakeID("c1", "c", 1), &Order{Agent: "101", Queue: "A", Number: "910000001", By: "test"}, atPhone
	if atPhone {
		w.pbx.channels[phoneChannel] = &toyChannel{id: phoneChannel, since: w.now}
	}
	w.begin()
	return w
}

// newCallbackWorld is one with a callback.
func newCallbackWorld(f orchestrator.Flows, change ...func(*orchestrator.CallbackPlan)) *world {
	w := newWorld(f)
	clear(w.pbx.channels)
	plan := orchestrator.CallbackPlan{Attempts: 3, Retry: time.Minute, RetryBusy: 30 * time.Second, Ring: 25 * time.Second, Expires: 30 * time.Minute}
	for _, c := range change {
		c(&plan)
	}
	w.desk.plan.Callback = &plan
	w.promised = &CallbackOrder{Call: "c1", Queue: "A", Number: "910000001", Priority: 2, Plan: plan,
		Entered: w.now.Add(-time.Minute).UnixMilli(), Since: w.now.Add(-30 * time.Second).UnixMilli(), AskedBy: "c0", By: "caller"}
	w.begin()
	return w
}

// newLeadWorld is one with a call to a lead who enters queue A as they answer, and hears a
// message when nobody was there in time.
func newLeadWorld(f orchestrator.Flows, change ...func(*Attempt)) *world {
	w := newAttemptWorld(f)
	o := *w.attempt
	o.Flow, o.Queue, o.Within, o.Message = "", "A", 2*time.Second, []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "sorry"}}
	o.About, o.Script = map[string]string{"due": "100"}, "You owe 100."
	for _, c := range change {
		c(&o)
	}
	w.attempt = &o
	w.begin()
	return w
}

// newAttemptWorld is one with a call to a lead.
func newAttemptWorld(f orchestrator.Flows) *world {
	w := newWorld(f)
	clear(w.pbx.channels)
	w.attempt = &Attempt{Call: "c1", Campaign: "sales", Lead: "7", N: 2, Number: "910000001", Shown: "+34910000000",
		Flow: "sales", Ring: 25 * time.Second, Least: 15 * time.Second}
	w.begin()
	return w
}

// begin lets the call arrive at a process that knows nothing.
func (w *world) begin() {
	if w.promised != nil {
		w.me = &process{c: NewCallback("pbx", *w.promised, w.now)}
		w.customer = w.me.c.Customer().Channel
		w.post(Input{Kind: InPromise, Promised: *w.promised})
		return
	}
	if w.attempt != nil {
		w.me = &process{c: NewAttempt("pbx", *w.attempt, w.now)}
		w.customer = w.me.c.Customer().Channel
		w.post(Input{Kind: InAttempt})
		return
	}
	if w.order != nil {
		channel := ""
		if w.desk1 {
			channel = phoneChannel
		}
		w.me = &process{c: NewOutbound("c1", "pbx", channel, *w.order, w.now)}
		w.post(Input{Kind: InDial, Order: *w.order})
		return
	}
	w.me = &process{c: New("c1", "pbx", customerChannel, orchestrator.KindInbound, w.now)}
	w.post(Input{Kind: InArrive, Arrival: orchestrator.Arrival{Call: "c1", PBX: "pbx", Kind: orchestrator.KindInbound, DID: "5000"}})
}

func (w *world) brokenf(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// line is a line of what happened. It is seldom read, and so written late.
type line struct {
	at     time.Time
	format string
	args   []any
}

// logf writes down what happened.
func (w *world) logf(format string, args ...any) {
	if len(w.broken) == 0 {
		w.history = append(w.history, line{w.now, format, args})
	}
}

// story is what happened, in words.
func (w *world) story() string {
	var b strings.Builder
	for _, l := range w.history {
		fmt.Fprintf(&b, "%s "+l.format+"\n", append([]any{l.at.Format("15:04:05.000")}, l.args...)...)
	}
	return b.String()
}

func (w *world) post(in Input) { w.me.post(in, w.now) }

func (p *process) post(in Input, now time.Time) {
	in.At = now
	p.box = append(p.box, in)
}

// heard takes what the PBX tells.
func (w *world) heard(e orchestrator.Event) {
	w.logf("PBX: %s %s%s%s", e.Kind, e.Channel, e.Playback, e.Recording)
	if !w.cut {
		w.wire = append(w.wire, e)
	}
}

// deliver brings everything that is on the way, in order.
func (w *world) deliver() {
	for len(w.wire) > 0 {
		e := w.wire[0]
		w.wire = w.wire[1:]
		w.told = append(w.told, e)
		w.tell(e)
	}
}

func (w *world) tell(e orchestrator.Event) {
	w.post(Input{Kind: InEvent, Event: e})
	if w.former != nil {
		w.former.post(Input{Kind: InEvent, Event: e}, w.now)
	}
}

// notice brings one word of the distributor.
func (w *world) notice() {
	if len(w.notices) > 0 {
		w.post(w.notices[0])
		w.notices = w.notices[1:]
	}
}

// decide lets the call take what is in its mailbox, or its timer; false when there is nothing.
func (w *world) decide() bool {
	p := w.me
	ins := p.box
	p.box = nil
	if p.c.State == StateEnded {
		return false
	}
	if len(ins) == 0 {
		name, at, ok := p.c.Timers.Deadline()
		if !ok || at.After(w.now) || p.c.AwaySince > 0 {
			return false
		}
		ins = []Input{{Kind: InTimer, Timer: name}}
	}
	d := w.rules.Decide(p.c, ins, w.now)
	for _, in := range ins {
		w.logf("  %s %s %s %d %v", in.Kind, in.Event.Kind, in.Timer, in.N, in.Err)
	}
	w.logf("decided: %q -> %q, todo %v", p.c.State, d.Call.State, d.Call.Todo)
	p.c = d.Call
	if d.Dirty {
		p.c = w.commit(d)
	}
	if w.promised != nil {
		w.customer = p.c.Customer().Channel
	}
	p.follow()
	w.watch()
	return true
}

// follow gives both lanes what the call orders.
func (p *process) follow() {
	p.pbx.follow(p.c.Todo, Todo.ToPBX)
	p.dsk.follow(p.c.Todo, func(t Todo) bool { return !t.ToPBX() })
}

// decideFormer lets a process decide whose lease was taken over: it must do
// nothing worse than fail to store.
func (w *world) decideFormer() {
	p := w.former
	if p == nil || p.c.State == StateEnded || len(p.box) == 0 {
		return
	}
	d := w.rules.Decide(p.c, p.box, w.now)
	p.c, p.box = d.Call, nil
	if d.Dirty {
		w.former = nil // fenced: it stops
	}
}

// commit stores a decision, and goes on with what comes back from the store.
func (w *world) commit(d Decision) Call {
	doc, err := json.Marshal(d.Call)
	if err != nil {
		panic(err)
	}
	back, err := Parse(doc)
	if err != nil {
		panic(err)
	}
	again, err := json.Marshal(back)
	if err != nil {
		panic(err)
	}
	if string(again) != string(doc) {
		w.brokenf("what is stored is not all there is:\n%s\n%s", doc, again)
	}
	for i, t := range d.Call.Todo { // memory has what is not stored
		if k, is := t.Command.(SendKeys); is {
			back.Todo[i].Command = k
		}
	}
	w.entries = append(w.entries, d.Entries...)
	for _, l := range d.Call.Legs {
		if l.Offer != nil {
			w.offerOf[l.Channel] = l.Offer.ID
		}
	}
	w.keep(version{doc: doc, rev: d.Call.Rev, ended: d.Call.State == StateEnded})
	return back
}

func (w *world) keep(v version) {
	v.entries, v.desk = len(w.entries), w.desk.copy()
	w.stored = append(w.stored, v)
}

// goAway lets the PBX fall silent; cut also ends its events.
func (w *world) goAway(cut bool) {
	w.logf("the PBX does not answer, cut %v", cut)
	w.silent = true
	if cut && !w.cut {
		w.cut = true
		w.deliver()
		w.post(Input{Kind: InAway})
	}
}

// comeBack lets the PBX answer again.
func (w *world) comeBack(restarted bool) {
	w.logf("the PBX answers, restarted %v", restarted)
	w.silent = false
	if w.cut {
		w.pass(100 * time.Millisecond) // a connection takes its time
		w.cut, w.wire = false, nil
		w.post(Input{Kind: InCompare, Truth: w.pbx.truth(false, restarted)})
	}
}

// crash loses the memory of the process. The next one takes up what is stored
// after a while; what the PBX tells meanwhile nobody hears.
func (w *world) crash(away time.Duration) {
	w.logf("crash for %v", away)
	w.wire, w.cut = nil, true
	w.pass(away)
	w.load()
}

// load makes a process of what is stored. It begins when it has connected.
func (w *world) load() {
	w.pass(100 * time.Millisecond)
	w.silent, w.cut, w.wire = false, false, nil
	if len(w.stored) == 0 {
		if w.pbx.channels[customerChannel] != nil || w.pbx.channels[phoneChannel] != nil || w.promised != nil || w.attempt != nil || w.order != nil && !w.desk1 {
			w.begin()
		}
		return
	}
	last := w.stored[len(w.stored)-1]
	c, err := Parse(last.doc)
	if err != nil {
		panic(err)
	}
	w.me = &process{c: c}
	if w.promised != nil {
		w.customer = c.Customer().Channel
	}
	w.notices = nil
	w.desk.tellAgain()
	if !last.ended {
		w.post(Input{Kind: InCompare, Truth: w.pbx.truth(true, false)})
	}
}

// failover takes the store back by some versions, and the journal and the distributor with it.
func (w *world) failover(back int) {
	w.logf("the store goes back by %d", back)
	if len(w.stored) < 2 {
		return
	}
	w.lostDoc = true
	w.stored = w.stored[:max(1, len(w.stored)-back)]
	last := w.stored[len(w.stored)-1]
	w.entries = slices.Clone(w.entries[:last.entries])
	free := w.desk.free
	w.desk = last.desk.copy()
	w.desk.free = free
	w.desk.tellAgain()
}

// pass lets time go by for the PBX and the distributor.
func (w *world) pass(d time.Duration) {
	w.deliver() // the wire is fast; what is slow is a mailbox
	end := w.now.Add(d)
	for {
		at := end
		for _, t := range []time.Time{w.pbx.next(), w.desk.next()} {
			if !t.IsZero() && t.Before(at) {
				at = t
			}
		}
		w.now = later(w.now, at)
		w.pbx.tick()
		w.desk.tick()
		w.deliver()
		if !at.Before(end) {
			return
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
