package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/keys"
	"github.com/operadora/operadora/orchestrator/mailer"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/redisstore"
	"github.com/operadora/operadora/orchestrator/session"
)

// Config is the whole configuration. Each package owns its part.
type Config struct {
	Instance    string               `yaml:"instance" shape:"id" default:"" doc:"Name of this process among several, for logs and for who waits for whom. Empty: the machine's host name."`
	Definitions string               `yaml:"definitions" default:"definitions" doc:"Folder with queues, agents, numbers, calendars and flows; relative to the configuration file."`
	LeaseTTL    time.Duration        `yaml:"lease_ttl" min:"1s" max:"1m" default:"2s" doc:"How long a PBX stays reserved for a process that gives no sign of life."`
	Log         LogConfig            `yaml:"log"`
	Redis       redisstore.Config    `yaml:"redis"`
	Records     records.Config       `yaml:"records"`
	API         api.Config           `yaml:"api"`
	Limits      call.Limits          `yaml:"limits"`
	Lines       session.Settings     `yaml:"lines"`
	ACD         acd.Config           `yaml:"acd"`
	Mail        mailer.Config        `yaml:"mail"`
	PBXs        map[string]PBXConfig `yaml:"pbxs" keys:"pbx"`

	file string // it was read from, "" for none
}

// PBXConfig is one PBX.
type PBXConfig struct {
	Kind       Kind        `yaml:"kind" oneof:"asterisk freeswitch" default:"asterisk" doc:"What it is. An asterisk has the keys below ari, a freeswitch those below freeswitch."`
	Instance   string      `yaml:"instance" shape:"id" default:"" doc:"Which of several processes drives it first, by the name of its instance: the others leave it to that one for five seconds after their start. Empty: whichever is there first."`
	ARI        ari.Config  `yaml:"ari"`
	FreeSWITCH esl.Config  `yaml:"freeswitch"`
	Outbound   gate.Policy `yaml:"outbound"`
	Reach      gate.Reach  `yaml:"reach" keys:"pbx" default:"" doc:"How this PBX rings phones of other PBXs, over a trunk between the two, by the other's name: {lima: \"PJSIP/{endpoint}@to-lima\"}, or sofia/gateway/to-lima/{endpoint} on a FreeSWITCH; {endpoint} is the phone's name. PBXs that reach one another share their queues. Empty: callers are served by agents of the same PBX."`
	Keys       keys.Table  `yaml:"keys"`
}

// Kind is what a PBX is.
type Kind string

// The PBXs that can be driven.
const (
	KindAsterisk   Kind = "asterisk"
	KindFreeSWITCH Kind = "freeswitch"
)

// phone is how phones of such a PBX are written, before the slash.
func (k Kind) phone() string {
	if k == KindFreeSWITCH {
		return "user"
	}
	return "PJSIP"
}

// connection names the section of a PBX's kind, and what its values are judged by.
func (p PBXConfig) connection() (section string, validate func() error, warnings func() []string) {
	if p.Kind == KindFreeSWITCH {
		return "freeswitch", p.FreeSWITCH.Validate, p.FreeSWITCH.Warnings
	}
	return "ari", p.ARI.Validate, p.ARI.Warnings
}

// Validate names the first key whose value cannot be right beside others; what
// is said of each alone is in the tags.
func (c Config) Validate() error {
	for _, check := range []func() error{c.Redis.Validate, c.Records.Validate, c.API.Validate, c.Mail.Validate} {
		if err := check(); err != nil {
			return err
		}
	}
	if len(c.PBXs) == 0 {
		return errors.New("pbxs: at least one PBX is needed")
	}
	for _, name := range slices.Sorted(maps.Keys(c.PBXs)) {
		section, validate, _ := c.PBXs[name].connection()
		if err := validate(); err != nil {
			return fmt.Errorf("pbxs.%s.%s.%w", name, section, bare(err))
		}
		for _, check := range []func() error{c.PBXs[name].Outbound.Validate, c.PBXs[name].Keys.Validate} {
			if err := check(); err != nil {
				return fmt.Errorf("pbxs.%s.%w", name, bare(err))
			}
		}
	}
	return checkReach(c.PBXs)
}
