package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// Sizes of line_gap: so many agents talk, so many callers wait, and so many
// conversations end, one after the other.
const (
	gapAgents  = 20
	gapWaiting = 8
	gapRounds  = 60
	gapLimit   = 20 * time.Second // of one round
)

// The tones of callers: all say the one, and the one who is looked for the other.
const (
	voice  = 700
	signal = 1900
)

// LineGap measures from the BYE of a customer to the first packet in which the agent
// hears the next one: on permanent lines, with ring-per-call, and by the PBX' own queue
// with agents whose line stays up.
func LineGap(ctx context.Context, out, progress io.Writer) error {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the phones tell of every stream there
	defer slog.SetDefault(before)
	sides := [3]gapSide{{"permanent lines", "", "5000", loginOnLine}, {"ring-per-call", "ring_per_call", "5000", loginToRing}, peerQueue().line}
	var got [len(sides)][]time.Duration
	for i, side := range sides {
		fmt.Fprintf(progress, "line_gap: %s …\n", side.name)
		var err error
		if got[i], err = side.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", side.name, err)
		}
	}
	var lines []Line
	for _, q := range []float64{.5, .99} {
		for i, theirs := range got[1:] {
			lines = append(lines, NewLine("line_gap", fmt.Sprintf("p%g", q*100), "ms", millis(quantile(got[0], q)), sides[i+1].peer, millis(quantile(theirs, q))))
		}
	}
	return Emit(out, lines...)
}

// gapSide is one of those that are compared.
type gapSide struct {
	name, peer string // peer: in the figures of operadora's lines
	number     string
	login      func(context.Context, *gapFloor, *gapAgent) error
}

// gapFloor is a site with its people.
type gapFloor struct {
	site    *centre.Site
	api     *client.API
	agents  []*gapAgent
	callers []*lab.Call // in the order in which they came
	phones  []*lab.Phone
	came    int
}

// gapAgent is an agent with a phone that picks up by itself.
type gapAgent struct {
	user  string
	phone *lab.Phone

	mu   sync.Mutex
	call *lab.Call // guarded by mu
	next bool      // the voice in the next call is waited for; guarded by mu
	rung chan (<-chan time.Time)
}

// answer takes a call that comes to the phone.
func (a *gapAgent) answer(c *lab.Call) {
	a.mu.Lock()
	a.call = c
	if a.next {
		a.next = false
		a.rung <- c.FirstTone(voice)
	}
	a.mu.Unlock()
	_ = c.Answer() // a call that is gone already is missed by the others
}

func (a *gapAgent) line() *lab.Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.call
}

