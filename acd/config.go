package acd

import (
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Config holds the distributor's own settings.
type Config struct {
	OfferGrace time.Duration `yaml:"offer_grace" min:"1s" max:"5m" default:"10s" doc:"Time beyond the ring time after which an offer is given up; longer than the engine needs to end the leg itself."`
	PhoneRest  time.Duration `yaml:"phone_rest" min:"1s" max:"1h" default:"30s" doc:"How long a phone that answered busy or could not be reached is passed over when the PBX tells nothing of it."`
}

// DefaultConfig returns the settings with every default.
func DefaultConfig() Config { return yamlfile.Defaults[Config]() }

// Validate checks the settings; an Invalid error names key and value.
func (c Config) Validate() error {
	return fault.E("acd.Config", fault.Invalid, yamlfile.Check("acd", c).Err())
}
