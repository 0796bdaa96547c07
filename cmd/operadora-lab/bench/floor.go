package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// manyLegs gives Asterisk audio ports for 2,000 legs, above those that the
// kernel hands out.
var manyLegs = map[string]string{"rtp.conf": "[general]\nrtpstart = 61000\nrtpend = 65500\nicesupport = no\nstrictrtp = no\n"}

// sized is how many calls there are in a measurement that has n on an Asterisk: a
// FreeSWITCH mixes every conversation in a conference, and two cores carry a fifth.
func sized(n int) int {
	if centre.OnFreeSWITCH() {
		return n / 5
	}
	return n
}

// floor is a centre whose conversations do not end by themselves.
type floor struct {
	site    *centre.Site
	desks   *lab.Desks
	api     *client.API
	agents  int
	callers []*lab.SIPp
	talking int // as many callers should talk
	waiting int // and as many wait
}

// newFloor starts a centre; via is as in centre.Options.
func newFloor(ctx context.Context, agents int, via func(string) string) (_ *floor, err error) {
	f := &floor{agents: agents}
	if f.desks, err = lab.StartDesks(func() time.Duration { return time.Hour }); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.stop()
		}
	}()
	o := inbound(phonesAt(f.desks, agents))
	o.Via, o.Asterisk.Files = via, manyLegs
	if f.site, err = newSite(ctx, o); err != nil {
		return nil, err
	}
	if err = f.site.Start(ctx); err != nil {
		return nil, err
	}
	f.api, err = f.site.API("supervisor")
	return f, err
}

func (f *floor) stop() {
	for _, c := range f.callers {
		_, _ = c.Stop() // what it could tell has been told
	}
	if f.site != nil {
		discard(f.site)
	}
	f.desks.Stop()
}

// loginPace is no faster than the API allows with one token.
func loginPace() *rate.Limiter { return rate.NewLimiter(40, 150) }

// login logs all agents in.
func (f *floor) login(ctx context.Context) error {
	pace := loginPace()
	for n := range f.agents {
		if err := pace.Wait(ctx); err != nil {
			return err
		}
		if _, err := f.api.LoginAgentWithResponse(ctx, strconv.Itoa(101+n), wire.AgentLogin{}); err != nil {
			return err
		}
	}
	return nil
}

// callIn lets further callers in, as many as will come to talk and to wait, and
// returns when the phones and the queue show that all are where they should be.
func (f *floor) callIn(ctx context.Context, talking, waiting int) error {
	f.talking += talking
	f.waiting += waiting
	callers, err := lab.StartSIPpCallers(ctx, lab.SIPpCallers{Target: f.site.Outside(), Number: "5000", Calls: talking + waiting, Rate: 20})
	if err != nil {
		return err
	}
	f.callers = append(f.callers, callers)
	return poll(ctx, 500*time.Millisecond, func() error {
		r, err := f.api.GetQueueWithResponse(ctx, benchQueue)
		if err != nil {
			return err
		}
		q := r.JSON200
		if joined, _ := f.atDesks(); joined != f.talking || q.Waiting != f.waiting {
			return fmt.Errorf("%d talk and %d wait, of %d and %d: %w", joined, q.Waiting, f.talking, f.waiting, errNotYet)
		}
		return nil
	})
}

// up is how many callers there are, as their side sees it.
func (f *floor) up() (sum int, err error) {
	for _, c := range f.callers {
		n, err := c.Up()
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// atDesks counts the conversations that the phones have and those that they had.
func (f *floor) atDesks() (joined, over int) {
	for _, c := range f.desks.Calls() {
		switch {
		case !c.Over.IsZero():
			over++
		case !c.Joined.IsZero():
			joined++
		}
	}
	return joined, over
}

// errNotYet means that what is waited for has not come; poll asks again.
var errNotYet = errors.New("not yet")

// poll asks until the answer is something else than errNotYet.
func poll(ctx context.Context, every time.Duration, ask func() error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil || !errors.Is(err, errNotYet) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}
