package engine

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func TestNewestDeviceStates(t *testing.T) {
	t.Parallel()
	told := make(chan error, 1)
	ev := func(endpoint string, s orchestrator.DeviceState) phoneWord {
		return phoneWord{endpoint: endpoint, state: s}
	}
	got := newest([]phoneWord{{"a", orchestrator.DeviceUnreachable, told}, ev("a", orchestrator.DeviceFree), ev("b", orchestrator.DeviceBusy), ev("a", orchestrator.DeviceBusy), ev("c", orchestrator.DeviceFree), ev("a", orchestrator.DeviceFree)})
	want := []phoneWord{ev("b", orchestrator.DeviceBusy), ev("c", orchestrator.DeviceFree), ev("a", orchestrator.DeviceFree)}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(phoneWord{})); d != "" {
		t.Errorf("newest (-want +got):\n%s", d)
	}
	if len(told) != 1 {
		t.Error("who waits for a past state to be told waits for ever")
	}
}

// refusing are Devices that never take the state of one phone.
type refusing struct{ told chan string }

func (r refusing) Device(_ context.Context, _, endpoint string, _ orchestrator.DeviceState) error {
	if endpoint == "refused" {
		return fault.New("test", fault.Internal, "this one never")
	}
	r.told <- endpoint
	return nil
}

func (refusing) Endpoints(string) []string { return nil }
func (refusing) Shared(string) []string    { return nil }

// A phone whose state is refused for good keeps no other phone's from being told.
func TestRefusedDeviceState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p, to := newPhoneNews(), refusing{make(chan string, 1)}
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.tell(ctx, "lima", to, slog.New(slog.DiscardHandler))
		}()
		p.put(phoneWord{endpoint: "refused", state: orchestrator.DeviceFree})
		p.put(phoneWord{endpoint: "PJSIP/101", state: orchestrator.DeviceFree})
		time.Sleep(time.Minute)
		if len(to.told) != 1 {
			t.Error("the other phone's state was not told")
		}
		cancel()
		<-done
	})
}
