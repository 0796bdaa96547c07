package call

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

var (
	asksAgent  = wanted(WishConsult, orchestrator.TargetAgent, "102")
	asksQueue  = wanted(WishConsult, orchestrator.TargetQueue, "B")
	asksNumber = wanted(WishConsult, orchestrator.TargetNumber, "4711")
	completed  = wanted(WishComplete, "", "")
	cancelled  = wanted(WishCancel, "", "")
	swapped    = wanted(WishSwap, "", "")
	together   = wanted(WishMeet, "", "")

	asking     = then(talking, asksAgent, ringing)
	private    = then(asking, answered, after(10*time.Second))
	withNumber = then(talking, asksNumber, answered, after(10*time.Second))
	threeTalk  = then(private, together)
)

// guestPhone and farPhone are the phones of the two who may talk with the customer.
func (w *world) guestPhone() *toyChannel {
	for _, l := range w.me.c.Guests() {
		return w.pbx.channels[l.Channel]
	}
	return nil
}

func (w *world) farPhone() *toyChannel {
	if far := w.me.c.Far(); far != nil {
		return w.pbx.channels[far.Channel]
	}
	return nil
}

func hangsUp(who func(*world) *toyChannel) func(*world) {
	return func(w *world) {
		if ch := who(w); ch != nil {
			w.pbx.phoneEnds(ch, orchestrator.CauseNormal)
		}
	}
}

// room is who is in the room of the conversation: c is the customer, a the far
// leg, g guests.
func (w *world) room() string {
	var in []byte
	for _, l := range w.me.c.Legs {
		letter := map[bool]byte{true: 'g', false: 'a'}[guestRoles[l.Role]]
		if l.Role == RoleCustomer {
			letter = 'c'
		}
		for _, r := range w.pbx.bridges {
			if r[l.Channel] {
				in = append(in, letter)
			}
		}
	}
	slices.Sort(in)
	return string(in)
}

