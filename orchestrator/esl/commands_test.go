package esl

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// FreeSWITCH reads a command letter by letter: what is known is not asked for, and who
// is being hung up on is not taken out of a room.
func TestNoCommandTooMany(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	f.phone("101", pbxtest.PhoneAnswers)
	ch := f.comes(t, l, "in-1")
	must(t, a.Answer(ctx, ch.id))
	must(t, a.Watch(ctx, []string{"user/101"}))

	var said []string
	f.mu.Lock()
	f.on = func(command string) { said = append(said, command) }
	f.mu.Unlock()
	must(t, a.Watch(ctx, []string{"user/101", "user/102"}))
	must(t, a.CreateBridge(ctx, "op-x-b1"))
	must(t, a.Originate(ctx, orchestrator.Origination{Channel: "op-x-a1", Endpoint: "user/101", Timeout: time.Second, Originator: ch.id}))
	l.next(t, orchestrator.EventEntered)
	must(t, a.Join(ctx, "op-x-b1", ch.id, "op-x-a1"))
	f.mu.Lock()
	ch.deaf = true // it is told of its end later than of the room's
	f.mu.Unlock()
	must(t, a.Hangup(ctx, ch.id, orchestrator.CauseNormal))
	must(t, a.DestroyBridge(ctx, "op-x-b1", "op-x-a1"))
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, not := range []string{"api sofia_contact */101@", "api uuid_exists ", "api uuid_transfer in-1 park"} {
		if i := slices.IndexFunc(said, func(c string) bool { return strings.HasPrefix(c, not) }); i >= 0 {
			t.Errorf("FreeSWITCH was told %q", said[i])
		}
	}
	if !slices.Contains(said, "api sofia_contact */102@pbx.example") {
		t.Error("a phone that is new was not asked for")
	}
}

// What means nothing to us is not told: FreeSWITCH writes some 10 kB for each event.
func TestNoEventTooMany(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	run(t, f.adapter(t))
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range []struct {
		name, header, value string
		want                bool
	}{
		{"CHANNEL_EXECUTE", "Application", "set", false},
		{"CHANNEL_EXECUTE_COMPLETE", "Application", "park", false},
		{"CHANNEL_EXECUTE", "Application", "conference", false},
		{"CUSTOM", "Action", "conference-create", false},
		{"CUSTOM", "Action", "add-member", true},
		{"CHANNEL_EXECUTE_COMPLETE", "Application", "playback", true},
		{"CHANNEL_EXECUTE", "Application", "echo", true}, // somebody else has taken the channel
		{"CHANNEL_PARK", "Answer-State", "answered", true},
	} {
		if got := f.wanted(map[string]any{"Event-Name": r.name, r.header: r.value}); got != r.want {
			t.Errorf("%s with %s %s: wanted is %t", r.name, r.header, r.value, got)
		}
	}
}

// Caller and agent are put into their room at the same time, also where the agent's keys
// are for us: each waits for the other's conference otherwise.
func TestJoinedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	caller, agent := f.comes(t, l, "in-1"), f.comes(t, l, "in-2")
	must(t, a.CreateBridge(ctx, "op-x-b1"))
	f.mu.Lock()
	f.farHangUp(agent, "NORMAL_CLEARING")
	f.mu.Unlock()
	l.next(t, orchestrator.EventEnded)
	if err := a.JoinAbsorbing(ctx, "op-x-b1", agent.id, caller.id); err == nil {
		t.Error("who is gone was joined")
	}
	f.mu.Lock()
	if caller.room != "" {
		t.Error("the caller is in a room with nobody")
	}
	f.mu.Unlock()
	another := f.comes(t, l, "in-3")
	must(t, a.JoinAbsorbing(ctx, "op-x-b1", another.id, caller.id))
	f.mu.Lock()
	defer f.mu.Unlock()
	if caller.room != "op-x-b1" || another.room != caller.room || !caller.passes || another.passes {
		t.Errorf("caller in %q, keys pass: %t; agent in %q, keys pass: %t", caller.room, caller.passes, another.room, another.passes)
	}
}

// A channel whose name could not be written in a command (a profile of sofia may name
// calls by what the caller's phone sent, inbound-use-callid-as-uuid) is none of ours: it
// could be taken up, but neither be seen again after a restart nor hung up.
func TestUnspeakableChannelsAreLeft(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	f.mu.Lock()
	f.globals["operadora_here_operadora"] = "true"
	for _, id := range []string{"a(b)@192.0.2.1", "a b", "a\n\nexit"} {
		f.call(id, "5000", orchestrator.Party{})
	}
	f.call("a-b@192.0.2.1", "5000", orchestrator.Party{})
	f.mu.Unlock()
	if e := l.next(t, orchestrator.EventEntered); e.Channel != "a-b@192.0.2.1" {
		t.Errorf("channel %q was taken up; hung up: %v", e.Channel, a.Hangup(t.Context(), e.Channel, orchestrator.CauseNormal))
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.channels[e.Channel].over {
			t.Error("and is there all the same")
		}
	}
}

// Music that FreeSWITCH does not have is refused with the same words as music that is
// heard already: who is in a room goes on hearing it, and that is told.
func TestMusicThatIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	caller := f.comes(t, l, "in-1")
	must(t, a.CreateBridge(ctx, "op-x-b1"))
	must(t, a.Join(ctx, "op-x-b1", caller.id))
	f.mu.Lock()
	f.lacks = "local_stream://jazz"
	f.mu.Unlock()
	must(t, a.Hold(ctx, caller.id, "moh"))
	if err := a.Hold(ctx, caller.id, "jazz"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("music that is not there: %v", err)
	}
	f.mu.Lock()
	beeps := caller.beeps
	f.mu.Unlock()
	must(t, a.Hold(ctx, caller.id, "moh")) // which ended for the other
	f.mu.Lock()
	defer f.mu.Unlock()
	if caller.beeps == beeps {
		t.Error("the music that was stopped is taken for heard")
	}
}
