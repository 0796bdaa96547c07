package peers

import (
	"math"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
)

var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

func setup(campaigns ...pacing.CampaignConfig) pacingsim.Setup {
	if len(campaigns) == 0 {
		campaigns = []pacing.CampaignConfig{{Limit: 0.03, Share: 1}}
	}
	return pacingsim.Setup{Start: start, Campaigns: campaigns, Lines: 1000, CallsPerSecond: 100}
}

// floor drives a controller by hand: it tells events and carries orders out at once.
type floor struct {
	t      *testing.T
	k      pacingsim.Controller
	now    time.Time
	orders pacingsim.Orders
	calls  []pacing.CallID // launched and not ended, oldest first
	last   pacing.CallID
	dialed []time.Duration // since start, one per call
}

func open(t *testing.T, algorithm string, u pacingsim.Setup) *floor {
	t.Helper()
	factory, err := pacingsim.Find(Algorithms(), algorithm)
	if err != nil {
		t.Fatal(err)
	}
	k, err := factory(u)
	if err != nil {
		t.Fatal(err)
	}
	f := &floor{t: t, k: k, now: u.Start}
	for c := range u.Campaigns {
		f.tell(pacing.Event{Kind: pacing.CampaignOpened, Campaign: c})
	}
	return f
}

func (f *floor) tell(e pacing.Event) {
	e.At = f.now
	f.k.Observe(e)
}

// agents puts agents first..last in the state that kind tells of.
func (f *floor) agents(kind pacing.Kind, first, last int) {
	for a := first; a <= last; a++ {
		f.tell(pacing.Event{Kind: kind, Agent: pacing.AgentID(a)})
	}
}

// upTo lets the controller decide whenever it wants, until d after the start,
// and returns how many calls it launched in the meantime.
func (f *floor) upTo(d time.Duration) int {
	f.t.Helper()
	before, end := len(f.dialed), start.Add(d)
	for range 1_000_000 {
		next := f.k.Next()
		if next.IsZero() || next.After(end) {
			f.now = end
			return len(f.dialed) - before
		}
		if next.After(f.now) {
			f.now = next
		}
		f.orders.Reset()
		f.k.Decide(f.now, &f.orders)
		for _, x := range f.orders.Dials() {
			for range x.Count {
				f.last++
				f.calls = append(f.calls, f.last)
				f.dialed = append(f.dialed, f.now.Sub(start))
				f.tell(pacing.Event{Kind: pacing.CallLaunched, Call: f.last, Campaign: x.Campaign})
			}
		}
	}
	f.t.Fatal("the controller never rests")
	return 0
}

// oldest tells the same of the n oldest calls; those that end are forgotten.
func (f *floor) oldest(n int, kinds ...pacing.Kind) {
	f.t.Helper()
	for _, id := range f.calls[:n] {
		for _, k := range kinds {
			f.tell(pacing.Event{Kind: k, Call: id})
		}
	}
	switch kinds[len(kinds)-1] {
	case pacing.CallFailed, pacing.CallAbandoned, pacing.CallEnded:
		f.calls = f.calls[n:]
	}
}

// connect answers the oldest call, which agent a takes.
func (f *floor) connect(a int) {
	id := f.calls[0]
	f.calls = f.calls[1:]
	f.tell(pacing.Event{Kind: pacing.CallPerson, Call: id})
	f.tell(pacing.Event{Kind: pacing.AgentReserved, Agent: pacing.AgentID(a)})
	f.tell(pacing.Event{Kind: pacing.CallConnected, Call: id, Agent: pacing.AgentID(a)})
	f.tell(pacing.Event{Kind: pacing.AgentTalking, Agent: pacing.AgentID(a)})
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
