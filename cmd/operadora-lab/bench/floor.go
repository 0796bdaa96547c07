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

	two     *centre.LogTail // what the second process logs; nil when there is none
	killTwo func()
}

// newFloor starts a centre; via is as in centre.Options.
func newFloor(ctx context.Context, agents int, via func(string) string) (*floor, error) {
	return startFloor(ctx, agents, via, false)
}

// newPair starts a centre of two PBXs, with half the agents at each, and two
// processes, of which each drives one.
func newPair(ctx context.Context, agents int, via func(string) string) (*floor, error) {
	return startFloor(ctx, agents, via, true)
}

func startFloor(ctx context.Context, agents int, via func(string) string, pair bool) (_ *floor, err error) {
	f := &floor{agents: agents}
	if f.desks, err = lab.StartDesks(func() time.Duration { return time.Hour }); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.stop()
		}
	}()
	here := agents
	if pair {
		here = agents / 2
	}
	o := inbound(phonesAt(f.desks, 101, here))
	o.Via, o.Asterisk.Files = via, manyLegs
	if pair {
		there := phonesAt(f.desks, 101+here, agents-here)
		o.Beside = &centre.Beside{Endpoints: there, Files: manyLegs, Config: "    instance: two\n"}
		o.Definitions["agents.yaml"] += people(centre.OtherPBX, there, false)
		o.Config = "    instance: one\ninstance: one\n" + o.Config
	}
	if f.site, err = newSite(ctx, o); err != nil {
		return nil, err
	}
	if pair {
		err = f.startPair(ctx)
	} else {
		err = f.site.Start(ctx)
	}
	if err != nil {
		return nil, err
	}
	f.api, err = f.site.API("supervisor")
	return f, err
}

// startPair starts both processes.
func (f *floor) startPair(ctx context.Context) error {
	connected := func(pbx string) string { return `msg="pbx connected" component=orchestrator pbx=` + pbx }
	if err := errors.Join(f.site.Begin(), f.site.Await(ctx, 0, "msg=serving"), f.site.Await(ctx, 0, connected(centre.PBX))); err != nil {
		return err
	}
	f.two = centre.NewLogTail()
	var err error
	if f.killTwo, err = f.site.Beside("two", f.two); err != nil {
		return err
	}
	return errors.Join(f.two.Wait(ctx, 0, connected(centre.OtherPBX), nil),
		f.two.Wait(ctx, 0, `msg="waiting for the lease" component=orchestrator pbx=`+centre.PBX, nil)) // it stands aside for a while before
}

func (f *floor) stop() {
	if f.killTwo != nil {
		f.killTwo()
	}
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
	targets := []string{f.site.Outside()}
	if f.two != nil {
		targets = append(targets, f.site.OutsideOther())
	}
	for _, target := range targets {
		callers, err := lab.StartSIPpCallers(ctx, lab.SIPpCallers{Target: target, Number: "5000",
			Calls: (talking + waiting) / len(targets), Rate: 20 / float64(len(targets))})
		if err != nil {
			return err
		}
		f.callers = append(f.callers, callers)
	}
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
