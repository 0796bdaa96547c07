package lab

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"
)

// RedisSentinel is a primary, its replica, and a Sentinel that watches them as "main" and puts
// the replica in the primary's place half a second after that is gone.
type RedisSentinel struct{ Primary, Replica, Watch *Redis }

// StartRedisSentinel starts one and returns when the Sentinel sees both.
func StartRedisSentinel(ctx context.Context) (*RedisSentinel, error) {
	s := &RedisSentinel{}
	err := s.start(ctx)
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *RedisSentinel) start(ctx context.Context) (err error) {
	if s.Primary, err = StartRedis(ctx, RedisOptions{}); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Primary.Addr())
	if err != nil {
		return err
	}
	if s.Replica, err = StartRedis(ctx, RedisOptions{Config: []string{"replicaof " + host + " " + port, "repl-diskless-sync-delay 0"}}); err != nil {
		return err
	}
	if err := s.Replica.tells(ctx, "replication", "master_link_status:up"); err != nil {
		return err
	}
	s.Watch, err = StartRedis(ctx, RedisOptions{Sentinel: true, Config: []string{
		"sentinel monitor main " + host + " " + port + " 1", "sentinel down-after-milliseconds main 500", "sentinel failover-timeout main 5000"}})
	if err != nil {
		return err
	}
	return s.Watch.tells(ctx, "sentinel", "status=ok,address="+s.Primary.Addr()+",slaves=1")
}

// tells waits until a section of INFO has a text.
func (r *Redis) tells(ctx context.Context, section, text string) error {
	return r.until(ctx, func() bool {
		info, err := r.info(ctx, section)
		return err == nil && strings.Contains(info, text)
	})
}

// until waits until something holds, while the server runs.
func (r *Redis) until(ctx context.Context, holds func() bool) error {
	r.mu.Lock()
	run := r.run
	r.mu.Unlock()
	return await(ctx, run, 10*time.Millisecond, holds)
}

// RedisSentinelFor starts one that ends with the test.
func RedisSentinelFor(tb TB) *RedisSentinel {
	tb.Helper()
	return started(tb, "redis-server", StartRedisSentinel)
}

// LogTail is the last part of the logs.
func (s *RedisSentinel) LogTail() string {
	return s.Primary.LogTail() + s.Replica.LogTail() + s.Watch.LogTail()
}

// Stop ends all three.
func (s *RedisSentinel) Stop() (err error) {
	for _, r := range []*Redis{s.Watch, s.Replica, s.Primary} {
		if r != nil {
			err = errors.Join(err, r.Stop())
		}
	}
	return err
}
