package doctor

import (
	"errors"
	"strings"
	"testing"

	"github.com/operadora/operadora/dialer/campaign"
)

func TestMachines(t *testing.T) {
	t.Parallel()
	of := func(detect campaign.MachineDetect, pbx string) *campaign.Campaign {
		c := campaign.New()
		c.Machines.Detect, c.Trunks = detect, []campaign.Trunk{{PBX: pbx}}
		return c
	}
	d := Definitions{Campaigns: map[string]*campaign.Campaign{"march": of(campaign.DetectBeside, "main"), "april": of(campaign.DetectNone, "main"), "may": of(campaign.DetectBefore, "other")}}
	if got := hearing("main", d); len(got) != 1 || got[0] != "march" {
		t.Errorf("%q", got)
	}
	all := map[string]bool{"app_amd": true, "func_talkdetect": true, "res_stasis_snoop": true}
	for name, row := range map[string]struct {
		f    pbxFacts
		of   []string
		want Verdict
		says string
	}{
		"well":       {pbxFacts{modules: all}, []string{"march"}, OK, "are told from people, of campaign march"},
		"no AMD":     {pbxFacts{modules: map[string]bool{"func_talkdetect": true, "res_stasis_snoop": true}}, []string{"march"}, Fault, "app_amd does not run"},
		"no context": {pbxFacts{modules: all, noMachines: true}, []string{"march"}, Fault, "there is no context operadora-machine"},
		"not wanted": {pbxFacts{noMachines: true}, nil, OK, ""},
		"not told":   {pbxFacts{modulesErr: errors.New("broken")}, []string{"march"}, OK, ""},
	} {
		s := &sheet{part: "pbx main"}
		judgeMachines(s, row.f, row.of)
		worst, text := Worst(s.lines), ""
		for _, l := range s.lines {
			text += l.Text
		}
		if worst != row.want || !strings.Contains(text, row.says) || row.says == "" && text != "" {
			t.Errorf("%s: %v %q", name, worst, text)
		}
	}
}
