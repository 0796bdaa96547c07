package main

import "testing"

func TestGCPercent(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		live uint64
		want int
	}{
		{0, 400}, {2 << 20, 400}, {6 << 20, 400}, {12 << 20, 200}, {24 << 20, 100}, {48 << 20, 50}, {1 << 30, 50},
	} {
		if got := gcPercent(row.live); got != row.want {
			t.Errorf("%d MB live: %d %%, want %d", row.live>>20, got, row.want)
		}
	}
	if liveHeap() > 1<<40 {
		t.Errorf("%d bytes live", liveHeap())
	}
}