func (s gapSide) measure(ctx context.Context) (got []time.Duration, err error) {
	f, err := s.floor(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer f.stop() //nolint:contextcheck // what was started ends whatever the context
	for range gapAgents + gapWaiting {
		if err = f.arrive(ctx, s.number); err != nil {
			return got, err
		}
	}
	for range gapRounds {
		gap, err := f.round(ctx, s.number)
		if err != nil {
			return got, err
		}
		got = append(got, gap)
	}
	return got, nil
}

// floor is a site whose agents are logged in, with trunks to the outside.
func (s gapSide) floor(ctx context.Context, trunks []lab.Trunk) (_ *gapFloor, err error) {
	desks := lab.Desk(101, 100+gapAgents)
	o := inbound(desks)
	pool := "[general]\n"
	var members []string
	for _, d := range desks {
		pool += "[" + d.User + "]\nackcall = no\nwrapuptime = 0\nmusiconhold = none\n"
		members = append(members, "Local/"+d.User+"@pool/n,0,"+d.User+",Agent:"+d.User)
	}
	o.Asterisk.Files = map[string]string{"agents.conf": pool, "musiconhold.conf": "[general]\n"} // between calls there is silence on all sides
	o.Asterisk.Queues[0].Members = members
	o.Asterisk.Dialplan = "[from-phones](+)\nexten => _58XXX,1,Answer()\n same => n,AgentLogin(${EXTEN:2})\n[pool]\nexten => _XXX,1,AgentRequest(${EXTEN})\n"
	o.Asterisk.Trunks = trunks
	f := &gapFloor{}
	defer func() { //nolint:contextcheck // what was started ends whatever the context
		if err != nil {
			f.stop()
		}
	}()
	if f.site, err = newSite(ctx, o); err != nil {
		return nil, err
	}
	if err = f.site.Start(ctx); err != nil {
		return nil, err
	}
	if f.api, err = f.site.API("supervisor"); err != nil {
		return nil, err
	}
	for _, d := range desks {
		a := &gapAgent{user: d.User, rung: make(chan (<-chan time.Time), 1)}
		if a.phone, err = f.site.Switch.Phone(ctx, a.user); err != nil {
			return nil, err
		}
		a.phone.OnInvite(a.answer)
		f.agents = append(f.agents, a)
		if err = s.login(ctx, f, a); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *gapFloor) stop() {
	for _, p := range f.phones {
		p.Close()
	}
	for _, a := range f.agents {
		if a.phone != nil {
			a.phone.Close()
		}
	}
	if f.site != nil {
		discard(f.site)
	}
}

// arrive lets one more caller in.
func (f *gapFloor) arrive(ctx context.Context, number string) error {
	f.came++
	p, err := f.site.Switch.Caller(strconv.Itoa(5550000 + f.came))
	if err != nil {
		return err
	}
	f.phones = append(f.phones, p)
	c, err := p.Dial(ctx, number, lab.DialOptions{})
	if err != nil {
		return err
	}
	c.PlayTone(voice)
	f.callers = append(f.callers, c)
	return nil
}

var errNotHeard = errors.New("nobody hears")

// round ends the oldest conversation, measures the way to the next one of its
// agent, and lets another caller in.
func (f *gapFloor) round(ctx context.Context, number string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, gapLimit)
	defer cancel()
	c := f.callers[0]
	f.callers = f.callers[1:]
	a, err := f.with(ctx, c)
	if err != nil {
		return 0, err
	}
	line := a.line()
	c.PlayTone(0)
	if err := line.WaitSilence(ctx, 200*time.Millisecond); err != nil {
		return 0, err
	}
	heard := line.FirstTone(voice)
	a.await(true)
	defer a.await(false)
	began := time.Now()
	if err := c.Hangup(); err != nil { //nolint:contextcheck // it has a deadline of its own
		return 0, err
	}
	for {
		select {
		case at := <-heard:
			return at.Sub(began), f.arrive(ctx, number)
		case heard = <-a.rung: // another call at the phone
		case <-ctx.Done():
			return 0, fmt.Errorf("the next caller: %w", errNotHeard)
		}
	}
}

// await says whether the voice in the next call at the phone is waited for.
func (a *gapAgent) await(next bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next = next
}

// with finds the agent with whom a caller talks.
func (f *gapFloor) with(ctx context.Context, c *lab.Call) (*gapAgent, error) {
	heard := make(chan *gapAgent, len(f.agents))
	stop := make(chan struct{})
	defer close(stop)
	for _, a := range f.agents {
		line := a.line()
		if line == nil {
			continue
		}
		at := line.FirstTone(signal)
		go func() {
			select {
			case <-at:
				heard <- a
			case <-stop:
			}
		}()
	}
	c.PlayTone(signal)
	select {
	case a := <-heard:
		return a, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("a caller: %w", errNotHeard)
	}
}

func loginOnLine(ctx context.Context, f *gapFloor, a *gapAgent) error {
	if _, err := f.api.LoginAgentWithResponse(ctx, a.user, wire.AgentLogin{Line: true}); err != nil {
		return err
	}
	return poll(ctx, 100*time.Millisecond, func() error {
		r, err := f.api.GetAgentWithResponse(ctx, a.user)
		if err == nil && r.JSON200.Line != wire.LineStateIdle && r.JSON200.Line != wire.LineStateLent {
			err = fmt.Errorf("the line of %s is %q: %w", a.user, r.JSON200.Line, errNotYet)
		}
		return err
	})
}

func loginToRing(ctx context.Context, f *gapFloor, a *gapAgent) error {
	_, err := f.api.LoginAgentWithResponse(ctx, a.user, wire.AgentLogin{})
	return err
}

func loginAtPool(ctx context.Context, _ *gapFloor, a *gapAgent) error {
	c, err := a.phone.Dial(ctx, "58"+a.user, lab.DialOptions{})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.call = c
	return nil
}
