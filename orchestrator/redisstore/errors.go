package redisstore

import (
	"errors"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator/fault"
)

// passing are the beginnings of error replies that tell of Redis' condition,
// not of the command: it starts, fails over, is full, or its administrator has
// to let us in. The command may be right and is worth repeating. (The client
// strips "ERR " before it compares.)
var passing = []string{
	"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "BUSY", "OOM",
	"MISCONF", "NOREPLICAS", "UNBLOCKED", "NOAUTH", "WRONGPASS", "NOPERM", "max number of clients",
	// A slot is being moved, and a key that a script found on its way has gone before
	// the others. What it did so far stays done, and is done again by the repetition, or
	// mended by the sweeper.
	"Script attempted to access a non local key",
}

// Classify gives an error of the Redis client its kind: Unavailable when Redis
// cannot be reached or cannot serve now, Internal when it refused what we sent.
// A nil err gives nil. Stores beside this one use it as well.
func Classify(op string, err error) error {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return fault.E(op, fault.Unavailable, err)
	}
	within := ofScript.FindStringSubmatch(reply.Error())
	for _, prefix := range passing {
		if redis.HasErrorPrefix(err, prefix) || within != nil && strings.HasPrefix(within[1], prefix+" ") {
			return fault.E(op, fault.Unavailable, err)
		}
	}
	return fault.E(op, fault.Internal, err)
}

// ofScript finds what a command in a script was answered, as Redis before 7
// tells it: "ERR Error running script (call to f_1): @user_script:4: @user_script: 4: -READONLY You can't …".
var ofScript = regexp.MustCompile(`^ERR Error running script .*?: -([A-Z]+ .*)`)
