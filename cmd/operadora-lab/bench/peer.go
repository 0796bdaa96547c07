package bench

import (
	"strconv"
	"strings"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// peerOf is the queue that the PBX of a site has itself, on number 5900.
type peerOf struct {
	name    string
	waiting func(*centre.Site) (int, error)
	login   func(*centre.Site, string) error
}

// peerQueue is the one to compare with: app_queue, or mod_callcenter.
func peerQueue() peerOf {
	if centre.OnFreeSWITCH() {
		return peerOf{"mod_callcenter", waitingAtCallcenter, loginAtCallcenter}
	}
	return peerOf{"app_queue", func(s *centre.Site) (int, error) {
		out, err := s.Switch.CLI("queue show " + benchQueue)
		return strings.Count(out, "(wait:"), err
	}, func(s *centre.Site, user string) error {
		_, err := s.Switch.CLI("queue add member PJSIP/" + user + " to " + benchQueue)
		return err
	}}
}

// callcenter is mod_callcenter with a queue that rings who has been idle longest
// at once, and without a pause between calls, as app_queue is set up.
func callcenter() lab.FreeSWITCHOptions {
	return lab.FreeSWITCHOptions{
		Modules: []string{"mod_callcenter"},
		Configuration: `<configuration name="callcenter.conf"><settings></settings><queues><queue name="` + benchQueue + `@default">
<param name="strategy" value="longest-idle-agent"/><param name="time-base-score" value="queue"/><param name="tier-rules-apply" value="false"/>
<param name="max-wait-time" value="0"/><param name="max-wait-time-with-no-agent" value="0"/><param name="discard-abandoned-after" value="1"/>
<param name="abandoned-resume-allowed" value="false"/></queue></queues><agents></agents><tiers></tiers></configuration>
`,
		FromTrunk: `<extension name="peer"><condition field="destination_number" expression="^5900$"><action application="answer"/><action application="callcenter" data="` + benchQueue + `@default"/></condition></extension>
<extension name="all"><condition field="destination_number" expression="^(\+?[0-9]+)$"><action application="transfer" data="$1 XML operadora-inbound"/></condition></extension>`,
	}
}

func waitingAtCallcenter(s *centre.Site) (int, error) {
	out, err := s.Switch.CLI("callcenter_config queue count members " + benchQueue + "@default")
	if err != nil {
		return 0, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(out)) // what is no number is told by who waits in vain
	return n, nil
}

func loginAtCallcenter(s *centre.Site, user string) error {
	for _, command := range []string{
		"agent add " + user + " callback", "agent set contact " + user + " user/" + user,
		"agent set max_no_answer " + user + " 0", "agent set wrap_up_time " + user + " 0",
		"tier add " + benchQueue + "@default " + user + " 1 1", "agent set status " + user + " 'Available'",
	} {
		if _, err := s.Switch.CLI("callcenter_config " + command); err != nil {
			return err
		}
	}
	return nil
}
