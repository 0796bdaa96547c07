package redisstore_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	journal "github.com/operadora/operadora/orchestrator/redisstore"
)

// centre is a contact centre with 50 queues, 200 skills and 200 kinds of agents:
// each queue requires the caller's language and topic, for a while.
func centre(agents int) acd.Definitions {
	const queues, skills, kinds = 50, 200, 200
	r := rand.New(rand.NewPCG(1, 1))
	var d acd.Definitions
	for i := range skills {
		d.Skills = append(d.Skills, acd.Skill{Name: "s" + strconv.Itoa(i)})
	}
	for i := range queues {
		d.Queues = append(d.Queues, queue("q"+strconv.Itoa(i), noWrap, func(q *acd.Queue) {
			q.Requires = "skill(call.topic) >= 2"
			q.Relax = []acd.Relax{{After: 30 * time.Minute, Requires: "skill(call.topic) >= 1"}}
		}))
	}
	profile := make([]acd.Agent, kinds)
	for i := range profile {
		a := acd.NewAgent()
		a.PBX, a.Skills = pbx, map[string]int{}
		for _, q := range r.Perm(queues)[:3] {
			a.Queues = append(a.Queues, acd.Membership{Queue: "q" + strconv.Itoa(q), Rank: r.IntN(2)})
		}
		for _, s := range r.Perm(skills)[:40] {
			a.Skills["s"+strconv.Itoa(s)] = 1 + r.IntN(5)
		}
		profile[i] = a
	}
	for i := range agents {
		a := profile[i%kinds]
		a.ID, a.Endpoint = fmt.Sprintf("a%05d", i), "PJSIP/"+strconv.Itoa(10_000+i)
		d.Agents = append(d.Agents, a)
	}
	return d
}

// caller enters a queue of the centre with a topic that some agent can serve.
func (w *world) caller(d acd.Definitions, r *rand.Rand, call string) orchestrator.Placement {
	return w.callerFor(d.Agents[r.IntN(len(d.Agents))], r, call)
}

func (w *world) callerFor(a acd.Agent, r *rand.Rand, call string) orchestrator.Placement {
	var topics []string
	for s, level := range a.Skills {
		if level >= 2 {
			topics = append(topics, s)
		}
	}
	slices.Sort(topics)
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: a.Queues[r.IntN(3)].Queue, Entered: w.clock(),
		Sought: orchestrator.Sought{About: map[string]string{"topic": topics[r.IntN(len(topics))]}}})
	w.must(err)
	return p
}

// busyCentre is a centre in which every agent talks and as many calls wait.
func busyCentre(b *testing.B, size int, benched func(testing.TB, acd.Definitions) *world) (*world, acd.Definitions, *rand.Rand) {
	b.Helper()
	d := centre(size)
	w := benched(b, d)
	for _, a := range d.Agents {
		w.login(a.ID)
	}
	r := rand.New(rand.NewPCG(2, 2))
	for i, served := 0, 0; served < size; i++ { // until nobody is free
		w.tock(time.Millisecond)
		p := w.caller(d, r, "t"+strconv.Itoa(i))
		if p.Offer != nil {
			w.answerOffer(*p.Offer)
			served++
		} else {
			w.leave("t"+strconv.Itoa(i), 0)
		}
		if i > 40*size {
			break
		}
	}
	for i := range size {
		w.tock(time.Millisecond)
		w.caller(d, r, "w"+strconv.Itoa(i))
	}
	return w, d, r
}

func (w *world) answerOffer(o orchestrator.Offer) {
	ok, err := w.svc.Answered(w.ctx(), o)
	if w.must(err); !ok {
		w.Fatal("an offer is not in force")
	}
}

var evalUsec = regexp.MustCompile(`cmdstat_evalsha:calls=\d+,usec=\d+,usec_per_call=([\d.]+)`)

// eachNode does something at every Redis that the world is on.
func (w *world) eachNode(do func(ctx context.Context, node *redis.Client) error) {
	switch c := w.rdb.(type) {
	case *redis.Client:
		w.must(do(w.ctx(), c))
	case *redis.ClusterClient:
		w.must(c.ForEachMaster(w.ctx(), do))
	}
}

