package doctor

import (
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialplans"
)

// leadModules are what keeps from silence whom campaigns call while operadora is away.
var leadModules = []module{
	{"app_channelredirect", "taking over who answers", true},
	{"app_playback", "the message", true},
	{"func_groupcount", "knowing who is a lead", true},
	{"func_logic", "asking what another channel does", true},
	{"func_cut", "lists of channels", true},
	{"func_global", "knowing whether operadora lives", true},
}

// callingOver are the campaigns that call over a PBX.
func callingOver(pbx string, d Definitions) (out []string) {
	for _, id := range slices.Sorted(maps.Keys(d.Campaigns)) {
		if slices.ContainsFunc(d.Campaigns[id].Trunks, func(t campaign.Trunk) bool { return t.PBX == pbx }) {
			out = append(out, id)
		}
	}
	return out
}

// judgeLeads tells what who answers a campaign hears while operadora is away.
func judgeLeads(s *sheet, f pbxFacts, campaigns []string) {
	if len(campaigns) == 0 {
		return
	}
	who := "of campaign " + strings.Join(campaigns, ", ")
	well := true
	for _, m := range leadModules {
		if f.modulesErr == nil && !f.modules[m.name] {
			well = false
			s.add(Fault, "leads", "install and load "+m.name+".so: module load "+m.name+".so", "%s does not run (%s): %s who answers while operadora is away hears silence", m.name, m.use, who)
		}
	}
	if f.noWatch {
		well = false
		s.add(Fault, "leads", "print the dialplan of this version (`operadora dialplan print`), then on the Asterisk console: dialplan reload",
			"there is no context %s: %s who answers while operadora is away hears silence", dialplans.WatchContext, who)
	}
	if well && f.modulesErr == nil {
		s.ok("leads", "hear the message also while operadora is away, %s", who)
	}
}
