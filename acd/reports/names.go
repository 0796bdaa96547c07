package reports

import (
	"slices"
	"strings"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// unknown returns what a report is asked for that is not defined; nil when all is. What was
// defined once may be on record all the same.
func (r Reporter) unknown(q figures.Query) *figures.Wrong {
	defs := r.Definitions()
	var numbers []string
	if r.DIDs != nil {
		numbers = r.DIDs()
	}
	for _, x := range []struct {
		field, value string
		known        []string
	}{
		{"queue", q.Queue, named(defs.Queues, func(q acd.Queue) string { return q.ID })},
		{"agent", q.Agent, named(defs.Agents, func(a acd.Agent) string { return a.ID })},
		{"team", q.Team, append(named(defs.Teams, func(t acd.Team) string { return t.ID }), named(defs.Agents, func(a acd.Agent) string { return a.Team })...)},
		{"did", q.DID, numbers},
	} {
		if x.value == "" || slices.ContainsFunc(x.known, func(name string) bool { return fits(name, x.value) }) {
			continue
		}
		slices.Sort(x.known)
		x.known = slices.DeleteFunc(slices.Compact(x.known), func(name string) bool { return name == "" })
		why := "is not defined, and nothing is on record of it then"
		if near := yamlfile.Nearest(x.value, x.known); near != "" || len(x.known) <= mostNames {
			why += yamlfile.Suggest(x.value, x.known)
		}
		return &figures.Wrong{Field: x.field, Value: x.value, Why: why}
	}
	return nil
}

// mostNames is how many names are told when none is near.
const mostNames = 20

func named[T any](list []T, name func(T) string) (names []string) {
	for _, x := range list {
		names = append(names, name(x))
	}
	return names
}

// fits tells whether a name is meant; numbers may be known by how they begin.
func fits(name, value string) bool {
	beginning, open := strings.CutSuffix(name, "*")
	return name == value || open && strings.HasPrefix(value, beginning)
}
