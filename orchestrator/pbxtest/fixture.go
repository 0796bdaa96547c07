package pbxtest

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Fixture is a PBX with the means to act as the world around it. Exercise
// needs one for each of its tests. What stands in its place on a real PBX is
// up to the adapter's own test: SIP phones, a proxy that can be cut.
type Fixture struct {
	// PBX is an adapter that nobody runs yet; Exercise calls Run.
	PBX orchestrator.PBX
	// Arrive calls in from a trunk. The DID has six digits and begins with 7;
	// the dialplan hands each of them over as inbound, unanswered. The caller
	// sends media (silence will do) once it is answered.
	Arrive func(t *testing.T, did string, caller orchestrator.Party) Caller
	// Phone registers a phone of its own for this test.
	Phone func(t *testing.T, kind PhoneKind) Phone
	// Short and Long are sounds that the PBX has: one of less than three
	// seconds, one of more than ten.
	Short, Long string
	// Cut takes the event connection away so that the adapter notices; Restore
	// gives it back. Calls go on meanwhile.
	Cut, Restore func(t *testing.T)
	// ArrivesWhileCut says that calls which arrive during Cut come under our
	// control unseen. (Asterisk hands them to the next dialplan line as soon as
	// it has noticed.)
	ArrivesWhileCut bool

	// Back is a place in the dialplan that hands a call for a DID straight back.
	Back func(did string) orchestrator.DialplanPlace
	// Restart restarts the PBX itself. Nil where that is impossible.
	Restart func(t *testing.T)
	// Rival makes another client of the same PBX and application. Nil where
	// several clients may be connected at once.
	Rival func(t *testing.T) orchestrator.PBX
	// Lamp reads what a lamp shows, in the adapter's own words turned back.
	// Nil where a PBX cannot be asked.
	Lamp func(t *testing.T, name string) orchestrator.LampState
	// HoldKey presses the hold key of a phone that is in a call, or presses it again.
	HoldKey func(t *testing.T, p Phone, held bool)
	// Music waits until a phone hears music. Nil where nobody listens.
	Music func(t *testing.T, p Phone)
	// Alive waits until silence arrives at a phone: packets of it, not their absence.
	// Nil where nobody listens.
	Alive func(t *testing.T, p Phone)
	// Hears waits until one Phone or Caller hears what another says. Nil where nobody listens.
	Hears func(t *testing.T, who, whom any)
	// Deaf makes sure that one Phone or Caller hears nothing of what another says. Nil
	// where nobody listens.
	Deaf func(t *testing.T, who, whom any)
	// Transfer presses the transfer key of a phone that is in a call, with a
	// number, and returns what the phone is told: whether it was carried out.
	// Nil where phones' transfers are not handed over.
	Transfer func(t *testing.T, p Phone, number string) (told func() bool)
	// Bound is how long to wait for anything at most; 0 is 15 seconds.
	Bound time.Duration
}

// Caller is somebody who called in.
type Caller interface {
	Press(t *testing.T, digit string)
	// Keys waits for so many keys to arrive at the phone, and returns them.
	Keys(t *testing.T, n int) string
	HangUp(t *testing.T)
}

// PhoneKind is what a phone does when it is called.
type PhoneKind string

// Kinds of phones.
const (
	PhoneAnswers PhoneKind = "answers" // rings, answers, and stays until either side hangs up
	PhoneRings   PhoneKind = "rings"   // rings and never answers
	PhoneBusy    PhoneKind = "busy"    // 486 at once
	PhoneRejects PhoneKind = "rejects" // 603 at once
	PhoneAbsent  PhoneKind = "absent"  // configured, but not registered
)

// Phone is a phone of the fixture.
type Phone interface {
	// Endpoint is its name for Originate: "PJSIP/101".
	Endpoint() string
	// Press presses keys in the call that it is in.
	Press(t *testing.T, digits string)
	// Keys waits for so many keys to arrive at the phone, and returns them.
	Keys(t *testing.T, n int) string
	// Beeped waits for a sound to be heard, and its end.
	Beeped(t *testing.T)
	// HangUp ends the call it is in.
	HangUp(t *testing.T)
}

