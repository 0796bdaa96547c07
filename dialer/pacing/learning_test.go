package pacing

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v within %v", what, got, want, tolerance)
	}
}

func TestHazardOfExponentialIsFlat(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	h := hazard{prior: 30}
	for range 4000 {
		h.end(120 * r.ExpFloat64())
	}
	h.rebuild()
	for _, age := range []float64{0, 10, 60, 200} {
		near(t, "chance to last 30 s more", math.Exp(h.upTo(age)-h.upTo(age+30)), math.Exp(-30.0/120), 0.03)
	}
	near(t, "mean", h.mean(), 120, 6)
	near(t, "spread", h.spread(), 1, 0.15)
}

// Talks that still last are long ones; leaving them out would make agents seem
// to come free sooner than they do.
func TestHazardCountsWhatStillLasts(t *testing.T) {
	t.Parallel()
	h := hazard{prior: 100}
	for range 10 {
		h.end(5)
	}
	h.rebuild()
	without := h.upTo(10)
	for range 30 {
		expose(&h.live, 60)
	}
	h.rebuild()
	if with := h.upTo(10); with >= without/2 {
		t.Errorf("integrated hazard %v with 30 talks that last, %v without", with, without)
	}
}

func TestHazardTailGoesOn(t *testing.T) {
	t.Parallel()
	h := hazard{prior: 100}
	h.rebuild()
	last := h.upTo(hazardEdge[hazardBins])
	beyond := h.upTo(hazardEdge[hazardBins] + 1000)
	if !(beyond > last) || math.IsInf(beyond, 0) {
		t.Errorf("integrated hazard %v at the last edge, %v beyond", last, beyond)
	}
}

func testRing(timeout float64) *ringLaw {
	r := &ringLaw{priorRate: 0.3, priorMean: 9, timeout: timeout}
	r.rebuild()
	return r
}

// With answers known first and failures last, an estimate in the order of
// resolution would start at 1; exposure keeps it where it belongs.
func TestAnswerRateIsNotBiasedByWhatEndsFirst(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	law := &ringLaw{priorRate: 0.25, priorMean: 9, timeout: 25}
	law.rebuild()
	sum, n := 0.0, 0
	for range 300 {
		a := segment{air: &airing{}}
		type answer struct{ at, launched float64 }
		var answers []answer
		for i := range 200 {
			launched := float64(i) * 0.1
			a.launched(launched, 1)
			if r.Float64() < 0.25 {
				x := 3 / law.priorMean
				delay := -(math.Log(1-r.Float64()) + math.Log(1-r.Float64()) + math.Log(1-r.Float64())) / x
				answers = append(answers, answer{launched + delay, launched})
			}
		}
		for _, x := range answers {
			if x.at < 20 { // the launches are between no and 20 seconds old
				a.answered(x.launched)
			}
		}
		a.estimate(20, 0.25, 1e-6, 1e6, law)
		sum += a.rate
		n++
	}
	near(t, "mean estimate at 20 s", sum/float64(n), 0.25, 0.02)
}

func TestAnswerRateForgetsAndRetires(t *testing.T) {
	t.Parallel()
	law := testRing(25)
	a := segment{air: &airing{}}
	for i := range 1000 {
		a.launched(float64(i), 1)
		if i%2 == 0 {
			a.answered(float64(i))
		}
	}
	a.estimate(2000, 0.3, 20, 500, law)
	near(t, "rate", a.rate, 0.5, 0.02)
	if a.Launches > 500.01 {
		t.Errorf("%v launches remembered of at most 500", a.Launches)
	}
	a.forget(1990)
	a.estimate(2001, 0.1, 20, 500, law)
	near(t, "rate after forgetting, shrunk to the parent", a.rate, (0.5*40+0.1*20)/60, 0.02)
}

func TestCongestionDoesNotCountAsUnanswered(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{})
	for i := range 300 {
		id := CallID(i + 1)
		at := float64(i) * 0.2
		p.tell(at, Event{Kind: CallLaunched, Call: id})
		switch i % 3 {
		case 0:
			p.tell(at+0.1, Event{Kind: CallPerson, Call: id})
			p.tell(at+0.1, Event{Kind: CallEnded, Call: id})
		default:
			p.tell(at+0.1, Event{Kind: CallFailed, Cause: CauseCongestion, Call: id})
		}
		p.Decide(day(at))
	}
	if f := p.Facts(0); f.AnswerRate < 0.6 {
		t.Errorf("answer rate %v: every call that the carrier took was answered", f.AnswerRate)
	}
	if f := p.Facts(0); f.CallsPerSecond > 500 {
		t.Errorf("%v calls per second after 200 refusals", f.CallsPerSecond)
	}
}

func TestRingLawLearnsTheDelay(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 10))
	law := &ringLaw{priorRate: 0.2, priorMean: 9, timeout: 25}
	for range 3000 {
		if rng.Float64() < 0.4 {
			law.ended(4+2*rng.Float64(), true, false)
		} else {
			law.ended(25, false, false)
		}
	}
	law.rebuild()
	near(t, "answer rate", law.rate, 0.4, 0.03)
	near(t, "median delay", law.quantile(0.5), 5, 0.4)
	_, w := law.weight(10, 0.4)
	if j, _ := law.weight(10, 0.4); w*law.answerIn(j, 10) > 0.02 {
		t.Errorf("a call that rings for 10 s is still expected to be answered: %v", w*law.answerIn(j, 10))
	}
}

func TestDriftAlarms(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name               string
		expected, observed float64
		alarm              bool
	}{
		{"as expected", 1, 1, false},
		{"two and a half times as many", 1, 2.5, true},
		{"a third", 3, 1, true},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			var d drift
			alarmed := false
			for i := range 60 {
				d.expected, d.observed = r.expected, r.observed
				if _, alarm := d.weigh(float64(i)); alarm {
					alarmed = true
				}
			}
			if alarmed != r.alarm {
				t.Errorf("alarm %v, want %v", alarmed, r.alarm)
			}
		})
	}
}

// The cumulative sum by hand: each step adds o·ln 2 − e.
func TestDriftByHand(t *testing.T) {
	t.Parallel()
	d := drift{expected: 2, observed: 5}
	d.weigh(1)
	near(t, "up", d.Up, 5*math.Ln2-2, 1e-12)
	d.expected, d.observed = 1, 0
	d.weigh(2)
	near(t, "up", d.Up, 5*math.Ln2-3, 1e-12)
	near(t, "down", d.Down, 0.5, 1e-12)
}
