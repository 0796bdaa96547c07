package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/operadora/operadora/acd"
	acdstore "github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/runner"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/lookup"
	ivrstore "github.com/operadora/operadora/ivr/redisstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/engine"
	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/keys"
	"github.com/operadora/operadora/orchestrator/life"
	"github.com/operadora/operadora/orchestrator/mailer"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/redisstore"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// App is a running operadora: all parts joined.
type App struct {
	cfg     Config
	log     *slog.Logger
	metrics *prometheus.Registry
	reloads *prometheus.CounterVec // result
	gate    gate.Gate

	redis     interface{ Close() error }
	store     *redisstore.Store
	db        *records.DB
	recorder  *records.Recorder
	leads     *leadstore.Store
	importer  *leadstore.Importer
	campaigns *runner.Runner
	mailer    *mailer.Mailer
	acd       *acd.Service
	library   *ivr.Library
	lookups   *lookup.Service
	engine    *engine.Engine
	lamps     *acd.LampFollower
	api       *api.Server
	adapters  []adapter

	reloadOne sync.Mutex // one reload at a time

	mu     sync.Mutex
	defs   Definitions     // in force; guarded by mu
	faults yamlfile.Faults // warnings about them; guarded by mu
	waits  string          // Config.waits at the last reload; guarded by mu

	since  time.Time // when defs were put in force; guarded by mu
	behind string    // why defs are not those in force, "" when they are; guarded by mu

	started bool            // wholly; Start's and Stop's
	life    context.Context //nolint:containedctx // of what runs beside the parts: from Start to Stop
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

// NewApp joins the parts and opens the database. Nothing runs before Start.
func NewApp(ctx context.Context, cfg Config, log *slog.Logger) (_ *App, err error) {
	a := &App{cfg: cfg, log: log, metrics: prometheus.NewRegistry(), gate: gateOf(cfg.PBXs)}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	a.reloads = newReloads()
	live := collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")} // what is used, without what was
	a.metrics.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(live)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), a.reloads)
	if a.defs, a.faults, err = loadDefinitions(cfg.Definitions, cfg.PBXs, a.known()); err != nil {
		return nil, fmt.Errorf("the definitions in %s cannot be used:\n%w", cfg.Definitions, err)
	}
	rdb, err := cfg.Redis.Client()
	if err != nil {
		return nil, err
	}
	a.redis = rdb
	a.store = redisstore.New(rdb, cfg.Redis.Tenant, log)
	if a.db, err = records.Open(ctx, cfg.Records, time.Now); err != nil {
		return nil, err
	}
	a.db = a.db.Of(cfg.Redis.Tenant)
	if a.leads, err = leadstore.New(ctx, a.db, time.Now); err != nil {
		return nil, err
	}
	a.importer = leadstore.NewImporter(a.leads, log)
	a.recorder = records.NewRecorder(a.db, a.store, cfg.Records, log, time.Now)
	a.recorder.Tell = a.tell
	a.mailer = a.newMailer()
	a.recorder.Recorded = a.mailer.Recorded
	a.acd, err = acd.New(acd.Parts{Store: acdstore.New(rdb, cfg.Redis.Tenant), Definitions: a.defs.ACD,
		Config: cfg.ACD, Since: a.inForceSince, Drives: a.drives, Open: a.open, Promised: a.store.CallbackQueues, Forms: a.gate.Forms, Audit: a.auditAgent, Log: log})
	if err != nil {
		return nil, err
	}
	a.library = ivr.NewLibrary(flowfile.Parse, ivrstore.New(rdb, cfg.Redis.Tenant))
	a.lookups = lookup.New(lookup.Parts{Log: log, Registerer: a.metrics, Redis: ivrstore.OpenReader})
	a.lookups.Use(a.defs.Lookups)
	if err = a.joinPBXs(); err != nil {
		return nil, err
	}
	a.joinCampaigns()
	a.api, err = api.New(cfg.API, api.Parts{ //nolint:contextcheck // a handler has its request's context
		Calls: a.store, Engine: a.engine, Agents: a.engine, Callers: callers{a.acd, a.gate}, Floor: a, Teams: a.acd, Records: a.db, Reports: a.reporter(), Leads: a.leads, Campaigns: a.campaigns, Tokens: a.db, People: a.db, Definitions: reloading{a}, Doctor: a.newExaminer(),
		Journal: a.store, Lag: a.recorder.Lag, JournalKept: cfg.Records.KeepJournal, Keep: api.Keep{Recordings: cfg.Records.KeepSound, Records: cfg.Records.KeepCalls}, Version: version(), Log: log,
		Gatherer: a.metrics, Registerer: a.metrics,
		Checks: []api.Check{
			{Name: "redis", Run: func(ctx context.Context) error { _, err := a.store.Last(ctx); return err }},
			{Name: "records", Run: a.db.Ping},
			{Name: "definitions", Run: a.upToDate},
		},
	})
	return a, err
}

