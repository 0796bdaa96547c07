package redisstore

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// commands are all that operadora asks of Redis, by itself and in its scripts, for which
// Redis demands the same rights (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/).
// A subcommand is written as ACL rules have it.
var commands = strings.Fields(`
	acl|whoami auth client|setname command hello ping readonly select time
	discard eval evalsha exec multi unwatch watch
	del exists expire pexpire pttl type
	get incr set
	blpop llen lpush lrange lrem ltrim rpush
	hdel hexists hget hgetall hincrby hkeys hlen hmget hscan hset hvals
	sadd scard sismember smembers srem
	zadd zcard zcount zrange zrangebyscore zrank zrem zscan zscore
	xadd xinfo|stream xlen xrange xread xrevrange xtrim
	cluster|nodes cluster|shards cluster|slots
	config|get info
`)

// monitoring is what a monitor of Redis itself needs: no key.
var monitoring = strings.Fields("auth client|setname hello ping info slowlog|len latency|latest")

// sentinels is what is asked of Sentinels: where the primary is, and to be told of another.
var sentinels = strings.Fields("auth client|setname hello ping subscribe unsubscribe psubscribe sentinel|get-master-addr-by-name sentinel|sentinels sentinel|replicas")

// User is who may do what in Redis. Its String is one line of an ACL file, or of redis.conf.
type User struct {
	Name     string
	Password string // stands there as its SHA-256 alone; "" lets nobody in
	Keys     string // pattern of the keys; "" is none
	Channels string // pattern of the channels; "" is none
	Commands []string
}

// String is what ACL LOAD and redis.conf read.
func (u User) String() string {
	rules := []string{"user", u.Name, "reset", "on"}
	if u.Password != "" {
		sum := sha256.Sum256([]byte(u.Password))
		rules = append(rules, "#"+hex.EncodeToString(sum[:]))
	}
	if u.Keys != "" {
		rules = append(rules, "~"+u.Keys)
	}
	if u.Channels != "" {
		rules = append(rules, "&"+u.Channels)
	}
	for _, c := range slices.Sorted(slices.Values(u.Commands)) {
		rules = append(rules, "+"+c)
	}
	return strings.Join(rules, " ")
}

// Service is the user as whom operadora serves a tenant, and examines it: its keys
// alone, and none of what empties, moves, stops or reconfigures a Redis.
func Service(tenant, name, password string) User {
	return User{Name: name, Password: password, Keys: keysOf(tenant).prefix + "*", Commands: commands}
}

// Monitor is a user who sees how Redis fares, and no key.
func Monitor(_, name, password string) User {
	return User{Name: name, Password: password, Commands: monitoring}
}

// AtSentinels is the user as whom operadora asks Sentinels (sentinel_username).
func AtSentinels(_, name, password string) User {
	return User{Name: name, Password: password, Channels: "*", Commands: sentinels}
}