// TestConsultStages: at every stage of a consultation and of a conference each of
// the three hangs up, or the process is killed. The customer is never left with
// nothing, and afterwards nothing is left over.
func TestConsultStages(t *testing.T) {
	t.Parallel()
	full := func(w *world) {
		w.desk.refuses["B"], w.desk.refuses["@102"] = orchestrator.RefusedFull, orchestrator.RefusedEmpty
	}
	guestEnds := func(cause orchestrator.Cause) func(*world) {
		return func(w *world) { w.pbx.phoneEnds(w.guestPhone(), cause) }
	}
	stages := []struct {
		name   string
		stages []func(*world)
		state  State
		hears  string
		room   string
		agent  State // the state once the agent has hung up
		guest  State // the state once the other has
	}{
		{"asking an agent, waiting", then(talking, asksAgent), StateTalking, "music", "a", StateWaiting, StateTalking},
		{"asking an agent, ringing", asking, StateTalking, "music", "a", StateOffered, StateTalking},
		{"asking an agent, talking", private, StateTalking, "music", "ag", StateTalking, StateTalking},
		{"asking an agent, swapped", then(private, swapped), StateTalking, "talk", "ac", StateTalking, StateTalking},
		{"asking an agent, swapped twice", then(private, swapped, swapped), StateTalking, "music", "ag", StateTalking, StateTalking},
		{"asking an agent from hold", then(talking, held, asksAgent, ringing, answered, after(time.Second)), StateTalking, "music", "ag", StateTalking, StateTalking},
		{"cancelled, ringing", then(asking, cancelled), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"cancelled, waiting", then(talking, asksQueue, cancelled), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"cancelled, talking", then(private, cancelled), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"cancelled, swapped", then(private, swapped, cancelled), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"completed, waiting", then(talking, asksAgent, completed), StateWaiting, "music", "", StateWaiting, StateWaiting},
		{"completed, ringing", then(asking, completed), StateOffered, "music", "", StateWaiting, StateOffered},
		{"completed, talking", then(private, completed), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"completed, swapped", then(private, swapped, completed), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"conference", threeTalk, StateTalking, "talk", "acg", StateTalking, StateTalking},
		{"conference, swapped before", then(private, swapped, together), StateTalking, "talk", "acg", StateTalking, StateTalking},
		{"conference, the agent gone", then(threeTalk, completed), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"conference on hold", then(threeTalk, held), StateTalking, "music", "ag", StateTalking, StateTalking},
		{"conference, and another asked", then(threeTalk, asksNumber), StateTalking, "music", "ag", StateTalking, StateTalking},
		{"conference of four", then(threeTalk, asksNumber, answered, after(time.Second), together), StateTalking, "talk", "acgg", StateTalking, StateTalking},
		{"conference, sent to a queue", then(threeTalk, toQueue), StateWaiting, "music", "", StateWaiting, StateWaiting},
		{"asking a queue, waiting", then(talking, asksQueue), StateTalking, "music", "a", StateWaiting, StateTalking},
		{"asking a queue, ringing", then(talking, asksQueue, ringing), StateTalking, "music", "a", StateOffered, StateTalking},
		{"asking a queue, the second agent", then(talking, asksQueue, ringing, guestEnds(orchestrator.CauseRejected), ringing, answered), StateTalking, "music", "ag", StateTalking, StateTalking},
		{"asking a full queue", then(talking, full, asksQueue), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"asking a logged-out agent", then(talking, full, asksAgent), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"asking an agent who rejects", then(asking, guestEnds(orchestrator.CauseRejected)), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"asking an agent who never answers", then(asking, after(25*time.Second)), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"asking a queue where nobody is", then(talking, asksQueue, after(consultWait+time.Second)), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"asking a number, ringing", then(talking, asksNumber), StateTalking, "music", "a", StateTransferring, StateTalking},
		{"asking a number, talking", withNumber, StateTalking, "music", "ag", StateTalking, StateTalking},
		{"asking a number, completed", then(withNumber, completed), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"asking a number, completed ringing", then(talking, asksNumber, completed), StateTransferring, "music", "", StateWaiting, StateTransferring},
		{"both lines joined by the phone", then(talking, phoneWants("both 102"), answered, after(time.Second)), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"both lines, being joined", then(talking, phoneWants("both 102")), StateTalking, "music", "a", StateTransferring, StateTalking},
		{"both lines, to a number not allowed", then(talking, phoneWants("both ")), StateTalking, "talk", "ac", StateWaiting, StateTalking},
		{"both lines, and the other gone", then(talking, phoneWants("both 102"), guestEnds(orchestrator.CauseNormal)), StateTalking, "talk", "ac", StateWaiting, StateTalking},
		{"asking a number that is busy", then(talking, asksNumber, guestEnds(orchestrator.CauseBusy)), StateTalking, "talk", "ac", StateEnded, StateTalking},
		{"asking a number that never answers", then(talking, asksNumber, after(time.Minute)), StateTalking, "talk", "ac", StateEnded, StateTalking},
	}
	events := []struct {
		name string
		do   func(*world)
	}{
		{"nobody", func(*world) {}}, {"the caller", (*world).callerHangsUp},
		{"the agent", hangsUp((*world).farPhone)}, {"the other", hangsUp((*world).guestPhone)},
		{"both phones", func(w *world) { hangsUp((*world).farPhone)(w); hangsUp((*world).guestPhone)(w) }},
		{"kill -9", func(w *world) { w.crash(5 * time.Second) }},
		{"kill -9 and the agent", func(w *world) { w.cut = true; hangsUp((*world).farPhone)(w); w.crash(time.Second) }},
		{"kill -9 and the other", func(w *world) { w.cut = true; hangsUp((*world).guestPhone)(w); w.crash(time.Second) }},
		{"the PBX is cut off", cutOff},
	}
	for _, s := range stages {
		for _, e := range events {
			t.Run(s.name+", "+e.name, func(t *testing.T) {
				t.Parallel()
				w := at(s.stages...)
				w.quiet()
				if got := w.pbx.hears(); w.me.c.State != s.state || got != s.hears || w.room() != s.room {
					t.Fatalf("state %q, the customer hears %q, in the room are %q\n%s", w.me.c.State, got, w.room(), w.story())
				}
				e.do(w)
				w.settle(time.Second)
				want := map[string]State{"the agent": s.agent, "the other": s.guest}[e.name]
				if want != "" && w.me.c.State != want {
					t.Errorf("state %q, want %q\n%s", w.me.c.State, want, w.story())
				}
				if far := w.farPhone(); w.me.c.State == StateTalking && w.room() == "a" && far != nil && !far.hold && w.pbx.silence[far.id] == "" {
					t.Errorf("the agent is alone in the room, and nothing is heard there\n%s", w.story())
				}
				w.goneOn(t, e.name)
				w.callerHangsUp()
				w.settle(time.Minute)
				w.checkEnded(t, "")
				w.checkKept(t)
				if w.healed != nil {
					t.Errorf("healed %v", w.healed)
				}
			})
		}
	}
}

