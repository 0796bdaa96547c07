package redisstore_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator/lab"
)

// TestACallIsMatchedInFewSteps: however many agents are rung through another
// queue, a call that enters does not go through them.
func TestACallIsMatchedInFewSteps(t *testing.T) {
	t.Parallel()
	const agents = 5000
	own := lab.RedisFor(t, lab.RedisOptions{}) // its counters are ours alone
	rdb := redis.NewClient(&redis.Options{Addr: own.Addr(), PoolSize: 64})
	t.Cleanup(func() { _ = rdb.Close() })
	w := newWorld(t, rdb, "many")
	w.start(defs(agents, queue("ventas"), queue("soporte")))
	inParallel(agents, func(i int) { w.login(fmt.Sprintf("a%02d", i)) })
	inParallel(agents, func(i int) { w.enqueue("s"+strconv.Itoa(i), "soporte") })
	w.must(rdb.ConfigResetStat(w.ctx()).Err())
	if p := w.enqueue("c1", "ventas"); p.Offer != nil {
		t.Fatalf("everybody is rung: %+v", p)
	}
	if n := w.commands(); n > 60 {
		t.Errorf("%d commands for one call that finds nobody", n)
	}
	o := w.offerOf("a00")
	w.must(rdb.ConfigResetStat(w.ctx()).Err())
	w.failed(o, "cancelled")
	if n := w.commands(); n > 120 {
		t.Errorf("%d commands for one agent who becomes free", n)
	}
	if w.offerOf("a00") == "" {
		t.Error("a00 is free while a call waits")
	}
}

func inParallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for k := range 16 {
		wg.Go(func() {
			for i := k; i < n; i += 16 {
				f(i)
			}
		})
	}
	wg.Wait()
}

var commandCalls = regexp.MustCompile(`calls=([0-9]+)`)

// commands is how many commands Redis ran since its counters were reset, those
// of scripts included.
func (w *world) commands() (n int) {
	w.Helper()
	text, err := w.rdb.Info(w.ctx(), "commandstats").Result()
	w.must(err)
	for line := range strings.Lines(text) {
		if m := commandCalls.FindStringSubmatch(line); m != nil {
			calls, err := strconv.Atoi(m[1])
			w.must(err)
			n += calls
		}
	}
	return n
}
