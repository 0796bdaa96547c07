package lookup

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

const (
	// tripAfter failures in a row a source is not asked for openFor; then one caller tries it.
	tripAfter = 4
	openFor   = 10 * time.Second
	// grace is what a deadline is given to be told by whoever met it.
	grace = 500 * time.Millisecond
	// mostKept answers are kept of a source.
	mostKept = 10_000
	// Of the failures of a source the log has the first ones, and then one in a while.
	loggedFirst = 5
	loggedEvery = 10 * time.Second
)

// Parts is what a Service is made from.
type Parts struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Resolver   *net.Resolver // nil is the machine's
	// Redis opens one that is read, with so many connections; nil reads none. Its error may hold a password.
	Redis func(url string, connections int) (KeyValue, error)
}

// Service asks the sources in force. It is safe for concurrent use.
type Service struct {
	parts   Parts
	total   *prometheus.CounterVec // source, result
	seconds *prometheus.HistogramVec

	mu      sync.RWMutex
	sources map[string]*source // guarded by mu
	ctx     context.Context    //nolint:containedctx // of what is asked, for which several may wait; from Start on, guarded by mu
	life    life.Group
}

var _ orchestrator.Lookups = (*Service)(nil)

// New makes a Service that knows no source before Use, and asks none before Start.
func New(p Parts) *Service {
	s := &Service{parts: p, sources: map[string]*source{},
		total: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "operadora", Name: "lookups_total",
			Help: "Look-ups of flows, by source of lookups.yaml and result (found, none, error)."}, []string{"source", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "operadora", Name: "lookup_seconds",
			Help: "How long callers waited for a source.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 8}}, []string{"source"})}
	s.parts.Log = p.Log.With("component", "lookup")
	if p.Registerer != nil {
		p.Registerer.MustRegister(s.total, s.seconds)
	}
	return s
}

// source is one that is asked.
type source struct {
	def     Source
	asker   asker
	breaker *gobreaker.CircuitBreaker[orchestrator.LookupAnswer]
	flight  singleflight.Group
	kept    *ttlcache.Cache[string, orchestrator.LookupAnswer]
	log     *slog.Logger
	warns   rate.Sometimes
}

// Use puts sources in force. One that is as it was goes on with what it knows.
func (s *Service) Use(defs Definitions) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := map[string]*source{}
	for name, def := range defs {
		if old := s.sources[name]; old != nil && reflect.DeepEqual(old.def, def) {
			next[name] = old
			continue
		}
		next[name] = s.open(def)
	}
	for name, old := range s.sources {
		if next[name] != old {
			s.life.Go(old.asker.close) // it may wait for what is asked
		}
	}
	s.sources = next
}

func (s *Service) open(def Source) *source {
	src := &source{def: def, asker: def.How.open(s.parts), log: s.parts.Log.With("source", def.Name), warns: rate.Sometimes{First: loggedFirst, Interval: loggedEvery}}
	if def.Cache > 0 {
		src.kept = ttlcache.New(ttlcache.WithTTL[string, orchestrator.LookupAnswer](def.Cache),
			ttlcache.WithCapacity[string, orchestrator.LookupAnswer](mostKept), ttlcache.WithDisableTouchOnHit[string, orchestrator.LookupAnswer]())
	}
	src.breaker = gobreaker.NewCircuitBreaker[orchestrator.LookupAnswer](gobreaker.Settings{Name: def.Name, Timeout: openFor,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		OnStateChange: src.turned,
		IsSuccessful: func(err error) bool {
			_, spared := errors.AsType[unfit](err)
			return err == nil || spared
		}})
	return src
}

// turned tells of a source that is not asked any more, or is asked again.
func (src *source) turned(_ string, from, to gobreaker.State) {
	switch {
	case to == gobreaker.StateOpen && from == gobreaker.StateClosed:
		src.log.Warn("a source failed time after time; flows go on without it until one caller's look-up succeeds", "failures", tripAfter, "tried_again_after", openFor)
	case to == gobreaker.StateClosed:
		src.log.Info("the source answers again")
	}
}

