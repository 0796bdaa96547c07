package flowfile_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/flows"
)

// examples are the definitions that come with the program.
func examples() flowfile.Files {
	return flowfile.Files{Flows: flows.Examples(), DIDs: flows.ExampleDIDs(), Calendars: flows.ExampleCalendars()}
}

// sounds are those that every installation has in both languages: the core
// sounds of Debian's packages 1.6.1 and operadora's own prompts.
func sounds(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	core, err := os.ReadFile("testdata/core_sounds.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(core)) {
		out[strings.TrimSpace(name)] = true
	}
	own, err := os.ReadFile("../../orchestrator/lab/prompts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(own)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 && f[1] != "" && f[2] != "" {
			out["operadora/"+f[0]] = true
		}
	}
	return out
}

func TestTheFlowsThatComeWithTheProgramPassLint(t *testing.T) {
	t.Parallel()
	queues, have := map[string]bool{"sales": true, "support": true}, sounds(t)
	_, faults := flowfile.Load(examples(), flowfile.Known{
		Queue: func(q string) bool { return queues[q] },
		Sound: func(_, name string) bool { return have[name] },
	})
	for _, f := range faults {
		t.Error(f)
	}
}

func ExampleLoad() {
	files := flowfile.Files{Flows: []ivr.Source{{File: "ventas.yaml", YAML: `
flow: ventas
language: es
start: saludo
prompts: {hola: custom/hola}
nodes:
  saludo: {type: play, prompt: hola, next: cola}
  cola: {type: queue, queue: ventas, on: {timeout: adios, fail: fin}}
  adios: {type: hangup}
`}}}
	_, faults := flowfile.Load(files, flowfile.Known{})
	fmt.Println(faults.Err())
	// Output:
	// ventas.yaml:8:65: E01 flow ventas, node cola: outcome "fail" leads to "fin", and there is no such node; it knows adios, cola, saludo
}
