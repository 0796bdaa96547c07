package acd

import (
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
// past. What calls ask for by themselves, by words of theirs, nobody knows before they come.
func (d Definitions) checkLanes(c *complaints) {
	pbxs, delays := map[string]bool{}, map[string][]time.Duration{}
	for _, a := range d.Agents {
		pbxs[a.PBX] = true
		for _, m := range a.Queues {
			delays[m.Queue] = append(delays[m.Queue], m.Delay)
		}
	}
	all, most, whose := 0, 0, ""
	for _, q := range d.Queues {
		n := q.rings(delays[q.ID]) * max(1, len(pbxs))
		if all += n; n > most {
			most, whose = n, q.ID
		}
	}
	if all > mostHeads {
		c.add(yamlfile.CodeForm, "queues", "there are %d lanes in which calls may wait (by queue, by the times of relax and of agents' delays, and by PBX): %d at most can be looked past for each agent who becomes free (queue %q has the most, %d)",
			all, mostHeads, whose, most)
	}
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