// Exercise runs the suite on PBXs made by newPBX, one for each test. newPBX may
// call t.Parallel first, when its PBXs do not disturb one another, and leaves
// its clean-up to t.Cleanup. Every wait is for a named event and bounded by
// Fixture.Bound; no test asserts how long something took.
func Exercise(t *testing.T, newPBX func(t *testing.T) Fixture) {
	t.Helper()
	for _, s := range suite {
		t.Run(s.name, func(t *testing.T) {
			f := newPBX(t)
			if s.needs == nil || s.needs(f) {
				s.run(newRig(t, f))
			}
		})
	}
}

// suite is what an adapter must pass; needs says whether a fixture can show it.
var suite = []struct {
	name  string
	needs func(Fixture) bool
	run   func(*rig)
}{
	{"inbound call", nil, testInbound},
	{"commands after the end", nil, testAfterEnd},
	{"commands to nothing", nil, testUnknownIDs},
	{"context", nil, testContext},
	{"continue", nil, testContinue},
	{"hold", nil, testHold},
	{"silence", nil, testSilence},
	{"mute", nil, testMute},
	{"listen", nil, testListen},

	{"repeated commands", nil, testRepeated},
	{"play again", nil, testPlayAgain},
	{"record again", nil, testRecordAgain},
	{"commands after leaving", nil, testAfterLeaving},
	{"commands while ringing", nil, testWhileRinging},
	{"originator gone", nil, testOriginatorGone},
	{"creation times", nil, testCreationTimes},
	{"comes straight back", nil, testComesBack},

	{"play to the end", nil, testPlayFinished},
	{"play several", nil, testPlaySeveral},
	{"play a missing sound", nil, testPlayMissing},
	{"play stopped", nil, testPlayStopped},
	{"play queued and stopped", nil, testPlayQueuedStopped},
	{"play into a hangup", nil, testPlayHangup},

	{"originate answered", nil, testOriginateAnswered},
	{"originate repeated", nil, testOriginateRepeated},
	{"originate once", nil, testOriginateOnce},
	{"originate busy", nil, testOriginateBusy},
	{"originate rejected", nil, testOriginateRejected},
	{"originate not answered", nil, testOriginateNoAnswer},
	{"originate unreachable", nil, testOriginateUnreachable},
	{"originate cancelled", nil, testOriginateCancelled},
	{"hang up an answered leg", nil, testHangupAnswered},

	{"bridge", nil, testBridge},
	{"bridge destroyed", nil, testBridgeDestroyed},
	{"prompt after a bridge", nil, testPromptAfterBridge},
	{"bridge outlived by the caller", nil, testBridgePartnerLeaves},

	{"keys in a bridge", nil, testKeys},
	{"keys absorbed", nil, testKeysAbsorbed},
	{"beep", nil, testBeep},
	{"beep aside", nil, testAside},
	{"hold in a bridge", nil, testHoldInBridge},
	{"part", nil, testPart},
	{"alone in a bridge", func(f Fixture) bool { return f.Alive != nil && f.Hears != nil }, testAlone},
	{"monitor", nil, testMonitor},
	{"keys of who monitors", nil, testMonitorKeys},
	{"monitor who is gone", nil, testMonitorGone},
	{"monitor until the supervisor hangs up", nil, testMonitorHungUp},
	{"hold key", func(f Fixture) bool { return f.HoldKey != nil }, testHoldKey},
	{"transfer refused", func(f Fixture) bool { return f.Transfer != nil }, testTransferRefused},
	{"transfer done", func(f Fixture) bool { return f.Transfer != nil }, testTransferDone},

	{"record a bridge", nil, testRecordBridge},
	{"record until the bridge is destroyed", nil, testRecordBridgeDestroyed},
	{"record a channel", nil, testRecordChannel},
	{"record until a key", nil, testRecordTerminator},
	{"record for so long", nil, testRecordMaxDuration},
	{"record into a hangup", nil, testRecordHangup},

	{"lamps", nil, testLamps},
	{"devices", nil, testDevices},

	{"cut and restored", nil, testReconnect},
	{"devices after a cut", nil, testReconnectDevices},
	{"ends unseen", nil, testEndsUnseen},
	{"arrival during a cut", func(f Fixture) bool { return f.ArrivesWhileCut }, testArrivalWhileCut},
	{"restart of the PBX", func(f Fixture) bool { return f.Restart != nil }, testRestart},
	{"replaced by a rival", func(f Fixture) bool { return f.Rival != nil }, testReplaced},
}