// adapter is a PBX that keeps connections.
type adapter interface {
	orchestrator.PBX
	Close()
}

// adapterMaker makes adapters of either kind; those of a kind share their metrics.
func (a *App) adapterMaker() func(name string, p PBXConfig) (adapter, error) {
	asterisks, freeswitches := ari.NewMetrics(a.metrics), esl.NewMetrics(a.metrics)
	return func(name string, p PBXConfig) (adapter, error) {
		if p.Kind == KindFreeSWITCH {
			return esl.New(name, p.FreeSWITCH, a.log, freeswitches)
		}
		return ari.New(name, p.ARI, a.log, asterisks)
	}
}

// joinPBXs makes the adapters and the engine.
func (a *App) joinPBXs() error {
	newAdapter := a.adapterMaker()
	var pbxs []orchestrator.PBX
	codes, first := map[string]keys.Table{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(a.cfg.PBXs)) {
		adapter, err := newAdapter(name, a.cfg.PBXs[name])
		if err != nil {
			return err
		}
		a.adapters = append(a.adapters, adapter)
		pbxs, codes[name], first[name] = append(pbxs, adapter), a.cfg.PBXs[name].Keys, a.cfg.PBXs[name].Instance
	}
	a.engine = engine.New(engine.Parts{
		Store: a.store, Distributor: a.acd, Agents: a.acd, Devices: a.acd, People: a.acd,
		Flows: spoken{a.library, a.current}, Prepare: a.library.Prepare, Gate: a.gate, Lookups: a.lookups, Keys: codes, PBXs: pbxs, First: first,
		Connected: a.connected, Limits: a.cfg.Limits, Lines: a.cfg.Lines, LeaseTTL: a.cfg.LeaseTTL,
		Owner: leaseOwner(a.cfg.Instance),
		Dead:  processDead, Callbacks: a.acd.Callback, Contacts: runner.Contacts{Reached: a.leads.Reached, Rules: a.contactRules, Campaign: a.mayDial, Log: a.log, Now: time.Now}, Log: a.log, Registerer: a.metrics,
	})
	a.lamps = acd.NewLampFollower(acd.LampParts{Journal: a.store, Lamps: a, Snapshot: a.acd.Snapshot,
		PBXs: slices.Sorted(maps.Keys(a.cfg.PBXs)), Drives: a.drives, Log: a.log})
	return nil
}

// Start brings everything up. The API comes first, so that it can be asked what
// is missing; then what is needed by others. It returns when the flows are in
// force, which needs Redis; PBXs connect in the background. The end of ctx
// ends the waiting for Redis alone: what runs ends by Stop.
func (a *App) Start(ctx context.Context) error {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.life, a.cancel = life, cancel
	if err := a.api.Start(life); err != nil {
		return err
	}
	if err := a.publish(ctx); err != nil {
		return err
	}
	a.wg.Go(func() { a.keepPresent(life) })
	a.logWarnings()
	if err := a.recorder.Start(life); err != nil {
		return err
	}
	if err := a.importer.Start(life); err != nil {
		return err
	}
	if err := a.mailer.Start(life); err != nil {
		return err
	}
	if err := a.lamps.Start(life); err != nil { // before agents who are not defined any more are logged out
		return err
	}
	if err := a.acd.Start(life); err != nil {
		return err
	}
	if err := a.lookups.Start(life); err != nil {
		return err
	}
	if err := a.engine.Start(life); err != nil {
		return err
	}
	if err := a.campaigns.Start(life); err != nil {
		return err
	}
	a.tell(ctx, orchestrator.SystemEvent{What: orchestrator.SystemStarted})
	a.started = true
	a.wg.Go(func() { a.keepRevisions(life) })
	a.wg.Go(func() { a.keepExpiring(life) })
	a.wg.Go(func() { a.followGeneration(life) })
	return nil
}

