package esl

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// FreeSWITCH lists channels out of a database that it writes into five times a
// second. Whoever takes over within that time must not miss the phones that ring.
func TestSnapshotAwaitsTheDatabase(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.late = 200 * time.Millisecond
	const rings = "op-01jd4v5x8ta6bwmz3qk9h2c7ef-a3"
	f.channels[rings] = &fakeChannel{id: rings, direction: "outbound", presence: "101@pbx.example", created: time.Now(),
		vars: map[string]string{"operadora_app": "operadora", "operadora_args": "agent"}}
	a := f.adapter(t)
	l := &listener{connected: make(chan orchestrator.Snapshot, 1)}
	begin(t, a, l)
	if s := wait(t, "the connection", l.connected); len(s.Channels) != 1 {
		t.Errorf("the phone that rings is not in the snapshot: %+v", s.Channels)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for group := range f.tasks {
		if !strings.HasPrefix(group, a.hereVariable()) {
			t.Errorf("task %q is left", group)
		}
	}
}

// Between the end of one process and the readiness of the next the dialplan goes
// on handing calls over: the next one takes them up.
func TestTakingOverTurnsNobodyAway(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	f.globals[a.hereVariable()] = "true" // of the one that died
	told := make(chan string, 1)
	sink := &notYet{read: func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		told <- f.globals[a.hereVariable()]
	}}
	begin(t, a, sink)
	if got := wait(t, "the connection", told); got != "true" {
		t.Errorf("while calls were taken up the dialplan believed %q", got)
	}
}

// notYet is a sink that takes no calls before it is connected, as the engine does.
type notYet struct {
	listener
	read func()
}

func (n *notYet) Connected(string, orchestrator.Snapshot) { n.read() }
func (n *notYet) Ready() bool                             { return false }

