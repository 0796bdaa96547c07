package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// Sizes of the takeover.
const (
	takeoverTalking = 200
	takeoverWaiting = 200
	takeoverLimit   = 4 * time.Minute
	takeoverSettle  = 3 * time.Second // after which a caller who was cut off shows in SIPp's count
)

// What is wanted of a takeover, in seconds until the first command.
const (
	restartGoal = 0.5
	standbyGoal = 3
)

// manyLegs gives Asterisk audio ports for 2,000 legs, above those that the
// kernel hands out.
var manyLegs = map[string]string{"rtp.conf": "[general]\nrtpstart = 61000\nrtpend = 65500\nicesupport = no\nstrictrtp = no\n"}

// succession is what the death of one process and its successor looked like.
type succession struct {
	command, adopted, ring time.Duration
	noticed                int // callers and phones
}

// Takeover kills operadora with callers who talk and callers who wait, and
// looks at the process after it: one that is started then under the same name,
// and one that has been standing by. At each death one agent hangs up, and the
// phone shows when the next caller reaches it.
func Takeover(ctx context.Context, out, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, takeoverLimit)
	defer cancel()
	t, err := newHandover(ctx, takeoverTalking)
	if err != nil {
		return err
	}
	defer t.stop()
	fmt.Fprintf(progress, "takeover: %d callers come to talk and %d to wait …\n", takeoverTalking, takeoverWaiting)
	if err := t.fill(ctx, takeoverTalking, takeoverWaiting); err != nil {
		return err
	}
	fmt.Fprintln(progress, "takeover: kill -9, and a restart under the same name …")
	restart, err := t.restart(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(progress, "takeover: kill -9 beside a standby …")
	standby, err := t.standby(ctx)
	if err != nil {
		return err
	}
	lines := func(how string, s succession, goal float64) []Line {
		seconds := func(metric string, d time.Duration) Line {
			return NewLine("takeover", how+"_"+metric, "s", d.Seconds(), "goal", goal)
		}
		return []Line{seconds("first_command", s.command), seconds("last_adopted", s.adopted), seconds("next_ring", s.ring),
			NewLine("takeover", how+"_noticed_of_"+strconv.Itoa(takeoverTalking+takeoverWaiting), "callers and agents", float64(s.noticed), "goal", 0)}
	}
	return Emit(out, append(lines("restart", restart, restartGoal), lines("standby", standby, standbyGoal)...)...)
}

// handover is a centre with callers who talk and callers who wait.
type handover struct {
	tap     *tap
	desks   *lab.Desks
	site    *centre.Site
	callers *lab.SIPp
	up      int // callers who should be there
	rounds  int
}

func newHandover(ctx context.Context, agents int) (*handover, error) {
	t := &handover{}
	var err error
	if t.tap, err = newTap(); err != nil {
		return nil, err
	}
	if t.desks, err = lab.StartDesks(func() time.Duration { return takeoverLimit }); err != nil {
		t.tap.close()
		return nil, err
	}
	o := inbound(t.desks, agents)
	o.Via, o.Asterisk.Files = t.tap.lay, manyLegs
	if t.site, err = newSite(ctx, o); err == nil {
		err = t.site.Start(ctx)
	}
	if err != nil {
		t.stop()
		return nil, err
	}
	return t, nil
}

func (t *handover) stop() {
	if t.callers != nil {
		_, _ = t.callers.Stop() // what it could tell has been told
	}
	if t.site != nil {
		discard(t.site)
	}
	t.desks.Stop()
	t.tap.close()
}

