package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/lab"
)

// Sizes of the memory bench: as many callers talk, and then as many more wait.
const (
	memoryCalls   = 500 // sized
	memoryWarmUps = 50
	memoryLimit   = 5 * time.Minute
)

// What a call may cost, in bytes.
const (
	heapGoal     = 15_000
	residentGoal = 30_000
)

// Memory measures what a live call costs the operadora process on a real
// PBX and a real Redis: live objects on the heap, as of its last
// collection, and resident memory, as the kernel counts it. Each is the growth
// since before the callers came, divided by their number.
func Memory(ctx context.Context, out, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, memoryLimit)
	defer cancel()
	calls := sized(memoryCalls)
	f, err := newFloor(ctx, calls, nil)
	if err != nil {
		return err
	}
	defer f.stop()
	empty, err := f.warmUp(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(progress, "memory: %d callers come to talk …\n", calls)
	if err := f.callIn(ctx, calls, 0); err != nil {
		return err
	}
	talking, err := f.footprint(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(progress, "memory: %d more wait …\n", calls)
	if err := f.callIn(ctx, 0, calls); err != nil {
		return err
	}
	all, err := f.footprint(ctx)
	if err != nil {
		return err
	}
	line := func(metric string, from, to, goal float64) Line {
		return NewLine("memory", fmt.Sprintf("%s_of_%d", metric, calls), "bytes", (to-from)/float64(calls), "goal", goal)
	}
	if err := Emit(out,
		line("heap_per_talking_call", empty.heap, talking.heap, heapGoal),
		line("heap_per_waiting_call", talking.heap, all.heap, heapGoal)); err != nil {
		return err
	}
	if calls == memoryCalls { // what fewer add is lost in what the collector has not given back
		err = Emit(out, line("resident_per_talking_call", empty.resident, talking.resident, residentGoal),
			line("resident_per_waiting_call", talking.resident, all.resident, residentGoal))
		if err != nil {
			return err
		}
	}
	return Emit(out, NewLine("memory", fmt.Sprintf("resident_with_%d_calls", 2*calls), "MB", all.resident/1e6, "without calls", empty.resident/1e6))
}

// warmUp logs the agents in and has a few calls made: what a process fills once
// (connections, pages of its program) is not a call's.
func (f *floor) warmUp(ctx context.Context) (footprint, error) {
	if err := f.login(ctx); err != nil {
		return footprint{}, err
	}
	callers, err := lab.StartSIPpCallers(ctx, lab.SIPpCallers{Target: f.site.Outside(), Number: "5000",
		Calls: memoryWarmUps, Rate: 20, Stay: time.Second})
	if err != nil {
		return footprint{}, err
	}
	if _, err := callers.Wait(ctx); err != nil {
		return footprint{}, err
	}
	return f.footprint(ctx)
}

// footprint is what a process takes, in bytes.
type footprint struct {
	heap     float64 // of live objects
	resident float64
}

// footprint is what operadora takes now, after two collections: until then the
// heap holds what is not used any more. Asking for the figures brings them about.
func (f *floor) footprint(ctx context.Context) (m footprint, err error) {
	const collections, live = "go_gc_duration_seconds_count", "go_gc_heap_live_bytes"
	first := -1.0
	err = poll(ctx, 10*time.Millisecond, func() error {
		got, err := f.metrics(ctx, collections, live)
		if err != nil {
			return err
		}
		if first < 0 {
			first = got[collections]
		}
		if m.heap = got[live]; got[collections] < first+2 {
			return errNotYet
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	m.resident, err = residentOf(f.site.PID())
	return m, err
}

// metrics reads figures without labels from /metrics; one that is missing is an error.
func (f *floor) metrics(ctx context.Context, names ...string) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.api.Base+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // what packs the answer takes 0.8 MB, which is no call's
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	all := map[string]string{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		all[name] = value
	}
	got := map[string]float64{}
	for _, name := range names {
		if got[name], err = strconv.ParseFloat(all[name], 64); err != nil {
			return nil, fmt.Errorf("/metrics: %s: %w", name, err)
		}
	}
	return got, lines.Err()
}

// residentOf is the resident memory of a process.
func residentOf(pid int) (float64, error) { return memoryOf(pid, "VmRSS:") }

// memoryOf is what the kernel says of a process' memory under a name, in bytes.
func memoryOf(pid int, name string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := bytes.Cut(status, []byte(name))
	kb, err := strconv.Atoi(string(bytes.Fields(after)[0]))
	return float64(kb) * 1024, err
}
