package bench

import (
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/pacingsim"
)

func TestOnlyWhatChangesACallIsACommand(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		request string
		want    bool
	}{
		{"POST /ari/channels/1.2/moh HTTP/1.1\r\nHost: a\r\n\r\n", true},
		{"DELETE /ari/bridges/op-1 HTTP/1.1\r\n\r\n", true},
		{"GET /ari/channels HTTP/1.1\r\n\r\n", false},
		{"POST /ari/events/user/probe HTTP/1.1\r\n\r\n", false},
		{"POST /ari/applications/operadora/subscription HTTP/1.1\r\n\r\n", false},
		{"", false},
	} {
		if got := isCommand([]byte(row.request)); got != row.want {
			t.Errorf("%q: %v", row.request, got)
		}
	}
}

// TestIdleWorld: there are more agents than calls need, as the world of answer_to_agent says.
func TestIdleWorld(t *testing.T) {
	t.Parallel()
	w, err := pacingsim.Parse("idle.yaml", []byte(idleWorld))
	if err != nil {
		t.Fatal(err)
	}
	r, err := pacingsim.Run(t.Context(), pacingsim.Options{World: w, Factory: pacingsim.Ours(), Seeds: 1, KeepSeeds: true})
	if err != nil || r.PerSeed[0].Answered != w.Campaigns[0].Leads || r.CalleeWaitP99 > 0.3 || r.AbandonWorst > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestTalksAreRandomAndTheSameForBothSides also holds the ideal against a bound
// that needs no schedule.
func TestTalksAreRandomAndTheSameForBothSides(t *testing.T) {
	t.Parallel()
	const mean, calls, agents = 2 * time.Second, 200, 20
	one := newTalks(mean)
	var first []time.Duration
	var sum time.Duration
	for range calls {
		first = append(first, one.next())
		sum += first[len(first)-1]
	}
	one.again()
	different := map[time.Duration]bool{}
	for i, want := range first {
		if got := one.next(); got != want || got < mean/2 || got > mean*3/2 {
			t.Errorf("call %d: %s, before %s", i, got, want)
		}
		different[want] = true
	}
	if len(different) < calls/2 {
		t.Errorf("only %d different talk times", len(different))
	}
	if got := one.ideal(agents, calls); got < sum/agents || got > sum/agents+mean*3/2 {
		t.Errorf("ideal %s, the work divided %s", got, sum/agents)
	}
}
