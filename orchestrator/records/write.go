package records

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// rowsPerStatement keeps the parameters of a statement far below the limits of both databases.
const rowsPerStatement = 100

// Write puts entries, in the journal's order, on record, and remembers the last
// one's id, all in one transaction. Entries on record already change nothing.
// It returns how many entries had data that could not be read: they are kept
// on the timeline as they came. An error that is errRefused will come again
// with the same entries.
func (d *DB) Write(ctx context.Context, entries []orchestrator.Entry) (malformed int, err error) {
	if len(entries) == 0 {
		return 0, nil
	}
	err = d.inTx(ctx, func(tx *transaction) error {
		epoch, err := d.epoch(ctx, tx)
		if err != nil {
			return err
		}
		lines := make([]line, 0, len(entries))
		for _, e := range entries {
			lines = append(lines, d.line(epoch, callOf(e), e))
		}
		if err := d.enter(ctx, tx, lines); err != nil {
			return err
		}
		b := sortOut(lines)
		malformed = b.malformed
		if _, err := d.insert(ctx, tx, "agent_states", agentStateColumns, b.agentStates); err != nil {
			return err
		}
		if _, err := d.insert(ctx, tx, "dispositions",
			"id, pos, call, agent, queue, disposition, by_whom, at, path, also", b.dispositions); err != nil {
			return err
		}
		if err := d.project(ctx, tx, b.calls); err != nil {
			return err
		}
		return d.advance(ctx, tx, epoch, entries[len(entries)-1].ID)
	})
	return malformed, classify("records.Write", err)
}

// insert adds rows that are keyed by their journal id; those on record already
// are left alone. It returns how many were added.
func (d *DB) insert(ctx context.Context, tx *transaction, table, columns string, rows [][]any) (added int64, err error) {
	return d.insertInto(ctx, tx, table, columns, " ON CONFLICT (id) DO NOTHING", rows)
}

func (d *DB) insertInto(ctx context.Context, tx *transaction, table, columns, conflict string, rows [][]any) (added int64, err error) {
	one := "(" + marks(strings.Count(columns, ",")+1) + ")"
	size := rowsPerStatement // a round trip each
	if d.dialect == dialectSQLite {
		size = 1 // none, and always the same statement
	}
	for chunk := range slices.Chunk(rows, size) {
		var args []any
		for _, r := range chunk {
			args = append(args, r...)
		}
		values := strings.TrimSuffix(strings.Repeat(one+", ", len(chunk)), ", ")
		query := "INSERT INTO " + table + " (" + columns + ") VALUES " + values + conflict
		result, err := tx.run(ctx, query, args)
		if err != nil {
			return added, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return added, err
		}
		added += n
	}
	return added, nil
}

// batch is a list of lines sorted out by table.
type batch struct {
	agentStates, dispositions [][]any
	calls                     []string // whose projections may have changed
	malformed                 int
}

// disposed is the data of agent.disposed.
type disposed struct {
	Call        string `json:"call"`
	Queue       string `json:"queue"`
	Disposition string `json:"disposition"`
	Path        string `json:"path"`
	Also        bool   `json:"also"`
	By          string `json:"by"`
}

// callOf is the call on whose timeline an entry belongs, "" for none.
func callOf(e orchestrator.Entry) string {
	if e.Call == "" && e.Type == orchestrator.EntryAgentDisposed {
		var x disposed
		if json.Unmarshal(e.Data, &x) == nil {
			return text(x.Call)
		}
	}
	return text(e.Call)
}

func sortOut(lines []line) batch {
	var b batch
	seen := map[string]bool{}
	for _, l := range lines {
		kind := orchestrator.EntryType(l.kind)
		switch kind {
		case orchestrator.EntryAgentState:
			var c orchestrator.AgentChange
			b.read(l, &c)
			b.agentStates = append(b.agentStates, []any{l.id, l.pos, l.agent, l.at,
				text(c.From), text(c.To), text(c.Reason), text(c.Device), text(c.Call), text(c.By)})
		case orchestrator.EntryAgentDisposed:
			var x disposed
			b.read(l, &x)
			b.dispositions = append(b.dispositions, []any{l.id, l.pos, l.call, l.agent,
				text(x.Queue), text(x.Disposition), text(x.By), l.at, text(x.Path), bit(x.Also)})
		case orchestrator.EntryCallEnded:
			b.read(l, &orchestrator.CallSummary{})
		default: // has no table of its own
		}
		if l.call != "" && projected[kind] && !seen[l.call] {
			seen[l.call] = true
			b.calls = append(b.calls, l.call)
		}
	}
	slices.Sort(b.calls) // two recorders lock rows in the same order
	return b
}

func (b *batch) read(l line, into any) {
	if json.Unmarshal([]byte(l.data), into) != nil {
		b.malformed++
	}
}
