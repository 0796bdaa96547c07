package records

import (
	"context"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/orchestrator"
)

// Connections tells, PBX by PBX and in their order, of the coming and going of connections in
// a span; and before it of the last connection and what came of it, however long ago that was,
// and after it of the first.
func (d *DB) Connections(ctx context.Context, from, to time.Time, fn func(orchestrator.Entry)) error {
	const ( // the type is written out: so the index of these entries alone is taken
		of        = "type = 'pbx.state' AND tenant IN (?, '')"
		connected = of + ` AND data LIKE '%"state":"connected"%'`
	)
	rows, err := d.read.QueryContext(ctx, d.rebind(`WITH RECURSIVE p(pbx) AS (SELECT MIN(pbx) FROM timeline WHERE type = 'pbx.state'
			UNION ALL SELECT (SELECT MIN(n.pbx) FROM timeline n WHERE n.type = 'pbx.state' AND n.pbx > p.pbx) FROM p WHERE p.pbx IS NOT NULL),
		b AS (SELECT pbx, COALESCE((SELECT MAX(at) FROM timeline l WHERE l.pbx = p.pbx AND l.at < ? AND `+connected+`), 0) AS since,
			COALESCE((SELECT MIN(at) FROM timeline l WHERE l.pbx = p.pbx AND l.at >= ? AND `+connected+`), ?) AS until FROM p WHERE pbx IS NOT NULL)
		SELECT `+columnsOf("t", entryColumns)+" FROM b JOIN timeline t ON t.pbx = b.pbx AND t.at >= b.since AND t.at <= b.until WHERE "+of+
		" AND (t.at < ? OR t.at = b.until) ORDER BY t.pbx, t.at, t.pos"),
		ms(from), d.tenant, ms(to), d.tenant, ms(to)-1, d.tenant, ms(to))
	return classify("records.Connections", scanEach(rows, err, scanEntry, fn))
}

// Aside is what of the audit log is left aside.
type Aside struct {
	Actions []string // whoever did it
	Role    string   // what it did
	But     []string // save these actions
}

// Deeds tells of the audit log's lines of a span, the oldest first, and of the first few alone.
func (d *DB) Deeds(ctx context.Context, from, to time.Time, not Aside, limit int, fn func(AuditLine)) error {
	var w where
	w.audited(from, to)
	if len(not.Actions) > 0 {
		w.add("action NOT IN ("+marks(len(not.Actions))+")", textArgs(not.Actions)...)
	}
	if not.Role != "" {
		but := ""
		if len(not.But) > 0 {
			but = " OR action IN (" + marks(len(not.But)) + ")"
		}
		w.add("(role <> ?"+but+")", append([]any{text(not.Role)}, textArgs(not.But)...)...)
	}
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+auditColumns+" FROM audit"+w.String()+" ORDER BY id LIMIT ?"), append(w.args, limit)...)
	return classify("records.Deeds", scanEach(rows, err, scanAudit, fn))
}

// audited is a span of the audit log. Its lines are found by their ids, which begin with
// their time.
func (w *where) audited(from, to time.Time) {
	begins := func(t time.Time) string {
		var id ulid.ULID
		_ = id.SetTime(uint64(max(0, ms(t)))) //nolint:gosec // not negative; and no date is too late for an id
		return id.String()[:ulidTime]
	}
	if !from.IsZero() {
		w.add("id >= ?", begins(from))
	}
	if !to.IsZero() {
		w.add("id < ?", begins(to))
	}
}

// ulidTime is how much of an id is its time.
const ulidTime = 10
