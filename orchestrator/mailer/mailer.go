package mailer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
	"github.com/operadora/operadora/orchestrator/records"
)

// Store keeps the mails; *records.DB is one.
type Store interface {
	ClaimMail(ctx context.Context, until time.Time) (m records.Mail, ok bool, err error)
	NextMail(ctx context.Context) (time.Time, error)
	AddressMail(ctx context.Context, m records.Mail, addresses []string) error
	KeepMail(ctx context.Context, m records.Mail, due time.Time) error
	MailMessage(ctx context.Context, m records.Mail) (records.Message, error)
}

// Sender hands letters over; *Server is one.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

// Parts are what a Mailer works with.
type Parts struct {
	Config  Config
	Store   Store
	Sender  Sender
	Mailbox func(name string) (Mailbox, bool)
	Zone    func() *time.Location
	// Sound opens the sound of a recording; its size is -1 when it is not known.
	Sound func(ctx context.Context, rec records.Recording) (io.ReadCloser, int64, error)
	// Tell puts an entry on record.
	Tell       func(ctx context.Context, e orchestrator.Entry) error
	Now        func() time.Time
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

const (
	// giveUp is how long after a message was left it is tried to tell of it.
	giveUp = 24 * time.Hour
	// pauseFirst and pauseMost are the pauses between attempts: they double.
	pauseFirst = 30 * time.Second
	pauseMost  = 30 * time.Minute
	// soundTime is how long the sound of a message may take to come, and soundWait how long
	// after the message was left a PBX may be away before the mail goes without it.
	soundTime = time.Minute
	soundWait = 15 * time.Minute
	// storeTime is how long the database or Redis may take.
	storeTime = 5 * time.Second
	// lookRound is after how long it is looked again whether another process has left something.
	lookRound = 10 * time.Minute
	// lookAgain is the pause while the database is away.
	lookAgain = 5 * time.Second
	// stopGrace is how long a mail that is on its way may take as the process stops.
	stopGrace = 3 * time.Second
)

// Mailer tells people of messages. It is one goroutine: one mail after another.
type Mailer struct {
	p    Parts
	log  *slog.Logger
	life life.Group
	wake chan struct{} // holds one
	sent *prometheus.CounterVec
}

// Values of the label result of operadora_voicemail_mails_total.
const (
	resultSent    = "sent"
	resultFailed  = "failed" // an attempt
	resultGivenUp = "given_up"
	resultErased  = "erased"
)

// New makes a mailer that is not yet running.
func New(p Parts) *Mailer {
	m := &Mailer{p: p, log: p.Log.With("component", "mailer"), wake: make(chan struct{}, 1),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "operadora", Name: "voicemail_mails_total",
			Help: "Mails about messages of callers: sent, given_up after a day, not sent because the message was erased; failed counts attempts."}, []string{"result"})}
	for _, r := range []string{resultSent, resultFailed, resultGivenUp, resultErased} {
		m.sent.WithLabelValues(r)
	}
	p.Registerer.MustRegister(m.sent)
	return m
}

// Start tells of messages in the background until Stop.
func (m *Mailer) Start(ctx context.Context) error {
	ctx, ok := m.life.Begin(ctx)
	if !ok {
		return errors.New("the mailer runs already")
	}
	m.life.Go(func() { m.run(ctx) })
	return nil
}

// Stop ends. A mail that is on its way has a moment to arrive; what is not sent then is
// sent by whoever starts next. It may be called twice or before Start.
func (m *Mailer) Stop() { m.life.End() }

// Recorded looks whether there is a message among entries that are on record now.
func (m *Mailer) Recorded(entries []orchestrator.Entry) {
	for _, e := range entries {
		if e.Type != orchestrator.EntryCallRecording && e.Type != orchestrator.EntryCallEnded {
			continue
		}
		var x struct {
			State     orchestrator.RecordingNews `json:"state"`
			Mailbox   string                     `json:"mailbox"`
			Voicemail json.RawMessage            `json:"voicemail"` // of a call that ended, its id
		}
		if json.Unmarshal(e.Data, &x) != nil {
			continue
		}
		if x.Mailbox != "" && x.State == orchestrator.RecordingFinished || e.Type == orchestrator.EntryCallEnded && len(x.Voicemail) > 0 {
			select {
			case m.wake <- struct{}{}:
			default: // it knows already
			}
			return
		}
	}
}

