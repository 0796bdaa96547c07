package pacing

import "math"

// The guard against answer rates that jump. A model that was right until now says
// nothing about the next list, so what is in the air is held against the highest
// rate seen of late: if all of it were answered at that rate, and nobody but the
// agents who are free now or surely within half a ring could take them, what is
// left of the legal window must bear the rest. A jump then costs at most what was
// in the air at one moment, and that only the first time.

// peakOf is the answer rate of a segment at its peak.
func (k *campaign) peakOf(segment int, now float64) float64 {
	return math.Max(k.risky(segment, now), k.segments[segment].Peak)
}

// stake is how many calls of a campaign would be abandoned if those in the air,
// and one more, were answered at its peak answer rate and those of other campaigns
// as expected. Answers are served in the order they come, so what is lost falls on
// campaigns as the answers do.
func (p *Pacer) stake(k *campaign, index int) float64 {
	most := 0.0
	for c := range p.cuts {
		x := &p.cuts[c]
		if !x.of(index) {
			continue
		}
		worst, others := k.worst+k.peakOf(k.upNext, p.now), 0.0
		for i := range p.campaigns {
			if i != index && x.of(i) {
				others += p.campaigns[i].expected
			}
		}
		if over := worst + others - float64(x.free) - x.soon; over > 0 {
			most = math.Max(most, over*worst/(worst+others))
		}
	}
	return most + k.unknown
}

// jumpWeight is the chance that an answer is one of a rate that has just jumped
// to its peak: of a campaign whose rate has jumped lately, as often as it did, and
// more as answers come faster than expected.
func (p *Pacer) jumpWeight(k *campaign) float64 {
	j := k.drift.jumps(p.now)
	if j <= 1 || k.cfg.Mode == ModeAgentless {
		return 0
	}
	odds := jumpOdds * (j - 1) / jumpMemory * k.ring.quantile(0.9) * math.Exp(k.drift.Up)
	if p.now < k.drift.UpAlarm {
		odds = math.Max(odds, 1)
	}
	w := odds / (1 + odds)
	peak, rate := k.peakOf(k.upNext, p.now), k.risky(k.upNext, p.now)
	return w * peak / (w*peak + (1-w)*rate)
}
