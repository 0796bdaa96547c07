package demo

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
)

func TestTheSameSeedMakesTheSameCrowd(t *testing.T) {
	t.Parallel()
	same := cmp.AllowUnexported(Script{}, step{})
	if diff := cmp.Diff(Crowd(24, 7), Crowd(24, 7), same); diff != "" {
		t.Errorf("seed 7 twice:\n%s", diff)
	}
	if cmp.Equal(Crowd(24, 7), Crowd(24, 8), same) {
		t.Error("seeds 7 and 8 make the same crowd")
	}
}

func TestEverybodyInACrowdCanBeToldApart(t *testing.T) {
	t.Parallel()
	numbers := map[string]bool{}
	for i, s := range append(Crowd(250, 1), later(Crowd(250, 2), 250)...) {
		if numbers[s.Number] || len(s.Number) != 7 || s.Nr != i+1 {
			t.Errorf("caller %d has number %s", s.Nr, s.Number)
		}
		numbers[s.Number] = true
	}
	tones := map[float64]string{}
	hear := func(who string, hz float64) {
		for other, name := range tones {
			if d := hz - other; d > -20 && d < 20 {
				t.Errorf("%s and %s sound alike: %g and %g Hz", who, name, hz, other)
			}
		}
		tones[hz] = who
	}
	for _, s := range Crowd(24, 1) { // later callers sound as earlier ones, who have gone
		hear(s.Number, s.Tone)
	}
	for _, a := range agents {
		hear(a.id, voice(a.id))
	}
}

// TestAnyCrowdIsMixed also keeps a small crowd interesting.
func TestAnyCrowdIsMixed(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		calls int
		want  map[wire.Outcome]int
	}{
		{1, map[wire.Outcome]int{"served": 1}},
		{6, map[wire.Outcome]int{"served": 3, "left": 1, "abandoned": 1, "voicemail": 1}},
		{24, map[wire.Outcome]int{"served": 14, "left": 3, "abandoned": 3, "voicemail": 3, "transferred": 1}},
		{48, map[wire.Outcome]int{"served": 28, "left": 6, "abandoned": 6, "voicemail": 6, "transferred": 2}},
	} {
		for seed := range uint64(20) {
			got := map[wire.Outcome]int{}
			for _, s := range Crowd(r.calls, seed) {
				got[s.Expect.Outcome]++
			}
			if diff := cmp.Diff(r.want, got); diff != "" {
				t.Fatalf("%d calls, seed %d (-want +got):\n%s", r.calls, seed, diff)
			}
		}
	}
}

// TestScriptsMakeSense finds scripts that contradict themselves.
func TestScriptsMakeSense(t *testing.T) {
	t.Parallel()
	for _, s := range Crowd(len(kinds), 3) {
		has := map[act]bool{}
		for _, st := range s.steps {
			has[st.act] = true
		}
		last := s.steps[len(s.steps)-1].act
		for _, r := range []struct {
			rule string
			ok   bool
		}{
			{"talks with an agent if and only if it is to be served", has[converse] == (s.Expect.Outcome == wire.OutcomeServed)},
			{"is recorded if and only if it is served", s.Expect.Recording == (s.Expect.Outcome == wire.OutcomeServed)},
			{"leaves a message if and only if one is expected", has[onMail] == s.Expect.Voicemail},
			{"its last step ends the call", last == hangUp || last == stay || last == noAnswer},
			{"who hangs up is who is to have ended it", (last == hangUp) == (s.Expect.EndedBy == "caller")},
			{"an agent waits for the caller's end only when that comes", s.Desk.CallerEnds == (has[converse] && last == hangUp)},
			{"is not left ringing when it is to be served", !s.Desk.Unanswered || !has[converse]},
			{"enough phones ring", !has[converse] || s.Expect.Offers == 1+s.Desk.Missed+s.Desk.Declined},
			{"a message is not the same as a queue", s.Expect.Queue != "" || !has[onQueued]},
			{"the outcome dialled is the outcome expected", (s.Desk.Dispose != "") == (s.Expect.Disposition != "")},
			{"takes its time", s.Gap > 0 && s.Think > 0 && s.Talk > 0 && s.Pickup > 0},
			{"its language is that of its number", s.Language == languages[s.DID]},
		} {
			if !r.ok {
				t.Errorf("%q does not hold for %q: %s", r.rule, s.What, fmt.Sprint(s.steps))
			}
		}
	}
}
