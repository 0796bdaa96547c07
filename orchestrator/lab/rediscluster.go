package lab

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisCluster is a private Redis Cluster of three nodes, without replicas but those of Follow.
type RedisCluster struct {
	Nodes     []*Redis
	followers []*Redis
}

// clusterOf is how many nodes a cluster has, of slots.
const clusterOf, slots = 3, 16384

// StartRedisCluster starts one and returns when it is up. config are further lines of each
// node's redis.conf.
func StartRedisCluster(ctx context.Context, config ...string) (*RedisCluster, error) {
	c := &RedisCluster{}
	for n := range clusterOf {
		r, err := StartRedis(ctx, RedisOptions{Config: append([]string{"cluster-enabled yes"}, config...)})
		if err == nil {
			c.Nodes = append(c.Nodes, r)
			err = c.join(ctx, n)
		}
		if err != nil {
			return nil, errors.Join(err, c.Stop())
		}
	}
	for _, r := range c.Nodes {
		if err := up(ctx, r); err != nil {
			return nil, errors.Join(err, c.Stop())
		}
	}
	return c, nil
}

// RedisClusterFor starts one that ends with the test.
func RedisClusterFor(tb TB, config ...string) *RedisCluster {
	tb.Helper()
	return started(tb, "redis-server", func(ctx context.Context) (*RedisCluster, error) { return StartRedisCluster(ctx, config...) })
}

// join gives a node its slots, and brings it to the first.
func (c *RedisCluster) join(ctx context.Context, n int) error {
	node := redis.NewClient(&redis.Options{Addr: c.Nodes[n].Addr()})
	defer func() { _ = node.Close() }()
	if err := node.ClusterAddSlotsRange(ctx, n*slots/clusterOf, (n+1)*slots/clusterOf-1).Err(); err != nil || n == 0 {
		return err
	}
	host, port, err := net.SplitHostPort(c.Nodes[0].Addr())
	if err != nil {
		return err
	}
	return node.ClusterMeet(ctx, host, port).Err()
}

// up waits until a node knows the others, and that all slots are served.
func up(ctx context.Context, r *Redis) error {
	node := redis.NewClient(&redis.Options{Addr: r.Addr()})
	defer func() { _ = node.Close() }()
	all := "cluster_known_nodes:" + strconv.Itoa(clusterOf)
	return r.until(ctx, func() bool {
		info, err := node.ClusterInfo(ctx).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, all)
	})
}

// Home is the node that has a key.
func (c *RedisCluster) Home(ctx context.Context, key string) (*Redis, error) {
	node := redis.NewClient(&redis.Options{Addr: c.Nodes[0].Addr()})
	defer func() { _ = node.Close() }()
	slot, err := node.ClusterKeySlot(ctx, key).Result()
	return c.Nodes[int(slot)*clusterOf/slots], err
}

// Follow starts a replica of a node, which takes the node's place when that dies, and returns when
// the replica has what the node has, and all nodes know it. config is as in StartRedisCluster.
func (c *RedisCluster) Follow(ctx context.Context, node *Redis, config ...string) (*Redis, error) {
	r, err := StartRedis(ctx, RedisOptions{Config: append([]string{"cluster-enabled yes", "repl-diskless-sync-delay 0"}, config...)})
	if err != nil {
		return nil, err
	}
	c.followers = append(c.followers, r)
	at := func(n *Redis) *redis.Client { return redis.NewClient(&redis.Options{Addr: n.Addr()}) }
	replica, primary := at(r), at(node)
	defer func() { err = errors.Join(err, replica.Close(), primary.Close()) }()
	host, port, err := net.SplitHostPort(node.Addr())
	if err != nil {
		return nil, err
	}
	if err := replica.ClusterMeet(ctx, host, port).Err(); err != nil {
		return nil, err
	}
	id, err := primary.ClusterMyID(ctx).Result()
	if err != nil {
		return nil, err
	}
	waits := []func() bool{
		func() bool { return replica.ClusterReplicate(ctx, id).Err() == nil }, // it knows the node by then
		func() bool { n, err := primary.Wait(ctx, 1, time.Second).Result(); return err == nil && n == 1 },
	}
	for _, n := range c.Nodes {
		told := at(n)
		defer func() { _ = told.Close() }()
		waits = append(waits, func() bool { return strings.Contains(told.ClusterNodes(ctx).Val(), "slave "+id) })
	}
	for _, holds := range waits {
		if err := r.until(ctx, holds); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Addrs are the nodes' host:port.
func (c *RedisCluster) Addrs() (addrs []string) {
	for _, r := range c.Nodes {
		addrs = append(addrs, r.Addr())
	}
	return addrs
}

// LogTail is the last part of the nodes' logs.
func (c *RedisCluster) LogTail() string {
	var all strings.Builder
	for _, r := range slices.Concat(c.Nodes, c.followers) {
		all.WriteString(r.LogTail())
	}
	return all.String()
}

// Stop ends the nodes.
func (c *RedisCluster) Stop() error {
	var err error
	for _, r := range slices.Concat(c.Nodes, c.followers) {
		err = errors.Join(err, r.Stop())
	}
	return err
}