func (w *world) resetScripts() {
	w.eachNode(func(ctx context.Context, node *redis.Client) error { return node.ConfigResetStat(ctx).Err() })
}

// scripts is the mean time that Redis spent in a script since its counters were reset, µs.
func (w *world) scripts() float64 {
	var mu sync.Mutex
	most := 0.0 // one node has them all
	w.eachNode(func(ctx context.Context, node *redis.Client) error {
		text, err := node.Info(ctx, "commandstats").Result()
		if m := evalUsec.FindStringSubmatch(text); m != nil {
			mu.Lock()
			defer mu.Unlock()
			f, _ := strconv.ParseFloat(m[1], 64)
			most = max(most, f)
		}
		return err
	})
	return most
}

// BenchmarkMatch is an agent who becomes free and gets the call that waits longest
// of those that the agent can serve, and a call that enters and gets an agent; as
// many agents as waiting calls. redis-µs is what the scripts take in Redis, with
// those that bring the world back to where it was.
func BenchmarkMatch(b *testing.B) {
	matches(b, benched)
}

// BenchmarkMatchOnACluster is the same on a Redis Cluster of three nodes.
func BenchmarkMatchOnACluster(b *testing.B) {
	addrs, _ := clusterOfThree(b)
	rdb := reach(b, journal.Config{Addrs: addrs})
	matches(b, func(b testing.TB, d acd.Definitions) *world {
		w := newWorld(b, rdb, strings.NewReplacer("/", "_", "#", "_").Replace(b.Name()))
		w.svc = w.unstarted(acd.Parts{Definitions: d})
		return w
	})
}

// matches runs both for growing centres.
func matches(b *testing.B, benched func(testing.TB, acd.Definitions) *world) {
	for _, n := range []int{100, 1_000, 5_000, 10_000} {
		b.Run(fmt.Sprintf("free/agents=%d", n), func(b *testing.B) {
			w, d, r := busyCentre(b, n, benched)
			offers := w.records().Offers
			var talking []orchestrator.Offer
			for _, o := range offers {
				if o.Answered {
					talking = append(talking, o.Offer)
				}
			}
			slices.SortFunc(talking, func(x, y orchestrator.Offer) int { return cmp.Compare(x.ID, y.ID) })
			agents := map[string]acd.Agent{}
			for _, a := range d.Agents {
				agents[a.ID] = a
			}
			var took []time.Duration
			missed := 0
			w.resetScripts()
			i := 0
			for b.Loop() {
				b.StopTimer()
				k := i % len(talking)
				o := talking[k]
				i++
				w.tock(time.Millisecond)
				b.StartTimer()
				begun := time.Now()
				w.must(w.svc.Finished(w.ctx(), o, time.Second))
				took = append(took, time.Since(begun))
				b.StopTimer()
				id := w.offerOf(o.Agent)
				if id == "" { // nobody waits for such an agent
					missed++
					id = w.callerFor(agents[o.Agent], r, "x"+strconv.Itoa(i)).Offer.ID
				} else {
					w.caller(d, r, "x"+strconv.Itoa(i))
				}
				next, _, err := w.store.Offer(w.ctx(), id)
				w.must(err)
				w.answerOffer(next.Offer)
				talking[k] = next.Offer
				b.StartTimer()
			}
			b.ReportMetric(float64(missed), "unmatched")
			w.report(b, took)
		})
		b.Run(fmt.Sprintf("enter/agents=%d", n), func(b *testing.B) {
			d := centre(n)
			w := benched(b, d)
			for _, a := range d.Agents {
				w.tock(time.Millisecond)
				w.login(a.ID)
			}
			r := rand.New(rand.NewPCG(3, 3))
			var took []time.Duration
			w.resetScripts()
			i := 0
			for b.Loop() {
				b.StopTimer()
				i++
				call := "c" + strconv.Itoa(i)
				w.tock(time.Millisecond)
				b.StartTimer()
				begun := time.Now()
				p := w.caller(d, r, call)
				took = append(took, time.Since(begun))
				b.StopTimer()
				if p.Offer == nil {
					b.Fatalf("%+v", p)
				}
				w.leave(call, 0)
				b.StartTimer()
			}
			w.report(b, took)
		})
	}
}

func (w *world) report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(w.scripts(), "redis-µs")
}
