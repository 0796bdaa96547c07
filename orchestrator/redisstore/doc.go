// Package redisstore keeps live calls, the lease of each PBX and the journal
// in Redis. It implements orchestrator.Store and may be used from any
// goroutine. Only this package, its siblings for other domains and cmd import
// the Redis client.
//
// What it promises:
//
//   - A revision of a call and its journal entries are stored together or not
//     at all, in one round trip (call_commit.lua). Of several writers of one
//     revision exactly one wins. Repeating a commit whose reply was lost is
//     harmless.
//   - A process whose lease was taken over cannot store anything: every lease
//     carries an epoch that grows whenever the owner changes, and commits of
//     an older epoch are refused. Epochs outlive the leases.
//   - If Redis comes back without its last writes (a crash with appendfsync
//     everysec, a failover), the owner's next commit of each call puts it
//     right: its newer revision and epoch win over what is stored.
//   - Redis' clock is never asked. Leases expire by a relative time to live,
//     everything else carries the caller's clock.
//
// All keys of a tenant share one hash tag (keys.go), so every script is legal
// on Redis Cluster. Redis 6.2 or later is needed (XTRIM MINID).
package redisstore
