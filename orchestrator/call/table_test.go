package call

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

var update = flag.Bool("update", false, "write golden files anew")

var (
	callStates = []State{StateArriving, StateInFlow, StateWaiting, StateOffered, StateTransferring,
		StateReserving, StateSummoning, StatePreviewing, StateDialing, StateReaching, StateFailing, StatePausing,
		StateConnecting, StateTalking, StateClearing, StateEnded}
	callTriggers = []Trigger{OnFlow, OnQueued, OnOffered, OnMissed, OnUnqueued, OnTransfer, OnDial, OnPickup, OnAnswer, OnFailed,
		OnPromise, OnAttempt, OnListen, OnSetBack, OnPreview,
		OnJoined, OnParted, OnHandedOver, OnOver, OnCleared}
	legStates     = []LegState{LegPlanned, LegArrived, LegDialing, LegRinging, LegUp, LegJoined, LegHanging, LegEnded}
	legTriggers   = []LegTrigger{LegOnDial, LegOnRing, LegOnAnswer, LegOnJoin, LegOnPart, LegOnHang, LegOnGone}
	roomStates    = []RoomState{RoomMade, RoomClosing, RoomGone}
	roomTriggers  = []RoomTrigger{RoomOnClose, RoomOnGone}
	visitStates   = []VisitState{VisitAsked, VisitIn, VisitServed, VisitOver}
	visitTriggers = []VisitTrigger{VisitOnAdmit, VisitOnServe, VisitOnMiss, VisitOnLeave}
	recStates     = []RecordingState{RecRunning, RecStopping, RecFinished, RecFailed}
	recTriggers   = []RecordingTrigger{RecOnStop, RecOnDone, RecOnFail}

	screenStates   = []ScreenState{ScreenListening, ScreenPerson, ScreenFound, ScreenAttending, ScreenLeaving}
	screenTriggers = []ScreenTrigger{ScreenOnPerson, ScreenOnFound, ScreenOnAttend, ScreenOnSilent, ScreenOnSpeaks}

	consultStates   = []ConsultState{ConsultAsked, ConsultWaiting, ConsultRinging, ConsultPrivate, ConsultAside, ConsultOver}
	consultTriggers = []ConsultTrigger{ConsultOnPlaced, ConsultOnRung, ConsultOnMissed, ConsultOnJoined, ConsultOnSwap, ConsultOnOver}
)

// sheet writes every pair of a table, the refused ones as "-".
func sheet[S, T ~string](m Table[S, T], states []S, triggers []T) string {
	var b strings.Builder
	for _, s := range states {
		for _, t := range triggers {
			to, err := m.Next(s, t)
			shown := string(to)
			if err != nil {
				shown = "-"
			}
			fmt.Fprintf(&b, "%-13s %-9s %s\n", s, t, shown)
		}
	}
	return b.String()
}

func TestTables(t *testing.T) {
	t.Parallel()
	checkTable(t, "call", callTable, callStates, callTriggers, []State{StateArriving}, StateEnded)
	checkTable(t, "leg", legTable, legStates, legTriggers, []LegState{LegArrived, LegPlanned, LegDialing}, LegEnded)
	checkTable(t, "room", roomTable, roomStates, roomTriggers, []RoomState{RoomMade}, RoomGone)
	checkTable(t, "visit", visitTable, visitStates, visitTriggers, []VisitState{VisitAsked}, VisitOver)
	checkTable(t, "recording", recordingTable, recStates, recTriggers, []RecordingState{RecRunning}, RecFinished)
	checkTable(t, "screen", screenTable, screenStates, screenTriggers, []ScreenState{ScreenListening}, ScreenLeaving)
	checkTable(t, "consult", consultTable, consultStates, consultTriggers, []ConsultState{ConsultAsked}, ConsultOver)
}

func checkTable[S, T ~string](t *testing.T, name string, m Table[S, T], states []S, triggers []T, first []S, last S) {
	t.Helper()
	golden(t, name+"_table.txt", sheet(m, states, triggers))
	if len(m) != len(states) {
		t.Errorf("%s: the table has %d states, the test knows %d", name, len(m), len(states))
	}
	for s := range m {
		if !slices.Contains(states, s) {
			t.Errorf("%s: state %q is not in the test", name, s)
		}
		if !reaches(m, s, last) && len(m[s]) > 0 {
			t.Errorf("%s: %q cannot reach %q", name, s, last)
		}
		if !slices.ContainsFunc(first, func(from S) bool { return reaches(m, from, s) }) {
			t.Errorf("%s: %q cannot be reached from %v", name, s, first)
		}
	}
	if _, err := m.Next(last, triggers[0]); !errors.Is(err, orchestrator.ErrNoTransition) {
		t.Errorf("%s: %q is left again", name, last)
	}
}

func reaches[S, T ~string](m Table[S, T], from, to S) bool {
	seen := map[S]bool{from: true}
	for todo := []S{from}; len(todo) > 0; todo = todo[1:] {
		if todo[0] == to {
			return true
		}
		for _, next := range m[todo[0]] {
			if !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	return false
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := cmp.Or(os.MkdirAll("testdata", 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (run with -update and look at the difference):\n%s", path, got)
	}
}

func ExampleState_Next() {
	s, err := StateWaiting.Next(OnOffered)
	fmt.Println(s, err)
	s, err = StateTalking.Next(OnOffered)
	fmt.Println(s, err)
	// Output:
	// offered <nil>
	// talking no such transition: offered in state "talking"
}
