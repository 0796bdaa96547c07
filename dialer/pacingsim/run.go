package pacingsim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Options say what to run.
type Options struct {
	World *World
	// Algorithm is its name for the result.
	Algorithm string
	Factory   Factory
	// Seeds is how many, FirstSeed the first of them.
	Seeds     int
	FirstSeed uint64
	// Hours measured after the warm-up; 0 takes the world's own.
	Hours float64
	// Workers is how many seeds run at once; 0 is one.
	Workers int
	// Progress, if set, is called with the virtual hours done and to do, from one goroutine at a time.
	Progress func(done, total float64)
	// Clock, if set, is read around decisions for Result.DecisionsPerSecond.
	Clock func() time.Time
	// KeepSeeds and KeepDay fill Result.PerSeed and Result.Day.
	KeepSeeds, KeepDay bool
}

// Run runs a world under an algorithm, once per seed, and sums up. It returns
// the context's error if that ends first.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.World == nil || o.Factory == nil || o.Seeds < 1 {
		return Result{}, errors.New("pacingsim: world, factory and at least one seed are needed")
	}
	if o.Hours == 0 {
		o.Hours = o.World.Hours
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &runner{o: &o, sims: make([]*sim, o.Seeds), next: make(chan int)}
	var group sync.WaitGroup
	for range max(1, o.Workers) {
		group.Go(func() {
			for k := range r.next {
				if err := r.seed(ctx, k); err != nil {
					r.fail(err)
					cancel()
				}
			}
		})
	}
feed:
	for k := range o.Seeds {
		select {
		case r.next <- k:
		case <-ctx.Done():
			break feed
		}
	}
	close(r.next)
	group.Wait()
	if r.err != nil {
		return Result{}, r.err
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	return summarise(&o, r.sims), nil
}

// runner shares the seeds out among workers.
type runner struct {
	o    *Options
	next chan int
	sims []*sim // each entry written by the worker that has its number
	mu   sync.Mutex
	err  error   // guarded by mu
	done float64 // virtual hours; guarded by mu
}

func (r *runner) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

func (r *runner) seed(ctx context.Context, k int) error {
	seed := r.o.FirstSeed + uint64(k)
	s, err := newSim(r.o, seed, r.o.Hours)
	if err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	const step = 600 // seconds between reports of progress
	for s.now < s.end {
		before := s.t()
		if err := s.run(ctx, s.in(step)); err != nil {
			return err
		}
		r.report(s.t() - before)
	}
	for i := range s.agents {
		s.account(&s.agents[i])
	}
	s.agenda, s.control, s.calls = agenda{}, nil, nil // not needed any more
	r.sims[k] = s
	return nil
}

func (r *runner) report(seconds float64) {
	if r.o.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done += seconds / 3600
	r.o.Progress(r.done, float64(r.o.Seeds)*(r.o.Hours+r.o.World.WarmUp/3600))
}
