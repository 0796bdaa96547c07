package doctor

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator/mailer"
)

// mailFacts are what was found out about the mail server.
type mailFacts struct {
	cfg   mailer.Config
	boxes int // mailboxes that are defined
	err   error
	took  time.Duration
}

func probeMail(ctx context.Context, cfg mailer.Config, boxes int) mailFacts {
	f := mailFacts{cfg: cfg, boxes: boxes}
	if !cfg.On() {
		return f
	}
	begun := time.Now()
	f.err = mailer.NewServer(cfg).Probe(ctx)
	f.took = time.Since(begun)
	return f
}

// judgeMail says nothing where nobody wants mail.
func judgeMail(f mailFacts) []Line {
	s := &sheet{part: "mail"}
	where := mailer.NewServer(f.cfg).Address()
	switch {
	case !f.cfg.On() && f.boxes > 0:
		s.add(Fault, "server", "set mail.host, mail.from and, as a rule, mail.user and mail.password", "%d defined in %s, and no mail server configured: nobody is told of messages", f.boxes, mailer.MailboxesFile)
	case !f.cfg.On():
	case f.err != nil:
		s.add(Fault, "server", "see mail.host, mail.port, mail.tls, mail.tls_ca, mail.user and mail.password", "%s: %v", where, f.err).Took = f.took
	default:
		how := map[mailer.TLS]string{mailer.TLSStart: "TLS after STARTTLS", mailer.TLSWhole: "TLS", mailer.TLSNone: "no TLS"}[f.cfg.TLS]
		if f.cfg.User != "" {
			how += ", logged in as " + f.cfg.User
		} else {
			how += ", without a login"
		}
		s.ok("server", "%s answers: %s", where, how).Took = f.took
	}
	for _, w := range f.cfg.Warnings() {
		s.add(Warning, "tls", "starttls or tls, if the server has it", "%s", w)
	}
	return s.lines
}
