package peers

import (
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
)

// Wombat is Loway's WombatDialer with a queue end-point: lines are the available
// agents times the boost factor, rounded down (its manual's example: 7 agents
// and 1.3 make 9), and nothing is dialled while more than the given number of
// calls wait in queue (WombatDialer manual, "Concepts", and its notes on queue
// end-points of 2017-05-29). It predicts no releases. Its period is not
// published; it is taken to look every second.
//
// Settings: boost, waiting (max waiting calls), channels (max channels; 0 takes
// the world's lines).
func Wombat() pacingsim.Algorithm {
	return algorithm("wombat", "WombatDialer's boost factor on a queue end-point",
		settings{{"boost", 1, 0.1, 100}, {"waiting", 2, 0, 1000}, {"channels", 0, 0, 1e6}},
		func(v map[string]float64, u pacingsim.Setup) pacingsim.Controller {
			return &wombat{desk: newDesk(u), v: v, feeder: newFeeder(u, 0), nextLook: u.Start}
		})
}

// wombatPeriod is the time between looks.
const wombatPeriod = time.Second

// wombat is the controller.
type wombat struct {
	desk
	v        map[string]float64
	feeder   feeder
	nextLook time.Time
}

// Observe implements pacingsim.Controller.
func (k *wombat) Observe(e pacing.Event) { k.count(e) }

// Next implements pacingsim.Controller.
func (k *wombat) Next() time.Time {
	if k.feeder.busy() && k.feeder.next.Before(k.nextLook) {
		return k.feeder.next
	}
	return k.nextLook
}

// Decide implements pacingsim.Controller.
func (k *wombat) Decide(now time.Time, orders *pacingsim.Orders) {
	k.now = now
	if !k.nextLook.After(now) {
		k.nextLook = now.Add(wombatPeriod)
		k.feeder.next = later(k.feeder.next, now)
		for c := range k.ordered {
			k.feeder.want[c] = k.missing(c)
		}
	}
	channels := k.u.Lines
	if m := int(k.v["channels"]); m > 0 && m < channels {
		channels = m
	}
	k.feeder.feed(&k.desk, now, channels, orders)
}

// missing is how many calls of a campaign lack.
func (k *wombat) missing(c int) int {
	waiting := k.unserved(c)
	if !k.open(c) || float64(waiting) > k.v["waiting"] {
		return 0
	}
	return max(0, int(k.v["boost"]*k.share[c]*float64(k.board.Idle)+1e-9)-k.placed(c)-waiting)
}
