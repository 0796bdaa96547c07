package records

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/orchestrator/fault"
)

// AuditLine is one thing that somebody did. Lines are never changed or removed:
// the database itself refuses it.
type AuditLine struct {
	ID        string    `json:"id"` // given by Audit; sorts by time
	At        time.Time `json:"at"` // given by Audit
	Who       string    `json:"who"`
	Role      string    `json:"role"`
	IP        string    `json:"ip,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	Action    string    `json:"action"` // "recording.play", "agent.pause", "call.hangup"
	Object    string    `json:"object"` // what it was done to: an id
	Detail    string    `json:"detail,omitempty"`
}

// AuditFilter chooses audit lines. Empty fields choose all.
type AuditFilter struct {
	From, To            time.Time // To is exclusive
	Who, Action, Object string
	Text                string // anywhere in who, action, object or detail, whatever the case
	Limit               int
	Cursor              string
}

// Audit appends a line. Whoever audits an action does so before it: what cannot
// be put on record must not be done. Long texts are cut: nothing removes a line.
func (d *DB) Audit(ctx context.Context, l AuditLine) error {
	now := d.now()
	id, err := ulid.New(ulid.Timestamp(now), d.auditIDs)
	if err != nil {
		return classify("records.Audit", err)
	}
	_, err = d.write.ExecContext(ctx, d.rebind("INSERT INTO audit ("+auditColumns+") VALUES ("+marks(9)+")"),
		id.String(), ms(now), cut(l.Who, 256), cut(l.Role, 64), cut(l.IP, 64), cut(l.RequestID, 64), cut(l.Action, 64),
		cut(l.Object, 256), cut(l.Detail, 1024))
	return classify("records.Audit", err)
}

// cut makes text fit for a column that nothing is ever removed from: at most n bytes of it.
func cut(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n-len("…")], "") + "…"
	}
	return text(s)
}

// likeText has a text stand for itself in a pattern.
var likeText = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

const auditColumns = "id, at, who, role, ip, request_id, action, object, detail"

func scanAudit(rows *sql.Rows) (AuditLine, error) {
	var l AuditLine
	var when int64
	err := rows.Scan(&l.ID, &when, &l.Who, &l.Role, &l.IP, &l.RequestID, &l.Action, &l.Object, &l.Detail)
	l.At = at(when)
	return l, err
}

// AuditLog lists audit lines, the latest first, and the cursor of the next page, "" after the last one.
func (d *DB) AuditLog(ctx context.Context, f AuditFilter) ([]AuditLine, string, error) {
	const op = "records.AuditLog"
	limit := pageSize(f.Limit)
	var w where
	w.audited(f.From, f.To)
	w.equal("who", f.Who)
	w.equal("action", f.Action)
	w.equal("object", f.Object)
	if f.Text != "" {
		like := "%" + likeText.Replace(strings.ToLower(text(f.Text))) + "%"
		w.add(`LOWER(who || ' ' || action || ' ' || object || ' ' || detail) LIKE ? ESCAPE '!'`, like)
	}
	if f.Cursor != "" {
		_, key, err := readCursor(f.Cursor)
		if err != nil {
			return nil, "", fault.E(op, fault.Invalid, err)
		}
		w.add("id < ?", key)
	}
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+auditColumns+" FROM audit"+
		w.String()+" ORDER BY id DESC LIMIT ?"), append(w.args, limit+1)...)
	list := []AuditLine{}
	err = scanEach(rows, err, scanAudit, func(l AuditLine) { list = append(list, l) })
	if err != nil {
		return nil, "", classify(op, err)
	}
	if len(list) <= limit {
		return list, "", nil
	}
	list = list[:limit]
	return list, makeCursor(ms(list[limit-1].At), list[limit-1].ID), nil
}
