package pbxtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is a sink that writes one line for what it gets.
type log struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// take returns the lines since the last take.
func (l *log) take() []string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

func (l *log) Connected(_ string, s orchestrator.Snapshot) {
	l.add("connected %s %d channels %d bridges", s.Epoch, len(s.Channels), len(s.Bridges))
}

func (l *log) Ready() bool { return true }

func (l *log) Disconnected(_ string, err error) { l.add("disconnected: %v", err) }

func (l *log) Event(e orchestrator.Event) {
	switch e.Kind {
	case orchestrator.EventEnded:
		l.add("%s %s %d", e.Kind, e.Channel, e.Cause)
	case orchestrator.EventPlayed:
		l.add("%s %s failed=%v", e.Kind, e.Playback, e.Failed)
	case orchestrator.EventRecorded:
		l.add("%s %s %v failed=%v", e.Kind, e.Recording, e.Duration, e.Failed)
	case orchestrator.EventDevice:
		l.add("%s %s %s", e.Kind, e.Endpoint, e.Device)
	case orchestrator.EventDigit:
		l.add("%s %s %s", e.Kind, e.Channel, e.Digit)
	default:
		l.add("%s %s", e.Kind, e.Channel)
	}
}

// bubble runs a test body in a synctest bubble with a connected switch.
func bubble(t *testing.T, body func(t *testing.T, p *pbxtest.PBX, l *log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := pbxtest.New("lima")
		l := &log{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx, l) }()
		want(t, l, "connected lima-0 0 channels 0 bridges")
		body(t, p, l)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func want(t *testing.T, l *log, lines ...string) {
	t.Helper()
	if diff := cmp.Diff(lines, l.take()); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sound(names ...string) []orchestrator.Media {
	var m []orchestrator.Media
	for _, n := range names {
		m = append(m, orchestrator.Media{Kind: orchestrator.MediaSound, Value: n})
	}
	return m
}

func TestPhones(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		does  pbxtest.Behaviour
		after time.Duration // when the last event comes
		want  []string
	}{
		{"answers", pbxtest.AnswerAfter(3 * time.Second), 3 * time.Second, []string{"ringing leg", "entered leg"}},
		{"answers before the reply", pbxtest.AnswerAfter(0), 0, []string{"ringing leg", "entered leg"}},
		{"answers and hangs up", pbxtest.AnswerAfter(time.Second).ThenHangUp(time.Minute), 61 * time.Second,
			[]string{"ringing leg", "entered leg", "ended leg 16"}},
		{"answers too late", pbxtest.AnswerAfter(20 * time.Second), 20 * time.Second, []string{"ringing leg", "ended leg 0"}},
		{"rings for a while", pbxtest.RingFor(4 * time.Second), 4 * time.Second, []string{"ringing leg", "ended leg 19"}},
		{"rings for ever", pbxtest.Manual(), 20 * time.Second, []string{"ringing leg", "ended leg 0"}},
		{"busy", pbxtest.Busy(), 0, []string{"ended leg 17"}},
		{"rejects", pbxtest.Reject(), 0, []string{"ringing leg", "ended leg 21"}},
		{"out of order", pbxtest.EndWith(time.Second, orchestrator.CauseOutOfOrder), time.Second,
			[]string{"ringing leg", "ended leg 27"}},
		{"silent", pbxtest.Silent(), 20 * time.Second, []string{"ended leg 0"}},
		{"lost", pbxtest.Lost(), time.Hour, nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
				p.Endpoint("PJSIP/101", r.does)
				ok(t, p.Originate(t.Context(), orchestrator.Origination{
					Channel: "leg", Endpoint: "PJSIP/101", Timeout: 20 * time.Second,
				}))
				time.Sleep(r.after)
				want(t, l, r.want...)
				time.Sleep(time.Hour)
				want(t, l)
			})
		})
	}
}

func TestPhoneHasOneLine(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0))
		ok(t, p.Watch(t.Context(), []string{"PJSIP/101", "PJSIP/999"}))
		want(t, l, "device PJSIP/101 free", "device PJSIP/999 unknown")
		leg := orchestrator.Origination{Channel: "leg", Endpoint: "PJSIP/101", Timeout: time.Second}
		ok(t, p.Originate(t.Context(), leg))
		want(t, l, "device PJSIP/101 busy", "ringing leg", "entered leg")
		ok(t, p.Originate(t.Context(), leg)) // the repetition is no second call
		leg.Channel = "second"
		ok(t, p.Originate(t.Context(), leg))
		want(t, l, "ended second 17")
		p.HangUp("leg", orchestrator.CauseNormal)
		want(t, l, "ended leg 16", "device PJSIP/101 free")
		p.OnThePhone("PJSIP/101", true)
		p.OnThePhone("PJSIP/101", false)
		p.Endpoint("PJSIP/101", pbxtest.Unreachable())
		want(t, l, "device PJSIP/101 busy", "device PJSIP/101 free", "device PJSIP/101 unreachable")
		if err := p.Originate(t.Context(), leg); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an unreachable phone was called: %v", err)
		}
	})
}

