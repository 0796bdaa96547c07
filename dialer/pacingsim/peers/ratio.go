package peers

import (
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
)

// Progressive dials one call for each free agent, at once: the mode of that name
// of nearly every dialer. Nobody is abandoned but for agents who vanish.
func Progressive() pacingsim.Algorithm {
	return algorithm("progressive", "one call for each free agent", nil,
		func(_ map[string]float64, u pacingsim.Setup) pacingsim.Controller { return newRatio(1, u) })
}

// Power dials a fixed number of calls for each free agent, at once, rounded
// down: Genesys' progressive multiplier (CX Contact, "Dialing modes") and
// Webex's progressive 1:N.
func Power() pacingsim.Algorithm {
	return algorithm("power", "a fixed ratio of calls for each free agent",
		settings{{"ratio", 2, 1, 100}},
		func(v map[string]float64, u pacingsim.Setup) pacingsim.Controller { return newRatio(v["ratio"], u) })
}

// ratio keeps floor(ratio × free agents) calls on their way.
type ratio struct {
	desk
	ratio  float64
	feeder feeder
}

func newRatio(r float64, u pacingsim.Setup) *ratio {
	return &ratio{desk: newDesk(u), ratio: r, feeder: newFeeder(u, 0)}
}

// Observe implements pacingsim.Controller.
func (k *ratio) Observe(e pacing.Event) { k.count(e) }

// Next implements pacingsim.Controller.
func (k *ratio) Next() time.Time {
	if k.missing() <= 0 {
		return time.Time{}
	}
	return k.feeder.next
}

// missing is how many calls of all campaigns lack. People who have just
// answered and have no agent reserved yet stand for the agent they will get.
func (k *ratio) missing() int {
	free, placed := k.board.Idle, 0
	for c := range k.ordered {
		free -= k.unserved(c)
		placed += k.placed(c)
	}
	return int(k.ratio*float64(free)+1e-9) - placed
}

// Decide implements pacingsim.Controller. Of several campaigns the one goes
// first that is furthest behind its share of connected calls.
func (k *ratio) Decide(now time.Time, orders *pacingsim.Orders) {
	k.now = now
	clear(k.feeder.want)
	for range k.missing() {
		if c := k.furthestBehind(); c >= 0 {
			k.feeder.want[c]++
		}
	}
	k.feeder.feed(&k.desk, now, k.u.Lines, orders)
	if !k.feeder.next.After(now) && k.missing() > 0 {
		k.feeder.next = now.Add(time.Second) // no lines, or nothing open: look again later
	}
}

func (k *ratio) furthestBehind() int {
	best, lowest := -1, 0.0
	for c := range k.share {
		if !k.open(c) || k.share[c] <= 0 {
			continue
		}
		served := float64(k.board.Tally[c].Answered+k.placed(c)+k.feeder.want[c]) / k.share[c]
		if best < 0 || served < lowest {
			best, lowest = c, served
		}
	}
	return best
}
