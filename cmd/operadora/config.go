package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// Config is the whole configuration. Each package owns its part.
type Config struct {
	Instance    string               `mapstructure:"instance" default:"" doc:"Name of this process among several, for logs and for who waits for whom. Empty: the machine's host name."`
	Definitions string               `mapstructure:"definitions" default:"definitions" doc:"Folder with queues, agents, numbers, calendars and flows; relative to the configuration file."`
	LeaseTTL    time.Duration        `mapstructure:"lease_ttl" default:"2s" doc:"How long a PBX stays reserved for a process that gives no sign of life."`
	Log         LogConfig            `mapstructure:"log"`
	Redis       redisstore.Config    `mapstructure:"redis"`
	Records     records.Config       `mapstructure:"records"`
	API         api.Config           `mapstructure:"api"`
	Limits      call.Limits          `mapstructure:"limits"`
	PBXs        map[string]PBXConfig `mapstructure:"pbxs"`
}

// PBXConfig is one PBX.
type PBXConfig struct {
	ARI      ari.Config  `mapstructure:"ari"`
	Outbound gate.Policy `mapstructure:"outbound"`
}

// Validate names the first key whose value cannot be right.
func (c Config) Validate() error {
	if c.LeaseTTL < time.Second {
		return fmt.Errorf("lease_ttl: %s is less than 1s", c.LeaseTTL)
	}
	if _, err := c.Log.handler(os.Stderr); err != nil {
		return err
	}
	for _, check := range []func() error{c.Redis.Validate, c.Records.Validate, c.API.Validate, c.Limits.Validate} {
		if err := check(); err != nil {
			return err
		}
	}
	if len(c.PBXs) == 0 {
		return errors.New("pbxs: at least one PBX is needed")
	}
	for _, name := range slices.Sorted(maps.Keys(c.PBXs)) {
		if !nameShape.MatchString(name) {
			return fmt.Errorf("pbxs.%s: a name has letters, digits, dash and underscore only", name)
		}
		if err := c.PBXs[name].ARI.Validate(); err != nil {
			return fmt.Errorf("pbxs.%s.ari.%w", name, bare(err))
		}
		if err := c.PBXs[name].Outbound.Validate(); err != nil {
			return fmt.Errorf("pbxs.%s.%w", name, bare(err))
		}
	}
	return nil
}

// bare is an error without the operation that met it, so that it begins with the key.
func bare(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Err
	}
	return err
}