func TestParseEnding(t *testing.T) {
	t.Parallel()
	const realm = "operadora.operadora.ended"
	at := time.UnixMicro(1_700_000_000_123_456).UTC()
	for line, want := range map[string]string{
		"D/" + realm + "_42/op-01jd4v5x8ta6bwmz3qk9h2c7ef-a3 1700000000123456 USER_BUSY b1700000000000000 a0 dnone n h":          "42 op-01jd4v5x8ta6bwmz3qk9h2c7ef-a3 17 none  false false",
		"D/" + realm + "_7/6bde9a44-1cc4 1700000000123456 NORMAL_CLEARING b1700000000000000 a1700000000100000 d5000 n5550100 h1": "7 6bde9a44-1cc4 16 5000 5550100 true true",
		"D/" + realm + "_7/6bde9a44-1cc4 1700000000123456 SOMETHING_NEW":                                                         "7 6bde9a44-1cc4 0   false false",
		"D/" + realm + "_7/6bde9a44-1cc4 then NORMAL_CLEARING":                                                                   "",
		"D/" + realm + "_7/6bde9a44-1cc4":                                                                                        "",
		"D/" + realm + "_7 8/6bde9a44-1cc4 1700000000123456 NORMAL_CLEARING":                                                     "",
		"D/" + realm + "_7/a/b 1700000000123456 NORMAL_CLEARING":                                                                 "",
		"D/other_7/6bde9a44-1cc4 1700000000123456 NORMAL_CLEARING":                                                               "",
		"-ERR no reply": "",
	} {
		got := ""
		if e, ok := parseEnding(realm, line); ok {
			got = fmt.Sprintf("%s %s %d %s %s %t %t", e.slot, e.channel, e.end.Cause, e.did, e.number, e.up, e.heard)
			if !e.end.At.Equal(at) {
				t.Errorf("%s: at %v", line, e.end.At)
			}
			told := map[bool]orchestrator.Told{true: orchestrator.ToldYes, false: orchestrator.ToldNo}[e.up]
			if !strings.Contains(line, " a") { // of an older dialplan
				told = ""
			}
			if e.end.Answered != told || e.up && !e.end.AnsweredAt.Equal(time.UnixMicro(1_700_000_000_100_000)) {
				t.Errorf("%s: answered %q at %v", line, e.end.Answered, e.end.AnsweredAt)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// Calls that came and went without us are told until they are on record: those
// that FreeSWITCH served itself, and those that were handed over and left unheard.
// One that was taken up, or that we were told of, is none.
func TestCallsWithoutUs(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	come := func(id, did string, answered bool) *fakeChannel {
		f.mu.Lock()
		defer f.mu.Unlock()
		ch := f.call(id, did, orchestrator.Party{Number: "5550100"})
		ch.answered = answered
		return ch
	}
	leave := func(ch *fakeChannel) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.hangUp(ch, "NORMAL_CLEARING")
	}
	leave(come("in-served", "700001", true)) // operadora is not here
	f.globals["operadora_here_operadora"] = "true"
	leave(come("in-unheard", "700002", false)) // it has just died
	leave(come("in-feature", "none", false))   // as did the phone that logged in with its line
	a := f.adapter(t)
	l := &listener{events: make(chan orchestrator.Event, 100), connected: make(chan orchestrator.Snapshot, 1)}
	begin(t, a, l)
	ctx := t.Context()
	truth := wait(t, "the connection", l.connected)
	told := map[string]orchestrator.AwayCall{}
	for _, c := range truth.Away {
		told[c.Channel] = c
	}
	served, unheard := told["in-served"], told["in-unheard"]
	if len(told) != 2 || !served.Served || served.DID != "700001" || unheard.Served || unheard.DID != "700002" || unheard.Caller.Number != "5550100" ||
		unheard.Ended.Before(unheard.Began) || unheard.Cause != orchestrator.CauseNormal {
		t.Errorf("told: %+v", told)
	}

	heard, hasty := come("in-heard", "700003", false), come("in-hasty", "700004", false)
	l.next(t, orchestrator.EventEntered)
	l.next(t, orchestrator.EventEntered)
	if err := a.Answer(ctx, "in-heard"); err != nil {
		t.Fatal(err)
	}
	back := come("in-back", "700005", false) // the store is away: FreeSWITCH is to serve it
	l.next(t, orchestrator.EventEntered)
	if err := a.Continue(ctx, "in-back", orchestrator.DialplanPlace{Away: true}); err != nil {
		t.Fatal(err)
	}
	l.next(t, orchestrator.EventLeft)
	for _, ch := range []*fakeChannel{heard, hasty, back} {
		leave(ch)
	}
	l.next(t, orchestrator.EventEnded)
	l.next(t, orchestrator.EventEnded)
	for over := false; !over; { // and its end is remembered no more
		var changed <-chan struct{}
		a.legs.see("in-back", func(g *leg) {
			over, changed = g.stage == stageOver, g.changed
			g.ended = time.Now().Add(-time.Hour)
		})
		if !over {
			wait(t, "the end of the call that went back", changed)
		}
	}
	a.legs.mu.Lock()
	a.legs.forget(time.Now())
	a.legs.mu.Unlock()
	if err := a.AwayRecorded(ctx, truth.Away); err != nil {
		t.Fatal(err)
	}
	after, err := a.Snapshot(ctx)
	if err != nil || len(after.Away) != 1 || after.Away[0].Channel != "in-back" {
		t.Errorf("afterwards: %+v, %v", after.Away, err)
	}
}

// FreeSWITCH goes on telling what a channel played last: whoever takes over must not
// wait for the end of what is over already.
func TestWhatIsOverDoesNotPlay(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	const over, plays = "op-01jd4v5x8ta6bwmz3qk9h2c7ef-p3", "op-01jd4v5x8ta6bwmz3qk9h2c7ef-p4"
	vars := map[string]string{"operadora_app": "operadora", "operadora_args": "inbound", "operadora_did": "5000"}
	f.channels["in-over"] = &fakeChannel{id: "in-over", direction: "inbound", answered: true, created: time.Now(), vars: vars,
		app: "park", past: [3]string{"playback", "{" + fileMark + "=" + over + "}and.wav", "FILE PLAYED"}}
	f.channels["in-plays"] = &fakeChannel{id: "in-plays", direction: "inbound", answered: true, created: time.Now(), vars: vars,
		app: "playback", appID: plays, appData: "{" + fileMark + "=" + plays + "}and.wav", end: time.NewTimer(time.Hour)}
	a := f.adapter(t)
	l := &listener{connected: make(chan orchestrator.Snapshot, 1)}
	begin(t, a, l)
	wait(t, "the connection", l.connected)
	for id, want := range map[string]bool{over: false, plays: true} {
		if got, err := a.Playing(t.Context(), id); got != want || err != nil {
			t.Errorf("%s plays: %v, %v", id, got, err)
		}
	}
}

// What FreeSWITCH's clock says is known as exactly as a round trip is short: what happens
// after the snapshot, and before it is told, counts also when the round trip was slow.
func TestSlowRoundTripLosesNoEvent(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	const plays = "op-01jd4v5x8ta6bwmz3qk9h2c7ef-p4"
	ch := &fakeChannel{id: "in-plays", direction: "inbound", answered: true, created: time.Now(),
		vars: map[string]string{"operadora_app": "operadora", "operadora_args": "inbound", "operadora_did": "5000"},
		app:  "playback", appID: plays, appData: "{" + fileMark + "=" + plays + "}and.wav", end: time.NewTimer(time.Hour)}
	f.channels[ch.id] = ch
	slow := make(chan struct{})
	f.slow, f.slows = slow, "bgapi"
	var late, over sync.Once
	f.on = func(command string) {
		switch {
		case strings.HasPrefix(command, "bgapi"):
			late.Do(func() { time.AfterFunc(time.Second, func() { close(slow) }) })
		case strings.HasPrefix(command, "api uptime"): // the snapshot was taken
			over.Do(func() { f.finish(ch, false) })
		}
	}
	cfg := f.config()
	cfg.PingInterval = 5 * time.Second
	a, err := New("lima", cfg, quietLog(), NewMetrics(nil))
	must(t, err)
	l := run(t, a)
	if e := l.next(t, orchestrator.EventPlayed); e.Playback != plays {
		t.Errorf("told: %+v", e)
	}
}
