package peers

import (
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
)

// desk is what every peer knows: the counts of the board, and the calls it has
// ordered that are neither launched nor refused yet.
type desk struct {
	board   pacingsim.Board
	ordered []int  // by campaign
	dry     []bool // by campaign: no lead left
	share   []float64
	u       pacingsim.Setup
	now     time.Time
}

func newDesk(u pacingsim.Setup) desk {
	d := desk{ordered: make([]int, len(u.Campaigns)), dry: make([]bool, len(u.Campaigns)), share: shares(u), u: u, now: u.Start}
	d.board.Tally = make([]pacingsim.Tally, len(u.Campaigns))
	return d
}

func (d *desk) count(e pacing.Event) {
	d.now = e.At
	if e.Kind == pacing.CallLaunched || e.Kind == pacing.CallRefused {
		d.ordered[e.Campaign] = max(0, d.ordered[e.Campaign]-1)
	}
	if e.Kind == pacing.LeadsLeft {
		d.dry[e.Campaign] = e.Value < 1
	}
	d.board.Count(e)
}

// open says whether a campaign may dial and has something to dial.
func (d *desk) open(c int) bool { return d.board.Tally[c].Open && !d.dry[c] }

// placed are the calls of a campaign on their way: ordered, ringing, or not yet
// known to be a person or a machine.
func (d *desk) placed(c int) int {
	t := &d.board.Tally[c]
	return d.ordered[c] + t.Launched + t.Detecting
}

// unserved are the people of a campaign who answered and have no agent reserved.
// The board does not tell whose agent is reserved; with several campaigns the
// reserved agents are taken to be for the first that has people waiting.
func (d *desk) unserved(c int) int {
	reserved := d.board.Reserved
	for i := range d.board.Tally {
		w := d.board.Tally[i].Waiting
		if i == c {
			return max(0, w-reserved)
		}
		reserved = max(0, reserved-w)
	}
	return 0
}

// lines are the calls of a campaign that hold a line, machines included.
func (d *desk) lines(c int) int { return d.ordered[c] + d.board.Tally[c].Up() }

func (d *desk) linesInUse() int {
	n := 0
	for c := range d.ordered {
		n += d.lines(c)
	}
	return n
}

// place launches one call of a campaign.
func (d *desk) place(c int, orders *pacingsim.Orders) {
	d.ordered[c]++
	orders.Dial(c, 0, 1)
}

// feeder launches calls one by one, a fixed time apart, as far as lines go.
type feeder struct {
	gap  time.Duration
	next time.Time // when the next call may be launched
	want []int     // calls still to launch, by campaign
}

// newFeeder keeps under the calls per second of the pool, and of the peer's own
// setting if that is lower; 0 is no setting.
func newFeeder(u pacingsim.Setup, callsPerSecond float64) feeder {
	rate := u.CallsPerSecond
	if callsPerSecond > 0 && callsPerSecond < rate {
		rate = callsPerSecond
	}
	return feeder{gap: time.Duration(float64(time.Second)/rate) + 1, next: u.Start, want: make([]int, len(u.Campaigns))}
}

func (f *feeder) busy() bool {
	for _, n := range f.want {
		if n > 0 {
			return true
		}
	}
	return false
}

// feed launches what is due. With lines short it gives the rest up, as a pass of
// these dialers does.
func (f *feeder) feed(d *desk, now time.Time, lines int, orders *pacingsim.Orders) {
	if f.next.Before(now.Add(-f.gap)) {
		f.next = now
	}
	for c := range f.want {
		for f.want[c] > 0 && !f.next.After(now) {
			if d.linesInUse() >= lines {
				clear(f.want)
				return
			}
			d.place(c, orders)
			f.want[c]--
			f.next = f.next.Add(f.gap)
		}
	}
}
