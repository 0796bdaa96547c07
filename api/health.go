package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/fault"
)

// checkTime bounds each dependency's answer.
const checkTime = 3 * time.Second

// Words of readiness.
const (
	stateOK       = "ok"
	stateFailing  = "failing"
	stateDraining = "draining"
)

// checkView is one dependency. Detail is a kind of fault, never an error's
// text: anybody may ask.
type checkView struct {
	Name   string `json:"name"`
	State  string `json:"state"` // ok or failing
	Detail string `json:"detail,omitempty"`
}

type readiness struct {
	Status string      `json:"status"` // ok, failing, draining
	Checks []checkView `json:"checks"`
}

func (s *Server) livez(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": stateOK})
}

// readyz tells whether calls can be served here: all dependencies answer and,
// of the PBXs, at least one is connected.
func (s *Server) readyz(c echo.Context) error {
	r := readiness{Status: stateOK, Checks: s.checks(c.Request().Context())}
	if slices.ContainsFunc(r.Checks, func(v checkView) bool { return v.State != stateOK }) {
		r.Status = stateFailing
	}
	pbxs := s.pbxViews()
	if !slices.ContainsFunc(pbxs, func(v checkView) bool { return v.State == stateOK }) {
		r.Status = stateFailing
	}
	r.Checks = append(r.Checks, pbxs...)
	if s.draining.Load() {
		r.Status = stateDraining
	}
	status := http.StatusOK
	if r.Status != stateOK {
		status = http.StatusServiceUnavailable
	}
	return c.JSON(status, r)
}

func (s *Server) checks(ctx context.Context) []checkView {
	views := make([]checkView, len(s.Checks))
	var wg sync.WaitGroup
	for i, check := range s.Checks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTime)
			defer cancel()
			views[i] = checkView{Name: check.Name, State: stateOK}
			if err := check.Run(ctx); err != nil {
				views[i].State, views[i].Detail = stateFailing, fault.KindOf(err).String()
				s.log.WarnContext(ctx, "not ready", "dependency", check.Name, "error", err)
			}
		})
	}
	wg.Wait()
	return views
}

func (s *Server) pbxViews() []checkView {
	connected := s.Engine.Connected()
	var views []checkView
	for _, name := range slices.Sorted(maps.Keys(connected)) {
		v := checkView{Name: "pbx " + name, State: stateOK}
		if !connected[name] {
			v.State, v.Detail = stateFailing, "not connected here"
		}
		views = append(views, v)
	}
	return views
}
