package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/operadora/operadora/acd/redisstore/matchbench"
	"github.com/operadora/operadora/orchestrator/lab"
	live "github.com/operadora/operadora/orchestrator/redisstore"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// matching is what the benches of matching and boards measure, and how often.
type matching struct {
	sizes []int // agents, and waiting calls
	times int   // that each is measured
}

// matchSizes are those of the goals. matchAt is the size that the goals are for.
var matchSizes = matching{sizes: []int{100, 1_000, 5_000, 10_000}, times: 3_000}

const (
	matchAt    = 5_000
	matchGoal  = 5 * time.Millisecond
	boardGoal  = 2 * time.Millisecond
	matchLimit = 15 * time.Minute
)

// Match measures, without a PBX, how long it takes that an agent who becomes free gets the
// call that waits longest of those that the agent may serve, and that a call that comes gets
// one of the free agents, as acd asks Redis for it: in a centre of 50 queues and 200 skills
// with as many waiting calls as agents, of growing sizes, on one Redis and on a Cluster of three.
func Match(ctx context.Context, out, progress io.Writer) error {
	return matchSizes.match(ctx, out, progress)
}

func (m matching) match(ctx context.Context, out, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, matchLimit)
	defer cancel()
	for _, cluster := range []bool{false, true} {
		if err := onRedis(ctx, cluster, func(rdb matchbench.Redis) error { return m.matchOn(ctx, rdb, cluster, out, progress) }); err != nil {
			return err
		}
	}
	return nil
}

// matchOn prints a side's figures.
func (m matching) matchOn(ctx context.Context, rdb matchbench.Redis, cluster bool, out, progress io.Writer) error {
	on := ""
	if cluster {
		on = "_on_a_cluster"
	}
	medians := map[string][]float64{}
	for _, n := range m.sizes {
		fmt.Fprintf(progress, "match%s: %d agents and calls …\n", on, n)
		free, perSecond, err := m.free(ctx, rdb, n)
		if err != nil {
			return err
		}
		enter, err := m.enter(ctx, rdb, n)
		if err != nil {
			return err
		}
		for _, side := range []struct {
			what string
			took []time.Duration
		}{{"free", free}, {"enter", enter}} {
			p50 := millis(quantile(side.took, 0.5))
			medians[side.what] = append(medians[side.what], p50)
			name := fmt.Sprintf("%s%s_%d", side.what, on, n)
			peer, goal := "", 0.0
			if n == matchAt {
				peer, goal = "goal", millis(matchGoal)
			}
			if err := Emit(out, NewLine("match", name+"_p50", "ms", p50, "", 0), NewLine("match", name+"_p99", "ms", millis(quantile(side.took, 0.99)), peer, goal)); err != nil {
				return err
			}
		}
		if err := Emit(out, NewLine("match", fmt.Sprintf("per_second_of_one_core%s_%d", on, n), "1/s", perSecond, "", 0)); err != nil {
			return err
		}
	}
	first, last := m.sizes[0], m.sizes[len(m.sizes)-1]
	for _, what := range []string{"free", "enter"} {
		p := medians[what]
		if err := Emit(out, NewLine("match", fmt.Sprintf("growth_%s%s_%d_to_%d", what, on, first, last), "x", p[len(p)-1]/p[0],
			"logarithmic", math.Log(float64(last))/math.Log(float64(first)))); err != nil {
			return err
		}
	}
	return nil
}

// free measures agents who become free, and how many matches, with all that goes with a
// call (it enters, is matched, answered and finished), a second of Redis's processor carries.
func (m matching) free(ctx context.Context, rdb matchbench.Redis, n int) (took []time.Duration, perSecond float64, err error) {
	c, err := busyCentre(ctx, rdb, "free", n)
	if err != nil {
		return nil, 0, err
	}
	before, err := matchbench.ProcessorTime(ctx, rdb)
	if err != nil {
		return nil, 0, err
	}
	for len(took) < m.times {
		d, matched, err := c.Free(ctx)
		if err != nil {
			return nil, 0, err
		}
		if matched {
			took = append(took, d)
		}
	}
	after, err := matchbench.ProcessorTime(ctx, rdb)
	if used := (after - before).Seconds(); used > 0 {
		perSecond = float64(len(took)) / used
	}
	return took, perSecond, err
}

// enter measures calls that come to agents who are all free.
func (m matching) enter(ctx context.Context, rdb matchbench.Redis, n int) ([]time.Duration, error) {
	c, err := centreOf(ctx, rdb, "enter", n)
	if err != nil {
		return nil, err
	}
	return m.each(ctx, c.Enter)
}

