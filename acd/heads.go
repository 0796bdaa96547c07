package acd

import (
	"math"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// mostHeads is how much a match may have to look past: of kinds of agents when a call looks for
// one (the store's scripts read no more: lib_best), and of lanes when an agent becomes free. A
// thousand of either take one to two ms of Redis (BenchmarkHeads), less than half of what a
// match may take. Lanes in which nobody waits, and kinds nobody of whom is free, cost nothing.
const mostHeads = 1000

// checkLanes refuses definitions with more lanes than agents who become free may have to look
// past, and warns where what requirements ask of calls may make them so many. What flows ask
// for beside that, and which agents calls wait for, nobody knows before they come: a step of the
// store looks at so many lanes and leaves the rest to the next (lib_oldest).
func (d Definitions) checkLanes(c *complaints) {
	pbxs, delays := map[string]bool{}, map[string][]time.Duration{}
	for _, a := range d.Agents {
		pbxs[a.PBX] = true
		for _, m := range a.Queues {
			delays[m.Queue] = append(delays[m.Queue], m.Delay)
		}
	}
	all, most, whose := 0, 0, ""
	may, asking, which := 0, 0, ""
	for _, q := range d.Queues {
		n := q.rings(delays[q.ID]) * max(1, len(pbxs))
		if all += n; n > most {
			most, whose = n, q.ID
		}
		for range q.asks(d.skillNames()) {
			n = min(n*(len(d.Skills)+1), math.MaxInt32)
		}
		if may += n; n > asking {
			asking, which = n, q.ID
		}
	}
	if all > mostHeads {
		c.add(yamlfile.CodeForm, "queues", "there are %d lanes in which calls may wait (by queue, by the times of relax and of agents' delays, and by PBX): %d at most can be looked past for each agent who becomes free (queue %q has the most, %d)",
			all, mostHeads, whose, most)
	} else if may > mostHeads {
		c.add(yamlfile.CodeLanes, "queues", "calls may wait in up to %d lanes, as requirements ask for what calls say (queue %q in up to %d): while somebody waits in more than %d of them, who becomes free finds the oldest of those first, and who waits in others up to a second later",
			may, which, asking, mostHeads)
	}
}

// asks are the words of a call that its queue's requirements ask for, as far as calls differ in them.
func (q Queue) asks(skills []string) []string {
	var words []string
	steps, _ := q.steps(skills) // what is wrong is told of elsewhere
	for _, s := range steps {
		words = append(words, s.needs.asks...)
		if s.needs.any {
			words = append(words, "")
		}
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "queue" || w == "tier" })
	slices.Sort(words)
	return slices.Compact(words)
}

// rings is how many rings calls of a queue may go through.
func (q Queue) rings(delays []time.Duration) int {
	times := []time.Duration{0}
	for _, r := range q.Relax {
		times = append(times, r.After)
	}
	for _, after := range slices.Clone(times) {
		for _, delay := range delays {
			times = append(times, max(after, delay))
		}
	}
	slices.Sort(times)
	return len(slices.Compact(times))
}
