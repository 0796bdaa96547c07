package esl

import (
	"context"
	"fmt"
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
	a, err := New("lima", f.config(), quietLog(), NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{connected: make(chan orchestrator.Snapshot, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = a.Run(ctx, l) }()
	defer func() { cancel(); <-done }()
	if s := wait(t, "the connection", l.connected); len(s.Channels) != 1 {
		t.Errorf("the phone that rings is not in the snapshot: %+v", s.Channels)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for group := range f.tasks {
		if group != a.hereVariable() {
			t.Errorf("task %q is left", group)
		}
	}
}

// Between the end of one process and the readiness of the next the dialplan goes
// on handing calls over: the next one takes them up.
func TestTakingOverTurnsNobodyAway(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a, err := New("lima", f.config(), quietLog(), NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	f.globals[a.hereVariable()] = "true" // of the one that died
	told := make(chan string, 1)
	sink := &notYet{read: func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		told <- f.globals[a.hereVariable()]
	}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = a.Run(ctx, sink) }()
	defer func() { cancel(); <-done }()
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

func TestParseEnd(t *testing.T) {
	t.Parallel()
	const realm = "operadora.operadora.ended"
	at := time.UnixMicro(1_700_000_000_123_456).UTC()
	for line, want := range map[string]string{
		"D/" + realm + "_42/op-01jd4v5x8ta6bwmz3qk9h2c7ef-a3 1700000000123456 USER_BUSY": "op-01jd4v5x8ta6bwmz3qk9h2c7ef-a3 17",
		"D/" + realm + "_7/6bde9a44-1cc4 1700000000123456 NORMAL_CLEARING":               "6bde9a44-1cc4 16",
		"D/" + realm + "_7/6bde9a44-1cc4 1700000000123456 SOMETHING_NEW":                 "6bde9a44-1cc4 0",
		"D/" + realm + "_7/6bde9a44-1cc4 then NORMAL_CLEARING":                           "",
		"D/" + realm + "_7/a b 1700000000123456 NORMAL_CLEARING":                         "",
		"D/other_7/6bde9a44-1cc4 1700000000123456 NORMAL_CLEARING":                       "",
		"-ERR no reply": "",
	} {
		got := ""
		if channel, end, ok := parseEnd(realm, line); ok {
			got = fmt.Sprintf("%s %d", channel, end.Cause)
			if !end.At.Equal(at) {
				t.Errorf("%s: at %v", line, end.At)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
