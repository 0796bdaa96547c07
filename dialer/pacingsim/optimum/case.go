package optimum

import (
	"fmt"
	"math"
)

// Case is a dialer with exponential laws. Durations are means in seconds.
type Case struct {
	Agents   int     // agents on duty, all alike
	Answer   float64 // probability that a dialled number is answered by a person
	Handle   float64 // talk and wrap-up together, s
	Ring     float64 // from dialling to the outcome, answered or not, s
	Patience float64 // how long an answered callee waits for an agent, s; 0 stands for 2
	Limit    float64 // highest share of answered calls that may be lost
	Waiting  int     // callees that may wait at once in the model; 0 stands for 12
	Ringing  int     // numbers that may ring at once in the model; 0 chooses a bound that does not bind
}

// Validate names the first field that is out of range.
func (c Case) Validate() error {
	for _, f := range []struct {
		name  string
		value float64
		ok    bool
		rule  string
	}{
		{"agents", float64(c.Agents), c.Agents >= 1 && c.Agents <= 1000, "not between 1 and 1000"},
		{"answer", c.Answer, c.Answer > 0 && c.Answer <= 1, "not above 0 and at most 1"},
		{"handle", c.Handle, positive(c.Handle), "not a positive number of seconds"},
		{"ring", c.Ring, positive(c.Ring), "not a positive number of seconds"},
		{"patience", c.Patience, c.Patience == 0 || positive(c.Patience), "not a positive number of seconds"},
		{"limit", c.Limit, c.Limit > 0 && c.Limit < 1, "not between 0 and 1"},
		{"waiting", float64(c.Waiting), c.Waiting >= 0 && c.Waiting <= 200, "not between 0 and 200"},
		{"ringing", float64(c.Ringing), c.Ringing >= 0 && c.Ringing <= 20000, "not between 0 and 20000"},
	} {
		if !f.ok {
			return fmt.Errorf("%s: %v is %s", f.name, f.value, f.rule)
		}
	}
	return nil
}

func positive(x float64) bool { return x > 0 && !math.IsInf(x, 1) }

// withDefaults fills what was left out. Twelve waiting callees at two seconds of
// patience are lost six a second, so more than that never meet. The bound on
// ringing calls covers a shortfall of four standard deviations of the busy
// agents at an answer every 1/p calls, plus twice the ringing of a full team.
func (c Case) withDefaults() Case {
	if c.Patience == 0 {
		c.Patience = 2
	}
	if c.Waiting == 0 {
		c.Waiting = 12
	}
	if c.Ringing == 0 {
		n := float64(c.Agents)
		shortfall := min(n, 4*math.Sqrt(n)) + 3
		flow := 2 * n * c.Ring / c.Handle
		c.Ringing = int(math.Ceil((shortfall + flow) / c.Answer))
	}
	return c
}
