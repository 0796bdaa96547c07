package matchbench

import (
	"context"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is the server, or the Cluster, that a centre is on.
type Redis = redis.UniversalClient

var cpuSeconds = regexp.MustCompile(`used_cpu_(?:sys|user):([\d.]+)`)

// ProcessorTime is the processor time that Redis, on all its nodes, has used.
func ProcessorTime(ctx context.Context, rdb Redis) (sum time.Duration, err error) {
	var mu sync.Mutex
	add := func(ctx context.Context, node *redis.Client) error {
		text, err := node.Info(ctx, "cpu").Result()
		mu.Lock()
		defer mu.Unlock()
		for _, m := range cpuSeconds.FindAllStringSubmatch(text, -1) {
			f, _ := strconv.ParseFloat(m[1], 64)
			sum += time.Duration(f * float64(time.Second))
		}
		return err
	}
	switch c := rdb.(type) {
	case *redis.Client:
		err = add(ctx, c)
	case *redis.ClusterClient:
		err = c.ForEachMaster(ctx, add)
	}
	return sum, err
}
