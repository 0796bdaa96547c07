package pacing

import "math"

// segment is a group of leads with an answer rate of its own. A campaign may have
// ten thousand of them and works on a few at a time: only those with launches that
// have not matured are estimated each time, the others when they are next.
type segment struct {
	Persons  float64 `json:"persons"` // of matured launches
	Launches float64 `json:"launches"`
	Peak     float64 `json:"peak"` // highest rate of late, at PeakAt
	PeakAt   float64 `json:"peak_at"`

	air      *airing // launches that have not matured, nil when there are none
	exposed  float64 // launches that the estimate rests on
	rate     float64 // present estimate
	deviates float64 // standard deviation of it

	leads   float64 // that can be dialled; +Inf unknown
	weight  float64
	pass    float64 // virtual time: orders over weight
	queued  bool    // in the campaign's queue of segments with leads
	refused int     // orders refused in a row
	pause   float64 // no order before: some were refused
}

// airing are launches by the second, until they have matured.
type airing struct {
	Cohort [cohorts]cohort
	last   int // second of the newest cohort
}

// cohort are the launches of one second.
type cohort struct{ Launches, Persons float64 }

const cohorts = 128 // seconds that a launch may take to mature

func (a *airing) at(second int) *cohort { return &a.Cohort[((second%cohorts)+cohorts)%cohorts] }

// forward retires the cohorts that are as old as the ring.
func (s *segment) forward(second int) {
	a := s.air
	if second-a.last > cohorts {
		for i := range a.Cohort {
			s.retire(&a.Cohort[i])
		}
		a.last = second
		return
	}
	for a.last < second {
		a.last++
		s.retire(a.at(a.last))
	}
}

func (s *segment) retire(c *cohort) {
	s.Launches += math.Max(0, c.Launches)
	s.Persons += c.Persons
	*c = cohort{}
}

// cohortOf is the cohort of a launch, nil if it has matured.
func (s *segment) cohortOf(launched float64) *cohort {
	if s.air == nil {
		return nil
	}
	second := int(math.Floor(launched))
	if second > s.air.last {
		s.forward(second)
	}
	if s.air.last-second >= cohorts {
		return nil
	}
	return s.air.at(second)
}

// launched counts share of a launch: 1 when it happens, negative to take back
// what a call that was refused or given up will not show.
func (s *segment) launched(at, share float64) {
	if c := s.cohortOf(at); c != nil {
		c.Launches += share
	} else if share > 0 {
		s.Launches += share
	}
}

func (s *segment) answered(launchedAt float64) {
	if c := s.cohortOf(launchedAt); c != nil {
		c.Persons++
	} else {
		s.Persons++
	}
}

// estimate works the rate out, shrunk to parent as if that had been seen on
// weight calls. memory is the number of calls to remember. Every launch counts by
// as much of an answer's time as has passed since (G of its age), whether it has
// turned out or not, so that calls which end early weigh no more than those still
// ringing.
func (s *segment) estimate(now, parent, weight, memory float64, law *ringLaw) {
	if s.air != nil {
		s.forward(int(math.Floor(now)))
	}
	persons, exposed := s.sums(now, law)
	if exposed > memory && s.Launches > 0 {
		keep := math.Max(0, 1-(exposed-memory)/s.Launches)
		s.Launches *= keep
		s.Persons *= keep
		persons, exposed = s.sums(now, law)
	}
	s.exposed = exposed
	n := exposed + weight
	p := (persons + weight*parent) / n
	s.rate = math.Min(math.Max(p, 0.001), 0.98)
	s.deviates = math.Sqrt(s.rate * (1 - s.rate) / n)
}

func (s *segment) sums(now float64, law *ringLaw) (persons, exposed float64) {
	persons, exposed = s.Persons, s.Launches
	if s.air == nil {
		return persons, exposed
	}
	for at := s.air.last - cohorts + 1; at <= s.air.last; at++ {
		c := s.air.at(at)
		persons += c.Persons
		if c.Launches > 0 {
			exposed += c.Launches * law.by(now-float64(at)-0.5)
		}
	}
	return persons, exposed
}

