package mailer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/mailer/mailtest"
	"github.com/operadora/operadora/orchestrator/records"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const password = "s3cret-of-the-mail"

// clock is a time that stands until it is moved.
type fakeClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *fakeClock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *fakeClock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

// site is a mail server, a database, and what mailers of it work with.
type site struct {
	t      *testing.T
	server *mailtest.Server
	clock  *fakeClock
	db     *records.DB
	cfg    Config
	boxes  map[string]Mailbox
	sound  []byte
	away   error // of the PBX
	redis  error

	mu      sync.Mutex
	entries []orchestrator.Entry // guarded by mu
	logs    bytes.Buffer         // guarded by mu
}

func (s *site) Write(p []byte) (int, error) { s.mu.Lock(); defer s.mu.Unlock(); return s.logs.Write(p) }

func (s *site) logged() string { s.mu.Lock(); defer s.mu.Unlock(); return s.logs.String() }

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, server: mailtest.New(t, false), clock: &fakeClock{at: noon}, sound: slices.Concat([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), make([]byte, 2000))}
	s.server.User, s.server.Password = "operadora", password
	s.cfg = Config{Host: s.server.Host, Port: s.server.Port, TLS: TLSStart, TLSCA: s.server.CA, User: "operadora", Password: password,
		From: "operadora@example.com", Timeout: 10 * time.Second}
	s.boxes = map[string]Mailbox{"sales": {To: []string{"ana.perez@example.com"}, Language: "es", Attach: 1 << 20}}
	var err error
	s.db, err = records.Open(t.Context(), records.Config{DSN: records.DSN("sqlite:" + filepath.Join(t.TempDir(), "r.db")), Connections: 4}, s.clock.now)
	must(t, err)
	t.Cleanup(func() { _ = s.db.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mailer is one of a process.
func (s *site) mailer(store Store) *Mailer {
	if store == nil {
		store = s.db
	}
	return New(Parts{Config: s.cfg, Store: store, Sender: NewServer(s.cfg), Now: s.clock.now, Registerer: prometheus.NewRegistry(),
		Log:     slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Mailbox: func(n string) (Mailbox, bool) { b, ok := s.boxes[n]; return b, ok },
		Zone:    func() *time.Location { l, _ := time.LoadLocation("America/Bogota"); return l },
		Sound: func(context.Context, records.Recording) (io.ReadCloser, int64, error) {
			return io.NopCloser(bytes.NewReader(s.sound)), -1, s.away
		},
		Tell: func(_ context.Context, e orchestrator.Entry) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.redis == nil {
				s.entries = append(s.entries, e)
			}
			return s.redis
		}})
}

// left puts a message on record, as the recorder does.
func (s *site) left(call, mailbox string, caller orchestrator.Party) string {
	s.t.Helper()
	rec := "op-" + call + "-m1"
	entry := func(n string, kind orchestrator.EntryType, queue string, data any) orchestrator.Entry {
		raw, err := json.Marshal(data)
		must(s.t, err)
		return orchestrator.Entry{ID: n, Type: kind, At: s.clock.now(), Call: call, PBX: "main", Queue: queue, Data: raw}
	}
	told := func(state orchestrator.RecordingNews) map[string]any {
		return map[string]any{"recording": rec, "state": state, "voicemail": true, "mailbox": mailbox, "duration_ms": 75_000}
	}
	_, err := s.db.Write(s.t.Context(), []orchestrator.Entry{
		entry("1-"+call+"1", orchestrator.EntryCallStarted, "", orchestrator.CallSummary{Call: call, Caller: caller, DID: "6015550100", StartedAt: s.clock.now().UnixMilli()}),
		entry("1-"+call+"2", orchestrator.EntryCallQueued, "ventas", map[string]any{"queue": "ventas"}),
		entry("1-"+call+"3", orchestrator.EntryCallRecording, "ventas", told(orchestrator.RecordingStarted)),
		entry("1-"+call+"4", orchestrator.EntryCallRecording, "ventas", told(orchestrator.RecordingFinished)),
	})
	must(s.t, err)
	return rec
}

func (s *site) work(m *Mailer) time.Time {
	s.t.Helper()
	next, err := m.work(s.t.Context())
	must(s.t, err)
	return next
}

// told are the results on the timeline, with how many attempts each took.
func (s *site) told() (out []orchestrator.MailTold) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		var x orchestrator.MailTold
		must(s.t, json.Unmarshal(e.Data, &x))
		out = append(out, x)
	}
	return out
}

var ana = orchestrator.Party{Number: "+573001234567", Name: "Ana"}

