package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

func TestNewestDeviceStates(t *testing.T) {
	t.Parallel()
	ev := func(endpoint string, s orchestrator.DeviceState) orchestrator.Event {
		return orchestrator.Event{Endpoint: endpoint, Device: s}
	}
	got := newest([]orchestrator.Event{ev("a", orchestrator.DeviceFree), ev("b", orchestrator.DeviceBusy), ev("a", orchestrator.DeviceBusy), ev("c", orchestrator.DeviceFree), ev("a", orchestrator.DeviceFree)})
	want := []orchestrator.Event{ev("b", orchestrator.DeviceBusy), ev("c", orchestrator.DeviceFree), ev("a", orchestrator.DeviceFree)}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("newest (-want +got):\n%s", d)
	}
}
