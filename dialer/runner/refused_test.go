package runner

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// TestNumbersThatNobodyDials: numbers that are none, that reach more than a phone, emergency
// and premium numbers and those of other countries do not get in, or are refused at the gate with
// its rule on record; the one good number beside them is called.
func TestNumbersThatNobodyDials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		rejected := []string{"300CALLNOW", "555&PJSIP/x@trunk", "3001000001@evil", "5.73E+11", "112", "123", "911", "*72", ""}
		refused := []string{"+5719001234567", "+34807123456", "+34910000000"} // the first is a premium number of Colombia
		var file strings.Builder
		file.WriteString("phone;id\n")
		for _, n := range append(append([]string{}, rejected...), refused...) {
			file.WriteString(n + ";x" + n + "\n")
		}
		must(t, w.bring("l", file.String()))
		i, err := w.store.Imports(t.Context(), 1<<40, 1)
		must(t, err)
		if len(i) != 1 || i[0].Added != int64(len(refused)) || i[0].Rejected != int64(len(rejected)) {
			t.Errorf("%+v", i)
		}
		w.staff(3)
		s := w.sit("one", march(campaign.ModePower))
		p, err := s.runner.Preview(t.Context(), "march", 100)
		must(t, err)
		if p.Now != 1 || len(p.Left) != 1 || p.Left[0].Reason != string(CodeGate) || p.Left[0].Leads != int64(len(refused)) {
			t.Errorf("%+v", p)
		}
		s.order("march", campaign.OnStart)
		time.Sleep(5 * time.Minute)
		for _, c := range w.calls {
			if c.of.Number != "+573001000000" {
				t.Errorf("%s was called", c.of.Number)
			}
		}
		if n := w.dialled(); n != 1 {
			t.Errorf("%d calls", n)
		}
		w.close(s)
	})
}

// TestClockJumps: the clock is put forward and back by up to a day while a campaign runs. Nobody
// is rung twice at a time, outside hours by the clock that there is, or more often than the
// campaign allows; each call is on record as it went, and the count of the law is right.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	seeds := []uint64{1, 2, 3}
	if testing.Short() {
		seeds = seeds[:1]
	}
	for _, seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			w.leads("l", 40)
			w.staff(4)
			c := march(campaign.ModePower)
			for i, r := range c.Rules.Rules {
				if r.Kind == compliance.KindHours {
					c.Rules.Rules[i].Detail = &compliance.Hours{Hours: []string{"mon-sun 06:00-22:00"}}
				}
			}
			w.life = func(p *person) { // mu is held
				local := w.now().In(bogota(t))
				if h := local.Hour(); h < 6 || h >= 22 {
					t.Errorf("called at %s", local)
				}
				p.rings, p.talk = time.Duration(1+w.rnd.IntN(10))*time.Second, time.Duration(5+w.rnd.IntN(20))*time.Second
				if w.rnd.IntN(3) == 0 {
					p.answers, p.outcome, p.cause = false, orchestrator.OutcomeBusy, orchestrator.CauseBusy
				}
			}
			s := w.sit("one", c)
			s.order("march", campaign.OnStart)
			rnd := rand.New(rand.NewPCG(seed, 3))
			for range 12 {
				time.Sleep(time.Duration(20+rnd.IntN(60)) * time.Second)
				w.skew.Store(int64(time.Duration(rnd.IntN(48*60)-24*60) * time.Minute))
			}
			w.skew.Store(0)
			for range 3 * 24 * 60 {
				if w.done() {
					break
				}
				time.Sleep(time.Minute)
			}
			w.live.Wait()
			time.Sleep(5 * time.Minute)
			if !w.done() {
				seen, _ := w.store.Stand(t.Context(), "march")
				t.Errorf("seed %d: not every lead is done with: %+v", seed, seen)
			}
			w.check()
			w.close(s)
		})
	}
}

func bogota(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("America/Bogota")
	must(t, err)
	return zone
}

// TestOnTheWayAsTheClockIsSet: the clock is put an hour forward and back again and again while
// orders to call are on their way. Nobody is called twice, and each attempt is on record as it went.
func TestOnTheWayAsTheClockIsSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 40)
		w.staff(4)
		w.life = func(p *person) { p.rings, p.talk = time.Second, 5*time.Second }
		c := march(campaign.ModePower)
		c.Retry = yamlfile.Map[campaign.Retry]{{Key: string(campaign.ResultFailed), Value: campaign.Retry{Do: campaign.StepAgain, After: time.Second}}}
		s := w.sitWith("one", func(s *seat, p *Parts) { p.Dialler = sluggish{s} }, c)
		s.order("march", campaign.OnStart)
		rnd := rand.New(rand.NewPCG(1, 3))
		for set := range 100 {
			w.skew.Store(int64(time.Hour) * int64(set%2))
			time.Sleep(time.Duration(1000+rnd.IntN(4000)) * time.Millisecond)
		}
		w.live.Wait()
		time.Sleep(5 * time.Minute)
		w.check()
		if n := w.dialled(); n != 40 {
			t.Errorf("%d calls", n)
		}
		w.close(s)
	})
}

