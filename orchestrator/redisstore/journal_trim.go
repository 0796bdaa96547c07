package redisstore

import (
	"cmp"
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// How long a reader that reports no more is waited for.
const (
	// ReaderSilent is when Trim begins to name it.
	ReaderSilent = time.Hour
	// ReaderForgotten is when the journal no longer keeps entries for it: a
	// database that was taken out of service must not fill Redis for ever. One
	// that comes back later has a gap, which its recorder notices.
	ReaderForgotten = 7 * 24 * time.Hour
)

// Trim notes that a reader has everything up to an entry on record (a zero one is
// nothing yet) and forgets the entries that are older than keep (by their ids,
// which Redis makes of its own clock) and that every reader has on record. The
// entry at the place of the slowest reader always stays: by it Tail knows
// whether the journal is the one it was. An entry that is not there, the very
// same, is of a history that Redis has lost, and counts as nothing. Readers are those that called Trim
// within ReaderForgotten; a name stands for one database. It returns the names
// of those unheard of for ReaderSilent: they hold the journal back.
func (s *Store) Trim(ctx context.Context, reader string, recorded orchestrator.Entry, now time.Time, keep time.Duration) (silent []string, err error) {
	const op = "redisstore.Trim"
	id := cmp.Or(recorded.ID, beginning)
	if _, _, err := orchestrator.ParseEntryID(id); err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	args := []any{reader, id, now.UnixMilli(), max(0, now.Add(-keep).UnixMilli()), now.Add(-ReaderSilent).UnixMilli(), now.Add(-ReaderForgotten).UnixMilli()}
	for i, text := range fieldsOf(recorded) {
		args = append(args, JournalFields[i], text)
	}
	silent, err = journalTrim.Run(ctx, s.rdb, []string{s.keys.journal(), s.keys.journalReaders()}, args...).StringSlice()
	return silent, Classify(op, err)
}