// results are what the timeline tells of consultations.
func (w *world) results() (list []string) {
	for _, e := range w.entries {
		var f struct{ Result string }
		if e.Type == orchestrator.EntryCallConsult && json.Unmarshal(e.Data, &f) == nil {
			list = append(list, f.Result)
		}
	}
	return list
}

// TestConsultKeepsTheCaller: whom the agent asked sees the customer's number, takes
// over contact and recording, and is counted by a stay of their own.
func TestConsultKeepsTheCaller(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	w.me.c.Caller.Number = "+34911"
	tape, first := w.me.c.Recording, w.me.c.Far().agent()
	w.quiet()
	asksAgent(w)
	w.quiet()
	ringing(w)
	w.quiet()
	other := w.me.c.Guests()[0]
	if o := w.pbx.orders[other.Channel]; o.Caller.Number != "+34911" || o.Timeout != 20*time.Second {
		t.Errorf("rung with %+v", o)
	}
	answered(w)
	w.settle(20 * time.Second)
	completed(w)
	w.settle(30 * time.Second)
	c := &w.me.c
	if far := c.Far(); far.Channel != other.Channel || far.Role != RoleAgent || c.Agent == first || c.Agent != far.agent() || len(c.Guests()) > 0 || c.Consult != nil {
		t.Errorf("legs %+v, consultation %+v", c.Legs, c.Consult)
	}
	if c.Recording == tape || !c.Rec().running() || c.Rec().ID != c.Recording || len(w.pbx.recordings) != 1 || !w.pbx.kept[tape] {
		t.Errorf("recording %q after %q, on the PBX %v, kept %v", c.Recording, tape, w.pbx.recordings, w.pbx.kept)
	}
	if len(w.desk.offers) != 1 || len(c.Rooms) != 1 {
		t.Errorf("offers %v, rooms %+v", w.desk.offers, c.Rooms)
	}
	w.callerHangsUp()
	w.settle(time.Minute)
	w.checkEnded(t, orchestrator.OutcomeServed)
	w.checkKept(t)
	if want := []string{"asked", "waiting", "offered", "answered", "completed"}; !slices.Equal(w.results(), want) {
		t.Errorf("the timeline tells %v, want %v", w.results(), want)
	}
	if c := &w.me.c; c.TalkMS != 10_000+20_000+30_000 {
		t.Errorf("talked %d ms", c.TalkMS)
	}
}

