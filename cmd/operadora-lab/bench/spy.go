package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

// spyOf is how the PBX of a site itself lets a supervisor be heard by an agent.
type spyOf struct {
	name        string
	speak, back string // keys of one who listens: to be heard, and no longer
	call        func(ctx context.Context, t *trio, whisper bool) error
}

// peerSpy is the one to compare with: ChanSpy, or eavesdrop.
func peerSpy() spyOf {
	if centre.OnFreeSWITCH() {
		return spyOf{"eavesdrop", "2", "0", eavesdrop}
	}
	return spyOf{"chanspy", "5", "4", chanSpyOn}
}

// chanSpy is in the dialplan: a supervisor whom Asterisk calls whispers, or listens and
// changes that by keys.
const chanSpy = "[spy]\nexten => whisper,1,ChanSpy(PJSIP/" + whisperAgent + ",qw)\nexten => listen,1,ChanSpy(PJSIP/" + whisperAgent + ",qd)\n"

// chanSpyOn has Asterisk call the supervisor, and connect them with an extension of chanSpy.
func chanSpyOn(ctx context.Context, t *trio, whisper bool) error {
	q := url.Values{"endpoint": {"PJSIP/" + whisperBoss}, "context": {"spy"}, "extension": {map[bool]string{true: "whisper", false: "listen"}[whisper]}, "priority": {"1"}, "timeout": {"10"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.site.Asterisk.ARIURL()+"/channels?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	req.SetBasicAuth(t.site.Asterisk.User(), t.site.Asterisk.Password())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("asterisk calls nobody: %s", res.Status) //nolint:err113 // nobody looks for it
	}
	return nil
}

var errNoAgentChannel = errors.New("freeswitch shows no channel of the agent")

// eavesdrop has FreeSWITCH call the supervisor, who is connected with the agent's channel.
func eavesdrop(_ context.Context, t *trio, whisper bool) error {
	shown, err := t.site.Switch.CLI("show channels as delim |") //nolint:contextcheck // the console has a limit of its own
	if err != nil {
		return err
	}
	for line := range strings.Lines(shown) {
		if channel, _, _ := strings.Cut(line, "|"); strings.Contains(line, "|"+whisperAgent+"@") {
			_, err := t.site.Switch.CLI(fmt.Sprintf("bgapi originate {eavesdrop_enable_dtmf=true,eavesdrop_whisper_bleg=%t}user/%s &eavesdrop(%s)", whisper, whisperBoss, channel)) //nolint:contextcheck // as above
			return err
		}
	}
	return errNoAgentChannel
}