// fill logs the agents in, lets the callers in, and returns when the phones and
// the queue show that all are where they should be.
func (t *handover) fill(ctx context.Context, talking, waiting int) error {
	api, err := t.site.API("supervisor")
	if err != nil {
		return err
	}
	for n := range talking {
		if err := api.Do(ctx, http.MethodPost, "/api/v1/agents/"+strconv.Itoa(101+n)+"/login", struct{}{}, nil); err != nil {
			return err
		}
	}
	t.up = talking + waiting
	t.callers, err = lab.StartSIPpCallers(ctx, lab.SIPpCallers{Target: t.site.Asterisk.SIPAddr(), Number: "5000", Calls: t.up, Rate: 20})
	if err != nil {
		return err
	}
	return poll(ctx, 500*time.Millisecond, func() error {
		var q struct{ Waiting int }
		if err := api.Do(ctx, http.MethodGet, "/api/v1/queues/"+benchQueue, nil, &q); err != nil {
			return err
		}
		if joined, _ := t.atDesks(); joined != talking || q.Waiting != waiting {
			return fmt.Errorf("%d talk and %d wait, of %d and %d: %w", joined, q.Waiting, talking, waiting, errNotYet)
		}
		return nil
	})
}

// atDesks counts the conversations that the phones have and those that they had.
func (t *handover) atDesks() (joined, over int) {
	for _, c := range t.desks.Calls() {
		switch {
		case !c.Over.IsZero():
			over++
		case !c.Joined.IsZero():
			joined++
		}
	}
	return joined, over
}

func (t *handover) restart(ctx context.Context) (succession, error) {
	return t.succeed(ctx, t.site.Log, func() (time.Time, error) {
		if err := t.site.Kill(); err != nil {
			return time.Time{}, err
		}
		return time.Now(), t.site.Begin()
	})
}

func (t *handover) standby(ctx context.Context) (s succession, err error) {
	log := centre.NewLogTail()
	kill, err := t.site.Beside("standby", log)
	if err != nil {
		return s, err
	}
	defer kill()
	for _, text := range []string{`msg="waiting for the lease"`, "msg=serving"} {
		if err := log.Wait(ctx, 0, text, nil); err != nil {
			return s, err
		}
	}
	return t.succeed(ctx, log, func() (time.Time, error) { return time.Now(), t.site.Kill() })
}

// succeed has one agent hang up and ends a process; the times are counted from
// when begin says. The next one logs to log.
func (t *handover) succeed(ctx context.Context, log *centre.LogTail, begin func() (time.Time, error)) (s succession, err error) {
	mark := log.Mark()
	before := len(t.desks.Calls())
	agent := strconv.Itoa(101 + t.rounds)
	begun, err := begin()
	if err != nil {
		return s, err
	}
	first := t.tap.next()
	t.desks.HangUp(agent)
	t.rounds++
	t.up-- // whose agent hung up
	if err := log.Wait(ctx, mark, fmt.Sprintf(`msg="calls taken up" component=orchestrator pbx=%s calls=%d `, centre.PBX, t.up+1), nil); err != nil {
		return s, err
	}
	s.adopted = time.Since(begun)
	select {
	case at := <-first:
		s.command = at.Sub(begun)
	case <-ctx.Done():
		return s, fmt.Errorf("the next process commanded nothing: %w", ctx.Err())
	}
	err = poll(ctx, 20*time.Millisecond, func() error {
		if calls := t.desks.Calls(); len(calls) > before {
			s.ring = calls[before].Rung.Sub(begun)
			return nil
		}
		return fmt.Errorf("the phone of %s did not ring again: %w", agent, errNotYet)
	})
	if err != nil {
		return s, err
	}
	settle := time.NewTimer(takeoverSettle)
	defer settle.Stop()
	<-settle.C
	up, err := t.callers.Up()
	if err != nil {
		return s, err
	}
	joined, over := t.atDesks()
	again := len(t.desks.Calls()) - before - 1 // a re-INVITE, or another phone rung
	s.noticed = max(0, t.up-up) + max(0, over-t.rounds) + max(0, again)
	if joined != takeoverTalking {
		return s, fmt.Errorf("%d conversations at the phones after it, want %d", joined, takeoverTalking)
	}
	return s, nil
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
