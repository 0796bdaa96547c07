package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Stay is a call's stay in a queue, with what figures need to know of its call.
// Times are unix milliseconds.
type Stay struct {
	Call, Queue, Agent     string
	Kind                   orchestrator.CallKind
	DID, Caller            string
	StartedAt              int64 // of the call
	EnteredAt, LeftAt      int64
	Result                 VisitResult
	WaitMS, TalkMS, HoldMS int64
	Ended                  bool // the call is over
}

// Stays tells of every stay in a queue that began in a span, by when it began. Of
// a call that lives, kind, number and caller are those that it began with.
func (d *DB) Stays(ctx context.Context, from, to time.Time, fn func(Stay)) error {
	var w where
	w.between("v.entered_at", from, to)
	rows, err := d.read.QueryContext(ctx, d.rebind(`SELECT v.call, v.queue, v.agent, v.entered_at, v.left_at, v.result, v.wait_ms, v.talk_ms, v.hold_ms,
		COALESCE(c.kind, ''), COALESCE(c.did, ''), COALESCE(c.caller_number, ''), COALESCE(c.started_at, 0),
		CASE WHEN c.call IS NULL THEN COALESCE((SELECT MIN(t.data) FROM timeline t WHERE t.call = v.call AND t.type = 'call.started'), '{}') ELSE '' END
		FROM visits v LEFT JOIN contacts c ON c.call = v.call`+w.String()+" ORDER BY v.entered_at, v.id"), w.args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		var s Stay
		var begun string
		err := rows.Scan(&s.Call, &s.Queue, &s.Agent, &s.EnteredAt, &s.LeftAt, &s.Result, &s.WaitMS, &s.TalkMS, &s.HoldMS,
			&s.Kind, &s.DID, &s.Caller, &s.StartedAt, &begun)
		s.Ended = begun == ""
		var c orchestrator.CallSummary
		if !s.Ended && json.Unmarshal([]byte(begun), &c) == nil {
			s.Kind, s.DID, s.Caller, s.StartedAt = c.Kind, c.DID, c.Caller.Number, c.StartedAt
		}
		fn(s)
		return err
	})
	return classify("records.Stays", err)
}

// Callback is a customer who was to be called back, and what came of it. Times are unix
// milliseconds.
type Callback struct {
	Call, Queue, DID, Agent string // that was asked for it; Agent is who reached the customer first
	AskedAt, ReachedAt      int64
	Attempts                int
	Outcome                 orchestrator.Outcome // "" while it goes on
}

// Callbacks tells of every callback that was asked for in a span, by when it was.
func (d *DB) Callbacks(ctx context.Context, from, to time.Time, fn func(Callback)) error {
	var w where
	w.between("t.at", from, to)
	w.add("t.type = ?", string(orchestrator.EntryCallCallback))
	w.add("t.tenant IN (?, '')", d.tenant)
	first := func(column string) string {
		return "(SELECT v." + column + " FROM visits v WHERE v.call = t.call AND v.result = 'answered' ORDER BY v.left_at LIMIT 1)"
	}
	rows, err := d.read.QueryContext(ctx, d.rebind(`SELECT t.call, t.at, t.data, COALESCE(c.outcome, ''), COALESCE(c.did, ''),
		COALESCE(`+first("left_at")+", 0), COALESCE("+first("agent")+`, ''),
		COALESCE(c.attempts, (SELECT COUNT(*) FROM timeline d WHERE d.call = t.call AND d.type = 'call.dialled' AND d.data LIKE '%"result":"dialling"%')),
		CASE WHEN c.call IS NULL THEN COALESCE((SELECT MIN(s.data) FROM timeline s WHERE s.call = t.call AND s.type = 'call.started'), '{}') ELSE '{}' END
		FROM timeline t LEFT JOIN contacts c ON c.call = t.call`+w.String()+" ORDER BY t.at, t.pos"), w.args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		var b Callback
		var asked, begun string
		if err := rows.Scan(&b.Call, &b.AskedAt, &asked, &b.Outcome, &b.DID, &b.ReachedAt, &b.Agent, &b.Attempts, &begun); err != nil {
			return err
		}
		var x struct{ Queue, Result string }
		if json.Unmarshal([]byte(asked), &x) != nil || x.Result != "promised" {
			return nil // of the call in which it was asked for, or of an attempt
		}
		var c orchestrator.CallSummary
		if json.Unmarshal([]byte(begun), &c) == nil && b.DID == "" {
			b.DID = c.DID
		}
		b.Queue = x.Queue
		fn(b)
		return nil
	})
	return classify("records.Callbacks", err)
}

