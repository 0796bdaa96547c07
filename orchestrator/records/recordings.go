package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Recording is one recording as the index knows it; the sound itself is on its
// PBX. Times are unix milliseconds, 0 is "never".
type Recording struct {
	ID         string `json:"recording"`
	Call       string `json:"call"`
	PBX        string `json:"pbx"`
	Queue      string `json:"queue,omitempty"`
	Agent      string `json:"agent,omitempty"`
	Kind       string `json:"kind"` // conversation or voicemail
	StartedAt  int64  `json:"started_at"`
	EndedAt    int64  `json:"ended_at,omitempty"`
	DurationMS int64  `json:"duration_ms,omitempty"`
	State      string `json:"state"` // running, finished, failed, or unknown: its end was never heard of
	Muted      bool   `json:"muted,omitempty"`
	// Speakers are those who talked with the customer, in the order in which they came.
	Speakers  []Speaker `json:"speakers,omitempty"`
	Held      bool      `json:"held,omitempty"` // by a legal hold of its call, or of the caller's number
	DeletedAt int64     `json:"deleted_at,omitempty"`
	DeletedBy string    `json:"deleted_by,omitempty"`
}

// Speaker is somebody who talked with the customer in a recording.
type Speaker struct {
	Role   string `json:"role"`             // agent, third, consult
	Agent  string `json:"agent,omitempty"`  // who it was, or
	Number string `json:"number,omitempty"` // the outside number, masked
	From   int64  `json:"from"`
	To     int64  `json:"to,omitempty"`
}

// RecordingFilter chooses recordings. Empty fields choose all.
type RecordingFilter struct {
	From, To                 time.Time // of the recording's start; To is exclusive
	Queue, Agent, Call, Kind string
	Agents                   []string // any of them
	Deleted                  bool     // also those whose sound was deleted
	Limit                    int
	Cursor                   string
}

const recordingColumns = "r.recording, r.call, r.pbx, r.queue, r.agent, r.kind, r.started_at, r.ended_at, r.duration_ms, r.state, r.muted, r.speakers, r.deleted_at, r.deleted_by, " +
	"CASE WHEN EXISTS (SELECT 1 FROM contacts c WHERE c.call = r.call AND " + isHeld + ") THEN 1 ELSE 0 END"

func scanRecording(rows *sql.Rows) (Recording, error) {
	var r Recording
	var muted, held int
	var speakers string
	err := rows.Scan(&r.ID, &r.Call, &r.PBX, &r.Queue, &r.Agent, &r.Kind, &r.StartedAt, &r.EndedAt, &r.DurationMS, &r.State,
		&muted, &speakers, &r.DeletedAt, &r.DeletedBy, &held)
	r.Muted, r.Held = muted != 0, held != 0
	if err == nil && speakers != "" {
		err = json.Unmarshal([]byte(speakers), &r.Speakers)
	}
	return r, err
}

// Recordings lists recordings, the latest first, and the cursor of the next page, "" after the last one.
func (d *DB) Recordings(ctx context.Context, f RecordingFilter) ([]Recording, string, error) {
	const op = "records.Recordings"
	limit := pageSize(f.Limit)
	var w where
	w.between("started_at", f.From, f.To)
	w.equal("queue", f.Queue)
	w.equal("agent", f.Agent)
	w.among("agent", textArgs(f.Agents))
	w.equal("call", f.Call)
	w.equal("kind", f.Kind)
	if !f.Deleted {
		w.add("deleted_at = 0")
	}
	if f.Cursor != "" {
		when, key, err := readCursor(f.Cursor)
		if err != nil {
			return nil, "", fault.E(op, fault.Invalid, err)
		}
		w.add("(started_at, recording) < (?, ?)", when, key)
	}
	list, err := d.recordings(ctx, w.String()+" ORDER BY started_at DESC, recording DESC LIMIT ?", append(w.args, limit+1)...)
	if err != nil {
		return nil, "", classify(op, err)
	}
	if len(list) <= limit {
		return list, "", nil
	}
	list = list[:limit]
	return list, makeCursor(list[limit-1].StartedAt, list[limit-1].ID), nil
}

// Recording returns one recording, also a deleted one; NotFound otherwise.
func (d *DB) Recording(ctx context.Context, id string) (Recording, error) {
	list, err := d.recordings(ctx, " WHERE recording = ?", text(id))
	if err == nil && len(list) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return Recording{}, classify("records.Recording", err)
	}
	return list[0], nil
}

func (d *DB) recordings(ctx context.Context, tail string, args ...any) ([]Recording, error) {
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+recordingColumns+" FROM recordings r"+tail), args...)
	list := []Recording{}
	err = scanEach(rows, err, scanRecording, func(r Recording) { list = append(list, r) })
	return list, err
}

// RecordingDeleted notes that a recording's sound was deleted, and by whom; the
// first deletion stands. NotFound when there is no such recording.
func (d *DB) RecordingDeleted(ctx context.Context, id, by string) error {
	const op = "records.RecordingDeleted"
	if _, err := d.Recording(ctx, id); err != nil {
		return err
	}
	_, err := d.write.ExecContext(ctx, d.rebind("UPDATE recordings SET deleted_at = ?, deleted_by = ? WHERE recording = ? AND deleted_at = 0"),
		ms(d.now()), text(by), text(id))
	return classify(op, err)
}
