package orchestrator

import "context"

// Lookups ask sources outside what they know. ivr/lookup implements it.
type Lookups interface {
	// LookUp always answers, within seconds, whatever the source does; the end of ctx alone ends
	// it before. It changes nothing anywhere, so it may be repeated.
	LookUp(ctx context.Context, l Lookup) LookupAnswer
}

// Lookup is what a flow asks of a source.
type Lookup struct {
	Source string            `json:"source"`
	Params map[string]string `json:"params,omitempty"`
	// Masked names the params that are not stored, whose values are in Secret: a process that
	// takes the call up does not have them.
	Masked []string          `json:"masked,omitempty"`
	Secret map[string]string `json:"-"`
}

// LookupResult says what came of a look-up.
type LookupResult string

// Results of a look-up.
const (
	LookupFound LookupResult = "found"
	LookupNone  LookupResult = "none"  // the source knows nothing of it
	LookupError LookupResult = "error" // nobody knows whether it does
)

// LookupAnswer is what came of a look-up.
type LookupAnswer struct {
	Result LookupResult
	Values map[string]string // of one that was found: by the names that lookups.yaml gives
	Why    string            // of an error, or of none that was not asked for; it holds neither values nor secrets
}
