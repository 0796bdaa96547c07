package runner

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/gate"
)

// called tells how often a lead was called, and whether it is by now.
func (w *world) called(lead string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.calls {
		if p.Lead == lead {
			n++
		}
	}
	return n
}

// TestAppointmentBeforeAFullHopper: who has an appointment is called when it is due, however many
// others may be called, whether they are among those or were not looked at yet.
func TestAppointmentBeforeAFullHopper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 450)
		w.staff(1)
		s := w.sit("one", march(campaign.ModeProgressive))
		s.order("march", campaign.OnStart)
		time.Sleep(time.Minute)
		for _, lead := range []int64{290, 440} {
			must(t, second(s.runner.Appoint(t.Context(), "march", lead, campaign.Appointment{At: time.Now().Add(10 * time.Minute)}, "me")))
		}
		time.Sleep(9 * time.Minute)
		if a, b := w.called("290"), w.called("440"); a+b > 0 {
			t.Errorf("%d and %d calls before the time", a, b)
		}
		time.Sleep(3 * time.Minute) // of which the agent has one for each of four
		if a, b := w.called("290"), w.called("440"); a != 1 || b != 1 {
			t.Errorf("%d and %d calls after it", a, b)
		}
		w.close(s)
	})
}

// spell is a dialler that cannot be reached for a while.
type spell struct {
	*seat
	from, to time.Time
}

// TestAppointmentOutlivesAnAttemptThatFailed: an attempt that was never dialled has not kept the
// appointment for which it was made.
func TestAppointmentOutlivesAnAttemptThatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.staff(1)
		at := time.Now().Add(time.Hour)
		s := w.sitWith("one", func(s *seat, p *Parts) { p.Dialler = spell{s, at, at.Add(3 * time.Minute)} }, march(campaign.ModeProgressive))
		s.order("march", campaign.OnStart)
		time.Sleep(5 * time.Minute)
		must(t, second(s.runner.Appoint(t.Context(), "march", 1, campaign.Appointment{At: at}, "me")))
		time.Sleep(3 * time.Hour)
		if n := w.called("1"); n != 2 {
			t.Errorf("%d calls; the second is the appointment's", n)
		}
		w.close(s)
	})
}

// TestLeadThatChanges: a lead that was not to be called, and is changed by an import, is looked at
// again: one that no filter chose, and one that was done with, who has another number now.
func TestLeadThatChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		must(t, second(w.store.CreateList(t.Context(), leads.List{ID: "l", Region: "CO"}, "me")))
		must(t, w.bring("l", owing(0, 5, 0)+"+573001000050,50,60\n"))
		w.staff(1)
		w.life = func(p *person) { // mu is held
			if strings.HasSuffix(p.of.Number, "50") {
				p.answers, p.outcome, p.cause = false, orchestrator.OutcomeInvalid, 0
			}
		}
		c := march(campaign.ModeProgressive)
		c.Lists[0].Filter = "days_overdue > 30"
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(2 * time.Minute)
		if n := w.dialled(); n != 1 {
			t.Fatalf("%d calls", n)
		}
		w.update("l", owing(0, 5, 60)+"+573001000051,50,60\n")
		time.Sleep(5 * time.Minute)
		if n, other := w.dialled(), w.called("6"); n != 7 || other != 2 {
			t.Errorf("%d calls, %d to the lead with another number", n, other)
		}
		w.close(s)
	})
}

// TestLinesOverLists: a trunk has no more calls than lines, whatever lists they are of.
func TestLinesOverLists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 10)
		must(t, second(w.store.CreateList(t.Context(), leads.List{ID: "m", Region: "CO"}, "me")))
		must(t, w.bring("m", owing(100, 10, 0)))
		w.staff(6)
		c := march(campaign.ModePower)
		c.Lists = append(c.Lists, campaign.List{List: "m", Weight: 1})
		c.Trunks = []campaign.Trunk{{PBX: "main", Lines: 3, PerSecond: 10}, {PBX: "spain", Lines: 9, PerSecond: 10}}
		s := w.sitWith("one", func(_ *seat, p *Parts) { p.Gate = twoTrunks }, c)
		s.order("march", campaign.OnStart)
		time.Sleep(10 * time.Minute)
		if calls, _, most := w.count(); most != 3 || calls != 20 {
			t.Errorf("%d calls, %d at once over three lines", calls, most)
		}
		w.close(s)
	})
}

// twoTrunks are a trunk for numbers of Colombia and one for those of Spain.
var twoTrunks = gate.Gate{"main": {Dial: "PJSIP/{number}@trunk", Region: "CO", Allow: []string{"+57"}},
	"spain": {Dial: "PJSIP/{number}@trunk", Region: "ES", Allow: []string{"+34"}}}

// TestFullTrunkHoldsUpNoOther: behind however many leads that wait for a trunk that is full, those
// of another are called.
func TestFullTrunkHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1000)
		var spain strings.Builder
		spain.WriteString("phone,id\n")
		for i := range 20 {
			fmt.Fprintf(&spain, "+346001000%02d,%d\n", i, 5000+i)
		}
		must(t, w.bring("l", spain.String()))
		w.staff(6)
		c := march(campaign.ModePower)
		c.Trunks = []campaign.Trunk{{PBX: "main", Lines: 1, PerSecond: 10}, {PBX: "spain", Lines: 10, PerSecond: 10}}
		s := w.sitWith("one", func(_ *seat, p *Parts) { p.Gate = twoTrunks }, c)
		s.order("march", campaign.OnStart)
		time.Sleep(4 * time.Minute)
		abroad := 0
		for _, p := range w.calls {
			if p.PBX == "spain" {
				abroad++
			}
		}
		if home := w.dialled() - abroad; abroad != 20 || home < 6 {
			t.Errorf("%d calls over the trunk with room, %d over the other", abroad, home)
		}
		w.close(s)
	})
}

// TestReloadKeepsTheRateOfATrunk: however often definitions are read again, no more calls are begun over
// a trunk within a second than they say.
func TestReloadKeepsTheRateOfATrunk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 200)
		w.staff(100)
		anew := func() map[string]*campaign.Campaign {
			c := march(campaign.ModePower)
			c.Trunks = []campaign.Trunk{{PBX: "main", Lines: 200, PerSecond: 2}}
			return byID([]*campaign.Campaign{c})
		}
		var now atomic.Pointer[map[string]*campaign.Campaign]
		reload := func() { d := anew(); now.Store(&d) }
		reload()
		s := w.sitWith("one", func(_ *seat, p *Parts) { p.Defined = func() map[string]*campaign.Campaign { return *now.Load() } })
		s.order("march", campaign.OnStart)
		const seconds = 20
		for range 10 * seconds {
			time.Sleep(100 * time.Millisecond)
			reload()
			s.runner.Wake()
		}
		if n := w.dialled(); n < seconds || n > 2*seconds+2 {
			t.Errorf("%d calls in %d s", n, seconds)
		}
		w.close(s)
	})
}

// Attempt implements Dialler.
func (d spell) Attempt(ctx context.Context, pbx string, o call.Attempt) (call.Begun, error) {
	if now := time.Now(); !now.Before(d.from) && now.Before(d.to) {
		return call.Begun{}, errKilled
	}
	return d.seat.Attempt(ctx, pbx, o)
}
