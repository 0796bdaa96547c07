package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// MailState is how far the mail about a message has come. The strings are stored.
type MailState string

// States of a mail.
const (
	MailWaiting   MailState = "waiting"
	MailAddressed MailState = "addressed" // there is one for each address now
	MailSent      MailState = "sent"      // the server took it
	MailGivenUp   MailState = "given_up"
	MailErased    MailState = "erased" // its message was, before
)

// Mail is to tell somebody of a message that a caller left. It is noted in the transaction
// that puts the message on record, once for each recording, still without an address.
type Mail struct {
	Recording, Address string
	Call, Mailbox      string
	Left               time.Time // when the message was left
	State              MailState
	Attempts           int
	Sound              bool // it was attached
	Error              string
	Settled            time.Time
}

// Message is what a mail tells of.
type Message struct {
	Recording Recording
	Caller    orchestrator.Party
	DID       string
	Queue     string
}

const mailColumns = "recording, address, call, mailbox, left_at, state, attempts, sound, error, settled_at"

// noteMails notes for which of a call's recordings somebody is to be told. One that is
// noted already stays as it is, however often the call is computed anew.
func (d *DB) noteMails(ctx context.Context, tx *transaction, v view) error {
	for _, r := range v.recordings {
		left := r.EndedAt
		if left == 0 && v.contact != nil { // its end was lost, and the call's summary tells of the message
			left = v.contact.EndedAt
		}
		kept := r.State == string(orchestrator.RecordingFinished) || r.State == recUnknown && v.contact != nil && v.contact.Voicemail == r.ID
		if r.Kind != KindVoicemail || v.mailboxes[r.ID] == "" || !kept {
			continue
		}
		if err := d.addMails(ctx, tx, left, Mail{Recording: r.ID, Call: r.Call, Mailbox: v.mailboxes[r.ID], Left: at(left)}); err != nil {
			return err
		}
	}
	return nil
}

// addMails adds mails with which there is something to do at a moment; those that are there
// already stay as they are.
func (d *DB) addMails(ctx context.Context, tx *transaction, due int64, mails ...Mail) error {
	var rows [][]any
	for _, m := range mails {
		rows = append(rows, []any{text(m.Recording), text(m.Address), m.Call, text(m.Mailbox), ms(m.Left), string(MailWaiting), 0, 0, "", 0, d.tenant, due})
	}
	_, err := d.insertInto(ctx, tx, "mails", mailColumns+", tenant, due_at", " ON CONFLICT (recording, address) DO NOTHING", rows)
	return err
}

// ClaimMail gives a mail with which there is something to do, to nobody else before
// until; ok is false when there is none. Of a mail that is settled its entry in the
// journal is what is to be done.
func (d *DB) ClaimMail(ctx context.Context, until time.Time) (m Mail, ok bool, err error) {
	const op = "records.ClaimMail"
	err = d.inTx(ctx, func(tx *transaction) error {
		list, err := mailsOf(tx.QueryContext(ctx, d.rebind("SELECT "+mailColumns+" FROM mails WHERE tenant = ? AND due_at > 0 AND due_at <= ? "+
			"ORDER BY due_at, recording, address LIMIT 1"+d.skipLocked()), d.tenant, ms(d.now())))
		if err != nil || len(list) == 0 {
			return err
		}
		m, ok = list[0], true
		_, err = tx.ExecContext(ctx, d.rebind("UPDATE mails SET due_at = ? WHERE recording = ? AND address = ?"), ms(until), m.Recording, m.Address)
		return err
	})
	return m, ok && err == nil, classify(op, err)
}

// skipLocked leaves rows to whoever is claiming them; of SQLite there is one writer.
func (d *DB) skipLocked() string {
	if d.dialect == dialectPostgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

func mailsOf(rows *sql.Rows, err error) (list []Mail, _ error) {
	err = each(rows, err, func(rows *sql.Rows) error {
		var m Mail
		var left, settled int64
		var sound int
		err := rows.Scan(&m.Recording, &m.Address, &m.Call, &m.Mailbox, &left, &m.State, &m.Attempts, &sound, &m.Error, &settled)
		m.Left, m.Settled, m.Sound = at(left), at(settled), sound != 0
		list = append(list, m)
		return err
	})
	return list, err
}

// NextMail is when there is something to do with a mail next; zero when there is nothing.
func (d *DB) NextMail(ctx context.Context) (time.Time, error) {
	var due sql.NullInt64
	err := d.read.QueryRowContext(ctx, d.rebind("SELECT MIN(due_at) FROM mails WHERE tenant = ? AND due_at > 0"), d.tenant).Scan(&due)
	return at(due.Int64), classify("records.NextMail", err)
}

// AddressMail makes of a mail without an address one for each.
func (d *DB) AddressMail(ctx context.Context, m Mail, addresses []string) error {
	err := d.inTx(ctx, func(tx *transaction) error {
		res, err := tx.ExecContext(ctx, d.rebind("UPDATE mails SET state = ?, due_at = 0 WHERE recording = ? AND address = '' AND state = ?"),
			string(MailAddressed), m.Recording, string(MailWaiting))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 { // erased meanwhile, or another did
			return err
		}
		var mails []Mail
		for _, a := range addresses {
			mails = append(mails, Mail{Recording: m.Recording, Address: a, Call: m.Call, Mailbox: m.Mailbox, Left: m.Left})
		}
		return d.addMails(ctx, tx, ms(d.now()), mails...)
	})
	return classify("records.AddressMail", err)
}

// KeepMail stores what became of a mail, and when there is something to do with it next;
// zero is never. One that is sent, or was erased with its message, stays so.
func (d *DB) KeepMail(ctx context.Context, m Mail, due time.Time) error {
	_, err := d.write.ExecContext(ctx, d.rebind("UPDATE mails SET state = ?, attempts = ?, sound = ?, error = ?, settled_at = ?, due_at = ? "+
		"WHERE recording = ? AND address = ? AND (state = ? OR state = ?)"),
		string(m.State), m.Attempts, bit(m.Sound), cut(m.Error, 512), ms(m.Settled), ms(due), m.Recording, m.Address, string(MailWaiting), string(m.State))
	return classify("records.KeepMail", err)
}

// Mails are those about a recording, for whoever looks after them.
func (d *DB) Mails(ctx context.Context, recording string) ([]Mail, error) {
	list, err := mailsOf(d.read.QueryContext(ctx, d.rebind("SELECT "+mailColumns+" FROM mails WHERE recording = ? ORDER BY address"), text(recording)))
	return list, classify("records.Mails", err)
}

// MailMessage is what a mail is to tell. NotFound: nothing is on record of the message any more.
func (d *DB) MailMessage(ctx context.Context, m Mail) (Message, error) {
	rec, err := d.Recording(ctx, m.Recording)
	if err != nil {
		return Message{}, err
	}
	out := Message{Recording: rec, Queue: rec.Queue}
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+entryColumns+" FROM timeline WHERE call = ? AND type IN (?, ?) ORDER BY pos"),
		m.Call, string(orchestrator.EntryCallStarted), string(orchestrator.EntryCallQueued))
	err = each(rows, err, func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if e.Type == orchestrator.EntryCallQueued {
			out.Queue = first(out.Queue, e.Queue)
			return err
		}
		var s orchestrator.CallSummary
		_ = json.Unmarshal(e.Data, &s) // of what cannot be read nothing is told
		out.Caller, out.DID = s.Caller, s.DID
		return err
	})
	return out, classify("records.MailMessage", err)
}
