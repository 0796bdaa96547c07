package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/api/oidc"
)

// stopTime is how long requests in hand may go on while the server stops.
const stopTime = 10 * time.Second

// Server serves the API. New makes one; Start and Stop bound its life.
type Server struct {
	Parts
	cfg         Config
	log         *slog.Logger
	proxies     []netip.Prefix
	echo        *echo.Echo
	provider    *oidc.Provider // nil where people sign in here alone
	throttle    *throttle
	guesses     *guesses
	hashing     chan struct{} // has room for who may have a password looked at now
	crossOrigin *http.CrossOriginProtection
	doors       *doors
	hub         *hub
	snaps       *snapshots
	live        *projector
	resuming    *gate
	pace        *pace
	broken      broken
	sounds      *sounds
	metrics     *metrics
	operations  map[string]*operation // by method and path
	heartbeat   time.Duration
	writeTime   time.Duration
	draining    atomic.Bool

	mu       sync.Mutex
	cancel   context.CancelFunc // guarded by mu; set while running
	ctx      context.Context    // guarded by mu; the server's life, for what is given no context
	http     *http.Server       // guarded by mu
	listener net.Listener       // guarded by mu
	wg       sync.WaitGroup
}

// New joins the parts. An error is a configuration that cannot work. Nothing
// runs before Start; /metrics' figures are registered at once.
func New(cfg Config, p Parts) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	proxies, err := cfg.proxies()
	if err != nil {
		return nil, err
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Gatherer == nil || p.Registerer == nil {
		r := prometheus.NewRegistry()
		p.Gatherer, p.Registerer = r, r
	}
	s := &Server{Parts: p, cfg: cfg, proxies: proxies, log: p.Log.With("component", "api"), throttle: newThrottle(p.Now),
		guesses: newGuesses(p.Now), hashing: make(chan struct{}, hashersAtOnce),
		crossOrigin: http.NewCrossOriginProtection(), metrics: newMetrics(p.Registerer), heartbeat: heartbeatEvery,
		writeTime: writeTime}
	if cfg.OIDC.On() {
		s.provider = oidc.New(cfg.OIDC, strings.TrimSuffix(cfg.PublicURL, "/")+"/api/v1/oidc_callback", p.Now)
	}
	s.doors = newDoors(cfg, s.metrics)
	s.hub = newHub(p.Journal, s.doors, s.metrics, s.log)
	s.sounds = newSounds(s.log)
	s.snaps = &snapshots{hub: s.hub, read: s.snapshot}
	s.live = newProjector(s)
	s.resuming, s.pace = newGate(resumers), newPace(p.Now)
	p.Registerer.MustRegister(newFloorFigures(s))
	operations, err := loadSpec()
	if err != nil {
		return nil, err
	}
	s.operations = operations
	if cfg.OpenMetrics {
		s.operationOf(http.MethodGet, "/metrics").access.public = true
	}
	s.echo = s.router()
	return s, nil
}

func (s *Server) router() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = echo.ExtractIPDirect()
	if len(s.proxies) > 0 {
		options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
		for _, p := range s.proxies {
			_, network, err := net.ParseCIDR(p.String())
			if err == nil { // a netip.Prefix always is one
				options = append(options, echo.TrustIPRange(network))
			}
		}
		e.IPExtractor = echo.ExtractIPFromXFFHeader(options...)
	}
	e.Use(s.identify, s.recoverPanics, s.limitBody, s.sameOrigin)
	s.register(e)
	return e
}

// Start listens and serves in the background until Stop or the end of ctx. An
// address that cannot be listened on is an error.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		return errors.New("the API runs already")
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("api.listen: %w; a second operadora on this machine needs an address of its own", err)
	}
	if err != nil {
		return fmt.Errorf("api.listen: %w", err)
	}
	if s.cfg.TLSCert != "" {
		cert, err := tls.LoadX509KeyPair(s.cfg.TLSCert, s.cfg.TLSKey)
		if err != nil {
			_ = l.Close() // the certificate's error is the one that tells
			return fmt.Errorf("api.tls_cert: %w", err)
		}
		l = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	}
	s.listener = l
	ctx, cancel := context.WithCancel(ctx)
	s.ctx, s.cancel = ctx, cancel
	s.http = &http.Server{
		Handler: s.echo, BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // handshakes and resets of strangers
	}
	s.wg.Go(func() { s.hub.run(ctx) })
	s.wg.Go(func() { s.live.run(ctx) })
	s.wg.Go(func() { s.recheck(ctx) })
	s.wg.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.ErrorContext(ctx, "the API stopped serving", "error", err)
		}
	})
	s.wg.Go(func() { // the end of ctx ends serving as Stop does
		<-ctx.Done()
		s.shut(ctx)
	})
	return nil
}

// Addr is where the server listens, nil before Start.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Drain makes /readyz say that no new work should come here. Everything goes on.
func (s *Server) Drain() { s.draining.Store(true) }

// Stop ends event streams, lets requests in hand finish for a while, and waits
// until all is over. It may be called twice or before Start.
func (s *Server) Stop() {
	s.draining.Store(true)
	s.mu.Lock()
	ctx, cancel := s.ctx, s.cancel
	s.mu.Unlock()
	if cancel == nil {
		return
	}
	s.doors.shut()
	s.shut(ctx)
	cancel()
	s.wg.Wait()
	s.sounds.stop()
}

// shut ends serving. The server's own context may be over already, so shutting
// down has a time of its own.
func (s *Server) shut(ctx context.Context) {
	s.mu.Lock()
	server := s.http
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close() // what does not end in time is cut off
	}
}

// life is the server's context, for callbacks that are given none; nil before Start.
func (s *Server) life() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ctx
}