// each measures something as often as it is to be.
func (m matching) each(ctx context.Context, measure func(context.Context) (time.Duration, error)) (took []time.Duration, err error) {
	for range m.times {
		d, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	return took, nil
}

// Board measures, without a PBX, what a wallboard reads of a busy centre, and matching while
// boards are read, beside matching alone.
func Board(ctx context.Context, out, progress io.Writer) error {
	m := matchSizes
	m.sizes = []int{100, matchAt}
	return m.board(ctx, out, progress)
}

func (m matching) board(ctx context.Context, out, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, matchLimit)
	defer cancel()
	return onRedis(ctx, false, func(rdb matchbench.Redis) error {
		for _, n := range m.sizes {
			fmt.Fprintf(progress, "board: %d agents and calls …\n", n)
			if err := m.boardAt(ctx, rdb, n, out); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m matching) boardAt(ctx context.Context, rdb matchbench.Redis, n int, out io.Writer) error {
	c, err := busyCentre(ctx, rdb, "board", n)
	if err != nil {
		return err
	}
	reads, err := m.each(ctx, c.Board)
	if err != nil {
		return err
	}
	alone, err := m.frees(ctx, c)
	if err != nil {
		return err
	}
	beside, err := m.besideReader(ctx, c)
	if err != nil {
		return err
	}
	name := func(what, share string) string { return fmt.Sprintf("%s_%d_%s", what, n, share) }
	return Emit(out,
		NewLine("board", name("read", "p50"), "ms", millis(quantile(reads, 0.5)), "", 0),
		NewLine("board", name("read", "p99"), "ms", millis(quantile(reads, 0.99)), "goal", millis(boardGoal)),
		NewLine("board", name("match_with_readers", "p50"), "ms", millis(quantile(beside, 0.5)), "alone", millis(quantile(alone, 0.5))),
		NewLine("board", name("match_with_readers", "p99"), "ms", millis(quantile(beside, 0.99)), "alone", millis(quantile(alone, 0.99))))
}

func (m matching) frees(ctx context.Context, c *matchbench.Centre) ([]time.Duration, error) {
	return m.each(ctx, func(ctx context.Context) (time.Duration, error) {
		d, _, err := c.Free(ctx)
		return d, err
	})
}

// besideReader measures matching while a board is read ten times a second: as by ten
// processes whose boards are watched, each of which reads once a second.
func (m matching) besideReader(ctx context.Context, c *matchbench.Centre) ([]time.Duration, error) {
	const often = 100 * time.Millisecond
	reading, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() {
		tick := time.NewTicker(often)
		defer tick.Stop()
		for {
			if _, err := c.Board(reading); err != nil && reading.Err() == nil {
				failed <- err
				return
			}
			select {
			case <-reading.Done():
				failed <- nil
				return
			case <-tick.C:
			}
		}
	}()
	took, err := m.frees(ctx, c)
	stop()
	if wrong := <-failed; err == nil {
		err = wrong
	}
	return took, err
}

// centreOf is a centre of its own on a Redis, with everybody free.
func centreOf(ctx context.Context, rdb matchbench.Redis, tenant string, n int) (*matchbench.Centre, error) {
	c, err := matchbench.New(rdb, tenant+strconv.Itoa(n), matchbench.Definitions(n))
	if err != nil {
		return nil, err
	}
	return c, c.LogIn(ctx)
}

// busyCentre is one in which everybody talks, and as many wait.
func busyCentre(ctx context.Context, rdb matchbench.Redis, tenant string, n int) (*matchbench.Centre, error) {
	c, err := centreOf(ctx, rdb, tenant, n)
	if err != nil {
		return nil, err
	}
	return c, c.Fill(ctx)
}

// onRedis does something on a private Redis, or Cluster of three.
func onRedis(ctx context.Context, cluster bool, do func(matchbench.Redis) error) (err error) {
	c := yamlfile.Defaults[live.Config]()
	var stop func() error
	if cluster {
		r, err := lab.StartRedisCluster(ctx)
		if err != nil {
			return err
		}
		c.Addrs, stop = r.Addrs(), r.Stop
	} else {
		r, err := lab.StartRedis(ctx, lab.RedisOptions{})
		if err != nil {
			return err
		}
		c.Addrs, stop = []string{r.Addr()}, r.Stop
	}
	defer func() { _ = stop() }()
	rdb, err := c.Client()
	if err != nil {
		return err
	}
	defer func() { _ = rdb.Close() }()
	return do(rdb)
}
