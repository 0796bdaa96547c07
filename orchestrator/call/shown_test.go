package call

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// identified is a flow that a number leads to which has a caller id.
type identified struct {
	toyFlow
	shown string
}

func (f identified) Begin(a orchestrator.Arrival, now time.Time) (orchestrator.FlowStep, error) {
	step, err := f.toyFlow.Begin(a, now)
	if a.Flow == "" { // else a person sends the customer there, who has dialled nothing
		step.CallerID = f.shown
	}
	return step, err
}

var dialledAs = regexp.MustCompile(`dial \d+ \{Order:\{Channel:(op-\S+) \S+ .*?Caller:\{Number:(\S*) Name:`)

// TestWhatOutsideNumbersAreShown: whoever is called outside for a customer sees what
// the number says that the customer had dialled, else the queue, else nothing; a phone
// of the house sees the customer.
func TestWhatOutsideNumbersAreShown(t *testing.T) {
	t.Parallel()
	const customer, did, queue = "+573001234567", "+34910000501", "+34910000000"
	waitsLong := []func(*world){inQueue, after(6 * time.Minute)}
	for name, row := range map[string]struct {
		stages []func(*world)
		inside bool
	}{
		"transferred by the agent": {then(talking, toNumber), false},
		"asked by the agent":       {then(talking, asksNumber), false},
		"transferred by the flow":  {waitsLong, false},

		"an agent who is asked": {asking, true},
		"an agent who is rung":  {talking[:3], true},
	} {
		for _, of := range []struct{ did, queue, want string }{{did, queue, did}, {did, "", did}, {"", queue, queue}, {"", "", ""}} {
			want := of.want
			if row.inside {
				want = customer
			}
			w := newWorld(identified{shown: of.did})
			w.desk.plan.CallerID, w.desk.plan.MaxWait = of.queue, 5*time.Minute
			w.me.c.Caller.Number = customer
			w.quiet()
			for _, do := range row.stages {
				do(w)
				w.quiet()
			}
			dials := dialledAs.FindAllStringSubmatch(w.story(), -1)
			if len(dials) == 0 {
				t.Fatalf("%s: nobody was dialled\n%s", name, w.story())
			}
			if got := dials[len(dials)-1][2]; got != want {
				t.Errorf("%s, number %q, queue %q: shown is %q, want %q", name, of.did, of.queue, got, want)
			}
		}
	}
}

// TestEmergenciesAreAnnounced: the agent's phone shows that the call is one, and a
// permanent line beeps three times.
func TestEmergenciesAreAnnounced(t *testing.T) {
	t.Parallel()
	for tier, want := range map[int]struct {
		name  string
		beeps int
	}{0: {"Ana", 1}, 2: {"EMERGENCY Ana", 3}} {
		for _, lines := range []int{0, 1} {
			w := newWorld(toyFlow{})
			w.lines, w.desk.tier, w.me.c.Caller.Name = lines, tier, "Ana"
			for _, do := range []func(*world){(*world).quiet, inQueue, ringing} {
				do(w)
				w.quiet()
			}
			story := w.story()
			shown, beeps := regexp.MustCompile(`dial \d+ \{Order:.*?Caller:\{Number:\S* Name:([^}]*)\}`).FindStringSubmatch(story), 0
			if heard := regexp.MustCompile(`play \d+ \{[^\n]*? Media:\[([^\]]*` + beep + `[^\]]*)\]`).FindStringSubmatch(story); heard != nil {
				beeps = strings.Count(heard[1], beep)
			}
			if lines == 0 && (shown == nil || shown[1] != want.name) || lines == 1 && beeps != want.beeps {
				t.Errorf("tier %d, lines %d: shown %q, %d beeps", tier, lines, shown, beeps)
			}
		}
	}
}
