package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// How far the heap may grow between two collections: by as much as gcRoom, so
// that memory follows the calls and not a multiple of them; by no more than
// gcMost percent of what lives, and no less than gcLeast, or collecting would
// take the processor from the PBX.
const (
	gcRoom  = 24 << 20
	gcMost  = 400
	gcLeast = 50
	gcRound = time.Second
)

// gcPercent is the percentage for a heap with so many bytes of live objects.
func gcPercent(live uint64) int {
	return int(max(gcLeast, min(gcMost, 100*gcRoom/max(live, 1))))
}

// keepRoom sets the collector by what lives, again and again, until the function
// that it returns is called. An operator who sets GOGC decides alone.
func keepRoom() (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	present := gcMost
	debug.SetGCPercent(present)
	over := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(gcRound)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			if want := gcPercent(liveHeap()); 5*max(want-present, present-want) > present { // setting it stops the world for a moment
				present = want
				debug.SetGCPercent(present)
			}
		}
	})
	return func() {
		close(over)
		wg.Wait()
	}
}

// liveHeap is the size of live objects as of the last collection.
func liveHeap() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
