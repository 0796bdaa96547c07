package orchestrator

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewestDeviceStates(t *testing.T) {
	t.Parallel()
	ev := func(endpoint string, s DeviceState) Event { return Event{Endpoint: endpoint, Device: s} }
	got := newest([]Event{ev("a", DeviceFree), ev("b", DeviceBusy), ev("a", DeviceBusy), ev("c", DeviceFree), ev("a", DeviceFree)})
	want := []Event{ev("b", DeviceBusy), ev("c", DeviceFree), ev("a", DeviceFree)}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("newest (-want +got):\n%s", d)
	}
}
