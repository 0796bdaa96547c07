package records

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Contact is a call that has ended, with the disposition its agent gave.
type Contact struct {
	orchestrator.CallSummary
	Disposition string `json:"disposition,omitempty"`
	DisposedBy  string `json:"disposed_by,omitempty"`
	DisposedAt  int64  `json:"disposed_at,omitempty"` // unix milliseconds
}

// ContactFilter chooses contacts. Empty fields choose all; text is compared exactly.
type ContactFilter struct {
	From, To                        time.Time // of the call's start; To is exclusive
	Queue, Agent, Outcome, DID, PBX string
	Callers                         []string // forms of a number
	Disposition                     string
	Campaign, Lead                  string
	Kind                            KindFilter
	Limit                           int    // at most 500; 0 means 50
	Cursor                          string // from the page before; "" is the newest
}

// KindFilter chooses among customers' calls and those of agents' phones to feature codes.
type KindFilter string

// Values of KindFilter.
const (
	KindAll      KindFilter = ""
	KindCustomer KindFilter = "customer" // whatever brings the customer
	KindInbound  KindFilter = "inbound"
	KindOutbound KindFilter = "outbound"
	KindCallback KindFilter = "callback"
	KindCampaign KindFilter = "campaign"
	KindFeature  KindFilter = "feature"
)

const contactColumns = "call, pbx, kind, did, caller_number, caller_name, language, started_at, answered_at, queued_at, " +
	"connected_at, parted_at, ended_at, wait_ms, talk_ms, queue, agent, offers, outcome, ended_by, cause, recording, " +
	"voicemail, path, adopted, disposition, disposed_by, disposed_at, callback, asked_by, attempts, expected_ms, campaign, lead"

func contactArgs(c Contact) []any {
	path := "[]"
	if len(c.Path) > 0 {
		b, _ := json.Marshal(c.Path) // strings always marshal
		path = string(b)
	}
	return []any{text(c.Call), text(c.PBX), text(string(c.Kind)), text(c.DID), text(c.Caller.Number), text(c.Caller.Name),
		text(c.Language), c.StartedAt, c.AnsweredAt, c.QueuedAt, c.ConnectedAt, c.PartedAt, c.EndedAt, c.WaitMS, c.TalkMS,
		text(c.Queue), text(c.Agent), c.Offers, text(string(c.Outcome)), text(c.EndedBy), int(c.Cause), text(c.Recording),
		text(c.Voicemail), text(path), c.Adopted, text(c.Disposition), text(c.DisposedBy), c.DisposedAt,
		text(c.Callback), text(c.AskedBy), c.Attempts, c.ExpectedMS, text(c.Campaign), text(c.Lead)}
}

func scanContact(rows *sql.Rows) (Contact, error) {
	var c Contact
	var path string
	err := rows.Scan(&c.Call, &c.PBX, &c.Kind, &c.DID, &c.Caller.Number, &c.Caller.Name, &c.Language, &c.StartedAt,
		&c.AnsweredAt, &c.QueuedAt, &c.ConnectedAt, &c.PartedAt, &c.EndedAt, &c.WaitMS, &c.TalkMS, &c.Queue, &c.Agent,
		&c.Offers, &c.Outcome, &c.EndedBy, &c.Cause, &c.Recording, &c.Voicemail, &path, &c.Adopted, &c.Disposition,
		&c.DisposedBy, &c.DisposedAt, &c.Callback, &c.AskedBy, &c.Attempts, &c.ExpectedMS, &c.Campaign, &c.Lead)
	if err == nil && path != "[]" && json.Unmarshal([]byte(path), &c.Path) != nil {
		c.Path = nil // spoilt; the rest of the contact is still true
	}
	return c, err
}

// where collects conditions and their arguments.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(cond string, args ...any) {
	w.conds = append(w.conds, cond)
	w.args = append(w.args, args...)
}

func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = ?", text(value))
	}
}

// among is true of one of some values; of none it asks for nothing.
func (w *where) among(column string, values []any) {
	if len(values) > 0 {
		w.add(column+" IN ("+marks(len(values))+")", values...)
	}
}

