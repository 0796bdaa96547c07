package call

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestSpokenWaits: the wait that is expected is spoken after the position, rounded up to
// minutes that are one sound each; of what nobody can tell, or lies beyond, nothing.
func TestSpokenWaits(t *testing.T) {
	t.Parallel()
	plan := orchestrator.QueuePlan{AnnouncePosition: true, AnnounceWait: true, AnnouncePrompts: []string{"custom/thanks"}}
	for wait, want := range map[time.Duration]string{
		0:                       "",
		time.Second:             "queue-holdtime queue-less-than digits/2 queue-minutes ",
		2 * time.Minute:         "queue-holdtime digits/2 queue-minutes ",
		2*time.Minute + 1:       "queue-holdtime digits/3 queue-minutes ",
		11 * time.Minute:        "queue-holdtime digits/12 queue-minutes ",
		21 * time.Minute:        "queue-holdtime digits/30 queue-minutes ",
		time.Hour:               "queue-holdtime digits/60 queue-minutes ",
		time.Hour + time.Second: "",
	} {
		var said []string
		for _, m := range announcement(plan, "en", 3, wait, 0) {
			said = append(said, m.Value)
		}
		if got := strings.Join(said, " "); got != "queue-thereare digits/3 queue-callswaiting "+want+"custom/thanks" {
			t.Errorf("%s: %s", wait, got)
		}
	}
	if m := announcement(orchestrator.QueuePlan{AnnounceWait: true}, "es", 1, time.Hour, 0); len(m) != 3 {
		t.Errorf("the wait alone: %v", m)
	}
}

// TestAPositionIsSaidInSounds: whatever the position, it is said by sounds that can be stopped, and never by a number
// that the PBX puts together and says to its end.
func TestAPositionIsSaidInSounds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		language string
		position int
		want     string
	}{
		{"en", 2, "digits/2"}, {"es", 20, "digits/20"}, {"fr", 20, "digits/20"},
		{"en", 57, "digits/50 digits/7"}, {"en-US", 121, "digits/1 digits/hundred digits/20 digits/1"},
		{"es", 21, "digits/21"}, {"es", 57, "digits/50 digits/and digits/7"}, {"es-CO", 100, "digits/hundred"}, {"es", 1234, "digits/thousand digits/200 digits/30 digits/and digits/4"},
		{"fr", 21, "the PBX's 21"},
	} {
		var said []string
		for _, m := range announcement(orchestrator.QueuePlan{AnnouncePosition: true}, row.language, row.position, 0, 0) {
			if m.Kind != orchestrator.MediaSound {
				m.Value = "the PBX's " + m.Value
			}
			said = append(said, m.Value)
		}
		if got, want := strings.Join(said, " "), "queue-thereare "+row.want+" queue-callswaiting"; got != want {
			t.Errorf("%d in %s: %s, want %s", row.position, row.language, got, want)
		}
	}
}

// TestAnAnnouncementDelaysNoMatch: who is told a position when an agent picks up, or presses a key that leads out of the
// queue, hears no more of it: to stop it is ordered first, and what comes next waits for no end of it.
func TestAnAnnouncementDelaysNoMatch(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		do   []func(*world)
		next func(Command) bool // ordered behind the stop
		then State
	}{
		"an agent picks up": {[]func(*world){ringing, answered}, is[Connect], StateTalking},
		"a key leads out":   {[]func(*world){presses("*")}, is[Leave], StateInFlow},
	} {
		w := at(func(w *world) { w.desk.plan.ExitKey = "*" }, inQueue, after(61*time.Second))
		p := w.me.c.Playing
		if p == nil {
			t.Fatalf("%s: nothing is said", name)
		}
		for i, do := range row.do {
			if i > 0 {
				w.quiet()
			}
			do(w)
		}
		w.deliver()
		w.decide()
		stop := slices.IndexFunc(w.me.c.Todo, func(t Todo) bool { s, ok := t.Command.(StopPlay); return ok && s.ID == p.ID })
		next := slices.IndexFunc(w.me.c.Todo, func(t Todo) bool { return row.next(t.Command) })
		if stop < 0 || next < stop {
			t.Errorf("%s: it is stopped by order %d, and goes on by order %d of %+v", name, stop, next, w.me.c.Todo)
		}
		if w.quiet(); w.me.c.State != row.then {
			t.Errorf("%s: the call is %s, want %s", name, w.me.c.State, row.then)
		}
	}
}

