package redisstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// JournalFields are the fields of a journal entry in its stream, in the order
// in which journal_add takes them. "at" is unix milliseconds, "data" is JSON
// text; a field that does not apply is "". The entry's id is the stream's.
var JournalFields = [...]string{"type", "at", "call", "agent", "queue", "pbx", "data"}

const (
	tailCount  = 1000                   // entries for one call of fn
	tailBlock  = 500 * time.Millisecond // one wait of Tail; also how late it may notice the end of ctx
	tailGather = 50 * time.Millisecond  // after entries: what comes meanwhile is read together
	retryMin   = 50 * time.Millisecond
	retryMax   = 2 * time.Second
)

// Append writes journal entries in one atomic step.
func (s *Store) Append(ctx context.Context, entries ...orchestrator.Entry) error {
	const op = "redisstore.Append"
	if len(entries) == 0 {
		return nil
	}
	args := make([]any, 0, len(entries)*len(JournalFields))
	args = appendEntries(args, entries)
	return Classify(op, journalAppend.Run(ctx, s.rdb, []string{s.keys.journal()}, args...).Err())
}

// appendEntries adds the values of entries in the order of JournalFields.
func appendEntries(args []any, entries []orchestrator.Entry) []any {
	for i := range entries {
		e := &entries[i]
		args = append(args, string(e.Type), e.At.UnixMilli(), e.Call, e.Agent, e.Queue, e.PBX, []byte(e.Data))
	}
	return args
}

// fields are the values of an entry as the stream keeps them, in the order of JournalFields.
type fields [len(JournalFields)]string

func fieldsOf(e orchestrator.Entry) (f fields) {
	for i, v := range appendEntries(nil, []orchestrator.Entry{e}) {
		if data, ok := v.([]byte); ok {
			v = string(data)
		}
		f[i] = fmt.Sprint(v)
	}
	return f
}

func readFields(m redis.XMessage) (f fields) {
	for i, name := range JournalFields {
		f[i], _ = m.Values[name].(string)
	}
	return f
}

// ParseEntry turns a message of the journal's stream into an entry. An error is
// of kind Internal: whoever wrote the message did not use journal_add.
func ParseEntry(m redis.XMessage) (orchestrator.Entry, error) {
	text := func(field string) string {
		s, _ := m.Values[field].(string)
		return s
	}
	e := orchestrator.Entry{
		ID: m.ID, Type: orchestrator.EntryType(text("type")), Call: text("call"), Agent: text("agent"),
		Queue: text("queue"), PBX: text("pbx"),
	}
	if data := text("data"); data != "" {
		e.Data = json.RawMessage(data)
	}
	at, err := strconv.ParseInt(text("at"), 10, 64)
	if err != nil || e.Type == "" {
		return e, fault.New("redisstore.ParseEntry", fault.Internal, "entry %s has type %q, at %q", m.ID, e.Type, text("at"))
	}
	e.At = time.UnixMilli(at)
	return e, nil
}

// Tail calls fn for the entries after an id, at most tailCount at once, until
// ctx ends (then it returns ctx's error within a second) or fn fails. While
// Redis is away it tries again and goes on where it stopped. With every reading
// it makes sure that the entry at its place is still there, the very same: then
// everything before it is, too, and nothing was skipped. Otherwise it returns
// orchestrator.ErrRewound (kind Conflict), and fn has seen nothing of the other
// history. An entry that cannot be read is logged and left out. What several
// readers of one Store come to at about the same time is read once for all of
// them: the entries' data is theirs together, and to be changed by nobody.
func (s *Store) Tail(ctx context.Context, after string, fn func([]orchestrator.Entry) error) error {
	return s.tail(ctx, reader{s: s, place: place{id: after}}, fn)
}

// TailFrom is Tail for whoever knows which entry is at the place (a zero one is
// the beginning): another one there, of the same id, is ErrRewound.
func (s *Store) TailFrom(ctx context.Context, e orchestrator.Entry, fn func([]orchestrator.Entry) error) error {
	r := reader{s: s}
	if e.ID != "" {
		r.place = place{e.ID, fieldsOf(e), true}
	}
	return s.tail(ctx, r, fn)
}

func (s *Store) tail(ctx context.Context, r reader, fn func([]orchestrator.Entry) error) error {
	wait, away := retryMin, false
	for {
		batch, err := r.next(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fault.KindOf(err) == fault.Unavailable:
			if !away {
				s.log.WarnContext(ctx, "the journal cannot be read; trying again", "after", r.id, "error", err)
				away = true
			}
			life.Sleep(ctx, wait)
			wait = min(2*wait, retryMax)
			continue
		case err != nil:
			return err
		case away:
			s.log.InfoContext(ctx, "the journal can be read again", "after", r.id)
			away, wait = false, retryMin
		}
		if entries := entriesOf(batch); len(entries) > 0 {
			if err := fn(entries); err != nil {
				return err
			}
			if len(batch) < tailCount {
				life.Sleep(ctx, tailGather)
			}
		}
	}
}

// place is one in the journal: behind an entry.
type place struct {
	id   string // of the entry; "" and "$" as in Tail, until the first reading
	seen fields // of the entry
	sure bool   // seen is known: it was read once
}

// beginning is the place before the first entry.
const beginning = "0-0"

// told is a message of the journal. Thousands are kept: an entry alone tells its fields.
type told struct {
	entry orchestrator.Entry
	odd   *fields // of a message that is no entry
}

