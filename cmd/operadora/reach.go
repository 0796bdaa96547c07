package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/gate"
)

// callers are who calls, as all parts know them.
type callers struct {
	*acd.Service
	gate gate.Gate
}

// Numbers implements api.Callers.
func (c callers) Numbers(text string) []string { return c.gate.Written(text) }

// gateOf is the one gate of PBXs.
func gateOf(pbxs map[string]PBXConfig) gate.Gate {
	g := gate.Gate{}
	for name, p := range pbxs {
		policy := p.Outbound
		policy.Reach = p.Reach
		g[name] = policy
	}
	return g
}

// groupsOf names the group of each PBX that rings phones at others: by the first of
// its members.
func groupsOf(pbxs map[string]PBXConfig) map[string]string {
	groups := map[string]string{}
	for name, p := range pbxs {
		if len(p.Reach) > 0 {
			groups[name] = slices.Min(append(slices.Collect(maps.Keys(p.Reach)), name))
		}
	}
	return groups
}

// checkReach names the first way between two PBXs that cannot be right. Those that
// ring one another's phones do so all with all: who waits in a queue of theirs waits
// in one order, for the same agents.
func checkReach(pbxs map[string]PBXConfig) error {
	names := slices.Sorted(maps.Keys(pbxs))
	for _, from := range names {
		p := pbxs[from]
		if err := p.Reach.Validate(); err != nil {
			return fmt.Errorf("pbxs.%s.%w", from, bare(err))
		}
		for _, to := range slices.Sorted(maps.Keys(p.Reach)) {
			other, known := pbxs[to]
			key := fmt.Sprintf("pbxs.%s.reach.%s", from, to)
			switch {
			case to == from:
				return fmt.Errorf("%s: a PBX's own phones need no way", key)
			case !known:
				return fmt.Errorf("%s: %q is not in pbxs", key, to)
			case strings.HasPrefix(p.Reach[to], "sofia/") != (p.Kind == KindFreeSWITCH):
				return fmt.Errorf("%s: %q is no endpoint of a PBX of kind %q", key, p.Reach[to], p.Kind)
			case other.Reach[from] == "":
				return fmt.Errorf("%s: pbxs.%s.reach.%s is missing: PBXs that share queues ring one another's phones", key, to, from)
			}
			for _, third := range slices.Sorted(maps.Keys(other.Reach)) {
				if third != from && p.Reach[third] == "" {
					return fmt.Errorf("%s: pbxs.%s.reach.%s is missing: %q reaches %q, and all that share queues ring one another's phones", key, from, third, to, third)
				}
			}
		}
	}
	return nil
}
