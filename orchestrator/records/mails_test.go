package records

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// message are the entries of a call in which a message was left.
func message(call string, more ...orchestrator.Entry) []orchestrator.Entry {
	entry := func(n int, kind orchestrator.EntryType, data string) orchestrator.Entry {
		return orchestrator.Entry{ID: fmt.Sprintf("%s-%d", call, n), Type: kind, Call: call, At: noon.Add(time.Duration(n) * time.Second), PBX: "main", Data: json.RawMessage(data)}
	}
	return append([]orchestrator.Entry{
		entry(1, orchestrator.EntryCallStarted, `{"call":"`+call+`","did":"5000","caller":{"number":"+573001234567","name":"Ana"}}`),
		entry(2, orchestrator.EntryCallQueued, `{"queue":"sales"}`),
		entry(3, orchestrator.EntryCallRecording, `{"recording":"m`+call+`","state":"started","voicemail":true,"mailbox":"sales"}`),
		entry(4, orchestrator.EntryCallRecording, `{"recording":"m`+call+`","state":"finished","voicemail":true,"duration_ms":9000}`),
	}, more...)
}

// TestAMailIsNotedWithItsMessage: once, however often the journal is read, and for whom
// nobody is to be told not at all.
func TestAMailIsNotedWithItsMessage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(t *testing.T) *DB) {
		d := fresh(t).Of("centre")
		at := noon
		d.now = func() time.Time { return at }
		write(t, d, message("1")[:3])
		if due, err := d.NextMail(t.Context()); err != nil || !due.IsZero() {
			t.Fatalf("noted while the message is being left: %v, %v", due, err)
		}
		write(t, d, message("1")[3:])
		if due, err := d.NextMail(t.Context()); err != nil || !due.Equal(noon.Add(4*time.Second)) {
			t.Fatalf("due %v, %v", due, err)
		}
		if _, ok, _ := d.ClaimMail(t.Context(), noon); ok {
			t.Error("claimed before it is due")
		}
		at = noon.Add(time.Minute)
		if _, ok, err := d.Of("other").ClaimMail(t.Context(), at.Add(time.Hour)); ok || err != nil {
			t.Errorf("another tenant has it: %v, %v", ok, err)
		}
		m, ok, err := d.ClaimMail(t.Context(), at.Add(time.Hour))
		if err != nil || !ok || m.Recording != "m1" || m.Address != "" || m.Mailbox != "sales" || m.Call != "1" || !m.Left.Equal(noon.Add(4*time.Second)) {
			t.Fatalf("claimed %+v, %v, %v", m, ok, err)
		}
		if _, ok, _ := d.ClaimMail(t.Context(), at); ok {
			t.Error("claimed twice")
		}
		for range 2 { // the second time changes nothing
			if err := d.AddressMail(t.Context(), m, []string{"a@example.com", "b@example.com"}); err != nil {
				t.Fatal(err)
			}
		}
		one, ok, err := d.ClaimMail(t.Context(), at.Add(time.Hour))
		if err != nil || !ok || one.Address != "a@example.com" {
			t.Fatalf("claimed %+v, %v", one, err)
		}
		one.State, one.Attempts, one.Sound, one.Settled = MailSent, 1, true, at
		if err := d.KeepMail(t.Context(), one, time.Time{}); err != nil {
			t.Fatal(err)
		}
		stale := one // of a process that was thought dead
		stale.State = MailWaiting
		if err := d.KeepMail(t.Context(), stale, at); err != nil {
			t.Fatal(err)
		}
		write(t, d, message("1")) // the journal is read again
		list, err := d.Mails(t.Context(), "m1")
		if err != nil || len(list) != 3 || list[0].State != MailAddressed || list[1] != one || list[2].State != MailWaiting {
			t.Errorf("%+v, %v", list, err)
		}
		msg, err := d.MailMessage(t.Context(), one)
		if err != nil || msg.Caller.Number != "+573001234567" || msg.DID != "5000" || msg.Recording.DurationMS != 9000 {
			t.Errorf("%+v, %v", msg, err)
		}
	})
}

// TestAMailOfALostEnd: the end of the message was lost with Redis, and the call's summary
// tells of it. One that failed, or has no mailbox, is nobody's.
func TestAMailOfALostEnd(t *testing.T) {
	t.Parallel()
	d := freshSQLite(t)
	ended := func(call, voicemail string) orchestrator.Entry {
		return orchestrator.Entry{ID: call + "-9", Type: orchestrator.EntryCallEnded, Call: call, At: noon,
			Data: json.RawMessage(fmt.Sprintf(`{"call":%q,"ended_at":%d,"voicemail":%q}`, call, noon.UnixMilli(), voicemail))}
	}
	write(t, d, append(message("1")[:3], ended("1", "m1")))
	write(t, d, append(message("2")[:3], ended("2", "")))
	failed := message("3", ended("3", ""))
	failed[3].Data = json.RawMessage(`{"recording":"m3","state":"failed","voicemail":true,"mailbox":"sales"}`)
	write(t, d, failed)
	unnamed := message("4", ended("4", "m4"))
	unnamed[2].Data = json.RawMessage(`{"recording":"m4","state":"started","voicemail":true}`)
	write(t, d, unnamed)
	for rec, want := range map[string]int{"m1": 1, "m2": 0, "m3": 0, "m4": 0} {
		if list, err := d.Mails(t.Context(), rec); err != nil || len(list) != want {
			t.Errorf("%s: %+v, %v; want %d", rec, list, err, want)
		}
	}
}