// TestConsultRefused: what cannot be, with the reason, and nothing has changed.
func TestConsultRefused(t *testing.T) {
	t.Parallel()
	agent, queue, number, flow := orchestrator.TargetAgent, orchestrator.TargetQueue, orchestrator.TargetNumber, orchestrator.TargetFlow
	rows := []struct {
		name   string
		stages []func(*world)
		do     WishKind
		kind   orchestrator.TargetKind
		to     string
		want   fault.Kind
	}{
		{"in no conversation", []func(*world){inQueue}, WishConsult, agent, "102", fault.Conflict},
		{"an unknown agent", talking, WishConsult, agent, "1", fault.NotFound},
		{"an unknown queue", talking, WishConsult, queue, "", fault.NotFound},
		{"a number that the gate refuses", talking, WishConsult, number, "", fault.Denied},
		{"a flow", talking, WishConsult, flow, "toy", fault.Invalid},
		{"oneself", talking, WishConsult, agent, "agento1", fault.Conflict},
		{"whom one asks already", private, WishConsult, agent, "agento2", fault.Conflict},
		{"while another is asked", private, WishConsult, agent, "103", fault.Conflict},
		{"who is in the conference", threeTalk, WishConsult, agent, "agento2", fault.Conflict},
		{"during a transfer", then(talking, func(w *world) {
			w.quiet()
			w.post(Input{Kind: InWish, Wish: Wish{Do: WishTransfer, To: orchestrator.Target{Kind: queue, Name: "B"}}})
			w.decide()
		}), WishConsult, agent, "102", fault.Conflict},
		{"by a number", then(withNumber, completed), WishConsult, agent, "102", fault.Conflict},
		{"cancel nothing", talking, WishCancel, "", "", fault.Conflict},
		{"swap nothing", talking, WishSwap, "", "", fault.Conflict},
		{"complete nothing", talking, WishComplete, "", "", fault.Conflict},
		{"swap before an answer", asking, WishSwap, "", "", fault.Conflict},
		{"conference before an answer", asking, WishMeet, "", "", fault.Conflict},
		{"conference twice", threeTalk, WishMeet, "", "", fault.Conflict},
		{"complete twice", then(private, completed), WishComplete, "", "", fault.Conflict},
		{"hold", asking, WishHold, "", "", fault.Conflict},
		{"resume", private, WishResume, "", "", fault.Conflict},
		{"transfer", private, WishTransfer, queue, "B", fault.Conflict},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := at(r.stages...)
			if r.name != "during a transfer" {
				w.quiet()
			}
			before, _ := json.Marshal(w.me.c)
			d := w.rules.Decide(w.me.c, []Input{{Kind: InWish, Wish: Wish{Do: r.do, To: orchestrator.Target{Kind: r.kind, Name: r.to}, By: "test"}}}, w.now)
			d.Call.Rev = w.me.c.Rev // a number that the gate refuses is on the timeline
			after, _ := json.Marshal(d.Call)
			if d.Answers[0] == nil || fault.KindOf(d.Answers[0]) != r.want || string(before) != string(after) {
				t.Errorf("answered %v\nbefore %s\nafter  %s", d.Answers[0], before, after)
			}
		})
	}
}

// TestJoinedByThePhoneWithNobody: whom the agent's phone had on its other line hangs up
// just as the phone joins both. The customer has talked with nobody, and goes back to
// the queue that they came from; by an agent's own queue, to the one before it.
func TestJoinedByThePhoneWithNobody(t *testing.T) {
	t.Parallel()
	soon := func(w *world) { w.quiet(); w.settle(breath - time.Millisecond) }
	for name, stages := range map[string][]func(*world){
		"at once":              {answered, (*world).quiet, hangsUp((*world).farPhone)},
		"soon":                 {answered, soon, hangsUp((*world).farPhone)},
		"after the agent went": {hangsUp((*world).farPhone), (*world).quiet, answered, (*world).quiet, hangsUp((*world).farPhone)},
		"before it was joined": {hangsUp((*world).guestPhone), hangsUp((*world).farPhone)},
	} {
		for from, before := range map[string][]func(*world){
			"from the queue": talking, "from an agent's own": then(talking, toAgent, ringing, answered, after(time.Second)),
		} {
			for what, number := range map[string]string{"an agent": "103", "a number": "910000001"} {
				w := at(then(then(before, phoneWants("both "+number), (*world).quiet), stages...)...)
				w.quiet()
				if v := w.me.c.Visit; w.me.c.State != StateWaiting || v.Queue != "sales" || v.Sought.Ahead != backLead || w.pbx.hears() != "music" {
					t.Errorf("%s, %s, to %s: state %q, visit %+v, the customer hears %q\n%s", name, from, what, w.me.c.State, v, w.pbx.hears(), w.story())
				}
				if f := w.last(orchestrator.EntryCallTransfer); f["result"] != "back" || f["destination"] != "sales" {
					t.Errorf("%s, %s, to %s: the timeline tells %v", name, from, what, f)
				}
				w.callerHangsUp()
				w.settle(time.Minute)
				w.checkEnded(t, orchestrator.OutcomeServed)
				w.checkKept(t)
				if w.me.c.EndedBy != "caller" {
					t.Errorf("%s, %s, to %s: ended by %q", name, from, what, w.me.c.EndedBy)
				}
			}
		}
	}
}
