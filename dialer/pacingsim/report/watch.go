package report

import (
	"sync"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
)

// ringingWatch counts the calls that ring while algorithms run, which the
// simulator's own books do not hold. It stands between simulator and algorithm
// and hears what the algorithm hears.
type ringingWatch struct {
	world *pacingsim.World
	mu    sync.Mutex
	days  map[uint64]*ringingDay // by seed; guarded by mu, the days are not
}

// ringingDay is one seed's, used by one goroutine at a time.
type ringingDay struct {
	start, last time.Time
	ringing     int
	callSeconds []float64 // per bin of pacingsim.BinSeconds
}

func newRingingWatch(w *pacingsim.World) *ringingWatch {
	return &ringingWatch{world: w, days: map[uint64]*ringingDay{}}
}

// around makes a factory whose controllers are watched. A controller that takes
// over after a restart goes on with the book of its seed.
func (w *ringingWatch) around(f pacingsim.Factory) pacingsim.Factory {
	return func(u pacingsim.Setup) (pacingsim.Controller, error) {
		inner, err := f(u)
		if err != nil {
			return nil, err
		}
		k := &watched{Controller: inner, day: w.day(u), world: w.world}
		if r, ok := inner.(pacingsim.Resyncer); ok {
			return &watchedResyncer{k, r}, nil
		}
		return k, nil
	}
}

func (w *ringingWatch) day(u pacingsim.Setup) *ringingDay {
	w.mu.Lock()
	defer w.mu.Unlock()
	d, ok := w.days[u.Seed]
	if !ok {
		d = &ringingDay{start: u.Start, last: u.Start}
		w.days[u.Seed] = d
	}
	return d
}

// perMinute is the mean number of calls ringing in each bin, over all seeds.
func (w *ringingWatch) perMinute() []float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var mean []float64
	for _, d := range w.days {
		for i, s := range d.callSeconds {
			if i == len(mean) {
				mean = append(mean, 0)
			}
			mean[i] += s / pacingsim.BinSeconds / float64(len(w.days))
		}
	}
	return mean
}

// until books the calls that rang since the last event.
func (d *ringingDay) until(now time.Time) {
	for d.last.Before(now) {
		i := int(d.last.Sub(d.start) / (pacingsim.BinSeconds * time.Second))
		for len(d.callSeconds) <= i {
			d.callSeconds = append(d.callSeconds, 0)
		}
		end := d.start.Add(time.Duration(i+1) * pacingsim.BinSeconds * time.Second)
		if now.Before(end) {
			end = now
		}
		d.callSeconds[i] += float64(d.ringing) * end.Sub(d.last).Seconds()
		d.last = end
	}
}

// watched passes everything on.
type watched struct {
	pacingsim.Controller
	day   *ringingDay
	world *pacingsim.World
}

// Observe implements pacingsim.Controller.
func (k *watched) Observe(e pacing.Event) {
	k.day.until(e.At)
	switch e.Kind {
	case pacing.CallLaunched:
		k.day.ringing++
	case pacing.CallFailed, pacing.CallPickedUp:
		k.day.ringing--
	case pacing.CallPerson, pacing.CallMachine:
		// With detection the pick-up was told before.
		if k.world.Campaigns[e.Campaign].Detection == nil {
			k.day.ringing--
		}
	}
	k.Controller.Observe(e)
}

// Save implements pacingsim.Resumer for those that can; the others have nothing to save.
func (k *watched) Save() ([]byte, error) {
	if r, ok := k.Controller.(pacingsim.Resumer); ok {
		return r.Save()
	}
	return nil, nil
}

// Resume implements pacingsim.Resumer.
func (k *watched) Resume(saved []byte) error {
	if r, ok := k.Controller.(pacingsim.Resumer); ok {
		return r.Resume(saved)
	}
	return nil
}

// watchedResyncer is for algorithms that take a list of what is live; the
// simulator treats those without differently, so they must not seem to.
type watchedResyncer struct {
	*watched
	pacingsim.Resyncer
}
