package doctor

import (
	"errors"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator/gate"
)

func TestReach(t *testing.T) {
	t.Parallel()
	for way, want := range map[string]string{"PJSIP/{endpoint}@to-f": "PJSIP/to-f", "PJSIP/to-f/sip:{endpoint}@192.0.2.1": "PJSIP/to-f",
		"sofia/gateway/to-a/9{endpoint}": "to-a"} {
		if got := trunkOf(way); got != want {
			t.Errorf("the trunk of %s is %q", way, got)
		}
	}
	to := gate.Reach{"f": "PJSIP/{endpoint}@to-f"}
	for name, row := range map[string]struct {
		f    reachFacts
		want Verdict
		says string
	}{
		"well":       {reachFacts{to: to, trunks: map[string]bool{"PJSIP/to-f": true}}, OK, `phones of PBX "f" are rung over PJSIP/to-f`},
		"no trunk":   {reachFacts{to: to}, Fault, "there is no trunk PJSIP/to-f"},
		"no context": {reachFacts{to: to, trunks: map[string]bool{"PJSIP/to-f": true}, lacks: true}, Fault, "there is no context operadora-reach"},
		"not told":   {reachFacts{to: to, err: errors.New("broken")}, Note, "broken"},
		"alone":      {reachFacts{}, OK, ""},
	} {
		s := &sheet{part: "pbx a"}
		judgeReach(s, row.f)
		worst, text := Worst(s.lines), ""
		for _, l := range s.lines {
			text += l.Text
		}
		if worst != row.want || !strings.Contains(text, row.says) || row.says == "" && text != "" {
			t.Errorf("%s: %v %q", name, worst, text)
		}
	}
}
