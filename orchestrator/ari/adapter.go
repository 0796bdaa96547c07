package ari

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// Adapter commands one Asterisk and tells what it does. Make it with New. Its
// methods may be called from any goroutine; Run by one at a time.
type Adapter struct {
	name     string
	cfg      Config
	client   *client
	legs     *legs
	log      *slog.Logger
	metrics  *Metrics
	watch    *watch
	tapes    tapes
	calling  life.Places // calls that are being made: each takes two connections
	gone     awayCalls
	watching watching
	alone    alone
	quiet    quiet
	// transfers tells whether this Asterisk hands phones' transfers over.
	transfers atomic.Bool

	mu         sync.Mutex
	session    *session        // that is up, nil when none is; guarded by mu
	sessionCtx context.Context // ends with that session; guarded by mu
}

var _ orchestrator.PBX = (*Adapter)(nil)

// New makes the adapter of the PBX that the configuration calls name. It
// connects to nothing before Run or a command. Metrics may be shared by several adapters.
func New(name string, cfg Config, log *slog.Logger, m *Metrics) (*Adapter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fault.E("ari.New", fault.Invalid, err)
	}
	c, err := newClient(name, cfg, m)
	if err != nil {
		return nil, err
	}
	return &Adapter{
		name: name, cfg: cfg, client: c, metrics: m,
		log:   cmp.Or(log, slog.Default()).With("component", "ari", "pbx", name),
		legs:  newLegs(),
		watch: newWatch(), calling: life.NewPlaces(cfg.MaxConnections / 4),
		gone:  awayCalls{done: map[string]time.Time{}},
		alone: alone{in: map[string]lone{}}, quiet: newQuiet(),
	}, nil
}

// Name is the PBX's name in the configuration.
func (a *Adapter) Name() string { return a.name }

// Close closes idle connections. Commands in progress are not touched.
func (a *Adapter) Close() { a.client.close() }
