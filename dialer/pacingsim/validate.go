package pacingsim

import (
	"fmt"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim/laws"
)

func orElse[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (w *World) setDefaults() {
	orElse(&w.Hours, 8)
	orElse(&w.Control.Command, 0.05)
	orElse(&w.Control.Event, 0.08)
	orElse(&w.Control.Bridge, 0.15)
	orElse(&w.Control.Cancel, 0.3)
	orElse(&w.Carrier.Lines, 10000)
	orElse(&w.Carrier.CallsPerSecond, 50)
	for i := range w.Campaigns {
		c := &w.Campaigns[i]
		orElse(&c.Mode, string(pacing.ModePredictive))
		orElse(&c.Limit, 0.03)
		orElse(&c.Share, 1)
		orElse(&c.Prior, 0.2)
		orElse(&c.RingsAfter, 1.5)
		orElse(&c.RingTimeout, 25)
		orElse(&c.MinRing, 15)
		orElse(&c.Threshold, 2)
		orElse(&c.WindowHours, 24)
		if c.Detection != nil {
			orElse(&c.Detection.MachineTalk, 12)
		}
	}
}

// checker keeps the first thing that is wrong and its path.
type checker struct {
	path string
	err  error
}

func (k *checker) fail(path, format string, args ...any) {
	if k.err == nil {
		k.path, k.err = path, fmt.Errorf(format, args...)
	}
}

// within checks low <= v <= high; NaN is within nothing.
func (k *checker) within(path string, v, low, high float64) {
	if !(v >= low && v <= high) {
		k.fail(path, "%v is not between %v and %v", v, low, high)
	}
}

// delay checks seconds of which -1 stands for none.
func (k *checker) delay(path string, v float64) {
	if v != none {
		k.within(path, v, 0, 60)
	}
}

func (k *checker) law(path string, s *laws.Spec, needed bool) {
	if s == nil {
		if needed {
			k.fail(path, "is needed")
		}
		return
	}
	if err := s.Validate(); err != nil {
		k.fail(path, "%w", err)
	}
}

func (k *checker) curve(path string, c *Curve, high float64) {
	k.within(path+".const", c.Const, 0, high)
	k.within(path+".every", c.Every, 0, day)
	if len(c.Points) > 0 && c.Const != 0 {
		k.fail(path, "const and points exclude each other")
	}
	for i, p := range c.Points {
		at := fmt.Sprintf("%s.points[%d]", path, i)
		k.within(at+".value", p.Value, 0, high)
		k.within(at+".at", p.At, 0, day)
		if i > 0 && p.At <= c.Points[i-1].At {
			k.fail(at+".at", "%v is not after %v", p.At, c.Points[i-1].At)
		}
	}
}

// none stands for no delay at all where 0 stands for the default.
const none = -1

const day = 30 * 86400.0 // the longest time a world may name

// check returns the path and the fault of the first field that is wrong.
func (w *World) check() (string, error) {
	k := &checker{}
	if w.Name == "" {
		k.fail("name", "is needed")
	}
	k.within("hours", w.Hours, 0.01, 720)
	k.within("warm_up", w.WarmUp, 0, day)
	w.Agents.check(k)
	if len(w.Campaigns) == 0 {
		k.fail("campaigns", "at least one is needed")
	}
	for i := range w.Campaigns {
		w.Campaigns[i].check(k, fmt.Sprintf("campaigns[%d].", i))
	}
	if in := w.Inbound; in != nil {
		k.curve("inbound.per_hour", &in.PerHour, 1e6)
		k.law("inbound.talk", in.Talk, true)
		k.within("inbound.reserve", float64(in.Reserve), 0, 1e5)
		k.within("inbound.service_level", in.ServiceLevel, 0, 0.999)
	}
	w.Control.check(k)
	w.Carrier.check(k)
	return k.path, k.err
}

func (a *Agents) check(k *checker) {
	k.within("agents.count", float64(a.Count), 0, 1e5)
	k.law("agents.wrap", a.Wrap, false)
	k.law("agents.speed", a.Speed, false)
	k.within("agents.pauses_per_hour", a.PausesPerHour, 0, 60)
	k.law("agents.pause", a.Pause, a.PausesPerHour > 0)
	k.law("agents.pick_up", a.PickUp, a.Phones > 0)
	k.within("agents.phones", a.Phones, 0, 1)
	most := a.Count
	for i, s := range a.Staffing {
		at := fmt.Sprintf("agents.staffing[%d].", i)
		most = max(most, s.Count)
		k.within(at+"at", s.At, 0, day)
		k.within(at+"count", float64(s.Count), 0, 1e5)
		k.within(at+"over", s.Over, 0, day)
		k.within(at+"abrupt", s.Abrupt, 0, 1)
		k.within(at+"after_call", s.AfterCall, 0, 1-s.Abrupt)
	}
	if most == 0 {
		k.fail("agents", "nobody is ever on duty")
	}
	for i, g := range a.Ghosts {
		at := fmt.Sprintf("agents.ghosts[%d].", i)
		k.within(at+"from", g.From, 0, day)
		k.within(at+"until", g.Until, g.From, day)
		k.within(at+"share", g.Share, 0, 1)
		k.within(at+"rings", g.Rings, 0, 60)
		k.within(at+"away", g.Away, 0, day)
	}
}

func (c *Campaign) check(k *checker, at string) {
	switch pacing.Mode(c.Mode) {
	case pacing.ModeProgressive, pacing.ModePredictive:
	case pacing.ModePower:
		k.within(at+"ratio", c.Ratio, 0.1, 100)
	case pacing.ModeWait:
		k.within(at+"target_wait", c.TargetWait, 0.1, 3600)
	default:
		k.fail(at+"mode", "%q is none of progressive, predictive, power and wait", c.Mode)
	}
	k.within(at+"limit", c.Limit, 1e-4, 1)
	k.within(at+"share", c.Share, 1e-6, 1e6)
	k.within(at+"prior", c.Prior, 1e-4, 0.9999)
	k.within(at+"leads", float64(c.Leads), 0, 1e9)
	k.within(at+"opens", c.Opens, 0, day)
	k.within(at+"closes", c.Closes, 0, day)
	k.within(at+"open_for", c.OpenFor, 0, 86400)
	k.within(at+"window_hours", c.WindowHours, 1, 366*24)
	c.checkLists(k, at)
	k.curve(at+"answer", &c.Answer, 1)
	k.curve(at+"machine", &c.Machine, 1)
	k.curve(at+"fail", &c.Fail, 1)
	if sum := c.Answer.max() + c.Machine.max() + c.Fail.max(); sum > 1+1e-9 {
		k.fail(at+"answer", "answer, machine and fail reach %v together, more than 1", sum)
	}
	k.law(at+"answer_delay", c.AnswerDelay, true)
	k.law(at+"machine_delay", c.MachineDelay, c.Machine.max() > 0)
	k.law(at+"fail_delay", c.FailDelay, c.Fail.max() > 0)
	k.law(at+"no_answer_delay", c.NoAnswerDelay, false)
	k.curve(at+"extra_delay", &c.ExtraDelay, 600)
	k.within(at+"rings_after", c.RingsAfter, 0, 600)
	k.within(at+"ring_timeout", c.RingTimeout, 1, 600)
	k.within(at+"min_ring", c.MinRing, 0, 600)
	k.within(at+"threshold", c.Threshold, 0.1, 600)
	k.law(at+"patience", c.Patience, false)
	k.law(at+"talk", c.Talk, true)
	if d := c.Detection; d != nil {
		k.law(at+"detection.person", d.Person, true)
		k.law(at+"detection.machine", d.Machine, true)
		k.within(at+"detection.false_machine", d.FalseMachine, 0, 1)
		k.within(at+"detection.missed_machine", d.MissedMachine, 0, 1)
		k.within(at+"detection.machine_talk", d.MachineTalk, 0, 600)
	}
}

func (c *Campaign) checkLists(k *checker, at string) {
	l := c.Lists
	if l == nil {
		return
	}
	at += "lists."
	if len(l.Answer) == 0 {
		k.fail(at+"answer", "is needed")
	}
	for i, p := range l.Answer {
		k.within(fmt.Sprintf("%sanswer[%d]", at, i), p, 0, 1-c.Machine.max()-c.Fail.max())
	}
	if c.Answer.max() > 0 {
		k.fail(at+"answer", "lists and answer exclude each other")
	}
	if l.Labelled {
		if len(l.Runs) > 0 {
			k.fail(at+"runs", "labelled lists have no runs: the algorithm chooses")
		}
		if len(l.Weights) > 0 && len(l.Weights) != len(l.Answer) {
			k.fail(at+"weights", "%d weights for %d lists", len(l.Weights), len(l.Answer))
		}
		for i, w := range l.Weights {
			k.within(fmt.Sprintf("%sweights[%d]", at, i), w, 1e-6, 1e6)
		}
		return
	}
	if len(l.Runs) != 2 || l.Runs[0] < 1 || l.Runs[1] < l.Runs[0] || l.Runs[1] > 1e9 {
		k.fail(at+"runs", "%v are not the shortest and the longest run", l.Runs)
	}
}

func (c *Control) check(k *checker) {
	k.delay("control.command", c.Command)
	k.delay("control.event", c.Event)
	k.delay("control.bridge", c.Bridge)
	k.delay("control.cancel", c.Cancel)
	k.within("control.resync", c.Resync, 0, day)
	for i, f := range c.Faults {
		at := fmt.Sprintf("control.faults[%d].", i)
		k.within(at+"from", f.From, 0, day)
		k.within(at+"until", f.Until, f.From, day)
		k.within(at+"delay", f.Delay, 0, 600)
		k.within(at+"lose", f.Lose, 0, 1)
	}
	for i, r := range c.Restarts {
		at := fmt.Sprintf("control.restarts[%d].", i)
		k.within(at+"at", r.At, 0, day)
		k.within(at+"down", r.Down, 0, day)
	}
}

func (c *Carrier) check(k *checker) {
	k.within("carrier.lines", float64(c.Lines), 1, 1e6)
	k.within("carrier.calls_per_second", c.CallsPerSecond, 0.01, 1e5)
	for i, w := range c.Congestion {
		at := fmt.Sprintf("carrier.congestion[%d].", i)
		k.within(at+"from", w.From, 0, day)
		k.within(at+"until", w.Until, w.From, day)
		k.within(at+"every", w.Every, 0, day)
		k.within(at+"refuse", w.Refuse, 0, 1)
		k.within(at+"calls_per_second", w.CallsPerSecond, 0, 1e5)
	}
}

// Validate checks a world that was made in code rather than read from a file;
// its defaults are set on the way.
func (w *World) Validate() error {
	w.setDefaults()
	if path, err := w.check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
