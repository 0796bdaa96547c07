package redisstore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

func TestConfigTags(t *testing.T) {
	t.Parallel()
	typ := reflect.TypeFor[redisstore.Config]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		if _, ok := f.Tag.Lookup("default"); !ok || f.Tag.Get("yaml") == "" || !strings.HasSuffix(f.Tag.Get("doc"), ".") {
			t.Errorf("%s lacks a tag: %s", f.Name, f.Tag)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	rows := map[string]func(*redisstore.Config){
		"":                 func(*redisstore.Config) {},
		"addrs":            func(c *redisstore.Config) { c.Addrs = nil },
		"addrs: \"h\"":     func(c *redisstore.Config) { c.Addrs = []string{"h"} },
		`addrs: "h:99999"`: func(c *redisstore.Config) { c.Addrs = []string{"h:99999"} },
		`addrs: "h:0"`:     func(c *redisstore.Config) { c.Addrs = []string{"a:1", "h:0"} },
		"tenant":           func(c *redisstore.Config) { c.Tenant = "a}b" },
		"db":               func(c *redisstore.Config) { c.DB = -1 },
		"db: a Cluster":    func(c *redisstore.Config) { c.DB, c.Addrs = 1, []string{"a:1", "b:1"} },
		"cluster":          func(c *redisstore.Config) { c.Cluster, c.MasterName = true, "m" },
		"tls_ca":           func(c *redisstore.Config) { c.TLSCA = "ca.pem" },
		"pool_size":        func(c *redisstore.Config) { c.PoolSize = 1 },
		"dial_timeout":     func(c *redisstore.Config) { c.DialTimeout = 0 },
		"read_timeout":     func(c *redisstore.Config) { c.ReadTimeout = -1 },
		"write_timeout":    func(c *redisstore.Config) { c.WriteTimeout = 0 },
	}
	for want, spoil := range rows {
		c := config("127.0.0.1:6379")
		spoil(&c)
		switch err := c.Validate(); {
		case want == "" && err != nil:
			t.Errorf("a good one: %v", err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), "redis."+want)):
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestConfigChoosesTheClient(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		spoil func(*redisstore.Config)
		want  any
	}{
		{"single", func(*redisstore.Config) {}, &redis.Client{}},
		{"cluster of one address", func(c *redisstore.Config) { c.Cluster = true }, &redis.ClusterClient{}},
		{"cluster", func(c *redisstore.Config) { c.Addrs = []string{"127.0.0.1:1", "127.0.0.1:2"} }, &redis.ClusterClient{}},
		{"sentinel", func(c *redisstore.Config) { c.MasterName = "m"; c.Addrs = []string{"127.0.0.1:1", "127.0.0.1:2"} }, &redis.Client{}},
	}
	for _, r := range rows {
		c := config("127.0.0.1:1")
		r.spoil(&c)
		rdb, err := c.Client()
		ok(t, err)
		if reflect.TypeOf(rdb) != reflect.TypeOf(r.want) {
			t.Errorf("%s: %T", r.name, rdb)
		}
		ok(t, rdb.Close())
	}
	c := config("127.0.0.1:1")
	c.TLS, c.TLSCA = true, filepath.Join(t.TempDir(), "ca.pem")
	if _, err := c.Client(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing certificate: %v", err)
	}
	ok(t, os.WriteFile(c.TLSCA, []byte("nothing"), 0o600))
	if _, err := c.Client(); err == nil {
		t.Error("a file without a certificate was taken")
	}
}

func TestConfigHidesThePassword(t *testing.T) {
	t.Parallel()
	c := config("127.0.0.1:1")
	c.Password = orchestrator.Secret("hunter2")
	if text := fmt.Sprintf("%v %+v", c, c); strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ok(t, s.Append(t.Context(), numbered(1, 4)...))
	h, err := s.Health(t.Context())
	ok(t, err)
	if h.Version == "" || h.Role != "master" || h.Mode != "standalone" || h.Persistence != redisstore.PersistNone ||
		h.MemoryPolicy != "noeviction" || h.Journal != 4 || h.Latency <= 0 || h.UsedMemory == 0 {
		t.Errorf("%+v", h)
	}
	if h.Clock.Abs() > time.Minute { // one machine, one clock; the bound is for a suspended run
		t.Errorf("clock difference %v", h.Clock)
	}
}

func TestHealthProblems(t *testing.T) {
	t.Parallel()
	good := redisstore.Health{Version: "7.0.15", Role: "master", Persistence: redisstore.PersistAppend,
		MemoryPolicy: "noeviction", MaxMemory: 100, UsedMemory: 50, Latency: time.Millisecond}
	if p := good.Problems(); len(p) != 0 {
		t.Errorf("a good one: %q", p)
	}
	rows := map[string]func(*redisstore.Health){
		"too old":       func(h *redisstore.Health) { h.Version = "6.0.16" },
		"is a slave":    func(h *redisstore.Health) { h.Role = "slave" },
		"write to its":  func(h *redisstore.Health) { h.WriteFailed = true },
		"nothing on":    func(h *redisstore.Health) { h.Persistence = redisstore.PersistNone },
		"snapshots":     func(h *redisstore.Health) { h.Persistence = redisstore.PersistSnapshot },
		"allkeys-lru":   func(h *redisstore.Health) { h.MemoryPolicy = "allkeys-lru" },
		"85 of 100":     func(h *redisstore.Health) { h.UsedMemory = 85 },
		"clock is -3s":  func(h *redisstore.Health) { h.Clock = -3 * time.Second },
		"takes 50ms":    func(h *redisstore.Health) { h.Latency = 50 * time.Millisecond },
		"2000000 entri": func(h *redisstore.Health) { h.Journal = 2_000_000 },
	}
	for want, spoil := range rows {
		h := good
		spoil(&h)
		if p := h.Problems(); len(p) != 1 || !strings.Contains(p[0], want) {
			t.Errorf("%s: %q", want, p)
		}
	}
}

// reply is an error reply as the client gives it.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

func TestClassify(t *testing.T) {
	t.Parallel()
	if redisstore.Classify("op", nil) != nil {
		t.Error("no error became one")
	}
	for text, want := range map[reply]fault.Kind{
		"LOADING Redis is loading the dataset in memory":                                                  fault.Unavailable,
		"READONLY You can't write against a read only replica.":                                           fault.Unavailable,
		"OOM command not allowed when used memory > 'maxmemory'.":                                         fault.Unavailable,
		"CLUSTERDOWN The cluster is down":                                                                 fault.Unavailable,
		"MISCONF Redis is configured to save RDB snapshots":                                               fault.Unavailable,
		"NOAUTH Authentication required.":                                                                 fault.Unavailable,
		"ERR Script attempted to access a non local key in a cluster node script: 8a, on @user_script:4.": fault.Unavailable,
		// Redis before 7 packs the reply of a command into that of its script.
		"ERR Error running script (call to f_1028a5): @user_script:4: @user_script: 4: -READONLY You can't write against a read only replica.":        fault.Unavailable,
		"ERR Error running script (call to f_0a9a51): @user_script:41: @user_script: 41: -OOM command not allowed when used memory > 'maxmemory'.   ": fault.Unavailable,
		"ERR Error running script (call to f_a08c9c): @user_script:1: @user_script: 1: -MISCONF Redis is configured to save RDB snapshots":            fault.Unavailable,
		"ERR Error running script (call to f_a08c9c): @user_script:1: @user_script: 1: -WRONGTYPE Operation against a key":                            fault.Internal,
		"ERR Error running script (call to f_a08c9c): @user_script:9: user_script:9: attempt to index a nil value":                                    fault.Internal,
		"WRONGTYPE Operation against a key": fault.Internal,
		"ERR unknown command":               fault.Internal,
	} {
		if got := fault.KindOf(redisstore.Classify("op", text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
