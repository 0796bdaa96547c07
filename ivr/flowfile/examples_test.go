package flowfile_test

import (
	"testing"

	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/flows"
)

// examples are the definitions that come with the program.
func examples() flowfile.Files {
	return flowfile.Files{Flows: flows.Examples(), DIDs: flows.ExampleDIDs(), Calendars: flows.ExampleCalendars()}
}

func TestTheFlowsThatComeWithTheProgramPassLint(t *testing.T) {
	t.Parallel()
	queues := map[string]bool{"sales": true, "support": true}
	_, faults := flowfile.Load(examples(), flowfile.Known{Queue: func(q string) bool { return queues[q] }})
	for _, f := range faults {
		t.Error(f)
	}
}
