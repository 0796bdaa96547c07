package main

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// heard are flows that keep the language they were begun in.
type heard struct {
	orchestrator.Flows

	language string
}

func (h *heard) Begin(a orchestrator.Arrival, _ time.Time) (orchestrator.FlowStep, error) {
	h.language = a.Language
	return orchestrator.FlowStep{}, nil
}

// TestAgentsAreAskedInTheirLanguage has phones that the PBX calls English reach a
// feature code: *483 asks for the reason of a pause before it knows who is there.
func TestAgentsAreAskedInTheirLanguage(t *testing.T) {
	t.Parallel()
	defs := Definitions{ACD: acd.Definitions{Agents: []acd.Agent{{ID: "101", PBX: "main", Endpoint: "PJSIP/101", Language: "es"}}}}
	for name, c := range map[string]struct {
		a    orchestrator.Arrival
		want string
	}{
		"an agent":           {orchestrator.Arrival{PBX: "main", Kind: orchestrator.KindFeature, Args: []string{"pause", "PJSIP/101", ""}}, "es"},
		"another phone":      {orchestrator.Arrival{PBX: "main", Kind: orchestrator.KindFeature, Args: []string{"pause", "PJSIP/102", ""}}, "en"},
		"another PBX":        {orchestrator.Arrival{PBX: "other", Kind: orchestrator.KindFeature, Args: []string{"pause", "PJSIP/101", ""}}, "en"},
		"no phone":           {orchestrator.Arrival{PBX: "main", Kind: orchestrator.KindFeature, Args: []string{"pause"}}, "en"},
		"a caller's address": {orchestrator.Arrival{PBX: "main", Kind: orchestrator.KindInbound, Args: []string{"5000", "PJSIP/101"}}, "en"},
	} {
		h := &heard{}
		c.a.Language = "en"
		_, err := spoken{h, func() Definitions { return defs }}.Begin(c.a, time.Now())
		must(t, err)
		if h.language != c.want {
			t.Errorf("%s is spoken to in %q, want %q", name, h.language, c.want)
		}
	}
}
