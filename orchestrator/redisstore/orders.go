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
	// orderBlock is one wait for an order or for answers; also how late it may be noticed
	// that nobody waits for one any more.
	orderBlock = time.Second
	// ordersRun is how many orders are carried out at a time.
	ordersRun = 64
	// orderLate is what taking an order back, or answering one, may take when the time
	// of who asked is over.
	orderLate = time.Second
)

// asks are the orders of this process that wait for their answers. One of those who
// wait reads the answers for all: however many wait, they hold one connection.
type asks struct {
	asker   string      // where the answers go
	reading life.Places // for the one who reads

	mu      sync.Mutex
	waiting map[string]chan []byte // by order; guarded by mu
}

func newAsks() asks {
	return asks{asker: strings.ToLower(rand.Text()), reading: life.NewPlaces(1), waiting: map[string]chan []byte{}}
}

// wait registers an order; done ends that.
func (a *asks) wait(id string) (answer <-chan []byte, done func()) {
	ch := make(chan []byte, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting[id] = ch
	return ch, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.waiting, id)
	}
}

// hand gives an answer to who waits for it, if anybody does still.
func (a *asks) hand(text string) {
	id, answer, _ := strings.Cut(text, " ")
	a.mu.Lock()
	defer a.mu.Unlock()
	if ch := a.waiting[id]; ch != nil {
		delete(a.waiting, id)
		ch <- []byte(answer) // it has room for the one
	}
}

// Order gives who drives a PBX an order and waits for the answer.
func (s *Store) Order(ctx context.Context, pbx string, order []byte) ([]byte, error) {
	const op = "redisstore.Order"
	wanted := orderKept
	if until, ok := ctx.Deadline(); ok {
		wanted = min(wanted, time.Until(until))
	}
	if ctx.Err() != nil || wanted < time.Millisecond {
		return nil, fault.New(op, fault.Unavailable, "no time is left for an order to PBX %q", pbx)
	}
	id := strings.ToLower(rand.Text())
	answer, done := s.asks.wait(id)
	defer done()
	text := id + " " + s.asks.asker + " " + string(order)
	names := []string{s.keys.orders(pbx), s.keys.order(id), s.keys.wanted(id)}
	if err := orderPut.Run(ctx, s.rdb, names, text, orderKept.Milliseconds(), wanted.Milliseconds()).Err(); err != nil {
		s.takeBack(ctx, pbx, id, text)
		return nil, Classify(op, err)
	}
	for ctx.Err() == nil {
		select {
		case got := <-answer:
			return got, nil
		case <-ctx.Done():
		case s.asks.reading <- struct{}{}:
			s.readAnswers(ctx, answer)
		}
	}
	if s.takeBack(ctx, pbx, id, text) {
		return nil, fault.New(op, fault.Unavailable, "PBX %q is driven by no process", pbx)
	}
	select {
	case got := <-answer: // it came as the time ended
		return got, nil
	default:
		return nil, fault.New(op, fault.Unavailable, "who drives PBX %q has not answered", pbx)
	}
}

// readAnswers hands out answers until there is one for who reads them, their time is
// over, or Redis is away. It gives the place for reading back.
func (s *Store) readAnswers(ctx context.Context, own <-chan []byte) {
	defer s.asks.reading.Free()
	for ctx.Err() == nil && len(own) == 0 {
		// Not ended by ctx: an answer that Redis gives out meanwhile may be another's. A Redis
		// that accepts the command and never answers must not hold the reader.
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderBlock+retryMax)
		got, err := s.rdb.BLPop(within, orderBlock, s.keys.answers(s.asks.asker)).Result()
		cancel()
		switch {
		case err == nil:
			s.asks.hand(got[1])
		case !isNil(err):
			life.Sleep(ctx, retryMin) // Redis may be back while answers are still wanted
			return
		}
	}
}

// takeBack has nobody carry an order out any more; false when somebody took it, or
// nobody knows.
func (s *Store) takeBack(ctx context.Context, pbx, id, text string) bool {
	// the time of who asked is over, and the order must not be carried out after it
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderLate)
	defer cancel()
	var wanted, there *redis.IntCmd
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		wanted, there = p.Del(ctx, s.keys.wanted(id)), p.LRem(ctx, s.keys.orders(pbx), 1, text)
		return nil
	})
	return err == nil && wanted.Val()+there.Val() > 0
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
			id, rest, _ := strings.Cut(text, " ")
			asker, order, _ := strings.Cut(rest, " ")
			if s.take(ctx, id) {
				s.tellAnswer(ctx, asker, id, do(ctx, []byte(order)))
			}
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

// take makes an order that was taken out of the list this process's to carry out; false
// when its time is over, or nobody knows.
func (s *Store) take(ctx context.Context, id string) bool {
	// also when the PBX has ceased to be driven meanwhile: then that is the answer
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderLate)
	defer cancel()
	n, err := s.rdb.Del(ctx, s.keys.wanted(id)).Result()
	if err != nil {
		s.log.WarnContext(ctx, "an order of another process is not carried out: nobody knows whether its time is over", "error", err)
	}
	return err == nil && n > 0
}

// tellAnswer leaves an answer for who gave the order.
func (s *Store) tellAnswer(ctx context.Context, asker, id string, answer []byte) {
	// also when the PBX has ceased to be driven meanwhile: it was carried out
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderLate)
	defer cancel()
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.RPush(ctx, s.keys.answers(asker), id+" "+string(answer))
		p.PExpire(ctx, s.keys.answers(asker), orderKept)
		return nil
	})
	if err != nil {
		s.log.WarnContext(ctx, "an order was carried out, and who gave it does not hear of it", "error", err)
	}
}
