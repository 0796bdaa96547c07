package doctor

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/gate"
)

// reachFacts are what was found out about the ways between a PBX and others.
type reachFacts struct {
	to     gate.Reach
	trunks map[string]bool // those that are there
	lacks  bool            // the dialplan has no context that rings phones for others
	err    error           // it could not be found out
}

const reachContext = "operadora-reach"

// trunkOf is the trunk of a way, as the PBX calls it: PJSIP/between, or a gateway.
func trunkOf(way string) string {
	tech, rest, _ := strings.Cut(way, "/")
	switch {
	case tech == "sofia":
		rest = strings.TrimPrefix(rest, "gateway/")
		name, _, _ := strings.Cut(rest, "/")
		return name
	case strings.Contains(rest, "/sip:"):
		name, _, _ := strings.Cut(rest, "/")
		return tech + "/" + name
	}
	_, name, _ := strings.Cut(rest, "@")
	return tech + "/" + name
}

// asteriskReach asks an Asterisk for its ways to others, and the console of this machine's
// for the context that theirs lead to.
func asteriskReach(ctx context.Context, to gate.Reach, f pbxFacts, console Console) reachFacts {
	out := reachFacts{to: to, trunks: map[string]bool{}, err: f.endpointsErr}
	for name := range f.endpoints {
		out.trunks[name] = true
	}
	out.lacks = len(to) > 0 && lacksContext(ctx, f, console, reachContext)
	return out
}

// freeswitchReach asks a FreeSWITCH for the same.
func freeswitchReach(ctx context.Context, cfg esl.Config, to gate.Reach) reachFacts {
	f := reachFacts{to: to}
	if len(to) == 0 {
		return f
	}
	var names []string
	for _, way := range to {
		names = append(names, trunkOf(way))
	}
	var there bool
	f.trunks, there, f.err = esl.Ways(ctx, cfg, names, reachContext)
	f.lacks = !there
	return f
}

// judgeReach tells whether phones of other PBXs can be rung from one, and its own from them.
func judgeReach(s *sheet, f reachFacts) {
	name := strings.TrimPrefix(s.part, "pbx ")
	switch {
	case len(f.to) == 0:
		return
	case f.err != nil:
		s.add(Note, "reach", "repair what is told above and run doctor again", "whether phones of other PBXs are reached was not examined: %v", f.err)
		return
	case f.lacks:
		s.add(Fault, "reach", "print the dialplan of this version (`operadora dialplan print`), and send the calls that the trunk from the other PBX brings for phones into that context",
			"there is no context %s: no other PBX rings a phone of this one", reachContext)
	}
	for _, to := range slices.Sorted(maps.Keys(f.to)) {
		if trunk := trunkOf(f.to[to]); !f.trunks[trunk] {
			s.add(Fault, "reach", "add the trunk to this PBX, or correct pbxs."+name+".reach."+to, "there is no trunk %s: phones of PBX %q are not rung", trunk, to)
		} else if !f.lacks {
			s.ok("reach", "phones of PBX %q are rung over %s", to, trunk)
		}
	}
}