// open reads a mail: its head, its words, and its sound.
func open(t *testing.T, raw string) (head mail.Header, words string, sound []byte, file string) {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	must(t, err)
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	must(t, err)
	if !strings.HasPrefix(kind, "multipart/") {
		return msg.Header, decoded(t, msg.Header.Get("Content-Transfer-Encoding"), msg.Body), nil, ""
	}
	for r := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return msg.Header, words, sound, file
		}
		must(t, err)
		text := decoded(t, p.Header.Get("Content-Transfer-Encoding"), p)
		if p.FileName() != "" {
			sound, file = []byte(text), p.FileName()
		} else {
			words = text
		}
	}
}

func TestAMessageIsToldByMail(t *testing.T) {
	t.Parallel()
	for name, whole := range map[string]bool{"starttls": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if whole {
				s.server = mailtest.New(t, true)
				s.server.User, s.server.Password = "operadora", password
				s.cfg.Port, s.cfg.TLSCA, s.cfg.TLS = s.server.Port, s.server.CA, TLSWhole
			}
			s.boxes["sales"] = Mailbox{To: []string{"ana.perez@example.com", "luis@example.com"}, Language: "es", Attach: 1 << 20}
			rec := s.left("c1", "sales", ana)
			m := s.mailer(nil)
			s.work(m)
			mails := s.server.Mails()
			if len(mails) != 2 || mails[0].To != "ana.perez@example.com" || mails[1].To != "luis@example.com" || !mails[0].TLS || mails[0].User != "operadora" {
				t.Fatalf("taken: %+v\n%s", mails, s.logged())
			}
			head, words, sound, file := open(t, mails[0].Text)
			subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
			must(t, err)
			if want := "Mensaje de voz de Ana, +573001234567 (1:15)"; subject != want {
				t.Errorf("subject %q, want %q", subject, want)
			}
			for _, want := range []string{"Ana, +573001234567 dejó un mensaje el lunes 02/03/2026 a las 07:00 (America/Bogota). Dura 1:15.",
				"Cola: ventas", "Número al que llamó: 6015550100", "Buzón: sales", "adjunto"} {
				if !strings.Contains(words, want) {
					t.Errorf("the words lack %q:\n%s", want, words)
				}
			}
			if !bytes.Equal(sound, s.sound) || !strings.HasSuffix(file, rec+".wav") {
				t.Errorf("sound %d bytes in %q, want %d", len(sound), file, len(s.sound))
			}
			if head.Get("Auto-Submitted") != "auto-generated" || head.Get("To") != "<ana.perez@example.com>" {
				t.Errorf("head: %v", head)
			}
			told := s.told()
			if len(told) != 2 || told[0].Result != "sent" || told[0].To != "a***@example.com" || !told[0].Sound || told[0].Attempts != 1 || told[0].At != noon.UnixMilli() {
				t.Errorf("timeline: %+v", told)
			}
			s.clock.add(48 * time.Hour)
			if next := s.work(s.mailer(nil)); len(s.server.Mails()) != 2 || len(s.told()) != 2 || !next.IsZero() {
				t.Errorf("told again: %d mails, %+v, next %v", len(s.server.Mails()), s.told(), next)
			}
			for _, secret := range []string{password, "ana.perez", ana.Number} {
				if strings.Contains(s.logged(), secret) {
					t.Errorf("the log has %q:\n%s", secret, s.logged())
				}
			}
			if n := testutil.ToFloat64(m.sent.WithLabelValues(resultSent)); n != 2 {
				t.Errorf("counted %v", n)
			}
		})
	}
}

func TestWordsAreInBothLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.boxes["sales"] = Mailbox{To: []string{"ana@example.com"}, Language: "en", Attach: 10}
	s.cfg.Link = "https://voice.example.com/{recording}/audio?call={call}"
	rec := s.left("c1", "sales", orchestrator.Party{})
	s.work(s.mailer(nil))
	_, words, sound, _ := open(t, s.server.Mails()[0].Text)
	for _, want := range []string{"A caller who shows no number left a message on Monday 2026-03-02 at 07:00 (America/Bogota). It is 1:15 long.",
		"Queue: ventas", "https://voice.example.com/" + rec + "/audio?call=c1"} {
		if !strings.Contains(words, want) {
			t.Errorf("the words lack %q:\n%s", want, words)
		}
	}
	if sound != nil || s.told()[0].Sound {
		t.Errorf("%d bytes are attached of a sound that is too large", len(sound))
	}
}

