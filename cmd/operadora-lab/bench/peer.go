package bench

import (
	"context"
	"fmt"
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
	line    gapSide // with agents whose line stays up
}

// peerQueue is the one to compare with: app_queue, or mod_callcenter.
func peerQueue() peerOf {
	if centre.OnFreeSWITCH() {
		return peerOf{"mod_callcenter", waitingAtCallcenter, loginAtCallcenter, gapSide{"mod_callcenter with agents of type uuid-standby", "uuid_standby", "5900", loginStanding}}
	}
	return peerOf{"app_queue", func(s *centre.Site) (int, error) {
		out, err := s.Switch.CLI("queue show " + benchQueue)
		return strings.Count(out, "(wait:"), err
	}, func(s *centre.Site, user string) error {
		_, err := s.Switch.CLI("queue add member PJSIP/" + user + " to " + benchQueue)
		return err
	}, gapSide{"app_queue with AgentLogin", "agent_login", "5900", loginAtPool}}
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
	return addToCallcenter(s, user, "agent add "+user+" callback", "agent set contact "+user+" user/"+user)
}

// loginStanding has FreeSWITCH call the phone, whose channel is parked between calls.
func loginStanding(_ context.Context, f *gapFloor, a *gapAgent) error {
	out, err := f.site.Switch.CLI("originate {park_after_bridge=true}user/" + a.user + " &park()") //nolint:contextcheck // the console has a limit of its own
	if err != nil {
		return err
	}
	channel, ok := strings.CutPrefix(strings.TrimSpace(out), "+OK ")
	if !ok {
		return fmt.Errorf("freeswitch does not call %s: %s", a.user, out) //nolint:err113 // nobody looks for it
	}
	return addToCallcenter(f.site, a.user, "agent add "+a.user+" uuid-standby", "agent set uuid "+a.user+" "+channel) //nolint:contextcheck // as above
}

func addToCallcenter(s *centre.Site, user string, how ...string) error {
	for _, command := range append(how,
		"agent set max_no_answer "+user+" 0", "agent set wrap_up_time "+user+" 0",
		"tier add "+benchQueue+"@default "+user+" 1 1", "agent set status "+user+" 'Available'",
	) {
		if _, err := s.Switch.CLI("callcenter_config " + command); err != nil {
			return err
		}
	}
	return nil
}
