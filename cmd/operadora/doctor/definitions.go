package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Definitions is what the definitions folder says.
type Definitions struct {
	ACD       acd.Definitions
	Flows     ivr.Definitions
	Campaigns map[string]*campaign.Campaign
	Warnings  yamlfile.Faults // what could be better; errors are Err
	Err       error           // why it cannot be used
}

func judgeDefinitions(folder string, d Definitions) []Line {
	s := &sheet{part: "definitions"}
	if d.Err != nil {
		const remedy = "correct what is named; `operadora check` and `operadora flow lint` tell the same"
		for line := range strings.Lines(d.Err.Error()) {
			if line = strings.TrimSpace(line); line != "" {
				s.add(Fault, "valid", remedy, "%s", line)
			}
		}
		return s.lines
	}
	s.ok("valid", "%s: %s, %s, %s, %s", folder, count(len(d.ACD.Queues), "queue"), count(len(d.ACD.Agents), "agent"),
		count(len(d.Flows.DIDs), "number"), count(len(d.Flows.Flows), "flow"))
	for _, w := range d.Warnings {
		if w.Code.Warning() {
			s.add(Warning, "advice", "see the place that is named", "%s", w.String())
		}
	}
	if len(d.Flows.DIDs) == 0 {
		s.add(Warning, "numbers", "say in dids.yaml which flow answers which number; \"*\" stands for all others", "no number leads to a flow: every caller goes on to the dialplan's away context")
	}
	return s.lines
}

// recordFormats are the formats in which queues record.
func recordFormats(d Definitions) []string {
	var out []string
	for _, q := range d.ACD.Queues {
		if q.Record {
			out = append(out, q.RecordFormat)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// musicOf are the classes of hold music that queues play.
func musicOf(d Definitions) []string {
	var out []string
	for _, q := range d.ACD.Queues {
		out = append(out, cmp.Or(q.Music, "default"))
		for _, m := range q.MusicIn {
			out = append(out, cmp.Or(m, "default"))
		}
	}
	return out
}

// phoneRemedies are what helps on one kind of PBX: when phones cannot be listed,
// when it does not know one, and when one is not there.
type phoneRemedies struct{ unlisted, unknown, away string }

var (
	onAsterisk = phoneRemedies{
		"load res_ari_endpoints.so; or on the Asterisk console: pjsip show endpoints",
		"correct endpoint in agents.yaml, or add the phone to pjsip.conf (console: pjsip show endpoints)",
		"is the phone plugged in, and are its user, password and server right? (console: pjsip show contacts)",
	}
	onFreeSWITCH = phoneRemedies{
		"load mod_sofia; on the console: sofia status",
		"correct endpoint in agents.yaml: user/NAME, or sofia/PROFILE/ADDRESS",
		"is the phone plugged in, and are its user, password and server right? (console: show registrations)",
	}
)

// judgePhones tells of the agents' phones on one PBX. states is nil when it
// could not be asked, for the reason err.
func judgePhones(s *sheet, pbx string, agents []acd.Agent, states map[string]string, remedy phoneRemedies, err error) {
	if err != nil {
		s.add(Note, "phones", remedy.unlisted, "cannot be listed: %v", err)
		return
	}
	var unknown, away []string
	here := 0
	for _, a := range agents {
		if a.PBX != pbx {
			continue
		}
		here++
		switch state, known := states[a.Endpoint]; {
		case !known:
			unknown = append(unknown, fmt.Sprintf("%s (%s)", a.Endpoint, a.ID))
		case state != "online":
			away = append(away, fmt.Sprintf("%s (%s)", a.Endpoint, a.ID))
		}
	}
	switch {
	case here == 0:
		s.add(Note, "phones", "see pbx of the agents in agents.yaml", "no agent sits at this PBX")
	case len(unknown)+len(away) == 0:
		s.ok("phones", "%s, all registered", count(here, "desk phone"))
	}
	if len(unknown) > 0 {
		s.add(Fault, "phones", remedy.unknown,
			"the PBX does not know %s", strings.Join(unknown, ", "))
	}
	if len(away) > 0 {
		s.add(Warning, "phones", remedy.away,
			"%d of %d are not registered: %s", len(away), here, strings.Join(away, ", "))
	}
}

// phonesAt are the agents' phones on a PBX.
func phonesAt(pbx string, d Definitions) []string {
	var out []string
	for _, a := range d.ACD.Agents {
		if a.PBX == pbx {
			out = append(out, a.Endpoint)
		}
	}
	return out
}

// judgeTransfers tells what becomes of a call when an agent presses the transfer key.
func judgeTransfers(s *sheet, f pbxFacts) {
	const remedy = "allow_transfer = no in the endpoints of the agents' phones (pjsip.conf), then on the console: module reload res_pjsip.so; " +
		"or Asterisk 20.21, 22.11 or 23.5, which hand transfers over to operadora"
	switch {
	case f.report.HandsOver(f.cfg.Transfers):
		s.ok("transfer keys", "phones' own transfers (REFER) come to operadora")
	case f.settingsErr != nil:
		s.add(Note, "transfer keys", remedy, "phones' own transfers (REFER) are not handed over, and whether they are forbidden was not told: %v", f.settingsErr)
	case len(f.settings.transferring) > 0:
		s.add(Warning, "transfer keys", remedy, "this Asterisk carries out attended transfers (REFER) of %s by itself, which cuts the caller off: %s",
			count(len(f.settings.transferring), "desk phone"), strings.Join(f.settings.transferring, ", "))
	default:
		s.ok("transfer keys", "phones' own transfers (REFER) are refused")
	}
}

// judgeVanishing tells what becomes of the call of a phone that is gone without a word.
func judgeVanishing(s *sheet, f pbxFacts) {
	if f.settingsErr != nil || len(f.settings.lasting) == 0 {
		return
	}
	s.add(Note, "vanished phones", "rtp_timeout = 60 and rtp_timeout_hold = 600 in the endpoints of phones and trunks (pjsip.conf), then on the console: module reload res_pjsip.so",
		"%s without rtp_timeout: one that vanishes leaves its agent talking until limits.call is over: %s",
		count(len(f.settings.lasting), "desk phone"), strings.Join(f.settings.lasting, ", "))
}

// judgeDialplan says how to find out what no probe can see.
func judgeDialplan(s *sheet, d ivr.Definitions, app string) {
	number := "a number of dids.yaml"
	if len(d.DIDs) > 0 {
		number = d.DIDs[0].Pattern
	}
	s.add(Note, "dialplan", "with `operadora serve` running, call "+number+" from outside: `operadora top` shows the call within a second. If not, on the console: "+
		"dialplan show operadora-inbound, and core set verbose 5 during the call. Then stop operadora and call again: your context [operadora-away] must answer",
		"whether it hands calls over to application %q can only be told by a call", app)
}
