package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// project computes the rows of calls anew from their entries on record.
func (d *DB) project(ctx context.Context, tx *transaction, calls []string) error {
	for chunk := range slices.Chunk(calls, rowsPerStatement) {
		entries, err := d.entriesOf(ctx, tx, chunk, slices.Collect(maps.Keys(projected)))
		if err != nil {
			return err
		}
		for _, call := range chunk {
			if err := d.keep(ctx, tx, projectCall(entries[call])); err != nil {
				return err
			}
		}
	}
	return nil
}

// entriesOf are the entries of calls, of some types; of none it is all of them.
func (d *DB) entriesOf(ctx context.Context, tx *transaction, calls []string, types []orchestrator.EntryType) (map[string][]orchestrator.Entry, error) {
	var w where
	w.add("call IN ("+marks(len(calls))+")", textArgs(calls)...)
	w.among("type", textArgs(types))
	rows, err := tx.QueryContext(ctx, d.rebind("SELECT "+entryColumns+" FROM timeline"+w.String()+" ORDER BY call, pos"), w.args...)
	byCall := map[string][]orchestrator.Entry{}
	err = scanEach(rows, err, scanEntry, func(e orchestrator.Entry) { byCall[e.Call] = append(byCall[e.Call], e) })
	return byCall, err
}

const entryColumns = "id, call, at, type, agent, queue, pbx, data"

func scanEntry(rows *sql.Rows) (orchestrator.Entry, error) {
	var e orchestrator.Entry
	var when int64
	var data string
	if err := rows.Scan(&e.ID, &e.Call, &when, &e.Type, &e.Agent, &e.Queue, &e.PBX, &data); err != nil {
		return e, err
	}
	e.At = at(when)
	if json.Valid([]byte(data)) {
		e.Data = json.RawMessage(data)
	} else if data != "" {
		e.Data, _ = json.Marshal(data) // a string always marshals
	}
	return e, nil
}

// keep stores a call's rows, replacing those on record.
func (d *DB) keep(ctx context.Context, tx *transaction, v view) error {
	if v.contact != nil {
		if err := d.upsert(ctx, tx, "contacts", "call", contactColumns, contactArgs(*v.contact)); err != nil {
			return err
		}
	}
	for _, x := range v.visits {
		if err := d.upsert(ctx, tx, "visits", "id", "id, call, queue, entered_at, left_at, result, agent, wait_ms, talk_ms, hold_ms",
			[]any{x.ID, x.Call, text(x.Queue), x.EnteredAt, x.LeftAt, string(x.Result), text(x.Agent), x.WaitMS, x.TalkMS, x.HoldMS}); err != nil {
			return err
		}
	}
	for _, r := range v.recordings {
		var speakers []byte
		if len(r.Speakers) > 0 {
			speakers, _ = json.Marshal(r.Speakers) // texts and numbers always marshal
		}
		if err := d.upsert(ctx, tx, "recordings", "recording",
			"recording, call, pbx, queue, agent, kind, started_at, ended_at, duration_ms, state, muted, speakers",
			[]any{text(r.ID), r.Call, text(r.PBX), text(r.Queue), text(r.Agent), r.Kind, r.StartedAt, r.EndedAt,
				r.DurationMS, text(r.State), bit(r.Muted), string(speakers)}); err != nil {
			return err
		}
	}
	return d.noteMails(ctx, tx, v)
}

// upsert inserts a row or replaces the named columns of the one with the same
// key; columns that are not named keep their value.
func (d *DB) upsert(ctx context.Context, tx *transaction, table, key, columns string, args []any) error {
	var set []string
	for c := range strings.SplitSeq(columns, ", ") {
		if c != key {
			set = append(set, c+" = excluded."+c)
		}
	}
	query := "INSERT INTO " + table + " (" + columns + ") VALUES (" + marks(len(args)) + ") ON CONFLICT (" + key +
		") DO UPDATE SET " + strings.Join(set, ", ")
	_, err := tx.run(ctx, query, args)
	return err
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// columnsOf are a table's.
func columnsOf(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// textArgs are texts as arguments of a statement.
func textArgs[T ~string](list []T) (out []any) {
	for _, s := range list {
		out = append(out, text(string(s)))
	}
	return out
}

// each calls fn for every row of a query and closes rows; err is the query's.
func each(rows *sql.Rows, err error, fn func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := fn(rows); err != nil {
			_ = rows.Close() // fn's error is the one that tells
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

// scanEach is each for rows that are read by a function.
func scanEach[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error), fn func(T)) error {
	return each(rows, err, func(rows *sql.Rows) error {
		x, err := scan(rows)
		fn(x)
		return err
	})
}
