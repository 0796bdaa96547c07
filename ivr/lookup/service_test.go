package lookup

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// toy is a source that does as it is told.
type toy struct {
	mu    sync.Mutex
	asked int // guarded by mu
	err   error
	takes time.Duration
}

func (y *toy) open(Parts) asker                 { return y }
func (y *toy) refuses(map[string]string) string { return "" }
func (y *toy) close()                           {}

func (y *toy) ask(ctx context.Context, values map[string]string) (any, bool, error) {
	y.mu.Lock()
	y.asked++
	takes, err := y.takes, y.err
	y.mu.Unlock()
	if values["n"] == "13" {
		panic("thirteen")
	}
	select {
	case <-time.After(takes):
		return map[string]any{"n": values["n"]}, true, err
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

func (y *toy) set(takes time.Duration, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.takes, y.err = takes, err
}

// with runs a test of a service that asks a toy.
func with(t *testing.T, def Source, do func(t *testing.T, s *Service, y *toy)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y := &toy{}
		def.Name, def.How, def.Params, def.Timeout = "toy", y, []Param{{Name: "n", Type: "text", Max: 9}}, 3*time.Second
		s := New(Parts{Log: slog.New(slog.DiscardHandler)})
		s.Use(Definitions{"toy": def})
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		do(t, s, y)
	})
}

func (s *Service) of(ctx context.Context, n string) orchestrator.LookupAnswer {
	return s.LookUp(ctx, orchestrator.Lookup{Source: "toy", Params: map[string]string{"n": n}})
}

// TestAHangingSource: callers wait for it no longer than its timeout, and after four of them nobody does, until one tries it
// again after a while and is answered.
func TestAHangingSource(t *testing.T) {
	with(t, Source{}, func(t *testing.T, s *Service, y *toy) {
		y.set(time.Hour, nil)
		for n := range 12 {
			began := time.Now()
			answer := s.of(t.Context(), "1")
			want := 3 * time.Second
			if n >= tripAfter {
				want = 0
			}
			if waited := time.Since(began); answer.Result != orchestrator.LookupError || waited != want {
				t.Errorf("caller %d waited for %s (%+v), want %s", n+1, waited, answer, want)
			}
		}
		if y.asked != tripAfter {
			t.Errorf("it was asked %d times, want %d", y.asked, tripAfter)
		}
		time.Sleep(openFor + 1)
		s.of(t.Context(), "1") // who tries it
		if s.of(t.Context(), "1"); y.asked != tripAfter+1 {
			t.Errorf("after a try in vain it was asked %d times, want %d", y.asked, tripAfter+1)
		}
		y.set(0, nil)
		time.Sleep(openFor + 1)
		for range 3 {
			if answer := s.of(t.Context(), "1"); answer.Result != orchestrator.LookupFound {
				t.Errorf("it answers again: %+v", answer)
			}
		}
	})
}

// TestBadParametersAreNotHeldAgainstASource: what one caller asks for wrongly others still may ask.
func TestBadParametersAreNotHeldAgainstASource(t *testing.T) {
	with(t, Source{}, func(t *testing.T, s *Service, y *toy) {
		y.set(0, unfit{errors.New("it answers 400 Bad Request")})
		for range 3 * tripAfter {
			s.of(t.Context(), "1")
		}
		if y.set(0, nil); s.of(t.Context(), "1").Result != orchestrator.LookupFound {
			t.Error("it is left alone")
		}
	})
}

// TestAPanicIsAnError: it ends one look-up, and none beside.
func TestAPanicIsAnError(t *testing.T) {
	with(t, Source{}, func(t *testing.T, s *Service, _ *toy) {
		if answer := s.of(t.Context(), "13"); answer.Result != orchestrator.LookupError {
			t.Errorf("%+v", answer)
		}
		if answer := s.of(t.Context(), "1"); answer.Result != orchestrator.LookupFound {
			t.Errorf("%+v", answer)
		}
	})
}

// TestTheSameIsAskedOnce: by all who ask for it at the same time, and for as long as the answer holds; errors hold for nobody.
func TestTheSameIsAskedOnce(t *testing.T) {
	with(t, Source{Cache: time.Minute}, func(t *testing.T, s *Service, y *toy) {
		y.set(time.Second, errors.New("away"))
		if s.of(t.Context(), "1"); y.asked != 1 {
			t.Fatal(y.asked)
		}
		y.set(time.Second, nil)
		gone, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for n := range 50 {
			all.Go(func() {
				ctx := t.Context()
				if n == 0 {
					ctx = gone
				}
				answer := s.of(ctx, "1")
				if n > 0 && answer.Result != orchestrator.LookupFound {
					t.Errorf("%d: %+v", n, answer)
				}
			})
		}
		synctest.Wait()
		leave() // whoever asked first; the others still wait
		all.Wait()
		s.of(t.Context(), "1")
		if y.asked != 2 {
			t.Errorf("it was asked %d times, want 2", y.asked)
		}
		s.of(t.Context(), "2")
		time.Sleep(time.Minute)
		if s.of(t.Context(), "1"); y.asked != 4 {
			t.Errorf("after another question and a minute it was asked %d times, want 4", y.asked)
		}
	})
}

// TestSourcesThatStayGoOn: a reload that does not concern a source lets it rest, and keeps its answers.
func TestSourcesThatStayGoOn(t *testing.T) {
	with(t, Source{Cache: time.Hour}, func(t *testing.T, s *Service, y *toy) {
		s.of(t.Context(), "1")
		defs := Definitions{"toy": s.sources["toy"].def, "more": Source{Name: "more", How: &toy{}}}
		s.Use(defs)
		if s.of(t.Context(), "1"); y.asked != 1 {
			t.Errorf("it was asked %d times, want 1", y.asked)
		}
		changed := defs["toy"]
		changed.Timeout = time.Second
		s.Use(Definitions{"toy": changed})
		if s.of(t.Context(), "1"); y.asked != 2 {
			t.Errorf("it was asked %d times, want 2", y.asked)
		}
	})
}