// AgentChanges tells of the last change of each agent before a span, and of those
// in it: agent by agent, in the order in which they happened.
func (d *DB) AgentChanges(ctx context.Context, from, to time.Time, fn func(AgentState)) error {
	// The agents are found by steps through the index: there are few, and they change often.
	rows, err := d.read.QueryContext(ctx, d.rebind(`WITH RECURSIVE a(agent) AS (SELECT MIN(agent) FROM agent_states
			UNION ALL SELECT (SELECT MIN(n.agent) FROM agent_states n WHERE n.agent > a.agent) FROM a WHERE a.agent IS NOT NULL),
		s AS (SELECT `+columnsOf("b", agentStateColumns)+` FROM a JOIN agent_states b
				ON b.id = (SELECT l.id FROM agent_states l WHERE l.agent = a.agent AND l.at < ? ORDER BY l.at DESC, l.pos DESC LIMIT 1)
			UNION ALL SELECT `+columnsOf("b", agentStateColumns)+` FROM a JOIN agent_states b
				ON b.agent = a.agent AND b.at >= ? AND b.at < ?)
		SELECT `+columnsOf("s", agentStateColumns)+" FROM s ORDER BY s.agent, s.at, s.pos"), ms(from), ms(from), ms(to))
	err = each(rows, err, func(rows *sql.Rows) error {
		s, _, err := scanAgentState(rows)
		fn(s)
		return err
	})
	return classify("records.AgentChanges", err)
}

// Disposition is an outcome that an agent gave to a call, be it one of several. Times are unix
// milliseconds.
type Disposition struct {
	Call, Agent, Queue string
	Path               string // its name, behind the names of the groups that it is in: sale/cash
	By                 string // who gave it; "default" is nobody
	At                 int64
	Also               bool // beside another
}

// Dispositions tells of the dispositions that were given in a span, by when they were. An
// agent's later ones for a call replace the earlier.
func (d *DB) Dispositions(ctx context.Context, from, to time.Time, fn func(Disposition)) error {
	var w where
	w.between("d.at", from, to)
	w.add("NOT EXISTS (SELECT 1 FROM dispositions n WHERE n.call = d.call AND n.agent = d.agent AND n.also = 0 AND n.pos > d.pos)")
	rows, err := d.read.QueryContext(ctx, d.rebind(`SELECT d.call, d.agent, d.queue, CASE WHEN d.path = '' THEN d.disposition ELSE d.path END, d.by_whom, d.at, d.also
		FROM dispositions d`+w.String()+" ORDER BY d.at, d.pos"), w.args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		var x Disposition
		var also int64
		err := rows.Scan(&x.Call, &x.Agent, &x.Queue, &x.Path, &x.By, &x.At, &also)
		x.Also = also != 0
		fn(x)
		return err
	})
	return classify("records.Dispositions", err)
}

// Paths tells of the ways that calls which began in a span took through flows, as Contact.Path has
// them, each with how many calls took just that one. A path that is spoilt is left out.
func (d *DB) Paths(ctx context.Context, from, to time.Time, fn func(path []string, calls int64)) error {
	var w where
	w.between("started_at", from, to)
	w.add("path <> '[]'")
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT path, COUNT(*) FROM contacts"+w.String()+" GROUP BY path"), w.args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		var raw string
		var calls int64
		var path []string
		err := rows.Scan(&raw, &calls)
		if err == nil && json.Unmarshal([]byte(raw), &path) == nil {
			fn(path, calls)
		}
		return err
	})
	return classify("records.Paths", err)
}

// Entries tells of the journal's entries of some types in a span, by their time.
func (d *DB) Entries(ctx context.Context, from, to time.Time, types []orchestrator.EntryType, fn func(orchestrator.Entry)) error {
	var w where
	w.between("at", from, to)
	w.add("type IN ("+marks(len(types))+")", textArgs(types)...)
	w.add("tenant IN (?, '')", d.tenant)
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+entryColumns+" FROM timeline"+w.String()+" ORDER BY at, pos"), w.args...)
	return classify("records.Entries", scanEach(rows, err, scanEntry, fn))
}

// Attempts tells of the attempts to reach leads of campaigns that began in a span and
// are over, by when they began.
func (d *DB) Attempts(ctx context.Context, from, to time.Time, fn func(Contact)) error {
	var w where
	w.between("started_at", from, to)
	w.add("campaign <> ''")
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+contactColumns+" FROM contacts"+w.String()+" ORDER BY started_at, call"), w.args...)
	return classify("records.Attempts", scanEach(rows, err, scanContact, fn))
}

// Callers tells of the customers' calls that began in a span and showed a number, by
// when they began.
func (d *DB) Callers(ctx context.Context, from, to time.Time, fn func(call, number string, at int64)) error {
	var w where
	w.between("started_at", from, to)
	w.add("kind = ?", string(orchestrator.KindInbound))
	w.add("caller_number <> ''")
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT call, caller_number, started_at FROM contacts"+w.String()+" ORDER BY started_at, call"), w.args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		var call, number string
		var at int64
		err := rows.Scan(&call, &number, &at)
		fn(call, number, at)
		return err
	})
	return classify("records.Callers", err)
}
