package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

// effort is the processor time that processes have used since they began. How
// loaded the machine is makes it no longer, so it tells more than what a clock shows.
type effort struct{ pbx, redis, operadora, lab time.Duration }

func (e effort) since(before effort) effort {
	return effort{e.pbx - before.pbx, e.redis - before.redis, e.operadora - before.operadora, e.lab - before.lab}
}

// sum is what all of them used, without the simulator of the callers.
func (e effort) sum() time.Duration { return e.pbx + e.redis + e.operadora + e.lab }

func (e effort) add(o effort) effort {
	return effort{e.pbx + o.pbx, e.redis + o.redis, e.operadora + o.operadora, e.lab + o.lab}
}

// perCall is a share of an effort, in ms.
func perCall(d time.Duration, calls int) float64 { return millis(d) / float64(calls) }

// effortOf is what a site's processes have used, and this one with the phones.
func effortOf(site *centre.Site) (e effort, err error) {
	for _, p := range []struct {
		pid int
		out *time.Duration
	}{{site.Switch.PID(), &e.pbx}, {site.Redis.PID(), &e.redis}, {site.PID(), &e.operadora}, {os.Getpid(), &e.lab}} {
		if p.pid == 0 {
			continue
		}
		if *p.out, err = processorTime(p.pid); err != nil {
			return e, err
		}
	}
	return e, nil
}

// tick is the unit of the kernel's counters, 100 a second on every Linux.
const tick = 10 * time.Millisecond

// processorTime is what a process has used, in its own name and in the kernel's.
func processorTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // the name before it may hold anything
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, stat)
	}
	own, err := strconv.Atoi(string(f[11]))
	if err != nil {
		return 0, err
	}
	kernel, err := strconv.Atoi(string(f[12]))
	return time.Duration(own+kernel) * tick, err
}
