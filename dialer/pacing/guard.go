package pacing

import "math"

// The guard against answer rates that jump. A model that was right until now says
// nothing about the next list, so what is in the air is held against the highest
// rate seen of late: if all of it were answered at that rate, and nobody but the
// agents who are free now could take them, what is left of the legal window must
// bear the rest. A jump then costs at most what was in the air at one moment, and
// that only the first time.

const (
	peakMemory   = 3600.0 // seconds in which the excess of a peak over the rate is forgotten to a third
	peakLeast    = 15.0   // launches in a row that can show a peak
	peakDeviates = 1.0    // standard deviations that are taken off what they show
	stakeMargin  = 0.5    // roots of the stake that are added to it
	jumpMemory   = 3600.0
	jumpOdds     = 0.3
)

// climb brings the peak up to date: the highest rate that as many launches in a
// row as are in the air have shown, forgotten within an hour.
func (a *answerRate) climb(dt, inAir float64, law *ringLaw) {
	if a.Peak > a.rate {
		a.Peak = a.rate + (a.Peak-a.rate)*exp(-dt/peakMemory)
	} else {
		a.Peak = a.rate
	}
	least := math.Max(peakLeast, inAir)
	persons, exposed := 0.0, 0.0
	for s := a.Last; s > a.Last-cohorts; s-- {
		c := a.at(s)
		persons += c.Persons
		if c.Launches > 0 {
			exposed += c.Launches * law.by(float64(a.Last-s)+0.5)
		}
		if exposed < least {
			continue
		}
		p := math.Min(persons/exposed, 0.98)
		if low := p - peakDeviates*math.Sqrt(p*(1-p)/exposed); low > a.Peak {
			a.Peak = low
		}
		if exposed > 2*least {
			break
		}
	}
}

// atPeak is the answer rate of the segment that is next, at its peak.
func (k *campaign) atPeak(now float64) float64 {
	return math.Max(k.risky(k.turn, now), k.segments[k.turn].Peak)
}

// stake is how many calls of a campaign would be abandoned if those in the air,
// and one more, were answered at its peak answer rate and those of other campaigns
// as expected. Answers are served in the order they come, so what is lost falls on
// campaigns as the answers do.
func (p *Pacer) stake(k *campaign, f *foresight) float64 {
	worst, others := k.worst+k.atPeak(p.now), 0.0
	for i := range p.campaigns {
		if o := &p.campaigns[i]; o != k {
			others += o.answers
		}
	}
	over := worst + others - float64(f.free)
	if over <= 0 {
		return 0
	}
	return (over + stakeMargin*math.Sqrt(over)) * worst / (worst + others)
}

// jumpWeight is the chance that an answer is one of a rate that has just jumped
// to its peak: of a campaign whose rate has jumped lately, as often as it did, and
// more as answers come faster than expected.
func (p *Pacer) jumpWeight(k *campaign) float64 {
	j := k.drift.jumps(p.now)
	if j <= 1 {
		return 0
	}
	odds := jumpOdds * (j - 1) / jumpMemory * k.ring.quantile(0.9) * math.Exp(k.drift.Up)
	if p.now < k.drift.UpAlarm {
		odds = math.Max(odds, 1)
	}
	w := odds / (1 + odds)
	peak, rate := k.atPeak(p.now), k.risky(k.turn, p.now)
	return w * peak / (w*peak + (1-w)*rate)
}

// answerJumped adds a call of a campaign to the outlooks in which one campaign jumps.
func (p *Pacer) answerJumped(k *campaign, chance, atPeak *[moments]float64) {
	for i := range p.campaigns {
		o := &p.campaigns[i]
		switch {
		case o.jump == 0:
		case o == k:
			o.jumped.answer(atPeak)
		default:
			o.jumped.answer(chance)
		}
	}
}

// freshAtPeak fills in the chances of a call that is launched now at the peak rate.
func (k *campaign) freshAtPeak(chance *[moments]float64, now float64) {
	rate := k.atPeak(now)
	for m, g := range k.ring.gained[0] {
		chance[m] = rate * g
	}
}
