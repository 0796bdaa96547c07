package esl

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// job has FreeSWITCH carry out a command in the background and waits for its
// end, which is told as an event. The id of the job is ours, so that an end that
// overtakes the reply finds who waits for it.
func (s *session) job(ctx context.Context, verb, command string) (string, *wire, error) {
	id, heard := s.expect()
	defer s.unexpect(id)
	if err := s.startJob(ctx, verb, id, command); err != nil {
		return "", nil, err
	}
	select {
	case body := <-heard:
		return strings.TrimRight(string(body.Body), "\r\n"), body, nil
	case <-ctx.Done():
		return "", nil, fault.E("esl."+verb, fault.Unavailable, ctx.Err())
	case <-s.ctx.Done():
		return "", nil, fault.E("esl."+verb, fault.Unavailable, context.Cause(s.ctx)) //nolint:contextcheck // the session may end first
	}
}

func (s *session) expect() (string, chan *wire) {
	id := fmt.Sprintf("op-job-%016x", rand.Uint64())
	heard := make(chan *wire, 1)
	s.jmu.Lock()
	defer s.jmu.Unlock()
	s.jobs[id] = heard
	return id, heard
}

func (s *session) unexpect(id string) {
	s.jmu.Lock()
	defer s.jmu.Unlock()
	delete(s.jobs, id)
}

func (s *session) startJob(ctx context.Context, verb, id, command string) error {
	if err := oneLine(command); err != nil {
		return err
	}
	f, err := s.ask(ctx, verb, "bgapi "+command+"\nJob-UUID: "+id)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(f.reply, "+OK") {
		return judge(verb, f.reply)
	}
	return nil
}

func (s *session) jobDone(w *wire) {
	s.jmu.Lock()
	defer s.jmu.Unlock()
	if heard := s.jobs[string(w.Job)]; heard != nil {
		heard <- w // has room for one
		delete(s.jobs, string(w.Job))
	}
}

// roundTrip asks for a job and waits for its end: that proves both ways, and
// that events are dispatched. It reads FreeSWITCH's clock on the way.
func (s *session) roundTrip(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*s.a.cfg.PingInterval)
	defer cancel()
	sent := time.Now()
	_, w, err := s.job(ctx, "Beat", "global_getvar domain")
	if err != nil {
		if s.ctx.Err() == nil && ctx.Err() != nil {
			return fault.New("esl.Beat", fault.Unavailable, "%w (for %v)", errDeaf, 3*s.a.cfg.PingInterval)
		}
		return err
	}
	took := time.Since(sent)
	s.a.metrics.roundTrip.WithLabelValues(s.a.name).Observe(took.Seconds())
	if at := w.at(); !at.IsZero() {
		s.ahead.Store(int64(at.Sub(sent.Add(took / 2)))) // its clock was read about halfway
		s.unsure.Store(int64(took / 2))
	}
	if domain := strings.TrimSpace(string(w.Body)); s.a.cfg.Domain == "" && host.MatchString(domain) {
		s.domain.Store(domain)
	}
	return nil
}

// beat tests the connection now and then. The session ends when nothing was heard of FreeSWITCH for too long; one
// that is merely busy is heard.
func (s *session) beat(ctx context.Context) {
	tick := time.NewTicker(s.a.cfg.PingInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		began := time.Now()
		err := s.roundTrip(ctx)
		if err != nil && ctx.Err() == nil && s.events.heard.Load() < began.UnixNano() {
			s.end(err)
			return
		}
		s.a.legs.mu.Lock()
		s.a.legs.forget(time.Now())
		s.a.legs.mu.Unlock()
	}
}

// How often FreeSWITCH is made to look for events while there are calls, and how long
// it may take to read that. By itself it looks 50 times a second, and whenever
// something arrives from us: an event waits for 10 ms on average, and for 3 so.
const (
	nudgeEvery    = 5 * time.Millisecond
	nudgePatience = 5 * time.Second
)

// hurry makes FreeSWITCH tell events sooner while there are calls.
func (s *session) hurry(ctx context.Context) {
	tick := time.NewTicker(nudgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.a.legs.any() {
				s.events.nudge()
			}
		case <-ctx.Done():
			return
		}
	}
}

func (a *Adapter) hereVariable() string { return "operadora_here_" + a.cfg.App }

// How often the dialplan is told that calls are taken, and for how long the word
// is good: a task of FreeSWITCH's own takes it back unless it is renewed. A process
// that dies, hangs, or cannot take calls keeps nobody waiting for long.
const (
	pulseEvery = time.Second
	pulseGood  = 3 // seconds
)

// pulse tells the dialplan that calls are taken, for as long as they are.
func (s *session) pulse(ctx context.Context) {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	for {
		if err := s.here(ctx); err != nil && ctx.Err() == nil {
			s.a.log.DebugContext(ctx, "the dialplan could not be told that calls are taken", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// here lets the dialplan know once. Who cannot take calls says nothing, and the word
// expires: whoever has the lease by now may have given it anew.
func (s *session) here(ctx context.Context) error {
	if !s.sink.Ready() {
		return nil
	}
	if err := s.prolong(ctx); err != nil {
		return err
	}
	_, err := s.api(ctx, "Here", "global_setvar "+s.a.hereVariable()+"=true")
	return err
}

// prolong puts off the moment at which the dialplan believes that nobody takes
// calls. What it believes now stays: who takes over from one that died does not
// know yet whether it can take calls, and they come in meanwhile. A spare task is there
// while the other is replaced, as we may die between any two commands.
func (s *session) prolong(ctx context.Context) error {
	name := s.a.hereVariable()
	spare := name + "-spare"
	takeBack := func(group string) string {
		return fmt.Sprintf("sched_api +%d %s global_setvar %s=false", pulseGood, group, name)
	}
	return s.inTurn(ctx, "Here", takeBack(spare), "sched_del "+name, takeBack(name), "sched_del "+spare)
}

// inTurn carries out commands one after the other, whatever FreeSWITCH says to them.
func (s *session) inTurn(ctx context.Context, verb string, commands ...string) error {
	for _, command := range commands {
		if _, err := s.api(ctx, verb, command); err != nil {
			return err
		}
	}
	return nil
}

// realm is the domain of the phones.
func (s *session) realm() string {
	if s.a.cfg.Domain != "" {
		return s.a.cfg.Domain
	}
	if d, ok := s.domain.Load().(string); ok {
		return d
	}
	return "localhost"
}
