package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
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
	known := s.knownLease(pbx)
	answer, err := leaseAcquire.Run(ctx, s.rdb, []string{s.keys.lease(pbx), s.keys.epoch(pbx)},
		owner.Instance, owner.Holder(), ttl.Milliseconds(), known.Epoch, known.Owner.Instance, known.Owner.Holder(), dead).Slice()
	if err != nil {
		return none, Classify(op, err)
	}
	if taken, _ := answer[0].(int64); taken == 0 {
		held := &orchestrator.HeldError{}
		held.Instance, _ = answer[1].(string)
		held.Holder, _ = answer[2].(string)
		epoch, _ := answer[3].(string)
		who := orchestrator.LeaseOwner{Instance: held.Instance, Process: strings.TrimPrefix(held.Holder, held.Instance+"/")}
		if _, err := s.learn(pbx, who, epoch); err != nil {
			return none, fault.E(op, fault.Internal, err)
		}
		return none, fault.E(op, fault.Conflict, held)
	}
	text, _ := answer[1].(string)
	l, err := s.learn(pbx, owner, text)
	if err != nil {
		return none, fault.E(op, fault.Internal, err)
	}
	return l, nil
}

// knownLease is the last lease of a PBX that is known here, whoever's, without an epoch if none is.
func (s *Store) knownLease(pbx string) orchestrator.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[pbx]
}

// learn notes whose the lease of a PBX is. One of a lower epoch than is known is of a Redis that
// went back.
func (s *Store) learn(pbx string, who orchestrator.LeaseOwner, text string) (orchestrator.Lease, error) {
	epoch, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return orchestrator.Lease{}, err
	}
	l := orchestrator.Lease{PBX: pbx, Owner: who, Epoch: epoch}
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch >= s.known[pbx].Epoch {
		s.known[pbx] = l
	}
	return l, nil
}

// Release gives a lease back; commits under it are refused from then on.
// ErrFenced when it is another's by now.
func (s *Store) Release(ctx context.Context, l orchestrator.Lease) error {
	const op = "redisstore.Release"
	s.mu.Lock()
	if s.known[l.PBX] == l {
		delete(s.known, l.PBX) // it is nobody's
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