func (m *Mailer) run(ctx context.Context) {
	for held := false; ctx.Err() == nil; {
		next, err := m.work(ctx)
		switch {
		case err != nil && ctx.Err() == nil && !held:
			held = true
			m.log.ErrorContext(ctx, "mails about messages are held up", "error", err)
		case err == nil && held:
			held = false
			m.log.InfoContext(ctx, "mails about messages go on")
		}
		pause := lookAgain
		if err == nil {
			pause = lookRound
			if !next.IsZero() {
				pause = min(pause, max(0, next.Sub(m.p.Now())))
			}
		}
		life.SleepOr(ctx, pause, m.wake)
	}
}

// work does all that is due, and says when there is more.
func (m *Mailer) work(ctx context.Context) (next time.Time, err error) {
	for ctx.Err() == nil {
		mail, ok, err := m.claim(ctx)
		if err != nil {
			return time.Time{}, err
		}
		if !ok {
			break
		}
		if err := m.advance(ctx, mail); err != nil {
			return time.Time{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	return m.p.Store.NextMail(ctx)
}

// lease is longer than anything takes that is done with a mail.
func (m *Mailer) lease() time.Duration {
	return soundTime + 2*m.p.Config.Timeout + 4*storeTime + 30*time.Second
}

func (m *Mailer) claim(ctx context.Context) (records.Mail, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	return m.p.Store.ClaimMail(ctx, m.p.Now().Add(m.lease()))
}

// advance takes one step with a mail. An error is of the store: the mail stays claimed for
// a while, and is then taken up again.
func (m *Mailer) advance(ctx context.Context, mail records.Mail) error {
	if mail.State != records.MailWaiting {
		return m.tell(ctx, mail)
	}
	msg, erased, err := m.message(ctx, mail)
	switch {
	case err != nil:
		return err
	case erased:
		return m.settle(ctx, mail, records.MailErased)
	}
	box, ok := m.p.Mailbox(mail.Mailbox)
	switch {
	case !ok && mail.Address == "":
		return m.failed(ctx, mail, &Refusal{Text: fmt.Sprintf("mailbox %q is not defined", mail.Mailbox)})
	case !ok: // gone since: whoever was to be told is told all the same
		box = Mailbox{Language: "es"}
	}
	if mail.Address == "" {
		return m.store(ctx, func(ctx context.Context) error { return m.p.Store.AddressMail(ctx, mail, box.To) })
	}
	return m.send(ctx, mail, msg, box)
}

// message is what a mail is to tell, unless it was erased.
func (m *Mailer) message(ctx context.Context, mail records.Mail) (msg records.Message, erased bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	msg, err = m.p.Store.MailMessage(ctx, mail)
	if fault.KindOf(err) == fault.NotFound || err == nil && msg.Recording.DeletedAt != 0 {
		return msg, true, nil
	}
	return msg, false, err
}

// send makes one attempt.
func (m *Mailer) send(ctx context.Context, mail records.Mail, msg records.Message, box Mailbox) error {
	if !m.p.Config.On() {
		return m.failed(ctx, mail, &Refusal{Text: "no mail server is configured (mail.host)"})
	}
	heard, err := m.sound(ctx, msg.Recording, box.Attach)
	if ctx.Err() != nil {
		return m.keep(ctx, mail, m.p.Now()) // it was not tried
	}
	if err != nil && m.p.Now().Before(mail.Left.Add(soundWait)) {
		return m.failed(ctx, mail, &Refusal{Text: "the sound cannot be had from the PBX: " + fault.Text(err)})
	}
	switch _, erased, err := m.message(ctx, mail); { // as late as can be
	case err != nil:
		return err
	case erased:
		return m.settle(ctx, mail, records.MailErased)
	}
	_, domain, _ := strings.Cut(m.p.Config.From, "@")
	letter := write(mail, msg, box, heard, m.p.Config.Link, domain, m.p.Zone())
	onWay, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*m.p.Config.Timeout) // it ends with ctx, a moment later
	defer cancel()
	defer context.AfterFunc(ctx, func() { life.Sleep(onWay, stopGrace); cancel() })()
	if err := m.p.Sender.Send(onWay, letter); err != nil {
		return m.failed(ctx, mail, err)
	}
	mail.Attempts++
	mail.Sound, mail.Error = letter.Sound != nil, ""
	return m.settle(ctx, mail, records.MailSent)
}

// sound fetches what is to be attached. What is too large is left where it is.
func (m *Mailer) sound(ctx context.Context, rec records.Recording, most int64) (sound, error) {
	if most == 0 {
		return sound{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, soundTime)
	defer cancel()
	body, size, err := m.p.Sound(ctx, rec)
	if err != nil {
		return sound{gone: true}, err
	}
	defer body.Close()
	if size > most {
		return sound{}, nil
	}
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	switch {
	case err != nil:
		return sound{gone: true}, fault.E("mailer.sound", fault.Unavailable, err)
	case len(data) == 0:
		return sound{gone: true}, fault.New("mailer.sound", fault.NotFound, "there is no sound in the recording")
	case int64(len(data)) > most:
		return sound{}, nil
	}
	return sound{data: data}, nil
}

// failed notes an attempt in vain, and when there is another, if there is.
func (m *Mailer) failed(ctx context.Context, mail records.Mail, err error) error {
	why, ok := errors.AsType[*Refusal](err)
	if !ok {
		why = &Refusal{Text: err.Error()}
	}
	now, last := m.p.Now(), mail.Left.Add(giveUp)
	pause := min(pauseFirst<<min(mail.Attempts, 10), pauseMost)
	if why.Forever {
		pause = pauseMost
	}
	mail.Attempts++
	mail.Error = why.Text
	m.sent.WithLabelValues(resultFailed).Inc()
	if !now.Before(last) {
		return m.settle(ctx, mail, records.MailGivenUp)
	}
	next := now.Add(pause)
	if next.After(last) {
		next = last // once more at the end
	}
	m.log.WarnContext(ctx, "a message could not be told by mail", "call", mail.Call, "recording", mail.Recording, "mailbox", mail.Mailbox,
		"to", MaskAddress(mail.Address), "attempt", mail.Attempts, "next", next.UTC(), "error", why.Text)
	return m.keep(ctx, mail, next)
}

// settle stores how a mail ended, and then has it on the call's timeline.
func (m *Mailer) settle(ctx context.Context, mail records.Mail, state records.MailState) error {
	mail.State, mail.Settled = state, m.p.Now()
	at := []any{"call", mail.Call, "recording", mail.Recording, "mailbox", mail.Mailbox, "to", MaskAddress(mail.Address), "attempts", mail.Attempts}
	switch state {
	case records.MailSent:
		m.sent.WithLabelValues(resultSent).Inc()
		m.log.InfoContext(ctx, "a message was told by mail", append(at, "sound", mail.Sound)...)
	case records.MailErased:
		m.sent.WithLabelValues(resultErased).Inc()
		m.log.InfoContext(ctx, "a message was erased before it was told by mail", at...)
	case records.MailGivenUp:
		m.sent.WithLabelValues(resultGivenUp).Inc()
		m.log.ErrorContext(ctx, "a message was NOT told by mail, and is not tried any more", append(at, "error", mail.Error)...)
	case records.MailWaiting, records.MailAddressed:
	}
	// Until it is told it stays due: should this process die now, its entry comes later.
	if err := m.keep(ctx, mail, mail.Settled.Add(m.lease())); err != nil {
		return err
	}
	return m.tell(ctx, mail)
}

// tell puts on record what became of a mail.
func (m *Mailer) tell(ctx context.Context, mail records.Mail) error {
	data, _ := json.Marshal(orchestrator.MailTold{Recording: mail.Recording, Mailbox: mail.Mailbox, To: MaskAddress(mail.Address), Result: string(mail.State), // texts and numbers always marshal
		At: mail.Settled.UnixMilli(), Attempts: mail.Attempts, Sound: mail.Sound, Error: mail.Error})
	err := within(ctx, func(ctx context.Context) error {
		return m.p.Tell(ctx, orchestrator.Entry{Type: orchestrator.EntryCallMailed, At: m.p.Now(), Call: mail.Call, Data: data})
	})
	if err != nil {
		m.log.WarnContext(ctx, "what became of a mail is not on record yet", "call", mail.Call, "error", err)
		return m.keep(ctx, mail, m.p.Now().Add(pauseFirst))
	}
	return m.keep(ctx, mail, time.Time{})
}

// keep stores what became of a mail, and when there is something to do with it next; zero is never.
func (m *Mailer) keep(ctx context.Context, mail records.Mail, due time.Time) error {
	return m.store(ctx, func(ctx context.Context) error { return m.p.Store.KeepMail(ctx, mail, due) })
}

// store runs fn until the database takes it: that a mail was sent must not be forgotten. As
// the process stops it has one more chance.
func (m *Mailer) store(ctx context.Context, fn func(ctx context.Context) error) error {
	for n := 0; ; n++ {
		err := within(ctx, fn)
		if err == nil || fault.KindOf(err) != fault.Unavailable || ctx.Err() != nil {
			return err
		}
		if n == 0 {
			m.log.ErrorContext(ctx, "what became of a mail cannot be stored, and is kept in mind until it can", "error", err)
		}
		if !life.SleepAbout(ctx, lookAgain) {
			return within(ctx, fn)
		}
	}
}

// within runs fn also as the process stops: what happened has happened.
func within(ctx context.Context, fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	return fn(ctx)
}
