package redisstore_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// crowded is a Service with as many agents and waiting calls as asked for. The
// agents serve two queues each; the calls wait in a third that is nobody's, so
// that they stay.
func crowded(b *testing.B, agents, calls int) *world {
	b.Helper()
	d := defs(agents, queue("ventas", noWrap), queue("soporte", noWrap), queue("otra", noWrap))
	for i := range d.Agents {
		d.Agents[i].Queues = d.Agents[i].Queues[:2]
	}
	w := benched(b, d)
	for i := range agents {
		w.login(d.Agents[i].ID)
	}
	for i := range calls {
		w.enqueue("w"+strconv.Itoa(i), "otra")
	}
	return w
}

// benched is a world whose Service does nothing by itself, and of which nothing is
// left when the benchmark ends.
func benched(b testing.TB, d acd.Definitions) *world {
	b.Helper()
	w := empty(b)
	w.svc = w.unstarted(acd.Parts{Definitions: d})
	b.Cleanup(func() { w.must(w.rdb.Del(w.ctx(), slices.Collect(maps.Keys(w.scan("op:{"+w.tenant+"}:*")))...).Err()) })
	return w
}

// reportTimes tells of what was measured one by one; it sorts it.
func reportTimes(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

var sizes = []int{50, 500, 5_000}

// BenchmarkEnqueueMatch is a call that enters and is matched with one of many free agents, and leaves.
func BenchmarkEnqueueMatch(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("free=%d/waiting=%d", n, n), func(b *testing.B) {
			w := crowded(b, n, n)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				call := "c" + strconv.Itoa(i)
				p := w.enqueue(call, "ventas")
				if p.Offer == nil {
					b.Fatalf("%+v", p)
				}
				b.StopTimer()
				w.leave(call, 0)
				b.StartTimer()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "matches/s")
		})
	}
}

// BenchmarkFreeMatch is an agent who becomes free and is matched with the oldest of many waiting calls.
func BenchmarkFreeMatch(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("busy=%d/waiting=%d", n, n), func(b *testing.B) {
			w := crowded(b, n, 0)
			for i := range n { // everybody is rung and nobody answers
				w.enqueue("b"+strconv.Itoa(i), "ventas")
			}
			for i := range n {
				w.enqueue("w"+strconv.Itoa(i), "soporte")
			}
			offers := w.records().Offers
			var next orchestrator.Offer
			for _, o := range offers {
				next = o.Offer
				break
			}
			w.answer(next.ID)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if err := w.svc.Finished(w.ctx(), next, time.Second); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				i++
				w.enqueue("x"+strconv.Itoa(i), "soporte")
				id := w.offerOf(next.Agent)
				if id == "" {
					b.Fatal("the agent who became free got no call")
				}
				w.answer(id)
				next.ID = id
				b.StartTimer()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "matches/s")
		})
	}
}

// offerOf is the offer an agent has now.
func (w *world) offerOf(agent string) string {
	w.Helper()
	var a acd.AgentRecord
	text, err := w.rdb.HGet(w.ctx(), "op:{"+w.tenant+"}:acd:agents", agent).Result()
	w.must(err)
	w.decode([]byte(text), &a)
	return a.Offer
}

// BenchmarkSnapshot reads everything, as a stream of events begins.
func BenchmarkSnapshot(b *testing.B) {
	w := crowded(b, 5_000, 5_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.svc.Snapshot(w.ctx()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNotice is the time from an agent's becoming free to the notice of the
// next offer at the owner of the PBX, the release itself included.
func BenchmarkNotice(b *testing.B) {
	w := setup(b, defs(1, queue("ventas", noWrap)))
	w.login("a00")
	o := w.serve("c0", "ventas")
	<-w.desk.offers
	i := 0
	for b.Loop() {
		b.StopTimer()
		i++
		w.enqueue("c"+strconv.Itoa(i), "ventas")
		b.StartTimer()
		w.must(w.svc.Finished(w.ctx(), o, time.Second))
		o = <-w.desk.offers
		b.StopTimer()
		w.answer(o.ID)
		b.StartTimer()
	}
}