func TestPlaybacksWaitForEachOther(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.MissingSound("gone")
		p.Arrive("in", "100", orchestrator.Party{})
		for id, m := range map[string][]orchestrator.Media{"p": sound("a", "b")} {
			ok(t, p.Play(t.Context(), orchestrator.Playback{ID: id, Channel: "in", Media: m}))
		}
		ok(t, p.Play(t.Context(), orchestrator.Playback{ID: "q", Channel: "in", Media: sound("a", "gone")}))
		ok(t, p.Record(t.Context(), orchestrator.RecordingOrder{
			ID: "r", Channel: "in", Format: "wav", Terminator: "#", MaxDuration: time.Minute}))
		want(t, l, "entered in")
		time.Sleep(2 * time.Second)
		want(t, l, "played p failed=false")
		time.Sleep(time.Second)
		want(t, l, "played q failed=true")
		time.Sleep(5 * time.Second)
		p.Press("in", "#")
		want(t, l, "digit in #", "recorded r 5s failed=false")
		ok(t, p.Play(t.Context(), orchestrator.Playback{ID: "s", Channel: "in", Media: sound("gone")}))
		want(t, l, "played s failed=true")
	})
}

func TestStoppedIsOverOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("in", "100", orchestrator.Party{})
		ok(t, p.Play(t.Context(), orchestrator.Playback{ID: "p", Channel: "in", Media: sound("a")}))
		ok(t, p.Hold(t.Context(), "in", ""))
		ok(t, p.StopPlay(t.Context(), "p"))
		ok(t, p.Record(t.Context(), orchestrator.RecordingOrder{
			ID: "r", Channel: "in", Format: "wav", MaxDuration: time.Minute, MaxSilence: time.Second}))
		p.FallSilent("in")
		ok(t, p.StopRecord(t.Context(), "r"))
		time.Sleep(time.Hour)
		want(t, l, "entered in", "played p failed=false", "recorded r 0s failed=false")
		ok(t, p.CreateBridge(t.Context(), "op-1-b1"))
		ok(t, p.Join(t.Context(), "op-1-b1", "in"))
		if v, _ := p.Channel("in"); !v.Held || v.Bridge != "op-1-b1" {
			t.Errorf("the channel is %+v", v)
		}
	})
}

func TestJoinWaitsForThePrompt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("in", "100", orchestrator.Party{})
		ok(t, p.CreateBridge(t.Context(), "op-1-b1"))
		ok(t, p.Play(t.Context(), orchestrator.Playback{ID: "p", Channel: "in", Media: sound("a")}))
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := p.Join(short, "op-1-b1", "in"); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("a channel was joined while it plays: %v", err)
		}
		ok(t, p.Join(t.Context(), "op-1-b1", "in"))
		want(t, l, "entered in", "played p failed=false")
		if in, _ := p.Bridge("op-1-b1"); !cmp.Equal(in, []string{"in"}) {
			t.Errorf("in the bridge: %v", in)
		}
	})
}

func TestSocketAndRestart(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("a", "100", orchestrator.Party{})
		ok(t, p.CreateBridge(t.Context(), "op-1-b1"))
		ok(t, p.Record(t.Context(), orchestrator.RecordingOrder{ID: "r", Bridge: "op-1-b1", Format: "wav"}))
		p.DropSocket()
		p.Press("a", "1")
		p.Arrive("b", "100", orchestrator.Party{})
		want(t, l, "entered a", "disconnected: the socket was closed by the test")
		p.Reconnect()
		want(t, l, "connected lima-0 2 channels 1 bridges")
		if diff := cmp.Diff(pbxtest.Remains{Channels: []string{"a", "b"}, Bridges: []string{"op-1-b1"},
			Recordings: []string{"r"}}, p.Leftovers()); diff != "" {
			t.Errorf("leftovers (-want +got):\n%s", diff)
		}
		p.Restart()
		want(t, l, "disconnected: the socket was closed by the test", "connected lima-1 0 channels 0 bridges")
		if !p.Leftovers().None() {
			t.Errorf("left after a restart: %+v", p.Leftovers())
		}
		p.Unplug()
		if err := p.Answer(t.Context(), "a"); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("an unplugged switch answered: %v", err)
		}
		p.Reconnect()
		if err := p.Answer(t.Context(), "a"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a channel from before the restart: %v", err)
		}
	})
}

func TestSecondClientReplacesTheFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pbxtest.New("lima")
		first, second := &log{}, &log{}
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context(), first) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- p.Run(ctx, second) }()
		if err := <-done; !errors.Is(err, orchestrator.ErrReplaced) {
			t.Errorf("the first client ended with %v", err)
		}
		p.Arrive("a", "100", orchestrator.Party{})
		want(t, second, "connected lima-0 0 channels 0 bridges", "entered a")
		cancel()
		<-over
	})
}

func TestInjectedFaults(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("a", "100", orchestrator.Party{})
		p.Fail("Answer", nil, 1)
		if err := p.Answer(t.Context(), "a"); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("injected: %v", err)
		}
		if v, _ := p.Channel("a"); v.Up {
			t.Error("a failed command was obeyed")
		}
		ok(t, p.Answer(t.Context(), "a"))
		p.LoseReply("Hangup", 1)
		if err := p.Hangup(t.Context(), "a", orchestrator.CauseNormal); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("lost reply: %v", err)
		}
		want(t, l, "entered a", "ended a 16")
		p.Delay("Hangup", time.Minute)
		begun := time.Now()
		ok(t, p.Hangup(t.Context(), "a", orchestrator.CauseNormal))
		if took := time.Since(begun); took != time.Minute { // the bubble's clock
			t.Errorf("the delay took %v", took)
		}
		var ops []string
		for _, c := range p.Commands("Answer", "Hangup") {
			ops = append(ops, fmt.Sprintf("%s %v", c.Op, c.Err == nil))
		}
		if diff := cmp.Diff([]string{"Answer false", "Answer true", "Hangup false", "Hangup true"}, ops); diff != "" {
			t.Errorf("commands (-want +got):\n%s", diff)
		}
	})
}

func TestAwaitCommand(t *testing.T) {
	t.Parallel()
	p := pbxtest.New("lima")
	defer p.Close()
	hooked := make(chan string, 1)
	p.OnCommand(func(c pbxtest.Command) { hooked <- c.Op })
	go func() {
		if err := p.SetLamp(t.Context(), "agent-1", orchestrator.LampFree); err != nil {
			t.Error(err)
		}
	}()
	c, ok := p.AwaitCommand(t.Context(), "SetLamp", nil)
	if !ok || c.ID != "agent-1" || p.Lamp("agent-1") != orchestrator.LampFree || <-hooked != "SetLamp" {
		t.Errorf("got %+v, %v", c, ok)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := p.AwaitCommand(ended, "Play", nil); ok {
		t.Error("a command was seen that nobody gave")
	}
}

func TestContinueLeaves(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("a", "100", orchestrator.Party{})
		ok(t, p.Continue(t.Context(), "a", orchestrator.DialplanPlace{}))
		p.Press("a", "1")
		p.HangUp("a", orchestrator.CauseNormal)
		want(t, l, "entered a", "left a")
	})
}

func TestRecordingCanBeRead(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *pbxtest.PBX, l *log) {
		p.Arrive("a", "100", orchestrator.Party{})
		order := orchestrator.RecordingOrder{ID: "r", Channel: "a", Format: "wav", MaxSilence: 3 * time.Second}
		ok(t, p.Record(t.Context(), order))
		ok(t, p.MuteRecord(t.Context(), "r", true))
		if !p.Muted("r") || p.Muted("other") {
			t.Error("the wrong recording is muted")
		}
		p.FallSilent("a")
		time.Sleep(3 * time.Second)
		want(t, l, "entered a", "recorded r 3s failed=false")
		body, size, err := p.OpenRecording(t.Context(), "r")
		ok(t, err)
		data, err := io.ReadAll(body)
		if err != nil || int64(len(data)) != size || size != 44+3*16000 || string(data[:4]) != "RIFF" {
			t.Errorf("%d bytes of %d, %v", len(data), size, err)
		}
		ok(t, p.DeleteRecording(t.Context(), "r"))
		if _, _, err := p.OpenRecording(t.Context(), "r"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a deleted recording: %v", err)
		}
	})
}

// BenchmarkLiveCall is the cost of one more live call: caller, leg, bridge and recording.
func BenchmarkLiveCall(b *testing.B) {
	p := pbxtest.New("lima")
	defer p.Close()
	p.ForgetCommands(false)
	ctx := b.Context()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		in, leg, bridge := fmt.Sprintf("in%d", n), fmt.Sprintf("op-%d-l1", n), fmt.Sprintf("op-%d-b1", n)
		p.Endpoint(leg, pbxtest.AnswerAfter(0))
		p.Arrive(in, "100", orchestrator.Party{Number: "5550100"})
		for _, err := range []error{
			p.Originate(ctx, orchestrator.Origination{Channel: leg, Endpoint: leg, Timeout: time.Second}),
			p.CreateBridge(ctx, bridge), p.Join(ctx, bridge, in, leg),
			p.Record(ctx, orchestrator.RecordingOrder{ID: bridge, Bridge: bridge, Format: "wav"}),
		} {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
