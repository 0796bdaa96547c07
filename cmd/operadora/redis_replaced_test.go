package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

var healedTotal = regexp.MustCompile(`(?m)^operadora_healed_total\{.*\} ([0-9]+)$`)

// TestRedisIsReplaced: the primary that Sentinel watches, or the node of a Cluster that has the keys, is killed while some
// talk, some wait and phones ring for them. Its replica takes its place: conversations go on, everybody who waits is
// served, and what was put right is what the metric counts.
func TestRedisIsReplaced(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(t *testing.T) (config string, kill func() error){
		"Sentinel": func(t *testing.T) (string, func() error) {
			watched := lab.RedisSentinelFor(t)
			for _, node := range []*lab.Redis{watched.Primary, watched.Replica} {
				admit(t, node.Addr(), redisstore.Service("default", "operadora", "of the keys"))
			}
			admit(t, watched.Watch.Addr(), redisstore.AtSentinels("default", "asks", "for the primary"))
			return fmt.Sprintf(`{addrs: ["%s"], master_name: main, username: operadora, password: of the keys, sentinel_username: asks, sentinel_password: for the primary}`,
				watched.Watch.Addr()), watched.Primary.Kill
		},
		"Cluster": func(t *testing.T) (string, func() error) {
			const patience = "cluster-node-timeout 1500"
			cluster := lab.RedisClusterFor(t, patience)
			node, err := cluster.Home(limit(t), "op:{default}:x")
			must(t, err)
			follows, err := cluster.Follow(limit(t), node, patience)
			must(t, err)
			for _, addr := range append(cluster.Addrs(), follows.Addr()) {
				admit(t, addr, redisstore.Service("default", "operadora", "of the keys"))
			}
			return fmt.Sprintf(`{addrs: ["%s"], username: operadora, password: of the keys}`, strings.Join(cluster.Addrs(), `", "`)), node.Kill
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, kill := begin(t)
			r := newRig(t, rigOptions{redis: config})
			r.start()
			ana := r.login("101")
			talking := r.queue("5550001")
			talks := r.takes(ana, talking)
			var waiting []*lab.Call
			for n := range 8 {
				c := r.queue(fmt.Sprint(5550002 + n))
				c.PlayTone(500)
				waiting = append(waiting, c)
			}
			r.awaitEntry(orchestrator.EntryCallQueued, 9)
			served := make(chan struct{}, 16)
			work := func(p *lab.Phone) { go picksUp(t.Context(), p, served) }
			work(r.login("102"))
			work(r.login("103"))
			<-served
			<-served // two more talk, and the others wait
			must(t, kill())
			for _, c := range waiting {
				ended(t, c)
			}
			r.talk(talking, talks)
			must(t, talks.Hangup())
			ended(t, talking)
			work(ana)
			r.awaitTaking(true)
			last := r.queue("5550010")
			last.PlayTone(500)
			ended(t, last)
			allServed(t, r.settled(10))
			api, err := r.API("supervisor")
			must(t, err)
			_, figures := get(t, api.Base+"/metrics")
			counted := 0
			for _, m := range healedTotal.FindAllStringSubmatch(figures, -1) {
				n, err := strconv.Atoi(m[1])
				must(t, err)
				counted += n
			}
			told := strings.Count(r.Log.Text(), `msg="put right"`)
			if t.Logf("%d things were forgotten and put right", told); counted != told || !strings.Contains(figures, "operadora_healed_total{") {
				t.Errorf("%d are counted, %d are told of", counted, told)
			}
		})
	}
}

// admit makes a user of a Redis that has the rights of operadora's own alone, as `operadora redis acl` prints them.
func admit(t *testing.T, addr string, u redisstore.User) {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = rdb.Close() })
	args := []any{"ACL", "SETUSER"}
	for _, word := range strings.Fields(u.String())[1:] {
		args = append(args, word)
	}
	must(t, rdb.Do(t.Context(), args...).Err())
}

// picksUp has a phone take each call that comes, talk, and hang up, until ctx ends. A call that goes
// away again is none of its business.
func picksUp(ctx context.Context, p *lab.Phone, served chan<- struct{}) {
	for {
		c, err := p.NextCall(ctx)
		if err != nil {
			return
		}
		if c.Answer() != nil {
			continue
		}
		if c.WaitTone(ctx, 500) == nil && c.Hangup() == nil {
			select {
			case served <- struct{}{}:
			case <-ctx.Done():
			}
		}
	}
}