// Stop takes everything down: the API, so that nothing new comes in, then the
// rest in reverse order. Calls go on in their PBXs until the next process takes
// them up.
func (a *App) Stop() {
	a.api.Stop()
	if a.started {
		a.tell(context.Background(), orchestrator.SystemEvent{What: orchestrator.SystemStopped})
		a.started = false
	}
	a.campaigns.Stop()
	a.engine.Stop()
	a.lookups.Stop()
	a.acd.Stop()
	a.lamps.Stop()
	a.importer.Stop()
	a.recorder.Stop()
	a.mailer.Stop()
	if a.cancel != nil {
		a.cancel()
	}
	a.wg.Wait()
	a.close()
}

func (a *App) close() {
	for _, p := range a.adapters {
		p.Close()
	}
	var errs []error
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if a.redis != nil {
		errs = append(errs, a.redis.Close())
	}
	if err := errors.Join(errs...); err != nil {
		a.log.Warn("closing", "error", err)
	}
}

// tellWaiting is after how many attempts in vain, a second apart, the log tells
// of them again.
const tellWaiting = 30

// outside is what a part outside said, without the way on which that came here.
func outside(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	return errors.New(fault.Text(err))
}

// publish puts the definitions in force, once Redis can keep them.
func (a *App) publish(ctx context.Context) error {
	for tries := 0; ; tries++ {
		err := a.joinGeneration(ctx)
		if err == nil {
			err = a.library.Publish(ctx, a.current().Flows)
		}
		if err == nil || fault.KindOf(err) != fault.Unavailable {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if tries%tellWaiting == 0 {
			a.log.WarnContext(ctx, "waiting for Redis, without which no call is taken; the API answers meanwhile",
				"redis", a.cfg.Redis.Addrs, "api", a.api.Addr().String(), "error", outside(err))
		}
		if !life.Sleep(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

// revisionRound is how often revisions in use are prolonged; they expire after days.
const revisionRound = 6 * time.Hour

func (a *App) keepRevisions(ctx context.Context) {
	tick := time.NewTicker(revisionRound)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := a.library.Refresh(ctx, now); err != nil {
				a.log.WarnContext(ctx, "flow revisions could not be prolonged", "error", err)
			}
		}
	}
}

// open tells whether a calendar of the definitions in force has hours at a time; one
// that there is not keeps nobody out.
func (a *App) open(calendar string, at time.Time) bool {
	c := a.current().Flows.Calendars[calendar]
	if c == nil {
		return true
	}
	open, _ := c.At(at)
	return open
}

// current returns the definitions in force.
func (a *App) current() Definitions {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.defs
}

func (a *App) logWarnings() {
	a.mu.Lock()
	faults := a.faults
	a.mu.Unlock()
	for _, f := range faults {
		a.log.Warn("definitions", "warning", f.String())
	}
	for _, w := range mailWarnings(a.cfg.Mail, a.current()) {
		a.log.Warn("definitions", "warning", w)
	}
}

// known lets the lint ask the gates about transfer destinations: a flow may
// name one that any of the PBXs may call.
func (a *App) known() flowfile.Known {
	return flowfile.Known{Destination: func(number string) error {
		var errs []error
		for name := range a.gate {
			_, err := a.gate.Outside(orchestrator.Outside{PBX: name, Number: number, OffNet: true}, time.Time{})
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}}
}

// connected follows each (re)connection of a PBX.
func (a *App) connected(_ context.Context, pbx string) {
	a.acd.Wake()
	a.campaigns.Wake()
	a.lamps.Connected(pbx)
}

// alive returns unless a lock that every call needs is held for ever. What is outside is not
// asked: a start anew brings no Redis and no PBX back.
func (a *App) alive() {
	a.current()
	a.engine.Live()
}

// drives tells whether the events of a PBX flow to this process.
func (a *App) drives(pbx string) bool { return a.engine.Drives(pbx) }

// SetLamp implements acd.Lamps.
func (a *App) SetLamp(ctx context.Context, pbx, name string, state orchestrator.LampState) error {
	p, ok := a.engine.PBX(pbx)
	if !ok {
		return fault.E("lamps", fault.NotFound, fmt.Errorf("PBX %q is not configured", pbx))
	}
	return p.SetLamp(ctx, name, state)
}