// TestServersThatFail: whatever a server does, the mail arrives in the end, and once where
// SMTP lets one know.
func TestServersThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults []mailtest.Fault
		mails  int    // that were taken in the end
		says   string // the first failure in the log
	}{
		"greylists":                       {[]mailtest.Fault{{At: mailtest.Rcpt, Say: "451 4.7.1 greylisted, come back"}, {At: mailtest.Rcpt, Say: "451 again"}}, 1, "greylisted"},
		"refuses":                         {[]mailtest.Fault{{At: mailtest.Rcpt, Say: "550 5.1.1 <ana.perez@example.com> unknown"}}, 1, "<a***@example.com> unknown"},
		"refuses the mail":                {[]mailtest.Fault{{At: mailtest.Data, Say: "554 no"}}, 1, "554"},
		"refuses it whole":                {[]mailtest.Fault{{At: mailtest.Taken, Say: "552 too large"}}, 1, "too large"},
		"ends before the answer":          {[]mailtest.Fault{{At: mailtest.Taken, Close: true}}, 1, "may have taken it"},
		"ends before the answer, kept it": {[]mailtest.Fault{{At: mailtest.Taken, Close: true, Keeps: true}}, 2, "may have taken it"},
		"does not greet":                  {[]mailtest.Fault{{At: mailtest.Greeting, Close: true}, {At: mailtest.Greeting, Say: "421 busy"}}, 1, "EOF"},
		"hangs at once":                   {[]mailtest.Fault{{At: mailtest.Greeting, Hang: true}}, 1, "timeout"},
		"hangs with the mail":             {[]mailtest.Fault{{At: mailtest.Taken, Hang: true}}, 1, "may have taken it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if c.faults[0].Hang {
				s.cfg.Timeout = time.Second
			}
			s.server.Fail(c.faults...)
			s.left("c1", "sales", ana)
			for i := range c.faults {
				next := s.work(s.mailer(nil)) // each time another process
				if wait := next.Sub(s.clock.now()); wait < pauseFirst || wait > pauseMost {
					t.Fatalf("after attempt %d the next is in %v", i+1, wait)
				}
				if len(s.told()) > 0 {
					t.Fatalf("told: %+v", s.told())
				}
				s.work(s.mailer(nil)) // nothing is due
				s.clock.add(pauseMost)
			}
			s.work(s.mailer(nil))
			mails := s.server.Mails()
			if len(mails) != c.mails {
				t.Fatalf("%d mails, want %d\n%s", len(mails), c.mails, s.logged())
			}
			ids := map[string]bool{}
			for _, m := range mails {
				head, _, _, _ := open(t, m.Text)
				ids[head.Get("Message-ID")] = true
			}
			if told := s.told(); len(ids) != 1 || len(told) != 1 || told[0].Result != "sent" || told[0].Attempts != len(c.faults)+1 {
				t.Errorf("ids %v, timeline %+v", ids, told)
			}
			if !strings.Contains(s.logged(), c.says) || strings.Contains(s.logged(), "ana.perez") {
				t.Errorf("the log does not say %q, or the address:\n%s", c.says, s.logged())
			}
		})
	}
}

// TestNothingIsSentPlain: a server without TLS gets neither mail nor password.
func TestNothingIsSentPlain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.server.Plain = true
	s.left("c1", "sales", ana)
	s.work(s.mailer(nil))
	if heard := s.server.Heard(); len(s.server.Mails()) > 0 || strings.Contains(heard, "AUTH") || strings.Contains(heard, "MAIL") || !strings.Contains(s.logged(), "STARTTLS") {
		t.Errorf("heard:\n%s\nlog:\n%s", heard, s.logged())
	}
	s.cfg.TLS = TLSNone // as an operator says: mail goes, but no password that can be read
	s.clock.add(pauseMost)
	s.work(s.mailer(nil))
	if heard := s.server.Heard(); len(s.server.Mails()) > 0 || strings.Contains(heard, "AUTH") {
		t.Errorf("with no TLS at all:\n%s", heard)
	}
	s.cfg.User, s.cfg.Password, s.server.User = "", "", ""
	s.clock.add(pauseMost)
	s.work(s.mailer(nil))
	if mails := s.server.Mails(); len(mails) != 1 || mails[0].TLS {
		t.Errorf("plain, as the configuration says: %+v\n%s", mails, s.logged())
	}
}

// TestSecretsAreNotTold also where a server repeats them.
func TestSecretsAreNotTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.server.Password = "another"
	s.left("c1", "sales", ana)
	s.work(s.mailer(nil))
	if got := s.logged(); !strings.Contains(got, "535") || strings.Contains(got, password) {
		t.Errorf("log:\n%s", got)
	}
}

func TestGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cfg.Port = 1 // nobody is there
	s.left("c1", "sales", ana)
	m := s.mailer(nil)
	attempts := 0
	for len(s.told()) == 0 {
		next := s.work(m)
		if len(s.told()) > 0 {
			break
		}
		attempts++
		if attempts > 100 || next.After(noon.Add(giveUp)) {
			t.Fatalf("attempt %d, next %v", attempts, next)
		}
		s.clock.add(next.Sub(s.clock.now()))
	}
	told := s.told()
	if len(told) != 1 || told[0].Result != "given_up" || told[0].Error == "" || !s.clock.now().Equal(noon.Add(giveUp)) {
		t.Errorf("told %+v at %v", told, s.clock.now())
	}
	if !strings.Contains(s.logged(), "level=ERROR") || testutil.ToFloat64(m.sent.WithLabelValues(resultGivenUp)) != 1 {
		t.Errorf("not loud: %s", s.logged())
	}
	s.clock.add(time.Hour)
	if next := s.work(m); !next.IsZero() || len(s.told()) != 1 {
		t.Errorf("it goes on: %v, %+v", next, s.told())
	}
	t.Logf("%d attempts in a day", told[0].Attempts)
}

// TestErasedBeforeItWasMailed: then nobody is told, whichever way it was erased.
func TestErasedBeforeItWasMailed(t *testing.T) {
	t.Parallel()
	for name, erase := range map[string]func(s *site, rec string) error{
		"deleted":   func(s *site, rec string) error { return s.db.RecordingDeleted(s.t.Context(), rec, "ana") },
		"removed":   func(s *site, _ string) error { return s.db.RemoveCalls(s.t.Context(), []string{"c1"}) },
		"forgotten": func(s *site, _ string) error { return s.db.Anonymise(s.t.Context(), []string{"c1"}) },
	} {
		for when, tried := range map[string]bool{"at once": false, "after an attempt": true} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				rec := s.left("c1", "sales", ana)
				_, err := s.db.Write(t.Context(), []orchestrator.Entry{{ID: "2-1", Type: orchestrator.EntryCallEnded, Call: "c1", At: noon,
					Data: json.RawMessage(`{"call":"c1","ended_at":1772452800000,"voicemail":"` + rec + `","outcome":"voicemail"}`)}})
				must(t, err)
				if tried {
					s.server.Fail(mailtest.Fault{At: mailtest.Rcpt, Say: "451 later"})
					s.work(s.mailer(nil))
				}
				must(t, erase(s, rec))
				s.clock.add(pauseMost)
				next := s.work(s.mailer(nil))
				if len(s.server.Mails()) > 0 || !next.IsZero() {
					t.Errorf("%d mails, next %v", len(s.server.Mails()), next)
				}
				if told := s.told(); name == "deleted" && (len(told) != 1 || told[0].Result != "erased") || name != "deleted" && len(told) > 0 {
					t.Errorf("timeline: %+v", told)
				}
			})
		}
	}
}

// TestNothingOfStrangersBecomesAHeader of the mail.
func TestNothingOfStrangersBecomesAHeader(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.left("c1", "sales", orchestrator.Party{Number: "+57300\r\nBcc: eve@example.com", Name: "x\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\u2028\x00 " + strings.Repeat("y", 500)})
	s.work(s.mailer(nil))
	mails := s.server.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails: %s", len(mails), s.logged())
	}
	head, words, _, _ := open(t, mails[0].Text)
	if head.Get("Bcc") != "" || mails[0].From != "operadora@example.com" || strings.Contains(words, "\nBcc") || strings.Contains(words, "\nMAIL") {
		t.Errorf("head %v\nwords %s", head, words)
	}
}

// dying is a store of a process that dies at a point: from there on nothing is stored.
type dying struct {
	Store
	at   func(m records.Mail, due time.Time) bool
	dead bool
}

var errKilled = errors.New("killed")

func (d *dying) KeepMail(ctx context.Context, m records.Mail, due time.Time) error {
	if d.dead = d.dead || d.at(m, due); d.dead {
		return fault.E("kill", fault.Internal, errKilled)
	}
	return d.Store.KeepMail(ctx, m, due)
}

