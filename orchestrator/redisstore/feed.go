package redisstore

import (
	"slices"
	"sync"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/life"
)

// feedKept is how many entries the feed keeps at least for who comes a little later:
// the recorder, which rests between two batches, is the latest. Who is further behind
// reads by itself.
const feedKept = tailCount + tailCount/2

// feed is the newest stretch of the journal that was read, for all who follow it in
// this process.
type feed struct {
	reading life.Places // for the one at the end who reads on

	mu     sync.Mutex
	before place  // where it begins; guarded by mu
	kept   []told // guarded by mu; what was handed out of it is never changed
}

func newFeed() feed { return feed{reading: life.NewPlaces(1)} }

// after returns what is known to follow a place, at most tailCount. known tells
// whether the feed has the place.
func (f *feed) after(p place) (batch []told, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.kept); i >= 0; i-- {
		if f.idAt(i) == p.id && f.placeAt(i) == p {
			rest := f.kept[i:]
			n := min(tailCount, len(rest))
			return rest[:n:n], true
		}
	}
	return nil, false
}

// placeAt is the place before the kept entry i, idAt its id. f.mu is held.
func (f *feed) placeAt(i int) place {
	if i == 0 {
		return f.before
	}
	return f.kept[i-1].place()
}

func (f *feed) idAt(i int) string {
	if i == 0 {
		return f.before.id
	}
	return f.kept[i-1].entry.ID
}

// add puts in what was read from a place on, if it goes on where the feed ends, or
// is newer than all of it.
func (f *feed) add(from place, batch []told) {
	f.mu.Lock()
	defer f.mu.Unlock()
	end := f.placeAt(len(f.kept))
	switch {
	case from == end:
	case !end.sure || orchestrator.CompareEntryIDs(from.id, end.id) > 0:
		f.before, f.kept = from, nil
	default:
		return
	}
	f.kept = append(f.kept, batch...)
	if n := len(f.kept) - feedKept; n > feedKept { // dropped in one go, so that keeping it costs little
		f.before, f.kept = f.placeAt(n), slices.Clone(f.kept[n:])
	}
}

// forget drops it all: Redis has another history now.
func (f *feed) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.kept = place{}, nil
}
