package reports_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

func (j *journal) system(at time.Time, pbx string, e orchestrator.SystemEvent) {
	j.add(at, orchestrator.Entry{Type: orchestrator.EntrySystem}, e)
	j.entries[len(j.entries)-1].PBX = pbx
}

func (j *journal) pbx(at time.Time, name, state, instance, reason string) {
	j.add(at, orchestrator.Entry{Type: orchestrator.EntryPBXState}, fields{"state": state, "error": reason, "instance": instance})
	j.entries[len(j.entries)-1].PBX = name
}

// TestLogbook: what changed, by whom, incidents and notes of a shift, in its order; what
// is only read, and what agents do for themselves, is not in it.
func TestLogbook(t *testing.T) {
	t.Parallel()
	now := noon
	db := clocked(t, &now)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	j := &journal{t: t}
	j.pbx(at(-600), "main", "connected", "one", "")
	j.pbx(at(-600), "other", "connected", "one", "")
	j.pbx(at(-20), "other", "disconnected", "one", "EOF") // and lasts
	j.pbx(at(-10), "main", "disconnected", "one", "")
	j.system(at(-5), "", orchestrator.SystemEvent{What: orchestrator.SystemStarted, Instance: "one"}) // before the shift
	j.pbx(at(5), "main", "connected", "two", "")
	j.system(at(7), "main", orchestrator.SystemEvent{What: orchestrator.SystemHealed, Instance: "two", Counts: map[string]int{"leg": 2, "call": 1}})
	j.system(at(9), "", orchestrator.SystemEvent{What: orchestrator.SystemStoreAway, Instance: "two", Since: at(8).UnixMilli()})
	j.system(at(10), "", orchestrator.SystemEvent{What: orchestrator.SystemRewound, Instance: "two", Counts: map[string]int{"lost": 12}})
	j.system(at(11), "", orchestrator.SystemEvent{What: orchestrator.SystemDefinitions, By: "ana", Changes: []string{"queue new: vip"}})
	j.abandoned(at(20), "1", "sales", "+573001", 3*time.Second)
	j.system(at(61), "", orchestrator.SystemEvent{What: orchestrator.SystemStopped, Instance: "one"}) // after it
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	for i, l := range []records.AuditLine{
		{Who: "ana (t1)", Role: "supervisor", Action: "agent.pause", Object: "101", Detail: "lunch"},
		{Who: "ana (t1)", Role: "supervisor", Action: reports.NoteAction, Object: "logbook", Detail: "=the carrier was noisy"},
		{Who: "ana (t1)", Role: "supervisor", Action: "recording.play", Object: "r1"},
		{Who: "101 (t2)", Role: "agent", Action: "agent.login", Object: "101"},
		{Who: "root (t3)", Role: "admin", Action: "something.new", Object: "x"},
	} {
		now = at(30 + i)
		if err := db.Audit(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	book, err := reporter(db).Logbook(t.Context(), noon, at(60), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range book.Lines {
		for _, language := range []string{"en", "es"} {
			got = append(got, fmt.Sprintf("%s %s %s %s: %s", x.At.UTC().Format("15:04"), x.KindText().In(language), x.Code, x.Who, x.Text.In(language)))
		}
	}
	want := []string{
		"11:40 incident pbx.state one: PBX other was away (EOF), and is so still", "11:40 incidente pbx.state one: la PBX other no estuvo conectada (EOF), y sigue así",
		"11:50 incident pbx.state one: PBX main was away, for 0:15:00", "11:50 incidente pbx.state one: la PBX main no estuvo conectada, durante 0:15:00",
		"12:05 incident pbx.state two: PBX main was taken over from one", "12:05 incidente pbx.state two: la PBX main se tomó de one",
		"12:07 incident system.event.healed two: put right at PBX main: call 1, leg 2", "12:07 incidente system.event.healed two: corregido en la PBX main: llamada 1, tramo 2",
		"12:08 incident system.event.store_away two: Redis did not answer, for 0:01:00", "12:08 incidente system.event.store_away two: Redis no respondió, durante 0:01:00",
		"12:10 incident system.event.rewound two: Redis came back without its last writes: 12 entries at most", "12:10 incidente system.event.rewound two: Redis volvió sin sus últimas escrituras: 12 entradas como máximo",
		"12:11 incident system.event.definitions ana: other definitions are in force: queue new: vip", "12:11 incidente system.event.definitions ana: rigen otras definiciones: cola (alta): vip",
		"12:30 change agent.pause ana: paused agent 101: lunch", "12:30 cambio agent.pause ana: pausó al agente 101: lunch",
		"12:31 note logbook.note ana: =the carrier was noisy", "12:31 nota logbook.note ana: =the carrier was noisy",
		"12:34 change something.new root: something.new x", "12:34 cambio something.new root: something.new x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if len(book.Queues.Rows) != 1 {
		t.Errorf("queues: %+v", book.Queues.Rows)
	}
	var out bytes.Buffer
	if err := book.Write(&out, reports.FormatCSV, "es", noon); err != nil || !strings.Contains(out.String(), "lines,2026-03-02 12:31:00,nota,ana,'=the carrier was noisy\n") {
		t.Errorf("csv: %v\n%s", err, &out)
	}
	out.Reset()
	if err := book.Write(&out, reports.FormatHTML, "es", noon); err != nil || !strings.Contains(out.String(), "<td>pausó al agente 101: lunch</td>") || !strings.Contains(out.String(), "Entrega") {
		t.Errorf("html: %v\n%s", err, &out)
	}
	out.Reset()
	if err := book.Write(&out, reports.FormatXLSX, "en", noon); err != nil || !strings.HasPrefix(out.String(), "PK") {
		t.Errorf("xlsx: %v", err)
	}
	if _, err := reporter(db).Logbook(t.Context(), noon.AddDate(0, -3, 0), noon, time.UTC); fault.KindOf(err) != fault.Invalid {
		t.Errorf("of three months: %v", err)
	}
}

// lines are a log book's, in each language.
func lines(t *testing.T, db *records.DB, from, to time.Time) (en, es string) {
	t.Helper()
	book, err := reporter(db).Logbook(t.Context(), from, to, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range book.Lines {
		en, es = en+x.Text.In("en")+"\n", es+x.Text.In("es")+"\n"
	}
	return en, es
}

// clocked is a database whose audit log is of a moment.
func clocked(t *testing.T, now *time.Time) *records.DB {
	t.Helper()
	db, err := records.Open(t.Context(), records.Config{DSN: records.DSN("sqlite:" + filepath.Join(t.TempDir(), "one.db")), Connections: 4, Batch: 100,
		KeepJournal: time.Hour, RetryMax: time.Second}, func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestWhoSupervisesIsInTheLogBook: a supervisor of a team is an agent, and may have a token
// of role agent, or listens from the phone; to listen to somebody is nothing that they do for themselves.
func TestWhoSupervisesIsInTheLogBook(t *testing.T) {
	t.Parallel()
	now := noon.Add(time.Minute)
	db := clocked(t, &now)
	if err := db.Audit(t.Context(), records.AuditLine{Who: "101 (t2)", Role: "agent", Action: "call.supervise", Object: "c1", Detail: "supervisor 101, listen"}); err != nil {
		t.Fatal(err)
	}
	j := &journal{t: t}
	for _, by := range []string{"api:101", "agent:102"} { // the first is the one on the audit log
		j.add(now, orchestrator.Entry{Type: orchestrator.EntryCallSupervised, Call: "c2"}, fields{"supervisor": "102", "mode": "listen", "state": "asked", "by": by})
		j.add(now, orchestrator.Entry{Type: orchestrator.EntryCallSupervised, Call: "c2"}, fields{"supervisor": "102", "mode": "listen", "state": "on"})
	}
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	book, err := reporter(db).Logbook(t.Context(), noon, noon.Add(time.Hour), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range book.Lines {
		got = append(got, x.Who+": "+x.Text.In("en"))
	}
	if len(book.Lines) != 2 || book.Lines[0].Who != "102" || book.Lines[1].Who != "101" {
		t.Errorf("%q", got)
	}
}

// TestATakeoverIsToldWheneverTheOtherConnected: processes run for weeks without connecting
// anew; the one that drove the PBX until now connected long ago.
func TestATakeoverIsToldWheneverTheOtherConnected(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	j.pbx(noon.Add(-72*time.Hour), "main", "connected", "one", "")
	j.pbx(noon.Add(-48*time.Hour), "other", "disconnected", "one", "EOF") // and lasts
	j.pbx(noon.Add(5*time.Minute), "main", "connected", "two", "")        // one was killed
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	en, _ := lines(t, db, noon, noon.Add(time.Hour))
	if want := "PBX other was away (EOF), and is so still\nPBX main was taken over from one\n"; en != want {
		t.Errorf("%q, want %q", en, want)
	}
}

// TestALogBookOfAPastShift tells how long what began in it lasted, not that it lasts still.
func TestALogBookOfAPastShift(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	j.pbx(noon.Add(50*time.Minute), "main", "disconnected", "one", "")
	j.system(noon.Add(65*time.Minute), "", orchestrator.SystemEvent{What: orchestrator.SystemStoreAway, Since: noon.Add(55 * time.Minute).UnixMilli()})
	j.system(noon.Add(66*time.Minute), "", orchestrator.SystemEvent{What: orchestrator.SystemStopped})
	j.pbx(noon.Add(70*time.Minute), "main", "connected", "two", "") // which is told in the next
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	en, _ := lines(t, db, noon, noon.Add(time.Hour))
	if want := "PBX main was away, for 0:20:00\nRedis did not answer, for 0:10:00\n"; en != want {
		t.Errorf("%q, want %q", en, want)
	}
}
