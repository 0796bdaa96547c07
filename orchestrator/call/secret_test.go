package call

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// secretFlow is a flow in which a caller has entered 4711 in secret; it keeps it
// beside its state, says it, and gives it to an agent's command.
type secretFlow struct{ got *string }

func (f secretFlow) Begin(orchestrator.Arrival, time.Time) (orchestrator.FlowStep, error) {
	return orchestrator.FlowStep{State: json.RawMessage(`"asked"`), Secret: json.RawMessage(`"4711"`), Actions: []orchestrator.Action{
		{Kind: orchestrator.ActPlay, Ref: 1, Media: []orchestrator.Media{{Kind: orchestrator.MediaDigits, Value: "4711", Masked: true}}},
		{Kind: orchestrator.ActAgent, Agent: orchestrator.AgentCommand{Op: orchestrator.AgentLogin, PIN: "4711"}}}}, nil
}

func (f secretFlow) Next(state json.RawMessage, in orchestrator.FlowInput, _ time.Time) (orchestrator.FlowStep, error) {
	*f.got = string(in.Secret)
	return orchestrator.FlowStep{State: state, Secret: in.Secret}, nil
}

// TestSecretsAreNotInTheCallDocument: what a caller entered in secret comes back to
// the flow, reaches the PBX and the distributor, and is nowhere in what is stored.
func TestSecretsAreNotInTheCallDocument(t *testing.T) {
	t.Parallel()
	var got string
	rules := &Rules{Flows: secretFlow{&got}, Gate: openGate{}, Limits: DefaultLimits}
	now := time.UnixMilli(1_800_000_000_000)
	d := rules.Decide(New("c1", "pbx", customerChannel, orchestrator.KindFeature, now), []Input{{Kind: InArrive,
		Arrival: orchestrator.Arrival{Call: "c1", PBX: "pbx", Kind: orchestrator.KindFeature, Answered: true}}}, now)
	doc, err := json.Marshal(d.Call)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(doc), "4711") {
		t.Errorf("this is stored: %s", doc)
	}
	asked, said := false, false
	for _, todo := range d.Call.Todo {
		switch cmd := todo.Command.(type) {
		case AgentDo:
			asked = cmd.Command.PIN == "4711"
		case Play:
			said = cmd.Playback.Media[0].Value == "4711"
		}
	}
	if !asked || !said {
		t.Errorf("the commands lack it: %v", d.Call.Todo)
	}
	rules.Decide(d.Call, []Input{{Kind: InEvent, Event: orchestrator.Event{Kind: orchestrator.EventDigit, Channel: customerChannel, Digit: "1"}}}, now)
	if got != `"4711"` {
		t.Errorf("the flow gets back %q", got)
	}
}
