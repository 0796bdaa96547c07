package main

import (
	"fmt"
	"strings"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// agentsFolder has files with agents, beside those of agents.yaml.
const agentsFolder = "agents"

// origin is where an agent is written.
type origin struct {
	file  *yamlfile.File
	index int // in the agents of that file
}

// takeAgents adds the agents of a file. One who is in another file is a fault, and left out.
func (o *floor) takeAgents(f *yamlfile.File, agents []acd.Agent) {
	if o.files[agentsFolder] == nil {
		o.files[agentsFolder] = f
	}
	for i, a := range agents {
		here := origin{f, i}
		there, known := o.written[a.ID]
		if known && there.file != f {
			where := fmt.Sprintf("agents[%d].id", i)
			o.faults = append(o.faults, yamlfile.Fault{At: f.At(where), Code: yamlfile.CodeForm, Where: where,
				Text: fmt.Sprintf("%q is in %s already", a.ID, there.file.At("").File)})
			continue
		}
		if !known && a.ID != "" {
			o.written[a.ID] = here
		}
		o.defs.Agents, o.origins = append(o.defs.Agents, a), append(o.origins, here)
	}
}

// takeAlone adds what a file of agentsFolder says, which is agents alone.
func (o *floor) takeAlone(f *yamlfile.File, d acd.Definitions) {
	for _, k := range yamlfile.Top(d) {
		at, here := f.Set(k)
		switch {
		case !here:
		case k == agentsFolder:
			o.takeAgents(f, d.Agents)
		default:
			o.faults = append(o.faults, yamlfile.Fault{At: at, Code: yamlfile.CodeForm, Where: k, Text: "the files of agents/ have agents alone; this belongs into agents.yaml or queues.yaml"})
		}
	}
}

// place says in which file, and where in it, something of the definitions is written.
func (o *floor) place(where string) (*yamlfile.File, string) {
	top, _ := yamlfile.First(where)
	var index int
	if n, _ := fmt.Sscanf(where, agentsFolder+"[%d]", &index); n == 1 && index < len(o.origins) {
		from := o.origins[index]
		_, rest, _ := strings.Cut(where, "]")
		return from.file, fmt.Sprintf("%s[%d]%s", agentsFolder, from.index, rest)
	}
	return o.files[top], where
}
