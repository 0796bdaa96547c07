package acd

import (
	"errors"
	"fmt"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Config holds the distributor's own settings.
type Config struct {
	OfferGrace time.Duration `mapstructure:"offer_grace" default:"10s" doc:"Time beyond the ring time after which an offer is given up; longer than the engine needs to end the leg itself."`
	PhoneRest  time.Duration `mapstructure:"phone_rest" default:"30s" doc:"How long a phone that answered busy or could not be reached is passed over when the PBX tells nothing of it."`
}

// DefaultConfig returns the settings with every default.
func DefaultConfig() Config { return withDefaults(Config{}) }

// Validate checks the settings; an Invalid error names key and value.
func (c Config) Validate() error {
	var errs []error
	if c.OfferGrace < time.Second {
		errs = append(errs, fmt.Errorf("acd.offer_grace: %s is less than 1s", c.OfferGrace))
	}
	if c.PhoneRest < time.Second {
		errs = append(errs, fmt.Errorf("acd.phone_rest: %s is less than 1s", c.PhoneRest))
	}
	return fault.E("acd.Config", fault.Invalid, errors.Join(errs...))
}
