package doctor

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/dialer/campaign"
)

const machineContext = "operadora-machine"

// machineModules are what tells who answered, and when a machine is silent.
var machineModules = []module{
	{"app_amd", "telling whether a machine answered", true},
	{"func_talkdetect", "telling when a machine is silent", true},
	{"res_stasis_snoop", "hearing who answered", true},
}

// hearing are the campaigns that have a PBX hear who answered.
func hearing(pbx string, d Definitions) (out []string) {
	for _, id := range slices.Sorted(maps.Keys(d.Campaigns)) {
		c := d.Campaigns[id]
		if c.Machines.Hears() && slices.ContainsFunc(c.Trunks, func(t campaign.Trunk) bool { return t.PBX == pbx }) {
			out = append(out, id)
		}
	}
	return out
}

// lacksContext asks the console of this machine's Asterisk whether the dialplan has no
// context of a name.
func lacksContext(ctx context.Context, f pbxFacts, console Console, name string) bool {
	if f.host.err != nil {
		return false
	}
	text, err := console.Run(ctx, "dialplan show "+name)
	return err == nil && !strings.Contains(text, "Context '"+name+"'")
}

// judgeMachines tells whether machines can be told from people, if campaigns want that.
func judgeMachines(s *sheet, f pbxFacts, campaigns []string) {
	if len(campaigns) == 0 {
		return
	}
	who := "of campaign " + strings.Join(campaigns, ", ")
	well := true
	for _, m := range machineModules {
		if f.modulesErr == nil && !f.modules[m.name] {
			well = false
			s.add(Fault, "machines", "install and load "+m.name+".so: module load "+m.name+".so", "%s does not run (%s): %s everybody who answers is taken for a person", m.name, m.use, who)
		}
	}
	if f.noMachines {
		well = false
		s.add(Fault, "machines", "print the dialplan of this version (`operadora dialplan print`), then on the Asterisk console: dialplan reload",
			"there is no context %s: %s everybody who answers is taken for a person", machineContext, who)
	}
	if well && f.modulesErr == nil {
		s.ok("machines", "are told from people, %s", who)
	}
}
