package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

// socket is the private server's, set by TestMain.
var socket string

func TestMain(m *testing.M) {
	stop, err := startRedis()
	if err != nil {
		fmt.Fprintln(os.Stderr, "acd/redisstore: a private redis-server is needed:", err)
		os.Exit(1)
	}
	code := m.Run()
	stop()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// startRedis starts a server of its own in a folder of its own, on a socket
// that nobody else can reach.
func startRedis() (stop func(), err error) {
	dir, err := os.MkdirTemp("", "op-acd-")
	if err != nil {
		return nil, err
	}
	socket = filepath.Join(dir, "redis.sock")
	cmd := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "",
		"--appendonly", "no", "--dir", dir, "--loglevel", "warning")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer rdb.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for rdb.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			stop()
			return nil, ctx.Err()
		}
	}
	return stop, nil
}

var tenants atomic.Int64

// client returns a client of the private server and a tenant that no other test has.
func client(t testing.TB) (*redis.Client, string) {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, PoolSize: 80})
	t.Cleanup(func() { _ = rdb.Close() })
	name := strings.NewReplacer("/", "_", "#", "_").Replace(t.Name())
	return rdb, fmt.Sprintf("%s-%d", name, tenants.Add(1))
}
