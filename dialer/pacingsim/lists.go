package pacingsim

import "sort"

// run are the leads of one list that follow one another.
type run struct {
	end  uint64 // first lead after it
	rate float64
}

// segments is the number of groups of leads that an algorithm can tell apart.
func (c *Campaign) segments() int {
	if c.Lists != nil && c.Lists.Labelled {
		return len(c.Lists.Answer)
	}
	return 1
}

const segmentShift = 40 // bits of a lead's number that count within its segment

// nextLead is the number of the lead that comes ahead leads after the next one of a segment.
func (x *campaign) nextLead(segment, ahead int) uint64 {
	return uint64(segment)<<segmentShift | (x.leads[segment] + uint64(ahead))
}

// answerRate is the answer rate of a lead at a time.
func (x *campaign) answerRate(d *draws, lead uint64, t float64) float64 {
	l := x.spec.Lists
	switch {
	case l == nil:
		return x.spec.Answer.At(t)
	case l.Labelled:
		return l.Answer[lead>>segmentShift]
	}
	for len(x.runs) == 0 || x.runs[len(x.runs)-1].end <= lead {
		r := d.of(forRun, uint64(x.index), uint64(len(x.runs)))
		next := run{end: uint64(l.Runs[0] + r.IntN(l.Runs[1]-l.Runs[0]+1)), rate: l.Answer[r.IntN(len(l.Answer))]}
		if n := len(x.runs); n > 0 {
			next.end += x.runs[n-1].end
		}
		x.runs = append(x.runs, next)
	}
	return x.runs[sort.Search(len(x.runs), func(i int) bool { return x.runs[i].end > lead })].rate
}
