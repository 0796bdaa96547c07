package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// offsetName is the row of recorder_offset; there is one journal per database.
const offsetName = "journal"

// rowsPerStatement keeps the parameters of a statement far below the limits of both databases.
const rowsPerStatement = 100

// Offset returns the id of the last journal entry on record, "" when there is none.
func (d *DB) Offset(ctx context.Context) (string, error) {
	var id string
	err := d.read.QueryRowContext(ctx, d.rebind("SELECT id FROM recorder_offset WHERE name = ?"), offsetName).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, classify("records.Offset", err)
}

// Write puts entries, in the journal's order, on record, and remembers the last
// one's id, all in one transaction. Entries on record already change nothing.
// It returns how many entries had data that could not be read: they are kept
// on the timeline as they came.
func (d *DB) Write(ctx context.Context, entries []orchestrator.Entry) (malformed int, err error) {
	if len(entries) == 0 {
		return 0, nil
	}
	b := sortOut(entries)
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		if err := d.insert(ctx, tx, "timeline", "id, pos, call, at, type, agent, queue, pbx, data", b.timeline); err != nil {
			return err
		}
		if err := d.insert(ctx, tx, "agent_states",
			"id, pos, agent, at, from_state, to_state, reason, device, call, by_whom", b.agentStates); err != nil {
			return err
		}
		if err := d.insert(ctx, tx, "dispositions",
			"id, pos, call, agent, queue, disposition, by_whom, at", b.dispositions); err != nil {
			return err
		}
		if err := d.project(ctx, tx, b.calls); err != nil {
			return err
		}
		return d.advance(ctx, tx, entries[len(entries)-1].ID)
	})
	return b.malformed, classify("records.Write", err)
}

// advance moves the offset forward, never back: a second recorder on the same
// database may be behind the first.
func (d *DB) advance(ctx context.Context, tx *sql.Tx, id string) error {
	_, err := tx.ExecContext(ctx, d.rebind(`INSERT INTO recorder_offset (name, id, pos, written_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET id = excluded.id, pos = excluded.pos, written_at = excluded.written_at
		WHERE excluded.pos > recorder_offset.pos`), offsetName, id, position(id), ms(d.now()))
	return err
}

// insert adds rows that are keyed by their journal id; those on record already are left alone.
func (d *DB) insert(ctx context.Context, tx *sql.Tx, table, columns string, rows [][]any) error {
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", strings.Count(columns, ",")+1), ", ") + ")"
	for chunk := range slices.Chunk(rows, rowsPerStatement) {
		var args []any
		for _, r := range chunk {
			args = append(args, r...)
		}
		values := strings.TrimSuffix(strings.Repeat(one+", ", len(chunk)), ", ")
		query := "INSERT INTO " + table + " (" + columns + ") VALUES " + values + " ON CONFLICT (id) DO NOTHING"
		if _, err := tx.ExecContext(ctx, d.rebind(query), args...); err != nil {
			return err
		}
	}
	return nil
}

// batch is a list of entries sorted out by table.
type batch struct {
	timeline, agentStates, dispositions [][]any
	calls                               []string // whose projections may have changed
	malformed                           int
}

// disposed is the data of agent.disposed.
type disposed struct {
	Call        string `json:"call"`
	Queue       string `json:"queue"`
	Disposition string `json:"disposition"`
	By          string `json:"by"`
}

func sortOut(entries []orchestrator.Entry) batch {
	var b batch
	seen := map[string]bool{}
	for _, e := range entries {
		call := text(e.Call)
		switch e.Type {
		case orchestrator.EntryAgentState:
			var c orchestrator.AgentChange
			b.read(e, &c)
			b.agentStates = append(b.agentStates, []any{text(e.ID), position(e.ID), text(e.Agent), ms(e.At),
				text(c.From), text(c.To), text(c.Reason), text(c.Device), text(c.Call), text(c.By)})
		case orchestrator.EntryAgentDisposed:
			var x disposed
			if b.read(e, &x) && call == "" {
				call = text(x.Call)
			}
			b.dispositions = append(b.dispositions, []any{text(e.ID), position(e.ID), call, text(e.Agent),
				text(x.Queue), text(x.Disposition), text(x.By), ms(e.At)})
		case orchestrator.EntryCallEnded:
			b.read(e, &orchestrator.CallSummary{})
		default: // has no table of its own
		}
		b.timeline = append(b.timeline, []any{text(e.ID), position(e.ID), call, ms(e.At), text(string(e.Type)),
			text(e.Agent), text(e.Queue), text(e.PBX), text(string(e.Data))})
		if call != "" && projected[e.Type] && !seen[call] {
			seen[call] = true
			b.calls = append(b.calls, call)
		}
	}
	slices.Sort(b.calls) // two recorders lock rows in the same order
	return b
}

func (b *batch) read(e orchestrator.Entry, into any) bool {
	if err := json.Unmarshal(e.Data, into); err != nil {
		b.malformed++
		return false
	}
	return true
}
