package centre

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/life"
)

// KindOfPBX is the environment variable that chooses the PBX of all sites:
// freeswitch, or an Asterisk when it is empty.
const KindOfPBX = "LAB_PBX"

// OnFreeSWITCH tells whether sites have a FreeSWITCH.
func OnFreeSWITCH() bool { return os.Getenv(KindOfPBX) == "freeswitch" }

// NameOfPBX is what the PBX of all sites is called.
func NameOfPBX() string {
	if OnFreeSWITCH() {
		return "FreeSWITCH"
	}
	return "Asterisk"
}

// Switch is the PBX of a site, of either kind.
type Switch interface {
	// Phone is one of its desk phones, registered.
	Phone(ctx context.Context, user string) (*lab.Phone, error)
	// Caller is the telephone of somebody outside.
	Caller(number string) (*lab.Phone, error)
	// SIPAddr is where phones register.
	SIPAddr() string
	// CLI runs a command on its console.
	CLI(command string) (string, error)
	// RecordingDir is where operadora's recordings are kept.
	RecordingDir() string
	// PID is the id of its process, 0 when it does not run.
	PID() int
	// AddTrunk gives it another way out while it runs.
	AddTrunk(t lab.Trunk) error
	LogTail() string
	LogPath() string

	Restart(ctx context.Context) error
	Kill() error
	Stop() error
	Pause() error
	Resume() error
}

var (
	_ Switch = (*lab.Asterisk)(nil)
	_ Switch = (*lab.FreeSWITCH)(nil)
)

// awayContext is what the administrator of a FreeSWITCH has for two numbers.
const awayContext = `<context name="operadora-away"><extension name="own"><condition field="destination_number" expression="^(5000|5998)$">
<action application="answer"/><action application="playback" data="tone_stream://%(5000,0,1004)"/></condition></extension></context>`

// startSwitch starts the PBX and returns the part of the configuration that reaches it.
func (s *Site) startSwitch(ctx context.Context, o Options) (string, error) {
	if !OnFreeSWITCH() {
		a, err := lab.StartAsterisk(ctx, o.Asterisk)
		if err != nil {
			return "", err
		}
		s.Asterisk, s.Switch = a, a
		return o.reaches(a), nil
	}
	f, err := lab.StartFreeSWITCH(ctx, lab.FreeSWITCHOptions{
		FromTrunk: o.FreeSWITCH.FromTrunk, Configuration: o.FreeSWITCH.Configuration, Modules: o.FreeSWITCH.Modules,
		Endpoints: o.Asterisk.Endpoints, Trunks: o.Asterisk.Trunks, Dir: o.Asterisk.Dir, Outlive: o.Asterisk.Outlive,
		Values:   dialplans.FreeSWITCHValues{AwayContext: o.Asterisk.Values.AwayContext, Prefix: o.Asterisk.Values.Prefix},
		Contexts: awayContext,
	})
	if err != nil {
		return "", err
	}
	s.FreeSWITCH, s.Switch = f, f
	return o.reaches(f), nil
}

// reaches is the part of the configuration that reaches a PBX.
func (o Options) reaches(pbx Switch) string {
	via := func(addr string) string { return addr }
	if o.Via != nil {
		via = o.Via
	}
	switch p := pbx.(type) {
	case *lab.Asterisk:
		addr := strings.TrimSuffix(strings.TrimPrefix(p.ARIURL(), "http://"), "/ari")
		return fmt.Sprintf(`ari: {url: "http://%s/ari", user: "%s", password: "%s", ping_interval: 1s, %s}`,
			via(addr), p.User(), cmp.Or(o.Password, p.Password()), o.ARI)
	case *lab.FreeSWITCH:
		return fmt.Sprintf(`kind: freeswitch
    freeswitch: {address: "%s", password: "%s", recordings: "%s", sounds_en: "%s", sounds_es: "%s", ping_interval: 1s}`,
			via(p.Address()), cmp.Or(o.Password, p.Password()), p.RecordingDir(), p.SoundDir("en"), p.SoundDir("es"))
	}
	return ""
}

// Where a trunk between two PBXs leads with names of three digits, the names of phones.
const (
	reachAsterisk   = "exten => _XXX,1,Goto(operadora-reach,${EXTEN},1)\nexten => _[+0-9]!,1,Goto(operadora-inbound,${EXTEN},1)"
	reachFreeSWITCH = `<extension name="reach"><condition field="destination_number" expression="^([0-9]{3})$"><action application="transfer" data="$1 XML operadora-reach"/></condition></extension>
<extension name="all"><condition field="destination_number" expression="^(\+?[0-9]+)$"><action application="transfer" data="$1 XML operadora-inbound"/></condition></extension>`
)

// reachable has callers from outside reach phones by names of three digits.
func (o Options) reachable() Options {
	o.Asterisk.FromTrunk, o.FreeSWITCH.FromTrunk = reachAsterisk, reachFreeSWITCH
	return o
}

