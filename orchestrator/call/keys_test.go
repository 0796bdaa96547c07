package call

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/keys"
)

// types is a stage in which the agent types keys.
func types(keys string) func(*world) {
	return func(w *world) {
		w.pbx.phoneTypes(w.pbx.phones()[0], keys)
		w.quiet()
	}
}

const (
	yes = orchestrator.ToneYes
	no  = orchestrator.ToneNo
)

// TestKeysInTalk: what an agent types reaches the customer or does what the code
// says, and the agent hears a tone.
func TestKeysInTalk(t *testing.T) {
	t.Parallel()
	away := func(w *world) { w.desk.refuses["@102"] = orchestrator.RefusedEmpty }
	rows := []struct {
		name   string
		stages []func(*world)
		state  State
		hears  string
		keys   string // that the customer's phone got
		tones  []orchestrator.Tone
	}{
		{"no code", []func(*world){types("12#3")}, StateTalking, "talk", "12#3", nil},
		{"the prefix alone", []func(*world){types("*"), after(time.Second)}, StateTalking, "talk", "", nil},
		{"the prefix, and no more", []func(*world){types("*"), after(3 * time.Second)}, StateTalking, "talk", "*", nil},
		{"an unknown code", []func(*world){types("7*A")}, StateTalking, "talk", "7*A", nil},
		{"hold", []func(*world){types("*1")}, StateTalking, "music", "", []orchestrator.Tone{yes}},
		{"keys while the customer is on hold", []func(*world){types("*1"), types("55")}, StateTalking, "music", "", []orchestrator.Tone{yes}},
		{"hold and resume", []func(*world){types("*1"), types("*1"), types("5")}, StateTalking, "talk", "5", []orchestrator.Tone{yes, yes}},
		{"mute", []func(*world){types("*8")}, StateTalking, "talk", "", []orchestrator.Tone{yes}},
		{"mute and unmute", []func(*world){types("*8*8")}, StateTalking, "talk", "", []orchestrator.Tone{yes, yes}},
		{"disposition", []func(*world){types("*93#")}, StateTalking, "talk", "", []orchestrator.Tone{yes}},
		{"hang up", []func(*world){types("*00")}, StateEnded, "gone", "", nil},
		{"to an agent", []func(*world){types("*2102#")}, StateWaiting, "music", "", nil},
		{"to an outside number", []func(*world){types("*2910000001#")}, StateTransferring, "music", "", nil},
		{"to a logged-out agent", []func(*world){away, types("*2102#")}, StateTalking, "talk", "", []orchestrator.Tone{no}},
		{"to a number that is not ended", []func(*world){types("*2102"), after(7 * time.Second)}, StateTalking, "talk", "", []orchestrator.Tone{no}},
		{"to no number", []func(*world){types("*2#")}, StateTalking, "talk", "", []orchestrator.Tone{no}},
		{"a number given up", []func(*world){types("*2102*")}, StateTalking, "talk", "", []orchestrator.Tone{no}},
		{"kill -9 in the middle of a number", []func(*world){types("*210"), func(w *world) { w.crash(time.Second); w.quiet() }, types("2#")}, StateTalking, "talk", "2#", []orchestrator.Tone{no}},
		{"kill -9 in the middle of a code", []func(*world){types("*0"), func(w *world) { w.crash(time.Second); w.quiet() }, types("0")}, StateTalking, "talk", "0", []orchestrator.Tone{no}},
		{"the PBX is cut off in the middle of a number", []func(*world){types("*210"), cutOff, types("#")}, StateTalking, "talk", "#", []orchestrator.Tone{no}},
		{"the customer's own star keys", []func(*world){func(w *world) { w.presses("*"); w.presses("1"); w.quiet() }}, StateTalking, "talk", "", nil},
		{"by whom was called outside", []func(*world){types("*2910000001#"), answered, after(time.Second), types("*1")}, StateTalking, "talk", "", nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := at(talking...)
			phone, customer := w.pbx.phones()[0], w.pbx.channels[customerChannel]
			for _, do := range r.stages {
				do(w)
				w.quiet()
			}
			if got := w.pbx.hears(); w.me.c.State != r.state || got != r.hears {
				t.Errorf("state %q, the customer hears %q; want %q, %q\n%s", w.me.c.State, got, r.state, r.hears, w.story())
			}
			if customer.keys != r.keys {
				t.Errorf("the customer's phone got %q, want %q", customer.keys, r.keys)
			}
			if d := cmp.Diff(r.tones, phone.tones); d != "" {
				t.Errorf("the agent hears (-want +got)\n%s", d)
			}
			w.settle(10 * time.Second)
			w.callerHangsUp()
			w.settle(time.Minute)
			w.checkEnded(t, "")
			w.checkKept(t)
		})
	}
}

// TestKeysOff: without a prefix nothing is looked at, and the PBX passes the keys.
func TestKeysOff(t *testing.T) {
	t.Parallel()
	w := newWorld(toyFlow{})
	w.rules.Keys = map[string]keys.Table{}
	for _, stage := range talking {
		stage(w)
		w.quiet()
	}
	if far := w.me.c.Far(); far == nil || far.Keyed {
		t.Errorf("the agent's leg: %+v", far)
	}
	types("*1")(w)
	if w.pbx.hears() != "talk" || w.me.c.Customer().Held {
		t.Errorf("the customer hears %q", w.pbx.hears())
	}
}

// TestKeysAreNotStored: an agent may type a card's number into somebody else's
// menu. No store keeps it, nor does the timeline.
func TestKeysAreNotStored(t *testing.T) {
	t.Parallel()
	w := at(talking...)
	w.pbx.phoneTypes(w.pbx.phones()[0], "4929")
	w.deliver()
	w.decide()
	last := string(w.stored[len(w.stored)-1].doc)
	if !strings.Contains(last, `"send_keys"`) {
		t.Fatalf("nothing is to be sent: %s", last)
	}
	for _, key := range []string{`"4"`, `"9"`, `"2"`, "4929"} {
		if strings.Contains(last, key) {
			t.Errorf("%s is stored: %s", key, last)
		}
	}
	w.crash(time.Second) // what was not sent yet is not sent by the next one
	w.quiet()
	if got := w.pbx.channels[customerChannel].keys; got != "" {
		t.Errorf("the customer's phone got %q", got)
	}
}
