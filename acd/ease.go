package acd

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strconv"
	"time"
)

// easeEvery is how often it is looked whether the waits that are expected have grown too
// long for some who wait. A wait is expected of numbers that change all the time: no one
// event makes it grow.
const easeEvery = 5 * time.Second

// easeTurn is within what time after a look at a queue no other process looks at it: a
// little less, for the processes are not in step.
const easeTurn = easeEvery * 9 / 10

// eased is how many of its queue's relaxations a call need not wait for: each that it has
// been granted, and each without which too long a wait is expected. A wait that nobody can
// tell is not too long.
func (s *Service) eased(ctx context.Context, q Queue, c CallRecord) int {
	c.Eased = min(c.Eased, len(q.Relax))
	for c.Eased < len(q.Relax) {
		limit := q.Relax[c.Eased].Expected
		if limit <= 0 || s.expected(ctx, c, expectAge) <= limit {
			break
		}
		c.Eased++
	}
	return c.Eased
}

// easy lists the queues that relax by the wait that is expected.
func (dir *directory) easy() (out []string) {
	for id, q := range dir.everyQueue {
		if slices.ContainsFunc(q.Relax, func(r Relax) bool { return r.Expected > 0 }) {
			out = append(out, id)
		}
	}
	return out
}

// easing looks at who waits in such queues whenever it is due. Deadlines do not wait for it.
func (s *Service) easing(ctx context.Context) {
	for {
		var at time.Time
		select {
		case <-ctx.Done():
			return
		case now := <-s.ease:
			at = now
		}
		if err := s.easeAll(ctx, at); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "whose wait has grown too long is not known; looked at again", "error", err, "in", easeEvery)
		}
	}
}

// easeDue has it looked at when it is time, and that looked at in time.
func (s *Service) easeDue() {
	if len(s.directory.Load().easy()) == 0 {
		return
	}
	if now := s.now(); !now.Before(s.easeAt) {
		s.easeAt = now.Add(easeEvery)
		select {
		case s.ease <- now:
		default: // told already
		}
	}
	s.alarm.by(s.easeAt)
}

// easeAll looks at whole queues, each for all PBXs whose callers are in it: one process
// does, and the others leave it to that one.
func (s *Service) easeAll(ctx context.Context, now time.Time) error {
	dir := s.directory.Load()
	for _, queue := range dir.easy() {
		for _, group := range dir.groups() {
			mine, err := s.store.Turn(ctx, now, "ease "+queue+"@"+group, easeTurn)
			if err != nil {
				return err
			}
			if !mine {
				continue
			}
			calls, _, err := s.store.InQueue(ctx, QueueAt{queue, group})
			if err != nil {
				return err
			}
			if err := s.easeQueue(ctx, dir, queue, calls); err != nil {
				return err
			}
		}
	}
	return nil
}

// easeQueue goes through the calls that wait in a queue. Of calls that ask for the same, who
// comes later has longer to wait: the first who has it too long is searched for, and all
// behind have.
func (s *Service) easeQueue(ctx context.Context, dir *directory, queue string, calls map[string]CallRecord) error {
	q, _ := dir.queue(queue)
	kinds := map[string][]string{}
	for id, c := range calls {
		if c.Queue != queue || c.Offer != "" || c.Eased >= len(q.Relax) {
			continue
		}
		rings, _ := dir.way(c)
		kind := strconv.Itoa(c.Eased) + c.PBX
		for _, r := range rings {
			kind += " " + r.Lane
		}
		kinds[kind] = append(kinds[kind], id)
	}
	for _, ids := range kinds {
		slices.SortFunc(ids, func(x, y string) int { return cmp.Or(cmp.Compare(calls[x].Score, calls[y].Score), cmp.Compare(x, y)) })
		first := sort.Search(len(ids), func(i int) bool { return s.eased(ctx, q, calls[ids[i]]) > calls[ids[i]].Eased })
		for _, id := range ids[first:] {
			c := calls[id]
			if n := s.eased(ctx, q, c); n > c.Eased {
				c.Eased = n
				if _, err := s.place(ctx, dir, id, c, true); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sooner are a queue's steps for a call that need not wait for the first few of them.
func sooner(steps []step, eased int) []step {
	if eased == 0 {
		return steps
	}
	out := slices.Clone(steps)
	for i := range out[:min(eased+1, len(out))] {
		out[i].after = 0
	}
	return out
}
