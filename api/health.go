package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
)

// checkTime bounds each dependency's answer.
const checkTime = 3 * time.Second

// GetLiveness implements StrictServerInterface.
func (s operations) GetLiveness(context.Context, GetLivenessRequestObject) (GetLivenessResponseObject, error) {
	return GetLiveness200JSONResponse{Status: wire.LivenessStatusOk}, nil
}

// GetVersion implements StrictServerInterface. It tells what is running.
func (s operations) GetVersion(context.Context, GetVersionRequestObject) (GetVersionResponseObject, error) {
	return GetVersion200JSONResponse(s.Version), nil
}

// GetReadiness implements StrictServerInterface. It tells whether calls can be
// served here: all dependencies answer and, of the PBXs, at least one is connected.
func (s operations) GetReadiness(ctx context.Context, _ GetReadinessRequestObject) (GetReadinessResponseObject, error) {
	r := wire.Readiness{Status: wire.ReadinessStatusOk, Checks: s.checks(ctx)}
	fine := func(v wire.ReadinessCheck) bool { return v.State == wire.CheckStateOk }
	failing := func(v wire.ReadinessCheck) bool { return !fine(v) }
	pbxs := s.pbxViews()
	if slices.ContainsFunc(r.Checks, failing) || !slices.ContainsFunc(pbxs, fine) {
		r.Status = wire.ReadinessStatusFailing
	}
	r.Checks = append(r.Checks, pbxs...)
	if l := s.Lag(); !l.Rewound.IsZero() {
		r.Checks = append(r.Checks, wire.ReadinessCheck{Name: "journal", State: wire.CheckStateOk,
			Detail: fmt.Sprintf("Redis lost its last writes, noticed at %s, at most %d entries that are on record among them", l.Rewound.UTC().Format(time.RFC3339), l.Lost)})
	}
	if s.draining.Load() {
		r.Status = wire.ReadinessStatusDraining
	}
	if r.Status != wire.ReadinessStatusOk {
		return GetReadiness503JSONResponse(r), nil
	}
	return GetReadiness200JSONResponse(r), nil
}

func (s *Server) checks(ctx context.Context) []wire.ReadinessCheck {
	views := make([]wire.ReadinessCheck, len(s.Checks))
	var wg sync.WaitGroup
	for i, check := range s.Checks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTime)
			defer cancel()
			views[i] = wire.ReadinessCheck{Name: check.Name, State: wire.CheckStateOk}
			if err := check.Run(ctx); err != nil {
				views[i].State, views[i].Detail = wire.CheckStateFailing, fault.KindOf(err).String()
				s.log.WarnContext(ctx, "not ready", "dependency", check.Name, "error", err)
			}
		})
	}
	wg.Wait()
	return views
}

func (s *Server) pbxViews() []wire.ReadinessCheck {
	connected := s.Engine.Connected()
	var views []wire.ReadinessCheck
	for _, name := range slices.Sorted(maps.Keys(connected)) {
		v := wire.ReadinessCheck{Name: "pbx " + name, State: wire.CheckStateOk}
		if !connected[name] {
			v.State, v.Detail = wire.CheckStateFailing, "not connected here"
		}
		views = append(views, v)
	}
	return views
}
