package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Values of the label result of operadora_reloads_total.
const (
	reloadOK     = "ok"
	reloadFailed = "failed"
)

// newReloads counts reloads. Both results are there from the start, so that an
// alert on failures need not cope with a series that is missing.
func newReloads() *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "operadora", Name: "reloads_total",
		Help: "Reloads of the definitions (SIGHUP); after a failed one the old ones stay in force."}, []string{"result"})
	for _, result := range []string{reloadOK, reloadFailed} {
		c.WithLabelValues(result)
	}
	return c
}

// reloading makes an App the API's Definer.
type reloading struct{ *App }

// Reload implements api.Definer.
func (r reloading) Reload(ctx context.Context, by string) (wire.Reloaded, error) {
	changed, err := r.App.Reload(ctx, by)
	if err != nil {
		if fault.KindOf(err) == fault.Internal { // a fault of the files
			err = fault.E("reload", fault.Invalid, err)
		}
		return wire.Reloaded{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out := wire.Reloaded{Queues: len(r.defs.ACD.Queues), Agents: len(r.defs.ACD.Agents), Flows: len(r.defs.Flows.Flows), Changes: changed, ChangeTexts: changeTexts(changed)}
	for _, f := range r.faults {
		out.Warnings = append(out.Warnings, f.String())
	}
	if r.waits != "" {
		out.Warnings = append(out.Warnings, r.waits)
	}
	return out, nil
}

// Reload reads the definitions again and puts them in force as a whole; a
// fault leaves everything as it was. Calls in progress go on as they began.
// It says what has changed, here and on record. by is who had it done. One follows another: two at once would not know what
// is in force.
func (a *App) Reload(ctx context.Context, by string) ([]string, error) {
	a.reloadOne.Lock()
	defer a.reloadOne.Unlock()
	changed, anew, err := a.reload(ctx, by)
	result := reloadOK
	if err != nil {
		result = reloadFailed
	}
	a.reloads.WithLabelValues(result).Inc()
	if len(changed) > 0 || anew { // other processes are told by it, too
		a.tell(ctx, orchestrator.SystemEvent{What: orchestrator.SystemDefinitions, By: by, Changes: changed})
	}
	return changed, err
}

// load reads the definitions, to be put in force in place of those that are.
func (a *App) load() (Definitions, yamlfile.Faults, error) {
	defs, faults, err := loadDefinitions(a.cfg.Definitions, a.cfg.PBXs, a.known())
	if err == nil {
		err = defs.missing(a.current())
	}
	return defs, faults, err
}

// reload puts what is in the folder now in force for all processes: a person asked for it.
// anew tells whether the files are others.
func (a *App) reload(ctx context.Context, by string) (changed []string, anew bool, err error) {
	defs, faults, err := a.load()
	if err != nil {
		return nil, false, err
	}
	g, anew, err := a.putGeneration(ctx, defs.Files, -1)
	if err != nil {
		return nil, false, err
	}
	changed, err = a.enforce(ctx, defs, faults, g.At)
	if err == nil {
		a.setGeneration(g.At, "")
		a.keepRevision(ctx, defs, g.At, leaseOwner(a.cfg.Instance).Instance, by, changed)
	}
	return changed, anew, err
}

// enforce puts definitions in force here that are since then.
func (a *App) enforce(ctx context.Context, defs Definitions, faults yamlfile.Faults, since time.Time) ([]string, error) {
	changed := changes(a.current(), defs, a.waiting(ctx))
	if err := a.library.Publish(ctx, defs.Flows); err != nil {
		return nil, err
	}
	a.lookups.Use(defs.Lookups)
	floor := defs.ACD
	floor.Since = since
	if err := a.acd.Reload(ctx, floor); err != nil {
		return nil, err
	}
	waits := a.cfg.waits()
	a.mu.Lock()
	a.defs, a.faults, a.waits = defs, faults, waits
	a.mu.Unlock()
	a.logWarnings()
	a.engine.Rewatch(ctx)
	a.engine.NewRules()
	a.campaigns.Wake()
	a.log.InfoContext(ctx, "definitions reloaded", "queues", len(defs.ACD.Queues), "agents", len(defs.ACD.Agents), "flows", len(defs.Flows.Flows))
	for _, change := range changed {
		a.log.InfoContext(ctx, "definitions changed", "what", change)
	}
	if waits != "" {
		a.log.WarnContext(ctx, "the configuration is not reloaded", "what", waits)
	}
	return changed, nil
}

// tellTime is how long Redis may take for what whoever is on duty should know.
const tellTime = 2 * time.Second

// tell puts on record what happened to this operadora. It hinders nothing.
func (a *App) tell(ctx context.Context, e orchestrator.SystemEvent) {
	e.Instance = leaseOwner(a.cfg.Instance).Instance
	data, _ := json.Marshal(e)                                               // texts and numbers always marshal
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime) // also as it stops
	defer cancel()
	if err := a.store.Append(ctx, orchestrator.Entry{Type: orchestrator.EntrySystem, At: time.Now(), Data: data}); err != nil {
		a.log.WarnContext(ctx, "not put on record", "what", e.What, "error", err)
	}
}

// waiting is how many callers wait in each queue; nil when nobody can tell.
func (a *App) waiting(ctx context.Context) map[string]int {
	board, err := a.acd.Board(ctx, 0)
	if err != nil {
		return nil
	}
	out := map[string]int{}
	for _, q := range board.Queues {
		out[q.ID] = q.Callers + q.Callbacks
	}
	return out
}