// Start lets sources be asked until Stop or the end of ctx.
func (s *Service) Start(ctx context.Context) error {
	ctx, ok := s.life.Begin(ctx)
	if !ok {
		return fault.New("lookup.Start", fault.Conflict, "started already")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
	return nil
}

// Stop ends what is asked, and lets go of all connections. Nobody looks up any more by then.
func (s *Service) Stop() {
	s.Use(nil)
	s.life.End()
}

// LookUp implements orchestrator.Lookups.
func (s *Service) LookUp(ctx context.Context, l orchestrator.Lookup) orchestrator.LookupAnswer {
	s.mu.RLock()
	src, alive := s.sources[l.Source], s.ctx
	s.mu.RUnlock()
	if src == nil || alive == nil {
		why := fmt.Sprintf("source %q is not defined in %s any more", l.Source, FileName)
		s.parts.Log.WarnContext(ctx, "a look-up failed", "source", l.Source, "why", why)
		return orchestrator.LookupAnswer{Result: orchestrator.LookupError, Why: why}
	}
	began := time.Now()
	answer, err := s.lookUp(ctx, alive, src, l)
	if err != nil {
		answer = orchestrator.LookupAnswer{Result: orchestrator.LookupError, Why: err.Error()}
	}
	if answer.Result == orchestrator.LookupError && !errors.Is(err, errResting) && ctx.Err() == nil {
		src.warns.Do(func() { src.log.WarnContext(ctx, "a look-up failed", "why", answer.Why) })
	}
	s.total.WithLabelValues(l.Source, string(answer.Result)).Inc()
	s.seconds.WithLabelValues(l.Source).Observe(time.Since(began).Seconds())
	return answer
}

// errResting is that a source is not asked, having failed before.
var errResting = fmt.Errorf("it failed %d times in a row and is left alone for a while", tripAfter)

// lookUp asks a source, or takes what is known of its answer. alive is of what is asked, which
// goes on for others when ctx ends.
func (s *Service) lookUp(ctx, alive context.Context, src *source, l orchestrator.Lookup) (orchestrator.LookupAnswer, error) {
	values, refused := src.def.bind(l)
	if refused.Result != "" {
		return refused, nil
	}
	key := keyOf(src.def.Params, values)
	if src.kept != nil {
		if item := src.kept.Get(key); item != nil {
			return item.Value(), nil
		}
	}
	type outcome struct {
		answer any
		err    error
	}
	heard := make(chan outcome, 1)
	s.life.Go(func() {
		answer, err, _ := src.flight.Do(key, func() (any, error) { return src.once(alive, key, values) })
		heard <- outcome{answer, err}
	})
	ctx, cancel := context.WithTimeout(ctx, src.def.Timeout+grace)
	defer cancel()
	select {
	case o := <-heard:
		answer, _ := o.answer.(orchestrator.LookupAnswer)
		return answer, o.err
	case <-ctx.Done():
		return orchestrator.LookupAnswer{}, src.late()
	}
}

func (src *source) late() error { return fmt.Errorf("no answer within %s (timeout)", src.def.Timeout) }

// once asks the source, unless it is left alone.
func (src *source) once(ctx context.Context, key string, values map[string]string) (orchestrator.LookupAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, src.def.Timeout)
	defer cancel()
	answer, err := src.breaker.Execute(func() (orchestrator.LookupAnswer, error) {
		answer, err := src.ask(ctx, values)
		if err != nil && ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			err = src.late()
		}
		return answer, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return answer, errResting
	}
	if err == nil && src.kept != nil {
		src.kept.Set(key, answer, ttlcache.DefaultTTL)
	}
	return answer, err
}

// ask asks the source. A panic is a failure of the look-up alone.
func (src *source) ask(ctx context.Context, values map[string]string) (answer orchestrator.LookupAnswer, err error) {
	defer func() {
		if p := recover(); p != nil {
			src.log.ErrorContext(ctx, "a look-up panicked", "panic", p, "stack", string(debug.Stack()))
			err = errors.New("a fault of operadora; its log has it")
		}
	}()
	doc, found, err := src.asker.ask(ctx, values)
	switch {
	case err != nil:
		return answer, err
	case !found:
		return orchestrator.LookupAnswer{Result: orchestrator.LookupNone}, nil
	}
	return src.def.read(doc)
}

// keyOf names what is asked: a hash, since it may be kept, and values may be secret.
func keyOf(params []Param, values map[string]string) string {
	sum := sha256.New()
	for _, p := range params {
		sum.Write([]byte(strconv.Quote(values[p.Name])))
	}
	return string(sum.Sum(nil))
}
