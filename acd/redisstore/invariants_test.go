package redisstore_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// invariants lists what is wrong with what is stored: every waiting call in
// exactly one set, every offer with one agent and one call, every agent who may
// be called, and nobody else, in the idle sets, every wait with a deadline and no other deadlines.
func invariants(w *world, r acd.Records) []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	prefix := "op:{" + w.tenant + "}:acd:"
	sets := w.scan(prefix + "*")

	seen := map[string]int{}
	for key := range sets {
		if name, ok := strings.CutPrefix(key, prefix+"waiting:"); ok {
			for _, z := range w.zset(key) {
				call := z.Member.(string)
				seen[call]++
				c, ok := r.Calls[call]
				if !ok || c.Queue+"@"+c.PBX != name || c.Score != z.Score || c.Offer != "" {
					say("call %s waits in %s with %.0f: %+v", call, name, z.Score, c)
				}
			}
		}
	}
	for key := range sets {
		if name, ok := strings.CutPrefix(key, prefix+"idle:"); ok {
			for _, z := range w.zset(key) {
				a := r.Agents[z.Member.(string)]
				if !eligible(a) || !slices.Contains(placesOf(a), name) {
					say("agent %s is idle in %s: %+v", z.Member, name, a)
				}
			}
		}
	}
	deadlines := map[string]bool{}
	for key := range sets {
		if name, ok := strings.CutPrefix(key, prefix+"deadlines:"); ok {
			for _, z := range w.zset(key) {
				deadlines[name+" "+z.Member.(string)] = true
			}
		}
	}
	need := map[string]bool{}
	for id, c := range r.Calls {
		if c.Offer == "" && seen[id] != 1 {
			say("waiting call %s is in %d sets", id, seen[id])
		}
		if o, ok := r.Offers[c.Offer]; c.Offer != "" && (!ok || o.Call != id || o.Answered) {
			say("call %s has offer %q: %+v", id, c.Offer, o)
		}
	}
	holder := map[string]string{}
	for id, o := range r.Offers {
		a := r.Agents[o.Agent]
		if other, twice := holder[o.Agent]; twice {
			say("agent %s has offers %s and %s", o.Agent, id, other)
		}
		holder[o.Agent] = id
		want := acd.StateReserved
		if o.Answered {
			want = acd.StateTalking
		} else {
			need[o.PBX+" offer:"+id] = true
		}
		if a.Offer != id || a.State != want || a.Call != o.Call {
			say("offer %s of agent %s: %+v", id, o.Agent, a)
		}
	}
	for id, a := range r.Agents {
		for _, problem := range agentFaults(w, prefix, id, a, r, need) {
			say("agent %s: %s", id, problem)
		}
	}
	if !maps.Equal(deadlines, need) {
		say("deadlines %v, want %v", slices.Sorted(maps.Keys(deadlines)), slices.Sorted(maps.Keys(need)))
	}
	return bad
}

func agentFaults(w *world, prefix, id string, a acd.AgentRecord, r acd.Records, need map[string]bool) []string {
	var bad []string
	busy := a.State == acd.StateReserved || a.State == acd.StateTalking
	if _, has := r.Offers[a.Offer]; busy != has {
		bad = append(bad, fmt.Sprintf("is %s with offer %q", a.State, a.Offer))
	}
	if a.State == acd.StateWrapup {
		need[a.PBX+" wrap:"+id] = true
	}
	if a.Rest > 0 {
		need[a.PBX+" rest:"+id] = true
	}
	for _, at := range placesOf(a) {
		_, err := w.rdb.ZScore(w.ctx(), prefix+"idle:"+at, id).Result()
		if eligible(a) && err != nil {
			bad = append(bad, "is eligible but not idle in "+at)
		}
		if in := w.rdb.SIsMember(w.ctx(), prefix+"staff:"+at, id).Val(); in != (a.State != acd.StateOffline) && a.NextBy != "reload" {
			bad = append(bad, fmt.Sprintf("staff of %s: %v in state %s", at, in, a.State))
		}
		if eligible(a) && w.rdb.ZCard(w.ctx(), prefix+"waiting:"+at).Val() > 0 {
			bad = append(bad, "is free while calls wait in "+at)
		}
	}
	return bad
}

func eligible(a acd.AgentRecord) bool {
	return a.State == acd.StateAvailable && a.Rest == 0 &&
		(a.Device == orchestrator.DeviceFree || a.Device == orchestrator.DeviceUnknown)
}

// placesOf are the queues of an agent, "<queue>@<pbx>".
func placesOf(a acd.AgentRecord) (out []string) {
	for q := range strings.SplitSeq(a.Queues, ",") {
		if q != "" {
			out = append(out, q+"@"+a.PBX)
		}
	}
	return out
}

// scan returns all keys of a pattern.
func (w *world) scan(pattern string) map[string]bool {
	w.Helper()
	out := map[string]bool{}
	it := w.rdb.Scan(w.ctx(), 0, pattern, 1000).Iterator()
	for it.Next(w.ctx()) {
		out[it.Val()] = true
	}
	w.must(it.Err())
	return out
}

func (w *world) zset(key string) []redis.Z {
	w.Helper()
	z, err := w.rdb.ZRangeWithScores(w.ctx(), key, 0, -1).Result()
	w.must(err)
	return z
}
