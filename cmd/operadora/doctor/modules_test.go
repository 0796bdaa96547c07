package doctor

import (
	"slices"
	"testing"

	"github.com/operadora/operadora/orchestrator/ari"
)

// The doctor asks for every module that the adapter uses: chan_bridge_media was
// once forgotten, and every recording failed on a PBX that it had found well.
func TestModulesOfTheAdapter(t *testing.T) {
	t.Parallel()
	for _, name := range append(ari.Modules(), "chan_bridge_media") {
		if !slices.ContainsFunc(modules, func(m module) bool { return m.name == name }) {
			t.Errorf("module %s is not asked for", name)
		}
	}
}
