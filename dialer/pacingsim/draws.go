package pacingsim

import (
	"math/rand/v2"

	"github.com/operadora/operadora/dialer/pacingsim/laws"
)

// purpose separates the random numbers of one owner.
type purpose uint64

const (
	forClass purpose = iota
	forDelay
	forVerdict
	forTalk
	forPatience
	forCongestion
	forWrap
	forSpeed
	forPause
	forShift
	forGhost
	forInbound
	forInboundTalk
	forLoss
	forRun
	forPickUp
)

// draws gives every owner (a lead, an agent's wrap-up, an inbound caller) random
// numbers of its own, so that they do not depend on what the algorithm did
// before: common random numbers.
type draws struct {
	seed uint64
	pcg  rand.PCG
	rng  *rand.Rand
}

func newDraws(seed uint64) *draws {
	d := &draws{seed: seed}
	d.rng = rand.New(&d.pcg)
	return d
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// of is the generator for the k-th thing of owner and purpose. It is valid until
// the next call of of.
func (d *draws) of(p purpose, owner, k uint64) *rand.Rand {
	a := mix(d.seed ^ mix(uint64(p)<<48^owner))
	d.pcg.Seed(a, mix(a^k))
	return d.rng
}

// law builds a spec that has been validated; nil for nil.
func mustLaw(s *laws.Spec) laws.Law {
	if s == nil {
		return nil
	}
	l, err := s.Law()
	if err != nil {
		panic("pacingsim: law used before validation: " + err.Error())
	}
	return l
}
