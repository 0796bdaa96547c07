package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

// Sizes of the takeover.
const (
	takeoverTalking = 200 // sized
	takeoverWaiting = 200 // sized
	takeoverLimit   = 4 * time.Minute
	takeoverSettle  = 3 * time.Second // after which a caller who was cut off shows in SIPp's count
)

// What is wanted of a takeover, in seconds until the first command.
const (
	restartGoal = 0.5
	standbyGoal = 3
)

// succession is what the death of one process and its successor looked like.
type succession struct {
	command, adopted, ring time.Duration
	noticed                int // callers and phones
}

// Takeover kills operadora with callers who talk and callers who wait, and
// looks at the process after it: one that is started then under the same name,
// one that has been standing by, and, of two processes that drive a PBX each, with the
// same callers and agents in one queue over both, the other. At each death one agent
// hangs up, and the phone shows when the next caller reaches it.
func Takeover(ctx context.Context, out, progress io.Writer) error {
	if err := withHandover(ctx, out, progress, newFloor, takeoverOfOne); err != nil || centre.OnFreeSWITCH() {
		return err
	}
	return withHandover(ctx, out, progress, newPair, takeoverOfTwo)
}

// withHandover kills what drives a floor on which callers talk and wait, and writes the
// figures down.
func withHandover(ctx context.Context, out, progress io.Writer, start func(context.Context, int, func(string) string) (*floor, error),
	kill func(context.Context, *handover, io.Writer) ([]Line, error),
) error {
	ctx, cancel := context.WithTimeout(ctx, takeoverLimit)
	defer cancel()
	line, err := newTap()
	if err != nil {
		return err
	}
	defer line.close()
	talking, waiting := sized(takeoverTalking), sized(takeoverWaiting)
	f, err := start(ctx, talking, line.lay)
	if err != nil {
		return err
	}
	defer f.stop()
	fmt.Fprintf(progress, "takeover: %d callers come to talk and %d to wait …\n", talking, waiting)
	if err := errors.Join(f.login(ctx), f.callIn(ctx, talking, waiting)); err != nil {
		return err
	}
	lines, err := kill(ctx, &handover{floor: f, tap: line}, progress)
	if err != nil {
		return err
	}
	return Emit(out, lines...)
}

// takeoverOfTwo is the death of one of two processes with a PBX each.
func takeoverOfTwo(ctx context.Context, t *handover, progress io.Writer) ([]Line, error) {
	fmt.Fprintln(progress, "takeover: kill -9 of one of two processes with a PBX each …")
	calls := t.talking + t.waiting
	s, err := t.succeed(ctx, t.two, calls/2, func() (time.Time, error) { return time.Now(), t.site.Kill() })
	return takeoverLines("two_processes", s, standbyGoal, calls), err
}

// takeoverOfOne is a restart under the same name, and a standby that takes over.
func takeoverOfOne(ctx context.Context, t *handover, progress io.Writer) ([]Line, error) {
	calls := t.talking + t.waiting
	fmt.Fprintln(progress, "takeover: kill -9, and a restart under the same name …")
	restart, err := t.restart(ctx)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(progress, "takeover: kill -9 beside a standby …")
	standby, err := t.standby(ctx)
	return append(takeoverLines("restart", restart, restartGoal, calls), takeoverLines("standby", standby, standbyGoal, calls)...), err
}

func takeoverLines(how string, s succession, goal float64, calls int) []Line {
	seconds := func(metric string, d time.Duration) Line {
		return NewLine("takeover", how+"_"+metric, "s", d.Seconds(), "goal", goal)
	}
	return []Line{seconds("first_command", s.command), seconds("last_adopted", s.adopted), seconds("next_ring", s.ring),
		NewLine("takeover", how+"_noticed_of_"+strconv.Itoa(calls), "callers and agents", float64(s.noticed), "goal", 0)}
}

// handover is a floor whose operadora is killed.
type handover struct {
	*floor
	tap    *tap
	rounds int // agents who hung up
}

func (t *handover) restart(ctx context.Context) (succession, error) {
	return t.succeed(ctx, t.site.Log, t.talking+t.waiting, func() (time.Time, error) {
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
	return t.succeed(ctx, log, t.talking+t.waiting, func() (time.Time, error) { return time.Now(), t.site.Kill() })
}

// succeed has one agent hang up and ends a process; the times are counted from
// when begin says. The next one logs to log, and has calls to take up.
func (t *handover) succeed(ctx context.Context, log *centre.LogTail, calls int, begin func() (time.Time, error)) (s succession, err error) {
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
	t.waiting-- // the one whose agent hung up is gone, and the first who waits comes to talk
	if err := log.Wait(ctx, mark, fmt.Sprintf(`msg="calls taken up" component=orchestrator pbx=%s calls=%d `, centre.PBX, calls), nil); err != nil {
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
	up, err := t.up()
	if err != nil {
		return s, err
	}
	joined, over := t.atDesks()
	again := len(t.desks.Calls()) - before - 1 // a re-INVITE, or another phone rung
	s.noticed = max(0, t.talking+t.waiting-up) + max(0, over-t.rounds) + max(0, again)
	if joined != t.talking {
		return s, fmt.Errorf("%d conversations at the phones after it, want %d", joined, t.talking)
	}
	return s, nil
}
