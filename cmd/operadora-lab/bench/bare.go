package bench

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/esl"
)

// barePBX is a PBX that is commanded without operadora.
type barePBX interface {
	orchestrator.PBX
	Close()
}

// bareAdapter is the adapter of the site's PBX, and what its phones are called there.
func bareAdapter(site *centre.Site) (pbx barePBX, technology string, err error) {
	quiet := slog.New(slog.DiscardHandler)
	if f := site.FreeSWITCH; f != nil {
		pbx, err = esl.New(centre.PBX, esl.Config{Address: f.Address(), Password: orchestrator.Secret(f.Password()), App: "operadora", Prefix: "*48",
			Recordings: f.RecordingDir(), SoundsEN: f.SoundDir("en"), SoundsES: f.SoundDir("es"), SoundType: "wav", Music: "moh", Profile: "operadora",
			CommandTimeout: 5 * time.Second, PingInterval: 5 * time.Second, Connections: 16}, quiet, esl.NewMetrics(nil))
		return pbx, "user", err
	}
	pbx, err = ari.New(centre.PBX, ari.Config{URL: site.Asterisk.ARIURL(), User: site.Asterisk.User(),
		Password: orchestrator.Secret(site.Asterisk.Password()), App: "operadora", RequestTimeout: 5 * time.Second,
		PingInterval: 5 * time.Second, MaxConnections: 64}, quiet, ari.NewMetrics(nil))
	return pbx, "PJSIP", err
}

// runBare drives a PBX, whose events go to event, and returns when it is connected;
// stop ends that.
func runBare(ctx context.Context, pbx barePBX, event func(orchestrator.Event)) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	sink := &bareSink{event: event, up: make(chan struct{})}
	var broke error // read only after ended is closed
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		broke = pbx.Run(ctx, sink)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	select {
	case <-sink.up:
		return stop, nil
	case <-ended:
		cancel()
		return nil, fmt.Errorf("without operadora: %w", broke)
	}
}

// bareSink passes events on.
type bareSink struct {
	event func(orchestrator.Event)
	once  sync.Once
	up    chan struct{} // closed when it is connected for the first time
}

// Connected implements orchestrator.Sink.
func (s *bareSink) Connected(string, orchestrator.Snapshot) { s.once.Do(func() { close(s.up) }) }

// Disconnected implements orchestrator.Sink.
func (s *bareSink) Disconnected(string, error) {}

// Ready implements orchestrator.Sink.
func (s *bareSink) Ready() bool { return true }

// Event implements orchestrator.Sink.
func (s *bareSink) Event(e orchestrator.Event) { s.event(e) }