// but is true of none of some values.
func (w *where) but(column string, values []any) {
	if len(values) > 0 {
		w.add(column+" NOT IN ("+marks(len(values))+")", values...)
	}
}

func (w *where) between(column string, from, to time.Time) {
	if !from.IsZero() {
		w.add(column+" >= ?", ms(from))
	}
	if !to.IsZero() {
		w.add(column+" < ?", ms(to))
	}
}

func (w *where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

// Contacts lists contacts, the latest start first, and the cursor of the next
// page, "" after the last one. Invalid when the cursor is not one of ours.
func (d *DB) Contacts(ctx context.Context, f ContactFilter) ([]Contact, string, error) {
	const op = "records.Contacts"
	limit := pageSize(f.Limit)
	var w where
	w.between("started_at", f.From, f.To)
	w.equal("queue", f.Queue)
	w.equal("agent", f.Agent)
	w.equal("outcome", f.Outcome)
	w.equal("did", f.DID)
	w.equal("pbx", f.PBX)
	w.among("caller_number", textArgs(f.Callers))
	w.equal("disposition", f.Disposition)
	w.equal("campaign", f.Campaign)
	w.equal("lead", f.Lead)
	switch f.Kind {
	case KindCustomer:
		w.add("kind <> ?", string(orchestrator.KindFeature))
	case KindInbound, KindOutbound, KindCallback, KindCampaign, KindFeature:
		w.add("kind = ?", string(f.Kind))
	case KindAll:
	}
	if f.Cursor != "" {
		when, key, err := readCursor(f.Cursor)
		if err != nil {
			return nil, "", fault.E(op, fault.Invalid, err)
		}
		w.add("(started_at, call) < (?, ?)", when, key)
	}
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+contactColumns+" FROM contacts"+w.String()+
		" ORDER BY started_at DESC, call DESC LIMIT ?"), append(w.args, limit+1)...)
	list := []Contact{}
	err = scanEach(rows, err, scanContact, func(c Contact) { list = append(list, c) })
	if err != nil {
		return nil, "", classify(op, err)
	}
	if len(list) <= limit {
		return list, "", nil
	}
	list = list[:limit]
	last := list[limit-1]
	return list, makeCursor(last.StartedAt, last.Call), nil
}

// Contact returns one contact with its timeline, oldest entry first; NotFound
// when the call is not on record or has not ended.
func (d *DB) Contact(ctx context.Context, call string) (Contact, []orchestrator.Entry, error) {
	const op = "records.Contact"
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+contactColumns+" FROM contacts WHERE call = ?"), text(call))
	var found *Contact
	err = scanEach(rows, err, scanContact, func(c Contact) { found = &c })
	if err == nil && found == nil {
		err = sql.ErrNoRows
	}
	if err != nil {
		return Contact{}, nil, classify(op, err)
	}
	entries, err := d.Timeline(ctx, call)
	return *found, entries, err
}

// Timeline returns the entries on record of a call, live or ended, oldest first.
func (d *DB) Timeline(ctx context.Context, call string) ([]orchestrator.Entry, error) {
	const op = "records.Timeline"
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+entryColumns+" FROM timeline WHERE call = ? ORDER BY pos"), text(call))
	list := []orchestrator.Entry{}
	err = scanEach(rows, err, scanEntry, func(e orchestrator.Entry) {
		e.ID = journalID(e.ID)
		list = append(list, e)
	})
	return list, classify(op, err)
}

// Page sizes of all lists.
const (
	defaultPage = 50
	maxPage     = 500
)

func pageSize(asked int) int {
	if asked <= 0 {
		return defaultPage
	}
	return min(asked, maxPage)
}

// A cursor is the sort key of the last row shown, opaque to the asker.
func makeCursor(when int64, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(when, 10) + "." + key))
}

func readCursor(cursor string) (when int64, key string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		head, tail, ok := strings.Cut(string(raw), ".")
		if when, err = strconv.ParseInt(head, 10, 64); err == nil && ok {
			return when, text(tail), nil
		}
	}
	return 0, "", errCursor
}
