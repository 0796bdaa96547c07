package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/mailer"
	"github.com/operadora/operadora/orchestrator/mailer/mailtest"
)

// TestMail looks at servers of all kinds: reached, with TLS, with a login that is taken or not.
func TestMail(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t, false)
	server.User, server.Password = "operadora", "secret-of-it"
	plain := mailtest.New(t, false)
	plain.Plain = true
	good := mailer.Config{Host: server.Host, Port: server.Port, TLS: mailer.TLSStart, TLSCA: server.CA, User: "operadora", Password: "secret-of-it",
		From: "operadora@example.com", Timeout: 10 * time.Second}
	for name, c := range map[string]struct {
		change  func(*mailer.Config)
		boxes   int
		verdict Verdict
		says    string
	}{
		"good":           {func(*mailer.Config) {}, 1, OK, "TLS after STARTTLS, logged in as operadora"},
		"bad password":   {func(c *mailer.Config) { c.Password = "wrong" }, 1, Fault, "535"},
		"not trusted":    {func(c *mailer.Config) { c.TLSCA = "" }, 1, Fault, "certificate"},
		"nobody":         {func(c *mailer.Config) { c.Port = 1 }, 1, Fault, "refused"},
		"no TLS":         {func(c *mailer.Config) { c.Port = plain.Port }, 1, Fault, "STARTTLS"},
		"no login there": {func(c *mailer.Config) { c.Port, c.TLS = plain.Port, mailer.TLSNone }, 1, Fault, "AUTH"},
		"as it is said":  {func(c *mailer.Config) { c.Port, c.TLS, c.User, c.Password = plain.Port, mailer.TLSNone, "", "" }, 1, OK, "no TLS, without a login"}, // on this machine
		"no server":      {func(c *mailer.Config) { c.Host = "" }, 2, Fault, "2 defined in mailboxes.yaml"},
	} {
		cfg := good
		c.change(&cfg)
		lines := judgeMail(probeMail(t.Context(), cfg, c.boxes))
		text := ""
		for _, l := range lines {
			text += l.Text + "\n"
		}
		if Worst(lines) != c.verdict || !strings.Contains(text, c.says) || strings.Contains(text, "secret-of-it") {
			t.Errorf("%s: %v %s; want %v, %q", name, Worst(lines), text, c.verdict, c.says)
		}
	}
	if lines := judgeMail(probeMail(t.Context(), mailer.Config{}, 0)); len(lines) > 0 {
		t.Errorf("where nobody wants mail: %+v", lines)
	}
	if n := len(server.Mails()); n > 0 {
		t.Errorf("doctor sent %d mails", n)
	}
}
