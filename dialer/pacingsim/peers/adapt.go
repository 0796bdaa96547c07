package peers

import (
	"math"
	"time"
)

// adapt does what AST_VDadapt has to do by now: a sample each second, a count of
// the drops each minute, and after every fifteen samples a new level.
func (k *vicidial) adapt(now time.Time) {
	if !k.nextStats.After(now) {
		k.nextStats = now.Add(statsPeriod)
		for c := range k.campaigns {
			k.countDrops(c)
		}
	}
	if k.nextSample.After(now) {
		return
	}
	k.nextSample = now.Add(samplePeriod)
	k.sum.ready += float64(k.board.Idle)
	k.sum.logged += float64(k.board.Agents())
	for c := range k.campaigns {
		k.sum.waiting[c] += float64(k.board.Tally[c].Waiting)
	}
	if k.samples++; k.samples < samplesLevel {
		return
	}
	for c := range k.campaigns {
		if !k.board.Tally[c].Open {
			continue
		}
		share := k.share[c] / samplesLevel
		level := k.step(k.campaigns[c].level, k.sum.ready*share, k.sum.waiting[c]/samplesLevel, k.sum.logged*share)
		k.campaigns[c].level = k.limit(c, level, now)
	}
	k.samples, k.sum.ready, k.sum.logged = 0, 0, 0
	clear(k.sum.waiting)
}

// countDrops takes the day's figures and those of the last minute.
func (k *vicidial) countDrops(c int) {
	x, t := &k.campaigns[c], &k.board.Tally[c]
	x.minuteCalls, x.minuteOut = t.Dials-x.calls, t.Abandoned-x.drops
	x.calls, x.answers, x.drops = t.Dials, t.Answered, t.Abandoned
}

// step moves a level by the mean surplus of ready agents over waiting calls, as
// a share of all agents; intensity quickens the way up and slows the way down.
func (k *vicidial) step(level, ready, waiting, logged float64) float64 {
	move := 0.0
	if logged > 0 {
		move = (ready - waiting + k.v["target"]) / logged
	}
	intensity := k.v["intensity"] / 100
	if move < 0 {
		move *= math.Abs(intensity - 1)
	} else {
		move *= intensity + 1
	}
	level = math.Round(level*(1+move)*1000) / 1000
	return max(1, min(level, k.v["max"]))
}

// limit applies what follows from drops: half the level when more than half of
// the last minute's calls were dropped, and the method's own answer when the
// day's drops are above the percentage of its answers.
func (k *vicidial) limit(c int, level float64, now time.Time) float64 {
	x := &k.campaigns[c]
	if x.minuteCalls > 20 && 2*x.minuteOut > x.minuteCalls {
		level /= 2
	}
	allowed := k.v["droppct"] / 100
	if allowed == 0 {
		allowed = k.u.Campaigns[c].Limit
	}
	if x.calls > 50 && float64(x.drops) > allowed*float64(x.answers) {
		switch k.method {
		case methodHard:
			level = 1
		case methodAverage:
			level /= 2
		case methodTapered:
			level *= taper(k.v["latest"], now)
		case methodRatio: // keeps the level it was given
		}
	}
	return max(1, level)
}

// taper is the factor of ADAPT_TAPERED: the time left until the latest hour, as
// a plain difference of clock readings HHMM, over 1000.
func taper(latest float64, now time.Time) float64 {
	left := latest - float64(now.Hour()*100+now.Minute())
	return min(1, max(0, left/1000))
}