// place is the one behind the message.
func (t told) place() place {
	if t.odd != nil {
		return place{t.entry.ID, *t.odd, true}
	}
	return place{t.entry.ID, fieldsOf(t.entry), true}
}

func entriesOf(batch []told) []orchestrator.Entry {
	entries := make([]orchestrator.Entry, 0, len(batch))
	for _, t := range batch {
		if t.odd == nil {
			entries = append(entries, t.entry)
		}
	}
	return entries
}

// reader is somebody who reads the journal from a place on.
type reader struct {
	s *Store
	place
	shares bool // it has made sure of its place by itself once, and is content with what others read
}

// next waits a moment for entries after the place and moves it behind them.
func (r *reader) next(ctx context.Context) ([]told, error) {
	if err := r.settle(ctx); err != nil {
		return nil, err
	}
	batch, err := r.fetch(ctx)
	if n := len(batch); n > 0 {
		r.place = batch[n-1].place()
	}
	return batch, err
}

// fetch returns what follows the place: what another reader has read, or what is
// read now, for the others as well.
func (r *reader) fetch(ctx context.Context) ([]told, error) {
	feed := &r.s.feed
	if r.shares {
		batch, known := feed.after(r.place)
		if len(batch) > 0 {
			return batch, nil
		}
		if known { // one of those who are at the end reads on
			if err := feed.reading.Take(ctx); err != nil {
				return nil, err
			}
			defer feed.reading.Free()
			if batch, _ = feed.after(r.place); len(batch) > 0 {
				return batch, nil
			}
		}
	}
	if err := r.s.awaitAfter(ctx, r.id); err != nil {
		return nil, err
	}
	batch, err := r.read(ctx)
	switch {
	case err == nil:
		r.shares = true
		feed.add(r.place, batch)
	case errors.Is(err, orchestrator.ErrRewound):
		feed.forget()
	}
	return batch, err
}

// read returns what follows the place. The entry at the place is read with it, in
// one command: a journal that is replaced between two readings may have the place
// again after the second, and not what the first one found.
func (r *reader) read(ctx context.Context) ([]told, error) {
	const op = "redisstore.Tail"
	count := int64(tailCount)
	if r.id != beginning {
		count++
	}
	found, err := r.s.rdb.XRangeN(ctx, r.s.keys.journal(), r.id, "+", count).Result()
	if err != nil {
		return nil, Classify(op, err)
	}
	if r.id != beginning {
		if len(found) == 0 || found[0].ID != r.id || r.sure && r.seen != readFields(found[0]) {
			return nil, fault.E(op, fault.Conflict, fmt.Errorf("%w: %s", orchestrator.ErrRewound, r.id))
		}
		r.seen = readFields(found[0])
		found = found[1:]
	}
	r.sure = true
	batch := make([]told, len(found))
	for i, m := range found {
		e, err := ParseEntry(m)
		batch[i] = told{entry: e}
		if err != nil {
			r.s.log.ErrorContext(ctx, "journal entry left out", "error", err)
			odd := readFields(m)
			batch[i].odd = &odd
		}
	}
	return batch, nil
}

// settle turns "" and "$" into ids.
func (r *reader) settle(ctx context.Context) error {
	const op = "redisstore.Tail"
	switch r.id {
	case "":
		r.id = beginning
	case "$":
		last, err := r.s.Last(ctx)
		if err != nil {
			return fault.E(op, fault.KindOf(err), err)
		}
		r.id = cmp.Or(last, beginning)
	}
	if _, _, err := orchestrator.ParseEntryID(r.id); err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	return nil
}

// message returns what is in the stream under an id.
func (s *Store) message(ctx context.Context, id string) (redis.XMessage, bool, error) {
	found, err := s.rdb.XRange(ctx, s.keys.journal(), id, id).Result()
	if err != nil || len(found) == 0 {
		return redis.XMessage{}, false, Classify("redisstore.message", err)
	}
	return found[0], true, nil
}

// Entry returns what the journal holds under an id, as far as it can be read;
// ok is false when there is nothing.
func (s *Store) Entry(ctx context.Context, id string) (e orchestrator.Entry, ok bool, err error) {
	const op = "redisstore.Entry"
	if _, _, err := orchestrator.ParseEntryID(id); err != nil {
		return e, false, fault.E(op, fault.Invalid, err)
	}
	m, ok, err := s.message(ctx, id)
	if err != nil || !ok {
		return e, false, err
	}
	e, _ = ParseEntry(m) // an unreadable one is one that was never put on record
	return e, true, nil
}

// awaitAfter waits a moment for an entry after an id.
func (s *Store) awaitAfter(ctx context.Context, after string) error {
	// A Redis that accepts the command and never answers must not hold the reader.
	ctx, cancel := context.WithTimeout(ctx, tailBlock+retryMax)
	defer cancel()
	err := s.rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{s.keys.journal(), after}, Count: 1, Block: tailBlock}).Err()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return Classify("redisstore.Tail", err)
}

// Last returns the id of the newest entry, "" when there is none.
func (s *Store) Last(ctx context.Context) (string, error) {
	newest, err := s.rdb.XRevRangeN(ctx, s.keys.journal(), "+", "-", 1).Result()
	if err != nil || len(newest) == 0 {
		return "", Classify("redisstore.Last", err)
	}
	return newest[0].ID, nil
}
