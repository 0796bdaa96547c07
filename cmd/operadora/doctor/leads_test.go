package doctor

import (
	"errors"
	"strings"
	"testing"

	"github.com/operadora/operadora/dialer/campaign"
)

func TestLeads(t *testing.T) {
	t.Parallel()
	c := campaign.New()
	c.Trunks = []campaign.Trunk{{PBX: "main"}}
	d := Definitions{Campaigns: map[string]*campaign.Campaign{"march": c, "may": campaign.New()}}
	if got := callingOver("main", d); len(got) != 1 || got[0] != "march" {
		t.Errorf("%q", got)
	}
	all := map[string]bool{}
	for _, m := range leadModules {
		all[m.name] = true
	}
	for name, row := range map[string]struct {
		f    pbxFacts
		of   []string
		want Verdict
		says string
	}{
		"well":                  {pbxFacts{modules: all}, []string{"march"}, OK, "hear the message also while operadora is away, of campaign march"},
		"no redirection":        {pbxFacts{modules: map[string]bool{}}, []string{"march"}, Fault, "app_channelredirect does not run"},
		"an older dialplan":     {pbxFacts{modules: all, noWatch: true}, []string{"march"}, Fault, "there is no context operadora-watch"},
		"no campaign":           {pbxFacts{noWatch: true}, nil, OK, ""},
		"modules are not known": {pbxFacts{modulesErr: errors.New("broken")}, []string{"march"}, OK, ""},
	} {
		s := &sheet{part: "pbx main"}
		judgeLeads(s, row.f, row.of)
		worst, text := Worst(s.lines), ""
		for _, l := range s.lines {
			text += l.Text
		}
		if worst != row.want || !strings.Contains(text, row.says) || row.says == "" && text != "" {
			t.Errorf("%s: %v %q", name, worst, text)
		}
	}
}