// TestTheWaitThatIsToldNeverGrows: not when the estimate does, nor when there is none,
// nor when another process has taken the call over.
func TestTheWaitThatIsToldNeverGrows(t *testing.T) {
	t.Parallel()
	w := at(func(w *world) { w.desk.plan.AnnounceWait = true }, inQueue)
	w.quiet()
	c := w.me.c
	for i, r := range []struct{ expected, told time.Duration }{
		{0, 0}, {9 * time.Minute, 9 * time.Minute}, {12 * time.Minute, 9 * time.Minute}, {7 * time.Minute, 7 * time.Minute}, {0, 7 * time.Minute}, {8 * time.Minute, 7 * time.Minute},
	} {
		now := time.UnixMilli(c.Timers[TimerAnnounce])
		c = w.rules.Decide(c, []Input{{Kind: InTimer, Timer: TimerAnnounce}}, now).Call
		c = w.rules.Decide(c, []Input{{Kind: InDone, N: placeAsked(t, c), Result: Result{Position: 3, Expected: r.expected}}}, now).Call
		if got := msDuration(c.Visit.ToldMS); got != r.told {
			t.Errorf("announcement %d: told %s, want %s", i, got, r.told)
		}
		if c.Playing == nil {
			t.Fatalf("announcement %d: nothing is said", i)
		}
		c.Playing = nil // it is said
	}
}

// TestNoWaitIsSpokenWhileAPhoneRings: who is offered to an agent is next, and what was
// told before of the wait is not true any more.
func TestNoWaitIsSpokenWhileAPhoneRings(t *testing.T) {
	t.Parallel()
	w := at(func(w *world) { w.desk.plan.AnnounceWait, w.desk.plan.AnnouncePosition = true, true }, inQueue, ringing)
	c := w.me.c
	if c.State != StateOffered {
		t.Fatalf("it is %s", c.State)
	}
	c.Visit.ToldMS, c.Playing = (9 * time.Minute).Milliseconds(), nil
	now := time.UnixMilli(c.Timers[TimerAnnounce])
	c = w.rules.Decide(c, []Input{{Kind: InTimer, Timer: TimerAnnounce}}, now).Call
	c = w.rules.Decide(c, []Input{{Kind: InDone, N: placeAsked(t, c)}}, now).Call
	for _, todo := range c.Todo {
		if p, ok := todo.Command.(Play); ok {
			for _, m := range p.Playback.Media {
				if m.Value == "queue-holdtime" {
					t.Errorf("%v", p.Playback.Media)
				}
			}
		}
	}
	if c.Playing == nil || c.Visit.ToldMS == 0 {
		t.Errorf("playing %v, told %d", c.Playing, c.Visit.ToldMS)
	}
}

// TestAPlaceThatWasForgottenKeepsWhatItHadReached: a call that is in its queue, and asks
// for its place once more, says since when it is there.
func TestAPlaceThatWasForgottenKeepsWhatItHadReached(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	c := w.rules.Decide(w.me.c, []Input{{Kind: InLost}}, w.now.Add(time.Minute)).Call
	for _, todo := range c.Todo {
		if e, ok := todo.Command.(Enqueue); ok {
			if got := e.Waiting.Since.UnixMilli(); got != c.Visit.Asked {
				t.Errorf("since %d, want %d", got, c.Visit.Asked)
			}
			return
		}
	}
	t.Error("it does not ask")
}

// TestWhatWasExpectedCountsFromWhereTheWaitDoes: of a caller who comes from another queue
// the wait counts from the first, and so does what the second expected of it.
func TestWhatWasExpectedCountsFromWhereTheWaitDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(graph{
		{Kind: orchestrator.ActQueue, Queue: "A", Wait: 2 * time.Minute, Edges: map[string]int{"timeout": 1}},
		{Kind: orchestrator.ActQueue, Queue: "B", Edges: map[string]int{}},
	})
	w.desk.plan.AnnounceWait, w.desk.expected = true, 3*time.Minute
	for _, do := range []func(*world){(*world).quiet, after(2*time.Minute + time.Second), func(w *world) { w.desk.expected = time.Minute }, after(time.Minute), ringing, answered} {
		do(w)
		w.quiet()
	}
	f := w.last(orchestrator.EntryCallConnected)
	wait, _ := f["wait_ms"].(float64)
	if expected, _ := f["expected_ms"].(float64); w.me.c.Visit.Queue != "B" || wait < 170_000 || expected < 290_000 || expected > 310_000 { // two minutes, and three more
		t.Errorf("in %s: waited %.0f, expected %.0f", w.me.c.Visit.Queue, wait, expected)
	}
	if got := w.last(orchestrator.EntryCallQueued)["expected_ms"]; got != 180_000.0 {
		t.Errorf("as it entered: %v", got)
	}
}
