package records

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Brought are entries that no journal told: those of a time before operadora, from another
// system. Their ids begin with importedSign, and so sort before all of a journal.
type Brought struct {
	Added int // entries that were not on record
	Known int // of calls that a journal told, and of agents whom a journal had told of by then
}

// importedSign begins the ids of what was brought in; a journal's begin with a time.
const importedSign = "00000000000000000000-"

// Imported tells whether an entry was brought in.
func Imported(e orchestrator.Entry) bool { return strings.HasPrefix(e.ID, importedSign) }

// Import puts entries of other systems on record, all in one transaction. Those on record
// already change nothing, nor does what a journal has told: its calls, and the states of agents
// from its first one on. ends says, of all of a call's entries, how it ended; it is asked anew
// whenever more of the call comes.
func (d *DB) Import(ctx context.Context, entries []orchestrator.Entry, ends func([]orchestrator.Entry) (orchestrator.Entry, bool)) (b Brought, err error) {
	err = d.inTx(ctx, func(tx *transaction) error {
		calls, agents := map[string]bool{}, map[string]bool{}
		for _, e := range entries {
			if e.Type == orchestrator.EntryAgentState {
				agents[text(e.Agent)] = true
			} else {
				calls[text(e.Call)] = true
			}
		}
		told, err := d.told(ctx, tx, slices.Sorted(maps.Keys(calls)))
		if err != nil {
			return err
		}
		since, err := d.toldSince(ctx, tx, slices.Sorted(maps.Keys(agents)))
		if err != nil {
			return err
		}
		var lines []line
		for _, e := range entries {
			first, has := since[text(e.Agent)]
			if e.Type == orchestrator.EntryAgentState && has && ms(e.At) >= first || e.Type != orchestrator.EntryAgentState && told[text(e.Call)] {
				b.Known++
				continue
			}
			lines = append(lines, d.line(0, text(e.Call), e))
		}
		added, err := d.insert(ctx, tx, "timeline", lineColumns, rowsOf(lines))
		if err != nil {
			return err
		}
		b.Added = int(added)
		if _, err := d.insert(ctx, tx, "agent_states", agentStateColumns, sortOut(lines).agentStates); err != nil {
			return err
		}
		for call := range told {
			delete(calls, call)
		}
		return d.endImported(ctx, tx, slices.Sorted(maps.Keys(calls)), ends)
	})
	return b, classify("records.Import", err)
}

// ImportedAt are the ids of entries of one moment that were brought in.
func (d *DB) ImportedAt(ctx context.Context, at time.Time) (ids []string, err error) {
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT id FROM timeline WHERE at = ? AND id LIKE '"+importedSign+"%'"), ms(at))
	err = each(rows, err, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, classify("records.ImportedAt", err)
}

// told are those of some calls that a journal told of.
func (d *DB) told(ctx context.Context, tx *transaction, calls []string) (map[string]bool, error) {
	out := map[string]bool{}
	for chunk := range slices.Chunk(calls, rowsPerStatement) {
		rows, err := tx.QueryContext(ctx, d.rebind("SELECT DISTINCT call FROM timeline WHERE call IN ("+marks(len(chunk))+") AND id NOT LIKE '"+importedSign+"%'"), textArgs(chunk)...)
		err = each(rows, err, func(rows *sql.Rows) error {
			var call string
			err := rows.Scan(&call)
			out[call] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// toldSince is from when on a journal told of agents; unix ms.
func (d *DB) toldSince(ctx context.Context, tx *transaction, agents []string) (map[string]int64, error) {
	out := map[string]int64{}
	for chunk := range slices.Chunk(agents, rowsPerStatement) {
		rows, err := tx.QueryContext(ctx, d.rebind("SELECT agent, MIN(at) FROM agent_states WHERE agent IN ("+marks(len(chunk))+") AND id NOT LIKE '"+importedSign+"%' GROUP BY agent"), textArgs(chunk)...)
		err = each(rows, err, func(rows *sql.Rows) error {
			var agent string
			var first int64
			err := rows.Scan(&agent, &first)
			out[agent] = first
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// endImported says anew how calls ended, and computes their rows.
func (d *DB) endImported(ctx context.Context, tx *transaction, calls []string, ends func([]orchestrator.Entry) (orchestrator.Entry, bool)) error {
	for chunk := range slices.Chunk(calls, rowsPerStatement) {
		if _, err := tx.ExecContext(ctx, d.rebind("DELETE FROM timeline WHERE call IN ("+marks(len(chunk))+") AND type = 'call.ended'"), textArgs(chunk)...); err != nil {
			return err
		}
		byCall, err := d.entriesOf(ctx, tx, chunk, nil)
		if err != nil {
			return err
		}
		var lines []line
		for _, call := range chunk {
			if e, over := ends(byCall[call]); over {
				lines = append(lines, d.line(0, call, e))
			}
		}
		if _, err := d.insert(ctx, tx, "timeline", lineColumns, rowsOf(lines)); err != nil {
			return err
		}
	}
	return d.project(ctx, tx, calls)
}