// startBeside starts the second PBX, with a trunk between the two, and returns its
// part of the configuration and the ways between them.
func (s *Site) startBeside(ctx context.Context, b Beside) (string, error) {
	var err error
	freeswitch := b.FreeSWITCH || OnFreeSWITCH()
	if freeswitch {
		s.Other, err = lab.StartFreeSWITCH(ctx, lab.FreeSWITCHOptions{FromTrunk: reachFreeSWITCH, Endpoints: b.Endpoints, Contexts: awayContext})
	} else {
		s.Other, err = lab.StartAsterisk(ctx, lab.AsteriskOptions{FromTrunk: reachAsterisk, Endpoints: b.Endpoints, Files: b.Files})
	}
	if err != nil {
		s.Other = nil
		return "", err
	}
	for from, to := range map[Switch]Switch{s.Switch: s.Other, s.Other: s.Switch} {
		if err := from.AddTrunk(lab.Trunk{Name: "between", Addr: outside(to), Named: !freeswitch}); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("  %s:\n    reach: {%s: \"%s\"}\n    %s\n%s", OtherPBX, PBX, over(s.Other), Options{}.reaches(s.Other), named(b.Config)), nil
}

// over is how a PBX rings phones of the other.
func over(pbx Switch) string {
	if _, ok := pbx.(*lab.FreeSWITCH); ok {
		return "sofia/gateway/between/{endpoint}"
	}
	return "PJSIP/{endpoint}@between"
}

// named writes phones and trunks as the PBX of the site calls them.
func named(text string) string {
	if !OnFreeSWITCH() {
		return text
	}
	return strings.ReplaceAll(trunked(text), "PJSIP/", "user/")
}

// trunked moves a trunk's name before the number: PJSIP/{number}@trunk is
// sofia/gateway/trunk/{number}.
func trunked(text string) string {
	before, after, found := strings.Cut(text, "PJSIP/{number}@")
	if !found {
		return text
	}
	end := strings.IndexAny(after, "\"' ,}\n")
	if end < 0 {
		end = len(after)
	}
	return before + "sofia/gateway/" + after[:end] + "/{number}" + trunked(after[end:])
}

// Outside is where callers from outside arrive, over UDP.
func (s *Site) Outside() string { return outside(s.Switch) }

// OutsideOther is the same at the second PBX.
func (s *Site) OutsideOther() string { return outside(s.Other) }

func outside(pbx Switch) string {
	if f, ok := pbx.(*lab.FreeSWITCH); ok {
		return f.TrunkAddr()
	}
	return pbx.SIPAddr()
}

// Left says what is left of calls in the PBX, or in both.
func (s *Site) Left() ([]string, error) {
	out, err := left(s.Switch)
	if s.Other != nil && err == nil {
		var more []string
		more, err = left(s.Other)
		out = append(out, more...)
	}
	return out, err
}

func left(pbx Switch) (out []string, err error) {
	_, onFreeSWITCH := pbx.(*lab.FreeSWITCH)
	channels, rooms := "core show channels concise", "bridge show all"
	if onFreeSWITCH {
		channels, rooms = "show channels as delim |", "hash_dump db operadora.operadora.rooms"
	}
	text, err := pbx.CLI(channels)
	if err != nil {
		return nil, err
	}
	if onFreeSWITCH { // a line of names before, and one of the number after
		text, _, _ = strings.Cut(text, "\n\n")
		_, text, _ = strings.Cut(text, "\n")
		text, _, _ = strings.Cut(text, "0 total.")
	}
	if text = strings.TrimSpace(text); text != "" {
		out = append(out, fmt.Sprintf("%d channels", len(strings.Split(text, "\n"))))
	}
	if text, err = pbx.CLI(rooms); err != nil {
		return nil, err
	}
	if n := strings.Count(text, "op-"); n > 0 {
		out = append(out, fmt.Sprintf("%d bridges", n))
	}
	return out, nil
}

// Takes tells whether the dialplan hands calls over to operadora now.
func (s *Site) Takes() (bool, error) { return takes(s.Switch) }

func takes(pbx Switch) (bool, error) {
	if _, ok := pbx.(*lab.FreeSWITCH); ok {
		text, err := pbx.CLI("global_getvar operadora_here_operadora")
		return strings.TrimSpace(text) == "true", err
	}
	globals, err := pbx.CLI("dialplan show globals")
	if err != nil {
		return false, err
	}
	_, value, _ := strings.Cut(globals, dialplans.UntilVariable("operadora")+"=")
	until, err := strconv.ParseFloat(strings.TrimSpace(strings.SplitN(value, "\n", 2)[0]), 64)
	return err == nil && float64(time.Now().Unix()) <= until, nil //nolint:nilerr // it was never told
}

// AwaitTakes waits until the dialplan hands calls over, or does not any more.
func (s *Site) AwaitTakes(ctx context.Context, want bool) error {
	return awaitTakes(ctx, s.Switch, want)
}

func awaitTakes(ctx context.Context, pbx Switch, want bool) error {
	for {
		now, err := takes(pbx)
		if err == nil && now == want {
			return nil
		}
		if !life.Sleep(ctx, 20*time.Millisecond) {
			return fmt.Errorf("the dialplan hands calls over: want %t (%w)", want, errors.Join(err, ctx.Err()))
		}
	}
}

// Phones counts the channels of desk phones and of callers.
func (s *Site) Phones() (int, error) {
	if s.FreeSWITCH != nil {
		text, err := s.Switch.CLI("show channels as delim |")
		return strings.Count(text, "|sofia/"), err
	}
	text, err := s.Switch.CLI("core show channels concise")
	return strings.Count("\n"+text, "\nPJSIP/"), err
}