// forget keeps little of what has matured, and less of the launches still in the
// air before a moment: enough not to swing from one small sample to the next.
func (s *segment) forget(before float64) {
	keep := math.Min(1, forgetTo/math.Max(s.Launches, 1))
	s.Launches *= keep
	s.Persons *= keep
	if s.air == nil {
		return
	}
	for at := s.air.last - cohorts + 1; at <= s.air.last; at++ {
		if float64(at) < before-5 {
			c := s.air.at(at)
			c.Launches *= forgetAir
			c.Persons *= forgetAir
		}
	}
}

// climb brings the peak up to date: the highest rate that as many launches in a
// row as are in the air have shown, forgotten within half an hour or so. What a segment with
// few launches has not shown, its campaign has: floor.
func (s *segment) climb(now, inAir, floor float64, law *ringLaw) {
	if s.Peak > s.rate {
		s.Peak = s.rate + (s.Peak-s.rate)*math.Exp(-math.Max(0, now-s.PeakAt)/peakMemory)
	} else {
		s.Peak = s.rate
	}
	s.PeakAt = now
	least := math.Max(peakLeast, inAir)
	persons, exposed := 0.0, 0.0
	if s.air != nil {
		for at := s.air.last; at > s.air.last-cohorts && exposed <= 2*least; at-- {
			c := s.air.at(at)
			persons += c.Persons
			if c.Launches > 0 {
				exposed += c.Launches * law.by(float64(s.air.last-at)+0.5)
			}
			if exposed >= least {
				p := math.Min(persons/exposed, 0.98)
				s.Peak = math.Max(s.Peak, p-peakDeviates*math.Sqrt(p*(1-p)/exposed))
			}
		}
	}
	if exposed < least {
		s.Peak = math.Max(s.Peak, floor)
	}
}

// empty says whether no launch is left that has not matured.
func (a *airing) empty() bool {
	for i := range a.Cohort {
		if a.Cohort[i] != (cohort{}) {
			return false
		}
	}
	return true
}

// fly makes a segment one of those in the air.
func (k *campaign) fly(index int, now float64) *segment {
	s := &k.segments[index]
	if s.air != nil {
		return s
	}
	if n := len(k.spare); n > 0 {
		s.air, k.spare = k.spare[n-1], k.spare[:n-1]
		*s.air = airing{}
	} else {
		s.air = &airing{}
	}
	s.air.last = int(math.Floor(now))
	k.inAir = append(k.inAir, int32(index))
	return s
}

// land takes those out whose launches have all matured.
func (k *campaign) land() {
	kept := k.inAir[:0]
	for _, i := range k.inAir {
		if s := &k.segments[i]; s.air.empty() {
			k.spare = append(k.spare, s.air)
			s.air = nil
		} else {
			kept = append(kept, i)
		}
	}
	k.inAir = kept
}

// whole is the answer rate over all segments: the only one, if there is but one.
func (k *campaign) whole() *segment {
	if len(k.segments) == 1 {
		return &k.segments[0]
	}
	return &k.total
}

// memory is the number of calls that an estimate remembers: some 150 answers, and
// no fewer than 500 calls, no more than 3000.
func (k *campaign) memory() float64 {
	return math.Min(math.Max(rememberAnswers/math.Max(k.pooled, 0.01), rememberLeast), rememberMost)
}

// estimate renews the answer rates of the segments in the air.
func (k *campaign) estimate(now float64) {
	if since, alarm := k.drift.weigh(now); alarm {
		for i := range k.segments {
			k.segments[i].forget(since)
		}
		k.total.forget(since)
	}
	memory := k.memory()
	all := k.whole()
	all.estimate(now, k.cfg.AnswerPrior, k.cfg.AnswerPriorCalls, memory, &k.ring)
	k.pooled = all.rate
	all.climb(now, float64(k.onWay), 0, &k.ring)
	if all == &k.segments[0] {
		return
	}
	for _, i := range k.inAir {
		s := &k.segments[i]
		s.estimate(now, k.pooled, segmentPrior, memory, &k.ring)
		s.climb(now, float64(k.onWay), all.Peak, &k.ring)
	}
	if now >= k.landAt {
		k.land()
		k.landAt = now + cohorts/8
	}
}

