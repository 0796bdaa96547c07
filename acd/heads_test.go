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
		"few":             {made(50, relaxed, "a", "b"), ""},
		"as many as may":  {made(1000, plain), ""},
		"one more":        {made(1001, plain), `1001 lanes`},
		"by relax":        {made(334, relaxed), `1003 lanes`},
		"which":           {made(334, relaxed), `queue "q7" has the most, 4`},
		"by PBX":          {made(501, plain, "a", "b"), "1004 lanes"},
		"by delay, which": {made(501, plain, "a", "b"), `queue "q0" has the most, 4`},
	} {
		err := x.d.Validate()
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got := strings.Contains(text, "lanes"); got != (x.want != "") || !strings.Contains(text, x.want) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}
