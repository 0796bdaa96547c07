// Package gate is the one place that every outbound leg passes, whoever asks
// for it: agent phones, transfers, later campaigns and callbacks. It denies by
// default. It is pure and imports only fault.
package gate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Policy is what one PBX may be asked to call.
type Policy struct {
	// Dial is the endpoint that reaches outside numbers, with {number} in it.
	Dial string `mapstructure:"dial" default:"" doc:"Endpoint for outside numbers with {number} in it, for example PJSIP/{number}@trunk. Empty: no outside calls."`
	// Allow lists the prefixes that may be called. Empty allows nothing.
	Allow []string `mapstructure:"allow" default:"" doc:"Prefixes of numbers that may be called. Empty: none."`
	// Deny lists prefixes that may not be called although Allow has them.
	Deny []string `mapstructure:"deny" default:"" doc:"Prefixes that may not be called although allow has them: premium and shared-cost numbers."`
	// MaxDigits bounds a destination's length; 0 means 15, the longest of E.164.
	MaxDigits int `mapstructure:"max_digits" default:"15" doc:"Longest number that may be called, in characters."`
}

// The shapes that anything dialled must have. A lead, a caller's key presses
// or a configuration mistake can never reach the PBX's dial string otherwise.
var (
	numberShape   = regexp.MustCompile(`^\+?[0-9*#]+$`)
	endpointShape = regexp.MustCompile(`^(PJSIP|SIP)/[A-Za-z0-9_.-]+$`)
	dialShape     = regexp.MustCompile(`^(PJSIP|SIP)/(\{number\}@[A-Za-z0-9_.-]+|[A-Za-z0-9_.-]+/sip:\{number\}@[A-Za-z0-9_.:-]+)$`)
)

// Validate names the key and value that cannot be right.
func (p Policy) Validate() error {
	if p.Dial != "" && !dialShape.MatchString(p.Dial) {
		return fault.New("gate", fault.Invalid, "outbound.dial: %q is not like PJSIP/{number}@trunk", p.Dial)
	}
	for key, list := range map[string][]string{"allow": p.Allow, "deny": p.Deny} {
		for _, prefix := range list {
			if !numberShape.MatchString(prefix) {
				return fault.New("gate", fault.Invalid, "outbound.%s: %q is not the beginning of a number", key, prefix)
			}
		}
	}
	if p.MaxDigits < 0 {
		return fault.New("gate", fault.Invalid, "outbound.max_digits: %d is negative", p.MaxDigits)
	}
	return nil
}

// Gate answers for all PBXs by name. The zero value denies everything.
type Gate map[string]Policy

// Endpoint checks the phone of an agent: a plain endpoint of the PBX, nothing that could carry more.
func (g Gate) Endpoint(_, endpoint string) error {
	if !endpointShape.MatchString(endpoint) {
		return fault.New("gate", fault.Denied, "%q is not a phone of the form PJSIP/name", endpoint)
	}
	return nil
}

// Destination checks an outside number and returns the endpoint that reaches it.
func (g Gate) Destination(pbx, number string) (string, error) {
	p := g[pbx]
	if p.Dial == "" {
		return "", denied("PBX %q may not call outside numbers", pbx)
	}
	if !numberShape.MatchString(number) {
		return "", denied("the destination has characters that no number has")
	}
	limit := p.MaxDigits
	if limit == 0 {
		limit = 15
	}
	if len(number) > limit {
		return "", denied("the destination has %d characters, more than %d", len(number), limit)
	}
	has := func(prefix string) bool { return strings.HasPrefix(number, prefix) }
	if slices.ContainsFunc(p.Deny, has) {
		return "", denied("destinations with this prefix are forbidden")
	}
	if !slices.ContainsFunc(p.Allow, has) {
		return "", denied("destinations with this prefix are not allowed")
	}
	return strings.Replace(p.Dial, "{number}", number, 1), nil
}

func denied(format string, args ...any) error {
	return fault.E("gate", fault.Denied, fmt.Errorf(format, args...))
}
