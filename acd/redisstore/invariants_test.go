package redisstore_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
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
				if !ok || c.Queue+"@"+cmp.Or(c.Group, c.PBX) != name || c.Score != z.Score || c.Offer != "" || c.Away > 0 {
					say("call %s waits in %s with %.0f: %+v", call, name, z.Score, c)
				}
			}
		}
	}
	noted := w.scores(prefix + "lanes")
	lanes, profiles := map[string]float64{}, map[string]map[string]float64{}
	for key := range sets {
		if lane, ok := strings.CutPrefix(key, prefix+"lane:"); ok {
			for i, z := range w.zset(key) {
				c, ok := r.Calls[z.Member.(string)]
				if _, seen := noted[lane]; !ok && !seen {
					break // the record and the note of the lane were lost: nobody looks there, and who does drops it
				}
				if !ok || c.At == 0 || c.Rings[c.At-1].Lane != lane || c.Score != z.Score {
					say("call %s waits in lane %s with %.0f: %+v", z.Member, lane, z.Score, c)
				}
				if i == 0 {
					lanes[lane] = z.Score
				}
			}
		}
		if name, ok := strings.CutPrefix(key, prefix+"idle:"); ok {
			profile, fact, _ := strings.Cut(name, ":")
			for i, z := range w.zset(key) {
				a := r.Agents[z.Member.(string)]
				if !eligible(a) || a.Profile != profile || !slices.Contains(strings.Split(a.Facts, ","), fact) {
					say("agent %s is idle in %s: %+v", z.Member, name, a)
				}
				if profiles[fact] == nil {
					profiles[fact] = map[string]float64{}
				}
				if i == 0 {
					profiles[fact][profile] = z.Score
				}
			}
		}
	}
	if !maps.Equal(noted, lanes) {
		say("the firsts of lanes are %v, want %v", noted, lanes)
	}
	for _, fact := range []acd.Fact{acd.FactFreeSince, acd.FactOfferedAt, acd.FactServed, acd.FactLoad, acd.FactNone} {
		if noted := w.scores(prefix + "profiles:" + string(fact)); !maps.Equal(noted, profiles[string(fact)]) {
			say("the firsts of profiles by %s are %v, want %v", fact, noted, profiles[string(fact)])
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
		if c.Away > 0 {
			if seen[id] != 0 || c.At != 0 || c.Offer != "" || c.Others != nil {
				say("call %s, whose PBX is away, is in %d sets: %+v", id, seen[id], c)
			}
			continue
		}
		if c.Offer == "" && (seen[id] != 1 || c.At == 0) {
			say("waiting call %s is in %d sets, ring %d", id, seen[id], c.At)
			continue
		}
		if c.At > 0 { // also while phones ring for it, if more may
			if _, err := w.rdb.ZScore(w.ctx(), prefix+"lane:"+c.Rings[c.At-1].Lane, id).Result(); err != nil {
				say("waiting call %s is not in its lane: %v", id, err)
			}
			if c.At < len(c.Rings) {
				need[c.PBX+" ring:"+id] = true
			}
		}
		for _, offer := range append([]string{c.Offer}, c.Others...) {
			if o, ok := r.Offers[offer]; offer != "" && (!ok || o.Call != id || o.Answered) {
				say("call %s has offer %q: %+v", id, offer, o)
			}
		}
	}
	for _, fault := range slices.Concat(countFaults(w, prefix, r), presenceFaults(w, prefix, r, sets)) {
		say("%s", fault)
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
			if c := r.Calls[o.Call]; c.Offer != id && !slices.Contains(c.Others, id) {
				say("offer %s of call %s: %+v", id, o.Call, c)
			}
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

// countFaults compares what is counted with what is on record.
func countFaults(w *world, prefix string, r acd.Records) (bad []string) {
	agents := map[string]map[string]int{}
	for _, a := range r.Agents {
		if a.State == acd.StateOffline {
			continue
		}
		as := string(a.State)
		if a.State == acd.StateAvailable && !eligible(a) {
			as = acd.PassedOver
		}
		if agents[a.Profile] == nil {
			agents[a.Profile] = map[string]int{}
		}
		agents[a.Profile][as]++
	}
	inside := map[acd.QueueAt]acd.Inside{}
	for _, c := range r.Calls {
		at := acd.QueueAt{Queue: c.Queue, Group: cmp.Or(c.Group, c.PBX)}
		in := inside[at]
		if c.Offer == "" && c.Away == 0 {
			in.Waiting++
		}
		if c.Away > 0 && c.Work != orchestrator.WorkCallback {
			in.Away++
		}
		if c.Work == orchestrator.WorkCallback {
			in.Callbacks++
		} else if in.Callers++; in.Oldest == 0 || c.Entered < in.Oldest {
			in.Oldest = c.Entered
		}
		inside[at] = in
	}
	got, err := w.store.Counts(w.ctx())
	w.must(err)
	counted := map[string]map[string]int{}
	for _, s := range got.Agents {
		if counted[s.Profile] == nil {
			counted[s.Profile] = map[string]int{}
		}
		counted[s.Profile][s.As] = s.Agents
	}
	if diff := gocmp.Diff(agents, counted); diff != "" {
		bad = append(bad, "agents are counted otherwise than they stand (-records +counts): "+diff)
	}
	if diff := gocmp.Diff(inside, got.Inside); diff != "" {
		bad = append(bad, "calls are counted otherwise than they are (-records +counts): "+diff)
	}
	for profile, standings := range agents {
		all := 0
		for _, n := range standings {
			all += n
		}
		if n, _ := w.rdb.HGet(w.ctx(), prefix+"counts", profile).Int(); n != all {
			bad = append(bad, fmt.Sprintf("%d of profile %s are logged in, counted are %d", all, profile, n))
		}
	}
	return bad
}

// presenceFaults compares the calls of PBXs with what was told of those: all calls of one
// that is away are out of agents' reach, and no others.
func presenceFaults(w *world, prefix string, r acd.Records, sets map[string]bool) (bad []string) {
	want, got := map[string]float64{}, map[string]float64{}
	told := w.rdb.HGetAll(w.ctx(), prefix+"presence").Val()
	for id, c := range r.Calls {
		since := int64(0)
		_, _ = fmt.Sscanf(told[c.PBX], "%d %d", new(int), &since)
		if (c.Away > 0) != (since > 0) {
			bad = append(bad, fmt.Sprintf("call %s is out of reach since %d, its pbx away since %d", id, c.Away, since))
		}
		if c.Away == 0 {
			want["present:"+c.PBX+" "+id] = c.Score
			continue
		}
		want["stranded:"+c.PBX+" "+id] = c.Score
		if c.Work != orchestrator.WorkCallback {
			want["astray:"+c.Queue+"@"+cmp.Or(c.Group, c.PBX)+" "+id] = c.Score
		}
	}
	for key := range sets {
		set := strings.TrimPrefix(key, prefix)
		if kind, _, _ := strings.Cut(set, ":"); slices.Contains([]string{"present", "stranded", "astray"}, kind) {
			for _, z := range w.zset(key) {
				got[set+" "+z.Member.(string)] = z.Score
			}
		}
	}
	if !maps.Equal(want, got) {
		bad = append(bad, "calls of PBXs are not where they are on record (-records +sets): "+gocmp.Diff(want, got))
	}
	return bad
}

func agentFaults(w *world, prefix, id string, a acd.AgentRecord, r acd.Records, need map[string]bool) []string {
	var bad []string
	busy := a.State == acd.StateReserved || a.State == acd.StateTalking
	if _, has := r.Offers[a.Offer]; busy != has {
		bad = append(bad, fmt.Sprintf("is %s with offer %q", a.State, a.Offer))
	}
	if a.State == acd.StateWrapup && !a.Owed {
		need[a.PBX+" wrap:"+id] = true
	}
	if a.Look != "" {
		need[a.PBX+" look:"+id] = true
	}
	if a.PauseLook > 0 {
		need[a.PBX+" pause:"+id] = true
	}
	for set := range strings.SplitSeq(a.Away, ",") {
		if why, _, _ := strings.Cut(set, ":"); set != "" && (!w.rdb.SIsMember(w.ctx(), prefix+"away:"+set, id).Val() ||
			(a.State != acd.StatePaused || a.Reason != why) && (a.Next != acd.OnPauseDue || a.NextWhy != why)) {
			bad = append(bad, "counts as away in "+set)
		}
	}
	if a.State == acd.StatePaused && a.Reason != "" && a.Away == "" {
		bad = append(bad, "pauses and counts nowhere")
	}
	if a.Rest > 0 {
		need[a.PBX+" rest:"+id] = true
	}
	for fact := range strings.SplitSeq(a.Facts, ",") {
		if _, err := w.rdb.ZScore(w.ctx(), prefix+"idle:"+a.Profile+":"+fact, id).Result(); fact != "" && eligible(a) && err != nil {
			bad = append(bad, "is eligible but not idle by "+fact)
		}
	}
	for call, c := range r.Calls {
		if c.At == 0 || !eligible(a) {
			continue
		}
		at := c.Rings[c.At-1]
		owner, own := strings.CutPrefix(at.Lane, "@")
		if own && owner == id || !own && w.rdb.HExists(w.ctx(), prefix+"serves:"+at.Table, a.Profile).Val() {
			bad = append(bad, "is free while call "+call+" waits")
		}
	}
	for _, at := range placesOf(a) {
		if in := w.rdb.SIsMember(w.ctx(), prefix+"staff:"+at, id).Val(); in != (a.State != acd.StateOffline) && a.NextBy != "reload" {
			bad = append(bad, fmt.Sprintf("staff of %s: %v in state %s", at, in, a.State))
		}
	}
	return bad
}

func eligible(a acd.AgentRecord) bool {
	return a.State == acd.StateAvailable && a.Rest == 0 &&
		(a.Device == orchestrator.DeviceFree || a.Device == orchestrator.DeviceUnknown)
}

// placesOf are the queues of an agent, "<queue>@<group of PBXs>".
func placesOf(a acd.AgentRecord) (out []string) {
	for q := range strings.SplitSeq(a.Queues, ",") {
		if q != "" {
			out = append(out, q+"@"+cmp.Or(a.Group, a.PBX))
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

// scores are the members of a sorted set with their scores; nil when it is empty.
func (w *world) scores(key string) map[string]float64 {
	w.Helper()
	var out map[string]float64
	for _, z := range w.zset(key) {
		if out == nil {
			out = map[string]float64{}
		}
		out[z.Member.(string)] = z.Score
	}
	return out
}

func (w *world) zset(key string) []redis.Z {
	w.Helper()
	z, err := w.rdb.ZRangeWithScores(w.ctx(), key, 0, -1).Result()
	w.must(err)
	return z
}
