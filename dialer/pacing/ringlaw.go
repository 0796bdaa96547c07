package pacing

import "math"

// ringLaw learns what becomes of launched calls, and when: for each half second
// of age, of the calls that came so far, how many are answered by a person and
// how many end otherwise (Aalen and Johansen's estimator of competing risks).
// Calls in the air count as exposed up to their age; carrier congestion never
// enters. It knows the shape in time; the level of the answer rate is answerRate's.
type ringLaw struct {
	Person  [ringBins]float64 `json:"person"`
	Other   [ringBins]float64 `json:"other"`
	Exposed [ringBins]float64 `json:"exposed"`
	Calls   float64           `json:"calls"`

	priorRate float64
	priorMean float64
	timeout   float64

	live   [ringBins + 1]float64 // calls in the air by age
	answer [ringBins + 1]float64 // G: of the answers, the share that has come by that age
	others [ringBins + 1]float64 // of calls without an answer, the share still in the air at that age
	gained [ringBins + 1][moments]float64
	rate   float64 // answer rate in the long run
}

const (
	ringBins    = 240
	ringStep    = 0.5 // seconds
	ringMemory  = 3000
	ringPriorTo = 4 // exposed calls that the prior weighs in each bin
)

func ringBin(age float64) int {
	if !(age > 0) {
		return 0
	}
	return min(int(age/ringStep), ringBins-1)
}

// ended takes in a call that ended, or was answered by a person, at an age. A
// call that the dialler gave up only adds exposure.
func (r *ringLaw) ended(age float64, person, givenUp bool) {
	j := ringBin(age)
	for k := 0; k <= j; k++ {
		r.Exposed[k]++
	}
	switch {
	case person:
		r.Person[j]++
	case !givenUp:
		r.Other[j]++
	}
	r.Calls++
}

// rebuild works out the tables; live must hold the calls in the air by age.
func (r *ringLaw) rebuild() {
	if r.Calls > ringMemory {
		keep := ringMemory / r.Calls
		for j := range r.Person {
			r.Person[j] *= keep
			r.Other[j] *= keep
			r.Exposed[j] *= keep
		}
		r.Calls *= keep
	}
	alive, upTo, passed := 1.0, 0.0, 0.0
	for j := ringBins; j >= 0; j-- {
		passed, r.live[j] = passed+r.live[j], passed // from here on: calls that have passed through bin j
	}
	last := min(ringBin(r.timeout), ringBins-1)
	for j := range ringBins {
		r.others[j], r.answer[j] = alive, upTo
		if j > last {
			continue
		}
		person, other := r.hazards(j)
		upTo += alive * person
		alive *= math.Max(0, 1-person-other)
	}
	r.rate = math.Min(math.Max(upTo, 1e-6), 1-1e-6)
	r.answer[ringBins], r.others[ringBins] = 1, alive
	for j := range ringBins {
		r.answer[j] /= r.rate
		r.others[j] = math.Max(1e-9, r.others[j]-r.rate*(1-r.answer[j])) / (1 - r.rate)
	}
}

// hazards are the chances to be answered and to end otherwise within bin j.
func (r *ringLaw) hazards(j int) (person, other float64) {
	exposed := r.Exposed[j] + r.live[j]
	p, o := r.prior(float64(j)*ringStep, ringStep)
	person = (r.Person[j] + ringPriorTo*p) / (exposed + ringPriorTo)
	other = (r.Other[j] + ringPriorTo*o) / (exposed + ringPriorTo)
	if sum := person + other; sum > 1 {
		person, other = person/sum, other/sum
	}
	return person, other
}

// prior is the belief before any call: gamma answers of shape 3, and a tenth of
// the rest ending within seconds.
func (r *ringLaw) prior(age, step float64) (person, other float64) {
	x := 3 / r.priorMean
	tail := func(t float64) float64 { return math.Exp(-x*t) * (1 + x*t + x*x*t*t/2) }
	rest := func(t float64) float64 { return 0.9 + 0.1*math.Exp(-t/2) }
	alive := r.priorRate*tail(age) + (1-r.priorRate)*rest(age)
	return r.priorRate * (tail(age) - tail(age+step)) / alive,
		(1 - r.priorRate) * (rest(age) - rest(age+step)) / alive
}

// by is the share of answers that have come by an age.
func (r *ringLaw) by(age float64) float64 {
	if !(age > 0) {
		return 0
	}
	x := age / ringStep
	j := int(x)
	if j >= ringBins {
		return 1
	}
	return r.answer[j] + (r.answer[j+1]-r.answer[j])*(x-float64(j))
}

// quantile is the age by which a share of the answers has come.
func (r *ringLaw) quantile(share float64) float64 {
	for j := 1; j <= ringBins; j++ {
		if r.answer[j] >= share {
			a, b := r.answer[j-1], r.answer[j]
			return ringStep * (float64(j-1) + (share-a)/math.Max(b-a, 1e-12))
		}
	}
	return ringBins * ringStep
}

// tabulate prepares, for each age, the share of answers that come until each moment ahead.
func (r *ringLaw) tabulate(ahead *[moments]float64) {
	for j := range r.gained {
		age := float64(j) * ringStep
		for m, t := range ahead {
			r.gained[j][m] = math.Max(0, r.by(age+t)-r.by(age))
		}
	}
}

// weight is the factor by which gained becomes the chance that a call of an age
// in the air is answered, at a present answer rate.
func (r *ringLaw) weight(age, rate float64) (j int, w float64) {
	j = min(int(age/ringStep+0.5), ringBins)
	if !(age > 0) {
		j = 0
	}
	open := rate*math.Max(0, 1-r.answer[j]) + (1-rate)*r.others[j]
	return j, rate / math.Max(open, 1e-9)
}
