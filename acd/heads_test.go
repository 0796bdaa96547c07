package acd

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTooManyLanes: definitions with more lanes than an agent who becomes free can look past
// are refused, with the queue that has the most; what is within is not.
func TestTooManyLanes(t *testing.T) {
	t.Parallel()
	made := func(queues int, change func(i int, q *Queue), pbxs ...string) Definitions {
		var d Definitions
		for i := range queues {
			q := NewQueue()
			q.ID = fmt.Sprintf("q%d", i)
			change(i, &q)
			d.Queues = append(d.Queues, q)
		}
		for i, pbx := range pbxs {
			a := NewAgent()
			a.ID, a.PBX, a.Endpoint = fmt.Sprint(i), pbx, fmt.Sprintf("PJSIP/%d", i)
			a.Queues = []Membership{{Queue: "q0", Delay: time.Duration(i) * time.Second}}
			d.Agents = append(d.Agents, a)
		}
		return d
	}
	plain := func(int, *Queue) {}
	asking := func(text string) func(int, *Queue) { return func(_ int, q *Queue) { q.Requires = text } }
	skilled := func(n int, d Definitions) Definitions {
		for i := range n {
			d.Skills = append(d.Skills, Skill{Name: fmt.Sprintf("s%d", i)})
		}
		return d
	}
	relaxed := func(i int, q *Queue) {
		q.Relax = []Relax{{After: time.Minute}, {After: 2 * time.Minute}}
		if i == 7 {
			q.Relax = append(q.Relax, Relax{After: 3 * time.Minute})
		}
	}
	for name, x := range map[string]struct {
		d    Definitions
		want string
	}{
		"few":               {made(50, relaxed, "a", "b"), ""},
		"as many as may":    {made(1000, plain), ""},
		"one more":          {made(1001, plain), `E00 there are 1001 lanes`},
		"by relax":          {made(334, relaxed), `1003 lanes`},
		"which":             {made(334, relaxed), `queue "q7" has the most, 4`},
		"by PBX":            {made(501, plain, "a", "b"), "1004 lanes"},
		"by what calls say": {skilled(39, made(50, asking("skill(call.topic) >= 2"))), "W09 calls may wait in up to 2000 lanes"},
		"which of those": {skilled(39, made(50, func(i int, q *Queue) {
			if q.Requires = "skill(call.topic) >= 2"; i == 7 {
				q.Requires = "skill(call.topic) >= 2 and skill(call.language) >= 1"
			}
		})), `queue "q7" in up to 1600`},
		"by it, and few":  {skilled(19, made(50, asking("skill(call.topic) >= 2"))), ""},
		"by their queue":  {skilled(39, made(50, asking("skill(call.queue) >= 2"))), ""},
		"by delay, which": {made(501, plain, "a", "b"), `queue "q0" has the most, 4`},
	} {
		var found []string
		for _, f := range x.d.Faults(func(string) bool { return true }) {
			if strings.Contains(f.Text, "lanes") {
				found = append(found, string(f.Code)+" "+f.Text)
			}
		}
		if text := strings.Join(found, "\n"); (text != "") != (x.want != "") || !strings.Contains(text, x.want) {
			t.Errorf("%s: %q, want %q", name, text, x.want)
		}
	}
}
