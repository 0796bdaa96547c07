package pacing

import "math/bits"

// Agents who serve different campaigns overlap: an agent who speaks two languages
// is spoken for by the calls of both. Whether every call can have an agent is then
// a question for each set of campaigns (Hall, 1935): their calls together must not
// ask for more agents than serve any of them. A cut is such a set, with all the
// agents who serve any of it; a call is at the risk of the worst cut it is in.
// Sets that the same agents serve count as their union, so a pool in which
// everybody serves everything has one cut: all of it.
type cut struct {
	campaigns uint64
	outlook   outlook
	free      int     // idle agents not spoken for; negative when people wait
	onWay     int     // calls that may yet need an agent
	soon      float64 // busy agents who are surely idle within half a ring
	jumped    []outlook
}

const (
	everySkill  = ^uint64(0)
	cutSubsets  = 6 // campaigns up to which every set of them is a cut; beyond, each one, each two and all
	mostCutSets = 4096
)

// recutting works out the cuts anew.
func (p *Pacer) recutting() {
	p.recut = false
	var groups []uint64 // different sets of skills, of campaigns that are there
	alive := uint64(0)
	for i := range p.flight.calls { // those of a campaign that was removed still count
		alive |= 1 << p.flight.calls[i].Campaign
	}
	for i := range p.campaigns {
		switch k := &p.campaigns[i]; {
		case k.cfg.Mode == ModeAgentless:
			alive &^= 1 << i
		case !k.removed:
			alive |= 1 << i
		}
	}
	seen := map[uint64]bool{}
	for i := range p.agents.list {
		if m := p.agents.list[i].Skills & alive; !seen[m] {
			seen[m] = true
			groups = append(groups, m)
		}
	}
	if len(groups) == 0 {
		groups = append(groups, alive)
	}
	p.cuts = p.cuts[:0]
	have := map[uint64]bool{}
	for _, set := range subsets(alive) {
		if set = closure(set, alive, groups); set != 0 && !have[set] {
			have[set] = true
			p.cuts = append(p.cuts, cut{campaigns: set, jumped: make([]outlook, len(p.campaigns))})
		}
	}
}

// closure adds the campaigns whose every agent serves a campaign of the set already.
func closure(set, alive uint64, groups []uint64) uint64 {
	for rest := alive &^ set; rest != 0; rest &= rest - 1 {
		one := rest & -rest
		inside := true
		for _, g := range groups {
			if g&one != 0 && g&set == 0 {
				inside = false
			}
		}
		if inside {
			set |= one
		}
	}
	return set
}

// subsets are the sets of campaigns that are looked at.
func subsets(alive uint64) []uint64 {
	var sets []uint64
	if bits.OnesCount64(alive) <= cutSubsets {
		for s := alive; s != 0 && len(sets) < mostCutSets; s = (s - 1) & alive {
			sets = append(sets, s)
		}
		return sets
	}
	sets = append(sets, alive)
	for a := alive; a != 0; a &= a - 1 {
		one := a & -a
		sets = append(sets, one)
		for b := a & (a - 1); b != 0; b &= b - 1 {
			sets = append(sets, one|b&-b)
		}
	}
	return sets
}

// of says whether a cut is of a campaign.
func (x *cut) of(index int) bool { return x.campaigns>>index&1 != 0 }

// freeFor is the number of agents who are free for a campaign's calls, whatever the
// others take.
func (p *Pacer) freeFor(index int) int {
	least, found := 0, false
	for i := range p.cuts {
		if x := &p.cuts[i]; x.of(index) && (!found || x.free < least) {
			least, found = x.free, true
		}
	}
	return least
}

// butSpare is how many of the free agents are left where one in five, or a part of
// five, is kept spare; the only one is not.
func butSpare(free int) int { return max(free-(free+4)/5, min(free, 1)) }

// room says whether one more call of a campaign has a free agent; with spare, of
// those who are not kept spare.
func (p *Pacer) room(index int, spare bool) bool {
	found := false
	for i := range p.cuts {
		x := &p.cuts[i]
		if !x.of(index) {
			continue
		}
		agents := x.free
		if spare {
			agents = butSpare(x.free)
		}
		if x.onWay >= agents {
			return false
		}
		found = true
	}
	return found
}

// risk is the chance that one more call of a campaign is abandoned if answered.
func (p *Pacer) risk(k *campaign, index int) float64 {
	worst := 0.0
	for i := range p.cuts {
		x := &p.cuts[i]
		if !x.of(index) {
			continue
		}
		r := x.outlook.abandon(x.free)
		if k.jump > 0 {
			r += k.jump * max(0, x.jumped[index].abandon(x.free)-r)
		}
		worst = max(worst, r)
	}
	return worst
}