// TestClocksOfCalleesAreSet: a campaign runs while the clocks where people are are put forward or
// back. Nobody is called while they show a time outside the hours, those that are shown twice are
// open twice, and who has an appointment then is called at its moment, whichever of the two.
func TestClocksOfCalleesAreSet(t *testing.T) {
	t.Parallel()
	madrid, err := time.LoadLocation("Europe/Madrid")
	must(t, err)
	for _, x := range []struct {
		name     string
		begins   time.Time
		open     []int // half hours from then on in which people are called
		appoints []time.Duration
	}{
		// 01:30 to 02:00, when it is 03:00
		{"put forward", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), []int{1}, []time.Duration{45 * time.Minute}},
		// 01:30 to 02:30, and once more 02:00 to 02:30
		{"put back", time.Date(2026, 10, 24, 23, 0, 0, 0, time.UTC), []int{1, 2, 4}, []time.Duration{75 * time.Minute, 135 * time.Minute}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.skew.Store(int64(time.Until(x.begins)))
				must(t, second(w.store.CreateList(t.Context(), leads.List{ID: "l", Region: "ES"}, "me")))
				var file strings.Builder
				file.WriteString("phone,id\n")
				for i := range 200 {
					fmt.Fprintf(&file, "+34600100%03d,%d\n", i, i)
				}
				must(t, w.bring("l", file.String()))
				w.staff(2)
				at := map[string][]time.Duration{}
				w.life = func(p *person) { // mu is held
					at[p.Lead] = append(at[p.Lead], w.now().Sub(x.begins))
					p.talk = time.Minute
				}
				c := march(campaign.ModeProgressive)
				c.Hours = []string{"mon-sun 01:30-02:30"}
				s := w.sitWith("one", func(_ *seat, p *Parts) {
					p.Gate = gate.Gate{"main": {Dial: "PJSIP/{number}@trunk", Region: "ES", Allow: []string{"+34"}}}
				}, c)
				s.order("march", campaign.OnStart)
				time.Sleep(time.Minute)
				for i, in := range x.appoints { // leads whose turn would not come
					must(t, second(s.runner.Appoint(t.Context(), "march", int64(190+i), campaign.Appointment{At: x.begins.Add(in)}, "me")))
				}
				time.Sleep(3 * time.Hour)
				w.close(s)
				halves := map[int]bool{}
				for lead, all := range at {
					for _, d := range all {
						halves[int(d/(30*time.Minute))] = true
					}
					if len(all) > 1 {
						t.Errorf("lead %s was called %d times", lead, len(all))
					}
				}
				if got := slices.Sorted(maps.Keys(halves)); !slices.Equal(got, x.open) {
					t.Errorf("people were called in the half hours %v of %s, and may be in %v", got, x.begins.In(madrid), x.open)
				}
				for i, in := range x.appoints {
					if got := at[fmt.Sprint(190+i)]; len(got) != 1 || got[0] < in || got[0] > in+2*time.Minute {
						t.Errorf("the appointment after %v was kept after %v", in, got)
					}
				}
			})
		})
	}
}

// TestNothingToDial: a campaign whose list is not there, is empty, or was removed while it
// ran calls nobody and says why; it goes on when there is one.
func TestNothingToDial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.staff(2)
		s := w.sit("one", march(campaign.ModeProgressive))
		s.order("march", campaign.OnStart)
		held := func(want string) {
			t.Helper()
			for tries := 0; ; tries++ {
				time.Sleep(5 * time.Second)
				v, err := s.runner.View(t.Context(), "march")
				must(t, err)
				if v.Live != nil && strings.Contains(v.Live.Held, want) && w.dialled() == 0 {
					return
				}
				if tries == 20 {
					t.Fatalf("%+v, %d calls, want %q", v.Live, w.dialled(), want)
				}
			}
		}
		held("there is no list")
		must(t, second(w.store.CreateList(t.Context(), leads.List{ID: "l", Region: "CO"}, "me")))
		held("no lead may be called now")
		_, _, err := w.store.DeleteList(t.Context(), "l")
		must(t, err)
		held("there is no list")
		w.leads("l", 3)
		time.Sleep(3 * time.Minute)
		if n := w.dialled(); n != 3 {
			t.Errorf("%d calls", n)
		}
		w.close(s)
	})
}

// TestGateSaysWhyInSpanish: why the gate refuses a number is told in Spanish as well.
func TestGateSaysWhyInSpanish(t *testing.T) {
	t.Parallel()
	g := gate.Gate{"main": {Dial: "PJSIP/{number}@trunk", Region: "CO", Allow: []string{"+57"}}}
	for _, number := range []string{"+34910000000", "+5719001234567"} {
		l := leadstore.Candidate{}
		l.As.Numbers = []campaign.Number{{Number: number, Zones: []*time.Location{time.UTC}}}
		d, _ := judge(march(campaign.ModePower), g, l, time.Now())
		r := why(d)
		if r.Code != CodeGate || r.Text["es"] == r.Text["en"] {
			t.Errorf("%q: in Spanish it is %q", r.Text["en"], r.Text["es"])
		}
		if strings.Contains(r.Text["en"], number) {
			t.Errorf("the text, which goes into the journal beside the masked number, has it whole: %q", r.Text["en"])
		}
	}
}
