package gate

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Reach is how one PBX rings phones that are registered at others, over a trunk
// between the two: by the other's name, an endpoint with {endpoint} in it.
type Reach map[string]string

var reachShape = regexp.MustCompile(`^((PJSIP|SIP)/([A-Za-z0-9_.-]+/sip:)?[A-Za-z0-9+]*\{endpoint\}@[A-Za-z0-9_.:-]+|sofia/gateway/[A-Za-z0-9_.-]+/[A-Za-z0-9+]*\{endpoint\})$`)

// Validate names the PBX and the value that cannot be right.
func (r Reach) Validate() error {
	for _, pbx := range slices.Sorted(maps.Keys(r)) {
		if !reachShape.MatchString(r[pbx]) {
			return fault.New("gate", fault.Invalid, "reach.%s: %q is not like PJSIP/{endpoint}@trunk, or sofia/gateway/trunk/{endpoint} on a FreeSWITCH", pbx, r[pbx])
		}
	}
	return nil
}

// Phone checks the phone of an agent, and says how it is rung: a plain endpoint of
// the PBX, nothing that could carry more, or its name at another PBX.
func (g Gate) Phone(p orchestrator.PhoneAt) (string, error) {
	if !endpointShape.MatchString(p.Endpoint) {
		return "", fault.New("gate", fault.Denied, "%q is not a phone of the form PJSIP/name or user/name", p.Endpoint)
	}
	if p.At == "" || p.At == p.PBX {
		return p.Endpoint, nil
	}
	way, ok := g[p.PBX].Reach[p.At]
	if !ok {
		return "", fault.New("gate", fault.Denied, "pbxs.%s.reach names no way to the phones of PBX %q", p.PBX, p.At)
	}
	_, name, _ := strings.Cut(p.Endpoint, "/")
	return strings.ReplaceAll(way, "{endpoint}", name), nil
}
