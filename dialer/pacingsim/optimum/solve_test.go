package optimum

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator/erlang"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s: got %.9g, want %.9g within %g", what, got, want, tol)
	}
}

func solve(t *testing.T, c Case) Solution {
	t.Helper()
	s, err := Solve(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func small(agents int, answer float64) Case {
	return Case{Agents: agents, Answer: answer, Handle: 140, Ring: 10, Limit: 0.03}
}

// TestKnownOptima compares with figures that another implementation found by
// simulating its solved policies, with a noise of a tenth of a point. They belong
// to calls that ring ten seconds on average; at eight or twelve seconds they are
// off by one to two points.
func TestKnownOptima(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		c    Case
		want float64
	}{
		{small(5, 0.25), 0.836},
		{small(10, 0.25), 0.869},
		{small(20, 0.25), 0.907},
		{small(50, 0.25), 0.948},
		{small(10, 0.10), 0.843},
		{small(10, 0.50), 0.901},
		{Case{Agents: 10, Answer: 0.25, Handle: 320, Ring: 10, Limit: 0.03}, 0.921},
	} {
		s := solve(t, tc.c)
		near(t, "utilisation", s.Utilisation, tc.want, 0.0015)
		near(t, "abandonment", s.Abandonment, 0.03, 1e-9)
		if s.SafeMeasures.Abandonment > 0.03 || s.BoldMeasures.Abandonment < 0.03 {
			t.Errorf("%+v: halves lose %v and %v", tc.c, s.SafeMeasures.Abandonment, s.BoldMeasures.Abandonment)
		}
		if gap := s.UpperBound - s.Utilisation; gap < -1e-12 || gap > 1e-6 {
			t.Errorf("%+v: bound is %g above the optimum", tc.c, gap)
		}
		if s.BoldMeasures.EdgeMass > 1e-12 || s.BoldMeasures.CapMass > 1e-12 {
			t.Errorf("%+v: the model's edges are reached: %+v", tc.c, s.BoldMeasures)
		}
		near(t, "gap of the optimum", s.Gap(s.Utilisation), 0, 1e-12)
		near(t, "gap of progressive", s.Gap(s.Progressive.Utilisation), 1, 1e-12)
	}
}

// TestProgressiveClosedForm: each agent is free for the ring/p seconds that its
// own calls take to be answered, and nobody is ever lost.
func TestProgressiveClosedForm(t *testing.T) {
	t.Parallel()
	for _, c := range []Case{small(1, 1), small(7, 0.3), small(40, 0.1)} {
		m, err := Evaluate(c, Progressive(c.Agents))
		if err != nil {
			t.Fatal(err)
		}
		near(t, "utilisation", m.Utilisation, c.Handle/(c.Handle+c.Ring/c.Answer), 1e-10)
		near(t, "abandonment", m.Abandonment, 0, 0)
	}
}

// TestBlindDialling: with a constant number ringing, answers are a Poisson
// stream and the dialer is an Erlang A queue.
func TestBlindDialling(t *testing.T) {
	t.Parallel()
	for _, x := range []int{2, 9, 20} {
		c := small(10, 0.25)
		c.Waiting, c.Ringing = 60, x
		p := make(Policy, c.Agents+c.Waiting+1)
		for b := range p {
			p[b] = x
		}
		m, err := Evaluate(c, p)
		if err != nil {
			t.Fatal(err)
		}
		a := erlang.A{Agents: 10, Arrival: float64(x) * 0.25 / 10, Handle: 140, Patience: 2}.Solve()
		near(t, "utilisation", m.Utilisation, a.Occupancy, 1e-9)
		near(t, "abandonment", m.Abandonment, a.Abandon, 1e-9)
		near(t, "waiting", m.Waiting, a.QueueLen, 1e-9)
		near(t, "ringing", m.Ringing, float64(x), 1e-9)
	}
}

// TestNoPolicyIsBetter tries every small table for two agents, and random
// changes of the best table for eight: none earns more at the optimum's price.
func TestNoPolicyIsBetter(t *testing.T) {
	t.Parallel()
	c := Case{Agents: 2, Answer: 0.5, Handle: 40, Ring: 8, Limit: 0.05, Waiting: 3, Ringing: 12}
	s := solve(t, c)
	best := s.SafeMeasures.gain(s.Price)
	p, tried := make(Policy, 5), 0
	for p[0] = 1; p[0] < 9; p[0]++ {
		for p[1] = 0; p[1] < 7; p[1]++ {
			for p[2] = 0; p[2] < 4; p[2]++ {
				for p[3] = 0; p[3] < 3; p[3]++ {
					beats(t, c, p, s.Price, best)
					tried++
				}
			}
		}
	}
	if tried != 8*7*4*3 {
		t.Errorf("tried %d tables", tried)
	}
	c = small(8, 0.2)
	s = solve(t, c)
	best = s.SafeMeasures.gain(s.Price)
	r := rand.New(rand.NewPCG(8, 8))
	for range 300 {
		q := append(Policy(nil), s.Safe...)
		for range 1 + r.IntN(4) {
			b := r.IntN(10)
			q[b] = max(0, q[b]+r.IntN(7)-3)
		}
		beats(t, c, q, s.Price, best)
	}
}

func beats(t *testing.T, c Case, p Policy, price, best float64) {
	t.Helper()
	m, err := Evaluate(c, p)
	if err != nil {
		t.Fatal(err)
	}
	if m.gain(price) > best*(1+1e-8) {
		t.Errorf("%v earns %.12g, the optimum %.12g", p, m.gain(price), best)
	}
}

// TestMonotone: more agents, more answers and a higher limit never hurt, and the
// policy never wants more ringing when more are connected.
func TestMonotone(t *testing.T) {
	t.Parallel()
	low := 0.0
	for _, c := range []Case{small(1, 0.25), small(2, 0.25), small(4, 0.25), small(8, 0.25), small(8, 0.4)} {
		s := solve(t, c)
		if s.Utilisation <= low {
			t.Errorf("%+v: %v after %v", c, s.Utilisation, low)
		}
		low = s.Utilisation
		for b := 1; b < len(s.Safe); b++ {
			if s.Safe[b] > s.Safe[b-1] {
				t.Errorf("%+v: %d ringing at %d connected, %d at %d", c, s.Safe[b], b, s.Safe[b-1], b-1)
			}
		}
	}
	strict, loose := small(8, 0.25), small(8, 0.25)
	strict.Limit, loose.Limit = 0.01, 0.05
	if a, b := solve(t, strict).Utilisation, solve(t, loose).Utilisation; a >= b {
		t.Errorf("limit 1 %% gives %v, 5 %% %v", a, b)
	}
}

func TestCaseRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		change func(*Case)
		want   string
	}{
		{func(c *Case) { c.Agents = 0 }, "agents: 0 is not between 1 and 1000"},
		{func(c *Case) { c.Answer = 1.2 }, "answer: 1.2 is not above 0 and at most 1"},
		{func(c *Case) { c.Answer = math.NaN() }, "answer: NaN is not above 0 and at most 1"},
		{func(c *Case) { c.Handle = math.Inf(1) }, "handle: +Inf is not a positive number of seconds"},
		{func(c *Case) { c.Ring = -1 }, "ring: -1 is not a positive number of seconds"},
		{func(c *Case) { c.Limit = 1 }, "limit: 1 is not between 0 and 1"},
	} {
		c := small(5, 0.25)
		tc.change(&c)
		if err := c.Validate(); err == nil || err.Error() != tc.want {
			t.Errorf("got %v, want %s", err, tc.want)
		}
		if _, err := Evaluate(c, Progressive(5)); err == nil {
			t.Errorf("%s: evaluated", tc.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Solve(ctx, small(5, 0.25)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestLooseLimit: a limit that even worthless calls do not reach leaves the
// boldest policy of the model.
func TestLooseLimit(t *testing.T) {
	t.Parallel()
	c := small(1, 1)
	c.Limit, c.Ringing = 0.99, 1
	s := solve(t, c)
	if s.Mix != 0 || s.Abandonment >= 0.99 || s.UpperBound < s.Utilisation {
		t.Errorf("%+v", s)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"part=brave":  `part: "brave" is none of mix, safe, bold`,
		"agents=many": `agents: "many" is not a number`,
		"speed=3":     `"speed" is none of part, agents`,
		"agents=5":    "answer: 0 is not above 0",
		"part=safe":   "",
		"":            "",
		"agents=5,answer=0.3,handle=100,ring=9,patience=3,limit=0.02": "",
	} {
		_, err := Algorithm().New(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func BenchmarkSolve50(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Solve(b.Context(), small(50, 0.25)); err != nil {
			b.Fatal(err)
		}
	}
}
