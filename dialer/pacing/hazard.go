package pacing

import "math"

// hazard learns how long a phase of handling lasts (talk, wrap-up, inbound
// talk), as a rate of ending that is constant within each stretch of ages. The
// stretches grow with age, so there is always a tail: beyond the last edge the
// last rate goes on. Phases that still last count as exposure, so that the short
// ones, which are known first, do not pass for typical.
type hazard struct {
	Deaths   [hazardBins]float64 `json:"deaths"`
	Exposure [hazardBins]float64 `json:"exposure"` // seconds
	Sum      float64             `json:"sum"`      // of durations, for mean and spread
	SumSq    float64             `json:"sum_sq"`
	prior    float64             // believed mean, seconds

	live [hazardBins]float64     // exposure of phases that still last
	rate [hazardBins]float64     // per second
	cum  [hazardBins + 1]float64 // integral of rate up to each edge
}

const (
	hazardBins   = 36
	hazardMemory = 1000 // endings that are remembered
	priorDeaths  = 5    // endings that the prior mean weighs
)

// hazardEdge[j] is the age at which stretch j begins: 0, 1, then growing by a quarter.
var hazardEdge = func() (e [hazardBins + 1]float64) {
	for j := 1; j <= hazardBins; j++ {
		e[j] = math.Max(e[j-1]+1, e[j-1]*1.25)
	}
	return e
}()

// hazardBin is the stretch that holds an age.
func hazardBin(age float64) int {
	lo, hi := 0, hazardBins-1
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if hazardEdge[mid] <= age {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo
}

// expose adds the time from 0 to age to an exposure.
func expose(to *[hazardBins]float64, age float64) {
	for j := 0; j < hazardBins && hazardEdge[j] < age; j++ {
		end := age
		if j < hazardBins-1 {
			end = math.Min(age, hazardEdge[j+1])
		}
		to[j] += end - hazardEdge[j]
	}
}

// end takes in a phase that lasted d seconds.
func (h *hazard) end(d float64) {
	if !(d >= 0) || d > 6*3600 {
		return
	}
	h.Deaths[hazardBin(d)]++
	expose(&h.Exposure, d)
	h.Sum += d
	h.SumSq += d * d
}

func (h *hazard) count() float64 {
	n := 0.0
	for _, d := range h.Deaths {
		n += d
	}
	return n
}

// mean is the mean length, shrunk to the prior while little is known.
func (h *hazard) mean() float64 {
	return (h.Sum + priorDeaths*h.prior) / (h.count() + priorDeaths)
}

// spread is the squared coefficient of variation, shrunk to 1.
func (h *hazard) spread() float64 {
	n := h.count()
	if n < 2 || h.Sum <= 0 {
		return 1
	}
	m := h.Sum / n
	cv2 := math.Max(0, h.SumSq/n/(m*m)-1)
	return (cv2*n + priorDeaths) / (n + priorDeaths)
}

// rebuild works the rates out anew; live must hold the phases that still last.
func (h *hazard) rebuild() {
	n, exposure := 0.0, 0.0
	for j := range h.Deaths {
		n += h.Deaths[j]
		exposure += h.Exposure[j] + h.live[j]
	}
	if n > hazardMemory {
		keep := hazardMemory / n
		for j := range h.Deaths {
			h.Deaths[j] *= keep
			h.Exposure[j] *= keep
		}
		h.Sum *= keep
		h.SumSq *= keep
	}
	all := (n + priorDeaths) / (exposure + priorDeaths*h.prior)
	for j := range h.rate {
		h.rate[j] = (h.Deaths[j] + 1) / (h.Exposure[j] + h.live[j] + 1/all)
		h.cum[j+1] = h.cum[j] + h.rate[j]*(hazardEdge[j+1]-hazardEdge[j])
	}
}

// upTo is the integral of the rate from 0 to age: minus the log of the chance to last that long.
func (h *hazard) upTo(age float64) float64 {
	j := hazardBin(age)
	return h.cum[j] + h.rate[j]*(age-hazardEdge[j])
}
