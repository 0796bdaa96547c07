package records

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// line is an entry as the timeline holds it.
type line struct {
	id, pos, call, kind, agent, queue, pbx, data, tenant string
	at                                                   int64
}

const lineColumns = "id, pos, call, at, type, agent, queue, pbx, data, tenant"

func (d *DB) line(epoch int64, call string, e orchestrator.Entry) line {
	return line{id: text(e.ID), pos: position(epoch, e.ID), call: call, at: ms(e.At), kind: text(string(e.Type)), agent: text(e.Agent),
		queue: text(e.Queue), pbx: text(e.PBX), data: text(string(e.Data)), tenant: d.tenant}
}

func (l line) args() []any {
	return []any{l.id, l.pos, l.call, l.at, l.kind, l.agent, l.queue, l.pbx, l.data, l.tenant}
}

// same tells whether a line on record is this one.
func (l line) same(recorded line) bool {
	if recorded.tenant == "" {
		recorded.tenant = l.tenant // from before tenants were told apart
	}
	recorded.id, recorded.pos = l.id, l.pos
	return l == recorded
}

// twin is the line for an entry whose journal id another entry has on record: of
// another tenant, or of a history that Redis lost. Its mark is made of its
// content, so that it gets the same one whenever it comes.
func (l line) twin() line {
	sum := sha256.Sum256([]byte(strings.Join([]string{l.tenant, l.call, fmt.Sprint(l.at), l.kind, l.agent, l.queue, l.pbx, l.data}, "\x00")))
	mark := markSign + hex.EncodeToString(sum[:8])
	l.id, l.pos = l.id+mark, l.pos+mark
	return l
}

// enter puts lines on the timeline and changes the ids of those that had to
// become twins. Lines on record already are left alone.
func (d *DB) enter(ctx context.Context, tx *transaction, lines []line) error {
	for chunk := range slices.Chunk(lines, rowsPerStatement) {
		added, err := d.insert(ctx, tx, "timeline", lineColumns, rowsOf(chunk))
		if err != nil {
			return err
		}
		if added == int64(len(chunk)) {
			continue
		}
		recorded, err := d.lines(ctx, tx, chunk)
		if err != nil {
			return err
		}
		var twins []line
		for i, l := range chunk {
			if r, ok := recorded[l.id]; ok && !l.same(r) {
				chunk[i] = l.twin()
				twins = append(twins, chunk[i])
			}
		}
		if _, err := d.insert(ctx, tx, "timeline", lineColumns, rowsOf(twins)); err != nil {
			return err
		}
	}
	return nil
}

func rowsOf(lines []line) [][]any {
	var rows [][]any
	for _, l := range lines {
		rows = append(rows, l.args())
	}
	return rows
}

// asker is a database or a transaction.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// lines returns what is on record under the ids of lines, by id.
func (d *DB) lines(ctx context.Context, from asker, of []line) (map[string]line, error) {
	var ids []any
	for _, l := range of {
		ids = append(ids, l.id)
	}
	rows, err := from.QueryContext(ctx, d.rebind("SELECT "+lineColumns+" FROM timeline WHERE id IN ("+marks(len(ids))+")"), ids...)
	found := map[string]line{}
	err = each(rows, err, func(rows *sql.Rows) error {
		var l line
		err := rows.Scan(&l.id, &l.pos, &l.call, &l.at, &l.kind, &l.agent, &l.queue, &l.pbx, &l.data, &l.tenant)
		found[l.id] = l
		return err
	})
	return found, err
}

// Holds tells whether this very entry is on record, or was set aside.
func (d *DB) Holds(ctx context.Context, e orchestrator.Entry) (bool, error) {
	const op = "records.Holds"
	l := d.line(0, callOf(e), e)
	twin := l.twin()
	found, err := d.lines(ctx, d.read, []line{l, twin})
	if err != nil {
		return false, classify(op, err)
	}
	for _, r := range found {
		if l.same(r) {
			return true, nil
		}
	}
	var one int
	err = d.read.QueryRowContext(ctx, d.rebind("SELECT 1 FROM set_aside WHERE id = ?"), twin.id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, classify(op, err)
}

// asideMost is how much of an entry that was set aside is kept, in bytes: what
// the database refused may be huge.
const asideMost = 64 << 10

// SetAside keeps an entry that the database refuses, with the reason, and moves
// the place behind it.
func (d *DB) SetAside(ctx context.Context, e orchestrator.Entry, reason error) error {
	raw, err := json.Marshal(e)
	if err != nil { // broken data: as a text it is JSON
		e.Data, _ = json.Marshal(string(e.Data))
		raw, _ = json.Marshal(e)
	}
	short := text(string(raw[:min(len(raw), asideMost)]))
	err = d.inTx(ctx, func(tx *transaction) error {
		epoch, err := d.epoch(ctx, tx)
		if err != nil {
			return err
		}
		row := []any{d.line(epoch, callOf(e), e).twin().id, d.tenant, ms(d.now()), text(reason.Error()), short}
		if _, err := d.insert(ctx, tx, "set_aside", "id, tenant, at, reason, entry", [][]any{row}); err != nil {
			return err
		}
		return d.advance(ctx, tx, epoch, e.ID)
	})
	return classify("records.SetAside", err)
}
