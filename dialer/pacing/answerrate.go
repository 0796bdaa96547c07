package pacing

import "math"

// answerRate learns how many of the launched calls a person answers. Every
// launch counts by as much of an answer's time as has passed since (G of its
// age), whether it has turned out or not, so that calls which end early weigh
// no more than those still ringing. Launches are kept by the second until they
// have matured.
type answerRate struct {
	Persons  float64         `json:"persons"` // of matured launches
	Launches float64         `json:"launches"`
	Cohort   [cohorts]cohort `json:"cohort"`
	Last     int             `json:"last"` // second of the newest cohort
	exposed  float64         // launches that the estimate rests on
	rate     float64         // present estimate
	deviates float64         // standard deviation of it
	Peak     float64         `json:"peak"` // highest rate of late
}

// cohort are the launches of one second.
type cohort struct {
	Launches float64 `json:"l"`
	Persons  float64 `json:"p"`
}

const cohorts = 128 // seconds that a launch may take to mature

func (a *answerRate) at(second int) *cohort { return &a.Cohort[((second%cohorts)+cohorts)%cohorts] }

// forward retires the cohorts that are as old as the ring.
func (a *answerRate) forward(second int) {
	if second-a.Last > cohorts {
		for i := range a.Cohort {
			a.retire(&a.Cohort[i])
		}
		a.Last = second
		return
	}
	for a.Last < second {
		a.Last++
		a.retire(a.at(a.Last))
	}
}

func (a *answerRate) retire(c *cohort) {
	a.Launches += math.Max(0, c.Launches)
	a.Persons += c.Persons
	*c = cohort{}
}

// cohortOf is the cohort of a launch, nil if it has been retired.
func (a *answerRate) cohortOf(launched float64) *cohort {
	second := int(math.Floor(launched))
	if second > a.Last {
		a.forward(second)
	}
	if a.Last-second >= cohorts {
		return nil
	}
	return a.at(second)
}

// launched counts share of a launch: 1 when it happens, negative to take back
// what a call that was refused or given up will not show.
func (a *answerRate) launched(at, share float64) {
	if c := a.cohortOf(at); c != nil {
		c.Launches += share
	} else if share > 0 {
		a.Launches += share
	}
}

func (a *answerRate) answered(launchedAt float64) {
	if c := a.cohortOf(launchedAt); c != nil {
		c.Persons++
	} else {
		a.Persons++
	}
}

// estimate works the rate out at a time, shrunk to parent as if that had been
// seen on weight calls. memory is the number of calls to remember.
func (a *answerRate) estimate(now, parent, weight, memory float64, law *ringLaw) {
	a.forward(int(math.Floor(now)))
	persons, exposed := a.sums(now, law)
	if exposed > memory && a.Launches > 0 {
		keep := math.Max(0, 1-(exposed-memory)/a.Launches)
		a.Launches *= keep
		a.Persons *= keep
		persons, exposed = a.sums(now, law)
	}
	a.exposed = exposed
	n := exposed + weight
	p := (persons + weight*parent) / n
	a.rate = math.Min(math.Max(p, 0.001), 0.98)
	a.deviates = math.Sqrt(a.rate * (1 - a.rate) / n)
}

func (a *answerRate) sums(now float64, law *ringLaw) (persons, exposed float64) {
	persons, exposed = a.Persons, a.Launches
	for s := a.Last - cohorts + 1; s <= a.Last; s++ {
		c := a.at(s)
		persons += c.Persons
		if c.Launches > 0 {
			exposed += c.Launches * law.by(now-float64(s)-0.5)
		}
	}
	return persons, exposed
}

// forget keeps little of what has matured, and less of the launches still in the
// air before a moment: enough not to swing from one small sample to the next.
func (a *answerRate) forget(before float64) {
	keep := math.Min(1, 40/math.Max(a.Launches, 1))
	a.Launches *= keep
	a.Persons *= keep
	for s := a.Last - cohorts + 1; s <= a.Last; s++ {
		if float64(s) < before-5 {
			c := a.at(s)
			c.Launches *= 0.2
			c.Persons *= 0.2
		}
	}
}