// TestKilledInBetween: whoever comes next does what is left.
func TestKilledInBetween(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at           func(m records.Mail, due time.Time) bool
		mails, tells int
	}{
		// The limit that SMTP sets: the server took it, and nobody lived to know.
		"after the answer":  {func(m records.Mail, _ time.Time) bool { return m.State == records.MailSent }, 2, 1},
		"before it is told": {func(m records.Mail, due time.Time) bool { return m.State == records.MailSent && due.IsZero() }, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.left("c1", "sales", ana)
			if _, err := s.mailer(&dying{Store: s.db, at: c.at}).work(t.Context()); !errors.Is(err, errKilled) {
				t.Fatalf("it did not die: %v", err)
			}
			next := s.mailer(nil)
			s.work(next)
			if n := len(s.server.Mails()); n != 1 {
				t.Fatalf("%d mails while the mail is still with who died", n)
			}
			s.clock.add(next.lease())
			s.work(next)
			s.clock.add(next.lease())
			s.work(next)
			if len(s.server.Mails()) != c.mails || len(s.told()) != c.tells {
				t.Errorf("%d mails, timeline %+v", len(s.server.Mails()), s.told())
			}
			if left := s.work(next); !left.IsZero() {
				t.Errorf("something is left: %v", left)
			}
		})
	}
}

// TestRedisAway: what became of a mail comes on the timeline when Redis is back.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.left("c1", "sales", ana)
	s.redis = errors.New("away")
	s.work(s.mailer(nil))
	s.redis = nil
	s.clock.add(pauseFirst)
	s.work(s.mailer(nil))
	if told := s.told(); len(s.server.Mails()) != 1 || len(told) != 1 || told[0].Result != "sent" || told[0].At != noon.UnixMilli() {
		t.Errorf("%d mails, timeline %+v", len(s.server.Mails()), told)
	}
}

// TestThePBXIsAway: the sound is waited for, and not forever.
func TestThePBXIsAway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.left("c1", "sales", ana)
	s.away = fault.New("pbx", fault.Unavailable, "away")
	s.work(s.mailer(nil))
	if len(s.server.Mails()) != 0 {
		t.Fatal("it did not wait for the sound")
	}
	s.clock.add(soundWait)
	s.work(s.mailer(nil))
	_, words, sound, _ := open(t, s.server.Mails()[0].Text)
	if sound != nil || !strings.Contains(words, "op-c1-m1") || !strings.Contains(words, "No se pudo obtener") {
		t.Errorf("%d bytes of sound, words:\n%s", len(sound), words)
	}
}

// TestMailboxIsGone: a message for one that nobody has defined is held up until somebody does.
func TestMailboxIsGone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.left("c1", "support", ana)
	s.work(s.mailer(nil))
	if !strings.Contains(s.logged(), `mailbox \"support\" is not defined`) {
		t.Errorf("log: %s", s.logged())
	}
	s.boxes["support"] = s.boxes["sales"]
	s.clock.add(pauseMost)
	s.work(s.mailer(nil))
	if len(s.server.Mails()) != 1 {
		t.Errorf("%d mails", len(s.server.Mails()))
	}
}

// TestSeveralProcesses tell of each message once.
func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []string{"1", "2", "3", "4", "5"} {
		s.left(c, "sales", ana)
	}
	var wg sync.WaitGroup
	for range 6 {
		m := s.mailer(nil)
		wg.Go(func() {
			if _, err := m.work(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(s.server.Mails()) != 5 || len(s.told()) != 5 {
		t.Errorf("%d mails, %d told", len(s.server.Mails()), len(s.told()))
	}
}

// TestItRuns from the moment in which the recorder has a message, and ends while a server hangs.
func TestItRuns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.mailer(nil)
	must(t, m.Start(t.Context()))
	if m.Start(t.Context()) == nil {
		t.Error("it was started twice")
	}
	late := time.After(30 * time.Second)
	until := func(what string, done func() bool) {
		t.Helper()
		for !done() {
			select {
			case <-s.server.Changed:
			case <-late:
				t.Fatalf("%s never came\n%s", what, s.logged())
			}
		}
	}
	mails := func(n int) func() bool { return func() bool { return len(s.server.Mails()) == n } }
	news := func(call string) {
		s.left(call, "sales", ana)
		m.Recorded([]orchestrator.Entry{{Type: orchestrator.EntryCallRecording, Data: json.RawMessage(`{"state":"finished","mailbox":"sales"}`)}})
	}
	news("1")
	until("the first mail", mails(1))
	s.server.Fail(mailtest.Fault{At: mailtest.Taken, Hang: true})
	news("2")
	until("the second one, which gets no answer", func() bool { return strings.Count(s.server.Heard(), "DATA") == 2 })
	m.Stop() // within the mail's moment, not the server's
	m.Stop()
	s.clock.add(pauseMost)
	must(t, m.Start(t.Context()))
	until("the second mail", mails(2))
	m.Stop()
}
