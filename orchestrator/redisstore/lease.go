package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Acquire takes or renews the lease of a PBX for ttl (at least a millisecond),
// also from dead, a holder that is certainly gone ("" for none). The error is a
// HeldError (kind Conflict) when another process has it.
func (s *Store) Acquire(ctx context.Context, pbx string, owner orchestrator.LeaseOwner, ttl time.Duration, dead string) (orchestrator.Lease, error) {
	const op = "redisstore.Acquire"
	var none orchestrator.Lease
	if pbx == "" || owner.Instance == "" || owner.Process == "" || ttl < time.Millisecond {
		return none, fault.New(op, fault.Invalid, "pbx %q, owner %+v, ttl %v", pbx, owner, ttl)
	}
	answer, err := leaseAcquire.Run(ctx, s.rdb, []string{s.keys.lease(pbx), s.keys.epoch(pbx)},
		owner.Instance, owner.Holder(), ttl.Milliseconds(), s.lastEpoch(pbx, owner), dead).Slice()
	if err != nil {
		return none, Classify(op, err)
	}
	taken, _ := answer[0].(int64)
	text, _ := answer[1].(string)
	if taken == 0 {
		who, _ := answer[2].(string)
		return none, fault.E(op, fault.Conflict, &orchestrator.HeldError{Instance: text, Holder: who})
	}
	epoch, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return none, fault.E(op, fault.Internal, err)
	}
	l := orchestrator.Lease{PBX: pbx, Owner: owner, Epoch: epoch}
	s.mu.Lock()
	s.held[pbx] = l
	s.mu.Unlock()
	return l, nil
}

// lastEpoch is the epoch that owner had last, 0 for none.
func (s *Store) lastEpoch(pbx string, owner orchestrator.LeaseOwner) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.held[pbx]; l.Owner == owner {
		return l.Epoch
	}
	return 0
}

// Release gives a lease back; commits under it are refused from then on.
// ErrFenced when it is another's by now.
func (s *Store) Release(ctx context.Context, l orchestrator.Lease) error {
	const op = "redisstore.Release"
	s.mu.Lock()
	if s.held[l.PBX] == l {
		delete(s.held, l.PBX)
	}
	s.mu.Unlock()
	released, err := leaseRelease.Run(ctx, s.rdb, []string{s.keys.lease(l.PBX), s.keys.epoch(l.PBX)},
		l.Owner.Holder(), l.Epoch).Bool()
	if err != nil {
		return Classify(op, err)
	}
	if !released {
		return fenced(op, l, "another")
	}
	return nil
}

func fenced(op string, l orchestrator.Lease, current string) error {
	return fault.E(op, fault.Conflict,
		fmt.Errorf("%w: %s, epoch %d, is at epoch %s", orchestrator.ErrFenced, l.PBX, l.Epoch, current))
}

func isNil(err error) bool { return errors.Is(err, redis.Nil) }
