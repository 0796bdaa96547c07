package main

import (
	"context"
	"io"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/mailer"
	"github.com/operadora/operadora/orchestrator/records"
)

// newMailer makes who tells people of messages that callers left.
func (a *App) newMailer() *mailer.Mailer {
	return mailer.New(mailer.Parts{Config: a.cfg.Mail, Store: a.db, Sender: mailer.NewServer(a.cfg.Mail),
		Mailbox: func(name string) (mailer.Mailbox, bool) { box, ok := a.current().Mailboxes[name]; return box, ok },
		Zone:    func() *time.Location { return a.current().ACD.Zone() }, Sound: a.soundOf,
		Tell: func(ctx context.Context, e orchestrator.Entry) error { return a.store.Append(ctx, e) },
		Now:  time.Now, Log: a.log, Registerer: a.metrics})
}

// soundOf opens the sound of a recording on its PBX.
func (a *App) soundOf(ctx context.Context, rec records.Recording) (io.ReadCloser, int64, error) {
	p, ok := a.engine.PBX(rec.PBX)
	if !ok {
		return nil, 0, fault.New("mailer.sound", fault.Unavailable, "PBX %q is not configured here", rec.PBX)
	}
	return p.OpenRecording(ctx, rec.ID)
}

// mailWarnings tells of mailboxes whose people nobody tells anything.
func mailWarnings(cfg mailer.Config, defs Definitions) []string {
	if len(defs.Mailboxes) == 0 || cfg.On() {
		return nil
	}
	return []string{mailer.MailboxesFile + " has mailboxes, and mail.host of the configuration is empty: nobody is told of messages"}
}
