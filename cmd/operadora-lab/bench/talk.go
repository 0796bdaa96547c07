package bench

import (
	"math/rand/v2"
	"slices"
	"time"
)

// talks are the talk times of desk phones, random and the same in every run:
// equal ones would fall into step with app_queue, which looks once a second,
// and flatter either side.
type talks struct {
	mean   time.Duration
	random *rand.Rand
}

// newTalks draws talk times between half of mean and one and a half of it.
func newTalks(mean time.Duration) *talks {
	t := &talks{mean: mean}
	t.again()
	return t
}

// again begins from the first talk time, so that a peer's calls are as long as
// ours. No call may be on its way meanwhile.
func (t *talks) again() { t.random = rand.New(rand.NewPCG(7, 11)) } //nolint:gosec // repeatable is what is wanted

// next is the talk time of the next call.
func (t *talks) next() time.Duration { return t.mean/2 + time.Duration(t.random.Int64N(int64(t.mean))) }

// ideal is how long agents take for the first calls when no time passes between
// two of them.
func (t *talks) ideal(agents, calls int) time.Duration {
	fresh := newTalks(t.mean)
	free := make([]time.Duration, agents)
	for range calls {
		first := slices.Index(free, slices.Min(free))
		free[first] += fresh.next()
	}
	return slices.Max(free)
}
