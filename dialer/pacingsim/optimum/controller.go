package optimum

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
	"github.com/operadora/operadora/dialer/pacingsim/laws"
)

// FromWorld reads the case off a world whose laws are exponential and whose
// control plane is instant; another world has no exact optimum and is refused
// with the reason.
func FromWorld(w *pacingsim.World) (Case, error) {
	if len(w.Campaigns) != 1 || w.Inbound != nil || len(w.Agents.Staffing) > 0 || len(w.Agents.Ghosts) > 0 || w.Agents.PausesPerHour > 0 {
		return Case{}, fmt.Errorf("world %s: the optimum is of one campaign with a fixed team and no inbound calls", w.Name)
	}
	k := &w.Campaigns[0]
	if k.Machine.Const > 0 || k.Fail.Const > 0 || len(k.Answer.Points) > 0 || len(k.Machine.Points) > 0 || len(k.Fail.Points) > 0 || k.Detection != nil {
		return Case{}, fmt.Errorf("world %s: the optimum is of a constant answer rate without machines and failures", w.Name)
	}
	if w.Agents.Wrap != nil || w.Agents.Speed != nil || w.Control.Command > 0 || w.Control.Event > 0 || w.Control.Bridge > 0 {
		return Case{}, fmt.Errorf("world %s: the optimum is without wrap-up law, agents' own speeds and control delays", w.Name)
	}
	means := [4]float64{}
	for i, f := range []struct {
		name string
		law  *laws.Spec
	}{{"answer_delay", k.AnswerDelay}, {"no_answer_delay", k.NoAnswerDelay}, {"talk", k.Talk}, {"patience", k.Patience}} {
		if f.law == nil || f.law.Kind != laws.KindExponential || f.law.Shift != 0 {
			return Case{}, fmt.Errorf("world %s: campaigns[0].%s is not exponential", w.Name, f.name)
		}
		means[i] = f.law.Mean
	}
	if means[0] != means[1] {
		return Case{}, fmt.Errorf("world %s: answered calls ring %v s, others %v s; the optimum is of equal means", w.Name, means[0], means[1])
	}
	c := Case{Agents: w.Agents.Count, Answer: k.Answer.Const, Handle: means[2], Ring: means[0], Patience: means[3], Limit: k.Limit}
	return c, c.Validate()
}

// Algorithm is the optimal policy as an algorithm of the simulator:
//
//	optimum                the policy of the world's own case, mixed to meet the limit
//	optimum:part=safe      only its safe half, or part=bold
//	optimum:agents=10,answer=0.25,handle=140,ring=10,limit=0.03
//	                       the policy of that case, in whatever world
//
// Simulated and exact figures agree only in the world of the case itself.
func Algorithm() pacingsim.Algorithm {
	return pacingsim.Algorithm{
		Name:  "optimum",
		Args:  "part=mix|safe|bold, or a case: agents, answer, handle, ring, patience, limit",
		About: "the exact optimum of the exponential case (Markov decision process, solved)",
		New: func(args string) (pacingsim.Factory, error) {
			a, err := parseArgs(args)
			if err != nil {
				return nil, err
			}
			return a.factory(), nil
		},
	}
}

// arguments are what the text after "optimum:" says.
type arguments struct {
	own   bool // the case is given, not read off the world
	c     Case
	parts string
}

func parseArgs(text string) (arguments, error) {
	a := arguments{parts: "mix", c: Case{Limit: 0.03}}
	for _, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		key, value, _ := strings.Cut(pair, "=")
		if key == "part" {
			if value != "mix" && value != "safe" && value != "bold" {
				return a, fmt.Errorf("part: %q is none of mix, safe, bold", value)
			}
			a.parts = value
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return a, fmt.Errorf("%s: %q is not a number", key, value)
		}
		field, ok := map[string]*float64{"answer": &a.c.Answer, "handle": &a.c.Handle, "ring": &a.c.Ring, "patience": &a.c.Patience, "limit": &a.c.Limit}[key]
		switch {
		case key == "agents":
			a.c.Agents = int(v)
		case ok:
			*field = v
		default:
			return a, fmt.Errorf("%q is none of part, agents, answer, handle, ring, patience, limit", key)
		}
		a.own = true
	}
	if a.own {
		return a, a.c.Validate()
	}
	return a, nil
}

// factory solves the case once and gives every seed the same policy.
func (a arguments) factory() pacingsim.Factory {
	var once sync.Once
	var s Solution
	var failed error
	return func(u pacingsim.Setup) (pacingsim.Controller, error) {
		once.Do(func() {
			c := a.c
			if !a.own {
				if c, failed = FromWorld(u.World); failed != nil {
					return
				}
			}
			// The simulator's factories carry no context; the solver ends by itself within seconds.
			s, failed = Solve(context.Background(), c)
		})
		if failed != nil {
			return nil, failed
		}
		k := &controller{safe: s.Safe, bold: s.Bold, mix: s.Mix, start: u.Start, setup: u}
		switch a.parts {
		case "safe":
			k.bold = k.safe
		case "bold":
			k.safe = k.bold
		}
		return k, nil
	}
}

// spell is the time for which one of the two policies rules before the turn of
// the other may come: long against the memory of the dialer, which is a
// handling time, short against a shift.
const spell = 15 * time.Minute

// controller follows the policy in the simulator.
type controller struct {
	board      pacingsim.Board
	safe, bold Policy
	mix        float64
	start, now time.Time
	notBefore  time.Time // after a refusal
	ordered    int       // neither launched nor refused yet
	setup      pacingsim.Setup
}

// Observe implements pacingsim.Controller.
func (k *controller) Observe(e pacing.Event) {
	k.now = e.At
	switch e.Kind {
	case pacing.CallLaunched:
		k.ordered--
	case pacing.CallRefused:
		k.ordered--
		k.notBefore = e.At.Add(time.Duration(float64(time.Second) / k.setup.CallsPerSecond))
	}
	k.board.Count(e)
}

// Next implements pacingsim.Controller.
func (k *controller) Next() time.Time {
	if k.missing() <= 0 {
		return time.Time{}
	}
	if k.notBefore.After(k.now) {
		return k.notBefore
	}
	return k.now
}

// Decide implements pacingsim.Controller.
func (k *controller) Decide(now time.Time, orders *pacingsim.Orders) {
	k.now = now
	if n := k.missing(); n > 0 && !k.notBefore.After(now) {
		k.ordered += n
		orders.Dial(0, 0, n)
	}
}

// missing is how many calls the policy wants on their way beside those that are.
func (k *controller) missing() int {
	if len(k.board.Tally) == 0 || !k.board.Tally[0].Open {
		return 0
	}
	t := &k.board.Tally[0]
	connected := t.Waiting + t.Connected + k.board.Wrapping
	return k.policy().Target(connected) - t.Launched - k.ordered
}

// policy is the one whose turn it is: bold in the spells in which its summed
// share of the time reaches a whole number.
func (k *controller) policy() Policy {
	n := float64(k.now.Sub(k.start) / spell)
	if int((n+1)*k.mix) > int(n*k.mix) {
		return k.bold
	}
	return k.safe
}
