package ivr_test

import (
	"testing"

	"github.com/operadora/operadora/ivr"
)

func TestMermaidGolden(t *testing.T) {
	t.Parallel()
	defs := examples(t)
	for _, id := range []string{"welcome", "voicemail", "features"} {
		golden(t, "testdata/"+id+".mmd", ivr.Mermaid(defs.Flows[id]))
	}
}