// next brings the segment that is next up to date.
func (k *campaign) next(now float64) {
	if s := &k.segments[k.upNext]; s.air == nil && len(k.segments) > 1 {
		s.estimate(now, k.pooled, segmentPrior, k.memory(), &k.ring)
		s.climb(now, 0, k.total.Peak, &k.ring)
	}
}

// setLeads takes in how many leads of a segment can be dialled.
func (k *campaign) setLeads(index int, leads float64) {
	s := &k.segments[index]
	s.leads = leads
	if leads >= 1 {
		k.enqueue(index)
	}
}

// The segments that have leads wait in a heap by virtual time, the one that is
// furthest behind its weight first (start-time fair queueing). Those that have
// run out of leads, or are paused, are taken out when they come first.

func (k *campaign) enqueue(index int) {
	s := &k.segments[index]
	if s.queued {
		return
	}
	s.queued = true
	s.pass = math.Max(s.pass, k.virtual) // who had no leads has no claim
	k.queue = append(k.queue, int32(index))
	i := len(k.queue) - 1
	for i > 0 && k.before(i, (i-1)/2) {
		k.queue[i], k.queue[(i-1)/2] = k.queue[(i-1)/2], k.queue[i]
		i = (i - 1) / 2
	}
}

func (k *campaign) before(i, j int) bool {
	a, b := k.queue[i], k.queue[j]
	return k.segments[a].pass < k.segments[b].pass || k.segments[a].pass == k.segments[b].pass && a < b
}

// sink brings the first of the queue to where it belongs.
func (k *campaign) sink() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(k.queue) {
			return
		}
		if child+1 < len(k.queue) && k.before(child+1, child) {
			child++
		}
		if !k.before(child, i) {
			return
		}
		k.queue[i], k.queue[child] = k.queue[child], k.queue[i]
		i = child
	}
}

func (k *campaign) dequeue() {
	n := len(k.queue) - 1
	k.segments[k.queue[0]].queued = false
	k.queue[0] = k.queue[n]
	k.queue = k.queue[:n]
	k.sink()
}

// pickSegment finds the segment that is next; if none has leads, it stays the last one.
func (k *campaign) pickSegment(now float64) {
	kept := k.paused[:0]
	for _, i := range k.paused {
		if s := &k.segments[i]; now < s.pause {
			kept = append(kept, i)
		} else if s.leads >= 1 {
			k.enqueue(int(i))
		}
	}
	k.paused = kept
	for len(k.queue) > 0 {
		first := k.queue[0]
		s := &k.segments[first]
		if s.leads >= 1 && now >= s.pause {
			k.upNext = int(first)
			k.virtual = math.Max(k.virtual, s.pass)
			k.next(now)
			return
		}
		k.dequeue()
		if s.leads >= 1 {
			k.paused = append(k.paused, first)
		}
	}
}

// ordered counts an order of the segment that was next.
func (k *campaign) ordered(now float64) {
	s := &k.segments[k.upNext]
	s.leads--
	s.pass += 1 / s.weight
	if len(k.queue) > 0 && int(k.queue[0]) == k.upNext {
		k.sink()
	}
	if len(k.segments) > 1 || s.leads < 1 {
		k.pickSegment(now)
	}
}

// refuse pauses a segment whose orders are refused in a row, each time for twice
// as long: one lead that may not be called says nothing about the next.
func (k *campaign) refuse(index int, now float64) {
	s := &k.segments[index]
	k.refused++
	if s.refused++; s.refused > refusalsFree {
		s.pause = now + math.Min(refusalPause*math.Exp2(float64(s.refused-refusalsFree-1)), refusalLongest)
	}
	if s.leads >= 1 {
		k.enqueue(index)
	}
}
