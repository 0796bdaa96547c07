package report

import (
	"math"
	"slices"

	"github.com/operadora/operadora/dialer/pacingsim"
)

// line is a curve of a chart. A NaN interrupts it.
type line struct {
	label string
	class string // of the style sheet
	x, y  []float64
}

// bucketed sums bins of BinSeconds into buckets of a whole number of them.
func bucketed(day []pacingsim.Bin, minutes int) []pacingsim.Bin {
	n := max(1, minutes*60/pacingsim.BinSeconds)
	var sums []pacingsim.Bin
	for i := 0; i+n <= len(day); i += n {
		sums = append(sums, total(day[i:i+n]))
	}
	return sums
}

func total(day []pacingsim.Bin) pacingsim.Bin {
	var s pacingsim.Bin
	for i, b := range day {
		if i == 0 {
			s.Start = b.Start
		}
		s.Staffed += b.Staffed
		s.Busy += b.Busy
		s.Dials += b.Dials
		s.Answered += b.Answered
		s.Abandoned += b.Abandoned
	}
	return s
}

func share(a, b float64) float64 {
	if b <= 0 {
		return math.NaN()
	}
	return a / b
}

// utilisation is the busy share of each bucket.
func utilisation(day []pacingsim.Bin) (x, y []float64) {
	for _, b := range bucketed(day, 10) {
		x = append(x, (b.Start+300)/3600)
		y = append(y, share(b.Busy, b.Staffed))
	}
	return x, y
}

// abandonSoFar is the share of all answered calls up to each moment that were lost.
func abandonSoFar(day []pacingsim.Bin) (x, y []float64) {
	answered, lost := 0, 0
	for _, b := range bucketed(day, 5) {
		answered, lost = answered+b.Answered, lost+b.Abandoned
		x = append(x, (b.Start+300)/3600)
		if answered < 20 {
			y = append(y, math.NaN())
			continue
		}
		y = append(y, share(float64(lost), float64(answered)))
	}
	return x, y
}

// ringing smooths the calls ringing per minute over ten minutes.
func ringing(minutes []float64) (x, y []float64) {
	for i := 0; i+10 <= len(minutes); i += 10 {
		sum := 0.0
		for _, v := range minutes[i : i+10] {
			sum += v
		}
		x = append(x, (float64(i)+5)/60)
		y = append(y, sum/10)
	}
	return x, y
}

// staff is the mean number of agents on duty.
func staff(day []pacingsim.Bin, seeds int) (x, y []float64) {
	for _, b := range bucketed(day, 5) {
		x = append(x, (b.Start+150)/3600)
		y = append(y, b.Staffed/300/float64(seeds))
	}
	return x, y
}

// Before and after a shock, in minutes, that the convergence chart shows.
const (
	shockBefore = 10
	shockAfter  = 45
)

// shocks are the moments at which a world changes at a stroke: staff that comes
// or goes, answer rates and delays that step. Those too near to the start or
// the end to be seen are left out.
func shocks(w *pacingsim.World, hours float64) []float64 {
	end := w.WarmUp + hours*3600
	var all []float64
	for _, s := range w.Agents.Staffing {
		all = append(all, s.At)
	}
	for i := range w.Campaigns {
		c := &w.Campaigns[i]
		for _, curve := range []*pacingsim.Curve{&c.Answer, &c.ExtraDelay} {
			all = append(all, jumps(curve, end)...)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(t float64) bool { return t < shockBefore*60 || t+shockAfter*60 > end })
}

// jumps are the moments at which a stepped curve changes by a quarter or more;
// of a curve of lines, those of two points within a minute of each other.
func jumps(c *pacingsim.Curve, end float64) []float64 {
	var at []float64
	for i := 1; i < len(c.Points); i++ {
		a, b := c.Points[i-1], c.Points[i]
		if math.Abs(b.Value-a.Value) < 0.25*max(math.Abs(a.Value), math.Abs(b.Value)) || c.Linear && b.At-a.At > 60 {
			continue
		}
		at = append(at, b.At)
	}
	if c.Every > 0 && len(c.Points) > 1 {
		at = append(at, c.Points[0].At+c.Every) // back to the first value
		for _, t := range slices.Clone(at) {
			for t += c.Every; t < end; t += c.Every {
				at = append(at, t)
			}
		}
	}
	return at
}

// aligned sums a day around each shock, minute by minute.
func aligned(day []pacingsim.Bin, shocks []float64) []pacingsim.Bin {
	perMinute := 60 / pacingsim.BinSeconds
	sums := make([]pacingsim.Bin, shockBefore+shockAfter)
	for _, t := range shocks {
		for m := range sums {
			from := (int(t/60) - shockBefore + m) * perMinute
			if from < 0 || from+perMinute > len(day) {
				continue
			}
			b := total(day[from : from+perMinute])
			sums[m].Staffed += b.Staffed
			sums[m].Busy += b.Busy
			sums[m].Answered += b.Answered
			sums[m].Abandoned += b.Abandoned
		}
	}
	return sums
}

// around smooths an aligned day over one minute each side (utilisation) or
// five (abandonment) and returns minutes from the shock.
func around(sums []pacingsim.Bin, abandon bool) (x, y []float64) {
	reach := 1
	if abandon {
		reach = 5
	}
	for m := range sums {
		b := total(sums[max(0, m-reach):min(len(sums), m+reach+1)])
		x = append(x, float64(m-shockBefore)+0.5)
		if abandon {
			y = append(y, share(float64(b.Abandoned), float64(b.Answered)))
		} else {
			y = append(y, share(b.Busy, b.Staffed))
		}
	}
	return x, y
}
