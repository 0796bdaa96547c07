package redisstore

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

const (
	// orderKept is how long an order, and its answer, are kept. It is longer than
	// anybody waits for one: who gives up takes the order back.
	orderKept = time.Minute
	// orderBlock is one wait for an order or its answer; also how late the end of ctx
	// may be noticed.
	orderBlock = time.Second
	// ordersAsked is how many orders may wait for their answers at a time, each on a
	// connection of its own; further ones wait for these.
	ordersAsked = 8
	// ordersRun is how many orders are carried out at a time.
	ordersRun = 64
	// orderLate is what taking an order back, or answering one, may take when the time
	// of who asked is over.
	orderLate = time.Second
)

// Order gives who drives a PBX an order and waits for the answer.
func (s *Store) Order(ctx context.Context, pbx string, order []byte) ([]byte, error) {
	const op = "redisstore.Order"
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-ctx.Done():
		return nil, fault.New(op, fault.Unavailable, "too many orders wait for PBX %q", pbx)
	}
	id := strings.ToLower(rand.Text())
	text := id + " " + string(order)
	if err := orderPut.Run(ctx, s.rdb, []string{s.keys.orders(pbx), s.keys.order(id)}, text, orderKept.Milliseconds()).Err(); err != nil {
		s.takeBack(ctx, pbx, text)
		return nil, Classify(op, err)
	}
	for ctx.Err() == nil {
		got, err := s.rdb.BLPop(ctx, orderBlock, s.keys.answer(id)).Result()
		switch {
		case err == nil:
			return []byte(got[1]), nil
		case !isNil(err) && ctx.Err() == nil:
			life.Sleep(ctx, retryMin) // Redis may be back while the answer is still wanted
		}
	}
	if s.takeBack(ctx, pbx, text) {
		return nil, fault.New(op, fault.Unavailable, "PBX %q is driven by no process", pbx)
	}
	return nil, fault.New(op, fault.Unavailable, "who drives PBX %q has not answered", pbx)
}

// takeBack has nobody carry an order out any more; false when somebody took it, or
// nobody knows.
func (s *Store) takeBack(ctx context.Context, pbx, text string) bool {
	// the time of who asked is over, and the order must not be carried out after it
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderLate)
	defer cancel()
	n, err := s.rdb.LRem(ctx, s.keys.orders(pbx), 1, text).Result()
	return err == nil && n > 0
}

// Orders carries out the orders for a PBX until ctx ends.
func (s *Store) Orders(ctx context.Context, pbx string, do func(context.Context, []byte) []byte) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	running := make(chan struct{}, ordersRun)
	for {
		select {
		case running <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		text, err := s.nextOrder(ctx, pbx)
		if err != nil || text == "" {
			<-running
			if err != nil {
				return err
			}
			continue
		}
		wg.Go(func() {
			defer func() { <-running }()
			id, order, _ := strings.Cut(text, " ")
			s.tellAnswer(ctx, id, do(ctx, []byte(order)))
		})
	}
}

// nextOrder takes an order out; "" when there was none for a while.
func (s *Store) nextOrder(ctx context.Context, pbx string) (string, error) {
	const op = "redisstore.Orders"
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	// A Redis that accepts the command and never answers must not hold the reader.
	within, cancel := context.WithTimeout(ctx, orderBlock+retryMax)
	defer cancel()
	got, err := s.rdb.BLPop(within, orderBlock, s.keys.orders(pbx)).Result()
	if err != nil {
		if isNil(err) {
			return "", nil
		}
		return "", Classify(op, err)
	}
	if ctx.Err() == nil {
		return got[1], nil
	}
	// It came as this process ceased to drive the PBX: it is the next one's.
	back, stop := context.WithTimeout(context.WithoutCancel(ctx), orderLate)
	defer stop()
	_, err = s.rdb.TxPipelined(back, func(p redis.Pipeliner) error {
		p.LPush(back, s.keys.orders(pbx), got[1])
		p.PExpire(back, s.keys.orders(pbx), orderKept)
		return nil
	})
	if err != nil {
		return "", Classify(op, err)
	}
	return "", ctx.Err()
}

// tellAnswer leaves an answer for who gave the order.
func (s *Store) tellAnswer(ctx context.Context, id string, answer []byte) {
	// also when the PBX has ceased to be driven meanwhile: it was carried out
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderLate)
	defer cancel()
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.RPush(ctx, s.keys.answer(id), answer)
		p.PExpire(ctx, s.keys.answer(id), orderKept)
		return nil
	})
	if err != nil {
		s.log.WarnContext(ctx, "an order was carried out, and who gave it does not hear of it", "error", err)
	}
}
