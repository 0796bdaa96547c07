package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// LegalHold keeps a call, or all calls of a number, from being removed.
type LegalHold struct {
	ID     string // given by PlaceHold; sorts by time
	Call   string // either
	Number string // or
	Why    string
	By     string
	At     time.Time // given by PlaceHold
}

// PlaceHold adds a hold and returns it.
func (d *DB) PlaceHold(ctx context.Context, h LegalHold) (LegalHold, error) {
	const op = "records.PlaceHold"
	switch {
	case (h.Call == "") == (h.Number == ""):
		return h, fault.New(op, fault.Invalid, "call, number: one of them is needed, and not both")
	case h.Why == "":
		return h, fault.New(op, fault.Invalid, "why: is needed")
	}
	h.At = at(ms(d.now()))
	h.ID = ulid.MustNewDefault(h.At).String()
	_, err := d.write.ExecContext(ctx, d.rebind("INSERT INTO legal_holds (id, call, number, why, by_whom, placed_at) VALUES ("+marks(6)+")"),
		h.ID, text(h.Call), text(h.Number), cut(h.Why, 512), text(h.By), ms(h.At))
	return h, classify(op, err)
}

// ReleaseHold takes a hold away; NotFound when there is none.
func (d *DB) ReleaseHold(ctx context.Context, id string) error {
	const op = "records.ReleaseHold"
	res, err := d.write.ExecContext(ctx, d.rebind("DELETE FROM legal_holds WHERE id = ?"), text(id))
	if err != nil {
		return classify(op, err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return fault.New(op, fault.NotFound, "no hold has the ID %q", id)
	}
	return nil
}

// LegalHolds lists all holds, the oldest first.
func (d *DB) LegalHolds(ctx context.Context) ([]LegalHold, error) {
	rows, err := d.read.QueryContext(ctx, "SELECT id, call, number, why, by_whom, placed_at FROM legal_holds ORDER BY id")
	list := []LegalHold{}
	err = each(rows, err, func(rows *sql.Rows) error {
		var h LegalHold
		var when int64
		err := rows.Scan(&h.ID, &h.Call, &h.Number, &h.Why, &h.By, &when)
		h.At = at(when)
		list = append(list, h)
		return err
	})
	return list, classify("records.LegalHolds", err)
}

// Old chooses what is to be removed: of a queue, a campaign, a number, or all, and ended
// before a moment. What is held is never among it.
type Old struct {
	Queue    string
	Campaign string
	Numbers  []string // the forms of one
	But      Claims   // whose calls are not among it
	Before   time.Time
}

// Claims are queues and campaigns.
type Claims struct{ Queues, Campaigns []string }

const (
	// A number is held in every form: one with its country code ends in the national one, as
	// trunks show it and older records have it. Extensions are no such ends.
	holds = "(h.call = c.call OR (h.number <> '' AND (h.number = c.caller_number OR " +
		"length(c.caller_number) >= 7 AND h.number LIKE '%' || c.caller_number OR length(h.number) >= 7 AND c.caller_number LIKE '%' || h.number)))"
	isHeld = "EXISTS (SELECT 1 FROM legal_holds h WHERE " + holds + ")"
	sounds = "r.deleted_at = 0 AND r.state <> 'running'"
)

// whose is the condition for contacts c, whenever they ended.
func (o Old) whose() (w where) {
	w.equal("c.queue", o.Queue)
	w.equal("c.campaign", o.Campaign)
	w.among("c.caller_number", textArgs(o.Numbers))
	w.but("c.queue", textArgs(o.But.Queues))
	w.but("c.campaign", textArgs(o.But.Campaigns))
	return w
}

// of is the condition for contacts c.
func (o Old) of(held bool) where {
	w := o.whose()
	w.add("c.ended_at > 0")
	w.between("c.ended_at", time.Time{}, o.Before)
	if held {
		w.add(isHeld)
	} else {
		w.add("NOT " + isHeld)
	}
	return w
}

// OldRecordings lists recordings whose sound is there and is to be removed, the oldest
// first, without the first few. What the recordings of a call are is a matter of the queue in which it was last.
func (d *DB) OldRecordings(ctx context.Context, o Old, skip, limit int) ([]Recording, error) {
	w := o.of(false)
	w.add(sounds)
	list, err := d.recordings(ctx, " JOIN contacts c ON c.call = r.call"+w.String()+" ORDER BY r.started_at, r.recording LIMIT ? OFFSET ?", append(w.args, limit, skip)...)
	return list, classify("records.OldRecordings", err)
}

// CountOld counts recordings with sound and calls that are to be removed, and calls
// that would be if they were not held.
func (d *DB) CountOld(ctx context.Context, o Old) (recordings, calls, held int64, err error) {
	w, kept := o.of(false), o.of(true)
	r := o.of(false)
	r.add(sounds)
	for _, q := range []struct {
		from string
		w    where
		into *int64
	}{{"recordings r JOIN contacts c ON c.call = r.call", r, &recordings}, {"contacts c", w, &calls}, {"contacts c", kept, &held}} {
		if err := d.read.QueryRowContext(ctx, d.rebind("SELECT COUNT(*) FROM "+q.from+q.w.String()), q.w.args...).Scan(q.into); err != nil { //nolint:gosec // names of tables
			return 0, 0, 0, classify("records.CountOld", err)
		}
	}
	return recordings, calls, held, nil
}

// CountRecent counts calls that would be among them if they had ended before. A call is on record once it has ended.
func (d *DB) CountRecent(ctx context.Context, o Old) (calls int64, err error) {
	w := o.whose()
	w.add("NOT " + isHeld)
	w.add("c.ended_at >= ?", ms(o.Before))
	err = d.read.QueryRowContext(ctx, d.rebind("SELECT COUNT(*) FROM contacts c"+w.String()), w.args...).Scan(&calls)
	return calls, classify("records.CountRecent", err)
}

// CountHeld counts the calls on record that a hold holds.
func (d *DB) CountHeld(ctx context.Context, hold string) (calls int64, err error) {
	err = d.read.QueryRowContext(ctx, d.rebind("SELECT COUNT(*) FROM contacts c WHERE EXISTS (SELECT 1 FROM legal_holds h WHERE h.id = ? AND "+holds+")"), text(hold)).Scan(&calls)
	return calls, classify("records.CountHeld", err)
}

// OldCalls lists calls that are to be removed and have no sound any more, the oldest
// first. A call that has been erased is not there a second time.
func (d *DB) OldCalls(ctx context.Context, o Old, limit int) ([]string, error) {
	w := o.of(false)
	w.add("NOT EXISTS (SELECT 1 FROM recordings r WHERE r.call = c.call AND r.deleted_at = 0 AND r.state <> 'failed')")
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT c.call FROM contacts c"+w.String()+" ORDER BY c.ended_at, c.call LIMIT ?"), append(w.args, limit)...)
	var list []string
	err = each(rows, err, func(rows *sql.Rows) error {
		var call string
		err := rows.Scan(&call)
		list = append(list, call)
		return err
	})
	return list, classify("records.OldCalls", err)
}

// RemoveCalls removes all that is on record of calls. Whoever calls it has looked what
// they are, with OldCalls; one that is held meanwhile stays.
func (d *DB) RemoveCalls(ctx context.Context, calls []string) error {
	return d.unlessHeld(ctx, "records.RemoveCalls", calls, func(tx *transaction, free string, args []any) error {
		for _, table := range []string{"visits", "dispositions", "mails", "recordings", "timeline", "contacts"} {
			if _, err := tx.ExecContext(ctx, d.rebind("DELETE FROM "+table+" WHERE call"+free), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Anonymise removes who the customer of calls is: number, name, lead, and of the timeline all but
// what figures are computed from (see anonymous).
func (d *DB) Anonymise(ctx context.Context, calls []string) error {
	return d.unlessHeld(ctx, "records.Anonymise", calls, func(tx *transaction, free string, args []any) error {
		var stays [][2]string // data and id
		rows, err := tx.QueryContext(ctx, d.rebind("SELECT id, type, data FROM timeline WHERE call"+free), args...)
		err = each(rows, err, func(rows *sql.Rows) error {
			var id, kind, data string
			err := rows.Scan(&id, &kind, &data)
			if rest, ok := anonymous(orchestrator.EntryType(kind), data); ok {
				stays = append(stays, [2]string{rest, id})
			}
			return err
		})
		if err != nil {
			return err
		}
		types := textArgs(slices.Sorted(maps.Keys(nameless)))
		if _, err := tx.ExecContext(ctx, d.rebind("DELETE FROM timeline WHERE call"+free+" AND type NOT IN ("+marks(len(types))+")"), append(slices.Clone(args), types...)...); err != nil {
			return err
		}
		for _, s := range stays {
			if _, err := tx.run(ctx, "UPDATE timeline SET data = ? WHERE id = ?", []any{s[0], s[1]}); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, d.rebind("DELETE FROM mails WHERE call"+free), args...); err != nil { // nobody is told of what is forgotten
			return err
		}
		_, err = tx.ExecContext(ctx, d.rebind("UPDATE contacts SET caller_number = '', caller_name = '', lead = '' WHERE call"+free), args...)
		return err
	})
}

// nameless are the entries that stay of a call whose customer is forgotten, and what of their
// data does: figures and queue_log are made of it, and nobody is in it but agents. Of summaries
// all stays but whose call it was.
var nameless = map[orchestrator.EntryType][]string{
	orchestrator.EntryCallStarted: nil, orchestrator.EntryCallEnded: nil,
	orchestrator.EntryCallQueued:    {"queue", "skills"},
	orchestrator.EntryCallUnqueued:  {"queue", "why", "wait_ms"},
	orchestrator.EntryCallOffered:   {"queue", "agent", "offer"},
	orchestrator.EntryCallMissed:    {"agent", "why"},
	orchestrator.EntryCallConnected: {"agent", "wait_ms", "dialled", "taken_over", "called_back_ms"},
	orchestrator.EntryCallParted:    {"agent", "by", "talk_ms", "hold_ms"},
	orchestrator.EntryCallTransfer:  {"kind", "result", "by"},
	orchestrator.EntryCallConsult:   {"kind", "result", "by"},
	orchestrator.EntryCallCallback:  {"queue", "result"},
	orchestrator.EntryCallMessage:   {"state", "sounds", "language", "answered_ms", "within_ms"},
	orchestrator.EntryCallMachine:   {"state", "verdict", "sampled", "after", "sounds", "language", "again", "greeted_ms", "answered_ms"},
	orchestrator.EntryCallPreview:   {"state", "agent", "limit_ms", "then", "by", "disposition"},
	orchestrator.EntryAgentDisposed: {"call", "queue", "disposition", "path", "also", "by"},
}

// anonymous is what stays of an entry's data; ok is false when the entry does not.
func anonymous(kind orchestrator.EntryType, data string) (rest string, ok bool) {
	fields, ok := nameless[kind]
	if !ok {
		return "", false
	}
	var out any
	if fields == nil {
		var s orchestrator.CallSummary
		_ = json.Unmarshal([]byte(data), &s) // of what cannot be read nothing stays
		s.Caller, s.Lead = orchestrator.Party{}, ""
		out = s
	} else {
		all, some := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		_ = json.Unmarshal([]byte(data), &all)
		for _, f := range fields {
			if v, there := all[f]; there {
				some[f] = v
			}
		}
		out = some
	}
	raw, err := json.Marshal(out)
	return text(string(raw)), err == nil
}

// unlessHeld runs fn, in one transaction, for calls that are not held: free is the condition
// behind a column "call", with its arguments.
func (d *DB) unlessHeld(ctx context.Context, op string, calls []string, fn func(tx *transaction, free string, args []any) error) error {
	err := d.inTx(ctx, func(tx *transaction) error {
		for chunk := range slices.Chunk(calls, rowsPerStatement) {
			free := " IN (SELECT c.call FROM contacts c WHERE c.call IN (" + marks(len(chunk)) + ") AND NOT " + isHeld + ")"
			if err := fn(tx, free, textArgs(chunk)); err != nil {
				return err
			}
		}
		return nil
	})
	return classify(op, err)
}
