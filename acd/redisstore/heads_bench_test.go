package redisstore_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
)

// crossed is a centre of so many queues, with an agent each if they are staffed, and one more, "qmine", with agent "amine".
func crossed(n int, staffed bool) acd.Definitions {
	var d acd.Definitions
	add := func(name string, staffed bool) {
		d.Queues = append(d.Queues, queue("q"+name, noWrap))
		if staffed {
			a := acd.NewAgent()
			a.ID, a.PBX, a.Endpoint, a.Queues = "a"+name, pbx, "PJSIP/"+name, []acd.Membership{{Queue: "q" + name}}
			d.Agents = append(d.Agents, a)
		}
	}
	for i := range n {
		add(strconv.Itoa(i), staffed)
	}
	add("mine", true)
	return d
}

// BenchmarkHeads is what matching costs that has to look past so many: an agent who
// becomes free past the firsts of lanes that the agent does not serve, and a call that comes past the
// free agents of profiles that do not serve it.
func BenchmarkHeads(b *testing.B) {
	for _, n := range []int{0, 200, 600, 999} {
		b.Run(fmt.Sprintf("lanes=%d", n), func(b *testing.B) {
			d := crossed(n, false)
			w := benched(b, d)
			for _, q := range d.Queues[:n] {
				w.tock(time.Millisecond)
				w.enqueue("w"+q.ID, q.ID)
			}
			w.login("amine")
			var took []time.Duration
			i := 0
			for b.Loop() {
				b.StopTimer()
				i++
				w.tock(time.Millisecond)
				call := "c" + strconv.Itoa(i)
				w.do("pause", "amine")
				w.enqueue(call, "qmine")
				b.StartTimer()
				begun := time.Now()
				w.do("resume", "amine")
				took = append(took, time.Since(begun))
				b.StopTimer()
				if w.offerOf("amine") == "" {
					b.Fatal("no offer")
				}
				w.leave(call, 0)
				b.StartTimer()
			}
			reportTimes(b, took)
		})
	}
	for _, n := range []int{0, 200, 600, 999} {
		b.Run(fmt.Sprintf("profiles=%d", n), func(b *testing.B) {
			d := crossed(n, true)
			w := benched(b, d)
			for _, a := range d.Agents {
				w.tock(time.Millisecond)
				w.login(a.ID)
			}
			var took []time.Duration
			i := 0
			for b.Loop() {
				i++
				call := "c" + strconv.Itoa(i)
				begun := time.Now()
				p := w.enqueue(call, "qmine")
				took = append(took, time.Since(begun))
				b.StopTimer()
				if p.Offer == nil {
					b.Fatalf("%+v", p)
				}
				w.leave(call, 0)
				b.StartTimer()
			}
			reportTimes(b, took)
		})
	}
}
