package pacing

import "math"

// handling knows how soon busy agents will be free. For each phase, each age and
// each moment ahead (the grid of the pool) it tabulates minus the log of the
// chance to be still busy.
type handling struct {
	Talk    hazard  `json:"talk"`
	Inbound hazard  `json:"inbound"`
	Wrap    hazard  `json:"wrap"`
	Back    float64 `json:"back"` // of agents who finished, how many were idle again (weighted)
	Ended   float64 `json:"ended"`

	talk, inbound, wrap [ages][moments]float64
}

const (
	// moments are the points of time ahead at which a decision is weighed:
	// quantiles of the time to an answer.
	moments = 5
	ages    = 110
)

// ageOf[k] is the age of row k: every second up to a minute, then growing by 8 %.
var ageOf = func() (a [ages]float64) {
	for k := 1; k < ages; k++ {
		a[k] = math.Max(a[k-1]+1, a[k-1]*1.08)
		if k <= 60 {
			a[k] = float64(k)
		}
	}
	return a
}()

// rowOf[s] is the row next below an age of s seconds.
var rowOf = func() (rows [4096]uint8) {
	row := 0
	for s := range rows {
		for row+1 < ages && ageOf[row+1] <= float64(s) {
			row++
		}
		rows[s] = uint8(row)
	}
	return rows
}()

// ageRow is the row next below an age.
func ageRow(age float64) int {
	switch {
	case !(age > 0):
		return 0
	case age >= float64(len(rowOf)):
		return ages - 1
	}
	return int(rowOf[int(age)])
}

// rebuild tabulates for the moments ahead, in seconds; what concerns inbound
// calls only where there are any.
func (h *handling) rebuild(ahead *[moments]float64, inbound bool) {
	h.Talk.rebuild()
	h.Inbound.rebuild()
	h.Wrap.rebuild()
	for k, age := range ageOf {
		before := h.Wrap.upTo(age)
		for m, t := range ahead {
			h.wrap[k][m] = h.Wrap.upTo(age+t) - before
		}
	}
	h.chain(&h.Talk, &h.talk, ahead)
	if inbound {
		h.chain(&h.Inbound, &h.inbound, ahead)
	}
}

// chain tabulates a talk that a wrap-up follows: both must be over in time.
func (h *handling) chain(talk *hazard, table *[ages][moments]float64, ahead *[moments]float64) {
	const steps = 12
	for m, t := range ahead {
		var wrapped [steps]float64 // chance that a wrap-up fits into what is left after step i
		for i := range wrapped {
			left := t * (1 - (float64(i)+0.5)/steps)
			wrapped[i] = -math.Expm1(-h.Wrap.upTo(left))
		}
		for k, age := range ageOf {
			before, lasts, free := talk.upTo(age), 1.0, 0.0
			for i := range wrapped {
				next := math.Exp(before - talk.upTo(age+t*(float64(i)+1)/steps))
				free += (lasts - next) * wrapped[i]
				lasts = next
			}
			table[k][m] = -math.Log1p(-math.Min(free, 1-1e-12))
		}
	}
}

// returns is the chance that an agent who finishes is idle rather than gone.
func (h *handling) returns() float64 { return (h.Back + 49) / (h.Ended + 50) }

// finished takes in whether an agent who was through was idle again.
func (h *handling) finished(idle bool) {
	if h.Ended > 500 {
		h.Back *= 0.5
		h.Ended *= 0.5
	}
	h.Ended++
	if idle {
		h.Back++
	}
}

// freeBy fills in, for each moment, the chance that an agent is idle by then.
func (h *handling) freeBy(a *agentRecord, now, returns float64, out *[moments]float64) {
	var row *[moments]float64
	age := (now - a.Since) / a.Speed
	switch a.State {
	case StateTalking, StateReserved:
		if a.State == StateReserved {
			age = 0
		}
		row = &h.talk[ageRow(age)]
	case StateInbound:
		row = &h.inbound[ageRow(age)]
	case StateWrapping:
		row = &h.wrap[ageRow(age)]
	default:
		*out = [moments]float64{}
		return
	}
	inverse := 1 / a.Speed
	for m, x := range row {
		out[m] = returns * endsBy(x*inverse)
	}
}

// endsBy is 1 - exp(-x); the series serves for nearly all agents at most times
// and is right to 1e-7 where it is used.
func endsBy(x float64) float64 {
	if x > 0.4 {
		return -math.Expm1(-x)
	}
	return x * (1 - x/2*(1-x/3*(1-x/4*(1-x/5*(1-x/6)))))
}
