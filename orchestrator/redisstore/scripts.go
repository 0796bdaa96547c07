package redisstore

import (
	_ "embed" // the scripts
	"strings"

	"github.com/redis/go-redis/v9"
)

// JournalLua defines the Lua function journal_add. A script of another store
// that appends to the journal (at JournalKey) is run with this text in front of
// its own, so that there is one definition of what an entry looks like.
//
//go:embed lua/lib_journal.lua
var JournalLua string

//go:embed lua/call_commit.lua
var callCommitSource string

//go:embed lua/claim_take.lua
var claimTakeSource string

//go:embed lua/callback_claim.lua
var callbackClaimSource string

//go:embed lua/callback_forget.lua
var callbackForgetSource string

//go:embed lua/call_set_aside.lua
var callSetAsideSource string

//go:embed lua/journal_append.lua
var journalAppendSource string

//go:embed lua/journal_trim.lua
var journalTrimSource string

//go:embed lua/order_put.lua
var orderPutSource string

//go:embed lua/generation_put.lua
var generationPutSource string

//go:embed lua/lease_acquire.lua
var leaseAcquireSource string

//go:embed lua/lease_release.lua
var leaseReleaseSource string

var (
	callCommit     = script(JournalLua, callCommitSource)
	claimTake      = script(claimTakeSource)
	callbackClaim  = script(callbackClaimSource)
	callbackForget = script(callbackForgetSource)
	callSetAside   = script(callSetAsideSource)
	journalAppend  = script(JournalLua, journalAppendSource)
	journalTrim    = script(journalTrimSource)
	orderPut       = script(orderPutSource)
	generationPut  = script(generationPutSource)
	leaseAcquire   = script(leaseAcquireSource)
	leaseRelease   = script(leaseReleaseSource)
)

// script joins sources into one script without their comments, which would
// travel to every Redis for nothing.
func script(sources ...string) *redis.Script {
	var b strings.Builder
	for _, source := range sources {
		for line := range strings.Lines(source) {
			if !strings.HasPrefix(line, "--") {
				b.WriteString(line)
			}
		}
	}
	return redis.NewScript(b.String())
}
