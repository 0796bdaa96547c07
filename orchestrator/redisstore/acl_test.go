package redisstore

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator/lab"
)

var (
	called = regexp.MustCompile(`redis\.p?call\(([^,)]*)`)
	named  = regexp.MustCompile(`'([A-Za-z]+)'`)
)

// Every command of every script is one of those that the service may give: what a script is
// refused, it is refused in the middle.
func TestScriptsMayDoWhatTheyDo(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"lua", "../../acd/redisstore/lua"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.lua"))
		if err != nil || len(files) == 0 {
			t.Fatal(err, files)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range called.FindAllStringSubmatch(string(text), -1) {
				names := named.FindAllStringSubmatch(call[1], -1)
				if len(names) == 0 {
					t.Errorf("%s calls %s, which nobody can look up here", file, call[1])
				}
				for _, m := range names {
					if !slices.Contains(commands, strings.ToLower(m[1])) {
						t.Errorf("%s calls %s, which the service may not", file, m[1])
					}
				}
			}
		}
	}
}

// Each user is one that Redis takes, may do what it is for, and nothing beyond it.
func TestUsersOfRedis(t *testing.T) {
	t.Parallel()
	users := map[string]User{"service": Service("default", "service", "s"), "monitor": Monitor("default", "monitor", "m"), "asks": AtSentinels("default", "asks", "a")}
	keys := lab.RedisFor(t, lab.RedisOptions{Config: []string{users["service"].String(), users["monitor"].String()}}).Addr()
	watch := lab.RedisFor(t, lab.RedisOptions{Sentinel: true, Config: []string{users["asks"].String()}}).Addr()
	for _, row := range []struct {
		user    string
		command string
		may     bool
	}{
		{"service", "HSET op:{default}:acd:agents x y", true},
		{"service", "CONFIG GET save", true},
		{"service", "INFO", true},
		{"service", "SET op:{other}:x y", false},
		{"service", "GET session:somebody", false},
		{"service", "EVAL return(redis.call('get','secret')) 0", false},
		{"service", "FLUSHALL", false},
		{"service", "CONFIG SET dir /", false},
		{"service", "KEYS *", false},
		{"service", "SCAN 0", false},
		{"service", "SHUTDOWN NOSAVE", false},
		{"service", "REPLICAOF NO ONE", false},
		{"service", "ACL LIST", false},
		{"service", "CLIENT KILL ID 1", false},
		{"service", "MONITOR", false},
		{"monitor", "INFO", true},
		{"monitor", "SLOWLOG LEN", true},
		{"monitor", "GET op:{default}:x", false},
		{"monitor", "SLOWLOG GET", false}, // it has numbers of callers
		{"asks", "PING", true},
		{"asks", "SENTINEL GET-MASTER-ADDR-BY-NAME main", true},
		{"asks", "SENTINEL REMOVE main", false},
		{"asks", "INFO", false},
	} {
		addr := keys
		if row.user == "asks" {
			addr = watch
		}
		rdb := redis.NewClient(&redis.Options{Addr: addr, Username: row.user, Password: users[row.user].Password, DisableIdentity: true, MaxRetries: -1})
		var args []any
		for _, word := range strings.Fields(row.command) {
			args = append(args, word)
		}
		err := rdb.Do(t.Context(), args...).Err()
		if refused := err != nil && (strings.Contains(err.Error(), "NOPERM") || strings.Contains(err.Error(), "executing the script can't access")); refused == row.may {
			t.Errorf("%s: %s: %v", row.user, row.command, err)
		}
		_ = rdb.Close() // nothing was stored
	}
}
